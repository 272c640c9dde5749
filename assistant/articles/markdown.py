"""Markdown with YAML front matter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from frontmatter.default_handlers import YAMLHandler

from assistant.articles.common import make_article, read_metadata
from assistant.articles.decoding import decode
from assistant.articles.plain import headline_of
from assistant.articles.source import Source
from assistant.types import Article, Skipped

_FIELD = re.compile(r"\s|#|-|[?:]\s|[\w-]+\s*:")


class _Loader(yaml.SafeLoader):
    """Reads each scalar as text: `no` is a language, and 2023-02-30 costs one field, not all."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _front_matter(text: str) -> tuple[dict[str, Any], str, str | None]:
    """The fields, the text after them, and what was wrong with them."""
    handler = YAMLHandler()
    if not handler.detect(text):
        return {}, text, None
    try:
        block, body = handler.split(text)
    except ValueError:
        return {}, text, None
    try:
        values = handler.load(block, Loader=_Loader)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        reason = str(error).split("\n", 1)[0][:120]
        # What does not even look like fields is text between two lines of dashes.
        fields = all(_FIELD.match(line) for line in block.splitlines() if line)
        note = f"the front matter is not valid YAML ({reason}); left out"
        return ({}, body, note) if fields else ({}, text, None)
    if values is None:
        return {}, body, None
    return (values, body, None) if isinstance(values, dict) else ({}, text, None)


def read_markdown(source: Source) -> Iterator[Article | Skipped]:
    decoded = decode(source.read(), declared=source.encoding)
    values, body, note = _front_matter(decoded.text.strip())
    metadata = read_metadata({str(key): value for key, value in values.items()})
    title = headline_of(body, source.stem)
    yield make_article(metadata, text=body, title=title, key=source.name, path=source.name)
    for reason in filter(None, (decoded.note, note, *metadata.notes)):
        yield Skipped(source.name, reason)
