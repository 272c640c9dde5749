"""Has a feed parsed in a process of its own."""

from __future__ import annotations

import json
import subprocess

from assistant.articles.feeds import Entry
from assistant.errors import FetchError
from assistant.processes import python_command

MAX_BYTES = 5_000_000
"""Bytes of a feed; its parser takes seconds for each megabyte."""

_SECONDS = 30.0
_MEMORY = 2_000_000_000


def read_feed(
    data: bytes, *, url: str, charset: str = "", seconds: float = _SECONDS
) -> tuple[Entry, ...]:
    """The entries of a feed in its order, their times in ISO 8601.

    Relative links are taken from `url`; `charset` is what the server says, if anything. Raises
    FetchError for what is no feed, declares types or entities, or takes too long.
    """
    if len(data) > MAX_BYTES:
        raise FetchError(f"the feed is larger than {MAX_BYTES:,} bytes")
    told = json.dumps({"url": url, "charset": charset, "memory": _MEMORY})
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and arguments, not options
            python_command("assistant.feeds.parsing:run_here", told),
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=True,
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise FetchError(f"the feed takes more than {seconds:g} seconds to parse") from None
    except (subprocess.CalledProcessError, ValueError):
        raise FetchError("the feed cannot be parsed") from None
    if "error" in answer:
        raise FetchError(answer["error"])
    return tuple(
        Entry(**{**values, "authors": tuple(values["authors"])}) for values in answer["entries"]
    )
