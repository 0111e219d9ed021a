"""On the command line, what is wrong outside is one clear line and an exit code that is not zero."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from app.cli import listening
from app.core.embedded import DatabaseUrls
from app.core.ids import new_id
from app.core.migrations import head_revision, owner_engine
from tests.postgres import MASTER_KEYS

ROOT = Path(__file__).parents[2]
PUENTE = [sys.executable, "-c", "from app.cli import main; main()"]


@pytest.fixture
def environment(committed_urls: DatabaseUrls, tmp_path):
    """The environment of a command that works on a scratch database."""
    return {
        **{name: value for name, value in os.environ.items() if name == MASTER_KEYS or not name.startswith("PUENTE_")},
        "PUENTE_DATABASE_URL": committed_urls.app,
        "PUENTE_MIGRATION_DATABASE_URL": committed_urls.owner,
        "PUENTE_STATE_DIR": str(tmp_path),
    }


def puente(*arguments, **environment):
    return subprocess.run(
        [*PUENTE, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def refusal(done):
    """The one line a refused command says."""
    assert done.returncode == 1, done
    (line,) = done.stderr.strip().splitlines()
    return line


def test_a_port_in_use_is_one_line(environment):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refusal(puente("serve", **environment, PUENTE_PORT=str(port)))

    assert f"127.0.0.1:{port}" in line
    assert "PUENTE_PORT" in line


def test_master_keys_are_rotated_from_the_command_line(environment, tmp_path):
    given = environment.pop(MASTER_KEYS)
    (tmp_path / "master.keys").write_text(given)

    rotated, listed = puente("keys", "rotate", **environment), puente("keys", "list", **environment)

    assert (rotated.returncode, listed.returncode) == (0, 0), rotated
    assert rotated.stdout == "1 keys are under another master key now.\n"
    new, old = listed.stdout.splitlines()
    assert (new[-3:], old) == ("  1", "test  0")
    assert given.partition(":")[2] not in rotated.stdout + listed.stdout


@pytest.mark.parametrize("given", [[], ["--all", "--client", str(new_id())], ["--client", str(new_id())]])
def test_whose_weights_are_calibrated_is_said_and_is_a_clients(environment, given):
    line = refusal(puente("calibrate", *given, **environment))

    assert ("There is no client" in line) == (len(given) == 2)


def test_without_decisions_nothing_is_calibrated(environment):
    done = puente("calibrate", "--all", "--since", "2026-01-01", **environment)

    assert (done.returncode, done.stdout) == (0, "Nobody has decided on candidates yet.\n")


@pytest.mark.parametrize("command", ["serve", "verify", "reindex"])
def test_the_master_keys_of_another_database_are_one_line(environment, command):
    environment[MASTER_KEYS] = f"other:{'0' * 64}"

    line = refusal(puente(command, **environment, PUENTE_PORT="0", PUENTE_LOG_LEVEL="error"))

    assert "master keys" in line
    assert "0000" not in line


def test_a_reply_on_a_kept_connection_leaves_at_once():
    with (
        listening("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("command", [["migrate"], ["serve", "--setup"]])
def test_an_unreachable_database_is_one_line(environment, command):
    environment["PUENTE_MIGRATION_DATABASE_URL"] = "postgresql://owner:hunter2@127.0.0.1:1/puente"

    line = refusal(puente(*command, **environment, PUENTE_PORT="0"))

    assert "database does not answer" in line
    assert "hunter2" not in line


def test_a_server_whose_database_does_not_answer_says_so_in_its_last_line(environment):
    environment["PUENTE_DATABASE_URL"] = "postgresql://app:hunter2@127.0.0.1:1/puente"

    done = puente("serve", **environment, PUENTE_PORT="0", PUENTE_LOG_LEVEL="error")

    assert "database does not answer" in refusal(done)
    assert "hunter2" not in done.stderr


def test_a_missing_model_is_one_line(environment):
    missing = "no-such/model"
    # Whether a hub can be reached is not the question, and asking one takes minutes where none can.
    environment["HF_HUB_OFFLINE"] = "1"

    done = puente("serve", **environment, PUENTE_PORT="0", PUENTE_MODEL=missing, PUENTE_LOG_LEVEL="error")

    assert missing in refusal(done)


def test_a_database_ahead_of_the_code_is_one_line(environment, committed_urls):
    with owner_engine(committed_urls.owner).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '2099_01_01_0000'"))

    assert "2099_01_01_0000" in refusal(puente("migrate", **environment))
    assert "2099_01_01_0000" in refusal(puente("serve", **environment, PUENTE_PORT="0"))


def test_a_database_nobody_has_migrated_is_one_line(environment, server):
    with server.empty(f"puente_blank_{new_id().hex}") as blank:
        environment["PUENTE_DATABASE_URL"] = blank.app

        refusals = [
            refusal(puente(*command, **environment, PUENTE_PORT="0"))
            for command in (["serve"], ["verify"], ["found", "--name", "Uno", "--email", "uno@example.com"])
        ]

    assert all("puente migrate" in line for line in refusals)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUENTE_PORT", "http"),
        ("PUENTE_DATABASE_URL", "mysql://x"),
        ("PUENTE_LOG_LEVEL", "loud"),
        ("PUENTE_RATE_PER_KEY", "often"),
        ("PUENTE_CORS_ORIGINS", "*"),
        ("PUENTE_RATE_STORAGE_URI", "nonsense"),
    ],
)
def test_a_wrong_setting_is_one_line(environment, name, value):
    assert name in refusal(puente("serve", **{**environment, name: value}))


def test_migrate_says_where_the_database_is(environment):
    done = puente("migrate", **environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert str(head_revision()) in done.stdout


@contextmanager
def serving(environment):
    """A server process, and its address once it is ready."""
    server = subprocess.Popen(
        [*PUENTE, "serve"], env={**environment, "PUENTE_PORT": "0"}, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        yield server, next(line.split()[-1] for line in server.stdout if "ready on" in line)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def test_a_request_in_flight_is_finished_before_the_server_stops(environment):
    body = b'{"title": "Backend Engineer"}'
    head = b"POST /v1/requests HTTP/1.1\r\nHost: puente\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"

    with serving(environment) as (server, address):
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as caller:
            caller.sendall(head % len(body) + body[:5])
            time.sleep(0.5)
            server.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            caller.sendall(body[5:])
            reply = caller.recv(4096)
        code = server.wait(timeout=20)

    assert reply.startswith(b"HTTP/1.1 401 ")
    assert code == 0


def test_a_server_answers_until_it_is_told_to_stop(environment):
    with serving(environment) as (server, address):
        reply = httpx.get(f"{address}/healthz")
        server.send_signal(signal.SIGTERM)
        stopped = time.monotonic()
        code = server.wait(timeout=20)

    assert reply.status_code == 200
    assert code == 0
    assert time.monotonic() - stopped < 10


def test_who_calls_from_this_machine_cannot_name_another_address(environment):
    environment["PUENTE_RATE_FAILURES_PER_ADDRESS"] = "2/minute"

    with serving(environment) as (_, address):
        guesses = [{"Authorization": "Bearer guess", "X-Forwarded-For": f"203.0.113.{n}"} for n in range(3)]
        replies = [httpx.get(f"{address}/v1/me", headers=guess) for guess in guesses]

    assert [reply.status_code for reply in replies] == [401, 401, 429]
