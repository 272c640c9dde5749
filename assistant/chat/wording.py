"""Counts, lists, days and filters in plain English, not yet escaped."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.answers import Answer, Searched
from assistant.chat.languages import language_name
from assistant.types import Filters

_MOST_LANGUAGES = 8


def count(number: int, noun: str) -> str:
    """`1 article`, `1,200 articles`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def listed(names: Iterable[str], word: str) -> str:
    """`a, b and c`, where `word` is "and"; there is at least one name."""
    *most, last = names
    return f"{', '.join(most)} {word} {last}" if most else last


def days(first: str | None, last: str | None) -> str:
    """`on` a day, or `from` one `to` another; empty where one of them is not known."""
    if first is None or last is None:
        return ""
    first, last = first[:10], last[:10]
    return f"on {first}" if first == last else f"from {first} to {last}"


def milliseconds(seconds: float) -> str:
    """`1,250 ms`, and 1 ms for all that is shorter."""
    return f"{max(1, round(seconds * 1000)):,} ms"


def searched_articles(answer: Answer) -> str:
    """How many articles an answer's search could find, and what the filters were."""
    total = count(answer.index.articles, "article")
    if not answer.filters:
        return total
    return f"{answer.searched.articles:,} of {total} ({_filtered(answer.filters)})"


def _filtered(filters: Filters) -> str:
    parts = []
    if filters.languages is not None:
        parts.append("in " + listed(map(language_name, filters.languages), "or"))
    if filters.sources is not None:
        parts.append("by " + listed(filters.sources, "or"))
    if filters.since is not None:
        parts.append(f"from {filters.since} on")
    if filters.until is not None:
        parts.append(f"until {filters.until}")
    return ", ".join(parts)


def extent(searched: Searched) -> str:
    """In which languages and of which days the searched articles are; empty without any."""
    names = [f"{language_name(tag)} ({number:,})" for tag, number in searched.languages]
    left = len(names) - _MOST_LANGUAGES
    if left > 1:
        names = [*names[:_MOST_LANGUAGES], count(left, "more language")]
    published = days(searched.first_day, searched.last_day)
    parts = [listed(names, "and") if names else "", published and f"published {published}"]
    return ", ".join(part for part in parts if part)
