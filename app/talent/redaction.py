"""Which fields of an engineer an actor sees: from where they look, over the classes of the columns, to names.

Everything that shows, filters or sorts by something of an engineer asks here, and nowhere else is it decided.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from app.core.actor import Actor, OrganisationKind
from app.core.columns import CLASSES, DataClass
from app.core.errors import Fault, Invalid
from app.talent.documents import CONTACT_CLASSES, PROFILE_CLASSES, WORDED
from app.talent.models import (
    Engineer,
    EngineerCertification,
    EngineerDomain,
    EngineerLanguage,
    EngineerSkill,
)
from app.talent.schemas import EngineerQuery

LEAST_SHOWN: Final = 5
"""Outsiders are told no number of people between nought and this."""


class Sight(StrEnum):
    """From where an actor looks at an engineer."""

    OWNER = "owner"
    """The firm that offers them."""
    MARKETPLACE = "marketplace"
    CLIENT = "client"
    """Before it has accepted a proposal."""
    ACCEPTED = "accepted"
    """A client after that, with the person's agreement in force."""
    NOBODY = "nobody"


SEEN: Final[Mapping[Sight, frozenset[DataClass]]] = {
    Sight.OWNER: frozenset(DataClass),
    Sight.MARKETPLACE: frozenset(DataClass),
    Sight.CLIENT: frozenset({DataClass.PUBLIC}),
    Sight.ACCEPTED: frozenset({DataClass.PUBLIC, DataClass.PERSONAL}),
    Sight.NOBODY: frozenset(),
}
LISTS: Final = {
    "skills": EngineerSkill,
    "languages": EngineerLanguage,
    "certifications": EngineerCertification,
    "domains": EngineerDomain,
}
ANSWERED_BY: Final[Mapping[str, str]] = {"skill": "skills", "available_by": "available_from"}
"""Fields that a filter of another name looks at."""
CANDIDATE: Final[Mapping[str, str]] = {
    "title": "canonical_title",
    "discipline": "discipline",
    "seniority": "seniority",
    "country": "country",
    "zone": "zone",
    "working_window": "working_window",
    "available_from": "available_from",
    "weekly_hours": "weekly_hours",
    "hourly_rate": "hourly_rate",
}
"""What a candidate on a shortlist is shown as, and the field each comes from."""
IDENTITY: Final = ("given_name", "family_name", "organisation_id")
"""Who a candidate is."""


def _classes() -> dict[str, DataClass]:
    columns = {name: kind for name, kind in Engineer.__table__.info[CLASSES].items() if name != "sealed"}  # type: ignore[attr-defined]
    sealed = {name: kind for name, kind in PROFILE_CLASSES.items() if name not in WORDED}
    entries = {
        f"{name}.{column}": kind
        for name, model in LISTS.items()
        for column, kind in model.__table__.info[CLASSES].items()  # type: ignore[attr-defined]
    }
    # The word as written, and the name, which is that word where no concept goes by it.
    words = {f"{name}.{text}": PROFILE_CLASSES[name] for name in WORDED for text in ("written", "name")}
    return {
        **columns,
        **sealed,
        **entries,
        **words,
        **dict.fromkeys(LISTS, DataClass.PUBLIC),
        **{f"contact.{name}": kind for name, kind in CONTACT_CLASSES.items()},
        # Words of the trade alone, out of the title as written.
        "canonical_title": DataClass.PUBLIC,
        "working_window": columns["window_start"],
        "hourly_rate": columns["rate_amount"],
        "unmatched_skills": PROFILE_CLASSES["skills"],
        "erased": DataClass.PUBLIC,
    }


FIELDS: Final[Mapping[str, DataClass]] = _classes()
"""The class of every field of an engineer, by the name callers know it by."""


def sight_of(actor: Actor) -> Sight:
    """From where an actor looks; whose rows it gets at all is for each query to say."""
    if actor.is_system or actor.organisation_kind is OrganisationKind.MARKETPLACE:
        return Sight.MARKETPLACE
    if actor.organisation_kind is OrganisationKind.SUPPLIER:
        return Sight.OWNER
    if actor.organisation_kind is OrganisationKind.CLIENT:
        return Sight.CLIENT
    return Sight.NOBODY


def shows(sight: Sight, fields: Iterable[str]) -> bool:
    """Whether all of these fields are seen from there."""
    return all(FIELDS[field] in SEEN[sight] for field in fields)


def candidate_fields(sight: Sight) -> frozenset[str]:
    """What of a candidate is shown."""
    return frozenset(shown for shown, field in CANDIDATE.items() if shows(sight, [field]))


def refuse_unseen(sight: Sight, query: EngineerQuery) -> None:
    """Refuse to filter or to sort by a field that is not seen: the order and the number of hits would tell it.

    Raises:
        Invalid: the query looks at one.
    """
    paging = {"sort", "limit", "cursor"}
    used = {name: ANSWERED_BY.get(name, name) for name in query.model_dump(exclude=paging, exclude_none=True)}
    used["sort"] = query.sort.removeprefix("-")
    unseen = sorted(name for name, field in used.items() if not shows(sight, [field]))
    if unseen:
        detail = "You do not see the field that this looks at."
        faults = [Fault(f"/{name}", "query", "field-not-seen", detail) for name in unseen]
        raise Invalid("A list is not filtered or sorted by what you do not see.", faults=faults)


def counted(sight: Sight, count: int, total: int | None = None) -> int | None:
    """A number of people as it may be told: None to outsiders where it, or the rest of `total`, singles some out."""
    if sight in {Sight.OWNER, Sight.MARKETPLACE}:
        return count
    told_apart = [count] if total is None else [count, total - count]
    return None if any(0 < few < LEAST_SHOWN for few in told_apart) else count
