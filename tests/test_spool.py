"""Articles on disk until an index is made of them."""

from __future__ import annotations

from contextlib import closing

import pytest

from assistant.errors import IndexUnwritable
from assistant.spool import Spool
from assistant.types import Article


def test_order_and_ids() -> None:
    with closing(Spool()) as spool:
        assert spool.add(Article("b", "Rain.", "", path="b.md"), file=0) is None
        assert spool.add(Article("a", "Wind.", "", path="a.md"), file=1) is None
        assert spool.add(Article("b", "Sun.", "", path="c.md"), file=2) == "b.md"
        assert [article.text for article in spool] == ["Wind.", "Rain."]
        assert [key.characters for key in spool.listed()] == [5, 5]
        assert [file for file, _ in spool.of_files()] == [0, 1]
        assert len(spool) == 2


def test_what_says_the_same_is_told_whether_its_hash_was_known_or_not() -> None:
    rain, other = Article("a", "Rain.", "", path="a.md"), Article("b", "Rain.", "", path="b.md")
    with closing(Spool()) as spool:
        spool.add(rain, file=0)
        spool.add(other, file=1, content_hash=other.content_hash())
        first, second = spool.listed()
        assert spool.said(first) == spool.said(second)
        assert second.content_hash == other.content_hash() != first.content_hash


def test_a_full_disk() -> None:
    with closing(Spool()) as spool:
        spool._connection.execute("PRAGMA max_page_count = 8")
        with pytest.raises(IndexUnwritable, match="SQLITE_TMPDIR"):
            spool.add(Article("a", "Rain. " * 50_000, ""), file=0)
