"""Links, consents, exports and erasures as callers write and read them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from app.core.actor import Role
from app.core.pages import PageQuery
from app.core.schemas import Line, Out, Schema, Whole
from app.talent.models import DocumentKind
from app.talent.privacy.models import Channel, ConsentPurpose, Decision, Ground, LinkPurpose
from app.talent.schemas import ContactOut, EngineerOut

LONGEST_HOURS = 168
USUAL_HOURS = 72
ANY_SIDE = Literal["engineer", "supplier", "client", "marketplace", "system"]


def _each_once(purposes: list[LinkPurpose]) -> list[LinkPurpose]:
    if len(set(purposes)) < len(purposes):
        raise ValueError("Each purpose may be given once.")
    return purposes


Note = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
TextVersion = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$",
        description="Version of the text that was shown.",
        examples=["2026-11"],
    ),
]


class LinkCreate(Schema):
    """A link to be sent to an engineer."""

    purposes: Annotated[list[LinkPurpose], AfterValidator(_each_once)] = Field(
        min_length=1,
        max_length=len(LinkPurpose),
        description="What it may be used for, once. `declaration` is for the marketplace alone to give; together with "
        "`export` it lets the engineer receive what they declared.",
        examples=[["consent"]],
    )
    expires_in_hours: Whole = Field(
        USUAL_HOURS, ge=1, le=LONGEST_HOURS, description="How long it may be used.", examples=[72]
    )


class LinkOut(Out):
    """A link, without what makes it work."""

    id: UUID = Field(description="Id of the link.")
    engineer_id: UUID = Field(description="Whom it was made for.")
    purposes: list[LinkPurpose] = Field(description="What it may be used for, once.")
    created_at: datetime = Field(description="When it was made.")
    expires_at: datetime = Field(description="Until when it may be used.")
    used_at: datetime | None = Field(description="When it was used; it works no more.")
    used_for: LinkPurpose | None = Field(description="What it was used for.")
    revoked_at: datetime | None = Field(description="When it was revoked, or replaced by a newer one.")


class LinkCreated(LinkOut):
    """A new link."""

    token: str = Field(
        description="Shown here and nowhere else. Put it behind the `#` of the page you send the engineer to, so that "
        "no server logs it; that page sends it in a body.",
        examples=["puente_link_AZqvQqjQ…"],
    )


class LinkQuery(PageQuery):
    """Order of an engineer's links."""

    sort: Literal["created_at", "-created_at"] = Field("-created_at", description="Order of the list.")


class DecisionIn(Schema):
    """One decision of a person."""

    purpose: ConsentPurpose = Field(
        description="`matching`: the redacted profile may be ranked and shown to clients. `identity`: who they are may "
        "be disclosed to a client that accepted a proposal. `documents`: documents about them may be stored."
    )
    text_version: TextVersion
    decision: Decision = Field(description="What they decided.")


class ConsentRecord(DecisionIn):
    """A decision the firm has on paper."""

    evidence: Note = Field(
        description="Where the evidence is and how it came about; for the firm and the marketplace alone.",
        examples=["Signed form of 2026-11-20, personnel file."],
    )


class ConsentOut(Out):
    """A decision, as it was recorded."""

    engineer_id: UUID = Field(description="Who decided.")
    number: int = Field(description="From 1, in the order of decisions.", examples=[1])
    purpose: ConsentPurpose = Field(description="What it is about.")
    text_version: str = Field(description="Version of the text that was shown.", examples=["2026-11"])
    decision: Decision = Field(description="What was decided.")
    at: datetime = Field(description="When it was recorded.")
    channel: Channel = Field(description="`link`: by the person themselves; `firm`: their firm vouches for it.")


class RecordedConsentOut(ConsentOut):
    """A decision with the firm's evidence."""

    evidence: str | None = Field(
        description="The firm's note; null for a decision made through a link.",
        examples=["Signed form of 2026-11-20, personnel file."],
    )


class ConsentQuery(PageQuery):
    """Which decisions to list."""

    sort: Literal["number", "-number"] = Field("-number", description="Order of the list.")
    purpose: ConsentPurpose | None = Field(None, description="Only about this.")
    current: bool | None = Field(
        None, description="Only the last decision on each purpose and version of its text (true), or only earlier ones."
    )


class LinkToken(Schema):
    """A link, in a body and never in an address."""

    token: str = Field(max_length=500, description="What the link carries.", examples=["puente_link_AZqvQqjQ…"])


class LinkDecisions(LinkToken):
    """What the person behind a link decides, all at once."""

    decisions: list[DecisionIn] = Field(min_length=1, max_length=20, description="In the order given.")


class LinkErasure(LinkToken):
    """The wish of the person behind a link to be erased."""

    ground: Ground = Field(Ground.CONSENT_WITHDRAWN, description="Why, after Art. 17(1) GDPR.")


class LinkSeen(Out):
    """What a link can do, without using it up."""

    purposes: list[LinkPurpose] = Field(description="What it may be used for, once.")
    expires_at: datetime = Field(description="Until when it may be used.")
    consents: list[ConsentOut] = Field(description="The present decision on each purpose and version of its text.")


class Erasure(Schema):
    """Why somebody is to be erased."""

    ground: Ground = Field(description="Why, after Art. 17(1) GDPR. There is no free text: it would outlive them.")


class ErasureOut(Out):
    """That somebody has been erased; there is no way back."""

    engineer_id: UUID = Field(description="Under this id their history stays valid, without them.")
    erased_at: datetime = Field(description="When it was done.")


class ExportQuery(Schema):
    """Why everything about somebody is read."""

    reason: Line | None = Field(None, description="Why; the marketplace must say, and it is kept with the record.")


class ExportedDocumentOut(Out):
    """A document with its content."""

    id: UUID = Field(description="Id of the document.")
    kind: DocumentKind = Field(description="What it is.")
    name: str | None = Field(description="Name of the file.", examples=["cv.pdf"])
    media_type: str = Field(description="What its content is.", examples=["application/pdf"])
    size: int = Field(description="Bytes.", examples=[48213])
    created_at: datetime = Field(description="When it was added.")
    content: str | None = Field(
        description="Base64; null of a file over 256 KiB, which the firm or the marketplace can download.",
        examples=["JVBERi0xLjcK"],
    )


class RecordedAboutOut(Out):
    """Something that was done to the profile, without who did it."""

    at: datetime = Field(description="When.")
    action: str = Field(description="What.", examples=["engineer_contact.read"])
    role: Role | None = Field(description="In which role; null for the person themselves and for the system.")
    side: ANY_SIDE = Field(description="On which side of the marketplace.")
    details: dict[str, Any] = Field(description="What else there is to know, names and ids of others left out.")


class PersonExportOut(Out):
    """Everything that is known of one person, and nothing of others."""

    schema_version: Literal["puente.person-export/1"] = Field(description="Which shape this document has.")
    exported_at: datetime = Field(description="As of when.")
    profile: EngineerOut = Field(description="The profile in full.")
    contact: ContactOut = Field(description="How they can be reached.")
    documents: list[ExportedDocumentOut] = Field(description="Documents about them, oldest first.")
    consents: list[RecordedConsentOut] = Field(description="What they decided, or their firm recorded, oldest first.")
    links: list[LinkOut] = Field(description="Links made for them, without what makes them work, oldest first.")
    record: list[RecordedAboutOut] = Field(description="What was done to the profile, and when, oldest first.")
    sections: dict[str, Any] = Field(
        description="What other parts of the system hold: `index`, what the ranking reads; `shortlists`, where they "
        "were ranked, how, and what was said about it, the client unnamed; `decisions`, what people decided about them "
        "on shortlists; `flags`, what was found in the profile that was written for a ranking, and what became of it; "
        "`declaration`, what they declared for the measuring of fairness, by a link for export and declaration alone."
    )
