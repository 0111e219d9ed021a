"""ESCO's tables: what is not as it should be is refused by file and line."""

import pytest

from matching import TaxonomyInvalid
from matching.esco import LONGEST_LABEL, find_tables, read_esco

HEADER = "conceptType,conceptUri,iscoGroup,preferredLabel,altLabels,hiddenLabels,status,modifiedDate\n"
ROOT = "http://data.europa.eu/esco/occupation/"


def row(concept, label, *others, status="released"):
    alternatives = "\n".join(others)
    return f'Occupation,{ROOT}{concept},2512,"{label}","{alternatives}",,{status},2024-01-01T00:00:00Z\n'


def refusal(file, content):
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TaxonomyInvalid) as refused:
        read_esco([file])
    return str(refused.value)


@pytest.fixture
def occupations(tmp_path):
    return tmp_path / "occupations_en.csv"


def test_a_table_as_escos_own_with_cells_of_many_lines(tmp_path, occupations):
    occupations.write_text(HEADER + row("a", "baker", "bread maker", " ", "cake \u00a0 maker") + row("b", "nurse"))
    (tmp_path / "skills_pt.csv").write_bytes(
        ("\ufeff" + HEADER + row("a", "padeiro\u200b", "padeira")).replace("\n", "\r\n").encode()
    )

    first, second = read_esco([occupations, tmp_path / "skills_pt.csv"])

    assert first.names == {"en": ("baker", "bread maker", "cake maker"), "pt": ("padeiro", "padeira")}
    assert (second.id, second.names) == ("occupation/b", {"en": ("nurse",)})


def test_accents_of_two_signs_become_one_and_a_name_given_twice_counts_once(occupations):
    occupations.write_text(HEADER + row("a", "cafe\u0301 owner", "caf\u00e9 owner", "日本語", "😀 coach"))

    (entry,) = read_esco([occupations])

    assert entry.names["en"] == ("caf\u00e9 owner", "日本語", "😀 coach")


def test_concepts_that_are_obsolete_teach_nothing(occupations):
    occupations.write_text(HEADER + row("a", "baker") + row("b", "telegraphist", status="obsolete"))

    assert [entry.id for entry in read_esco([occupations])] == ["occupation/a"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\ufeff \n\n", "is empty"),
        ("a;b;c\n1;2;3\n", "conceptUri and preferredLabel miss in 'a;b;c'"),
        (HEADER.replace("conceptUri", "uri"), "conceptUri and preferredLabel miss"),
        (HEADER + row("a", "baker")[:-30], "line 2: 7 cells where the header has 8; is the file whole?"),
        (HEADER + row("a", "baker", "x") + row("b", "nurse").partition("rse")[0], "line 3: from here on it is no CSV"),
        (HEADER + row("a", "baker") + "a,b\n", "line 3: 2 cells"),
        (HEADER + row("a", "x", "y", "z") + row("b", "b") + row("a", "c"), "line 5: occupation/a is in line 2 already"),
        (HEADER + row("a", "baker", "b" * 100_000), f"line 2: a name of 100000 letters; at most {LONGEST_LABEL}"),
        (HEADER + row("a", "baker", "b" * 200_000), "line 2: from here on it is no CSV: field larger"),
        (HEADER + row("a", "ba\x07ker"), "line 2: the control character U+0007"),
        (HEADER + row("a", "ba\x00ker"), "line 2: the control character U+0000"),
        (HEADER + row("a", "ba\x9bker"), "line 2: the control character U+009B"),
        (HEADER + row("a b", "baker"), "line 2: this is no concept of ESCO's"),
        (HEADER + row("", "baker"), "line 2: this is no concept of ESCO's"),
        (HEADER + row("a", "x").replace(ROOT, "term:"), "line 2: this is no concept of ESCO's"),
        (HEADER.encode() + row("a", "baker").encode() + "é".encode("latin-1"), "line 3: this is not UTF-8 text"),
        ((HEADER + row("a", "baker")).encode("utf-16"), "line 1: this is not UTF-8 text"),
    ],
)
def test_a_bad_table_is_refused_by_file_and_line(occupations, content, said):
    refused = refusal(occupations, content)

    assert refused.startswith("occupations_en.csv")
    assert said in refused


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("o/1\tbaker\tcook\tpanadero\tx\ty", "line 3: 6 cells"),
        ("\tbaker", "line 3: this is no concept"),
        ("o/0\tbaker", "line 3: o/0 is in line 2 already"),
        ("o/1\tba\x1bker", "line 3: the control character U+001B"),
    ],
)
def test_a_bad_line_of_a_tab_separated_table_is_refused(tmp_path, line, said):
    header = "esco_concept\tlabel_en\talt_en\tlabel_es\talt_es\no/0\tnurse\n"

    assert said in refusal(tmp_path / "table.tsv", header + line)


@pytest.mark.parametrize("name", ["occupations_fr.csv", "fr_corpus.tsv"])
def test_another_language_is_refused(tmp_path, name):
    content = HEADER + row("a", "boulanger") if name.endswith("csv") else "esco_concept\tlabel\no/1\tboulanger\n"

    assert "is in the language fr; Puente reads en, es, pt" in refusal(tmp_path / name, content)


def test_of_a_download_the_files_with_names_are_found(tmp_path):
    folders = [tmp_path / f"ESCO dataset - v1.2.0 - classification - {language} - csv" for language in ("en", "fr")]
    for folder in folders:
        folder.mkdir()
        for kind in ("occupations", "skills", "ISCOGroups", "skillSkillRelations", "digitalSkillsCollection"):
            (folder / f"{kind}_{folder.name[-8:-6]}.csv").write_text(HEADER)
    (tmp_path / "topics.tsv").write_text("topic\talias\n")
    (tmp_path / "labels.tsv").write_text("esco_concept\tlabel_en\n")

    found = find_tables([tmp_path])

    assert [file.name for file in found.files] == ["occupations_en.csv", "skills_en.csv", "labels.tsv"]
    assert len(found.passed_over) == 9
    assert found.release == "1.2.0"
    assert [file.name for file in find_tables([tmp_path], ["es"]).files] == ["labels.tsv"]


def test_two_releases_beside_each_other_are_refused(tmp_path):
    for release in ("v1.1.1", "v1.2.0"):
        (tmp_path / release).mkdir()
        (tmp_path / release / "occupations_en.csv").write_text(HEADER)

    with pytest.raises(TaxonomyInvalid, match=r"occupations_en.csv is there twice"):
        find_tables([tmp_path])
    (tmp_path / "v1.1.1" / "occupations_en.csv").rename(tmp_path / "v1.1.1" / "skills_en.csv")
    with pytest.raises(TaxonomyInvalid, match=r"several releases: 1\.1\.1, 1\.2\.0"):
        find_tables([tmp_path])


def test_a_folder_without_names_is_refused(tmp_path):
    with pytest.raises(TaxonomyInvalid, match="there is no file with ESCO's names"):
        find_tables([tmp_path])
    with pytest.raises(TaxonomyInvalid, match=r"none\.csv cannot be read"):
        read_esco(find_tables([tmp_path / "none.csv"]).files)
