"""Identifiers: UUIDv7, made here so that a row knows its id before the database does."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7; ids sort by the moment they were made."""
    return uuid7()
