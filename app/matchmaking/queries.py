"""Reading and writing what the ranking needs, and what it froze."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
import sqlalchemy
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Text, cast, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import selectinload
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.encryption import Key, Keyring, Wrapped
from app.core.keyring import PersonKey, keyring_of, person_keys, place_of
from app.core.pages import PageQuery, Rows, list_rows
from app.core.tenancy import Side, elevated
from app.matchmaking.errors import ShortlistNotFound
from app.matchmaking.models import CURRENT_TRANSACTION, BriefEntry, ProfileEntry, Shortlist, ShortlistEntry, facts_place
from matching import PROFILE, Profile
from matching.interpreter import glosses_hash

CHUNK: Final = 2000
STORED: Final = "<f2"
"""How vectors of profiles are stored: float16 moves a cosine of unit vectors by less than 0.001."""
STORED_OF_REQUEST: Final = "<f4"


@dataclass(frozen=True, slots=True)
class StoredChange:
    """One row of the index, not yet unsealed; `key` is the person's as it was stored at that moment."""

    engineer_id: UUID
    version: int
    changed_in: int
    model_hash: str
    card_hash: bytes | None
    vector: bytes | None
    facts: bytes | None
    key: Wrapped | None
    keyring: Keyring

    @property
    def number(self) -> int:
        """Number of this change."""
        return change_number(self.version, self.changed_in)

    def open(self) -> Profile | None:
        """Unseal it, off the event loop; a person whose key is gone is no candidate."""
        if self.facts is None or self.key is None:
            return None
        key = self.keyring.unwrap(place_of(self.engineer_id), self.key)
        return PROFILE.validate_json(key.open_document(facts_place(self.engineer_id), self.facts))

    def vectors(self, glosses: Sequence[str], model_hash: str) -> dict[str, NDArray[np.float32]]:
        """Vectors of glosses by this model, if these were stored and no others."""
        if self.vector is None or self.model_hash != model_hash or self.card_hash != glosses_hash(glosses):
            return {}
        return vectors_of(glosses, self.vector, STORED)


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """What the index holds of a listed profile, and the number under which the pool brought it in."""

    engineer_id: UUID
    version: int
    number: int
    sealed: bytes
    key: Key

    def open(self) -> bytes:
        """The profile as JSON.

        Raises:
            SealBroken: it was changed, or is another row's.
        """
        return self.key.open_document(facts_place(self.engineer_id), self.sealed)


Changes = Sequence[StoredChange]


def change_number(version: int, changed_in: int) -> int:
    """Number of a change: a later version is a later change, and so is the same version indexed again.

    A transaction's own number would not do: one that began earlier may write a row later.
    """
    return version << 64 | changed_in


async def freeze(session: AsyncSession) -> None:
    """Let every statement of a transaction see one moment; call it before the first."""
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


async def watermark(session: AsyncSession) -> int:
    """Number below which every transaction has ended; read it before the rows it is to cover."""
    oldest_running = func.pg_snapshot_xmin(func.pg_current_snapshot())
    return int((await session.exec(select(cast(oldest_running, Text)))).one())


async def changes_since(session: AsyncSession, mark: int) -> AsyncIterator[Changes]:
    """Rows written by transactions that had not ended at `mark`, or came after it, in chunks."""
    statement = sqlalchemy.select(
        col(ProfileEntry.engineer_id),
        col(ProfileEntry.version),
        col(ProfileEntry.changed_in),
        col(ProfileEntry.model_hash),
        col(ProfileEntry.card_hash),
        col(ProfileEntry.vector),
        col(ProfileEntry.facts),
        col(PersonKey.master_key_id),
        col(PersonKey.wrapped),
    ).outerjoin(PersonKey, col(PersonKey.engineer_id) == col(ProfileEntry.engineer_id))
    statement = statement.where(col(ProfileEntry.changed_in) >= mark)
    keyring = keyring_of(session)
    if mark:
        rows = (await session.exec(statement)).all()  # type: ignore[call-overload]
        if rows:
            yield [_stored_change(keyring, row) for row in rows]
        return
    # From the beginning it may be a million rows: read them through a cursor.
    result = await session.stream(statement.execution_options(yield_per=CHUNK))
    async for partition in result.partitions():
        yield [_stored_change(keyring, row) for row in partition]


async def listed_sums(session: AsyncSession) -> tuple[int, int, int]:
    """How many profiles the index lists, and the sums of their versions and of the transactions that wrote them."""
    statement = select(
        func.count(),
        func.sum(col(ProfileEntry.version)),
        func.sum(col(ProfileEntry.changed_in)),
    ).where(col(ProfileEntry.listed))
    count, versions, transactions = (await session.exec(statement)).one()
    return count, int(versions or 0), int(transactions or 0)


async def stored_vectors(
    session: AsyncSession, engineer_ids: Sequence[UUID], model_hash: str
) -> dict[UUID, tuple[bytes, bytes]]:
    """Hash of the glosses each profile's vectors were made from, and the vectors, where this model made them."""
    statement = select(ProfileEntry.engineer_id, ProfileEntry.card_hash, ProfileEntry.vector).where(
        col(ProfileEntry.engineer_id).in_(engineer_ids),
        col(ProfileEntry.model_hash) == model_hash,
        col(ProfileEntry.listed),
    )
    return {
        engineer_id: (card_hash, vector)
        for engineer_id, card_hash, vector in await session.exec(statement)
        if card_hash is not None and vector is not None
    }


async def save_profile_entries(session: AsyncSession, entries: Sequence[ProfileEntry]) -> None:
    """Write entries over what is stored, unless that is of a later version: indexing again may race a change."""
    rows = [entry.model_dump(exclude={"changed_in"}) for entry in entries]
    statement = insert(ProfileEntry).values(rows)
    fresh = statement.excluded
    await session.exec(
        statement.on_conflict_do_update(
            index_elements=["engineer_id"],
            set_={
                "version": fresh.version,
                "listed": fresh.listed,
                "model_hash": fresh.model_hash,
                "card_hash": fresh.card_hash,
                "vector": fresh.vector,
                "facts": fresh.facts,
                "changed_in": CURRENT_TRANSACTION,
            },
            where=col(ProfileEntry.version) <= fresh.version,
        )
    )


async def load_facts(session: AsyncSession, engineer_ids: Sequence[UUID]) -> dict[UUID, StoredFacts]:
    """What the index holds of listed profiles."""
    statement = (
        sqlalchemy.select(
            col(ProfileEntry.engineer_id),
            col(ProfileEntry.version),
            col(ProfileEntry.changed_in),
            col(ProfileEntry.facts),
            col(PersonKey.master_key_id),
            col(PersonKey.wrapped),
        )
        .join(PersonKey, col(PersonKey.engineer_id) == col(ProfileEntry.engineer_id))
        .where(col(ProfileEntry.engineer_id).in_(engineer_ids), col(ProfileEntry.listed))
    )
    rows = await session.exec(statement)  # type: ignore[call-overload]
    keyring = keyring_of(session)
    return {
        one: StoredFacts(
            one,
            version,
            change_number(version, changed_in),
            facts,
            keyring.unwrap(place_of(one), Wrapped(master_key_id, wrapped)),
        )
        for one, version, changed_in, facts, master_key_id, wrapped in rows
    }


async def save_brief_entry(session: AsyncSession, entry: BriefEntry) -> None:
    """Write a brief over what is stored."""
    row = entry.model_dump()
    statement = insert(BriefEntry).values(row)
    changed = {name: value for name, value in row.items() if name != "request_id"}
    await session.exec(statement.on_conflict_do_update(index_elements=["request_id"], set_=changed))


async def find_brief_entry(session: AsyncSession, request_id: UUID) -> BriefEntry | None:
    """The stored brief of a request."""
    return await session.get(BriefEntry, request_id, populate_existing=True)


async def get_shortlist(session: AsyncSession, shortlist_id: UUID, visible: ColumnElement[bool]) -> Shortlist:
    """A shortlist with its entries."""
    statement = (
        select(Shortlist).where(col(Shortlist.id) == shortlist_id, visible).options(selectinload(Shortlist.entries))  # type: ignore[arg-type]
    )
    shortlist = (await session.exec(statement)).one_or_none()
    if shortlist is None:
        raise ShortlistNotFound("There is no shortlist of that id.")
    # The keys are the candidates', who are other firms'; what they open is the shortlist's own.
    async with elevated(session, Side.RANKING):
        keys = await person_keys(session, [entry.engineer_id for entry in shortlist.entries])
    for entry in shortlist.entries:
        entry.open(keys.get(entry.engineer_id))
    return shortlist


async def list_shortlists(
    session: AsyncSession, query: PageQuery, request_id: UUID, visible: ColumnElement[bool]
) -> Rows[Shortlist]:
    """One page of a request's shortlists, without their entries."""
    statement = select(Shortlist).where(col(Shortlist.request_id) == request_id, visible)
    sorts = {"created_at": Shortlist.created_at}
    return await list_rows(session, statement, query, sorts, tie=col(Shortlist.id))  # type: ignore[arg-type]


async def is_shortlisted(
    session: AsyncSession, request_id: UUID, engineer_id: UUID, visible: ColumnElement[bool]
) -> bool:
    """Whether an engineer stands on a shortlist of a request."""
    statement = (
        select(ShortlistEntry.engineer_id)
        .join(Shortlist, col(Shortlist.id) == col(ShortlistEntry.shortlist_id))
        .where(col(Shortlist.request_id) == request_id, col(ShortlistEntry.engineer_id) == engineer_id, visible)
    )
    return (await session.exec(statement.limit(1))).first() is not None


async def unlisted_among(session: AsyncSession, engineer_ids: Sequence[UUID]) -> bool:
    """Whether the index no longer lists one of these."""
    statement = select(func.count()).select_from(ProfileEntry)
    listed = statement.where(col(ProfileEntry.engineer_id).in_(engineer_ids), col(ProfileEntry.listed))
    async with elevated(session, Side.RANKING):
        return (await session.exec(listed)).one() < len(engineer_ids)


async def entries_of(session: AsyncSession, engineer_id: UUID) -> Sequence[tuple[ShortlistEntry, Shortlist]]:
    """Where an engineer was ranked, oldest first."""
    statement = (
        select(ShortlistEntry, Shortlist)
        .join(Shortlist, col(Shortlist.id) == col(ShortlistEntry.shortlist_id))
        .where(col(ShortlistEntry.engineer_id) == engineer_id)
        .order_by(col(Shortlist.created_at), col(Shortlist.id))
    )
    return (await session.exec(statement)).all()


async def blank_entries(session: AsyncSession, engineer_id: UUID) -> None:
    """Leave of an engineer's places in shortlists the rank and the score."""
    statement = update(ShortlistEntry).where(col(ShortlistEntry.engineer_id) == engineer_id)
    await session.exec(statement.values(sealed=b"").execution_options(synchronize_session=False))


def _stored_change(keyring: Keyring, row: Sequence[Any]) -> StoredChange:
    engineer_id, version, changed_in, model_hash, card_hash, vector, facts, master_key_id, wrapped = row
    key = None if wrapped is None else Wrapped(master_key_id, wrapped)
    return StoredChange(engineer_id, version, changed_in, model_hash, card_hash, vector, facts, key, keyring)


def vectors_of(glosses: Sequence[str], stored: bytes, dtype: str) -> dict[str, NDArray[np.float32]]:
    """Vectors of distinct glosses out of the bytes they were stored as, one after the other."""
    distinct = list(dict.fromkeys(glosses))
    rows = np.frombuffer(stored, dtype=dtype).astype(np.float32).reshape(len(distinct), -1)
    return dict(zip(distinct, rows, strict=True))


def stored_of(glosses: Sequence[str], vectors: Mapping[str, NDArray[np.float32]], dtype: str) -> bytes:
    """Vectors of distinct glosses as they are stored."""
    return b"".join(vectors[gloss].astype(dtype).tobytes() for gloss in dict.fromkeys(glosses))
