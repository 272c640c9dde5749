"""Builds: what they read, keep, embed again, report, and leave alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import COLLECTION, ROOT, Story, snapshot, write_articles
from tiny import write_tiny_model

from assistant.api import Assistant
from assistant.building import build
from assistant.embedding import StaticEmbedder, static_part
from assistant.errors import (
    ArticlesNotFound,
    IndexLocked,
    IndexNotFound,
    IndexUnwritable,
    ModelMismatch,
    ModelNotFound,
    NothingReadable,
)
from assistant.index import Index, current_generation
from assistant.types import BuildReport


@dataclass(frozen=True)
class Desk:
    """A folder of articles, a folder for an index, and a model."""

    articles: Path
    index: Path
    model: Path

    def build(self, **options: Any) -> BuildReport:
        return build(self.articles, index=self.index, model=str(self.model), **options)

    def write(self, *stories: Story) -> None:
        write_articles(self.articles, stories)

    def generations(self) -> set[str]:
        return {path.parent.name for path in self.index.glob("*/manifest.json")}


@pytest.fixture
def desk(tmp_path: Path, tiny_model: Path) -> Desk:
    desk = Desk(tmp_path / "articles", tmp_path / "index", tiny_model)
    desk.write(*COLLECTION)
    return desk


def story(name: str) -> Story:
    return next(story for story in COLLECTION if story.name == name)


def counts(report: BuildReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.removed, report.unchanged


def test_a_first_build(desk: Desk) -> None:
    report = desk.build()
    assert counts(report) == (6, 0, 0, 0)
    assert report.articles == 6
    assert report.passages == report.embedded >= 6
    assert report.generation == current_generation(desk.index)
    assert report.model == str(desk.model.resolve())
    assert (report.skipped, report.dry_run) == ((), False)
    with Assistant(desk.index) as assistant:
        info = assistant.info
    assert (info.articles, info.passages) == (6, report.passages)
    assert dict(info.languages) == {"en": 2, "de": 1, "fr": 1, "zh": 1, "zh-Hant": 1}
    assert info.sources[0] == ("The Courier", 2)
    assert (info.first_day, info.last_day) == ("2023-11-12", "2024-03-02")


def test_nothing_new_keeps_the_generation(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first = desk.build()
    before = snapshot(desk.index)

    def load(name: str) -> None:
        raise AssertionError("no model is needed to find that nothing changed")

    monkeypatch.setattr("assistant.pieces.load_for_passages", load)
    second = desk.build()
    assert counts(second) == (0, 0, 0, 6)
    assert (second.generation, second.embedded) == (first.generation, 0)
    assert second.passages == first.passages
    after = snapshot(desk.index)
    # What the build did is kept all the same.
    assert json.loads(before.pop("last_build.json"))["added"] == 6
    assert json.loads(after.pop("last_build.json"))["unchanged"] == 6
    assert after == before


def test_only_what_changed_is_embedded(desk: Desk) -> None:
    first = desk.build()
    desk.write(replace(story("tea"), text="茶叶产量今年增加了一成。"))
    desk.write(Story("owl", "The owl nests in the old mill."))
    (desk.articles / "tram.md").unlink()
    second = desk.build()
    assert counts(second) == (1, 1, 1, 4)
    assert second.generation != first.generation
    assert second.embedded == 2
    with Assistant(desk.index) as assistant:
        assert assistant.article("tea").text == "茶叶产量今年增加了一成。"
        assert assistant.retrieve("old mill")[0].article.id == "owl"
        ids = {hit.article.id for hit in assistant.retrieve("電車 路線", mode="lexical")}
    assert "tram" not in ids


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another title"},
        {"published": "2023-11-30"},
        {"source": "Another outlet"},
        {"language": "en-GB"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_change_of_metadata_is_a_change(desk: Desk, change: dict[str, str]) -> None:
    desk.build()
    desk.write(replace(story("harbour"), **change))
    assert counts(desk.build()) == (0, 1, 0, 5)
    with Assistant(desk.index) as assistant:
        (name, value) = next(iter(change.items()))
        assert getattr(assistant.article("harbour"), name) == value


def test_two_articles_that_exchange_their_texts_are_both_changed(desk: Desk) -> None:
    desk.build()
    a, b = story("harbour"), story("glacier")
    desk.write(replace(a, text=b.text), replace(b, text=a.text))
    report = desk.build()
    assert counts(report) == (0, 2, 0, 4)
    with Assistant(desk.index) as assistant:
        (hit, *_) = assistant.retrieve("Measurements began in 1911", mode="lexical")
    assert hit.article.id == "harbour"


def test_full_embeds_everything_again(desk: Desk) -> None:
    first = desk.build()
    second = desk.build(full=True)
    assert counts(second) == (0, 0, 0, 6)
    assert second.embedded == second.passages == first.passages
    assert second.generation != first.generation


def test_an_incremental_build_equals_a_full_one(desk: Desk, tmp_path: Path) -> None:
    desk.build()
    desk.write(replace(story("glacier"), text="The glacier grew. " * 40))
    desk.write(Story("owl", "Die Eule nistet in der alten Mühle.", language="de"))
    (desk.articles / "storks.md").unlink()
    desk.build()
    other = Desk(desk.articles, tmp_path / "other", desk.model)
    other.build()
    mine, fresh = Index.open(desk.index), Index.open(other.index)
    np.testing.assert_array_equal(mine.vectors.all(), fresh.vectors.all())
    assert mine.store.contents() == fresh.store.contents()
    assert mine.words is not None
    assert fresh.words is not None
    for row in range(mine.info.passages):
        assert mine.words[row].tokens.tolist() == fresh.words[row].tokens.tolist()
        assert mine.words[row].lengths.tolist() == fresh.words[row].lengths.tolist()
    assert mine.store.spans() == fresh.store.spans()
    with Assistant(desk.index) as a, Assistant(other.index) as b:
        for question in ("glacier", "Mühle", "電車の路線", "pain village"):
            for mode in ("hybrid", "dense", "lexical"):
                assert a.retrieve(question, mode=mode) == b.retrieve(question, mode=mode)
            answers = [door.answer(question).to_dict() for door in (a, b)]
            for answer in answers:
                del answer["index"]
            assert answers[0] == answers[1]


def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    plan = desk.build(dry_run=True)
    assert not desk.index.exists()
    assert (plan.dry_run, plan.generation, plan.added) == (True, None, 6)
    done = desk.build()
    assert (plan.passages, plan.embedded) == (done.passages, done.embedded)
    before = snapshot(desk.index)
    desk.write(Story("owl", "The owl nests in the old mill."))
    plan = desk.build(dry_run=True)
    assert (counts(plan), plan.embedded) == ((1, 0, 0, 6), 1)
    assert desk.build(dry_run=True, full=True).embedded == plan.passages
    assert snapshot(desk.index) == before


def test_bad_files_are_listed_and_good_ones_indexed(desk: Desk) -> None:
    (desk.articles / "empty.md").touch()
    (desk.articles / "binary.txt").write_bytes(bytes(range(256)))
    (desk.articles / "photo.jpg").write_bytes(b"\xff\xd8")
    (desk.articles / "lines.jsonl").write_text(
        '{"id": "line", "text": "The owl nests."}\n{broken\n{"id": "tea", "text": "Again tea."}\n'
    )
    report = desk.build()
    assert report.articles == 7
    skipped = {(item.path, item.line) for item in report.skipped}
    assert skipped == {
        ("empty.md", None),
        ("binary.txt", None),
        ("photo.jpg", None),
        ("lines.jsonl", 2),
        ("tea.md", None),
    }
    (taken,) = (item for item in report.skipped if item.path == "tea.md")
    assert taken.reason == "the id 'tea' is taken (lines.jsonl)"
    assert report.to_dict()["skipped"][0].keys() == {"path", "line", "reason"}


def test_one_file_is_a_collection(desk: Desk) -> None:
    report = build(desk.articles / "tea.md", index=desk.index, model=str(desk.model))
    assert report.articles == 1
    with Assistant(desk.index) as assistant:
        assert assistant.article("tea").path == "tea.md"


def test_hostile_articles_can_be_indexed(desk: Desk) -> None:
    rows = (
        rb'{"id": "a\ud800", "text": "\ud800 hostile owl \u0000", "source": "\udfff"}',
        rb'{"id": "b", "text": "owl", "published": "0099-01-01T10:00:00", "url": "http://x/\ud800"}',
        rb'{"id": "c", "text": "owl \u001b[31m \u202e", "title": "\u001b]0;x\u0007"}',
        b'{"id": "d", "text": "' + b"owl" * 20_000 + b'"}',
    )
    (desk.articles / "hostile.jsonl").write_bytes(b"\n".join(rows))
    report = desk.build()
    assert report.articles == 10
    with Assistant(desk.index) as assistant:
        assert assistant.article("b").published == "0099-01-01T10:00:00Z"
        for mode in ("hybrid", "dense", "lexical"):
            for hit in assistant.retrieve("owl", mode=mode, until="0100-01-01"):
                assert hit.article.id == "b"
        for hit in assistant.retrieve("hostile owl"):
            assert hit.article.text[hit.passage.start : hit.passage.end] == hit.passage.text


def test_nothing_readable_leaves_the_index(desk: Desk) -> None:
    desk.build()
    before = snapshot(desk.index)
    for path in desk.articles.iterdir():
        path.write_bytes(b"\0\xff")
    with pytest.raises(NothingReadable, match="is unchanged") as caught:
        desk.build()
    assert len(caught.value.reasons) == 6
    shutil.rmtree(desk.articles)
    with pytest.raises(ArticlesNotFound):
        desk.build()
    desk.articles.mkdir()
    with pytest.raises(NothingReadable):
        desk.build(full=True)
    assert snapshot(desk.index) == before


def test_a_failed_first_build_leaves_no_index(desk: Desk) -> None:
    with pytest.raises(ModelNotFound):
        build(desk.articles, index=desk.index, model="/no/such/model")
    with pytest.raises(IndexNotFound, match="assistant build"):
        Assistant(desk.index)


def test_another_model_embeds_everything_again(desk: Desk, tmp_path: Path) -> None:
    first = desk.build()
    write_tiny_model(tmp_path / "other", seed=1)
    other = Desk(desk.articles, desk.index, tmp_path / "other")
    second = other.build()
    assert counts(second) == (0, 0, 0, 6)
    assert second.embedded == second.passages == first.passages
    assert second.generation != first.generation
    with Assistant(desk.index) as assistant:
        assert assistant.info.model == str((tmp_path / "other").resolve())
        assert assistant.retrieve("harbour")


def test_a_model_that_changed_in_its_place(desk: Desk, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(desk.model, model)
    changing = Desk(desk.articles, desk.index, model)
    first = changing.build()
    shutil.rmtree(model)
    write_tiny_model(model, seed=2)
    with Assistant(desk.index) as assistant, pytest.raises(ModelMismatch, match="--full"):
        assistant.retrieve("harbour")
    second = changing.build()
    assert second.embedded == first.passages
    with Assistant(desk.index) as assistant:
        assert assistant.retrieve("harbour")


def with_length(longest: int | None) -> Callable[[str], StaticEmbedder | None]:
    """Loads models that read so many tokens."""

    def load(name: str) -> StaticEmbedder | None:
        static = static_part(name)
        assert static is not None
        static.max_tokens = longest
        return static

    return load


def test_the_length_that_a_model_reads_is_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write(Story("long", "The owl sat in the mill and said nothing. " * 40))
    monkeypatch.setattr("assistant.pieces.static_part", with_length(40))
    first = desk.build()
    index = Index.open(desk.index)
    assert index.split == {"max_tokens": 40, "overlap_tokens": 10}
    article = index.article("long")
    assert article is not None
    number = index.store.article_numbers()["long"]
    passages = [article.text[a:b] for _, a, b in index.store.spans_of(number)]
    assert max(index.embedder.count_tokens(passages)) <= 40
    assert desk.build().generation == first.generation
    # A model that reads more gives other passages.
    monkeypatch.setattr("assistant.pieces.static_part", with_length(None))
    second = desk.build(full=True)
    assert second.passages < first.passages


def test_two_generations_are_kept(desk: Desk) -> None:
    made = []
    for number in range(4):
        desk.write(Story("owl", f"Owl number {number}."))
        made.append(desk.build().generation)
    assert len(set(made)) == 4
    assert desk.generations() == set(made[-2:])
    assert current_generation(desk.index) == made[-1]


def test_progress_is_told(desk: Desk) -> None:
    told: list[tuple[str, int, int]] = []
    report = desk.build(progress=lambda *stage: told.append(stage))
    assert told[0] == ("reading", 0, 6)
    assert ("reading", 6, 6) in told
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["reading", "embedding", "writing"]
    assert ("embedding", 6, 6) in told
    assert told[-1] == ("writing", report.passages, report.passages)
    assert all(0 <= done <= total for _, done, total in told)


_HOLD = """
import sys
from pathlib import Path
from assistant.files import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_build_at_a_time(desk: Desk) -> None:
    desk.build()
    before = snapshot(desk.index)
    desk.write(Story("owl", "The owl nests."))
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(desk.index / ".lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(IndexLocked, match="another build is writing"):
            desk.build()
        assert snapshot(desk.index) == before
        # Reading needs no lock, and planning writes nothing.
        assert desk.build(dry_run=True).added == 1
        with Assistant(desk.index) as assistant:
            assert assistant.retrieve("harbour")
    finally:
        holder.kill()
        holder.communicate()
    # The lock of a process that died is free.
    assert desk.build().added == 1


def test_a_place_that_cannot_be_written(desk: Desk) -> None:
    desk.index.write_text("a file")
    with pytest.raises(IndexUnwritable, match="name another with --index"):
        desk.build()


def _full_disk(*arguments: object, **options: object) -> None:
    raise OSError(28, "No space left on device")


def _full_disk_in_faiss(*arguments: object) -> None:
    raise RuntimeError("Error in faiss: write error: No space left on device")


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("write_store", _full_disk),
        ("write_vectors", _full_disk_in_faiss),
        ("write_parts", _full_disk),
        ("open_words", _full_disk),
        ("committing.sync_file", _full_disk),
        ("committing.write_atomically", _full_disk),
    ],
)
def test_a_full_disk_leaves_the_old_index(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, failure: Callable[..., None]
) -> None:
    first = desk.build()
    before = snapshot(desk.index)
    desk.write(Story("owl", "The owl nests in the old mill."))
    with monkeypatch.context() as patch:
        patch.setattr(f"assistant.index.writing.{name}", failure)
        with pytest.raises(IndexUnwritable, match="No space left"):
            desk.build()
    assert current_generation(desk.index) == first.generation
    assert snapshot(desk.index) == before
    assert counts(desk.build()) == (1, 0, 0, 6)
