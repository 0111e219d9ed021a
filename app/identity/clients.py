"""OAuth clients: programs that act for the member who registered them, within scopes."""

import hmac
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor, Role
from app.core.clock import utcnow
from app.core.database import Database
from app.core.errors import Unauthorized
from app.core.pages import PageQuery, Rows
from app.core.tenancy import SIGN_IN
from app.identity import credential_queries as queries
from app.identity import tokens
from app.identity.account_schemas import ClientCreate
from app.identity.errors import ClientNotFound, OAuthInvalidClient, OAuthInvalidScope, SessionNeeded
from app.identity.events import ClientCreated, ClientRevoked, ClientSecretRotated, ClientSignedIn
from app.identity.models import Member, OAuthClient, Organisation, Standing
from app.identity.permissions import Resource, Verb
from app.identity.queries import get_organisation
from app.identity.scopes import granted, require_covers
from app.identity.service import confined_to, only_member, refuse_client
from app.identity.token_keys import TokenKeys


async def create_client(
    session: AsyncSession, actor: Actor, organisation_id: UUID, given: ClientCreate
) -> tuple[OAuthClient, str]:
    """Register a program that acts for oneself; also returns its secret, which is not kept."""
    refuse_client(actor)
    if actor.member_id is None or actor.role is None:
        raise SessionNeeded
    # It acts for its maker, and so in its maker's own organisation.
    organisation = await get_organisation(session, organisation_id, within=actor.organisation_id)
    scopes = granted(actor, actor.role, given.scopes) or []
    text, digest = tokens.new_secret("client")
    client = OAuthClient(
        organisation_id=organisation.id, member_id=actor.member_id, name=given.name, scopes=scopes, digest=digest
    )
    session.add(client)
    await audit.record(session, actor, ClientCreated(client.id, client.member_id, scopes))
    return client, text


async def list_clients(
    session: AsyncSession, actor: Actor, organisation_id: UUID, query: PageQuery
) -> Rows[OAuthClient]:
    """List an organisation's clients, revoked ones included; one's own for whoever may see no others."""
    organisation = await get_organisation(
        session, organisation_id, within=confined_to(actor, Verb.READ, Resource.API_KEY)
    )
    return await queries.list_clients(session, organisation.id, query, member_id=only_member(actor, Verb.READ))


async def rotate_secret(session: AsyncSession, actor: Actor, client_id: UUID) -> tuple[OAuthClient, str]:
    """Replace the secret of one's own client; the old one stops working at once."""
    refuse_client(actor)
    # The secret lets its holder act for the client's owner: another's is not for a colleague to see.
    client = await queries.lock_client(session, client_id, within=actor.organisation_id, member_id=actor.member_id)
    if client.revoked_at is not None:
        raise ClientNotFound("There is no such OAuth client.")
    require_covers(actor, client.scopes)
    text, digest = tokens.new_secret("client")
    client.sqlmodel_update({"digest": digest, "secret_made_at": utcnow()})
    await audit.record(session, actor, ClientSecretRotated(client.id, client.member_id))
    return client, text


async def revoke_client(session: AsyncSession, actor: Actor, client_id: UUID) -> None:
    """End a client's access, for good and at once; ending it again changes nothing."""
    within = confined_to(actor, Verb.REMOVE, Resource.API_KEY)
    client = await queries.lock_client(session, client_id, within=within, member_id=only_member(actor, Verb.REMOVE))
    if client.revoked_at is None:
        client.revoked_at = utcnow()
        event = ClientRevoked(client.id, client.member_id, owner_id=client.organisation_id)
        await audit.record(session, actor, event)


async def sign_in(
    database: Database, keyring: TokenKeys, client_id: str, secret: str, scope: str | None
) -> tuple[str, frozenset[str]]:
    """An access token for a client, and the scopes it has.

    Raises:
        OAuthInvalidClient: the id or the secret is wrong, or the client or its owner has no access.
        OAuthInvalidScope: a scope is asked for that the client does not have.
    """
    async with database.transaction(SIGN_IN) as session:
        found = await find_usable(session, client_id)
        if found is None or not hmac.compare_digest(tokens.digest(secret), found[0].digest):
            raise OAuthInvalidClient("The client's id or secret is wrong.")
        client, member, organisation = found
        scopes = frozenset(client.scopes) if scope is None else frozenset(scope.split())
        if not scopes or not scopes <= set(client.scopes):
            raise OAuthInvalidScope("Ask for scopes that the client has.")
        await queries.touch_client(session, client.id)
        await audit.record(
            session, actor_of(client, member, organisation, scopes), ClientSignedIn(client.id, sorted(scopes))
        )
        return tokens.issue(keyring, member.id, client_id=client.id, scopes=scopes), scopes


async def authenticate(session: AsyncSession, claims: tokens.Claims) -> Actor:
    """The actor of a client's token, as the database knows client and owner now."""
    found = await find_usable(session, str(claims.client_id))
    if found is None or found[1].id != claims.member_id:
        raise Unauthorized
    client, member, organisation = found
    return actor_of(client, member, organisation, (claims.scopes or frozenset()) & frozenset(client.scopes))


async def find_usable(session: AsyncSession, client_id: str) -> tuple[OAuthClient, Member, Organisation] | None:
    """A client that is not revoked, whose owner and organisation have access."""
    try:
        found = await queries.find_client(session, UUID(client_id))
    except ValueError:
        return None
    if found is None or found[0].revoked_at is not None:
        return None
    _, member, organisation = found
    return found if member.standing == organisation.standing == Standing.ACTIVE else None


def actor_of(client: OAuthClient, member: Member, organisation: Organisation, scopes: frozenset[str]) -> Actor:
    """Who a client acts for, limited to `scopes`."""
    role = Role(member.role)
    return Actor(member.id, organisation.id, organisation.kind, role, scopes=scopes, client_id=client.id)
