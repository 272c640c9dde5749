"""An answer as the chat shows it: its sentences, their check, and what can be done with it.

Each function returns one line of HTML in which all foreign text is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import get_args

from assistant.answers import Answer, Searched, Sentence, State, Update
from assistant.chat.conversation import Turn
from assistant.chat.escaping import html_text
from assistant.chat.lines import quiet
from assistant.chat.links import address_of
from assistant.chat.wording import Wording
from assistant.types import Filters

_MOST_LANGUAGES = 8

_STYLES = {
    "verbatim": "verbatim",
    "supported": "supported",
    "partly": "partly",
    "contradicted": "contradicted",
    "not found": "absent",
}
"""The state of a sentence as a class of the style sheet."""


def answer_body(turn: Turn, words: Wording) -> str:
    """All that is shown of a turn's answer in the chat; empty where it has none."""
    answer = turn.answer
    if answer is None:
        return ""
    searched = _searched(answer, turn.seconds, words)
    head = _understood(answer, words) + _period(answer, words)
    if not answer.found:
        return head + _refusal(answer, searched, words)
    shown = "".join(_sentence(turn.number, answer, s, words) for s in answer.sentences)
    newer = "".join(_update(turn.number, answer, update, words) for update in answer.updates)
    weak = f'<div class="weak">{html_text(words.say("weak"))}</div>' if answer.weak else ""
    check = "" if turn.growing else _check(answer, words)
    return (
        head
        + quiet(searched)
        + weak
        + shown
        + newer
        + _origin(answer, words, growing=turn.growing)
        + check
    )


def _searched(answer: Answer, seconds: float, words: Wording) -> str:
    """How many articles the search could find, under which filters, and how long it took."""
    total = words.count("articles", answer.index.articles)
    taken = words.number(max(1, round(seconds * 1000)))
    if not answer.filters:
        return words.say("searched", articles=total, ms=taken)
    return words.say(
        "searched_some",
        some=words.number(answer.searched.articles),
        articles=total,
        filters=filtered(answer.filters, words),
        ms=taken,
    )


def filtered(filters: Filters, words: Wording) -> str:
    """The filters in words."""
    parts = []
    if filters.languages is not None:
        names = words.listed(map(words.language, filters.languages), either=True)
        parts.append(words.say("only_languages", languages=names))
    if filters.sources is not None:
        names = words.listed(filters.sources, either=True)
        parts.append(words.say("only_outlets", outlets=names))
    if filters.since is not None:
        parts.append(words.say("only_since", day=filters.since))
    if filters.until is not None:
        parts.append(words.say("only_until", day=filters.until))
    return words.joined(parts)


def _understood(answer: Answer, words: Wording) -> str:
    """The completed question; the page's script puts it into the question box on request."""
    if answer.completed is None:
        return ""
    completed = f'<bdi class="completed">{html_text(answer.completed)}</bdi>'
    return (
        f'<div class="quiet understood">{words.html("understood", question=completed)} '
        f'<button type="button" class="edit" title="{html_text(words.say("edit_this"))}">'
        f"{html_text(words.say('edit'))}</button></div>"
    )


def _period(answer: Answer, words: Wording) -> str:
    named = answer.period and words.days(answer.period.since, answer.period.until)
    return quiet(words.say("about_days", days=named, as_of=answer.as_of)) if named else ""


def _sentence(turn: int, answer: Answer, sentence: Sentence, words: Wording) -> str:
    verbatim = sentence.state == "verbatim"
    languages = _languages(answer)
    tags = [languages[n] for n in sentence.citations if n in languages] if verbatim else []
    after = _pills(turn, answer, sentence.citations, words)
    if not verbatim or answer.written_by is not None:
        after = " ".join(filter(None, [_state(sentence.state, words), after]))
    language = html_text(tags[0] if tags else answer.language)
    return (
        f'<div class="sentence" dir="auto" lang="{language}">'
        f'{html_text(sentence.text)} <span class="backing" dir="{words.direction}" '
        f'lang="{words.tag}">{after}{_missing(sentence, words)}</span></div>'
    )


def _languages(answer: Answer) -> dict[int, str]:
    """The language of the article of each citation's number."""
    return {citation.number: citation.article.language for citation in answer.citations}


def _state(state: State, words: Wording) -> str:
    said = words.say(f"check_{state.replace(' ', '_')}")
    return f'<span class="state {_STYLES[state]}">{html_text(said)}</span>'


def _missing(sentence: Sentence, words: Wording) -> str:
    if not sentence.missing:
        return ""
    gone = words.joined(f"<bdi>{html_text(part)}</bdi>" for part in sentence.missing)
    return f' <span class="missing">{words.html("not_there", parts=gone)}</span>'


def _pills(turn: int, answer: Answer, numbers: Iterable[int], words: Wording) -> str:
    """The numbers of sources, each with its language, as links to their cards."""
    languages = _languages(answer)
    shown = []
    for number in numbers:
        tag = languages.get(number, "")
        name = words.joined([words.say("source", n=number), tag and words.language(tag)])
        label = f' <span class="tag">{html_text(tag)}</span>' if tag else ""
        shown.append(
            f'<a class="pill" dir="ltr" href="#t{turn}-s{number}" title="{html_text(name)}">'
            f"{number}{label}</a>"
        )
    return " ".join(shown)


def _update(turn: int, answer: Answer, update: Update, words: Wording) -> str:
    newer = _figure(turn, answer, update.newer, update.now, words)
    older = _figure(turn, answer, update.older, update.was, words)
    return f'<div class="update">{words.html("newer", newer=newer, older=older)}</div>'


def _figure(turn: int, answer: Answer, place: int, figure: str, words: Wording) -> str:
    """A figure, the source that gives it, and the source's day."""
    citation = answer.citations[place]
    day = (citation.article.published or "")[:10]
    dated = f" <bdi>({html_text(day)})</bdi>" if day else ""
    pills = _pills(turn, answer, [citation.number], words)
    return f"<b><bdi>{html_text(figure)}</bdi></b> {pills}{dated}"


def _origin(answer: Answer, words: Wording, *, growing: bool) -> str:
    """Who wrote the sentences, where it was a language model."""
    if growing:
        return f'<div class="quiet origin" role="status">{html_text(words.say("writing"))}</div>'
    shown = ""
    if answer.written_by is not None:
        name = f"<bdi>{html_text(answer.written_by)}</bdi>"
        shown = f'<div class="quiet origin">{words.html("written", model=name)}</div>'
    if answer.note is not None:
        shown += f'<div class="quiet origin">{html_text(answer.note)}</div>'
    return shown


def _check(answer: Answer, words: Wording) -> str:
    """The verification strip: how many sentences are in which state, and what that means."""
    counted = Counter(sentence.state for sentence in answer.sentences)
    total = len(answer.sentences)
    if answer.written_by is None:
        said = words.say(
            "checked_quotes", n=words.number(counted["verbatim"]), total=words.number(total)
        )
    else:
        states = [
            words.say(f"state_{state.replace(' ', '_')}", n=words.number(counted[state]))
            for state in get_args(State)
            if counted[state]
        ]
        said = words.say("checked_written", states=words.listed(states))
    segments = "".join(
        f'<span class="segment {_STYLES[sentence.state]}"></span>' for sentence in answer.sentences
    )
    return (
        f'<details class="checked"><summary><span class="strip">{segments}</span> '
        f"{html_text(said)}</summary>{quiet(words.say('check_explained'))}</details>"
    )


def _refusal(answer: Answer, searched: str, words: Wording) -> str:
    holds = extent(answer.searched, words)
    line = words.say("holds", searched=searched, extent=holds) if holds else searched
    advice = words.say("advice" if answer.hits else "advice_none")
    if answer.filters:
        advice += " " + words.say("advice_filters")
    return (
        f'<div class="refusal">{html_text(words.say("not_found"))}</div>'
        f"{quiet(line)}{quiet(advice)}"
    )


def extent(searched: Searched, words: Wording) -> str:
    """In which languages and of which days the searched articles are; empty without any."""
    names = [f"{words.language(tag)} ({words.number(n)})" for tag, n in searched.languages]
    left = len(names) - _MOST_LANGUAGES
    if left > 1:
        names = [*names[:_MOST_LANGUAGES], words.count("more_languages", left)]
    return words.joined([words.listed(names), published(searched, words)])


def published(searched: Searched, words: Wording) -> str:
    first, last = searched.first_day, searched.last_day
    if first is None or last is None:
        return ""
    if first[:10] == last[:10]:
        return words.say("published_on", day=first[:10])
    return words.say("published_between", first=first[:10], last=last[:10])


def actions(turn: Turn, words: Wording, *, last: bool) -> str:
    """What the reader can do with a turn; the page's script sends the commands."""
    buttons = []
    if turn.waiting or turn.growing:
        buttons.append(_button("stop", words.say("stop")))
    elif last:
        buttons += [
            _button("retry", words.say("retry")),
            _button("edit", words.say("edit")),
            _button("undo", words.say("undo")),
        ]
    if turn.answer is not None and not turn.growing:
        buttons.append(
            f'<a class="act link" href="{html_text(address_of(turn))}">'
            f"{html_text(words.say('copy_link'))}</a>"
        )
        for name, liked in (("good", True), ("bad", False)):
            pressed = " pressed" if turn.liked is liked else ""
            buttons.append(
                f'<button type="button" class="act thumb {name}{pressed} do:{name}:{turn.number}" '
                f'title="{html_text(words.say(name))}"></button>'
            )
    if turn.replaced:
        note = html_text(words.say("replaced"))
        keep = _button("keep", words.say("keep"))
        return f'<div class="acts"><span class="quiet" role="status">{note}</span> {keep}</div>'
    return f'<div class="acts">{"".join(buttons)}</div>' if buttons else ""


def _button(command: str, label: str) -> str:
    # The command is a class, because Gradio takes other attributes away.
    return f'<button type="button" class="act do:{command}">{html_text(label)}</button>'
