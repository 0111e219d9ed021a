"""The key that signs checkpoints, so that whoever can write to the database still cannot forge one."""

import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app.audit.canonical import Values, canonical
from app.core.errors import CannotStart
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
    return find_signing_key(settings) or make_key_file(settings.state_dir / FILE)


def find_signing_key(settings: Settings) -> bytes | None:
    """The key, when there is one."""
    if settings.audit_key is not None:
        return settings.audit_key.get_secret_value().encode()
    return read_key_file(settings.state_dir / FILE)


def read_key_file(path: Path) -> bytes | None:
    """The key in a file, when there is such a file."""
    try:
        key = path.read_bytes().strip()
    except FileNotFoundError:
        return None
    except OSError as failure:
        raise CannotStart(f"The audit key in {path} cannot be read: {failure.strerror}.") from failure
    if len(key) < 32:
        raise CannotStart(f"The audit key in {path} is damaged: restore it, or set PUENTE_AUDIT_KEY.")
    return key


def make_key_file(path: Path) -> bytes:
    """Make a key that its owner alone may read; of two that try at once, both get the same."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_hex(32) + "\n")
            out.flush()
            os.fsync(out.fileno())
        # A link, because it refuses to replace, and because nobody can see half a key.
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    except OSError as failure:
        line = f"The audit key cannot be kept in {path}: {failure.strerror}. Set PUENTE_AUDIT_KEY."
        raise CannotStart(line) from failure
    key = read_key_file(path)
    assert key is not None  # noqa: S101 - it has just been linked
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
