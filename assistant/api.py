"""The one object behind every door: ask an index for hits and for answers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import TracebackType

from assistant.answering import compose
from assistant.errors import ArticleNotFound
from assistant.index import Index, current_generation
from assistant.retrieval import search
from assistant.settings import (
    DEFAULT_K,
    Settings,
    check_filters,
    check_k,
    check_mode,
    check_question,
)
from assistant.types import Answer, Article, Hit, IndexInfo


class Assistant:
    """Answers questions from an index. One object serves many threads.

    The index is read once and kept; when a build replaces it, the next question is
    answered from the new one, while questions under way end on the old one.
    """

    def __init__(self, index: str | Path | None = None, *, model: str | None = None) -> None:
        """Opens the index in the folder `index` (default: `ASSISTANT_INDEX`, then `index`).

        `model` defaults to the model that the index was built with; naming another one
        raises ModelMismatch. Raises IndexNotFound, IndexCorrupt or IndexFormatUnsupported
        where there is no index that can be used, ModelNotFound where its model is gone.
        """
        self._folder = Settings.resolve(index=index).index
        self._model = model
        self._lock = threading.Lock()
        self._index = Index.open(self._folder, model=model)

    def _current(self) -> Index:
        generation = current_generation(self._folder)
        if generation == self._index.info.generation:
            return self._index
        with self._lock:
            if generation != self._index.info.generation:
                # The old index is closed when the last question that uses it lets go of it.
                self._index = Index.open(self._folder, model=self._model)
            return self._index

    @property
    def info(self) -> IndexInfo:
        """What the index holds now."""
        return self._current().info

    def retrieve(
        self,
        question: str,
        *,
        k: int = DEFAULT_K,
        mode: str = "hybrid",
        languages: Sequence[str] | str | None = None,
        sources: Sequence[str] | str | None = None,
        since: str | date | None = None,
        until: str | date | None = None,
    ) -> list[Hit]:
        """The best passages for `question`, at most `k`, at most 3 of one article.

        `mode` is `hybrid`, `dense` or `lexical`. The filters apply before the best are
        taken: languages (`"zh"` allows `zh-Hant` too), outlets, and the days of
        publication, both inclusive. Raises QuestionError or SettingsError for values that
        cannot be used.
        """
        return search(
            self._current(),
            check_question(question),
            k=check_k(k),
            mode=check_mode(mode),
            filters=check_filters(languages=languages, sources=sources, since=since, until=until),
        )

    def answer(
        self,
        question: str,
        *,
        k: int = DEFAULT_K,
        mode: str = "hybrid",
        languages: Sequence[str] | str | None = None,
        sources: Sequence[str] | str | None = None,
        since: str | date | None = None,
        until: str | date | None = None,
    ) -> Answer:
        """One to four sentences of the articles that answer `question`, or a plain refusal.

        The arguments and errors are those of `retrieve`.
        """
        index = self._current()
        question = check_question(question)
        checked_mode = check_mode(mode)
        filters = check_filters(languages=languages, sources=sources, since=since, until=until)
        hits = search(index, question, k=check_k(k), mode=checked_mode, filters=filters)
        return compose(index, question, hits, mode=checked_mode, filters=filters)

    def article(self, article_id: str) -> Article:
        """The article of this id. Raises ArticleNotFound."""
        article = self._current().article(article_id)
        if article is None:
            raise ArticleNotFound(f"the index holds no article with the id {article_id!r}")
        return article

    def close(self) -> None:
        """Lets go of the index's files. Closing twice is allowed."""
        self._index.close()

    def __enter__(self) -> Assistant:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


_opened: dict[Path, Assistant] = {}
_opening = threading.Lock()


def retrieve(
    question: str,
    *,
    k: int = DEFAULT_K,
    index: str | Path | None = None,
    mode: str = "hybrid",
    languages: Sequence[str] | str | None = None,
    sources: Sequence[str] | str | None = None,
    since: str | date | None = None,
    until: str | date | None = None,
) -> list[Hit]:
    """The best passages for `question` in the index `index`, which is opened once and kept.

    The arguments and errors are those of `Assistant` and `Assistant.retrieve`.
    """
    folder = Settings.resolve(index=index).index.resolve()
    with _opening:
        assistant = _opened.get(folder)
        if assistant is None:
            assistant = _opened[folder] = Assistant(folder)
    return assistant.retrieve(
        question,
        k=k,
        mode=mode,
        languages=languages,
        sources=sources,
        since=since,
        until=until,
    )
