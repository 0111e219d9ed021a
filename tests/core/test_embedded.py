"""The embedded Postgres: shared, survived, attached to, and never in anybody's way."""

import json
import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from app.core.embedded import forget_the_dead

ROOT = Path(__file__).parents[2]
START = """
import sys, json
from pathlib import Path
from app.core.embedded import start_embedded
from app.core.errors import CannotStart
try:
    urls = start_embedded(Path(sys.argv[1]))
except CannotStart as failure:
    sys.exit(str(failure))
print(json.dumps([urls.owner, urls.app]), flush=True)
sys.stdin.read()
"""


def starting(data, **options):
    """A process that starts the server, says where it is, and holds it until its stdin ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, str(data)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    line = process.stdout.readline()
    if not line:
        raise AssertionError(process.communicate()[1])
    return process, json.loads(line)


def finish(process):
    """Let a process go; it must have nothing to say."""
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")


def postmaster(data):
    return psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))


def alive(url):
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute("SELECT current_user").fetchone()[0]


@pytest.fixture
def data():
    """A data folder in the project's own state folder, as root's server needs it."""
    folder = ROOT / "var" / "test" / f"embedded-{os.getpid()}"
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_the_server_outlives_a_killed_process_and_stops_with_the_last(data):
    killed, first = starting(data)
    server = postmaster(data)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    one, second = starting(data)
    other, third = starting(data)
    assert first == second == third
    assert postmaster(data) == server
    assert [alive(url) for url in first] == ["puente_owner", "puente_app"]

    finish(one)
    assert alive(first[0])
    finish(other)
    server.wait(timeout=10)


def test_a_folder_that_is_no_database_is_one_line(data):
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("18\n")

    with pytest.raises(AssertionError) as refusal:
        starting(data)

    (line,) = str(refusal.value).strip().splitlines()
    assert line.startswith("The embedded Postgres did not start:")


def test_a_number_that_belongs_to_another_program_is_no_server(tmp_path):
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n")
    (tmp_path / ".handle_pids.json").write_text(json.dumps([os.getpid(), 2**22 + 1]))

    forget_the_dead(tmp_path)

    assert not (tmp_path / "postmaster.pid").exists()
    assert json.loads((tmp_path / ".handle_pids.json").read_text()) == [os.getpid()]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_it_starts_for_a_user_who_is_not_root(tmp_path):
    nobody = pwd.getpwnam("nobody")
    os.chown(tmp_path, nobody.pw_uid, nobody.pw_gid)
    for folder in tmp_path.parents[:3]:
        folder.chmod(folder.stat().st_mode | 0o055)
    # A path this long leaves no room for the socket, which then lies in the user's runtime folder.
    long = tmp_path / ("long-" * 20) / "postgres"

    process, urls = starting(
        long, user=nobody.pw_uid, group=nobody.pw_gid, env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    )

    assert [alive(url) for url in urls] == ["puente_owner", "puente_app"]
    finish(process)
