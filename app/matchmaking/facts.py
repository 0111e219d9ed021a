"""Rows turned into what the ranking reads: an engineer into a profile, a request into a brief.

This is where identity is left behind. Names, contact data and employers are not copied, and are cut out of titles and
texts that contain them.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from app.core.schemas import Cefr as CefrName
from app.demand.models import Request
from app.talent.models import Engineer, EngineerLanguage
from app.taxonomy.words import fold
from matching import (
    Brief,
    Cefr,
    CertificationFact,
    CertificationNeed,
    DomainFact,
    English,
    Profile,
    SkillFact,
    SkillNeed,
)

_SHORTEST_NAME: Final = 2


def profile_of(engineer: Engineer) -> Profile:
    """What the ranking may know of an engineer."""
    private = identity_words(engineer)
    return Profile(
        id=engineer.id,
        title=without(private, engineer.title),
        discipline=engineer.discipline.value,
        updated_on=engineer.updated_at.date(),
        seniority=engineer.seniority.rank if engineer.seniority else None,
        skills=tuple(
            SkillFact(skill.skill_id or fold(skill.written), _number(skill.years), skill.level, skill.last_used)
            for skill in engineer.skills
        ),
        english=_english(engineer.languages),
        certifications=tuple(
            CertificationFact(held.certification_id or fold(held.written), held.expires_on)
            for held in engineer.certifications
        ),
        domains=tuple(
            DomainFact(domain.domain_id or fold(domain.written), _number(domain.years)) for domain in engineer.domains
        ),
        past_titles=tuple(without(private, job.title) for job in engineer.work_history),
        country=engineer.country,
        zone=engineer.zone,
        window=_window(engineer.window_start, engineer.window_end),
        available_from=engineer.available_from,
        weekly_hours=engineer.weekly_hours,
        rate=engineer.rate_amount,
        currency=engineer.rate_currency,
    )


def texts_of(engineer: Engineer) -> list[str]:
    """Bios and job summaries without names and employers, for the concepts in them."""
    private = identity_words(engineer)
    texts = [*(bio.text for bio in engineer.bios), *(job.summary or "" for job in engineer.work_history)]
    return [without(private, text) for text in texts if text]


def brief_of(request: Request, as_of: date) -> Brief:
    """What the ranking is asked for."""
    return Brief(
        title=request.title,
        as_of=as_of,
        discipline=request.discipline.value if request.discipline else None,
        seniority=request.seniority.rank if request.seniority else None,
        skills=tuple(
            SkillNeed(need.skill_id or fold(need.written), need.must, _number(need.years)) for need in request.skills
        ),
        english=_cefr(request.minimum_english),
        english_modes=tuple(request.english_modes),
        certifications=tuple(
            CertificationNeed(need.certification_id or fold(need.written), need.required)
            for need in request.certifications
        ),
        domains=tuple(request.domains),
        countries=tuple(request.countries),
        zone=request.zone,
        window=_window(request.window_start, request.window_end),
        shared_minutes=request.minimum_shared_minutes,
        starts_on=request.starts_on,
        ends_on=_end(request),
        start_tolerance_days=request.start_tolerance_days,
        weekly_hours=request.weekly_hours,
        rate_ceiling=request.rate_ceiling,
        currency=request.rate_currency,
        exclude_unknown=frozenset(request.exclude_unknown),
        weights=dict(request.weights),
    )


def identity_words(engineer: Engineer) -> re.Pattern[str] | None:
    """What in a text would give this person away: their names and their employers'."""
    names = [engineer.given_name, engineer.family_name, *engineer.given_name.split(), *engineer.family_name.split()]
    employers = [job.employer for job in engineer.work_history]
    words = {word for word in (*names, *employers) if len(word) >= _SHORTEST_NAME}
    if not words:
        return None
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)


def without(private: re.Pattern[str] | None, text: str) -> str:
    """The text with every private word cut out; never empty, so that a title stays a title."""
    if private is None:
        return text
    kept = " ".join(private.sub(" ", text).split())
    return kept or "unnamed"


def _english(languages: Iterable[EngineerLanguage]) -> English:
    spoken = next((one for one in languages if one.language.split("-")[0] == "en"), None)
    if spoken is None:
        return English()
    return English(_cefr(spoken.speaking), _cefr(spoken.listening), _cefr(spoken.reading), _cefr(spoken.writing))


def _cefr(level: CefrName | None) -> Cefr | None:
    return None if level is None else Cefr[level.name]


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _window(start: int | None, end: int | None) -> tuple[int, int] | None:
    return None if start is None or end is None else (start, end)


def _end(request: Request) -> date | None:
    if request.starts_on is None or request.duration_weeks is None:
        return None
    return request.starts_on + timedelta(weeks=request.duration_weeks)
