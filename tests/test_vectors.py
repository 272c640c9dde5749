"""The dense leg against a matrix product."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from helpers import COLLECTION, snapshot, write_articles

from assistant import vectors as module
from assistant.building import build
from assistant.embedding import load_for_questions
from assistant.errors import IndexCorrupt, RecallTooLow
from assistant.vectors import (
    VectorIndex,
    VectorKind,
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


def test_an_exact_index_finds_everything(tmp_path: Path, stored: Floats) -> None:
    kind = write_vectors(tmp_path / "v", stored)
    assert kind == VectorKind("Flat", 0, 0, 1.0, 1.0)
    assert VectorKind.from_dict(kind.to_dict()) == kind


@pytest.fixture(scope="module")
def many() -> Floats:
    return units(6_000, seed=6)


def test_a_memory_map_in_half_precision_is_written_in_batches(
    tmp_path: Path, many: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXACT_UP_TO", 100)
    halves = many.astype(np.float16)
    np.save(tmp_path / "halves.npy", halves)
    kinds = [write_vectors(tmp_path / "whole", halves.astype(np.float32))]
    for size in (1_000, 7_777):
        monkeypatch.setattr(module, "_ROWS_AT_ONCE", size)
        mapped = np.load(tmp_path / "halves.npy", mmap_mode="r")
        kinds.append(write_vectors(tmp_path / str(size), mapped))
        assert (tmp_path / str(size)).read_bytes() == (tmp_path / "whole").read_bytes()
    assert {(kind.kind, kind.candidates) for kind in kinds} == {("PQ8x4fs,Refine(SQfp16)", 10)}
    assert min(kind.recall_at_100 for kind in kinds) > 0.99


def test_inverted_lists_for_very_many(
    tmp_path: Path, many: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXACT_UP_TO", 100)
    monkeypatch.setattr(module, "CODES_UP_TO", 1_000)
    monkeypatch.setattr(module, "_FEWEST_LISTS", 1)
    kind = write_vectors(tmp_path / "v", many)
    assert kind.kind == "IVF310,PQ8x4fs,Refine(SQfp16)"
    # Of vectors without any structure nearly all lists have to be read.
    assert 16 < kind.lists_read <= 310 and kind.recall_at_10 >= 0.99
    index = VectorIndex(tmp_path / "v")
    found = 0
    for question in units(20, seed=7):
        rows, _ = index.search(question, k=100)
        found += len(np.intersect1d(rows[:10], np.argsort(-(many @ question))[:10]))
    assert found >= 0.98 * 20 * 10
    allowed = np.arange(len(many)) % 7 == 3
    rows, _ = index.search(many[3], k=5_000, allowed=allowed)
    assert set(rows) == set(np.flatnonzero(allowed))


def test_too_little_that_is_found(
    tmp_path: Path, many: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXACT_UP_TO", 100)
    with pytest.raises(RecallTooLow, match=r"finds [0-9.]+% of the 10 best.*another model"):
        write_vectors(tmp_path / "v", many, least_recall=1.01)
    assert not (tmp_path / "v").exists()


def test_more_candidates_where_passages_are_nearly_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXACT_UP_TO", 100)
    chance = np.random.default_rng(2)
    base = units(1)[0]
    alike = base + 1e-2 * chance.standard_normal((4_000, D)).astype(np.float32)
    mixed = np.concatenate([alike, units(2_000, seed=3)])
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    monkeypatch.setattr(module, "_CANDIDATES", 1)
    assert write_vectors(tmp_path / "v", mixed).candidates > 1


def test_a_build_that_would_not_find_enough_leaves_the_old_index(
    tiny_index: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.pieces.load_for_passages", load_for_questions)
    monkeypatch.setattr(
        "assistant.index.writing.write_vectors", partial(write_vectors, least_recall=1.01)
    )
    folder = Path(shutil.copytree(tiny_index, tmp_path / "index"))
    before = snapshot(folder)
    write_articles(tmp_path / "articles", COLLECTION[:2])
    with pytest.raises(RecallTooLow):
        build(tmp_path / "articles", index=folder, model=str(tiny_model))
    assert snapshot(folder) == before


class _Finds:
    """An index that finds some rows, whatever it is asked."""

    def __init__(self, rows: Floats) -> None:
        self._rows = rows

    def search(self, queries: Floats, k: int) -> tuple[None, Floats]:
        return None, np.repeat(self._rows[None, :k], len(queries), axis=0)


def test_recall(many: Floats) -> None:
    queries = units(3, seed=11)[:1]
    order = np.argsort(-(many @ queries[0]), kind="stable")
    best = module._exact_scores(many, queries)
    np.testing.assert_allclose(best[0], (many @ queries[0])[order[:100]], atol=1e-6)
    whole = order[:100]
    assert module._recall(_Finds(whole), many, queries, best) == (1.0, 1.0)
    half = np.where(np.arange(100) % 2 == 0, whole, order[-1])
    assert module._recall(_Finds(half), many, queries, best) == (0.5, 0.5)
    # Nothing was found in the place of the others.
    none = np.where(np.arange(100) < 4, whole, -1)
    assert module._recall(_Finds(none), many, queries, best) == (0.4, 0.04)


def test_a_filter_that_leaves_many_is_searched_by_short_codes(
    tmp_path: Path, many: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXACT_UP_TO", 100)
    write_vectors(tmp_path / "coded", many)
    coded = VectorIndex(tmp_path / "coded")
    question = units(1, seed=8)[0]
    allowed = np.random.default_rng(9).random(len(many)) < 0.5
    exact, _ = coded.search(question, k=50, allowed=allowed)
    monkeypatch.setattr(module, "COMPARED_UP_TO", 100)
    rows, scores = coded.search(question, k=50, allowed=allowed)
    assert coded._among_nearest(question, 50, allowed) is not None
    assert allowed[rows].all() and len(rows) == 50 and (np.diff(scores) <= 0).all()
    assert len(np.intersect1d(rows, exact)) >= 48
    # Where the allowed ones are the furthest off, all of them are compared.
    furthest = np.zeros(len(many), bool)
    furthest[np.argsort(many @ question)[:2_000]] = True
    assert coded._among_nearest(question, 50, furthest) is None
    rows, _ = coded.search(question, k=50, allowed=furthest)
    expected = sorted(np.flatnonzero(furthest), key=lambda row: -(many[row] @ question))[:50]
    assert sorted(rows.tolist()) == sorted(int(row) for row in expected)


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


@pytest.mark.parametrize("at_once", [1, 7, 100_000])
def test_vectors_of_many_articles_in_batches(
    tmp_path: Path, many: Floats, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", at_once)
    passages = many[:500].astype(np.float16)
    of_row = np.random.default_rng(4).integers(0, 60, 500) * 2
    expected = np.zeros((120, D), np.float32)
    np.add.at(expected, of_row, passages.astype(np.float32))
    expected /= np.maximum(np.linalg.norm(expected, axis=1, keepdims=True), 1e-9)
    write_article_vectors(tmp_path / "articles.npy", passages, of_row, 120)
    np.testing.assert_array_equal(read_article_vectors(tmp_path / "articles.npy"), expected)


def test_no_articles(tmp_path: Path) -> None:
    write_article_vectors(tmp_path / "a.npy", np.zeros((0, D), np.float32), np.zeros(0, int), 0)
    assert read_article_vectors(tmp_path / "a.npy").shape == (0, D)


@pytest.mark.parametrize("content", [None, b"", b"not an array", b"\x93NUMPY"])
def test_a_file_that_holds_no_vectors_of_articles(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "articles.npy"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(IndexCorrupt, match="build it again"):
        read_article_vectors(path)
