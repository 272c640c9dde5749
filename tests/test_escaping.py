"""Foreign text is shown as what it is, whatever it tries to be."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from chat_attacks import ATTACKS, fuzzed

from assistant.chat.escaping import html_text, link_host
from assistant.markup import (
    days,
    display_text,
    heading,
    labelled,
    listed,
    markdown_link,
    markdown_text,
    only,
    quoted,
    stated,
    web_link,
)

STRINGS = [*ATTACKS, *fuzzed(400, seed=7)]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[str] = []
        self.values: list[str | None] = []

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [value for _, value in attrs]


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader


def test_there_are_enough_attacks() -> None:
    assert len(set(ATTACKS)) == len(ATTACKS) > 50


def test_html_text_is_text_and_only_text() -> None:
    for text in STRINGS:
        shown = html_text(text)
        reader = _read(f'<p title="{shown}">{shown}</p>')
        assert reader.tags == ["p"], text
        assert reader.text == display_text(text)
        assert reader.values == [display_text(text)]
        assert "\n" not in shown
        assert not set("<>\"'`$_*[]{}\\|~@") & set(shown)


def test_markdown_text_is_text_and_only_text() -> None:
    markdown_it = pytest.importorskip("markdown_it")
    renderer = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(
        ["table", "strikethrough"]
    )
    for text in [*STRINGS, *(text[:9] * 2_000 for text in ATTACKS[::9])]:
        shown = markdown_text(text)
        reader = _read(renderer.render(shown))
        assert set(reader.tags) <= {"p"}, text
        assert reader.text.strip() == display_text(text).strip()
        assert not re.search(r"(?i)\bhttps?:|\bwww\.|\w@\w", shown)


@pytest.mark.parametrize("lines", [False, True])
def test_display_text_is_stable_and_encodable(lines: bool) -> None:
    for text in STRINGS:
        shown = display_text(text, lines=lines)
        shown.encode("utf-8")
        assert display_text(shown, lines=lines) == shown
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown), text


def test_what_scripts_need_is_kept() -> None:
    for text in ("می\u200cخواهم", "क्\u200dष", "👩\u200d👩\u200d👧", "שלום\u200e", "ภาษา\u200bไทย"):
        assert display_text(text) == text


def test_lines_are_kept_only_where_asked() -> None:
    text = "one \t two\r\n\r\nthree\u2029four"
    assert display_text(text) == "one two three four"
    assert display_text(text, lines=True) == "one two\n\nthree\nfour"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "https://example.org/a?b=c&d=[e]#f",
        "HTTPS://例え.jp/新聞",
        "http://[::1]:8080/x",
    ],
)
def test_web_addresses_are_linked(url: str) -> None:
    assert web_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "example.org",
        "//example.org",
        "http:example.org",
        "http:///x",
        "javascript:alert(1)",
        " javascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://example.org/",
        "https://user@evil.example/",
        "https://bank.example@evil.example/",
        "https://bank.example\\@evil.example/",
        "https://example.org/\nx",
        "https://example.org/<script>",
        'https://example.org/"onclick="x',
        "https://example.org/\u202egpj.exe",
        "https://example.org:port/",
        "http://[::1",
        "https://example.org/" + "x" * 3000,
    ],
)
def test_other_addresses_are_not(url: str | None) -> None:
    assert web_link(url) is None


def test_a_host_of_foreign_letters_is_shown_in_its_plain_form() -> None:
    assert link_host("https://exаmple.org/") == "xn--exmple-4nf.org"
    assert link_host("https://example.org:8080/x") == "example.org"
    assert link_host("https://" + "ä" * 80 + ".org/").isascii()


def test_a_heading_and_a_quote_are_one_element_with_all_of_the_text() -> None:
    markdown_it = pytest.importorskip("markdown_it")
    renderer = markdown_it.MarkdownIt("commonmark", {"html": True})
    for text in [*STRINGS, "C #", "C ##", "a #\\", "#", "##  #"]:
        reader = _read(renderer.render(heading(text)))
        assert (reader.tags, reader.text.strip()) == (["h2"], display_text(text).strip())
        reader = _read(renderer.render(quoted(text, (1, 23), ("en", text))))
        assert reader.tags[0] == "blockquote" and set(reader.tags[1:]) <= {"p"}
        reader = _read(renderer.render(stated(text, (1,), "partly", (text, text))))
        assert set(reader.tags) <= {"p"}
        reader = _read(renderer.render(listed("Sources", [markdown_text(text), "x"])))
        assert reader.tags[:2] == ["p", "ul"] and set(reader.tags[2:]) <= {"li", "p"}


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://example.org/a?b=c&d=e", "<https://example.org/a?b=c&d=e>"),
        ("https://example.org/?a=1&copy;", "https&#58;//example.org/?a=1&amp;copy;"),
        ("javascript:alert(1)", None),
        (None, None),
    ],
)
def test_a_link_opens_what_it_says(url: str | None, link: str | None) -> None:
    assert markdown_link(url) == link


def test_what_is_empty_is_left_out() -> None:
    assert labelled("Asked", None, "") == ""
    assert labelled("Asked", "a", None, "b*") == "Asked: a; b\\*"
    assert listed("Sources", []) == ""
    assert only("days", None) is None
    assert only("outlets", ("a", "b")) == "only the outlets a, b"


def test_days_in_words() -> None:
    assert days("of", None, None) is None
    assert days("of", "2024-01-01", "2024-01-01") == "of 2024-01-01"
    assert days("of", "2024-01-01", "2024-02-01") == "of 2024-01-01 to 2024-02-01"
    assert days("of", "2024-01-01", None) == "of days from 2024-01-01"
    assert days("of", None, "2024-02-01") == "of days until 2024-02-01"
