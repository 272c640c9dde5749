"""EPUB: an article for each document of the reading order that has a text of its own.

A magazine's issue has a document for each article, a book one for each chapter.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote

from assistant.articles.blocks import joined
from assistant.articles.common import Metadata, make_article, read_metadata
from assistant.articles.containers import Collected, Container, opened
from assistant.articles.properties import (
    first_line,
    people,
    trusted_language,
    useful_title,
    w3c_date,
)
from assistant.articles.source import Source
from assistant.articles.xhtml import Page, parse_page
from assistant.errors import ArticleUnreadable
from assistant.types import Article, Skipped

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGE_TYPES = ("application/xhtml+xml", "text/html", "text/x-oeb1-document", "application/xml")
_FONTS_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Ways to garble fonts: they lock no text."""

_NO_ARTICLE = frozenset(
    "cover title-page titlepage toc copyright-page copyright index loi lot colophon landmarks "
    "page-list dedication".split()
)
"""Types of documents, of EPUB 3 (epub:type) and of EPUB 2 (guide), that hold no article."""

_FEWEST_LETTERS = 150
"""A document with fewer letters is a cover, a title page, a picture with a legend."""

_FEWEST_IDEOGRAPHS = 60
_MOST_LINKED = 0.6
"""Where more of the text than this is links, the document is a table of contents."""


@dataclass(frozen=True, slots=True)
class _Package:
    """What the package document says: the parts in reading order, and the whole's properties."""

    properties: Collected
    spine: tuple[str, ...]
    left_out: frozenset[str]
    labels: dict[str, str]


def _resolve(folder: str, href: str) -> str:
    path = unquote(href.split("#", 1)[0])
    return posixpath.normpath(posixpath.join("/", folder, path)).lstrip("/")


def _tag(name: str) -> str:
    return name.rpartition("}")[2]


def _package_path(container: Container) -> str:
    found = Collected()
    container.parse(_CONTAINER, found, doctype=True)
    for tag, attributes in found.elements:
        path = unquote(attributes.get("full-path", ""))
        if _tag(tag) == "rootfile" and path in container:
            return path
    raise ArticleUnreadable(f"{_CONTAINER} names no package document that is there")


def _labels(container: Container, path: str) -> dict[str, str]:
    """The names that an EPUB 2's table of contents (NCX) gives to documents."""
    found = _Ncx(posixpath.dirname(path))
    try:
        container.parse(path, found, doctype=True)
    except ArticleUnreadable:
        return {}
    return found.labels


class _Ncx:
    def __init__(self, folder: str) -> None:
        self.labels: dict[str, str] = {}
        self._folder = folder
        self._text: list[str] | None = None
        self._label = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _tag(tag)
        if name == "text":
            self._text = []
        elif name == "content" and self._label:
            path = _resolve(self._folder, attributes.get("src", ""))
            self.labels.setdefault(path, self._label)

    def end(self, tag: str) -> None:
        if _tag(tag) == "text" and self._text is not None:
            self._label = " ".join("".join(self._text).split())
            self._text = None

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)


def _package(container: Container) -> _Package:
    path = _package_path(container)
    folder = posixpath.dirname(path)
    found = Collected()
    container.parse(path, found, doctype=True)
    items: dict[str, str] = {}
    spine: list[str] = []
    left_out: set[str] = set()
    ncx = ""
    for tag, attributes in found.elements:
        name, href = _tag(tag), _resolve(folder, attributes.get("href", ""))
        if name == "item":
            media = attributes.get("media-type", "").lower()
            if media == "application/x-dtbncx+xml":
                ncx = href
            elif media in _PAGE_TYPES:
                items[attributes.get("id", "")] = href
                if "nav" in attributes.get("properties", "").split():
                    left_out.add(href)
        elif name == "itemref":
            spine.append(attributes.get("idref", ""))
        elif name == "reference" and attributes.get("type", "").lower() in _NO_ARTICLE:
            left_out.add(href)
    order = dict.fromkeys(items[idref] for idref in spine if idref in items)
    if not order:
        raise ArticleUnreadable("its package document lists nothing to read")
    labels = _labels(container, ncx) if ncx in container else {}
    return _Package(found, tuple(order), frozenset(left_out), labels)


def _check_unlocked(container: Container, spine: tuple[str, ...]) -> None:
    """Raises ArticleUnreadable where the text is encrypted (DRM)."""
    if _ENCRYPTION not in container:
        return
    found = Collected()
    container.parse(_ENCRYPTION, found)
    algorithm = ""
    for tag, attributes in found.elements:
        if _tag(tag) == "EncryptionMethod":
            algorithm = attributes.get("Algorithm", "")
        locked = unquote(attributes.get("URI", "")).lstrip("/") in spine
        if _tag(tag) == "CipherReference" and locked and algorithm not in _FONTS_ONLY:
            raise ArticleUnreadable("its text is encrypted (DRM); only a copy without can be read")


def _says_enough(page: Page) -> bool:
    text = joined(page.blocks)
    letters = sum(c.isalpha() for c in text)
    ideographs = sum("\u3040" <= c <= "\ud7a3" for c in text)
    enough = letters >= _FEWEST_LETTERS or ideographs >= _FEWEST_IDEOGRAPHS
    return enough and page.linked <= _MOST_LINKED * len(text)


def _published(package: _Package) -> date | None:
    dates = [w3c_date(value) for value in package.properties.texts.get("date", [])]
    return next((found for found in dates if found), None)


def _metadata(package: _Package, title: str | None, text: str) -> Metadata:
    texts = package.properties.texts
    whole = useful_title(package.properties.first("title"))
    return read_metadata(
        {
            "title": title or whole,
            "source": whole if title and title != whole else package.properties.first("publisher"),
            "language": trusted_language(package.properties.first("language"), text),
            "published": _published(package),
            "authors": people(texts.get("creator", [])),
        }
    )


def _article(source: Source, package: _Package, pages: list[tuple[str, Page]]) -> Article:
    """The article of one document, or, without a name for it, of all of them together."""
    path, page = pages[0]
    whole = len(pages) > 1
    text = "\n\n".join(joined(page.blocks) for _, page in pages)
    title = None if whole else page.heading or package.labels.get(path) or useful_title(page.title)
    name = source.name if whole else f"{source.name}/{path}"
    fallback = first_line(text, source.stem)
    metadata = _metadata(package, title, text)
    return make_article(metadata, text=text, title=fallback, key=name, path=name)


def read_epub(source: Source) -> Iterator[Article | Skipped]:
    with opened(source, suffix=".epub") as container:
        container.check_kind("an EPUB book (.epub)")
        package = _package(container)
        _check_unlocked(container, package.spine)
        read = 0
        short: list[tuple[str, Page]] = []
        for path in package.spine:
            if path in package.left_out:
                continue
            name = f"{source.name}/{path}"
            try:
                page = parse_page(container.read(path))
            except ArticleUnreadable as error:
                yield Skipped(name, str(error))
                continue
            if page.types & _NO_ARTICLE:
                continue
            if not _says_enough(page):
                short.append((path, page))
                continue
            yield _article(source, package, [(path, page)])
            read += 1
        if read:
            if short:
                shown = ", ".join(path for path, _ in short[:3]) + (", …" if short[3:] else "")
                yield Skipped(source.name, f"parts with too little text are left out: {shown}")
            return
        if not any(page.blocks for _, page in short):
            raise ArticleUnreadable("there is no text")
        yield _article(source, package, short)
