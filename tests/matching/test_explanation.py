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
)
from matching.wording import in_money
from tests.matching.builders import (
    TODAY,
    Chance,
    Vectors,
    a_brief,
    a_profile,
    a_ranking,
    fluent,
    musts,
    skills,
    words,
)

NINE_TO_SIX = (540, 1080)


def explained(brief: Brief, profile: Profile) -> Explanation:
    taxonomy = words()
    [entry] = a_ranking([profile], brief, 1).entries
    return explain(brief, profile, entry, taxonomy)


def reason(part: str, brief: Brief, profile: Profile) -> tuple[str, tuple[str, ...]]:
    found = next(one for one in explained(brief, profile).parts if one.part == part)
    return found.reason, found.evidence


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
        (4, "Lead, 1 above the senior asked for."),
        (1, "Junior, 2 below the senior asked for."),
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
        "Shares at least 7 h of the working day (from 2026-03-08), 8 h from 2026-01-15: "
        "a change of clocks lies between."
    )
    assert reason("shared_hours", a_brief(**team), a_profile())[0] == "The working window is not stated."


def test_certifications_name_their_dates():
    brief = a_brief(certifications=(CertificationNeed("cka"), CertificationNeed("aws-sa")))
    lapsed, valid = date(2025, 1, 1), date(2028, 1, 1)

    def said(*held: CertificationFact) -> str:
        return reason("certifications", brief, a_profile(certifications=held))[0]

    assert said(CertificationFact("cka", lapsed)) == "CKA expired 2025-01-01; no AWS Solutions Architect."
    assert said(CertificationFact("aws-sa")) == "No CKA; AWS Solutions Architect."
    assert said(CertificationFact("cka", valid), CertificationFact("cka", lapsed)).startswith(
        "CKA valid until 2028-01-01"
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
        "Available from 2026-03-02, 1 day after the start.",
        ("/available_from",),
    )
    assert reason("delivery", brief, profile)[0] == "2 of 3 finished placements went well."
    assert reason("freshness", brief, profile)[0] == "Profile updated 1 day ago."
    assert reason("rate", brief, profile) == ("Rate 45.50 USD an hour, ceiling 50.00 USD.", ("/hourly_rate",))
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

    said = {(gate.kind, gate.subject): (gate.outcome, gate.reason) for gate in explained(brief, profile).gates}

    assert said == {
        ("skill", "python"): ("pass", "Django is on the profile and implies Python."),
        ("certification", "cka"): ("pass", "CKA is required. CKA."),
        ("discipline", None): ("pass", "Works in software; software was asked for."),
        ("english", None): ("pass", "English speaking C1 and listening C1; B2 was asked for."),
        ("country", None): ("pass", "Lives in MX; asked for MX and BR."),
        ("weekly_hours", None): ("unknown", "Weekly hours not stated; 40 were asked for."),
    }


def test_the_summary_says_what_lifts_and_what_costs():
    brief = a_brief(
        seniority=3, skills=musts("python"), weights={"skill_coverage": 0.5, "seniority": 0.3, "semantic": 0.2}
    )

    summary = explained(brief, a_profile(title="Desarrolladora backend", seniority=1, skills=skills(python=5))).summary

    assert summary == (
        "Junior backend developer: strongest in skills covered and overall closeness to the request; "
        "loses most on seniority."
    )


def test_somebody_without_a_flaw_is_not_said_to_lose_anything():
    brief = a_brief(skills=(SkillNeed("python", True, 1),), weights={"skill_coverage": 0.5, "semantic": 0.5})

    summary = explained(brief, a_profile(skills=skills(python=5))).summary

    assert summary == "Backend developer: strongest in skills covered and overall closeness to the request."


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
        for sentence in (explanation.summary, *(one.reason for one in (*explanation.parts, *explanation.gates))):
            assert sentence.endswith(".")
            assert "None" not in sentence.replace("None of the skills", "")
            assert "  " not in sentence
            assert " ," not in sentence
        assert all(resolves(pointer, profile) for part in explanation.parts for pointer in part.evidence)
        assert explained_coverage(explanation) == pytest.approx(coverage(entry), abs=1e-5)


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


def test_money_is_written_with_the_digits_its_currency_has():
    written = [in_money(4650, "USD"), in_money(52_000, "CLP"), in_money(5, "BRL"), in_money(12_345, "KWD")]

    assert written == ["46.50 USD", "52000 CLP", "0.05 BRL", "12.345 KWD"]
