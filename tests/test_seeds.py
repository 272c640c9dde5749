"""The example articles and the questions about them are what their READMEs say."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from assistant.articles import article_files, read_file
from assistant.language import detect_language
from assistant.types import Article

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"
QUESTIONS = ROOT / "benchmarks" / "questions"
UNSPACED = {"ja", "th", "zh"}


@pytest.fixture(scope="module")
def articles() -> dict[str, Article]:
    found = [item for path in article_files(SEEDS) for item in read_file(path, SEEDS)]
    assert all(isinstance(item, Article) for item in found), found
    return {item.path: item for item in found if isinstance(item, Article)}


def _rows(name: str) -> list[dict[str, Any]]:
    lines = (QUESTIONS / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_there_are_enough_articles_in_enough_languages(articles: dict[str, Article]) -> None:
    languages = Counter(article.language for article in articles.values())
    assert len(articles) >= 40
    assert {"fr", "en", "ko", "ja", "zh", "de", "es", "pt", "it", "ru", "ar", "tr"} <= set(
        languages
    )
    assert {"vi", "hi", "th", "uk"} <= set(languages)
    assert min(languages.values()) >= 2


def test_every_article_says_what_it_is(articles: dict[str, Article]) -> None:
    for path, article in articles.items():
        assert article.source == "Example article, written for this project", path
        assert article.published, path
        assert path.startswith(f"{article.language}-"), path
        assert detect_language(article.text) == article.language, path


def test_articles_have_the_length_of_short_news(articles: dict[str, Article]) -> None:
    for path, article in articles.items():
        if article.language in UNSPACED:
            assert 350 <= len(article.text) <= 1_700, path
        else:
            assert 120 <= len(article.text.split()) <= 450, path


def test_about_half_follow_one_story(articles: dict[str, Article]) -> None:
    in_weeks = [a for a in articles.values() if "2023-11-12" <= str(a.published) <= "2023-12-31"]
    assert 0.4 <= len(in_weeks) / len(articles) <= 0.6


@pytest.mark.parametrize(("kind", "least"), [("cross_language", 120), ("same_language", 36)])
def test_questions_are_about_articles_in_their_own_or_another_language(
    articles: dict[str, Article], kind: str, least: int
) -> None:
    by_id = {article.id: article for article in articles.values()}
    rows = _rows(f"{kind}.jsonl")
    assert len(rows) >= least
    assert len({row["language"] for row in rows}) == 16
    assert len({row["question"] for row in rows}) == len(rows)
    for row in rows:
        relevant = [by_id[i] for i in row["relevant"]]
        assert [article.path for article in relevant] == row["files"], row
        own = kind == "same_language"
        assert all((article.language == row["language"]) is own for article in relevant), row
        for answer in row["answers"]:
            assert any(answer in article.text for article in relevant), row
        assert all(any(a in article.text for a in row["answers"]) for article in relevant), row


def test_unanswerable_questions_are_in_many_languages() -> None:
    rows = _rows("unanswerable.jsonl")
    assert len(rows) >= 40
    assert len({row["question"] for row in rows}) == len(rows)
    assert len({row["language"] for row in rows}) == 16


def test_every_article_is_asked_about() -> None:
    asked = {
        file
        for kind in ("cross_language", "same_language")
        for row in _rows(f"{kind}.jsonl")
        for file in row["files"]
    }
    assert asked == {path.name for path in (ROOT / "seeds").glob("*.md")} - {"README.md"}
