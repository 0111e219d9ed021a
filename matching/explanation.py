"""Why a candidate stands where they stand, in words, with pointers into the profile as evidence.

The numbers come from the ranking; this module adds no judgement of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from matching.brief import Brief, SkillNeed
from matching.columns import known, tenths
from matching.gates import FAIL, PASS
from matching.hours import SharedHours, Workday, shared_hours
from matching.parts import depth_of_items
from matching.profile import Profile, SkillFact
from matching.ranking import VALUE_UNIT, PartScore, Ranked
from matching.taxonomy import Lexicon, Taxonomy
from matching.wording import cefr, enumeration, in_days, in_hours, in_money, in_years, sentence

_OUTCOMES: Final = {PASS: "pass", FAIL: "fail"}


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
class PartReason:
    """A part of the score in words; `evidence` are JSON pointers into the profile."""

    part: str
    reason: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateReason:
    """A gate's answer for one candidate in words: `pass`, `fail` or `unknown`."""

    kind: str
    subject: str | None
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything a recruiter needs to defend a place: parts, gates, what matched and what is missing."""

    summary: str
    parts: tuple[PartReason, ...]
    gates: tuple[GateReason, ...]
    skills: tuple[SkillMatch, ...]
    missing: tuple[str, ...]


def explain(brief: Brief, profile: Profile, ranked: Ranked, taxonomy: Taxonomy) -> Explanation:
    """Put one ranked candidate into words; `profile` is the one that was ranked."""
    skills = tuple(_skill_match(need, profile.skills, taxonomy.skills, brief.as_of.year) for need in brief.skills)
    case = _Case(brief, profile, taxonomy, skills, ranked.parts)
    return Explanation(
        summary=_summary(case, ranked.parts),
        parts=tuple(PartReason(part.part, *_REASONS[part.part](case)) for part in ranked.parts),
        gates=tuple(_gate(case, name, outcome) for name, outcome in ranked.outcomes.items()),
        skills=skills,
        missing=tuple(match.skill for match in skills if match.relation == "missing"),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    brief: Brief
    profile: Profile
    taxonomy: Taxonomy
    skills: tuple[SkillMatch, ...]
    parts: tuple[PartScore, ...]

    @property
    def hours(self) -> SharedHours | None:
        brief, profile = self.brief, self.profile
        if not (brief.zone and brief.window and profile.zone and profile.window):
            return None
        ours, theirs = Workday(profile.zone, *profile.window), Workday(brief.zone, *brief.window)
        return shared_hours(ours, theirs, brief.starts_on or brief.as_of, brief.ends_on)


Reason = tuple[str, tuple[str, ...]]


def _skill_match(need: SkillNeed, facts: Sequence[SkillFact], lexicon: Lexicon, this_year: int) -> SkillMatch:
    name = lexicon.name_of(need.skill)
    best = _best_fact(need, facts, lexicon, this_year)
    if best is None:
        return SkillMatch(need.skill, name, need.must, "missing", None, 0.0, None, need.years, None)
    at, credit = best
    fact = facts[at]
    relation = "exact" if fact.skill == need.skill else "implied" if credit >= 1 else "related"
    through = None if relation == "exact" else lexicon.name_of(fact.skill)
    return SkillMatch(need.skill, name, need.must, relation, through, credit, fact.years, need.years, f"/skills/{at}")


def _best_fact(
    need: SkillNeed, facts: Sequence[SkillFact], lexicon: Lexicon, this_year: int
) -> tuple[int, float] | None:
    """Position and credit of the fact that answers best: by credit, then by depth as the ranking measures it."""
    credit_of = lexicon.credits(need.skill)
    earned = [credit_of.get(fact.skill, 0.0) for fact in facts]
    highest = max(earned, default=0.0)
    if highest <= 0:
        return None
    rivals = [at for at, credit in enumerate(earned) if credit == highest]
    if len(rivals) == 1:
        return rivals[0], highest
    depths = _depths([facts[at] for at in rivals], highest, need, this_year)
    best = max(range(len(rivals)), key=lambda place: (depths[place], facts[rivals[place]].skill == need.skill))
    return rivals[best], highest


def _depths(facts: Sequence[SkillFact], credit: float, need: SkillNeed, this_year: int) -> list[float]:
    """How deep each fact answers the need, as the ranking measures it."""
    depths, _, _ = depth_of_items(
        np.full(len(facts), credit),
        np.array([tenths(fact.years) for fact in facts], dtype=np.int32),
        np.array([known(fact.level) for fact in facts], dtype=np.int32),
        np.array([known(fact.last_used) for fact in facts], dtype=np.int32),
        need.years,
        this_year,
    )
    return [float(depth) for depth in depths]


def _skill_coverage(case: _Case) -> Reason:
    held = [match for match in case.skills if match.relation in ("exact", "implied")]
    sentences = [f"Has {len(held)} of {len(case.skills)} skills asked for"]
    sentences.extend(f"{m.through} implies {m.name}" for m in held if m.relation == "implied")
    sentences.extend(
        f"{m.through} stands in for {m.name} at {m.credit:.0%}" for m in case.skills if m.relation == "related"
    )
    missing = [m.name for m in case.skills if m.relation == "missing"]
    if missing:
        sentences.append(f"lacks {enumeration(missing)}")
    return sentence(sentences), _evidence(case.skills)


def _skill_depth(case: _Case) -> Reason:
    phrases = [_depth_phrase(match) for match in case.skills if match.relation != "missing"]
    return sentence(phrases or ["None of the skills asked for is on the profile"]), _evidence(case.skills)


def _depth_phrase(match: SkillMatch) -> str:
    name = f"{match.name} through {match.through}" if match.through else match.name
    if match.years is None:
        return f"{name}: years not stated"
    needed = f" of {in_years(match.needed_years)} asked" if match.needed_years else ""
    return f"{name}: {in_years(match.years)}{needed}"


def _semantic(case: _Case) -> Reason:
    title = case.taxonomy.canonical_title(case.profile.title)
    closeness = next((part.value / VALUE_UNIT for part in case.parts if part.part == "semantic"), 0.0)
    words = f"The whole profile ({title}) is {closeness:.0%} close to the whole request, by the language model."
    return words, ("/title",)


def _seniority(case: _Case) -> Reason:
    asked, has = _level(case, case.brief.seniority), _level(case, case.profile.seniority)
    if case.profile.seniority is None:
        return f"Seniority is not stated; {asked} was asked for.", ()
    distance = case.profile.seniority - (case.brief.seniority or 0)
    relation = (
        "as asked" if distance == 0 else f"{abs(distance)} {'above' if distance > 0 else 'below'} the {asked} asked for"
    )
    return f"{has.capitalize()}, {relation}.", ("/seniority",)


def _domain(case: _Case) -> Reason:
    lexicon = case.taxonomy.domains
    phrases, evidence = [], []
    for wanted in case.brief.domains:
        credit_of = lexicon.credits(wanted)
        answers = [(credit_of.get(fact.domain, 0.0), -at) for at, fact in enumerate(case.profile.domains)]
        credit, negative = max(answers, default=(0.0, 0))
        if credit <= 0:
            phrases.append(f"no {lexicon.name_of(wanted)} stated")
            continue
        fact = case.profile.domains[-negative]
        years = f", {in_years(fact.years)}" if fact.years is not None else ""
        instead = "" if fact.domain == wanted else f" for {lexicon.name_of(wanted)} ({credit:.0%})"
        phrases.append(f"{lexicon.name_of(fact.domain)}{years}{instead}")
        evidence.append(f"/domains/{-negative}")
    return sentence(phrases), tuple(evidence)


def _english(case: _Case) -> Reason:
    asked = cefr(case.brief.english)
    levels = [(mode, getattr(case.profile.english, mode)) for mode in case.brief.english_modes]
    stated = [f"{mode} {cefr(level)}" for mode, level in levels if level is not None]
    unstated = [mode for mode, level in levels if level is None]
    phrases = (
        [f"English {enumeration(stated)}; {asked} was asked for"] if stated else [f"{asked} English was asked for"]
    )
    if unstated:
        phrases.append(f"{enumeration(unstated)} not stated")
    return sentence(phrases), ("/languages",) if stated else ()


def _shared_hours(case: _Case) -> Reason:
    hours = case.hours
    if hours is None:
        return "The working window is not stated.", ()
    if hours.fewest == hours.most:
        return f"Shares {in_hours(hours.fewest)} of the working day on every day of the role.", ("/working_window",)
    return (
        f"Shares at least {in_hours(hours.fewest)} of the working day (from {hours.fewest_on}), "
        f"{in_hours(hours.most)} from {hours.most_on}: a change of clocks lies between."
    ), ("/working_window",)


def _certifications(case: _Case) -> Reason:
    by_expiry = sorted(enumerate(case.profile.certifications), key=lambda item: item[1].expires_on or date.max)
    held = {fact.certification: (at, fact.expires_on) for at, fact in by_expiry}
    phrases, evidence = [], []
    for need in case.brief.certifications:
        name = case.taxonomy.certifications.name_of(need.certification)
        if need.certification not in held:
            phrases.append(f"no {name}")
            continue
        at, expires_on = held[need.certification]
        lapsed = expires_on is not None and expires_on < (case.brief.starts_on or case.brief.as_of)
        phrases.append(f"{name} {'expired' if lapsed else 'valid until'} {expires_on}" if expires_on else name)
        evidence.append(f"/certifications/{at}")
    return sentence(phrases), tuple(evidence)


def _start(case: _Case) -> Reason:
    available, starts_on = case.profile.available_from, case.brief.starts_on
    if available is None or starts_on is None:
        return "The date of availability is not stated.", ()
    late = (available - starts_on).days
    when = "in time" if late <= 0 else f"{in_days(late)} after the start"
    return f"Available from {available}, {when}.", ("/available_from",)


def _delivery(case: _Case) -> Reason:
    record = case.profile.delivery
    if record is None or record.finished == 0:
        return "No finished placement yet: the usual rate is assumed and the range says so.", ()
    return f"{record.succeeded} of {record.finished} finished placements went well.", ()


def _freshness(case: _Case) -> Reason:
    days = max(0, (case.brief.as_of - case.profile.updated_on).days)
    return f"Profile updated {in_days(days) + ' ago' if days else 'today'}.", ("/updated_at",)


def _rate(case: _Case) -> Reason:
    return _rate_words(case), ("/hourly_rate",) if case.profile.rate is not None else ()


def _rate_words(case: _Case) -> str:
    profile, brief = case.profile, case.brief
    if profile.rate is None:
        return "The rate is not stated."
    rate = f"{in_money(profile.rate, profile.currency)} an hour"
    if brief.rate_ceiling is None:
        return f"Rate {rate}."
    if profile.currency != brief.currency:
        return f"Rate {rate}; the ceiling is in {brief.currency}, so they cannot be compared."
    return f"Rate {rate}, ceiling {in_money(brief.rate_ceiling, brief.currency)}."


_REASONS: Final[Mapping[str, Callable[[_Case], Reason]]] = {
    "skill_coverage": _skill_coverage,
    "skill_depth": _skill_depth,
    "semantic": _semantic,
    "seniority": _seniority,
    "domain": _domain,
    "english": _english,
    "shared_hours": _shared_hours,
    "certifications": _certifications,
    "start": _start,
    "delivery": _delivery,
    "freshness": _freshness,
    "rate": _rate,
}


def _gate(case: _Case, name: str, outcome: int) -> GateReason:
    kind, _, subject = name.partition(":")
    return GateReason(kind, subject or None, _OUTCOMES.get(outcome, "unknown"), _gate_words(case, kind, subject))


def _gate_words(case: _Case, kind: str, subject: str) -> str:
    if kind == "skill":
        match = next(match for match in case.skills if match.skill == subject)
        return _must_words(match)
    if kind == "discipline":
        return f"Works in {case.profile.discipline}; {case.brief.discipline} was asked for."
    if kind == "country":
        return (
            f"Lives in {case.profile.country or 'an unstated country'}; asked for {enumeration(case.brief.countries)}."
        )
    if kind == "weekly_hours":
        hours = case.profile.weekly_hours
        stated = f"{hours} hours a week" if hours is not None else "Weekly hours not stated"
        return f"{stated}; {case.brief.weekly_hours} were asked for."
    if kind == "certification":
        return f"{case.taxonomy.certifications.name_of(subject)} is required. {_certifications(case)[0]}"
    reason, _ = _REASONS[kind](case)
    return reason


def _must_words(match: SkillMatch) -> str:
    if match.relation == "exact":
        return f"{match.name} is on the profile."
    if match.relation == "implied":
        return f"{match.through} is on the profile and implies {match.name}."
    if match.relation == "related":
        return f"Only {match.through}, which is related to {match.name}."
    return f"{match.name} is not on the profile."


def _summary(case: _Case, parts: Sequence[PartScore]) -> str:
    """One sentence: what lifts the candidate most, and what else costs them most, by contribution."""
    if not parts:
        return "Nothing to judge by."
    by_contribution = sorted(parts, key=lambda part: -part.contribution)
    lift = enumeration([_TITLES[part.part] for part in by_contribution[:2]])
    costliest = max(by_contribution[2:], key=_cost, default=None)
    cost = f"; loses most on {_TITLES[costliest.part]}" if costliest and _cost(costliest) else ""
    title = case.taxonomy.canonical_title(case.profile.title)
    level = _level(case, case.profile.seniority)
    return f"{f'{level} {title}'.strip().capitalize()}: strongest in {lift}{cost}."


def _cost(part: PartScore) -> int:
    """Billionths of the score a part leaves on the table."""
    return part.weight * (VALUE_UNIT - part.value)


_TITLES: Final[Mapping[str, str]] = {
    "skill_coverage": "skills covered",
    "skill_depth": "depth of skills",
    "semantic": "overall closeness to the request",
    "seniority": "seniority",
    "domain": "domain experience",
    "english": "English",
    "shared_hours": "shared hours",
    "certifications": "certifications",
    "start": "start date",
    "delivery": "delivery record",
    "freshness": "freshness of the profile",
    "rate": "rate",
}


def _evidence(skills: Sequence[SkillMatch]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(match.evidence for match in skills if match.evidence))


def _level(case: _Case, rank: int | None) -> str:
    return next((level.id for level in case.taxonomy.levels if level.rank == rank), "")
