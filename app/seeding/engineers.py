"""Whole engineers: everything about number `index` depends on the seed, the index and the day, on nobody else."""

from datetime import date
from random import Random
from typing import Any

from app.seeding import abilities, bios, people, terms
from app.seeding.careers import Career, make_career
from app.seeding.chance import dice, happens, mostly
from app.seeding.people import Person
from app.seeding.sources import Sources
from app.talent.schemas import EngineerCreate, JobIn


def make_engineer(sources: Sources, seed: int, index: int, as_of: date) -> EngineerCreate:
    """Engineer number `index`."""
    key = (seed, "engineer", index)
    person = people.make_person(dice(*key, "person"), sources)
    career = make_career(dice(*key, "career"), sources, as_of)
    rng = dice(*key, "profile")
    return EngineerCreate.model_validate(
        {
            "given_name": person.given_name,
            "family_name": person.family_name,
            "title": bios.title_of(
                rng, sources, career.archetype, career.seniority, person.language, feminine=person.feminine
            ),
            "discipline": career.archetype.discipline,
            **_optional({"seniority": mostly(rng, career.seniority, 0.08)}),
            **_lists(rng, sources, career, person),
            **_place(rng, person),
            **_optional(terms.terms_of(rng, sources, career, person)),
            "contact": people.contact_of(rng, person, index),
            "draft": happens(rng, 0.03),
        }
    )


def _optional(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _lists(rng: Random, sources: Sources, career: Career, person: Person) -> dict[str, Any]:
    standing = (career.archetype, career.seniority)
    return {
        "skills": abilities.skills_of(rng, sources, career, person),
        "languages": people.languages_of(rng, sources, person, standing, career.as_of),
        "certifications": abilities.certifications_of(rng, sources, career, person),
        "domains": abilities.domains_of(rng, sources, career, person.language),
        "work_history": _work_history(rng, sources, career, person),
        "education": abilities.education_of(rng, sources, career, person),
        "bios": bios.bios_of(rng, sources, career, person),
    }


def _work_history(rng: Random, sources: Sources, career: Career, person: Person) -> list[JobIn]:
    """Jobs, newest first."""
    return [
        JobIn(
            title=bios.title_of(rng, sources, job.archetype, job.seniority, person.language, feminine=person.feminine),
            employer=job.employer,
            domain=mostly(rng, job.domain, 0.1),
            started_on=job.started_on,
            ended_on=job.ended_on,
            summary=mostly(rng, bios.summary_of(rng, sources, job, person), 0.15),
        )
        for job in reversed(career.jobs)
    ]


def _place(rng: Random, person: Person) -> dict[str, Any]:
    """The city by id, name or nickname; its zone is often left to it."""
    city = person.city
    if happens(rng, 0.05):
        return {"country": city.country, **({"zone": city.zone} if happens(rng, 0.4) else {})}
    written = rng.choice((city.id, city.name, city.name, rng.choice(city.spellings)))
    return {"city": written, "country": city.country, **({"zone": city.zone} if happens(rng, 0.6) else {})}
