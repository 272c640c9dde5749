"""Threads that take turns: how many at a time, in which order, and one that gives up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.api import Assistant
from assistant.turns import Turns


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.001)


def test_no_more_than_so_many_are_at_it() -> None:
    turns, lock = Turns(3), threading.Lock()
    at_it, most = 0, 0

    def work(number: int) -> int:
        nonlocal at_it, most
        with turns:
            with lock:
                at_it += 1
                most = max(most, at_it)
            time.sleep(0.001)
            with lock:
                at_it -= 1
        return number

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(work, range(200))) == list(range(200))
    assert most == 3


def test_who_comes_first_is_first_also_before_one_that_comes_back() -> None:
    turns, order = Turns(1), list[str]()
    waiting = turns._waiting

    def work(name: str) -> None:
        with turns:
            order.append(name)

    threads = [threading.Thread(target=work, args=[name]) for name in ("a", "b", "c")]
    with turns:
        for number, thread in enumerate(threads, 1):
            thread.start()
            wait_for(lambda number=number: len(waiting) == number)
    with turns:
        order.append("again")
    for thread in threads:
        thread.join()
    assert order == ["a", "b", "c", "again"]


def test_an_error_passes_the_turn_on() -> None:
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(ValueError, match="no"), turns:
            raise ValueError("no")
    with turns:
        assert turns._free == 0
    assert turns._free == 1


@pytest.mark.parametrize("came", [False, True], ids=["still waiting", "just when its turn came"])
def test_one_that_is_interrupted_keeps_no_turn(came: bool) -> None:
    turns = Turns(1)
    turn = threading.Lock()
    turn.acquire()
    with turns:
        turns._waiting.append(turn)
        if not came:
            turns._leave(turn)
    if came:
        assert turns._free == 0
        turns._leave(turn)
    assert turns._free == 1 and not turns._waiting


def test_questions_take_turns_and_are_answered_as_one_by_one(seed_index: Path) -> None:
    questions = ["Panama canal drought", "Haneda crash", "Wahl in Taiwan", "fusion energy"] * 6
    with Assistant(seed_index) as assistant:
        alone = [[hit.passage for hit in assistant.retrieve(q, k=4)] for q in questions]
        assistant._turns = Turns(2)
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda q: assistant.retrieve(q, k=4), questions))
        assert [[hit.passage for hit in hits] for hits in together] == alone
        assert isinstance(assistant._turns, Turns) and assistant._turns._free == 2
