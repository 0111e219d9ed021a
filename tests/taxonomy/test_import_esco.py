"""`puente taxonomy import-esco` as an operator runs it."""

from sqlalchemy import text

from app.core.embedded import DatabaseUrls
from app.core.migrations import owner_engine
from tests.core.test_cli import environment, puente
from tests.matching.test_esco import HEADER, row

__all__ = ["environment"]


def imported(urls: DatabaseUrls):
    engine = owner_engine(urls.owner)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT name, concepts, names FROM thesaurus_source")).all()
    engine.dispose()
    return [tuple(one) for one in found]


def test_an_operator_imports_repeats_and_removes(environment, committed_urls, tmp_path):
    folder = tmp_path / "esco"
    folder.mkdir()
    (folder / "occupations_en.csv").write_text(HEADER + row("a", "baker", "bread maker"))
    (folder / "occupations_pt.csv").write_text(HEADER + row("a", "padeiro"))
    (folder / "skillGroups_en.csv").write_text(HEADER)

    def run(*arguments):
        return puente("taxonomy", "import-esco", *arguments, **environment)

    tried = run(str(folder), "--dry-run")
    assert (tried.returncode, imported(committed_urls)) == (0, []), tried.stderr
    assert "would be imported; nothing changed" in tried.stdout
    first = run(str(folder))
    assert (first.returncode, imported(committed_urls)) == (0, [("esco", 1, 3)]), first.stderr
    assert "© European Union" in first.stdout
    assert "1 files hold no names" in first.stdout
    assert "imported already; nothing changed" in run(str(folder)).stdout
    (folder / "occupations_pt.csv").write_text(HEADER + row("a", "pa\x00deiro"))
    refused = run(str(folder))
    assert refused.returncode == 1
    assert refused.stderr.strip().startswith("puente: occupations_pt.csv, line 2: the control character U+0000")
    assert imported(committed_urls) == [("esco", 1, 3)]
    assert "are gone" in run("--remove").stdout
    assert imported(committed_urls) == []


def test_what_makes_no_sense_is_one_line(environment, tmp_path):
    for arguments in ([], ["--remove", str(tmp_path)], [str(tmp_path)], [str(tmp_path / "none.csv"), "--lang", "en"]):
        refused = puente("taxonomy", "import-esco", *arguments, **environment)

        assert refused.returncode == 1
        assert refused.stderr.strip().startswith("puente: ")
        assert "\n" not in refused.stderr.strip()
