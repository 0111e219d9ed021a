from collections import Counter
from datetime import date
from itertools import pairwise

import pytest

from app.core.schemas import Cefr
from app.core.trade import Discipline, Seniority
from app.demand.models import ServiceType
from app.seeding.abilities import FEWEST_SKILLS, MOST_SKILLS
from app.seeding.archetypes import SeedDataInvalid, read_archetypes
from app.seeding.careers import DAYS_PER_YEAR, longest
from app.seeding.generate import Demonstration, generate
from app.seeding.people import MAIL_DOMAINS
from app.seeding.sources import Sources, read_sources
from app.talent.schemas import EngineerCreate
from app.taxonomy import reference

AS_OF = date(2026, 11, 23)
PEOPLE = 500


@pytest.fixture(scope="module")
def sources() -> Sources:
    return read_sources()


@pytest.fixture(scope="module")
def demonstration(sources: Sources) -> Demonstration:
    return generate(7, engineers=PEOPLE, as_of=AS_OF, sources=sources)


@pytest.fixture(scope="module")
def engineers(demonstration: Demonstration) -> list[EngineerCreate]:
    return [engineer for team in demonstration.engineers.values() for engineer in team]


def started_on(engineer: EngineerCreate) -> date:
    return engineer.work_history[-1].started_on


def test_the_same_seed_makes_the_same_demonstration(demonstration: Demonstration) -> None:
    assert generate(7, engineers=PEOPLE, as_of=AS_OF) == demonstration


def test_another_seed_makes_other_people_at_the_same_companies(demonstration: Demonstration) -> None:
    other = generate(8, engineers=30, as_of=AS_OF)

    assert list(other.engineers) == list(demonstration.engineers)
    assert list(other.requests) == list(demonstration.requests)
    assert {e for team in other.engineers.values() for e in map(EngineerCreate.model_dump_json, team)}.isdisjoint(
        e for team in demonstration.engineers.values() for e in map(EngineerCreate.model_dump_json, team)
    )


def test_more_engineers_keep_the_first_ones_at_their_firms(demonstration: Demonstration) -> None:
    fewer = generate(7, engineers=120, as_of=AS_OF)

    for firm, team in fewer.engineers.items():
        assert demonstration.engineers[firm][: len(team)] == team


def test_there_are_as_many_as_were_asked_for(demonstration: Demonstration, engineers: list[EngineerCreate]) -> None:
    assert len(engineers) == PEOPLE
    assert len(demonstration.engineers) == 40
    assert len({firm.name for firm in demonstration.engineers}) == 40
    assert len(demonstration.requests) == 12
    assert all(3 <= len(requests) <= 5 for requests in demonstration.requests.values())


def test_more_companies_than_names_still_have_names_of_their_own() -> None:
    many = generate(7, engineers=0, firms=150, clients=60, as_of=AS_OF)

    assert len({firm.name for firm in many.engineers}) == 150
    assert len({client.name for client in many.requests}) == 60


def test_every_discipline_occurs(sources: Sources, engineers: list[EngineerCreate]) -> None:
    assert len(sources.archetypes) >= 35
    assert {engineer.discipline for engineer in engineers} == set(Discipline)


def test_jobs_follow_one_another(engineers: list[EngineerCreate]) -> None:
    for engineer in engineers:
        oldest_first = engineer.work_history[::-1]
        assert oldest_first
        for job, following in pairwise(oldest_first):
            assert job.ended_on is not None
            assert job.started_on < job.ended_on < following.started_on
        last = oldest_first[-1]
        assert last.started_on < (last.ended_on or AS_OF) <= AS_OF
        assert len({job.employer for job in oldest_first}) == len(oldest_first)


def test_titles_progress(sources: Sources, engineers: list[EngineerCreate]) -> None:
    for engineer in engineers:
        ranks = [sources.words.seniority_in(job.title) for job in engineer.work_history[::-1]]
        stated = [rank for rank in ranks if rank is not None]
        assert stated == sorted(stated), engineer.work_history


def test_seniority_fits_the_years(sources: Sources, engineers: list[EngineerCreate]) -> None:
    for engineer in engineers:
        if engineer.seniority is None:
            continue
        years = (AS_OF - started_on(engineer)).days / DAYS_PER_YEAR
        assert years >= sources.levels[engineer.seniority][0] - 0.1
        assert years <= longest(sources, engineer.seniority) + 0.1
    assert {engineer.seniority for engineer in engineers} >= set(Seniority)


def test_nothing_takes_longer_than_the_career(sources: Sources, engineers: list[EngineerCreate]) -> None:
    for engineer in engineers:
        years = (AS_OF - started_on(engineer)).days / DAYS_PER_YEAR
        for stated in [item.years for item in (*engineer.skills, *engineer.domains) if item.years is not None]:
            assert stated <= years
        for skill in engineer.skills:
            assert skill.last_used is None or started_on(engineer).year <= skill.last_used <= AS_OF.year
            since = sources.habits["since"].get(sources.words.skills.find(skill.skill), 0)
            assert skill.years is None or float(skill.years) <= max(AS_OF.year + 1 - since, 1)


def test_skills_are_known_but_for_a_few_words(sources: Sources, engineers: list[EngineerCreate]) -> None:
    for engineer in engineers:
        assert FEWEST_SKILLS - 1 <= len(engineer.skills) <= MOST_SKILLS
        known = [sources.words.skills.find(skill.skill) for skill in engineer.skills]
        assert len(set(known)) == len(known)
    written = [skill.skill for engineer in engineers for skill in engineer.skills]
    unknown = [word for word in written if sources.words.skills.find(word) is None]
    canonical = [word for word in written if sources.words.skills.name_of(str(sources.words.skills.find(word))) == word]

    assert 0.002 < len(unknown) / len(written) < 0.02
    assert 0.7 < len(canonical) / len(written) < 0.9


def test_domains_and_certifications_are_known(sources: Sources, engineers: list[EngineerCreate]) -> None:
    for engineer in engineers:
        assert all(sources.words.domains.find(item.domain) for item in engineer.domains)
        for held in engineer.certifications:
            assert sources.words.certifications.find(held.certification)
            if held.issued_on is not None:
                assert started_on(engineer) <= held.issued_on < AS_OF
                assert held.expires_on is None or held.expires_on > held.issued_on
    assert sum(bool(engineer.certifications) for engineer in engineers) > PEOPLE / 5


def test_cities_give_the_zone(sources: Sources, engineers: list[EngineerCreate]) -> None:
    zones = {place.zone for places in sources.cities.values() for place in places}

    assert {engineer.zone for engineer in engineers if engineer.zone} <= zones
    assert len({engineer.country for engineer in engineers}) >= 12


def test_everybody_has_a_language(engineers: list[EngineerCreate]) -> None:
    for engineer in engineers:
        native = next(item.language for item in engineer.languages if item.speaking is Cefr.NATIVE)
        assert native == ("pt" if engineer.country == "BR" else "es")
    english = [item for engineer in engineers for item in engineer.languages if item.language == "en"]
    spoken = Counter(item.speaking for item in english)

    assert 0.85 < len(english) / PEOPLE < 0.98
    assert spoken[Cefr.B2] == max(spoken[level] for level in Cefr)
    order = list(Cefr)
    assert all(
        order.index(item.reading) >= order.index(item.speaking) for item in english if item.reading and item.speaking
    )


def test_bios_come_in_three_languages(engineers: list[EngineerCreate]) -> None:
    tags = Counter(bio.language.partition("-")[0] for engineer in engineers for bio in engineer.bios)

    assert set(tags) == {"es", "pt", "en"}
    assert min(tags.values()) > PEOPLE / 10
    texts = [bio.text for engineer in engineers for bio in engineer.bios]
    assert not [text for text in texts if "{" in text or ".." in text]
    assert not [text for text in texts if engineers[0].family_name in text]


def test_contact_data_is_nobodys(engineers: list[EngineerCreate]) -> None:
    contacts = [engineer.contact for engineer in engineers if engineer.contact]
    addresses = [contact.email for contact in contacts if contact.email]

    assert len(set(addresses)) == len(addresses) > PEOPLE * 0.9
    assert {address.partition("@")[2] for address in addresses} <= set(MAIL_DOMAINS)
    assert all(" 555 01" in contact.phone for contact in contacts if contact.phone)
    assert all(link.host == "example.com" for contact in contacts for link in contact.links)


def test_people_leave_fields_out(engineers: list[EngineerCreate]) -> None:
    for field in ("seniority", "working_window", "available_from", "weekly_hours", "hourly_rate", "workplace"):
        missing = sum(getattr(engineer, field) is None for engineer in engineers) / PEOPLE
        assert 0.02 < missing < 0.16, field
    for engineer in engineers:
        assert engineer.available_from is None or 0 <= (engineer.available_from - AS_OF).days <= 91


def test_rates_rise_with_seniority(engineers: list[EngineerCreate]) -> None:
    rates: dict[Seniority, list[int]] = {level: [] for level in Seniority}
    for engineer in engineers:
        if engineer.seniority and engineer.hourly_rate and engineer.hourly_rate.currency == "USD":
            rates[engineer.seniority].append(engineer.hourly_rate.amount_minor)
    means = [sum(found) / len(found) for found in rates.values()]

    assert means == sorted(means)
    assert min(min(found) for found in rates.values()) > 500
    assert max(max(found) for found in rates.values()) < 20_000


def test_requests_can_be_read_and_met(sources: Sources, demonstration: Demonstration) -> None:
    requests = [(client, request) for client, team in demonstration.requests.items() for request in team]
    for client, request in requests:
        assert request.zone == client.city.zone
        assert request.minimum_shared_minutes
        assert request.starts_on is not None
        assert request.starts_on > AS_OF
        assert all(sources.words.skills.find(need.skill) for need in request.skills)
        assert {need.must for need in request.skills} == {True, False}
        assert "{" not in request.description
    assert {request.service_type for _, request in requests} == set(ServiceType)
    text = " ".join(request.description for _, request in requests)
    assert all(word in text for word in (" our ", " nuestr", " nosso time"))


def test_an_archetype_that_names_what_does_not_exist_is_refused(sources: Sources, tmp_path_factory) -> None:
    file = tmp_path_factory.mktemp("seed") / "archetypes.toml"
    whole = (reference.SEED_DATA / "archetypes.toml").read_text(encoding="utf-8")
    file.write_text(whole.replace('"hibernate"', '"hibernation"'), encoding="utf-8")

    with pytest.raises(SeedDataInvalid, match="backend-java-banking: no skill 'hibernation'"):
        read_archetypes(file, sources.words)
