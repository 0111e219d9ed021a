"""Puente: the backend of a nearshore talent marketplace."""
