import random
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
    pool_of,
    rank,
)
from matching.columns import UNKNOWN, Codes, Lists
from matching.hours import Workday
from tests.matching.builders import (
    DIMENSION,
    MODEL,
    TODAY,
    Chance,
    a_brief,
    a_pool,
    a_profile,
    a_query,
    exact_vectors,
    fluent,
    skills,
    uid,
    words,
)

HERE = a_query()
ELSEWHERE = np.eye(DIMENSION, dtype=np.float32)[5]


def change(number: int, version: int, vector=HERE, **facts) -> Change:
    return Change(uid(number), version, a_profile(number, **facts), vector)


def gone(number: int, version: int) -> Change:
    return Change(uid(number), version)


def empty() -> Pool:
    return Pool(MODEL, DIMENSION)


def content(pool: Pool) -> dict:
    """What a pool answers for each profile, wherever its row is."""
    ranking = rank(pool, a_brief(seniority=3), a_query(), 1000, words())
    return {entry.id: (entry.version, entry.score, entry.cosine) for entry in ranking.entries}


def test_a_pool_holds_what_was_put_in():
    pool = empty()

    news = pool.apply([change(1, 1), change(2, 1)], model_hash=MODEL)

    assert news == 2
    assert len(pool) == 2
    assert uid(1) in pool
    assert uid(3) not in pool
    assert pool.row_of(uid(3)) is None
    assert pool.rows.tolist() == [0, 1]


def test_a_change_applied_again_is_no_news():
    pool = empty()
    changes = [change(1, 1, seniority=3), change(2, 4), gone(3, 2)]

    first, before, again = pool.apply(changes, model_hash=MODEL), content(pool), pool.apply(changes, model_hash=MODEL)

    assert (first, again) == (3, 0)
    assert content(pool) == before


CHANGES = (change(1, 1, seniority=0), change(1, 2, ELSEWHERE, seniority=3), gone(2, 7), change(2, 6), change(1, 3))


@pytest.mark.parametrize("order", list(permutations(CHANGES))[::7])
@pytest.mark.parametrize("at_once", [True, False])
def test_changes_may_come_in_any_order_in_one_batch_or_many(order, at_once):
    pool = empty()

    for batch in [order] if at_once else [[one] for one in order]:
        pool.apply(batch, model_hash=MODEL)

    assert content(pool).keys() == {uid(1)}
    assert pool.versions == {uid(1): 3, uid(2): 7}
    assert pool.columns.numbers["seniority"][pool.row_of(uid(1))] == UNKNOWN
    assert pool.index.similarities(HERE, pool.rows)[0] == 1.0


def test_only_the_newest_of_a_batch_counts_and_repeats_are_no_news():
    pool = empty()

    news = pool.apply([change(1, 2, seniority=5), change(1, 1, seniority=1), change(1, 2)], model_hash=MODEL)

    assert news == 1
    assert pool.versions == {uid(1): 2}
    assert pool.columns.numbers["seniority"][pool.row_of(uid(1))] == 5


def test_removal_forgets_the_facts_and_the_vector():
    rich = {
        "seniority": 3,
        "skills": skills(python=4),
        "english": fluent(Cefr.C1),
        "certifications": (CertificationFact("cka", date(2030, 1, 1)),),
        "domains": (DomainFact("banking", 2),),
        "country": "MX",
        "zone": "America/Mexico_City",
        "window": (540, 1080),
        "available_from": TODAY,
        "weekly_hours": 40,
        "rate": 4500,
        "currency": "USD",
        "delivery": Delivery(3, 2),
    }
    pool = empty()
    pool.apply([change(1, 1, **rich)], model_hash=MODEL)
    row = pool.row_of(uid(1))

    pool.apply([gone(1, 2)], model_hash=MODEL)

    columns = pool.columns
    assert row is not None
    assert len(pool) == 0
    assert pool.ids[row] is None
    assert not columns.live[row]
    assert columns.id_high[row] == columns.id_low[row] == 0
    assert {numbers[row] for numbers in columns.numbers.values()} == {UNKNOWN}
    assert {codes[row] for codes in columns.coded.values()} == {0}
    for lists in (columns.skills, columns.domains, columns.certifications):
        assert not lists.codes[row].any()
        assert all((numbers[row] == UNKNOWN).all() for numbers in lists.numbers.values())
    assert np.array_equal(pool.index._view()[row], np.zeros(DIMENSION, dtype=np.float32))


def test_a_profile_removed_in_the_batch_that_brought_it_leaves_nothing():
    pool = empty()

    pool.apply([change(1, 1), gone(1, 2), change(2, 1)], model_hash=MODEL)

    assert content(pool).keys() == {uid(2)}
    assert len(pool.ids) == 1


def test_a_freed_row_is_used_again_and_shows_nothing_of_its_past():
    pool = a_pool([a_profile(1), a_profile(2, seniority=3, skills=skills(python=9, java=3)), a_profile(3)])
    freed = pool.row_of(uid(2))

    pool.apply([gone(2, 1), change(4, 1, ELSEWHERE)], model_hash=MODEL)

    assert pool.row_of(uid(4)) == freed
    assert len(pool.ids) == 3
    assert not pool.columns.skills.codes[freed].any()
    assert pool.columns.numbers["seniority"][freed] == UNKNOWN
    assert pool.index.similarities(HERE, pool.rows).tolist() == [1.0, 0.0, 1.0]


def test_a_removed_profile_may_come_back():
    pool = a_pool([a_profile(1)])

    pool.apply([gone(1, 1)], model_hash=MODEL)
    pool.apply([change(1, 2, seniority=3)], model_hash=MODEL)

    assert content(pool).keys() == {uid(1)}


def test_vectors_of_another_model_are_refused_and_change_nothing():
    pool = a_pool([a_profile(1)])

    with pytest.raises(ModelMismatch, match="another-model"):
        pool.apply([change(2, 1)], model_hash="another-model")

    assert len(pool) == 1


def test_a_vector_of_another_length_is_refused_and_change_nothing():
    pool = a_pool([a_profile(1)])

    with pytest.raises(ModelMismatch, match="32"):
        pool.apply([change(2, 1), change(3, 1, np.ones(384, dtype=np.float32))], model_hash=MODEL)

    assert len(pool) == 1
    assert pool.apply([change(2, 1)], model_hash=MODEL) == 1


def test_a_pool_grows_past_its_first_capacity():
    chance = Chance(seed=1)
    profiles = chance.profiles(2500)
    vectors = exact_vectors(2500, seed=1)

    pool = a_pool(profiles, vectors)

    assert len(pool) == 2500
    assert np.array_equal(pool.index.similarities(vectors[2400], pool.rows), vectors @ vectors[2400])
    assert pool.columns.disciplines.values[pool.columns.coded["discipline"][2400]] == profiles[2400].discipline


def test_one_long_list_widens_the_columns_for_all():
    many = tuple(SkillFact(f"skill-{number}", years=1) for number in range(60))

    pool = a_pool([a_profile(1, skills=skills(python=3)), a_profile(2, skills=many)])

    assert pool.columns.skills.codes.shape[1] == 60
    assert pool.columns.skills.numbers["years"][0].tolist() == [30, *[UNKNOWN] * 59]


def test_a_code_that_needs_more_than_two_bytes_is_kept_whole():
    lists = Lists("years")

    lists.put(0, [65_535], years=[1])
    lists.put(1, [65_536], years=[2])

    assert lists.codes[:2, 0].tolist() == [65_535, 65_536]


def test_codes_are_small_numbers_in_order_of_appearance():
    codes = Codes[str]()

    assert [codes.of(value) for value in ("b", "a", "b")] == [1, 2, 1]
    assert (codes.known("a"), codes.known("c")) == (2, None)


def test_a_window_without_a_zone_is_unknown_and_equal_days_share_a_code():
    pool = a_pool([a_profile(1, window=(540, 1080)), *(a_profile(n, zone="UTC", window=(0, 60)) for n in (2, 3))])

    assert pool.columns.coded["workday"][:3].tolist() == [0, 1, 1]
    assert pool.columns.workdays.values == [None, Workday("UTC", 0, 60)]


@pytest.mark.parametrize("seed", range(4))
def test_any_history_of_changes_ends_like_a_pool_built_at_once(seed):
    chance, pick = Chance(seed), random.Random(seed)  # noqa: S311 - examples, not secrets
    vectors = exact_vectors(400, seed)
    history = []
    for version in range(400):
        profile = chance.profile(pick.randint(1, 60))
        listed = pick.random() < 0.7
        history.append(Change(profile.id, version, profile if listed else None, vectors[version] if listed else None))
    last = {one.id: one for one in history}
    left = [one for one in last.values() if one.profile is not None]
    pick.shuffle(history)
    pool = empty()

    for at in range(0, 400, 17):
        pool.apply(history[at : at + 17], model_hash=MODEL)

    fresh = pool_of([one.profile for one in left], np.stack([one.vector for one in left]), model_hash=MODEL)
    brief = replace(chance.brief(), exclude_unknown=frozenset())
    answers = [
        [(entry.id, entry.score, entry.parts) for entry in rank(one, brief, vectors[0], 100, words()).entries]
        for one in (pool, fresh)
    ]
    assert len(pool) == len(left)
    assert len(pool.ids) <= 60
    assert answers[0] == answers[1]


def test_an_empty_pool_is_a_pool():
    pool = pool_of([], np.zeros((0, DIMENSION), dtype=np.float32), model_hash=MODEL)

    assert len(pool) == 0
    assert pool.rows.tolist() == []
    assert pool.apply([], model_hash=MODEL) == 0
    assert pool.apply([gone(1, 1)], model_hash=MODEL) == 1
