"""One's own sessions, password and second factor, over HTTP. Who must set one up can do that here, and nothing else."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status
from starlette.responses import Response

from app.core.database import SessionDep
from app.core.pages import Page
from app.core.problems import problems
from app.core.routing import Router
from app.identity import resets, second_factor, sessions
from app.identity.account_schemas import (
    PasswordChange,
    RecoveryCodesOut,
    SecondFactorProof,
    SessionOut,
    SessionQuery,
    TotpConfirm,
    TotpOut,
)
from app.identity.dependencies import (
    ActorDep,
    AddressDep,
    AdmittedActorDep,
    DatabaseDep,
    EnrollingActorDep,
    TokenKeysDep,
)
from app.identity.errors import (
    PasswordWrong,
    SecondFactorRequired,
    SessionNeeded,
    SessionNotFound,
    SignInLocked,
    TotpCodeWrong,
    TotpConfirmed,
    TotpNotFound,
)
from app.identity.passwords import PasswordTooWeak

router = Router(prefix="/v1", tag="sign-in")
# Without an Idempotency-Key: these work in transactions of their own, or for a session that may do nothing else yet.
once = Router(prefix="/v1/me", tag="sign-in", repeatable=False)


@router.get("/sessions", operation_id="list_sessions", summary="List one's sessions", responses=problems(SessionNeeded))
async def list_sessions(
    query: Annotated[SessionQuery, Query()], session: SessionDep, actor: EnrollingActorDep
) -> Page[SessionOut]:
    """List your own sessions that have not ended."""
    return Page[SessionOut].model_validate(await sessions.list_sessions(session, actor, query))


@router.get(
    "/sessions/current",
    operation_id="get_current_session",
    summary="Read the present session",
    responses=problems(SessionNeeded, SessionNotFound),
)
async def get_current_session(session: SessionDep, actor: EnrollingActorDep) -> SessionOut:
    """Read the session you are calling with."""
    return SessionOut.model_validate(await sessions.get_current(session, actor))


@router.delete(
    "/sessions/current",
    operation_id="revoke_current_session",
    summary="Sign out",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(SessionNeeded, SessionNotFound),
)
async def revoke_current_session(session: SessionDep, actor: EnrollingActorDep) -> None:
    """End the session you are calling with; its tokens stop working at once."""
    await sessions.revoke(session, actor, None)


@router.delete(
    "/sessions/{session_id}",
    operation_id="revoke_session",
    summary="End a session",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(SessionNeeded, SessionNotFound, SecondFactorRequired),
)
async def revoke_session(session_id: UUID, session: SessionDep, actor: ActorDep) -> None:
    """End one of your own sessions; its tokens stop working at once."""
    await sessions.revoke(session, actor, session_id)


@once.post(
    "/password",
    operation_id="change_password",
    summary="Change one's password",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(SessionNeeded, PasswordWrong, PasswordTooWeak, SignInLocked),
)
async def change_password(
    given: PasswordChange, database: DatabaseDep, keyring: TokenKeysDep, address: AddressDep, actor: AdmittedActorDep
) -> None:
    """Set a new password for the old one; your other sessions end."""
    await resets.change_password(database, keyring, actor, given, address)


@once.post(
    "/totp",
    operation_id="enrol_totp",
    summary="Begin to set up an authenticator",
    status_code=status.HTTP_201_CREATED,
    responses=problems(SessionNeeded, TotpConfirmed),
)
async def enrol_totp(
    session: SessionDep, keyring: TokenKeysDep, actor: EnrollingActorDep, response: Response
) -> TotpOut:
    """Get a secret for an authenticator app (RFC 6238). It counts for nothing until a code of it has confirmed it."""
    secret, uri = await second_factor.enrol(session, keyring, actor)
    response.headers["Cache-Control"] = "no-store"
    return TotpOut(secret=secret, uri=uri)


@once.post(
    "/totp/confirm",
    operation_id="confirm_totp",
    summary="Set up the authenticator",
    responses=problems(SessionNeeded, TotpNotFound, TotpConfirmed, TotpCodeWrong),
)
async def confirm_totp(
    given: TotpConfirm, session: SessionDep, keyring: TokenKeysDep, actor: EnrollingActorDep, response: Response
) -> RecoveryCodesOut:
    """Confirm the authenticator with a code, and get the recovery codes. Your other sessions end."""
    codes = await second_factor.confirm(session, keyring, actor, given.code)
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodesOut(recovery_codes=codes)


@once.post(
    "/totp/disable",
    operation_id="disable_totp",
    summary="Give up the authenticator",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(SessionNeeded, PasswordWrong, TotpNotFound, SignInLocked),
)
async def disable_totp(
    given: SecondFactorProof, database: DatabaseDep, keyring: TokenKeysDep, address: AddressDep, actor: AdmittedActorDep
) -> None:
    """Give up the authenticator and the recovery codes. A role that needs one has to set up another at once."""
    await second_factor.disable(database, keyring, actor, given, address)


@once.post(
    "/recovery-codes",
    operation_id="replace_recovery_codes",
    summary="Replace the recovery codes",
    responses=problems(SessionNeeded, PasswordWrong, TotpNotFound, SignInLocked),
)
async def replace_recovery_codes(
    given: SecondFactorProof,
    database: DatabaseDep,
    keyring: TokenKeysDep,
    address: AddressDep,
    actor: AdmittedActorDep,
    response: Response,
) -> RecoveryCodesOut:
    """Get ten new recovery codes; those you had stop working."""
    codes = await second_factor.regenerate(database, keyring, actor, given, address)
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodesOut(recovery_codes=codes)
