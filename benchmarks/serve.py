"""The chat as a server: how many questions it answers, how long one takes, what it holds.

    python -m benchmarks.serve [--users N …] [--seconds S] [--questions N] [--no-browser]

Builds an index of a copy of `seeds/` in a temporary folder and starts `assistant chat` over it,
without a limit to the rate. Asked are the questions of `benchmarks/questions/`, in turn.

start      Seconds from the start of the process to the first `200` of the page, and to a page
           in a new browser that takes a question and shows the index; medians of three, and
           what importing Gradio takes by itself, in turn with them.
seen       Milliseconds in the browser from Enter to the first source's card on the screen.
load       For each number of users, S seconds of "page" and "api" in turn, twice: "page" is the
           event that the page sends, in chats of five questions, with its stream read to the
           end; "api" is `POST /api/ask`. `server_processor_ms` is what the server's process uses
           of the processor for a question, `kilobytes` what it sends. `page_to_api` are the
           ratios of the two: other work on the machine enters both.
memory     Megabytes of the server's process when it holds as many chats as it keeps, and after N
           questions more, half of each kind; and the growth of the anonymous ones.
rebuild    An article is added and the index built again, twice by `assistant build` and once
           by the page's own button, while eight users ask: failed questions, and whether
           the new article answers afterwards.

The readers run in this one process, on the same processors as the server. Prints a line for each
figure and writes all to `benchmarks/results/serve.json`; the status is 1 where a bar is missed.
Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx

from assistant.building import build
from benchmarks._chat_load import (
    ApiReader,
    Load,
    PageEvent,
    PageReader,
    drive,
    new_client,
    page_event,
    send,
)
from benchmarks._chat_page import answers_seen, browser_missing, new_browser, usable_page
from benchmarks._chat_server import PATIENCE, ROOT, Running, command, running_chat

QUESTIONS = ROOT / "benchmarks" / "questions"
RESULT = ROOT / "benchmarks" / "results" / "serve.json"

BARS = {
    "start_seconds": 12.0,
    "seen_ms": 300.0,
    "growth_percent": 10.0,
    "failed": 0.0,
    "unanswered": 0.0,
}
"""The most that each may be; the first is meant for two cores."""

_USERS = (1, 8, 32)
_TURNS = 5
_TAKEN = 2
_STARTS = 3
_SEEN = 20
_WARM_SEEN = 3
_BUILD_USERS = 8
_MEMORY_USERS = 16
_KEPT_CHATS = 200
"""How many chats the server keeps; up to then each new one takes memory."""

_SHORT = 2
"""How many questions a chat has where memory is measured: it takes many chats."""

_PATIENCE = 1_200.0
"""Seconds after which a load ends in any case."""

Reader = PageReader | ApiReader

_NEW = (
    ("Varnholm", "lighthouse", "violet"),
    ("Tessbury", "drawbridge", "turquoise"),
    ("Quillsand", "observatory", "ochre"),
)


def read_questions(folder: Path) -> list[str]:
    """All questions of a folder's `.jsonl` files."""
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.open("rb")]
    return [json.loads(line)["question"] for line in lines]


@dataclass(frozen=True, slots=True)
class Chat:
    """A running chat, and how to ask it."""

    running: Running
    client: httpx.AsyncClient
    submit: PageEvent
    questions: Iterator[str]

    def pages(self, users: int, *, turns: int) -> list[Reader]:
        return [PageReader(self.client, self.submit, turns=turns) for _ in range(users)]

    def apis(self, users: int) -> list[Reader]:
        return [ApiReader(self.client) for _ in range(users)]

    async def load(
        self, readers: Sequence[Reader], *, seconds: float, most: int | None = None
    ) -> Load:
        before, sent = self.running.processor_seconds(), sum(reader.sent for reader in readers)
        load = await drive(readers, self.questions, seconds=seconds, most=most)
        load.processor = self.running.processor_seconds() - before
        load.size = sum(reader.sent for reader in readers) - sent
        return load


async def loads(chat: Chat, users: Sequence[int], seconds: float) -> dict[str, Any]:
    """The figures of both kinds for each number of users."""
    result: dict[str, Any] = {}
    for number in users:
        page, api = Load(), Load()
        for _ in range(_TAKEN):
            page.add(await chat.load(chat.pages(number, turns=_TURNS), seconds=seconds))
            api.add(await chat.load(chat.apis(number), seconds=seconds))
        of_page, of_api = page.figures(), api.figures()
        result[str(number)] = {
            "page": of_page,
            "api": of_api,
            "page_to_api": ratios(of_page, of_api),
        }
        say(f"{number} users: {result[str(number)]}")
    return result


def ratios(page: dict[str, float], api: dict[str, float]) -> dict[str, float]:
    """What the page's event takes of each, beside the API."""
    names = ("a_second", "p50_ms", "p95_ms", "server_processor_ms")
    return {name: round(page[name] / api[name], 2) for name in names if api.get(name)}


async def memory(chat: Chat, questions: int) -> dict[str, Any]:
    """What the server holds when it is warm, and after so many questions more."""
    half = _MEMORY_USERS // 2
    filling = await chat.load(
        chat.pages(2 * half, turns=_SHORT), seconds=_PATIENCE, most=_KEPT_CHATS * _SHORT
    )
    warm = chat.running.memory()
    readers = chat.pages(half, turns=_SHORT) + chat.apis(half)
    asked = await chat.load(readers, seconds=_PATIENCE, most=questions)
    after = chat.running.memory()
    result = {
        "chats_before": _KEPT_CHATS,
        "questions": len(asked.seconds) + asked.failed,
        "failed": filling.failed + asked.failed,
        "warm_megabytes": warm,
        "after_megabytes": after,
        "growth_percent": growth(warm["anonymous"], after["anonymous"]),
    }
    say(f"memory: {result}")
    return result


def growth(before: float, after: float) -> float:
    """In per cent."""
    return round((after / before - 1) * 100, 1)


def write_new(folder: Path, place: str, thing: str, colour: str) -> str:
    """Adds an article; the question that only it answers."""
    (folder / f"{place.lower()}.md").write_text(
        f"---\ntitle: {place} paints its {thing}\nlanguage: en\npublished: 2025-05-05\n---\n"
        f"The {thing} of {place} was painted {colour} on Monday. "
        f"The council of {place} had voted for {colour} in spring.\n",
        encoding="utf-8",
    )
    return f"What colour was the {thing} of {place} painted?"


async def rebuilds(chat: Chat, index: Path, articles: Path) -> dict[str, Any]:
    """Adds an article and builds the index again, several times, while users ask."""
    start = page_event((await chat.client.get("/config")).json(), "start", "click")
    half = _BUILD_USERS // 2
    stopped = asyncio.Event()
    asking = asyncio.create_task(
        drive(
            chat.pages(half, turns=_TURNS) + chat.apis(half),
            itertools.takewhile(lambda _: not stopped.is_set(), chat.questions),
            seconds=_PATIENCE,
        )
    )
    api, page = ApiReader(chat.client), PageReader(chat.client, chat.submit, turns=1)
    seconds, answered = [], 0
    for number, new in enumerate(_NEW, 1):
        question = write_new(articles, *new)
        clock = time.perf_counter()
        if number < len(_NEW):
            built = await _build(articles, index)
        else:
            built = (await send(chat.client, start, uuid.uuid4().hex)).completed is not None
        seconds.append(round(time.perf_counter() - clock, 1))
        await api(question), await page(question)
        colour = new[-1]
        seen = any(colour in message for message in page.newest.messages)
        answered += built and seen and colour in str(api.newest.get("answer"))
    stopped.set()
    load = await asking
    result = {
        "builds": len(_NEW),
        "build_seconds": seconds,
        "answered_afterwards": answered,
        "questions_meanwhile": len(load.seconds) + load.failed,
        "failed": load.failed,
        "p95_ms": load.figures().get("p95_ms"),
    }
    say(f"rebuilding: {result}")
    return result


async def _build(articles: Path, index: Path) -> bool:
    process = await asyncio.create_subprocess_exec(
        *command("build", articles, "--index", index), cwd=ROOT, stdout=sys.stderr
    )
    return await process.wait() == 0


async def asked(
    running: Running, arguments: argparse.Namespace, *, index: Path, articles: Path
) -> dict[str, Any]:
    """All that is measured by asking a chat that runs."""
    async with new_client(running.address) as client:
        submit = page_event((await client.get("/config")).json(), "question", "submit")
        chat = Chat(running, client, submit, itertools.cycle(read_questions(QUESTIONS)))
        # The first questions of each user pay for what later ones find ready.
        await chat.load(chat.apis(8), seconds=_PATIENCE, most=len(read_questions(QUESTIONS)))
        return {
            "load": await loads(chat, arguments.users, arguments.seconds),
            "memory": await memory(chat, arguments.questions),
            "rebuild": await rebuilds(chat, index, articles),
        }


def until_served(running: Running) -> float:
    """Seconds from the start of the process until its page is served."""
    end = running.began + PATIENCE
    with httpx.Client(base_url=running.address, verify=False, timeout=30) as client:
        while time.monotonic() < end:
            if client.get("/").status_code == 200:
                return time.monotonic() - running.began
            time.sleep(0.02)
    raise RuntimeError(f"the page was not served within {PATIENCE:.0f} s")


def started(index: Path, articles: Path, browser: Any) -> dict[str, Any]:
    """When a chat that is started can be used; `browser` may be None."""
    imported: list[float] = []
    served: list[float] = []
    usable: list[float] = []
    seen: list[float] = []
    for _ in range(_STARTS):
        clock = time.monotonic()
        subprocess.run([sys.executable, "-c", "import gradio"], check=True)
        imported.append(time.monotonic() - clock)
        with running_chat(index, articles) as running:
            served.append(until_served(running))
            if browser is None:
                continue
            with usable_page(browser, running.address) as page:
                usable.append(time.monotonic() - running.began)
                if not seen:
                    # The first of them also make the page's own code warm.
                    questions = read_questions(QUESTIONS)[: _WARM_SEEN + _SEEN]
                    seen = answers_seen(page, questions)[_WARM_SEEN:]
    result: dict[str, Any] = {
        "import_gradio_seconds": round(statistics.median(imported), 2),
        "served_seconds": round(statistics.median(served), 2),
    }
    if browser is not None:
        result["usable_seconds"] = round(statistics.median(usable), 2)
        result["seen"] = {
            "questions": len(seen),
            "p50_ms": round(statistics.median(seen), 1),
            "p95_ms": round(statistics.quantiles(seen, n=20)[-1], 1),
        }
    say(f"start: {result}")
    return result


def missed(result: dict[str, Any]) -> list[str]:
    """The bars that a result misses, in words."""
    start, rebuild = result["start"], result["rebuild"]
    failed = result["memory"]["failed"] + rebuild["failed"]
    for kinds in result["load"].values():
        failed += kinds["page"]["failed"] + kinds["api"]["failed"]
    measured = {
        "start_seconds": start.get("usable_seconds", start["served_seconds"]),
        "seen_ms": start.get("seen", {}).get("p50_ms", 0.0),
        "growth_percent": result["memory"]["growth_percent"],
        "failed": failed,
        "unanswered": rebuild["builds"] - rebuild["answered_afterwards"],
    }
    return [
        f"{name} is {value}, over {BARS[name]}"
        for name, value in measured.items()
        if value > BARS[name]
    ]


def machine() -> dict[str, Any]:
    """What the figures depend on beside the code; the load is that of the last minute."""
    return {
        "processors": len(os.sched_getaffinity(0)),
        "load_average": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        **{name: version(name) for name in ("gradio", "uvicorn", "numpy")},
    }


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--users", type=int, nargs="+", default=_USERS, metavar="N")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each load")
    parser.add_argument("--questions", type=int, default=2_000, help="between the two memories")
    parser.add_argument("--no-browser", action="store_true", help="leave the page out")
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    absent = "it was left out" if arguments.no_browser else browser_missing()
    if absent is not None:
        say(f"the page is not opened: {absent}")
    result: dict[str, Any] = {"machine": machine()}
    with tempfile.TemporaryDirectory() as temporary:
        index, articles = Path(temporary) / "index", Path(temporary) / "articles"
        shutil.copytree(ROOT / "seeds", articles)
        build(articles, index=index)
        with nullcontext() if absent else new_browser() as browser:
            result["start"] = started(index, articles, browser)
        with running_chat(index, articles) as running:
            result |= asyncio.run(asked(running, arguments, index=index, articles=articles))
    result["machine"]["load_average_at_the_end"] = round(os.getloadavg()[0], 1)
    wrong = missed(result)
    arguments.output.write_text(
        json.dumps({**result, "bars": BARS, "missed": wrong}, indent=1) + "\n", encoding="utf-8"
    )
    for line in lines(result):
        print(line)
    if wrong:
        sys.exit("; ".join(wrong))


def lines(result: dict[str, Any]) -> list[str]:
    """The figures, one a line."""
    start, held, rebuild = result["start"], result["memory"], result["rebuild"]
    said = [
        f"page served {start['served_seconds']} s after the start; importing Gradio alone takes "
        f"{start['import_gradio_seconds']} s"
    ]
    if "seen" in start:
        said.append(f"page usable {start['usable_seconds']} s after the start")
        said.append(f"answer seen after {start['seen']['p50_ms']} ms (median)")
    for users, kinds in result["load"].items():
        for kind in ("page", "api"):
            one = kinds[kind]
            said.append(
                f"{users} users, {kind}: {one['a_second']} a second, p50 {one['p50_ms']} ms, "
                f"p95 {one['p95_ms']} ms, {one['server_processor_ms']} ms of the server's "
                f"processor, {one['failed']} failed"
            )
    said.append(
        f"memory {held['warm_megabytes']['anonymous']} MB, after {held['questions']} questions "
        f"{held['after_megabytes']['anonymous']} MB ({held['growth_percent']:+} %)"
    )
    said.append(
        f"{rebuild['builds']} rebuilds: {rebuild['failed']} of {rebuild['questions_meanwhile']} "
        f"questions failed, {rebuild['answered_afterwards']} new articles answered afterwards"
    )
    return said


if __name__ == "__main__":
    main()
