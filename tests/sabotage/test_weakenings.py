"""The list of weakenings does not rot; `python -m tests.sabotage` tries them."""

from pathlib import Path

import pytest

from tests.sabotage.weakening import Moved, Weakening
from tests.sabotage.weakenings import WEAKENINGS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("weakening", WEAKENINGS, ids=lambda one: one.name)
def test_the_guard_that_is_weakened_is_there_once(weakening):
    whole = (ROOT / weakening.file).read_text()

    weakened = weakening.applied_to(whole)

    assert weakened != whole
    compile(weakened, weakening.file, "exec")


@pytest.mark.parametrize("weakening", WEAKENINGS, ids=lambda one: one.name)
def test_the_tests_that_must_notice_are_there(weakening):
    for test in weakening.tests:
        file, _, name = test.partition("::")
        source = (ROOT / file).read_text()
        assert not name or f"def {name.partition('[')[0]}(" in source, test


def test_there_are_many_and_each_has_its_name_and_its_reason():
    assert len(WEAKENINGS) >= 80
    assert len({one.name for one in WEAKENINGS}) == len(WEAKENINGS)
    assert len({(one.file, one.before, one.after) for one in WEAKENINGS}) == len(WEAKENINGS)
    assert all(one.tests and one.wrong.endswith(".") for one in WEAKENINGS)


@pytest.mark.parametrize("whole", ["", "guard\nguard\n"])
def test_code_that_has_moved_is_not_weakened(whole):
    weakening = Weakening("gone", "app/main.py", "guard", "", (), "Nothing.")

    with pytest.raises(Moved, match="not once"):
        weakening.applied_to(whole)
