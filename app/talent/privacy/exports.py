"""Handing out everything that is known of one person, and nothing of anybody else."""

from base64 import b64encode
from typing import Final
from uuid import UUID

from anyio.to_thread import run_sync
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import service as audit
from app.audit.models import AuditRecord
from app.core.actor import Actor, OrganisationKind, Role
from app.core.clock import utcnow
from app.core.encryption import Key, place
from app.core.events import announce
from app.core.tenancy import Side, elevated
from app.identity.permissions import ROLES, Resource, Verb
from app.talent import queries as talent
from app.talent.documents import ContactDocument
from app.talent.models import Engineer, EngineerDocument
from app.talent.policy import reach
from app.talent.privacy import consents, links, queries
from app.talent.privacy.events import PersonalDataExported, PersonExport
from app.talent.privacy.models import Channel, LinkPurpose
from app.talent.privacy.schemas import ANY_SIDE, ExportedDocumentOut, LinkOut, PersonExportOut, RecordedAboutOut
from app.talent.schemas import ContactOut, EngineerOut
from app.talent.service import require_reason, stated_reason

ABOUT: Final = ("engineer", "access")
"""Kinds of records whose subject is an engineer."""
LARGEST_INLINE: Final = 256 * 1024
"""Documents of more bytes are named in an export, and downloaded one by one."""
TOLD: Final = frozenset(
    {"was", "became", "status", "version", "fields", "purpose", "purposes", "text_version", "decision", "channel"}
)
"""What of a record's payload a person is told: never an id, nor a reason, which may name others."""
SIDES: Final[dict[Role, ANY_SIDE]] = {role: kind.value for kind, roles in ROLES.items() for role in roles}


async def export_engineer(
    session: AsyncSession, actor: Actor, engineer_id: UUID, *, reason: str | None
) -> PersonExportOut:
    """Everything known of an engineer; the marketplace states why, and the reason is kept."""
    require_reason(actor, reason, Resource.PERSONAL_DATA)
    engineer = await talent.get_engineer(session, engineer_id, reach(actor, Verb.READ, Resource.PERSONAL_DATA))
    ours = actor.organisation_kind is OrganisationKind.SUPPLIER
    exported = PersonalDataExported(
        engineer.id,
        Channel.FIRM if ours else Channel.MARKETPLACE,
        stated_reason(engineer, reason),
        owner_id=engineer.organisation_id,
    )
    await audit.record(session, actor, exported)
    # What is known of them lies with clients and in the audit record, too.
    async with elevated(session, Side.SYSTEM):
        return await _collect(session, engineer)


async def export_by_link(session: AsyncSession, token: str) -> PersonExportOut:
    """Everything known of the person behind a link."""
    visit = await links.use_link(session, token, LinkPurpose.EXPORT)
    exported = PersonalDataExported(
        visit.engineer.id, Channel.LINK, link_id=visit.link_id, owner_id=visit.engineer.organisation_id
    )
    await audit.record(session, Actor.system(), exported)
    return await _collect(session, visit.engineer, confided=LinkPurpose.DECLARATION in visit.purposes)


async def _collect(session: AsyncSession, engineer: Engineer, *, confided: bool = False) -> PersonExportOut:
    contact = await talent.find_contact(session, engineer.id)
    collected = PersonExport(engineer.id, confided)
    await announce(session, collected)
    return PersonExportOut(
        schema_version="puente.person-export/1",
        exported_at=utcnow(),
        profile=EngineerOut.model_validate(engineer),
        contact=ContactOut.model_validate(contact.open(engineer.key) if contact else ContactDocument()),
        documents=await _documents(session, engineer),
        consents=[consents.recorded(made, engineer) for made in await queries.every_consent(session, engineer.id)],
        links=[LinkOut.model_validate(link) for link in await queries.every_link(session, engineer.id)],
        record=[_told(record) for record in await audit.records_about(session, ABOUT, engineer.id)],
        sections=collected.sections,
    )


async def _documents(session: AsyncSession, engineer: Engineer) -> list[ExportedDocumentOut]:
    documents = await queries.every_document(session, engineer.id, largest=LARGEST_INLINE)
    return await run_sync(lambda: [_document(engineer.key, document, sealed) for document, sealed in documents])


def _document(key: Key, document: EngineerDocument, sealed: bytes | None) -> ExportedDocumentOut:
    document.open(key)
    content = None if sealed is None else key.open(place("engineer_document", "content", document.id), sealed)
    return ExportedDocumentOut(
        **{name: getattr(document, name) for name in ExportedDocumentOut.model_fields if name != "content"},
        content=None if content is None else b64encode(content).decode(),
    )


def _told(record: AuditRecord) -> RecordedAboutOut:
    return RecordedAboutOut(
        at=record.at,
        action=record.action,
        role=record.actor_role,
        side=_side(record),
        details={name: value for name, value in record.payload.items() if name in TOLD},
    )


def _side(record: AuditRecord) -> ANY_SIDE:
    if record.actor_role is not None:
        return SIDES[record.actor_role]
    return "engineer" if record.payload.get("channel") == Channel.LINK else "system"
