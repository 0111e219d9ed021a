"""A frozen shortlist put into its response."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.core.trade import Seniority, clock_window, money
from app.matchmaking.explanations import fraction
from app.matchmaking.models import Shortlist, ShortlistEntry
from app.matchmaking.schemas import ShortlistOut
from app.talent.models import Engineer


def shortlist_out(shortlist: Shortlist, identities: Mapping[UUID, Engineer]) -> ShortlistOut:
    """The response; candidates who are not in `identities` stay unnamed."""
    fields = {name: getattr(shortlist, name) for name in ShortlistOut.model_fields if name != "entries"}
    entries = [_entry(entry, identities.get(entry.engineer_id)) for entry in shortlist.entries]
    return ShortlistOut.model_validate({**fields, "entries": entries})


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
        "identity": identity,
        **explanation,
    }


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
