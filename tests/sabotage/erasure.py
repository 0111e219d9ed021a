"""Guards of consent and erasure: who asks for it, and that it is done for good."""

from typing import Final

from tests.sabotage.weakening import Weakening

PRIVACY: Final = "app/talent/privacy"
ERASURE: Final = "tests/talent/test_erasure.py"
LINKS: Final = "tests/talent/test_links.py"

WEAKENINGS: Final = (
    Weakening(
        "foreign-engineer-erased",
        f"{PRIVACY}/erasure.py",
        "lock_person(session, engineer_id, visible)",
        "lock_person(session, engineer_id, true())",
        (f"{ERASURE}::test_another_firms_engineer_is_not_erased",),
        "A firm could erase its rivals' engineers: the work is done on the system's side.",
    ),
    Weakening(
        "erased-whatever-version",
        f"{PRIVACY}/erasure.py",
        "            if_match.check(engineer.version)\n",
        "            pass\n",
        (f"{ERASURE}::test_the_version_is_named_and_is_the_present_one",),
        "Somebody could be erased by a slip, for good.",
    ),
    Weakening(
        "erased-but-for-their-key",
        f"{PRIVACY}/erasure.py",
        "    await destroy_person_key(session, engineer.id)\n",
        "",
        (f"{ERASURE}::test_erasing_twice_is_told_the_same_and_recorded_once",),
        "What was sealed would still open, wherever a copy of it lies.",
    ),
    Weakening(
        "erased-but-for-kept-replies",
        f"{PRIVACY}/erasure.py",
        "    await idempotency.withhold_replies(session, engineer.id)\n",
        "",
        (f"{ERASURE}::test_a_repeat_of_a_kept_request_brings_nobody_back",),
        "A repeated request would show the profile again.",
    ),
    Weakening(
        "erased-but-for-their-words",
        f"{PRIVACY}/erasure.py",
        "    await taxonomy.forget_skills(session, words)\n",
        "",
        (f"{ERASURE}::test_words_only_they_used_leave_the_queue",),
        "What only they wrote would stay in the curators' queue.",
    ),
    Weakening(
        "erasure-not-written-down",
        f"{PRIVACY}/erasure.py",
        "        await run_sync(ledger_of(session).append, engineer.id, engineer.updated_at)\n",
        "        pass\n",
        (f"{ERASURE}::test_an_erasure_that_cannot_be_written_down_is_not_done",),
        "A restored backup would bring them back.",
    ),
    Weakening(
        "erasure-unrecorded",
        f"{PRIVACY}/erasure.py",
        "    await audit.record(session, actor, erased)\n",
        "",
        (f"{ERASURE}::test_erasing_twice_is_told_the_same_and_recorded_once",),
        "Nobody could prove that a wish was followed.",
    ),
    Weakening(
        "erased-but-found",
        "app/talent/queries.py",
        "THERE: Final = col(Engineer.status) != EngineerStatus.ERASED",
        "THERE: Final = col(Engineer.status) != EngineerStatus.DRAFT",
        (f"{ERASURE}::test_every_other_route_answers_as_if_there_had_been_nobody",),
        "What is left of somebody erased would be shown, and changed.",
    ),
    Weakening(
        "link-unsigned",
        f"{PRIVACY}/tokens.py",
        "if written(whole) != token or not any(hmac.compare_digest(signature(key, content), signed) for key in known):",
        "if written(whole) != token:",
        (f"{LINKS}::test_a_forged_token_never_reaches_the_database",),
        "Whoever sees a link's id could act for the person.",
    ),
    Weakening(
        "link-written-otherwise",
        f"{PRIVACY}/tokens.py",
        "if written(whole) != token or not any(",
        "if not any(",
        (f"{LINKS}::test_a_last_character_that_decodes_to_the_same_bytes_is_another_token",),
        "One token could be sent in several spellings.",
    ),
    Weakening(
        "link-used-twice",
        f"{PRIVACY}/queries.py",
        "            *_UNSPENT,\n            col(EngineerLink.expires_at) > now,\n",
        "            col(EngineerLink.expires_at) > now,\n",
        (f"{LINKS}::test_of_many_who_use_a_link_at_once_one_does",),
        "Whoever finds a used link could act for the person at the same moment.",
    ),
    Weakening(
        "link-for-another-purpose",
        f"{PRIVACY}/queries.py",
        "            col(EngineerLink.purposes).contains([purpose.value]),\n",
        "",
        (f"{LINKS}::test_a_link_is_not_good_for_another_purpose_and_stays_unused",),
        "A link made for a question of consent would erase the person.",
    ),
    Weakening(
        "link-for-anything",
        f"{PRIVACY}/links.py",
        "NEEDS[purpose] for purpose in data.purposes if purpose in NEEDS)",
        "NEEDS[purpose] for purpose in data.purposes if purpose is LinkPurpose.EXPORT)",
        (f"{LINKS}::test_a_link_is_made_by_those_only_who_may_do_themselves_what_it_is_for",),
        "Who may not erase could make a link that does, and use it.",
    ),
    Weakening(
        "withdrawn-but-ranked",
        f"{PRIVACY}/consents.py",
        "    if purpose is ConsentPurpose.MATCHING and engineer.status is EngineerStatus.LISTED:\n",
        "    if purpose is ConsentPurpose.MATCHING and engineer.status is EngineerStatus.DRAFT:\n",
        ("tests/talent/test_consents.py::test_withdrawing_matching_unlists_at_once_and_holds_until_it_is_granted",),
        "Somebody who has said no would go on being offered to clients.",
    ),
    Weakening(
        "erased-come-back",
        "migrations/versions/2026_11_21_0200_privacy.py",
        "    op.execute(FINAL_TRIGGER)\n",
        "",
        (f"{ERASURE}::test_the_database_brings_nobody_back_and_leaves_nobody_half_erased",),
        "A slip could give somebody erased a profile again.",
    ),
)
