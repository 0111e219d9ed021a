"""Who is asking, for whom, and by which credential."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class OrganisationKind(StrEnum):
    """The three sides of the marketplace."""

    SUPPLIER = "supplier"
    CLIENT = "client"
    MARKETPLACE = "marketplace"


class Role(StrEnum):
    """What a member does for its organisation."""

    SUPPLIER_ADMIN = "supplier_admin"
    SUPPLIER_RECRUITER = "supplier_recruiter"
    CLIENT_ADMIN = "client_admin"
    HIRING_MANAGER = "hiring_manager"
    RECRUITER = "recruiter"
    ADMIN = "admin"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of an organisation, as its credential introduced it; no role means the system itself."""

    member_id: UUID | None
    organisation_id: UUID | None
    organisation_kind: OrganisationKind | None
    role: Role | None
    key_id: UUID | None = None
    scopes: frozenset[str] | None = None
    """What the credential is limited to, as `resource:read` and `resource:write`; None limits nothing."""
    session_id: UUID | None = None
    client_id: UUID | None = None
    must_enrol: bool = False
    """Whether the session may do nothing yet but set up a second factor."""

    @classmethod
    def system(cls) -> "Actor":
        """The actor of seeding and the command line; permitted everything, member of nothing."""
        return cls(member_id=None, organisation_id=None, organisation_kind=None, role=None)

    @property
    def credential_id(self) -> UUID | None:
        """The API key, the session or the OAuth client that introduced the actor."""
        return self.key_id or self.session_id or self.client_id

    @property
    def is_system(self) -> bool:
        """Whether no person stands behind this actor."""
        return self.role is None
