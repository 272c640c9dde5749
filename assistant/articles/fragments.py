"""Text out of markup: all of a fragment, or the main text of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assistant.articles.common import clean_newlines, clean_text
from assistant.articles.decoding import decode

_BLOCKS = frozenset(
    "address article aside blockquote body div dl fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr html main nav ol p pre section table title ul".split()
)
_LINES = frozenset("br caption dd dt li option tbody tfoot thead tr".split())
_CELLS = frozenset(("td", "th"))
_SILENT = frozenset(
    "script style noscript template svg math iframe object select textarea head".split()
)
_FURNITURE = frozenset("nav footer aside form button".split())
_LEAST_LINKS = 0.5
"""Where more of the characters are links, it is a menu."""

_PAGE = re.compile(r"<(?:nav|article|main|footer)[\s>]", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_DECLARED = (
    re.compile(rb"\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)"),
    re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE),
)
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_HEAD_BYTES = 4_096


_MARKUP = re.compile(
    r"</(?:p|div|h[1-6]|li|ul|ol|table|article|section|blockquote|body)\s*>|<br\b", re.IGNORECASE
)


def is_html(text: str) -> bool:
    """Whether `text` has the tags of paragraphs, lists or lines in it."""
    return _MARKUP.search(text) is not None


def declared_encoding(data: bytes) -> str | None:
    """The label that a page gives itself, in its XML declaration or a `meta` of its beginning."""
    head = _COMMENT.sub(b"", data[:_HEAD_BYTES])
    for pattern in _DECLARED:
        found = pattern.search(head)
        if found:
            return found[1].decode("ascii", "backslashreplace")
    return None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page, the share of it that is links, and whether it begins a block."""

    text: str
    links: float
    apart: bool


class _Lines:
    """Collects the lines of a page, and how much of each is links, as lxml's parser tells them."""

    def __init__(self, left_out: frozenset[str]) -> None:
        self._left_out = left_out
        self._silent = 0
        self._links = 0
        self._pre = 0
        self._text: list[str] = []
        self._linked = 0
        self._apart = False
        self.lines: list[Line] = []

    def start(self, tag: str, _: Mapping[str, str]) -> None:
        self._silent += tag in self._left_out
        self._links += tag == "a"
        self._pre += tag == "pre"
        self._break(tag)

    def end(self, tag: str) -> None:
        self._break(tag)
        self._silent -= tag in self._left_out
        self._links -= tag == "a"
        self._pre -= tag == "pre"

    def data(self, data: str) -> None:
        if self._silent:
            return
        first, *others = data.split("\n") if self._pre else (data,)
        self._text.append(first)
        for line in others:
            self._end_line()
            self._text.append(line)
        if self._links:
            self._linked += len(data.strip())

    def close(self) -> list[Line]:
        self._end_line()
        return self.lines

    def _break(self, tag: str) -> None:
        if tag in _CELLS:
            self._text.append(" ")
        elif tag in _LINES or tag in _BLOCKS:
            self._end_line()
            self._apart |= tag in _BLOCKS

    def _end_line(self) -> None:
        line = " ".join("".join(self._text).split())
        if line:
            links = min(1.0, self._linked / len(line))
            self.lines.append(Line(line, links, self._apart))
            self._apart = False
        self._text = []
        self._linked = 0


def _lines(markup: str, left_out: frozenset[str]) -> list[Line]:
    from lxml import etree

    # Told of one tag after the other, it has no limit of depth; of a tree, it drops what is deeper.
    parser = etree.HTMLParser(target=_Lines(left_out), encoding="utf-8", huge_tree=True)
    try:
        found: list[Line] = etree.fromstring(markup.encode(), parser)
    except (etree.LxmlError, ValueError):
        return []
    return found


def link_lines(markup: str) -> frozenset[str]:
    """The lines of a page that are links and nothing else."""
    return frozenset(line.text for line in _lines(markup, _SILENT) if line.links > 0.9)


def is_menu(text: str, links: frozenset[str]) -> bool:
    """Whether most of a text is lines that are links."""
    lines = [line.removeprefix("- ").strip() for line in text.split("\n")]
    linked = sum(len(line) for line in lines if line in links)
    return linked > _LEAST_LINKS * sum(map(len, lines))


def all_text(markup: str) -> str:
    """All text of a fragment, its blocks as paragraphs. Empty where there is none."""
    return _joined(_lines(markup, _SILENT))


def _joined(lines: Iterable[Line]) -> str:
    text = "".join(f"\n\n{line.text}" if line.apart else f"\n{line.text}" for line in lines)
    return text.strip("\n")


def without_furniture(markup: str) -> str:
    """The text of a page without its menus, footers and forms, by its tags alone."""
    lines = _lines(markup, _SILENT | _FURNITURE)
    return _joined(line for line in lines if line.links <= _LEAST_LINKS)


def clean_markup(markup: str) -> str:
    """Markup that is text already: what it declares of its bytes is of no more use."""
    return _XML_DECLARATION.sub("", clean_newlines(clean_text(markup)).removeprefix("\ufeff"))


def text_of_html(markup: str | bytes, *, url: str | None = None) -> str | None:
    """The text of HTML that is part of something: an entry of a feed, a mail, a field of a record.

    All of its text, but of a whole page with its menus the main text. None where there is none.
    Raises ArticleUnreadable for bytes that are no text.
    """
    if isinstance(markup, bytes):
        markup = decode(markup, declared=declared_encoding(markup)).text
    markup = clean_markup(markup)
    if _PAGE.search(markup):
        from assistant.articles.main_text import main_text

        text = main_text(markup, url=url)
        if text:
            return text
    text = all_text(markup)
    return text if any(c.isalnum() for c in text) else None
