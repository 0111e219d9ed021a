"""What a firm and the marketplace do about a person's data."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from app.core.actor import Actor
from app.core.database import SessionDep
from app.core.errors import PreconditionFailed, PreconditionRequired
from app.core.etags import IfMatchDep
from app.core.idempotency import IdempotencyReplyWithheld
from app.core.pages import Page
from app.core.problems import problems
from app.core.routing import Router
from app.identity.dependencies import may
from app.identity.permissions import Resource, Verb
from app.talent.errors import EngineerNotFound
from app.talent.privacy import consents, erasure, exports, links
from app.talent.privacy.errors import LedgerUnwritable, LinkNotFound
from app.talent.privacy.schemas import (
    ConsentQuery,
    ConsentRecord,
    Erasure,
    ErasureOut,
    ExportQuery,
    LinkCreate,
    LinkCreated,
    LinkOut,
    LinkQuery,
    PersonExportOut,
    RecordedConsentOut,
)

router = Router(prefix="/v1/engineers", tag="privacy")

MayCreateLink = Annotated[Actor, may(Verb.CREATE, Resource.ENGINEER_LINK)]
MayReadLink = Annotated[Actor, may(Verb.READ, Resource.ENGINEER_LINK)]
MayRemoveLink = Annotated[Actor, may(Verb.REMOVE, Resource.ENGINEER_LINK)]
MayCreateConsent = Annotated[Actor, may(Verb.CREATE, Resource.CONSENT)]
MayReadConsent = Annotated[Actor, may(Verb.READ, Resource.CONSENT)]
MayReadPersonalData = Annotated[Actor, may(Verb.READ, Resource.PERSONAL_DATA)]
MayRemovePersonalData = Annotated[Actor, may(Verb.REMOVE, Resource.PERSONAL_DATA)]


@router.post(
    "/{engineer_id}/links",
    operation_id="create_engineer_link",
    status_code=status.HTTP_201_CREATED,
    responses=problems(EngineerNotFound, IdempotencyReplyWithheld),
)
async def create_engineer_link(
    engineer_id: UUID, body: LinkCreate, session: SessionDep, actor: MayCreateLink, response: Response
) -> LinkCreated:
    """Make a link by which the engineer may act, once. The reply is the only place where it can be read.

    Earlier unused links that share a purpose work no more. A link for export or erasure is made by those only who may
    export or erase themselves.
    """
    link, token = await links.make_link(session, actor, engineer_id, body)
    # Also keeps the token out of the idempotency record.
    response.headers["Cache-Control"] = "no-store"
    return LinkCreated(**LinkOut.model_validate(link).model_dump(), token=token)


@router.get("/{engineer_id}/links", operation_id="list_engineer_links", responses=problems(EngineerNotFound))
async def list_engineer_links(
    engineer_id: UUID, query: Annotated[LinkQuery, Query()], session: SessionDep, actor: MayReadLink
) -> Page[LinkOut]:
    """List the links made for an engineer, used and revoked ones included, without their tokens."""
    return Page[LinkOut].model_validate(await links.list_links(session, actor, engineer_id, query))


@router.delete(
    "/{engineer_id}/links/{link_id}",
    operation_id="revoke_engineer_link",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(LinkNotFound),
)
async def revoke_engineer_link(engineer_id: UUID, link_id: UUID, session: SessionDep, actor: MayRemoveLink) -> None:
    """Make a link stop working, for good."""
    await links.revoke_link(session, actor, engineer_id, link_id)


@router.post(
    "/{engineer_id}/consents",
    operation_id="record_consent",
    status_code=status.HTTP_201_CREATED,
    responses=problems(EngineerNotFound),
)
async def record_consent(
    engineer_id: UUID, body: ConsentRecord, session: SessionDep, actor: MayCreateConsent
) -> RecordedConsentOut:
    """Record a decision that your firm has on paper. Withdrawing `matching` unlists the profile at once."""
    return await consents.record_consent(session, actor, engineer_id, body)


@router.get("/{engineer_id}/consents", operation_id="list_consents", responses=problems(EngineerNotFound))
async def list_consents(
    engineer_id: UUID, query: Annotated[ConsentQuery, Query()], session: SessionDep, actor: MayReadConsent
) -> Page[RecordedConsentOut]:
    """List what an engineer decided; `current=true` says where they stand."""
    return Page[RecordedConsentOut].model_validate(await consents.list_consents(session, actor, engineer_id, query))


@router.get("/{engineer_id}/export", operation_id="export_engineer", responses=problems(EngineerNotFound))
async def export_engineer(
    engineer_id: UUID,
    query: Annotated[ExportQuery, Query()],
    session: SessionDep,
    actor: MayReadPersonalData,
    response: Response,
) -> PersonExportOut:
    """Read everything that is known of an engineer; it is recorded, and the marketplace states its reason."""
    response.headers["Cache-Control"] = "no-store"
    return await exports.export_engineer(session, actor, engineer_id, reason=query.reason)


@router.post(
    "/{engineer_id}/erase",
    operation_id="erase_engineer",
    responses=problems(EngineerNotFound, PreconditionFailed, PreconditionRequired, LedgerUnwritable),
)
async def erase_engineer(
    engineer_id: UUID, body: Erasure, session: SessionDep, actor: MayRemovePersonalData, if_match: IfMatchDep
) -> ErasureOut:
    """Erase an engineer, for good. From then on every other route answers as if there had never been one.

    Repeating it has no further effect and says when it was done, whatever version is named.
    """
    return await erasure.erase_engineer(session, actor, engineer_id, if_match, body.ground)
