"""A few of the proof's tampers with every run of the tests; `python -m tests.proofs.tampers` does ten thousand."""

from tests.proofs.tampers import prove


def test_every_tamper_is_found_and_its_first_bad_record_named(server):
    found = prove(server, times=150, seed=17)

    assert found["wrong"] == []
    assert found["missed"] == 0
    assert found["found"] == found["named"]
    assert found["found"] + found["beyond_checkpoint"] + found["respelt"] == 150
    assert found["found"] > 120
