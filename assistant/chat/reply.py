"""An answer as the chat shows it: its sentences, and what is said beside them.

Each function returns one line of HTML in which all foreign text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable

from assistant.answers import NOT_FOUND, Answer, Sentence, Update
from assistant.chat.escaping import html_text
from assistant.chat.languages import language_name
from assistant.chat.wording import extent, listed, milliseconds, searched_articles
from assistant.markup import WEAK, days

_STATES = {
    "verbatim": ("verbatim", "word for word in"),
    "supported": ("supported", "supported by"),
    "partly": ("partly", "partly supported by"),
    "contradicted": ("contradicted", "contradicted by"),
    "not found": ("absent", "not found in the passages"),
}
"""The state of a sentence as a class of the style sheet, and in words before its numbers."""


def answer_body(turn: int, answer: Answer, *, seconds: float, growing: bool) -> str:
    """All that is shown of an answer in the chat; `turn` is the number that its links have."""
    searched = f"Searched {searched_articles(answer)} in {milliseconds(seconds)}"
    head = _understood(answer) + _period(answer)
    if not answer.found:
        return head + _refusal(answer, searched)
    shown = "".join(_sentence(turn, answer, sentence) for sentence in answer.sentences)
    newer = "".join(_update(turn, answer, update) for update in answer.updates)
    weak = f'<div class="weak">{html_text(WEAK.capitalize())}</div>' if answer.weak else ""
    return head + _quiet(searched) + weak + shown + newer + _origin(answer, growing=growing)


def _quiet(text: str) -> str:
    return f'<div class="quiet">{html_text(text)}</div>'


def _understood(answer: Answer) -> str:
    """The completed question; the page's script puts it into the question box on request."""
    if answer.completed is None:
        return ""
    return (
        '<div class="quiet understood">Understood as: '
        f'<bdi class="completed">{html_text(answer.completed)}</bdi> '
        '<button type="button" class="edit">Edit<span class="unseen"> this question</span>'
        "</button></div>"
    )


def _period(answer: Answer) -> str:
    period = answer.period
    named = None if period is None else days("About", period.since, period.until)
    if named is None:
        return ""
    return _quiet(f"{named} (as of {answer.as_of}): articles of these days come first")


def _sentence(turn: int, answer: Answer, sentence: Sentence) -> str:
    if sentence.state == "verbatim":
        languages = {c.number: c.article.language for c in answer.citations}
        tags = [languages[n] for n in sentence.citations if n in languages]
        language = tags[0] if tags else answer.language
        after = _pills(turn, sentence.citations)
        if answer.written_by is not None:
            after = f"{_state(sentence)} {after}"
        names = [language_name(tag) for tag in answer.foreign(sentence) if tag]
        if names:
            after += f' <span class="language">{html_text(listed(names, "and"))}</span>'
    else:
        language = answer.language
        after = _state(sentence)
        if sentence.citations:
            after += f" {_pills(turn, sentence.citations)}"
        after += _missing(sentence)
    return (
        f'<div class="sentence" dir="auto" lang="{html_text(language)}">'
        f'{html_text(sentence.text)} <span class="backing" dir="ltr" lang="en">{after}</span></div>'
    )


def _state(sentence: Sentence) -> str:
    style, words = _STATES[sentence.state]
    return f'<span class="state {style}">{words}</span>'


def _missing(sentence: Sentence) -> str:
    if not sentence.missing:
        return ""
    gone = ", ".join(f"<bdi>{html_text(part)}</bdi>" for part in sentence.missing)
    return f' <span class="missing">not there: {gone}</span>'


def _pills(turn: int, numbers: Iterable[int]) -> str:
    return " ".join(
        f'<a class="pill" dir="ltr" lang="en" href="#t{turn}-s{number}">'
        f'<span class="unseen">Source </span>{number}</a>'
        for number in numbers
    )


def _update(turn: int, answer: Answer, update: Update) -> str:
    return (
        f'<div class="update">Newer: {_figure(turn, answer, update.newer, update.now)}, '
        f"earlier: {_figure(turn, answer, update.older, update.was)}</div>"
    )


def _figure(turn: int, answer: Answer, place: int, figure: str) -> str:
    """A figure, the source that gives it, and the source's day."""
    citation = answer.citations[place]
    day = (citation.article.published or "")[:10]
    dated = f" ({html_text(day)})" if day else ""
    return f"<b><bdi>{html_text(figure)}</bdi></b> {_pills(turn, [citation.number])}{dated}"


def _origin(answer: Answer, *, growing: bool) -> str:
    """Who wrote the sentences, where it was a language model."""
    if growing:
        return '<div class="quiet origin" role="status">Writing…</div>'
    shown = ""
    if answer.written_by is not None:
        name = f"<bdi>{html_text(answer.written_by)}</bdi>"
        shown = f"Written by {name} from the passages; each sentence was checked"
        shown = f'<div class="quiet origin">{shown}</div>'
    if answer.note is not None:
        shown += f'<div class="quiet origin">{html_text(answer.note)}</div>'
    return shown


def _refusal(answer: Answer, searched: str) -> str:
    holds = extent(answer.searched)
    advice = "No passage came near. Other words may help"
    if answer.hits:
        advice = "The passages that came nearest are listed under Sources. Other words may help"
    if answer.filters:
        advice += ", and so may fewer filters"
    return (
        f'<div class="refusal">{html_text(NOT_FOUND)}</div>'
        f"{_quiet(f'{searched}: {holds}.' if holds else f'{searched}.')}{_quiet(f'{advice}.')}"
    )
