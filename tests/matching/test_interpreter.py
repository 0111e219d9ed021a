"""One reading of titles and skills for profiles and requests alike."""

import hashlib

import numpy as np
import pytest

from matching import Change, HashingEncoder, Pool, SkillFact, SkillNeed, Taxonomy
from matching.interpreter import ADAPTED, Interpreter, glosses_hash, place
from matching.knowledge import Knowledge
from matching.parts import VALUE_UNIT
from matching.ranking import rank
from matching.taxonomy import Concept, Level
from matching.texts import Texts
from matching.thesaurus import Entry
from tests.matching.builders import a_brief, a_profile, uid
from tests.matching.test_knowledge import ENTRIES

ENCODER = HashingEncoder()
TAXONOMY = Taxonomy(
    skills=[Concept("kafka", "Kafka"), Concept("go", "Go")],
    titles=[Concept("network-engineer", "Network Engineer", aliases={"es": ("ingeniero de redes",)})],
    levels=[Level("senior", 3, (5, 9), ("senior", "sr", "sênior", "sénior"))],
)
NAMES = [*ENTRIES, Entry("skill:kafka", {"en": ("Kafka", "Apache Kafka"), "es": ("Kafka",)})]
SURROGATE = "ingeniero \ud800 de redes"
HUGE = "engenheiro " * 9_000
STRANGE = ("", " ", "🦆", "网络工程师", "مهندس شبكات", "İSTANBUL ıı ß ﬁ", SURROGATE, "\x00\x1f", "c" * 100_000, HUGE)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge(NAMES, ENCODER)


@pytest.fixture
def interpreter(knowledge) -> Interpreter:
    return Interpreter(knowledge, TAXONOMY)


@pytest.fixture
def unlearned() -> Interpreter:
    return Interpreter(Knowledge([], ENCODER), TAXONOMY)


def encoded(glosses):
    return dict(zip(glosses, ENCODER.encode(list(glosses)), strict=True))


def adapted(interpreter, glosses):
    return interpreter.adapted(glosses, encoded(glosses))


def vectors_of(interpreter, profile):
    glosses = interpreter.profile_glosses(profile)
    known = [fact.skill for fact in profile.skills]
    return interpreter.vectors(glosses, known, adapted(interpreter, list(glosses.values())))


def a_pool_of(interpreter, *profiles):
    pool = Pool(interpreter.revision, interpreter.dimension)
    changes = [Change(one.id, 1, one, vectors_of(interpreter, one)) for one in profiles]
    pool.apply(changes, model_hash=interpreter.revision)
    return pool


def asked(interpreter, brief):
    return interpreter.asked(brief, adapted(interpreter, list(interpreter.brief_glosses(brief).values())))


def closeness_by_title(interpreter, query, *titles):
    """Closeness to a request's title of profiles with these titles, in their order."""
    pool = a_pool_of(interpreter, *(a_profile(at, title=title) for at, title in enumerate(titles)))
    brief = a_brief(title=query)
    ranking = rank(pool, brief, asked(interpreter, brief), len(titles), TAXONOMY)
    found = {one.id: one.closeness.title for one in ranking.entries}
    return [found[uid(at)] for at in range(len(titles))]


def test_a_profile_gives_a_gloss_for_each_title_and_each_skill_that_is_unknown(interpreter):
    profile = a_profile(
        title="Panadera sénior",
        past_titles=("Sr Ingeniero de redes", "Baker", "Panadera sénior"),
        skills=(SkillFact("kafka"), SkillFact("zorblax 7")),
    )

    assert interpreter.profile_glosses(profile) == {
        "Panadera sénior": "baker",
        "Sr Ingeniero de redes": "Network Engineer",
        "Baker": "Baker",
        "zorblax 7": "zorblax 7",
    }


def test_a_request_is_read_as_a_profile_is(interpreter):
    needs = (SkillNeed("go"), SkillNeed("zorblax 7", must=True))
    brief = a_brief(title="Panadera sénior", skills=needs, mentioned=("kafka", "quux"))
    profile = a_profile(title="Panadera sénior", skills=(SkillFact("zorblax 7"), SkillFact("quux")))

    assert interpreter.brief_glosses(brief) == interpreter.profile_glosses(profile)


def test_a_title_that_is_written_as_a_skill_is_keeps_its_gloss(interpreter):
    profile = a_profile(title="Padeiro", skills=(SkillFact("Padeiro"),))

    assert interpreter.profile_glosses(profile) == {"Padeiro": "baker"}


def test_a_known_skill_is_the_centre_of_its_names_and_another_what_was_encoded(interpreter, knowledge):
    profile = a_profile(title="Baker", skills=(SkillFact("kafka"), SkillFact("zorblax 7"), SkillFact("go")))

    found = vectors_of(interpreter, profile)

    at = [entry.id for entry in knowledge.concepts].index("skill:kafka")
    assert set(found) == {"Baker", "kafka", "zorblax 7"}
    assert found["kafka"].tobytes() == knowledge.centroids[at].tobytes()
    assert found["zorblax 7"].tobytes() == knowledge.adapted(ENCODER.encode(["zorblax 7"]))[0].tobytes()
    assert [np.linalg.norm(vector) for vector in found.values()] == pytest.approx([1, 1, 1], abs=1e-5)


def test_a_gloss_without_its_vector_is_an_error(interpreter):
    profile = a_profile(title="Baker")

    with pytest.raises(KeyError):
        interpreter.vectors(interpreter.profile_glosses(profile), [], {})
    with pytest.raises(KeyError):
        interpreter.asked(a_brief(title="Baker"), {})


def test_a_skill_of_a_request_that_nobody_has_names_for_points_nowhere(interpreter):
    brief = a_brief(title="Baker", skills=(SkillNeed("go"), SkillNeed("kafka")))

    found = asked(interpreter, brief)

    assert found.skills.shape == (2, interpreter.dimension)
    assert not found.skills[0].any()
    assert found.skills[1].any()
    assert asked(interpreter, a_brief(title="Baker")).skills.shape == (0, interpreter.dimension)


def test_a_vector_that_has_come_before_is_remembered(interpreter):
    first = adapted(interpreter, ["baker", "nurse"])

    again = interpreter.adapted(["nurse", "never heard", "baker"], {})

    assert set(again) == {"nurse", "baker"}
    assert all(again[gloss] is first[gloss] for gloss in again)


def test_remembered_vectors_are_forgotten_together_and_never_exceed_their_number(interpreter, monkeypatch):
    monkeypatch.setattr("matching.interpreter.ADAPTED", 3)
    assert ADAPTED > 1000
    wanted = [f"title {number}" for number in range(7)]

    found = adapted(interpreter, wanted)

    assert set(found) == set(wanted)
    assert set(interpreter.adapted(wanted, {})) == {"title 6"}
    assert found["title 0"].tobytes() == adapted(interpreter, ["title 0"])["title 0"].tobytes()


def test_where_nothing_was_learned_titles_are_compared_by_letters_and_vectors_alone(unlearned):
    profile = a_profile(title="Panadera", skills=(SkillFact("kafka"), SkillFact("zorblax 7")))

    found = vectors_of(unlearned, profile)
    same, other = closeness_by_title(unlearned, "Panadera", "Panadera", "Nurse")

    assert set(found) == {"Panadera", "zorblax 7"}
    assert found["Panadera"].tobytes() == ENCODER.encode(["Panadera"])[0].tobytes()
    assert unlearned.profile_glosses(profile)["Panadera"] == "Panadera"
    assert same == 1 > other


def test_what_was_learned_brings_a_title_to_its_counterpart_in_another_language(interpreter, unlearned):
    titles = ("Baker", "Nurse", "Civil Engineer")

    learned, before = (closeness_by_title(one, "panadero", *titles) for one in (interpreter, unlearned))

    assert learned[0] > max(learned[1:])
    assert learned[0] > before[0]


def test_the_revision_is_that_of_the_knowledge(interpreter, unlearned, knowledge):
    again = Interpreter(Knowledge(NAMES, HashingEncoder()), TAXONOMY)
    others = [Interpreter(Knowledge(NAMES[:-1], ENCODER), TAXONOMY), unlearned]
    others.append(Interpreter(Knowledge(NAMES, HashingEncoder(32)), TAXONOMY))

    assert again.revision == interpreter.revision != knowledge.revision
    assert len({interpreter.revision, *(one.revision for one in others)}) == 4
    assert all(len(one.revision) == 16 and int(one.revision, 16) >= 0 for one in others)
    assert [one.dimension for one in others] == [64, 64, 32]


def test_a_hash_of_glosses_is_that_of_distinct_ones_in_their_order():
    assert glosses_hash(["a", "b", "a"]) == glosses_hash(["a", "b"]) == hashlib.sha256(b"a\nb").digest()
    assert glosses_hash(["b", "a"]) != glosses_hash(["a", "b"])
    assert glosses_hash([]) == glosses_hash([""]) == hashlib.sha256(b"").digest()
    assert glosses_hash([SURROGATE]) != glosses_hash(["ingeniero ? de redes"])


@pytest.mark.parametrize("title", STRANGE, ids=lambda title: ascii(title[:8]))
def test_any_title_is_read_compared_and_closest_to_itself(interpreter, title):
    found, other = closeness_by_title(interpreter, title, title, "Registered Nurse")

    assert 0 <= other <= found <= 1
    assert np.isfinite(vectors_of(interpreter, a_profile(title=title))[title]).all()


@pytest.mark.parametrize("skill", [text for text in STRANGE if text], ids=lambda skill: ascii(skill[:8]))
def test_any_skill_is_its_own_gloss(interpreter, skill):
    brief = a_brief(title="Baker", skills=(SkillNeed(skill),))

    assert interpreter.brief_glosses(brief)[skill] == skill
    assert np.linalg.norm(asked(interpreter, brief).skills[0]) == pytest.approx(1, abs=1e-5)


def test_a_title_that_was_forgotten_meanwhile_counts_as_empty(interpreter):
    texts = Texts(interpreter.dimension)
    known = adapted(interpreter, ["baker", "nurse"])
    texts.learn({"Panadera": known["baker"], "Nurse": known["nurse"]}, ["Panadera", "Nurse"], required=True)
    panadera, nurse = texts.of("Panadera"), texts.of("Nurse")
    before = place(interpreter.titles, texts, np.asarray([panadera, nurse]))

    texts.release(np.asarray([panadera]))
    after = place(interpreter.titles, texts, np.asarray([panadera, nurse, 0]))

    assert after[1] == before[1]
    assert after[0] == after[2] not in before


def test_titles_are_joined_while_one_of_them_is_forgotten(interpreter):
    texts = Texts(interpreter.dimension)
    titles = ["Panadera", "Nurse", "Enfermeiro"]
    texts.learn(dict.fromkeys(titles, np.eye(1, interpreter.dimension, dtype=np.float32)[0]), titles, required=True)
    texts.release(np.asarray([texts.of("Nurse")]))

    interpreter.join(texts)
    size = len(interpreter.titles)
    interpreter.join(texts)

    assert size == len(interpreter.titles) == 2


def test_titles_that_come_after_a_ranking_began_are_compared_too(interpreter):
    pool = a_pool_of(interpreter, a_profile(1, title="Nurse"))
    brief = a_brief(title="Panadera")
    query = asked(interpreter, brief)
    first = rank(pool, brief, query, 5, TAXONOMY)

    late = a_profile(2, title="Bread maker")
    pool.apply([Change(late.id, 1, late, vectors_of(interpreter, late))], model_hash=interpreter.revision)
    second = rank(pool, brief, query, 5, TAXONOMY)

    assert [one.id for one in first.entries] == [uid(1)]
    assert {one.id for one in second.entries} == {uid(1), uid(2)}
    closeness = {one.id: one.closeness.title for one in second.entries}
    assert closeness[uid(2)] > closeness[uid(1)] == first.entries[0].closeness.title
    assert all(round(one * VALUE_UNIT) / VALUE_UNIT == one for one in closeness.values())
