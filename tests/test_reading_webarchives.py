"""Web archives, whole, damaged and hostile."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import FULL, SECOND, TEXT, mutated, read_apart, read_bytes, source_of, survives
from records import gz_file, page_of, warc_file, warc_record

from assistant.articles.source import Source
from assistant.articles.webarchives import read_web_archive
from assistant.limits import Limits
from assistant.types import Skipped

LONG = "The harbour of Fairhaven opened on Monday, and forty ships waited outside it. " * 4
PAGES = [FULL | {"text": LONG}, SECOND | {"text": LONG.replace("Monday", "Friday")}]


def members(data: bytes, limits: Limits | None = None) -> list[tuple[str, str | None, bytes]]:
    """Name, address and content of each, and of what is listed "", None and the reason."""
    found = []
    for item in read_web_archive(source_of("x.warc", data, limits)):
        if isinstance(item, Skipped):
            found.append(("", None, item.reason.encode()))
            continue
        assert isinstance(item, Source)
        with item.open() as file:
            found.append((item.name.removeprefix("x.warc/"), item.url, file.read()))
    return found


@pytest.mark.parametrize("name", ["x.warc", "x.warc.gz"])
def test_the_pages_of_a_crawl(tmp_path: Path, name: str) -> None:
    data = warc_file(PAGES)
    if name.endswith(".gz"):
        # A stream for each record, as crawlers write it.
        data = b"".join(gz_file(b"WARC/1.0" + one) for one in data.split(b"WARC/1.0")[1:])
    for articles, skipped in (read_bytes(name, data), read_apart(tmp_path, name, data)):
        assert [article.text.split("\n")[-1] for article in articles] == [
            row["text"].strip() for row in PAGES
        ]
        assert [article.title for article in articles] == [row["title"] for row in PAGES]
        assert articles[0].path.endswith("x.warc/courier.example/harbour.html")
        assert skipped == []


def test_what_records_are_read() -> None:
    url = "https://c.example/a.html"
    data = b"".join(
        (
            warc_record(b"<html>1", url=url),
            warc_record(b"<html>2", url=url),
            warc_record(b"<html>3", url="https://c.example/b?q=1", status="404 Not Found"),
            warc_record(b"<html>4", url="https://c.example/c", status="301 Moved"),
            warc_record(b"PNG", url="https://c.example/d.png", content_type="image/png"),
            warc_record(b"%PDF-", url="https://c.example/e.pdf", content_type="application/pdf"),
            warc_record(b"Text.", kind="conversion", url=url, content_type="text/plain"),
            warc_record(b"<html>r", kind="resource", url=url, content_type="text/html"),
            warc_record(b"x", kind="metadata", url=url, content_type="text/plain"),
            warc_record(b"", kind="revisit", url=url),
        )
    )
    assert members(data) == [
        ("c.example/a.html", url, b"<html>1"),
        ("c.example/a~2.html", url, b"<html>2"),
        ("c.example/e.pdf", "https://c.example/e.pdf", b"%PDF-"),
        ("c.example/a.html.txt", url, b"Text."),
        ("c.example/a~3.html", url, b"<html>r"),
    ]


def test_names_of_addresses() -> None:
    for url, name in (
        ("https://c.example/../../x", "c.example/_/_/x.html"),
        ("https://c.example/a?b=c/d&e", "c.example/a?b=c/d&e.html"),
        ("<https://c.example/wget>", "c.example/wget.html"),
    ):
        assert members(warc_record(b"x", url=url))[0][0] == name
    ((long, _, _),) = members(warc_record(b"x", url="https://c.example/" + "a" * 3000))
    assert len(long) < 200
    assert long.endswith(".html")


def chunked(data: bytes) -> bytes:
    parts = [data[n : n + 100] for n in range(0, len(data), 100)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


RAW_DEFLATE = zlib.compressobj(wbits=-15)
RAW = RAW_DEFLATE.compress(LONG.encode()) + RAW_DEFLATE.flush()


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (LONG.encode(), {}),
        (gzip.compress(LONG.encode(), mtime=0), {"Content-Encoding": "gzip"}),
        (LONG.encode(), {"Content-Encoding": "gzip"}),
        (zlib.compress(LONG.encode()), {"Content-Encoding": "deflate"}),
        (RAW, {"Content-Encoding": "deflate"}),
        (chunked(LONG.encode()), {"Transfer-Encoding": "chunked"}),
        (LONG.encode(), {"Transfer-Encoding": "chunked"}),
        (
            chunked(gzip.compress(LONG.encode(), mtime=0)),
            {"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"},
        ),
    ],
)
def test_encodings_are_taken_off(content: bytes, headers: dict[str, str]) -> None:
    ((_, _, found),) = members(warc_record(content, headers=headers))
    assert found == LONG.encode()


def test_what_the_server_says_of_the_encoding() -> None:
    data = warc_record(b"x", content_type="text/html; charset=KOI8-R")
    (item,) = read_web_archive(source_of("x.warc", data))
    assert isinstance(item, Source)
    assert item.encoding == "koi8-r"
    _, (note,) = read_bytes("x.warc", warc_record(b"x", headers={"Content-Encoding": "br"}))
    assert note.reason == "content encoded as 'br' is not read"


def test_bombs_stop() -> None:
    bomb = gzip.compress(bytes(30_000_000))
    for content, headers in (
        (bomb, {"Content-Encoding": "gzip"}),
        (chunked(bomb), {"Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}),
    ):
        data = warc_record(content, headers=headers) + warc_file(PAGES)
        articles, (note,) = read_bytes("x.warc", data)
        assert len(articles) == 2
        assert note.reason == "it unpacks to more than 200 times its size"
    deflated = warc_record(
        zlib.compress(bytes(30_000_000)), headers={"Content-Encoding": "deflate"}
    )
    articles, (note,) = read_bytes("x.warc", deflated + warc_file(PAGES))
    assert len(articles) == 2
    assert note.reason.startswith("the file is larger than ")


def lying(record: bytes, length: int) -> bytes:
    head, _, rest = record.partition(b"Content-Length: ")
    return head + b"Content-Length: %d\r\n" % length + rest.partition(b"\r\n")[2]


@pytest.mark.parametrize("length", [20, 5000, 10**9, 10**17])
def test_a_length_that_lies_costs_one_record(length: int) -> None:
    good = [warc_record(page_of(row).encode(), url=row["url"]) for row in PAGES]
    bad = lying(
        warc_record(page_of(FULL | {"text": "x " * 300}).encode(), url="https://c.example/x"),
        length,
    )
    articles, skipped = read_bytes("x.warc", good[0] + bad + good[1])
    found = [article.path for article in articles]
    assert found[0] == "x.warc/courier.example/harbour.html"
    assert found[-1] == "x.warc/courier.example/glacier.html"
    assert skipped


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"WARC/1.0\r\nContent-Length: x\r\n\r\nabc\r\n\r\n", "its headers are broken"),
        (b"WARC/1.0\r\n\r\n\r\n", "its headers are broken"),
        (b"WARC/1.0\r\n" + b"a: b\r\n" * 60_000, "its headers are broken"),
        (b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n", "parsed"),
        (warc_record(b"<html>", url=""), "it has no address"),
        (b"nonsense\r\n\r\n", "what follows the record is none"),
        (bytes(range(256)) * 50 + b"\r\n", "what follows the record is none"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_broken_record_costs_one_record(broken: bytes, reason: str) -> None:
    data = warc_record(b"<html>1") + broken + warc_record(b"<html>2")
    first, *notes, last = members(data)
    assert (first[2], last[2]) == (b"<html>1", b"<html>2")
    assert any(reason in note[2].decode() for note in notes)
    assert len(notes) < 4


def test_an_archive_that_is_cut_off() -> None:
    data = warc_file(PAGES)
    for end in range(1, len(data), 61):
        survives(read_web_archive, "x.warc", data[:end])
    articles, skipped = read_bytes("x.warc", data[:-150])
    assert articles[0].title == PAGES[0]["title"]
    assert "it is cut off after" in skipped[0].reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"words", "it is no web archive"),
        (b"\x1f\x8b\x08abc", "it is compressed; give it a name that ends in .warc.gz"),
        (b"\0" * 100_000, "it is no web archive"),
    ],
)
def test_what_is_no_web_archive(data: bytes, reason: str) -> None:
    _, (note,) = read_bytes("x.warc", data)
    assert note.reason == reason


def test_records_in_streams_of_which_one_is_damaged() -> None:
    records = [warc_record(page_of(row).encode(), url=row["url"]) for row in (*PAGES, *PAGES)]
    streams = [gz_file(record) for record in records]
    streams[2] = streams[2][:120] + b"\xff" * 40 + streams[2][160:]
    articles, skipped = read_bytes("x.warc.gz", b"".join(streams))
    assert [article.path.rpartition("/")[2] for article in articles] == [
        "harbour.html",
        "glacier.html",
        "glacier~2.html",
    ]
    assert any("the file is damaged" in one.reason for one in skipped)


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_any_web_archive_is_survived(seed: int) -> None:
    record = warc_record(
        chunked(gzip.compress(TEXT.encode())),
        headers={"Content-Encoding": "gzip", "Transfer-Encoding": "chunked"},
    )
    survives(read_web_archive, "x.warc", mutated(warc_file([FULL]) + record, seed))
