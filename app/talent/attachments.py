"""Documents of engineers: kept sealed, read for a reason."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from uuid import UUID

from anyio.to_thread import run_sync
from sqlalchemy import func
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.core.actor import Actor
from app.core.encryption import place
from app.core.errors import Fault, Invalid
from app.core.ids import new_id
from app.core.keyring import house_key
from app.core.pages import Rows, list_rows
from app.core.routing import is_storable
from app.identity.permissions import Resource, Verb
from app.talent import queries
from app.talent.errors import DocumentNotFound, DocumentRefused, TooManyDocuments
from app.talent.events import DocumentAdded, DocumentRead, DocumentRemoved
from app.talent.files import media_type_of
from app.talent.models import DocumentKind, Engineer, EngineerDocument
from app.talent.policy import reach
from app.talent.privacy import consents
from app.talent.privacy.models import ConsentPurpose
from app.talent.schemas import DocumentQuery
from app.talent.service import refuse_archived, require_reason, stated_reason

MOST: Final = 50
LONGEST_NAME: Final = 255


@dataclass(frozen=True, slots=True)
class File:
    """A file as somebody sent it, or as it is given back."""

    name: str
    content: bytes = field(repr=False)
    media_type: str = ""


async def add_document(
    session: AsyncSession, actor: Actor, engineer_id: UUID, kind: DocumentKind, file: File
) -> EngineerDocument:
    """Keep a document of an engineer of the actor's own firm.

    Raises:
        DocumentRefused: its content is of no kind that is kept.
        TooManyDocuments: there are as many as can be kept.
    """
    _refuse_name(file.name)
    media_type = await run_sync(media_type_of, file.content)
    if media_type is None:
        raise DocumentRefused("Send a PDF, DOCX, ODT, PNG, JPEG or a plain text in UTF-8.")
    engineer = await queries.lock_engineer(session, engineer_id, reach(actor, Verb.CHANGE, Resource.ENGINEER_DOCUMENT))
    refuse_archived(engineer)
    await consents.refuse_withdrawn(session, engineer.id, ConsentPurpose.DOCUMENTS)
    held = select(func.count()).where(col(EngineerDocument.engineer_id) == engineer.id)
    if (await session.exec(held)).one() >= MOST:
        raise TooManyDocuments(f"An engineer has {MOST} documents at most; remove one first.")
    house, document_id = await house_key(session), new_id()
    document = EngineerDocument(
        id=document_id,
        engineer_id=engineer.id,
        kind=kind,
        media_type=media_type,
        size=len(file.content),
        digest=house.digest("engineer_document", "digest", sha256(file.content).hexdigest()),
        sealed_name=engineer.key.seal(place("engineer_document", "sealed_name", document_id), file.name.encode()),
        content=await run_sync(engineer.key.seal, place("engineer_document", "content", document_id), file.content),
        created_by=actor.member_id,
    )
    document.open(engineer.key)
    session.add(document)
    added = DocumentAdded(engineer.id, document.id, kind.value, owner_id=engineer.organisation_id)
    await audit.record(session, actor, added)
    return document


async def list_documents(
    session: AsyncSession, actor: Actor, engineer_id: UUID, query: DocumentQuery
) -> Rows[EngineerDocument]:
    """The documents of an engineer, without their content."""
    engineer = await queries.get_engineer(session, engineer_id, reach(actor, Verb.READ, Resource.ENGINEER_DOCUMENT))
    statement = select(EngineerDocument).where(col(EngineerDocument.engineer_id) == engineer.id)
    statement = statement.options(defer(EngineerDocument.content, raiseload=True))  # type: ignore[arg-type]
    sorts = {"created_at": EngineerDocument.created_at}
    rows = await list_rows(session, statement, query, sorts, tie=col(EngineerDocument.id))  # type: ignore[arg-type]
    return _named(engineer, rows)


async def read_document(
    session: AsyncSession, actor: Actor, engineer_id: UUID, document_id: UUID, *, reason: str | None
) -> File:
    """A document whole; the marketplace states why, and the reason is kept."""
    require_reason(actor, reason)
    engineer = await queries.get_engineer(session, engineer_id, reach(actor, Verb.READ, Resource.ENGINEER_DOCUMENT))
    why = stated_reason(engineer, reason)
    document = await _get_document(session, engineer, document_id)
    where, key = place("engineer_document", "content", document.id), engineer.key
    content = await run_sync(key.open, where, document.content)
    document.open(key)
    await audit.record(session, actor, DocumentRead(engineer.id, document.id, why, owner_id=engineer.organisation_id))
    return File(document.name or "", content, document.media_type)


async def remove_document(session: AsyncSession, actor: Actor, engineer_id: UUID, document_id: UUID) -> None:
    """Remove a document for good."""
    engineer = await queries.lock_engineer(session, engineer_id, reach(actor, Verb.CHANGE, Resource.ENGINEER_DOCUMENT))
    document = await _get_document(session, engineer, document_id)
    await session.delete(document)
    await audit.record(session, actor, DocumentRemoved(engineer.id, document.id, owner_id=engineer.organisation_id))


async def _get_document(session: AsyncSession, engineer: Engineer, document_id: UUID) -> EngineerDocument:
    statement = select(EngineerDocument).where(
        col(EngineerDocument.id) == document_id, col(EngineerDocument.engineer_id) == engineer.id
    )
    document = (await session.exec(statement)).one_or_none()
    if document is None:
        raise DocumentNotFound("There is no document of that id.")
    return document


def _named(engineer: Engineer, rows: Rows[EngineerDocument]) -> Rows[EngineerDocument]:
    for document in rows.items:
        document.open(None if engineer.erased else engineer.key)
    return rows


def _refuse_name(name: str) -> None:
    if not 0 < len(name) <= LONGEST_NAME or not is_storable(name) or not name.isprintable():
        fault = Fault("/file", "body", "malformed-file-name", f"Must have a name of 1 to {LONGEST_NAME} characters.")
        raise Invalid("The file has no good name.", faults=[fault])
