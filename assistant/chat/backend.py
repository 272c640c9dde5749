"""What the chat needs of `assistant.api.Assistant`, so that tests can stand in for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from assistant.answers import Answer
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
