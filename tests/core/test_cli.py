"""On the command line, what is wrong outside is one clear line and an exit code that is not zero."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from app.core.embedded import DatabaseUrls
from app.core.migrations import head_revision, owner_engine

ROOT = Path(__file__).parents[2]
PUENTE = [sys.executable, "-c", "from app.cli import main; main()"]


@pytest.fixture
def environment(committed_urls: DatabaseUrls, tmp_path):
    """The environment of a command that works on a scratch database."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PUENTE_")},
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


@pytest.mark.parametrize("command", [["migrate"], ["serve", "--setup"]])
def test_an_unreachable_database_is_one_line(environment, command):
    environment["PUENTE_MIGRATION_DATABASE_URL"] = "postgresql://owner:hunter2@127.0.0.1:1/puente"

    line = refusal(puente(*command, **environment, PUENTE_PORT="0"))

    assert "database does not answer" in line
    assert "hunter2" not in line


def test_a_database_ahead_of_the_code_is_one_line(environment, committed_urls):
    with owner_engine(committed_urls.owner).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '2099_01_01_0000'"))

    assert "2099_01_01_0000" in refusal(puente("migrate", **environment))


@pytest.mark.parametrize(
    ("name", "value"), [("PUENTE_PORT", "http"), ("PUENTE_DATABASE_URL", "mysql://x"), ("PUENTE_LOG_LEVEL", "loud")]
)
def test_a_wrong_setting_is_one_line(environment, name, value):
    assert name in refusal(puente("serve", **{**environment, name: value}))


def test_migrate_says_where_the_database_is(environment):
    done = puente("migrate", **environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert str(head_revision()) in done.stdout


def test_a_server_answers_until_it_is_told_to_stop(environment):
    server = subprocess.Popen(
        [*PUENTE, "serve"], env={**environment, "PUENTE_PORT": "0"}, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        address = next(line.split()[-1] for line in server.stdout if "ready on" in line)
        reply = httpx.get(f"{address}/healthz")
        server.send_signal(signal.SIGTERM)
        server.stdout.close()
        stopped = time.monotonic()
        code = server.wait(timeout=20)
    finally:
        server.kill()

    assert reply.status_code == 200
    assert code == 0
    assert time.monotonic() - stopped < 10
