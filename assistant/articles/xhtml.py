"""Pages of a book: XHTML without menus, whose every paragraph belongs to the text."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Any

from assistant.articles.blocks import Block, Blocks, Kind, heading_of
from assistant.errors import ArticleUnreadable

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SKIPPED = frozenset("head script style nav template iframe object svg audio video rt rp".split())
_SKIPPED_TYPES = frozenset("pagebreak noteref toc landmarks page-list".split())
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_BLOCKS = _HEADINGS | frozenset(
    "p li dt dd div section article aside header footer main body blockquote pre figure figcaption "
    "caption address center ul ol dl table form fieldset hr td th tr".split()
)
_CELLS = frozenset(("td", "th"))
_LINE_BREAK = re.compile(r"\s*\n\s*")
_WIDE_BREAK = re.compile(
    r"(?<=[\u3000-\u9fff\uff00-\uffef])\s*\n\s*(?=[\u3000-\u9fff\uff00-\uffef])"
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page's text, its title, what `epub:type` says of it, and how many characters are links."""

    blocks: list[Block]
    title: str | None
    types: frozenset[str]
    linked: int

    @property
    def heading(self) -> str | None:
        return heading_of(self.blocks)


def _types(element: Any) -> frozenset[str]:
    return frozenset((element.get("epub:type") or "").lower().split())


def _encoding(data: bytes) -> str:
    """What the page says that it is in: a document of an EPUB is UTF-8 or UTF-16 by default."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    declared = _DECLARED.match(data)
    name = declared.group(1).decode() if declared else "utf-8"
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ArticleUnreadable(f"its encoding {name!r} is not known") from None


def _decoded(data: bytes) -> str:
    encoding = _encoding(data)
    try:
        return data.decode(encoding).lstrip("\ufeff")
    except UnicodeError:
        raise ArticleUnreadable(f"its text is not {encoding}, as it should be") from None
    except LookupError:
        # A codec of Python's that makes no text of bytes.
        raise ArticleUnreadable(f"its encoding {encoding!r} is not known") from None


class _Walk:
    """Takes in the elements of a page in order."""

    def __init__(self) -> None:
        self.blocks = Blocks()
        self.linked = 0
        self._skipping = 0
        self._links = 0
        self._headings = 0
        self._items = 0

    def start(self, element: Any) -> None:
        tag = element.tag
        hidden = element.get("hidden") is not None
        if self._skipping or hidden or tag in _SKIPPED or _types(element) & _SKIPPED_TYPES:
            self._skipping += 1
            return
        if tag in _BLOCKS:
            self._close()
        if tag == "tr":
            self.blocks.open_row()
        elif tag in _CELLS:
            self.blocks.open_cell()
        elif tag == "br":
            self.blocks.add("\n")
        self._count(tag, element, 1)
        self._text(element.text)

    def end(self, element: Any) -> None:
        tag = element.tag
        if self._skipping:
            self._skipping -= 1
        else:
            if tag in _BLOCKS:
                self._close()
            if tag == "tr":
                self.blocks.close_row()
            elif tag in _CELLS:
                self.blocks.close_cell()
            self._count(tag, element, -1)
        if not self._skipping:
            self._text(element.tail)

    def _count(self, tag: str, element: Any, change: int) -> None:
        if tag == "a" and element.get("href"):
            self._links += change
        elif tag == "li":
            self._items += change
        elif tag in _HEADINGS:
            self._headings += change

    def _close(self) -> None:
        if self.blocks.in_paragraph:
            self.blocks.close_paragraph(
                Kind.HEADING if self._headings else Kind.ITEM if self._items else Kind.PARAGRAPH
            )

    def _text(self, text: str | None) -> None:
        if not text:
            return
        if not self.blocks.in_paragraph:
            if not text.strip():
                return
            self.blocks.open_paragraph()
        text = _LINE_BREAK.sub(" ", _WIDE_BREAK.sub("", text))
        self.blocks.add(text)
        if self._links:
            self.linked += len(text.strip())


def parse_page(data: bytes) -> Page:
    """The text of a page. Nothing outside it is read. Raises ArticleUnreadable."""
    from lxml import etree
    from lxml import html as lxml_html

    text = _decoded(data).replace("\0", "")
    parser = lxml_html.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise ArticleUnreadable(f"the page cannot be parsed ({str(error)[:80]})") from None
    if any("depth" in entry.message.lower() for entry in parser.error_log):
        raise ArticleUnreadable("the page is nested too deeply")
    walk = _Walk()
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if isinstance(element.tag, str):
            (walk.start if event == "start" else walk.end)(element)
    title = " ".join((root.findtext(".//title") or "").split())
    body = root.find("body")
    types = frozenset[str]() if body is None else _types(body)
    if body is not None and len(body) == 1:
        types |= _types(body[0])
    return Page(walk.blocks.blocks(), title or None, types, walk.linked)
