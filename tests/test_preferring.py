"""A question's time, "the latest" and a language lift passages, and rule none out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import Story, write_articles

from assistant.answers import Answer, Period
from assistant.api import Assistant
from assistant.building import build
from assistant.index import Index
from assistant.preferring import NO_PREFERENCE, Preferring, preferences
from assistant.retrieval import search
from assistant.settings import MODES
from assistant.types import Filters, Hit, Mode

DAYS = {
    "winter": "2023-01-20",
    "march": "2024-03-15",
    "night": "2024-03-31T23:59:00+00:00",
    "april": "2024-04-01",
    "newest": "2025-02-03",
    "undated": None,
}
# As long as one another and with figures of their own: no copies, and equally near any question.
STORIES = [
    Story(
        name,
        f"The lighthouse of Ostia was visited. "
        f"{' '.join(str(10_007 + 7_919 * (n + 7 * place)) for place in range(8))}.",
        published=day,
        title="Ostia",
    )
    for n, (name, day) in enumerate(DAYS.items())
]
OTHERS = [
    Story(
        "named", "The old lighthouse burned in 1911. Fog was thick then.", published="2022-05-05"
    ),
    Story("phare", "Le phare d'Ostia brille.", language="fr", published="2024-03-10"),
    Story("bread", "Bread became dear in Ostia.", published="2021-06-07"),
]
VISITED = "What about the visited lighthouse of Ostia"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    root = tmp_path_factory.mktemp("ostia")
    write_articles(root / "articles", [*STORIES, *OTHERS])
    build(root / "articles", index=root / "index", model=str(tiny_model))
    return root / "index"


@pytest.fixture(scope="module")
def ostia(folder: Path) -> Assistant:
    return Assistant(folder)


@pytest.fixture(scope="module")
def index(folder: Path) -> Index:
    return Index.open(folder)


def points(hit: Hit, part: str) -> float | None:
    assert hit.explanation is not None
    return dict(hit.explanation.points).get(part)


def names(answer: Answer) -> list[str]:
    return [hit.article.id for hit in answer.hits]


def ask(ostia: Assistant, question: str, mode: str = "lexical", **more: str) -> Answer:
    return ostia.answer(question, mode=mode, k=20, as_of="2025-06-01", explain=True, **more)


def rows_of(index: Index) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[str]]:
    """All rows, and the article of each."""
    rows = np.arange(index.info.passages, dtype=np.int64)
    numbers = index.columns.article_of_row[rows].tolist()
    articles = index.store.articles(numbers)
    return rows, [articles[number].id for number in numbers]


# --- time


@pytest.mark.parametrize("mode", MODES)
def test_a_month_prefers_articles_published_in_it(ostia: Assistant, mode: str) -> None:
    answer = ask(ostia, f"{VISITED} in March 2024?", mode)
    assert answer.period is not None
    assert (answer.period.since, answer.period.until) == ("2024-03-01", "2024-03-31")
    lifted = {hit.article.id: points(hit, "time") for hit in answer.hits}
    assert lifted["march"] == lifted["night"] != 0
    assert {name for name, gain in lifted.items() if gain} <= {"march", "night", "phare"}
    assert (lifted["march"] or 0) > 0


def test_articles_of_the_month_come_before_equal_ones(ostia: Assistant) -> None:
    found = names(ask(ostia, f"{VISITED} in March 2024?"))
    assert set(found[:2]) == {"march", "night"}
    assert set(DAYS) <= set(found)
    assert names(ask(ostia, f"{VISITED} in January 2023?"))[0] == "winter"
    assert names(ask(ostia, f"{VISITED} in April 2024?"))[0] == "april"


def test_a_year_prefers_all_of_its_articles(ostia: Assistant) -> None:
    found = names(ask(ostia, f"{VISITED} in 2024?"))
    assert set(found[:3]) == {"march", "night", "april"}


def test_an_open_period_prefers_what_is_after_or_before(ostia: Assistant) -> None:
    after = ask(ostia, f"{VISITED} since April 2024?")
    assert after.period is not None and after.period.until is None
    assert set(names(after)[:2]) == {"april", "newest"}
    before = ask(ostia, f"{VISITED} until January 2023?")
    assert before.period is not None and before.period.since is None
    lifted = {hit.article.id for hit in before.hits if points(hit, "time")}
    assert lifted == {"winter", "named", "bread"} & set(names(before))
    assert names(before)[0] == "winter"


def test_a_passage_that_names_the_year_is_preferred_whenever_it_was_published(
    ostia: Assistant,
) -> None:
    answer = ask(ostia, "What burned at the lighthouse in 1911?")
    lifted = {hit.article.id: points(hit, "time") for hit in answer.hits}
    assert (lifted["named"] or 0) > 0
    assert {name for name, gain in lifted.items() if gain} == {"named"}


@pytest.mark.parametrize("mode", MODES)
def test_time_rules_nothing_out(ostia: Assistant, index: Index, mode: Mode) -> None:
    question = f"{VISITED} in March 2024?"
    answer = ask(ostia, question, mode)
    plain = search(index, question, k=20, mode=mode, filters=Filters())
    assert sorted(hit.passage.id for hit in answer.hits) == sorted(h.passage.id for h in plain)
    # An article without a day is found, without points for its time.
    assert {points(hit, "time") for hit in answer.hits if hit.article.id == "undated"} == {0.0}
    before = {hit.passage.id: hit.score for hit in plain}
    for hit in answer.hits:
        gain = hit.score - before[hit.passage.id]
        assert gain == pytest.approx(points(hit, "time"), abs=1e-4)


def test_a_period_of_no_article_changes_nothing(ostia: Assistant, index: Index) -> None:
    question = f"{VISITED} in March 2019?"
    answer = ask(ostia, question)
    plain = search(index, question, k=20, mode="lexical", filters=Filters())
    assert [hit.passage.id for hit in answer.hits] == [hit.passage.id for hit in plain]
    assert {points(hit, "time") for hit in answer.hits} == {0.0}


def test_a_question_without_a_time_has_no_points_for_it(ostia: Assistant) -> None:
    for hit in ask(ostia, f"{VISITED}?").hits:
        assert points(hit, "time") is None
        assert points(hit, "newest") is None
        assert points(hit, "preference") is None


def test_a_time_is_a_preference_and_a_filter_is_a_filter(ostia: Assistant) -> None:
    answer = ask(ostia, f"{VISITED} in March 2024?", since="2025-01-01")
    assert set(names(answer)) == {"newest"}
    assert answer.filters == Filters(since="2025-01-01")


@pytest.mark.parametrize(
    ("period", "inside"),
    [
        (Period("2024-03-31", "2024-03-31", 0, 1), {"night"}),
        (Period("2024-03-15", "2024-04-01", 0, 1), {"march", "night", "april"}),
        (Period(None, "2021-12-31", 0, 1), {"bread"}),
        (Period("2025-01-01", None, 0, 1), {"newest"}),
        # In 1911 nothing was published; one passage names it. A range over years names none.
        (Period("1911-05-01", "1911-05-31", 0, 1), {"named"}),
        (Period("1910-01-01", "1911-12-31", 0, 1), set()),
        (Period(None, None, 0, 1), {*DAYS, "named", "phare", "bread"} - {"undated"}),
    ],
)
def test_both_ends_of_a_period_are_in_it(index: Index, period: Period, inside: set[str]) -> None:
    rows, articles = rows_of(index)
    found = preferences(index, rows, Preferring(period=period))
    assert list(found) == ["time"]
    assert set(found["time"].tolist()) <= {0.0, 1.0}
    lifted = {name for name, share in zip(articles, found["time"], strict=True) if share}
    assert lifted == inside


# --- newest


@pytest.mark.parametrize("mode", MODES)
def test_the_newest_gets_the_most_points(ostia: Assistant, index: Index, mode: Mode) -> None:
    question = "What is the latest on the lighthouse of Ostia, visited?"
    answer = ask(ostia, question, mode)
    gains = {hit.article.id: points(hit, "newest") or 0.0 for hit in answer.hits}
    dated = sorted(
        (hit.article.published or "")[:10] for hit in answer.hits if hit.article.published
    )
    by_day = {hit.article.id: (hit.article.published or "")[:10] for hit in answer.hits}
    assert gains["undated"] == 0.0 and gains["newest"] == max(gains.values()) > 0
    order = sorted((name for name in gains if by_day[name]), key=lambda name: by_day[name])
    assert [by_day[name] for name in order] == dated
    rising = [gains[name] for name in order]
    assert rising == sorted(rising) and len(set(rising)) == len(rising)
    plain = search(index, question, k=20, mode=mode, filters=Filters())
    assert sorted(hit.passage.id for hit in plain) == sorted(h.passage.id for h in answer.hits)


def test_of_equal_articles_the_newest_comes_first(ostia: Assistant) -> None:
    found = names(ask(ostia, "What is the latest on the lighthouse of Ostia, visited?"))
    equal = [name for name in found if name in DAYS]
    assert equal == ["newest", "april", "night", "march", "winter", "undated"]


def test_the_newest_of_articles_that_are_all_equal_comes_first(
    tmp_path: Path, tiny_model: Path
) -> None:
    write_articles(tmp_path / "articles", STORIES)
    build(tmp_path / "articles", index=tmp_path / "index", model=str(tiny_model))
    with Assistant(tmp_path / "index") as door:
        latest = names(ask(door, "What is the latest on Ostia?"))
        march = names(ask(door, "What of Ostia in March 2024?"))
    assert latest == ["newest", "april", "night", "march", "winter", "undated"]
    assert set(march[:2]) == {"march", "night"} and set(march) == set(DAYS)


def test_newness_of_articles_of_one_day_and_of_none(index: Index) -> None:
    rows, articles = rows_of(index)
    of = {name: rows[[a == name for a in articles]] for name in articles}
    one_day = preferences(index, of["april"], Preferring(newest=True))["newest"]
    assert np.isfinite(one_day).all() and len(set(one_day.tolist())) == 1
    assert preferences(index, of["undated"], Preferring(newest=True))["newest"].tolist() == [0.0]
    assert preferences(index, rows[:0], Preferring(("en",), Period(None, None, 0, 1), True)).keys()


# --- a language, and all at once


def test_no_preference_has_no_parts(index: Index) -> None:
    rows, _ = rows_of(index)
    assert preferences(index, rows, NO_PREFERENCE) == {}


def test_a_language_is_preferred_beside_a_time(ostia: Assistant) -> None:
    question = f"{VISITED} phare in March 2024?"
    french = ask(ostia, question, prefer_language="fr")
    plain = ask(ostia, question)
    lifted = {hit.article.id: points(hit, "preference") for hit in french.hits}
    assert {name for name, gain in lifted.items() if gain} == {"phare"}
    assert set(names(french)) == set(names(plain))
    alone = {hit.article.id: points(hit, "time") for hit in plain.hits}
    beside = {hit.article.id: points(hit, "time") for hit in french.hits}
    assert beside == pytest.approx(alone, abs=1e-4)


def test_all_preferences_add_up(ostia: Assistant) -> None:
    answer = ask(ostia, f"What is the latest on {VISITED} of March 2024?", prefer_language="fr")
    for hit in answer.hits:
        assert hit.explanation is not None
        parts = dict(hit.explanation.points)
        assert list(parts) == ["coverage", "preference", "time", "newest"]
        assert sum(parts.values()) == pytest.approx(hit.score, abs=1e-4)
        assert hit.to_dict()["explanation"]["points"].keys() == parts.keys()


def test_signs_that_are_numbers_but_no_digits_name_no_year(
    tmp_path: Path, tiny_model: Path
) -> None:
    texts = ("The ferry left on ①②③④.", "The ferry left in ½⅓¼⅕.", "The ferry left in ١٩٨٦.")
    stories = [Story(f"ferry{n}", text) for n, text in enumerate(texts)]
    write_articles(tmp_path / "articles", stories)
    build(tmp_path / "articles", index=tmp_path / "index", model=str(tiny_model))
    index = Index.open(tmp_path / "index")
    rows = np.arange(index.info.passages)
    period = Period("1986-01-01", "1986-12-31", 0, 4)
    found = preferences(index, rows, Preferring(period=period))["time"]
    named = [index.store.articles([int(n)])[int(n)].id for n in index.columns.article_of_row[rows]]
    assert dict(zip(named, found.tolist(), strict=True)) == {"ferry0": 0, "ferry1": 0, "ferry2": 1}
