"""Good files, bent: bytes flipped, cut out, put in."""

from __future__ import annotations

from hypothesis import strategies as st

Change = tuple[int, int, bytes]
"""Where, how many bytes go, and what comes instead."""


def mutations(length: int) -> st.SearchStrategy[list[Change]]:
    """Some changes to a file of `length` bytes."""
    place = st.integers(0, length)
    few = st.tuples(place, st.integers(0, 4), st.binary(max_size=6))
    many = st.tuples(place, st.integers(0, length), st.just(b""))
    return st.lists(st.one_of(few, few, many), min_size=1, max_size=6)


def mutated(data: bytes, changes: list[Change]) -> bytes:
    for place, gone, instead in changes:
        data = data[:place] + instead + data[place + gone :]
    return data
