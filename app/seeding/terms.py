"""On which terms somebody works: price, hours, start, workplace."""

from datetime import date, timedelta
from random import Random
from typing import Any, Final

from app.core.trade import WorkingWindow
from app.seeding.careers import Career
from app.seeding.chance import happens, mostly, spread, weighted
from app.seeding.people import Person
from app.seeding.sources import Sources
from app.talent.models import BackupPower
from app.talent.schemas import Workplace

_WINDOWS: Final = {
    ("09:00", "18:00"): 44.0,
    ("08:00", "17:00"): 26.0,
    ("10:00", "19:00"): 12.0,
    ("07:00", "16:00"): 6.0,
    ("11:00", "20:00"): 4.0,
    ("12:00", "21:00"): 3.0,
    ("09:00", "14:00"): 2.0,
    ("22:00", "06:00"): 1.0,
}
_MEDIA: Final = {"fibre": 62.0, "cable": 22.0, "fixed_wireless": 6.0, "mobile": 5.0, "dsl": 3.0, "satellite": 2.0}
_SECOND_MEDIA: Final = {"mobile": 70.0, "cable": 14.0, "fixed_wireless": 10.0, "satellite": 6.0}
_SPEEDS: Final = {"fibre": (100, 900), "cable": (50, 400), "fixed_wireless": (20, 80), "satellite": (50, 180)}
_POWER: Final = {BackupPower.NONE: 48.0, BackupPower.UPS: 40.0, BackupPower.GENERATOR: 7.0, BackupPower.SOLAR: 5.0}
_WEEKS: Final = {40: 86.0, 20: 7.0, 30: 4.0, 44: 3.0}
CENTS: Final = 100


def fair_rate(sources: Sources, archetype_rate: float, seniority: str) -> float:
    """US dollars an hour, before the country and chance."""
    base: float = sources.habits["rate"][seniority]
    return base * archetype_rate


def terms_of(rng: Random, sources: Sources, career: Career, person: Person) -> dict[str, Any]:
    """The fields of a profile that say on which terms."""
    starts_at, ends_at = weighted(rng, _WINDOWS)
    return {
        "working_window": mostly(rng, WorkingWindow(starts_at=starts_at, ends_at=ends_at), 0.08),
        "available_from": mostly(rng, _available_from(rng, career), 0.08),
        "weekly_hours": mostly(rng, weighted(rng, _WEEKS), 0.06),
        "hourly_rate": mostly(rng, _rate(rng, sources, career, person), 0.09),
        "workplace": mostly(rng, _workplace(rng, sources), 0.12),
    }


def _available_from(rng: Random, career: Career) -> date:
    """At once for whoever is between jobs; others give notice and start on a Monday."""
    if career.jobs[-1].ended_on is not None or happens(rng, 0.2):
        return career.as_of
    day = career.as_of + timedelta(days=rng.randint(7, 84))
    return day + timedelta(days=(7 - day.weekday()) % 7)


def _rate(rng: Random, sources: Sources, career: Career, person: Person) -> dict[str, Any]:
    country = person.country
    dollars = fair_rate(sources, career.archetype.rate, career.seniority.value) * country.rate * spread(rng, 0.11)
    dollars = round(dollars * 2) / 2
    if country.currency == "USD" or not happens(rng, 0.07):
        return {"amount_minor": round(dollars * CENTS), "currency": "USD"}
    local = dollars * country.units_per_dollar
    tidy = float(f"{local:.2g}")
    return {"amount_minor": round(tidy * 10**country.minor_units), "currency": country.currency}


def _workplace(rng: Random, sources: Sources) -> Workplace:
    media = [weighted(rng, _MEDIA)]
    if happens(rng, 0.42):
        media += [medium for medium in (weighted(rng, _SECOND_MEDIA),) if medium not in media]
    connections = [
        {
            "medium": medium,
            "provider": mostly(rng, rng.choice(sources.habits["internet_providers"]), 0.3),
            "download_mbps": mostly(rng, _speed(rng, medium), 0.12),
        }
        for medium in media
    ]
    return Workplace.model_validate(
        {
            "connections": connections,
            "backup_power": weighted(rng, _POWER),
            "own_equipment": mostly(rng, happens(rng, 0.7), 0.15),
        }
    )


def _speed(rng: Random, medium: str) -> int:
    slow, fast = _SPEEDS.get(medium, (10, 60))
    return round(rng.uniform(slow, fast), -1).__trunc__()
