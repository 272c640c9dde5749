"""What the chat needs of `Assistant` and of an editable folder; tests stand in for both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from assistant.answers import Answer
from assistant.types import Article, Hit, IndexInfo


class Described(Protocol):
    """A result that says itself what it holds, as JSON can."""

    def to_dict(self) -> dict[str, Any]: ...


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

    def collection(self) -> Described: ...

    def find_articles(self, text: str, *, limit: int) -> Sequence[Described]: ...


class Added(Described, Protocol):
    """What came of one file that was added; `key` undoes it."""

    @property
    def key(self) -> str: ...

    @property
    def name(self) -> str: ...


class Editing(Protocol):
    """Adds articles to the collection. Every method may raise AssistantError."""

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

    def added(self) -> Sequence[Added]: ...
