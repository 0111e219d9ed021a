"""Why each part has its value and each gate its answer, as messages with pointers into the profile as evidence.

The numbers come from the ranking; nothing here judges.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from matching.answers import DomainMatch, SkillMatch
from matching.brief import Brief
from matching.hours import SharedHours, Workday, shared_hours
from matching.interaction import Closeness
from matching.messages import Message, Reason, names_of, say
from matching.profile import Cefr, CertificationFact, Profile
from matching.ranking import PartScore
from matching.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Case:
    """One candidate beside one brief, with what was found to match; `title` is theirs in each language."""

    brief: Brief
    profile: Profile
    taxonomy: Taxonomy
    title: Sequence[str]
    skills: tuple[SkillMatch, ...]
    domains: tuple[DomainMatch, ...]
    parts: Mapping[str, PartScore]
    closeness: Closeness

    @property
    def hours(self) -> SharedHours | None:
        """Hours shared over the role, where both windows are known."""
        brief, profile = self.brief, self.profile
        if not (brief.zone and brief.window and profile.zone and profile.window):
            return None
        ours, theirs = Workday(profile.zone, *profile.window), Workday(brief.zone, *brief.window)
        return shared_hours(ours, theirs, brief.starts_on or brief.as_of, brief.ends_on)

    def held(self, certification: str) -> tuple[int, CertificationFact] | None:
        """Where a certification stands on the profile, the one that holds longest."""
        held = [
            (at, fact) for at, fact in enumerate(self.profile.certifications) if fact.certification == certification
        ]
        return max(held, key=lambda item: item[1].expires_on or date.max, default=None)

    def lapsed(self, fact: CertificationFact) -> bool:
        """Whether it has expired by the time the role starts."""
        needed_until = self.brief.starts_on or self.brief.as_of
        return fact.expires_on is not None and fact.expires_on < needed_until


def title_of(written: str, taxonomy: Taxonomy) -> Sequence[str]:
    """A title in each language: of a known one its names, of another the canonical English."""
    canonical = taxonomy.canonical_title(written)
    return names_of(taxonomy.titles, taxonomy.titles.find(canonical) or canonical)


Said = tuple[Reason, tuple[str, ...]]
"""A reason and its evidence."""


def reason_of(case: Case, part: str) -> Said:
    """Why a part of the score has its value."""
    return _PARTS[part](case)


def gate_reason(case: Case, kind: str, subject: str) -> Said:
    """Why a gate answers as it does."""
    if kind == "skill":
        match = next(match for match in case.skills if match.skill == subject)
        return (_must(match),), (match.evidence,) if match.evidence else ()
    if kind == "certification":
        phrase, evidence = _certification(case, subject)
        name = case.taxonomy.certifications.name_of(subject)
        return (say("certification.required", certification=name), phrase), evidence
    return _GATES[kind](case)


def level_name(level: Cefr | int | None) -> str:
    """A level as a message holds it."""
    return Cefr(level or Cefr.A1).name


def _skill_coverage(case: Case) -> Said:
    held = [match for match in case.skills if match.relation in ("exact", "implied")]
    phrases = [say("coverage.held", held=len(held), asked=len(case.skills))]
    phrases.extend(say("coverage.implied", through=m.through, skill=m.name) for m in held if m.relation == "implied")
    phrases.extend(
        say("coverage.related", through=m.through, skill=m.name, credit=m.credit)
        for m in case.skills
        if m.relation == "related"
    )
    missing = [m.name for m in case.skills if m.relation == "missing"]
    if missing:
        phrases.append(say("coverage.lacks", skills=missing))
    return tuple(phrases), _evidence(case.skills)


def _skill_depth(case: Case) -> Said:
    phrases = [depth_phrase(match) for match in case.skills if match.relation != "missing"]
    return tuple(phrases or [say("depth.none")]), _evidence(case.skills)


def depth_phrase(match: SkillMatch) -> Message:
    """Years of the skill that answers."""
    named = {"skill": match.name, "through": match.through} if match.through else {"skill": match.name}
    code = "depth.through" if match.through else "depth"
    if match.years is None:
        return say(f"{code}.unstated", **named)
    if match.needed_years:
        return say(f"{code}.asked", **named, years=match.years, asked=match.needed_years)
    return say(f"{code}.years", **named, years=match.years)


def _semantic(case: Case) -> Said:
    close = case.closeness
    said = [say("semantic.title", title=case.title, closeness=close.title)]
    if close.past > close.title:
        said.append(say("semantic.past", closeness=close.past))
    if close.skills:
        said.append(say("semantic.skills", closeness=sum(close.skills) / len(close.skills)))
    return tuple(said), ("/title",)


def _seniority(case: Case) -> Said:
    asked, has = case.brief.seniority or 0, case.profile.seniority
    if has is None:
        return (say("seniority.unstated", asked=asked),), ()
    if has == asked:
        return (say("seniority.as_asked", has=has),), ("/seniority",)
    code = "seniority.above" if has > asked else "seniority.below"
    return (say(code, has=has, steps=abs(has - asked), asked=asked),), ("/seniority",)


def _domain(case: Case) -> Said:
    phrases = tuple(domain_phrase(case, match) for match in case.domains)
    return phrases, tuple(f"/domains/{match.at}" for match in case.domains if match.at is not None)


def domain_phrase(case: Case, match: DomainMatch) -> Message:
    """The domain that answers, and for which it stands in."""
    lexicon = case.taxonomy.domains
    wanted = names_of(lexicon, match.domain)
    if match.at is None:
        return say("domain.lacks", domain=wanted)
    fact = case.profile.domains[match.at]
    has = names_of(lexicon, fact.domain)
    if match.relation == "exact":
        return (
            say("domain.has", domain=has)
            if fact.years is None
            else say("domain.has_years", domain=has, years=fact.years)
        )
    if fact.years is None:
        return say("domain.stands_in", has=has, wanted=wanted, credit=match.credit)
    return say("domain.stands_in_years", has=has, years=fact.years, wanted=wanted, credit=match.credit)


def _english(case: Case) -> Said:
    asked = level_name(case.brief.english)
    levels = [(mode, getattr(case.profile.english, mode)) for mode in case.brief.english_modes]
    stated = [f"{mode}:{level_name(level)}" for mode, level in levels if level is not None]
    unstated = [mode for mode, level in levels if level is None]
    first = say("english.stated", abilities=stated, asked=asked) if stated else say("english.asked", asked=asked)
    rest = (say("english.unstated", modes=unstated),) if unstated else ()
    return (first, *rest), ("/languages",) if stated else ()


def _shared_hours(case: Case) -> Said:
    hours = case.hours
    if hours is None:
        return (say("hours.unstated"),), ()
    if hours.fewest == hours.most:
        return (say("hours.every_day", fewest=hours.fewest),), ("/working_window",)
    changing = say(
        "hours.changing",
        fewest=hours.fewest,
        fewest_on=hours.fewest_on.isoformat(),
        most=hours.most,
        most_on=hours.most_on.isoformat(),
    )
    return (changing,), ("/working_window",)


def _shared_hours_gate(case: Case) -> Said:
    reason, evidence = _shared_hours(case)
    return (*reason, say("hours.asked", asked=case.brief.shared_minutes or 0)), evidence


def _certifications(case: Case) -> Said:
    said = [_certification(case, need.certification) for need in case.brief.certifications]
    return tuple(phrase for phrase, _ in said), tuple(pointer for _, evidence in said for pointer in evidence)


def _certification(case: Case, certification: str) -> tuple[Message, tuple[str, ...]]:
    name = case.taxonomy.certifications.name_of(certification)
    held = case.held(certification)
    if held is None:
        return say("certification.lacks", certification=name), ()
    at, fact = held
    evidence = (f"/certifications/{at}",)
    if fact.expires_on is None:
        return say("certification.held", certification=name), evidence
    code = "certification.expired" if case.lapsed(fact) else "certification.valid"
    return say(code, certification=name, expires_on=fact.expires_on.isoformat()), evidence


def _start(case: Case) -> Said:
    available, starts_on = case.profile.available_from, case.brief.starts_on
    if available is None or starts_on is None:
        return (say("start.unstated"),), ()
    late = (available - starts_on).days
    day = available.isoformat()
    if late <= 0:
        return (say("start.in_time", available_from=day),), ("/available_from",)
    return (say("start.late", available_from=day, days=late),), ("/available_from",)


def _delivery(case: Case) -> Said:
    record = case.profile.delivery
    if record is None or record.finished == 0:
        return (say("delivery.none"),), ()
    return (say("delivery.record", succeeded=record.succeeded, finished=record.finished),), ()


def _freshness(case: Case) -> Said:
    days = max(0, (case.brief.as_of - case.profile.updated_on).days)
    return (say("freshness.ago", days=days) if days else say("freshness.today"),), ("/updated_at",)


def _rate(case: Case) -> Said:
    return (_rate_phrase(case.profile, case.brief),), () if case.profile.rate is None else ("/hourly_rate",)


def _rate_phrase(profile: Profile, brief: Brief) -> Message:
    if profile.rate is None:
        return say("rate.unstated")
    rate = [profile.rate, profile.currency]
    if brief.rate_ceiling is None or brief.currency is None:
        return say("rate.stated", rate=rate)
    if profile.currency != brief.currency:
        return say("rate.incomparable", rate=rate, currency=brief.currency)
    return say("rate.ceiling", rate=rate, ceiling=[brief.rate_ceiling, brief.currency])


def _discipline(case: Case) -> Said:
    return (say("discipline", has=case.profile.discipline, asked=case.brief.discipline),), ("/discipline",)


def _country(case: Case) -> Said:
    asked = list(case.brief.countries)
    if case.profile.country is None:
        return (say("country.unstated", asked=asked),), ()
    return (say("country", has=case.profile.country, asked=asked),), ("/country",)


def _weekly_hours(case: Case) -> Said:
    asked, has = case.brief.weekly_hours, case.profile.weekly_hours
    if has is None:
        return (say("weekly_hours.unstated", asked=asked),), ()
    return (say("weekly_hours", has=has, asked=asked),), ("/weekly_hours",)


def _must(match: SkillMatch) -> Message:
    if match.relation in ("exact", "missing"):
        return say(f"skill.{match.relation}", skill=match.name)
    return say(f"skill.{match.relation}", through=match.through, skill=match.name)


def _evidence(skills: Sequence[SkillMatch]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(match.evidence for match in skills if match.evidence))


_Teller = Callable[[Case], Said]
_PARTS: Final[Mapping[str, _Teller]] = {
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
_GATES: Final[Mapping[str, _Teller]] = {
    "discipline": _discipline,
    "english": _english,
    "country": _country,
    "shared_hours": _shared_hours_gate,
    "start": _start,
    "weekly_hours": _weekly_hours,
    "rate": _rate,
}
