"""From words to what the pool compares: one reading of titles and skills for profiles and requests alike.

A title is given to the encoder as its gloss, a short English text of words of the trade; a known skill is the centre of
its names, any other is given as written. What a text is given for decides its vector, so that stored vectors are
recognised by a hash of the glosses they were made of, whatever has been learned since.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matching.brief import Brief
from matching.interaction import Asked
from matching.knowledge import Knowledge
from matching.parts import quantised
from matching.pool import Pool, pool_of
from matching.profile import Profile
from matching.taxonomy import Taxonomy
from matching.texts import Texts
from matching.titles import TitleIndex, TitleQuery, TitleReader

INTERPRETER_VERSION: Final = 1
REMEMBERED: Final = 256
"""Titles of requests whose comparison is remembered."""
ADAPTED: Final = 20_000
"""Vectors that are kept, so that a text many share is adapted once; past that they are forgotten together."""
_SKILL: Final = "skill:"

Vector = NDArray[np.float32]
Encoded = Mapping[str, Vector]
"""The encoder's vectors by the text they are of."""


class Interpreter:
    """Reads profiles and requests under one knowledge and one taxonomy.

    `revision`, sixteen hex digits, names everything that decides a vector or a closeness. Under a knowledge of nothing
    titles are compared by their vectors alone.
    """

    def __init__(self, knowledge: Knowledge, taxonomy: Taxonomy) -> None:
        self.knowledge = knowledge
        self._taxonomy = taxonomy
        self.titles = TitleIndex(TitleReader(knowledge, taxonomy))
        known = f"{knowledge.revision}\n{taxonomy.reading_of_titles}\n{INTERPRETER_VERSION}"
        self.revision = hashlib.sha256(known.encode()).hexdigest()[:16]
        self._skills = {
            entry.id.removeprefix(_SKILL): centre
            for entry, centre in zip(knowledge.concepts, knowledge.centroids, strict=True)
            if entry.id.startswith(_SKILL)
        }
        self._query = lru_cache(REMEMBERED)(self._new_query)
        self._adapted: dict[str, Vector] = {}

    @property
    def _learned(self) -> bool:
        return bool(self.knowledge.concepts)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self.knowledge.encoder.dimension

    def profile_glosses(self, profile: Profile) -> dict[str, str]:
        """What the encoder is given for each text of a profile; skills of the taxonomy are known by their names."""
        titles = {title: self.titles.reader.read(title).gloss for title in (profile.title, *profile.past_titles)}
        return {**self._skill_glosses(fact.skill for fact in profile.skills), **titles}

    def brief_glosses(self, brief: Brief) -> dict[str, str]:
        """The same of a request."""
        title = {brief.title: self.titles.reader.read(brief.title).gloss}
        return {**self._skill_glosses(brief.facets), **title}

    def adapted(self, glosses: Iterable[str], encoded: Encoded) -> dict[str, Vector]:
        """Vectors of glosses as they are compared, of those that `encoded` has or that have come before."""
        found: dict[str, Vector] = {}
        for gloss in glosses:
            known = self._adapted.get(gloss)
            if known is None and gloss in encoded:
                known = self.knowledge.adapted(encoded[gloss][None, :])[0]
                if len(self._adapted) >= ADAPTED:
                    self._adapted = {}
                self._adapted[gloss] = known
            if known is not None:
                found[gloss] = known
        return found

    def vectors(self, glosses: Mapping[str, str], skills: Iterable[str], adapted: Encoded) -> dict[str, Vector]:
        """Vectors of texts by their glosses, and of those of the skills that are known by their names.

        Raises:
            KeyError: a gloss has no vector.
        """
        known = {skill: self._skills[skill] for skill in skills if skill in self._skills}
        return {**known, **{text: adapted[gloss] for text, gloss in glosses.items()}}

    def asked(self, brief: Brief, adapted: Encoded) -> Asked:
        """What the ranking compares with a brief; `adapted` has the vectors of its glosses.

        Raises:
            KeyError: a gloss has no vector.
        """
        own = self.vectors(self.brief_glosses(brief), brief.facets, adapted)
        title, nothing = own[brief.title], np.zeros(self.dimension, dtype=np.float32)
        skills = [own.get(skill, nothing) for skill in brief.facets]
        return Asked(
            title,
            np.stack(skills) if skills else np.zeros((0, self.dimension), dtype=np.float32),
            # Without names there is no background to measure by; their vectors remain.
            partial(Compared, self.titles, self._query(brief.title, title.tobytes())) if self._learned else None,
        )

    def pool(self, profiles: Sequence[Profile]) -> Pool:
        """A pool of these profiles, their texts encoded here."""
        glosses = {profile.id: self.profile_glosses(profile) for profile in profiles}
        adapted = self._encoded(gloss for one in glosses.values() for gloss in one.values())
        skills = [fact.skill for profile in profiles for fact in profile.skills]
        together = {text: gloss for one in glosses.values() for text, gloss in one.items()}
        vectors = self.vectors(together, skills, adapted)
        return pool_of(profiles, vectors, model_hash=self.revision, dimension=self.dimension)

    def read(self, brief: Brief) -> Asked:
        """What the ranking compares with a brief, its texts encoded here."""
        return self.asked(brief, self._encoded(self.brief_glosses(brief).values()))

    def join(self, texts: Texts) -> None:
        """Read every title of a pool, so that no ranking has to."""
        if not self._learned:
            return
        codes = np.asarray([code for code, text in enumerate(texts.values) if text is not None], dtype=np.int64)
        place(self.titles, texts, codes)

    def _encoded(self, glosses: Iterable[str]) -> Encoded:
        wanted = list(dict.fromkeys(glosses))
        return self.adapted(wanted, dict(zip(wanted, self.knowledge.encoder.encode(wanted), strict=True)))

    def _new_query(self, title: str, vector: bytes) -> TitleQuery:
        return self.titles.query(title, np.frombuffer(vector, dtype=np.float32))

    def _skill_glosses(self, skills: Iterable[str]) -> dict[str, str]:
        return {skill: skill for skill in skills if skill not in self._taxonomy.skills}


class Compared:
    """How close the titles of a pool come to a request's, by every evidence there is."""

    def __init__(self, index: TitleIndex, query: TitleQuery, texts: Texts) -> None:
        self._index = index
        self._query = query
        self._texts = texts
        self._known: NDArray[np.int32] = np.full(len(texts), -1, dtype=np.int32)
        self._known[0] = 0

    def of(self, codes: NDArray[Any]) -> NDArray[np.int32]:
        """Closeness of titles by code, in hundred-thousandths."""
        found = self._known.take(codes)
        missing = found < 0
        if missing.any():
            fresh = np.unique(codes[missing]).astype(np.int64)
            places = place(self._index, self._texts, fresh)
            self._known[fresh] = quantised(self._query.closeness(self._index.segments).astype(np.float64)[places])
            found = self._known.take(codes)
        return found


def place(index: TitleIndex, texts: Texts, codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where titles are in an index, by code; one that has been forgotten meanwhile counts as empty."""
    titles = [texts.values[code] or "" for code in codes.tolist()]
    return index.places(titles, lambda some: texts.index.vectors(codes[np.asarray(some, dtype=np.int64)]))


def glosses_hash(glosses: Iterable[str]) -> bytes:
    """SHA-256 of distinct glosses in their order; equal hashes need no second encoding."""
    return hashlib.sha256("\n".join(dict.fromkeys(glosses)).encode("utf-8", "surrogatepass")).digest()
