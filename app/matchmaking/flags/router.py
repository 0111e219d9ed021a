"""Flags over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.core.actor import Actor, OrganisationKind
from app.core.database import SessionDep
from app.core.errors import PreconditionFailed, PreconditionRequired
from app.core.etags import NOT_MODIFIED, IfMatchDep, set_etag
from app.core.pages import Page, Rows
from app.core.problems import problems
from app.core.routing import Router
from app.identity.dependencies import may
from app.identity.permissions import Resource, Verb
from app.matchmaking.flags import service
from app.matchmaking.flags.errors import FlagNotFound, IllegalFlagMove
from app.matchmaking.flags.lifecycle import FlagState
from app.matchmaking.flags.models import ProfileFlag
from app.matchmaking.flags.schemas import FlagDecision, FlagQuery, ProfileFlagOut
from app.talent.errors import EngineerNotFound

router = Router(prefix="/v1", tag="engineers")

MayReadFlag = Annotated[Actor, may(Verb.READ, Resource.PROFILE_FLAG)]
MayDecideFlag = Annotated[Actor, may(Verb.CHANGE, Resource.PROFILE_FLAG)]

_DECIDE = (FlagNotFound, IllegalFlagMove, PreconditionFailed, PreconditionRequired)


@router.get("/profile-flags", operation_id="list_profile_flags")
async def list_profile_flags(
    query: Annotated[FlagQuery, Query()], session: SessionDep, actor: MayReadFlag
) -> Page[ProfileFlagOut]:
    """List what was found in profiles that was written for a ranking: a firm in its own, a recruiter in all."""
    return _page(await service.list_flags(session, actor, query), actor)


@router.get(
    "/profile-flags/{flag_id}", operation_id="get_profile_flag", responses=problems(FlagNotFound) | NOT_MODIFIED
)
async def get_profile_flag(
    flag_id: UUID, response: Response, session: SessionDep, actor: MayReadFlag
) -> ProfileFlagOut:
    """Read one flag."""
    return _out(await service.get_flag(session, actor, flag_id), actor, response)


@router.post("/profile-flags/{flag_id}/dismiss", operation_id="dismiss_profile_flag", responses=problems(*_DECIDE))
async def dismiss_profile_flag(
    flag_id: UUID,
    body: FlagDecision,
    response: Response,
    session: SessionDep,
    actor: MayDecideFlag,
    if_match: IfMatchDep,
) -> ProfileFlagOut:
    """Say that there is nothing wrong with a passage: from now on it counts as evidence again."""
    flag = await service.decide(session, actor, flag_id, if_match, to=FlagState.DISMISSED, reason=body.reason)
    return _out(flag, actor, response)


@router.post("/profile-flags/{flag_id}/confirm", operation_id="confirm_profile_flag", responses=problems(*_DECIDE))
async def confirm_profile_flag(
    flag_id: UUID,
    body: FlagDecision,
    response: Response,
    session: SessionDep,
    actor: MayDecideFlag,
    if_match: IfMatchDep,
) -> ProfileFlagOut:
    """Say that a passage was written for a ranking; it stays without weight, and nothing else follows by itself."""
    flag = await service.decide(session, actor, flag_id, if_match, to=FlagState.CONFIRMED, reason=body.reason)
    return _out(flag, actor, response)


@router.get("/engineers/{engineer_id}/flags", operation_id="list_engineer_flags", responses=problems(EngineerNotFound))
async def list_engineer_flags(
    engineer_id: UUID, query: Annotated[FlagQuery, Query()], session: SessionDep, actor: MayReadFlag
) -> Page[ProfileFlagOut]:
    """List what was found in one profile."""
    return _page(await service.list_flags_of(session, actor, engineer_id, query), actor)


def _page(rows: Rows[ProfileFlag], actor: Actor) -> Page[ProfileFlagOut]:
    return Page(items=[_shown(flag, actor) for flag in rows.items], next_cursor=rows.next_cursor)


def _out(flag: ProfileFlag, actor: Actor, response: Response) -> ProfileFlagOut:
    set_etag(response, flag.version)
    return _shown(flag, actor)


def _shown(flag: ProfileFlag, actor: Actor) -> ProfileFlagOut:
    shown = ProfileFlagOut.model_validate(flag)
    ours = actor.organisation_kind is OrganisationKind.SUPPLIER
    return shown.model_copy(update={"note": None}) if ours else shown
