"""Where anybody stands, and what would move them: held against really ranking everybody."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from matching import (
    Brief,
    Cefr,
    CertificationFact,
    CertificationNeed,
    English,
    Profile,
    SkillNeed,
    Standing,
    WeightsInvalid,
    counterfactuals,
    rank,
    standing,
    words_in,
)
from matching.counterfactual import variants
from matching.pool import Change
from tests.matching.builders import (
    ALIKE,
    MODEL,
    TODAY,
    Chance,
    Vectors,
    a_brief,
    a_pool,
    a_profile,
    asked_by,
    fluent,
    musts,
    skills,
    uid,
    words,
)

ENGLISH = words_in("en")
SIZE = 40


def crowd(seed: int, size: int = SIZE):
    """Random people, a brief, and vectors of all their texts."""
    chance = Chance(seed)
    return chance.profiles(size), chance.brief(), Vectors(seed, exact=False)


def alone(brief: Brief, profiles: Sequence[Profile], identifier: UUID) -> Standing | None:
    """Where somebody stands among people whose texts are all alike."""
    return standing(a_pool(profiles), brief, asked_by(brief, ALIKE), identifier, words())


def helped(brief: Brief, *profiles: Profile):
    """What would help the first of these."""
    now = alone(brief, profiles, profiles[0].id)
    assert now is not None
    return counterfactuals(brief, asked_by(brief, ALIKE), profiles[0], now, words())


# ---- Standing


@pytest.mark.parametrize("seed", range(6))
def test_a_place_is_that_of_the_whole_ranking(seed):
    profiles, brief, vectors = crowd(seed)
    pool, taxonomy, asked = a_pool(profiles, vectors, segment_rows=16), words(), asked_by(brief, vectors)
    ranking = rank(pool, brief, asked, SIZE, taxonomy)
    places = {entry.id: place for place, entry in enumerate(ranking.entries, start=1)}

    for profile in profiles:
        found = standing(pool, brief, asked, profile.id, taxonomy)
        assert (found.considered, found.admitted) == (SIZE, ranking.admitted)
        assert (profile.id in places) == (found.kept_out_by == ())
        if profile.id in places:
            assert found.place == places[profile.id]
            assert found.ranked == ranking.entries[found.place - 1]


@pytest.mark.parametrize("seed", range(6))
def test_who_is_kept_out_stands_where_they_would_without_those_gates(seed):
    profiles, _, vectors = crowd(seed)
    pool, taxonomy = a_pool(profiles, vectors, segment_rows=16), words()
    brief = a_brief(english=Cefr.B2, countries=("MX",), weights={"semantic": 0.5, "freshness": 0.5})
    without_country, asked = replace(brief, countries=()), asked_by(brief, vectors)

    for profile in profiles:
        found = standing(pool, brief, asked, profile.id, taxonomy)
        if found.kept_out_by == ("country",):
            ranking = rank(pool, without_country, asked, SIZE, taxonomy)
            places = {entry.id: place for place, entry in enumerate(ranking.entries, start=1)}
            assert found.place == places[profile.id]


def test_gates_that_keep_out_are_named_unknown_answers_too():
    brief = a_brief(
        english=Cefr.C1, skills=musts("docker"), weekly_hours=40, exclude_unknown=frozenset({"weekly_hours"})
    )
    profile = a_profile(english=fluent(Cefr.B1), skills=skills(python=3))

    found = alone(brief, [profile], profile.id)

    assert found.kept_out_by == ("skill:docker", "english", "weekly_hours")
    assert (found.place, found.admitted, found.considered) == (1, 0, 1)


def test_equals_stand_by_their_ids():
    twins = [a_profile(number) for number in (7, 3, 2**64 + 1, 5)]

    places = [alone(a_brief(), twins, twin.id).place for twin in twins]

    assert places == [3, 1, 4, 2]


def test_nobody_stands_who_is_not_in_the_pool_or_no_longer():
    pool, taxonomy = a_pool([a_profile(1), a_profile(2)]), words()
    pool.apply([Change(uid(2), 9)], model_hash=MODEL)
    asked = asked_by(a_brief(), ALIKE)

    assert standing(pool, a_brief(), asked, uid(3), taxonomy) is None
    assert standing(pool, a_brief(), asked, uid(2), taxonomy) is None
    assert standing(pool, a_brief(), asked, uid(1), taxonomy).place == 1


def test_weights_that_leave_nothing_to_rank_by_are_refused():
    with pytest.raises(WeightsInvalid):
        alone(a_brief(weights={"semantic": 0.0}), [a_profile()], uid(1))


# ---- What would help


@pytest.mark.parametrize("seed", range(5))
def test_every_change_leads_where_it_says_when_it_is_really_made(seed):
    profiles, brief, vectors = crowd(seed + 40, 20)
    taxonomy, asked = words(), asked_by(brief, vectors)
    pool = a_pool(profiles, vectors)

    for at, profile in enumerate(profiles):
        now = standing(pool, brief, asked, profile.id, taxonomy)
        changed = {str(one.change): one.profile for ladder in variants(brief, profile, taxonomy) for one in ladder}
        for one in counterfactuals(brief, asked, profile, now, taxonomy):
            made = changed[str(one.reason[0]["change"])]
            after = a_pool([*profiles[:at], made, *profiles[at + 1 :]], vectors)
            ranking = rank(after, brief, asked, len(profiles), taxonomy)
            place, entry = next((p, e) for p, e in enumerate(ranking.entries, start=1) if e.id == profile.id)
            assert (place, entry.score) == (one.place, one.score)
            assert one.admits == bool(now.kept_out_by)
            assert one.admits or one.place < now.place


@pytest.mark.parametrize("seed", range(20))
def test_no_change_is_of_what_a_person_is(seed):
    chance = Chance(seed)
    profile, brief = chance.profile(1), chance.brief()
    learnt = {"english", "skills", "certifications", "available_from", "weekly_hours", "rate", "currency"}

    for ladder in variants(brief, profile, words()):
        for one in ladder:
            changed = {f.name for f in fields(Profile) if getattr(one.profile, f.name) != getattr(profile, f.name)}
            assert changed
            assert changed <= learnt
            assert len(changed - {"currency"}) == 1


def test_the_least_english_that_helps_is_proposed():
    brief = a_brief(english=Cefr.B2, weights={"english": 0.5, "freshness": 0.5})
    profile = a_profile(1, english=fluent(Cefr.A2))
    rivals = [a_profile(2, english=fluent(Cefr.C2)), a_profile(3, english=fluent(Cefr.C1))]

    [one] = helped(brief, profile, *rivals)

    assert (one.kind, one.place, one.admits) == ("english", 3, True)
    assert ENGLISH.sentence(one.reason) == "With B2 English this would be admitted and stand third."


def test_english_nobody_stated_is_proposed_from_where_it_helps():
    brief = a_brief(english=Cefr.B2, weights={"english": 0.5, "freshness": 0.5})
    rival = a_profile(1, english=fluent(Cefr.B2))

    [one] = helped(brief, a_profile(2), rival)

    assert ENGLISH.sentence(one.reason) == "With C1 English this would be first."
    assert helped(brief, a_profile(2, english=English(speaking=Cefr.C2)), rival) == ()


def test_a_skill_is_gained_with_the_years_that_are_asked_for():
    brief = a_brief(
        skills=(SkillNeed("docker", years=3), SkillNeed("python", years=4)),
        weights={"skill_coverage": 0.5, "skill_depth": 0.5},
    )
    profile, rival = a_profile(1, skills=skills(django=2)), a_profile(2, skills=skills(python=4))

    found = {one.subject: ENGLISH.sentence(one.reason) for one in helped(brief, profile, rival)}

    assert found == {
        "docker": "With 3 years of Docker this would be first.",
        "python": "With 4 years of Django this would be first.",
    }


def test_each_kind_of_change_is_put_into_words():
    start = TODAY + timedelta(days=10)
    brief = a_brief(
        starts_on=start,
        start_tolerance_days=5,
        certifications=(CertificationNeed("cka", required=True),),
        weekly_hours=40,
        rate_ceiling=5000,
        currency="USD",
        skills=musts("go"),
    )
    whole = a_profile(
        1,
        available_from=start,
        certifications=(CertificationFact("cka"),),
        weekly_hours=40,
        rate=5000,
        currency="USD",
        skills=skills(go=1),
    )
    flaws = {
        "start": {"available_from": date(2026, 5, 1)},
        "certification": {"certifications": (CertificationFact("cka", date(2025, 1, 1)),)},
        "weekly_hours": {"weekly_hours": 20},
        "rate": {"rate": 5100},
        "skill": {"skills": skills(c=9)},
    }

    found = {kind: helped(brief, replace(whole, **flaw)) for kind, flaw in flaws.items()}

    assert {kind: [(one.kind, one.admits, one.place) for one in said] for kind, said in found.items()} == {
        kind: [(kind, True, 1)] for kind in flaws
    }
    assert [ENGLISH.sentence(said[0].reason).replace("\N{NO-BREAK SPACE}", " ") for said in found.values()] == [
        "Available from January 25, 2026 this would be admitted and stand first.",
        "With CKA this would be admitted and stand first.",
        "With 40 hours a week this would be admitted and stand first.",
        "At USD 50.00 an hour this would be admitted and stand first.",
        "With 1 year of Go this would be admitted and stand first.",
    ]


def test_nothing_is_proposed_where_two_gates_keep_out_or_nothing_can_be_better():
    brief = a_brief(english=Cefr.C1, skills=musts("docker"))

    assert helped(brief, a_profile(1, skills=skills(go=1), english=fluent(Cefr.A1))) == ()
    assert helped(brief, a_profile(1, skills=skills(docker=9), english=fluent(Cefr.C2))) == ()
    assert helped(a_brief(countries=("MX",)), a_profile(1, country="BR")) == ()


def test_a_lower_rate_is_proposed_only_where_it_counts():
    cheap = a_profile(1, rate=4000, currency="USD")
    dear = a_profile(2, rate=4100, currency="USD")
    asked = {"rate_ceiling": 5000, "currency": "USD"}

    assert helped(a_brief(**asked), dear, cheap) == ()
    [one] = helped(a_brief(**asked, weights={"rate": 1.0}), dear, cheap)
    assert (
        ENGLISH.sentence(one.reason).replace("\N{NO-BREAK SPACE}", " ") == "At USD 38.95 an hour this would be first."
    )


def test_a_skill_that_nobody_has_yet_is_as_close_as_the_request_says():
    vectors = Vectors(5, exact=False)
    brief = a_brief(skills=(SkillNeed("docker"),), weights={"semantic": 1.0})
    profile, rival = a_profile(2, skills=skills(go=1)), a_profile(1, skills=skills(java=1))
    asked, taxonomy = asked_by(brief, vectors), words()
    now = standing(a_pool([profile, rival], vectors), brief, asked, profile.id, taxonomy)

    [one] = counterfactuals(brief, asked, profile, now, taxonomy)

    made = replace(profile, skills=skills(go=1, docker=1))
    after = standing(a_pool([made, rival], vectors), brief, asked, profile.id, taxonomy)
    assert (one.place, one.score) == (after.place, after.ranked.score) == (1, after.ranked.score)


def test_a_standing_is_of_one_moment():
    brief, taxonomy = a_brief(english=Cefr.B2, weights={"english": 0.5, "freshness": 0.5}), words()
    profile = a_profile(2, english=fluent(Cefr.A1))
    pool, asked = a_pool([profile, a_profile(1, english=fluent(Cefr.B2))]), asked_by(brief, ALIKE)
    now = standing(pool, brief, asked, profile.id, taxonomy)

    pool.apply([Change(profile.id, 9), Change(uid(1), 9)], model_hash=MODEL)
    [one] = counterfactuals(brief, asked, profile, now, taxonomy)

    assert (one.kind, one.place, one.admits) == ("english", 2, True)
    assert standing(pool, brief, asked, profile.id, taxonomy) is None
