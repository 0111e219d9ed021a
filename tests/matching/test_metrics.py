import math

import numpy as np
import pytest

from matching.metrics import (
    average_precision,
    average_precision_of,
    impact_ratios,
    ndcg_at,
    ndcg_of,
    rank_biased_overlap,
    ranks_of,
    recall_at,
    recall_of,
    reciprocal_rank,
    reciprocal_rank_of,
)


def test_average_precision_by_hand():
    # Relevant at ranks 1 and 3; a third is never found: (1/1 + 2/3 + 0) / 3.
    assert average_precision("axbyz", {"a", "b", "c"}) == pytest.approx(5 / 9)
    assert average_precision("ab", {"a", "b"}) == 1.0
    assert average_precision("xy", {"a"}) == 0.0


def test_reciprocal_rank_by_hand():
    assert reciprocal_rank("xyab", {"a", "b"}) == pytest.approx(1 / 3)
    assert reciprocal_rank("xy", {"a"}) == 0.0


def test_recall_by_hand():
    assert recall_at("axbc", {"a", "b", "c", "d"}, 3) == 0.5
    assert recall_at("axbc", {"a", "b", "c", "d"}, 100) == 0.75
    assert recall_at("axbc", {"a"}, 0) == 0.0


def test_ndcg_by_hand():
    # 2/log2(2) + 0 + 3/log2(4), over the ideal 3/log2(2) + 2/log2(3) + 1/log2(4).
    gains = {"a": 2.0, "b": 3.0, "c": 1.0}

    assert ndcg_at("axb", gains, 3) == pytest.approx((2 + 1.5) / (3 + 2 / math.log2(3) + 0.5))
    assert ndcg_at("bac", gains, 3) == 1.0
    assert ndcg_at("ba", gains, 2) == 1.0


def test_nothing_relevant_scores_nothing():
    assert average_precision("ab", set()) == 0.0
    assert recall_at("ab", set(), 1) == 0.0
    assert ndcg_at("ab", {}, 10) == 0.0
    assert ndcg_at("", {"a": 1.0}, 10) == 0.0


def test_rank_biased_overlap_by_hand():
    # Agreement 0 at depth 1 and 1 at depth 2: 0.9^2 + (0.1 / 0.9) * (0 * 0.9 + 1 * 0.9^2).
    assert rank_biased_overlap("ab", "ba") == pytest.approx(0.81 + 0.09)
    assert rank_biased_overlap("abc", "abc") == pytest.approx(1.0)
    assert rank_biased_overlap("abc", "xyz") == 0.0
    assert rank_biased_overlap("", "") == 1.0


def test_an_early_swap_costs_more_overlap_than_a_late_one():
    assert rank_biased_overlap("abcdef", "bacdef") < rank_biased_overlap("abcdef", "abcdfe")


def test_impact_ratios_by_hand():
    # 30 of 60 and 12 of 40: 0.5 and 0.3, so three fifths, under the four fifths of the rule.
    ratios = impact_ratios({"one": 30, "other": 12}, {"one": 60, "other": 40, "nobody": 0})

    assert ratios == {"one": 1.0, "other": pytest.approx(0.6)}


def test_when_nobody_is_selected_no_group_is_worse_off():
    assert impact_ratios({}, {"one": 3, "other": 5}) == {"one": 1.0, "other": 1.0}
    assert impact_ratios({}, {}) == {}


def test_ranks_by_hand():
    # Descending: item 2, then 0 and 3 of equal score in the order of their numbers, then 1.
    assert ranks_of(np.asarray([0.5, 0.1, 0.9, 0.5]), np.asarray([1, 3])).tolist() == [3, 4]


def test_measures_of_ranks_are_those_of_rankings():
    numbers = np.random.default_rng(5)
    for _ in range(20):
        scores, relevant = numbers.random(30).round(1), numbers.permutation(30)[:6]
        ranking = np.argsort(-scores, kind="stable").tolist()
        ranks, right = ranks_of(scores, relevant), set(relevant.tolist())

        assert average_precision_of(ranks) == pytest.approx(average_precision(ranking, right))
        assert reciprocal_rank_of(ranks) == pytest.approx(reciprocal_rank(ranking, right))
        assert recall_of(ranks, 10) == pytest.approx(recall_at(ranking, right, 10))
        assert ndcg_of(ranks, 10) == pytest.approx(ndcg_at(ranking, dict.fromkeys(right, 1.0), 10))


def test_no_ranks_measure_nothing():
    none = np.empty(0, dtype=np.int64)

    assert average_precision_of(none) == reciprocal_rank_of(none) == recall_of(none, 10) == ndcg_of(none, 10) == 0.0
