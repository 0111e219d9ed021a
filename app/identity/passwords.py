"""Passwords: what is accepted, and argon2id away from the event loop."""

import asyncio
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final, ParamSpec, TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from app.core.errors import Fault, Invalid, Unavailable

MIN_LENGTH: Final = 12
MAX_LENGTH: Final = 256
AT_ONCE: Final = 2
MAX_WAITING: Final = 64

# OWASP's password storage cheat sheet: argon2id with 19 MiB, two passes, one lane.
HASHING: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))

COMMON_LINES: Final = """
    123456789012 1234567890123 12345678901234 123412341234 111111111111 000000000000 121212121212 123123123123
    qwertyuiop12 qwertyuiop123 qwertyuiopas qwertyuiopasdfgh qwertyqwerty qwerty123456 1q2w3e4r5t6y 1qaz2wsx3edc
    q1w2e3r4t5y6 asdfghjkl123 zxcvbnm12345 abcdefghijkl abcdefghijklm abcd12345678 abc123456789 abcabcabcabc
    passwordpassword password1234 password12345 password123456 passw0rd1234 p@ssw0rd1234 p@ssword1234 mypassword123
    iloveyou1234 iloveyouforever letmeinletmein letmein12345 welcome12345 welcome123456 welcomewelcome
    administrator administrator1 admin1234567 adminadminadmin changemeplease changeme1234 changemechangeme
    contraseña123 contraseña1234 contrasena123 contrasena1234 micontraseña micontrasena bienvenido123
    senha1234567 minhasenha123 teamoteamoteamo superman1234 football1234 monkeymonkey dragondragon
    correcthorsebatterystaple trustno1trustno1 puentepuente puente123456 puente2026puente
"""
COMMON: Final = frozenset(COMMON_LINES.split())

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class PasswordTooWeak(Invalid):
    """The password is among the first that anybody would try."""

    code = "password-too-weak"
    title = "Choose another password"


class Hashers:
    """Two threads for work that burns a core, and a queue that does not grow without end."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        self._waiting = 0

    async def run(self, work: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs) -> Answer:
        """What `work` returns.

        Raises:
            Unavailable: too many are waiting already.
        """
        if self._waiting >= MAX_WAITING:
            raise Unavailable("Too many sign-ins at once; try again shortly.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))
        finally:
            self._waiting -= 1


HASHERS: Final = Hashers()


def prepared(password: str) -> str:
    """The one form of a password: NFKC, so that it is the same from every keyboard (RFC 8265, loosely)."""
    return unicodedata.normalize("NFKC", password)


def check_strength(password: str, *, own: Sequence[str]) -> None:
    """Refuse what would be guessed first: common passwords, and those made of what is known of their owner.

    Raises:
        PasswordTooWeak: choose another one.
    """
    form = prepared(password).casefold().strip()
    known = {word.casefold() for text in own for word in (text, text.partition("@")[0], text.replace(" ", ""))}
    if len(form) < MIN_LENGTH or form in COMMON or form in known or len(set(form)) < 3:
        fault = Fault("/password", "body", "password-too-weak", "Must not be a common password or one's own name.")
        raise PasswordTooWeak("Many would try this password first.", faults=[fault])


async def make_hash(password: str) -> str:
    """The argon2id hash of a password, with its parameters and salt."""
    return await HASHERS.run(HASHING.hash, prepared(password))


async def verify(password: str, stored: str) -> tuple[bool, str | None]:
    """Whether the password is that of `stored`; and a new hash when that was made with other parameters."""
    return await HASHERS.run(checked, prepared(password), stored)


async def verify_each(password: str, stored: Sequence[str], *, times: int) -> list[tuple[bool, str | None]]:
    """The answers for each of `stored`, after work for as many as `times`, so that it does not tell how many."""
    padding = [await decoy()] * (times - len(stored))
    answers = [await verify(password, each) for each in [*stored, *padding]]
    return answers[: len(stored)]


def checked(password: str, stored: str) -> tuple[bool, str | None]:
    """The same without a thread; a hash that cannot be read matches nothing."""
    try:
        return HASHING.verify_and_update(password, stored)
    except UnknownHashError:
        return False, None


async def decoy() -> str:
    """A hash that no password is known of, to work on when there is no other."""
    return await HASHERS.run(make_decoy)


@cache
def make_decoy() -> str:
    """The decoy of this process."""
    return HASHING.hash("nobody's")
