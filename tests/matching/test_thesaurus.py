import pytest

from matching import TaxonomyInvalid
from matching.esco import ESCO_ATTRIBUTION, read_esco
from matching.thesaurus import PUENTE, entries_of
from tests.matching.builders import words

OCCUPATIONS_ES = (
    "conceptType,conceptUri,iscoGroup,preferredLabel,altLabels\n"
    'Occupation,http://data.europa.eu/esco/occupation/1,2512,desarrollador de software,"programador\ndesarrolladora"\n'
)
OCCUPATIONS_EN = (
    "conceptType,conceptUri,iscoGroup,preferredLabel,altLabels\n"
    "Occupation,http://data.europa.eu/esco/occupation/1,2512,software developer,\n"
)


def test_the_taxonomy_gives_its_names_by_language_and_its_single_words():
    by_id = {entry.id: entry for entry in entries_of(words())}

    assert by_id["title:backend-developer"].names["en"] == ("Backend Developer",)
    assert by_id["title:backend-developer"].names["es"] == ("desarrollador backend", "desarrolladora backend")
    assert by_id["skill:javascript"].names == {"en": ("JavaScript", "JS")}
    assert by_id["term:datos"].names == {"en": ("data",), "": ("datos",)}
    assert {entry.source for entry in by_id.values()} == {PUENTE}


def test_escos_own_tables_join_by_concept_and_keep_their_attribution(tmp_path):
    (tmp_path / "occupations_es.csv").write_text(OCCUPATIONS_ES, encoding="utf-8-sig")
    (tmp_path / "occupations_en.csv").write_text(OCCUPATIONS_EN, encoding="utf-8")

    (entry,) = read_esco([tmp_path / "occupations_en.csv", tmp_path / "occupations_es.csv"])

    assert entry.id == "occupation/1"
    assert entry.names == {
        "en": ("software developer",),
        "es": ("desarrollador de software", "programador", "desarrolladora"),
    }
    assert entry.source == ESCO_ATTRIBUTION


def test_a_table_of_two_languages_may_end_its_rows_early(tmp_path):
    table = tmp_path / "skills.tsv"
    table.write_text("esco_concept\tlabel_en\talt_en\tlabel_es\talt_es\ns/1\tGo\tGolang | Go lang\tGo\ns/2\tR\n")

    first, second = read_esco([table])

    assert first.names == {"en": ("Go", "Golang", "Go lang"), "es": ("Go",)}
    assert second.names == {"en": ("R",)}


def test_a_label_a_line_takes_its_language_from_the_files_name(tmp_path):
    table = tmp_path / "pt.pt_corpus.tsv"
    table.write_text('doc_id\tesco_concept\tlabel\n1\to/1\tpadeiro "mestre"\n2\to/1\tpadeira\n')

    (entry,) = read_esco([table])

    assert entry.names == {"pt": ('padeiro "mestre"', "padeira")}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("occupations.csv", OCCUPATIONS_EN.encode()),
        ("occupations_en.csv", b"a,b\n1,2\n"),
        ("occupations_en.csv", b""),
        ("occupations_en.csv", b"\xff\xfe\x00"),
        ("table.tsv", b"a\tb\n1\t2\n"),
    ],
)
def test_a_file_that_is_no_esco_table_is_refused_by_name(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(TaxonomyInvalid, match=name):
        read_esco([tmp_path / name])


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(TaxonomyInvalid, match="occupations_en"):
        read_esco([tmp_path / "occupations_en.csv"])
