"""What profiles are told apart by: language, hub and career gap, read off what was posted."""

from datetime import date

import pytest

from app.matchmaking.observed import career_gap
from app.talent.documents import Job

AS_OF = date(2026, 11, 21)


def jobs(*spans):
    return [
        Job("Dev", "Kuna", None, None, date.fromisoformat(start), date.fromisoformat(end) if end else None)
        for start, end in spans
    ]


@pytest.mark.parametrize(
    ("spans", "gap"),
    [
        ([], None),
        ([("2020-01-01", None)], "none"),
        ([("2018-01-01", "2020-01-01"), ("2021-01-01", None)], "none"),
        ([("2018-01-01", "2020-01-01"), ("2021-01-03", None)], "over_a_year"),
        # Newest first, as profiles list them.
        ([("2022-06-01", None), ("2018-01-01", "2020-01-01")], "over_a_year"),
        # Another job bridges it.
        ([("2018-01-01", "2020-01-01"), ("2019-06-01", "2022-01-01"), ("2022-06-01", None)], "none"),
        # The pause since the last job is none between jobs.
        ([("2018-01-01", "2020-01-01")], "none"),
        # Of what lies before the ten years nothing counts.
        ([("2001-01-01", "2005-01-01")], None),
        ([("2001-01-01", "2005-01-01"), ("2017-06-01", None)], "none"),
        ([("2001-01-01", "2005-01-01"), ("2018-06-01", None)], "over_a_year"),
        ([("2018-06-01", None)], "none"),
        # A job that has not begun.
        ([("2026-12-01", None)], None),
    ],
)
def test_a_gap_lies_between_two_jobs(spans, gap):
    assert career_gap(jobs(*spans), AS_OF) == gap


def test_a_leap_day_has_a_day_ten_years_before():
    assert career_gap(jobs(("2018-01-01", None)), date(2028, 2, 29)) == "none"
