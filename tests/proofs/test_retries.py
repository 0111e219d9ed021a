"""A few rounds of the proof with every run of the tests; `python -m tests.proofs.retries` does a thousand."""

from tests.proofs.retries import prove


def test_retries_through_crashes_between_steps_have_one_effect_and_one_answer(server):
    found = prove(server, times=40, seed=11, kills=2)

    assert found["wrong"] == []
    assert (found["double_effects"], found["lost_effects"], found["different_replays"]) == (0, 0, 0)
    assert (found["rounds"], found["crashes"]) == (40, 40)
    assert found["retries"] >= 80
    assert found["server_starts"] == 3
    assert found["audit_records_verified"] >= 40
