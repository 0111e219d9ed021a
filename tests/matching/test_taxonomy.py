import time
import tomllib
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from matching import Concept, Lexicon, Taxonomy, TaxonomyInvalid
from matching.text import key
from tests.matching.builders import SEED_DATA, quickly, words

LANGUAGES_OF_CODE = ("C", "C++", "C#", "Go", "R", ".NET")
SQL_DIALECTS = ("T-SQL", "PL/SQL", "PostgreSQL", "MySQL", "SQL")


def found_in(lexicon: Lexicon, text: str) -> list[str]:
    return [mention.concept_id for mention in lexicon.mentions(text)]


# ---- Names


@pytest.mark.parametrize("written", ["java", "Java", "JAVA", "Programación en Java", "programacao em java"])
def test_a_concept_is_found_by_any_of_its_names_in_any_language(written):
    assert words().skills.find(written) == "java"


@pytest.mark.parametrize("written", ["", " ", "...", "Javaa", "😀", "+", "#"])
def test_an_unknown_name_is_found_nowhere(written):
    assert words().skills.find(written) is None


def test_an_uncurated_skill_is_its_own_name():
    assert words().skills.name_of("Turbo Encabulator") == "Turbo Encabulator"


def test_languages_that_differ_in_a_sign_are_different_skills():
    skills = words().skills

    assert [skills.find(name) for name in ("C", "C++", "C#", ".NET", "Go")] == ["c", "cpp", "csharp", "dotnet", "go"]


@pytest.mark.parametrize(
    ("concepts", "complaint"),
    [
        ([Concept("a", "Alpha"), Concept("b", "Beta", aliases={"es": ("ALPHÁ",)})], "names both a and b"),
        ([Concept("a", "Alpha"), Concept("a", "Beta")], "the id of both"),
        ([Concept("a", "Alpha", implies=("nowhere",))], "does not exist"),
        ([Concept("a", "Alpha", related={"nowhere": 0.5})], "does not exist"),
        ([Concept("a", "Alpha", related={"b": 1.0}), Concept("b", "Beta")], "number in"),
        ([Concept("a", "Alpha", related={"b": 0.0}), Concept("b", "Beta")], "number in"),
        ([Concept("a", "Alpha", related={"b": float("nan")}), Concept("b", "Beta")], "number in"),
    ],
)
def test_contradictions_are_refused(concepts, complaint):
    with pytest.raises(TaxonomyInvalid, match=complaint):
        Lexicon(concepts)


# ---- Edges


def test_implications_follow_on_from_each_other_even_in_a_circle():
    circle = Lexicon(
        [Concept("a", "A", implies=("b",)), Concept("b", "B", implies=("c",)), Concept("c", "C", implies=("a",))]
    )

    assert words().skills.closure("react-native") == {"react-native", "react", "javascript"}
    assert circle.closure("a") == {"a", "b", "c"}


def test_what_implies_a_skill_counts_fully_and_a_relation_counts_its_weight_both_ways():
    skills = words().skills

    assert skills.credits("python") == {"python": 1.0, "django": 1.0, "flask": 1.0, "ruby": 0.4}
    assert skills.credits("ruby") == {"ruby": 1.0, "python": 0.4}
    assert skills.credits("django") == {"django": 1.0, "flask": 0.7}
    assert skills.credits("as-written") == {"as-written": 1.0}


# ---- Running text


def test_the_longest_name_wins_and_none_is_found_inside_another():
    assert found_in(words().skills, "React Native, then React and Node.js on Docker") == [
        "react-native",
        "react",
        "nodejs",
        "docker",
    ]


def test_a_mention_points_at_its_words():
    text = "Diez años de programación en Java."

    [mention] = words().skills.mentions(text)

    assert text[mention.start : mention.end] == "programación en Java"


@pytest.mark.parametrize(
    "text", ["I know React. Native Spanish speaker.", "React, native speaker", "React (native apps)"]
)
def test_a_name_does_not_run_over_the_end_of_a_clause(text):
    assert found_in(words().skills, text) == ["react"]


def test_ordinary_words_are_skills_in_a_field_but_not_in_a_text():
    skills = words().skills

    assert skills.find("go") == "go"
    assert found_in(skills, "I go to c level meetings") == []
    assert found_in(skills, "I write Golang") == ["go"]


@pytest.mark.parametrize("text", ["después de no tener nada", "lo que no de resultado"])
def test_little_words_do_not_join_into_a_skill(text):
    assert found_in(words().skills, text) == []


@pytest.mark.parametrize("text", ["CI/CD", "CI CD", "ci-cd"])
def test_a_short_name_that_is_written_in_several_words_is_found_so(text):
    assert found_in(words().skills, text) == ["ci-cd"]


@quickly
@given(some.lists(some.sampled_from(["React", "Native", "Go", "C++", "C#", ".NET", "JS", ".", ",", "\n", "é", "😀"])))
def test_mentions_never_overlap_whatever_the_text(pieces):
    text = " ".join(pieces)

    found = list(words().skills.mentions(text))

    assert all(before.end <= after.start for before, after in pairwise(found))


@pytest.mark.parametrize("text", ["java " * 20_000, "x" * 100_000, "." * 100_000, "a@" * 50_000, "+#" * 50_000])
def test_a_huge_text_is_read_in_a_breath(text):
    started = time.perf_counter()

    list(words().skills.mentions(text))

    assert time.perf_counter() - started < 3


# ---- Titles


@pytest.mark.parametrize(
    "written",
    [
        "Desarrollador Backend",
        "Desarrolladora Backend",
        "Desarrollador/a Backend",
        "Desarrollador(a) Backend",
        "DESARROLLADOR(A) BACKEND",
        "Desarrollador (a/o) backend",
        "Sr. Desarrollador Backend",
        "Desarrolladora Backend Semi Senior",
        "Desenvolvedor Backend Pleno",
        "Backend Developer",
    ],
)
def test_a_title_is_one_title_in_every_language_gender_and_seniority(written):
    taxonomy = words()

    assert taxonomy.canonical_title(written) == "Backend Developer"
    assert taxonomy.title_id(written) == "backend-developer"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("Desarrollador de datos", "data developer"),
        ("Analista de datos senior", "data analyst"),
        ("Analista/Arquitecto", "architect analyst"),
        ("QA/Automation Tester", "QA Automation Tester"),
        ("Underwater Welder", "Underwater Welder"),
        ("Senior", "Senior"),
        ("", ""),
    ],
)
def test_an_unlisted_title_is_translated_word_by_word_with_its_head_at_the_end(written, canonical):
    assert words().canonical_title(written) == canonical
    assert words().title_id(written) is None


@pytest.mark.parametrize(
    ("title", "rank"),
    [
        ("Sr Developer", 3),
        ("Semi-Senior Developer", 2),
        ("Dev Pleno", 2),
        ("Estagiário", 0),
        ("Jr/Ssr", 2),
        ("Dev", None),
    ],
)
def test_the_highest_seniority_word_of_a_title_counts(title, rank):
    assert words().seniority_in(title) == rank


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Desarrolladora Backend", "Desarrolladora Backend"),
        ("Desarrollador(a) Backend @ Globex (Medellín)", "Desarrollador Backend"),
        ("Desarrollador Backend en Globex", "Desarrollador Backend"),
        ("Ana Pérez - C/C++ developer, ana@globex.com", "C/C++ developer"),
        ("React.js, .NET", "React.js .NET"),
        ("Globex", ""),
        ("👩‍💻", ""),
        ("", ""),
    ],
)
def test_of_a_title_only_words_of_the_trade_are_kept(written, kept):
    assert words().known_words(written) == kept


# ---- Files


def test_a_folder_without_skills_is_refused(tmp_path):
    with pytest.raises(TaxonomyInvalid, match="no skills"):
        Taxonomy.load(tmp_path)


@pytest.mark.parametrize("content", [b"[[skill]\n", b'[[skill]]\nid = "\xff"\n'])
def test_a_file_that_is_not_toml_is_refused_by_name(tmp_path, content):
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "broken.toml").write_bytes(content)

    with pytest.raises(TaxonomyInvalid, match=r"broken\.toml"):
        Taxonomy.load(tmp_path)


def test_a_skill_alone_is_a_taxonomy(tmp_path):
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "one.toml").write_text('[[skill]]\nid = "zig"\nname = "Zig"\nes = ["lenguaje Zig"]\n')

    taxonomy = Taxonomy.load(tmp_path)

    assert taxonomy.skills.find("Lenguaje ZIG") == "zig"
    assert len(taxonomy.titles) == 0


# ---- The project's own data


def test_the_reference_data_is_as_large_as_promised(seed):
    aliases = sum(len(list(concept.names())) - 1 for concept in seed.skills.concepts.values())

    assert len(seed.skills) >= 600
    assert aliases >= 2500
    assert len(seed.certifications) >= 150
    assert len(seed.titles) >= 100
    assert [level.rank for level in seed.levels] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("kind", ["skills", "titles", "domains", "certifications"])
def test_every_name_in_the_reference_data_finds_its_own_concept(seed, kind):
    lexicon = getattr(seed, kind)

    lost = [
        (name, concept.id)
        for concept in lexicon.concepts.values()
        for name in (concept.id, *concept.names())
        if lexicon.find(name) != concept.id
    ]

    assert lost == []


@pytest.mark.parametrize("kind", ["skills", "titles", "domains", "certifications"])
def test_no_id_is_another_concepts_name(seed, kind):
    lexicon = getattr(seed, kind)

    owners = {key(name): concept.id for concept in lexicon.concepts.values() for name in concept.names()}

    assert [one for one in lexicon.concepts if owners.get(key(one), one) != one] == []


@pytest.mark.parametrize("written", ["k8s", "K8S", "Kubernetes", "kubernetes"])
def test_k8s_is_kubernetes(seed, written):
    assert seed.skills.find(written) == "kubernetes"
    assert found_in(seed.skills, f"Operé clusters de {written} en producción.") == ["kubernetes"]


def test_languages_stay_apart_in_the_reference_data(seed):
    ids = [seed.skills.find(name) for name in LANGUAGES_OF_CODE]

    assert None not in ids
    assert len(set(ids)) == len(LANGUAGES_OF_CODE)
    assert ids == [seed.skills.find(name.lower()) for name in LANGUAGES_OF_CODE]
    assert found_in(seed.skills, "C++") == [ids[1]]
    assert found_in(seed.skills, "C#") == [ids[2]]
    assert found_in(seed.skills, ".NET") == [ids[5]]


def test_none_of_those_languages_passes_for_another_but_csharp_for_dotnet(seed):
    full = {
        (has, wanted)
        for has, wanted in permutations(LANGUAGES_OF_CODE, 2)
        if seed.skills.credits(seed.skills.find(wanted)).get(seed.skills.find(has), 0.0) >= 1
    }

    assert full == {("C#", ".NET")}


def test_sql_dialects_stay_apart_and_each_counts_as_sql(seed):
    ids = [seed.skills.find(name) for name in SQL_DIALECTS]
    *dialects, sql = ids

    assert None not in ids
    assert len(set(ids)) == len(SQL_DIALECTS)
    assert all(seed.skills.credits(wanted).get(has, 0.0) < 1 for has, wanted in permutations(dialects, 2))
    assert all(seed.skills.credits(sql).get(has) == 1.0 for has in dialects)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Java", "JavaScript"), ("React", "React Native"), ("Angular", "AngularJS"), ("SAP", "SAS"), ("Scala", "SCADA")],
)
def test_look_alikes_stay_apart(seed, one, other):
    assert seed.skills.find(one) is not None
    assert seed.skills.find(one) != seed.skills.find(other)


@pytest.mark.parametrize(
    "written", ["desarrolladora", "Desarrollador", "desenvolvedora", "Desarrollador/a", "DESARROLLADOR(A)", "developer"]
)
def test_desarrolladora_is_a_developer(seed, written):
    assert seed.title_id(written) == seed.title_id("software developer")
    assert seed.title_id(written) is not None


@pytest.mark.parametrize(
    ("masculine", "feminine"),
    [
        ("Ingeniero de software", "Ingeniera de software"),
        ("Analista programador", "Analista programadora"),
        ("Arquitecto de soluciones", "Arquitecta de soluciones"),
        ("Administrador de bases de datos", "Administradora de bases de datos"),
        ("Engenheiro de dados", "Engenheira de dados"),
        ("Desenvolvedor front-end pleno", "Desenvolvedora front-end pleno"),
        ("Ingeniero civil", "Ingeniera civil"),
        ("Técnico de soporte", "Técnica de soporte"),
    ],
)
def test_gendered_forms_are_one_title(seed, masculine, feminine):
    assert seed.canonical_title(masculine) == seed.canonical_title(feminine)


@pytest.mark.parametrize(
    ("english", "spanish", "portuguese"),
    [
        ("Senior Software Engineer", "Ingeniera de Software Senior", "Engenheiro de Software Sênior"),
        ("Data Engineer", "Ingeniero de Datos", "Engenheira de Dados"),
        ("Mechanical Engineer", "Ingeniero Mecánico", "Engenheiro Mecânico"),
        ("QA Engineer", "Ingeniera de QA", "Engenheiro de QA"),
    ],
)
def test_a_title_is_the_same_in_three_languages(seed, english, spanish, portuguese):
    assert seed.title_id(english) is not None
    assert seed.title_id(english) == seed.title_id(spanish) == seed.title_id(portuguese)
    assert seed.seniority_in(english) == seed.seniority_in(spanish) == seed.seniority_in(portuguese)


@pytest.mark.parametrize(
    ("title", "level"),
    [
        ("Desenvolvedor Pleno", "mid"),
        ("Desarrollador Semi Senior", "mid"),
        ("Backend Ssr", "mid"),
        ("Estagiário de TI", "intern"),
        ("Dev Sr.", "senior"),
        ("Desarrollador Jr", "junior"),
    ],
)
def test_regional_seniority_words_are_levels(seed, title, level):
    ranks = {"intern": 0, "junior": 1, "mid": 2, "senior": 3}

    assert seed.seniority_in(title) == ranks[level]


@pytest.mark.parametrize(
    "prose",
    [
        "Después de no tener equipo, se lo dimos. No va a ser un problema: creo que si la base es así, no de más.",
        "Se o cliente não gostou, nós o ouvimos. Mas a ideia é boa e o time vai em frente com ela no dia a dia.",
        "I go where the team is. Less is more, and I express what I think. Next, I rest; a swift spring will make it.",
        "Inglés avanzado, español nativo. Vivo en la ciudad de México con mi familia. Me gusta el cine y el café.",
    ],
)
def test_ordinary_prose_names_no_skill(seed, prose):
    assert found_in(seed.skills, prose) == []


PEOPLE = (
    "Julia Torres", "Hugo Salazar", "Bruno Lima", "Aurora Vega", "Diana Cruz", "Iris Paz", "Maya Luna", "Ada Ramos",
    "Pascal Dubois", "Cátia Souza", "Jasmin Flores", "Elixir Núñez", "Delfina Sol", "Luigi Rossi", "Alexa Prado",
    "Dante Rojas", "Vera Lúcia da Silva", "Ángel León", "María José Go", "Carlos R. Castro", "Max Astro", "Otto Ray",
    "Ruby Morales", "Cassandra Reyes", "Celeste Mar", "Perla Marina", "Salvador Domingo", "Karina Nova",
)  # fmt: skip


def test_a_persons_name_is_no_skill(seed):
    names = tomllib.loads((SEED_DATA / "names.toml").read_text(encoding="utf-8"))
    everyday = [name for country in ("spanish", "brazilian") for kind in names[country].values() for name in kind]

    named = {name: found_in(seed.skills, f"Me llamo {name}. My name is {name}.") for name in (*PEOPLE, *everyday)}

    assert {name: found for name, found in named.items() if found} == {}
