"""Markdown with YAML front matter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import frontmatter
import yaml

from assistant.articles.common import decode, make_article, read_metadata
from assistant.articles.plain import headline_of
from assistant.types import Article, Skipped


def read_markdown(path: Path, name: str) -> Iterator[Article | Skipped]:
    text = decode(path.read_bytes())
    note = None
    try:
        values, body = frontmatter.parse(text)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        # The text is worth more than its front matter.
        reason = str(error).split("\n", 1)[0][:120]
        note = f"the front matter is not valid YAML ({reason}); the text was kept"
        values, body = {}, text
    if not isinstance(values, dict):
        values = {}
    metadata = read_metadata({str(key): value for key, value in values.items()})
    title = headline_of(body, path.stem)
    yield make_article(metadata, text=body, title=title, key=name, path=name)
    for reason in ([note] if note else []) + list(metadata.notes):
        yield Skipped(name, reason)
