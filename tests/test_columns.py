"""What is known of passages and articles is read as it was written, and mapped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.columns import Names, read_columns, write_columns
from assistant.errors import IndexCorrupt


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_columns(
        tmp_path,
        np.array([1, 0, 1]),
        languages=["und", "zh-Hant"],
        sources=[None, "Le Quotidien"],
        days=[None, "2023-11-12"],
    )
    return tmp_path


def test_columns(folder: Path) -> None:
    columns = read_columns(folder)
    assert columns.article_of_row.tolist() == [1, 0, 1]
    assert columns.languages.distinct == ("und", "zh-Hant")
    assert columns.languages.of_article.tolist() == [0, 1]
    assert columns.sources.distinct == ("Le Quotidien",)
    assert columns.sources.of_article.tolist() == [-1, 0]
    assert columns.days.tolist() == ["", "2023-11-12"]
    for values in (columns.article_of_row, columns.languages.of_article, columns.days):
        assert not values.flags.writeable and not values.flags.owndata


def test_no_articles(tmp_path: Path) -> None:
    write_columns(tmp_path, np.zeros(0, np.int64), languages=[], sources=[], days=[])
    columns = read_columns(tmp_path)
    assert len(columns.article_of_row) == len(columns.days) == 0
    assert columns.languages.distinct == ()


@pytest.mark.parametrize("name", ["days.npy", "names.json", "article_of_row.npy"])
@pytest.mark.parametrize("content", [None, b"", b"not a column", b"{}", b"[" * 100_000])
def test_files_that_are_no_columns(folder: Path, name: str, content: bytes | None) -> None:
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(IndexCorrupt, match="build it again"):
        read_columns(folder)


def test_columns_of_another_index(folder: Path) -> None:
    np.save(folder / "days.npy", np.array(["2023-11-12"]))
    with pytest.raises(IndexCorrupt, match="different lengths"):
        read_columns(folder)


def test_names() -> None:
    names = Names.of(["b", None, "a", "b"])
    assert names.among(["b", "none"]).tolist() == [True, False, False, True]
    assert names.among([]).tolist() == [False] * 4
    assert Names.of([None, None]).among(["a"]).tolist() == [False, False]
    assert Names.of([]).among(["a"]).tolist() == []


@given(st.lists(st.none() | st.text(max_size=3)))
def test_any_names(values: list[str | None]) -> None:
    names = Names.of(values)
    assert list(names.distinct) == sorted({value for value in values if value is not None})
    back = [None if place < 0 else names.distinct[place] for place in names.of_article.tolist()]
    assert back == values
