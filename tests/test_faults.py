"""A quick selection of what `benchmarks.faults` does to an index, and what it has found."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from helpers import COLLECTION, python

from assistant.api import Assistant
from assistant.building import build
from assistant.embedding import load_for_questions
from assistant.errors import IndexCorrupt
from assistant.index import Index, current_generation
from assistant.index import reading as index_reading
from assistant.index.layout import read_manifest
from assistant.passages import SplitSettings, split_article
from assistant.types import Article

PARTS = ("kills", "read_only", "second_writers", "swaps", "gone", "clocks", "damages")


linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked and mount")


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> dict[str, dict[str, int]]:
    """The figures of a small run, in a process that has no threads."""
    output = tmp_path_factory.mktemp("faults") / "faults.json"
    arguments = ["--small", "--model", str(tiny_model), "--output", str(output), "--only", *PARTS]
    done = python("-m", "benchmarks.faults", *arguments, timeout=400)
    assert output.exists(), done.stderr
    found: dict[str, dict[str, int]] = json.loads(output.read_bytes())
    return found


@linux
@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_no_fault_is_survived_badly(faults: dict[str, dict[str, int]], part: str) -> None:
    assert faults[part]["failed"] == []


@linux
@pytest.mark.slow
def test_the_faults_did_happen(faults: dict[str, dict[str, int]]) -> None:
    killed = faults["kills"]
    assert killed["killed at fault points"] == 12
    assert killed["articles lost"] == 0
    assert min(killed["old served"], killed["new served"], killed["no index yet"]) >= 1
    assert faults["damages"]["damaged"] >= 55
    assert faults["damages"]["IndexCorrupt"] >= 50
    assert faults["swaps"]["readers"] == 4
    assert faults["swaps"]["questions"] > faults["swaps"]["readers"]
    assert faults["second_writers"]["IndexLocked"] == 4
    assert faults["clocks"]["generations"] == 7
    assert faults["read_only"]["IndexUnwritable"] >= 1


@linux
@pytest.mark.slow
def test_good_articles_among_hostile_ones(tmp_path: Path, tiny_model: Path) -> None:
    output = tmp_path / "faults.json"
    arguments = ["--small", "--model", str(tiny_model), "--output", str(output), "--only"]
    done = python("-m", "benchmarks.faults", *arguments, "hostile", timeout=400)
    assert output.exists(), done.stderr
    found = json.loads(output.read_bytes())["hostile"]
    assert found["failed"] == []
    assert found["hostile files"] > 100
    assert found["good files indexed"] >= 4
    assert found["requests"] == 0


def test_what_a_dead_build_left_is_gone_after_a_build_that_changes_nothing(
    tiny_index: Path, tiny_articles: Path, tiny_model: Path, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    shutil.copytree(tiny_index, index)
    before = {path.name for path in index.iterdir()}
    (index / ".partial-x" / "inner").mkdir(parents=True)
    (index / ".last_build.json.1.partial").write_text("{")
    report = build(tiny_articles, index=index, model=str(tiny_model))
    assert report.embedded == 0
    assert {path.name for path in index.iterdir()} == before


def test_generations_that_a_dead_build_had_no_time_to_remove(
    tiny_articles: Path, tiny_model: Path, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    made = [
        build(tiny_articles, index=index, model=str(tiny_model), full=True).generation
        for _ in range(2)
    ]
    shutil.copytree(index / str(made[0]), index / "20200101T000000Z-00000000")
    build(tiny_articles, index=index, model=str(tiny_model))
    assert {path.parent.name for path in index.glob("*/manifest.json")} == set(made)


def test_opening_writes_nothing_into_an_index(tiny_index: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    shutil.copytree(tiny_index, index)
    for lock in index.rglob("*.lock"):
        lock.unlink()
    before = sorted(path.relative_to(index) for path in index.rglob("*"))
    with Assistant(index) as assistant:
        assert assistant.retrieve("harbour")
    assert sorted(path.relative_to(index) for path in index.rglob("*")) == before


def test_whoever_may_read_one_file_may_read_all(tiny_index: Path) -> None:
    generation = tiny_index / current_generation(tiny_index)
    modes = {p.stat().st_mode for p in generation.rglob("*") if p.is_file() and p.suffix != ".lock"}
    assert len(modes) == 1


def test_a_bit_at_the_end_of_a_file(tmp_path: Path, tiny_index: Path) -> None:
    """However large: of files over 64 MB only the size was compared."""
    index = tmp_path / "index"
    shutil.copytree(tiny_index, index)
    path = index / current_generation(index) / "store.sqlite"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(IndexCorrupt, match=r"store\.sqlite is damaged"):
        read_manifest(index)


def test_a_generation_that_goes_while_it_is_opened(
    tiny_articles: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "index"
    build(tiny_articles, index=index, model=str(tiny_model))
    real, meanwhile = index_reading.read_manifest, 2

    def slow(folder: Path) -> tuple[Path, dict[str, Any]]:
        nonlocal meanwhile
        found = real(folder)
        builds, meanwhile = meanwhile, 0
        for _ in range(builds):
            build(tiny_articles, index=index, model=str(tiny_model), full=True)
        return found

    monkeypatch.setattr(index_reading, "read_manifest", slow)
    opened = Index.open(index)
    assert opened.info.generation == current_generation(index)
    assert opened.info.articles == len(COLLECTION)


@pytest.mark.parametrize("run", [" ", "\n", "\t", "\u3000"], ids=ascii)
def test_a_long_run_of_white_space(run: str) -> None:
    """It took minutes, and a passage came twice, which ended the build."""
    model = load_for_questions("bundled")
    text = f"The ferry sails at noon.{run * 60_000}It comes back at six."
    article = Article("a", text, "", "en", None, None, None)
    clock = time.process_time()
    passages = split_article(article, count=model.count_tokens, settings=SplitSettings())
    assert time.process_time() - clock < 20
    assert len({passage.id for passage in passages}) == len(passages)
    assert "".join(" ".join(p.text for p in passages).split()) == "".join(text.split())


def test_many_passages_take_no_longer_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """The article was hashed again for each of its passages."""
    model, hashed = load_for_questions("bundled"), 0
    real = Article.content_hash

    def counted(article: Article) -> str:
        nonlocal hashed
        hashed += 1
        return real(article)

    monkeypatch.setattr(Article, "content_hash", counted)
    article = Article("a", "The ferry sails at noon. " * 2_000, "", "en", None, None, None)
    passages = split_article(article, count=model.count_tokens, settings=SplitSettings())
    assert len(passages) > 50
    assert hashed == 1
