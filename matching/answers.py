"""How one profile answers each skill and domain asked for; what an answer is worth is the ranking's own sum."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matching.brief import SkillNeed
from matching.columns import known, tenths
from matching.matches import FULL_CREDIT
from matching.profile import DomainFact, SkillFact
from matching.skills import depth_of_items
from matching.taxonomy import Lexicon


@dataclass(frozen=True, slots=True)
class SkillMatch:
    """How one asked-for skill is answered: `exact`, `implied` (Django for Python), `related` or `missing`.

    `through` names the skill on the profile when it is another one; `years` are of the listed skill that counted.
    """

    skill: str
    name: str
    must: bool
    relation: str
    through: str | None
    credit: float
    years: float | None
    needed_years: float | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class DomainMatch:
    """How one domain asked for is answered; `at` is the position in the profile's list, None when nothing does."""

    domain: str
    relation: str
    credit: float
    at: int | None


@dataclass(frozen=True, slots=True)
class Worth:
    """Value in [0, 1] with how low and how high it may be."""

    value: float
    low: float
    high: float


def match_skill(need: SkillNeed, facts: Sequence[SkillFact], lexicon: Lexicon, this_year: int) -> SkillMatch:
    """Find the listed skill that answers a need best: by credit, then by depth as the ranking measures it."""
    name = lexicon.name_of(need.skill)
    best = _best_fact(need, facts, lexicon, this_year)
    if best is None:
        return SkillMatch(need.skill, name, need.must, "missing", None, 0.0, None, need.years, None)
    at, credit = best
    fact = facts[at]
    relation = "exact" if fact.skill == need.skill else "implied" if credit >= 1 else "related"
    through = None if relation == "exact" else lexicon.name_of(fact.skill)
    return SkillMatch(
        need.skill, name, need.must, relation, through, credit, fact.years, need.years, fact.evidence or f"/skills/{at}"
    )


def match_domain(wanted: str, facts: Sequence[DomainFact], lexicon: Lexicon) -> DomainMatch:
    """Find the listed domain that answers best, the first of equals."""
    credit_of = lexicon.credits(wanted)
    answers = [(credit_of.get(fact.domain, 0.0), -at) for at, fact in enumerate(facts)]
    credit, negative = max(answers, default=(0.0, 0))
    if credit <= 0:
        return DomainMatch(wanted, "missing", 0.0, None)
    relation = "exact" if facts[-negative].domain == wanted else "implied" if credit >= 1 else "related"
    return DomainMatch(wanted, relation, credit, -negative)


def coverage_of(need: SkillNeed, facts: Sequence[SkillFact], lexicon: Lexicon) -> Worth:
    """How far the profile covers a need, and how far it does by what says for how long or when last."""
    credit_of = lexicon.credits(need.skill)
    claimed, dated = (
        max((round(credit_of.get(fact.skill, 0.0) * FULL_CREDIT) / FULL_CREDIT for fact in some), default=0.0)
        for some in (facts, [fact for fact in facts if fact.dated])
    )
    return Worth(claimed, dated, claimed)


def depth_of(need: SkillNeed, facts: Sequence[SkillFact], lexicon: Lexicon, this_year: int) -> Worth:
    """How deep the whole profile answers a need; nothing when nothing answers it."""
    credit_of = lexicon.credits(need.skill)
    earned = [(fact, round(credit_of.get(fact.skill, 0.0) * FULL_CREDIT) / FULL_CREDIT) for fact in facts]
    answers = [(fact, credit) for fact, credit in earned if credit]
    if not answers:
        return Worth(0.0, 0.0, 0.0)
    value, low, high = _depths([fact for fact, _ in answers], [credit for _, credit in answers], need, this_year)
    return Worth(max(value), max(low), max(high))


def _best_fact(
    need: SkillNeed, facts: Sequence[SkillFact], lexicon: Lexicon, this_year: int
) -> tuple[int, float] | None:
    credit_of = lexicon.credits(need.skill)
    earned = [credit_of.get(fact.skill, 0.0) for fact in facts]
    highest = max(earned, default=0.0)
    if highest <= 0:
        return None
    rivals = [at for at, credit in enumerate(earned) if credit == highest]
    if len(rivals) == 1:
        return rivals[0], highest
    depths, _, _ = _depths([facts[at] for at in rivals], [highest] * len(rivals), need, this_year)
    best = max(range(len(rivals)), key=lambda place: (depths[place], facts[rivals[place]].skill == need.skill))
    return rivals[best], highest


def _depths(
    facts: Sequence[SkillFact], credits_: Sequence[float], need: SkillNeed, this_year: int
) -> tuple[list[float], list[float], list[float]]:
    """Value, low and high of each fact for the need, as the ranking measures them."""
    value, low, high = depth_of_items(
        np.array(credits_, dtype=np.float64),
        np.array([tenths(fact.years) for fact in facts], dtype=np.int32),
        np.array([known(fact.level) for fact in facts], dtype=np.int32),
        np.array([known(fact.last_used) for fact in facts], dtype=np.int32),
        need.years,
        this_year,
    )
    return value.tolist(), low.tolist(), high.tolist()
