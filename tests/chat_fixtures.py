"""A small collection that stands in for an index, and a server for the chat's tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from assistant.answers import Answer, Period, Searched, Sentence, Update
from assistant.chat.backend import Backend
from assistant.collection import Collection, Found, Gap, Month
from assistant.editing import Added, Summary
from assistant.errors import ArticleNotFound, EditError
from assistant.last_build import LastBuild
from assistant.rebuilding import RebuildStatus
from assistant.settings import (
    check_day,
    check_filters,
    check_history,
    check_k,
    check_mode,
    check_question,
)
from assistant.types import (
    Article,
    BuildReport,
    Citation,
    Explanation,
    Filters,
    Hit,
    IndexInfo,
    Passage,
    Skipped,
    WordMatch,
)

HOSTILE_TITLE = "<script>alert('title')</script> **bold** [x](javascript:alert(1))"
HOSTILE_TEXT = (
    "The harbour <img src=x onerror=alert(1)> opened on Monday. "
    "![pixel](http://tracker.example/p.png) <form action=http://evil.example><input></form> "
    '<div style="position:fixed;inset:0;background:url(http://evil.example/o)">overlay</div>'
)

ARTICLES = (
    Article(
        id="fr-alerte",
        title="Alertes aux missiles : Séoul et Tokyo relieront leurs systèmes",
        text=(
            "Les deux pays mettront en service un mécanisme d’échange en décembre. "
            "La décision a été rendue publique dimanche.\n\n"
            "Les préparatifs des missiles sont terminés."
        ),
        language="fr",
        published="2023-11-13",
        source="Le Quotidien",
        url="https://quotidien.example/alerte?a=1&b=2",
        authors=("Anne Dupont",),
        path="fr-alerte.md",
    ),
    Article(
        id="ar/suez",
        title="البحر الأحمر يترقّب",
        text="تراجعت إيرادات قناة السويس من 10 إلى 4 مليارات missiles. عادت السفن.",
        language="ar",
        published="2025-02-02",
        source="الأخبار",
        path="ar/suez.md",
    ),
    Article(
        id="en-telescope",
        title="The telescope’s first pictures",
        text="The main mirror is 6.5 metres wide. It has eighteen segments of missiles beryllium.",
        language="en",
        published="2022-07-20",
        source="Example article, written for this project",
        url="javascript:alert(1)",
        path="en-telescope.md",
    ),
    Article(
        id='x"><script>alert(3)</script>',
        title=HOSTILE_TITLE,
        text=HOSTILE_TEXT,
        language="en",
        published="2024-01-01",
        source='<b onmouseover=alert(2)>Outlet</b> "quoted"',
        url="http://harbour.example/<script>",
        path="hostile.md",
    ),
)


def _explanation(question: str, article: Article) -> Explanation:
    """One that shows the question, the title and the text, however hostile."""
    return Explanation(
        points=(("meaning", 1.5), ("coverage", 0.0), ("romanised", -0.25)),
        terms=(question, article.title),
        words=(
            WordMatch(question, article.title, "meaning", 0.75),
            WordMatch(question, article.title, "sound", 1.0),
        ),
        start=0,
        end=min(len(article.text), 40),
    )


class FakeBackend:
    """Finds articles that share a word with the question; cites the best one's sentences."""

    def __init__(self, articles: Sequence[Article] = ARTICLES, *, cite: int = 2) -> None:
        self.articles = tuple(articles)
        self.cite = cite
        self.fail: Exception | None = None
        self.asked: list[tuple[str, tuple[str, ...], str | None]] = []

    @property
    def info(self) -> IndexInfo:
        languages = [article.language for article in self.articles]
        sources = [article.source for article in self.articles if article.source]
        days = sorted(article.published[:10] for article in self.articles if article.published)
        return IndexInfo(
            generation="g1",
            model="fake",
            articles=len(self.articles),
            passages=len(self.articles),
            languages=tuple((name, languages.count(name)) for name in dict.fromkeys(languages)),
            sources=tuple((name, sources.count(name)) for name in dict.fromkeys(sources)),
            first_day=days[0] if days else None,
            last_day=days[-1] if days else None,
            built="2025-01-01T00:00:00Z",
        )

    def article(self, article_id: str) -> Article:
        for article in self.articles:
            if article.id == article_id:
                return article
        raise ArticleNotFound(f"the index holds no article with the id {article_id!r}")

    def retrieve(
        self,
        question: str,
        *,
        k: int = 8,
        mode: str = "hybrid",
        prefer_language: str | None = None,
        explain: bool = False,
        **filters: Any,
    ) -> list[Hit]:
        if self.fail is not None:
            raise self.fail
        words = set(check_question(question).lower().split())
        check_mode(mode)
        allowed = check_filters(**filters)
        found = []
        for article in self.articles:
            if allowed.languages is not None and article.language not in allowed.languages:
                continue
            shared = len(words & set(article.text.lower().split()))
            found.append((shared, article))
        found.sort(key=lambda pair: -pair[0])
        return [
            Hit(
                rank=rank,
                score=(shared + 0.5) / 10,
                article=article,
                passage=Passage(f"{article.id}#0", article.id, 0, len(article.text), article.text),
                dense_rank=rank,
                lexical_rank=rank if shared else None,
                similarity=0.5,
                coverage=min(1.0, shared / len(words)),
                copies=len(found) + 20,
                also_in=tuple(other for _, other in found if other is not article),
                explanation=_explanation(question, article) if explain else None,
            )
            for rank, (shared, article) in enumerate(found[: check_k(k)], 1)
        ]

    def answer(
        self,
        question: str,
        *,
        k: int = 8,
        mode: str = "hybrid",
        prefer_language: str | None = None,
        as_of: str | None = None,
        history: Sequence[str] = (),
        explain: bool = False,
        **filters: Any,
    ) -> Answer:
        earlier = check_history(history)
        self.asked.append((question, earlier, as_of))
        goes_on = bool(earlier) and question.lower().startswith("and ")
        completed = f"{question} ({earlier[-1]})" if goes_on else None
        hits = self.retrieve(question, k=k, mode=mode, explain=explain, **filters)
        matching = [hit for hit in hits if hit.lexical_rank is not None][: self.cite]
        citations = []
        for number, hit in enumerate(matching, 1):
            end = hit.article.text.find(". ") + 1 or len(hit.article.text)
            quote = hit.article.text[:end]
            citations.append(Citation(number, hit.article, hit.passage, 0, end, quote))
        return Answer(
            question=check_question(question),
            found=bool(citations),
            confidence=0.9 if citations else 0.1,
            sentences=tuple(Sentence(c.quote, "verbatim", (c.number,)) for c in citations),
            citations=tuple(citations),
            hits=tuple(hits),
            mode=check_mode(mode),
            filters=check_filters(**filters),
            index=self.info,
            searched=self.searched(check_filters(**filters)),
            as_of=check_day("as_of", as_of) or "2023-11-20",
            language="en",
            completed=completed,
        )

    def searched(self, filters: Filters) -> Searched:
        languages = filters.languages or [tag for tag, _ in self.info.languages]
        left = FakeBackend([a for a in self.articles if a.language in languages]).info
        return Searched(left.articles, left.languages, left.first_day, left.last_day)

    def stream(self, question: str, **options: Any) -> Iterator[Answer]:
        yield self.answer(question, **options)

    def collection(self) -> Collection:
        return Collection(
            info=self.info,
            undated=0,
            months=(Month("2022-07", (("en", 1),)), Month("2022-08", ())),
            gaps=(Gap("2022-07-21", "2023-11-12", 480),),
            size=12_345,
            last_build=LastBuild(
                built=self.info.built,
                seconds=1.5,
                added=4,
                changed=0,
                removed=0,
                unchanged=0,
                embedded=4,
                skipped=(Skipped(HOSTILE_TITLE, HOSTILE_TEXT, 7),),
                skipped_count=3,
            ),
        )

    def find_articles(self, text: str, *, limit: int = 20) -> list[Found]:
        words = text.lower().split()
        found = [a for a in self.articles if all(word in a.title.lower() for word in words)]
        return [Found(a.id, a.title, a.source, a.published, a.language) for a in found[:limit]]

    def headlines(self, *, limit: int = 6) -> list[Found]:
        return self.find_articles("", limit=limit)


class FakeEditing:
    """Keeps what is added; refuses empty files and keys that it did not give."""

    def __init__(self) -> None:
        self.kept: dict[str, Added] = {}
        self.contents: dict[str, bytes] = {}

    def add(self, name: str, content: bytes) -> Added:
        if not content:
            raise EditError(f"{name} is empty; choose another file")
        key = f"k{len(self.contents) + 1}"
        article = Summary(key, name, "en")
        problem = Skipped(name, "no date was found")
        self.kept[key] = Added(key, name, f"added/{name}", (article,), (problem,), 1, 1)
        self.contents[key] = content
        return self.kept[key]

    def paste(
        self,
        title: str,
        text: str,
        *,
        source: str | None,
        published: str | None,
        language: str | None,
        url: str | None,
    ) -> Added:
        return self.add(f"{title}.md", text.encode())

    def undo(self, key: str) -> None:
        if key not in self.kept:
            raise EditError(f"nothing was added as {key!r}")
        del self.kept[key]

    def added(self) -> tuple[Added, ...]:
        return tuple(reversed(self.kept.values()))


class WritingBackend(FakeBackend):
    """Writes its answers itself, a sentence at a time, one of every state.

    Before each sentence after the first it waits for `gate`, which is open unless it is cleared.
    """

    def __init__(self, articles: Sequence[Article] = ARTICLES) -> None:
        super().__init__(articles)
        self.gate = threading.Event()
        self.gate.set()
        self.breaks: Exception | None = None

    def stream(self, question: str, **options: Any) -> Iterator[Answer]:
        answer = self.answer(question, **options)
        if not answer.found:
            yield answer
            return
        sentences = (
            Sentence("South Korea and Japan link their systems in December.", "supported", (1,)),
            Sentence(
                "They will share data from 45 radars by 2026.", "partly", (1, 2), ("45", "2026")
            ),
            Sentence("The mechanism starts in March.", "contradicted", (1,), ("March",)),
            Sentence("Both governments praised the plan.", "not found", ()),
            Sentence(answer.citations[1].quote, "verbatim", (2,)),
        )
        for shown in range(1, len(sentences) + 1):
            if shown > 1:
                assert self.gate.wait(30)
                if self.breaks is not None:
                    raise self.breaks
            yield replace(answer, sentences=sentences[:shown], written_by="tiny-writer-3b")


def with_time(answer: Answer) -> Answer:
    """The answer to a question that names a week, with a figure that was updated."""
    return replace(
        answer,
        period=Period("2023-11-06", "2023-11-12", 0, 4),
        updates=(Update(0, 1, "10", "4"),),
    )


class FakeRebuilding:
    """A build that goes on until `gate` is opened, and can be cancelled."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.now = RebuildStatus()
        self.started = 0

    def start(self) -> bool:
        self.started += 1
        self.now = RebuildStatus("running", "embedding", 3, 4)
        return True

    def cancel(self) -> None:
        self.now = RebuildStatus("cancelled", seconds=1.5)

    def status(self) -> RebuildStatus:
        if self.now.state == "running" and self.gate.is_set():
            report = BuildReport("g2", "fake", 5, 5, 1, 0, 0, 4, 1, (), 2.5, dry_run=False)
            self.now = RebuildStatus("done", "writing", 5, 5, 2.5, report)
        return self.now


@cache
def start_server(backend: Backend, **options: Any) -> str:
    """The address of a server over `backend`, which runs until the tests end."""
    from assistant.chat.server import Server, build_app, listen

    server = Server(build_app(backend, **{"rate": 0, **options}), listen("127.0.0.1", 0))
    thread = threading.Thread(target=server.run_until_stopped, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    return server.address


@cache
def shared_backend() -> FakeBackend:
    return FakeBackend()
