"""Names imported from elsewhere: whole or not at all, once, in place of those before, and never the taxonomy's."""

import asyncio

import pytest
from sqlmodel import func, select

from app.audit.models import AuditRecord
from app.core.actor import Actor, Role
from app.taxonomy import service, thesaurus
from app.taxonomy.models import ThesaurusEntry, ThesaurusSource
from app.taxonomy.words import ESCO_ATTRIBUTION, TaxonomyInvalid, entries_of
from tests.matching.test_esco import HEADER, row

SYSTEM = Actor.system()


@pytest.fixture
def folder(tmp_path):
    """Two languages of a small ESCO."""
    folder = tmp_path / "ESCO dataset - v1.2.0"
    folder.mkdir()
    (folder / "occupations_es.csv").write_text(HEADER + row("a", "panadero", "panadera") + row("b", "enfermera"))
    (folder / "occupations_en.csv").write_text(HEADER + row("b", "nurse") + row("a", "baker", "Go", "日本語"))
    return folder


def reread(folder, **options):
    return thesaurus.read_import([folder], **options)


async def stored(session):
    statement = select(ThesaurusEntry.concept_id, ThesaurusEntry.language, ThesaurusEntry.names)
    return sorted(map(tuple, (await session.exec(statement)).all()))


async def recorded(session):
    statement = select(AuditRecord).where(AuditRecord.subject_type == "thesaurus").order_by(AuditRecord.sequence)
    return [(record.action, record.payload.get("names")) for record in (await session.exec(statement)).all()]


async def test_names_come_in_whole_and_are_learned_from_beside_the_taxonomy(session, folder):
    written = []

    outcome = await thesaurus.replace(session, SYSTEM, reread(folder), progress=written.append)

    assert outcome.changed
    assert outcome.before is None
    assert sum(written) == 2
    assert await stored(session) == [
        ("occupation/a", "en", ["baker", "Go", "日本語"]),
        ("occupation/a", "es", ["panadero", "panadera"]),
        ("occupation/b", "en", ["nurse"]),
        ("occupation/b", "es", ["enfermera"]),
    ]
    entries = await thesaurus.entries(session)
    assert [entry.id for entry in entries] == sorted(entry.id for entry in entries)
    imported = [entry for entry in entries if entry.source == ESCO_ATTRIBUTION]
    assert imported == list(reread(folder).entries)
    assert len(entries) == len(entries_of(await service.current(session))) + 2


async def test_an_imported_name_never_takes_a_skills(session, folder):
    before = (await service.revision(session), (await service.current(session)).skills.find("Go"))

    await thesaurus.replace(session, SYSTEM, reread(folder))

    taxonomy = await service.current(session)
    assert (await service.revision(session), taxonomy.skills.find("Go")) == before
    assert taxonomy.titles.find("baker") is None


async def test_the_same_files_again_change_nothing(session, folder):
    await thesaurus.replace(session, SYSTEM, reread(folder))
    before = (await thesaurus.revision(session), (await session.exec(select(ThesaurusSource.id))).one())

    outcome = await thesaurus.replace(session, SYSTEM, reread(folder))

    assert not outcome.changed
    assert (await thesaurus.revision(session), (await session.exec(select(ThesaurusSource.id))).one()) == before


async def test_another_release_takes_the_place_of_the_one_before(session, folder):
    await thesaurus.replace(session, SYSTEM, reread(folder))
    (folder / "occupations_es.csv").unlink()
    (folder / "occupations_en.csv").write_text(HEADER + row("c", "welder"))

    outcome = await thesaurus.replace(session, SYSTEM, reread(folder, release="2.0"))

    assert outcome.changed
    assert outcome.before.names == 7
    assert await stored(session) == [("occupation/c", "en", ["welder"])]
    assert (await session.exec(select(ThesaurusSource.release))).all() == ["2.0"]


async def test_what_was_removed_is_gone_and_comes_back_as_it_was(session, folder):
    without = await thesaurus.revision(session)
    await thesaurus.replace(session, SYSTEM, reread(folder))
    imported = await thesaurus.revision(session)

    removed = [await thesaurus.remove(session, SYSTEM, thesaurus.ESCO) for _ in range(2)]

    assert removed == [True, False]
    assert await stored(session) == []
    assert await thesaurus.revision(session) == without != imported
    await thesaurus.replace(session, SYSTEM, reread(folder))
    assert await thesaurus.revision(session) == imported


async def test_a_comparison_writes_nothing(session, folder):
    outcome = await thesaurus.compare(session, reread(folder))

    assert outcome.changed
    assert await stored(session) == []


def test_the_digest_is_of_the_names_and_not_of_the_files(folder, tmp_path):
    again = tmp_path / "again"
    again.mkdir()
    for file in folder.iterdir():
        (again / file.name).write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))

    assert reread(again, release="1.2.0").digest == reread(folder).digest
    assert reread(again, release="1.2.1").digest != reread(folder).digest
    assert reread(folder, languages=["en"]).digest != reread(folder).digest
    assert reread(folder).release == "1.2.0"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"languages": ["es"]}, "nothing in these files has an English name"),
        ({"languages": ["en", "fr"]}, "not fr"),
        ({"release": "1" * 41}, "a release has at most 40 letters"),
    ],
)
def test_an_import_that_would_teach_nothing_is_refused(folder, options, said):
    with pytest.raises(TaxonomyInvalid, match=said):
        reread(folder, **options)


async def test_a_name_the_database_cannot_hold_changes_nothing(session, folder):
    await thesaurus.replace(session, SYSTEM, reread(folder))
    (folder / "skills_en.csv").write_text(HEADER + row("d", "half a\x00 name"))

    with pytest.raises(TaxonomyInvalid, match=r"skills_en\.csv, line 2"):
        reread(folder)

    assert len(await stored(session)) == 4


async def test_two_imports_at_once_leave_one_of_them_whole(committed_database, folder):
    one = reread(folder)
    (folder / "occupations_es.csv").unlink()
    other = reread(folder)

    async def run(given):
        async with committed_database.transaction() as session:
            return await thesaurus.replace(session, SYSTEM, given)

    outcomes = await asyncio.gather(run(one), run(one), run(other), run(other))

    async with committed_database.transaction() as session:
        (source,) = (await session.exec(select(ThesaurusSource))).all()
        kept = one if source.digest == one.digest else other
        assert source.digest == kept.digest
        assert (await session.exec(select(func.count()).select_from(ThesaurusEntry))).one() == sum(
            len(entry.names) for entry in kept.entries
        )
        assert len(await recorded(session)) == sum(outcome.changed for outcome in outcomes) >= 2


async def test_each_change_is_recorded_once_and_what_changes_nothing_is_not(committed_database, folder):
    for _ in range(2):
        async with committed_database.transaction() as session:
            await thesaurus.replace(session, SYSTEM, reread(folder))
    for _ in range(2):
        async with committed_database.transaction() as session:
            await thesaurus.remove(session, SYSTEM, thesaurus.ESCO)

    async with committed_database.transaction() as session:
        assert await recorded(session) == [("thesaurus.imported", 7), ("thesaurus.removed", None)]
        record = (await session.exec(select(AuditRecord).where(AuditRecord.action == "thesaurus.imported"))).one()
    assert record.payload == {
        "name": "esco",
        "release": "1.2.0",
        "digest": reread(folder).digest,
        "concepts": 2,
        "names": 7,
    }


async def test_an_import_that_is_interrupted_leaves_what_was_there(committed_database, folder):
    async with committed_database.transaction() as session:
        await thesaurus.replace(session, SYSTEM, reread(folder))
    (folder / "occupations_en.csv").write_text(HEADER + row("c", "welder"))

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        async with committed_database.transaction() as session:
            await thesaurus.replace(session, SYSTEM, reread(folder), progress=interrupt)

    async with committed_database.transaction() as session:
        assert len(await stored(session)) == 4


async def test_sources_are_listed_with_the_attribution_they_ask_for(client, session, acting_as, folder):
    await thesaurus.replace(session, SYSTEM, reread(folder))

    for role in (Role.RECRUITER, Role.SUPPLIER_ADMIN, Role.HIRING_MANAGER):
        caller = await acting_as(role)
        reply = await client.get("/v1/taxonomy/sources", headers=caller.headers)
        (source,) = reply.json()["items"]
        assert source["attribution"] == "ESCO, © European Union, https://esco.ec.europa.eu"
        assert "2011/833/EU" in source["licence"]
        assert (source["name"], source["release"], source["languages"]) == ("esco", "1.2.0", ["en", "es"])
        assert (source["concepts"], source["names"]) == (2, 7)


async def test_without_an_import_the_list_is_empty_and_strangers_see_nothing(client, acting_as):
    caller = await acting_as(Role.RECRUITER)

    assert (await client.get("/v1/taxonomy/sources", headers=caller.headers)).json()["items"] == []
    assert (await client.get("/v1/taxonomy/sources")).status_code == 401
