"""A chat as text to paste and as Markdown to save."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.chat.conversation import Turn
from assistant.chat.escaping import display_text, markdown_text, web_link
from assistant.types import Answer, Article


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
    sections = [_section(turn.answer) for turn in turns if turn.answer is not None]
    return "\n".join(sections)


def _section(answer: Answer) -> str:
    lines = [f"## {markdown_text(answer.question)}", ""]
    if not answer.found:
        lines.append(markdown_text(answer.text))
    for citation in answer.citations if answer.found else ():
        lines += [f"> {markdown_text(citation.quote)} \\[{citation.number}\\]", ""]
    lines += [
        f"- \\[{number}\\] " + ", ".join(map(markdown_text, _reference(article)))
        for number, article in _cited(answer)
    ]
    return "\n".join(lines) + "\n"


def _cited(answer: Answer) -> list[tuple[int, Article]]:
    if not answer.found:
        return []
    return sorted({c.number: c.article for c in answer.citations}.items())


def _reference(article: Article) -> list[str]:
    day = article.published[:10] if article.published else None
    parts = [article.title, article.source, day, article.language, web_link(article.url)]
    return [part for part in parts if part]
