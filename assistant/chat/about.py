"""What the panel shows before the first question: the index in numbers, and the keys."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.chat.escaping import html_text
from assistant.chat.languages import language_name
from assistant.types import IndexInfo

_MOST_OUTLETS = 12

_KEYS = (
    (("/",), "write a question"),
    (("Enter",), "ask it"),
    (("Esc",), "leave the box"),
    (("1", "…", "9"), "go to a source"),
    (("j", "k"), "next and previous source"),
    (("c",), "copy the answer with its citations"),
    (("s",), "save the chat as Markdown"),
    (("n",), "new chat"),
    (("d",), "dark or light"),
)


def about_panel(info: IndexInfo) -> str:
    """One line of HTML about the index."""
    days = ""
    if info.first_day and info.last_day:
        days = f"{info.first_day[:10]} to {info.last_day[:10]}"
    facts = (
        ("Articles", f"{info.articles:,}"),
        ("Passages", f"{info.passages:,}"),
        ("Published", days),
        ("Index built", info.built[:16].replace("T", " ")),
        ("Model", info.model),
    )
    rows = "".join(
        f"<div><span>{name}</span><span>{html_text(value)}</span></div>"
        for name, value in facts
        if value
    )
    languages = [(language_name(tag), count) for tag, count in info.languages]
    return (
        '<div class="index">'
        "<h3>The articles</h3>"
        f'<div class="numbers">{rows}</div>'
        f"{_tally('Languages', languages)}"
        f"{_tally('Outlets', info.sources, most=_MOST_OUTLETS)}"
        f"{_keys()}</div>"
    )


def _tally(name: str, counted: Sequence[tuple[str, int]], *, most: int | None = None) -> str:
    if not counted:
        return ""
    items = "".join(
        f"<li><bdi>{html_text(label)}</bdi> <span>{count:,}</span></li>"
        for label, count in counted[:most]
    )
    left = len(counted) - len(counted[:most])
    more = f"<li>and {left:,} more</li>" if left else ""
    return f'<h3>{name} ({len(counted):,})</h3><ul class="tally">{items}{more}</ul>'


def _keys() -> str:
    rows = "".join(
        f"<div><span>{''.join(f'<kbd>{key}</kbd>' for key in keys)}</span><span>{what}</span></div>"
        for keys, what in _KEYS
    )
    return f'<h3>Keys</h3><div class="keys">{rows}</div>'
