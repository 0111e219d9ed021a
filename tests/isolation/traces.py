"""Finding words again in what was sent, however they were written down."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_plus

import httpx

from app.taxonomy.words import fold
from tests.isolation.replies import VARYING


def traces(text: str, words: Iterable[str]) -> list[str]:
    """The words that stand in a text: accents, case, separators and common encodings do not hide them."""
    seen = " ".join(squeezed(view) for view in views(text))
    return [word for word in words if squeezed(word) in seen]


def squeezed(text: str) -> str:
    """The letters and digits of a text, without accents and case."""
    return re.sub(r"[\W_]", "", fold(text))


def views(text: str) -> Iterator[str]:
    """A text, and what it says once decoded."""
    yield text
    yield unquote_plus(text)
    yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text)
    for token in set(re.findall(r"[A-Za-z0-9+/_-]{8,}", text)):
        yield from decoded(token)


def decoded(token: str) -> Iterator[str]:
    """What a token says in hexadecimal, and in base64 wherever in a longer one it began."""
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", token):
        yield bytes.fromhex(token).decode(errors="replace")
    for start in range(4):
        part = token[start:].translate(str.maketrans("-_", "+/"))
        try:
            yield b64decode(part[: len(part) // 4 * 4] if len(part) % 4 == 1 else part + "===").decode(errors="replace")
        except NotBase64:
            continue


def shown(reply: httpx.Response) -> str:
    """Body and headers of a reply, but for what is another each time."""
    headers = " ".join(f"{name}: {value}" for name, value in reply.headers.items() if name not in VARYING)
    return f"{reply.text} {headers}".replace(reply.headers["x-request-id"], "")
