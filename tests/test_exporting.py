"""Articles out of an index and back in: the same articles, passages and vectors."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import COLLECTION, Story, python, read, read_here, snapshot, write_articles
from hypothesis import given
from hypothesis import strategies as st

from assistant.building import build
from assistant.cli import main
from assistant.embedding import load_for_questions
from assistant.errors import ExportError
from assistant.exporting import export, line_of
from assistant.index import Index
from assistant.types import Article, Skipped


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same vectors, without torch."""
    monkeypatch.setattr("assistant.pieces.load_for_passages", load_for_questions)


def contents(folder: Path) -> tuple[dict[str, str], list[Any], Any]:
    """The checksums of the articles, the passages, and the vectors."""
    index = Index.open(folder)
    try:
        return dict(index.store.contents()), index.store.spans(), index.vectors.all().copy()
    finally:
        index.close()


def test_there_and_back(tmp_path: Path, tiny_model: Path) -> None:
    articles = tmp_path / "articles"
    write_articles(articles / "in a folder", COLLECTION)
    (articles / "plain.txt").write_text("  A  headline\twith   spaces\n\nAnd then the text of it.")
    (articles / "double  space.txt").write_text("One line alone is no headline.")
    (articles / "rows.jsonl").write_text(
        '{"text": "A line without anything else: its id is a hash of it."}\n'
        '{"text": "With authors.\\r\\nAnd a tab\\t.", "authors": ["A. B.", "C"], '
        '"url": "https://x.example/a?b=1", "published": "2024-02-03T04:05:06+09:00"}\n'
    )
    first, second = tmp_path / "first", tmp_path / "second"
    model = str(tiny_model)
    done = build(articles, index=first, model=model)
    assert done.articles == len(COLLECTION) + 4
    file = tmp_path / "out.jsonl"
    assert main(["export", "--index", str(first), "--output", str(file)]) == 0
    report = build(file, index=second, model=model)
    assert report.skipped == ()
    before, after = contents(first), contents(second)
    assert after[0] == before[0]
    assert after[1] == before[1]
    assert np.array_equal(after[2], before[2])
    # And the export of that is the same file.
    again = io.BytesIO()
    index = Index.open(second)
    export(index, again)
    index.close()
    assert again.getvalue() == file.read_bytes()
    # An index of the folder needs nothing embedded when it is built from the export.
    assert build(file, index=first, model=model).embedded == 0


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(
    text=_TEXT,
    title=st.none() | _TEXT,
    path=st.none() | _TEXT,
    language=st.sampled_from([None, "en", "zh-hant", "pt_br", "und"]),
    published=st.none() | st.datetimes() | st.dates(),
    source=st.none() | _TEXT,
    url=st.sampled_from([None, "http://a.example/ö?x=%20#f", "nonsense", "https://[::1]/"]),
    authors=st.lists(_TEXT, max_size=3),
    identity=st.none() | _TEXT,
)
def test_whatever_a_line_holds(
    tmp_path_factory: pytest.TempPathFactory, identity: str | None, **fields: Any
) -> None:
    folder = tmp_path_factory.mktemp("line", numbered=True)
    if fields["published"] is not None:
        fields["published"] = fields["published"].isoformat()
    row = {name: value for name, value in (fields | {"id": identity}).items() if value is not None}
    (folder / "a.jsonl").write_text(json.dumps(row), encoding="utf-8")
    for article in read_here(folder / "a.jsonl", folder):
        if isinstance(article, Skipped):
            continue
        (folder / "b.jsonl").write_bytes(line_of(article))
        (same,) = read_here(folder / "b.jsonl", folder)
        assert isinstance(same, Article)
        # Without a path of its own, it takes its file's: a.jsonl is kept.
        assert same == article
        assert same.content_hash() == article.content_hash()


def test_what_a_line_holds() -> None:
    article = Article("a", "Text\u2028 “x” \x7f.", "T", "fr", authors=("A", "B"), path="x/y.md")
    line = line_of(article)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert json.loads(line) == {
        "id": "a",
        "title": "T",
        "language": "fr",
        "path": "x/y.md",
        "authors": ["A", "B"],
        "text": article.text,
    }


@pytest.mark.parametrize("path", [5, ["a"], None, "x" * 5000, ""])
def test_a_path_of_no_use_is_that_of_the_file(tmp_path: Path, path: object) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "Some text.", "path": path}))
    ((article,), _) = read(tmp_path / "a.jsonl")
    assert article.path == "a.jsonl"


def test_to_standard_output(tiny_index: Path) -> None:
    """In UTF-8, whatever the terminal can show: marks in the place of letters would be a loss."""
    done = python(
        "-c",
        "import sys; from assistant.cli import main; sys.exit(main(sys.argv[1:]))",
        "export",
        "--index",
        str(tiny_index),
        environment={"PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stderr) == (0, "exported 6 articles\n")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in rows] == sorted(story.name for story in COLLECTION)
    assert {row["title"] for row in rows} == {story.title for story in COLLECTION}


def test_a_file_is_replaced_whole_or_not_at_all(
    tiny_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "out.jsonl"
    file.write_text("what was there")
    index = Index.open(tiny_index)

    def stop(stage: str, done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(index, file, progress=stop)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ExportError, match="No space left"):
            export(index, file)
    assert file.read_text() == "what was there"
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert export(index, file).articles == len(COLLECTION)
    assert file.read_bytes().count(b"\n") == len(COLLECTION)
    index.close()


def test_places_that_cannot_be_written(
    tiny_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(tiny_index)
    (tmp_path / "link").symlink_to(tiny_index)
    for output in (
        tmp_path,
        tmp_path / "none" / "out.jsonl",
        tiny_index / "CURRENT",
        tmp_path / "link" / "x.jsonl",
    ):
        assert main(["export", "--index", str(tiny_index), "--output", str(output)]) == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert err.startswith("error: ")
    assert snapshot(tiny_index) == before


def test_a_line_that_is_longer_than_what_is_read(
    tmp_path: Path,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_articles(tmp_path / "articles", [Story("long", "word " * 300)])
    index = tmp_path / "index"
    build(tmp_path / "articles", index=index, model=str(tiny_model))
    monkeypatch.setenv("ASSISTANT_LIMIT_FILE_BYTES", "1000")
    output = tmp_path / "out.jsonl"
    assert main(["export", "--index", str(index), "--output", str(output)]) == 0
    assert "ASSISTANT_LIMIT_FILE_BYTES" in capsys.readouterr().err
