from dataclasses import asdict, replace
from datetime import date, timedelta

import pytest

from matching import (
    Brief,
    Cefr,
    CertificationFact,
    CertificationNeed,
    Delivery,
    DomainFact,
    English,
    Explanation,
    Profile,
    SkillFact,
    SkillNeed,
    explain,
    standing,
    words_in,
)
from matching.requirements import MET, MISSING, PARTIAL, UNKNOWN
from tests.matching.builders import (
    ALIKE,
    TODAY,
    Chance,
    Vectors,
    a_brief,
    a_pool,
    a_profile,
    a_ranking,
    asked_by,
    fluent,
    musts,
    skills,
    words,
)

NINE_TO_SIX = (540, 1080)
ENGLISH = words_in("en")


def explained(brief: Brief, profile: Profile) -> Explanation:
    taxonomy = words()
    [entry] = a_ranking([profile], brief, 1).entries
    return explain(brief, profile, entry, taxonomy)


def reason(part: str, brief: Brief, profile: Profile) -> tuple[str, tuple[str, ...]]:
    found = next(one for one in explained(brief, profile).parts if one.part == part)
    return ENGLISH.sentence(found.reason), found.evidence


# ---- Skills


def test_each_skill_asked_for_says_how_it_is_answered_and_where():
    brief = a_brief(skills=tuple(SkillNeed(skill, years=2) for skill in ("python", "java", "ruby", "docker")))
    profile = a_profile(skills=skills(django=3, java=1, python=None))

    python, java, ruby, docker = explained(brief, profile).skills

    assert (python.relation, python.through, python.evidence, python.years) == ("implied", "Django", "/skills/0", 3)
    assert (java.relation, java.through, java.credit, java.evidence) == ("exact", None, 1.0, "/skills/1")
    assert (ruby.relation, ruby.through, ruby.credit, ruby.evidence) == ("related", "Python", 0.4, "/skills/2")
    assert (docker.relation, docker.credit, docker.years, docker.evidence) == ("missing", 0.0, None, None)
    assert explained(brief, profile).missing == ("docker",)


def test_coverage_is_put_into_words():
    brief = a_brief(skills=(*musts("python"), SkillNeed("java"), SkillNeed("ruby"), SkillNeed("docker")))

    words_, evidence = reason("skill_coverage", brief, a_profile(skills=skills(django=3, java=1, python=2)))

    assert (
        words_ == "Has 2 of 4 skills asked for; Django implies Python; Python stands in for Ruby at 40%; lacks Docker."
    )
    assert evidence == ("/skills/0", "/skills/1", "/skills/2")


def test_depth_names_the_years_of_what_counted():
    brief = a_brief(skills=(SkillNeed("python", years=4), SkillNeed("java"), SkillNeed("docker")))

    words_, _ = reason("skill_depth", brief, a_profile(skills=skills(python=1, java=None)))

    assert words_ == "Python: 1 year of 4 years asked; Java: years not stated."


def test_a_profile_without_the_skills_says_so():
    brief = a_brief(skills=(SkillNeed("python"), SkillNeed("java")))

    assert reason("skill_coverage", brief, a_profile()) == ("Has 0 of 2 skills asked for; lacks Python and Java.", ())
    assert reason("skill_depth", brief, a_profile()) == ("None of the skills asked for is on the profile.", ())


# ---- The others


@pytest.mark.parametrize(
    ("rank_", "words_"),
    [
        (3, "Senior, as asked."),
        (4, "Lead, 1 step above the senior asked for."),
        (1, "Junior, 2 steps below the senior asked for."),
        (None, "Seniority is not stated; senior was asked for."),
    ],
)
def test_seniority_is_put_into_words(rank_, words_):
    assert reason("seniority", a_brief(seniority=3), a_profile(seniority=rank_))[0] == words_


def test_domains_name_what_stands_in_for_what():
    brief = a_brief(domains=("finance", "insurance"))
    profile = a_profile(domains=(DomainFact("games"), DomainFact("banking", 2)))

    assert reason("domain", brief, profile) == (
        "Banking, 2 years for Finance (100%); Banking, 2 years for Insurance (40%).",
        ("/domains/1", "/domains/1"),
    )
    assert reason("domain", brief, a_profile()) == ("No Finance stated; no Insurance stated.", ())


def test_english_names_each_mode_and_what_nobody_stated():
    brief = a_brief(english=Cefr.B2)

    assert reason("english", brief, a_profile(english=fluent(Cefr.NATIVE)))[0] == (
        "English speaking native and listening native; B2 was asked for."
    )
    assert reason("english", brief, a_profile(english=English(speaking=Cefr.C1)))[0] == (
        "English speaking C1; B2 was asked for; listening not stated."
    )
    assert reason("english", brief, a_profile()) == ("B2 English was asked for; speaking and listening not stated.", ())


def test_shared_hours_name_the_worst_and_the_best_day():
    team = {"zone": "America/New_York", "window": NINE_TO_SIX}
    mexican = a_profile(zone="America/Mexico_City", window=NINE_TO_SIX)

    winter = reason("shared_hours", a_brief(**team, starts_on=date(2026, 1, 5), ends_on=date(2026, 2, 5)), mexican)
    whole_year = reason("shared_hours", a_brief(**team), mexican)

    assert winter == ("Shares 8 h of the working day on every day of the role.", ("/working_window",))
    assert whole_year[0] == (
        "Shares at least 7 h of the working day (from March 8, 2026), 8 h from January 15, 2026: "
        "a change of clocks lies between."
    )
    assert reason("shared_hours", a_brief(**team), a_profile())[0] == "The working window is not stated."


def test_certifications_name_their_dates():
    brief = a_brief(certifications=(CertificationNeed("cka"), CertificationNeed("aws-sa")))
    lapsed, valid = date(2025, 1, 1), date(2028, 1, 1)

    def said(*held: CertificationFact) -> str:
        return reason("certifications", brief, a_profile(certifications=held))[0]

    assert said(CertificationFact("cka", lapsed)) == "CKA expired on January 1, 2025; no AWS Solutions Architect."
    assert said(CertificationFact("aws-sa")) == "No CKA; holds AWS Solutions Architect."
    assert said(CertificationFact("cka", valid), CertificationFact("cka", lapsed)).startswith(
        "CKA valid until January 1, 2028"
    )


def test_dates_records_and_rates_are_put_into_words():
    brief = a_brief(starts_on=date(2026, 3, 1), rate_ceiling=5000, currency="USD", start_tolerance_days=90)
    profile = a_profile(
        available_from=date(2026, 3, 2),
        delivery=Delivery(3, 2),
        updated_on=TODAY - timedelta(days=1),
        rate=4550,
        currency="USD",
    )

    assert reason("start", brief, profile) == (
        "Available from March 2, 2026, 1 day after the start.",
        ("/available_from",),
    )
    assert reason("delivery", brief, profile)[0] == "2 of 3 finished placements went well."
    assert reason("freshness", brief, profile)[0] == "Profile updated 1 day ago."
    assert reason("rate", brief, profile) == (
        "Rate USD\N{NO-BREAK SPACE}45.50 an hour, ceiling USD\N{NO-BREAK SPACE}50.00.",
        ("/hourly_rate",),
    )
    assert "cannot be compared" in reason("rate", brief, replace(profile, currency="BRL"))[0]
    assert reason("rate", brief, a_profile())[0] == "The rate is not stated."


# ---- Gates


def test_every_gate_says_why_it_passed_or_could_not_tell():
    brief = a_brief(
        discipline="software",
        skills=musts("python"),
        english=Cefr.B2,
        countries=("MX", "BR"),
        weekly_hours=40,
        certifications=(CertificationNeed("cka", required=True),),
    )
    profile = a_profile(
        skills=skills(django=1), country="MX", english=fluent(Cefr.C1), certifications=(CertificationFact("cka"),)
    )

    said = {
        (gate.kind, gate.subject): (gate.outcome, ENGLISH.sentence(gate.reason))
        for gate in explained(brief, profile).gates
    }

    assert said == {
        ("skill", "python"): ("pass", "Django is on the profile and implies Python."),
        ("certification", "cka"): ("pass", "CKA is required; holds CKA."),
        ("discipline", None): ("pass", "Works in software; software was asked for."),
        ("english", None): ("pass", "English speaking C1 and listening C1; B2 was asked for."),
        ("country", None): ("pass", "Lives in Mexico; asked for Mexico and Brazil."),
        ("weekly_hours", None): ("unknown", "Weekly hours not stated; 40 hours were asked for."),
    }


def test_the_summary_says_what_lifts_and_what_costs():
    brief = a_brief(
        seniority=3, skills=musts("python"), weights={"skill_coverage": 0.5, "seniority": 0.3, "semantic": 0.2}
    )

    profile = a_profile(title="Desarrolladora backend", seniority=1, skills=skills(python=5))

    assert ENGLISH.sentence(explained(brief, profile).summary) == (
        "Junior Backend Developer: strongest in skills covered and overall closeness to the request; "
        "loses most on seniority."
    )


def test_somebody_without_a_flaw_is_not_said_to_lose_anything():
    brief = a_brief(skills=(SkillNeed("python", True, 1),), weights={"skill_coverage": 0.5, "semantic": 0.5})

    summary = explained(brief, a_profile(skills=skills(python=5))).summary

    assert ENGLISH.sentence(summary) == (
        "Backend Developer: strongest in skills covered and overall closeness to the request."
    )


# ---- For anybody


@pytest.mark.parametrize("seed", range(20))
def test_a_thousand_explanations_are_complete_and_agree_with_their_scores(seed):
    taxonomy, chance = words(), Chance(seed)
    profiles, brief = chance.profiles(60), chance.brief()
    by_id = {profile.id: profile for profile in profiles}

    entries = a_ranking(profiles, brief, 60, Vectors(seed, exact=False)).entries

    for entry in entries:
        profile = by_id[entry.id]
        explanation = explain(brief, profile, entry, taxonomy)
        assert [one.part for one in explanation.parts] == [one.part for one in entry.parts]
        assert [one.outcome for one in explanation.gates] == [
            {1: "pass", 0: "unknown", -1: "fail"}[outcome] for outcome in entry.outcomes.values()
        ]
        for sentence in sentences(explanation):
            assert sentence.endswith(".")
            assert "None" not in sentence.replace("None of the skills", "")
            assert not {"{", "}"} & set(sentence)
            assert "  " not in sentence
            assert " ," not in sentence
        assert sum(part.contribution for part in entry.parts) == entry.score
        told = (*explanation.parts, *explanation.requirements)
        assert all(resolves(pointer, profile) for one in told for pointer in one.evidence)
        assert explained_coverage(explanation) == pytest.approx(coverage(entry), abs=1e-5)


def sentences(explanation: Explanation) -> list[str]:
    """Everything it says, in English."""
    told = (*explanation.parts, *explanation.gates, *explanation.requirements, *explanation.unstated)
    ranges = [one.range_reason for one in explanation.requirements if one.range_reason]
    return [ENGLISH.sentence(reason) for reason in (explanation.summary, *(one.reason for one in told), *ranges)]


def resolves(pointer: str, profile: Profile) -> bool:
    """Whether a JSON pointer points at something the profile states, under the API's names where they differ."""
    name, _, at = pointer.removeprefix("/").partition("/")
    field = {"languages": "english", "working_window": "window", "updated_at": "updated_on", "hourly_rate": "rate"}.get(
        name, name
    )
    stated = asdict(profile)[field]
    return int(at) < len(stated) if at else stated is not None


def explained_coverage(explanation: Explanation) -> float | None:
    weights = [2 if match.must else 1 for match in explanation.skills]
    credits_ = [match.credit for match in explanation.skills]
    earned = sum(weight * credit for weight, credit in zip(weights, credits_, strict=True))
    return earned / sum(weights) if weights else None


def coverage(entry) -> float | None:
    return next((part.value / 1e5 for part in entry.parts if part.part == "skill_coverage"), None)


def test_the_words_hold_no_identity():
    profile = a_profile(skills=(SkillFact("python", 3),), english=fluent(Cefr.B2))

    said = str(explained(a_brief(skills=musts("python"), english=Cefr.B2), profile))

    assert str(profile.id) not in said


# ---- Requirements

STATED = {
    "discipline": "software",
    "seniority": 3,
    "skills": (SkillFact("python", 5), SkillFact("flask", 1)),
    "english": fluent(Cefr.B2),
    "country": "MX",
    "zone": "America/Mexico_City",
    "window": NINE_TO_SIX,
    "available_from": date(2026, 3, 1),
    "weekly_hours": 40,
    "rate": 4000,
    "currency": "USD",
    "domains": (DomainFact("banking", 2),),
    "certifications": (CertificationFact("cka"),),
}
ASKED = {
    "discipline": "software",
    "seniority": 3,
    "skills": (SkillNeed("python", must=True, years=4), SkillNeed("django"), SkillNeed("docker")),
    "english": Cefr.B2,
    "countries": ("MX",),
    "zone": "America/Mexico_City",
    "window": NINE_TO_SIX,
    "shared_minutes": 240,
    "starts_on": date(2026, 3, 1),
    "weekly_hours": 30,
    "rate_ceiling": 5000,
    "currency": "USD",
    "domains": ("finance",),
    "certifications": (CertificationNeed("cka", required=True),),
}


def states(brief: Brief, profile: Profile) -> dict[str, str]:
    """The state of every requirement, those of skills by the skill."""
    ranked = standing_of(brief, profile)
    explanation = explain(brief, profile, ranked, words())
    return {one.subject or one.kind: one.state for one in explanation.requirements}


def standing_of(brief: Brief, profile: Profile):
    """The candidate as ranked, gates or not."""
    found = standing(a_pool([profile]), brief, asked_by(brief, ALIKE), profile.id, words())
    assert found is not None
    return found.ranked


def test_what_is_asked_for_is_met_partial_or_missing():
    found = states(a_brief(**ASKED), a_profile(**STATED))

    assert found == {
        "python": MET,
        "django": PARTIAL,
        "docker": MISSING,
        "cka": MET,
        "finance": MET,
        **dict.fromkeys(
            ("discipline", "seniority", "english", "country", "shared_hours", "start", "weekly_hours", "rate"), MET
        ),
    }


def test_of_somebody_who_states_nothing_all_is_unknown_but_what_would_be_listed():
    found = states(a_brief(**ASKED), a_profile())

    assert {name for name, state in found.items() if state != UNKNOWN} == {"cka", "discipline"}


@pytest.mark.parametrize(
    ("facts", "name", "state"),
    [
        ({"skills": skills(python=1)}, "python", PARTIAL),
        ({"skills": skills(python=None)}, "python", UNKNOWN),
        ({"skills": skills(django=9)}, "python", MET),
        ({"english": fluent(Cefr.A2)}, "english", MISSING),
        ({"english": English(speaking=Cefr.C1)}, "english", UNKNOWN),
        ({"discipline": "data"}, "discipline", PARTIAL),
        ({"discipline": "civil"}, "discipline", MISSING),
        ({"country": "BR"}, "country", MISSING),
        ({"window": (1080, 1200)}, "shared_hours", MISSING),
        ({"window": (1020, 1380)}, "shared_hours", PARTIAL),
        ({"available_from": date(2026, 3, 5)}, "start", PARTIAL),
        ({"available_from": date(2026, 9, 5)}, "start", MISSING),
        ({"weekly_hours": 10}, "weekly_hours", PARTIAL),
        ({"rate": 5001}, "rate", MISSING),
        ({"currency": "BRL"}, "rate", UNKNOWN),
        ({"seniority": 4}, "seniority", PARTIAL),
        ({"domains": (DomainFact("insurance"),)}, "finance", MISSING),
        ({"certifications": (CertificationFact("cka", date(2026, 2, 1)),)}, "cka", MISSING),
    ],
)
def test_a_state_says_how_much_of_it_there_is(facts, name, state):
    assert states(a_brief(**ASKED), a_profile(**STATED | facts))[name] == state


@pytest.mark.parametrize("seed", range(12))
def test_states_agree_with_gates_and_parts_for_anybody(seed):
    taxonomy, chance = words(), Chance(seed + 500)
    profiles, brief = chance.profiles(30), chance.brief()
    vectors = Vectors(seed, exact=False)
    pool, asked = a_pool(profiles, vectors), asked_by(brief, vectors)

    for profile in profiles:
        ranked = standing(pool, brief, asked, profile.id, taxonomy).ranked
        explanation = explain(brief, profile, ranked, taxonomy)
        for one in explanation.requirements:
            name = f"{one.kind}:{one.subject}" if one.kind in ("skill", "certification") else one.kind
            agree_with_gate(one, ranked.outcomes.get(name))
            assert (one.state == MISSING and one.kind in ("skill", "domain")) <= (one.relation == "missing")
            assert one.low <= ranked.score <= one.high
            assert bool(one.range_reason) == (one.low < one.high)
        for one in explanation.unstated:
            part = next(part for part in ranked.parts if part.part == one.part)
            assert ranked.score - one.low == part.weight * (part.value - part.low)
            assert one.high - ranked.score == part.weight * (part.high - part.value)
        agree_with_ranges(explanation, ranked)


def agree_with_gate(one, outcome) -> None:
    assert one.must == (outcome is not None)
    if outcome == 1:
        assert one.state in (MET, PARTIAL, UNKNOWN), one
        # A must is passed by having it at all; years asked for beside it may be too few, or nobody's guess.
        assert one.state == MET or one.kind in ("skill", "start"), one
    if outcome == -1:
        assert one.state in (MISSING, PARTIAL), one
    if outcome == 0:
        assert one.state == UNKNOWN or (one.kind, one.relation) == ("discipline", "related"), one


def agree_with_ranges(explanation: Explanation, ranked) -> None:
    """What requirements leave open adds up to what the parts leave open, to the rounding of each."""
    of_parts = {"skill": ("skill_coverage", "skill_depth"), "domain": ("domain",), "english": ("english",)}
    for kind, names in of_parts.items():
        asked = [one for one in explanation.requirements if one.kind == kind]
        parts = [part for part in ranked.parts if part.part in names]
        open_above = sum(one.high - ranked.score for one in asked)
        open_below = sum(ranked.score - one.low for one in asked)
        assert open_above == pytest.approx(sum(p.weight * (p.high - p.value) for p in parts), abs=40_000)
        assert open_below == pytest.approx(sum(p.weight * (p.value - p.low) for p in parts), abs=40_000)


def test_what_nobody_stated_is_named_with_what_it_may_do_to_the_score():
    brief = a_brief(english=Cefr.B2, weights={"english": 0.5, "semantic": 0.5})
    explanation = explained(brief, a_profile(english=English(speaking=Cefr.C1)))

    [english] = explanation.requirements
    [unstated] = explanation.unstated

    assert (english.low, english.high) == (unstated.low, unstated.high) == (500_000_000, 925_000_000)
    assert ENGLISH.sentence(english.range_reason) == "English level in listening not stated: between 0.50 and 0.92."
    assert ENGLISH.sentence(explained(brief, a_profile()).unstated[0].reason) == (
        "English level in speaking and listening not stated: between 0.50 and 1.00."
    )


def test_a_requirement_says_by_what_it_is_answered_and_where():
    explanation = explained(a_brief(**ASKED), a_profile(**STATED))

    found = {one.subject: (one.relation, one.through, one.evidence) for one in explanation.requirements if one.subject}

    assert found["python"] == ("exact", None, ("/skills/0",))
    assert found["django"] == ("related", "Flask", ("/skills/1",))
    assert found["docker"] == ("missing", None, ())
    assert found["finance"] == ("implied", ["Banking", "banca", "Banking"], ("/domains/0",))
    assert found["cka"] == (None, None, ("/certifications/0",))
