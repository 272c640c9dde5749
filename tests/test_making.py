"""Passages that are made many at once, beside those made one by one by the plain functions."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from test_vocabulary import TEXTS

from assistant.copies import sketch
from assistant.embedding import StaticEmbedder, static_part
from assistant.late import words_of
from assistant.making import MadeArticle, Maker
from assistant.passages import SplitSettings, embedded_text, fitting_title, split_article
from assistant.romanised import keys_of
from assistant.settings import BUNDLED
from assistant.types import Article

SMALL = SplitSettings(24, 8)


@cache
def light() -> StaticEmbedder:
    part = static_part(BUNDLED)
    assert part is not None
    return part


@cache
def maker(limits: SplitSettings) -> Maker:
    return Maker(light(), limits)


def check(
    made: MadeArticle, article: Article, limits: SplitSettings, model: StaticEmbedder
) -> None:
    count = model.count_tokens
    title = fitting_title(article.title, count=count, settings=limits)
    passages = split_article(article, count=count, settings=limits)
    assert [one.passage for one in made.passages] == passages
    texts = [embedded_text(title, passage.text) for passage in passages]
    assert [one.searched_text for one in made.passages] == texts
    words = words_of(model.word_tokens(texts), model.token_vectors)
    for one, text, some in zip(made.passages, texts, words, strict=True):
        np.testing.assert_array_equal(one.words.tokens, some.tokens, strict=True)
        np.testing.assert_array_equal(one.words.lengths, some.lengths, strict=True)
        np.testing.assert_array_equal(one.romanised, keys_of(text), strict=True)
    np.testing.assert_array_equal(made.sketch, sketch(article.text), strict=True)


def seeds(count: int) -> list[Article]:
    paths = sorted((ROOT / "seeds").glob("*.md"))
    some = paths[:: max(1, len(paths) // count)]
    texts = [path.read_text(encoding="utf-8") for path in some]
    return [
        Article(path.stem, t, t[:40], path.stem[:2]) for path, t in zip(some, texts, strict=True)
    ]


@pytest.mark.parametrize("limits", [SplitSettings(), SplitSettings(40, 10)])
def test_real_articles(limits: SplitSettings) -> None:
    articles = [
        *seeds(15),
        Article("x", "x" * 5_000, "Title"),
        Article("han", "漢字。" * 300 + "漢" * 900, "題"),
        Article("long", "One word. " * 500, "A headline " * 30),
        Article("white", " \n\u2028 ", "Nothing"),
        Article("empty", "", ""),
    ]
    made = Maker(light(), limits).make(articles)
    assert sum(len(one.passages) for one in made) > len(articles)
    for one, article in zip(made, articles, strict=True):
        check(one, article, limits, light())


@settings(max_examples=80, deadline=None)
@given(texts=st.lists(st.tuples(TEXTS, st.lists(TEXTS, max_size=6)), max_size=3))
def test_any_articles(texts: list[tuple[str, list[str]]]) -> None:
    articles = [Article(str(n), " ".join(parts), title) for n, (title, parts) in enumerate(texts)]
    for one, article in zip(maker(SMALL).make(articles), articles, strict=True):
        check(one, article, SMALL, light())


def test_a_model_that_does_not_read_word_by_word(tiny_model: Path) -> None:
    part = static_part(str(tiny_model))
    assert part is not None
    articles = seeds(5)
    for one, article in zip(Maker(part, SMALL).make(articles), articles, strict=True):
        check(one, article, SMALL, part)


def test_no_articles() -> None:
    assert maker(SMALL).make([]) == []
