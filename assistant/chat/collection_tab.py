"""The tab that shows what the index holds, finds articles by title and brings it up to date."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from assistant.chat.backend import Services
from assistant.chat.events import QUICK, Outputs, words_of
from assistant.chat.holdings import collection_panel, found_list, rebuild_line
from assistant.chat.lines import problem
from assistant.chat.wording import Wording
from assistant.errors import AssistantError

_MOST_FOUND = 50
_LONGEST_TITLE = 300
_LOOK_AGAIN = 0.4
_AT_ONCE = 8


class CollectionTab:
    """The components that the tab is made of, and what happens to them."""

    def __init__(self, services: Services, i18n: gr.I18n) -> None:
        self._services = services
        with gr.Column(elem_id="collection"):
            with gr.Row(elem_id="tools"):
                self.find = gr.Textbox(
                    label=i18n("find_label"),
                    placeholder=i18n("find_placeholder"),
                    elem_id="find",
                    max_length=_LONGEST_TITLE,
                    scale=3,
                )
                if services.rebuilding is not None:
                    with gr.Column(scale=2, min_width=280, elem_id="rebuild"):
                        with gr.Row():
                            self.start = gr.Button(
                                i18n("rebuild"), size="sm", variant="primary", elem_id="start"
                            )
                            self.cancel = gr.Button(
                                i18n("rebuild_cancel"), size="sm", elem_id="cancel"
                            )
                        self.status = gr.Markdown("", elem_id="status", latex_delimiters=[])
            self.found = gr.Markdown("", elem_id="found", latex_delimiters=[])
            self.panel = gr.Markdown("", elem_id="holdings", latex_delimiters=[])
        self._connect()

    def _connect(self) -> None:
        self.find.submit(self._find, [self.find], [self.found], **QUICK)
        self.find.change(self._find, [self.find], [self.found], **QUICK)
        if self._services.rebuilding is not None:
            following: dict[str, Any] = {
                **QUICK,
                "outputs": [self.status, self.panel],
                "concurrency_id": "rebuild",
                "concurrency_limit": _AT_ONCE,
            }
            # A click counts even while the page still follows a build that was cancelled.
            self.start.click(self._rebuild, None, **following, trigger_mode="multiple")
            self.cancel.click(self._cancel, None, None, **QUICK)

    def connect_opening(self, tab: gr.Tab) -> None:
        """Shows the newest state whenever the tab is chosen."""
        if self._services.rebuilding is None:
            tab.select(self._panel, None, [self.panel], **QUICK)
        else:
            tab.select(self.follow, None, [self.status, self.panel], **QUICK)

    def _panel(self, request: gr.Request) -> str:
        return self._holdings(words_of(request))

    def _holdings(self, words: Wording) -> str:
        try:
            return collection_panel(self._services.backend.collection(), words)
        except AssistantError as error:
            return problem(str(error))

    def _find(self, text: str, request: gr.Request) -> str:
        words = words_of(request)
        if not (text or "").strip():
            return ""
        try:
            found = self._services.backend.find_articles(
                text[:_LONGEST_TITLE], limit=_MOST_FOUND + 1
            )
        except AssistantError as error:
            return problem(str(error))
        return found_list(found, words, most=_MOST_FOUND)

    def _rebuild(self, request: gr.Request) -> Iterator[Outputs]:
        if self._services.rebuilding is not None:
            # Where one runs already, from another page, this one follows it.
            self._services.rebuilding.start()
        yield from self.follow(request)

    def follow(self, request: gr.Request) -> Iterator[Outputs]:
        """The state of a rebuild until it ends, then what the index holds."""
        words, rebuilding = words_of(request), self._services.rebuilding
        status = rebuilding.status() if rebuilding is not None else None
        yield rebuild_line(status, words), self._holdings(words)
        if status is None or status.state != "running":
            return
        said = ""
        while rebuilding is not None and status.state == "running":
            time.sleep(_LOOK_AGAIN)
            status = rebuilding.status()
            line = rebuild_line(status, words)
            if line != said:
                yield line, gr.skip()
            said = line
        yield rebuild_line(status, words), self._holdings(words)

    def _cancel(self) -> None:
        if self._services.rebuilding is not None:
            self._services.rebuilding.cancel()
