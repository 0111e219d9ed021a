"""Organisations, their members, the keys these call with, and what each role may do."""
