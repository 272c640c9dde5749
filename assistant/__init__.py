"""Ask questions, in any language, over a collection of news articles; get cited answers."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.answers import Answer
    from assistant.api import Assistant, retrieve
    from assistant.building import build
    from assistant.errors import AssistantError
    from assistant.types import (
        Article,
        BuildReport,
        Citation,
        Filters,
        Hit,
        IndexInfo,
        Passage,
        Skipped,
    )

__version__ = "0.1.0"

_HOMES = {
    "Answer": "answers",
    "Article": "types",
    "Assistant": "api",
    "AssistantError": "errors",
    "BuildReport": "types",
    "Citation": "types",
    "Filters": "types",
    "Hit": "types",
    "IndexInfo": "types",
    "Passage": "types",
    "Skipped": "types",
    "build": "building",
    "retrieve": "api",
}

__all__ = [
    "Answer",
    "Article",
    "Assistant",
    "AssistantError",
    "BuildReport",
    "Citation",
    "Filters",
    "Hit",
    "IndexInfo",
    "Passage",
    "Skipped",
    "__version__",
    "build",
    "retrieve",
]


def __getattr__(name: str) -> Any:
    # `import assistant` stays cheap: a name's module is imported when the name is used.
    if name in _HOMES:
        return getattr(import_module(f"assistant.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'assistant' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
