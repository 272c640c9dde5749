"""Building in steps: the index is the one that a build at once would make."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers import COLLECTION, Story, write_articles
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant import Assistant, build
from assistant.index import Index
from assistant.lexical import writing
from assistant.types import Hit

QUESTIONS = ("owl in a mill", "storks on the roof", "Störche", "tea 2024", "茶叶产量", "rain")


def contents(folder: Path) -> tuple[list[object], bytes]:
    """Everything of an index that questions are answered from, and its vectors."""
    index = Index.open(folder)
    try:
        rows = [
            (row, index.store.passage(row, article))
            for number, article in enumerate(index.store.all_articles())
            for row, _, _ in index.store.spans_of(number)
        ]
        articles = list(index.store.all_articles())
        files = sorted(index.store.files().items())
        parts = [
            index.vectors.all().tobytes(),
            np.asarray(index.article_vectors).tobytes(),
            np.asarray(index.sketches).tobytes(),
            index.copies.tobytes(),
            *(index.romanised[row].tobytes() for row in range(len(index.romanised))),
        ]
        if index.words is not None:
            parts += [index.words[row].tokens.tobytes() for row in range(len(index.words))]
        return [articles, sorted(rows), files], b"".join(parts)
    finally:
        index.close()


def answers(folder: Path) -> list[list[tuple[object, ...]]]:
    with Assistant(folder) as assistant:

        def told(hit: Hit) -> tuple[object, ...]:
            return (hit.article.id, hit.passage.id, hit.score, hit.rank)

        return [[told(hit) for hit in assistant.retrieve(q, k=20)] for q in QUESTIONS]


def same(first: Path, second: Path) -> None:
    assert contents(first) == contents(second)
    assert answers(first) == answers(second)


Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("write", "write", "remove", "rename", "retitle", "build")),
        st.integers(0, 7),
        st.integers(0, 7),
    ),
    min_size=3,
    max_size=14,
)


def take(articles: Path, step: Step) -> None:
    """Does to the folder what a step says."""
    deed, one, other = step
    path = articles / f"n{one}.md"
    stories = random.Random(other).sample(COLLECTION, 2)
    if deed == "write":
        text = f"{stories[0].text} {stories[1].text} Nummer {other}."
        write_articles(articles, [Story(f"n{one}", text, title=stories[0].title)])
    elif path.exists() and deed == "remove":
        path.unlink()
    elif path.exists() and deed == "rename":
        path.rename(articles / f"n{other}.md")
    elif path.exists() and deed == "retitle":
        path.write_text(path.read_text().replace("title:", "source: Outlet\ntitle:", 1))


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_an_index_is_the_same_whether_built_at_once_or_in_steps(
    steps: list[Step],
    tmp_path_factory: pytest.TempPathFactory,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As in a large collection: some parts are taken over, some are not, all are merged.
    monkeypatch.setattr(writing, "_ONE_PART", 3)
    monkeypatch.setattr(writing, "_PARTS", 16)
    monkeypatch.setattr(writing, "_GROUPS", 2)
    root = tmp_path_factory.mktemp("steps")
    articles, index = root / "articles", root / "index"
    write_articles(articles, COLLECTION[:2])
    build(articles, index=index, model=str(tiny_model))
    for step in steps:
        take(articles, step)
        if step[0] == "build":
            build(articles, index=index, model=str(tiny_model))
    build(articles, index=index, model=str(tiny_model))
    build(articles, index=root / "once", model=str(tiny_model))
    same(index, root / "once")
    shutil.rmtree(root)


def test_a_renamed_file_is_followed_and_nothing_is_embedded(
    tmp_path: Path, tiny_model: Path
) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    write_articles(articles, COLLECTION)
    build(articles, index=index, model=str(tiny_model))
    (articles / "sub").mkdir()
    (articles / "plain.txt").write_text(
        "A headline\n\nThe text of a file without an id of its own."
    )
    build(articles, index=index, model=str(tiny_model))
    (articles / "plain.txt").rename(articles / "sub" / "moved.txt")
    plan = build(articles, index=index, model=str(tiny_model), dry_run=True)
    (change,) = plan.changes
    assert (change.kind, change.path, change.before) == ("renamed", "sub/moved.txt", "plain.txt")
    report = build(articles, index=index, model=str(tiny_model))
    assert (report.added, report.removed, report.embedded) == (1, 1, 0)
    build(articles, index=tmp_path / "once", model=str(tiny_model))
    same(index, tmp_path / "once")


def test_only_files_that_changed_are_read(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    write_articles(articles, COLLECTION)
    build(articles, index=index, model=str(tiny_model))
    read: list[str] = []
    from assistant.articles import reading

    real = reading.Reading.read_all

    def watched(self: reading.Reading, files: list[Path]) -> object:
        read.extend(path.name for path in files)
        return real(self, files)

    monkeypatch.setattr(reading.Reading, "read_all", watched)
    write_articles(articles, [Story("new", "The new one is read, and no other.")])
    assert build(articles, index=index, model=str(tiny_model)).added == 1
    assert read == ["new.md"]
    read.clear()
    # The same bytes, whatever the clock of the file says.
    (articles / "new.md").touch()
    assert build(articles, index=index, model=str(tiny_model)).unchanged == 7
    assert read == []
    monkeypatch.setenv("ASSISTANT_LIMIT_PAGES", "7")
    build(articles, index=index, model=str(tiny_model))
    assert len(read) == 7
    read.clear()
    assert build(articles, index=index, model=str(tiny_model), full=True).embedded > 0
    assert len(read) == 7


def test_a_file_that_failed_is_tried_again(tmp_path: Path, tiny_model: Path) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    write_articles(articles, COLLECTION[:2])
    (articles / "late.md").write_bytes(b"")
    report = build(articles, index=index, model=str(tiny_model))
    assert [one.path for one in report.skipped] == ["late.md"]
    report = build(articles, index=index, model=str(tiny_model))
    assert [one.path for one in report.skipped] == ["late.md"]
    write_articles(articles, [Story("late", "It came late, but it came.")])
    assert build(articles, index=index, model=str(tiny_model)).added == 1


def test_what_was_noted_of_a_file_is_noted_again_without_reading_it(
    tmp_path: Path, tiny_model: Path
) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    write_articles(articles, COLLECTION[:2])
    (articles / "odd.md").write_text("---\npublished: soon\n---\nAn article with an odd date.")
    first = build(articles, index=index, model=str(tiny_model))
    second = build(articles, index=index, model=str(tiny_model))
    assert first.skipped == second.skipped
    assert "published" in str(second.skipped[0])


def test_an_id_that_two_files_claim_goes_over_when_the_first_is_gone(
    tmp_path: Path, tiny_model: Path
) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    for name in ("a", "b"):
        (articles).mkdir(exist_ok=True)
        (articles / f"{name}.md").write_text(f"---\nid: one\n---\nThe text of the file {name}.")
    report = build(articles, index=index, model=str(tiny_model))
    assert (report.articles, len(report.skipped)) == (1, 1)
    (articles / "a.md").unlink()
    report = build(articles, index=index, model=str(tiny_model))
    assert (report.articles, report.changed, report.skipped) == (1, 1, ())
    with Assistant(index) as assistant:
        assert assistant.article("one").text == "The text of the file b."


def test_a_damaged_index_gives_nothing_to_the_next_build(tmp_path: Path, tiny_model: Path) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    write_articles(articles, COLLECTION)
    build(articles, index=index, model=str(tiny_model))
    opened = Index.open(index)
    damaged = opened.generation / "vectors.faiss"
    opened.close()
    data = bytearray(damaged.read_bytes())
    data[-100] ^= 0xFF
    damaged.write_bytes(data)
    write_articles(articles, [Story("new", "Another article for the next build.")])
    report = build(articles, index=index, model=str(tiny_model))
    assert report.embedded == report.passages
    build(articles, index=tmp_path / "once", model=str(tiny_model))
    same(index, tmp_path / "once")
