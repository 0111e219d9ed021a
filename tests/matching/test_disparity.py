"""Rates, ratios, intervals and skew against figures worked by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.disparity import Z, held_back, katz, ndkl, ratio, skew, wilson
from tests.matching.builders import quickly


def test_wilson_s_interval_of_three_in_ten():
    # (0.3 + 3.841459/20) / 1.3841459 = 0.355507; half: 1.959964/1.3841459 * sqrt(0.021 + 3.841459/400) = 0.247715
    assert wilson(3, 10) == pytest.approx((0.107791, 0.603222), abs=2e-6)


def test_wilson_s_interval_keeps_within_nobody_and_everybody():
    square = Z * Z

    assert wilson(0, 20) == pytest.approx((0.0, square / (20 + square)))
    assert wilson(20, 20) == pytest.approx((20 / (20 + square), 1.0))
    assert wilson(0, 0) is None


def test_a_ratio_is_of_two_rates():
    # Local Law 144: 0.2 against 0.5.
    assert ratio(10, 50, 20, 40) == pytest.approx(0.4)
    assert ratio(0, 50, 20, 40) == 0
    assert ratio(0, 50, 0, 40) is None
    assert ratio(0, 0, 20, 40) is None


def test_the_interval_of_a_ratio_is_even_on_a_logarithmic_scale():
    # sqrt(1/10 - 1/50 + 1/20 - 1/40) = sqrt(0.105) = 0.324037; times 1.959964 is 0.635101; e to that, 1.887213
    low, high = katz(10, 50, 20, 40)

    assert (low, high) == pytest.approx((0.4 / 1.887213, 0.4 * 1.887213), abs=1e-6)
    assert math.sqrt(low * high) == pytest.approx(0.4)


def test_a_ratio_of_certainties_has_no_width_and_one_of_nothing_no_interval():
    assert katz(7, 7, 5, 5) == (1.0, 1.0)
    assert katz(0, 7, 5, 5) is None
    assert katz(0, 0, 0, 0) is None


def test_skew_is_the_logarithm_of_found_over_expected():
    assert skew(2, 4.0) == pytest.approx(-math.log(2))
    assert skew(4, 4.0) == 0
    assert skew(0, 4.0) is None
    assert skew(0, 0.0) is None


def test_divergence_of_four_places_by_hand():
    # Shares one half each. Prefixes of a a b b: 1/0, 1/0, 2/3 1/3, 1/2 1/2.
    two_thirds = 2 / 3 * math.log(4 / 3) + 1 / 3 * math.log(2 / 3)
    weights = [1 / math.log2(place + 1) for place in (1, 2, 3, 4)]
    by_hand = (weights[0] * math.log(2) + weights[1] * math.log(2) + weights[2] * two_thirds) / sum(weights)

    assert ndkl([0, 0, 1, 1], [0.5, 0.5]) == pytest.approx(by_hand)
    # That is 1.630930 times 0.693147 and 0.5 times 0.056633, over 2.561607.
    assert by_hand == pytest.approx(0.452369, abs=1e-6)


def test_divergence_of_one_group_or_nobody_is_none():
    assert ndkl([0, 0, 0], [1.0]) == 0
    assert ndkl([], [0.5, 0.5]) == 0


def test_an_alternating_order_diverges_less_than_a_sorted_one():
    assert ndkl([0, 1, 0, 1], [0.5, 0.5]) < ndkl([0, 0, 1, 1], [0.5, 0.5])


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ({"a": 20, "b": 30}, set()),
        ({}, set()),
        ({"a": 4}, {"a"}),
        ({"a": 0, "b": 9}, set()),
        ({"a": 4, "b": 9, "c": 30}, {"a", "b"}),
        ({"a": 2, "b": 3, "c": 30}, {"a", "b"}),
        ({"a": 1, "b": 2, "c": 7, "d": 30}, {"a", "b", "c"}),
        ({"a": 3, "b": 9}, {"a", "b"}),
    ],
)
def test_a_small_group_takes_others_with_it(sizes, hidden):
    assert held_back(sizes) == hidden


@quickly
@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 12)))
def test_no_small_group_is_the_sum_less_what_is_told(sizes):
    hidden = held_back(sizes)
    told = {name: size for name, size in sizes.items() if name not in hidden and size}

    assert all(size >= 5 for size in told.values())
    assert len(hidden) != 1 or not told
    assert not hidden or not told or sum(sizes[name] for name in hidden) >= 5


@quickly
@given(st.integers(1, 400), st.data())
def test_intervals_hold_their_estimates(total, data):
    selected = data.draw(st.integers(0, total))
    low, high = wilson(selected, total)

    assert 0 <= low <= selected / total + 1e-12
    assert selected / total - 1e-12 <= high <= 1
