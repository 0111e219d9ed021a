"""A frozen shortlist, or one candidate's standing, put into its response and into a language."""

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_json

from app.core.trade import Seniority, clock_window, money
from app.matchmaking.candidates import Heard
from app.matchmaking.explanations import (
    fraction,
    gate_name,
    language_of,
    told,
    verdict,
)
from app.matchmaking.models import Shortlist, ShortlistEntry
from app.matchmaking.schemas import ShortlistSummaryOut
from app.talent.models import Engineer
from app.talent.redaction import IDENTITY, Sight, candidate_fields, counted
from matching import Words, words_in

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
    "requirements": [],
    "unstated": [],
}
"""What an entry says of somebody who was erased."""


def summary(shortlist: Shortlist, sight: Sight, words: Words) -> dict[str, Any]:
    """A `ShortlistSummaryOut`, with numbers of people as they may be told."""
    total = shortlist.considered
    return {
        **{name: getattr(shortlist, name) for name in _SUMMARY},
        "considered": counted(sight, total),
        "admitted": counted(sight, shortlist.admitted, total),
        "gates": [
            {**gate, "name": gate_name(gate, words), **{name: counted(sight, gate[name], total) for name in _COUNTS}}
            for gate in shortlist.gates
        ],
    }


def spoken(shortlist: Shortlist, wanted: str) -> str:
    """The language a shortlist can be told in: the wanted one, or that of the words it was frozen with."""
    return language_of([entry.explanation for entry in shortlist.entries if not entry.erased], wanted)


def shortlist_json(
    shortlist: Shortlist,
    identities: Mapping[UUID, Engineer],
    sight: Sight,
    language: str,
    flags: Mapping[UUID, int] | None = None,
) -> bytes:
    """A `ShortlistOut` as JSON; candidates who are not in `identities` stay unnamed, without `flags` none is counted.

    It is written without building the models in between: their thousands of fields, all of them ours and validated when
    they were stored, would take longer than the ranking. A test holds the two against each other.
    """
    shown, words = candidate_fields(sight), words_in(language)
    entries = [
        {
            **_entry(entry, identities.get(entry.engineer_id), shown, words),
            "open_flags": None if flags is None else flags.get(entry.engineer_id, 0),
        }
        for entry in shortlist.entries
    ]
    return to_json({**summary(shortlist, sight, words), "entries": entries})


def _entry(entry: ShortlistEntry, identity: Engineer | None, shown: Collection[str], words: Words) -> dict[str, Any]:
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
    explanation = told(entry.explanation, words)
    explanation.pop("closeness", None)
    return {
        **placed,
        "candidate": _shown(entry.profile, explanation.pop("title"), shown),
        "identity": _identity(identity) if identity else None,
        **explanation,
    }


def _shown(profile: Mapping[str, Any], title: str, shown: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in _candidate(profile, title).items() if name in shown}


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


def explanation_json(heard: Heard, sight: Sight, language: str) -> bytes:
    """A `CandidateExplanationOut` as JSON; of others it tells how many are ahead, and to a firm not of how many."""
    words, standing = words_in(language), heard.standing
    explanation = told(heard.document, words)
    title = explanation.pop("title")
    admitted = None if sight is Sight.OWNER else counted(sight, standing.admitted, standing.considered)
    return to_json(
        {
            "request_id": heard.request.id,
            "request_version": heard.request.version,
            "engineer_id": standing.ranked.id,
            "engineer_version": heard.engineer_version,
            "model_hash": heard.model_hash,
            "watermark": heard.watermark,
            "outcome": "kept_out" if standing.kept_out_by else "admitted",
            "place": standing.place,
            "admitted": admitted,
            "verdict": words.sentence(verdict(standing, heard.kept_out_by, admitted)),
            "score": fraction(standing.ranked.score),
            "low": fraction(standing.ranked.low),
            "high": fraction(standing.ranked.high),
            "candidate": _shown(heard.profile, title, candidate_fields(sight)),
            "identity": _identity(heard.identity) if heard.identity else None,
            **explanation,
            "counterfactuals": [
                {
                    "kind": one.kind,
                    "subject": one.subject,
                    "place": one.place,
                    "score": fraction(one.score),
                    "admits": one.admits,
                    "reason": words.sentence(one.reason),
                }
                for one in heard.counterfactuals
            ],
        }
    )
