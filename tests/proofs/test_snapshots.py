"""A few kills and damages with every run of the tests; `python -m tests.proofs.snapshots` makes hundreds."""

from tests.proofs.snapshots import prove


def test_a_killed_publication_leaves_the_old_or_the_new_and_damage_is_refused():
    found = prove(kills=12, damages=100, seed=3)

    assert found["wrong"] == []
    assert (found["kills"], found["damages"]) == (12, 100)
    assert found["old"] + found["new"] + found["nothing_yet"] == 12
