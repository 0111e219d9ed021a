"""Canonical skills, titles, domains and certifications, and the words people use for them.

Reference: `seed_data/` holds the project's own data in the layout `Taxonomy.load` reads. A taxonomy is immutable; a
curator's change makes a new one.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

from matching.errors import TaxonomyInvalid
from matching.text import Token, fold, key, tokens

TITLES_REMEMBERED: Final = 20_000
LONGEST_PHRASE: Final = 6
_LITTLE_WORDS: Final = frozenset(
    word.text
    for word in tokens("de del da do das dos en em e y and of the la el los las para com con a o as os in for")
)
_LEADING_ON: Final = _LITTLE_WORDS | {"na", "nas", "no", "nos", "at"}
"""Words a title does not end on: what followed them was no word of the trade."""
_SHORT: Final = 4
_JOINS: Final = re.compile(r"[\s\-\u2010-\u2013/_'\u2019&]*")
"""What may stand inside a name in running text; a comma or a full stop ends it ("React. Native speaker")."""
_ASIDE: Final = re.compile(r"\([^()]*\)")
_GENDER: Final = re.compile(r"\((?:r?[ao]s?|[ao]/[ao]|es)\)|(?<=\w{3})/(?:r?as?|os?)\b|@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Concept:
    """One canonical thing with every name it goes by; `related` maps ids to a closeness in (0, 1)."""

    id: str
    name: str
    kind: str = ""
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ambiguous: frozenset[str] = frozenset()
    implies: tuple[str, ...] = ()
    related: Mapping[str, float] = field(default_factory=dict)

    def names(self) -> Iterator[str]:
        """Yield the canonical name, then the aliases of every language."""
        yield self.name
        for aliases in self.aliases.values():
            yield from aliases


@dataclass(frozen=True, slots=True)
class Level:
    """A step of seniority: `rank` 0 (intern) to 5 (principal), `years` the usual experience."""

    id: str
    rank: int
    years: tuple[float, float]
    words: tuple[str, ...]


class Mention(NamedTuple):
    """A concept found in running text, with its span in characters."""

    concept_id: str
    start: int
    end: int


class Lexicon:
    """Concepts of one kind, found by any of their names."""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self.concepts: Mapping[str, Concept] = _by_id(concepts)
        self._by_key: dict[str, str] = {}
        self._only_as_field: set[str] = set()
        self._in_words: set[str] = set()
        for concept in self.concepts.values():
            self._register(concept)
        self._check_edges()

    def __len__(self) -> int:
        return len(self.concepts)

    def __contains__(self, concept_id: object) -> bool:
        return concept_id in self.concepts

    def __getitem__(self, concept_id: str) -> Concept:
        return self.concepts[concept_id]

    def name_of(self, concept_id: str) -> str:
        """Canonical English name; an id nobody curated yet is its own name."""
        concept = self.concepts.get(concept_id)
        return concept.name if concept else concept_id

    def find(self, written: str) -> str | None:
        """Id of the concept that goes by this name, spelling, accents and case aside."""
        if written in self.concepts:
            return written
        folded = key(written)
        return self._by_key.get(folded) or self._by_key.get(folded.lstrip("."))

    def mentions(self, text: str) -> Iterator[Mention]:
        """Concepts named in running text, longest phrase first, left to right, none inside another.

        Names that are also ordinary words ("go", "r") are not taken from running text, nor are short ones put together
        from several words unless they are written so ("CI CD" is a name, "de no" is not Deno).
        """
        words = list(tokens(text))
        at = 0
        while at < len(words):
            found = self.longest_at(text, words, at)
            if found is None:
                at += 1
                continue
            concept_id, length = found
            yield Mention(concept_id, words[at].start, words[at + length - 1].end)
            at += length

    def closure(self, concept_id: str) -> frozenset[str]:
        """Return the concept and all it implies, transitively."""
        return self._closures.get(concept_id, frozenset({concept_id}))

    def credits(self, wanted: str) -> Mapping[str, float]:
        """How far having each concept stands in for `wanted`: 1.0 itself or what implies it, else the edge's weight."""
        return self._credits.get(wanted, {wanted: 1.0})

    def _register(self, concept: Concept) -> None:
        ambiguous = {key(word) for word in concept.ambiguous}
        for name in concept.names():
            folded = key(name)
            if len(list(tokens(name))) > 1:
                self._in_words.add(folded)
            owner = self._by_key.setdefault(folded, concept.id)
            if owner != concept.id:
                raise TaxonomyInvalid(f"{name!r} names both {owner} and {concept.id}")
            if folded in ambiguous:
                self._only_as_field.add(folded)

    def _check_edges(self) -> None:
        for concept in self.concepts.values():
            for other in (*concept.implies, *concept.related):
                if other not in self.concepts:
                    raise TaxonomyInvalid(f"{concept.id} points to {other}, which does not exist")
            for other, weight in concept.related.items():
                if not 0 < weight < 1:
                    raise TaxonomyInvalid(f"{concept.id} is {weight} related to {other}; it takes a number in (0, 1)")

    def longest_at(self, text: str, words: list[Token], at: int) -> tuple[str, int] | None:
        """Find the longest name that begins at a word of a text; return its concept's id and its length in words."""
        for length in range(_reach(text, words, at), 0, -1):
            phrase = key("".join(word.text for word in words[at : at + length]))
            for candidate in (phrase, phrase.lstrip(".")):
                concept_id = self._by_key.get(candidate)
                if concept_id is not None and self._is_name(candidate, length):
                    return concept_id, length
        return None

    def _is_name(self, phrase: str, length: int) -> bool:
        """Whether a phrase of `length` words of running text means what its key says."""
        put_together = length > 1 and len(phrase) <= _SHORT and phrase not in self._in_words
        return phrase not in self._only_as_field and not put_together

    @cached_property
    def _closures(self) -> Mapping[str, frozenset[str]]:
        closures: dict[str, frozenset[str]] = {}
        for start in self.concepts:
            seen, waiting = {start}, [start]
            while waiting:
                fresh = [other for other in self.concepts[waiting.pop()].implies if other not in seen]
                seen.update(fresh)
                waiting.extend(fresh)
            closures[start] = frozenset(seen)
        return closures

    @cached_property
    def _credits(self) -> Mapping[str, Mapping[str, float]]:
        table: dict[str, dict[str, float]] = {wanted: {wanted: 1.0} for wanted in self.concepts}
        for concept in self.concepts.values():
            for other, weight in concept.related.items():
                for wanted, has in ((concept.id, other), (other, concept.id)):
                    table[wanted][has] = max(weight, table[wanted].get(has, 0.0))
        for has, implied in self._closures.items():
            for wanted in implied:
                table[wanted][has] = 1.0
        return table


class Taxonomy:
    """Everything the matcher knows about words: skills, titles, domains, certifications, seniority, single terms."""

    def __init__(
        self,
        *,
        skills: Iterable[Concept],
        titles: Iterable[Concept] = (),
        domains: Iterable[Concept] = (),
        certifications: Iterable[Concept] = (),
        levels: Iterable[Level] = (),
        terms: Mapping[str, str] | None = None,
    ) -> None:
        self.skills = Lexicon(skills)
        self.titles = Lexicon(titles)
        self.domains = Lexicon(domains)
        self.certifications = Lexicon(certifications)
        self.levels = tuple(sorted(levels, key=lambda level: level.rank))
        self.terms: Mapping[str, str] = dict(terms or {})
        self._written_terms = frozenset(chain.from_iterable(self.terms.items()))
        self._terms = {key(word): english for word, english in self.terms.items()}
        self._canonical_titles = lru_cache(TITLES_REMEMBERED)(self._canonical_title)
        self._level_by_word = {key(word): level for level in self.levels for word in (level.id, *level.words)}

    @classmethod
    def load(cls, folder: Path) -> "Taxonomy":
        """Read the layout of `seed_data/`.

        Raises:
            TaxonomyInvalid: no skills, a name of two concepts, or an edge to one that does not exist.
        """
        skill_files = sorted((folder / "skills").glob("*.toml"))
        if not skill_files:
            raise TaxonomyInvalid(f"there are no skills in {folder}")
        return cls(
            skills=[concept_of(row) for file in skill_files for row in _rows(file, "skill")],
            titles=[concept_of(row, kind="discipline") for row in _rows(folder / "titles.toml", "title")],
            domains=[concept_of(row) for row in _rows(folder / "domains.toml", "domain")],
            certifications=[
                concept_of(row, kind="issuer") for row in _rows(folder / "certifications.toml", "certification")
            ],
            levels=[level_of(row) for row in _rows(folder / "seniority.toml", "level")],
            terms=terms_of(_rows(folder / "title_terms.toml", "term")),
        )

    def seniority_in(self, title: str) -> int | None:
        """Rank of the highest seniority word in a title, if there is one."""
        return max((level.rank for level, _, _ in self._seniority_words(title)), default=None)

    def canonical_title(self, written: str) -> str:
        """Put a title into canonical English, without its seniority words.

        A known title is named; otherwise known words are translated one by one and the head noun of a Spanish or
        Portuguese title moves to its English place, the end.
        """
        return self._canonical_titles(written)

    def _canonical_title(self, written: str) -> str:
        known = self.title_id(written)
        return (
            self.titles[known].name if known else self._translated(self._without_seniority(written)) or written.strip()
        )

    def title_name(self, written: str) -> str | None:
        """Canonical English name of a known title, seniority and asides apart."""
        known = self.title_id(written)
        return self.titles[known].name if known else None

    def without_seniority(self, written: str) -> str:
        """The words of a title that name no seniority, unless it has no others."""
        return " ".join(word.text for word in self._without_seniority(written)) or written.strip()

    def title_id(self, written: str) -> str | None:
        """Id of the known title these words name, seniority and asides in parentheses apart."""
        for text in (written, _ASIDE.sub(" ", written)):
            bare = " ".join(word.text for word in self._without_seniority(text))
            found = self.titles.find(bare) or self.titles.find(text)
            if found is not None:
                return found
        return None

    def known_words(self, title: str) -> str:
        """Cut out of a title every word that no title, term, level, domain or skill is made of.

        People write employers, cities and their own names into titles; none of them is in the vocabulary.
        """
        title = _GENDER.sub("", title)
        named = [*self.skills.mentions(title), *self.domains.mentions(title)]
        kept: list[str] = []
        end = 0
        for word in tokens(title):
            if fold(word.text) in self._vocabulary or any(
                span.start <= word.start and word.end <= span.end for span in named
            ):
                # What joins two words stays when both do: the slash of "C/C++".
                joined = bool(kept) and end and _JOINS.fullmatch(title, end, word.start) is not None
                kept.append(f"{title[end : word.start] if joined else ' '}{word.text}")
                end = word.end
            else:
                end = 0
        while kept and fold(kept[-1].strip()) in _LEADING_ON:
            kept.pop()
        return "".join(kept).strip()

    @cached_property
    def reading_of_titles(self) -> str:
        """Sixteen hex digits over everything that decides how a title is read."""
        titles = [(one.id, *one.names()) for one in self.titles.concepts.values()]
        levels = [(level.id, level.rank, *level.words) for level in self.levels]
        said = json.dumps([sorted(titles), levels, sorted(self.terms.items())])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        titles = (name for concept in self.titles.concepts.values() for name in concept.names())
        levels = (word for level in self.levels for word in (level.id, *level.words))
        words = {fold(word.text) for phrase in (*titles, *levels, *self._written_terms) for word in tokens(phrase)}
        skills = (name for concept in self.skills.concepts.values() for name in concept.names())
        return frozenset({*words, *_LITTLE_WORDS, *(fold(name) for name in skills if len(list(tokens(name))) == 1)})

    def _without_seniority(self, written: str) -> list[Token]:
        written = _GENDER.sub("", written)
        covered = {at for _, start, length in self._seniority_words(written) for at in range(start, start + length)}
        words = list(tokens(written))
        kept = [word for at, word in enumerate(words) if at not in covered]
        return kept or words

    def _seniority_words(self, title: str) -> Iterator[tuple[Level, int, int]]:
        words = list(tokens(title))
        at = 0
        while at < len(words):
            for length in (3, 2, 1):
                level = self._level_by_word.get(key("".join(word.text for word in words[at : at + length])))
                if level is not None and at + length <= len(words) and not self._inside_skill(title, words, at, length):
                    yield level, at, length
                    at += length - 1
                    break
            at += 1

    def _inside_skill(self, text: str, words: list[Token], at: int, length: int) -> bool:
        """Whether these words begin the name of a skill: the "PL" of "PL/SQL" is no pleno."""
        longer = self.skills.longest_at(text, words, at)
        return longer is not None and longer[1] > length

    def _translated(self, words: list[Token]) -> str:
        english: list[str] = []
        head_first = False
        at = 0
        while at < len(words):
            length, term = self._term_at(words, at)
            if term is not None:
                phrase = " ".join(word.text for word in words[at : at + length])
                head_first = head_first or (at == 0 and fold(term) != fold(phrase))
                english.append(term)
            elif fold(words[at].text) not in _LITTLE_WORDS:
                english.append(words[at].text)
            at += length
        if head_first and len(english) > 1:
            english = [*english[1:], english[0]]
        return " ".join(english)

    def _term_at(self, words: list[Token], at: int) -> tuple[int, str | None]:
        for length in (4, 3, 2, 1):
            if at + length <= len(words):
                term = self._terms.get(key("".join(word.text for word in words[at : at + length])))
                if term is not None:
                    return length, term
        return 1, None


def without_gender_marks(text: str) -> str:
    """The text without what stands for both genders: "Ingeniero/a", "Desarrollador(a)"."""
    return _GENDER.sub("", text)


def _by_id(concepts: Iterable[Concept]) -> dict[str, Concept]:
    by_id: dict[str, Concept] = {}
    for concept in concepts:
        if by_id.setdefault(concept.id, concept) is not concept:
            raise TaxonomyInvalid(f"{concept.id} is the id of both {by_id[concept.id].name!r} and {concept.name!r}")
    return by_id


def concept_of(row: Mapping[str, Any], *, kind: str = "kind") -> Concept:
    """Build a concept from a row of reference data; `kind` names the field that classifies it."""
    aliases = {language: tuple(row[language]) for language in ("en", "es", "pt") if row.get(language)}
    if row.get("aliases"):
        aliases["en"] = (*aliases.get("en", ()), *row["aliases"])
    return Concept(
        id=row["id"],
        name=row["name"],
        kind=row.get(kind, ""),
        aliases=aliases,
        ambiguous=frozenset(row.get("ambiguous", ())),
        implies=tuple(row.get("implies", ())),
        related=dict(row.get("related", {})),
    )


def level_of(row: Mapping[str, Any]) -> Level:
    """Build a seniority level from a row of reference data."""
    low, high = row["years"]
    words = tuple(word for language in ("en", "es", "pt") for word in row.get(language, ()))
    return Level(id=row["id"], rank=row["rank"], years=(float(low), float(high)), words=words)


def terms_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Map each word of a title to its English; the first entry that claims a word keeps it."""
    terms: dict[str, str] = {}
    for row in rows:
        for word in (row["en"], *row.get("es", ()), *row.get("pt", ())):
            terms.setdefault(word, row["en"])
    return terms


def _reach(text: str, words: Sequence[Token], at: int) -> int:
    """How many words from `at` on may belong to one name."""
    last = at
    while last + 1 < min(len(words), at + LONGEST_PHRASE):
        if not _JOINS.fullmatch(text, words[last].end, words[last + 1].start):
            break
        last += 1
    return last - at + 1


def _rows(file: Path, table: str) -> list[dict[str, Any]]:
    try:
        return list(tomllib.loads(file.read_text(encoding="utf-8")).get(table, []))
    except FileNotFoundError:
        return []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TaxonomyInvalid(f"{file.name} is not valid TOML: {error}") from error
