"""A page without scripts that shows one whole article, so that every quote can be checked."""

from __future__ import annotations

from assistant.chat.escaping import display_text, html_text
from assistant.chat.render import article_facts, marked
from assistant.chat.wording import Wording
from assistant.types import Article


def article_page(
    article: Article, words: Wording, *, start: int | None = None, end: int | None = None
) -> str:
    """The article as a page of its own; `start` and `end` mark a span of the text."""
    spans = [] if start is None or end is None else [(start, end)]
    text = marked(article.text, spans, lines=True).replace("<mark>", '<mark id="sentence">', 1)
    language = html_text(article.language)
    authors = ", ".join(f"<bdi>{html_text(author)}</bdi>" for author in article.authors)
    body = (
        f'<h1 dir="auto" lang="{language}">{html_text(article.title)}</h1>\n'
        f"{article_facts(article, words)}\n"
        + (f'<div class="facts">{authors}</div>\n' if authors else "")
        + f'<div class="text" dir="auto" lang="{language}">{text}</div>\n'
    )
    return _page(
        display_text(article.title), f"<main>\n<article>\n{body}</article>\n</main>", words
    )


def message_page(message: str, words: Wording) -> str:
    """A page that shows one message in place of an article."""
    return _page(words.say("reading"), f"<main>\n<p>{html_text(message)}</p>\n</main>", words)


def _page(title: str, body: str, words: Wording) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="{words.tag}" dir="{words.direction}">\n'
        '<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html_text(title)}</title>\n"
        '<link rel="stylesheet" href="../reading.css">\n'
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
