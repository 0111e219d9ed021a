"""What engineers do by a link. They have no account: the token is all there is, and it comes in the body."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request, Response

from app.core.database import SessionDep
from app.core.problems import problems
from app.core.rates import Rates
from app.core.routing import Router
from app.talent.privacy import consents, erasure, exports
from app.talent.privacy.errors import LedgerUnwritable, LinkNotValid
from app.talent.privacy.schemas import (
    ConsentOut,
    ErasureOut,
    LinkDecisions,
    LinkErasure,
    LinkSeen,
    LinkToken,
    PersonExportOut,
)

router = Router(prefix="/v1/engineer-links", tag="privacy")


@router.post("/see", operation_id="see_engineer_link", responses=problems(LinkNotValid))
async def see_engineer_link(body: LinkToken, request: Request, session: SessionDep, response: Response) -> LinkSeen:
    """See what a link can do, without using it up."""
    response.headers["Cache-Control"] = "no-store"
    async with attempt(request, body.token):
        return await consents.see_link(session, body.token)


@router.post("/consents", operation_id="decide_by_link", responses=problems(LinkNotValid))
async def decide_by_link(
    body: LinkDecisions, request: Request, session: SessionDep, response: Response
) -> list[ConsentOut]:
    """Grant or withdraw consent, all at once; the reply says where you stand. Withdrawals take effect at once."""
    response.headers["Cache-Control"] = "no-store"
    async with attempt(request, body.token):
        return await consents.decide_by_link(session, body.token, body.decisions)


@router.post("/export", operation_id="export_by_link", responses=problems(LinkNotValid))
async def export_by_link(body: LinkToken, request: Request, session: SessionDep, response: Response) -> PersonExportOut:
    """Receive everything that is known of you."""
    response.headers["Cache-Control"] = "no-store"
    async with attempt(request, body.token):
        return await exports.export_by_link(session, body.token)


@router.post("/erasure", operation_id="erase_by_link", responses=problems(LinkNotValid, LedgerUnwritable))
async def erase_by_link(body: LinkErasure, request: Request, session: SessionDep) -> ErasureOut:
    """Have everything that is known of you erased, for good."""
    async with attempt(request, body.token):
        return await erasure.erase_by_link(session, body.token, body.ground)


@asynccontextmanager
async def attempt(request: Request, token: str) -> AsyncIterator[None]:
    """Count a link that is not good against the address it came from, like an API key that is not."""
    rates: Rates = request.app.state.rates
    await rates.admit_attempt(request.scope, token)
    try:
        yield
    except LinkNotValid:
        await rates.count_failure(request.scope, token)
        raise
