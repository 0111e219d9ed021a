"""Whom a transaction works for ends with it, and nothing passes over it."""

import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlmodel import col, select

from app.core.actor import Actor, OrganisationKind, Role
from app.core.database import Database, SessionDep, create_engine
from app.core.embedded import APP_ROLE, DatabaseUrls
from app.core.errors import CannotStart
from app.core.events import Subscriptions
from app.core.ids import new_id
from app.core.migrations import migrate, owner_engine, require_head
from app.core.roles import confined, find_login
from app.core.settings import Settings
from app.core.tenancy import RANKING, SIGN_IN, SYSTEM, Side, Tenancy, assume, elevated, side_of, tenancy_of
from app.identity.dependencies import ActorDep
from app.identity.models import ApiKey, Member, Organisation
from app.matchmaking.models import ProfileEntry
from app.talent.models import Engineer
from tests.factories import make_caller
from tests.payloads import post_engineer
from tests.postgres import APP, PASSWORD, Server

NOBODY = ("", "")
SETTINGS = text("SELECT coalesce(puente_side(), ''), coalesce(puente_organisation()::text, '')")


async def settings_of(session):
    return tuple((await (await session.connection()).execute(SETTINGS)).one())


async def names(session):
    return sorted((await session.exec(select(Organisation.name))).all())


@pytest.fixture
async def pooled(committed_urls):
    """A database with a single connection, which every transaction gets in turn."""
    settings = Settings(database_url=committed_urls.app, pool_size=1, pool_overflow=0)
    database = Database(create_engine(committed_urls.app, settings), Subscriptions())
    yield database
    await database.close()


@pytest.fixture
async def caller(committed_database):
    async with committed_database.transaction() as session:
        await make_caller(session, Role.CLIENT_ADMIN)
        return await make_caller(session, Role.SUPPLIER_ADMIN)


async def test_a_tenancy_does_not_outlive_its_transaction(pooled, caller):
    seen = []
    for tenancy in (tenancy_of(caller.actor), None, SYSTEM, None):
        async with pooled.transaction(tenancy) as session:
            seen.append(await names(session))
    with suppress(RuntimeError):
        async with pooled.transaction(SYSTEM) as session:
            await names(session)
            raise RuntimeError
    async with pooled.transaction(None) as session:
        assert await settings_of(session) == NOBODY
        seen.append(await names(session))

    assert [len(found) for found in seen] == [1, 0, 2, 0, 0]


async def test_a_session_that_commits_on_the_way_goes_on_for_the_same(pooled, caller):
    tenancy = tenancy_of(caller.actor)
    async with pooled.transaction(None) as session:
        assert await names(session) == []
        await assume(session, tenancy)
        assert await names(session) == [caller.organisation.name]
        async with session.begin_nested():
            assert await names(session) == [caller.organisation.name]
    async with pooled._sessions() as session:
        session.info["works_for"] = tenancy
        assert await names(session) == [caller.organisation.name]
        await session.commit()
        assert await names(session) == [caller.organisation.name]


async def test_the_side_is_put_back_after_a_block_also_when_it_raises(pooled, caller):
    tenancy = tenancy_of(caller.actor)
    before = ("supplier", str(caller.organisation.id))
    async with pooled.transaction(tenancy) as session:
        async with elevated(session, Side.RANKING):
            assert await settings_of(session) == ("ranking", "")
            assert await names(session) == []
        assert await settings_of(session) == before
        with pytest.raises(RuntimeError, match="the block's own"):
            async with elevated(session, Side.SIGN_IN):
                raise RuntimeError("the block's own")
        assert await settings_of(session) == before
        with suppress(ProgrammingError):
            async with session.begin_nested(), elevated(session, Side.SYSTEM):
                await session.exec(text("SELECT nothing_like_this()"))
        assert await settings_of(session) == before
        assert side_of(session) is Side.SUPPLIER


async def test_a_session_that_works_for_nobody_does_so_again_after_a_block(pooled, caller):
    async with pooled.transaction(None) as session:
        async with elevated(session, Side.SIGN_IN):
            assert len(await names(session)) == 2
        assert await settings_of(session) == NOBODY
        assert side_of(session) is None


async def test_an_aborted_transaction_says_what_aborted_it(pooled, caller):
    async def break_in_a_block():
        async with pooled.transaction(tenancy_of(caller.actor)) as session, elevated(session, Side.RANKING):
            await session.exec(text("SELECT nothing_like_this()"))

    with pytest.raises(ProgrammingError, match="nothing_like_this"):
        await break_in_a_block()

    async with pooled.transaction(None) as session:
        assert await settings_of(session) == NOBODY


async def test_signing_in_changes_credentials_and_who_holds_them_and_removes_neither(pooled, caller):
    async with pooled.transaction(SIGN_IN) as session:
        for table, reached in ((ApiKey, 2), (Member, 2), (Organisation, 0), (Engineer, 0)):
            touched = await session.exec(text(f"UPDATE {table.__tablename__} SET id = id"))  # noqa: S608
            assert touched.rowcount == reached
        for table in (ApiKey, Member):
            assert (await session.exec(text(f"DELETE FROM {table.__tablename__}"))).rowcount == 0  # noqa: S608
        session.add(Organisation(kind=OrganisationKind.CLIENT, name="x"))
        with pytest.raises(DBAPIError, match="row-level security"):
            await session.flush()


async def test_a_request_works_for_whoever_asks(committed_client, caller):
    app = committed_client._transport.app

    @app.get("/everything")
    async def everything(session: SessionDep, actor: ActorDep) -> list[str]:
        return await names(session)

    @app.get("/for-nobody")
    async def for_nobody(session: SessionDep) -> list[str]:
        return await names(session)

    assert (await committed_client.get("/everything", headers=caller.headers)).json() == [caller.organisation.name]
    assert (await committed_client.get("/for-nobody", headers=caller.headers)).json() == []


async def test_the_pool_is_never_read_by_halves(committed_client, committed_database, engine, caller):
    await post_engineer(committed_client, caller)
    async with committed_database.transaction(tenancy_of(caller.actor)) as session:
        assert len((await session.exec(select(ProfileEntry.engineer_id))).all()) == 1
        with pytest.raises(RuntimeError, match="elevate"):
            await engine.catch_up(session)

    async with committed_database.transaction(RANKING) as session:
        await engine.catch_up(session)
        assert (await session.exec(select(Engineer.id))).all() == []
    assert engine.size == 1


async def test_a_forgotten_condition_finds_and_changes_nothing_foreign(committed_client, committed_database, caller):
    engineer = await post_engineer(committed_client, caller)
    other = Tenancy(Side.SUPPLIER, new_id())
    async with committed_database.transaction(other) as session:
        assert (await session.exec(select(Engineer).where(col(Engineer.id) == engineer["id"]))).all() == []
        assert (await session.exec(text("UPDATE engineer SET zone = 'mine'"))).rowcount == 0
        assert (await session.exec(text("DELETE FROM engineer_skill"))).rowcount == 0


def test_an_actor_has_the_tenancy_of_its_organisation():
    assert tenancy_of(Actor.system()) == SYSTEM


def owner_sees(url):
    with owner_engine(url).connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM organisation"))


def test_the_owner_obeys_too_and_its_migrations_see_every_row(committed_urls, server, caller):
    plain = make_url(committed_urls.owner).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        assert connection.execute("SELECT count(*) FROM organisation").fetchone() == (0,)

    assert owner_sees(committed_urls.owner) == 2


def plain(url):
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def bypassing(server, options="BYPASSRLS"):
    """A role that may log in and more than it should, for the length of a block."""
    name = f"puente_test_{new_id().hex}"
    with psycopg.connect(plain(server.admin), autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN NOSUPERUSER {options} PASSWORD '{PASSWORD}'")
        try:
            yield name
        finally:
            admin.execute(f"DROP ROLE {name}")


@pytest.fixture
def privileged(committed_urls, server: Server) -> DatabaseUrls:
    """A migrated database whose operator has the superuser's URL and no other."""
    url = server.admin.set(database=make_url(committed_urls.app).database).render_as_string(hide_password=False)
    return DatabaseUrls(owner=url, app=url)


async def test_a_superuser_s_connections_become_a_role_that_is_held(privileged, committed_database, caller):
    migrate(privileged)

    urls = confined(privileged)
    database = Database(create_engine(urls.app, Settings(database_url=urls.app)), Subscriptions())

    for tenancy, seen in ((None, 0), (tenancy_of(caller.actor), 1), (SYSTEM, 2)):
        async with database.transaction(tenancy) as session:
            assert len(await names(session)) == seen
            assert (await session.exec(select(text("current_user")))).one() == APP_ROLE
            assert await session.scalar(text("SHOW statement_timeout")) == "20s"
    await database.close()
    require_head(urls)
    assert confined(urls) == urls


def test_a_database_that_was_never_migrated_by_a_superuser_is_refused_in_one_line(server: Server):
    # Whether the server has the role already is another test's doing: one without a way to it is made up here.
    with server.empty(f"puente_scratch_{new_id().hex}") as urls, bypassing(server) as login:
        url = make_url(urls.app).set(username=login).render_as_string(hide_password=False)

        with pytest.raises(CannotStart, match="Row level security does not hold"):
            confined(DatabaseUrls(owner=url, app=url))


def test_an_owner_that_may_not_make_roles_serves_and_is_warned(committed_urls: DatabaseUrls, caplog):
    one = DatabaseUrls(owner=committed_urls.owner, app=committed_urls.owner)
    migrate(one)

    assert confined(one) == one

    assert "could lift their row level security" in caplog.text
    assert PASSWORD not in caplog.text.replace("puente_app", "")


def test_an_owner_that_may_make_roles_gives_the_application_one(server: Server):
    with server.empty(f"puente_scratch_{new_id().hex}") as urls, bypassing(server, "CREATEROLE NOBYPASSRLS") as login:
        database = make_url(urls.app).database
        with psycopg.connect(plain(server.admin), autocommit=True) as admin:
            admin.execute(f'ALTER DATABASE "{database}" OWNER TO {login}')
        url = make_url(urls.app).set(username=login).render_as_string(hide_password=False)
        one = DatabaseUrls(owner=url, app=url)

        migrate(one)
        found = confined(one)

        with owner_engine(one.owner).connect() as connection:
            login_is = find_login(connection)
        assert (login_is.bypasses, login_is.owns) == (False, True)
        assert (found != one) is login_is.may_become
        with psycopg.connect(plain(server.admin.set(database=database)), autocommit=True) as admin:
            admin.execute(f"REASSIGN OWNED BY {login} TO CURRENT_USER")
            admin.execute(f"DROP OWNED BY {login}")


def test_the_application_s_own_role_is_left_as_it_is(committed_urls: DatabaseUrls):
    assert make_url(committed_urls.app).username == APP
    assert confined(committed_urls) == committed_urls


def test_the_command_line_refuses_in_one_line(committed_urls, server: Server, tmp_path):
    with bypassing(server) as login:
        url = make_url(committed_urls.app).set(username=login).render_as_string(hide_password=False)
        with psycopg.connect(plain(server.admin.set(database=make_url(url).database)), autocommit=True) as admin:
            admin.execute(f"GRANT SELECT ON alembic_version TO {login}")
            done = subprocess.run(
                [sys.executable, "-c", "from app.cli import main; main()", "serve"],
                env={"PUENTE_DATABASE_URL": url, "PUENTE_STATE_DIR": str(tmp_path), "PUENTE_PORT": "0"},
                cwd=Path(__file__).parents[2],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            admin.execute(f"DROP OWNED BY {login}")

    assert done.returncode == 1
    assert "Row level security does not hold" in done.stderr.splitlines()[-1]
