"""The dense leg against a matrix product."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from assistant import vectors as module
from assistant.errors import IndexCorrupt
from assistant.vectors import (
    VectorIndex,
    read_article_vectors,
    write_article_vectors,
    write_vectors,
)

Floats = npt.NDArray[np.float32]
N, D = 300, 16


def units(n: int, seed: int = 0) -> Floats:
    random = np.random.default_rng(seed).standard_normal((n, D)).astype(np.float32)
    normal: Floats = random / np.linalg.norm(random, axis=1, keepdims=True)
    return normal


@pytest.fixture(scope="module")
def stored() -> Floats:
    matrix = units(N)
    # Equal ones, and one of a text without a known token.
    matrix[[20, 50, 90]] = matrix[10]
    matrix[7] = 0
    return matrix


@pytest.fixture(scope="module")
def index(stored: Floats, tmp_path_factory: pytest.TempPathFactory) -> VectorIndex:
    path = tmp_path_factory.mktemp("vectors") / "vectors.faiss"
    write_vectors(path, stored)
    return VectorIndex(path)


def test_what_was_written_is_read(index: VectorIndex, stored: Floats) -> None:
    assert (len(index), index.dimension) == (N, D)
    np.testing.assert_array_equal(index.all(), stored)
    rows = np.array([5, 299, 5], np.int64)
    np.testing.assert_array_equal(index.at(rows), stored[rows])
    assert index.at(np.zeros(0, np.int64)).shape == (0, D)


@pytest.mark.parametrize("k", [1, 10, N, 5 * N])
def test_the_best_of_all(index: VectorIndex, stored: Floats, k: int) -> None:
    for question in units(5, seed=1):
        cosines = stored @ question
        rows, scores = index.search(question, k=k)
        assert len(rows) == min(k, N)
        np.testing.assert_allclose(scores, np.sort(cosines)[::-1][:k], atol=1e-6)
        np.testing.assert_allclose(cosines[rows], scores, atol=1e-6)


def test_equal_cosines_are_ordered_by_row(index: VectorIndex, stored: Floats) -> None:
    rows, scores = index.search(stored[10], k=4)
    assert rows.tolist() == [10, 20, 50, 90]
    assert scores == pytest.approx([1] * 4, abs=1e-6)


def test_only_the_allowed(index: VectorIndex, stored: Floats) -> None:
    random = np.random.default_rng(3)
    for share in (0.5, 0.02):
        allowed = random.random(N) < share
        question = units(1, seed=4)[0]
        rows, _ = index.search(question, k=10, allowed=allowed)
        expected = sorted(np.flatnonzero(allowed), key=lambda row: -(stored[row] @ question))[:10]
        assert rows.tolist() == [int(row) for row in expected]


def test_five_allowed_or_none(index: VectorIndex) -> None:
    allowed = np.zeros(N, bool)
    assert len(index.search(units(1)[0], k=10, allowed=allowed)[0]) == 0
    chosen = [1, 9, 100, 255, 299]
    allowed[chosen] = True
    rows, _ = index.search(units(1, seed=8)[0], k=10, allowed=allowed)
    assert sorted(rows.tolist()) == chosen


def test_short_codes_for_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = units(3_000, seed=6)
    many[7] = 0
    monkeypatch.setattr(module, "EXACT_UP_TO", len(many) - 1)
    write_vectors(tmp_path / "coded", many)
    coded = VectorIndex(tmp_path / "coded")
    assert (len(coded), coded.dimension) == many.shape
    np.testing.assert_allclose(coded.all(), many, atol=1e-3)
    np.testing.assert_allclose(coded.at(np.array([5, 2_999])), many[[5, 2_999]], atol=1e-3)
    found = 0
    for question in units(20, seed=7):
        rows, scores = coded.search(question, k=50)
        np.testing.assert_allclose(scores, many[rows] @ question, atol=2e-3)
        assert (np.diff(scores) <= 0).all()
        found += len(np.intersect1d(rows, np.argsort(-(many @ question))[:50]))
    assert found > 0.97 * 20 * 50


def test_filters_over_short_codes_are_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = units(3_000, seed=6)
    monkeypatch.setattr(module, "EXACT_UP_TO", len(many) - 1)
    write_vectors(tmp_path / "coded", many)
    coded = VectorIndex(tmp_path / "coded")
    allowed = np.random.default_rng(9).random(len(many)) < 0.05
    question = units(1, seed=8)[0]
    rows, _ = coded.search(question, k=20, allowed=allowed)
    expected = sorted(np.flatnonzero(allowed), key=lambda row: -(many[row] @ question))[:20]
    assert sorted(rows.tolist()) == sorted(int(row) for row in expected)
    assert set(coded.search(question, k=5_000, allowed=allowed)[0]) == set(np.flatnonzero(allowed))


@pytest.mark.parametrize("content", [None, b"", b"not an index", b"\0" * 1000])
def test_a_file_that_is_no_index(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "vectors.faiss"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(IndexCorrupt, match="build it again"):
        VectorIndex(path)


def test_a_file_that_was_cut(index: VectorIndex, stored: Floats, tmp_path: Path) -> None:
    path = tmp_path / "vectors.faiss"
    write_vectors(path, stored)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(IndexCorrupt):
        VectorIndex(path)


def test_vectors_of_articles_are_the_means_of_their_passages(tmp_path: Path) -> None:
    passages = units(5)
    passages[4] = 0
    path = tmp_path / "articles.npy"
    write_article_vectors(path, passages, np.array([2, 0, 2, 2, 3]), 4)
    means = read_article_vectors(path)
    assert means.shape == (4, D)
    np.testing.assert_allclose(means[0], passages[1], atol=1e-6)
    together = passages[[0, 2, 3]].mean(axis=0)
    np.testing.assert_allclose(means[2], together / np.linalg.norm(together), atol=1e-6)
    # No passage, or none with a known token: nothing is near.
    assert not means[1].any()
    assert not means[3].any()


@pytest.mark.parametrize("content", [None, b"", b"not an array", b"\x93NUMPY"])
def test_a_file_that_holds_no_vectors_of_articles(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "articles.npy"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(IndexCorrupt, match="build it again"):
        read_article_vectors(path)
