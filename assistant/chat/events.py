"""What the events of all tabs have in common."""

from __future__ import annotations

from typing import Any

import gradio as gr

from assistant.chat.wording import Wording, wording_for

Outputs = tuple[Any, ...]

QUICK: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""Options of an event that is no part of the API and shows no progress of its own."""


def words_of(request: gr.Request) -> Wording:
    """The words for the reader who sent a request."""
    return wording_for(request.headers.get("accept-language"))
