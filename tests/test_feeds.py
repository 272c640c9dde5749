"""Feeds: what they name, and what is refused of them."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from helpers import read
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.articles.feeds import Entry
from assistant.errors import FetchError
from assistant.feeds import MAX_BYTES, entry_page, read_feed
from assistant.feeds.parsing import parse_feed

URL = "https://news.example/feed.xml"
LONG = "<p>" + "The owls came back to the old mill in November. " * 12 + "</p>"

RSS = f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title><language>en-GB</language>
<item><title>Owls &amp;amp; &lt;b&gt;mills&lt;/b&gt;</title><link> /owls?a=1&amp;b=2 </link>
<dc:creator>Ada Reed</dc:creator><pubDate>Mon, 13 Nov 2023 01:30:00 +0200</pubDate>
<content:encoded>{escape(LONG)}&lt;script&gt;alert(1)&lt;/script&gt;</content:encoded></item>
<item><title>Short</title><link>https://other.example/x</link>
<description>{escape(LONG)}</description></item>
<item><title>None</title></item>
</channel></rss>"""

ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"><title>Actualités</title>
<entry><title>Chouettes</title><link rel="alternate" href="https://news.example/fr"/>
<updated>2023-11-13T10:00:00Z</updated><author><name>Léa</name></author>
<content type="html">{escape(LONG)}</content></entry></feed>"""


def test_an_rss_feed() -> None:
    first, second, third = parse_feed(RSS.encode(), url=URL)
    assert first.url == "https://news.example/owls?a=1&b=2"
    assert first.title == "Owls & mills"
    assert first.authors == ("Ada Reed",)
    assert first.published == "2023-11-12T23:30:00+00:00"
    assert first.language == "en-GB"
    page = entry_page(first, URL)
    assert page is not None
    assert b"old mill" in page and b"alert" not in page
    # A summary is not all of a page.
    assert (second.url, entry_page(second, URL)) == ("https://other.example/x", None)
    assert third.url is None


@pytest.mark.parametrize(
    ("encoding", "charset"), [("utf-8", ""), ("utf-16", ""), ("iso-8859-1", "iso-8859-1")]
)
def test_an_atom_feed(encoding: str, charset: str) -> None:
    (entry,) = parse_feed(ATOM.encode(encoding), url=URL, charset=charset)
    assert entry.url == "https://news.example/fr"
    assert (entry.title, entry.authors, entry.language) == ("Chouettes", ("Léa",), "fr")
    assert entry.published == "2023-11-13T10:00:00+00:00"
    assert entry_page(entry, URL) is not None


def test_a_feed_that_is_not_well_formed_is_read_all_the_same() -> None:
    entries = parse_feed(RSS.replace("</channel>", "&nbsp;<br></channel").encode(), url=URL)
    assert entries[0].url == "https://news.example/owls?a=1&b=2"


BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(12))


@pytest.mark.parametrize(
    "start",
    [
        f"<!DOCTYPE rss [{BOMB}]>",
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/rss.dtd">',
        "<!DOCTYPE rss>",
        "<broken><!doctype rss>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_feed_that_declares_entities_is_refused(start: str, encoding: str) -> None:
    feed = RSS.replace('<?xml version="1.0" encoding="utf-8"?>', start)
    feed = feed.replace("<title>Short", "<title>&e11;&x;")
    with pytest.raises(FetchError, match=r"declares types or entities|element <broken>"):
        parse_feed(feed.encode(encoding), url=URL)


@pytest.mark.parametrize("data", [b"", b"{}", b"<html><p>no feed", b"\xff\xfe\0", b"/etc/passwd"])
def test_what_is_no_feed(data: bytes) -> None:
    with pytest.raises(FetchError, match="no RSS or Atom feed"):
        parse_feed(data, url=URL)


def test_a_feed_that_is_too_large() -> None:
    with pytest.raises(FetchError, match="larger than 5,000,000"):
        read_feed(b" " * (MAX_BYTES + 1), url=URL)


def test_a_feed_is_parsed_in_a_process_of_its_own() -> None:
    assert read_feed(RSS.encode(), url=URL) == parse_feed(RSS.encode(), url=URL)
    with pytest.raises(FetchError, match="no RSS or Atom feed"):
        read_feed(b"<html>", url=URL)


def test_a_feed_made_to_take_for_ever_costs_its_time() -> None:
    bad = RSS.replace("</channel>", "<item><title>x</title></item>" * 150_000).encode()
    began = time.monotonic()
    with pytest.raises(FetchError, match="more than 1 seconds to parse"):
        read_feed(bad, url=URL, seconds=1)
    assert time.monotonic() - began < 4


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80), st.binary(max_size=60), st.integers(0, len(RSS)))
def test_any_damage_leaves_entries_or_one_error(text: str, data: bytes, place: int) -> None:
    feed = RSS.encode()[:place] + text.encode("utf-8", "replace") + data + RSS.encode()[place:]
    for damaged in (feed, RSS.encode()[:place]):
        try:
            entries = parse_feed(damaged, url=URL, charset="utf-8")
        except FetchError:
            continue
        assert all(isinstance(entry, Entry) for entry in entries)


def test_an_entry_makes_a_page(tmp_path: Path) -> None:
    title = '"></title><script>alert(1)</script>'
    lines = [
        "The owls came back to the <b>old</b> mill. " * 12,
        "The miller & his window:",
        "open.",
    ]
    entry = Entry(
        text=f"{lines[0]}\n\n{lines[1]}\n{lines[2]}",
        whole=True,
        title=title,
        published="2023-11-12T23:30:00+00:00",
        language="en",
        source=None,
        url="x",
        authors=('Ada "Q" Reed', "B. Lee"),
        id=None,
    )
    path = tmp_path / "page.html"
    page = entry_page(entry, "https://news.example/a?b=1&c=2")
    assert page is not None and entry_page(replace(entry, whole=False), URL) is None
    path.write_bytes(page)
    ((article,), _) = read(path, tmp_path)
    assert article.url == "https://news.example/a?b=1&c=2"
    assert article.title == title
    assert article.language == "en"
    assert article.published == "2023-11-12T23:30:00Z"
    assert article.authors == entry.authors
    assert list(filter(None, article.text.splitlines())) == [line.strip() for line in lines]
    assert b"<script>" not in path.read_bytes()


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("b?c", "https://news.example/b?c"),
        ("//other.example/b", "https://other.example/b"),
        ("https://other.example/b", "https://other.example/b"),
        ("https://[", "https://["),
    ],
)
def test_links_are_taken_from_the_address_of_the_feed(link: str, url: str) -> None:
    atom = ATOM.replace("https://news.example/fr", link)
    assert parse_feed(atom.encode(), url=URL)[0].url == url
