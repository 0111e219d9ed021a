"""A frozen shortlist put into its response."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_json

from app.core.trade import Seniority, clock_window, money
from app.matchmaking.explanations import fraction
from app.matchmaking.models import Shortlist, ShortlistEntry
from app.matchmaking.schemas import IdentityOut, ShortlistSummaryOut
from app.talent.models import Engineer

_SUMMARY: Final = tuple(ShortlistSummaryOut.model_fields)


def shortlist_json(shortlist: Shortlist, identities: Mapping[UUID, Engineer]) -> bytes:
    """A `ShortlistOut` as JSON; candidates who are not in `identities` stay unnamed.

    It is written without building the models in between: their thousands of fields, all of them ours and validated when
    they were stored, would take longer than the ranking. A test holds the two against each other.
    """
    summary = {name: getattr(shortlist, name) for name in _SUMMARY}
    entries = [_entry(entry, identities.get(entry.engineer_id)) for entry in shortlist.entries]
    return to_json({**summary, "entries": entries})


def _entry(entry: ShortlistEntry, identity: Engineer | None) -> dict[str, Any]:
    explanation = dict(entry.explanation)
    return {
        "rank": entry.rank,
        "engineer_id": entry.engineer_id,
        "engineer_version": entry.engineer_version,
        "score": fraction(entry.score),
        "low": fraction(entry.low),
        "high": fraction(entry.high),
        "candidate": _candidate(entry.profile, explanation.pop("title")),
        "identity": _identity(identity) if identity else None,
        **explanation,
    }


def _identity(engineer: Engineer) -> dict[str, Any]:
    return {name: getattr(engineer, name) for name in IdentityOut.model_fields}


def _candidate(profile: Mapping[str, Any], title: str) -> dict[str, Any]:
    rank = profile["seniority"]
    return {
        "title": title,
        "discipline": profile["discipline"],
        "seniority": None if rank is None else list(Seniority)[rank],
        "country": profile["country"],
        "zone": profile["zone"],
        "working_window": clock_window(*(profile["window"] or (None, None))),
        "available_from": profile["available_from"],
        "weekly_hours": profile["weekly_hours"],
        "hourly_rate": money(profile["rate"], profile["currency"]),
    }
