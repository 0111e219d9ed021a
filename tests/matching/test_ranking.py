import random
from dataclasses import replace
from datetime import date
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from matching import (
    BRIEF,
    DEFAULT_WEIGHTS,
    PARTS,
    PROFILE,
    SCORE_UNIT,
    VALUE_UNIT,
    Brief,
    Cefr,
    Change,
    English,
    ModelMismatch,
    NumpyIndex,
    Pool,
    Profile,
    Ranking,
    SkillFact,
    SkillNeed,
    WeightsInvalid,
    rank,
    ranking,
)
from matching.brief import WEIGHT_UNIT, share_weights
from matching.profile import LANGUAGE_MODES
from tests.matching import naive
from tests.matching.builders import (
    DIMENSION,
    MODEL,
    SKILLS,
    Chance,
    a_brief,
    a_pool,
    a_profile,
    a_query,
    exact_vectors,
    fluent,
    musts,
    quickly,
    random_vectors,
    skills,
    uid,
    words,
)


def ranked(profiles: list[Profile], brief: Brief, k: int = 1000) -> list[UUID]:
    return [entry.id for entry in rank(a_pool(profiles), brief, a_query(), k, words()).entries]


# ---- Against the definition


@pytest.mark.parametrize("seed", range(30))
def test_a_ranking_is_what_gates_and_score_say_one_profile_at_a_time(seed):
    taxonomy, chance = words(), Chance(seed)
    profiles, brief = chance.profiles(120), chance.brief()
    vectors, query = exact_vectors(120, seed), exact_vectors(1, seed + 1000)[0]

    answer = rank(a_pool(profiles, vectors), brief, query, 25, taxonomy)

    cosines = vectors @ query
    judged = [naive.judge(one, brief, float(cosine), taxonomy) for one, cosine in zip(profiles, cosines, strict=True)]
    by_id = {one.id: one for one in judged}
    assert [(entry.id, entry.score) for entry in answer.entries] == naive.best(judged, brief, answer.weights, 25)
    for entry in answer.entries:
        expected = by_id[entry.id]
        assert entry.outcomes == {name: {True: 1, None: 0, False: -1}[said] for name, said in expected.gates.items()}
        assert (entry.low, entry.high) == tuple(naive.score(expected, answer.weights, of=at) for at in (1, 2))
        for part in entry.parts:
            assert (part.value, part.low, part.high) == tuple(round(one * 1e5) for one in expected.parts[part.part])
    assert answer.considered == 120
    assert answer.admitted == sum(naive.admits(one, brief) for one in judged)
    for report in answer.gates:
        name = f"{report.kind}:{report.subject}" if report.subject else report.kind
        said = [one.gates[name] for one in judged]
        assert report.removed == sum(naive.leaves_out(name, one, brief) for one in said)
        assert report.unknown == said.count(None)
        assert (
            report.admitted_if_relaxed
            == sum(naive.admits(one, brief, without=name) for one in judged) - answer.admitted
        )


@pytest.mark.parametrize("seed", range(6))
def test_faiss_and_its_twin_rank_alike(seed):
    chance = Chance(seed)
    profiles, brief = chance.profiles(300), chance.brief()
    vectors, query = random_vectors(300, 48, seed), random_vectors(1, 48, seed + 50)[0]

    ours = rank(a_pool(profiles, vectors), brief, query, 40, words())
    twin = rank(a_pool(profiles, vectors, index=NumpyIndex), brief, query, 40, words())

    assert [entry.id for entry in ours.entries] == [entry.id for entry in twin.entries]
    assert [entry.cosine for entry in ours.entries] == pytest.approx([entry.cosine for entry in twin.entries], abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("k", [1, 10, 100])
def test_the_bounded_path_finds_exactly_what_the_exhaustive_one_finds(seed, k, monkeypatch):
    chance = Chance(seed)
    profiles, brief = chance.profiles(1500), chance.brief()
    vectors = exact_vectors(1500, seed) if seed % 3 else random_vectors(1500, DIMENSION, seed)
    query = (exact_vectors(1, seed + 7) if seed % 3 else random_vectors(1, DIMENSION, seed + 7))[0]
    pool = a_pool(profiles, vectors)
    exhaustive = rank(pool, brief, query, k, words())

    monkeypatch.setattr(ranking, "EXACT_ROWS", 20)
    bounded = rank(pool, brief, query, k, words())

    assert bounded == exhaustive


def test_the_bound_spares_most_cosines(monkeypatch):
    profiles = [a_profile(number, updated_on=date(2026, 1, 15 - number % 15)) for number in range(1, 2001)]
    pool = a_pool(profiles, random_vectors(2000, DIMENSION, seed=1))
    brief = a_brief(weights={"semantic": 0.002, "freshness": 0.998})
    asked = []
    similarities = pool.index.similarities
    monkeypatch.setattr(ranking, "EXACT_ROWS", 20)
    monkeypatch.setattr(
        pool.index, "similarities", lambda query, rows: asked.append(len(rows)) or similarities(query, rows)
    )

    rank(pool, brief, random_vectors(1, DIMENSION, seed=2)[0], 5, words())

    assert sum(asked) < 500


@pytest.mark.parametrize("k", [5, 9, 10, 11, 39, 40, 41, 200])
def test_any_k_is_answered_near_the_edge_of_the_bounded_path(k, monkeypatch):
    pool = a_pool(Chance(3).profiles(40), exact_vectors(40, seed=2))
    everyone = rank(pool, a_brief(), a_query(), 40, words()).entries

    monkeypatch.setattr(ranking, "EXACT_ROWS", 4)
    answer = rank(pool, a_brief(), a_query(), k, words())

    assert answer.entries == everyone[:k]


# ---- The same answer, always


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_arrival_moves_nobody(seed):
    chance, pick = Chance(seed), random.Random(seed)  # noqa: S311 - examples, not secrets
    brief, vectors, query = chance.brief(), exact_vectors(200, seed), exact_vectors(1, seed + 9)[0]
    people = list(zip(chance.profiles(200), vectors, strict=True))
    answers = []
    for _ in range(3):
        pick.shuffle(people)
        pool = Pool(MODEL, DIMENSION)
        for start in range(0, 200, 37):
            batch = [Change(profile.id, 0, profile, vector) for profile, vector in people[start : start + 37]]
            pool.apply(batch, model_hash=MODEL)
        answers.append(rank(pool, brief, query, 200, words()))

    assert answers[0] == answers[1] == answers[2]


def test_the_same_question_has_the_same_answer():
    pool = a_pool(Chance(5).profiles(300), random_vectors(300, DIMENSION, seed=5))
    brief, query = Chance(6).brief(), random_vectors(1, DIMENSION, seed=6)[0]

    assert rank(pool, brief, query, 50, words()) == rank(pool, brief, query, 50, words())


def test_ties_break_by_id():
    numbers = [7, 2**64, 3, 2**127 + 1, 2**64 + 1, 2**63, 1, 2**128 - 1]

    found = ranked([a_profile(number) for number in numbers], a_brief())

    assert found == [uid(number) for number in sorted(numbers)]
    assert ranked([a_profile(number) for number in numbers], a_brief(), k=3) == found[:3]


# ---- Scores


@pytest.mark.parametrize("seed", range(10))
def test_contributions_add_up_exactly(seed):
    chance = Chance(seed)
    pool = a_pool(chance.profiles(100), random_vectors(100, DIMENSION, seed))

    answer = rank(pool, chance.brief(), random_vectors(1, DIMENSION, seed + 1)[0], 100, words())

    assert sum(answer.weights.values()) == WEIGHT_UNIT
    for entry in answer.entries:
        assert entry.score == sum(part.contribution for part in entry.parts)
        assert entry.score == sum(part.weight * part.value for part in entry.parts)
        in_floats = sum(part.weight / 1e4 * (part.value / 1e5) for part in entry.parts)
        assert in_floats == pytest.approx(entry.score / SCORE_UNIT, abs=1e-9)
        assert [part.part for part in entry.parts] == [part for part in PARTS if part in answer.weights]
        assert 0 <= entry.low <= entry.score <= entry.high <= SCORE_UNIT
        assert all(0 <= part.low <= part.value <= part.high <= VALUE_UNIT for part in entry.parts)


def test_a_profile_that_is_all_one_could_ask_for_scores_one():
    perfect = a_profile(seniority=3, skills=skills(python=5))
    brief = a_brief(seniority=3, skills=(SkillNeed("python", True, 5),), weights=DEFAULT_WEIGHTS | {"delivery": 0.0})

    [entry] = rank(a_pool([perfect]), brief, a_query(), 1, words()).entries

    assert entry.score == entry.low == entry.high == SCORE_UNIT
    assert entry.cosine == 1.0


def test_missing_data_widens_the_range_instead_of_lowering_the_score_to_it():
    brief = a_brief(seniority=3, weights={"seniority": 1.0})

    [entry] = rank(a_pool([a_profile()]), brief, a_query(), 1, words()).entries

    assert (entry.low, entry.score, entry.high) == (0, SCORE_UNIT // 2, SCORE_UNIT)


# ---- Weights


@pytest.mark.parametrize(
    ("weights", "complaint"),
    [
        ({"semantic": float("nan")}, "finite"),
        ({"semantic": float("inf")}, "finite"),
        ({"semantic": -0.1, "freshness": 1.0}, "not negative"),
        ({"semantic": 0.0, "freshness": 0.0}, "above zero"),
        ({}, "above zero"),
        ({"english": 1.0}, "above zero"),
        ({"charm": 0.5, "semantic": 0.5}, "no part called charm"),
    ],
)
def test_weights_nobody_could_rank_by_are_refused(weights, complaint):
    with pytest.raises(WeightsInvalid, match=complaint):
        rank(a_pool([a_profile()]), a_brief(weights=weights), a_query(), 1, words())


@quickly
@given(
    some.dictionaries(some.sampled_from(PARTS), some.floats(0, allow_infinity=False, allow_nan=False)),
    some.frozensets(some.sampled_from(PARTS), min_size=1),
)
def test_shared_weights_are_whole_and_sum_to_one_and_keep_the_order(weights, applicable):
    if not any(weights.get(part) for part in applicable):
        with pytest.raises(WeightsInvalid):
            share_weights(weights, applicable)
        return

    shares = share_weights(weights, applicable)

    assert sum(shares.values()) == WEIGHT_UNIT
    assert shares.keys() == applicable
    assert all(share >= 0 for share in shares.values())
    heavier = [(one, other) for one in shares for other in shares if weights.get(one, 0) > weights.get(other, 0)]
    assert all(shares[one] >= shares[other] for one, other in heavier)


def test_weights_are_shared_by_the_largest_remainder():
    thirds = share_weights(
        {"semantic": 1, "delivery": 1, "freshness": 1}, frozenset({"semantic", "delivery", "freshness"})
    )

    assert thirds == {"semantic": 3334, "delivery": 3333, "freshness": 3333}
    assert sum(DEFAULT_WEIGHTS.values()) == pytest.approx(1.0)
    assert DEFAULT_WEIGHTS["rate"] == 0.0


def test_a_part_without_weight_is_shown_and_adds_nothing():
    brief = a_brief(rate_ceiling=4000, currency="USD")

    [entry] = rank(a_pool([a_profile(rate=1000, currency="USD")]), brief, a_query(), 1, words()).entries

    rate = next(part for part in entry.parts if part.part == "rate")
    assert (rate.weight, rate.value, rate.contribution) == (0, 75_000, 0)


# ---- What must not happen


def position(profile: Profile, others: list[Profile], brief: Brief) -> int:
    order = ranked([*others, profile], brief)
    return order.index(profile.id) if profile.id in order else len(order)


@pytest.mark.parametrize("seed", range(40))
def test_a_gained_skill_or_year_never_lowers_a_rank(seed):
    chance, pick = Chance(seed), random.Random(seed)  # noqa: S311 - examples, not secrets
    others, brief = chance.profiles(40), chance.brief()
    somebody = replace(chance.profile(99), skills=skills(java=2, ruby=1))
    before = position(somebody, others, brief)

    gained = pick.choice([skill for skill in SKILLS if skill not in ("java", "ruby")])
    wiser = replace(somebody, skills=(*somebody.skills, SkillFact(gained, pick.choice([None, 0, 3]))))
    older = replace(somebody, skills=tuple(replace(fact, years=(fact.years or 0) + 1) for fact in somebody.skills))

    assert position(wiser, others, brief) <= before
    assert position(older, others, brief) <= before


@pytest.mark.parametrize("seed", range(40))
def test_less_english_never_raises_a_rank(seed):
    chance, pick = Chance(seed), random.Random(seed)  # noqa: S311 - examples, not secrets
    others, brief = chance.profiles(40), replace(chance.brief(), english=Cefr(pick.randint(1, 6)))
    levels = [Cefr(pick.randint(2, 7)) for _ in LANGUAGE_MODES]
    somebody = replace(chance.profile(99), english=English(*levels))
    mode = pick.randrange(len(LANGUAGE_MODES))
    lower = English(*(Cefr(level - 1) if at == mode else level for at, level in enumerate(levels)))

    before, after = position(somebody, others, brief), position(replace(somebody, english=lower), others, brief)

    assert after >= before


def test_no_filter_costs_recall():
    chance = Chance(11)
    profiles = [
        replace(one, country="UY" if number % 100 == 0 else "BR") for number, one in enumerate(chance.profiles(1000))
    ]
    pool = a_pool(profiles, random_vectors(1000, DIMENSION, seed=11))

    answer = rank(pool, a_brief(countries=("UY",)), random_vectors(1, DIMENSION, seed=12)[0], 10, words())

    assert len(answer.entries) == 10
    assert answer.admitted == 10


# ---- Edges


@pytest.mark.parametrize("k", [0, 1, 25])
def test_an_empty_pool_ranks_nobody(k):
    everything = replace(
        Chance(2).brief(), skills=musts("python"), english=Cefr.B2, countries=("MX",), domains=("finance",)
    )

    answer = rank(Pool(MODEL, DIMENSION), everything, a_query(), k, words())

    assert answer.entries == ()
    assert (answer.considered, answer.admitted) == (0, 0)
    assert {report.removed for report in answer.gates} == {0}
    assert answer.model_hash == MODEL


@pytest.mark.parametrize("seed", range(5))
def test_a_pool_that_a_gate_empties_ranks_nobody_and_says_why(seed):
    brief = replace(Chance(seed).brief(), countries=("AQ",), exclude_unknown=frozenset({"country"}))

    answer = rank(a_pool(Chance(seed).profiles(20)), brief, a_query(), 5, words())

    assert answer.entries == ()
    assert next(report for report in answer.gates if report.kind == "country").removed == 20


def test_more_than_the_pool_holds_returns_the_pool():
    assert len(ranked(Chance(1).profiles(7), a_brief(), k=10_000)) == 7


def test_nobody_is_asked_for_and_nobody_comes_but_the_gates_still_count():
    answer: Ranking = rank(a_pool(Chance(1).profiles(7)), a_brief(discipline="software"), a_query(), 0, words())

    assert answer.entries == ()
    assert answer.considered == 7
    assert answer.gates[0].kind == "discipline"


def test_a_query_of_another_length_is_refused():
    with pytest.raises(ModelMismatch, match="32"):
        rank(a_pool([a_profile()]), a_brief(), np.ones(384, dtype=np.float32), 1, words())


def test_a_brief_of_text_alone_and_one_of_gates_alone_are_both_answered():
    assert ranked([a_profile()], a_brief()) == [uid(1)]
    assert ranked([a_profile(english=fluent(Cefr.C1))], a_brief(title="", english=Cefr.B2)) == [uid(1)]


@pytest.mark.parametrize("seed", range(10))
def test_profiles_and_briefs_survive_json(seed):
    profile, brief = Chance(seed).profile(seed + 1), Chance(seed).brief()

    assert PROFILE.validate_json(PROFILE.dump_json(profile)) == profile
    assert BRIEF.validate_json(BRIEF.dump_json(brief)) == brief
