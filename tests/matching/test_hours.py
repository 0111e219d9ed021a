from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some

from matching.hours import Workday, length, shared_hours
from tests.matching.builders import quickly

NEW_YORK = Workday("America/New_York", 9 * 60, 18 * 60)
MEXICO_CITY = Workday("America/Mexico_City", 9 * 60, 18 * 60)
SAO_PAULO = Workday("America/Sao_Paulo", 9 * 60, 18 * 60)
JANUARY = date(2026, 1, 15)
JULY = date(2026, 7, 15)


@pytest.mark.parametrize(
    ("candidate", "day", "hours"),
    [(MEXICO_CITY, JANUARY, 8), (MEXICO_CITY, JULY, 7), (SAO_PAULO, JANUARY, 7), (SAO_PAULO, JULY, 8)],
)
def test_shared_hours_with_new_york_depend_on_the_season(candidate, day, hours):
    shared = shared_hours(candidate, NEW_YORK, day, day)

    assert shared.fewest == shared.most == hours * 60


def test_a_role_over_a_clock_change_promises_its_worst_day():
    shared = shared_hours(MEXICO_CITY, NEW_YORK, JANUARY, JULY)

    assert (shared.fewest, shared.fewest_on) == (7 * 60, date(2026, 3, 8))
    assert (shared.most, shared.most_on) == (8 * 60, JANUARY)


def test_a_role_without_an_end_is_judged_over_a_year():
    open_ended = shared_hours(SAO_PAULO, NEW_YORK, JULY)

    assert open_ended == shared_hours(SAO_PAULO, NEW_YORK, JULY, date(2027, 7, 15))
    assert (open_ended.fewest, open_ended.fewest_on) == (7 * 60, date(2026, 11, 1))


def test_an_end_before_the_start_is_judged_on_the_first_day():
    assert shared_hours(MEXICO_CITY, NEW_YORK, JULY, JANUARY) == shared_hours(MEXICO_CITY, NEW_YORK, JULY, JULY)


@pytest.mark.parametrize("ends_on", [None, date.max])
def test_a_role_until_the_end_of_time_is_still_answered(ends_on):
    assert shared_hours(MEXICO_CITY, NEW_YORK, JANUARY, ends_on).fewest == 7 * 60
    assert shared_hours(MEXICO_CITY, NEW_YORK, date(9999, 12, 1), ends_on).most == 8 * 60


def test_a_night_shift_runs_over_midnight():
    night = Workday("America/Bogota", 22 * 60, 6 * 60)

    assert length(night) == 8 * 60
    assert shared_hours(night, Workday("America/Bogota", 0, 8 * 60), JULY, JULY).fewest == 6 * 60
    assert shared_hours(night, Workday("America/Bogota", 21 * 60, 23 * 60), JULY, JULY).fewest == 60
    assert shared_hours(night, Workday("America/Bogota", 8 * 60, 20 * 60), JULY, JULY).fewest == 0


def test_zones_half_an_hour_off_are_minutes_off():
    india = Workday("Asia/Kolkata", 9 * 60, 18 * 60)

    assert shared_hours(india, Workday("Etc/UTC", 9 * 60, 18 * 60), JULY, JULY).fewest == 3 * 60 + 30


ZONES = some.sampled_from(["Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu", "America/Bogota", "Europe/Lisbon"])
MINUTE = some.integers(0, 1440)
WORKDAYS = some.builds(Workday, ZONES, MINUTE, MINUTE)
EAST_IN_JULY = {"Pacific/Kiritimati": 840, "Etc/GMT+12": -720, "Asia/Kathmandu": 345, "America/Bogota": -300}


@quickly
@given(WORKDAYS, WORKDAYS)
def test_shared_minutes_are_those_counted_one_by_one(candidate, team):
    def worked(day: Workday) -> set[int]:
        return {(day.start + minute - EAST_IN_JULY.get(day.zone, 60)) % 1440 for minute in range(length(day))}

    shared = shared_hours(candidate, team, JULY, JULY).fewest

    assert shared == len(worked(candidate) & worked(team))
    assert shared == shared_hours(team, candidate, JULY, JULY).fewest
