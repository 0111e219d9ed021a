"""Reading organisations, members and keys. An `organisation_id` of None means anybody's."""

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.actor import OrganisationKind, Role
from app.core.clock import utcnow
from app.core.pages import Rows, Sorts, list_rows
from app.identity.errors import ApiKeyNotFound, MemberNotFound, OrganisationNotFound
from app.identity.models import ApiKey, Member, Organisation, Standing
from app.identity.schemas import ApiKeyQuery, MemberQuery, OrganisationQuery

ORGANISATION_SORTS: Final[Sorts] = {"created_at": col(Organisation.created_at), "name": col(Organisation.name)}
MEMBER_SORTS: Final[Sorts] = {"created_at": col(Member.created_at), "name": col(Member.name)}
API_KEY_SORTS: Final[Sorts] = {"created_at": col(ApiKey.created_at)}

# Columns, not entities: every request asks this first, and nothing but the answer is wanted.
CREDENTIALS: Final = (
    select(  # type: ignore[call-overload]
        ApiKey.id,
        ApiKey.digest,
        ApiKey.scopes,
        ApiKey.expires_at,
        ApiKey.revoked_at,
        ApiKey.last_used_at,
        Member.id,
        Member.role,
        Member.standing,
        Organisation.id,
        Organisation.kind,
        Organisation.standing,
    )
    .join(Member, col(Member.id) == ApiKey.member_id)
    .join(Organisation, col(Organisation.id) == Member.organisation_id)
    .where(ApiKey.prefix == bindparam("prefix"))
)


class Credentials(NamedTuple):
    """What is known of a key and of whom it speaks for."""

    key_id: UUID
    digest: bytes
    scopes: list[str] | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    member_id: UUID
    role: Role
    member_standing: Standing
    organisation_id: UUID
    kind: OrganisationKind
    organisation_standing: Standing


async def any_organisation(session: AsyncSession) -> bool:
    """Whether there is an organisation at all."""
    return (await session.exec(select(Organisation.id).limit(1))).first() is not None


async def get_organisation(
    session: AsyncSession, organisation_id: UUID, *, within: UUID | None, lock: bool = False
) -> Organisation:
    """An organisation; `within` limits the caller to its own."""
    statement = select(Organisation).where(Organisation.id == organisation_id)
    if within is not None:
        statement = statement.where(Organisation.id == within)
    if lock:
        statement = statement.with_for_update()
    organisation = (await session.exec(statement)).one_or_none()
    if organisation is None:
        raise OrganisationNotFound("There is no such organisation.")
    return organisation


async def list_organisations(
    session: AsyncSession, query: OrganisationQuery, *, within: UUID | None
) -> Rows[Organisation]:
    """A page of organisations."""
    statement = select(Organisation)
    if within is not None:
        statement = statement.where(Organisation.id == within)
    if query.kind is not None:
        statement = statement.where(Organisation.kind == query.kind)
    if query.standing is not None:
        statement = statement.where(Organisation.standing == query.standing)
    return await list_rows(session, statement, query, ORGANISATION_SORTS, tie=col(Organisation.id))


async def get_member(session: AsyncSession, member_id: UUID, *, within: UUID | None, lock: bool = False) -> Member:
    """A member; `within` limits the caller to its own organisation."""
    statement = select(Member).where(Member.id == member_id)
    if within is not None:
        statement = statement.where(Member.organisation_id == within)
    if lock:
        statement = statement.with_for_update()
    member = (await session.exec(statement)).one_or_none()
    if member is None:
        raise MemberNotFound("There is no such member.")
    return member


async def take_turn(session: AsyncSession, organisation_id: UUID) -> None:
    """Let nobody else change members of an organisation until the transaction ends.

    An advisory lock: to lock the organisation's row one must be let change it, and a firm may not change its own.
    """
    number = int.from_bytes(organisation_id.bytes[-8:], signed=True)
    await session.exec(select(func.pg_advisory_xact_lock(number)))


async def list_members(session: AsyncSession, organisation_id: UUID, query: MemberQuery) -> Rows[Member]:
    """A page of an organisation's members."""
    statement = select(Member).where(Member.organisation_id == organisation_id)
    if query.role is not None:
        statement = statement.where(Member.role == query.role)
    if query.standing is not None:
        statement = statement.where(Member.standing == query.standing)
    return await list_rows(session, statement, query, MEMBER_SORTS, tie=col(Member.id))


async def email_taken(session: AsyncSession, organisation_id: UUID, email: str) -> bool:
    """Whether an organisation has a member with this e-mail address."""
    statement = select(Member.id).where(
        Member.organisation_id == organisation_id, func.lower(Member.email) == func.lower(email)
    )
    return (await session.exec(statement)).first() is not None


async def has_admin_beside(session: AsyncSession, member: Member, admins: frozenset[Role]) -> bool:
    """Whether an active admin would remain without this member."""
    statement = (
        select(Member.id)
        .where(
            Member.organisation_id == member.organisation_id,
            Member.id != member.id,
            Member.standing == Standing.ACTIVE,
            col(Member.role).in_(admins),
        )
        .limit(1)
    )
    return (await session.exec(statement)).first() is not None


async def lock_api_key(
    session: AsyncSession, key_id: UUID, *, within: UUID | None, member_id: UUID | None = None
) -> ApiKey:
    """A key, held for a change; `within` limits the caller to its own organisation's, `member_id` to its own."""
    statement = select(ApiKey).where(ApiKey.id == key_id).with_for_update()
    if member_id is not None:
        statement = statement.where(ApiKey.member_id == member_id)
    if within is not None:
        statement = statement.where(ApiKey.organisation_id == within)
    key = (await session.exec(statement)).one_or_none()
    if key is None:
        raise ApiKeyNotFound("There is no such API key.")
    return key


async def list_api_keys(session: AsyncSession, member_id: UUID, query: ApiKeyQuery) -> Rows[ApiKey]:
    """A page of a member's keys."""
    statement = select(ApiKey).where(ApiKey.member_id == member_id)
    return await list_rows(session, statement, query, API_KEY_SORTS, tie=col(ApiKey.id))


async def find_credentials(session: AsyncSession, prefix: str) -> Credentials | None:
    """The key with this prefix, and whom it speaks for."""
    found = (await session.exec(CREDENTIALS, params={"prefix": prefix})).one_or_none()
    return None if found is None else Credentials(*found)


async def touch_api_key(session: AsyncSession, key_id: UUID) -> None:
    """Note that a key was used."""
    await session.exec(update(ApiKey).where(col(ApiKey.id) == key_id).values(last_used_at=utcnow()))
