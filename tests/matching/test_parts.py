import math
from datetime import date, timedelta

import numpy as np
import pytest

from matching import (
    Brief,
    Cefr,
    CertificationFact,
    CertificationNeed,
    Delivery,
    DomainFact,
    English,
    Profile,
    SkillFact,
    SkillNeed,
)
from matching.parts import Judges, applicable_parts, quantised, stretched
from matching.segments import sealed
from tests.matching.builders import TODAY, a_brief, a_pool, a_profile, fluent, musts, skills, words

NINE_TO_SIX = (540, 1080)
UNKNOWN_RANGE = (0.5, 0.0, 1.0)


def judge(part: str, brief: Brief, profile: Profile) -> tuple[float, float, float]:
    """Value, low and high of one part for one profile."""
    pool = a_pool([profile])
    [shard] = pool.view().shards
    judges = Judges(brief, dict.fromkeys(applicable_parts(brief), 0) | {part: 1}, pool.words, words())
    judged = judges.parts(shard.columns)[part]
    for columns in (shard.columns, sealed(shard.columns).columns):
        assert judges.weighed(columns, np.zeros(1, dtype=np.int64)).tolist() == quantised(judged.value).tolist()
    return float(judged.value[0]), float(judged.low[0]), float(judged.high[0])


def surely(value: float) -> tuple[float, float, float]:
    return pytest.approx((value, value, value))  # type: ignore[return-value]


# ---- Skills


def test_coverage_weighs_musts_double_and_takes_the_best_stand_in():
    # python (must, 2): implied by django, 1.0; ruby (1): python's relative is not listed, django earns 0; java: absent.
    brief = a_brief(skills=(*musts("python"), SkillNeed("ruby"), SkillNeed("java")))

    assert judge("skill_coverage", brief, a_profile(skills=skills(django=2))) == surely(2 / 4)
    assert judge("skill_coverage", brief, a_profile(skills=skills(python=2))) == surely(2.4 / 4)
    assert judge("skill_coverage", brief, a_profile(skills=skills(python=2, ruby=1))) == surely(3 / 4)


def test_a_profile_without_any_skills_may_have_them_all():
    brief = a_brief(skills=musts("python"))

    assert judge("skill_coverage", brief, a_profile()) == (0.0, 0.0, 1.0)
    assert judge("skill_depth", brief, a_profile()) == (0.0, 0.0, 1.0)


def test_depth_is_the_share_of_the_years_asked_for_and_a_surplus_pays_for_nothing():
    brief = a_brief(skills=(SkillNeed("python", years=4), SkillNeed("java", years=2)))

    assert judge("skill_depth", brief, a_profile(skills=skills(python=2, java=1))) == surely(0.5)
    assert judge("skill_depth", brief, a_profile(skills=skills(python=40))) == surely(0.5)
    assert judge("skill_depth", brief, a_profile(skills=skills(python=4, java=2))) == surely(1.0)


def test_depth_without_a_figure_saturates_with_years():
    brief = a_brief(skills=musts("python"))

    assert judge("skill_depth", brief, a_profile(skills=skills(python=2.5))) == surely(1 - math.exp(-1))
    assert judge("skill_depth", brief, a_profile(skills=skills(python=0))) == surely(0.0)


@pytest.mark.parametrize(
    ("last_used", "worth"), [(2026, 1.0), (2025, 1.0), (2024, 0.92), (2020, 0.6), (1999, 0.5), (None, 1.0), (2030, 1.0)]
)
def test_a_skill_fades_by_eight_percent_a_year_down_to_a_half(last_used, worth):
    fact = SkillFact("python", years=4, last_used=last_used)

    assert judge("skill_depth", a_brief(skills=(SkillNeed("python", years=4),)), a_profile(skills=(fact,))) == surely(
        worth
    )


@pytest.mark.parametrize(("level", "value"), [(None, 0.5), (1, 0.2), (5, 1.0)])
def test_years_nobody_stated_are_guessed_from_the_level_and_the_range_says_so(level, value):
    fact = SkillFact("python", level=level, last_used=2024)

    judged = judge("skill_depth", a_brief(skills=(SkillNeed("python", years=4),)), a_profile(skills=(fact,)))

    assert judged == pytest.approx((0.92 * value, 0.0, 0.92))


def test_a_relative_lends_its_depth_at_its_weight():
    brief = a_brief(skills=(SkillNeed("python", years=4),))

    assert judge("skill_depth", brief, a_profile(skills=skills(ruby=4))) == surely(0.4)
    assert judge("skill_depth", brief, a_profile(skills=skills(ruby=4, python=1))) == surely(0.4)


# ---- The others


@pytest.mark.parametrize(("rank", "value"), [(3, 1.0), (4, 0.85), (5, 0.6), (2, 0.6), (1, 0.2), (0, 0.1)])
def test_seniority_is_best_as_asked_and_a_step_above_costs_less_than_a_step_below(rank, value):
    assert judge("seniority", a_brief(seniority=3), a_profile(seniority=rank)) == surely(value)


def test_seniority_far_above_counts_little_and_unstated_is_a_guess():
    assert judge("seniority", a_brief(seniority=0), a_profile(seniority=5)) == surely(0.1)
    assert judge("seniority", a_brief(seniority=0), a_profile()) == UNKNOWN_RANGE


def test_a_domain_is_the_mean_of_what_was_asked_for():
    brief = a_brief(domains=("finance", "insurance"))

    assert judge("domain", brief, a_profile(domains=(DomainFact("banking"),))) == surely((1.0 + 0.4) / 2)
    assert judge("domain", brief, a_profile(domains=(DomainFact("games"),))) == surely(0.0)
    assert judge("domain", brief, a_profile()) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("level", "value"), [(Cefr.B1, 0.0), (Cefr.B2, 0.6), (Cefr.C1, 0.85), (Cefr.C2, 1.0), (Cefr.NATIVE, 1.0)]
)
def test_english_earns_by_its_margin_over_what_was_asked(level, value):
    assert judge("english", a_brief(english=Cefr.B2), a_profile(english=fluent(level))) == surely(value)


def test_the_weakest_mode_decides_and_an_unstated_one_opens_the_range_downwards():
    brief = a_brief(english=Cefr.B1)

    assert judge("english", brief, a_profile(english=English(Cefr.C2, Cefr.B2))) == surely(0.85)
    assert judge("english", brief, a_profile(english=English(speaking=Cefr.C1))) == (1.0, 0.0, 1.0)
    assert judge("english", brief, a_profile(english=English(reading=Cefr.C1))) == UNKNOWN_RANGE


def test_shared_hours_are_the_share_of_the_clients_day():
    brief = a_brief(zone="America/New_York", window=NINE_TO_SIX, starts_on=date(2026, 1, 5), ends_on=date(2026, 2, 5))
    mexican = a_profile(zone="America/Mexico_City", window=NINE_TO_SIX)

    assert judge("shared_hours", brief, mexican) == surely(8 / 9)
    assert judge("shared_hours", brief, a_profile(zone="America/New_York", window=(0, 1440))) == surely(1.0)
    assert judge("shared_hours", brief, a_profile(zone="UTC")) == UNKNOWN_RANGE


def test_certifications_count_while_they_are_valid():
    brief = a_brief(certifications=(CertificationNeed("cka"), CertificationNeed("aws-sa", required=True)))
    lapsed = CertificationFact("cka", TODAY - timedelta(days=1))

    assert judge("certifications", brief, a_profile(certifications=(CertificationFact("aws-sa"), lapsed))) == surely(
        0.5
    )
    assert judge("certifications", brief, a_profile()) == surely(0.0)


@pytest.mark.parametrize(("days", "value"), [(-300, 1.0), (0, 1.0), (15, 0.75), (60, 0.0), (600, 0.0)])
def test_a_late_start_loses_evenly_over_two_months(days, value):
    start = date(2026, 3, 1)

    judged = judge("start", a_brief(starts_on=start), a_profile(available_from=start + timedelta(days=days)))

    assert judged == surely(value)
    assert judge("start", a_brief(starts_on=start), a_profile()) == UNKNOWN_RANGE


def test_a_delivery_record_is_a_rate_with_four_of_five_assumed():
    assert judge("delivery", a_brief(), a_profile()) == pytest.approx((4 / 5, 0.0, 1.0))
    assert judge("delivery", a_brief(), a_profile(delivery=Delivery(5, 4))) == pytest.approx((8 / 10, 4 / 10, 9 / 10))
    assert judge("delivery", a_brief(), a_profile(delivery=Delivery(0, 0))) == pytest.approx((4 / 5, 0.0, 1.0))


@pytest.mark.parametrize(("days", "value"), [(0, 1.0), (180, 0.5), (360, 0.25), (-5, 1.0)])
def test_freshness_halves_every_half_year(days, value):
    assert judge("freshness", a_brief(), a_profile(updated_on=TODAY - timedelta(days=days))) == surely(value)


def test_a_rate_is_the_room_under_the_ceiling():
    brief = a_brief(rate_ceiling=4000, currency="USD")

    assert judge("rate", brief, a_profile(rate=3000, currency="USD")) == surely(0.25)
    assert judge("rate", brief, a_profile(rate=9000, currency="USD")) == surely(0.0)
    assert judge("rate", brief, a_profile(rate=3000, currency="BRL")) == UNKNOWN_RANGE
    assert judge("rate", brief, a_profile()) == UNKNOWN_RANGE


def test_cosines_are_stretched_between_strangers_and_twins():
    assert stretched(np.array([-1.0, 0.15, 0.525, 0.9, 1.0], dtype=np.float32)) == pytest.approx(
        [0.0, 0.0, 0.5, 1.0, 1.0], abs=1e-6
    )


def test_only_what_a_brief_asks_for_is_judged():
    assert applicable_parts(a_brief()) == {"semantic", "delivery", "freshness"}
    assert applicable_parts(a_brief(skills=musts("python"), english=Cefr.B2, rate_ceiling=1)) == {
        "semantic",
        "delivery",
        "freshness",
        "skill_coverage",
        "skill_depth",
        "english",
        "rate",
    }
    assert "shared_hours" not in applicable_parts(a_brief(zone="UTC"))
