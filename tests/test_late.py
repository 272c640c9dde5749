"""Late interaction against loops written out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from helpers import write_words

from assistant.errors import IndexCorrupt
from assistant.late import (
    MOST_WORDS,
    Question,
    Reader,
    WordIndex,
    WordMatrix,
    Words,
    maxsim,
    word_weights,
    words_of,
)

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int32]
TABLE = np.random.default_rng(5).standard_normal((60, 8)).astype(np.float32)
TABLE[59] = 0


def token_vectors(ids: npt.NDArray[np.int64]) -> Floats:
    vectors: Floats = TABLE[ids]
    return vectors


def tokens(*words: tuple[int, ...]) -> Ids:
    """Words, each of some tokens, as marked tokens."""
    flat = [token if i == 0 else ~token for word in words for i, token in enumerate(word)]
    return np.array(flat, np.int32)


PASSAGES = [
    [(1,), (2, 3), (9,), (10, 11, 12), (13,), (1,), (2, 3)],
    [],
    [(4,)],
    [(1,), (5,), (6, 7), (8,)],
    [(59,)],
    [],
    [(2,), (3,), (30, 31)],
]
QUESTION = [(1,), (4, 5), (40,), (40,), (59,)]


def in_contexts(words: list[tuple[int, ...]], reach: int) -> list[Floats]:
    vectors = [TABLE[list(word)].sum(axis=0) for word in words]
    return [
        vector
        + sum(
            (
                0.3 * vectors[j]
                for j in range(max(0, i - reach), min(len(words), i + reach + 1))
                if j != i
            ),
            np.zeros(8, np.float32),
        )
        for i, vector in enumerate(vectors)
    ]


def cosine(a: Floats, b: Floats) -> float:
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / lengths if lengths else 0.0


def made(passages: list[list[tuple[int, ...]]]) -> list[Words]:
    return list(words_of([tokens(*words) for words in passages], token_vectors))


def asked_and_best(
    question: list[tuple[int, ...]], passages: list[list[tuple[int, ...]]]
) -> tuple[Question, Floats]:
    asked = Question.of(tokens(*question), token_vectors)
    return asked, WordMatrix(made(passages), token_vectors).best(asked.units)


def test_matches_are_the_best_cosines() -> None:
    _, best = asked_and_best(QUESTION, PASSAGES)
    for q, vector in enumerate(in_contexts(QUESTION, 1)):
        for n, passage in enumerate(PASSAGES):
            others = in_contexts(passage, 3)
            expected = max([0.0, *(cosine(vector, other) for other in others)])
            # The lengths of the passages' vectors are kept in half precision.
            assert best[q, n] == pytest.approx(expected, abs=1e-3)


def test_a_passage_scores_the_same_alone_and_among_others() -> None:
    _, together = asked_and_best(QUESTION, PASSAGES * 30)
    for n, passage in enumerate(PASSAGES):
        _, alone = asked_and_best(QUESTION, [passage])
        np.testing.assert_allclose(together[:, n :: len(PASSAGES)], alone.repeat(30, 1), atol=1e-6)


def test_a_matrix_for_many_questions_finds_the_same() -> None:
    asked, expected = asked_and_best(QUESTION, PASSAGES)
    matrix = WordMatrix(made(PASSAGES), token_vectors, many=True)
    np.testing.assert_allclose(matrix.best(asked.units), expected, atol=1e-6)


@pytest.mark.parametrize("at_once", [1, 3, 8, 10_000])
def test_words_do_not_depend_on_what_is_read_with_them(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = [next(words_of([tokens(*words)], token_vectors)) for words in PASSAGES]
    monkeypatch.setattr("assistant.late._TOKENS_AT_ONCE", at_once)
    together = list(words_of([tokens(*words) for words in PASSAGES], token_vectors))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.lengths, other.lengths, strict=True)
        np.testing.assert_array_equal(one.tokens, other.tokens, strict=True)


def test_words_of_any_number_of_tokens() -> None:
    random = np.random.default_rng(11)
    passages = [
        [tuple(random.integers(0, 50, random.integers(1, 9)).tolist()) for _ in range(n)]
        for n in (1, 0, 40, 7)
    ]
    question = [(3, 4, 5, 6), (7,), (8, 9)]
    _, best = asked_and_best(question, passages)
    for q, vector in enumerate(in_contexts(question, 1)):
        for n, passage in enumerate(passages):
            expected = max([0.0, *(cosine(vector, other) for other in in_contexts(passage, 3))])
            assert best[q, n] == pytest.approx(expected, abs=1e-3)


def test_of_a_long_question_the_words_with_the_longest_vectors_count() -> None:
    question = [(i % 50,) for i in range(MOST_WORDS + 10)]
    vectors = in_contexts(question, 1)
    longest = sorted(range(len(question)), key=lambda i: -float(np.linalg.norm(vectors[i])))
    asked = Question.of(tokens(*question), token_vectors)
    expected = [vectors[i] for i in sorted(longest[:MOST_WORDS])]
    np.testing.assert_allclose(asked.units * asked.lengths[:, None], expected, atol=1e-5)


def test_scores_are_weighted_means_of_matches() -> None:
    asked, best = asked_and_best(QUESTION, PASSAGES)
    weights = []
    for q, vector in enumerate(in_contexts(QUESTION, 1)):
        share = sum(match > 0.6 for match in best[q]) / len(PASSAGES)
        rarity = math.log(1 + 1 / (share + 1 / len(PASSAGES)))
        weights.append(float(np.linalg.norm(vector)) * rarity)
    for n, score in enumerate(maxsim(asked, best)):
        terms = [weight * match for weight, match in zip(weights, best[:, n], strict=True)]
        assert score == pytest.approx(sum(terms) / sum(weights), abs=1e-5)
    assert word_weights(asked, best).sum() == pytest.approx(1)


def test_a_word_in_the_same_surroundings_scores_more() -> None:
    question = [(7,), (8, 9), (10,)]
    asked, best = asked_and_best(question, [question, [(7,)], [], [(20, 21)], [(8,), (9,)]])
    scores = maxsim(asked, best)
    assert scores[0] > 0.9 and scores[0] == scores.max()
    assert scores[2] == 0
    # Two words that are tokens of one word are not that word.
    assert best[1, 4] < best[1, 0]


@pytest.mark.parametrize("question", [[], [(59,)]])
@pytest.mark.parametrize("passages", [PASSAGES, [], [[]], [[(59,)]]])
def test_nothing_on_either_side(
    question: list[tuple[int, ...]], passages: list[list[tuple[int, ...]]]
) -> None:
    asked, best = asked_and_best(question, passages)
    if question:
        # A word without a vector is found nowhere, but its neighbours are.
        assert best.shape == (1, len(passages))
    assert maxsim(asked, best).tolist() == pytest.approx([0] * len(passages))


def test_words_on_disk(tmp_path: Path) -> None:
    written = made(PASSAGES)
    write_words(tmp_path, written)
    index = WordIndex(tmp_path)
    assert len(index) == len(PASSAGES)
    for row, words in enumerate(written):
        assert index[row].tokens.tolist() == words.tokens.tolist()
        assert index[row].lengths.tolist() == words.lengths.tolist()
    assert [len(index[row].lengths) for row in range(len(index))] == [len(p) for p in PASSAGES]


def test_no_words_on_disk(tmp_path: Path) -> None:
    write_words(tmp_path, [])
    assert len(WordIndex(tmp_path)) == 0


@pytest.mark.parametrize("name", ["tokens.npy", "lengths.npy", "offsets.npy"])
@pytest.mark.parametrize("content", [None, b"", b"not an array", b"\x93NUMPY"])
def test_files_that_hold_no_words(tmp_path: Path, name: str, content: bytes | None) -> None:
    write_words(tmp_path, made(PASSAGES))
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(IndexCorrupt, match="build it again"):
        WordIndex(tmp_path)


class Table:
    """Texts of numbers as a model reads them; `read` has those that it was given."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def word_tokens(self, texts: Sequence[str]) -> list[Ids]:
        self.read += texts
        return [tokens(*((int(number),) for number in text.split())) for text in texts]

    def token_vectors(self, ids: npt.NDArray[np.int64]) -> Floats:
        return token_vectors(ids)

    def embed_tokens(self, tokens: Sequence[Ids]) -> Floats:
        sums = np.stack([token_vectors(one).sum(axis=0) for one in tokens])
        return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)


READ = ["1 2 3", "4", "1 5 6", "4", "7 8 9 10"]


def test_a_reader_compares_as_cosines_and_late_interaction_do() -> None:
    table = Table()
    cosines, late = Reader(table).compare("1 4 6", READ)
    asked, *others = table.word_tokens(["1 4 6", *READ])
    vector, *vectors = table.embed_tokens([asked, *others])
    np.testing.assert_allclose(cosines, np.stack(vectors) @ vector, atol=1e-6)
    question = Question.of(asked, token_vectors)
    best = WordMatrix(list(words_of(others, token_vectors)), token_vectors).best(question.units)
    np.testing.assert_array_equal(late, maxsim(question, best))


def test_what_a_reader_kept_is_not_read_again_and_compares_the_same() -> None:
    table = Table()
    reader = Reader(table)
    first = reader.compare("1 4 6", READ)
    assert table.read == ["1 4 6", "1 2 3", "4", "1 5 6", "7 8 9 10"]
    table.read.clear()
    again = reader.compare("1 4 6", [*READ[1:], "11"])
    assert table.read == ["1 4 6", "11"]
    np.testing.assert_allclose(again[0][:4], first[0][1:], atol=1e-6)
    alone = Reader(Table()).compare("1 4 6", [*READ[1:], "11"])
    np.testing.assert_allclose(again, alone, atol=1e-6)


def test_a_reader_keeps_the_last_texts_only() -> None:
    table = Table()
    reader = Reader(table, most_kept=2)
    whole = reader.compare("1", READ)
    np.testing.assert_array_equal(whole, Reader(Table()).compare("1", READ))
    reader.compare("1", ["2"])
    reader.compare("1", ["3"])
    table.read.clear()
    reader.compare("1", ["3", "2", "1 2 3"])
    assert table.read == ["1", "1 2 3"]
