"""What the side-by-side benchmark makes of its measurements, and what it asks; no peer runs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks import peers
from benchmarks._dev_sets import Case
from benchmarks._peers_contestants import CONTESTANTS, OURS, PACKAGES, Collection
from benchmarks._peers_report import (
    medians,
    of_turn,
    quality,
    ratios,
    recall,
    table,
    verdicts,
)
from benchmarks.peers import Plan, drawn, write_set


def _turn(seconds: float, milliseconds: Sequence[float], start: float | None) -> dict[str, float]:
    index = {"seconds": seconds, "processor_seconds": seconds / 2, "peak_megabytes": 100.0}
    ask = {
        "milliseconds": milliseconds,
        "processor_milliseconds": [ms / 2 for ms in milliseconds],
        "peak_megabytes": 50.0,
    }
    return of_turn(index, ask, start)


def test_recall_counts_what_was_not_found_as_missed() -> None:
    assert recall([1, 2, None, 6], 1) == 0.25
    assert recall([1, 2, None, 6], 5) == 0.5
    assert recall([1, 2, None, 6], 6) == 0.75


def test_a_turn_has_the_percentiles_of_its_questions() -> None:
    figures = _turn(3.0, [float(n) for n in range(1, 102)], None)
    assert figures["p50_ms"] == 51
    assert figures["p95_ms"] == 96
    assert figures["processor_p50_ms"] == 25.5
    assert "start_seconds" not in figures


def test_ratios_are_medians_within_turns_not_ratios_of_medians() -> None:
    # The machine was three times slower in the second turn, for both.
    ours = [_turn(s, [s], s) for s in (1.0, 3.0, 2.0)]
    peer = [_turn(s, [s], s) for s in (12.0, 30.0, 10.0)]
    assert ratios(peer, ours)["index_seconds"] == 10
    assert medians(peer)["index_seconds"] / medians(ours)["index_seconds"] == 6
    assert ratios(peer, ours)["start_seconds"] == 10


def test_a_figure_that_a_turn_lacks_has_no_median() -> None:
    turns = [_turn(1.0, [1.0], 1.0), _turn(1.0, [1.0], None)]
    assert "start_seconds" not in medians(turns)
    assert "start_seconds" not in ratios(turns, turns)
    assert medians(turns)["index_seconds"] == 1


def test_bars_are_met_level_or_missed() -> None:
    ours = quality({"en to en": [1, 1, 1, 2], "de to en": [1, 6, 1, None]})
    peer = quality({"en to en": [1, 1, 2, 2], "de to en": [1, 1, 1, None]})
    found = verdicts({"index_seconds": 10.0, "p50_ms": 9.9}, peer, ours)
    assert {v.bar: v.outcome for v in found} == {
        "index time": "met",
        "latency": "missed",
        "en to en recall@1": "met",
        "en to en recall@5": "level",
        "de to en recall@1": "missed",
        "de to en recall@5": "missed",
    }


def test_the_table_tells_of_every_contestant_and_every_bar_missed() -> None:
    result: dict[str, Any] = {"contestants": {}}
    for name, seconds, ranks in ((OURS, 2.0, [1, 1]), ("txtai", 8.0, [1, 2])):
        turns = [_turn(seconds, [seconds], None)]
        result["contestants"][name] = {
            "figures": medians(turns),
            "quality": quality({"en to en": ranks}),
        }
    result["contestants"]["txtai"]["times_ours"] = {"index_seconds": 4.0, "p50_ms": 40.0}
    result["contestants"]["txtai"]["bars"] = [
        {"bar": "index time", "shown": "4 times", "outcome": "missed"},
        {"bar": "latency", "shown": "40 times", "outcome": "met"},
    ]
    lines = table(result).splitlines()
    assert len({len(line) for line in lines[:3]}) == 1
    assert lines[1].startswith(OURS) and "100.0" in lines[1]
    assert lines[2].split()[:3] == ["txtai", "8.00", "4.00"]
    assert "index time 4 times MISSED; latency 40 times met" in lines[-1]


def test_the_same_questions_are_drawn_in_every_language() -> None:
    english = [Case(f"q{n:02}", f"en {n}", ("a",)) for n in range(20)]
    german = [Case(f"q{n:02}", f"de {n}", ("a",)) for n in reversed(range(20))]
    ids = [case.id for case in drawn(english, 5)]
    assert ids == [case.id for case in drawn(german, 5)]
    assert len(set(ids)) == 5
    assert ids == [case.id for case in drawn(english, 9)][:5]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    rows: dict[str, list[dict[str, object]]] = {
        "dev/xquad/en.articles": [{"id": "p0", "text": "One."}, {"id": "p1", "text": "Two."}],
        "dev/xquad/de.articles": [{"id": "p0", "text": "Eins."}, {"id": "p1", "text": "Zwei."}],
        "dev/xquad/en.cases": [{"id": "q0", "question": "Which one?", "relevant": ["p0"]}],
        "dev/xquad/de.cases": [{"id": "q0", "question": "Welche eins?", "relevant": ["p0"]}],
        "train/news.en": [{"text": text} for text in ("News.", "News.", "More news.", "Last.")],
    }
    for name, lines in rows.items():
        path = folder / f"{name}.jsonl.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    return folder


def test_the_larger_set_has_the_same_questions_among_news(data: Path, tmp_path: Path) -> None:
    plan = Plan(tmp_path / "work", data, articles=2, questions=5, again=False)
    small, large = write_set(plan, "xquad"), write_set(plan, "news")
    assert small != large
    questions = (large / "questions.jsonl").read_text(encoding="utf-8")
    assert questions == (small / "questions.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["pair"] for line in questions.splitlines()] == list(peers.PAIRS)
    read = Collection.read(large / "articles.jsonl")
    assert [text for _, text in read.articles] == ["One.", "Two.", "News.", "More news."]


def test_every_contestant_has_its_packages_and_they_are_pinned() -> None:
    assert set(PACKAGES) == set(CONTESTANTS)
    pinned = (Path(peers.__file__).parent / "peers.txt").read_text(encoding="utf-8")
    for name, packages in PACKAGES.items():
        if name != OURS:
            assert all(f"\n{package}==" in pinned for package in packages)
