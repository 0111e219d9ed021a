"""The embedded Postgres: shared, survived, attached to, and never in anybody's way."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import suppress
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


def starting(data, python=sys.executable, **options):
    """A process that starts the server, says where it is, and holds it until its stdin ends."""
    process = subprocess.Popen(
        [python, "-c", START, str(data)],
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
    shutil.rmtree(folder, ignore_errors=True)


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


def interpreter_for(user, environment):
    """A Python that another user may run with our packages: root's own often lies in root's home."""
    for python in (sys.executable, f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"):
        with suppress(OSError, subprocess.CalledProcessError):
            command = [python, "-c", "import app.core.embedded"]
            subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, user=user, group=user)
            return python
    pytest.skip("no Python that another user may run")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_it_starts_for_a_user_who_is_not_root():
    nobody = pwd.getpwnam("nobody").pw_uid
    home = Path(tempfile.mkdtemp(dir="/var/tmp"))
    os.chown(home, nobody, nobody)
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")]),
    }
    python = interpreter_for(nobody, environment)
    # A path this long leaves no room for the socket, which then lies in the user's runtime folder.
    long = home / ("long-" * 20) / "postgres"

    process, urls = starting(long, python=python, user=nobody, group=nobody, env=environment)

    assert [alive(url) for url in urls] == ["puente_owner", "puente_app"]
    finish(process)
    shutil.rmtree(home)
