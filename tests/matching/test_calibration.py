"""Calibration on simulated decisions, of which the weights and the bias are known."""

from dataclasses import replace

import numpy as np
import pytest

from matching import DEFAULT_WEIGHTS, PARTS, Outcome, Shown, calibrate
from matching.calibration import LEAST_GROUP, LEAST_LISTS, LEAST_OF_EACH, examination

MOST = 0.6
NOW = np.array([DEFAULT_WEIGHTS[part] for part in PARTS])
ENGLISH = {**DEFAULT_WEIGHTS, "english": 0.4, "semantic": 0.02, "skill_coverage": 0.12}
"""What somebody wants who cares for English, beside what the ranking goes by."""


def decisions(truth, *, seed=1, lists=80, size=15, scale=12.0, trust=0.0, decay=0.0, parts=PARTS):
    """Lists in the order of the default weights, decided on by somebody who wants `truth`.

    Log odds of an advance fall by `trust` with each doubling of the place, and the chance that anything is decided
    about a place with its power `decay`.
    """
    dice = np.random.default_rng(seed)
    wanted = np.array([truth[part] * (part in parts) for part in PARTS])
    wanted = wanted / wanted.sum()
    shown = []
    for number in range(lists):
        values = dice.beta(2, 2, size=(size, len(PARTS)))
        values = values[np.argsort(-(values * np.isin(PARTS, parts)) @ NOW)]
        for place, row in enumerate(values, start=1):
            odds = scale * (row @ wanted - 0.5) + trust * (2 - np.log2(place))
            advanced = bool(dice.random() < 1 / (1 + np.exp(-odds)))
            examined = bool(dice.random() < place**-decay)
            given = {part: float(value) for part, value in zip(PARTS, row, strict=True) if part in parts}
            shown.append(Shown(f"list {number:03}", place, given, advanced if examined else None, examined))
    return shown


def calibrated(shown, current=DEFAULT_WEIGHTS, **given):
    return calibrate(shown, current, most=MOST, **given)


def likeness(weights, truth):
    """Cosine of two sets of weights."""
    one, other = (np.array([side[part] for part in PARTS]) for side in (weights, truth))
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def learnt(found):
    """The weights proposed, or those there are when none are."""
    return found.weights or DEFAULT_WEIGHTS


@pytest.mark.parametrize("shown", [[], [Shown("a", 1, {}, True, True)], decisions(ENGLISH, lists=LEAST_LISTS - 1)])
def test_too_little_to_learn_from_is_said_and_nothing_is_proposed(shown):
    found = calibrated(shown)

    assert (found.outcome, found.weights, found.figures) == (Outcome.TOO_LITTLE, None, {})
    assert found.shown == len(shown)


def test_advances_alone_are_too_little():
    shown = [replace(one, advanced=True) for one in decisions(ENGLISH)]

    assert calibrated(shown).outcome is Outcome.TOO_LITTLE


def test_the_least_there_may_be_of_each_is_counted():
    shown = decisions(ENGLISH, lists=LEAST_LISTS * 2)
    declined = [one for one in shown if one.advanced is False]
    spared = set(map(id, declined[LEAST_OF_EACH - 1 :]))
    few = [replace(one, advanced=None) if id(one) in spared else one for one in shown]

    assert len(declined) > LEAST_OF_EACH
    assert (calibrated(few).outcome, calibrated(few).declined) == (Outcome.TOO_LITTLE, LEAST_OF_EACH - 1)


def test_the_direction_is_recovered():
    found = calibrated(decisions(ENGLISH))

    assert found.outcome is Outcome.PROPOSED
    assert sum(found.weights.values()) == pytest.approx(1.0)
    assert list(found.weights) == list(PARTS)
    assert found.weights["english"] > 3 * DEFAULT_WEIGHTS["english"]
    assert found.weights["semantic"] < DEFAULT_WEIGHTS["semantic"] / 1.5
    assert likeness(found.weights, ENGLISH) > 0.96 > likeness(DEFAULT_WEIGHTS, ENGLISH)
    assert found.figures["log_loss"].gain.low > 0
    assert found.figures["pairwise_accuracy"].gain.low > 0
    for figure in found.figures.values():
        for side in (figure.current, figure.proposed, figure.gain):
            assert side.low <= side.value <= side.high


@pytest.mark.parametrize("seed", range(3))
def test_what_the_places_did_is_taken_out(seed):
    shown = decisions(ENGLISH, seed=seed, lists=200, trust=1.0, decay=0.3)

    corrected = calibrated(shown)
    uncorrected = calibrated([replace(one, place=1) for one in shown])

    assert corrected.outcome is Outcome.PROPOSED
    assert corrected.trust == pytest.approx(1.0, abs=0.35)
    assert uncorrected.trust == pytest.approx(0, abs=1e-9)
    assert likeness(corrected.weights, ENGLISH) > likeness(learnt(uncorrected), ENGLISH)
    assert likeness(corrected.weights, ENGLISH) > 0.95


def test_how_often_a_place_is_decided_on_is_read_from_the_log():
    found = calibrated(decisions(ENGLISH, lists=400, decay=0.5))

    assert list(found.examined) == sorted(found.examined, reverse=True)
    assert found.examined == pytest.approx([place**-0.5 for place in range(1, 16)], abs=0.06)


def test_a_place_is_never_decided_on_more_often_than_the_one_above():
    places = np.array([1, 1, 2, 2, 3, 3, 5])

    assert examination(places, np.array([1.0, 0, 1, 1, 0, 1, 0])) == pytest.approx([0.75, 0.75, 0.5, 0.0, 0.0])
    assert examination(np.array([], dtype=np.int64), np.array([])) == ()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("given", [{"scale": 0.0}, {"scale": 12.0}, {"scale": 12.0, "trust": 1.0, "decay": 0.4}])
def test_without_a_signal_against_them_the_weights_stay(seed, given):
    found = calibrated(decisions(DEFAULT_WEIGHTS, seed=seed, **given))

    assert (found.outcome, found.weights) == (Outcome.UNCHANGED, None)
    assert found.figures["log_loss"].gain.low <= 0


def test_decisions_against_a_part_never_turn_its_weight_negative():
    against = {**DEFAULT_WEIGHTS, "skill_depth": -0.5}
    found = calibrated(decisions(against, lists=150))

    assert found.outcome is Outcome.PROPOSED
    assert min(found.weights.values()) >= 0
    assert found.weights["skill_depth"] == 0


def test_no_part_is_proposed_more_than_the_most_there_may_be():
    found = calibrated(decisions(dict.fromkeys(PARTS, 0.0) | {"english": 1.0}, lists=150))

    assert found.outcome is Outcome.PROPOSED
    assert max(found.weights, key=found.weights.get) == "english"
    assert found.weights["english"] == MOST
    assert sum(found.weights.values()) == pytest.approx(1.0)


def test_of_parts_that_no_request_asks_for_nothing_is_learnt():
    parts = ("semantic", "delivery", "freshness", "english", "skill_coverage", "skill_depth")
    truth = {**DEFAULT_WEIGHTS, "english": 0.5}
    found = calibrated(decisions(truth, parts=parts, lists=150))

    silent = [part for part in PARTS if part not in parts and DEFAULT_WEIGHTS[part]]
    factors = [found.weights[part] / DEFAULT_WEIGHTS[part] for part in silent]
    assert found.outcome is Outcome.PROPOSED
    assert found.weights["rate"] == 0
    # Beside one another they stand as they stood.
    assert max(factors) - min(factors) < 0.03


def test_the_order_of_the_log_does_not_matter_and_a_second_run_says_the_same():
    shown = decisions(ENGLISH, lists=40)

    assert calibrated(shown) == calibrated(list(reversed(shown))) == calibrated(shown)


def test_only_proportions_of_the_current_weights_matter():
    shown = decisions(ENGLISH, lists=40)

    assert calibrated(shown, {part: 7 * weight for part, weight in DEFAULT_WEIGHTS.items()}) == calibrated(shown)


def test_holds_say_that_somebody_looked_and_nothing_more():
    shown = decisions(ENGLISH)
    held = [replace(one, advanced=None) if one.place % 5 == 0 else one for one in shown]

    found = calibrated(held)

    assert set(found.examined) == {1.0}
    assert found.advanced + found.declined == sum(one.place % 5 > 0 for one in shown)


def test_the_effect_on_groups_is_told():
    shown = []
    for one in decisions(ENGLISH):
        # Who speaks better English lives in the north, and a few have no group worth a rate.
        north = one.values["english"] > 0.5
        groups = {"country": "north" if north else "south", "few": f"group {len(shown) % 2000}"}
        shown.append(replace(one, groups=groups))

    found = calibrated(shown)

    country, few = found.impact
    assert (country.attribute, country.groups) == ("country", 2)
    assert country.proposed < country.current <= 1
    assert (few.attribute, few.groups, few.current, few.proposed) == ("few", 0, None, None)
    assert LEAST_GROUP > 1
