"""Careers: what kind of engineer, since when, and which jobs led here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from app.core.trade import Seniority
from app.seeding.archetypes import Archetype
from app.seeding.chance import happens, weighted
from app.seeding.sources import Sources

DAYS_PER_YEAR: Final = 365.25
DAYS_PER_MONTH: Final = 30.44
_LONGER: Final = {"intern": 1.0, "junior": 1.2, "mid": 1.2, "senior": 2.5, "lead": 2.5, "principal": 2.0}
"""How far beyond the usual years people stay on a step: seniors stay, interns do not."""
_STEPS: Final = ((2.0, Seniority.JUNIOR), (5.0, Seniority.MID), (8.5, Seniority.SENIOR), (12.0, Seniority.LEAD))
_EVERYWHERE: Final = "it-services"


@dataclass(frozen=True, slots=True)
class Job:
    """A job; the present one has no end."""

    archetype: Archetype
    seniority: Seniority
    domain: str
    employer: str
    started_on: date
    ended_on: date | None

    def years(self, as_of: date) -> float:
        """How long it lasted, or has lasted."""
        return ((self.ended_on or as_of) - self.started_on).days / DAYS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Career:
    """A working life so far; jobs oldest first."""

    archetype: Archetype
    seniority: Seniority
    started_on: date
    as_of: date
    jobs: tuple[Job, ...]

    @property
    def years(self) -> float:
        """Since the first day of the first job."""
        return (self.as_of - self.started_on).days / DAYS_PER_YEAR

    def years_as(self, archetype: Archetype) -> float:
        """Years in jobs of one kind."""
        return sum(job.years(self.as_of) for job in self.jobs if job.archetype is archetype)


def make_career(rng: Random, sources: Sources, as_of: date) -> Career:
    """A career that ends, or goes on, at `as_of`."""
    archetype = weighted(rng, {kind: kind.weight for kind in sources.archetypes.values()})
    seniority, years = _standing(rng, sources, archetype, as_of)
    started_on = as_of - timedelta(days=max(45, round(years * DAYS_PER_YEAR)))
    spans = list(_spans(rng, started_on, as_of))
    kinds = _kinds(rng, sources, archetype, len(spans))
    jobs = _jobs(rng, sources, list(zip(kinds, spans, strict=True)), _Standing(started_on, as_of, seniority))
    return Career(archetype, seniority, started_on, as_of, tuple(jobs))


def longest(sources: Sources, seniority: Seniority) -> float:
    """The most years anybody spends before leaving a step of the career."""
    return sources.levels[seniority][1] * _LONGER[seniority.value]


@dataclass(frozen=True, slots=True)
class _Standing:
    started_on: date
    as_of: date
    seniority: Seniority


def _standing(rng: Random, sources: Sources, archetype: Archetype, as_of: date) -> tuple[Seniority, float]:
    """A step of the career and years that fit it, and that the trade has existed for."""
    age = max(as_of.year - archetype.since, 1)
    shares = {Seniority(level): share for level, share in sources.habits["seniority"].items()}
    allowed = {
        level: share
        for level, share in shares.items()
        if level.rank <= archetype.top.rank and sources.levels[level][0] < age
    }
    if archetype.years is None:
        seniority = weighted(rng, allowed)
        least, usual = sources.levels[seniority]
        years = rng.triangular(least, longest(sources, seniority), (least + usual) / 2)
        return seniority, max(least, min(years, age))
    least, most = archetype.years
    years = rng.triangular(least, max(least + 1, min(most, age)), least + (min(most, age) - least) * 0.3)
    fitting = {
        level: share for level, share in allowed.items() if sources.levels[level][0] <= years <= longest(sources, level)
    }
    return weighted(rng, fitting or {archetype.top: 1.0}), years


def _spans(rng: Random, started_on: date, as_of: date) -> Iterator[tuple[date, date | None]]:
    day = started_on
    while True:
        end = day + timedelta(days=round(rng.triangular(7, 66, 22) * DAYS_PER_MONTH))
        if end > as_of - timedelta(days=150):
            between = happens(rng, 0.14) and day < as_of - timedelta(days=120)
            yield day, as_of - timedelta(days=rng.randint(2, 75)) if between else None
            return
        yield day, end
        day = end + timedelta(days=1 if happens(rng, 0.6) else rng.randint(10, 110))


def _kinds(rng: Random, sources: Sources, archetype: Archetype, jobs: int) -> list[Archetype]:
    """One kind a job: some began as something else."""
    if not archetype.earlier or jobs < 2 or not happens(rng, 0.55):
        return [archetype] * jobs
    before = sources.archetypes[rng.choice(archetype.earlier)]
    first = rng.randint(1, max(1, jobs // 3))
    return [before] * first + [archetype] * (jobs - first)


def _jobs(
    rng: Random, sources: Sources, plan: list[tuple[Archetype, tuple[date, date | None]]], standing: _Standing
) -> Iterator[Job]:
    favourite = rng.choice(plan[-1][0].domains)
    used: set[str] = set()
    for at, (kind, (started_on, ended_on)) in enumerate(plan):
        fresh = [name for name in kind.domains if set(sources.employers.get(name, ())) - used] or kind.domains
        domain = favourite if favourite in fresh and happens(rng, 0.5) else rng.choice(fresh)
        employer = _employer(rng, sources, domain, used)
        used.add(employer)
        last = at == len(plan) - 1
        middle = started_on + ((ended_on or standing.as_of) - started_on) / 2
        seniority = standing.seniority if last else _step((middle - standing.started_on).days, standing, kind)
        yield Job(kind, seniority, domain, employer, started_on, ended_on)


def _employer(rng: Random, sources: Sources, domain: str, used: set[str]) -> str:
    everybody = [name for names in sources.employers.values() for name in names]
    for pool in (sources.employers.get(domain, ()), sources.employers.get(_EVERYWHERE, ()), everybody):
        fresh = [name for name in pool if name not in used]
        if fresh:
            return rng.choice(fresh)
    return rng.choice(everybody)


def _step(days: int, standing: _Standing, kind: Archetype) -> Seniority:
    """The step somebody stood on after so many days, never above where they are now."""
    years = days / DAYS_PER_YEAR
    reached = next((step for limit, step in _STEPS if years < limit), Seniority.PRINCIPAL)
    return min(reached, standing.seniority, kind.top, key=lambda step: step.rank)
