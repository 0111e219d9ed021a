"""Documents of engineers over HTTP."""

import re
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import File as Upload
from fastapi import Form, Query, Request, Response, UploadFile, status

from app.core.actor import Actor
from app.core.database import SessionDep
from app.core.errors import PayloadTooLarge
from app.core.keyring import PersonErased
from app.core.pages import Page
from app.core.problems import problems
from app.core.routing import Router
from app.core.settings import Settings
from app.identity.dependencies import may
from app.identity.permissions import Resource, Verb
from app.talent import attachments
from app.talent.attachments import File
from app.talent.errors import (
    DocumentNotFound,
    DocumentRefused,
    EngineerArchived,
    EngineerNotFound,
    TooManyDocuments,
)
from app.talent.files import disposition
from app.talent.models import DocumentKind
from app.talent.privacy.errors import ConsentIsWithdrawn
from app.talent.schemas import ContactQuery, DocumentOut, DocumentQuery

router = Router(prefix="/v1/engineers/{engineer_id}/documents", tag="engineers")

MayReadEngineerDocument = Annotated[Actor, may(Verb.READ, Resource.ENGINEER_DOCUMENT)]
MayChangeEngineerDocument = Annotated[Actor, may(Verb.CHANGE, Resource.ENGINEER_DOCUMENT)]

UPLOADS: Final = re.compile(r"/v1/engineers/[^/]+/documents")
"""The path whose POST brings a file."""
AROUND_A_FILE: Final = 16 * 1024
"""How much of a form may be what is not the file."""
LARGEST: Final[dict[str, Any]] = {"maxLength": Settings.model_fields["max_document_bytes"].default}
"""How many bytes a document may have, as the settings have it by default."""
_CONTENT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file, to be saved under its name.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "",
    operation_id="add_engineer_document",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        EngineerNotFound, PersonErased, EngineerArchived, TooManyDocuments, DocumentRefused, ConsentIsWithdrawn
    ),
)
async def add_engineer_document(
    engineer_id: UUID,
    kind: Annotated[DocumentKind, Form(description="What it is.")],
    file: Annotated[UploadFile, Upload(description="The file; its name is kept.", json_schema_extra=LARGEST)],
    request: Request,
    response: Response,
    session: SessionDep,
    actor: MayChangeEngineerDocument,
) -> DocumentOut:
    """Keep a document; what kind of file it is, its content says."""
    largest = request.app.state.settings.max_document_bytes
    if (file.size or 0) > largest:
        raise PayloadTooLarge(f"A document may have {largest} bytes at most.")
    sent = File(file.filename or "", await file.read())
    document = await attachments.add_document(session, actor, engineer_id, kind, sent)
    response.headers["Location"] = f"/v1/engineers/{engineer_id}/documents/{document.id}"
    return DocumentOut.model_validate(document)


@router.get("", operation_id="list_engineer_documents", responses=problems(EngineerNotFound))
async def list_engineer_documents(
    engineer_id: UUID, query: Annotated[DocumentQuery, Query()], session: SessionDep, actor: MayReadEngineerDocument
) -> Page[DocumentOut]:
    """List the documents of an engineer, without their content."""
    rows = await attachments.list_documents(session, actor, engineer_id, query)
    return Page[DocumentOut].model_validate(rows)


@router.get(
    "/{document_id}",
    operation_id="get_engineer_document",
    response_class=Response,
    responses=_CONTENT | problems(EngineerNotFound, DocumentNotFound, PersonErased),
)
async def get_engineer_document(
    engineer_id: UUID,
    document_id: UUID,
    query: Annotated[ContactQuery, Query()],
    session: SessionDep,
    actor: MayReadEngineerDocument,
) -> Response:
    """Download a document; every reading is recorded, and the marketplace states its reason."""
    file = await attachments.read_document(session, actor, engineer_id, document_id, reason=query.reason)
    headers = {
        "Content-Disposition": disposition(file.name),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(file.content, media_type=file.media_type, headers=headers)


@router.delete(
    "/{document_id}",
    operation_id="remove_engineer_document",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(EngineerNotFound, DocumentNotFound),
)
async def remove_engineer_document(
    engineer_id: UUID, document_id: UUID, session: SessionDep, actor: MayChangeEngineerDocument
) -> None:
    """Remove a document for good."""
    await attachments.remove_document(session, actor, engineer_id, document_id)
