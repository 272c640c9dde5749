"""What the store is given, it gives back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.errors import IndexCorrupt
from assistant.store import Store, day_of, write_store
from assistant.types import Article, Passage

FULL = Article(
    id="b/1 ' \" ; --",
    text="日本語\u2028 😀 texte\twith \x1b controls. Second.",
    title="Title",
    language="zh-Hant",
    published="2023-11-12T23:59:59Z",
    source="Le Quotidien",
    url="https://example.org/?a=1",
    authors=("Anne", "李"),
    path="sub/ü.md",
)
BARE = Article("a", "Bare text.", "")
PASSAGES = (
    Passage("p1", FULL.id, 30, 37, FULL.text[30:37]),
    Passage("p2", BARE.id, 0, 10, "Bare text."),
    Passage("p3", FULL.id, 0, 20, FULL.text[0:20]),
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    numbers = {BARE.id: 0, FULL.id: 1}
    rows = [(p.id, numbers[p.article_id], p.start, p.end) for p in PASSAGES]
    write_store(tmp_path / "store.sqlite", [BARE, FULL], rows)
    return Store(tmp_path / "store.sqlite")


def test_articles(store: Store) -> None:
    assert store.article(FULL.id) == FULL
    assert store.article("a") == BARE
    assert store.article("none") is None
    assert store.articles([1, 0, 1]) == {1: FULL, 0: BARE}
    assert store.contents() == {"a": BARE.content_hash(), FULL.id: FULL.content_hash()}


def test_passages(store: Store) -> None:
    for row, passage in enumerate(PASSAGES):
        article = FULL if passage.article_id == FULL.id else BARE
        assert store.passage(row, article) == passage
    # In the order of the text, with their rows.
    assert store.spans_of(1) == [(2, 0, 20), (0, 30, 37)]
    assert store.spans_of(7) == []


def test_labels(store: Store) -> None:
    assert store.article_of_row().tolist() == [1, 0, 1]
    assert store.labels() == [
        ("und", None, None),
        ("zh-Hant", "Le Quotidien", "2023-11-12"),
    ]


def test_days() -> None:
    assert day_of(None) is None
    assert day_of("2023-11-12") == day_of("2023-11-12T10:00:00Z") == "2023-11-12"


def test_many_threads(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: store.articles([i % 2])[i % 2].id, range(400)))
    assert found == ["a", FULL.id] * 200


def test_a_store_that_is_only_read(store: Store, tmp_path: Path) -> None:
    before = (tmp_path / "store.sqlite").read_bytes()
    store.labels()
    store.close()
    assert (tmp_path / "store.sqlite").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["store.sqlite"]


@pytest.mark.parametrize("content", [None, b"", b"not a database" * 100])
def test_a_file_that_is_no_store(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "store.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(IndexCorrupt, match="build it again"):
        Store(path).labels()
