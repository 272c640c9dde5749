"""What the chat needs of `Assistant` and of an editable folder; tests stand in for both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.answers import Answer
from assistant.chat.feedback import Feedback
from assistant.collection import Collection, Found
from assistant.editing import Added
from assistant.rebuilding import RebuildStatus
from assistant.types import Article, Hit, IndexInfo


class Backend(Protocol):
    """Searches one index. Every method may raise AssistantError."""

    @property
    def info(self) -> IndexInfo: ...

    def retrieve(
        self,
        question: str,
        *,
        k: int,
        mode: str,
        languages: Sequence[str] | str | None,
        prefer_language: str | None,
        sources: Sequence[str] | str | None,
        since: str | None,
        until: str | None,
        explain: bool,
    ) -> list[Hit]: ...

    def answer(
        self,
        question: str,
        *,
        k: int,
        mode: str,
        languages: Sequence[str] | str | None,
        prefer_language: str | None,
        sources: Sequence[str] | str | None,
        since: str | None,
        until: str | None,
        as_of: str | None,
        history: Sequence[str],
        explain: bool,
    ) -> Answer: ...

    def stream(
        self,
        question: str,
        *,
        k: int,
        mode: str,
        languages: Sequence[str] | str | None,
        prefer_language: str | None,
        sources: Sequence[str] | str | None,
        since: str | None,
        until: str | None,
        as_of: str | None,
        history: Sequence[str],
        explain: bool,
    ) -> Iterator[Answer]: ...

    def article(self, article_id: str) -> Article: ...

    def collection(self) -> Collection: ...

    def find_articles(self, text: str, *, limit: int) -> list[Found]: ...

    def headlines(self, *, limit: int) -> list[Found]: ...


class Rebuilding(Protocol):
    """Brings the index up to date beside the chat, at most once at a time."""

    def start(self) -> bool: ...

    def cancel(self) -> None: ...

    def status(self) -> RebuildStatus: ...


class Editing(Protocol):
    """Adds articles to the folder that the index is built from. May raise AssistantError."""

    def add(self, name: str, content: bytes) -> Added: ...

    def paste(
        self,
        title: str,
        text: str,
        *,
        source: str | None,
        published: str | None,
        language: str | None,
        url: str | None,
    ) -> Added: ...

    def undo(self, key: str) -> None: ...

    def added(self) -> tuple[Added, ...]: ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the page works with; what is None, it does not offer."""

    backend: Backend
    rebuilding: Rebuilding | None = None
    editing: Editing | None = None
    feedback: Feedback | None = None
