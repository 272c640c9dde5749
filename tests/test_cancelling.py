"""Builds that end before their time, at any step: the old index stays, the next build works."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import COLLECTION, Story, snapshot, write_articles

from assistant.api import Assistant
from assistant.building import build
from assistant.cli import main
from assistant.embedding import load_for_questions
from assistant.errors import BuildCancelled, IndexNotFound
from assistant.index import WORK, current_generation

STAGES = ("reading", "embedding", "writing")


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same vectors, without torch."""
    monkeypatch.setattr("assistant.pieces.load_for_passages", load_for_questions)


class Stopwatch:
    """Cancels when it is asked for the nth time, and notes at which stage that was."""

    def __init__(self, end: int) -> None:
        self.asked = 0
        self.end = end
        self.stage = ""

    def tell(self, stage: str, done: int, total: int) -> None:
        self.stage = stage

    def cancelled(self) -> bool:
        self.asked += 1
        return self.asked >= self.end


def test_a_build_can_be_cancelled_at_every_step(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.constructing.ARTICLES_AT_ONCE", 2)
    monkeypatch.setattr("assistant.index.lexical_parts._TOLD_EVERY", 3)
    articles, index = tmp_path / "articles", tmp_path / "index"
    write_articles(articles, COLLECTION[:2])
    build(articles, index=index, model=str(tiny_model))
    before = snapshot(index)
    write_articles(articles, COLLECTION[2:])
    write_articles(articles, [Story("long", "The owl sat in the mill and said nothing. " * 40)])
    stopped = []
    for end in range(1, 1_000):
        watch = Stopwatch(end)
        options = {"index": index, "model": str(tiny_model), "progress": watch.tell}
        message = ""
        try:
            report = build(articles, cancelled=watch.cancelled, **options)  # type: ignore[arg-type]
        except BuildCancelled as error:
            message = str(error)
        if not message:
            break
        assert message == "the build was cancelled; an index that was there is unchanged"
        assert snapshot(index) == before
        left = {path.name for path in index.iterdir()}
        assert left - {WORK} == {name.split("/")[0] for name in before} | {".lock"}
        stopped.append(watch.stage)
    # Before the first word of a stage is told, the stage before is the last that was heard of.
    assert list(dict.fromkeys(stopped)) == ["", *STAGES]
    assert stopped.count("embedding") >= 2
    assert stopped.count("writing") >= 2
    assert (report.added, report.unchanged) == (5, 2)
    assert report.generation == current_generation(index)
    with Assistant(index) as assistant:
        assert assistant.retrieve("harbour")[0].article.id == "harbour"


def test_a_first_build_that_is_cancelled_leaves_no_index(tmp_path: Path, tiny_model: Path) -> None:
    write_articles(tmp_path / "articles", COLLECTION)

    def last(stage: str, done: int, total: int) -> None:
        if stage == "writing":
            stop.append(stage)

    stop: list[str] = []
    with pytest.raises(BuildCancelled):
        build(
            tmp_path / "articles",
            index=tmp_path / "index",
            model=str(tiny_model),
            progress=last,
            cancelled=lambda: bool(stop),
        )
    # What it made is there for the next build.
    assert {path.name for path in (tmp_path / "index").iterdir()} == {".lock", WORK}
    with pytest.raises(IndexNotFound):
        Assistant(tmp_path / "index")


def test_a_plan_can_be_cancelled(tmp_path: Path, tiny_model: Path) -> None:
    write_articles(tmp_path / "articles", COLLECTION)
    with pytest.raises(BuildCancelled):
        build(tmp_path / "articles", index=tmp_path / "index", dry_run=True, cancelled=lambda: True)
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(
    "where",
    [
        "assistant.articles.reading.read_source",
        "assistant.making.split_article",
        "assistant.making.words_of",
        "assistant.index.writing.write_vectors",
        "assistant.index.writing.write_parts",
        "assistant.index.committing.sync_folder",
    ],
)
def test_an_interrupted_command_leaves_the_old_index(
    tmp_path: Path,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    where: str,
) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    write_articles(articles, COLLECTION[:2])
    command = ["build", str(articles), "--index", str(index), "--model", str(tiny_model)]
    assert main(command) == 0
    before = snapshot(index)
    write_articles(articles, COLLECTION)

    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(where, interrupted)
        capsys.readouterr()
        assert main([*command, "--full"]) == 130
    assert "stopped" in capsys.readouterr().err
    assert snapshot(index) == before
    assert main(command) == 0
    with Assistant(index) as assistant:
        assert assistant.info.articles == 6


def test_progress_never_goes_back(tmp_path: Path, tiny_model: Path) -> None:
    write_articles(tmp_path / "articles", COLLECTION)
    told: dict[str, list[tuple[int, int]]] = {stage: [] for stage in STAGES}
    report = build(
        tmp_path / "articles",
        index=tmp_path / "index",
        model=str(tiny_model),
        progress=lambda stage, done, total: told[stage].append((done, total)),
    )
    for stage, total in zip(STAGES, (6, 6, report.passages), strict=True):
        assert told[stage] == sorted(told[stage])
        assert told[stage][0] == (0, total)
        assert told[stage][-1] == (total, total)
