"""A page of the web as a file: its own bytes, with what only its server knew added to them."""

from __future__ import annotations

import html
import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

import regex

from assistant.articles.decoding import decode
from assistant.errors import ArticleUnreadable, FetchError
from assistant.file_names import safe_stem
from assistant.markup import display_text, web_link

_HTML = ".html"
_TEXT = ".md"
_SUFFIXES = {
    "text/html": _HTML,
    "application/xhtml+xml": _HTML,
    "text/plain": _TEXT,
    "text/markdown": _TEXT,
    "application/pdf": ".pdf",
    "application/epub+zip": ".epub",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}
_BY_NAME = {suffix: suffix for suffix in _SUFFIXES.values()} | {
    ".htm": _HTML,
    ".xhtml": _HTML,
    ".txt": _TEXT,
    ".markdown": _TEXT,
}
_UNSAID = ("", "application/octet-stream", "binary/octet-stream")

ACCEPT = "text/html, application/xhtml+xml, text/plain;q=0.8, application/pdf;q=0.8, */*;q=0.1"
ACCEPT_FEED = "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.1"

_LONGEST_HEAD = 200_000
"""Characters of a page in which its head is looked for."""

_ENDING = regex.compile(r"\.[A-Za-z]{2,5}\Z")
_LINE_END = regex.compile(r"\n")
_XML_ENCODING = regex.compile(r"""encoding\s*=\s*["']([\w.:-]+)""")


@dataclass(frozen=True, slots=True)
class PageFile:
    """What a page is kept as. `note` says what was not clear about it, if anything."""

    name: str
    content: bytes
    note: str | None = None


def suffix_for(url: str, media_type: str, readable: Collection[str]) -> str:
    """The ending of the file of a page. Raises FetchError for a type that is not read."""
    path = urlsplit(url).path.lower()
    suffix = _SUFFIXES.get(media_type)
    if suffix is None and media_type in _UNSAID:
        suffix = _BY_NAME.get(PurePosixPath(path).suffix)
        if suffix is None and not media_type:
            suffix = _HTML
    if suffix is None or suffix not in readable:
        said = " ".join(display_text(media_type).split())[:60] or "of no type"
        if media_type.endswith("xml"):
            raise FetchError(f"it is {said}, no page; if it is a feed, give it with --feed")
        raise FetchError(f"it is {said}, which is not read")
    return suffix


def page_file(url: str, suffix: str, charset: str, body: bytes) -> PageFile:
    """The file of a page that was fetched from `url`, with the charset that its server says.

    A page of HTML is told its address by a canonical link at the start of its head, and text by
    front matter. Where the encoding is certain the file is UTF-8, else its bytes are as they
    were sent. Other types are kept as they are.
    """
    name = file_stem(url) + suffix
    if suffix not in (_HTML, _TEXT):
        return PageFile(name, body)
    text, note = _decoded(body, charset)
    if suffix == _HTML:
        return PageFile(name, _told_its_address(url, text, body), note)
    front = f"---\nurl: {json.dumps(url)}\n---\n\n".encode()
    return PageFile(name, front + (body if text is None else text.encode()), note)


def file_stem(url: str) -> str:
    """A name for the file of an address: its host and the last part of its path."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    last = _ENDING.sub("", unquote(PurePosixPath(parts.path).name, errors="replace"))
    return safe_stem(f"{host} {last}".strip().replace("/", "-"))


def _decoded(body: bytes, charset: str) -> tuple[str | None, str | None]:
    """The text, or None where a reader has to find out its encoding; and a note."""
    named = f"the encoding {display_text(charset)[:40]!r} that was named"
    note = f"the page is not in {named}; it is looked for" if charset else None
    try:
        found = decode(body, declared=charset)
    except ArticleUnreadable:
        return None, note
    if found.note is not None and (found.encoding != "utf-8" or found.repaired):
        return None, note
    # Decoded again, because a page keeps its ends of lines.
    return body.decode(found.encoding).removeprefix("\ufeff"), None


class _Head(HTMLParser):
    """Finds where the head of a page begins, its canonical link and the encodings it names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.canonical: str | None = None
        self.encodings: list[str] = []
        self.start: int | None = None
        self._lines = [0, *(found.end() for found in _LINE_END.finditer(text))]
        self._before = 0
        self._in_body = False
        # What was found before the parser gave up is of use.
        with suppress(AssertionError, ValueError):
            self.feed(text)

    @property
    def place(self) -> int:
        """Where something can be put into the head."""
        return self._before if self.start is None else self.start

    def _here(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_decl(self, decl: str) -> None:
        if self.start is None:
            self._before = self._here() + len(decl) + len("<!>")

    def handle_pi(self, data: str) -> None:
        if self.start is None and (named := _XML_ENCODING.search(data)):
            self.encodings.append(named[1].lower())
        if self.start is None:
            self._before = self._here() + len(data) + len("<?>")

    def handle_data(self, data: str) -> None:
        if self.start is None and data.strip():
            self.start = self._here()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.start is None:
            here = self._here()
            after = here + len(self.get_starttag_text() or "")
            if tag == "html":
                self._before = after
            else:
                self.start = after if tag == "head" else here
        self._in_body = self._in_body or tag == "body"
        if self._in_body:
            return
        values = {name: value or "" for name, value in reversed(attrs)}
        if tag == "link" and "canonical" in values.get("rel", "").lower().split():
            self.canonical = self.canonical or values.get("href", "").strip()
        if tag == "meta":
            _, _, named = values.get("content", "").lower().partition("charset=")
            said = values.get("charset") or (named if "http-equiv" in values else "")
            if said:
                self.encodings.append(said.strip(" \"';").lower())


def _told_its_address(url: str, text: str | None, body: bytes) -> bytes:
    # Latin-1 takes any byte and gives it back.
    page = body.decode("latin-1") if text is None else text
    head = _Head(page[:_LONGEST_HEAD])
    address = html.escape(_canonical(url, head.canonical))
    added = f'<!-- added when it was fetched: --><link rel="canonical" href="{address}"/>'
    if text is None:
        return (page[: head.place] + added + "\n" + page[head.place :]).encode("latin-1")
    added += '<meta charset="utf-8"/>\n'
    whole = page[: head.place] + added + page[head.place :]
    # A byte order mark goes before all that a page says of its encoding.
    agreed = all(name in ("utf-8", "utf8") for name in head.encodings)
    return (b"" if agreed else b"\xef\xbb\xbf") + whole.encode()


def _canonical(url: str, said: str | None) -> str:
    """The address that a page gives itself, where it is believable, else that it came from.

    A page may speak for its own site only, and not for the front page, which many name by
    mistake on every page.
    """
    if not said:
        return url
    try:
        own = urljoin(url, said)
        there, here = urlsplit(own), urlsplit(url)
        same = (there.hostname or "").removeprefix("www.") == (here.hostname or "").removeprefix(
            "www."
        )
        same = same and there.port == here.port
    except ValueError:
        return url
    front = there.path in ("", "/") and not there.query and here.path not in ("", "/")
    return own if same and not front and web_link(own) and own.isascii() else url
