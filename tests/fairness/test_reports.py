"""Adding shortlists up: figures worked by hand, and nothing told by the difference of two reports."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fairness import reports
from app.fairness.reports import Ranked, Sums, dimension, selection_of, summed, tellable
from app.fairness.schemas import Stage
from matching import Group
from matching.disparity import MINIMUM_GROUP
from tests.matching.builders import quickly

SHORTLISTED = selection_of(Stage.SHORTLISTED, None)


def group(admitted, listed=0, above=0, scored=None, top=None):
    return Group(admitted, admitted if scored is None else scored, above, listed, top or (listed,) * 4)


def told(*lists, selection=SHORTLISTED, distances=()):
    """One dimension of these shortlists, by value."""
    found = summed([Ranked({"country": groups}, {}) for groups in lists], selection)
    return dimension("country", "Where.", found.get("country", Sums(distances=list(distances))))


def by_value(report):
    return {one.value: one for one in report.groups}


def test_two_groups_of_one_shortlist_by_hand():
    # 20 of 40 and 10 of 50: rates 0.5 and 0.2, ratio 0.4; 30 above the median of 40, 15 of 50: 0.75 and 0.3.
    report = told({"CO": group(40, 20, 30), "BR": group(50, 10, 15)})
    groups = by_value(report)

    assert (report.reference, report.considered) == ("CO", 90)
    assert [one.value for one in report.groups] == ["BR", "CO"]
    assert (groups["CO"].selection.rate, groups["BR"].selection.rate) == (0.5, 0.2)
    assert (groups["CO"].selection.impact_ratio, groups["CO"].selection.below_four_fifths) == (1.0, False)
    assert (groups["BR"].selection.impact_ratio, groups["BR"].selection.below_four_fifths) == (0.4, True)
    interval = groups["BR"].selection.impact_ratio_interval
    assert (interval.low, interval.high) == pytest.approx((0.4 / 1.887213, 0.4 * 1.887213), abs=1e-6)
    assert groups["BR"].scoring.rate == 0.3
    assert groups["BR"].scoring.impact_ratio == pytest.approx(0.4)
    # Thirty listed of ninety: the shares would give 30 * 40/90 and 30 * 50/90.
    assert groups["CO"].skew == pytest.approx(math.log(20 / (30 * 40 / 90)))
    assert groups["BR"].skew == pytest.approx(math.log(10 / (30 * 50 / 90)))


def test_four_fifths_exactly_is_not_below():
    groups = by_value(told({"CO": group(100, 50), "BR": group(100, 40), "MX": group(100, 39)}))

    assert groups["BR"].selection.below_four_fifths is False
    assert groups["MX"].selection.below_four_fifths is True


def test_shares_are_those_of_each_shortlist():
    # All CO in one list of ten, all BR in another of ten: each is at parity where it was considered.
    report = told({"CO": group(10, 5)}, {"BR": group(10, 10)})

    assert [one.skew for one in report.groups] == [pytest.approx(math.log(10 / 10)), 0.0]
    assert by_value(report)["CO"].selection.impact_ratio == 0.5


def test_nobody_is_in_an_empty_report():
    report = told()

    assert (report.considered, report.reference, report.ndkl, report.groups) == (0, None, None, [])


def test_one_group_is_compared_with_itself():
    (only,) = told({"CO": group(9, 3)}).groups

    assert (only.selection.impact_ratio, only.selection.below_four_fifths, only.skew) == (1.0, False, 0.0)


def test_everybody_selected_is_parity_without_a_width():
    groups = by_value(told({"CO": group(9, 9), "BR": group(6, 6)}))

    for one in groups.values():
        assert (one.selection.rate, one.selection.impact_ratio, one.skew) == (1.0, 1.0, 0.0)
        assert (one.selection.impact_ratio_interval.low, one.selection.impact_ratio_interval.high) == (1.0, 1.0)
        assert one.selection.rate_interval.high == 1.0


def test_nobody_selected_has_rates_and_no_ratio():
    for one in told({"CO": group(9), "BR": group(6)}).groups:
        assert (one.selection.rate, one.selection.impact_ratio, one.selection.below_four_fifths) == (0.0, None, None)
        assert one.skew is None


def test_nobody_scored_has_no_scoring_rate():
    groups = by_value(told({"CO": group(9, 3, scored=0), "BR": group(6, 1, 1)}))

    assert groups["CO"].scoring is None
    assert groups["BR"].scoring.rate == pytest.approx(1 / 6)


def test_what_is_no_group_is_counted_and_compared_with_nobody():
    groups = by_value(told({"unknown": group(10, 10), "prefer_not_to_say": group(8, 8), "CO": group(10, 5)}))

    assert groups["CO"].selection.impact_ratio == 1.0
    for value in ("unknown", "prefer_not_to_say"):
        assert groups[value].selection.rate == 1.0
        assert (groups[value].selection.impact_ratio, groups[value].selection.below_four_fifths) == (None, None)


def test_the_first_places_are_a_stage_of_their_own():
    groups = {"CO": group(10, 9, top=(5, 7, 9, 9)), "BR": group(10, 6, top=(0, 3, 6, 6))}

    for depth, (first, second) in {5: (5, 0), 10: (7, 3), 25: (9, 6)}.items():
        found = by_value(told(groups, selection=selection_of(Stage.TOP_K, depth)))
        assert (found["CO"].selection.taken, found["BR"].selection.taken) == (first, second)


def test_divergence_is_the_mean_over_shortlists():
    lists = [Ranked({"country": {"CO": group(9, 3)}}, {"country": far}) for far in (0.1, 0.3)]

    assert dimension("country", "Where.", summed(lists, SHORTLISTED)["country"]).ndkl == pytest.approx(0.2)


def test_a_withheld_group_has_no_figure():
    report = told(tellable({"CO": group(30, 9), "BR": group(6, 2), "UY": group(3, 3)}))

    assert [one.value for one in report.groups] == ["CO", "withheld"]
    withheld = report.groups[-1]
    assert (withheld.selection, withheld.scoring, withheld.skew) == (None, None, None)
    assert report.considered == 30


counts = st.integers(0, 15).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size)))
tables = st.dictionaries(st.sampled_from(["CO", "BR", "MX", "UY", "unknown"]), counts, min_size=1)


@quickly
@given(st.lists(tables, min_size=1, max_size=4), st.data())
def test_the_difference_of_two_reports_tells_of_no_small_group(drawn, data):
    lists = [tellable({value: group(*pair) for value, pair in table.items() if pair[0]}) for table in drawn]
    within = data.draw(st.lists(st.booleans(), min_size=len(lists), max_size=len(lists)))
    part = [one for one, chosen in zip(lists, within, strict=True) if chosen]

    whole, less = by_value(told(*lists)), by_value(told(*part))

    for value, one in whole.items():
        if one.selection is not None:
            difference = one.selection.of - (less[value].selection.of if value in less else 0)
            assert difference == 0 or difference >= MINIMUM_GROUP


def test_every_dimension_says_what_it_is():
    for text in {**reports.PROFILE_DIMENSIONS, **reports.DECLARED_DIMENSIONS}.values():
        assert text.endswith(".")
