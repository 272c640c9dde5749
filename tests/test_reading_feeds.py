"""Feeds, as they should be, as they come, and hostile ones."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import FULL, SECOND, TEXT, fields, mutated, read_apart, read_bytes, survives
from records import atom_file, rss_file

from assistant.articles.feeds import feed_entries, read_feed

# A feed has one language.
ROWS = [FULL, SECOND | {"language": "en"}]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("name", ["a.xml", "a.rss"])
def test_rss(tmp_path: Path, whole: bool, name: str) -> None:
    data = rss_file(ROWS, whole=whole)
    for articles, skipped in (read_bytes(name, data), read_apart(tmp_path, name, data)):
        assert [fields(article) for article in articles] == ROWS
        assert skipped == []


def test_atom_with_a_language_for_each_entry() -> None:
    articles, skipped = read_bytes("a.atom", atom_file([FULL, SECOND]))
    assert [fields(article) for article in articles] == [FULL, SECOND]
    assert skipped == []


def test_rdf() -> None:
    data = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
      xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
      <channel rdf:about="https://c.example"><title>The Courier</title></channel>
      <item rdf:about="https://c.example/1"><title>T</title><link>https://c.example/1</link>
      <dc:date>2023-11-12</dc:date><description>{TEXT}</description></item></rdf:RDF>"""
    (article,), skipped = read_bytes("a.rdf", data.encode())
    assert (article.text, article.title, article.source) == (TEXT, "T", "The Courier")
    assert (article.published, article.url) == ("2023-11-12", "https://c.example/1")
    assert skipped == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings_that_a_feed_declares(encoding: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    data = rss_file([SECOND], encoding="utf-8").decode().replace('"utf-8"', f'"{declared}"')
    (article,), skipped = read_bytes("a.xml", data.encode(encoding))
    assert article.text == SECOND["text"]
    assert skipped == []


@pytest.mark.parametrize("encoding", ["shift_jis", "euc-kr", "gb18030", "koi8-r"])
def test_encodings_that_expat_does_not_know(encoding: str) -> None:
    text = {"shift_jis": "港が月曜日に開いた。", "euc-kr": "항구가 월요일에 열렸다."}.get(
        encoding, "Порт открылся"
    )
    (article,), skipped = read_bytes("a.xml", rss_file([{"text": text}], encoding=encoding))
    assert article.text == text
    assert skipped == []


def item(inner: str, root: str = "rss") -> bytes:
    return (
        f'<{root} version="2.0"><channel><title>C</title><item>{inner}</item></channel></{root}>'
    ).encode()


def test_markup_becomes_text() -> None:
    inner = (
        "<title>A &amp;amp; B</title><description><![CDATA[<h2>Head</h2><p>One &amp; two<br>three"
        "</p><script>alert(1)</script><img src=x onerror=alert(1)>]]></description>"
    )
    (article,), _ = read_bytes("a.xml", item(inner))
    assert (article.title, article.text) == ("A & B", "Head\n\nOne & two\nthree")


def test_dates_are_in_utc_and_a_day_stays_a_day() -> None:
    for written, published in (
        ("Sun, 12 Nov 2023 08:30:00 +0900", "2023-11-11T23:30:00Z"),
        ("Sun, 12 Nov 2023 08:30:00 EST", "2023-11-12T13:30:00Z"),
        ("2023-11-12", "2023-11-12"),
        ("2023-11-12T08:30:00Z", "2023-11-12T08:30:00Z"),
    ):
        (article,), _ = read_bytes(
            "a.xml", item(f"<description>Words</description><pubDate>{written}</pubDate>")
        )
        assert article.published == published
    (article,), (note,) = read_bytes(
        "a.xml", item("<description>Words</description><pubDate>whenever it is</pubDate>")
    )
    assert article.published is None
    assert note.reason.startswith("entry 1: published: 'whenever")


def test_an_entry_without_text_is_listed() -> None:
    data = item("<title>T</title><link>https://c.example/1</link>")
    articles, (note,) = read_bytes("a.xml", data)
    assert articles == []
    assert note.reason == "entry 1: there is no text"
    (entry,), notes = feed_entries(data)
    assert (entry.url, entry.text, notes) == ("https://c.example/1", None, ())


def test_broken_xml_is_read_as_far_as_it_goes_and_told() -> None:
    for data in (
        item("<description>Fish & chips, and ships</description>"),
        rss_file([FULL, SECOND])[:-300],
    ):
        articles, (note, *_) = read_bytes("a.xml", data)
        assert articles
        assert note.reason.startswith("the XML is broken (")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            b"<html><body>x</body></html>",
            "with the root element <html>, not a feed",
        ),
        (b"<ns:doc xmlns:ns='urn:x'/>", "root element <doc>"),
        (b"words", "the file is not XML"),
        (b"\0\1\2", "binary"),
        (b"<rss version='2.0'><channel/></rss>", "the feed has no entries"),
        (b"<rss>" * 100_000, "within more than 500 others"),
        (
            b"<rss>" + b"<a>" * 99_999 + b"</a>" * 99_999 + b"</rss>",
            "within more than 500 others",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_feed(data: bytes, reason: str) -> None:
    articles, (note,) = read_bytes("a.xml", data)
    assert articles == []
    assert reason in note.reason


LAUGHS = (
    '<!DOCTYPE rss [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]>"
)


@pytest.mark.parametrize("broken", ["", "<"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("kind", ["file", "parameter", "laughs"])
def test_entities_are_refused(tmp_path: Path, kind: str, encoding: str, broken: str) -> None:
    canary = tmp_path / "canary.dtd"
    canary.write_text("CANARY")
    head = {
        "file": f'<!DOCTYPE rss [<!ENTITY a11 SYSTEM "{canary.as_uri()}">]>',
        "parameter": f'<!DOCTYPE rss [<!ENTITY % p SYSTEM "{canary.as_uri()}"> %p;]>',
        "laughs": LAUGHS,
    }[kind]
    data = head.encode() + item(f"<description>Words &a11;{broken}</description>")
    started = time.process_time()
    articles, (note,) = read_bytes("a.xml", data.decode().encode(encoding))
    assert articles == []
    assert "CANARY" not in note.reason
    assert note.reason == "the XML declares entities, which are not read"
    assert time.process_time() - started < 2


def test_a_document_type_without_entities_is_no_matter() -> None:
    head = b'<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://n.example/r.dtd">'
    (article,), _ = read_bytes("a.xml", head + item(f"<description>{TEXT}</description>"))
    assert article.text == TEXT


def test_a_name_of_a_file_is_no_feed(tmp_path: Path) -> None:
    (tmp_path / "feed").write_bytes(rss_file([FULL]))
    articles, (note,) = read_bytes("a.xml", str(tmp_path / "feed").encode())
    assert articles == []
    assert "not XML" in note.reason


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_any_feed_is_survived(seed: int) -> None:
    for data in (rss_file([FULL, SECOND]), atom_file([FULL])):
        survives(read_feed, "a.xml", mutated(data, seed))
