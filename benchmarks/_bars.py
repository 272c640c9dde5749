"""Horizontal bars in groups, as SVG that needs nothing but a browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _LEFT, _BAR, _GAP, _HEAD = 760, 300, 18, 6, 34
_COLOURS = ("#94a3b8", "#a5b4fc", "#818cf8", "#6366f1", "#4f46e5", "#3730a3")
_FONT = "font-family='system-ui, sans-serif' font-size='13'"


@dataclass(frozen=True, slots=True)
class Group:
    """A heading and its bars: labels and values from 0 to 100."""

    heading: str
    values: tuple[tuple[str, float], ...]


def bars(title: str, groups: Sequence[Group]) -> str:
    """The picture of all groups, one below the other, on a white ground."""
    shown: list[str] = []
    y = 2 * _HEAD
    room = _WIDTH - _LEFT - 60
    for group in groups:
        shown.append(
            f"<text x='12' y='{y}' {_FONT} font-weight='600'>{escape(group.heading)}</text>"
        )
        y += 12
        for place, (label, value) in enumerate(group.values):
            middle = y + _BAR - 5
            width = max(1.0, room * value / 100)
            colour = _COLOURS[min(place, len(_COLOURS) - 1)]
            shown.append(
                f"<text x='{_LEFT - 10}' y='{middle}' {_FONT} text-anchor='end'>"
                f"{escape(label)}</text>"
                f"<rect x='{_LEFT}' y='{y}' width='{width:.1f}' height='{_BAR}' fill='{colour}'/>"
                f"<text x='{_LEFT + width + 6:.1f}' y='{middle}' {_FONT}>{value:.1f}</text>"
            )
            y += _BAR + _GAP
        y += _HEAD
    height = y - _HEAD + 16
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {height}' "
        f"width='{_WIDTH}' height='{height}' role='img'><title>{escape(title)}</title>"
        f"<rect width='{_WIDTH}' height='{height}' fill='#ffffff'/>"
        f"<text x='12' y='28' {_FONT} font-weight='700'>{escape(title)}</text>"
        f"{''.join(shown)}</svg>\n"
    )
