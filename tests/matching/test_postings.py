import random

import numpy as np

from matching.postings import Postings


def listed(postings: Postings, code: int) -> list[tuple[int, int]]:
    """Items of a code with their rows, each once."""
    entries = postings.entries(code)
    return sorted(set(zip(postings.items[entries].tolist(), postings.rows[entries].tolist(), strict=True)))


def test_items_are_found_under_their_codes():
    postings = Postings.of(np.array([7, 2, 7, 9]), np.array([0, 0, 1, 3]))

    assert [listed(postings, code) for code in (2, 7, 9, 1, 8, 10)] == [
        [(1, 0)],
        [(0, 0), (2, 1)],
        [(3, 3)],
        [],
        [],
        [],
    ]


def test_an_empty_list_has_no_entries():
    assert listed(Postings.of(np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.int64)), 1) == []


def test_a_row_may_list_a_code_twice():
    assert listed(Postings.of(np.array([4, 4]), np.array([2, 2])), 4) == [(0, 2), (1, 2)]


def test_whatever_is_blanked_in_whatever_order_leaves_the_rest_and_no_trace():
    dice = random.Random(11)  # noqa: S311 - examples, not secrets
    for _ in range(60):
        rows = np.sort(np.array([dice.randrange(20) for _ in range(40)]))
        codes = np.array([dice.randrange(1, 7) for _ in range(40)])
        postings, left = Postings.of(codes, rows), set(range(40))
        for item in dice.sample(range(40), dice.randrange(41)):
            postings.blank(int(codes[item]), item)
            postings.blank(int(codes[item]), item)
            left.remove(item)
        for code in range(1, 7):
            assert listed(postings, code) == [(at, int(rows[at])) for at in sorted(left) if codes[at] == code]
