"""The page: its tabs and what it opens with. Import costs seconds, because of Gradio."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr
from fastapi import FastAPI

from assistant.chat.adding_tab import AddingTab
from assistant.chat.allowed import HERE, STATIC_FILES
from assistant.chat.asking import AskTab
from assistant.chat.backend import Services
from assistant.chat.collection_tab import CollectionTab
from assistant.chat.escaping import html_text
from assistant.chat.events import QUICK, words_of
from assistant.chat.wording import TAGS, Wording, wording

_CHATS = 200
_WAITING = 64
_AT_ONCE = 4
_REGIONS = {"zh": ("zh-CN", "zh-TW", "zh-HK")}
"""Locales that Gradio has tables for, and does not look for under their language alone."""

_SCRIPTS = "".join(
    f'<script src="{name}" defer></script>' for name in STATIC_FILES if name.endswith(".js")
)
_SCRIPTED = (
    "answer",
    "close",
    "copied",
    "filters",
    "keys_heading",
    "loading",
    "new_tab",
    "nothing_yet",
    "question",
    "reading",
    "refused",
    "saved",
    "unreadable",
    "uploading",
)
"""The words that the page's script says."""


def add_page(app: FastAPI, services: Services) -> FastAPI:
    """Mounts the page at the root of `app`."""
    i18n = gr.I18n(
        **{name: _labels(wording(tag)) for tag in TAGS for name in (tag, *_REGIONS.get(tag, ()))}
    )
    blocks = _blocks(services, i18n)
    blocks.queue(max_size=_WAITING, default_concurrency_limit=_AT_ONCE, api_open=False)
    # Read when the page is mounted, and ten thousand if it is not set before.
    blocks.state_session_capacity = _CHATS
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        blocks,
        path="",
        theme=_theme(),
        css_paths=[HERE / "chat.css"],
        head=_SCRIPTS,
        i18n=i18n,
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
    return mounted


def _labels(words: Wording) -> dict[str, str]:
    """The words of the components themselves, which the browser chooses."""
    labels = {key: text for key, text in words.table.items() if isinstance(text, str)}
    name, introduction = html_text(words.say("name")), html_text(words.say("introduction"))
    labels["introduction_html"] = (
        f'<div class="intro"><div class="intro-name">{name}</div><div>{introduction}</div></div>'
    )
    return labels


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


def _blocks(services: Services, i18n: gr.I18n) -> gr.Blocks:
    words = wording()
    blocks: gr.Blocks = gr.Blocks(title=words.say("name"), analytics_enabled=False, fill_width=True)
    with blocks:
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab(i18n("ask_tab"), id="ask", elem_id="ask-tab"):
                asking = AskTab(services, words, i18n)
            with gr.Tab(i18n("collection_tab"), id="collection", elem_id="collection-tab") as tab:
                collection = CollectionTab(services, i18n)
            collection.connect_opening(tab)
            if services.editing is not None:
                with gr.Tab(i18n("add_tab"), id="add", elem_id="add-tab") as tab:
                    adding = AddingTab(services, services.editing, i18n)
                adding.connect_opening(tab)
        scripted = gr.Textbox(visible="hidden", elem_id="words")

        def opened(request: gr.Request) -> tuple[Any, ...]:
            said = words_of(request)
            table = {
                **{key: said.say(key) for key in _SCRIPTED},
                "direction": said.direction,
                "language": said.tag,
            }
            return (json.dumps(table, ensure_ascii=False), *asking.opened(request))

        blocks.load(
            opened,
            None,
            [scripted, *asking.on_opening],
            **QUICK,
        )
    return blocks
