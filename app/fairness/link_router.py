"""What engineers declare by a link. They have no account: the token is all there is, and it comes in the body."""

from fastapi import Request, Response

from app.core.database import SessionDep
from app.core.problems import problems
from app.core.routing import Router
from app.fairness import declarations
from app.fairness.schemas import DeclarationOut, LinkDeclaration
from app.talent.privacy.errors import LinkNotValid
from app.talent.privacy.link_router import attempt

router = Router(prefix="/v1/engineer-links", tag="privacy")


@router.post("/declaration", operation_id="declare_by_link", responses=problems(LinkNotValid))
async def declare_by_link(
    body: LinkDeclaration, request: Request, session: SessionDep, response: Response
) -> DeclarationOut:
    """Say of yourself what only reports about whole groups use, or withdraw it; every answer is optional.

    It replaces what you had declared before. No ranking, firm or client ever sees it; it is kept under your own key,
    and gone when you are erased.
    """
    response.headers["Cache-Control"] = "no-store"
    async with attempt(request, body.token):
        return await declarations.declare_by_link(session, body.token, body.declaration)
