"""The paragraphs, lists and tables of a document, taken in one by one, as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

_SPACES = re.compile(r"[ \t\r\f\v]+")
_AROUND_BREAK = re.compile(r" *\n[ \n]*")
_LONGEST_CELL = 200
"""A longer cell is no entry of a table: tables also lay out pages."""


class Kind(Enum):
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ITEM = "item"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Block:
    text: str
    kind: Kind


class Blocks:
    """Builds up a text. Paragraphs may lie within one another, as text boxes do, and in tables."""

    def __init__(self) -> None:
        self._flows: list[list[Block]] = [[]]
        self._rows: list[list[list[Block]]] = []
        self._paragraphs: list[list[str]] = []

    @property
    def in_paragraph(self) -> bool:
        return bool(self._paragraphs)

    def open_paragraph(self) -> None:
        self._paragraphs.append([])

    def add(self, text: str) -> None:
        """Text of the innermost paragraph; what stands outside all of them is layout."""
        if self._paragraphs:
            self._paragraphs[-1].append(text)

    def close_paragraph(self, kind: Kind = Kind.PARAGRAPH) -> None:
        if self._paragraphs:
            text = _SPACES.sub(" ", "".join(self._paragraphs.pop()).replace("\u00ad", ""))
            text = _AROUND_BREAK.sub("\n", text).strip()
            if text:
                self._flows[-1].append(Block(text, kind))

    def drop_paragraph(self) -> None:
        if self._paragraphs:
            self._paragraphs.pop()

    def open_row(self) -> None:
        self._rows.append([])

    def open_cell(self) -> None:
        self._flows.append([])

    def close_cell(self) -> None:
        if len(self._flows) > 1:
            cell = self._flows.pop()
            if self._rows:
                self._rows[-1].append(cell)
            else:
                self._flows[-1].extend(cell)

    def close_row(self) -> None:
        if not self._rows:
            return
        cells = [cell for cell in self._rows.pop() if cell]
        entries = all(len(cell) == 1 and len(cell[0].text) <= _LONGEST_CELL for cell in cells)
        if len(cells) > 1 and entries:
            text = " | ".join(cell[0].text.replace("\n", " ") for cell in cells)
            self._flows[-1].append(Block(text, Kind.ROW))
        else:
            for cell in cells:
                self._flows[-1].extend(cell)

    def blocks(self) -> list[Block]:
        """What has been closed, with what a document that ends too early left open."""
        while self._paragraphs:
            self.close_paragraph()
        while len(self._flows) > 1:
            self.close_cell()
        while self._rows:
            self.close_row()
        return self._flows[0]


def joined(blocks: list[Block]) -> str:
    """Blocks as text: an empty line between them, none between items and between rows."""
    parts: list[str] = []
    before: Kind | None = None
    for block in blocks:
        if before is not None:
            close = block.kind is before and before in (Kind.ITEM, Kind.ROW)
            parts.append("\n" if close else "\n\n")
        parts.append(block.text)
        before = block.kind
    return "".join(parts)


def heading_of(blocks: list[Block]) -> str | None:
    """The first heading, on one line."""
    found = next((block.text for block in blocks if block.kind is Kind.HEADING), None)
    return found and " ".join(found.split())
