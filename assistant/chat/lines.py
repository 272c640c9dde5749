"""Lines that the page says about itself, as HTML; the text is escaped here."""

from __future__ import annotations

from assistant.chat.escaping import html_text


def quiet(text: str) -> str:
    return f'<div class="quiet">{html_text(text)}</div>'


def status(text: str, after: str = "") -> str:
    """What is going on, or came of it, which a screen reader says too; `after` is HTML."""
    return f'<div class="quiet" role="status">{html_text(text)}{after}</div>'


def problem(text: str) -> str:
    """What went wrong."""
    return f'<div class="problem" role="alert">{html_text(text)}</div>'
