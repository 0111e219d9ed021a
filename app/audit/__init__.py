"""The append-only record of who did what, written with the change itself."""
