"""Text made to be read otherwise than it is shown: hidden characters, borrowed letters, spaced words.

Unicode Technical Report 36 and Technical Standard 39 describe the means; what honest text needs of them (joined emoji,
marks of right-to-left scripts, Greek units, soft hyphens) is left alone.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

_TAGS: Final = "\U000e0000-\U000e007f\U000e0100-\U000e01ef"
_ZERO_WIDTH: Final = "\u200b-\u200d\u2060-\u2064\ufeff\u180e\u034f\u115f\u1160\u3164\uffa0"
_DIRECTION: Final = "\u202a-\u202e\u2066-\u2069"
_FLAG: Final = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,7}\U000e007f")
"""The flags of England, Scotland and Wales are spelt with tag characters."""
_INVISIBLE: Final = re.compile(
    f"[{_TAGS}]+|(?<=[^\\W\\d_])[{_ZERO_WIDTH}]+(?=[^\\W\\d_])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]+"
    f"|[{_ZERO_WIDTH}]{{8,}}|[\ue000-\uf8ff]{{4,}}|\\s{{200,}}"
)
_TURNED: Final = re.compile(f"[{_DIRECTION}][^\n{_DIRECTION}]*[{_DIRECTION}]?")
_RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_JOINED_SCRIPTS: Final = re.compile("[\u0600-\u06ff\u0900-\u0dff]")
"""Scripts that spell with joiners inside words."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f]")
_LOOKALIKE: Final = re.compile("[\u0370-\u03ff\u0400-\u052f\u0530-\u058f\u13a0-\u13ff]")
_GREEK_UNIT: Final = 3
"""Letters of a word in which Greek stands as a unit or a symbol: kΩ, μs, Δt."""
_LATIN_OF: Final = str.maketrans(
    "авекмнорстухіјѕԁгьҏүӏαβεηικνορτυχωρɡօոսԛԝ", "abekmhopctyxijsdrbpyiabenikvoptuxwpgonuqw"
)
_LETTER_OF: Final = str.maketrans("013457@$!", "oieastasi")
_SPELT: Final = re.compile(r"(?:[\w@$]|!(?=\w))+")
_SPACED: Final = re.compile(r"(?<!\w)(?:\w[\s._\-*·|]{1,3}){5,}\w(?!\w)")


_BLANK: Final = re.compile(r"\s")
_CLOSED: Final = "\x00"
LETTERS_REMEMBERED: Final = 4096


class Span(NamedTuple):
    """A stretch of a text, in characters."""

    start: int
    end: int


class Readable(NamedTuple):
    """A text as it is meant to be read, and where each of its characters comes from."""

    text: str
    origin: list[int]

    def span(self, start: int, end: int) -> Span:
        """Where a stretch of it stands in the text it was read from."""
        return Span(self.origin[start], self.origin[end - 1] + 1)


def hidden(text: str) -> Iterator[Span]:
    """Words with characters that nobody sees inside them, runs of such characters, and words of mixed scripts."""
    yield from _whole_words(text, _invisible(text))
    for word in _WORD.finditer(text):
        if _mixed(word.group()):
            yield Span(*word.span())


def without_invisible(text: str) -> str:
    """The text without characters that nobody sees."""
    return re.sub(f"[{_TAGS}{_ZERO_WIDTH}{_DIRECTION}\u00ad\u200e\u200f]", "", text)


def readable(text: str) -> Readable:
    """Lower case, with no accents, invisible characters, borrowed letters or digits for letters, nor two blanks."""
    letters: list[str] = []
    origin: list[int] = []
    for at, char in enumerate(_closed_up(text)):
        for letter in _letters_of(char):
            if letter != " " or (letters and letters[-1] != " "):
                letters.append(letter)
                origin.append(at)
    return Readable(_SPELT.sub(_unleeted, "".join(letters)), origin)


def squeezed(reading: Readable) -> Readable:
    """Its letters alone, run together: what is left of a phrase however it was spaced."""
    kept = [at for at, char in enumerate(reading.text) if char.isalpha()]
    return Readable("".join(reading.text[at] for at in kept), [reading.origin[at] for at in kept])


@lru_cache(LETTERS_REMEMBERED)
def _letters_of(char: str) -> str:
    """What is read where a character stands; nothing for one that nobody sees, of tag characters their ASCII."""
    if "\U000e0020" <= char <= "\U000e007e":
        return chr(ord(char) - 0xE0000).lower()
    if char == _CLOSED or without_invisible(char) == "":
        return ""
    if char.isspace():
        return " "
    plain = unicodedata.normalize("NFKD", char).casefold().translate(_LATIN_OF)
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _closed_up(text: str) -> str:
    """Letters that stand apart closed up, the text as long as before."""

    def close(found: re.Match[str]) -> str:
        return "".join(char if char.isalnum() else _CLOSED for char in found.group())

    return _SPACED.sub(close, text)


def _unleeted(word: re.Match[str]) -> str:
    written = word.group()
    return written.translate(_LETTER_OF) if any(char.isalpha() for char in written) else written


def _mixed(word: str) -> bool:
    borrowed = _LOOKALIKE.findall(unicodedata.normalize("NFKC", word))
    if not borrowed or not _LATIN.search(word):
        return False
    return len(word) > _GREEK_UNIT or any(char >= "\u0400" for char in borrowed)


def _invisible(text: str) -> Iterator[Span]:
    flags = [flag.span() for flag in _FLAG.finditer(text)]
    for found in _INVISIBLE.finditer(text):
        in_flag = any(start <= found.start() and found.end() <= end for start, end in flags)
        if not in_flag and not _JOINED_SCRIPTS.search(text, max(0, found.start() - 1), found.end() + 1):
            yield Span(*found.span())
    if not _RIGHT_TO_LEFT.search(text):
        for found in _TURNED.finditer(text):
            yield Span(*found.span())


def _whole_words(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Spans widened to the ends of the words they stand in, each word once."""
    until = 0
    for span in sorted(spans):
        if span.end > until:
            start = max(until, 1 + max((text.rfind(blank, 0, span.start) for blank in " \n\t"), default=-1))
            found = _BLANK.search(text, span.end)
            until = found.start() if found else len(text)
            yield Span(start, until)
