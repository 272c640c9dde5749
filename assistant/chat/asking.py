"""The tab where questions are asked: its layout and its events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio.components.chatbot import ExampleMessage

from assistant.chat import conversation, export
from assistant.chat.about import about_panel
from assistant.chat.backend import Backend, Services
from assistant.chat.conversation import Turn
from assistant.chat.escaping import display_text
from assistant.chat.events import QUICK, Outputs, words_of
from assistant.chat.filters import chips, choices_from, filter_controls, held, offered, without
from assistant.chat.lines import problem
from assistant.chat.links import choices_of
from assistant.chat.render import messages, sources_panel
from assistant.chat.wording import Wording
from assistant.errors import AssistantError
from assistant.settings import MAX_QUESTION_CHARACTERS, SAME_LANGUAGE

EXAMPLES = (
    "When will South Korea, the United States and Japan share missile warning data?",
    "¿Por qué recibió Han Kang el Premio Nobel de Literatura?",
    "Quantos militares turcos estão sepultados no cemitério das Nações Unidas em Busan?",
    "Какого размера главное зеркало телескопа «Джеймс Уэбб»?",
    "アルプス以北のNATO空域を監視している指揮所は、ドイツのどこにあるのか。",
    "كم تراجعت إيرادات قناة السويس؟",
)

_EXAMPLES_ARE_ABOUT = "Example article, written for this project"
_CHAT_SECONDS = 12 * 3600
_AT_ONCE = 4
_LONGEST_COMMAND = 100
_LONGEST_HEADLINE = 200


class AskTab:
    """The components that the tab is made of, and what happens to them."""

    def __init__(self, services: Services, words: Wording, i18n: gr.I18n) -> None:
        self._services = services
        info = services.backend.info
        self.turns = gr.State((), time_to_live=_CHAT_SECONDS)
        with gr.Sidebar(open=False, elem_id="filters", label=i18n("filters")):
            self.filters = filter_controls(info, words, i18n)
        with gr.Row(elem_id="columns"):
            with gr.Column(scale=6, min_width=320, elem_id="left"):
                self.active = gr.Markdown("", elem_id="active", latex_delimiters=[])
                self.chat = gr.Chatbot(
                    elem_id="chat",
                    show_label=False,
                    layout="panel",
                    buttons=[],
                    feedback_options=None,
                    latex_delimiters=[],
                    allow_tags=False,
                    group_consecutive_messages=False,
                    placeholder=str(i18n("introduction_html")),
                    examples=_examples(services.backend),
                    height="auto",
                )
                self.question = gr.Textbox(
                    elem_id="question",
                    label=i18n("placeholder"),
                    show_label=False,
                    container=False,
                    placeholder=i18n("placeholder"),
                    lines=1,
                    max_lines=5,
                    max_length=MAX_QUESTION_CHARACTERS,
                    submit_btn=True,
                    autofocus=True,
                )
                with gr.Row(elem_id="actions"):
                    self.new = gr.Button(i18n("new_chat"), size="sm", elem_id="new")
                    for key, name in (
                        ("copy", "copy"),
                        ("save_markdown", "save"),
                        ("save_json", "save-json"),
                        ("filters", "show-filters"),
                        ("dark", "dark"),
                    ):
                        gr.Button(i18n(key), size="sm", elem_id=name)
            with gr.Column(scale=5, min_width=320, elem_id="right"):
                self.panel = gr.Markdown("", elem_id="sources", latex_delimiters=[])
                self.about = gr.Markdown("", elem_id="about", latex_delimiters=[])
        # The page's script reads these and writes the command; the reader does not see them.
        self.copied = gr.Textbox(visible="hidden", elem_id="copy-text")
        self.saved = gr.Textbox(visible="hidden", elem_id="save-text")
        self.file = gr.Textbox(visible="hidden", elem_id="save-json-text")
        self.command = gr.Textbox(visible="hidden", elem_id="command")
        self.stop = gr.Button("", visible="hidden", elem_id="stop")
        self._connect()

    def _connect(self) -> None:
        shown = [self.chat, self.panel, self.turns, self.copied, self.saved, self.file]
        asking: dict[str, Any] = {
            **QUICK,
            "outputs": [*shown, self.question],
            "concurrency_id": "ask",
            "concurrency_limit": _AT_ONCE,
            "trigger_mode": "once",
        }
        commanded = {**asking, "outputs": [*asking["outputs"], *self.filters]}
        running: list[Any] = [
            self.question.submit(self._ask, [self.turns, self.question, *self.filters], **asking),
            self.chat.example_select(self._ask_example, [self.turns, *self.filters], **asking),
            self.command.change(self._obey, [self.turns, self.command, *self.filters], **commanded),
        ]
        cleared = [*shown, self.question]
        # An answer that still grows must not come back into the new chat.
        self.new.click(self._clear, None, cleared, cancels=running, **QUICK)
        self.chat.clear(self._clear, None, cleared, cancels=running, **QUICK)
        self.stop.click(self._stop, [self.turns], shown, cancels=running, **QUICK)
        gr.on(
            [control.change for control in self.filters],  # type: ignore[attr-defined]
            self._show_filters,
            self.filters,
            [self.active],
            # Several may change at once, and what they are last is what must be shown.
            trigger_mode="always_last",
            **QUICK,
        )

    def opened(self, request: gr.Request) -> Outputs:
        """What the page shows when it opens: the values of `on_opening`."""
        words = words_of(request)
        asked = display_text(request.query_params.get("q", "")[:MAX_QUESTION_CHARACTERS]).strip()
        # A reader may be asking by now: what the address does not name is left alone.
        question = asked or gr.skip()
        try:
            info = self._services.backend.info
        except AssistantError as error:
            return (problem(str(error)), question, *[gr.skip()] * len(self.filters))
        query = {name: request.query_params.getlist(name) for name in request.query_params}
        choices = choices_of(
            query,
            languages=[SAME_LANGUAGE, *(tag for tag, _ in info.languages)],
            sources=[name for name, _ in info.sources],
        )
        updates = held(choices, info, words) if set(query) - {"q"} else offered(info, words)
        return (about_panel(info, words), question, *updates)

    @property
    def on_opening(self) -> list[Any]:
        return [self.about, self.question, *self.filters]

    def _shown(self, turns: tuple[Turn, ...], words: Wording) -> Outputs:
        if turns and turns[-1].waiting:
            # The rest is as long as the chat; it stays until there is an answer.
            return (messages(turns, words), gr.skip(), turns, *[gr.skip()] * 3)
        # What can be copied and saved is there once the answer is whole.
        whole = not turns or not turns[-1].growing
        return (
            messages(turns, words),
            sources_panel(turns, words),
            turns,
            export.plain_text(turns) if whole else "",
            export.markdown(turns) if whole else "",
            export.answer_file(turns) if whole else "",
        )

    def _ask(
        self, turns: tuple[Turn, ...], text: str, request: gr.Request, *chosen: Any
    ) -> Iterator[Outputs]:
        words, box = words_of(request), ""
        states = conversation.ask(self._services.backend, turns, text or "", choices_from(*chosen))
        for state in states:
            yield (*self._shown(state, words), box)
            # The reader may be writing the next question while the answer grows.
            box = gr.skip()

    def _ask_example(
        self,
        turns: tuple[Turn, ...],
        event: gr.SelectData,
        request: gr.Request,
        *chosen: Any,
    ) -> Iterator[Outputs]:
        yield from self._ask(turns, str(event.value["text"]), request, *chosen)

    def _obey(
        self, turns: tuple[Turn, ...], command: str, request: gr.Request, *chosen: Any
    ) -> Iterator[Outputs]:
        """What a button within the chat asks for; the page's script numbers each command."""
        words = words_of(request)
        same = [gr.skip()] * len(self.filters)
        name, _, rest = (command or "")[:_LONGEST_COMMAND].partition("#")[0].partition(":")
        choices = choices_from(*chosen)
        if name == "retry":
            for state in conversation.ask_again(self._services.backend, turns, choices):
                yield (*self._shown(state, words), gr.skip(), *same)
        elif name == "remove":
            yield from self._remove(turns, without(choices, rest), words)
        elif name == "undo" and turns:
            yield (*self._shown(turns[:-1], words), turns[-1].question, *same)
        elif name in ("edit", "keep") and turns:
            editing = name == "edit"
            box = turns[-1].question if editing else ""
            turns = conversation.to_be_replaced(turns, replaced=editing)
            yield (*self._shown(turns, words), box, *same)
        elif name in ("good", "bad") and rest.isascii() and rest.isdigit():
            turns, turn = conversation.judged(turns, int(rest), name == "good")
            if turn is not None:
                self._note(turn)
            yield (*self._shown(turns, words), gr.skip(), *same)
        else:
            yield tuple([gr.skip()] * (7 + len(same)))

    def _remove(
        self, turns: tuple[Turn, ...], choices: conversation.Choices, words: Wording
    ) -> Iterator[Outputs]:
        """Asks the last question again, without the filter that was removed."""
        updates = held(choices, self._services.backend.info, words)
        for state in conversation.ask_again(self._services.backend, turns, choices):
            yield (*self._shown(state, words), gr.skip(), *updates)
            updates = [gr.skip()] * len(self.filters)

    def _note(self, turn: Turn) -> None:
        answer = turn.answer
        if answer is None or self._services.feedback is None:
            return
        self._services.feedback.record(
            liked=turn.liked,
            question=answer.question,
            completed=answer.completed,
            generation=answer.index.generation,
            citations=[(c.article.id, c.start, c.end) for c in answer.citations],
            found=answer.found,
            confidence=answer.confidence,
        )

    def _clear(self, request: gr.Request) -> Outputs:
        return (*self._shown((), words_of(request)), "")

    def _stop(self, turns: tuple[Turn, ...], request: gr.Request) -> Outputs:
        return self._shown(conversation.stopped(turns), words_of(request))

    def _show_filters(self, request: gr.Request, *chosen: Any) -> str:
        return chips(choices_from(*chosen), words_of(request))


def _examples(backend: Backend) -> list[ExampleMessage]:
    """Questions about the example articles; over other articles, their newest headlines."""
    if any(name == _EXAMPLES_ARE_ABOUT for name, _ in backend.info.sources):
        return [ExampleMessage(text=text) for text in EXAMPLES]
    newest = backend.headlines(limit=len(EXAMPLES))
    return [ExampleMessage(text=display_text(one.title)[:_LONGEST_HEADLINE]) for one in newest]
