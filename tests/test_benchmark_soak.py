"""The soak: its trends, its changes of articles, its bars; and a small chat that is asked."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks._memory import trend
from benchmarks.soak import Asked, Client, change, lines, missed, summary, town


def test_the_trend_of_what_is_flat_and_of_what_grows() -> None:
    chance = random.Random(1)
    at = [10.0 * n for n in range(180)]
    flat = trend(at, [600 + chance.gauss(0, 5) for _ in at])
    assert abs(flat.growth_percent) < 1 and abs(flat.slope_an_hour) < 3 * flat.slope_error < 15
    # 36 MB an hour: 18 MB in half an hour.
    grown = trend(at, [600 + s / 100 + chance.gauss(0, 5) for s in at])
    assert abs(grown.slope_an_hour - 36) < 3 * grown.slope_error
    assert 1.5 < grown.growth_percent < 2.5
    assert abs(grown.median - 612) < 3


def test_what_is_still_warming_up_is_not_in_the_slope() -> None:
    at = [10.0 * n for n in range(90)]
    warm = trend(at, [400 + 5 * min(n, 29) for n in range(90)])
    assert abs(warm.slope_an_hour) < 1e-6 and warm.growth_percent > 10
    assert trend(at, [0.0] * 90).growth_percent == 0
    with pytest.raises(ValueError, match="8 samples"):
        trend(at[:8], [1.0] * 8)


def test_each_change_adds_changes_and_removes(tmp_path: Path) -> None:
    towns = [town(number) for number in range(40)]
    assert len(set(towns)) == 40
    known: dict[str, str | None] = {}
    for number in range(6):
        before = dict(known)
        now = change(tmp_path, number)
        assert list(now) == [town(n) for n in range(number, max(-1, number - 3), -1)]
        if number >= 1:
            assert now[town(number - 1)] not in (None, before[town(number - 1)])
        known |= now
        texts = {path.stem: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
        assert len(texts) == min(number + 1, 2)
        for place, colour in known.items():
            assert (colour is None) == (place.lower() not in texts)
            assert colour is None or f"painted {colour} on" in texts[place.lower()]


def _summary(**more: Any) -> dict[str, Any]:
    asked = Asked(first={"g0": 1.0, "g1": 100.5, "g2": 200.25}, last={"g0": 100.2, "g1": 201.0})
    each = {"seconds": 9.0, "wrong": []}
    builds: list[dict[str, Any]] = [
        {**each, "before": "", "after": "g0", "replaced": -20.0},
        {**each, "before": "g0", "after": "g1", "replaced": 100.0},
        {**each, "before": "g1", "after": "g2", "replaced": 200.0},
    ]
    taken = [
        {"seconds": 10.0 * n, "anonymous": 500.0, "files": 20, "threads": 9, "mappings": 700}
        for n in range(30)
    ]
    load: dict[str, float] = {"questions": 9, "p50_ms": 1.0, "p95_ms": 2.0, "a_second": 3.0}
    change = more.get("change")
    if change is not None:
        change(asked, builds, taken)
    return summary(load, builds, taken, asked)


def test_a_good_soak_misses_nothing() -> None:
    result = _summary()
    assert missed(result, 30) == []
    assert result["questions"]["failed"] == 0
    assert result["builds"]["first_after_seconds_most"] == 0.5
    assert result["builds"]["old_until_seconds_most"] == 1.0
    assert "3 builds, 0 failed, median 9.0 s" in lines(result)[1]


def test_what_goes_wrong_is_told() -> None:
    def spoil(asked: Asked, builds: list[dict[str, Any]], taken: list[dict[str, float]]) -> None:
        asked.errors.append("500: no")
        asked.first["other"] = 5.0
        asked.last["g1"] = 207.0
        builds[1]["wrong"] = ["Varholm (ochre): None"]
        builds += [
            {"seconds": 1.0, "failed": "no space"},
            {"seconds": 1.0, "wrong": [], "before": "g2", "after": "g3", "replaced": 300.0},
        ]
        for number, one in enumerate(taken):
            one["anonymous"] += 4 * number
            one["files"] += number
            one["mappings"] += 5 * number

    result = _summary(change=spoil)
    assert [line.split(",")[0] for line in missed(result, 30)] == [
        "failed is 2.0",
        "builds_failed is 1.0",
        "wrong_afterwards is 1.0",
        "late_seconds is 7.0",
        "memory_growth_percent is 15.44",
        "files_growth is 10.0",
        "mappings_growth_percent is 13.84",
        "memory_slope_percent_an_hour is 249.13",
    ]
    assert not any("slope" in line for line in missed(result, 3))


def test_a_client_notes_generations_and_errors() -> None:
    asked = Asked()
    answers = iter(["g1", 500, "g1", "g2"])

    def handle(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.content) == {"question": "Why?"}
        now = next(answers, None)
        if now is None:
            raise httpx.ReadError("cut")
        if isinstance(now, int):
            return httpx.Response(now, text="broken")
        return httpx.Response(200, json={"index": {"generation": now}})

    async def run() -> list[float | None]:
        transport = httpx.MockTransport(handle)
        async with httpx.AsyncClient(base_url="http://chat", transport=transport) as http:
            client = Client(http, asked)
            return [await client("Why?") for _ in range(5)]

    answered = asyncio.run(run())
    assert [one is None for one in answered] == [False, True, False, False, True]
    assert asked.errors == ["500: broken", "ReadError: cut"]
    assert list(asked.first) == ["g1", "g2"] and asked.last["g1"] > asked.first["g1"]
