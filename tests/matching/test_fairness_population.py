"""Counting whom a ranking was about, and that what is counted moves nobody."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import Cefr, Observed, population
from matching.fairness_population import SAMPLE, TOPS, Group, Labelled, Standings, sample_of
from matching.profile import CAREER_GAPS, HUB_SIZES, PROFILE_LANGUAGES
from tests.matching.builders import a_brief, a_profile, a_ranking, fluent, musts, quickly, skills, uid

OBSERVED = st.builds(
    Observed,
    profile_language=st.sampled_from([None, *PROFILE_LANGUAGES]),
    hub_size=st.sampled_from([None, *HUB_SIZES]),
    career_gap=st.sampled_from([None, *CAREER_GAPS]),
)
READERS = {"profile.py", "columns.py", "fairness_population.py", "__init__.py"}


def standings(values, scores, listed, scored=None):
    """Candidates with these values of one fact."""
    labels = tuple(sorted(set(values)))
    return Standings(
        id_high=np.zeros(len(values), np.uint64),
        id_low=np.arange(len(values), dtype=np.uint64),
        facts={"hub_size": Labelled(np.array([labels.index(value) for value in values], np.int64), labels)},
        listed=np.array(listed, np.int64),
        scored=np.arange(len(values)) if scored is None else np.array(scored),
        scores=np.array(scores, np.int64),
    )


def people():
    """Twelve profiles, of which the last three know too little English to pass."""
    levels = [Cefr.C1] * 9 + [Cefr.A1] * 3
    return [
        a_profile(
            number,
            skills=skills(python=number),
            english=fluent(levels[number - 1]),
            country="CO" if number % 2 else "BR",
            seniority=3,
            observed=Observed("es", "large", "none") if number <= 6 else Observed(),
        )
        for number in range(1, 13)
    ]


def test_groups_are_counted_by_hand():
    # a stands at 0 to 5, b at 6 to 11; the median of 0..11 is 5.5; the list has the six highest scores, best first.
    found = population(standings("a" * 6 + "b" * 6, range(12), [11, 10, 9, 8, 7, 0]))

    assert found.groups["hub_size"] == {
        "a": Group(admitted=6, scored=6, above_median=0, listed=1, top=(0, 1, 1, 1)),
        "b": Group(admitted=6, scored=6, above_median=6, listed=5, top=(5, 5, 5, 5)),
    }
    # Five prefixes of b alone diverge from a half each by ln 2, the sixth by 5/6 ln 5/3 - 1/6 ln 3; by 1/log2(i+1):
    # (1 + 0.630930 + 0.5 + 0.430677 + 0.386853) * 0.693147 + 0.356207 * 0.242586 = 2.130131, over 3.304667.
    assert found.ndkl["hub_size"] == pytest.approx(0.644583, abs=3e-6)


def test_small_groups_are_one_group_before_they_leave():
    found = population(standings("a" * 2 + "b" * 5 + "c" * 20, range(27), range(6)))

    assert set(found.groups["hub_size"]) == {"withheld", "c"}
    assert found.groups["hub_size"]["withheld"].admitted == 7


@pytest.mark.parametrize(("count", "listed"), [(0, 0), (4, 4), (30, 4), (30, 0)])
def test_nothing_is_told_of_too_few(count, listed):
    assert population(standings("a" * count, range(count), range(listed))) is None


def test_everybody_on_the_list_is_no_trouble():
    found = population(standings("a" * 6 + "b" * 6, [5] * 12, range(12)))

    assert [group.listed for group in found.groups["hub_size"].values()] == [6, 6]
    assert [group.above_median for group in found.groups["hub_size"].values()] == [0, 0]


def test_of_many_a_sample_is_scored():
    assert list(sample_of(3)) == [0, 1, 2]
    positions = sample_of(10 * SAMPLE + 7)
    assert len(np.unique(positions)) == SAMPLE
    assert positions[-1] < 10 * SAMPLE + 7

    found = population(standings("a" * 6 + "b" * 6, [1, 9], range(6), scored=[0, 6]))
    assert [(group.scored, group.above_median) for group in found.groups["hub_size"].values()] == [(1, 0), (1, 1)]


def test_a_ranking_hands_over_those_who_passed_its_gates():
    everybody = people()
    brief = a_brief(skills=musts("python"), english=Cefr.B2)

    ranking = a_ranking(everybody, brief, 6)
    found = ranking.standings

    assert len(found) == ranking.admitted == 9
    places = found.positions_of([one.id for one in everybody] + [uid(99)])
    assert set(places) == {uid(number) for number in range(1, 10)}
    assert [places[entry.id] for entry in ranking.entries] == found.listed.tolist()
    assert [found.scores[places[entry.id]] for entry in ranking.entries] == [entry.score for entry in ranking.entries]
    counted = population(found)
    assert counted.groups["seniority"]["senior"].admitted == 9
    # Three of nine are of an unknown language: too few to be told, and so are the others, who would give them away.
    assert set(counted.groups["profile_language"]) == {"withheld"}
    assert {value: group.admitted for value, group in counted.groups["country"].items()} == {"withheld": 9}


def test_every_observed_fact_comes_back_out_of_its_code():
    made = [
        Observed(language, hub, gap)
        for language in (None, *PROFILE_LANGUAGES)
        for hub in (None, *HUB_SIZES)
        for gap in (None, *CAREER_GAPS)
    ]
    profiles = [a_profile(number, observed=one) for number, one in enumerate(made, start=1)]

    found = a_ranking(profiles, a_brief(), 1).standings

    assert len({one.code for one in made}) == len(made)
    for name in ("profile_language", "hub_size", "career_gap"):
        fact = found.facts[name]
        assert [fact.labels[code] for code in fact.codes] == [getattr(one, name) or "unknown" for one in made]


@quickly
@given(st.lists(OBSERVED, min_size=12, max_size=12))
def test_what_is_observed_changes_no_place_no_score_and_no_reason(observed):
    brief = a_brief(skills=musts("python"), english=Cefr.B2, seniority=3)
    plain = [replace(profile, observed=Observed()) for profile in people()]
    other = [replace(profile, observed=one) for profile, one in zip(plain, observed, strict=True)]

    one, two = a_ranking(plain, brief, 12), a_ranking(other, brief, 12)

    assert (one.entries, one.gates, one.weights) == (two.entries, two.gates, two.weights)


def test_no_module_that_ranks_names_what_is_observed():
    for path in Path("matching").glob("*.py"):
        if path.name in READERS:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        named |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert named.isdisjoint({"observed", "profile_language", "hub_size", "career_gap"}), path


def test_depths_lie_no_closer_than_a_group_is_large():
    assert all(later - earlier >= 5 for earlier, later in zip((0, *TOPS), TOPS, strict=False))
