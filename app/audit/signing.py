"""The key that signs checkpoints, so that whoever can write to the database still cannot forge one."""

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from app.audit.canonical import Values, canonical
from app.core.key_files import KeyFile
from app.core.settings import Settings

FILE: Final = "audit.key"
SEALING: Final = "audit_sealing"
"""Key of a session's `info` under which `Sealing` stands."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """With which key checkpoints are signed on the way, and after how many records of a chain."""

    key: bytes = field(repr=False)
    every: int = 100


def sealing(settings: Settings) -> dict[str, Any]:
    """What sessions must know to make checkpoints on the way."""
    return {SEALING: Sealing(signing_key(settings), settings.audit_checkpoint_every)}


def signing_key(settings: Settings) -> bytes:
    """The key from the settings, or the one in the state folder, made when there is none."""
    return find_signing_key(settings) or _whole(file := key_file(settings), file.make(secrets.token_hex(32)))


def find_signing_key(settings: Settings) -> bytes | None:
    """The key, when there is one."""
    if settings.audit_key is not None:
        return settings.audit_key.get_secret_value().encode()
    file = key_file(settings)
    found = file.read()
    return None if found is None else _whole(file, found)


def key_file(settings: Settings) -> KeyFile:
    """Where the key is kept when no setting gives it."""
    return KeyFile(settings.state_dir / FILE, "audit key", "PUENTE_AUDIT_KEY")


def _whole(file: KeyFile, key: bytes) -> bytes:
    if len(key) < 32:
        raise file.damaged()
    return key


def signed(line: Values, key: bytes) -> Values:
    """The line with its signature."""
    return {**line, "signature": signature_of(line, key)}


def signature_of(line: Values, key: bytes) -> str:
    """HMAC-SHA256 of everything else in the line, in hexadecimal."""
    content = {name: value for name, value in line.items() if name != "signature"}
    return hmac.digest(key, canonical(content), "sha256").hex()


def is_signed(line: Values, key: bytes) -> bool:
    """Whether the line carries the signature of its content."""
    return hmac.compare_digest(str(line.get("signature")).encode(), signature_of(line, key).encode())
