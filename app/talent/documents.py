"""What is sealed of a person: the free text of a profile in one document, and how to reach them in another."""

from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from app.core.columns import CLASSES, classified, require_classes
from app.core.encryption import Key, place

WORDED: Final = ("skills", "certifications", "domains")
"""Lists that are tables, and whose words as written stand in the document, in the same order."""


@dataclass(slots=True)
class Job:
    """A job in an engineer's history; the present one has no end."""

    title: str
    employer: str
    domain_id: str | None
    domain_name: str | None
    started_on: date
    ended_on: date | None = None
    summary: str | None = None


@dataclass(slots=True)
class Education:
    """A degree or course."""

    institution: str
    degree: str
    field_of_study: str | None = None
    started_in: int | None = None
    ended_in: int | None = None


@dataclass(slots=True)
class Bio:
    """What an engineer says of themselves, in one language."""

    language: str
    text: str


@dataclass(slots=True)
class ProfileDocument:
    """Everything in a profile that is not searched in SQL."""

    given_name: str = ""
    family_name: str = ""
    title: str = ""
    city_name: str | None = None
    workplace: dict[str, Any] | None = None
    work_history: list[Job] = field(default_factory=list)
    education: list[Education] = field(default_factory=list)
    bios: list[Bio] = field(default_factory=list)
    skills: list[str] = field(default_factory=list)
    certifications: list[str] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ContactDocument:
    """How to reach somebody."""

    email: str | None = None
    phone: str | None = None
    address: str | None = None
    links: list[str] = field(default_factory=list)


PROFILE_CLASSES: Final = classified(
    personal="given_name family_name title city_name workplace work_history education bios skills certifications "
    "domains"
)[CLASSES]
CONTACT_CLASSES: Final = classified(confidential="email phone address links")[CLASSES]
for _model, _classes in ((ProfileDocument, PROFILE_CLASSES), (ContactDocument, CONTACT_CLASSES)):
    require_classes(_model.__name__, [member.name for member in fields(_model)], _classes)

_PROFILE: Final = TypeAdapter(ProfileDocument)
_CONTACT: Final = TypeAdapter(ContactDocument)


def sealed_profile(key: Key, engineer_id: UUID, document: ProfileDocument) -> bytes:
    """The document under its person's key."""
    return key.seal_document(place("engineer", "sealed", engineer_id), _PROFILE.dump_json(document))


def opened_profile(key: Key, engineer_id: UUID, sealed: bytes) -> ProfileDocument:
    """The document that was sealed."""
    return _PROFILE.validate_json(key.open_document(place("engineer", "sealed", engineer_id), sealed))


def sealed_contact(key: Key, engineer_id: UUID, contact: ContactDocument) -> bytes:
    """Contact data under its person's key."""
    return key.seal_document(place("engineer_contact", "sealed", engineer_id), _CONTACT.dump_json(contact))


def opened_contact(key: Key, engineer_id: UUID, sealed: bytes) -> ContactDocument:
    """The contact data that was sealed."""
    return _CONTACT.validate_json(key.open_document(place("engineer_contact", "sealed", engineer_id), sealed))
