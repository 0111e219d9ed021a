"""What clients ask for: roles of the kinds of engineers there are, in three languages."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from app.core.schemas import Cefr
from app.core.trade import Discipline, Seniority, WorkingWindow
from app.demand.models import EngagementKind, ServiceType
from app.demand.schemas import CertificationNeedIn, GateKind, RequestCreate, SkillNeedIn
from app.seeding import bios
from app.seeding.archetypes import LANGUAGES, Archetype, Language
from app.seeding.chance import dice, happens, mostly, some, weighted
from app.seeding.firms import Client
from app.seeding.sources import Sources
from app.seeding.terms import CENTS, fair_rate

_ENGINEERING: Final = {Discipline.MECHANICAL, Discipline.CIVIL, Discipline.ELECTRICAL, Discipline.EMBEDDED}
_SENIORITY: Final = {Seniority.JUNIOR: 8.0, Seniority.MID: 34.0, Seniority.SENIOR: 44.0, Seniority.LEAD: 14.0}
_YEARS: Final = {Seniority.JUNIOR: 1, Seniority.MID: 2, Seniority.SENIOR: 4, Seniority.LEAD: 6}
_ENGLISH: Final = {Cefr.B1: 24.0, Cefr.B2: 56.0, Cefr.C1: 20.0}
_ENGAGEMENT: Final = {
    EngagementKind.STAFF_AUGMENTATION: 60.0,
    EngagementKind.DEDICATED_TEAM: 22.0,
    EngagementKind.PROJECT: 12.0,
    EngagementKind.DIRECT_HIRE: 6.0,
}
_LATE: Final = 4
"""Careers that start after so many years elsewhere are senior ones."""
_WINDOWS: Final = (("09:00", "17:00"), ("09:00", "18:00"), ("08:00", "17:00"))


def make_requests(sources: Sources, seed: int, client: Client, at: int, as_of: date) -> tuple[RequestCreate, ...]:
    """The three to five requests of the client at this place in the list; languages take turns."""
    rng = dice(seed, "client", client.name)
    kinds = _kinds(rng, sources, client, rng.randint(3, 5))
    return tuple(
        _request(dice(seed, "request", client.name, turn), sources, client, kind, (as_of, _language(at + turn)))
        for turn, kind in enumerate(kinds)
    )


def _language(turn: int) -> Language:
    return (*LANGUAGES, "en")[turn % 4]


def _kinds(rng: Random, sources: Sources, client: Client, number: int) -> list[Archetype]:
    """Kinds of engineers a company of this domain hires, each once."""
    weights = {kind: kind.weight * _affinity(client, kind) for kind in sources.archetypes.values()}
    chosen: list[Archetype] = []
    while len(chosen) < number:
        kind = weighted(rng, weights)
        chosen.append(kind)
        del weights[kind]
    return chosen


def _affinity(client: Client, kind: Archetype) -> float:
    """Every company needs software; only some need roads, or keep a mainframe."""
    if client.domain in kind.domains:
        return 20.0 if kind.discipline in _ENGINEERING else 8.0
    return 0.0 if kind.discipline in _ENGINEERING | {Discipline.LEGACY} else 1.0


def _request(
    rng: Random, sources: Sources, client: Client, kind: Archetype, when: tuple[date, Language]
) -> RequestCreate:
    as_of, language = when
    seniority = _seniority(rng, kind)
    needs = _skills(rng, kind, seniority)
    title = bios.title_of(rng, sources, kind, seniority, language, feminine=False)
    fields: dict[str, Any] = {
        "title": title,
        "description": _description(rng, sources, client, kind, (language, needs)),
        "discipline": mostly(rng, kind.discipline, 0.12),
        "seniority": seniority,
        "skills": [_written(sources, need) for need in needs],
        "minimum_english": mostly(rng, weighted(rng, _ENGLISH), 0.06),
        "certifications": _certifications(rng, kind),
        "domains": [client.domain] if happens(rng, 0.9 if client.domain in kind.domains else 0.3) else [],
        "countries": [],
        "starts_on": as_of + timedelta(days=rng.randint(14, 70)),
        "start_tolerance_days": rng.choice((15, 30, 30, 45)),
        "duration_weeks": mostly(rng, rng.choice((12, 24, 26, 36, 52, 52)), 0.12),
        "headcount": rng.choice((1, 1, 1, 2, 2, 3, 4)),
        "weekly_hours": 40,
        "hourly_rate_ceiling": mostly(rng, _ceiling(rng, sources, kind, seniority), 0.1),
        "service_type": _service_type(kind),
        "engagement": weighted(rng, _ENGAGEMENT),
        "exclude_unknown": [GateKind.ENGLISH] if happens(rng, 0.12) else [],
        "open_to_suppliers": happens(rng, 0.7),
        **_hours(rng, client),
    }
    return RequestCreate.model_validate(fields)


def _seniority(rng: Random, kind: Archetype) -> Seniority:
    """A step that careers of this kind have."""
    least = Seniority.SENIOR if kind.years is not None and kind.years[0] >= _LATE else Seniority.JUNIOR
    return max(least, min(weighted(rng, _SENIORITY), kind.top, key=_rank), key=_rank)


def _rank(step: Seniority) -> int:
    return step.rank


def _hours(rng: Random, client: Client) -> dict[str, Any]:
    starts_at, ends_at = rng.choice(_WINDOWS)
    return {
        "zone": client.city.zone,
        "working_window": WorkingWindow(starts_at=starts_at, ends_at=ends_at),
        "minimum_shared_minutes": rng.choice((180, 240, 240, 300, 360)),
    }


def _skills(rng: Random, kind: Archetype, seniority: Seniority) -> list[SkillNeedIn]:
    """Two to four skills the role cannot do without, and some it would like."""
    years = _YEARS.get(seniority, 1)
    must = list(kind.core[: rng.randint(2, min(4, len(kind.core)))])
    nice = [*rng.sample(kind.usual, 2), *rng.sample(kind.occasional, rng.randint(1, 2))]
    return [
        *(SkillNeedIn(skill=skill, must=True, years=Decimal(max(1, years - at))) for at, skill in enumerate(must)),
        *(SkillNeedIn(skill=skill, must=False, years=mostly(rng, Decimal(1), 0.5)) for skill in nice),
    ]


def _written(sources: Sources, need: SkillNeedIn) -> SkillNeedIn:
    return need.model_copy(update={"skill": sources.words.skills.name_of(need.skill)})


def _certifications(rng: Random, kind: Archetype) -> list[CertificationNeedIn]:
    return [CertificationNeedIn(certification=name) for name in some(rng, kind.certifications[:1], 0.25)]


def _ceiling(rng: Random, sources: Sources, kind: Archetype, seniority: Seniority) -> dict[str, Any]:
    dollars = fair_rate(sources, kind.rate, seniority.value) * rng.uniform(1.05, 1.5)
    return {"amount_minor": round(dollars) * CENTS, "currency": "USD"}


def _service_type(kind: Archetype) -> ServiceType:
    if kind.discipline is Discipline.SUPPORT:
        return ServiceType.SUPPORT
    return ServiceType.ENGINEERING_SERVICES if kind.discipline in _ENGINEERING else ServiceType.DEVELOPMENT


def _description(
    rng: Random,
    sources: Sources,
    client: Client,
    kind: Archetype,
    role: tuple[Language, Sequence[SkillNeedIn]],
) -> str:
    language, needs = role
    names = [sources.words.skills.name_of(need.skill) for need in needs]
    fields = {
        **bios.work_and_tools(rng, sources, kind, language),
        **{f"skill{at}": name for at, name in enumerate(names[:3], 1)},
        "extra": names[-1],
        "title": bios.spoken_title(kind, language, feminine=False),
        "domain": sources.domain_name(client.domain, language),
        "city": client.city.name,
    }
    prose = sources.prose["request"][language]
    return " ".join(bios.compose(rng, prose[part], fields, language) for part in ("open", "work", "need", "close"))
