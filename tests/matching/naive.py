"""The ranking once more in plain Python, one profile at a time, straight from the documentation of gates and parts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from matching import Brief, Profile, SkillFact, SkillNeed, Taxonomy

IT = {"software", "data", "cloud", "security", "qa", "support", "legacy", "product"}
NEAR = {"embedded": {"software", "electrical"}, "civil": {"mechanical"}, **{one: IT for one in IT}}  # noqa: C420
Range = tuple[float, float, float]
Vectors = Mapping[str, NDArray[np.float32]]


@dataclass
class Judged:
    """A profile's gates (True, False or None) and parts (value, low, high)."""

    id: UUID
    gates: dict[str, bool | None]
    parts: dict[str, Range]


def judge(profile: Profile, brief: Brief, vectors: Vectors, taxonomy: Taxonomy) -> Judged:
    return Judged(profile.id, gates_of(profile, brief, taxonomy), parts_of(profile, brief, vectors, taxonomy))


def admits(judged: Judged, brief: Brief, *, without: str | None = None) -> bool:
    return not any(leaves_out(name, answer, brief) for name, answer in judged.gates.items() if name != without)


def leaves_out(name: str, answer: bool | None, brief: Brief) -> bool:
    return answer is False or (answer is None and name.partition(":")[0] in brief.exclude_unknown)


def score(judged: Judged, weights: Mapping[str, int], *, of: int = 0) -> int:
    return sum(weights[part] * round(ranges[of] * 100_000) for part, ranges in judged.parts.items() if part in weights)


def best(judged: Sequence[Judged], brief: Brief, weights: Mapping[str, int], k: int) -> list[tuple[UUID, int]]:
    scored = [(one.id, score(one, weights)) for one in judged if admits(one, brief)]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0].int))[:k]


def gates_of(profile: Profile, brief: Brief, taxonomy: Taxonomy) -> dict[str, bool | None]:
    gates: dict[str, bool | None] = {}
    for need in brief.skills:
        if need.must:
            has = any(credit(fact.skill, need.skill, taxonomy) >= 1 for fact in profile.skills)
            gates[f"skill:{need.skill}"] = has if profile.skills else None
    for wanted in brief.certifications:
        if wanted.required:
            gates[f"certification:{wanted.certification}"] = holds(profile, wanted.certification, brief)
    if brief.discipline is not None:
        near = profile.discipline in NEAR.get(brief.discipline, set())
        gates["discipline"] = True if profile.discipline == brief.discipline else None if near else False
    if brief.english is not None:
        levels = [getattr(profile.english, mode) for mode in brief.english_modes]
        too_low = any(level is not None and level < brief.english for level in levels)
        gates["english"] = False if too_low else None if None in levels else True
    if brief.countries:
        gates["country"] = None if profile.country is None else profile.country in brief.countries
    if brief.shared_minutes is not None and brief.zone is not None:
        shared = worst_shared(profile, brief)
        gates["shared_hours"] = None if shared is None else shared >= brief.shared_minutes
    if brief.starts_on is not None:
        latest = brief.starts_on + timedelta(days=brief.start_tolerance_days)
        gates["start"] = None if profile.available_from is None else profile.available_from <= latest
    if brief.weekly_hours is not None:
        gates["weekly_hours"] = None if profile.weekly_hours is None else profile.weekly_hours >= brief.weekly_hours
    if brief.rate_ceiling is not None:
        gates["rate"] = profile.rate <= brief.rate_ceiling if comparable(profile, brief) else None  # type: ignore[operator]
    return gates


def parts_of(profile: Profile, brief: Brief, vectors: Vectors, taxonomy: Taxonomy) -> dict[str, Range]:
    parts: dict[str, Range] = {
        "semantic": sure(semantic(profile, brief, vectors)),
        "delivery": delivery(profile),
        "freshness": sure(2 ** (-max(0, (brief.as_of - profile.updated_on).days) / 180)),
    }
    if brief.skills:
        parts["skill_coverage"] = coverage(profile, brief, taxonomy)
        parts["skill_depth"] = depth(profile, brief, taxonomy)
    if brief.seniority is not None:
        above = None if profile.seniority is None else profile.seniority - brief.seniority
        worth = {0: 1.0, 1: 0.85, 2: 0.6, -1: 0.6, -2: 0.2}
        parts["seniority"] = guess() if above is None else sure(worth.get(above, 0.1))
    if brief.domains:
        credits_ = [
            max((credit(fact.domain, one, taxonomy, "domains") for fact in profile.domains), default=0.0)
            for one in brief.domains
        ]
        value = sum(credits_) / len(credits_)
        parts["domain"] = (value, value, value if profile.domains else 1.0)
    if brief.english is not None:
        parts["english"] = english(profile, brief)
    if brief.zone and brief.window:
        shared = worst_shared(profile, brief)
        day = (brief.window[1] - brief.window[0]) % 1440 or 1440
        parts["shared_hours"] = guess() if shared is None else sure(clip(shared / day))
    if brief.certifications:
        held = [holds(profile, wanted.certification, brief) for wanted in brief.certifications]
        parts["certifications"] = sure(sum(held) / len(held))
    if brief.starts_on is not None:
        late = None if profile.available_from is None else max(0, (profile.available_from - brief.starts_on).days)
        parts["start"] = guess() if late is None else sure(clip(1 - late / 60))
    if brief.rate_ceiling is not None:
        room = clip(1 - (profile.rate or 0) / brief.rate_ceiling)
        parts["rate"] = sure(room) if comparable(profile, brief) else guess()
    return parts


def semantic(profile: Profile, brief: Brief, vectors: Vectors) -> float:
    """Half for the best title, half for the best counterpart of each skill asked for."""

    def close(one: str, other: str) -> float:
        cosine = float(vectors[one] @ vectors[other])
        return round(clip((cosine - 0.15) / 0.75) * 100_000) / 100_000

    past = max((close(brief.title, title) for title in profile.past_titles), default=0.0)
    title = max(close(brief.title, profile.title), 0.8 * past)
    if not brief.skills:
        return title
    best = [max((close(need.skill, fact.skill) for fact in profile.skills), default=0.0) for need in brief.skills]
    return 0.5 * title + 0.5 * (sum(best) / len(best))


def coverage(profile: Profile, brief: Brief, taxonomy: Taxonomy) -> Range:
    claimed = [fact.skill for fact in profile.skills]
    dated = [fact.skill for fact in profile.skills if fact.years is not None or fact.last_used is not None]
    value, low = (
        sum(
            weight(need) * max((credit(skill, need.skill, taxonomy) for skill in skills), default=0.0)
            for need in brief.skills
        )
        / sum(weight(need) for need in brief.skills)
        for skills in (claimed, dated)
    )
    return value, low, value if profile.skills else 1.0


def depth(profile: Profile, brief: Brief, taxonomy: Taxonomy) -> Range:
    sums = [0.0, 0.0, 0.0]
    for need in brief.skills:
        answers = [worth(fact, need, brief.as_of.year, taxonomy) for fact in profile.skills]
        for at in range(3):
            sums[at] += weight(need) * max((answer[at] for answer in answers), default=0.0)
    value, low, high = (total / sum(weight(need) for need in brief.skills) for total in sums)
    return value, low, high if profile.skills else 1.0


def worth(fact: SkillFact, need: SkillNeed, this_year: int, taxonomy: Taxonomy) -> Range:
    idle = 0 if fact.last_used is None else max(0, this_year - fact.last_used - 1)
    most = credit(fact.skill, need.skill, taxonomy) * max(0.5, 1 - 0.08 * idle)
    if fact.years is None:
        return most * (0.5 if fact.level is None else fact.level / 5), 0.0, most
    share = fact.years / need.years if need.years else 1 - math.exp(-fact.years / 2.5)
    return sure(most * clip(share))


def english(profile: Profile, brief: Brief) -> Range:
    assert brief.english is not None
    levels = [getattr(profile.english, mode) for mode in brief.english_modes]
    known = [level for level in levels if level is not None]
    if not known:
        return guess()
    margin = min(known) - brief.english
    value = 0.0 if margin < 0 else (0.6, 0.85, 1.0)[min(margin, 2)]
    return value, 0.0 if None in levels else value, value


def delivery(profile: Profile) -> Range:
    finished, succeeded = (profile.delivery.finished, profile.delivery.succeeded) if profile.delivery else (0, 0)
    return tuple((succeeded + prior) / (finished + 5) for prior in (4, 0, 5))  # type: ignore[return-value]


def credit(has: str, wanted: str, taxonomy: Taxonomy, kind: str = "skills") -> float:
    lexicon = getattr(taxonomy, kind)
    if has == wanted:
        return 1.0
    if has not in lexicon or wanted not in lexicon:
        return 0.0
    if wanted in implied_by(has, lexicon.concepts):
        return 1.0
    return max(lexicon[wanted].related.get(has, 0.0), lexicon[has].related.get(wanted, 0.0))


def implied_by(concept: str, concepts: Mapping) -> set[str]:  # type: ignore[type-arg]
    return {concept}.union(*(implied_by(other, concepts) for other in concepts[concept].implies))


def worst_shared(profile: Profile, brief: Brief) -> int | None:
    """Fewest shared minutes of any day, counting minute by minute on every day of the role."""
    if not (profile.zone and profile.window and brief.zone and brief.window):
        return None
    first = brief.starts_on or brief.as_of
    last = max(first, brief.ends_on or first + timedelta(days=365))
    offsets = {
        (east(first + timedelta(days=day), profile.zone), east(first + timedelta(days=day), brief.zone))
        for day in range((last - first).days + 1)
    }
    return min(len(minutes(profile.window, here) & minutes(brief.window, there)) for here, there in offsets)


def east(day: date, zone: str) -> int:
    offset = datetime.combine(day, time(12), tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds() // 60)


def minutes(window: tuple[int, int], offset: int) -> set[int]:
    start, end = window
    return {(start + minute - offset) % 1440 for minute in range((end - start) % 1440 or 1440)}


def holds(profile: Profile, certification: str, brief: Brief) -> bool:
    needed = brief.starts_on or brief.as_of
    return any(
        fact.certification == certification and (fact.expires_on is None or fact.expires_on >= needed)
        for fact in profile.certifications
    )


def comparable(profile: Profile, brief: Brief) -> bool:
    return profile.rate is not None and profile.currency is not None and profile.currency == brief.currency


def weight(need: SkillNeed) -> float:
    return 2.0 if need.must else 1.0


def clip(value: float) -> float:
    return min(1.0, max(0.0, value))


def sure(value: float) -> Range:
    return value, value, value


def guess() -> Range:
    return 0.5, 0.0, 1.0
