"""What somebody can do: skills with years that fit the career, domains, certifications, education."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from app.core.trade import Seniority
from app.seeding.archetypes import Language
from app.seeding.careers import DAYS_PER_MONTH, DAYS_PER_YEAR, Career
from app.seeding.chance import happens, mostly, some
from app.seeding.people import Person
from app.seeding.sources import Sources
from app.talent.schemas import CertificationIn, DomainIn, EducationIn, SkillIn
from app.taxonomy.words import Concept

FEWEST_SKILLS: Final = 5
MOST_SKILLS: Final = 25
_CERTIFIED: Final = {"intern": 0.02, "junior": 0.08, "mid": 0.16, "senior": 0.24, "lead": 0.28, "principal": 0.3}
_VALID_LONGEST: Final = 8.0


def skills_of(rng: Random, sources: Sources, career: Career, person: Person) -> list[SkillIn]:
    """Skills, best first."""
    spans = _skill_spans(rng, sources, career)
    spans = {skill: span for skill, span in spans.items() if _is_used(sources, skill, person)}
    core = set(career.archetype.core)
    order = sorted(spans, key=lambda skill: (skill not in core, -spans[skill][0]))[:MOST_SKILLS]
    skills = [_skill(rng, sources, person.language, (skill, *spans[skill])) for skill in order]
    if happens(rng, 0.13) and len(skills) < MOST_SKILLS:
        unknown = rng.choice(sources.habits["unknown_skills"])
        skills.append(SkillIn.model_validate({"skill": unknown, "years": _tidy(career.years * rng.uniform(0.1, 0.5))}))
    return skills


def domains_of(rng: Random, sources: Sources, career: Career, language: Language) -> list[DomainIn]:
    """Domains of the jobs, with the years spent in each."""
    years: defaultdict[str, float] = defaultdict(float)
    for job in career.jobs:
        years[job.domain] += job.years(career.as_of)
    order = sorted(years, key=lambda domain: -years[domain])
    return [
        DomainIn(
            domain=_written(rng, sources.words.domains[domain], language),
            years=mostly(rng, _tidy(min(years[domain], career.years)), 0.1),
        )
        for domain in order
        if not happens(rng, 0.1)
    ]


def certifications_of(rng: Random, sources: Sources, career: Career, person: Person) -> list[CertificationIn]:
    """Certifications of the trade; most still valid, and none from before the career."""
    offered = [name for name in career.archetype.certifications if _is_used(sources, name, person)]
    chosen = some(rng, offered, _CERTIFIED[career.seniority.value])
    held = []
    for certification in chosen:
        months = sources.validity[certification]
        issued_on = _issued_on(rng, career, months)
        expires_on = issued_on + timedelta(days=round(months * DAYS_PER_MONTH)) if months else None
        undated = happens(rng, 0.08)
        held.append(
            CertificationIn(
                certification=_written(rng, sources.words.certifications[certification], person.language),
                issued_on=None if undated else issued_on,
                expires_on=None if undated else expires_on,
            )
        )
    return held


def education_of(rng: Random, sources: Sources, career: Career, person: Person) -> list[EducationIn]:
    """A degree about the time the career began, and at times a second one."""
    if happens(rng, 0.08):
        return []
    degree = sources.degree(career.archetype.education)
    ended_in = min(career.started_on.year + rng.choice((-1, 0, 0, 1, 2)), career.as_of.year)
    field = degree["field"][person.language]
    first = _degree(rng, sources, person, rng.choice(degree[person.language]), (ended_in - degree["years"], ended_in))
    second = []
    later = ended_in + rng.randint(2, 7)
    further = 0.22 if career.seniority.rank >= Seniority.SENIOR.rank else 0.05
    if later <= career.as_of.year and happens(rng, further):
        title = rng.choice(sources.habits["masters"][person.language]).format(field=field)
        second.append(_degree(rng, sources, person, title, (later - 2, later)))
    return [*second, first.model_copy(update={"field_of_study": mostly(rng, field, 0.3)})]


def _skill_spans(rng: Random, sources: Sources, career: Career) -> dict[str, tuple[float, int]]:
    """Years and last year of use of each skill."""
    kind, this_year = career.archetype, career.as_of.year
    years = career.years_as(kind)
    reach = min(years, 10.0)
    spans: dict[str, tuple[float, int]] = {}
    for job in career.jobs:
        if job.archetype is not kind:
            ended = (job.ended_on or career.as_of).year
            lasted = career.years_as(job.archetype)
            spans.update({skill: (lasted * rng.uniform(0.7, 1), ended) for skill in some(rng, job.archetype.core, 0.6)})
    usual = some(rng, kind.usual, 0.34 + 0.035 * reach)
    occasional = some(rng, kind.occasional, 0.06 + 0.02 * reach)
    common = some(rng, sources.habits["common"][kind.discipline.value], 0.26)
    for skill in (*usual, *kind.usual[:FEWEST_SKILLS] * (len(usual) < 2)):
        spans[skill] = (years * rng.uniform(0.35, 0.9), this_year - rng.choice((0, 0, 0, 1)))
    for skill in occasional:
        spans[skill] = (years * rng.uniform(0.15, 0.6), this_year - rng.choice((0, 0, 1, 2, 3)))
    for skill in common:
        spans.setdefault(skill, (years * rng.uniform(0.3, 0.9), this_year))
    for at, skill in enumerate(kind.core):
        if at < 2 or happens(rng, 0.95):
            spans[skill] = (max(years * rng.uniform(0.75, 1), spans.get(skill, (0.0, 0))[0]), this_year)
    return {skill: _since(sources, career, skill, span) for skill, span in spans.items()}


def _is_used(sources: Sources, name: str, person: Person) -> bool:
    """Whether a skill or certification means anything where the person lives."""
    countries = sources.habits["only_in"].get(name)
    return countries is None or person.country.code in countries


def _since(sources: Sources, career: Career, skill: str, span: tuple[float, int]) -> tuple[float, int]:
    """A span that starts neither before the career nor before the technology."""
    years, last = span
    first = max(career.started_on.year, sources.habits["since"].get(skill, 0))
    today = career.as_of.year + career.as_of.timetuple().tm_yday / DAYS_PER_YEAR
    age = today - sources.habits["since"].get(skill, 0)
    return min(years, career.years, age), max(last, min(first, career.as_of.year))


def _skill(rng: Random, sources: Sources, language: Language, known: tuple[str, float, int]) -> SkillIn:
    skill, years, last = known
    concept = sources.words.skills[skill]
    level = round(1 + min(years, 9) / 2.4 + rng.gauss(0, 0.5))
    return SkillIn(
        skill=_written(rng, concept, language),
        years=mostly(rng, _tidy(years), 0.07),
        level=mostly(rng, max(1, min(level, 5)), 0.12),
        last_used=mostly(rng, last, 0.12),
    )


def _written(rng: Random, concept: Concept, language: Language) -> str:
    """The canonical name, or another name people of this language use."""
    if happens(rng, 0.03):
        return concept.id
    others = [*concept.aliases.get("en", ()), *(concept.aliases.get(language, ()) if language != "en" else ())]
    return rng.choice(others) if others and happens(rng, 0.18) else concept.name


def _tidy(years: float) -> Decimal:
    """Years as people state them: by halves, rounded down, the first one by tenths."""
    step = 0.5 if years >= 1 else 0.1
    return Decimal(str(round(int(years / step + 1e-9) * step, 1)))


def _issued_on(rng: Random, career: Career, months: int) -> date:
    lapsed = happens(rng, 0.12)
    longest = months * DAYS_PER_MONTH if months and not lapsed else _VALID_LONGEST * DAYS_PER_YEAR
    days = int(min(longest, (career.as_of - career.started_on).days)) - 5
    return career.as_of - timedelta(days=rng.randint(3, max(4, days)))


def _degree(rng: Random, sources: Sources, person: Person, degree: str, years: tuple[int, int]) -> EducationIn:
    everywhere = [name for names in sources.universities.values() for name in names]
    near = sources.universities.get(person.country.code, ())
    institution = rng.choice(near if near and happens(rng, 0.95) else everywhere)
    undated = happens(rng, 0.07)
    started_in, ended_in = (None, None) if undated else years
    return EducationIn(
        institution=institution, degree=degree, field_of_study=None, started_in=started_in, ended_in=ended_in
    )
