"""Readers that ask a chat: through its page's own events, and through its HTTP API.

An event of the page is Gradio's: the inputs are posted to `queue/join`, and what comes of it is
read from `queue/data`, a stream of server-sent events, until `process_completed`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

_JOIN = "/gradio_api/queue/join"
_DATA = "/gradio_api/queue/data"
_PROBLEM = 'class=\\"problem\\"'
"""The chat's answer where a question failed, as it stands in JSON. Foreign text is escaped."""

Ask = Callable[[str], Awaitable[float | None]]
"""Asks a question; when it was answered, by `time.perf_counter`, or None where it was not."""


@dataclass(frozen=True, slots=True)
class PageEvent:
    """An event of the page: its number, and the values that its inputs have at first."""

    number: int
    inputs: tuple[Any, ...]
    ids: tuple[str | None, ...]

    def data(self, values: Mapping[str, Any]) -> list[Any]:
        """The inputs, those with these `elem_id` changed. A state is sent as None."""
        return [
            values.get(name, value) if name else value
            for name, value in zip(self.ids, self.inputs, strict=True)
        ]


def page_event(config: Mapping[str, Any], elem_id: str, event: str) -> PageEvent:
    """The event of this name of a component, from the page's `/config`.

    Raises LookupError where there is none.
    """
    components = {one["id"]: one["props"] for one in config["components"]}
    for dependency in config["dependencies"]:
        for target, name in dependency["targets"]:
            if name == event and components.get(target, {}).get("elem_id") == elem_id:
                inputs = [components[number] for number in dependency["inputs"]]
                return PageEvent(
                    dependency["id"],
                    tuple(props.get("value") for props in inputs),
                    tuple(props.get("elem_id") for props in inputs),
                )
    raise LookupError(f"the page has no event {event!r} of {elem_id!r}")


@dataclass(slots=True)
class Outcome:
    """What came of an event: when it was completed, unless it failed, and all its messages."""

    completed: float | None = None
    size: int = 0
    messages: list[str] = field(default_factory=list)


async def outcome_of(lines: AsyncIterable[str], event_id: str) -> Outcome:
    """Reads the stream to its end; who leaves before that may end the next event as well."""
    outcome = Outcome()
    async for line in lines:
        if not line.startswith("data:"):
            continue
        outcome.size += len(line.encode()) + 2
        outcome.messages.append(line)
        message = json.loads(line.removeprefix("data:"))
        if message.get("event_id") == event_id and message["msg"] == "process_completed":
            outcome.completed = time.perf_counter() if message.get("success") else None
        if message["msg"] in ("unexpected_error", "close_stream"):
            break
    return outcome


async def send(client: httpx.AsyncClient, event: PageEvent, session: str, **values: Any) -> Outcome:
    """Sends an event of the page as its script does, and waits until it is completed."""
    joined = await client.post(
        _JOIN,
        json={
            "data": event.data(values),
            "event_data": None,
            "fn_index": event.number,
            "trigger_id": None,
            "session_hash": session,
        },
    )
    if joined.status_code != 200:
        return Outcome()
    address = {"session_hash": session}
    async with client.stream("GET", _DATA, params=address) as stream:
        return await outcome_of(stream.aiter_lines(), joined.json()["event_id"])


class PageReader:
    """Asks through the page; after `turns` questions it begins a new chat."""

    def __init__(self, client: httpx.AsyncClient, submit: PageEvent, *, turns: int) -> None:
        self._client = client
        self._submit = submit
        self._turns = turns
        self._asked = 0
        self._session = ""
        self.sent = 0
        self.newest = Outcome()

    async def __call__(self, question: str) -> float | None:
        if self._asked % self._turns == 0:
            self._session = uuid.uuid4().hex
        self._asked += 1
        self.newest = await send(self._client, self._submit, self._session, question=question)
        self.sent += self.newest.size
        wrong = any(_PROBLEM in message for message in self.newest.messages)
        return None if wrong else self.newest.completed


class ApiReader:
    """Asks `POST /api/ask`."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.sent = 0
        self.newest: dict[str, Any] = {}

    async def __call__(self, question: str) -> float | None:
        response = await self._client.post("/api/ask", json={"question": question})
        self.sent += len(response.content)
        self.newest = response.json() if response.status_code == 200 else {}
        return time.perf_counter() if response.status_code == 200 else None


@dataclass(slots=True)
class Load:
    """What readers met: seconds of each question, how many failed, seconds in all."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    lasted: float = 0.0
    processor: float = 0.0
    size: int = 0

    def add(self, other: Load) -> None:
        self.seconds += other.seconds
        self.failed += other.failed
        self.lasted += other.lasted
        self.processor += other.processor
        self.size += other.size

    def figures(self) -> dict[str, float]:
        """Questions a second, milliseconds of one, kilobytes and processor time for one."""
        asked = len(self.seconds)
        if not asked:
            return {"questions": 0, "failed": self.failed}
        p50, p95 = np.percentile(self.seconds, [50, 95]) * 1_000
        return {
            "questions": asked,
            "failed": self.failed,
            "a_second": round(asked / self.lasted, 1),
            "p50_ms": round(float(p50), 1),
            "p95_ms": round(float(p95), 1),
            "server_processor_ms": round(self.processor / asked * 1_000, 1),
            "kilobytes": round(self.size / asked / 1_000, 1),
        }


async def drive(
    readers: Sequence[Ask],
    questions: Iterator[str],
    *,
    seconds: float,
    most: int | None = None,
) -> Load:
    """Lets each reader ask one question after the other: for so long, or until `most` are asked,
    or until there are none left."""
    load = Load()
    began = time.perf_counter()
    left = itertools.count() if most is None else iter(range(most))

    async def ask(reader: Ask) -> None:
        while time.perf_counter() - began < seconds and next(left, None) is not None:
            question = next(questions, None)
            if question is None:
                break
            clock = time.perf_counter()
            try:
                answered = await reader(question)
            except (httpx.HTTPError, ValueError, KeyError):
                answered = None
            if answered is None:
                load.failed += 1
            else:
                load.seconds.append(answered - clock)

    await asyncio.gather(*map(ask, readers))
    load.lasted = time.perf_counter() - began
    return load


def new_client(address: str) -> httpx.AsyncClient:
    """A client for any number of readers at once."""
    # Reading certificates takes a tenth of a second, and there are none here.
    return httpx.AsyncClient(
        base_url=address,
        timeout=60,
        verify=False,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
    )
