"""Which reader reads which type of file, and which of them run in a process of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assistant.articles.html import read_html, read_mhtml
from assistant.articles.jsonlines import read_jsonlines
from assistant.articles.markdown import read_markdown
from assistant.articles.plain import read_plain
from assistant.articles.source import Source
from assistant.errors import ArticleUnreadable
from assistant.types import Article, Skipped

Reader = Callable[[Source], Iterator[Article | Skipped | Source]]
"""Reads a source; what it yields as sources is read in turn, while the archive is open.

Raises ArticleUnreadable, and OSError, for what it cannot read any further.
"""


@dataclass(frozen=True, slots=True)
class Format:
    """A type of file. `apart`: its parser is not ours, and may hang, crash or take all memory."""

    read: Reader
    apart: bool = True


READERS: dict[str, Format] = {
    ".htm": Format(read_html),
    ".html": Format(read_html),
    ".jsonl": Format(read_jsonlines, apart=False),
    ".markdown": Format(read_markdown, apart=False),
    ".md": Format(read_markdown, apart=False),
    ".mht": Format(read_mhtml),
    ".mhtml": Format(read_mhtml),
    ".shtml": Format(read_html),
    ".txt": Format(read_plain, apart=False),
    ".xhtml": Format(read_html),
}
"""By suffix, in lower case."""


def format_of(source: Source) -> Format:
    """The format that the name tells. Raises ArticleUnreadable for one that is not read."""
    known = READERS.get(source.suffix)
    if known is None:
        kinds = ", ".join(sorted(READERS))
        raise ArticleUnreadable(
            f"files of the type {source.suffix or 'none'} are not read ({kinds} are)"
        )
    return known


def read_source(source: Source) -> Iterator[Article | Skipped]:
    """The articles of a source and of all that it holds, and what of it could not be used.

    Never raises for its content. MemoryError passes.
    """
    try:
        for item in format_of(source).read(source):
            if not isinstance(item, Source):
                yield item
            elif item.depth > item.limits.depth:
                levels = item.limits.depth
                yield Skipped(item.name, f"it lies within more than {levels} archives")
            else:
                yield from read_source(item)
    except ArticleUnreadable as error:
        yield Skipped(source.name, str(error))
    except OSError as error:
        yield Skipped(source.name, f"the file cannot be read ({error.strerror or error})")
    except RecursionError:
        yield Skipped(source.name, "it is nested too deeply")
