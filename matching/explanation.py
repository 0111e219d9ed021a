"""Why a candidate stands where they stand, as messages that any language puts into words.

The numbers come from the ranking; this module adds no judgement of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matching.answers import SkillMatch, match_domain, match_skill
from matching.brief import Brief
from matching.gates import FAIL, PASS
from matching.messages import Reason, say
from matching.profile import Profile
from matching.ranking import VALUE_UNIT, PartScore, Ranked
from matching.reasons import Case, gate_reason, reason_of, title_of
from matching.requirements import Requirement, Unstated, requirements_of, unstated_of
from matching.taxonomy import Taxonomy

_OUTCOMES: Final[Mapping[int, str]] = {PASS: "pass", FAIL: "fail"}


@dataclass(frozen=True, slots=True)
class PartReason:
    """Why a part of the score has its value; `evidence` are JSON pointers into the profile."""

    part: str
    reason: Reason
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateReason:
    """A gate's answer for one candidate: `pass`, `fail` or `unknown`."""

    kind: str
    subject: str | None
    outcome: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything a recruiter needs to defend a place: parts, gates, what is met, what is missing, what nobody said."""

    summary: Reason
    parts: tuple[PartReason, ...]
    gates: tuple[GateReason, ...]
    skills: tuple[SkillMatch, ...]
    missing: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    unstated: tuple[Unstated, ...]


def explain(brief: Brief, profile: Profile, ranked: Ranked, taxonomy: Taxonomy) -> Explanation:
    """Explain one ranked candidate, or one whom a gate keeps out; `profile` is the one that was ranked."""
    year = brief.as_of.year
    case = Case(
        brief=brief,
        profile=profile,
        taxonomy=taxonomy,
        title=title_of(profile.title, taxonomy),
        skills=tuple(match_skill(need, profile.skills, taxonomy.skills, year) for need in brief.skills),
        domains=tuple(match_domain(wanted, profile.domains, taxonomy.domains) for wanted in brief.domains),
        parts={part.part: part for part in ranked.parts},
        closeness=ranked.closeness,
    )
    return Explanation(
        summary=_summary(case, ranked.parts),
        parts=tuple(PartReason(part.part, *reason_of(case, part.part)) for part in ranked.parts),
        gates=tuple(_gate(case, name, outcome) for name, outcome in ranked.outcomes.items()),
        skills=case.skills,
        missing=tuple(match.skill for match in case.skills if match.relation == "missing"),
        requirements=requirements_of(case, ranked),
        unstated=unstated_of(case, ranked),
    )


def _gate(case: Case, name: str, outcome: int) -> GateReason:
    kind, _, subject = name.partition(":")
    reason, _ = gate_reason(case, kind, subject)
    return GateReason(kind, subject or None, _OUTCOMES.get(outcome, "unknown"), reason)


def _summary(case: Case, parts: Sequence[PartScore]) -> Reason:
    """One sentence: what lifts the candidate most, and what else costs them most, by contribution."""
    if not parts:
        return (say("summary.nothing"),)
    by_contribution = sorted(parts, key=lambda part: -part.contribution)
    lift = [part.part for part in by_contribution[:2]]
    costliest = max(by_contribution[2:], key=_cost, default=None)
    cost = (say("summary.cost", cost=[costliest.part]),) if costliest and _cost(costliest) else ()
    if case.profile.seniority is None:
        return say("summary.title", title=case.title, lift=lift), *cost
    return say("summary.level", seniority=case.profile.seniority, title=case.title, lift=lift), *cost


def _cost(part: PartScore) -> int:
    """Billionths of the score a part leaves on the table."""
    return part.weight * (VALUE_UNIT - part.value)
