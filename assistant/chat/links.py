"""A question and its filters as an address of the page, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from urllib.parse import urlencode

from assistant.chat.conversation import Choices, Turn
from assistant.settings import DEFAULT_K, MODES

_MOST_VALUES = 50
_LONGEST_VALUE = 200
MOST_SOURCES = 20
"""How many sources the page lets a reader ask for."""


def address_of(turn: Turn) -> str:
    """The query of the address that restores a turn's question and filters, with its `?`."""
    chosen = turn.choices
    pairs: list[tuple[str, str]] = [("q", turn.question)]
    pairs += [("lang", tag) for tag in chosen.languages or ()]
    pairs += [("outlet", name) for name in chosen.sources or ()]
    for name, value in (
        ("since", chosen.since),
        ("until", chosen.until),
        ("as_of", chosen.as_of),
        ("prefer", chosen.prefer_language),
        ("mode", None if chosen.mode == MODES[0] else chosen.mode),
        ("k", None if chosen.k == DEFAULT_K else str(chosen.k)),
    ):
        if value:
            pairs.append((name, value))
    return "?" + urlencode(pairs, errors="replace")


def choices_of(
    query: Mapping[str, Sequence[str]], *, languages: Sequence[str], sources: Sequence[str]
) -> Choices:
    """The filters that the query of an address names, as far as the index knows their values.

    `query` has all values of each name; `lang=fr,en` is two languages. What cannot be used is
    left out: a link that somebody sent may be of another time.
    """

    def known(name: str, allowed: Sequence[str]) -> tuple[str, ...] | None:
        given = [value for value in query.get(name, ())[:_MOST_VALUES] if value in allowed]
        return tuple(dict.fromkeys(given)) or None

    def one(name: str) -> str | None:
        values = query.get(name, ())
        return values[0][:_LONGEST_VALUE].strip() or None if values else None

    tags = [tag for value in query.get("lang", ())[:_MOST_VALUES] for tag in value.split(",")]
    query = {**query, "lang": tags}
    mode, k, prefer = one("mode"), one("k") or "", one("prefer")
    return Choices(
        k=int(k) if k.isascii() and k.isdigit() and 1 <= int(k) <= MOST_SOURCES else DEFAULT_K,
        mode=mode if mode in MODES else MODES[0],
        languages=known("lang", languages),
        sources=known("outlet", sources),
        since=_day(one("since")),
        until=_day(one("until")),
        as_of=_day(one("as_of")),
        prefer_language=prefer if prefer in languages else None,
    )


def _day(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        return None
