"""The chat: a web page and an HTTP API over one index.

Importing this package is cheap; the web framework is imported when `serve` or `build_app`
is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.chat.server import build_app, serve

__all__ = ["build_app", "serve"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("assistant.chat.server"), name)
    raise AttributeError(f"module 'assistant.chat' has no attribute {name!r}")
