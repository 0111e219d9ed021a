"""The ledger of erasures: what is in it stays erased, whatever backup is restored and wherever a process ended."""

import json
import multiprocessing
from contextlib import suppress
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.engine import make_url
from sqlmodel import col, select
from typer.testing import CliRunner

from app import main, operations
from app.audit.models import AuditRecord
from app.cli import cli
from app.core.actor import Role
from app.core.clock import utcnow
from app.core.errors import CannotStart
from app.core.etags import IfMatch
from app.core.ids import new_id
from app.core.settings import Settings
from app.core.tenancy import SYSTEM
from app.matchmaking.engine import Engine
from app.talent.models import Engineer
from app.talent.privacy import erasure
from app.talent.privacy.ledger import FILE, LEDGER, Ledger, ledger
from app.talent.privacy.models import Ground
from matching import HashingEncoder
from tests.conftest import client_of
from tests.factories import make_caller
from tests.payloads import matching, post_engineer, skills
from tests.postgres import connect, create_database, drop_database

GROUND = {"ground": "no_longer_needed"}


@pytest.fixture
def book(tmp_path):
    return Ledger(tmp_path / "deep" / "erasures.ndjson")


def a_line(engineer_id):
    return json.dumps({"engineer_id": str(engineer_id), "at": "2026-11-21T00:00:00+00:00"}).encode() + b"\n"


def test_who_is_written_down_is_read_back_once_and_nothing_else_is_kept(book):
    ids = [new_id() for _ in range(3)]

    for engineer_id in (*ids, ids[0]):
        book.append(engineer_id, utcnow())

    assert book.read() == ids
    assert book.path.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in book.path.read_bytes().splitlines()]
    assert [set(line) for line in lines] == [{"engineer_id", "at"}] * 4


def test_no_ledger_names_nobody(book):
    assert book.read() == []


@pytest.mark.parametrize("torn", [b'{"engineer_id": "01a1fb42', b"{", b"\0" * 100, "Ñ".encode()[:1], b"x" * 10_000])
def test_a_torn_last_line_is_passed_over_and_cut_off_by_the_next(book, torn):
    before, after = new_id(), new_id()
    book.append(before, utcnow())
    with book.path.open("ab") as file:
        file.write(torn)

    assert book.read() == [before]
    book.append(after, utcnow())

    assert book.read() == [before, after]
    assert book.path.read_bytes().count(b"\n") == len(book.path.read_bytes().splitlines()) == 2


def test_a_ledger_that_is_nothing_but_a_torn_line_is_begun_again(book):
    book.path.parent.mkdir()
    book.path.write_bytes(b'{"engineer')
    one = new_id()

    assert book.read() == []
    book.append(one, utcnow())

    assert book.read() == [one]


@pytest.mark.parametrize(
    "damage", [b"", b"{}", b"[]", b"null", b'"x"', b'{"engineer_id": 5}', b'{"engineer_id": "x"}', b"\xff"]
)
def test_a_line_within_that_makes_no_sense_stops_everything(book, damage):
    book.path.parent.mkdir()
    book.path.write_bytes(a_line(new_id()) + damage + b"\n" + a_line(new_id()))

    with pytest.raises(CannotStart, match="damaged in line 2"):
        book.read()


def write_many(path, ids):
    """What one of several processes does."""
    for engineer_id in ids:
        Ledger(path).append(engineer_id, utcnow())


def test_processes_that_write_at_once_write_whole_lines(book):
    shares = [[new_id() for _ in range(20)] for _ in range(4)]
    # A fork of this process would inherit its threads' locks.
    spawning = multiprocessing.get_context("spawn")
    workers = [spawning.Process(target=write_many, args=(book.path, share)) for share in shares]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(book.read()) == sorted(one for share in shares for one in share)


def test_the_setting_places_it_elsewhere(tmp_path, monkeypatch):
    assert ledger(Settings(state_dir=tmp_path))[LEDGER].path == tmp_path / FILE

    monkeypatch.setenv("PUENTE_ERASURE_LEDGER", str(tmp_path / "safe" / "book"))

    assert ledger(Settings(state_dir=tmp_path))[LEDGER].path == tmp_path / "safe" / "book"


@pytest.fixture
async def ana(committed_client, committed_database):
    """An engineer, with their firm's admin."""
    async with committed_database.transaction() as session:
        firm = await make_caller(session, Role.SUPPLIER_ADMIN)
    engineer = await post_engineer(committed_client, firm, given_name="Anacanary", skills=skills("Python", "Zorblax"))
    return engineer, firm


@pytest.fixture
def hashing(monkeypatch):
    """Start applications with the encoder that the rows were written with."""
    monkeypatch.setattr(main, "load_engine", lambda _: Engine(HashingEncoder()))
    monkeypatch.setattr(operations, "load_engine", lambda _: Engine(HashingEncoder()))


@pytest.fixture
async def backup(server, committed_urls, committed_database):
    """Makes a copy of the database as it is now, and says how to reach it."""
    made = []

    async def copy():
        # A template must have no visitors.
        await committed_database.close()
        name = f"puente_backup_{new_id().hex}"
        with connect(server.admin) as connection:
            create_database(connection, name, template=make_url(committed_urls.app).database)
        made.append(name)
        return server.urls(name)

    yield copy
    with connect(server.admin) as connection:
        for name in made:
            drop_database(connection, name)


def state_of(urls):
    """The rows of the only engineer, as the database has them now: state, texts, keys, words in the queue."""
    url = make_url(urls.owner).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, options="-c puente.side=system") as connection:
        return connection.execute(
            "SELECT status, length(sealed) > 0, (SELECT count(*) FROM person_key), "
            "(SELECT count(*) FROM unmatched_skill) FROM engineer"
        ).fetchone()


ERASED, THERE = ("erased", False, 0, 0), ("listed", True, 1, 1)


async def test_a_restored_backup_is_erased_again_before_the_first_request(
    committed_client, ana, backup, hashing, ledger_file, tmp_path
):
    engineer, firm = ana
    url = f"/v1/engineers/{engineer['id']}"
    restored = await backup()
    erased = await committed_client.post(f"{url}/erase", json=GROUND, headers=matching(firm, 1))
    assert (erased.status_code, state_of(restored)) == (200, THERE)

    settings = Settings(database_url=restored.app, state_dir=tmp_path, erasure_ledger=ledger_file)
    app = main.create_app(settings)
    async with app.router.lifespan_context(app), client_of(app) as client:
        before_any_request = state_of(restored)
        reply = await client.get(url, headers=firm.headers)
        async with app.state.database.transaction(SYSTEM) as session:
            statement = select(AuditRecord).where(col(AuditRecord.action) == "engineer.erased")
            (record,) = (await session.exec(statement)).all()
        ranked = app.state.engine.size

    assert before_any_request == ERASED
    assert (reply.status_code, ranked) == (404, 0)
    assert record.payload == {"ground": None, "channel": "ledger", "link_id": None}
    assert len(ledger_file.read_text().splitlines()) == 1


async def test_a_process_that_ends_between_ledger_and_commit_erases_when_it_starts_again(
    committed_database, committed_urls, ana, hashing, ledger_file, tmp_path
):
    engineer, firm = ana

    with suppress(ConnectionResetError):
        async with committed_database.transaction() as session:
            everything = IfMatch(frozenset({"*"}))
            await erasure.erase_engineer(session, firm.actor, UUID(engineer["id"]), everything, Ground.OBJECTION)
            raise ConnectionResetError
    after_the_crash = (state_of(committed_urls), Ledger(ledger_file).read())
    settings = Settings(database_url=committed_urls.app, state_dir=tmp_path, erasure_ledger=ledger_file)
    app = main.create_app(settings)
    async with app.router.lifespan_context(app):
        at_start = state_of(committed_urls)

    assert after_the_crash == (THERE, [UUID(engineer["id"])])
    assert at_start == ERASED


async def test_a_damaged_ledger_keeps_the_server_from_starting(committed_urls, hashing, ledger_file, tmp_path):
    ledger_file.parent.mkdir()
    ledger_file.write_bytes(b"nonsense\n")
    app = main.create_app(Settings(database_url=committed_urls.app, state_dir=tmp_path, erasure_ledger=ledger_file))

    with pytest.raises(CannotStart, match="damaged in line 1"):
        async with app.router.lifespan_context(app):
            pass


async def test_replaying_twice_and_strangers_in_the_ledger_change_nothing_more(
    committed_database, committed_urls, ana, ledger_file
):
    engineer, _ = ana
    book = Ledger(ledger_file)
    for engineer_id in (new_id(), UUID(engineer["id"]), new_id()):
        book.append(engineer_id, utcnow())

    erased = [await erasure.replay(committed_database, book) for _ in range(2)]

    assert erased == [1, 0]
    assert state_of(committed_urls) == ERASED
    async with committed_database.transaction() as session:
        assert (await session.exec(select(Engineer.version))).one() == 2


def test_the_command_line_replays_by_hand(committed_urls, ledger_file, hashing, monkeypatch, tmp_path):
    monkeypatch.setenv("PUENTE_DATABASE_URL", committed_urls.app)
    monkeypatch.setenv("PUENTE_STATE_DIR", str(tmp_path))
    Ledger(tmp_path / FILE).append(new_id(), utcnow())

    result = CliRunner().invoke(cli, ["privacy", "replay"])

    assert result.exit_code == 0
    assert "0 people were erased again.\n" in result.output
