"""Parses a feed; runs in a process of its own, because a hostile feed takes its parser long."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from assistant.articles.feeds import Entry, feed_entries
from assistant.errors import ArticleUnreadable, FetchError
from assistant.processes import confine


def parse_feed(data: bytes, *, url: str, charset: str = "") -> tuple[Entry, ...]:
    """The entries of a feed in its order, their times in ISO 8601.

    Relative links are taken from `url`; `charset` is what the server says, if anything. Raises
    FetchError for what is no feed, or declares types or entities.
    """
    try:
        entries, _ = feed_entries(data, encoding=charset or None, doctype=False)
    except ArticleUnreadable as error:
        raise FetchError(
            f"it is no RSS or Atom feed that can be read ({error}); add pages without --feed"
        ) from error
    return tuple(_from(url, entry) for entry in entries)


def _from(url: str, entry: Entry) -> Entry:
    link, moment = (entry.url or "").strip(), entry.published
    if link:
        # What is no address is refused when it is fetched.
        with suppress(ValueError):
            link = urljoin(url, link)
    if isinstance(moment, datetime):
        moment = moment.isoformat(timespec="seconds")
    return replace(entry, url=link or None, published=moment)


def run_here(told: str) -> None:
    """What the process does: a feed on its standard input, its entries as JSON on the output.

    `told` is JSON with the `url`, the `charset` and the `memory` in bytes that may be taken.
    """
    values = json.loads(told)
    confine(memory_bytes=values["memory"])
    try:
        entries = parse_feed(sys.stdin.buffer.read(), url=values["url"], charset=values["charset"])
        answer: dict[str, Any] = {"entries": [asdict(entry) for entry in entries]}
    except FetchError as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer))
