"""Where in a long text the answer to a request stands, so that a person can read it there."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from matching.evidence import Documents
from matching.fusion import search
from matching.knowledge import Knowledge

WORDS: Final = 40
"""A passage is whole lines or sentences, up to about forty words: what a reader takes in at once."""
HEAD: Final = 5
"""Contact data in one of the first five lines ends the head of a curriculum; what stands above is a name."""
_CONTACT: Final = re.compile(r"\S@\S|https?://|www\.|linkedin\.com|(?:\+?\d[\s().-]?){7,}", re.IGNORECASE)


class Passage(NamedTuple):
    """A stretch of a text, by characters."""

    start: int
    end: int


def passages_of(text: str) -> list[Passage]:
    """Cut a text into passages, in order, its head of name and contact data left out, and later contact data too."""
    found: list[Passage] = []
    begin, end, words = 0, 0, 0
    for number, piece in enumerate(_pieces(text)):
        if _CONTACT.search(text, piece.start, piece.end):
            if number < HEAD:
                found, words = [], 0
            continue
        count = len(text[piece.start : piece.end].split())
        if words and (words + count > WORDS or _apart(text, end, piece.start)):
            found.append(Passage(begin, end))
            words = 0
        if not words:
            begin = piece.start
        end = piece.end
        words += count
    return [*found, Passage(begin, end)] if words else found


def best_passage(request: str, text: str, knowledge: Knowledge) -> Passage | None:
    """Find the passage that answers the request best, the first of equals; None for a text without words."""
    passages = passages_of(text)
    if not passages:
        return None
    documents = Documents(knowledge.read([text[passage.start : passage.end] for passage in passages]), knowledge)
    scores = search(documents, knowledge.read_requests([request]))[0]
    return passages[int(scores.argmax())]


def _apart(text: str, end: int, start: int) -> bool:
    """Whether something was left out, or a blank line stands, between two pieces."""
    between = text[end:start]
    return bool(between.strip()) or between.count("\n") > 1


def _pieces(text: str) -> Iterator[Passage]:
    """Lines, and sentences inside them; a very long one is cut at forty words."""
    for line in re.finditer(r"[^\n]+", text):
        for sentence in re.finditer(r"\S.*?(?:[.!?](?=\s)|$)", line.group()):
            words = list(re.finditer(r"\S+", sentence.group()))
            offset = line.start() + sentence.start()
            for at in range(0, len(words), WORDS):
                yield Passage(offset + words[at].start(), offset + words[min(at + WORDS, len(words)) - 1].end())
