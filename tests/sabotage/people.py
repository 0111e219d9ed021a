"""Guards of what is known of people: what is shown of it, and how it is sealed."""

from typing import Final

from tests.sabotage.weakening import Weakening

SIGHT: Final = "tests/matchmaking/test_sight.py"
REDACTION: Final = "app/talent/redaction.py"
ENCRYPTION: Final = "app/core/encryption.py"
DECISIONS: Final = "tests/matchmaking/test_decisions.py"

SHOWN: Final = (
    Weakening(
        "clients-see-personal-fields",
        REDACTION,
        "Sight.CLIENT: frozenset({DataClass.PUBLIC}),",
        "Sight.CLIENT: frozenset({DataClass.PUBLIC, DataClass.PERSONAL}),",
        (
            f"{SIGHT}::test_names_employers_and_addresses_are_public_to_nobody",
            f"{SIGHT}::test_explanations_point_at_public_facts",
        ),
        "A client would be told who a candidate is before anybody agreed to it.",
    ),
    Weakening(
        "clients-look-as-if-accepted",
        REDACTION,
        "        return Sight.CLIENT\n",
        "        return Sight.ACCEPTED\n",
        (f"{SIGHT}::test_a_side_looks_from_its_own_place",),
        "Every client would see what only one with an accepted proposal may.",
    ),
    Weakening(
        "names-public",
        "app/talent/documents.py",
        '    personal="given_name family_name title',
        '    public="given_name family_name title',
        (f"{SIGHT}::test_names_employers_and_addresses_are_public_to_nobody",),
        "Names would be of the class that everybody sees.",
    ),
    Weakening(
        "contact-data-personal",
        "app/talent/documents.py",
        'classified(confidential="email phone address links")',
        'classified(public="email phone address links")',
        (f"{SIGHT}::test_names_employers_and_addresses_are_public_to_nobody",),
        "Telephone numbers would be of the class that everybody sees.",
    ),
    Weakening(
        "candidates-named-to-clients",
        "app/matchmaking/service.py",
        "    if not redaction.shows(redaction.sight_of(actor), redaction.IDENTITY):\n",
        "    if not redaction.shows(redaction.Sight.MARKETPLACE, redaction.IDENTITY):\n",
        ("tests/isolation/test_application_filters.py::test_candidates_stay_unnamed_to_clients",),
        "Shortlists would name their candidates to clients.",
    ),
    Weakening(
        "title-as-written",
        "app/matchmaking/service.py",
        "    title = words.canonical_title(profile.title)\n",
        "    title = profile.title\n",
        ("tests/matchmaking/test_redaction.py::test_of_a_title_only_words_of_the_trade_are_shown",),
        "A title as written names the employer, and so the person.",
    ),
    Weakening(
        "small-counts-told",
        REDACTION,
        "LEAST_SHOWN: Final = 5\n",
        "LEAST_SHOWN: Final = 2\n",
        (f"{SIGHT}::test_outsiders_are_told_no_number_that_singles_some_out",),
        "A count of three would single three people out.",
    ),
    Weakening(
        "small-remainders-told",
        REDACTION,
        "else [count, total - count]",
        "else [count, total]",
        (f"{SIGHT}::test_outsiders_are_told_no_number_that_singles_some_out",),
        "A count of all but two would single those two out.",
    ),
    Weakening(
        "counts-told-to-clients",
        "app/matchmaking/presentation.py",
        "{name: counted(sight, gate[name], total) for name in _COUNTS}",
        "{name: gate[name] for name in _COUNTS}",
        (f"{SIGHT}::test_small_counts_are_null_for_clients_and_exact_for_the_marketplace",),
        "A client could shift its gates until the reports single one person out.",
    ),
    Weakening(
        "filtered-by-the-unseen",
        REDACTION,
        "    if unseen:\n",
        "    if not used:\n",
        (f"{SIGHT}::test_a_list_is_neither_filtered_nor_sorted_by_what_is_not_seen",),
        "The number of hits would tell what is hidden.",
    ),
    Weakening(
        "parameters-in-messages",
        "app/core/database.py",
        "        hide_parameters=True,\n",
        "        hide_parameters=False,\n",
        ("tests/core/test_problems.py::test_a_failed_statement_does_not_repeat_its_values",),
        "A failed statement would write people's data into the log.",
    ),
)

SEALED: Final = (
    Weakening(
        "place-without-row",
        ENCRYPTION,
        'return f"{table}|{column}|{row}".encode()',
        'return f"{table}|{column}|".encode()',
        ("tests/core/test_encryption.py::test_an_envelope_opens_in_its_own_place_alone",),
        "Whoever writes to the database could put one person's data into another's row.",
    ),
    Weakening(
        "place-without-column",
        ENCRYPTION,
        'return f"{table}|{column}|{row}".encode()',
        'return f"{table}|{row}".encode()',
        ("tests/core/test_encryption.py::test_an_envelope_opens_in_its_own_place_alone",),
        "What is sealed in one column would open in another.",
    ),
    Weakening(
        "place-without-table",
        ENCRYPTION,
        'return f"{table}|{column}|{row}".encode()',
        'return f"{column}|{row}".encode()',
        ("tests/core/test_encryption.py::test_an_envelope_opens_in_its_own_place_alone",),
        "What is sealed in one table would open in another.",
    ),
    Weakening(
        "nonce-repeated",
        ENCRYPTION,
        "nonce = secrets.token_bytes(NONCE)",
        "nonce = bytes(NONCE)",
        ("tests/core/test_encryption.py::test_what_is_sealed_opens_again",),
        "Two envelopes under one nonce give both contents and the key of their tags away.",
    ),
    Weakening(
        "key-wrapped-for-anybody",
        "app/core/keyring.py",
        'return place("person_key", "wrapped", engineer_id)',
        'return place("person_key", "wrapped", "")',
        ("tests/talent/test_sealing.py::test_what_is_moved_to_another_row_does_not_open",),
        "A key could be put into another person's row, and would be taken for theirs.",
    ),
    Weakening(
        "key-not-destroyed",
        "app/core/keyring.py",
        "    await session.exec(delete(PersonKey).where(col(PersonKey.engineer_id) == engineer_id))\n",
        "    await session.exec(select(PersonKey).where(col(PersonKey.engineer_id) == engineer_id))\n",
        ("tests/talent/test_sealing.py::test_a_destroyed_key_leaves_the_ranking_and_the_chain_whole",),
        "An erased person could still be read.",
    ),
    Weakening(
        "look-up-hash-without-key",
        ENCRYPTION,
        "return hmac.digest(self._secret, place(table, column, text)",
        'return hmac.digest(b"", place(table, column, text)',
        ("tests/core/test_encryption.py::test_a_hash_is_of_its_column_and_of_its_key",),
        "Whoever has a copy of the database could try every telephone number.",
    ),
    Weakening(
        "look-up-hash-of-any-column",
        ENCRYPTION,
        "return hmac.digest(self._secret, place(table, column, text)",
        'return hmac.digest(self._secret, place("", "", text)',
        ("tests/core/test_encryption.py::test_a_hash_is_of_its_column_and_of_its_key",),
        "Equal values of two columns could be joined.",
    ),
    Weakening(
        "blinding-without-key",
        "app/identity/token_keys.py",
        "return hmac.digest(self._blinding, content",
        'return hmac.digest(b"", content',
        ("tests/identity/test_tokens.py::test_what_is_blinded_says_nothing_without_the_key",),
        "Whoever has a copy of the database could try every address against the locks.",
    ),
    Weakening(
        "authenticator-secret-of-anybody",
        "app/identity/token_keys.py",
        "raise SealUnreadable from failure",
        "return sealed",
        ("tests/identity/test_tokens.py::test_what_is_sealed_opens_for_its_owner_and_key_alone",),
        "A secret that was exchanged in the database would be taken for the member's own.",
    ),
    Weakening(
        "secrets-kept-in-replies",
        "app/core/idempotency.py",
        "reply=None if secret else",
        "reply=None if not secret and False else",
        ("tests/core/test_idempotency.py::test_a_secret_is_neither_kept_nor_made_twice",),
        "New API keys would lie in the table of replies, and be handed out again.",
    ),
)

DECIDED: Final = (
    Weakening(
        "recruiters-notes-told-to-clients",
        "app/matchmaking/review/service.py",
        "if own or actor.organisation_kind is OrganisationKind.MARKETPLACE else None",
        "if own or actor.organisation_kind is not None else None",
        (f"{DECISIONS}::test_a_recruiters_note_is_not_told_to_the_client",),
        "A recruiter who names the candidate in a note would name them to the client.",
    ),
    Weakening(
        "programs-decide",
        "app/matchmaking/review/service.py",
        "actor.organisation_id is None or actor.client_id is not None:",
        "actor.organisation_id is None:",
        (f"{DECISIONS}::test_a_program_decides_nothing_and_has_seen_nothing",),
        "A program could decline candidates by their scores.",
    ),
    Weakening(
        "decisions-unlocked",
        "app/matchmaking/review/queries.py",
        "        .with_for_update()\n",
        "",
        (f"{DECISIONS}::test_decisions_at_the_same_moment_are_numbered_one_after_the_other",),
        "Of two decisions at the same moment one would be lost.",
    ),
    Weakening(
        "old-proposals-applied",
        "app/matchmaking/weights/service.py",
        "    if version != proposal.base_version:\n",
        "    if version < proposal.base_version:\n",
        ("tests/matchmaking/test_weights.py::test_a_proposal_made_from_an_older_version_is_refused",),
        "Weights computed from others than the present ones would undo what somebody has set since.",
    ),
    Weakening(
        "one-part-outweighs",
        "app/demand/weighing.py",
        "MOST_SHARE: Final = 0.6\n",
        "MOST_SHARE: Final = 1.0\n",
        ("tests/matchmaking/test_weights.py::test_wrong_weights_are_pointed_at_and_change_nothing",),
        "One part could become the whole score.",
    ),
)

WEAKENINGS: Final = (*SHOWN, *SEALED, *DECIDED)
