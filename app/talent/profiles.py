"""Turning what a firm wrote into rows: names linked to the taxonomy, places to their zones."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.core.encryption import HouseKey
from app.core.errors import Fault, Invalid
from app.core.trade import Seniority, WorkingWindow
from app.talent.documents import Bio, Education, Job
from app.talent.models import (
    Engineer,
    EngineerCertification,
    EngineerDomain,
    EngineerLanguage,
    EngineerSkill,
)
from app.talent.schemas import EngineerCreate, EngineerPatch
from app.taxonomy.models import City
from app.taxonomy.words import Lexicon, Taxonomy, key

SENIORITIES: Final = tuple(Seniority)
_SEALED: Final = frozenset({"given_name", "family_name"})
_PLAIN: Final = frozenset({"discipline", "country", "zone", "available_from", "weekly_hours"})


@dataclass(frozen=True, slots=True)
class Reference:
    """What is needed to link a profile: the taxonomy, the city its `city` names, and the key words are hashed with."""

    taxonomy: Taxonomy
    city: City | None
    house: HouseKey


def write(engineer: Engineer, data: EngineerCreate | EngineerPatch, reference: Reference) -> list[str]:
    """Write the fields that were given onto a row and seal it; return their names.

    Raises:
        Invalid: two entries of a list name the same thing.
    """
    given = [field for field in _ProfileWriter.FIELDS if field in data.model_fields_set]
    writer = _ProfileWriter(engineer, data, reference)
    for field in given:
        writer.write(field)
    engineer.seal()
    return given


class _ProfileWriter:
    """Writes one profile, field by field; a country and zone given as null come before the city that sets them."""

    FIELDS: Final = (
        *sorted(_PLAIN | _SEALED | {"title"}),
        "seniority",
        "city",
        "working_window",
        "hourly_rate",
        "workplace",
        "skills",
        "languages",
        "certifications",
        "domains",
        "work_history",
        "education",
        "bios",
    )

    def __init__(self, engineer: Engineer, data: EngineerCreate | EngineerPatch, reference: Reference) -> None:
        self.engineer = engineer
        self.data = data
        self.taxonomy = reference.taxonomy
        self.city = reference.city
        self.house = reference.house

    def write(self, field: str) -> None:
        """Write one field that was given."""
        value = getattr(self.data, field)
        special: Callable[[Any], None] | None = getattr(self, f"_write_{field}", None)
        if special is None:
            setattr(self.engineer.document if field in _SEALED else self.engineer, field, value)
        else:
            special(value)

    def _write_title(self, title: str) -> None:
        self.engineer.document.title = title
        if "seniority" not in self.data.model_fields_set:
            rank = self.taxonomy.seniority_in(title)
            # A title without a seniority word says nothing against what is known.
            self.engineer.seniority = self.engineer.seniority if rank is None else SENIORITIES[rank]

    def _write_city(self, written: str | None) -> None:
        self.engineer.city_id = self.city.id if self.city else None
        self.engineer.document.city_name = self.city.name if self.city else written
        if self.city and self.data.country is None:
            self.engineer.country = self.city.country
        if self.city and self.data.zone is None:
            self.engineer.zone = self.city.zone

    def _write_working_window(self, window: WorkingWindow | None) -> None:
        self.engineer.window_start, self.engineer.window_end = window.minutes if window else (None, None)

    def _write_hourly_rate(self, _: object) -> None:
        rate = self.data.hourly_rate
        self.engineer.rate_amount = rate.amount_minor if rate else None
        self.engineer.rate_currency = rate.currency if rate else None

    def _write_workplace(self, _: object) -> None:
        workplace = self.data.workplace
        self.engineer.document.workplace = workplace.model_dump(mode="json") if workplace else None

    def _write_skills(self, _: object) -> None:
        items = self.data.skills
        ids = [self.taxonomy.skills.find(item.skill) for item in items]
        _refuse_repeats("skills", "skill", [known or key(item.skill) for known, item in zip(ids, items, strict=True)])
        self.engineer.skills = [
            EngineerSkill(
                engineer_id=self.engineer.id,
                position=at,
                skill_id=ids[at],
                known_as=_name(self.taxonomy.skills, ids[at]),
                word_hash=None if ids[at] else word_hash(self.house, item.skill),
                **item.model_dump(exclude={"skill"}),
            )
            for at, item in enumerate(items)
        ]
        _word(self.engineer.skills, [item.skill for item in items])

    def _write_certifications(self, _: object) -> None:
        lexicon, items = self.taxonomy.certifications, self.data.certifications
        ids = [lexicon.find(item.certification) for item in items]
        self.engineer.certifications = [
            EngineerCertification(
                engineer_id=self.engineer.id,
                position=at,
                certification_id=ids[at],
                known_as=_name(lexicon, ids[at]),
                issued_on=item.issued_on,
                expires_on=item.expires_on,
            )
            for at, item in enumerate(items)
        ]
        _word(self.engineer.certifications, [item.certification for item in items])

    def _write_domains(self, _: object) -> None:
        lexicon, items = self.taxonomy.domains, self.data.domains
        ids = [lexicon.find(item.domain) for item in items]
        _refuse_repeats(
            "domains", "domain", [known or key(item.domain) for known, item in zip(ids, items, strict=True)]
        )
        self.engineer.domains = [
            EngineerDomain(
                engineer_id=self.engineer.id,
                position=at,
                domain_id=ids[at],
                known_as=_name(lexicon, ids[at]),
                years=item.years,
            )
            for at, item in enumerate(items)
        ]
        _word(self.engineer.domains, [item.domain for item in items])

    def _write_work_history(self, _: object) -> None:
        lexicon, items = self.taxonomy.domains, self.data.work_history
        ids = [lexicon.find(item.domain) if item.domain else None for item in items]
        self.engineer.document.work_history = [
            Job(
                domain_id=known,
                domain_name=_name(lexicon, known) or item.domain,
                **item.model_dump(exclude={"domain"}),
            )
            for known, item in zip(ids, items, strict=True)
        ]

    def _write_languages(self, _: object) -> None:
        self.engineer.languages = [
            EngineerLanguage(engineer_id=self.engineer.id, position=at, **item.model_dump())
            for at, item in enumerate(self.data.languages)
        ]

    def _write_education(self, _: object) -> None:
        self.engineer.document.education = [Education(**item.model_dump()) for item in self.data.education]

    def _write_bios(self, _: object) -> None:
        self.engineer.document.bios = [Bio(**item.model_dump()) for item in self.data.bios]


def word_hash(house: HouseKey, written: str) -> bytes:
    """What a word that no concept goes by is found again by, however it is spelt."""
    return house.digest("engineer_skill", "word_hash", key(written))


def _name(lexicon: Lexicon, known: str | None) -> str | None:
    return lexicon.name_of(known) if known else None


def _word(entries: Sequence[EngineerSkill | EngineerCertification | EngineerDomain], written: Sequence[str]) -> None:
    for entry, word in zip(entries, written, strict=True):
        entry.word(word)


def _refuse_repeats(field: str, member: str, references: Iterable[str]) -> None:
    seen: set[str] = set()
    faults = []
    for at, reference in enumerate(references):
        if reference in seen:
            detail = f"Names the same {member} as an entry before it."
            faults.append(Fault(f"/{field}/{at}/{member}", "body", "repeated", detail))
        seen.add(reference)
    if faults:
        raise Invalid(f"A {member} is given twice.", faults=faults)
