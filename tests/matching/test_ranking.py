import random
from dataclasses import replace
from datetime import date, timedelta
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
    Asked,
    Brief,
    Cefr,
    Closeness,
    English,
    ModelMismatch,
    NumpyIndex,
    Pool,
    Profile,
    SkillFact,
    SkillNeed,
    WeightsInvalid,
    fairness_population,
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
    TITLES,
    Chance,
    Vectors,
    a_brief,
    a_pool,
    a_profile,
    a_ranking,
    changes_of,
    fluent,
    musts,
    quickly,
    skills,
    uid,
    words,
)


def ranked(profiles: list[Profile], brief: Brief, k: int = 1000) -> list[UUID]:
    return [entry.id for entry in a_ranking(profiles, brief, k).entries]


# ---- Against the definition


@pytest.mark.parametrize("segment_rows", [10_000, 32])
@pytest.mark.parametrize("seed", range(30))
def test_a_ranking_is_what_gates_and_score_say_one_profile_at_a_time(seed, segment_rows):
    taxonomy, chance, vectors = words(), Chance(seed), Vectors(seed)
    profiles, brief = chance.profiles(120), chance.brief()

    answer = a_ranking(a_pool(profiles, vectors, segment_rows=segment_rows), brief, 25, vectors)

    judged = [naive.judge(one, brief, vectors, taxonomy) for one in profiles]
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
    chance, vectors = Chance(seed), Vectors(seed, exact=False)
    profiles, brief = chance.profiles(300), chance.brief()

    ours = a_ranking(a_pool(profiles, vectors), brief, 40, vectors)
    twin = a_ranking(a_pool(profiles, vectors, index=NumpyIndex), brief, 40, vectors)

    assert [entry.id for entry in ours.entries] == [entry.id for entry in twin.entries]
    for one, other in zip(ours.entries, twin.entries, strict=True):
        assert one.closeness.title == pytest.approx(other.closeness.title, abs=2e-5)
        assert one.closeness.skills == pytest.approx(other.closeness.skills, abs=2e-5)


@pytest.mark.parametrize("segment_rows", [10_000, 256])
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("k", [1, 10, 100])
def test_the_bounded_path_finds_exactly_what_the_exhaustive_one_finds(seed, k, segment_rows, monkeypatch):
    chance, vectors = Chance(seed), Vectors(seed, exact=bool(seed % 3))
    profiles, brief = chance.profiles(1500), chance.brief()
    pool = a_pool(profiles, vectors, segment_rows=segment_rows)
    monkeypatch.setattr(ranking, "EXACT_ROWS", 5000)
    exhaustive = a_ranking(pool, brief, k, vectors)

    monkeypatch.setattr(ranking, "EXACT_ROWS", 20)
    bounded = a_ranking(pool, brief, k, vectors)

    assert bounded == exhaustive


def test_the_bound_spares_most_texts(monkeypatch):
    days = [date(2026, 1, 15) - timedelta(days=number % 30) for number in range(2000)]
    profiles = [a_profile(at + 1, title=f"Title {at}", updated_on=day) for at, day in enumerate(days)]
    vectors, asked = Vectors(1, exact=False), []
    pool = a_pool(profiles, vectors)
    brief = a_brief(weights={"semantic": 0.002, "freshness": 0.998})
    monkeypatch.setattr(ranking, "EXACT_ROWS", 20)
    monkeypatch.setattr(fairness_population, "SAMPLE", 20)
    similarities = pool.words.titles.index.similarities
    monkeypatch.setattr(
        pool.words.titles.index,
        "similarities",
        lambda query, rows: asked.append(len(rows)) or similarities(query, rows),
    )

    a_ranking(pool, brief, 5, vectors)

    assert 0 < sum(asked) < 500


@pytest.mark.parametrize("k", [5, 9, 10, 11, 39, 40, 41, 200])
def test_any_k_is_answered_near_the_edge_of_the_bounded_path(k, monkeypatch):
    pool, vectors = a_pool(Chance(3).profiles(40), Vectors(2)), Vectors(2)
    everyone = a_ranking(pool, a_brief(), 40, vectors).entries

    monkeypatch.setattr(ranking, "EXACT_ROWS", 4)
    answer = a_ranking(pool, a_brief(), k, vectors)

    assert answer.entries == everyone[:k]


# ---- The same answer, always


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_arrival_moves_nobody(seed):
    chance, pick = Chance(seed), random.Random(seed)  # noqa: S311 - examples, not secrets
    brief, vectors = chance.brief(), Vectors(seed)
    people = chance.profiles(200)
    answers = []
    for segment_rows in (10_000, 64, 20):
        pick.shuffle(people)
        pool = Pool(MODEL, DIMENSION, segment_rows=segment_rows)
        for start in range(0, 200, 37):
            pool.apply(changes_of(people[start : start + 37], vectors), model_hash=MODEL)
        answers.append(a_ranking(pool, brief, 200, vectors))

    assert answers[0] == answers[1] == answers[2]


def test_the_same_question_has_the_same_answer():
    vectors, brief = Vectors(5, exact=False), Chance(6).brief()
    pool = a_pool(Chance(5).profiles(300), vectors)

    assert a_ranking(pool, brief, 50, vectors) == a_ranking(pool, brief, 50, vectors)


def test_ties_break_by_id():
    numbers = [7, 2**64, 3, 2**127 + 1, 2**64 + 1, 2**63, 1, 2**128 - 1]

    found = ranked([a_profile(number) for number in numbers], a_brief())

    assert found == [uid(number) for number in sorted(numbers)]
    assert ranked([a_profile(number) for number in numbers], a_brief(), k=3) == found[:3]


# ---- Scores


@pytest.mark.parametrize("seed", range(10))
def test_contributions_add_up_exactly(seed):
    chance = Chance(seed)

    answer = a_ranking(chance.profiles(100), chance.brief(), 100, Vectors(seed, exact=False))

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

    [entry] = a_ranking([perfect], brief, 1).entries

    assert entry.score == entry.low == entry.high == SCORE_UNIT
    assert entry.closeness == Closeness(1.0, 0.0, (1.0,))


def test_missing_data_widens_the_range_instead_of_lowering_the_score_to_it():
    brief = a_brief(seniority=3, weights={"seniority": 1.0})

    [entry] = a_ranking([a_profile()], brief, 1).entries

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
        a_ranking([a_profile()], a_brief(weights=weights), 1)


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

    [entry] = a_ranking([a_profile(rate=1000, currency="USD")], brief, 1).entries

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

    answer = a_ranking(profiles, a_brief(countries=("UY",)), 10, Vectors(11, exact=False))

    assert len(answer.entries) == 10
    assert answer.admitted == 10


# ---- Edges


@pytest.mark.parametrize("k", [0, 1, 25])
def test_an_empty_pool_ranks_nobody(k):
    everything = replace(
        Chance(2).brief(), skills=musts("python"), english=Cefr.B2, countries=("MX",), domains=("finance",)
    )

    answer = a_ranking(Pool(MODEL, DIMENSION), everything, k)

    assert answer.entries == ()
    assert (answer.considered, answer.admitted) == (0, 0)
    assert {report.removed for report in answer.gates} == {0}
    assert answer.model_hash == MODEL


@pytest.mark.parametrize("seed", range(5))
def test_a_pool_that_a_gate_empties_ranks_nobody_and_says_why(seed):
    brief = replace(Chance(seed).brief(), countries=("AQ",), exclude_unknown=frozenset({"country"}))

    answer = a_ranking(Chance(seed).profiles(20), brief, 5)

    assert answer.entries == ()
    assert next(report for report in answer.gates if report.kind == "country").removed == 20


def test_more_than_the_pool_holds_returns_the_pool():
    assert len(ranked(Chance(1).profiles(7), a_brief(), k=10_000)) == 7


def test_nobody_is_asked_for_and_nobody_comes_but_the_gates_still_count():
    answer = a_ranking(Chance(1).profiles(7), a_brief(discipline="software"), 0)

    assert answer.entries == ()
    assert answer.considered == 7
    assert answer.gates[0].kind == "discipline"


@pytest.mark.parametrize(
    ("title", "skills"), [((384,), (1, DIMENSION)), ((DIMENSION,), (1, 384)), ((DIMENSION,), (2, 32))]
)
def test_vectors_that_do_not_fit_are_refused(title, skills):
    asked = Asked(np.ones(title, dtype=np.float32), np.ones(skills, dtype=np.float32))

    with pytest.raises(ModelMismatch, match="32"):
        rank(a_pool([a_profile()]), a_brief(skills=musts("python")), asked, 1, words())


# ---- Late interaction


def value_of(part: str, profile: Profile, brief: Brief, vectors: Vectors) -> int:
    [entry] = a_ranking([profile], brief, 1, vectors).entries
    return next(one.value for one in entry.parts if one.part == part)


def test_the_title_is_half_and_the_best_counterpart_of_each_skill_the_other_half():
    vectors = {"wanted": unit(1), "has": unit(0.75, 1), "was": unit(0.9, 1), "python": unit(0, 0, 1)}
    vectors |= {"django": unit(0, 0, 0.6, 1), "ruby": unit(0, 1)}
    brief = a_brief(title="wanted", skills=(SkillNeed("python"), SkillNeed("ruby")))
    profile = a_profile(title="has", past_titles=("was",), skills=skills(django=1))

    [entry] = a_ranking([profile], brief, 1, vectors).entries

    title, past, python = (0.75 - 0.15) / 0.75, 1.0, (0.6 - 0.15) / 0.75
    assert entry.closeness == Closeness(pytest.approx(title), pytest.approx(past), pytest.approx((python, 0.0)))
    semantic = next(part.value for part in entry.parts if part.part == "semantic")
    assert semantic == round((0.5 * max(title, 0.8 * past) + 0.5 * python / 2) * 1e5)


def test_without_a_skill_asked_for_the_title_is_all():
    vectors = {"wanted": unit(1), "has": unit(0.525, 1)}

    assert value_of("semantic", a_profile(title="has"), a_brief(title="wanted"), vectors) == 50_000


def unit(*numbers: float) -> np.ndarray:
    """A unit vector that begins so but for its last number, which takes what is left."""
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[: len(numbers)] = numbers
    vector[len(numbers) - 1] = np.sqrt(max(0.0, 1 - np.sum(np.square(numbers[:-1]))))
    return vector


FACTS = some.lists(
    some.builds(SkillFact, some.sampled_from(SKILLS), some.sampled_from([None, 0, 1.5, 4]), some.none()),
    max_size=5,
    unique_by=lambda fact: fact.skill,
)


@quickly
@given(FACTS, some.sampled_from(SKILLS), some.sampled_from(TITLES), some.integers(0, 50))
def test_nothing_that_is_added_lowers_a_score(facts, gained, title, seed):
    vectors = Vectors(seed, exact=False)
    brief = a_brief(skills=tuple(SkillNeed(one) for one in SKILLS[: seed % 4]))
    profile = a_profile(title=title, skills=tuple(facts))
    added = (*facts, SkillFact(gained, 2)) if gained not in {fact.skill for fact in facts} else tuple(facts)
    older = tuple(replace(fact, years=fact.years + 1) if fact.years is not None else fact for fact in facts)

    def value(one: Profile) -> int:
        return value_of("semantic", one, brief, vectors)

    assert value(replace(profile, skills=added)) >= value(profile)
    assert value(replace(profile, past_titles=(TITLES[seed % len(TITLES)],))) >= value(profile)
    assert value(replace(profile, skills=older)) == value(profile)
    assert value(replace(profile, skills=tuple(reversed(added)))) == value(replace(profile, skills=added))


def test_a_brief_of_text_alone_and_one_of_gates_alone_are_both_answered():
    assert ranked([a_profile()], a_brief()) == [uid(1)]
    assert ranked([a_profile(english=fluent(Cefr.C1))], a_brief(title="", english=Cefr.B2)) == [uid(1)]


@pytest.mark.parametrize("seed", range(10))
def test_profiles_and_briefs_survive_json(seed):
    profile, brief = Chance(seed).profile(seed + 1), Chance(seed).brief()

    assert PROFILE.validate_json(PROFILE.dump_json(profile)) == profile
    assert BRIEF.validate_json(BRIEF.dump_json(brief)) == brief
