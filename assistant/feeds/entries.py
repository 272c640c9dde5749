"""What a feed says of the pages that it names."""

from __future__ import annotations

import html
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """What a feed says of a page. `published` is a UTC time, `content` HTML, as foreign as any.

    `content` is None where the feed has a summary at most.
    """

    link: str | None
    title: str
    author: str | None = None
    published: str | None = None
    language: str | None = None
    content: str | None = None

    def page(self, url: str) -> bytes:
        """The page of the entry made of what the feed has of it. `content` must be there."""
        meta = {"author": self.author, "article:published_time": self.published}
        lines = [
            "<!doctype html>",
            f'<html lang="{html.escape(self.language)}">' if self.language else "<html>",
            '<head><meta charset="utf-8">',
            f'<link rel="canonical" href="{html.escape(url)}">',
            f"<title>{html.escape(self.title)}</title>",
            *(
                f'<meta {"property" if ":" in name else "name"}="{name}" '
                f'content="{html.escape(value)}">'
                for name, value in meta.items()
                if value
            ),
            "</head><body><article>",
            self.content or "",
            "</article></body></html>\n",
        ]
        return "\n".join(lines).encode("utf-8", "replace")
