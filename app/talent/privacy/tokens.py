"""What a link carries: which one it is and until when, signed, so that a guess never gets as far as the database."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.core.clock import utcnow
from app.core.encryption import MasterKey, MasterKeys

PREFIX: Final = "puente_link_"
WRITTEN: Final = re.compile(rf"{PREFIX}([A-Za-z0-9_-]{{75}})")
ID: Final = 16
EXPIRY: Final = 8
KEY: Final = 32


def make_token(masters: MasterKeys, link_id: UUID, expires_at: datetime) -> str:
    """The token of a link, signed under the current master key."""
    content = link_id.bytes + int(expires_at.timestamp()).to_bytes(EXPIRY)
    return written(content + signature(masters.current, content))


def link_named(masters: MasterKeys, token: str) -> UUID | None:
    """The link a token is for; None unless it was signed here, and for as long as it says."""
    found = WRITTEN.fullmatch(token)
    if found is None:
        return None
    whole = urlsafe_b64decode(found[1] + "=")
    content, signed = whole[: ID + EXPIRY], whole[ID + EXPIRY :]
    # Naming the current one first lets a process notice that another has rotated the master keys.
    known = (masters.current, *masters.every)
    if written(whole) != token or not any(hmac.compare_digest(signature(key, content), signed) for key in known):
        return None
    return UUID(bytes=content[:ID]) if int.from_bytes(content[ID:]) > utcnow().timestamp() else None


def signature(master: MasterKey, content: bytes) -> bytes:
    """HMAC-SHA256 under a key that is derived from the master key and signs nothing else."""
    key = HKDF(SHA256(), KEY, salt=None, info=b"puente engineer links").derive(master.secret)
    return hmac.digest(key, content, "sha256")


def written(whole: bytes) -> str:
    """A token as it is sent; there is one way only to write it."""
    return PREFIX + urlsafe_b64encode(whole).decode().rstrip("=")
