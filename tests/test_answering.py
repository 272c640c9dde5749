"""Answers: every quote is where its citation says, and nothing is quoted without evidence."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from helpers import COLLECTION, write_articles
from test_retrieval import QUESTIONS, articles

from assistant.answers import NOT_FOUND, Answer
from assistant.api import Assistant
from assistant.building import build
from assistant.selecting import MAX_SENTENCES
from assistant.settings import MODES

MORE = (
    "Who is Minoru Kihara?",
    "¿Quién ganó el Premio Nobel?",
    "Qu'est-ce que le canal de Panama a perdu ?",
    "Сколько стоит телескоп?",
    "2023",
    "Seoul Washington Tokyo",
    "the of and",
    "Why? Where? When?",
    "日本",
    "x" * 2000,
    "\ud800 missiles \0",
    "[1] [2] <b>missile</b>",
)


def check(answer: Answer) -> None:
    """What holds of any answer."""
    assert 0 <= answer.confidence <= 1
    if not answer.found:
        assert answer.citations == ()
        assert answer.text == NOT_FOUND
        return
    citations = answer.citations
    assert 1 <= len(citations) <= MAX_SENTENCES == 4
    found = {hit.passage.id: hit for hit in answer.hits}
    for citation in citations:
        article, passage = citation.article, citation.passage
        assert article.text[citation.start : citation.end] == citation.quote
        assert citation.quote == citation.quote.strip() != ""
        assert passage.start <= citation.start < citation.end <= passage.end
        assert found[passage.id].article == article
    # Numbers count the passages from 1, in the order of their first sentence.
    first_seen = list(dict.fromkeys(citation.number for citation in citations))
    assert first_seen == list(range(1, len(first_seen) + 1))
    passages = {(citation.number, citation.passage.id) for citation in citations}
    assert len(passages) == len(first_seen)
    for a, b in combinations(citations, 2):
        assert a.quote != b.quote
        if a.article.id == b.article.id:
            assert a.end <= b.start or b.end <= a.start
    assert answer.text == " ".join(f"{c.quote} [{c.number}]" for c in citations)


@cache
def answers_to_headlines(seeds: Assistant, mode: str) -> dict[str, Answer]:
    """What is answered to each article's headline, by the id of the article."""
    return {article.id: seeds.answer(article.title, mode=mode) for article in articles(seeds)}


@pytest.mark.parametrize("mode", MODES)
def test_every_citation_is_exact(seeds: Assistant, mode: str) -> None:
    for question in [*QUESTIONS, *MORE]:
        check(seeds.answer(question, mode=mode))
    answers = answers_to_headlines(seeds, mode).values()
    for answer in answers:
        check(answer)
    # Each leg alone answers too, or the mode is of no use.
    assert sum(answer.found for answer in answers) > len(answers) / 2


def test_an_article_is_cited_for_its_headline(seeds: Assistant) -> None:
    answers = answers_to_headlines(seeds, "hybrid")
    right = [name for name, a in answers.items() if name in {c.article.id for c in a.citations}]
    assert len(right) >= 0.9 * len(answers)


@pytest.mark.parametrize("question", ["xyzzy plugh", "qwrtp zxcvb mnbvl", "\u0378\ue000", "!!! ?"])
def test_nonsense_is_not_found(seeds: Assistant, question: str) -> None:
    answer = seeds.answer(question)
    check(answer)
    assert not answer.found
    assert answer.to_dict()["citations"] == []


def test_nothing_is_found_behind_filters_that_allow_nothing(seeds: Assistant) -> None:
    answer = seeds.answer(QUESTIONS[0], languages=["xx"])
    assert (answer.found, answer.hits, answer.confidence < 0.5) == (False, (), True)


def test_filters_hold_for_citations(seeds: Assistant) -> None:
    answer = seeds.answer(QUESTIONS[0], languages=["ko", "ja"], since="2023-01-01")
    check(answer)
    assert answer.hits
    assert {hit.article.language for hit in answer.hits} <= {"ko", "ja"}
    assert {citation.article.language for citation in answer.citations} <= {"ko", "ja"}


def test_the_sentence_that_answers_is_quoted(tiny: Assistant) -> None:
    answer = tiny.answer("How much did the cranes of the harbour of Fairhaven cost?")
    check(answer)
    assert answer.found
    quotes = [citation.quote for citation in answer.citations]
    assert "The mayor said that the cranes had cost nine million crowns." in quotes


def test_a_sentence_that_was_reprinted_is_quoted_once(tmp_path: Path, tiny_model: Path) -> None:
    harbour = COLLECTION[0]
    copies = [replace(harbour, name=f"reprint{number}") for number in range(3)]
    # Not word for word, and still the same.
    copies += [replace(harbour, name="edited", text=harbour.text.replace("Monday", "monday"))]
    write_articles(tmp_path / "articles", [*COLLECTION, *copies])
    build(tmp_path / "articles", index=tmp_path / "index", model=str(tiny_model))
    with Assistant(tmp_path / "index") as assistant:
        answer = assistant.answer("When did the harbour of Fairhaven open?")
    check(answer)
    assert answer.found
    quotes = [citation.quote.lower() for citation in answer.citations]
    assert len(set(quotes)) == len(quotes)


def test_an_answer_is_the_same_each_time(seeds: Assistant) -> None:
    for question in QUESTIONS[:4]:
        assert seeds.answer(question) == seeds.answer(question)


def test_the_shape_of_an_answer(seeds: Assistant) -> None:
    answer = seeds.answer("missile warning data", since="2023-01-01", languages="en", k=5)
    shown = answer.to_dict()
    assert list(shown) == [
        "question",
        "completed",
        "language",
        "as_of",
        "period",
        "found",
        "confidence",
        "weak",
        "answer",
        "sentences",
        "citations",
        "updates",
        "written_by",
        "note",
        "mode",
        "filters",
        "searched",
        "hits",
        "index",
    ]
    assert shown["question"] == "missile warning data"
    assert shown["filters"] == {
        "languages": ["en"],
        "sources": None,
        "since": "2023-01-01",
        "until": None,
    }
    assert list(shown["index"]) == ["generation", "model", "articles", "passages"]
    assert len(shown["hits"]) <= 5
    assert shown["found"]
    for citation in shown["citations"]:
        assert list(citation) == ["number", "article", "passage", "start", "end", "quote"]
        assert citation["passage"] in {hit["passage"]["id"] for hit in shown["hits"]}
