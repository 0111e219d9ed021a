"""Each thing a request asks for, and how one candidate stands to it: met, partial, missing or unknown.

A state says what the gates and parts say, never more: it is `met` when the answer is full, `partial` when it is there
and short, `missing` when nothing is there or what is there counts for nothing, `unknown` where nobody has said.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from matching.answers import DomainMatch, SkillMatch, coverage_of, depth_of
from matching.brief import SkillNeed
from matching.gates import FAIL, PASS, UNSURE
from matching.hours import Workday, length
from matching.messages import Message, Reason, names_of, say
from matching.ranking import SCORE_UNIT, VALUE_UNIT, Ranked
from matching.reasons import Case, depth_phrase, domain_phrase, gate_reason, reason_of
from matching.skills import MUST_WEIGHT, NICE_WEIGHT

MET: Final = "met"
PARTIAL: Final = "partial"
MISSING: Final = "missing"
UNKNOWN: Final = "unknown"

Name = Sequence[str] | str | None
"""A name in each language, one for all of them, or None where the kind says enough."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing asked for.

    `must` says that a gate insists on it. `low` and `high` are the whole score, in billionths, if what is missing about
    this alone turned out badly or well, in the words of `range_reason`; both are the score where nothing is.
    """

    kind: str
    subject: str | None
    name: Name
    must: bool
    state: str
    relation: str | None
    through: Name
    evidence: tuple[str, ...]
    low: int
    high: int
    reason: Reason
    range_reason: Reason = ()


@dataclass(frozen=True, slots=True)
class Unstated:
    """A part whose value is a guess, and the whole score if it turned out badly or well."""

    part: str
    low: int
    high: int
    reason: Reason


def requirements_of(case: Case, ranked: Ranked) -> tuple[Requirement, ...]:
    """Everything the brief asks for, in a fixed order, with the range of the score where data is missing."""
    found = [*_skills(case, ranked), *_certifications(case, ranked), *_domains(case, ranked)]
    found.extend(_single(case, ranked, kind) for kind in _SINGLE if _asked(case, kind))
    return tuple(_with_range(case, requirement) for requirement in found)


def unstated_of(case: Case, ranked: Ranked) -> tuple[Unstated, ...]:
    """What widens the range of the score, part by part."""
    return tuple(
        Unstated(part.part, low, high, (_unstated_words(case, part.part, low, high),))
        for part in ranked.parts
        if part.weight and part.low < part.high
        for low, high in [_score_range(ranked, part.part)]
    )


def _skills(case: Case, ranked: Ranked) -> Iterator[Requirement]:
    for need, match in zip(case.brief.skills, case.skills, strict=True):
        short = match.needed_years is not None and match.years is not None and match.years < match.needed_years
        if match.relation == "missing":
            state = MISSING if case.profile.skills else UNKNOWN
        elif match.relation == "related" or short:
            state = PARTIAL
        else:
            state = UNKNOWN if match.needed_years and match.years is None else MET
        low, high = _skill_range(case, ranked, need, match)
        yield Requirement(
            kind="skill",
            subject=match.skill,
            name=match.name,
            must=match.must,
            state=state,
            relation=match.relation,
            through=match.through,
            evidence=(match.evidence,) if match.evidence else (),
            low=low,
            high=high,
            reason=_skill_words(match),
        )


def _skill_words(match: SkillMatch) -> Reason:
    if match.relation == "missing":
        return (say("skill.missing", skill=match.name),)
    if match.relation == "exact":
        return (depth_phrase(match),)
    return (say(f"skill.{match.relation}", through=match.through, skill=match.name), depth_phrase(match))


def _skill_range(case: Case, ranked: Ranked, need: SkillNeed, match: SkillMatch) -> tuple[int, int]:
    """The score if this skill alone turned out badly or well; of a profile without skills all are unknown."""
    if all(case.parts[part].low == case.parts[part].high for part in ("skill_coverage", "skill_depth")):
        return ranked.score, ranked.score
    share = _weight(need) / sum(_weight(one) for one in case.brief.skills)
    if not case.profile.skills:
        rise = (1.0 - match.credit) * share
        return ranked.score, _moved(ranked, {"skill_depth": rise, "skill_coverage": rise})
    depth = depth_of(need, case.profile.skills, case.taxonomy.skills, case.brief.as_of.year)
    up, down = depth.high - depth.value, depth.value - depth.low
    claimed = coverage_of(need, case.profile.skills, case.taxonomy.skills)
    worst = {"skill_depth": -down * share, "skill_coverage": (claimed.low - claimed.value) * share}
    return _moved(ranked, worst), _moved(ranked, {"skill_depth": up * share})


def _certifications(case: Case, ranked: Ranked) -> Iterator[Requirement]:
    for need in case.brief.certifications:
        held = case.held(need.certification)
        valid = held is not None and not case.lapsed(held[1])
        reason, evidence = gate_reason(case, "certification", need.certification)
        yield Requirement(
            kind="certification",
            subject=need.certification,
            name=case.taxonomy.certifications.name_of(need.certification),
            must=need.required,
            state=MET if valid else MISSING,
            relation=None,
            through=None,
            evidence=evidence,
            low=ranked.score,
            high=ranked.score,
            # Only what is required is said to be.
            reason=reason if need.required else reason[1:],
        )


def _domains(case: Case, ranked: Ranked) -> Iterator[Requirement]:
    lexicon = case.taxonomy.domains
    for match in case.domains:
        through = _through(case, match)
        rise = 0.0 if case.profile.domains else 1.0 / len(case.domains)
        yield Requirement(
            kind="domain",
            subject=match.domain,
            name=names_of(lexicon, match.domain),
            must=False,
            state=_domain_state(case, match),
            relation=match.relation,
            through=through,
            evidence=() if match.at is None else (f"/domains/{match.at}",),
            low=ranked.score,
            high=_moved(ranked, {"domain": rise}),
            reason=(domain_phrase(case, match),),
        )


def _domain_state(case: Case, match: DomainMatch) -> str:
    if match.relation == "missing":
        return MISSING if case.profile.domains else UNKNOWN
    return PARTIAL if match.relation == "related" else MET


def _through(case: Case, match: DomainMatch) -> Name:
    if match.at is None or match.relation == "exact":
        return None
    return names_of(case.taxonomy.domains, case.profile.domains[match.at].domain)


_SINGLE: Final[Mapping[str, str | None]] = {
    "discipline": None,
    "seniority": "seniority",
    "english": "english",
    "country": None,
    "shared_hours": "shared_hours",
    "start": "start",
    "weekly_hours": None,
    "rate": "rate",
}
"""What is asked for once, and the part that values it."""


def _asked(case: Case, kind: str) -> bool:
    brief = case.brief
    return {
        "discipline": brief.discipline is not None,
        "seniority": brief.seniority is not None,
        "english": brief.english is not None,
        "country": bool(brief.countries),
        "shared_hours": brief.zone is not None and (brief.window is not None or brief.shared_minutes is not None),
        "start": brief.starts_on is not None,
        "weekly_hours": brief.weekly_hours is not None,
        "rate": brief.rate_ceiling is not None,
    }[kind]


def _single(case: Case, ranked: Ranked, kind: str) -> Requirement:
    part = _SINGLE[kind]
    outcome = ranked.outcomes.get(kind)
    reason, evidence = reason_of(case, kind) if outcome is None else gate_reason(case, kind, "")
    low, high = _score_range(ranked, part)
    state = _single_state(case, kind, outcome)
    return Requirement(
        kind=kind,
        subject=None,
        name=None,
        must=outcome is not None,
        state=state,
        # Neighbouring trades may well do each other's work.
        relation="related" if kind == "discipline" and state == PARTIAL else None,
        through=None,
        evidence=evidence,
        low=low,
        high=high,
        reason=reason,
    )


def _single_state(case: Case, kind: str, outcome: int | None) -> str:
    if outcome is None:
        return _seniority_state(case) if kind == "seniority" else _hours_state(case)
    if kind == "discipline" and outcome == UNSURE:
        return PARTIAL
    if kind == "shared_hours" and outcome == FAIL:
        return PARTIAL if case.hours and case.hours.fewest else MISSING
    if kind == "weekly_hours" and outcome == FAIL:
        return PARTIAL if case.profile.weekly_hours else MISSING
    if kind == "start" and outcome == PASS and _late(case):
        return PARTIAL
    return _STATES[outcome]


def _late(case: Case) -> bool:
    available, starts_on = case.profile.available_from, case.brief.starts_on
    return available is not None and starts_on is not None and available > starts_on


_STATES: Final[Mapping[int, str]] = {PASS: MET, UNSURE: UNKNOWN, FAIL: MISSING}


def _seniority_state(case: Case) -> str:
    if case.profile.seniority is None:
        return UNKNOWN
    return MET if case.profile.seniority == case.brief.seniority else PARTIAL


def _hours_state(case: Case) -> str:
    """Without a least number of hours the whole day is what is asked for."""
    if case.hours is None:
        return UNKNOWN
    whole = length(Workday(case.brief.zone or "UTC", *(case.brief.window or (0, 0))))
    return MET if case.hours.fewest >= whole else PARTIAL if case.hours.fewest else MISSING


def _range_words(case: Case, requirement: Requirement) -> Message:
    between = {"low": requirement.low / SCORE_UNIT, "high": requirement.high / SCORE_UNIT}
    if requirement.kind == "skill" and case.profile.skills:
        return say("range.years", skills=[requirement.name], **between)
    if requirement.kind == "english":
        return say("range.english", modes=_unstated_modes(case), **between)
    return say("range.datum", datum=_DATA.get(requirement.kind, requirement.kind), **between)


_DATA: Final = {"skill": "skill_coverage"}


def _with_range(case: Case, requirement: Requirement) -> Requirement:
    if requirement.low == requirement.high:
        return requirement
    return replace(requirement, range_reason=(_range_words(case, requirement),))


def _unstated_words(case: Case, part: str, low: int, high: int) -> Message:
    between = {"low": low / SCORE_UNIT, "high": high / SCORE_UNIT}
    if part == "delivery":
        return say("range.delivery", **between)
    if part == "english":
        return say("range.english", modes=_unstated_modes(case), **between)
    unstated = [match.name for match in case.skills if match.relation != "missing" and match.years is None]
    if part == "skill_depth" and unstated:
        return say("range.years", skills=unstated, **between)
    return say("range.datum", datum=part, **between)


def _unstated_modes(case: Case) -> list[str]:
    return [mode for mode in case.brief.english_modes if getattr(case.profile.english, mode) is None]


def _score_range(ranked: Ranked, name: str | None) -> tuple[int, int]:
    """The score if one part turned out badly or well."""
    part = next((part for part in ranked.parts if part.part == name), None)
    if part is None:
        return ranked.score, ranked.score
    return (
        ranked.score - part.weight * (part.value - part.low),
        ranked.score + part.weight * (part.high - part.value),
    )


def _moved(ranked: Ranked, changes: Mapping[str, float]) -> int:
    """The score after parts moved by so much of one."""
    if not any(changes.values()):
        return ranked.score
    moved = sum(part.weight * VALUE_UNIT * changes.get(part.part, 0.0) for part in ranked.parts)
    return ranked.score + round(moved)


def _weight(need: SkillNeed) -> float:
    return MUST_WEIGHT if need.must else NICE_WEIGHT
