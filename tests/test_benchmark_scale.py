"""The benchmark of scale: its text, its watch, its shares and bars, and its steps."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.embedding import static_part
from assistant.index import Index
from assistant.settings import BUNDLED
from benchmarks import _scale_steps, scale
from benchmarks._memory import Watch, held_by, own, tree
from benchmarks._recombined import Pool
from benchmarks._scale_costs import Prices, facts, project, projection
from benchmarks._scale_plots import draw
from benchmarks._scale_steps import exact, files_of, forget, share_found
from benchmarks._scale_table import bars, made_share, stage_shares, table
from benchmarks._scale_text import QUESTIONS, Written, articles, questions, write_articles
from training.corpus import Group

PLACES = ("Fairhaven", "Milltown", "Kingsbridge", "Oakfield", "Westport", "Ashbury")
POOLS: dict[str, Pool] = {
    "en": {
        f"The mayor of {place} said on day {n} that the bridge had cost {n * 7} crowns.": None
        for place in PLACES
        for n in range(60)
    },
    "ja": {
        f"{place}の市長は、{n}日に新しい橋の建設に{n * 7}億円かかったと述べた。": None
        for place in PLACES
        for n in range(60)
    },
}
BUILD: dict[str, Any] = {
    "passages": 1_000,
    "seconds": 10.0,
    "processor_seconds": 20.0,
    "passages_a_second": 100.0,
    "megabytes_a_second": 0.5,
    "processor_ms_a_passage": 20.0,
    "peak_anonymous": 700.0,
    "peak_resident": 900.0,
    "stages": {"read": 1.0, "embed": 4.0, "tokenise": 14.0},
}
SIZES: dict[str, dict[str, Any]] = {
    "1000000": {
        "text": {"articles": 100, "text_bytes": 5_000_000},
        "builds": {"1": {**BUILD, "stages": {}}, "2": BUILD},
        "files": {"a": 1_000, "b": 3_000},
        "open": {"seconds": 2.5, "cold_seconds": 4.0, "anonymous_opened": 200.0},
        "latency": {"1": {"p50_ms": 30.0, "p99_ms": 90.0, "first_p50_ms": 31.0}},
        "recall": {"recall_at_10": 1.0, "recall_at_100": 0.94},
    },
    "100000": {"latency": {"1": {"p50_ms": 10.0, "p99_ms": 20.0}}},
}
SIZES["1000000"]["latency"]["1"]["first_p99_ms"] = 99.0
SIZES["100000"]["latency"]["1"] |= {"first_p50_ms": 11.0, "first_p99_ms": 21.0}


def test_articles_are_the_same_ones_each_time_and_of_real_length() -> None:
    first = list(islice(articles(POOLS), 120))
    assert first == list(islice(articles(POOLS), 120))
    assert len({a["text"] for a in first}) == len({a["id"] for a in first}) == 120
    assert len({a["published"] for a in first}) > 50 and len({a["source"] for a in first}) == 50
    assert {a["language"] for a in first} == {"en", "ja"}
    model = static_part(BUNDLED)
    assert model is not None
    tokens = model.count_tokens([a["text"] for a in first])
    # 8 to 12 passages of about a hundred tokens.
    assert 700 < np.percentile(tokens, 5) < np.percentile(tokens, 95) < 1_600


def test_a_small_collection_is_the_start_of_a_large_one(tmp_path: Path) -> None:
    small = write_articles(POOLS, tmp_path / "small", 300)
    large = write_articles(POOLS, tmp_path / "large", 5_300)
    assert (small.articles, large.articles) == (30, 530)
    files = sorted(large.folder.iterdir())
    assert [len(path.read_text(encoding="utf-8").splitlines()) for path in files] == [500, 30]
    (only,) = small.folder.iterdir()
    lines = only.read_text(encoding="utf-8").splitlines()
    assert lines == files[0].read_text(encoding="utf-8").splitlines()[:30]
    texts = [json.loads(line) for line in lines]
    assert small.text_bytes == sum(len((a["title"] + a["text"]).encode()) for a in texts)
    assert Written.read(tmp_path / "small") == small
    assert Written.read(tmp_path) is None


def test_questions_are_distinct_and_of_every_language() -> None:
    def group(kind: Any, source: str, language: str, count: int) -> Group:
        pairs = tuple((f"{kind} {language} number {n // 2}?", "Something.") for n in range(count))
        return Group(kind, source, language, pairs)

    groups = [
        group("question", "some", "en", 200),
        group("question", "some", "fr", 10),
        group("question", "pydocs-3", "de", 200),
        group("headline", "some", "th", 80),
        group("parallel", "some", "it", 80),
    ]
    asked = questions(groups, 40)
    assert len(asked) == len(set(asked)) == 40
    assert asked == questions(groups, 40)
    kinds = [" ".join(question.split()[:2]) for question in asked]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {"question en": 23, "question fr": 5, "headline th": 12}
    assert len(questions(groups, 1_000)) == 100 + 5 + 40


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_watch_sees_the_memory_of_descendants() -> None:
    inner = "x = bytearray(60_000_000); x[::4096] = b'1' * len(x[::4096]); input()"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    with (
        subprocess.Popen([sys.executable, "-c", outer], stdin=subprocess.PIPE) as process,
        Watch(process.pid, every=0.02) as watch,
    ):
        while watch.peak.anonymous < 60 and process.poll() is None:
            time.sleep(0.02)
        descendants = tree(process.pid)
        process.communicate(b"\n")
    assert descendants[0] == process.pid and len(descendants) == watch.most_processes == 2
    assert 60 < watch.peak.anonymous < 200 and watch.peak.anonymous < watch.peak.resident
    assert held_by(process.pid) is None
    assert own().resident > own().anonymous > 1


def test_shares_and_bars() -> None:
    assert stage_shares(BUILD) == {"tokenise": 70.0, "embed": 20.0, "read": 5.0, "other": 5.0}
    assert made_share(BUILD) == 90.0
    assert stage_shares({**BUILD, "stages": {}}) == {}
    assert {one["what"].split(": ")[-1]: one["met"] for one in bars(SIZES)} == {
        "% of the build tokenising and embedding, >= 85": True,
        "recall@100 of the vectors >= 0.95": False,
        "open, seconds < 2": False,
        "anonymous memory opened, MB < 300": True,
        "retrieve p50, ms < 40": True,
        "retrieve p50, 1M to 100k < 4": True,
    }
    assert bars({}) == []


def test_the_table_has_what_was_measured() -> None:
    lines = table(SIZES).splitlines()
    assert lines[0] == "| | 100,000 | 1,000,000 |"
    assert "| retrieve, 1 thread, p50 and p99, ms | 10, 20 | 30, 90 |" in lines
    assert "| index, bytes a passage |  | 4 |" in lines
    assert "| bytes a passage: b |  | 3 |" in lines
    assert "| share of a build's processor time, %: tokenise |  | 70 |" in lines
    assert not any("8 threads" in line for line in lines)


def test_new_figures_go_beside_the_old_ones(tmp_path: Path) -> None:
    old = {"builds": {"1": {"seconds": 1}}, "open": {"seconds": 1}}
    new = {"builds": {"2": {"seconds": 2}}, "recall": {}}
    both = scale.merged(old, new)
    assert both == {"builds": {**old["builds"], **new["builds"]}, "open": old["open"], "recall": {}}
    assert scale.merged({}, {"open": {}}) == {"open": {}}
    scale.write_result(tmp_path / "scale.json", SIZES)
    assert scale.read_result(tmp_path / "scale.json") == SIZES
    assert scale.read_result(tmp_path / "other.json") == {}
    assert len(scale.show(tmp_path / "scale.json", None)) == 2
    assert scale.rounded({"a": {"b": 1.23456}, "c": 7, "d": "x"}) == {
        "a": {"b": 1.235},
        "c": 7,
        "d": "x",
    }


def _size(passages: int, processor_ms: float, opened: float) -> dict[str, Any]:
    return {
        "builds": {"1": {**BUILD, "passages": passages, "processor_ms_a_passage": 3.6}},
        "files": {"lexical": passages * 904, "vectors.faiss": 7, "store.sqlite": passages * 500},
        "open": {"anonymous_opened": opened},
        "latency": {"1": {"processor_ms": processor_ms}},
        "recall": {"dimension": 384},
    }


def test_a_thousand_times_as_much_is_arithmetic() -> None:
    sizes = {"100000": _size(100_000, 12.0, 60.0), "1000000": _size(1_000_000, 30.0, 87.0)}
    one = facts(sizes)
    assert one is not None
    # Half precision and four bits for two dimensions: 768 and 96 bytes.
    assert one.disk_bytes == 904 + 500 + 768 + 96 and one.scanned_bytes == 1_000
    assert one.open_bytes == pytest.approx(30) and one.build_ms == 3.6
    assert (one.fixed_ms, one.million_ms) == (pytest.approx(10), pytest.approx(20))
    prices = Prices(core_hour=0.1, gb_month=0.1, node_gib=64, node_cores=16, busy=0.5)
    large = project(one, 1_000_000_000, prices)
    assert large.disk_gb == pytest.approx(2 * 2_268)
    assert large.memory_gib == pytest.approx(1_030e9 / 2**30)
    assert large.nodes == 20
    assert large.build_core_hours == pytest.approx(1_000)
    assert large.build_dollars == pytest.approx(100)
    assert large.question_ms == pytest.approx(20_010)
    assert large.million_questions_dollars == pytest.approx(20_010 * 1e3 / 3_600 / 0.5 * 0.1)
    assert large.standing_dollars_a_month == pytest.approx(20 * 16 * 0.1 * 730 + 453.6)
    assert project(one, 1_000, prices).nodes == 1
    assert "| 1,000,000,000 |" in projection(sizes)
    assert projection({"1000000": sizes["1000000"]}).startswith("No projection")


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib is not installed")
def test_pictures_are_drawn_of_what_there_is(tmp_path: Path) -> None:
    drawn = draw({"10000": {"builds": {"1": {**BUILD, "stages": {}}}}}, tmp_path)
    assert [path.name for path in drawn] == ["scale-curve.svg"]
    assert b"<svg" in drawn[0].read_bytes()


def test_what_is_found_is_compared_with_all_vectors() -> None:
    true = np.array([[0.9, 0.8], [0.5, 0.5]], np.float32)
    found = [np.array(cosines, np.float32) for cosines in ([0.9, 0.8], [0.5, 0.4])]
    assert share_found(true, found) == 0.75
    assert share_found(true, [found[0], np.zeros(0, np.float32)]) == 0.5


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_steps_over_a_small_index(
    tiny_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / QUESTIONS).write_text(json.dumps(["missiles", "harbour"]), "utf-8")
    opened = _scale_steps.open_index(tiny_index, tmp_path)
    assert 0 < opened["seconds"] < 60
    assert opened["first_question_seconds"] > 0 and opened["anonymous_asked"] > 1
    asked = _scale_steps.latency(tiny_index, tmp_path, 2)
    assert asked["questions"] == 2 and 0 < asked["p50_ms"] <= asked["p99_ms"]
    monkeypatch.setattr(_scale_steps, "_BLOCK", 3)
    found = _scale_steps.recall(tiny_index, tmp_path)
    assert found["recall_at_10"] == found["recall_at_100"] == 1.0
    index = Index.open(tiny_index)
    every, question = index.vectors.all(), index.vectors.at(np.array([1]))
    true = exact(question, index.vectors, 3)
    assert np.allclose(true, -np.sort(-(question @ every.T))[:, :3])
    index.close()
    sizes = files_of(tiny_index)
    assert {"store.sqlite", "vectors.faiss", "lexical", "romanised"} <= set(sizes)
    assert sizes["vectors.faiss"] > every.nbytes
    before = (tiny_index / "CURRENT").read_bytes()
    forget(tiny_index)
    assert (tiny_index / "CURRENT").read_bytes() == before
