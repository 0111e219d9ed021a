"""The reference data: enough of it, loaded once, and never at the cost of a curator's work."""

import asyncio
import shutil

import pytest
from sqlmodel import func, select

from app.taxonomy import queries, reference, service
from app.taxonomy.models import City, Concept, ConceptKind
from app.taxonomy.words import TaxonomyInvalid


def append(file, text):
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


async def contents(session):
    return reference.revision_of(await queries.all_concepts(session))


@pytest.fixture
def edited(tmp_path):
    """A copy of the reference data, to be changed."""
    shutil.copytree(reference.SEED_DATA, tmp_path / "seed_data")
    return tmp_path / "seed_data"


def test_there_is_as_much_as_was_promised():
    concepts, cities = reference.read_concepts(), reference.read_cities()
    skills = [concept for concept in concepts if concept.kind is ConceptKind.SKILL]
    aliases = {
        alias.casefold()
        for skill in skills
        for names in skill.aliases.values()
        for alias in names
        if alias.casefold() != skill.name.casefold()
    }

    assert len(skills) >= 600
    assert len(aliases) >= 2500
    assert {language for skill in skills for language in skill.aliases} >= {"en", "es", "pt"}
    assert len([concept for concept in concepts if concept.kind is ConceptKind.CERTIFICATION]) >= 150
    assert len(cities) >= 120
    assert len({city.country for city in cities}) >= 15
    assert "intermediate" in {city.size for city in cities}


async def test_reference_data_is_loaded_once(session):
    before = await contents(session)

    loaded = [await service.load_reference(session) for _ in range(2)]

    assert loaded == [False, False]
    assert await contents(session) == before == await service.revision(session)


async def test_changed_reference_data_replaces_what_was_there(session, edited):
    append(edited / "domains.toml", '\n[[domain]]\nid = "zorb"\nname = "Zorbing"\nes = ["zorbismo"]\n')
    cities = (edited / "cities.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (edited / "cities.csv").write_text("".join(cities[:11]), encoding="utf-8")

    loaded = [await service.load_reference(session, edited) for _ in range(2)]

    assert loaded == [True, False]
    assert (await service.current(session)).domains.find("Zorbismo") == "zorb"
    assert (await session.exec(select(func.count()).select_from(City))).one() == 10
    assert await contents(session) == await service.revision(session)
    assert await service.load_reference(session)
    assert (await service.current(session)).domains.find("Zorbismo") is None


async def test_reference_data_that_contradicts_itself_is_refused_and_nothing_is_written(session, edited):
    append(edited / "domains.toml", '\n[[domain]]\nid = "zorb"\nname = "Banking"\n')
    before = await contents(session)

    with pytest.raises(TaxonomyInvalid):
        await service.load_reference(session, edited)

    assert await contents(session) == before


async def test_processes_that_set_up_at_once_load_it_once(committed_database, edited):
    append(edited / "domains.toml", '\n[[domain]]\nid = "zorb"\nname = "Zorbing"\n')

    async def load():
        async with committed_database.transaction() as session:
            return await service.load_reference(session, edited)

    loaded = await asyncio.gather(load(), load())

    assert sorted(loaded) == [False, True]
    async with committed_database.transaction() as session:
        assert await session.get(Concept, (ConceptKind.DOMAIN, "zorb")) is not None
