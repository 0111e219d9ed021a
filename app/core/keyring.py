"""The keys that personal data is sealed with, as a transaction finds them.

A person's key is one row: when it is destroyed, all that was sealed with it is noise wherever a copy of it lies. It
stands in `core` because every room that keeps something of a person asks for it, the audit record included.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, LargeBinary, delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import utcnow
from app.core.columns import classified
from app.core.database import Database
from app.core.encryption import (
    HouseKey,
    Key,
    Keyring,
    MasterKey,
    MasterKeys,
    SealBroken,
    UnknownMasterKey,
    Wrapped,
    cannot_open,
    place,
)
from app.core.errors import Conflict
from app.core.row_security import SHARED, TENANCY, Policies, any_of, side, within
from app.core.settings import Settings
from app.core.tenancy import SYSTEM, Side

KEYRING: Final = "keyring"
"""Key of a session's `info` under which the `Keyring` stands."""
HOUSE: Final = place("house_key", "wrapped", 1)
BATCH: Final = 500
ROTATION_LOCK: Final = 7_107_003


class PersonErased(Conflict):
    """The person's key was destroyed: what was known of them cannot be read any more, nor changed."""

    code = "person-erased"
    title = "This person's data was erased"


class PersonKey(SQLModel, table=True):
    """The key of one person, wrapped; destroying the row erases them. `core` knows no engineer but by name."""

    __tablename__: ClassVar[str] = "person_key"
    __table_args__ = (
        {
            "info": {
                TENANCY: Policies(
                    read=side(Side.MARKETPLACE, Side.RANKING),
                    write=any_of(side(Side.SYSTEM), within("engineer", "engineer_id", Side.SUPPLIER)),
                ),
                **classified(internal="engineer_id master_key_id created_at", confidential="wrapped"),
            }
        },
    )

    engineer_id: UUID = Field(foreign_key="engineer.id", ondelete="CASCADE", primary_key=True)
    master_key_id: str = Field(max_length=40, index=True)
    wrapped: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(default_factory=utcnow)


class StoredHouseKey(SQLModel, table=True):
    """The single row with the key for what is nobody's in particular and for look-ups, wrapped."""

    __tablename__: ClassVar[str] = "house_key"
    __table_args__ = (
        CheckConstraint("id = 1", name="single_row"),
        {"info": {TENANCY: SHARED, **classified(internal="id master_key_id created_at", confidential="wrapped")}},
    )

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    master_key_id: str = Field(max_length=40)
    wrapped: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(default_factory=utcnow)


def keys(settings: Settings) -> dict[str, Any]:
    """What sessions must know to seal and to open."""
    return {KEYRING: Keyring(MasterKeys.of(settings))}


def keyring_of(session: AsyncSession) -> Keyring:
    """The keyring of the process."""
    found: Keyring = session.info[KEYRING]
    return found


async def prepare(database: Database) -> None:
    """Make the house key unless it is there, and see that it opens; before anything else is done with a database.

    Raises:
        CannotStart: the master keys are not this database's.
    """
    async with database.transaction(SYSTEM) as session:
        keyring = keyring_of(session)
        stored = await _stored_house_key(session)
        if stored is None:
            _, new = keyring.new_key(HOUSE)
            await session.exec(
                insert(StoredHouseKey).values(id=1, created_at=utcnow(), **_columns(new)).on_conflict_do_nothing()
            )
            stored = await _stored_house_key(session)
    assert stored is not None  # noqa: S101 - it has just been written
    try:
        keyring.house = HouseKey(keyring.secret_of(HOUSE, stored))
    except (UnknownMasterKey, SealBroken) as failure:
        raise cannot_open(failure) from failure


async def house_key(session: AsyncSession) -> HouseKey:
    """The key of the house; nobody destroys it, so it is read once."""
    keyring = keyring_of(session)
    if keyring.house is None:
        stored = await _stored_house_key(session)
        if stored is None:
            raise UnknownMasterKey("The database has no house key yet: run `puente migrate`.")
        keyring.house = HouseKey(keyring.secret_of(HOUSE, stored))
    return keyring.house


def new_person_key(session: AsyncSession, engineer_id: UUID) -> tuple[Key, PersonKey]:
    """A key for a person who has none, and the row to be written after the engineer's."""
    secret, stored = keyring_of(session).new_key(place_of(engineer_id))
    return Key(secret), PersonKey(engineer_id=engineer_id, **_columns(stored))


async def person_keys(session: AsyncSession, engineer_ids: Collection[UUID]) -> dict[UUID, Key]:
    """The keys of these people, of those whose key has not been destroyed."""
    if not engineer_ids:
        return {}
    keyring = keyring_of(session)
    statement = select(PersonKey.engineer_id, PersonKey.master_key_id, PersonKey.wrapped)
    rows = await session.exec(statement.where(col(PersonKey.engineer_id).in_(engineer_ids)))
    return {one: keyring.unwrap(place_of(one), Wrapped(master, wrapped)) for one, master, wrapped in rows}


def stored_key(
    session: AsyncSession, engineer_id: UUID, master_key_id: str | None, wrapped: bytes | None
) -> Key | None:
    """The key in a row that was read along with something else; None where it has been destroyed."""
    if master_key_id is None or wrapped is None:
        return None
    return keyring_of(session).unwrap(place_of(engineer_id), Wrapped(master_key_id, wrapped))


async def destroy_person_key(session: AsyncSession, engineer_id: UUID) -> None:
    """Make all that was sealed for a person unreadable, at once and for good."""
    await session.exec(delete(PersonKey).where(col(PersonKey.engineer_id) == engineer_id))


def place_of(engineer_id: UUID) -> bytes:
    """Where the wrapped key of a person belongs."""
    return place("person_key", "wrapped", engineer_id)


async def rotate(database: Database) -> int:
    """Bring every key under a new master key, while others read and write; return how many were rewrapped.

    A rotation that was interrupted is finished instead of beginning another. Master keys that wrapped nothing when a
    rotation begins are forgotten: those it leaves behind itself may still be needed by processes that run.
    """
    async with database.transaction(SYSTEM) as session:
        masters = keyring_of(session).masters
        await session.exec(select(func.pg_advisory_xact_lock(ROTATION_LOCK)))
        wrapping = set(await counts(session))
        if masters.file is not None and wrapping <= {masters.current.id}:
            masters.write([MasterKey.new(), masters.current])
    done = await _rewrap_house(database)
    while batch := await _rewrap_batch(database):
        done += batch
    return done


async def counts(session: AsyncSession) -> dict[str, int]:
    """How many keys each master key wraps."""
    every = select(PersonKey.master_key_id).union_all(select(StoredHouseKey.master_key_id)).subquery()
    rows = await session.exec(select(every.c.master_key_id, func.count()).group_by(every.c.master_key_id))
    return dict(rows.all())


async def _rewrap_batch(database: Database) -> int:
    async with database.transaction(SYSTEM) as session:
        keyring = keyring_of(session)
        current = keyring.masters.current.id
        statement = select(PersonKey).where(col(PersonKey.master_key_id) != current)
        ordered = statement.order_by(col(PersonKey.engineer_id)).limit(BATCH).with_for_update()
        rows = (await session.exec(ordered)).all()
        for row in rows:
            row.sqlmodel_update(_columns(keyring.rewrap(place_of(row.engineer_id), _wrapped(row))))
    return len(rows)


async def _rewrap_house(database: Database) -> int:
    async with database.transaction(SYSTEM) as session:
        keyring = keyring_of(session)
        current = keyring.masters.current.id
        statement = select(StoredHouseKey).where(col(StoredHouseKey.master_key_id) != current).with_for_update()
        rows = (await session.exec(statement)).all()
        for row in rows:
            row.sqlmodel_update(_columns(keyring.rewrap(HOUSE, _wrapped(row))))
    return len(rows)


async def _stored_house_key(session: AsyncSession) -> Wrapped | None:
    row = (await session.exec(select(StoredHouseKey))).one_or_none()
    return None if row is None else _wrapped(row)


def _wrapped(row: PersonKey | StoredHouseKey) -> Wrapped:
    return Wrapped(row.master_key_id, row.wrapped)


def _columns(stored: Wrapped) -> dict[str, Any]:
    return {"master_key_id": stored.master_key_id, "wrapped": stored.wrapped}
