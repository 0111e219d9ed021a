"""An engineer's profile: one row, a table for each list that is searched, and one sealed document with the rest.

Lists keep the order they were given in: `position` counts from zero and is the index a JSON pointer names. What says
who somebody is stands in the document alone, under the person's key: see `documents.py`.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, Numeric
from sqlmodel import Field, Relationship, SQLModel

from app.core.clock import utcnow
from app.core.columns import classified, enum_field
from app.core.encryption import Key, place
from app.core.ids import new_id
from app.core.keyring import PersonErased
from app.core.row_security import TENANCY, Policies, any_of, own, side, within
from app.core.schemas import Cefr
from app.core.tenancy import Side
from app.core.trade import Discipline, Seniority, clock_window, money
from app.talent import documents
from app.talent.documents import Bio, ContactDocument, Education, Job, ProfileDocument
from app.talent.lifecycle import EngineerStatus

OF_ENGINEER: Final = Policies(
    read=side(Side.MARKETPLACE), write=any_of(side(Side.SYSTEM), within("engineer", "engineer_id", Side.SUPPLIER))
)


class LevelEvidence(StrEnum):
    """How somebody's command of a language is known."""

    SELF_ASSESSED = "self_assessed"
    INTERVIEWED = "interviewed"
    TESTED = "tested"
    CERTIFIED = "certified"


BLANKED: Final = (
    "discipline, seniority, city_id, country, zone, window_start, window_end, available_from, weekly_hours, "
    "rate_amount, rate_currency"
)
"""Columns in which somebody erased has nothing."""


class BackupPower(StrEnum):
    """What keeps a workplace running through a power cut."""

    NONE = "none"
    UPS = "ups"
    GENERATOR = "generator"
    SOLAR = "solar"


def _list_of(model: str, *, order: str = "position") -> Any:
    """A list of child rows that is replaced as a whole and never loads by itself."""
    return Relationship(
        sa_relationship_kwargs={
            "lazy": "raise",
            "cascade": "all, delete-orphan",
            "passive_deletes": True,
            "order_by": f"{model}.{order}",
        }
    )


def _owner() -> Any:
    return Field(foreign_key="engineer.id", ondelete="CASCADE", primary_key=True)


class _Worded:
    """An entry of a list with the word it was written as, which stands in the sealed document."""

    known_as: str | None

    @property
    def written(self) -> str:
        """As it was given; empty once the person is erased."""
        found: str = self.__dict__["_written"]
        return found

    def word(self, written: str) -> None:
        """Say as what it was given."""
        self.__dict__["_written"] = written

    @property
    def name(self) -> str:
        """Canonical name, or as written."""
        return self.known_as or self.written


class EngineerSkill(_Worded, SQLModel, table=True):
    """A skill an engineer states; `skill_id` is null while no concept goes by what was written."""

    __tablename__ = "engineer_skill"
    __table_args__ = (
        CheckConstraint("years >= 0 AND years <= 60", name="years_range"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level_range"),
        Index("ix_engineer_skill_skill_id", "skill_id"),
        Index("ix_engineer_skill_word_hash", "word_hash"),
        {
            "info": {
                TENANCY: OF_ENGINEER,
                **classified(
                    public="position skill_id known_as years level last_used", internal="engineer_id word_hash"
                ),
            }
        },
    )

    engineer_id: UUID = _owner()
    position: int = Field(primary_key=True)
    skill_id: str | None = Field(default=None, max_length=80)
    known_as: str | None = Field(default=None, description="Canonical name.")
    word_hash: bytes | None = Field(
        default=None,
        sa_column=Column(LargeBinary, nullable=True),
        description="Keyed hash of the word that no concept goes by.",
    )
    years: Decimal | None = Field(default=None, sa_type=Numeric(3, 1))
    level: int | None = None
    last_used: int | None = None


class EngineerLanguage(SQLModel, table=True):
    """Command of a language by mode, with how it is known."""

    __tablename__ = "engineer_language"
    __table_args__ = (
        {
            "info": {
                TENANCY: OF_ENGINEER,
                **classified(
                    public="position language speaking listening reading writing evidence assessed_on",
                    internal="engineer_id",
                ),
            }
        },
    )

    engineer_id: UUID = _owner()
    position: int = Field(primary_key=True)
    language: str
    speaking: Cefr | None = enum_field(Cefr, "speaking", default=None, nullable=True)
    listening: Cefr | None = enum_field(Cefr, "listening", default=None, nullable=True)
    reading: Cefr | None = enum_field(Cefr, "reading", default=None, nullable=True)
    writing: Cefr | None = enum_field(Cefr, "writing", default=None, nullable=True)
    evidence: LevelEvidence = enum_field(LevelEvidence, "evidence")
    assessed_on: date | None = None


class EngineerCertification(_Worded, SQLModel, table=True):
    """A certification held."""

    __tablename__ = "engineer_certification"
    __table_args__ = (
        CheckConstraint("expires_on >= issued_on", name="expires_after_issue"),
        {
            "info": {
                TENANCY: OF_ENGINEER,
                **classified(public="position certification_id known_as issued_on expires_on", internal="engineer_id"),
            }
        },
    )

    engineer_id: UUID = _owner()
    position: int = Field(primary_key=True)
    certification_id: str | None = Field(default=None, max_length=80)
    known_as: str | None = Field(default=None, description="Canonical name.")
    issued_on: date | None = None
    expires_on: date | None = None


class EngineerDomain(_Worded, SQLModel, table=True):
    """Experience in a business domain."""

    __tablename__ = "engineer_domain"
    __table_args__ = (
        {
            "info": {
                TENANCY: OF_ENGINEER,
                **classified(public="position domain_id known_as years", internal="engineer_id"),
            }
        },
    )

    engineer_id: UUID = _owner()
    position: int = Field(primary_key=True)
    domain_id: str | None = Field(default=None, max_length=80)
    known_as: str | None = Field(default=None, description="Canonical name.")
    years: Decimal | None = Field(default=None, sa_type=Numeric(3, 1))


class EngineerContact(SQLModel, table=True):
    """How to reach an engineer; kept apart, because few may see it. Hashes find who has an address."""

    __tablename__ = "engineer_contact"
    __table_args__ = (
        Index("ix_engineer_contact_email_hash", "email_hash"),
        Index("ix_engineer_contact_phone_hash", "phone_hash"),
        {
            "info": {
                TENANCY: OF_ENGINEER,
                **classified(internal="engineer_id", confidential="sealed email_hash phone_hash"),
            }
        },
    )

    engineer_id: UUID = _owner()
    sealed: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))
    email_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    phone_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))

    def seal(self, key: Key, contact: ContactDocument) -> None:
        """Keep the contact data under the person's key."""
        self.sealed = documents.sealed_contact(key, self.engineer_id, contact)

    def open(self, key: Key) -> ContactDocument:
        """The contact data."""
        return documents.opened_contact(key, self.engineer_id, self.sealed)


class DocumentKind(StrEnum):
    """What a document is."""

    CV = "cv"
    CERTIFICATE = "certificate"
    AGREEMENT = "agreement"
    OTHER = "other"


class EngineerDocument(SQLModel, table=True):
    """A file of an engineer; its name and its content are under the person's key."""

    __tablename__ = "engineer_document"
    __table_args__ = (
        Index("ix_engineer_document_engineer_id_created_at", "engineer_id", "created_at", "id"),
        {
            "info": {
                TENANCY: OF_ENGINEER,
                **classified(
                    internal="id engineer_id kind media_type size created_at created_by",
                    confidential="digest sealed_name content",
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    engineer_id: UUID = Field(foreign_key="engineer.id", ondelete="CASCADE")
    kind: DocumentKind = enum_field(DocumentKind, "kind")
    media_type: str = Field(max_length=100)
    size: int
    digest: bytes = Field(
        sa_column=Column(LargeBinary, nullable=False), description="Keyed hash of the content's SHA-256."
    )
    sealed_name: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(default_factory=utcnow)
    created_by: UUID | None = Field(default=None, foreign_key="member.id")

    @property
    def name(self) -> str | None:
        """Name of the file; null once the person is erased."""
        found: str | None = self.__dict__["_name"]
        return found

    def open(self, key: Key | None) -> None:
        """Unseal the name."""
        where = place("engineer_document", "sealed_name", self.id)
        self.__dict__["_name"] = None if key is None else key.open(where, self.sealed_name).decode()


class Engineer(SQLModel, table=True):
    """An engineer a staffing firm offers."""

    __tablename__ = "engineer"
    __table_args__ = (
        CheckConstraint("weekly_hours BETWEEN 1 AND 80", name="weekly_hours_range"),
        CheckConstraint("(window_start IS NULL) = (window_end IS NULL)", name="window_whole"),
        CheckConstraint("window_start BETWEEN 0 AND 1439 AND window_end BETWEEN 0 AND 1439", name="window_range"),
        CheckConstraint("(rate_amount IS NULL) = (rate_currency IS NULL)", name="rate_whole"),
        CheckConstraint("rate_amount >= 0", name="rate_range"),
        CheckConstraint("status = 'erased' OR discipline IS NOT NULL", name="discipline_given"),
        CheckConstraint(
            f"status <> 'erased' OR (num_nonnulls({BLANKED}) = 0 AND length(sealed) = 0)", name="erased_whole"
        ),
        Index("ix_engineer_organisation_id_created_at", "organisation_id", "created_at", "id"),
        Index("ix_engineer_created_at", "created_at", "id"),
        Index("ix_engineer_updated_at", "updated_at", "id"),
        {
            "info": {
                TENANCY: Policies(read=side(Side.MARKETPLACE), write=any_of(side(Side.SYSTEM), own(Side.SUPPLIER))),
                **classified(
                    public="id discipline seniority country zone window_start window_end available_from weekly_hours "
                    "rate_amount rate_currency updated_at",
                    internal="organisation_id status version city_id created_at",
                    personal="sealed",
                ),
            }
        },
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    status: EngineerStatus = enum_field(EngineerStatus, "status", default=EngineerStatus.DRAFT)
    version: int = 1
    discipline: Discipline = enum_field(Discipline, "discipline", nullable=True)
    """Null of somebody erased, whom nobody sees."""
    seniority: Seniority | None = enum_field(Seniority, "seniority", default=None, nullable=True)
    city_id: str | None = Field(default=None, max_length=80)
    country: str | None = Field(default=None, max_length=2)
    zone: str | None = None
    window_start: int | None = Field(default=None, description="Minutes after local midnight.")
    window_end: int | None = Field(default=None, description="Minutes after local midnight.")
    available_from: date | None = None
    weekly_hours: int | None = None
    rate_amount: int | None = Field(default=None, description="Minor units an hour.")
    rate_currency: str | None = Field(default=None, max_length=3)
    sealed: bytes = Field(
        default=b"", sa_column=Column(LargeBinary, nullable=False), description="A `ProfileDocument`."
    )
    created_at: datetime = Field(default_factory=utcnow)
    updated_at: datetime = Field(default_factory=utcnow)

    skills: list[EngineerSkill] = _list_of("EngineerSkill")
    languages: list[EngineerLanguage] = _list_of("EngineerLanguage")
    certifications: list[EngineerCertification] = _list_of("EngineerCertification")
    domains: list[EngineerDomain] = _list_of("EngineerDomain")

    def touch(self) -> None:
        """Note that the profile changes."""
        self.version += 1
        self.updated_at = utcnow()

    def begin(self, key: Key, document: ProfileDocument) -> None:
        """Take the document of a new profile, to be sealed with this key."""
        self.__dict__.update(_key=key, _document=document)

    def open(self, key: Key | None, *, lists: bool = True) -> None:
        """Unseal what was sealed, and give every entry of the lists its word; without a key all of it stays empty.

        Raises:
            SealBroken: the document was changed, or is another row's.
        """
        opened = ProfileDocument() if key is None else documents.opened_profile(key, self.id, self.sealed)
        self.__dict__.update(_key=key, _document=opened)
        for name in documents.WORDED if lists else ():
            words = getattr(opened, name)
            for at, entry in enumerate(getattr(self, name)):
                entry.word("" if key is None else words[at])

    def seal(self) -> None:
        """Seal the document and the words of the lists as they are now."""
        for name in documents.WORDED:
            setattr(self.document, name, [entry.written for entry in getattr(self, name)])
        self.sealed = documents.sealed_profile(self.key, self.id, self.document)

    @property
    def document(self) -> ProfileDocument:
        """What stands in the sealed document; `open` comes before."""
        found: ProfileDocument = self.__dict__["_document"]
        return found

    @property
    def erased(self) -> bool:
        """Whether the person's key was destroyed, and all that was sealed with it is gone."""
        return self.__dict__["_key"] is None

    @property
    def key(self) -> Key:
        """The person's key.

        Raises:
            PersonErased: it was destroyed.
        """
        found: Key | None = self.__dict__["_key"]
        if found is None:
            raise PersonErased("What was known of this person was erased; nothing can be added to it.")
        return found

    @property
    def given_name(self) -> str:
        """Given name."""
        return self.document.given_name

    @property
    def family_name(self) -> str:
        """Family name."""
        return self.document.family_name

    @property
    def title(self) -> str:
        """Present title, as written."""
        return self.document.title

    @property
    def city_name(self) -> str | None:
        """Name of the city."""
        return self.document.city_name

    @property
    def workplace(self) -> dict[str, Any] | None:
        """What keeps them online."""
        return self.document.workplace

    @property
    def work_history(self) -> list[Job]:
        """Jobs, newest first."""
        return self.document.work_history

    @property
    def education(self) -> list[Education]:
        """Degrees and courses."""
        return self.document.education

    @property
    def bios(self) -> list[Bio]:
        """Self-descriptions."""
        return self.document.bios

    @property
    def working_window(self) -> dict[str, str] | None:
        """The window as clock times."""
        return clock_window(self.window_start, self.window_end)

    @property
    def hourly_rate(self) -> dict[str, Any] | None:
        """The rate as money."""
        return money(self.rate_amount, self.rate_currency)

    @property
    def unmatched_skills(self) -> list[str]:
        """Skills no concept goes by, as written."""
        return [skill.written for skill in self.skills if skill.skill_id is None]
