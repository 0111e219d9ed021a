"""A few shortlists of the proof with every run of the tests; `python -m tests.proofs.replays` replays a thousand."""

from tests.proofs.replays import prove


def test_stored_shortlists_replay_bit_for_bit_in_other_processes_after_a_change_of_model(server):
    found = prove(server, times=20, seed=7, people=60, learned=False)

    assert found["wrong"] == []
    assert (found["shortlists"], found["processes"], found["threads"]) == (20, 2, [1, 4])
    assert found["different_bytes"] == 0
    assert found["entries"] > 50
    assert found["otherwise"] > 0
    assert found["people_changed"] > 10
