"""Sealing of personal data: AES-256-GCM under a key a person, and those keys wrapped by a master key.

An envelope is a version byte, a random nonce of 96 bits and the ciphertext with its tag. It is bound to its place
(table, column and row), so that it opens nowhere else. Nothing here knows a database.
"""

import hmac
import re
import secrets
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.core.errors import CannotStart
from app.core.key_files import KeyFile
from app.core.settings import MASTER_KEYS, Settings

FILE: Final = "master.keys"
VERSION: Final = b"\x01"
NONCE: Final = 12
SEALED: Final = "sealed"
"""The one member of a sealed text inside a document."""
KEY: Final = 32
CACHED: Final = 16_384
"""How many unwrapped keys a process remembers, each by the wrapped bytes it came from."""


class SealBroken(Exception):
    """What was sealed does not open: bytes were changed, or moved here from another row, column or person."""


class UnknownMasterKey(Exception):
    """A key is wrapped by a master key that this process does not have."""


def place(table: str, column: str, row: object) -> bytes:
    """Where an envelope belongs; it opens nowhere else."""
    return f"{table}|{column}|{row}".encode()


class Key:
    """One key that seals and opens."""

    __slots__ = ("_aead",)

    def __init__(self, secret: bytes) -> None:
        self._aead = AESGCM(secret)

    def seal(self, where: bytes, content: bytes) -> bytes:
        """The envelope of `content`, bound to its place."""
        nonce = secrets.token_bytes(NONCE)
        return VERSION + nonce + self._aead.encrypt(nonce, content, VERSION + where)

    def open(self, where: bytes, envelope: bytes) -> bytes:
        """What was sealed.

        Raises:
            SealBroken: it was not sealed with this key for this place, or a byte of it was changed.
        """
        if envelope[:1] != VERSION:
            raise SealBroken(f"{where.decode()} is not an envelope of a known version.")
        start = len(VERSION) + NONCE
        try:
            return self._aead.decrypt(envelope[len(VERSION) : start], envelope[start:], VERSION + where)
        except (InvalidTag, ValueError) as broken:
            raise SealBroken(f"{where.decode()} does not open: it was changed, or belongs elsewhere.") from broken

    def seal_document(self, where: bytes, document: bytes) -> bytes:
        """The envelope of a text that compresses."""
        return self.seal(where, zlib.compress(document, 1))

    def open_document(self, where: bytes, envelope: bytes) -> bytes:
        """The text that was compressed and sealed."""
        return zlib.decompress(self.open(where, envelope))

    def seal_text(self, where: bytes, text: str) -> dict[str, str]:
        """A text for a document that is not sealed as a whole."""
        return {SEALED: b64encode(self.seal(where, text.encode())).decode()}

    def open_text(self, where: bytes, sealed: Mapping[str, str]) -> str:
        """The text that was sealed."""
        return self.open(where, b64decode(sealed[SEALED])).decode()


class HouseKey(Key):
    """The key for what belongs to nobody in particular, and for hashes that rows are looked up by."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        super().__init__(_derived(secret, "sealing"))
        self._secret = _derived(secret, "look-up")

    def digest(self, table: str, column: str, text: str) -> bytes:
        """A keyed hash of `text`; another column has another one of the same text."""
        return hmac.digest(self._secret, place(table, column, text), "sha256")


def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY, salt=None, info=f"puente {purpose}".encode()).derive(secret)


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A key that wraps others, and the name it is found by."""

    id: str
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """A random one."""
        return cls(f"m{secrets.token_hex(6)}", secrets.token_bytes(KEY))

    def __str__(self) -> str:
        return f"{self.id}:{self.secret.hex()}"


class MasterKeys:
    """The master keys of a process, the current one first; those of a file are read again when it changes."""

    def __init__(self, given: tuple[MasterKey, ...], file: KeyFile | None = None) -> None:
        self.file = file
        self._keys = given
        self._seen = self._stamp()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The keys from the settings, or those in the state folder, made when there are none.

        Raises:
            CannotStart: the file is damaged, or cannot be kept.
        """
        if settings.master_keys is not None:
            return cls(parsed(settings.master_keys.get_secret_value().split(",")))
        file = KeyFile(settings.state_dir / FILE, "master keys", "PUENTE_MASTER_KEYS")
        content = file.read()
        keys = cls((), file)
        keys._take(file.make(str(MasterKey.new())) if content is None else content)
        return keys

    @property
    def current(self) -> MasterKey:
        """The key that wraps from now on; also when another process has just made it."""
        if self.file is not None and self._stamp() != self._seen:
            self.read_again()
        return self._keys[0]

    @property
    def every(self) -> tuple[MasterKey, ...]:
        """All keys, the current one first."""
        return self._keys

    def get(self, key_id: str) -> MasterKey:
        """The key of that id, after a second look into the file.

        Raises:
            UnknownMasterKey: there is none.
        """
        found = self._find(key_id)
        if found is None and self.file is not None:
            self.read_again()
            found = self._find(key_id)
        if found is None:
            raise UnknownMasterKey(f"There is no master key {key_id}.")
        return found

    def write(self, keys: Iterable[MasterKey]) -> None:
        """Let the file hold these keys, the current one first."""
        assert self.file is not None  # noqa: S101 - the caller has asked
        self.file.replace("\n".join(map(str, keys)))
        self.read_again()

    def read_again(self) -> None:
        """Take what the file holds now."""
        assert self.file is not None  # noqa: S101 - the caller has asked
        seen = self._stamp()
        content = self.file.read()
        if content is not None:
            self._take(content)
        self._seen = seen

    def _take(self, content: bytes) -> None:
        assert self.file is not None  # noqa: S101 - the caller has asked
        try:
            self._keys = parsed(content.decode().split("\n"))
        except ValueError:
            raise self.file.damaged() from None

    def _find(self, key_id: str) -> MasterKey | None:
        return next((key for key in self._keys if key.id == key_id), None)

    def _stamp(self) -> tuple[int, int] | None:
        if self.file is None:
            return None
        try:
            found = self.file.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


def parsed(lines: Iterable[str]) -> tuple[MasterKey, ...]:
    """The keys written as `id:hex`, each id once.

    Raises:
        ValueError: they are not.
    """
    keys = []
    for line in lines:
        written = re.fullmatch(MASTER_KEYS, line.strip())
        if written is None:
            raise ValueError("must be id:hex64,id:hex64, the current one first")
        keys.append(MasterKey(written["id"], bytes.fromhex(written["hex"])))
    if len({key.id for key in keys}) < len(keys):
        raise ValueError("must name each master key once")
    return tuple(keys)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key under a master key, as it is stored."""

    master_key_id: str
    wrapped: bytes


class Keyring:
    """What a process wraps and unwraps keys with.

    Unwrapped keys are remembered by their wrapped bytes alone: whoever asks must have read those from the database in
    this transaction, so that a key that was destroyed is good for nothing at once.
    """

    def __init__(self, masters: MasterKeys) -> None:
        self.masters = masters
        self.house: HouseKey | None = None
        self._lock = Lock()
        self._remembered = lru_cache(CACHED)(self._unwrap)

    def new_key(self, where: bytes) -> tuple[bytes, Wrapped]:
        """A random key, and how it is stored."""
        secret = secrets.token_bytes(KEY)
        return secret, self.wrap(where, secret)

    def wrap(self, where: bytes, secret: bytes) -> Wrapped:
        """A key under the current master key, bound to its place."""
        with self._lock:
            master = self.masters.current
        return Wrapped(master.id, Key(master.secret).seal(where, secret))

    def unwrap(self, where: bytes, stored: Wrapped) -> Key:
        """The key that was wrapped.

        Raises:
            SealBroken: it belongs elsewhere, or was changed.
            UnknownMasterKey: its master key is not there.
        """
        return self._remembered(where, stored)

    def rewrap(self, where: bytes, stored: Wrapped) -> Wrapped:
        """The same key under the current master key."""
        return self.wrap(where, self.secret_of(where, stored))

    def secret_of(self, where: bytes, stored: Wrapped) -> bytes:
        """The key itself."""
        with self._lock:
            master = self.masters.get(stored.master_key_id)
        return Key(master.secret).open(where, stored.wrapped)

    def _unwrap(self, where: bytes, stored: Wrapped) -> Key:
        return Key(self.secret_of(where, stored))


def cannot_open(failure: Exception) -> CannotStart:
    """What to tell whoever started a process with keys that are not this database's."""
    return CannotStart(
        f"The master keys are not those of this database ({failure}): restore them before anything else."
    )
