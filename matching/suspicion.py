"""Passages of a profile that were written for a ranking and not for a reader.

Pure functions: a text in, findings out. A finding says what is wrong and where; a passage it names is no evidence of
anything. Each kind errs on the side of the honest: a person looks at what is found, and lists of a normal length, code,
accents, emoji, bilingual prose and other scripts are none of it.
"""

import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from matching.disguise import Span, hidden
from matching.instructions import instructions
from matching.stems import STOP_WORDS
from matching.taxonomy import Mention, Taxonomy
from matching.text import Token, fold, tokens

MOST_LISTED_IN_TEXT: Final = 15
"""Skills that honest prose, or a line of tools under a job, names in a row."""
MOST_IN_TITLE: Final = 5
MOST_IN_ENTRY: Final = 3
"""Skills that one entry of a list of skills names: "HTML/CSS/JavaScript"."""
MOST_UNDATED: Final = 20
"""Skills of one list that may be mere claims, without years and without a year of last use."""
MOST_ITEMS: Final = 25
"""Short items in a row, of whatever words."""
LONGEST_ITEM: Final = 3
MOST_BETWEEN: Final = 2
"""Other words between two skills of one list."""
SHINGLE: Final = 5
"""Words of a shingle (Broder 1997, "On the resemblance and containment of documents")."""
FEWEST_SHARED: Final = 26
"""Shingles of one passage, so thirty words, that two people do not write alike; set phrases of a trade are shorter."""
MOST_CHANGED: Final = SHINGLE + 1
"""Shingles in a row that may differ within a passage: those of a word or two put in the place of others."""
MOST_ALIKE: Final = 3
SHORTEST_REPEATED: Final = 3
FEWEST_STRANGE: Final = 4
"""Words in a row that no language of ours spells so."""
_SHORTEST_JUDGED: Final = 4
_STRANGE_SHARE: Final = 0.6
_BREAK: Final = re.compile(r"[.!?]\s+|\n+")
_BETWEEN_ITEMS: Final = re.compile(r"[,;|/•·\n\t]+|\s[-–—*]\s")
_LATIN_WORD: Final = re.compile(r"[a-z]+")
_ALL_STOP_WORDS: Final = frozenset().union(*STOP_WORDS.values())
_LINKING: Final = frozenset({"and", "y", "e", "o", "or", "with", "con", "com"})

RELEASED: Final[Mapping[str, int]] = {
    "angular": 2010,
    "ansible": 2012,
    "airflow": 2014,
    "aws": 2002,
    "azure": 2008,
    "docker": 2013,
    "dotnet": 2000,
    "django": 2005,
    "dbt": 2016,
    "elasticsearch": 2010,
    "fastapi": 2018,
    "flutter": 2015,
    "go": 2007,
    "graphql": 2012,
    "java": 1991,
    "javascript": 1995,
    "kafka": 2011,
    "kotlin": 2010,
    "kubernetes": 2013,
    "laravel": 2011,
    "mongodb": 2007,
    "nextjs": 2016,
    "nodejs": 2009,
    "pytorch": 2016,
    "python": 1989,
    "react": 2011,
    "react-native": 2013,
    "rust": 2006,
    "snowflake": 2012,
    "spark": 2009,
    "spring-boot": 2013,
    "svelte": 2016,
    "swift": 2010,
    "tensorflow": 2011,
    "terraform": 2014,
    "typescript": 2010,
    "vue": 2013,
}
"""The year work on a thing began, which is the earliest anybody can have used it."""


class Kind(StrEnum):
    """What is wrong with a passage."""

    KEYWORD_LIST = "keyword_list"
    PASTED = "pasted"
    INSTRUCTION = "instruction"
    REPETITION = "repetition"
    HIDDEN = "hidden"
    GIBBERISH = "gibberish"
    IMPLAUSIBLE = "implausible"


@dataclass(frozen=True, slots=True)
class Finding:
    """A passage of a text, by characters, and what is wrong with it in a few words."""

    kind: Kind
    start: int
    end: int
    reason: str


class Print(NamedTuple):
    """One shingle of a text: its hash, and the words it covers by their place."""

    hashed: int
    start: int
    end: int


def examine(text: str, taxonomy: Taxonomy) -> list[Finding]:
    """What is wrong with a bio or with the summary of a job, in the order of the kinds."""
    mentions = list(taxonomy.skills.mentions(text))
    words = list(tokens(text))
    found: list[Finding] = []
    found += _each(Kind.INSTRUCTION, _sentences(text, instructions(text)), "speaks to whoever ranks")
    found += _each(Kind.HIDDEN, hidden(text), "has characters that are not seen, or letters of another script")
    found += _each(Kind.KEYWORD_LIST, _lists(mentions, words, MOST_LISTED_IN_TEXT), "names skills one after another")
    found += _each(Kind.KEYWORD_LIST, _item_lists(text), "is a list of short items")
    found += _each(Kind.REPETITION, _repeated(text, words), "says the same again")
    found += _each(Kind.GIBBERISH, _strange(words, taxonomy), "is in no language")
    return found


def examine_line(text: str, taxonomy: Taxonomy, *, most: int = MOST_IN_TITLE) -> list[Finding]:
    """What is wrong with a title, or with an entry of a list: more than `most` skills are a list in themselves."""
    mentions = list(taxonomy.skills.mentions(text))
    words = list(tokens(text))
    found: list[Finding] = []
    if len({mention.concept_id for mention in mentions}) > most:
        # What stands before the second skill may well be what they are.
        span = Span(mentions[1].start, len(text))
        found += _each(Kind.KEYWORD_LIST, [span], f"names more than {most} skills")
    found += _each(Kind.INSTRUCTION, _sentences(text, instructions(text)), "speaks to whoever ranks")
    found += _each(Kind.HIDDEN, hidden(text), "has characters that are not seen, or letters of another script")
    found += _each(Kind.REPETITION, _repeated_words(words, 2), "says the same again")
    found += _each(Kind.GIBBERISH, _strange(words, taxonomy), "is in no language")
    return found


def prints(text: str) -> list[Print]:
    """The shingles of a text, which no change of case, accents or punctuation changes."""
    words = [(fold(word.text), word.start, word.end) for word in tokens(text)]
    runs = [words[at : at + SHINGLE] for at in range(len(words) - SHINGLE + 1)]
    return [Print(_hashed(" ".join(word for word, _, _ in run)), run[0][1], run[-1][2]) for run in runs]


def pasted(own: Sequence[Print], theirs: Collection[int]) -> Iterator[Finding]:
    """Passages of `own` that stand word for word, or nearly, in a text with these hashes."""
    run: list[int] = []
    for at, one in enumerate(own):
        if one.hashed in theirs:
            if run and at - run[-1] > MOST_CHANGED + 1:
                yield from _pasted(own, run)
                run = []
            run.append(at)
    yield from _pasted(own, run)


def _pasted(own: Sequence[Print], run: Sequence[int]) -> Iterator[Finding]:
    if len(run) >= FEWEST_SHARED:
        yield Finding(Kind.PASTED, own[run[0]].start, own[run[-1]].end, "stands in a request, word for word")


def implausible_years(skill: str, years: float | None, this_year: int) -> str | None:
    """Why nobody can have used a skill for so long; None when somebody can."""
    most = most_years(skill, this_year)
    if years is None or most is None or years <= most:
        return None
    return f"nobody has used this for more than {most} years"


def most_years(skill: str, this_year: int) -> int | None:
    """Years for which anybody can have used a skill, where that is known."""
    released = RELEASED.get(skill)
    return None if released is None else max(0, this_year - released) + 1


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with blanks where these passages stood, as long as before."""
    letters = list(text)
    for start, end in spans:
        letters[start:end] = " " * (min(end, len(text)) - start)
    return "".join(letters)


def _each(kind: Kind, spans: Iterable[Span], reason: str) -> list[Finding]:
    return [Finding(kind, span.start, span.end, reason) for span in spans]


def _sentences(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """The sentences that spans lie in, each once."""
    ends = [0, *(found.end() for found in _BREAK.finditer(text)), len(text)]
    wanted = list(spans)
    for start, end in pairwise(ends):
        if any(span.start < end and start < span.end for span in wanted):
            yield Span(start, end)


def _lists(mentions: Sequence[Mention], words: Sequence[Token], most: int) -> Iterator[Span]:
    """Runs of more than `most` skills with hardly a word between them."""
    outside = _outside(mentions, words)
    run: list[Mention] = []
    for at, mention in enumerate(mentions):
        if run and outside[at] > MOST_BETWEEN:
            yield from _list(run, most)
            run = []
        run.append(mention)
    yield from _list(run, most)


def _list(run: Sequence[Mention], most: int) -> Iterator[Span]:
    if len({mention.concept_id for mention in run}) > most:
        yield Span(run[0].start, run[-1].end)


def _outside(mentions: Sequence[Mention], words: Sequence[Token]) -> list[int]:
    """How many words stand between each mention and the one before it, those that link a list aside."""
    counts = [0] * len(mentions)
    at = 0
    for word in words:
        while at < len(mentions) and word.start >= mentions[at].end:
            at += 1
        if at < len(mentions) and word.start < mentions[at].start and fold(word.text) not in _LINKING:
            counts[at] += 1
    return counts


def _item_lists(text: str) -> Iterator[Span]:
    """Runs of more than MOST_ITEMS items of a few words, none of them a little word."""
    start, run = 0, []
    for separator in [*_BETWEEN_ITEMS.finditer(text), None]:
        end = separator.start() if separator else len(text)
        if _short(text[start:end]):
            run.append(Span(start, end))
        else:
            yield from _items(run)
            run = []
        start = separator.end() if separator else end
    yield from _items(run)


def _items(run: Sequence[Span]) -> Iterator[Span]:
    if len(run) > MOST_ITEMS:
        yield Span(run[0].start, run[-1].end)


def _short(item: str) -> bool:
    words = [fold(word.text) for word in tokens(item)]
    return 0 < len(words) <= LONGEST_ITEM and not any(word in _ALL_STOP_WORDS for word in words)


def _repeated(text: str, words: Sequence[Token]) -> Iterator[Span]:
    """A word again and again, and every sentence that stands there for the third time."""
    yield from _repeated_words(words, MOST_ALIKE)
    seen: Counter[str] = Counter()
    ends = [0, *(found.end() for found in _BREAK.finditer(text)), len(text)]
    for start, end in pairwise(ends):
        sentence = [fold(word.text) for word in tokens(text[start:end])]
        said = " ".join(sentence)
        seen[said] += 1
        if len(sentence) >= SHORTEST_REPEATED and seen[said] >= MOST_ALIKE:
            yield Span(start, end)


def _repeated_words(words: Sequence[Token], most: int) -> Iterator[Span]:
    """What follows the first of more than `most` equal words in a row, or of equal pairs of words."""
    folded = [fold(word.text) for word in words]
    for step in (1, 2):
        at = 0
        while at < len(folded):
            end = at + step
            while end + step <= len(folded) and folded[end : end + step] == folded[at : at + step]:
                end += step
            if (end - at) // step > most:
                if len(folded[at]) > 1:
                    yield Span(words[at + step].start, words[end - 1].end)
                at = end
            else:
                at += 1


def _strange(words: Sequence[Token], taxonomy: Taxonomy) -> Iterator[Span]:
    """Runs of words whose spelling no language of ours has."""
    pairs, known = _spelling(taxonomy)
    judged = [(word, fold(word.text)) for word in words]
    latin = [(word, text) for word, text in judged if len(text) >= _SHORTEST_JUDGED and _LATIN_WORD.fullmatch(text)]
    for strange, run in groupby(latin, key=lambda one: one[1] not in known and _strangeness(one[1], pairs)):
        found = [word for word, _ in run]
        if strange and len(found) >= FEWEST_STRANGE:
            yield Span(found[0].start, found[-1].end)


def _strangeness(word: str, pairs: Collection[str]) -> bool:
    own = [word[at : at + 3] for at in range(len(word) - 2)]
    return sum(pair not in pairs for pair in own) > _STRANGE_SHARE * len(own)


@lru_cache(maxsize=2)
def _spelling(taxonomy: Taxonomy) -> tuple[frozenset[str], frozenset[str]]:
    """Three letters in a row that words of the reference data have, and those words."""
    lexicons = (taxonomy.skills, taxonomy.titles, taxonomy.domains, taxonomy.certifications)
    names = (name for lexicon in lexicons for concept in lexicon.concepts.values() for name in concept.names())
    words = {fold(word.text) for text in (*names, *taxonomy.terms, *_ALL_STOP_WORDS) for word in tokens(text)}
    return frozenset(word[at : at + 3] for word in words for at in range(len(word) - 2)), frozenset(words)


def _hashed(words: Hashable) -> int:
    return int.from_bytes(blake2b(str(words).encode(), digest_size=8).digest(), "big")
