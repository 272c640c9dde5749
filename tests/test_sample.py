"""The sample by which languages are made comparable: some of each, copies last."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from assistant.sample import draw_sample

Languages = npt.NDArray[np.int32]


def languages(*values: int) -> Languages:
    return np.array(values, np.int32)


def test_the_first_of_each_language() -> None:
    sample = draw_sample(languages(5, 2, 5, 2, 2), np.zeros(5, bool))
    # Languages are numbered anew, in their order.
    assert sample.rows.tolist() == [1, 3, 4, 0, 2]
    assert sample.starts.tolist() == [0, 3] and sample.counts.tolist() == [3, 2]
    assert sample.language_of_row.tolist() == [1, 0, 1, 0, 0]
    assert sample.rows_of(np.array([1, 0])).tolist() == [0, 2, 1, 3, 4]
    assert sample.rows_of(np.array([], np.int64)).tolist() == []


def test_few_languages_give_more_each() -> None:
    assert len(draw_sample(languages(*[0] * 1_000), np.zeros(1_000, bool)).rows) == 288
    three = draw_sample(languages(*[0, 1, 2] * 1_000), np.zeros(3_000, bool))
    assert three.counts.tolist() == [96] * 3
    many = draw_sample(np.arange(3_000, dtype=np.int32) % 30, np.zeros(3_000, bool))
    assert many.counts.tolist() == [24] * 30


def test_copies_are_left_out_unless_there_is_nothing_else() -> None:
    copied = np.array([True, False, True, True])
    sample = draw_sample(languages(0, 0, 0, 1), copied)
    assert sample.rows.tolist() == [1, 3]


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=400))
def test_any_index(passages: list[tuple[int, bool]]) -> None:
    of_row = np.array([language for language, _ in passages], np.int32)
    copied = np.array([copy for _, copy in passages])
    sample = draw_sample(of_row, copied)
    numbers = np.unique(of_row)
    assert len(set(sample.rows.tolist())) == len(sample.rows) == sample.counts.sum()
    for i, number in enumerate(numbers):
        rows = sample.rows[sample.starts[i] :][: sample.counts[i]]
        assert len(rows) and (of_row[rows] == number).all() and (np.diff(rows) > 0).all()
        assert (sample.language_of_row[rows] == i).all()
        assert not copied[rows].any() or copied[of_row == number].all()
