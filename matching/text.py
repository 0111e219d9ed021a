"""Folding of words, so that one concept has one key however it is typed."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(r"\.?(?:[^\W_][\u0300-\u036f]*)+[+#]*")
_CONTACT: Final = re.compile(r"(?<!\S)\S*@\S+|https?://\S+|www\.\S+", re.IGNORECASE)
_DROPPED: Final = re.compile(r"[\s.\-_/'’()\[\],:;&|]+")


class Token(NamedTuple):
    """A word of a text with its span in characters."""

    text: str
    start: int
    end: int


def fold(text: str) -> str:
    """Lower case without accents: "Programación" and "programacao" lose what keyboards lose."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFKD", bare.casefold())


def key(text: str) -> str:
    """Return what two spellings of one name share.

    Spaces and joining punctuation go ("Node JS", "node.js", "nodejs"); `+`, `#` and a leading dot stay, so that C, C++,
    C# and .NET remain four names.
    """
    folded = fold(text).strip()
    leading_dot = "." if folded.startswith(".") else ""
    return leading_dot + _DROPPED.sub("", folded)


def tokens(text: str) -> Iterator[Token]:
    """Words of a text; `C++`, `C#`, `.NET` are one word each, `Node.js` is two that join."""
    for match in _TOKEN.finditer(text):
        yield Token(match.group(), match.start(), match.end())


def without_contacts(text: str) -> str:
    """Drop addresses and links: a mailbox at docker.com is no experience."""
    return _CONTACT.sub(" ", text)
