"""Selection rates and their ratio, worked by hand."""

import pytest

from matching.fairness import impact_ratio, selection_rates


def outcomes(**groups):
    """So many selected of so many, by group."""
    return [(group, at < chosen) for group, (chosen, count) in groups.items() for at in range(count)]


def test_rates_and_their_ratio_by_hand():
    rates = selection_rates(outcomes(one=(30, 60), other=(12, 40)))

    assert rates == {"one": 0.5, "other": 0.3}
    assert impact_ratio(rates) == pytest.approx(0.6)


def test_small_groups_have_no_rate():
    given = outcomes(one=(3, 6), other=(0, 4), third=(2, 5))

    assert selection_rates(given, least=5) == {"one": 0.5, "third": 0.4}
    assert set(selection_rates(given)) == {"one", "other", "third"}


@pytest.mark.parametrize(
    ("given", "ratio"),
    [
        ({}, None),
        ({"one": (3, 6)}, None),
        ({"one": (0, 6), "other": (0, 3)}, 1.0),
        ({"one": (0, 6), "other": (1, 3)}, 0.0),
        ({"one": (6, 6), "other": (3, 3)}, 1.0),
    ],
)
def test_a_ratio_of_nothing_is_none_and_of_nobody_selected_one(given, ratio):
    assert impact_ratio(selection_rates(outcomes(**given))) == ratio


def test_it_does_not_matter_in_which_order_outcomes_come():
    given = outcomes(one=(3, 6), other=(1, 4))

    assert selection_rates(reversed(given)) == selection_rates(given)
