"""Rebuilds in the background: what they tell, how they end, and that questions go on."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import COLLECTION, ROOT, Story, snapshot, write_articles

from assistant import apart
from assistant.apart import BuildProcess
from assistant.api import Assistant
from assistant.errors import AssistantError, BuildCancelled
from assistant.files import exclusive
from assistant.index import current_generation
from assistant.rebuilding import Rebuild, RebuildStatus
from assistant.types import BuildReport, Skipped

REPORT = BuildReport("g", "bundled", 9, 30, 1, 2, 3, 4, 5, (Skipped("a", "b", 3),), 6.7, False)
_LIGHT = """
from assistant import pieces
from assistant.embedding import load_for_questions
pieces.load_for_passages = load_for_questions  # the same vectors, without torch
"""
_SLOW = """
import time
def slow(name):
    time.sleep(60)
    return load_for_questions(name)
pieces.load_for_passages = pieces.static_part = slow
"""


@pytest.fixture
def light(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose sitecustomize.py every Python that is started reads."""
    folder = tmp_path / "light"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_LIGHT)
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{ROOT}")
    return folder


@pytest.fixture
def desk(tmp_path: Path, tiny_index: Path, light: Path) -> tuple[Path, Path]:
    """A folder of articles and its index."""
    write_articles(tmp_path / "articles", COLLECTION)
    shutil.copytree(tiny_index, tmp_path / "index")
    return tmp_path / "articles", tmp_path / "index"


def ended(rebuild: Rebuild) -> RebuildStatus:
    assert rebuild.wait(60)
    return rebuild.status()


@pytest.mark.slow
def test_a_rebuild(desk: tuple[Path, Path]) -> None:
    articles, index = desk
    rebuild = Rebuild(articles=articles, index=index)
    assert rebuild.status() == RebuildStatus("idle")
    assert rebuild.wait(0)
    rebuild.cancel()
    assert rebuild.status().state == "idle"
    with Assistant(index) as assistant:
        write_articles(articles, [Story("owl", "The owl nests in the old mill.")])
        (articles / "photo.jpg").write_bytes(b"x")
        assert rebuild.start()
        assert not rebuild.start()
        status = ended(rebuild)
        assert (status.state, status.error) == ("done", None)
        assert status.report is not None
        # The model is the one that the index was built with, not the default.
        assert status.report.model == assistant.info.model != "bundled"
        assert (status.report.added, status.report.unchanged) == (1, 6)
        assert [skipped.path for skipped in status.report.skipped] == ["photo.jpg"]
        assert (status.stage, status.done) == ("writing", status.total)
        assert 0 < status.report.seconds < status.seconds == rebuild.status().seconds
        assert assistant.retrieve("old mill")[0].article.id == "owl"
        last = assistant.collection().last_build
        assert last is not None
        assert last.skipped == status.report.skipped
    # Again, with nothing to do.
    assert rebuild.start()
    assert ended(rebuild).report is not None
    status = rebuild.status()
    assert status.report is not None and status.report.unchanged == 7
    assert status.to_dict()["report"]["unchanged"] == 7


@pytest.mark.slow
def test_questions_are_answered_meanwhile(desk: tuple[Path, Path]) -> None:
    articles, index = desk
    errors: list[Exception] = []
    counts: list[int] = []
    generations: set[str] = set()
    stop = threading.Event()
    with Assistant(index) as assistant:

        def ask() -> None:
            while not stop.wait(0.05):
                try:
                    answer = assistant.answer("How much did the cranes of the harbour cost?")
                    assert answer.found
                    assert assistant.find_articles("harbour")
                    assert assistant.collection().info.articles >= 6
                    generations.add(answer.index.generation)
                    counts.append(1)
                except Exception as error:
                    errors.append(error)

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        rebuild = Rebuild(articles=articles, index=index)
        built = set()
        for number in range(3):
            write_articles(articles, [Story(f"owl{number}", f"Owl number {number} nests.")])
            assert rebuild.start()
            assert ended(rebuild).state == "done"
            built.add(current_generation(index))
        stop.set()
        for thread in threads:
            thread.join()
        assert assistant.answer("How much did the cranes cost?").index.generation in built
    assert errors == []
    assert len(counts) > 20
    assert len(built) == 3
    assert len(generations) >= 2


@pytest.mark.slow
def test_a_rebuild_is_cancelled(desk: tuple[Path, Path], light: Path) -> None:
    articles, index = desk
    before = snapshot(index)
    write_articles(articles, [Story("owl", "The owl nests.")])
    # One that hangs while its model is loaded, and cannot end by itself.
    (light / "sitecustomize.py").write_text(_LIGHT + _SLOW)
    rebuild = Rebuild(articles=articles, index=index)
    assert rebuild.start()
    while rebuild.status().done < 7:
        time.sleep(0.02)
    began = time.monotonic()
    rebuild.cancel()
    rebuild.cancel()
    status = ended(rebuild)
    assert time.monotonic() - began < 20
    assert (status.state, status.report, status.error) == ("cancelled", None, None)
    assert status.stage == "reading"
    assert snapshot(index) == before
    # At once, before the process is there.
    assert rebuild.start()
    rebuild.cancel()
    assert ended(rebuild).state == "cancelled"
    (light / "sitecustomize.py").write_text(_LIGHT)
    assert rebuild.start()
    assert ended(rebuild).state == "done"


def test_a_build_that_dies(desk: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    articles, index = desk
    monkeypatch.setattr(sys, "executable", "/bin/false")
    rebuild = Rebuild(articles=articles, index=index)
    rebuild.start()
    status = ended(rebuild)
    assert status.state == "failed"
    assert status.error == "the build failed unexpectedly; the log of this program says why"
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    rebuild.start()
    assert ended(rebuild).error == status.error


@pytest.mark.slow
def test_an_unexpected_error_is_logged_and_not_shown(
    desk: tuple[Path, Path], light: Path, caplog: pytest.LogCaptureFixture
) -> None:
    articles, index = desk
    (light / "sitecustomize.py").write_text(
        _LIGHT
        + "def fail(*a): raise ZeroDivisionError('secret')\n"
        + "from assistant import making\nmaking.sketch = fail"
    )
    write_articles(articles, [Story("owl", "The owl nests.")])
    before = snapshot(index)
    rebuild = Rebuild(articles=articles, index=index)
    rebuild.start()
    status = ended(rebuild)
    assert status.state == "failed"
    assert status.error is not None
    assert "secret" not in status.error and str(index) not in status.error
    assert "ZeroDivisionError: secret" in caplog.text
    assert snapshot(index) == before


@pytest.mark.slow
def test_errors_of_a_build(desk: tuple[Path, Path]) -> None:
    articles, index = desk
    before = snapshot(index)
    rebuild = Rebuild(articles=articles, index=index)
    with exclusive(index / ".lock"):
        rebuild.start()
        status = ended(rebuild)
    assert status.state == "failed"
    assert status.error is not None and "another build is writing" in status.error
    for path in articles.iterdir():
        path.write_bytes(b"\0")
    rebuild.start()
    status = ended(rebuild)
    assert status.error is not None
    assert "is unchanged: boulangerie.md: the file is binary, not text; " in status.error
    assert Rebuild(articles=articles / "nowhere", index=index).wait()
    shutil.rmtree(articles)
    rebuild.start()
    status = ended(rebuild)
    assert status.error is not None and status.error.startswith("there is no folder or file")
    assert status.report is None
    assert snapshot(index) == before


@pytest.mark.slow
def test_a_first_index_and_a_model_that_is_named(
    tmp_path: Path, light: Path, tiny_model: Path
) -> None:
    write_articles(tmp_path / "-a", COLLECTION)
    rebuild = Rebuild(articles=tmp_path / "-a", index=tmp_path / "index", model=str(tiny_model))
    rebuild.start()
    status = ended(rebuild)
    assert status.report is not None, status.error
    assert (status.report.added, status.report.model) == (6, str(tiny_model.resolve()))


class Scripted:
    """A build that does as it is told, in place of a process."""

    def __init__(self, *, articles: Path, index: Path, model: str | None) -> None:
        self.go_on = threading.Event()
        self.cancelled = False
        scripted.append(self)

    def run(self, progress: Callable[[str, int, int], None]) -> BuildReport:
        progress("embedding", 3, 8)
        self.go_on.wait(10)
        if self.cancelled:
            raise BuildCancelled("cancelled")
        if outcome is not None:
            raise outcome
        return REPORT

    def cancel(self) -> None:
        self.cancelled = True
        self.go_on.set()


scripted: list[Scripted] = []
outcome: Exception | None = None


@pytest.mark.parametrize(
    ("error", "state", "message"),
    [
        (None, "done", None),
        (AssistantError("no space"), "failed", "no space"),
        (BuildCancelled("elsewhere"), "cancelled", None),
        (ValueError("secret"), "failed", "the build failed unexpectedly"),
        (None, "cancelled", None),
    ],
)
def test_states(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None, state: str, message: str | None
) -> None:
    monkeypatch.setattr("assistant.rebuilding.BuildProcess", Scripted)
    monkeypatch.setattr(sys.modules[__name__], "outcome", error)
    rebuild = Rebuild(articles=Path("a"), index=Path("i"))
    results: list[bool] = []
    starting = [threading.Thread(target=lambda: results.append(rebuild.start())) for _ in range(8)]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join()
    assert sorted(results) == [False] * 7 + [True]
    assert not rebuild.wait(0.01)
    while rebuild.status().stage != "embedding":
        time.sleep(0.001)
    status = rebuild.status()
    assert (status.state, status.done, status.total, status.report) == ("running", 3, 8, None)
    assert rebuild.status().seconds > 0
    if state == "cancelled" and error is None:
        rebuild.cancel()
    scripted[-1].go_on.set()
    status = ended(rebuild)
    assert status.state == state
    assert status.report == (REPORT if state == "done" else None)
    assert (status.error or "").startswith(message or "")
    assert (status.error is None) is (message is None)
    assert status.seconds == rebuild.status().seconds


@pytest.mark.slow
def test_an_orphan_ends(desk: tuple[Path, Path], light: Path) -> None:
    """The process ends when who started it is gone, even while it hangs."""
    articles, index = desk
    (light / "sitecustomize.py").write_text(_LIGHT + _SLOW)
    write_articles(articles, [Story("owl", "The owl nests.")])
    before = snapshot(index)
    told: list[str] = []
    process = BuildProcess(articles=articles, index=index)

    def tell(stage: str, done: int, total: int) -> None:
        told.append(stage)
        if done == total:
            inner = process._process
            assert inner is not None and inner.stdin is not None
            own = os.getpriority(os.PRIO_PROCESS, 0)
            assert os.getpriority(os.PRIO_PROCESS, inner.pid) > own
            inner.stdin.close()

    began = time.monotonic()
    with pytest.raises(RuntimeError, match="ended with status 1"):
        process.run(tell)
    assert time.monotonic() - began < 40
    assert set(told) == {"reading"}
    assert snapshot(index) == before


def test_a_report_comes_back_as_it_was() -> None:
    report = replace(REPORT, stages=(("read", 1.5), ("write", 0.25)))
    assert apart._report(json.loads(json.dumps(report.to_dict()))) == report
