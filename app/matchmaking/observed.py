"""What fairness is measured by, coded out of a profile; the ranking carries it along and never reads it."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from app.talent.documents import Bio, Job
from app.talent.models import Engineer
from matching import Observed

LOOK_BACK_YEARS: Final = 10
LONGEST_PAUSE: Final = timedelta(days=366)
"""Twelve months, whichever they are."""
MARKET_LANGUAGES: Final = frozenset({"en", "es", "pt"})


def observed_of(engineer: Engineer, hub_sizes: Mapping[str, str], as_of: date) -> Observed:
    """The language, hub and career gap of a profile; `hub_sizes` has the class of each city by id."""
    return Observed(
        profile_language=_language(engineer.bios),
        hub_size=hub_sizes.get(engineer.city_id or ""),
        career_gap=career_gap(engineer.work_history, as_of),
    )


def career_gap(jobs: Iterable[Job], as_of: date) -> str | None:
    """Whether more than twelve months lie between two jobs, within the last ten years; None without a job in them.

    Jobs that overlap count as one. The time before the first job, and after the last, is no gap between jobs.
    """
    since = _years_before(as_of, LOOK_BACK_YEARS)
    spans = sorted((job.started_on, job.ended_on or as_of) for job in jobs if job.started_on <= as_of)
    recent = [span for span in spans if span[1] >= since]
    if not recent:
        return None
    earlier = [span[1] for span in spans if span[1] < since]
    # A pause that began before the ten years counts from where they begin.
    worked_until = since if earlier else recent[0][0]
    for started_on, ended_on in recent:
        if started_on - worked_until > LONGEST_PAUSE:
            return "over_a_year"
        worked_until = max(worked_until, ended_on)
    return "none"


def _language(bios: Iterable[Bio]) -> str | None:
    """The language of the bios, by their tags; None without a bio."""
    spoken = {bio.language.split("-")[0] for bio in bios}
    if not spoken:
        return None
    if len(spoken) > 1:
        return "several"
    (only,) = spoken
    return only if only in MARKET_LANGUAGES else "other"


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
