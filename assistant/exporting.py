"""The articles of an index as JSON lines, which a build reads back as the same articles."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from assistant.articles.fragments import is_html
from assistant.errors import ExportError
from assistant.files import replacing
from assistant.index import Index
from assistant.types import Article

_TOLD_EVERY = 256


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote; `longest` is the bytes of its longest line."""

    articles: int
    longest: int


def line_of(article: Article) -> bytes:
    """A line of JSON, in UTF-8, with every field of the article that there is."""
    fields = article.to_dict() | {"authors": list(article.authors), "text": article.text}
    if is_html(article.text):
        fields["markup"] = False
    kept = {name: value for name, value in fields.items() if value not in (None, "", [])}
    return json.dumps(kept, ensure_ascii=False).encode() + b"\n"


def export(
    index: Index,
    output: BinaryIO | Path,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> Exported:
    """Writes the articles, in the order of their ids, to a stream or, whole or not at all, a file.

    `progress` hears of the stage `exporting`, in articles. Raises ExportError where the file
    cannot be written, or lies in the folder of the index; IndexCorrupt.
    """
    if not isinstance(output, Path):
        return _write(index, output, progress)
    if output.resolve().is_relative_to(index.folder.resolve()):
        raise ExportError(f"{output} is in the folder of the index; name another file")
    try:
        with replacing(output) as file:
            return _write(index, file, progress)
    except OSError as error:
        raise ExportError(
            f"{output} cannot be written ({error.strerror or error}); "
            "check space and permissions, or name another file"
        ) from error


def _write(
    index: Index, stream: BinaryIO, progress: Callable[[str, int, int], None] | None
) -> Exported:
    articles = longest = 0
    for line in map(line_of, _told(index, progress)):
        stream.write(line)
        articles += 1
        longest = max(longest, len(line))
    return Exported(articles, longest)


def _told(index: Index, progress: Callable[[str, int, int], None] | None) -> Iterator[Article]:
    total = index.info.articles
    for number, article in enumerate(index.store.all_articles()):
        if progress is not None and number % _TOLD_EVERY == 0:
            progress("exporting", number, total)
        yield article
    if progress is not None:
        progress("exporting", total, total)
