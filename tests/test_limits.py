"""What a file may cost: where the numbers come from."""

from __future__ import annotations

import io
from typing import Any

import pytest

from assistant.articles.source import Budget, Source, unpacking
from assistant.errors import ArticleUnreadable, SettingsError
from assistant.limits import Limits


def test_what_is_given_wins_over_the_environment_and_that_over_the_defaults() -> None:
    environment = {"ASSISTANT_LIMIT_SECONDS": "5", "ASSISTANT_LIMIT_PAGES": "1_000"}
    found = Limits.resolve({"seconds": 7, "depth": "3"}, environment=environment)
    assert (found.seconds, found.pages, found.depth) == (7, 1000, 3)
    assert found.file_bytes == Limits().file_bytes


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"second": 1}, "there is no limit 'second'; there are: file_bytes, "),
        ({"seconds": 0}, "the limit seconds must be a whole number from 1, not 0"),
        ({"seconds": "-1"}, "not '-1'"),
        ({"seconds": "1e3"}, "not '1e3'"),
        ({"seconds": ""}, "not ''"),
        ({"seconds": True}, "not True"),
        ({"seconds": 1.5}, "not 1.5"),
        ({"seconds": "9" * 30}, "must be a whole number"),
    ],
)
def test_limits_of_no_use(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message.replace("(", r"\(")):
        Limits.resolve(given, environment={})


def source(data: bytes, limits: Limits) -> Source:
    return Source("a.zip/b.txt", lambda: io.BytesIO(data), limits, Budget(limits))


def test_a_source_is_named_by_its_last_part() -> None:
    one = source(b"", Limits())
    assert (one.file_name, one.stem, one.suffix) == ("b.txt", "b", ".txt")
    inner = one.member(".TXT", io.BytesIO)
    assert (inner.name, inner.stem, inner.suffix) == ("a.zip/b.txt/.TXT", ".TXT", "")
    assert (one.member("c.D.EML", io.BytesIO).suffix, inner.depth) == (".eml", 1)


def test_no_more_is_read_than_allowed() -> None:
    limits = Limits(file_bytes=10)
    assert source(b"0123456789", limits).read() == b"0123456789"
    with pytest.raises(ArticleUnreadable, match="larger than 10 bytes"):
        source(b"0123456789a", limits).read()
    with pytest.raises(ArticleUnreadable, match="larger than 4 bytes"):
        source(b"0123456789", limits).read(most=4)
    with pytest.raises(ArticleUnreadable, match="empty"):
        source(b"", limits).read()


def test_unpacking_stops_at_the_ratio_and_at_the_sum() -> None:
    limits = Limits(unpacked_bytes=3_000_000, ratio=2)
    one = source(b"", limits)
    with unpacking(io.BytesIO(bytes(900_000)), one, packed=1) as file:
        assert len(file.read()) == 900_000
    with (
        pytest.raises(ArticleUnreadable, match="more than 2 times its size"),
        unpacking(io.BytesIO(bytes(1_200_000)), one, packed=1) as file,
    ):
        file.read()
    with (
        pytest.raises(ArticleUnreadable, match="more than 3 MB"),
        unpacking(io.BytesIO(bytes(2_000_000)), one, packed=2_000_000) as file,
    ):
        list(iter(lambda: file.readline(1000), b""))


def test_the_members_of_a_source_are_counted_together() -> None:
    one = source(b"", Limits(members=3))
    inner = one.member("x", io.BytesIO)
    inner.member("y", io.BytesIO)
    one.member("z", io.BytesIO)
    with pytest.raises(ArticleUnreadable, match="more than 3 members"):
        inner.member("w", io.BytesIO)
