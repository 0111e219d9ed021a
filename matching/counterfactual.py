"""The smallest single changes that would move a candidate up or admit them.

A change is proposed only after the changed profile was ranked by the very functions that rank everybody. What a person
is (country, city, age, name) is never proposed to change, only what they may learn, state or agree to.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from matching.answers import match_skill
from matching.brief import Brief
from matching.interaction import Asked
from matching.messages import Message, Reason, say
from matching.pool import View, pool_of
from matching.profile import Cefr, CertificationFact, English, Profile, SkillFact
from matching.ranking import Ranked, rank
from matching.standing import Standing
from matching.taxonomy import Taxonomy
from matching.texts import Texts

YEARS_TO_BEGIN_WITH: Final = 1.0
"""Experience a gained skill is thought to come with where the request asks for no years."""
RATE_CUTS: Final = (5, 10, 15, 20)
"""Percentages by which a rate within the ceiling is tried lower, where a lower one counts."""


@dataclass(frozen=True, slots=True)
class Variant:
    """The profile with one thing changed: its kind, what it is about, and the change in words."""

    kind: str
    subject: str | None
    change: Message
    profile: Profile


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """A change with the score and the place it would lead to; `admits` says that it would also let them in."""

    kind: str
    subject: str | None
    score: int
    place: int
    admits: bool
    reason: Reason


def counterfactuals(
    brief: Brief, asked: Asked, profile: Profile, now: Standing, taxonomy: Taxonomy
) -> tuple[Counterfactual, ...]:
    """The smallest change of each kind that helps, best place first.

    Args:
        brief: what the profile was ranked for.
        asked: the brief's vectors.
        profile: the candidate's, at the version that stands.
        now: what `standing` returned for it.
        taxonomy: what it was ranked with.
    """
    ladders = variants(brief, profile, taxonomy)
    ranked = _ranked(brief, asked, [one for ladder in ladders for one in ladder], now.rivals.view, taxonomy)
    found = []
    for ladder in ladders:
        helpful = (_helpful(one, ranked.get(id(one)), profile.id, now) for one in ladder)
        first = next((one for one in helpful if one is not None), None)
        if first is not None:
            found.append(first)
    return tuple(sorted(found, key=lambda one: one.place))


def variants(brief: Brief, profile: Profile, taxonomy: Taxonomy) -> list[list[Variant]]:
    """Changes to try: one ladder for each thing, smallest step first."""
    ladders = [
        list(_english(brief, profile)),
        *([one] for one in _skills(brief, profile, taxonomy)),
        *([one] for one in _certifications(brief, profile, taxonomy)),
        list(_start(brief, profile)),
        list(_weekly_hours(brief, profile)),
        list(_rate(brief, profile)),
    ]
    return [ladder for ladder in ladders if ladder]


def _helpful(variant: Variant, ranked: Ranked | None, identifier: UUID, now: Standing) -> Counterfactual | None:
    """What a change would lead to; None when it admits nobody and moves nobody up."""
    if ranked is None:
        return None
    place = 1 + now.rivals.ahead(ranked.score, identifier)
    admits = bool(now.kept_out_by)
    if not admits and place >= now.place:
        return None
    reason = say("would.admit" if admits else "would.place", change=variant.change, place=place)
    return Counterfactual(variant.kind, variant.subject, ranked.score, place, admits, (reason,))


def _ranked(
    brief: Brief, asked: Asked, changed: Sequence[Variant], view: View, taxonomy: Taxonomy
) -> dict[int, Ranked]:
    """Admitted variants as `rank` has them, by the variant's identity."""
    if not changed:
        return {}
    by_id = {UUID(int=number): id(variant) for number, variant in enumerate(changed)}
    profiles = [replace(variant.profile, id=one) for one, variant in zip(by_id, changed, strict=True)]
    vectors = _vectors(brief, asked, profiles, view)
    few = pool_of(profiles, vectors, model_hash=view.model_hash, dimension=view.dimension)
    return {by_id[entry.id]: entry for entry in rank(few, brief, asked, len(profiles), taxonomy).entries}


def _vectors(brief: Brief, asked: Asked, profiles: Sequence[Profile], view: View) -> dict[str, NDArray[np.float32]]:
    """What the pool knows of the profiles' texts; of a skill that nobody has yet, the request's own vector."""
    titles = {title for one in profiles for title in (one.title, *one.past_titles)}
    skills = {fact.skill for one in profiles for fact in one.skills}
    of_brief = dict(zip(brief.facets, asked.skills, strict=True))
    wanted = {skill: of_brief[skill] for skill in skills & of_brief.keys()}
    return {**wanted, **_known(view.words.skills, skills), **_known(view.words.titles, titles)}


def _known(texts: Texts, wanted: Iterable[str]) -> dict[str, NDArray[np.float32]]:
    codes = {text: code for text in sorted(wanted) if (code := texts.known(text)) is not None}
    rows = np.fromiter(codes.values(), dtype=np.int64, count=len(codes))
    return dict(zip(codes, texts.index.vectors(rows), strict=True))


def _english(brief: Brief, profile: Profile) -> Iterator[Variant]:
    if brief.english is None:
        return
    for level in Cefr:
        spoken = {mode: max(level, getattr(profile.english, mode) or level) for mode in brief.english_modes}
        english: English = replace(profile.english, **spoken)
        if english != profile.english and level is not Cefr.NATIVE:
            change = say("if.english", level=level.name)
            yield Variant("english", None, change, replace(profile, english=english))


def _skills(brief: Brief, profile: Profile, taxonomy: Taxonomy) -> Iterator[Variant]:
    for need in brief.skills:
        match = match_skill(need, profile.skills, taxonomy.skills, brief.as_of.year)
        if match.relation in ("missing", "related"):
            years = need.years or YEARS_TO_BEGIN_WITH
            gained = SkillFact(need.skill, years, last_used=brief.as_of.year)
            skills, name = (*profile.skills, gained), match.name
        elif need.years and (match.years is None or match.years < need.years):
            at = int((match.evidence or "").rpartition("/")[2])
            years, name = need.years, match.through or match.name
            skills = (*profile.skills[:at], replace(profile.skills[at], years=years), *profile.skills[at + 1 :])
        else:
            continue
        change = say("if.skill", skill=name, years=years)
        yield Variant("skill", need.skill, change, replace(profile, skills=skills))


def _certifications(brief: Brief, profile: Profile, taxonomy: Taxonomy) -> Iterator[Variant]:
    needed_until = brief.starts_on or brief.as_of
    valid = {
        fact.certification
        for fact in profile.certifications
        if fact.expires_on is None or fact.expires_on >= needed_until
    }
    for need in brief.certifications:
        if need.certification not in valid:
            name = taxonomy.certifications.name_of(need.certification)
            held = (*profile.certifications, CertificationFact(need.certification))
            change = say("if.certification", certification=name)
            yield Variant("certification", need.certification, change, replace(profile, certifications=held))


def _start(brief: Brief, profile: Profile) -> Iterator[Variant]:
    day = brief.starts_on
    if day is not None and (profile.available_from is None or profile.available_from > day):
        change = say("if.start", available_from=day.isoformat())
        yield Variant("start", None, change, replace(profile, available_from=day))


def _weekly_hours(brief: Brief, profile: Profile) -> Iterator[Variant]:
    hours = brief.weekly_hours
    if hours is not None and (profile.weekly_hours is None or profile.weekly_hours < hours):
        change = say("if.weekly_hours", hours=hours)
        yield Variant("weekly_hours", None, change, replace(profile, weekly_hours=hours))


def _rate(brief: Brief, profile: Profile) -> Iterator[Variant]:
    if brief.rate_ceiling is None or brief.currency is None:
        return
    comparable = profile.rate is not None and profile.currency == brief.currency
    if profile.rate is None or not comparable or profile.rate > brief.rate_ceiling:
        rates = [brief.rate_ceiling]
    elif brief.weights.get("rate", 0.0) > 0:
        rates = [profile.rate * (100 - cut) // 100 for cut in RATE_CUTS]
    else:
        return
    for rate in rates:
        change = say("if.rate", rate=[rate, brief.currency])
        yield Variant("rate", None, change, replace(profile, rate=rate, currency=brief.currency))
