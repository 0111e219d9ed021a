"""`puente audit`: what is exported verifies anywhere, and what is wrong is one line and exit code 1."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.audit.signing import FILE, key_file, signing_key
from app.core.embedded import DatabaseUrls
from app.core.errors import CannotStart
from app.core.ids import new_id
from app.core.settings import Settings
from tests.audit.events import chained
from tests.postgres import MASTER_KEYS

ROOT = Path(__file__).parents[2]
PUENTE = [sys.executable, "-c", "from app.cli import main; main()", "audit"]


def puente(*arguments, **environment):
    clean = {name: value for name, value in os.environ.items() if name == MASTER_KEYS or not name.startswith("PUENTE_")}
    return subprocess.run(
        [*PUENTE, *arguments], env={**clean, **environment}, cwd=ROOT, capture_output=True, timeout=60, check=False
    )


def refusal(done):
    assert done.returncode == 1, done
    (line,) = done.stderr.decode().strip().splitlines()
    return line


async def test_an_export_verifies_without_a_database(committed_urls: DatabaseUrls, committed_database, tmp_path):
    ours = new_id()
    await chained(committed_database, ours, 3)
    await chained(committed_database, None, 2)
    there = {"PUENTE_DATABASE_URL": committed_urls.app, "PUENTE_STATE_DIR": str(tmp_path / "there")}
    nowhere = {"PUENTE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x", "PUENTE_STATE_DIR": str(tmp_path / "here")}
    file = tmp_path / "export.ndjson"

    exported = puente("export", "--all", **there)
    file.write_bytes(exported.stdout)
    key = (tmp_path / "there" / FILE).read_text().strip()
    checked = puente("verify", str(file), **nowhere, PUENTE_AUDIT_KEY=key)
    unsigned = puente("verify", str(file), "--unsigned", **nowhere)
    keyless = puente("verify", str(file), **nowhere)
    database = puente("verify", **there)
    own = puente("export", "--organisation", str(ours), **there)
    file.write_bytes(b"".join(exported.stdout.splitlines(keepends=True)[:-2]))
    cut = puente("verify", str(file), **nowhere, PUENTE_AUDIT_KEY=key)

    assert checked.stdout.decode().startswith("5 records in 2 chains"), checked
    assert b"not checked" in unsigned.stdout
    assert "PUENTE_AUDIT_KEY" in refusal(keyless)
    assert database.returncode == 0, database
    assert own.stdout.count(b'"kind":"record"') == 3
    assert f"Record 3 of organisation {ours} is missing" in refusal(cut)
    assert not (tmp_path / "here").exists()


def test_an_export_is_of_one_or_of_all():
    assert "--all" in refusal(puente("export"))


def test_the_key_is_made_once_for_its_owner_alone(tmp_path):
    settings = Settings(state_dir=tmp_path / "state")

    first = signing_key(settings)

    path = tmp_path / "state" / FILE
    assert signing_key(settings) == first == key_file(settings).make("0" * 64)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [FILE]
    assert signing_key(Settings(audit_key="x" * 32)) == b"x" * 32


def test_a_damaged_key_is_not_replaced(tmp_path):
    (tmp_path / FILE).write_text("short")

    with pytest.raises(CannotStart, match="damaged"):
        signing_key(Settings(state_dir=tmp_path))
