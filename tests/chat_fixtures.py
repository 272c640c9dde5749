"""A small collection that stands in for an index, and a server for the chat's tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

from assistant.answers import Answer, Searched, Sentence
from assistant.chat.backend import Backend
from assistant.errors import ArticleNotFound
from assistant.settings import check_filters, check_k, check_mode, check_question
from assistant.types import Article, Citation, Explanation, Hit, IndexInfo, Passage, WordMatch

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
        explain: bool = False,
        **filters: Any,
    ) -> Answer:
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
            searched=Searched(
                self.info.articles,
                self.info.languages,
                self.info.first_day,
                self.info.last_day,
            ),
            as_of="2023-11-20",
        )


@cache
def start_server(backend: Backend) -> str:
    """The address of a server over `backend`, which runs until the tests end."""
    from assistant.chat.server import Server, build_app, listen

    server = Server(build_app(backend), listen("127.0.0.1", 0))
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
