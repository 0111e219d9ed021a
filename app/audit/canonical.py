"""How a record is written down to be hashed, and how hashes make a chain. No database.

A record's hash is the SHA-256 of its fields, its sequence and the hash of the record before it, as JSON in one form
only: keys sorted by code point, no white space, UTF-8, nothing escaped that need not be; instants in UTC with six
decimals and `Z`; numbers without a fraction as integers, others in the shortest form that reads back the same (as in
RFC 8785, but integers of any size are exact).
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

Values = dict[str, Any]
"""The fields of a record, or of another line of an export."""

GENESIS: Final = "0" * 64
"""What the first record of a chain has for the hash of the one before it."""
SYSTEM: Final = UUID(int=0)
"""The key of the system's own chain: records that belong to no organisation."""


def canonical(value: Any) -> bytes:
    """The one form of `value` as JSON.

    Raises:
        ValueError: a number is not finite, or a text is not Unicode.
    """
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def plain(value: Any) -> Any:
    """The same value in what JSON knows."""
    match value:
        case dict():
            return {key: plain(member) for key, member in value.items()}
        case list() | tuple():
            return [plain(member) for member in value]
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        # Postgres keeps 1e300 as a decimal number and gives back an integer: its digits are the written ones.
        case float() if value.is_integer():
            return int(Decimal(repr(value)))
    return value


def hash_of(record: Mapping[str, Any]) -> str:
    """The hash of a record, in hexadecimal; a hash it already has does not count."""
    return sha256(canonical({name: value for name, value in record.items() if name != "hash"})).hexdigest()


def link(values: Values, *, sequence: int, previous_hash: str) -> Values:
    """The record of `values` as the next of its chain."""
    record = {**values, "sequence": sequence, "previous_hash": previous_hash}
    return {**record, "hash": hash_of(record)}


def chain_of(record: Mapping[str, Any]) -> UUID:
    """The key of the chain a new record belongs to."""
    key: UUID | None = record["organisation_id"]
    return key or SYSTEM
