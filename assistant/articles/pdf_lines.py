"""Pieces of text as a PDF places them on its pages, put together to lines and pages."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

_LATIN_LIGATURES = range(0xFB00, 0xFB07)
_RADICALS = range(0x2F00, 0x2FD6)
_MORE_RADICALS = dict(
    zip(
        map(ord, "⺟⺠⻁⻄⻅⻆⻉⻋⻑⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰⻳"),
        "母民虎西见角贝车長长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙龟",
        strict=True,
    )
)
"""Radicals have the glyphs of characters, and programs that go by glyphs write them instead."""

_BULLETS = {0xF0B7: "•", 0xF0A7: "•", 0xF0D8: "•"}
"""What the fonts Symbol and Wingdings draw in front of items."""

_FIXED: dict[int, str | None] = {
    **{n: unicodedata.normalize("NFKC", chr(n)) for n in (*_LATIN_LIGATURES, *_RADICALS)},
    **_MORE_RADICALS,
    **_BULLETS,
    **dict.fromkeys((0xFEFF, 0x200B)),
}
_ARABIC_FORMS = re.compile("[\ufb50-\ufbb1\ufbd3-\ufd3d\ufd50-\ufdc7\ufe70-\ufefc]+")
"""Letters as they are drawn in words. The ligatures for whole phrases are left as they are."""

RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LEFT_TO_RIGHT = re.compile(
    "[^\\W_\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]|[\u0660-\u0669\u06f0-\u06f9]"
)
_SPACES = re.compile(r"[ \t\x0b\x0c\r\u2028\u2029]+")
_LOOSE_MARK = re.compile(r" ([.,:;!?،؛؟])(?=\s|$)")
_NUMBER = re.compile(r"\d+")
_EDGE_LINES = 4
_OFTEN = 0.45
"""The share of pages on which a running title stands: those of left and right pages alternate."""

_FEWEST_PAGES = 3
_SAME_HEIGHT = 6.0
"""Points. A running title stands at the same height on each page."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text and where it starts, in points from the page's lower left corner."""

    text: str
    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page. `broken` tells that it ends in white space: no word goes on after it."""

    text: str
    x: float
    y: float
    size: float
    broken: bool = False


def fixed_letters(text: str) -> str:
    """`text` with letters where a font draws ligatures and forms of letters."""
    text = text.translate(_FIXED)
    return _ARABIC_FORMS.sub(
        lambda found: unicodedata.normalize("NFKC", found.group()).replace(" ", ""), text
    )


def _ordered(pieces: list[Piece]) -> str:
    """The text of a line in the order of reading: its pieces come from left to right."""
    right = sum(len(RIGHT_TO_LEFT.findall(piece.text)) for piece in pieces)
    left = sum(len(_LEFT_TO_RIGHT.findall(piece.text)) for piece in pieces)
    if right <= left:
        return "".join(piece.text for piece in pieces)
    ordered: list[str] = []
    run: list[str] = []
    for place in sorted(range(len(pieces)), key=lambda n: (-pieces[n].x, -n)):
        text = pieces[place].text
        if not RIGHT_TO_LEFT.search(text) and (run or _LEFT_TO_RIGHT.search(text)):
            run.append(text)
        else:
            ordered += [_foreign(run), text]
            run = []
    return "".join([*ordered, _foreign(run)])


def _foreign(run: list[str]) -> str:
    """Pieces of a left-to-right phrase in a line that is read from the right."""
    text = "".join(reversed(run))
    # The space on its left is before what is read next.
    return text.lstrip() + " " if text[:1].isspace() else text


def _line(pieces: list[Piece]) -> Line | None:
    pieces = [piece for piece in pieces if piece.text]
    written = [piece for piece in pieces if piece.text.strip()]
    if not written:
        return None
    sizes: Counter[float] = Counter()
    for piece in written:
        sizes[round(piece.size, 1)] += len(piece.text)
    first = written[0]
    whole = _SPACES.sub(" ", fixed_letters(_ordered(pieces)))
    if RIGHT_TO_LEFT.search(whole):
        whole = _LOOSE_MARK.sub(r"\1", whole)
    if not whole.strip():
        return None
    size = max(sizes, key=lambda one: (sizes[one], one))
    return Line(whole.strip(), first.x, first.y, size, broken=whole.endswith(" "))


def lines_of(pieces: Sequence[Piece]) -> list[Line]:
    """The lines that pieces make, which end where a piece has a line feed."""
    lines: list[Line] = []
    held: list[Piece] = []
    for piece in pieces:
        parts = piece.text.split("\n")
        for number, part in enumerate(parts):
            if number:
                line = _line(held)
                held = []
                if line:
                    lines.append(line)
            held.append(replace(piece, text=part))
    line = _line(held)
    return [*lines, line] if line else lines


def _key(line: Line, page: int, pages: int) -> tuple[str, int]:
    """A line without what differs from page to page, its numbers, and how high it stands.

    Of two pages it is the page's own number alone that may differ.
    """
    text = " ".join(line.text.split()).casefold()
    if pages >= _FEWEST_PAGES:
        text = _NUMBER.sub("#", text)
    else:
        text = re.sub(rf"(?<!\d){page + 1}(?!\d)", "#", text)
    return text, round(line.y / _SAME_HEIGHT)


def without_running_titles(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Pages without the lines at their edges that most pages have, but for their numbers."""
    count = sum(map(bool, pages))
    if count < 2:
        return [list(lines) for lines in pages]
    needed = max(min(count, _FEWEST_PAGES), _OFTEN * count)
    keys = [[_key(line, number, count) for line in page] for number, page in enumerate(pages)]
    seen = Counter(key for page in keys for key in {*page[:_EDGE_LINES], *page[-_EDGE_LINES:]})
    kept: list[list[Line]] = []
    for page, page_keys in zip(pages, keys, strict=True):
        repeated = [seen[key] >= needed for key in page_keys]
        start, end = 0, len(page)
        while start < min(end, _EDGE_LINES) and repeated[start]:
            start += 1
        while end > max(start, len(page) - _EDGE_LINES) and repeated[end - 1]:
            end -= 1
        kept.append(list(page[start:end]))
    # Pages that are all alike have no titles: that is their text.
    return kept if any(kept) else [list(lines) for lines in pages]
