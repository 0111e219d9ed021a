from datetime import date, timedelta

import pytest

from matching import GATE_KINDS, Brief, Cefr, CertificationFact, CertificationNeed, English, Profile
from matching.gates import FAIL, PASS, UNSURE, gates_of
from matching.segments import sealed
from tests.matching.builders import TODAY, a_brief, a_pool, a_profile, a_ranking, fluent, musts, skills, uid, words

NINE_TO_SIX = (540, 1080)


def answers(brief: Brief, *profiles: Profile) -> dict[str, list[int]]:
    """What each gate says of each profile, in the order given."""
    pool = a_pool(profiles)
    [shard] = pool.view().shards
    gates = gates_of(brief, pool.words, words())
    packed = sealed(shard.columns).columns
    for gate in gates:
        assert gate.answer(packed).tolist() == gate.answer(shard.columns).tolist()
    return {gate.name: gate.answer(shard.columns).tolist() for gate in gates}


def people(**facts) -> list[Profile]:
    """One profile for each value of the one fact given."""
    [(name, values)] = facts.items()
    return [a_profile(number, **{name: value}) for number, value in enumerate(values, start=1)]


def test_a_brief_that_insists_on_nothing_has_no_gates():
    assert answers(a_brief(), a_profile()) == {}


def test_a_must_is_met_by_the_skill_or_one_that_implies_it_but_not_by_a_relation():
    lists = [skills(python=0), skills(django=1), skills(ruby=20), skills(java=3, flask=None), ()]

    outcome = answers(a_brief(skills=musts("python")), *people(skills=lists))

    assert outcome == {"skill:python": [PASS, PASS, FAIL, PASS, UNSURE]}


def test_the_general_skill_does_not_stand_for_the_special_one():
    assert answers(a_brief(skills=musts("django")), a_profile(skills=skills(python=10))) == {"skill:django": [FAIL]}


def test_a_skill_as_written_matches_itself():
    outcome = answers(a_brief(skills=musts("Zig")), *people(skills=[skills(Zig=1), skills(python=1)]))

    assert outcome == {"skill:Zig": [PASS, FAIL]}


def test_a_must_nobody_has_fails_everybody_who_states_skills():
    assert answers(a_brief(skills=musts("cobol")), *people(skills=[skills(java=1), ()])) == {
        "skill:cobol": [FAIL, UNSURE]
    }


def test_a_required_certification_must_be_valid_when_the_role_starts():
    start = TODAY + timedelta(days=30)
    dates = (None, start, start - timedelta(days=1))
    held = [*((CertificationFact("cka", day),) for day in dates), (CertificationFact("aws-sa"),), ()]
    renewed = (CertificationFact("cka", TODAY), CertificationFact("cka", start))
    brief = a_brief(certifications=(CertificationNeed("cka", required=True),), starts_on=start)

    outcome = answers(brief, *people(certifications=[*held, renewed]))

    assert outcome["certification:cka"] == [PASS, PASS, FAIL, FAIL, FAIL, PASS]


def test_a_certification_that_is_only_welcome_gates_nobody():
    assert answers(a_brief(certifications=(CertificationNeed("cka"),)), a_profile()) == {}


def test_a_neighbouring_discipline_is_neither_a_pass_nor_a_fail():
    disciplines = ["software", "data", "embedded", "civil", "alchemy"]

    assert answers(a_brief(discipline="software"), *people(discipline=disciplines)) == {
        "discipline": [PASS, UNSURE, FAIL, FAIL, FAIL]
    }
    assert answers(a_brief(discipline="embedded"), *people(discipline=disciplines)) == {
        "discipline": [UNSURE, FAIL, PASS, FAIL, FAIL]
    }
    assert answers(a_brief(discipline="alchemy"), *people(discipline=disciplines))["discipline"][-1] == PASS


def test_english_is_judged_in_every_mode_asked_for():
    levels = [
        fluent(Cefr.B2),
        fluent(Cefr.NATIVE),
        fluent(Cefr.B1),
        English(speaking=Cefr.C1),
        English(speaking=Cefr.A2),
        English(reading=Cefr.C2, writing=Cefr.C2),
        English(speaking=Cefr.B2, listening=Cefr.B2, reading=Cefr.A1),
    ]

    outcome = answers(a_brief(english=Cefr.B2), *people(english=levels))

    assert outcome == {"english": [PASS, PASS, FAIL, UNSURE, FAIL, UNSURE, PASS]}


def test_only_the_modes_asked_for_count():
    outcome = answers(a_brief(english=Cefr.B2, english_modes=("writing",)), a_profile(english=English(writing=Cefr.B2)))

    assert outcome == {"english": [PASS]}


def test_a_country_is_one_of_those_asked_for():
    outcome = answers(a_brief(countries=("MX", "AR")), *people(country=["MX", "AR", "BR", None]))

    assert outcome == {"country": [PASS, PASS, FAIL, UNSURE]}


@pytest.mark.parametrize(("minutes", "outcome"), [(420, PASS), (421, FAIL), (0, PASS)])
def test_shared_hours_hold_on_the_worst_day_of_the_role(minutes, outcome):
    mexican = a_profile(1, zone="America/Mexico_City", window=NINE_TO_SIX)
    brief = a_brief(zone="America/New_York", window=NINE_TO_SIX, shared_minutes=minutes)

    assert answers(brief, mexican, a_profile(2, zone="America/Mexico_City"), a_profile(3)) == {
        "shared_hours": [outcome, UNSURE, UNSURE]
    }


def test_shared_hours_without_a_working_window_to_share_are_unknown():
    brief = a_brief(zone="America/New_York", shared_minutes=60)

    assert answers(brief, a_profile(zone="UTC", window=NINE_TO_SIX)) == {"shared_hours": [UNSURE]}


def test_a_start_may_be_late_by_the_tolerance():
    start = date(2026, 3, 1)
    days = [start - timedelta(days=90), start + timedelta(days=10), start + timedelta(days=11), None]

    outcome = answers(a_brief(starts_on=start, start_tolerance_days=10), *people(available_from=days))

    assert outcome == {"start": [PASS, PASS, FAIL, UNSURE]}


def test_weekly_hours_are_at_least_those_asked_for():
    outcome = answers(a_brief(weekly_hours=30), *people(weekly_hours=[30, 40, 29, None, 0]))

    assert outcome == {"weekly_hours": [PASS, PASS, FAIL, UNSURE, FAIL]}


def test_rates_are_compared_in_one_currency_only():
    money = [(4000, "USD"), (4001, "USD"), (100, "BRL"), (None, "USD"), (4000, None)]
    profiles = [a_profile(n, rate=rate, currency=currency) for n, (rate, currency) in enumerate(money, start=1)]

    assert answers(a_brief(rate_ceiling=4000, currency="USD"), *profiles) == {
        "rate": [PASS, FAIL, UNSURE, UNSURE, UNSURE]
    }
    assert answers(a_brief(rate_ceiling=4000), *profiles) == {"rate": [UNSURE] * 5}
    assert answers(a_brief(rate_ceiling=4000, currency="CLP"), *profiles) == {"rate": [UNSURE] * 5}


def test_gates_come_in_one_order_and_each_kind_is_listed():
    brief = a_brief(
        rate_ceiling=1,
        weekly_hours=1,
        starts_on=TODAY,
        shared_minutes=1,
        zone="UTC",
        window=NINE_TO_SIX,
        countries=("MX",),
        english=Cefr.A1,
        discipline="software",
        certifications=(CertificationNeed("cka", required=True),),
        skills=musts("java", "python"),
    )

    names = list(answers(brief, a_profile()))

    assert names[:3] == ["skill:java", "skill:python", "certification:cka"]
    assert tuple(dict.fromkeys(name.split(":")[0] for name in names)) == GATE_KINDS


# ---- What a ranking makes of them


def test_unknown_stays_unless_the_brief_excludes_it():
    profiles = people(country=["MX", None, "BR"])
    kept = a_ranking(profiles, a_brief(countries=("MX",)), 10)
    excluded = a_ranking(profiles, a_brief(countries=("MX",), exclude_unknown=frozenset({"country"})), 10)

    assert {entry.id: entry.outcomes for entry in kept.entries} == {uid(1): {"country": 1}, uid(2): {"country": 0}}
    assert [entry.id for entry in excluded.entries] == [uid(1)]
    assert (kept.gates[0].removed, kept.gates[0].unknown) == (1, 1)
    assert (excluded.gates[0].removed, excluded.gates[0].unknown) == (2, 1)


def test_a_relaxation_counts_those_whom_that_gate_alone_keeps_out():
    brief = a_brief(countries=("MX",), weekly_hours=30, skills=musts("python"))
    facts = [("MX", 40, "python"), ("BR", 40, "python"), ("BR", 20, "python"), ("BR", 20, "java"), ("MX", 40, "java")]
    profiles = [
        a_profile(n, country=country, weekly_hours=hours, skills=skills(**{skill: 1}))
        for n, (country, hours, skill) in enumerate(facts, start=1)
    ]

    ranking = a_ranking(profiles, brief, 10)

    reports = {report.subject or report.kind: report for report in ranking.gates}
    assert (ranking.considered, ranking.admitted) == (5, 1)
    assert {name: report.removed for name, report in reports.items()} == {"python": 2, "country": 3, "weekly_hours": 2}
    assert {name: report.admitted_if_relaxed for name, report in reports.items()} == {
        "python": 1,
        "country": 1,
        "weekly_hours": 0,
    }
