"""The arithmetic of benchmarks/calibration.py."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.answering import CALIBRATION, CALIBRATION_WITHOUT_WORDS, EVIDENCE
from assistant.selecting import FEATURES
from benchmarks._dev_sets import Case, DevSet
from benchmarks.calibration import (
    Asked,
    area_under_curve,
    collections,
    first_right,
    fit,
    fit_sentences,
    questions,
    threshold,
    told_apart,
)


def test_the_area_counts_pairs_in_the_right_order() -> None:
    values = np.array([0.9, 0.5, 0.5, 0.1])
    positive = np.array([True, True, False, False])
    assert area_under_curve(values, positive) == pytest.approx((1 + 1 + 0.5 + 1) / 4)


def test_the_fit_finds_the_line_that_parts_two_groups() -> None:
    chance = np.random.default_rng(0)
    scores = chance.normal(size=(400, 2))
    answerable = 2 * scores[:, 0] - scores[:, 1] + 0.5 > 0
    weights = fit(scores, answerable)
    assert weights[0] / weights[1] == pytest.approx(-2, rel=0.2)
    assert ((scores @ weights[:2] + weights[2] > 0) == answerable).mean() > 0.97


def asked(right: int, *rows: list[float]) -> Asked:
    values = np.zeros((len(rows), len(FEATURES)), np.float32)
    values[:, :2] = rows
    return Asked("same", True, (), True, values, np.arange(len(rows)) == right, True)


def test_sentences_that_answer_come_first_by_the_weights_fitted_to_them() -> None:
    chance = np.random.default_rng(1)
    cases = []
    for _ in range(60):
        rows = chance.normal(size=(5, 2))
        cases.append(asked(int(np.argmax(rows[:, 0])), *rows.tolist()))
    weights = fit_sentences(cases)
    assert weights[0] > 3 * abs(weights[1])
    assert weights[2:].tolist() == [0] * (len(FEATURES) - 2)
    assert first_right(cases, weights, 1) > 0.9
    assert first_right(cases, -weights, 1) < 0.1
    assert first_right(cases, -weights, 5) == 1.0


def test_what_the_confidence_tells_apart() -> None:
    confidence = np.array([0.05, 0.6, 0.7, 0.8, 0.9, 0.95, 0.96, 0.97, 0.98, 0.99, 0.01, 0.5, 0.9])
    answerable = np.array([True] * 10 + [False] * 3)
    assert threshold(confidence, answerable, 0.9) == pytest.approx(0.545, abs=0.01)
    told = told_apart(confidence, answerable, 0.75)
    assert told["answered when it is there"] == 0.7
    assert told["refused when it is not"] == pytest.approx(2 / 3, abs=1e-3)
    assert told["refused where 90 % are answered"] == pytest.approx(2 / 3, abs=1e-3)


def made(language: str) -> DevSet:
    ids = tuple(f"p{n:05d}" for n in range(10))
    cases = tuple(
        Case(f"q{n}", f"What is {n} in {language}?", (ids[n],), (f"{language}{n}",))
        for n in range(10)
    )
    return DevSet(ids, tuple(f"{language}{n} is the answer." for n in range(10)), cases)


def test_five_passages_are_an_article_in_one_language() -> None:
    sets = {language: made(language) for language in ("aa", "bb")}
    pool, *others = collections(sets)
    assert [one.name for one in (pool, *others)] == ["pool", "aa", "bb"]
    for one in (pool, *others):
        assert list(one.articles) == ["article-0", "article-5"]
        for article, (language, text) in one.articles.items():
            first = int(article.removeprefix("article-"))
            expected = [f"{language}{n} is the answer." for n in range(first, first + 5)]
            assert text.split("\n\n") == expected
    assert {language for language, _ in others[1].articles.values()} == {"bb"}


def test_a_question_is_asked_in_both_languages_and_as_nonsense() -> None:
    sets = {language: made(language) for language in ("aa", "bb")}
    collection = list(collections(sets))[1]
    found = list(questions(collection, sets, 4))
    assert [kind for kind, *_ in found] == ["same", "cross", "nonsense"] * 4
    for kind, article, case, answers in found:
        assert article == f"article-{int(case.id[1:]) // 5 * 5}"
        if kind != "nonsense":
            assert case.question.endswith("aa?" if kind == "same" else "bb?")
            assert answers == (f"aa{case.id[1:]}",)
        else:
            assert sorted(case.question) == sorted(f"What is {case.id[1:]} in aa?")
            assert answers == ()


def test_the_weights_are_of_all_features() -> None:
    for one in (*CALIBRATION.values(), *CALIBRATION_WITHOUT_WORDS.values()):
        assert len(one.sentence) == len(FEATURES)
        assert len(one.own) == len(one.foreign) == len(EVIDENCE) + 1
        assert 0 < one.threshold < 1
