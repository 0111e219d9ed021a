"""API keys: `puente_<prefix>_<secret><checksum>`. Only a digest of the whole is ever stored."""

import hmac
import re
import secrets
import string
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from zlib import crc32

KIND: Final = "puente_"
"""What every API key begins with, and nothing else that is a credential."""
ALPHABET: Final = string.ascii_letters + string.digits
PREFIX_LENGTH: Final = 10
SECRET_LENGTH: Final = 40
CHECKSUM_LENGTH: Final = 8
SHAPE: Final = re.compile(
    rf"puente_([A-Za-z0-9]{{{PREFIX_LENGTH}}})_[A-Za-z0-9]{{{SECRET_LENGTH}}}[0-9a-f]{{{CHECKSUM_LENGTH}}}"
)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as its owner sees it, once."""

    text: str
    prefix: str
    digest: bytes


def make_key() -> NewKey:
    """A fresh key with 238 bits of chance."""
    prefix, secret = random_text(PREFIX_LENGTH), random_text(SECRET_LENGTH)
    body = f"puente_{prefix}_{secret}"
    text = body + checksum(body)
    return NewKey(text, prefix, digest(text))


def prefix_of(text: str) -> str | None:
    """The public part of a well-formed key; None for anything else, mistyped keys included."""
    shape = SHAPE.fullmatch(text)
    if shape is None or checksum(text[:-CHECKSUM_LENGTH]) != text[-CHECKSUM_LENGTH:]:
        return None
    return shape[1]


def digest(text: str) -> bytes:
    """What is stored of a key. Its secret is random, so a fast hash gives nothing away."""
    return sha256(text.encode()).digest()


def matches(text: str, stored: bytes) -> bool:
    """Whether `text` is the key that `stored` was made from, in constant time."""
    return hmac.compare_digest(digest(text), stored)


def checksum(body: str) -> str:
    """Tells a mistyped key, and a scanner for leaked ones, without asking the database."""
    return f"{crc32(body.encode()):08x}"


def random_text(length: int) -> str:
    """Letters and digits from the system's randomness."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
