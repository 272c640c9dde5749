"""The tab that adds articles, where the operator allows it.

Dropped files go from the page's script to `POST /api/files`; what came of them, pasted texts and
taking back are events of the page.
"""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr

from assistant.chat.allowed import MAX_FILE, MAX_PASTED_CHARACTERS
from assistant.chat.backend import Backend, Editing, Services
from assistant.chat.escaping import html_text
from assistant.chat.events import QUICK, Outputs, words_of
from assistant.chat.holdings import size
from assistant.chat.lines import problem, quiet, status
from assistant.chat.wording import Wording
from assistant.editing import Added
from assistant.errors import ArticleNotFound, AssistantError

_MOST_SHOWN = 50
_LONGEST_FIELD = 500

NAMED_TYPES = tuple(
    ".md .txt .html .pdf .docx .odt .epub .json .jsonl .csv .rss .eml .mbox .warc .zip".split()
)
"""The types of files that are shown as examples of all that are read."""


class AddingTab:
    """The components that the tab is made of, and what happens to them."""

    def __init__(self, services: Services, editing: Editing, i18n: gr.I18n) -> None:
        self._backend = services.backend
        self._editing = editing
        with gr.Column(elem_id="adding"):
            self.explained = gr.Markdown("", elem_id="drop", latex_delimiters=[])
            with gr.Accordion(i18n("paste_heading"), open=False, elem_id="paste"):
                self.title = gr.Textbox(label=i18n("paste_title"), max_length=_LONGEST_FIELD)
                self.text = gr.Textbox(
                    label=i18n("paste_text"),
                    lines=6,
                    max_lines=16,
                    max_length=MAX_PASTED_CHARACTERS,
                )
                with gr.Row():
                    self.source = gr.Textbox(label=i18n("paste_source"), max_length=_LONGEST_FIELD)
                    self.day = gr.Textbox(label=i18n("paste_day"), max_length=10)
                self.add = gr.Button(i18n("paste_add"), size="sm", elem_id="add")
            self.said = gr.Markdown("", elem_id="said", latex_delimiters=[])
            self.list = gr.Markdown("", elem_id="added", latex_delimiters=[])
        # The page's script presses the one after an upload and writes the other.
        self.refresh = gr.Button("", visible="hidden", elem_id="refresh-added")
        self.taken_back = gr.Textbox(visible="hidden", elem_id="take-back")
        self._connect()

    def _connect(self) -> None:
        fields = [self.title, self.text, self.source, self.day]
        self.add.click(self._paste, fields, [self.said, self.list, *fields], **QUICK)
        self.refresh.click(self._refresh, None, [self.list], **QUICK)
        self.taken_back.change(self._undo, [self.taken_back], [self.said, self.list], **QUICK)

    def connect_opening(self, tab: gr.Tab) -> None:
        """Shows what was added whenever the tab is chosen."""
        tab.select(self._opened, None, [self.explained, self.list], **QUICK)

    def _opened(self, request: gr.Request) -> Outputs:
        words = words_of(request)
        return drop_zone(words), self._shown(words)

    def _refresh(self, request: gr.Request) -> str:
        return self._shown(words_of(request))

    def _shown(self, words: Wording) -> str:
        try:
            added = self._editing.added()
            return added_list(added, waiting(added, self._backend), words)
        except AssistantError as error:
            return problem(str(error))

    def _paste(self, title: str, text: str, source: str, day: str, request: gr.Request) -> Outputs:
        words = words_of(request)
        try:
            added = self._editing.paste(
                title or "",
                text or "",
                source=(source or "").strip() or None,
                published=(day or "").strip() or None,
                language=None,
                url=None,
            )
        except AssistantError as error:
            return (problem(str(error)), self._shown(words), *[gr.skip()] * 4)
        done = status(words.say("added_done", name=added.name))
        return (done, self._shown(words), "", "", "", "")

    def _undo(self, key: str, request: gr.Request) -> Outputs:
        words = words_of(request)
        try:
            self._editing.undo((key or "")[:_LONGEST_FIELD].partition("#")[0])
        except AssistantError as error:
            return problem(str(error)), self._shown(words)
        return status(words.say("added_undone")), self._shown(words)


def waiting(added: Sequence[Added], backend: Backend) -> int:
    """How many of the newest added articles are not in the index yet."""
    missing = 0
    for one in added[:_MOST_SHOWN]:
        for article in one.articles[:_MOST_SHOWN]:
            try:
                backend.article(article.id)
            except ArticleNotFound:
                missing += 1
    return missing


def drop_zone(words: Wording) -> str:
    """Where files are dropped, as one line of HTML; the page's script listens to it."""
    types = " ".join((*NAMED_TYPES, "…"))
    kinds = words.say("file_types", types=types, size=size(MAX_FILE, words))
    return (
        f"{quiet(words.say('add_explained'))}"
        f'<div class="zone"><p>{html_text(words.say("drop_here"))}</p>'
        f"{quiet(kinds)}"
        f'<button type="button" class="choose">{html_text(words.say("choose_files"))}</button>'
        "</div>"
    )


def added_list(added: Sequence[Added], missing: int, words: Wording) -> str:
    """What was added, the newest first, each with a button that takes it back."""
    if not added:
        return quiet(words.say("added_none"))
    banner = ""
    if missing:
        said = words.say("added_waiting", articles=words.count("articles", missing))
        banner = (
            f'<div class="banner" role="status">{html_text(said)} '
            f'<button type="button" class="act do:rebuild">'
            f"{html_text(words.say('rebuild'))}</button></div>"
        )
    heading = html_text(words.say("added_heading", n=words.number(len(added))))
    rows = "".join(_row(one, words) for one in added[:_MOST_SHOWN])
    left = len(added) - _MOST_SHOWN
    if left > 0:
        rows += f"<li>{html_text(words.say('and_more', n=words.number(left)))}</li>"
    return f'{banner}<h3>{heading}</h3><ul class="added">{rows}</ul>'


def _row(one: Added, words: Wording) -> str:
    titles = "".join(
        f'<li dir="auto" lang="{html_text(article.language)}">{html_text(article.title)}</li>'
        for article in one.articles[:_MOST_SHOWN]
    )
    left = one.article_count - len(one.articles[:_MOST_SHOWN])
    if left > 0:
        titles += f"<li>{html_text(words.say('and_more', n=words.number(left)))}</li>"
    problems = "".join(
        f'<li class="missing">{html_text(words.say("added_problem", reason=str(problem)))}</li>'
        for problem in one.problems[:_MOST_SHOWN]
    )
    return (
        f"<li><b><bdi>{html_text(one.name)}</bdi></b> "
        f"{html_text(words.count('articles', one.article_count))} "
        f'<button type="button" class="act do:take-back:{html_text(one.key)}">'
        f"{html_text(words.say('added_undo'))}</button><ul>{titles}{problems}</ul></li>"
    )
