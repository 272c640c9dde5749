"""The lexical leg against a BM25 written out, with filters and hostile questions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import IndexCorrupt
from assistant.lexical import LexicalEntry, LexicalIndex, write_lexical
from assistant.text import lexical_terms

WORDS = "sea ice tea sun rain 漢字 東京 мир год ماء ดิน é ö 12 wind".split()
K1, B = 1.2, 0.75


def bm25(texts: Sequence[str], question: str) -> dict[int, float]:
    """The reference: Robertson's BM25 with k1 = 1.2, b = 0.75, of all texts that match."""
    documents = [Counter(lexical_terms(text)) for text in texts]
    lengths = [sum(document.values()) for document in documents]
    mean = sum(lengths) / len(lengths)
    scores: dict[int, float] = {}
    for term, times in Counter(lexical_terms(question)).items():
        holding = sum(term in document for document in documents)
        idf = math.log(1 + (len(texts) - holding + 0.5) / (holding + 0.5))
        for row, document in enumerate(documents):
            if term in document:
                frequency = document[term]
                norm = K1 * (1 - B + B * lengths[row] / mean)
                gain = idf * frequency * (K1 + 1) / (frequency + norm)
                scores[row] = scores.get(row, 0.0) + times * gain
    return scores


def entries(texts: Sequence[str]) -> list[LexicalEntry]:
    return [LexicalEntry(row, text, "en", None, None) for row, text in enumerate(texts)]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    random = np.random.default_rng(7)
    # Under 40 terms a text: tantivy keeps such lengths exactly and rounds longer ones.
    return [" ".join(random.choice(WORDS, random.integers(1, 9))) for _ in range(120)]


@pytest.fixture(scope="module")
def index(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder = tmp_path_factory.mktemp("lexical")
    write_lexical(folder, entries(texts))
    return LexicalIndex(folder)


@pytest.mark.parametrize(
    "question",
    ["sea", "sea ice", "東京 мир rain rain", "unheard tea", "ICE, ICE! 12", "ماء ดิน é"],
)
def test_scores_are_those_of_the_reference(
    index: LexicalIndex, texts: list[str], question: str
) -> None:
    assert max(len(lexical_terms(text)) for text in texts) < 40
    expected = bm25(texts, question)
    found = index.search(question, k=len(texts))
    assert set(found.rows.tolist()) == set(expected)
    for row, score in zip(found.rows.tolist(), found.scores.tolist(), strict=True):
        assert score == pytest.approx(expected[row], rel=1e-5)
    assert (np.diff(found.scores) <= 0).all()


def test_the_best_k_are_the_first_of_all(index: LexicalIndex) -> None:
    everything = index.search("sea ice", k=120)
    best = index.search("sea ice", k=7)
    assert best.rows.tolist() == everything.rows[:7].tolist()
    assert best.coverage.tolist() == everything.coverage[:7].tolist()


def test_equal_scores_are_ordered_by_row(tmp_path: Path) -> None:
    write_lexical(tmp_path, entries(["tea"] * 30 + ["ice"] * 5))
    found = LexicalIndex(tmp_path).search("tea", k=10)
    assert found.rows.tolist() == list(range(10))
    assert len(set(found.scores.tolist())) == 1


def test_coverage_is_a_share_of_the_question(index: LexicalIndex, tmp_path: Path) -> None:
    for question in ("sea", "sea sea ice", "unheard of words and tea", "東京"):
        coverage = index.search(question, k=120).coverage
        assert len(coverage)
        assert ((coverage > 0) & (coverage <= 1)).all()
    write_lexical(tmp_path, entries(["wind rain", "wind", "sun", "sea"]))
    small = LexicalIndex(tmp_path)
    whole, half = small.search("wind rain", k=2).coverage
    assert whole > half
    # What the collection does not hold counts as missing, not as nothing.
    assert small.search("wind unheard", k=1).coverage[0] < small.search("wind", k=1).coverage[0]


def test_idf_of_the_reference(index: LexicalIndex, texts: list[str]) -> None:
    holding = sum("=sea" in lexical_terms(text) for text in texts)
    weights = index.idf(["=sea", "=sea", "=unheard"])
    expected = math.log(1 + (len(texts) - holding + 0.5) / (holding + 0.5))
    assert weights["=sea"] == pytest.approx(expected)
    assert weights["=unheard"] == pytest.approx(math.log(1 + (len(texts) + 0.5) / 0.5))
    assert len(index) == len(texts)


@pytest.fixture(scope="module")
def filtered(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    """100 good matches in English, then 5 worse ones that differ in what filters look at."""
    folder = tmp_path_factory.mktemp("filtered")
    worse = "tea " + "rain " * 5
    rare = [
        LexicalEntry(100, worse, "zh-Hant", "The “Courier”, daily", "2023-11-12"),
        LexicalEntry(101, worse, "zh", "B", "2023-11-13"),
        LexicalEntry(102, worse, "fr", None, "2023-11-14"),
        LexicalEntry(103, worse, "fr", "B", None),
        LexicalEntry(104, worse, "fr", "b", "0001-01-01"),
    ]
    common = [LexicalEntry(row, "tea", "en", "A", "2020-01-01") for row in range(100)]
    write_lexical(folder, common + rare)
    return LexicalIndex(folder)


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        ({"languages": ["fr"]}, [102, 103, 104]),
        ({"languages": ["zh", "zh-Hant"]}, [100, 101]),
        ({"languages": ["FR"]}, []),
        ({"languages": []}, []),
        ({"sources": ["The “Courier”, daily"]}, [100]),
        ({"sources": ["B"]}, [101, 103]),
        ({"sources": ["Courier"]}, []),
        ({"since": "2023-11-12"}, [100, 101, 102]),
        ({"since": "2023-11-13", "until": "2023-11-13"}, [101]),
        ({"until": "2019-12-31"}, [104]),
        ({"until": "0001-01-01"}, [104]),
        ({"languages": ["fr"], "sources": ["B"]}, [103]),
        ({"languages": ["fr"], "sources": ["B"], "since": "0001-01-01"}, []),
    ],
    ids=repr,
)
def test_filters_apply_before_the_best_are_taken(
    filtered: LexicalIndex, wanted: dict[str, list[str]], rows: list[int]
) -> None:
    found = filtered.search("tea", k=5, **wanted)  # type: ignore[arg-type]
    assert found.rows.tolist() == rows
    # A filter is no part of the score.
    everything = filtered.search("tea", k=200)
    scores = dict(zip(everything.rows.tolist(), everything.scores.tolist(), strict=True))
    assert [scores[row] for row in rows] == pytest.approx(found.scores.tolist())


@pytest.mark.parametrize(
    "question",
    [
        "",
        " \n",
        "!!! ??? ---",
        "\0\0",
        "\ud800 \udfff",
        'terms:"sea" AND (NOT *)~2^3 [a TO z] {x} /re/ \\',
        "language:en row:1",
        "sea " * 500,
        "x" * 2000,
        "漢" * 2000,
        "\u0301\u0301",
        "😀" * 500,
        "<script>alert(1)</script> ' OR 1=1; DROP TABLE passages; --",
    ],
    ids=lambda question: ascii(question)[:20],
)
def test_hostile_questions(index: LexicalIndex, question: str) -> None:
    found = index.search(question, k=10)
    assert len(found.rows) == len(found.scores) == len(found.coverage) <= 10
    if not lexical_terms(question):
        assert len(found.rows) == 0


def test_hostile_passages_can_be_indexed(tmp_path: Path) -> None:
    hostile = ["\0", "\ud800", "a" * 100_000, "漢" * 50_000, "", "😀", "\u0301" * 100, "tea"]
    write_lexical(tmp_path, entries(hostile))
    index = LexicalIndex(tmp_path)
    assert len(index) == len(hostile)
    assert index.search("tea", k=10).rows.tolist() == [7]
    assert index.search("a" * 100, k=10).rows.tolist() == [2]


def test_equal_input_gives_equal_results(texts: list[str], tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_lexical(tmp_path / name, entries(texts))
        matches = LexicalIndex(tmp_path / name).search("sea ice rain", k=50)
        found.append((matches.rows.tolist(), matches.scores.tolist()))
    assert found[0] == found[1]


def test_an_index_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(IndexCorrupt, match="build it again"):
        LexicalIndex(tmp_path)
    (tmp_path / "meta.json").write_text("{}")
    with pytest.raises(IndexCorrupt):
        LexicalIndex(tmp_path)
    with pytest.raises(IndexCorrupt):
        LexicalIndex(tmp_path / "none")
