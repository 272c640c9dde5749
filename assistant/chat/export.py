"""A chat as text to paste and as Markdown to save."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answers import Answer
from assistant.chat.conversation import Turn
from assistant.markup import display_text, web_link
from assistant.types import Article


def plain_text(turns: Sequence[Turn]) -> str:
    """The newest answer with its citations, for the clipboard; empty where there is none."""
    answered = [turn.answer for turn in turns if turn.answer is not None]
    if not answered:
        return ""
    answer = answered[-1]
    lines = [display_text(answer.question), "", display_text(answer.text)]
    if answer.found:
        lines.append("")
    lines += [
        f"[{number}] " + ", ".join(map(display_text, _reference(article)))
        for number, article in _cited(answer)
    ]
    return "\n".join(lines) + "\n"


def markdown(turns: Sequence[Turn]) -> str:
    """Every answered turn, the oldest first; empty where there is none."""
    # Without the question's language: the library that tells it takes long to load, and the
    # chat writes this text with every answer.
    return "\n".join(turn.answer.markdown() for turn in turns if turn.answer is not None)


def _cited(answer: Answer) -> list[tuple[int, Article]]:
    if not answer.found:
        return []
    return sorted({c.number: c.article for c in answer.citations}.items())


def _reference(article: Article) -> list[str]:
    day = article.published[:10] if article.published else None
    parts = [article.title, article.source, day, article.language, web_link(article.url)]
    return [part for part in parts if part]
