"""Rows turned into what the ranking reads: an engineer into a profile, a request into a brief.

This is where identity is left behind. Names, contact data and employers are not copied. Of titles, which are shown,
only words of the trade remain; out of other texts, of which only concepts are ever used, names and employers are cut.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from app.core.schemas import Cefr as CefrName
from app.demand.models import Request
from app.matchmaking.evidence import NOTHING, Withheld, dated_skills
from app.talent.models import Engineer, EngineerLanguage
from app.taxonomy.words import Taxonomy, fold
from matching import (
    DEFAULT_WEIGHTS,
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
from matching.suspicion import most_years
from matching.suspicion import without as without_passages
from matching.taxonomy import without_gender_marks
from matching.text import without_contacts

MOST_MENTIONED: Final = 12
_SHORTEST_NAME: Final = 2
_PARTICLES: Final = frozenset(
    {"da", "das", "de", "del", "der", "di", "do", "dos", "du", "e", "el", "la", "las", "le", "los", "van", "von", "y"}
)
"""Parts of names that are words of every text: cutting them would rank a de la Cruz below a Soto."""


def profile_of(engineer: Engineer, words: Taxonomy, withheld: Withheld = NOTHING) -> Profile:
    """What the ranking may know of an engineer; what was unknown when it was written is looked up again.

    Passages that are withheld are evidence of nothing.
    """
    private = identity_words(engineer)
    title = without_passages(engineer.title, withheld.get("/title", ()))
    return Profile(
        id=engineer.id,
        title=_title(private, title, words) or engineer.discipline.value,
        discipline=engineer.discipline.value,
        updated_on=engineer.updated_at.date(),
        seniority=engineer.seniority.rank if engineer.seniority else None,
        skills=_skills(engineer, words, withheld, private),
        english=_english(engineer.languages),
        certifications=tuple(
            CertificationFact(held.certification_id or fold(held.written), held.expires_on)
            for held in engineer.certifications
        ),
        domains=tuple(
            DomainFact(domain.domain_id or fold(domain.written), _number(domain.years)) for domain in engineer.domains
        ),
        past_titles=tuple(
            filter(
                None,
                (
                    _title(private, without_passages(job.title, withheld.get(f"/work_history/{at}/title", ())), words)
                    for at, job in enumerate(engineer.work_history)
                ),
            )
        ),
        country=engineer.country,
        zone=engineer.zone,
        window=_window(engineer.window_start, engineer.window_end),
        available_from=engineer.available_from,
        weekly_hours=engineer.weekly_hours,
        rate=engineer.rate_amount,
        currency=engineer.rate_currency,
    )


def brief_of(request: Request, as_of: date, words: Taxonomy) -> Brief:
    """What the ranking is asked for; what was unknown when it was written is looked up again."""
    needs = tuple(
        SkillNeed(need.skill_id or _skill(need.written, words), need.must, _number(need.years))
        for need in request.skills
    )
    return Brief(
        title=request.title,
        as_of=as_of,
        discipline=request.discipline.value if request.discipline else None,
        seniority=request.seniority.rank if request.seniority else None,
        skills=needs,
        mentioned=_mentioned([request.title, request.description], words, known=[need.skill for need in needs]),
        english=_cefr(request.minimum_english),
        english_modes=tuple(request.english_modes),
        certifications=tuple(
            CertificationNeed(need.certification_id or fold(need.written), need.required)
            for need in request.certifications
        ),
        domains=tuple(words.domains.find(name) or fold(name) for name in request.domains),
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
        weights=dict(request.weights or DEFAULT_WEIGHTS),
    )


def _mentioned(texts: Iterable[str], words: Taxonomy, *, known: Iterable[str]) -> tuple[str, ...]:
    """Skills that texts name and no known skill is or implies, those named oftenest first."""
    covered = {concept for skill in known for concept in words.skills.closure(skill)}
    read = (without_gender_marks(without_contacts(text)) for text in texts)
    found = Counter(one.concept_id for text in read for one in words.skills.mentions(text))
    others = (skill for skill in found if skill not in covered)
    return tuple(sorted(others, key=lambda skill: (-found[skill], skill))[:MOST_MENTIONED])


def identity_words(engineer: Engineer) -> re.Pattern[str] | None:
    """What in a text would give this person away: their names and their employers'."""
    names = [engineer.given_name, engineer.family_name, *engineer.given_name.split(), *engineer.family_name.split()]
    employers = [job.employer for job in engineer.work_history]
    words = {fold(word) for word in (*names, *employers)}
    words = {word for word in words if len(word) >= _SHORTEST_NAME and word not in _PARTICLES}
    if not words:
        return None
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    spellings = "|".join(_with_any_accents(word) for word in longest_first)
    return re.compile(rf"(?<!\w)(?:{spellings})(?![\w\u0300-\u036f])", re.IGNORECASE)


def without(private: re.Pattern[str] | None, text: str) -> str:
    """The text with every private word cut out, however it is accented."""
    if private is None:
        return text
    bare = private.sub(" ", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", " ".join(bare.split()))


def _skills(
    engineer: Engineer, words: Taxonomy, withheld: Withheld, private: re.Pattern[str] | None
) -> tuple[SkillFact, ...]:
    """The skills that are listed, in their order, then those that dated jobs bear out better than the list states them.

    Of a list of too many claims without a date, those count that a dated job bears out.
    """
    as_of = engineer.updated_at.date()
    evidenced = dated_skills(
        engineer.work_history, as_of, words.skills, withheld, hiding=lambda text: without(private, text)
    )
    facts: list[SkillFact] = []
    for at, skill in enumerate(engineer.skills):
        pointer = f"/skills/{at}"
        concept, years = skill.skill_id or _skill(skill.written, words), _number(skill.years)
        claimed = years is None and skill.last_used is None
        if f"{pointer}/written" in withheld or (claimed and "/skills" in withheld and concept not in evidenced):
            continue
        if years is not None and f"{pointer}/years" in withheld:
            years = min(years, float(most_years(concept, as_of.year) or years))
        facts.append(SkillFact(concept, years, skill.level, skill.last_used, None if len(facts) == at else pointer))
    return (*facts, *(fact for fact in evidenced.values() if not any(_says_as_much(one, fact) for one in facts)))


def _says_as_much(listed: SkillFact, evidenced: SkillFact) -> bool:
    """Whether a listed skill is worth no less, for any need, than the same skill as jobs bear it out."""
    if listed.skill != evidenced.skill or listed.years is None or listed.years < (evidenced.years or 0.0):
        return False
    return listed.last_used is None or listed.last_used >= (evidenced.last_used or 0)


def _title(private: re.Pattern[str] | None, written: str, words: Taxonomy) -> str:
    return words.known_words(without(private, written))


def _skill(written: str, words: Taxonomy) -> str:
    return words.skills.find(written) or fold(written)


def _with_any_accents(folded: str) -> str:
    return "".join(re.escape(char) + "[\u0300-\u036f]*" for char in folded)


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
