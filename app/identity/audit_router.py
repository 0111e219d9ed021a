"""The audit record over HTTP. It stands here because the audit room may not know who is permitted what."""

from typing import Annotated

from fastapi import Query

from app.audit import service as audit
from app.audit.schemas import AuditRecordOut, AuditRecordQuery
from app.core.database import SessionDep
from app.core.pages import Page
from app.core.routing import Router
from app.identity.dependencies import ActorDep
from app.identity.permissions import Resource, Verb, require

router = Router(prefix="/v1/audit-records", tag="audit")


@router.get("", operation_id="list_audit_records")
async def list_audit_records(
    query: Annotated[AuditRecordQuery, Query()], session: SessionDep, actor: ActorDep
) -> Page[AuditRecordOut]:
    """List what was done, by whom and to what."""
    require(actor, Verb.READ, Resource.AUDIT_RECORD)
    return Page[AuditRecordOut].model_validate(await audit.list_records(session, query))
