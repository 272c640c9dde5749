"""The controls beside a question: what they offer, what they hold, and the chips that show it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr

from assistant.chat.conversation import Choices
from assistant.chat.escaping import display_text, html_text
from assistant.chat.links import MOST_SOURCES
from assistant.chat.wording import Wording
from assistant.settings import DEFAULT_K, MODES, SAME_LANGUAGE
from assistant.types import IndexInfo

_DATES: dict[str, Any] = {"include_time": False, "type": "string"}


def filter_controls(
    info: IndexInfo, words: Wording, i18n: gr.I18n
) -> list[gr.components.Component]:
    """The controls whose values `choices_from` takes, in its order."""
    return [
        gr.Dropdown(
            _languages(info, words),
            multiselect=True,
            label=i18n("languages_label"),
            elem_id="languages",
        ),
        gr.Dropdown(
            _outlets(info), multiselect=True, label=i18n("outlets_label"), elem_id="outlets"
        ),
        gr.DateTime(label=i18n("from_label"), elem_id="since", **_DATES),
        gr.DateTime(label=i18n("until_label"), elem_id="until", **_DATES),
        gr.DateTime(label=i18n("as_of_label"), elem_id="as-of", **_DATES),
        gr.Slider(
            1, MOST_SOURCES, DEFAULT_K, step=1, label=i18n("sources_label"), elem_id="most-sources"
        ),
        gr.Radio(_modes(words), value=MODES[0], label=i18n("mode_label"), elem_id="mode"),
        gr.Dropdown(
            _preferences(info, words), value="", label=i18n("prefer_label"), elem_id="prefer"
        ),
    ]


def offered(info: IndexInfo, words: Wording) -> list[Any]:
    """Updates of the controls to what an index holds, in the reader's language."""
    return [
        gr.Dropdown(choices=_languages(info, words)),
        gr.Dropdown(choices=_outlets(info)),
        *[gr.skip()] * 4,
        gr.Radio(choices=_modes(words)),
        gr.Dropdown(choices=_preferences(info, words)),
    ]


def held(choices: Choices, info: IndexInfo, words: Wording) -> list[Any]:
    """Updates of the controls to these choices as well."""
    return [
        gr.Dropdown(choices=_languages(info, words), value=list(choices.languages or ())),
        gr.Dropdown(choices=_outlets(info), value=list(choices.sources or ())),
        choices.since,
        choices.until,
        choices.as_of,
        choices.k,
        gr.Radio(choices=_modes(words), value=choices.mode),
        gr.Dropdown(choices=_preferences(info, words), value=choices.prefer_language or ""),
    ]


def choices_from(
    languages: list[str] | None,
    outlets: list[str] | None,
    since: str | None,
    until: str | None,
    as_of: str | None,
    k: float,
    mode: str,
    prefer_language: str | None,
) -> Choices:
    """What the controls hold."""
    return Choices(
        k=int(k),
        mode=mode,
        languages=tuple(languages) if languages else None,
        sources=tuple(outlets) if outlets else None,
        since=since.strip() if since else None,
        until=until.strip() if until else None,
        as_of=as_of.strip() if as_of else None,
        prefer_language=prefer_language or None,
    )


def chips(choices: Choices, words: Wording) -> str:
    """The active filters as buttons that remove them, as one line of HTML; empty without any."""
    shown = [
        (f"languages:{place}", _language(tag, words))
        for place, tag in enumerate(choices.languages or ())
    ]
    shown += [(f"sources:{place}", name) for place, name in enumerate(choices.sources or ())]
    if choices.since:
        shown.append(("since", words.say("only_since", day=choices.since)))
    if choices.until:
        shown.append(("until", words.say("only_until", day=choices.until)))
    if choices.as_of:
        shown.append(("as_of", words.say("filter_as_of", day=choices.as_of)))
    if choices.k != DEFAULT_K:
        shown.append(("k", words.say("filter_sources", n=words.number(choices.k))))
    if choices.mode != MODES[0]:
        mode = words.say(f"mode_{choices.mode}") if choices.mode in MODES else choices.mode
        shown.append(("mode", words.say("filter_mode", mode=mode)))
    if choices.prefer_language:
        preferred = _language(choices.prefer_language, words)
        shown.append(("prefer_language", words.say("filter_prefer", language=preferred)))
    if not shown:
        return ""
    if len(shown) > 1:
        shown.append(("all", words.say("clear_filters")))
    return (
        f'<div class="chips"><span class="quiet">{html_text(words.say("active"))}</span>'
        f"{''.join(_chip(what, label, words) for what, label in shown)}</div>"
    )


def _chip(what: str, label: str, words: Wording) -> str:
    name = label if what == "all" else words.say("remove", filter=label)
    return (
        f'<button type="button" class="chip do:remove:{what}" title="{html_text(name)}">'
        f"<bdi>{html_text(label)}</bdi>"
        f"{'' if what == 'all' else ' ×'}</button>"
    )


def without(choices: Choices, what: str) -> Choices:
    """The choices without one that `chips` named; unknown names change nothing."""
    name, _, place = what.partition(":")
    none = Choices()
    if name == "all":
        return none
    if name in ("languages", "sources") and place.isascii() and place.isdigit() and len(place) < 4:
        values: tuple[str, ...] = getattr(choices, name) or ()
        kept = tuple(value for n, value in enumerate(values) if n != int(place)) or None
        return replace(choices, **{name: kept})  # type: ignore[arg-type]
    if name in ("since", "until", "as_of", "k", "mode", "prefer_language") and not place:
        return replace(choices, **{name: getattr(none, name)})
    return choices


def _language(tag: str, words: Wording) -> str:
    return words.say("same_language") if tag == SAME_LANGUAGE else words.language(tag)


def _languages(info: IndexInfo, words: Wording) -> list[tuple[str, str]]:
    named = [
        (display_text(f"{words.language(tag)} ({words.number(n)})"), tag)
        for tag, n in info.languages
    ]
    return [(words.say("same_language"), SAME_LANGUAGE), *named]


def _preferences(info: IndexInfo, words: Wording) -> list[tuple[str, str]]:
    return [(words.say("prefer_none"), ""), *_languages(info, words)]


def _outlets(info: IndexInfo) -> list[tuple[str, str]]:
    return [(display_text(f"{name} ({n})"), name) for name, n in info.sources]


def _modes(words: Wording) -> list[tuple[str, str]]:
    return [(words.say(f"mode_{mode}"), mode) for mode in MODES]
