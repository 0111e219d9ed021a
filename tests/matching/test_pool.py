import random
import threading
from dataclasses import replace
from datetime import date
from itertools import permutations

import numpy as np
import pytest

from matching import (
    Cefr,
    CertificationFact,
    Change,
    Delivery,
    DomainFact,
    ModelMismatch,
    Pool,
    SkillFact,
    SkillNeed,
    pool_of,
)
from matching.columns import CODED, LISTS, NUMBERS, UNKNOWN, narrow
from matching.hours import Workday
from matching.texts import Codes, Texts
from tests.matching.builders import (
    ALIKE,
    DIMENSION,
    MODEL,
    TODAY,
    Chance,
    Vectors,
    a_brief,
    a_pool,
    a_profile,
    a_ranking,
    changes_of,
    fluent,
    skills,
    texts_of,
    uid,
)

SIZES = pytest.mark.parametrize("segment_rows", [10_000, 2])
RICH = {
    "seniority": 3,
    "skills": skills(python=4, cobol=1),
    "english": fluent(Cefr.C1),
    "certifications": (CertificationFact("cka", date(2030, 1, 1)),),
    "domains": (DomainFact("banking", 2),),
    "past_titles": ("Clockmaker",),
    "country": "MX",
    "zone": "America/Mexico_City",
    "window": (540, 1080),
    "available_from": TODAY,
    "weekly_hours": 40,
    "rate": 4500,
    "currency": "USD",
    "delivery": Delivery(3, 2),
}


def change(number: int, version: int, **facts) -> Change:
    [made] = changes_of([a_profile(number, **facts)], Vectors(3), version)
    return made


def gone(number: int, version: int) -> Change:
    return Change(uid(number), version)


def content(pool: Pool) -> dict:
    """What a pool answers for each profile, wherever its row is."""
    ranking = a_ranking(pool, a_brief(seniority=3, title="Clockmaker"), 1000, Vectors(3))
    return {entry.id: (entry.version, entry.score, entry.closeness) for entry in ranking.entries}


def seniority_of(pool: Pool) -> list[int]:
    return [int(value) for shard in pool.view().shards for value in shard.columns.fixed["seniority"][shard.live]]


def test_a_pool_holds_what_was_put_in():
    pool = Pool(MODEL, DIMENSION)

    news = pool.apply([change(1, 1), change(2, 1)], model_hash=MODEL)

    assert news == 2
    assert len(pool) == 2
    assert uid(1) in pool
    assert uid(3) not in pool
    assert pool.versions_of([uid(1), uid(3)]) == [1, None]
    assert pool.ids() == {uid(1), uid(2)}


@SIZES
def test_a_change_applied_again_is_no_news(segment_rows):
    pool = Pool(MODEL, DIMENSION, segment_rows=segment_rows)
    changes = [change(1, 1, seniority=3), change(2, 4), gone(3, 2), change(4, 1)]

    first, before, again = pool.apply(changes, model_hash=MODEL), content(pool), pool.apply(changes, model_hash=MODEL)

    assert (first, again) == (4, 0)
    assert content(pool) == before


CHANGES = (change(1, 1, seniority=0), change(1, 2, seniority=3), gone(2, 7), change(2, 6), change(1, 3), change(4, 1))


@pytest.mark.parametrize("order", list(permutations(CHANGES))[::37])
@pytest.mark.parametrize("at_once", [True, False])
@SIZES
def test_changes_may_come_in_any_order_in_one_batch_or_many(order, at_once, segment_rows):
    pool = Pool(MODEL, DIMENSION, segment_rows=segment_rows)

    for batch in [order] if at_once else [[one] for one in order]:
        pool.apply(batch, model_hash=MODEL)

    assert content(pool).keys() == {uid(1), uid(4)}
    assert pool.versions_of([uid(1), uid(2), uid(4)]) == [3, 7, 1]
    assert seniority_of(pool) == [UNKNOWN, UNKNOWN]


@pytest.mark.parametrize("version", [2**64 - 1, 2**64, (7 << 64) | 12345, 2**127])
@SIZES
def test_a_change_number_of_more_than_one_word_is_kept_whole(version, segment_rows):
    pool = Pool(MODEL, DIMENSION, segment_rows=segment_rows)

    pool.apply([change(1, version), change(2, 0)], model_hash=MODEL)

    assert pool.version_of(uid(1)) == version
    assert pool.apply([change(1, version)], model_hash=MODEL) == 0
    assert {entry.version for entry in a_ranking(pool, a_brief()).entries} == {version, 0}


def words_of(pool: Pool) -> list:
    """Everything the vocabularies hold."""
    return [
        value
        for vocabulary in (*CODED.values(), *(one for items in LISTS.values() for one in items.values()))
        if vocabulary
        for value in pool.words.named(vocabulary).values
        if value is not None
    ]


@SIZES
def test_removal_forgets_facts_words_and_vectors_at_once(segment_rows):
    pool = Pool(MODEL, DIMENSION, segment_rows=segment_rows)
    pool.apply([change(number, 1, title="Clockmaker", **RICH) for number in (1, 2)], model_hash=MODEL)
    before, [shard] = words_of(pool), pool.view().shards

    pool.apply([gone(1, 2), gone(2, 2)], model_hash=MODEL)

    assert len(pool) == 0
    assert {"cobol", "Clockmaker", "banking", "MX"} < set(before)
    assert words_of(pool) == []
    assert not pool.words.titles.index.filled(len(pool.words.titles)).any()
    assert not pool.words.skills.index.filled(len(pool.words.skills)).any()
    columns = shard.columns
    assert not columns.fixed["id_high"].any()
    assert not columns.fixed["id_low"].any()
    assert {value for name in NUMBERS for value in columns.fixed[name].tolist()} == {UNKNOWN}
    assert {value for name in (*CODED, "version_low") for value in columns.fixed[name].tolist()} == {0}
    for name, lists in columns.lists.items():
        assert not lists.items["code"].any()
        if lists.postings is not None:
            assert name in ("skills", "domains")
            assert (lists.postings.begins == lists.postings.ends).all()
            assert not lists.postings.items.any()


@SIZES
def test_a_removed_neighbour_leaves_the_rest_as_they_were(segment_rows):
    chance, vectors = Chance(9), Vectors(9)
    profiles = chance.profiles(40)
    pool = a_pool(profiles, vectors, segment_rows=max(segment_rows, 16))

    pool.apply([Change(one.id, 1) for one in profiles[::3]], model_hash=MODEL)

    left = [one for at, one in enumerate(profiles) if at % 3]
    assert pool.ids() == {one.id for one in left}
    assert pool.versions_of([one.id for one in profiles[:4]]) == [1, 0, 0, 1]
    for seed in range(10):
        brief = Chance(seed).brief()
        assert a_ranking(pool, brief, 100, vectors) == a_ranking(left, brief, 100, vectors)


def test_a_text_is_forgotten_with_its_last_use():
    pool = Pool(MODEL, DIMENSION)
    pool.apply([change(1, 1, title="Clockmaker"), change(2, 1, past_titles=("Clockmaker",))], model_hash=MODEL)
    code = pool.words.titles.known("Clockmaker")

    pool.apply([gone(1, 2)], model_hash=MODEL)
    still = pool.words.titles.known("Clockmaker")
    pool.apply([change(2, 2)], model_hash=MODEL)

    assert still == code is not None
    assert pool.words.titles.known("Clockmaker") is None
    assert not pool.words.titles.index.filled(len(pool.words.titles))[code]
    pool.apply([change(3, 1, title="Blacksmith")], model_hash=MODEL)
    assert pool.words.titles.known("Blacksmith") == code


def test_a_profile_removed_in_the_batch_that_brought_it_leaves_nothing():
    pool = Pool(MODEL, DIMENSION)

    pool.apply([change(1, 1), gone(1, 2), change(2, 1)], model_hash=MODEL)

    assert content(pool).keys() == {uid(2)}
    assert pool.tail.count == 1


@SIZES
def test_a_removed_profile_may_come_back(segment_rows):
    pool = a_pool([a_profile(1), a_profile(2), a_profile(3)], segment_rows=segment_rows)

    pool.apply([gone(1, 1)], model_hash=MODEL)
    pool.apply([change(1, 2, seniority=3)], model_hash=MODEL)

    assert content(pool).keys() == {uid(1), uid(2), uid(3)}


def test_vectors_of_another_model_are_refused_and_change_nothing():
    pool = a_pool([a_profile(1)])

    with pytest.raises(ModelMismatch, match="another-model"):
        pool.apply([change(2, 1)], model_hash="another-model")

    assert len(pool) == 1


@pytest.mark.parametrize(
    "vectors", [{}, {"Baker": np.ones(384, dtype=np.float32)}, {"Baker": Vectors(1)["Baker"], "x": np.ones(3)}]
)
def test_a_title_without_a_vector_that_fits_is_refused_and_nothing_changes(vectors):
    pool = a_pool([a_profile(1)])
    baker = Change(uid(3), 1, a_profile(3, title="Baker"), vectors)

    with pytest.raises(ModelMismatch):
        pool.apply([change(2, 1, title="Miller"), baker], model_hash=MODEL)

    assert len(pool) == 1
    assert pool.words.titles.known("Miller") is None
    assert pool.apply([change(2, 1, title="Miller")], model_hash=MODEL) == 1


def test_a_skill_without_a_vector_is_close_to_nothing_until_it_has_one():
    vectors = Vectors(3)
    bare = Change(uid(1), 1, a_profile(1, skills=skills(python=1)), {"Backend Developer": vectors["Backend Developer"]})
    pool = Pool(MODEL, DIMENSION)
    vectors["rust"] = vectors["python"]
    brief = a_brief(skills=(SkillNeed("rust"),))

    pool.apply([bare], model_hash=MODEL)
    before = a_ranking(pool, brief, 1, vectors).entries[0].closeness.skills
    pool.apply([change(2, 1, skills=skills(python=1))], model_hash=MODEL)

    assert before == (0.0,)
    assert a_ranking(pool, brief, 1, vectors).entries[0].closeness.skills == (1.0,)


def test_a_skill_that_is_asked_for_by_name_needs_no_vector():
    bare = Change(
        uid(1), 1, a_profile(1, skills=skills(python=1)), {"Backend Developer": Vectors(3)["Backend Developer"]}
    )
    pool = Pool(MODEL, DIMENSION)
    pool.apply([bare], model_hash=MODEL)

    ranking = a_ranking(pool, a_brief(skills=(SkillNeed("python"),)), 1, Vectors(3))

    assert ranking.entries[0].closeness.skills == (1.0,)


def test_a_full_tail_becomes_a_segment_and_a_hollow_segment_goes():
    profiles = Chance(seed=1).profiles(100)
    pool = a_pool(profiles, Vectors(1), segment_rows=16)
    sizes = [len(segment.columns) for segment in pool.segments]

    pool.apply([Change(one.id, 1) for one in profiles[:60]], model_hash=MODEL)

    assert sizes == [*[16] * 6, 4]
    assert len(pool) == 40
    assert all(2 * segment.count >= len(segment.columns) for segment in pool.segments)
    assert pool.ids() == {one.id for one in profiles[60:]}


def test_rows_are_packed_into_a_few_bytes_each():
    profiles = Chance(seed=1).profiles(400)

    pool = a_pool(profiles, Vectors(1), segment_rows=200)

    assert pool.nbytes()["rows"] / 400 < 200


def test_numbers_are_narrowed_to_what_holds_them():
    kinds = [
        narrow(np.array(values, dtype=np.int64)).dtype.name
        for values in ([], [-1], [127], [128], [32767], [32768], [2**31 - 1], [2**31])
    ]

    assert kinds == ["int8", "int8", "int8", "int16", "int16", "int32", "int32", "int64"]
    assert narrow(np.array([255], dtype=np.uint64)).dtype == np.uint8
    assert narrow(np.array([70_000], dtype=np.uint32)).dtype == np.uint32


def test_one_long_list_costs_nobody_else():
    many = tuple(SkillFact(f"skill-{number}", years=1) for number in range(300))

    pool = a_pool([a_profile(1, skills=skills(python=3)), a_profile(2, skills=many), a_profile(3)])

    assert pool.view().shards[0].columns.lists["skills"].starts.tolist() == [0, 1, 301, 301]


def test_codes_are_small_numbers_in_order_of_appearance_given_again_when_nobody_uses_them():
    codes = Codes[str]()

    assert [codes.of(value) for value in ("b", "a", "b")] == [1, 2, 1]
    assert (codes.known("a"), codes.known("c")) == (2, None)
    codes.release(np.array([1, 2, 0]))
    assert (codes.known("a"), codes.known("b")) == (None, 1)
    assert codes.of("z") == 2


def test_texts_keep_their_vectors_when_others_go():
    texts, vectors = Texts(DIMENSION), Vectors(2, exact=False)
    texts.learn(vectors | {name: vectors[name] for name in "abc"}, "abc", required=True)
    for name in "abc":
        texts.of(name)

    texts.release(np.array([texts.known("b")]))

    codes = np.array([texts.known("a"), texts.known("c")])
    assert texts.index.similarities(vectors["c"], codes) == pytest.approx(
        [float(vectors["a"] @ vectors["c"]), 1.0], abs=1e-6
    )


def test_a_window_without_a_zone_is_unknown_and_equal_days_share_a_code():
    pool = a_pool([a_profile(1, window=(540, 1080)), *(a_profile(n, zone="UTC", window=(0, 60)) for n in (2, 3))])

    assert pool.view().shards[0].columns.fixed["workday"].tolist() == [0, 1, 1]
    assert pool.words.workdays.values == [None, Workday("UTC", 0, 60)]


@pytest.mark.parametrize("segment_rows", [10_000, 40, 7])
@pytest.mark.parametrize("seed", range(4))
def test_any_history_of_changes_ends_like_a_pool_built_at_once(seed, segment_rows):
    chance, pick, vectors = Chance(seed), random.Random(seed), Vectors(seed)  # noqa: S311 - examples, not secrets
    history = []
    for version in range(400):
        profile = chance.profile(pick.randint(1, 60))
        listed = pick.random() < 0.7
        history.append(changes_of([profile], vectors, version)[0] if listed else Change(profile.id, version))
    last = {one.id: one for one in history}
    left = [one for one in last.values() if one.profile is not None]
    pick.shuffle(history)
    pool = Pool(MODEL, DIMENSION, segment_rows=segment_rows)

    for at in range(0, 400, 17):
        pool.apply(history[at : at + 17], model_hash=MODEL)

    every = {text: vectors[text] for one in left for text in texts_of(one.profile)}
    fresh = pool_of([one.profile for one in left], every, model_hash=MODEL, dimension=DIMENSION)
    brief = replace(chance.brief(), exclude_unknown=frozenset())
    answers = [
        [(entry.id, entry.score, entry.parts) for entry in a_ranking(one, brief, 100, vectors).entries]
        for one in (pool, fresh)
    ]
    assert len(pool) == len(left)
    assert pool.versions_of(list(last)) == [one.version for one in last.values()]
    assert answers[0] == answers[1]
    assert sorted(map(str, words_of(pool))) == sorted(map(str, words_of(fresh)))


def test_a_view_is_not_disturbed_by_what_comes_later():
    profiles = Chance(2).profiles(50)
    pool = a_pool(profiles, Vectors(2), segment_rows=16)
    view = pool.view()
    before = [(shard.columns.fixed["id_low"].tolist(), shard.live.tolist()) for shard in view.shards]

    pool.apply(changes_of(Chance(3).profiles(90)[40:], Vectors(2), 1), model_hash=MODEL)
    pool.apply([Change(one.id, 2) for one in profiles[:40]], model_hash=MODEL)

    assert [(shard.columns.fixed["id_low"].tolist(), shard.live.tolist()) for shard in view.shards] == before
    assert len(view) == 50
    assert len(pool) == 50


def test_what_went_is_wiped_when_the_last_view_of_it_is_let_go():
    pool = Pool(MODEL, DIMENSION)
    pool.apply([change(1, 1, title="Clockmaker"), change(2, 1)], model_hash=MODEL)
    oldest = pool.view()
    pool.apply([change(3, 1)], model_hash=MODEL)
    older = pool.view()
    pool.apply([gone(1, 2)], model_hash=MODEL)

    del older
    held = pool.words.titles.known("Clockmaker")
    del oldest

    assert held is not None
    assert pool.words.titles.known("Clockmaker") is None


def test_who_ranks_while_the_pool_changes_gets_whole_answers():
    profiles, vectors = Chance(5).profiles(200), Vectors(5)
    stable = [replace(one, seniority=3) for one in profiles[:100]]
    pool = a_pool([*stable, *profiles[100:]], vectors, segment_rows=32)
    brief, done, wrong = a_brief(seniority=3, weights={"seniority": 1.0}), threading.Event(), []
    expected = {one.id: 1_000_000_000 for one in stable}

    def look() -> None:
        while not done.is_set():
            answer = a_ranking(pool, brief, 400, vectors)
            found = {entry.id: entry.score for entry in answer.entries if entry.id in expected}
            if found != expected:
                wrong.append(found)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for version in range(1, 40):
        churned = profiles[100 + version :: 7]
        pool.apply(changes_of(churned[::2], vectors, version), model_hash=MODEL)
        pool.apply([Change(one.id, version) for one in churned[1::2]], model_hash=MODEL)
    done.set()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_an_empty_pool_is_a_pool():
    pool = pool_of([], ALIKE, model_hash=MODEL, dimension=DIMENSION)

    assert len(pool) == 0
    assert pool.ids() == set()
    assert pool.apply([], model_hash=MODEL) == 0
    assert pool.apply([gone(1, 1)], model_hash=MODEL) == 1
