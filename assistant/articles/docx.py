"""Word documents: the text as it stands with all changes accepted, without comments.

The XML is read as a stream: python-docx builds the whole tree (3.9 s and 460 MB for a bomb of
150 MB), and passes over inserted text, text boxes and notes.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from assistant.articles.blocks import Block, Blocks, Kind, heading_of, joined
from assistant.articles.common import make_article, read_metadata
from assistant.articles.containers import Collected, Container, Handler, opened
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

_NAMESPACES = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
)
_OFFICE_DOCUMENT = "/relationships/officeDocument"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_TEMPLATE_DATE = "2013-12-23T23:15:00Z"
"""What python-docx's template brings says nothing of the document."""

_SKIPPED = frozenset(("del", "moveFrom", "rt", "instrText", "delText"))
_NOTES = frozenset(("footnote", "endnote"))
_BREAKS = frozenset(("br", "cr"))
_OFF = frozenset(("0", "false", "off", "none"))


def _local(tag: str) -> str | None:
    """The name of an element of a Word document; None for one of another namespace."""
    namespace, _, name = tag[1:].partition("}")
    return name if namespace in _NAMESPACES else None


def _value(attributes: dict[str, str], name: str = "val") -> str:
    keys = (f"{{{namespace}}}{name}" for namespace in _NAMESPACES)
    return next((attributes[key] for key in keys if key in attributes), "")


class _Styles:
    """What a paragraph's style makes of it: `title`, `heading 1`, `toc 2` by the style's id."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._style = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag)
        if name == "style":
            self._style = _value(attributes, "styleId")
        elif name == "name" and self._style:
            self.names.setdefault(self._style, _value(attributes).lower())

    def end(self, tag: str) -> None:
        if _local(tag) == "style":
            self._style = ""

    def data(self, _: str) -> None:
        return None


class _Document:
    """The text of a part: of the document itself, of its footnotes or its endnotes."""

    def __init__(self, styles: dict[str, str]) -> None:
        self.blocks = Blocks()
        self._styles = styles
        self._skipping = 0
        self._in_text = False
        self._hidden = False
        self._dropping: list[bool] = []
        self._kinds: list[Kind | None] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag)
        if self._skipping or name in _SKIPPED or tag == _FALLBACK or self._is_left_out(name):
            self._skipping += 1
        elif name is None:
            return
        elif name in _NOTES and _value(attributes, "type"):
            # The line between the text and its notes.
            self._skipping += 1
        elif name == "p":
            self.blocks.open_paragraph()
            self._kinds.append(Kind.PARAGRAPH)
        elif name == "t":
            self._in_text = not self._hidden
        elif name in _BREAKS:
            self.blocks.add("\n")
        elif name in ("tab", "ptab"):
            self.blocks.add(" ")
        elif name == "noBreakHyphen":
            self.blocks.add("\u2011")
        elif name == "tr":
            self.blocks.open_row()
        elif name == "tc":
            self.blocks.open_cell()
        elif name == "sdt":
            self._dropping.append(False)
        else:
            self._take_property(name, attributes)

    def _is_left_out(self, name: str | None) -> bool:
        return name == "sdtContent" and bool(self._dropping) and self._dropping[-1]

    def _take_property(self, name: str, attributes: dict[str, str]) -> None:
        if name == "r":
            self._hidden = False
        elif name in ("vanish", "webHidden"):
            # Of a paragraph's mark, too: that is undone where its next run starts.
            self._hidden = _value(attributes).lower() not in _OFF
        elif name == "pStyle" and self._kinds:
            style = self._styles.get(_value(attributes), _value(attributes).lower())
            if style.startswith("toc"):
                self._kinds[-1] = None
            elif style.startswith(("heading", "title")):
                self._kinds[-1] = Kind.HEADING
            elif style.startswith("list"):
                self._kinds[-1] = Kind.ITEM
        elif name == "numPr" and self._kinds and self._kinds[-1] is Kind.PARAGRAPH:
            self._kinds[-1] = Kind.ITEM
        elif name == "showingPlcHdr" and self._dropping:
            self._dropping[-1] = True
        elif name == "docPartGallery" and self._dropping:
            self._dropping[-1] = "table of contents" in _value(attributes).lower()

    def end(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        name = _local(tag)
        if name == "t":
            self._in_text = False
        elif name == "p" and self._kinds:
            kind = self._kinds.pop()
            if kind is None:
                self.blocks.drop_paragraph()
            else:
                self.blocks.close_paragraph(kind)
        elif name == "tc":
            self.blocks.close_cell()
        elif name == "tr":
            self.blocks.close_row()
        elif name == "r":
            self._hidden = False
        elif name == "sdt" and self._dropping:
            self._dropping.pop()

    def data(self, text: str) -> None:
        if self._in_text and not self._skipping:
            self.blocks.add(text)


def _related(container: Container, part: str) -> dict[str, str]:
    """The parts that a part (or the document, "") refers to, by the end of their type."""
    folder, name = posixpath.split(part)
    path = posixpath.join(folder, "_rels", f"{name}.rels")
    if path not in container:
        return {}
    collected = Collected()
    container.parse(path, collected)
    found: dict[str, str] = {}
    for tag, attributes in collected.elements:
        target = attributes.get("Target", "")
        if tag.endswith("}Relationship") and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found.setdefault(attributes.get("Type", "").rpartition("/relationships/")[2], target)
    return found


def _parse_optional(
    container: Container, part: str | None, handler: Handler, notes: list[str]
) -> None:
    """Reads a part whose damage costs itself, not the text."""
    if part and part in container:
        try:
            container.parse(part, handler)
        except ArticleUnreadable as error:
            notes.append(f"{error}; left out")


def read_docx(source: Source) -> Iterator[Article | Skipped]:
    notes: list[str] = []
    with opened(source, suffix=".docx") as container:
        roots = _related(container, "")
        part = roots.get("officeDocument", "word/document.xml")
        if not part.startswith("word/") or part not in container:
            container.check_kind("a Word document (.docx)")
        parts = _related(container, part)
        styles = _Styles()
        _parse_optional(container, parts.get("styles"), styles, notes)
        document = _Document(styles.names)
        container.parse(part, document)
        blocks = document.blocks.blocks()
        for kind in ("footnotes", "endnotes"):
            below = _Document(styles.names)
            _parse_optional(container, parts.get(kind), below, notes)
            blocks.extend(below.blocks.blocks())
        core = Collected()
        _parse_optional(container, roots.get("metadata/core-properties"), core, notes)
    yield from _article(source, blocks, core)
    for note in notes:
        yield Skipped(source.name, note)


def _article(source: Source, blocks: list[Block], core: Collected) -> Iterator[Article | Skipped]:
    text = joined(blocks)
    creators = core.texts.get("creator", [])
    written = [*core.texts.get("created", []), *core.texts.get("modified", [])]
    dates = [w3c_date(value) for value in written if value != _TEMPLATE_DATE]
    metadata = read_metadata(
        {
            "title": useful_title(core.first("title")) or heading_of(blocks),
            "language": trusted_language(core.first("language"), text),
            "published": next((date for date in dates if date), None),
            "authors": people(creators),
        }
    )
    title = first_line(text, source.stem)
    yield make_article(metadata, text=text, title=title, key=source.name, path=source.name)
    for note in metadata.notes:
        yield Skipped(source.name, note)
