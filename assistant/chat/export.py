"""A chat as text to paste, and as Markdown and an answer file to save."""

from __future__ import annotations

import json
from collections.abc import Sequence

from assistant.answer_file import to_document
from assistant.answers import Answer, Sentence
from assistant.chat.conversation import Turn
from assistant.markup import STATES, display_text, web_link
from assistant.types import Article


def plain_text(turns: Sequence[Turn]) -> str:
    """The newest answer with its citations, for the clipboard; empty where there is none."""
    answer = _newest(turns)
    if answer is None:
        return ""
    lines = [display_text(answer.completed or answer.question), ""]
    if answer.found:
        lines += [" ".join(map(_stated, answer.sentences)), ""]
    else:
        lines.append(answer.text)
    lines += [
        f"[{number}] " + ", ".join(map(display_text, _reference(article)))
        for number, article in _cited(answer)
    ]
    if answer.written_by is not None:
        lines += ["", f"Written by {display_text(answer.written_by)} from these passages."]
    return "\n".join(lines) + "\n"


def _stated(sentence: Sentence) -> str:
    """A sentence, its numbers, and what speaks against it."""
    remark = None
    if sentence.state not in ("verbatim", "supported"):
        remark = f"({STATES[sentence.state]})"
    numbers = [f"[{number}]" for number in sentence.citations]
    return " ".join(filter(None, [display_text(sentence.text), *numbers, remark]))


def markdown(turns: Sequence[Turn]) -> str:
    """Every answered turn, the oldest first; empty where there is none."""
    return "\n".join(turn.answer.markdown() for turn in turns if turn.answer is not None)


def answer_file(turns: Sequence[Turn]) -> str:
    """The newest answer as a file that `assistant verify` reads; empty where there is none."""
    answer = _newest(turns)
    if answer is None:
        return ""
    document = to_document(answer, fingerprint=None)
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    # A lone surrogate cannot be sent; a file that had one would not be read again either.
    return text.encode("utf-8", "replace").decode()


def _newest(turns: Sequence[Turn]) -> Answer | None:
    answered = [turn.answer for turn in turns if turn.answer is not None]
    return answered[-1] if answered else None


def _cited(answer: Answer) -> list[tuple[int, Article]]:
    if not answer.found:
        return []
    return sorted({c.number: c.article for c in answer.citations}.items())


def _reference(article: Article) -> list[str]:
    day = article.published[:10] if article.published else None
    parts = [article.title, article.source, day, article.language, web_link(article.url)]
    return [part for part in parts if part]
