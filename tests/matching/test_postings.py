import random

import numpy as np

from matching.postings import Postings


def test_a_row_is_found_under_what_it_lists_now():
    postings = Postings()

    postings.replace(7, (), (1, 2))
    postings.replace(3, (), (2,))
    postings.replace(7, (1, 2), (2, 4))

    assert [postings.rows_of(code).tolist() for code in (1, 2, 4, 9)] == [[], [3, 7], [7], []]


def test_changes_between_readings_count_in_their_order():
    postings = Postings()
    postings.replace(1, (), (5,))
    postings.rows_of(5)

    postings.replace(1, (5,), ())
    postings.replace(1, (), (5,))
    postings.replace(2, (), (5,))
    postings.replace(2, (5,), ())

    assert postings.rows_of(5).tolist() == [1]


def test_any_history_reads_as_the_lists_it_left():
    dice = random.Random(11)  # noqa: S311
    postings, lists = Postings(), {row: set() for row in range(40)}

    for step in range(3000):
        row, after = dice.randrange(40), set(dice.sample(range(1, 12), dice.randrange(6)))
        postings.replace(row, lists[row], after)
        lists[row] = after
        if step % 7 == 0:
            code = dice.randrange(1, 12)
            expected = [row for row, codes in lists.items() if code in codes]
            assert np.array_equal(postings.rows_of(code), expected)
