"""The audit record over HTTP. It stands here because the audit room may not know who is permitted what."""

from typing import Annotated

from fastapi import Query

from app.audit import service as audit
from app.audit.schemas import AuditRecordOut, AuditRecordQuery
from app.core.actor import Actor
from app.core.database import SessionDep
from app.core.pages import Page
from app.core.routing import Router
from app.identity.dependencies import may
from app.identity.permissions import Resource, Verb

router = Router(prefix="/v1/audit-events", tag="audit")

MayReadAuditEvent = Annotated[Actor, may(Verb.READ, Resource.AUDIT_EVENT)]


@router.get("", operation_id="list_audit_events")
async def list_audit_events(
    query: Annotated[AuditRecordQuery, Query()],
    session: SessionDep,
    actor: MayReadAuditEvent,
) -> Page[AuditRecordOut]:
    """List what was done, by whom and to what."""
    return Page[AuditRecordOut].model_validate(await audit.list_records(session, query))
