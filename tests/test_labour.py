"""Builds by several processes, and builds that go on from where one was killed."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

import pytest
from helpers import COLLECTION, Story, python, snapshot, write_articles
from test_incremental import contents

from assistant import labour
from assistant.building import build
from assistant.errors import BuildInterrupted, SettingsError
from assistant.index import WORK
from assistant.workers import Workers

STORIES = [
    Story(f"owl{number:02}", f"Owl number {number} nests in mill {number * 7}. " * 30)
    for number in range(12)
]


@pytest.fixture
def articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("assistant.labour._WORTH_PROCESSES", 0)
    monkeypatch.setattr("assistant.labour._WORTH_PROCESSES_LEXICAL", 0)
    monkeypatch.setattr("assistant.constructing.ARTICLES_AT_ONCE", 2)
    for name, value in (("_ONE_PART", 1), ("_PARTS", 16), ("_GROUPS", 2)):
        monkeypatch.setattr(f"assistant.lexical.writing.{name}", value)
    folder = tmp_path / "articles"
    write_articles(folder, [*COLLECTION, *STORIES])
    return folder


def test_several_processes_make_the_same(articles: Path, tiny_model: Path, tmp_path: Path) -> None:
    options = {"model": str(tiny_model)}
    told: list[tuple[str, int, int]] = []
    one = build(articles, index=tmp_path / "one", processes=1, **options)  # type: ignore[arg-type]
    two = build(
        articles,
        index=tmp_path / "two",
        processes=2,
        progress=lambda *told_of: told.append(told_of),
        **options,  # type: ignore[arg-type]
    )
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert (one.passages, one.embedded) == (two.passages, two.embedded)
    stages = dict(two.stages)
    assert {"read", "tokenise", "embed", "lexical", "vectors", "write"} <= stages.keys()
    assert all(seconds >= 0 for seconds in stages.values())
    for stage in ("reading", "embedding", "writing"):
        of_stage = [(done, total) for name, done, total in told if name == stage]
        assert of_stage == sorted(of_stage)
        assert of_stage[-1][0] == of_stage[-1][1]


_KILLED = """
import os, signal, sys
from assistant import constructing, labour
from assistant.building import build
constructing.ARTICLES_AT_ONCE = 2
labour._WORTH_PROCESSES = 0
def tell(stage, done, total):
    if stage == "embedding" and done >= 10:
        os.kill(os.getpid(), signal.SIGKILL)
build(sys.argv[1], index=sys.argv[2], model=sys.argv[3], processes=int(sys.argv[4]), progress=tell)
"""


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_a_build_goes_on_where_one_was_killed(
    articles: Path, tiny_model: Path, tmp_path: Path, processes: int
) -> None:
    index = tmp_path / "index"
    done = python("-c", _KILLED, str(articles), str(index), str(tiny_model), str(processes))
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (index / WORK).is_dir()
    rest = build(articles, index=index, model=str(tiny_model))
    whole = build(articles, index=tmp_path / "whole", model=str(tiny_model))
    assert 0 < rest.embedded < whole.embedded
    assert contents(index) == contents(tmp_path / "whole")
    # Nothing is left of it.
    assert not (index / WORK).exists()


def test_a_full_build_takes_nothing_over_but_from_a_full_one(
    articles: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "index"

    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "embedding" and done >= 6:
            raise KeyboardInterrupt

    for full, started_full in ((False, False), (True, False), (True, True), (False, True)):
        with pytest.raises(KeyboardInterrupt):
            build(
                articles,
                index=index,
                model=str(tiny_model),
                full=started_full,
                progress=interrupt,
                processes=1,
            )
        report = build(articles, index=index, model=str(tiny_model), full=full, processes=1)
        whole = report.embedded == report.passages
        assert whole == (full and not started_full)
        (articles / "owl00.md").unlink(missing_ok=True)
        for path in index.iterdir():
            if path.name == "CURRENT":
                path.unlink()


def test_a_process_that_dies_ends_the_build(
    articles: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "index"
    build(articles / "owl00.md", index=index, model=str(tiny_model), processes=1)
    before = snapshot(index)
    with monkeypatch.context() as patch:
        patch.setattr(labour, "_FUNCTION", "test_labour:die")
        with pytest.raises(BuildInterrupted, match="--processes 1"):
            build(articles, index=index, model=str(tiny_model), processes=2)
    assert snapshot(index) == before
    build(articles, index=index, model=str(tiny_model), processes=2)


def test_what_processes_answer() -> None:
    with closing(Workers("test_labour:double", count=2)) as workers:
        told: list[int] = []
        answers = workers.answers(({"number": n} for n in range(20)), told.append)
        assert [one["doubled"] for one in answers] == [2 * n for n in range(20)]
        assert sorted(told) == list(range(20))
    with (
        closing(Workers("test_labour:double", count=2)) as workers,
        pytest.raises(BuildInterrupted, match="ZeroDivisionError"),
    ):
        list(workers.answers([{"number": 0}, {"number": -1}, {"number": 1}]))


def double(request: dict[str, int], tell: object) -> dict[str, int]:
    """What the processes of these tests do."""
    if request["number"] < 0:
        raise ZeroDivisionError
    tell(request["number"])  # type: ignore[operator]
    return {"doubled": 2 * request["number"]}


def die(request: dict[str, int], tell: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("processes", [0, -1, 257])
def test_how_many_processes(tmp_path: Path, processes: int) -> None:
    (tmp_path / "a.md").write_text("Rain.")
    with pytest.raises(SettingsError, match="processes must be 1 to 256"):
        build(tmp_path, index=tmp_path / "index", processes=processes)
