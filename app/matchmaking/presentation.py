"""A frozen shortlist put into its response."""

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_json

from app.core.trade import Seniority, clock_window, money
from app.matchmaking.explanations import fraction
from app.matchmaking.models import Shortlist, ShortlistEntry
from app.matchmaking.schemas import ShortlistSummaryOut
from app.talent.models import Engineer
from app.talent.redaction import IDENTITY, Sight, candidate_fields, counted

_SUMMARY: Final = tuple(ShortlistSummaryOut.model_fields)
_COUNTS: Final = ("removed", "unknown", "admitted_if_relaxed")
_NOTHING: Final[Mapping[str, Any]] = {
    "summary": None,
    "candidate": None,
    "identity": None,
    "parts": [],
    "gates": [],
    "skills": [],
    "missing": [],
}
"""What an entry says of somebody who was erased."""


def summary(shortlist: Shortlist, sight: Sight) -> dict[str, Any]:
    """A `ShortlistSummaryOut`, with numbers of people as they may be told."""
    total = shortlist.considered
    return {
        **{name: getattr(shortlist, name) for name in _SUMMARY},
        "considered": counted(sight, total),
        "admitted": counted(sight, shortlist.admitted, total),
        "gates": [
            {**gate, **{name: counted(sight, gate[name], total) for name in _COUNTS}} for gate in shortlist.gates
        ],
    }


def shortlist_json(shortlist: Shortlist, identities: Mapping[UUID, Engineer], sight: Sight) -> bytes:
    """A `ShortlistOut` as JSON; candidates who are not in `identities` stay unnamed.

    It is written without building the models in between: their thousands of fields, all of them ours and validated when
    they were stored, would take longer than the ranking. A test holds the two against each other.
    """
    shown = candidate_fields(sight)
    entries = [_entry(entry, identities.get(entry.engineer_id), shown) for entry in shortlist.entries]
    return to_json({**summary(shortlist, sight), "entries": entries})


def _entry(entry: ShortlistEntry, identity: Engineer | None, shown: Collection[str]) -> dict[str, Any]:
    placed = {
        "rank": entry.rank,
        "engineer_id": entry.engineer_id,
        "engineer_version": entry.engineer_version,
        "score": fraction(entry.score),
        "low": fraction(entry.low),
        "high": fraction(entry.high),
        "erased": entry.erased,
    }
    if entry.erased:
        return {**placed, **_NOTHING}
    explanation = dict(entry.explanation)
    candidate = _candidate(entry.profile, explanation.pop("title"))
    return {
        **placed,
        "candidate": {name: value for name, value in candidate.items() if name in shown},
        "identity": _identity(identity) if identity else None,
        **explanation,
    }


def _identity(engineer: Engineer) -> dict[str, Any]:
    return {name: getattr(engineer, name) for name in IDENTITY}


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
