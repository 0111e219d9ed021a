"""What other rooms ask the taxonomy, and what curators do to it."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor
from app.core.clock import utcnow
from app.core.errors import Unavailable
from app.core.etags import IfMatch
from app.core.events import announce
from app.core.pages import PageQuery, Rows
from app.taxonomy import queries, reference
from app.taxonomy.errors import AlreadyCurated, NameTaken
from app.taxonomy.events import SkillDismissed, SkillMapped, WordsAbandoned
from app.taxonomy.models import City, Concept, ConceptKind, UnmatchedSkill, UnmatchedStatus
from app.taxonomy.words import Taxonomy, fold, key

_KEPT: Final = 2
_by_revision: Final[OrderedDict[str, Taxonomy]] = OrderedDict()
"""Taxonomies by the hash of their content: immutable, so every database in the process may share them."""


class ReferenceDataMissing(Unavailable):
    """The taxonomy has not been loaded; `puente migrate` loads it."""

    code = "reference-data-missing"
    title = "The reference data has not been loaded"


async def revision(session: AsyncSession) -> str:
    """The hash of the taxonomy's content as of this transaction."""
    found = await queries.find_revision(session)
    if found is None:
        raise ReferenceDataMissing("The reference data has not been loaded; run `puente migrate`.")
    return found


async def current(session: AsyncSession) -> Taxonomy:
    """The taxonomy as of this transaction; read again only when it has changed."""
    known = _by_revision.get(await revision(session))
    if known is not None:
        return known
    concepts = list(await queries.all_concepts(session))
    # A curator may have committed since the revision was read, so the content says which one it is.
    read, words = await asyncio.to_thread(lambda: (reference.revision_of(concepts), reference.taxonomy_of(concepts)))
    _by_revision[read] = words
    while len(_by_revision) > _KEPT:
        _by_revision.popitem(last=False)
    return words


async def load_reference(session: AsyncSession, folder: Path = reference.SEED_DATA) -> bool:
    """Write the reference data into the database unless it is there; say whether it was written.

    Words that curators mapped stay mapped, unless the new data names something else by them.

    Raises:
        TaxonomyInvalid: the files contradict themselves; nothing is written.
    """
    fresh = reference.files_hash(folder)
    # Two processes may set up at once: the second waits, and finds it done.
    await queries.lock_taxonomy(session)
    if await queries.find_reference(session) == fresh:
        return False
    concepts = reference.read_concepts(folder)
    known = reference.taxonomy_of(concepts).skills
    skills = {concept.id: concept for concept in concepts if concept.kind is ConceptKind.SKILL}
    for word in await queries.mapped_words(session):
        if word.skill_id in skills and known.find(word.written) is None:
            _add_name(skills[word.skill_id], word.written)
    await queries.replace_reference(session, concepts, reference.read_cities(folder))
    await queries.save_revision(session, reference.revision_of(concepts), fresh)
    return True


async def queue_unknown_skills(session: AsyncSession, written: Iterable[str]) -> None:
    """Put words no concept goes by before a curator."""
    spelling: dict[str, str] = {}
    times: Counter[str] = Counter()
    for word in written:
        spelling.setdefault(key(word), word)
        times[key(word)] += 1
    await queries.count_unmatched(session, spelling, times)


async def forget_skills(session: AsyncSession, written: Iterable[str]) -> None:
    """Take words out of the queue that are in use nowhere any more; one that a curator mapped is the taxonomy's."""
    words = await queries.lock_unmapped(session, {key(word) for word in written})
    if words:
        abandoned = WordsAbandoned(frozenset(words))
        await announce(session, abandoned)
        await queries.delete_unmatched(session, [words[word] for word in words.keys() - abandoned.in_use])


async def city_sizes(session: AsyncSession, city_ids: Collection[str]) -> dict[str, str]:
    """How large each of these cities is, of those that are known."""
    return await queries.city_sizes(session, city_ids) if city_ids else {}


async def find_city(session: AsyncSession, written: str, country: str | None) -> City | None:
    """The city of this id or name; a name of several countries needs the country."""
    return (await find_cities(session, [(written, country)]))[0]


async def find_cities(session: AsyncSession, places: Sequence[tuple[str, str | None]]) -> list[City | None]:
    """The city of each (id or name, country or None), None where none or several fit."""
    cities = await queries.find_cities(session, [written for written, _ in places])
    return [_only_fitting(cities, written, country) for written, country in places]


def _only_fitting(cities: Sequence[City], written: str, country: str | None) -> City | None:
    folded = fold(written)
    fitting = [
        city
        for city in cities
        if (city.id == written or folded in city.search_text.split("\n")) and country in (None, city.country)
    ]
    return fitting[0] if len(fitting) == 1 else None


async def get_concept(session: AsyncSession, kind: ConceptKind, concept_id: str) -> Concept:
    """One concept."""
    return await queries.get_concept(session, kind, concept_id)


async def list_unmatched(
    session: AsyncSession, query: PageQuery, *, status: UnmatchedStatus | None
) -> Rows[UnmatchedSkill]:
    """The curator's queue."""
    return await queries.list_unmatched(session, query, status=status)


async def map_unmatched(
    session: AsyncSession, actor: Actor, unmatched_id: UUID, if_match: IfMatch, *, skill_id: str
) -> UnmatchedSkill:
    """Say which skill a queued word names; it becomes one of that skill's names."""
    # Before anything is read: two words may be mapped to one skill at once, and both names must stay.
    await queries.lock_taxonomy(session)
    word = await _lock_open(session, unmatched_id, if_match)
    skill = await queries.get_concept(session, ConceptKind.SKILL, skill_id)
    owner = (await current(session)).skills.find(word.written)
    if owner not in (None, skill_id):
        raise NameTaken(f"{word.written} already names {owner}.")
    _add_name(skill, word.written)
    _decide(word, UnmatchedStatus.MAPPED, skill_id=skill_id)
    await session.flush()
    await _save_revision(session)
    await audit.record(session, actor, SkillMapped(word.id, skill_id))
    return word


async def dismiss_unmatched(
    session: AsyncSession, actor: Actor, unmatched_id: UUID, if_match: IfMatch
) -> UnmatchedSkill:
    """Say that a queued word is no skill."""
    word = await _lock_open(session, unmatched_id, if_match)
    _decide(word, UnmatchedStatus.DISMISSED)
    await audit.record(session, actor, SkillDismissed(word.id))
    return word


async def _lock_open(session: AsyncSession, unmatched_id: UUID, if_match: IfMatch) -> UnmatchedSkill:
    word = await queries.lock_unmatched(session, unmatched_id)
    if_match.check(word.version)
    if word.status is not UnmatchedStatus.OPEN:
        raise AlreadyCurated(f"{word.written} has been {word.status}.")
    return word


def _decide(word: UnmatchedSkill, status: UnmatchedStatus, *, skill_id: str | None = None) -> None:
    word.status = status
    word.skill_id = skill_id
    word.version += 1
    word.updated_at = utcnow()


def _add_name(skill: Concept, word: str) -> None:
    skill.aliases = {**skill.aliases, "en": [*skill.aliases.get("en", []), word]}
    skill.search_text = reference.search_text_of(skill)


async def _save_revision(session: AsyncSession) -> None:
    revision = reference.revision_of(await queries.all_concepts(session))
    await queries.save_revision(session, revision, await queries.find_reference(session) or "")
