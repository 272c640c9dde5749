"""The page: its layout and its events. Import costs seconds, because of Gradio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.components.chatbot import ExampleMessage

from assistant.chat import conversation, export
from assistant.chat.about import about_panel
from assistant.chat.backend import Backend
from assistant.chat.conversation import Choices, Turn
from assistant.chat.escaping import display_text, html_text
from assistant.chat.languages import language_name
from assistant.chat.render import messages, sources_panel
from assistant.chat.routes import HERE
from assistant.errors import AssistantError
from assistant.settings import DEFAULT_K, MAX_QUESTION_CHARACTERS, MODES, SAME_LANGUAGE
from assistant.types import IndexInfo

EXAMPLES = (
    "When will South Korea, the United States and Japan share missile warning data?",
    "¿Por qué recibió Han Kang el Premio Nobel de Literatura?",
    "Quantos militares turcos estão sepultados no cemitério das Nações Unidas em Busan?",
    "Какого размера главное зеркало телескопа «Джеймс Уэбб»?",
    "アルプス以北のNATO空域を監視している指揮所は、ドイツのどこにあるのか。",
    "كم تراجعت إيرادات قناة السويس؟",
)

_EXAMPLES_ARE_ABOUT = "Example article, written for this project"
_MOST_SOURCES = 20
_CHAT_SECONDS = 12 * 3600
_CHATS = 200
_WAITING = 64
_AT_ONCE = 4
_MODE_NAMES = {"hybrid": "both", "dense": "meaning", "lexical": "words"}
_INTRODUCTION = (
    '<div class="intro"><div class="intro-name">Ask the articles</div>'
    "<div>Answers are sentences of the articles, in their own language. "
    "Each one links to the passage that it comes from.</div></div>"
)

Outputs = tuple[Any, ...]


def add_page(app: FastAPI, backend: Backend) -> FastAPI:
    """Mounts the page at the root of `app`."""
    blocks = _blocks(backend)
    blocks.queue(max_size=_WAITING, default_concurrency_limit=_AT_ONCE, api_open=False)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        blocks,
        path="",
        theme=_theme(),
        css_paths=[HERE / "chat.css"],
        head='<script src="chat.js" defer></script>',
        allowed_paths=[],
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        enable_monitoring=False,
        footer_links=[],
        max_file_size=1,
        mcp_server=False,
        pwa=False,
        run_history=False,
        show_error=False,
        ssr_mode=False,
    )
    blocks.state_session_capacity = _CHATS
    return mounted


def _theme() -> gr.themes.Base:
    return gr.themes.Default(
        primary_hue="indigo",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(
        # The default greys are too pale to read against their backgrounds.
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
    )


def _about(backend: Backend) -> str:
    try:
        return about_panel(backend.info)
    except AssistantError as error:
        return f'<div class="quiet">{html_text(str(error))}</div>'


def _language_choices(info: IndexInfo) -> list[tuple[str, str]]:
    named = [(display_text(f"{language_name(tag)} ({n})"), tag) for tag, n in info.languages]
    return [("the question's", SAME_LANGUAGE), *named]


def _preference_choices(info: IndexInfo) -> list[tuple[str, str]]:
    return [("none", ""), *_language_choices(info)]


def _outlet_choices(info: IndexInfo) -> list[tuple[str, str]]:
    return [(display_text(f"{name} ({n})"), name) for name, n in info.sources]


def _examples(info: IndexInfo) -> list[ExampleMessage]:
    """The examples, where the articles that they are about are in the index."""
    known = any(name == _EXAMPLES_ARE_ABOUT for name, _ in info.sources)
    return [ExampleMessage(text=text) for text in EXAMPLES] if known else []


def _blocks(backend: Backend) -> gr.Blocks:
    info = backend.info
    blocks: gr.Blocks = gr.Blocks(
        title="Ask the articles", analytics_enabled=False, fill_width=True
    )
    with blocks:
        turns = gr.State((), time_to_live=_CHAT_SECONDS)
        with gr.Row(elem_id="columns"):
            with gr.Column(scale=6, min_width=320, elem_id="left"):
                chat = gr.Chatbot(
                    elem_id="chat",
                    show_label=False,
                    layout="panel",
                    buttons=[],
                    feedback_options=None,
                    latex_delimiters=[],
                    allow_tags=False,
                    group_consecutive_messages=False,
                    placeholder=_INTRODUCTION,
                    examples=_examples(info),
                    height="auto",
                )
                question = gr.Textbox(
                    elem_id="question",
                    show_label=False,
                    container=False,
                    placeholder="Ask a question, in any language",
                    lines=1,
                    max_lines=5,
                    max_length=MAX_QUESTION_CHARACTERS,
                    submit_btn=True,
                    autofocus=True,
                )
                filters = _filters(info)
                with gr.Row(elem_id="actions"):
                    new = gr.Button("New chat", size="sm", elem_id="new")
                    gr.Button("Copy with citations", size="sm", elem_id="copy")
                    gr.Button("Save Markdown", size="sm", elem_id="save")
                    gr.Button("Save JSON", size="sm", elem_id="save-json")
                    gr.Button("Dark or light", size="sm", elem_id="dark")
            with gr.Column(scale=5, min_width=320, elem_id="right"):
                panel = gr.Markdown(
                    sources_panel((), about_panel(info)), elem_id="sources", latex_delimiters=[]
                )
        # The page's script reads these; the reader does not see them.
        copied = gr.Textbox(visible="hidden", elem_id="copy-text")
        saved = gr.Textbox(visible="hidden", elem_id="save-text")
        file = gr.Textbox(visible="hidden", elem_id="save-json-text")

        shown = [chat, panel, turns, copied, saved, file]

        def show(some: tuple[Turn, ...]) -> Outputs:
            return (
                messages(some),
                sources_panel(some, _about(backend)),
                some,
                export.plain_text(some),
                export.markdown(some),
                export.answer_file(some),
            )

        def ask(some: tuple[Turn, ...], text: str, *chosen: Any) -> Iterator[Outputs]:
            box: Any = ""
            for state in conversation.ask(backend, some, text or "", _choices(*chosen)):
                yield (*show(state), box)
                # The reader may be writing the next question while the answer grows.
                box = gr.skip()

        def ask_example(
            some: tuple[Turn, ...], event: gr.SelectData, *chosen: Any
        ) -> Iterator[Outputs]:
            yield from ask(some, str(event.value["text"]), *chosen)

        def clear() -> Outputs:
            return (*show(()), "")

        def open_page(request: gr.Request) -> Outputs:
            # What does not differ is left alone: a reader may be asking by now.
            asked = request.query_params.get("q", "")[:MAX_QUESTION_CHARACTERS]
            text = display_text(asked).strip() or gr.skip()
            try:
                now = backend.info
            except AssistantError:
                return (sources_panel((), _about(backend)), *[gr.skip()] * 3, text)
            if now == info:
                return (*[gr.skip()] * 4, text)
            return (
                sources_panel((), about_panel(now)),
                gr.Dropdown(choices=_language_choices(now)),
                gr.Dropdown(choices=_outlet_choices(now)),
                gr.Dropdown(choices=_preference_choices(now)),
                text,
            )

        asking: dict[str, Any] = {
            "outputs": [*shown, question],
            "api_visibility": "private",
            "concurrency_id": "ask",
            "concurrency_limit": _AT_ONCE,
            "show_progress": "hidden",
            "trigger_mode": "once",
        }
        quick: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        running: list[Any] = [
            question.submit(ask, [turns, question, *filters], **asking),
            chat.example_select(ask_example, [turns, *filters], **asking),
        ]
        # An answer that still grows must not come back into the new chat.
        new.click(clear, None, [*shown, question], cancels=running, **quick)
        chat.clear(clear, None, [*shown, question], cancels=running, **quick)
        blocks.load(open_page, None, [panel, *filters[:2], filters[-1], question], **quick)
    return blocks


def _filters(info: IndexInfo) -> list[gr.components.Component]:
    """The controls whose values `_choices` takes, in its order."""
    with gr.Accordion("Filters and search", open=False, elem_id="filters"):
        with gr.Row():
            languages = gr.Dropdown(
                _language_choices(info), multiselect=True, label="Languages (none: all)"
            )
            outlets = gr.Dropdown(
                _outlet_choices(info), multiselect=True, label="Outlets (none: all)"
            )
        with gr.Row():
            since = gr.DateTime(label="From", include_time=False, type="string")
            until = gr.DateTime(label="Until", include_time=False, type="string")
            as_of = gr.DateTime(
                label="As of (empty: today)", include_time=False, type="string", elem_id="as-of"
            )
        with gr.Row():
            k = gr.Slider(1, _MOST_SOURCES, DEFAULT_K, step=1, label="Sources at most")
            mode = gr.Radio(
                [(_MODE_NAMES[mode], mode) for mode in MODES],
                value=MODES[0],
                label="Search by meaning, words or both",
            )
            prefer = gr.Dropdown(
                _preference_choices(info), value="", label="Language to prefer, among others"
            )
    return [languages, outlets, since, until, as_of, k, mode, prefer]


def _choices(
    languages: list[str] | None,
    outlets: list[str] | None,
    since: str | None,
    until: str | None,
    as_of: str | None,
    k: float,
    mode: str,
    prefer_language: str | None,
) -> Choices:
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
