"""The one object behind every door: ask an index for hits and for answers."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from assistant.answer_file import read_answer, save_answer
from assistant.answering import Asked, compose
from assistant.answers import Answer
from assistant.collection import Collection, Found, describe, find_articles, headlines
from assistant.endpoint import llm_settings
from assistant.errors import ArticleNotFound, SettingsError
from assistant.following import complete
from assistant.index import Index
from assistant.language import question_language, question_languages
from assistant.memory import give_memory_back
from assistant.preferring import Preferring
from assistant.processes import cores
from assistant.reranking import load_reranker
from assistant.retrieval import Reranker, search
from assistant.rewriting import rewrite
from assistant.searchable import Searchable
from assistant.settings import (
    DEFAULT_K,
    SAME_LANGUAGE,
    Settings,
    check_day,
    check_filters,
    check_history,
    check_k,
    check_language,
    check_limit,
    check_mode,
    check_question,
    check_unsupported,
    remote_address,
)
from assistant.times import period_of, wants_latest
from assistant.turns import Turns
from assistant.types import Article, Filters, Hit, IndexInfo
from assistant.verifying import Verification, verify_answer

if TYPE_CHECKING:
    from assistant.milvus import MilvusIndex


_AT_ONCE = 4
"""The most questions that are worked on at once: more only wait for Python's lock."""


class Assistant:
    """Answers questions from an index. One object serves many threads.

    The index is read once and kept; when a build replaces it, the next question is
    answered from the new one, while questions under way end on the old one.
    """

    def __init__(
        self,
        index: str | Path | None = None,
        *,
        model: str | None = None,
        reranker: str | None = None,
        llm_url: str | None = None,
        llm_model: str | None = None,
        unsupported: str = "mark",
    ) -> None:
        """Opens the index in the folder `index` (default: `ASSISTANT_INDEX`, then `index`).

        `index` may be the address of one on a Milvus server, as in `milvus://host:19530/news`,
        with its token in `ASSISTANT_MILVUS_TOKEN`; then IndexUnreachable may be raised as well,
        by every method.

        `model` defaults to the model that the index was built with; naming another one
        raises ModelMismatch. `reranker` is the folder or the hub name of a sentence-transformers
        cross-encoder that orders the first 20 passages anew; it is loaded with the first
        question. `llm_url` and `llm_model` (default: `ASSISTANT_LLM_URL`, `ASSISTANT_LLM_MODEL`;
        its key: `ASSISTANT_LLM_KEY`) name a language model behind an OpenAI-compatible endpoint
        that writes the answers; sentences of its that the passages do not support are marked
        ("mark") or left out ("drop"). Raises SettingsError for settings that do not go
        together, IndexNotFound, IndexCorrupt or IndexFormatUnsupported where there is no
        index that can be used, ModelNotFound where its model is gone.
        """
        self._address = remote_address(index)
        self._folder = Path() if self._address else Settings.resolve(index=index).index
        self._model = model
        self._lock = threading.Lock()
        self._index = self._opened()
        self._replaced: weakref.ref[Searchable] | None = None
        # Waiting for a server keeps no processor busy.
        self._turns = nullcontext() if self._address else Turns(min(cores(), _AT_ONCE))
        self._reranker_name = reranker
        self._reranker: Reranker | None = None
        self._llm = llm_settings(llm_url, llm_model)
        self._unsupported = check_unsupported(unsupported)

    def _opened(self) -> Index | MilvusIndex:
        if self._address is None:
            return Index.open(self._folder, model=self._model)
        # pymilvus takes a second to import.
        from assistant.milvus import Address, MilvusIndex

        return MilvusIndex(Address.parse(self._address), model=self._model)

    def _current(self) -> Searchable:
        if self._index.is_current():
            replaced = self._replaced
            if replaced is not None and replaced() is None:
                self._replaced = None
                give_memory_back()
            return self._index
        with self._lock:
            if not self._index.is_current():
                # The old index is closed when the last question that uses it lets go of it.
                opened = self._opened()
                opened.use_model_of(self._index)
                self._replaced, self._index = weakref.ref(self._index), opened
            return self._index

    def _loaded_reranker(self) -> Reranker | None:
        if self._reranker_name is None:
            return None
        with self._lock:
            if self._reranker is None:
                self._reranker = load_reranker(self._reranker_name)
            return self._reranker

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
        prefer_language: str | None = None,
        sources: Sequence[str] | str | None = None,
        since: str | date | None = None,
        until: str | date | None = None,
        explain: bool = False,
    ) -> list[Hit]:
        """The best passages for `question`, at most `k`, at most 3 of one article.

        `mode` is `hybrid`, `dense` or `lexical`. The filters apply before the best are
        taken: languages (`"zh"` allows `zh-Hant` too, `"same"` those of the question's language,
        `"all"` and None every one), outlets, and the days of publication, both inclusive.
        Passages in `prefer_language`, a tag or `"same"`, are lifted by one standard deviation
        of what was found. Copies of an article are folded into one hit that names them. With
        `explain` each hit says why it was found. Raises QuestionError or SettingsError for
        values that cannot be used, ModelNotFound for a reranker that cannot be loaded.
        """
        with self._turns:
            index = self._current()
            question = check_question(question)
            return search(
                index,
                question,
                k=check_k(k),
                mode=check_mode(mode),
                filters=_filters(index, question, languages, sources, since, until),
                preferring=Preferring(_tags(index, question, check_language(prefer_language))),
                reranker=self._loaded_reranker(),
                explain=explain,
            )

    def answer(
        self,
        question: str,
        *,
        k: int = DEFAULT_K,
        mode: str = "hybrid",
        languages: Sequence[str] | str | None = None,
        prefer_language: str | None = None,
        sources: Sequence[str] | str | None = None,
        since: str | date | None = None,
        until: str | date | None = None,
        as_of: str | date | None = None,
        history: Sequence[str] = (),
        explain: bool = False,
    ) -> Answer:
        """One to four sentences of the articles that answer `question`, or a plain refusal.

        `history` are the questions before, oldest first, as they were understood: a question
        that goes on from them ("And Japan's?") is completed. Days that the question names,
        counted from `as_of` (default: today), are preferred, and so are the newest articles where
        it asks for the latest. The other arguments and the errors are those of `retrieve`.
        """
        *_, answer = self.stream(
            question,
            k=k,
            mode=mode,
            languages=languages,
            prefer_language=prefer_language,
            sources=sources,
            since=since,
            until=until,
            as_of=as_of,
            history=history,
            explain=explain,
        )
        return answer

    def stream(
        self,
        question: str,
        *,
        k: int = DEFAULT_K,
        mode: str = "hybrid",
        languages: Sequence[str] | str | None = None,
        prefer_language: str | None = None,
        sources: Sequence[str] | str | None = None,
        since: str | date | None = None,
        until: str | date | None = None,
        as_of: str | date | None = None,
        history: Sequence[str] = (),
        explain: bool = False,
    ) -> Iterator[Answer]:
        """The answer as it grows where a language model writes it; the last one is whole.

        Without a language model there is one. The arguments and errors are those of `answer`.
        """
        with self._turns:
            index = self._current()
            question = check_question(question)
            checked_mode = check_mode(mode)
            table = None if checked_mode == "lexical" else index.token_table
            completed = complete(question, check_history(history), table=table)
            understood = completed or question
            day = check_day("as_of", as_of) or datetime.now().astimezone().date().isoformat()
            language = question_language(understood)
            period = period_of(understood, as_of=date.fromisoformat(day), languages=[language])
            filters = _filters(index, question, languages, sources, since, until)
            hits = search(
                index,
                understood,
                k=check_k(k),
                mode=checked_mode,
                filters=filters,
                preferring=Preferring(
                    _tags(index, question, check_language(prefer_language)),
                    period,
                    wants_latest(understood),
                ),
                reranker=self._loaded_reranker(),
                explain=explain,
            )
            asked = Asked(question, language, filters, day, completed, period)
            quoted = compose(index, asked, hits, mode=checked_mode)
        if self._llm is None or not quoted.found:
            return iter((quoted,))
        return rewrite(index, quoted, self._llm, unsupported=self._unsupported)

    def article(self, article_id: str) -> Article:
        """The article of this id. Raises ArticleNotFound."""
        article = self._current().article(article_id)
        if article is None:
            raise ArticleNotFound(f"the index holds no article with the id {article_id!r}")
        return article

    def collection(self) -> Collection:
        """What the index holds: months, languages, gaps, its size and its last build."""
        return describe(self._current())

    def find_articles(self, text: str, *, limit: int = 20) -> list[Found]:
        """The articles whose title, or outlet, holds every word of `text`, best first.

        Case, accents and width make no difference, and words need no spaces between them.
        Raises SettingsError where `limit` is not from 1 to 100.
        """
        if not isinstance(text, str):
            raise SettingsError("what a title is found by must be text")
        return find_articles(self._current(), text, limit=check_limit(limit))

    def headlines(self, *, limit: int = 6) -> list[Found]:
        """The newest article with a title in each of the `limit` most frequent languages.

        Raises SettingsError where `limit` is not from 1 to 100.
        """
        return headlines(self._current(), limit=check_limit(limit))

    def save(self, answer: Answer, path: str | Path) -> None:
        """Writes an answer to a `.json` file, which `verify` reads, or a `.md` file of Markdown.

        Raises SettingsError for another ending, AnswerFileError where the file cannot be
        written or is there already and is no answer file.
        """
        index = self._current()
        same = answer.index.generation == index.info.generation
        save_answer(answer, Path(path), fingerprint=index.fingerprint if same else None)

    def verify(self, path: str | Path) -> Verification:
        """Looks for every quote of a saved answer in the index. Raises AnswerFileError."""
        return verify_answer(read_answer(Path(path)), self._current())

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


def _tags(index: Searchable, question: str, languages: Sequence[str] | None) -> tuple[str, ...]:
    """Languages with `"same"` replaced by those of the question's language."""
    tags: list[str] = []
    for language in languages or ():
        if language == SAME_LANGUAGE:
            tags += question_languages(question, [tag for tag, _ in index.info.languages])
        else:
            tags.append(language)
    return tuple(dict.fromkeys(tags))


def _filters(
    index: Searchable,
    question: str,
    languages: Sequence[str] | str | None,
    sources: Sequence[str] | str | None,
    since: str | date | None,
    until: str | date | None,
) -> Filters:
    filters = check_filters(languages=languages, sources=sources, since=since, until=until)
    if filters.languages is None:
        return filters
    return replace(filters, languages=_tags(index, question, filters.languages))


_opened: dict[tuple[Path | str, str | None], Assistant] = {}
_opening = threading.Lock()


def retrieve(
    question: str,
    *,
    k: int = DEFAULT_K,
    index: str | Path | None = None,
    mode: str = "hybrid",
    languages: Sequence[str] | str | None = None,
    prefer_language: str | None = None,
    sources: Sequence[str] | str | None = None,
    since: str | date | None = None,
    until: str | date | None = None,
    reranker: str | None = None,
    explain: bool = False,
) -> list[Hit]:
    """The best passages for `question` in the index `index`, which is opened once and kept.

    The arguments and errors are those of `Assistant` and `Assistant.retrieve`.
    """
    place = remote_address(index) or Settings.resolve(index=index).index.resolve()
    with _opening:
        assistant = _opened.get((place, reranker))
        if assistant is None:
            assistant = _opened[place, reranker] = Assistant(place, reranker=reranker)
    return assistant.retrieve(
        question,
        k=k,
        mode=mode,
        languages=languages,
        prefer_language=prefer_language,
        sources=sources,
        since=since,
        until=until,
        explain=explain,
    )
