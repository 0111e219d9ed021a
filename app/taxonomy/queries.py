"""Reading and writing this room's tables."""

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Final
from uuid import UUID

from sqlalchemy import Text, delete, func
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import utcnow
from app.core.encryption import place
from app.core.ids import new_id
from app.core.keyring import house_key
from app.core.pages import PageQuery, Rows, list_rows
from app.taxonomy.errors import ConceptNotFound, UnmatchedSkillNotFound
from app.taxonomy.models import (
    City,
    Concept,
    ConceptKind,
    TaxonomyRevision,
    ThesaurusEntry,
    ThesaurusSource,
    UnmatchedSkill,
    UnmatchedStatus,
)
from app.taxonomy.words import fold

_TAXONOMY_LOCK: Final = 7106


async def find_revision(session: AsyncSession) -> str | None:
    """The revision of the stored taxonomy, None before reference data is loaded."""
    return (await session.exec(select(TaxonomyRevision.revision))).one_or_none()


async def find_reference(session: AsyncSession) -> str | None:
    """Hash of the reference data the stored taxonomy began from."""
    return (await session.exec(select(TaxonomyRevision.reference))).one_or_none()


async def lock_taxonomy(session: AsyncSession) -> None:
    """Let nobody else change the taxonomy until the transaction ends; works before there is a row to lock."""
    # Whoever holds it reads the whole taxonomy again, which takes a second; several may be waiting.
    await session.exec(select(func.set_config("lock_timeout", "15s", True)))
    await session.exec(select(func.pg_advisory_xact_lock(_TAXONOMY_LOCK)))


async def save_revision(session: AsyncSession, revision: str, reference: str) -> None:
    """Record that the concepts have changed."""
    row = {"revision": revision, "reference": reference}
    statement = insert(TaxonomyRevision).values(id=1, **row)
    await session.exec(statement.on_conflict_do_update(index_elements=["id"], set_=row))


async def all_concepts(session: AsyncSession) -> Sequence[Concept]:
    """Every concept, in a fixed order."""
    return (await session.exec(select(Concept).order_by(col(Concept.kind), col(Concept.id)))).all()


async def replace_reference(session: AsyncSession, concepts: Sequence[Concept], cities: Sequence[City]) -> None:
    """Write the reference data in place of what was there; the caller puts back what curators added."""
    await session.exec(delete(Concept))
    await session.exec(delete(City))
    session.add_all([*concepts, *cities])
    await session.flush()


async def find_source(session: AsyncSession, name: str) -> ThesaurusSource | None:
    """What is imported of this source."""
    return (await session.exec(select(ThesaurusSource).where(col(ThesaurusSource.name) == name))).one_or_none()


async def all_sources(session: AsyncSession) -> Sequence[ThesaurusSource]:
    """Every imported source, by name."""
    return (await session.exec(select(ThesaurusSource).order_by(col(ThesaurusSource.name)))).all()


async def list_sources(session: AsyncSession, query: PageQuery) -> Rows[ThesaurusSource]:
    """One page of imported sources, by name."""
    return await list_rows(
        session,
        select(ThesaurusSource),
        query,
        {"name": ThesaurusSource.name},  # type: ignore[dict-item]
        tie=col(ThesaurusSource.id),
    )


async def imported_digests(session: AsyncSession) -> Sequence[str]:
    """What is imported, by the hash of each source's content."""
    return (await session.exec(select(ThesaurusSource.digest))).all()


async def imported_names(session: AsyncSession) -> Sequence[tuple[str, str, str, Sequence[str]]]:
    """Attribution, concept, language and names of everything imported, in no particular order."""
    statement = select(
        ThesaurusSource.attribution, ThesaurusEntry.concept_id, ThesaurusEntry.language, ThesaurusEntry.names
    ).join(ThesaurusEntry, col(ThesaurusEntry.source_id) == col(ThesaurusSource.id))
    return (await session.exec(statement)).all()


async def delete_source(session: AsyncSession, source_id: UUID) -> None:
    """Take a source away with all its names."""
    await session.exec(delete(ThesaurusSource).where(col(ThesaurusSource.id) == source_id))


async def add_names(session: AsyncSession, rows: Sequence[Mapping[str, object]]) -> None:
    """Write names of imported concepts."""
    await session.exec(insert(ThesaurusEntry), params=rows)


async def mapped_words(session: AsyncSession) -> Sequence[UnmatchedSkill]:
    """Words curators have mapped to a skill."""
    words = (await session.exec(select(UnmatchedSkill).where(col(UnmatchedSkill.status) == "mapped"))).all()
    return await opened(session, words)


async def get_concept(session: AsyncSession, kind: ConceptKind, concept_id: str) -> Concept:
    """A concept, or the refusal."""
    concept = await session.get(Concept, (kind, concept_id))
    if concept is None:
        raise ConceptNotFound(f"There is no {kind} of that id.")
    return concept


async def list_concepts(
    session: AsyncSession, kind: ConceptKind, query: PageQuery, *, named: str | None, classifier: str | None
) -> Rows[Concept]:
    """One page of concepts of a kind, by name."""
    statement = select(Concept).where(col(Concept.kind) == kind)
    if named is not None:
        statement = statement.where(col(Concept.search_text).contains(fold(named), autoescape=True))
    if classifier is not None:
        statement = statement.where(col(Concept.classifier) == classifier)
    return await list_rows(session, statement, query, {"name": Concept.name}, tie=col(Concept.id))  # type: ignore[dict-item]


async def list_cities(session: AsyncSession, query: PageQuery, *, named: str | None, country: str | None) -> Rows[City]:
    """One page of cities, by name."""
    statement = select(City)
    if named is not None:
        statement = statement.where(col(City.search_text).contains(fold(named), autoescape=True))
    if country is not None:
        statement = statement.where(col(City.country) == country)
    return await list_rows(session, statement, query, {"name": City.name}, tie=col(City.id))  # type: ignore[dict-item]


async def city_sizes(session: AsyncSession, city_ids: Collection[str]) -> dict[str, str]:
    """The size of each of these cities by id."""
    rows = await session.exec(select(City.id, City.size).where(col(City.id).in_(city_ids)))
    return dict(rows.all())


async def find_cities(session: AsyncSession, names: Sequence[str]) -> Sequence[City]:
    """Cities whose id or any name is one of these."""
    wanted = [fold(name) for name in names]
    every_name = func.string_to_array(col(City.search_text), "\n", type_=ARRAY(Text))
    return (await session.exec(select(City).where(col(City.id).in_(names) | every_name.overlap(wanted)))).all()


async def count_unmatched(session: AsyncSession, spelling: Mapping[str, str], times: Mapping[str, int]) -> None:
    """Queue unknown words, or count them on; both map what all spellings of a word share."""
    if not spelling:
        return
    now, house = utcnow(), await house_key(session)
    # Sorted, so that two transactions queueing the same words lock them in the same order.
    for key, written in sorted(spelling.items()):
        count, word_id = times[key], new_id()
        sealed = house.seal(place("unmatched_skill", "sealed", word_id), written.encode())
        row = {"id": word_id, "key": house.digest("unmatched_skill", "key", key), "sealed": sealed}
        statement = insert(UnmatchedSkill).values(
            **row, occurrences=count, status=UnmatchedStatus.OPEN, version=1, created_at=now, updated_at=now
        )
        counted = {"occurrences": col(UnmatchedSkill.occurrences) + count, "updated_at": now}
        await session.exec(statement.on_conflict_do_update(index_elements=["key"], set_=counted))


async def lock_unmapped(session: AsyncSession, keys: Collection[str]) -> dict[str, UUID]:
    """The queued words of these keys that no curator has mapped, held in the order in which words are counted."""
    house = await house_key(session)
    by_hash = {house.digest("unmatched_skill", "key", key): key for key in keys}
    found: dict[str, UUID] = {}
    for hashed, key in sorted(by_hash.items(), key=itemgetter(1)):
        statement = select(UnmatchedSkill.id).where(
            col(UnmatchedSkill.key) == hashed, col(UnmatchedSkill.status) != UnmatchedStatus.MAPPED
        )
        word_id = (await session.exec(statement.with_for_update())).one_or_none()
        if word_id is not None:
            found[key] = word_id
    return found


async def delete_unmatched(session: AsyncSession, word_ids: Collection[UUID]) -> None:
    """Take words out of the queue."""
    await session.exec(delete(UnmatchedSkill).where(col(UnmatchedSkill.id).in_(word_ids)))


async def lock_unmatched(session: AsyncSession, unmatched_id: UUID) -> UnmatchedSkill:
    """A queued word, held until the transaction ends."""
    statement = select(UnmatchedSkill).where(col(UnmatchedSkill.id) == unmatched_id).with_for_update()
    word = (await session.exec(statement)).one_or_none()
    if word is None:
        raise UnmatchedSkillNotFound("There is no queued word of that id.")
    (word,) = await opened(session, [word])
    return word


async def list_unmatched(
    session: AsyncSession, query: PageQuery, *, status: UnmatchedStatus | None
) -> Rows[UnmatchedSkill]:
    """One page of the queue."""
    statement = select(UnmatchedSkill)
    if status is not None:
        statement = statement.where(col(UnmatchedSkill.status) == status)
    sorts = {"created_at": UnmatchedSkill.created_at, "occurrences": UnmatchedSkill.occurrences}
    rows = await list_rows(session, statement, query, sorts, tie=col(UnmatchedSkill.id))  # type: ignore[arg-type]
    await opened(session, rows.items)
    return rows


async def opened(session: AsyncSession, words: Sequence[UnmatchedSkill]) -> Sequence[UnmatchedSkill]:
    """The same words, to be read as they were written."""
    house = await house_key(session)
    for word in words:
        word.open(house)
    return words
