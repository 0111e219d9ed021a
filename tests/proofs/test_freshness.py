"""A few rounds of the proof with every run of the tests; `python -m tests.proofs.freshness` does a thousand."""

from tests.proofs.freshness import prove


def test_what_one_process_acknowledges_the_other_ranks_at_once_through_kills_and_restarts(server):
    found = prove(server, times=30, seed=5, kills=1, learned=False)

    assert found["wrong"] == []
    assert (found["stale"], found["withdrawn"]) == (0, 0)
    assert (found["rounds"], sum(found["kills"].values()), found["server_starts"]) == (30, 1, 3)
    assert found["from_snapshot"] >= 1
    assert found["written_by_another"] >= 30
    assert found["shortlists"] >= 60
    assert set(found["writes"]) == {"create", "change", "unlist", "list", "erase"}
