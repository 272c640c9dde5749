"""OpenDocument texts, zipped (.odt) or as one XML file (.fodt)."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.articles.blocks import Block, Blocks, Kind, heading_of, joined
from assistant.articles.common import make_article, read_metadata
from assistant.articles.containers import Collected, opened, parse_xml
from assistant.articles.properties import (
    first_line,
    people,
    trusted_language,
    useful_title,
    w3c_date,
)
from assistant.articles.source import Source
from assistant.errors import ArticleUnreadable
from assistant.types import Article, Skipped

_PREFIX = "urn:oasis:names:tc:opendocument:xmlns:"
_NAMESPACES = {
    f"{_PREFIX}text:1.0": "text",
    f"{_PREFIX}table:1.0": "table",
    f"{_PREFIX}office:1.0": "office",
    f"{_PREFIX}drawing:1.0": "draw",
    f"{_PREFIX}manifest:1.0": "manifest",
}
_SKIPPED = frozenset(
    [
        "text:tracked-changes",
        "text:note-citation",
        "text:ruby-text",
        "text:hidden-text",
        "text:table-of-content",
        "text:alphabetical-index",
        "text:illustration-index",
        "text:table-index",
        "text:object-index",
        "text:user-index",
        "text:bibliography",
        "text:sequence-decls",
        "office:annotation",
        "office:annotation-end",
        "office:forms",
        "office:scripts",
        "office:binary-data",
    ]
)
_ENCRYPTED = "it is locked with a password; save it without one"


def _short(tag: str) -> str:
    """`text:p` of a tag that is known, "" of another."""
    namespace, _, name = tag[1:].partition("}")
    prefix = _NAMESPACES.get(namespace)
    return f"{prefix}:{name}" if prefix else ""


class _Content:
    """The text of a document: its body, with the notes at its end."""

    def __init__(self) -> None:
        self._body = Blocks()
        self._notes: list[Block] = []
        self._taking: list[Blocks] = [self._body]
        self._skipping = 0
        self._in_text = 0
        self._items = 0
        self.body = ""

    def start(self, tag: str, _: dict[str, str]) -> None:
        name = _short(tag)
        if self._skipping or name in _SKIPPED:
            self._skipping += 1
            return
        if name == "office:body":
            self.body = "?"
        elif self.body == "?" and name.startswith("office:"):
            self.body = name
        if name == "office:text":
            self._in_text += 1
        elif not self._in_text:
            return
        blocks = self._taking[-1]
        if name in ("text:p", "text:h"):
            blocks.open_paragraph()
        elif name in ("text:s", "text:tab"):
            blocks.add(" ")
        elif name == "text:line-break":
            blocks.add("\n")
        elif name == "text:list-item":
            self._items += 1
        elif name == "table:table-row":
            blocks.open_row()
        elif name == "table:table-cell":
            blocks.open_cell()
        elif name == "text:note-body":
            self._taking.append(Blocks())

    def end(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        name = _short(tag)
        blocks = self._taking[-1]
        if name == "office:text":
            self._in_text -= 1
        elif name == "text:p":
            blocks.close_paragraph(Kind.ITEM if self._items else Kind.PARAGRAPH)
        elif name == "text:h":
            blocks.close_paragraph(Kind.HEADING)
        elif name == "text:list-item":
            self._items -= 1
        elif name == "table:table-row":
            blocks.close_row()
        elif name == "table:table-cell":
            blocks.close_cell()
        elif name == "text:note-body" and len(self._taking) > 1:
            self._notes.extend(self._taking.pop().blocks())

    def data(self, text: str) -> None:
        if self._in_text and not self._skipping:
            self._taking[-1].add(text.replace("\n", " "))

    def blocks(self) -> list[Block]:
        return [*self._body.blocks(), *self._notes]


class _Both:
    """Takes in a document that is one file: its text and its properties."""

    def __init__(self, content: _Content, meta: Collected) -> None:
        self._content = content
        self._meta = meta
        self._in_meta = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._in_meta or _short(tag) == "office:meta":
            self._in_meta += 1
            self._meta.start(tag, attributes)
        else:
            self._content.start(tag, attributes)

    def end(self, tag: str) -> None:
        if self._in_meta:
            self._in_meta -= 1
            self._meta.end(tag)
        else:
            self._content.end(tag)

    def data(self, text: str) -> None:
        (self._meta if self._in_meta else self._content).data(text)


def read_odt(source: Source) -> Iterator[Article | Skipped]:
    content, meta = _Content(), Collected()
    notes: list[str] = []
    if source.suffix == ".fodt":
        parse_xml(source.read(), _Both(content, meta), name="the file")
    else:
        with opened(source, suffix=".odt") as container:
            container.check_kind("an OpenDocument text (.odt)")
            manifest = Collected()
            if "META-INF/manifest.xml" in container:
                container.parse("META-INF/manifest.xml", manifest, doctype=True)
            if any(_short(tag) == "manifest:encryption-data" for tag, _ in manifest.elements):
                raise ArticleUnreadable(_ENCRYPTED)
            container.parse("content.xml", content)
            try:
                container.parse("meta.xml", meta)
            except ArticleUnreadable as error:
                if "meta.xml" in container:
                    notes.append(f"{error}; left out")
    if content.body != "office:text":
        raise ArticleUnreadable("it is no text document of OpenDocument")
    yield from _article(source, content.blocks(), meta)
    for note in notes:
        yield Skipped(source.name, note)


def _article(source: Source, blocks: list[Block], meta: Collected) -> Iterator[Article | Skipped]:
    text = joined(blocks)
    dates = [
        w3c_date(value) for name in ("creation-date", "date") for value in meta.texts.get(name, ())
    ]
    metadata = read_metadata(
        {
            "title": useful_title(meta.first("title")) or heading_of(blocks),
            "language": trusted_language(meta.first("language"), text),
            "published": next((date for date in dates if date), None),
            "authors": people(meta.texts.get("initial-creator") or meta.texts.get("creator", [])),
        }
    )
    title = first_line(text, source.stem)
    yield make_article(metadata, text=text, title=title, key=source.name, path=source.name)
    for note in metadata.notes:
        yield Skipped(source.name, note)
