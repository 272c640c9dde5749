"""A page made of what a feed says of it."""

from __future__ import annotations

import html

from assistant.articles.feeds import Entry

_SHORTEST = 400
"""Characters of text from which what a feed says of a page is taken for all of it."""


def entry_page(entry: Entry, url: str) -> bytes | None:
    """The page at `url`, of what the feed has of it; None where that is not all of it."""
    if entry.text is None or not entry.whole or len(entry.text) < _SHORTEST:
        return None
    lines = [
        "<!doctype html>",
        f'<html lang="{html.escape(entry.language)}">' if entry.language else "<html>",
        '<head><meta charset="utf-8">',
        f'<link rel="canonical" href="{html.escape(url)}">',
        f"<title>{html.escape(entry.title or '')}</title>",
        *(f'<meta name="author" content="{html.escape(name)}">' for name in entry.authors),
    ]
    if entry.published:
        moment = html.escape(str(entry.published))
        lines.append(f'<meta property="article:published_time" content="{moment}">')
    text = html.escape(entry.text).replace("\n\n", "</p><p>").replace("\n", "<br>")
    lines.append(f"</head><body><article><p>{text}</p></article></body></html>\n")
    return "\n".join(lines).encode("utf-8", "replace")
