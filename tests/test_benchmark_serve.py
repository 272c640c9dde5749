"""The benchmark of the chat as a server, over a small chat in this process."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("gradio")

from chat_fixtures import FakeBackend, start_server

from assistant.errors import QuestionError
from benchmarks import serve
from benchmarks._chat_load import (
    ApiReader,
    Load,
    PageReader,
    drive,
    new_client,
    outcome_of,
    page_event,
    send,
)
from benchmarks._chat_server import Running, address_of, memory_of
from benchmarks.serve import QUESTIONS, Chat, growth, lines, loads, missed, ratios, read_questions

CONFIG = {
    "components": [
        {"id": 1, "props": {}},
        {"id": 2, "props": {"elem_id": "question"}},
        {"id": 3, "props": {"elem_id": "most", "value": 8}},
    ],
    "dependencies": [
        {"id": 4, "targets": [[2, "change"], [3, "submit"]], "inputs": []},
        {"id": 5, "targets": [[None, "load"], [2, "submit"]], "inputs": [1, 2, 3]},
    ],
}
GOOD = {"failed": 0, "a_second": 10.0, "p50_ms": 20.0, "p95_ms": 40.0, "server_processor_ms": 8.0}
RESULT: dict[str, Any] = {
    "start": {
        "import_gradio_seconds": 4.0,
        "served_seconds": 5.0,
        "usable_seconds": 7.0,
        "seen": {"p50_ms": 99.0},
    },
    "load": {"8": {"page": GOOD, "api": GOOD}},
    "memory": {
        "failed": 0,
        "questions": 7,
        "growth_percent": 1.0,
        "warm_megabytes": {"anonymous": 300.0},
        "after_megabytes": {"anonymous": 303.0},
    },
    "rebuild": {"builds": 3, "answered_afterwards": 3, "failed": 0, "questions_meanwhile": 50},
}


async def _lines(*said: str) -> AsyncIterator[str]:
    for line in said:
        yield line


def _message(kind: str, event: str | None = "e1", **more: Any) -> str:
    return "data: " + json.dumps({"msg": kind, "event_id": event, **more})


def test_an_event_is_found_by_its_component() -> None:
    event = page_event(CONFIG, "question", "submit")
    assert event.number == 5
    assert event.data({"question": "Why?"}) == [None, "Why?", 8]
    for elem_id, name in (("question", "blur"), ("chat", "submit")):
        with pytest.raises(LookupError, match=name):
            page_event(CONFIG, elem_id, name)


def test_a_stream_is_read_to_its_end() -> None:
    good = _message("process_completed", success=True)
    said = (
        _message("process_starts"),
        "",
        _message("process_completed", "other", success=False),
        good,
        _message("close_stream", None),
        _message("process_completed", success=False),
    )
    outcome = asyncio.run(outcome_of(_lines(*said), "e1"))
    assert outcome.completed is not None
    assert outcome.messages == [said[0], said[2], good, said[4]]
    assert outcome.size == sum(len(line) + 2 for line in outcome.messages)
    wrong = _message("process_completed", success=False)
    assert asyncio.run(outcome_of(_lines(wrong), "e1")).completed is None
    assert asyncio.run(outcome_of(_lines(_message("process_starts")), "e1")).completed is None


def test_figures_of_a_load() -> None:
    load = Load([n / 1_000 for n in range(1, 101)], 2, 4.0, 0.5, 200_000)
    load.add(Load([0.1] * 100, 1, 6.0, 0.5, 200_000))
    assert load.figures() == {
        "questions": 200,
        "failed": 3,
        "a_second": 20.0,
        "p50_ms": 100.0,
        "p95_ms": 100.0,
        "server_processor_ms": 5.0,
        "kilobytes": 2.0,
    }
    assert Load(failed=4).figures() == {"questions": 0, "failed": 4}
    assert ratios({**GOOD, "p50_ms": 30.0}, {"p50_ms": 20.0, "a_second": 0.0}) == {"p50_ms": 1.5}


def test_what_the_kernel_and_the_chat_say() -> None:
    assert memory_of("55d0-7ff [rollup]\nRss:  1000 kB\nPss:\t500 kB\nPss_Anon: 3 kB\n") == {
        "rss": 1.0,
        "pss": 0.5,
    }
    assert growth(200.0, 210.0) == 5.0
    assert (
        address_of(["warning: x\n", "Chat ready at http://127.0.0.1:9\n"]) == "http://127.0.0.1:9"
    )
    assert address_of(["error: no\n"]) is None


def test_bars_and_lines() -> None:
    assert missed(RESULT) == []
    slow = {**RESULT["start"], "usable_seconds": 12.5, "seen": {"p50_ms": 300.5}}
    bad = {
        "start": slow,
        "load": {"8": {"page": {**GOOD, "failed": 1}, "api": {**GOOD, "failed": 2}}},
        "memory": {**RESULT["memory"], "growth_percent": 10.1, "failed": 3},
        "rebuild": {**RESULT["rebuild"], "answered_afterwards": 2, "failed": 4},
    }
    assert missed(bad) == [
        "start_seconds is 12.5, over 12.0",
        "seen_ms is 300.5, over 300.0",
        "growth_percent is 10.1, over 10.0",
        "failed is 10, over 0.0",
        "unanswered is 1, over 0.0",
    ]
    unseen = {**RESULT, "start": {"import_gradio_seconds": 4.0, "served_seconds": 12.1}}
    assert missed(unseen) == ["start_seconds is 12.1, over 12.0"]
    assert len(lines(RESULT)) == len(lines(unseen)) + 2
    assert "0 of 50 questions failed" in lines(RESULT)[-1]


def test_the_questions_of_the_project(tmp_path: Any) -> None:
    questions = read_questions(QUESTIONS)
    assert len(questions) == len(set(questions)) > 100
    question = serve.write_new(tmp_path, "Varnholm", "lighthouse", "violet")
    assert question == "What colour was the lighthouse of Varnholm painted?"
    assert "was painted violet" in (tmp_path / "varnholm.md").read_text(encoding="utf-8")


def test_a_load_ends() -> None:
    asked: list[str] = []

    async def reader(question: str) -> float | None:
        asked.append(question)
        await asyncio.sleep(0)
        if question == "c":
            raise ValueError
        return None if question == "b" else 1e9

    async def run(seconds: float, most: int | None) -> Load:
        asked.clear()
        return await drive([reader, reader], iter("abcde"), seconds=seconds, most=most)

    load = asyncio.run(run(60, None))
    assert asked == list("abcde") and len(load.seconds) == 3 and load.failed == 2
    assert asyncio.run(run(60, 3)).failed == 2 and asked == list("abc")
    assert asyncio.run(run(0, None)).seconds == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_small_chat_is_asked() -> None:
    backend = FakeBackend()
    address = start_server(backend)

    async def run() -> dict[str, Any]:
        async with new_client(address) as client:
            submit = page_event((await client.get("/config")).json(), "question", "submit")
            running = Running(address, os.getpid(), 0.0)
            chat = Chat(running, client, submit, itertools.cycle(["missiles", "harbour"]))
            page, api = PageReader(client, submit, turns=2), ApiReader(client)
            for question in ("missiles", "and harbour", "and missiles"):
                assert await page(question) is not None
            assert backend.asked[-2][1] == ("missiles",) and backend.asked[-1][1] == ()
            assert "Les deux pays" in page.newest.messages[-2]
            assert await api("missiles") is not None and api.newest["found"]
            assert (await chat.load([page, api], seconds=60, most=4)).size > 0
            result = await loads(chat, [2], 0.1)
            backend.fail = QuestionError("no")
            assert await page("missiles") is None and await api("missiles") is None
            gone = replace(submit, number=999)
            assert (await send(client, gone, "s", question="missiles")).completed is None
            return result

    result = asyncio.run(run())
    assert set(result) == {"2"} and set(result["2"]) == {"page", "api", "page_to_api"}
    for kind in ("page", "api"):
        assert result["2"][kind]["questions"] >= 2 and result["2"][kind]["failed"] == 0
        assert result["2"][kind]["p50_ms"] > 0 and result["2"][kind]["kilobytes"] > 1
