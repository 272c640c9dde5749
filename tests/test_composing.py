"""What belongs to an answer beside its quotes: updates, order, time, what was searched."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from candidates import cited, make_hit
from helpers import COLLECTION, Story, write_articles
from hypothesis import given, settings
from hypothesis import strategies as st
from test_answering import answers_to_headlines
from test_retrieval import QUESTIONS, articles

from assistant import answering
from assistant.answering import EVIDENCE, Asked, compose, evidence, speaks, updates
from assistant.answers import Answer, Update
from assistant.api import Assistant
from assistant.building import build
from assistant.checking import check
from assistant.index import Index
from assistant.selecting import MAX_SENTENCES
from assistant.settings import MODES
from assistant.types import Article, Filters, Hit, Mode, Passage

QUAKE = "How many people died in the earthquake in Noto?"
FIRST = "The earthquake in Noto killed 62 people, the prefecture said on Tuesday."
LATER = "The earthquake in Noto killed 236 people, the prefecture said on Tuesday."


@pytest.fixture
def any_evidence_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thresholds are for the bundled model, and not for a random one."""
    for mode, one in list(answering.CALIBRATION.items()):
        monkeypatch.setitem(answering.CALIBRATION, mode, replace(one, threshold=0.0))


def answer_from(folder: Path, model: Path, stories: list[Story], question: str) -> Answer:
    write_articles(folder / "articles", stories)
    build(folder / "articles", index=folder / "index", model=str(model))
    with Assistant(folder / "index") as assistant:
        return assistant.answer(question, mode="lexical", as_of="2024-06-01")


def quake(name: str, text: str, day: str | None, language: str = "en") -> Story:
    # Enough words of its own that neither is a copy of the other.
    own = {"old": "Rescuers dug through snow all night.", "new": "Coffins were flown to Kanazawa."}
    rest = own.get(name, "Schulen blieben lange Wochen geschlossen.")
    return Story(name, f"{text} {rest}", language=language, published=day, title=f"Noto {name}")


# --- updates


@pytest.mark.usefixtures("any_evidence_is_enough")
def test_an_older_and_a_newer_figure_are_both_shown_and_named(
    tmp_path: Path, tiny_model: Path
) -> None:
    stories = [quake("old", FIRST, "2024-01-02"), quake("new", LATER, "2024-02-01")]
    answer = answer_from(tmp_path, tiny_model, [*COLLECTION, *stories], QUAKE)
    quotes = [citation.quote for citation in answer.citations]
    assert FIRST in quotes and LATER in quotes
    (update,) = answer.updates
    assert (quotes[update.older], quotes[update.newer]) == (FIRST, LATER)
    assert (update.was, update.now) == ("62", "236")
    assert answer.to_dict()["updates"] == [update.to_dict()]
    assert "236" in answer.markdown() and "62" in answer.markdown()


@pytest.mark.usefixtures("any_evidence_is_enough")
@pytest.mark.parametrize("days", [("2024-01-02", "2024-01-02T20:00:00Z"), (None, "2024-01-02")])
def test_figures_of_one_day_or_of_no_day_are_no_update(
    tmp_path: Path, tiny_model: Path, days: tuple[str | None, str | None]
) -> None:
    stories = [quake("old", FIRST, days[0]), quake("new", LATER, days[1])]
    answer = answer_from(tmp_path, tiny_model, stories, QUAKE)
    assert {FIRST, LATER} <= {citation.quote for citation in answer.citations}
    assert answer.updates == ()


def test_updates_name_places_by_day_and_not_by_rank() -> None:
    older = cited(FIRST, number=1, published="2024-01-02")
    newer = cited(LATER, number=2, published="2024-02-01")
    assert updates([older, newer]) == (Update(0, 1, "62", "236"),)
    assert updates([newer, older]) == (Update(1, 0, "62", "236"),)
    aside = cited("Storks nested on 3 roofs.", number=3, published="2024-03-01")
    assert updates([newer, aside, older]) == (Update(2, 0, "62", "236"),)


@pytest.mark.parametrize(
    ("before", "after", "language"),
    [
        (FIRST, FIRST, "en"),
        (FIRST, "Storks nested on 3 roofs of the school this spring.", "en"),
        (FIRST, "The earthquake in Noto killed many people, the prefecture said.", "en"),
        (FIRST, "Das Erdbeben in Noto tötete 236 Menschen, sagte die Präfektur.", "de"),
        (FIRST, "能登地震の死者は236人になったと県が火曜日に発表した。", "ja"),
    ],
)
def test_what_is_no_other_figure_for_the_same_thing_is_no_update(
    before: str, after: str, language: str
) -> None:
    older = cited(before, number=1, published="2024-01-02")
    newer = cited(after, number=2, published="2024-02-01", language=language)
    assert updates([older, newer]) == ()
    assert updates([]) == updates([older]) == ()


@given(st.lists(st.tuples(st.text(max_size=60), st.dates().map(str)), max_size=4))
@settings(max_examples=100, deadline=None)
def test_updates_of_any_quotes_are_from_an_older_to_a_newer_one(
    quotes: list[tuple[str, str]],
) -> None:
    citations = [cited(q, number=n, published=day) for n, (q, day) in enumerate(quotes, 1)]
    for update in updates(citations):
        older, newer = citations[update.older], citations[update.newer]
        assert (older.article.published or "") < (newer.article.published or "")


# --- order, time and what was understood


@pytest.mark.usefixtures("any_evidence_is_enough")
def test_a_development_is_told_from_the_oldest_on(tmp_path: Path, tiny_model: Path) -> None:
    texts = {
        "c": ("2024-03-01", "The strike at the harbour ended with a deal."),
        "a": ("2024-01-01", "The strike at the harbour began at dawn."),
        "d": (None, "The strike at the harbour cost a fortune."),
        "b": ("2024-02-01", "The strike at the harbour spread to ferries."),
    }
    stories = [Story(name, text, published=day) for name, (day, text) in texts.items()]
    question = "How did the strike at the harbour develop?"
    answer = answer_from(tmp_path, tiny_model, stories, question)
    assert [citation.article.id for citation in answer.citations] == ["a", "b", "c", "d"]
    assert [citation.number for citation in answer.citations] == [1, 2, 3, 4]


def test_an_answer_says_the_day_and_the_period(tiny: Assistant) -> None:
    question = "What opened in Fairhaven last month?"
    answer = tiny.answer(question, mode="lexical", as_of="2023-12-05")
    assert answer.as_of == "2023-12-05"
    assert answer.period is not None
    assert (answer.period.since, answer.period.until) == ("2023-11-01", "2023-11-30")
    assert question[answer.period.start : answer.period.end] == "last month"
    assert answer.to_dict()["period"] == answer.period.to_dict()
    assert tiny.answer(question, mode="lexical", as_of=date(2023, 12, 5)) == answer
    assert tiny.answer("What opened in Fairhaven?", mode="lexical").period is None


def test_an_answer_counts_from_today(tiny: Assistant) -> None:
    days = {datetime.now().astimezone().date().isoformat()}
    answer = tiny.answer("What opened last month?", mode="lexical")
    assert answer.as_of in days | {datetime.now().astimezone().date().isoformat()}


def test_a_question_that_goes_on_is_completed(tiny: Assistant) -> None:
    history = ["When did the harbour of Fairhaven open?"]
    answer = tiny.answer("And its cranes?", mode="lexical", history=history)
    assert answer.question == "And its cranes?"
    assert answer.completed is not None and "harbour of Fairhaven" in answer.completed
    assert answer.hits[0].article.id == "harbour"
    alone = tiny.answer("When did the harbour of Fairhaven open?", mode="lexical", history=history)
    assert alone.completed is None
    assert tiny.answer("And its cranes?", mode="lexical").completed is None


def test_the_period_of_a_completed_question_is_in_it(tiny: Assistant) -> None:
    answer = tiny.answer(
        "And why?",
        mode="lexical",
        history=["What opened in Fairhaven in November 2023?"],
        as_of="2024-05-01",
    )
    assert answer.completed is not None and answer.period is not None
    assert "November 2023" in answer.completed[answer.period.start : answer.period.end]
    assert answer.period.since == "2023-11-01"


@pytest.mark.usefixtures("any_evidence_is_enough")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("question", ["!!! ?", "…", "\u0378\ue000", "\ud800"])
def test_a_question_without_letters_is_not_answered(
    tiny: Assistant, question: str, mode: str
) -> None:
    answer = tiny.answer(question, mode=mode)
    assert (answer.found, answer.sentences, answer.citations) == (False, (), ())
    assert answer.confidence == 0.0 and answer.language == "und"


# --- evidence


def test_the_evidence_is_of_the_hits_and_the_best_sentence() -> None:
    def hit(score: float, coverage: float | None, name: str) -> Hit:
        return replace(make_hit("Ships waited there.", name=name, score=score), coverage=coverage)

    hits = [hit(4.0, 0.5, "b"), hit(9.0, 0.75, "a"), hit(2.0, None, "c"), hit(5.0, 0.5, "a")]
    values = evidence(hits, np.array([1.0, 3.5, -2.0], np.float32))
    assert dict(zip(EVIDENCE, values, strict=True)) == {
        "score": 9.0,
        "best three": 6.0,
        "coverage": 0.75,
        "lead": 5.0,
        "sentence": 3.5,
    }
    # Without a hit of another article there is nothing to be ahead of.
    assert evidence(hits[2:3], np.array([0.0], np.float32)) == (2.0, 2.0, 0.0, 0.0, 0.0)


def test_the_best_hit_speaks_a_language_in_any_of_its_scripts() -> None:
    hits = [
        make_hit("港口开了。", language="zh-Hant", score=3.0),
        make_hit("The harbour opened.", language="en", score=2.0),
    ]
    assert speaks(hits, "zh") and speaks(hits, "zh-Hans")
    assert not speaks(hits, "en") and not speaks(hits, "und")


def test_the_same_evidence_counts_by_whether_the_best_hit_is_in_the_questions_language(
    tiny_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = answering.CALIBRATION["lexical"]
    nothing = (0.0,) * len(EVIDENCE)
    sure, unsure = (*nothing, 3.0), (*nothing, -3.0)
    split = replace(weights, own=sure, foreign=unsure)
    monkeypatch.setitem(answering.CALIBRATION, "lexical", split)
    hits = [make_hit("Ships waited there.", language="en")]
    index = opened(tiny_index)
    answers = [
        compose(index, Asked("ships", language, Filters(), "2024-06-01"), hits, mode="lexical")
        for language in ("en", "de")
    ]
    assert [answer.confidence > 0.9 for answer in answers] == [True, False]
    assert [answer.confidence < 0.1 for answer in answers] == [False, True]
    assert [answer.found for answer in answers] == [True, False]


# --- what was searched


def naive(everything: list[Article], filters: Filters) -> list[Article]:
    def allowed(article: Article) -> bool:
        day = (article.published or "")[:10]
        tags = filters.languages
        return (
            (tags is None or any(f"{article.language}-".startswith(f"{t}-") for t in tags))
            and (filters.sources is None or article.source in filters.sources)
            and (filters.since is None or bool(day and day >= filters.since))
            and (filters.until is None or bool(day and day <= filters.until))
        )

    return [article for article in everything if allowed(article)]


FILTERS = [
    Filters(languages, sources, since, until)
    for languages, sources, (since, until) in product(
        (None, ("en",), ("zh",), ("zh-Hant", "fr"), ("xx",)),
        (None, ("The Courier",), ("The Courier", "農村報", "农村报")),
        ((None, None), ("2023-11-13", None), (None, "2023-11-13"), ("2023-11-13", "2023-12-01")),
    )
]


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_what_was_searched_is_what_the_filters_allow(tiny: Assistant, filters: Filters) -> None:
    options = {name: value for name, value in filters.to_dict().items() if value is not None}
    found = tiny.answer("harbour", mode="lexical", **options).searched
    allowed = naive([*articles(tiny)], filters)
    days = sorted(article.published[:10] for article in allowed if article.published)
    assert found.articles == len(allowed)
    counts = Counter(article.language for article in allowed)
    assert dict(found.languages) == counts
    assert [n for _, n in found.languages] == sorted(counts.values(), reverse=True)
    assert (found.first_day, found.last_day) == ((days[0], days[-1]) if days else (None, None))


# --- for quotes, all sentences are verbatim, and it cannot be otherwise


def is_verbatim(answer: Answer) -> None:
    assert len(answer.sentences) == len(answer.citations) <= MAX_SENTENCES
    for sentence, citation in zip(answer.sentences, answer.citations, strict=True):
        assert sentence.text == citation.quote
        assert citation.article.text[citation.start : citation.end] == citation.quote
        assert (sentence.state, sentence.missing) == ("verbatim", ())
        assert sentence.citations == (citation.number,)
        passages = {citation.number: citation.passage.text}
        again = check(sentence.text, passages, language=answer.language)
        assert (again.state, again.citations) == ("verbatim", (citation.number,))


@pytest.mark.parametrize("mode", MODES)
def test_every_sentence_of_quotes_is_verbatim(seeds: Assistant, mode: str) -> None:
    answers = [seeds.answer(question, mode=mode) for question in QUESTIONS]
    answers += answers_to_headlines(seeds, mode).values()
    for answer in answers:
        is_verbatim(answer)
    assert sum(answer.found for answer in answers) > 20


WORDS = st.sampled_from(
    "harbour|It|40|ships.|Fairhaven|port,|港は|開いた。|他说|\u202e|de|\n\n|“No.”|İ|e\u0301|"
    "1,5 %|…|الميناء|؟|xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx".split("|")
)
TEXTS = st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=60).map(" ".join))


@given(
    st.lists(st.tuples(TEXTS, st.integers(0, 200), st.integers(1, 300)), min_size=1, max_size=4),
    TEXTS,
    st.sampled_from(["en", "ja", "zh", "und", "ar"]),
    st.sampled_from(["hybrid", "lexical", "dense"]),
)
@settings(max_examples=60, deadline=None)
def test_quotes_of_any_article_are_verbatim(
    tiny_index: Path, made: list[tuple[str, int, int]], question: str, language: str, mode: Mode
) -> None:
    index = opened(tiny_index)
    hits = []
    for number, (text, start, length) in enumerate(made, 1):
        end = min(len(text), start + length)
        article = Article(f"a{number}", text, "T", language=language, published="2024-01-02")
        start = min(start, end)
        passage = Passage(f"p{number}", article.id, start, end, text[start:end])
        hits.append(Hit(number, 1.0 / number, article, passage))
    asked = Asked(question.encode("utf-8", "replace").decode(), language, Filters(), "2024-06-01")
    with pytest.MonkeyPatch.context() as patch:
        for one in MODES:
            weights = answering.CALIBRATION[one]  # type: ignore[index]
            patch.setitem(answering.CALIBRATION, one, replace(weights, threshold=0.0))  # type: ignore[arg-type]
        answer = compose(index, asked, hits, mode=mode)
    is_verbatim(answer)


_opened: dict[Path, Index] = {}


def opened(folder: Path) -> Index:
    return _opened.setdefault(folder, Index.open(folder))
