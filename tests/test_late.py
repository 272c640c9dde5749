"""Late interaction against loops written out."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from assistant.errors import IndexCorrupt
from assistant.late import Question, TokenIndex, TokenMatrix, maxsim, token_weights, write_tokens

Floats = npt.NDArray[np.float32]
TABLE = np.random.default_rng(5).standard_normal((60, 8)).astype(np.float32)
TABLE[59] = 0


def token_vectors(ids: npt.NDArray[np.int64]) -> Floats:
    vectors: Floats = TABLE[ids]
    return vectors


def ids(*values: int) -> npt.NDArray[np.int32]:
    return np.array(values, np.int32)


PASSAGES = [ids(1, 2, 3), ids(), ids(4), ids(1, 5, 6, 7, 8), ids(59), ids()]
QUESTION = [1, 4, 40, 40, 59]


def cosine(a: int, b: int) -> float:
    lengths = float(np.linalg.norm(TABLE[a]) * np.linalg.norm(TABLE[b]))
    return float(TABLE[a] @ TABLE[b]) / lengths if lengths else 0.0


def test_matches_are_the_best_cosines() -> None:
    asked = Question.of(QUESTION, token_vectors)
    best = TokenMatrix(PASSAGES, token_vectors).best(asked.units)
    for q, token in enumerate(QUESTION):
        for n, passage in enumerate(PASSAGES):
            expected = max([0.0, *(cosine(token, int(other)) for other in passage)])
            assert best[q, n] == pytest.approx(expected, abs=1e-5)


def test_scores_are_weighted_means_of_matches() -> None:
    asked = Question.of(QUESTION, token_vectors)
    best = TokenMatrix(PASSAGES, token_vectors).best(asked.units)
    weights = []
    for q, token in enumerate(QUESTION):
        share = sum(match > 0.6 for match in best[q]) / len(PASSAGES)
        rarity = math.log(1 + 1 / (share + 1 / len(PASSAGES)))
        weights.append(float(np.linalg.norm(TABLE[token])) ** 2 * rarity)
    for n, score in enumerate(maxsim(asked, best)):
        terms = [weight * match for weight, match in zip(weights, best[:, n], strict=True)]
        assert score == pytest.approx(sum(terms) / sum(weights), abs=1e-5)
    assert token_weights(asked, best).sum() == pytest.approx(1)


def test_a_passage_of_the_question_scores_one_and_an_empty_one_nothing() -> None:
    passages = [ids(7, 8, 9), ids(), ids(20, 21)]
    asked = Question.of([7, 8, 9], token_vectors)
    scores = maxsim(asked, TokenMatrix(passages, token_vectors).best(asked.units))
    assert scores[0] == pytest.approx(1, abs=1e-5)
    assert scores[1] == 0
    assert 0 <= scores[2] < 1


@pytest.mark.parametrize("question", [[], [59]])
@pytest.mark.parametrize("passages", [PASSAGES, [], [ids()], [ids(59)]])
def test_nothing_on_either_side(question: list[int], passages: list[npt.NDArray[np.int32]]) -> None:
    asked = Question.of(question, token_vectors)
    best = TokenMatrix(passages, token_vectors).best(asked.units)
    assert maxsim(asked, best).tolist() == [0] * len(passages)


def test_tokens_on_disk(tmp_path: Path) -> None:
    write_tokens(tmp_path, PASSAGES)
    index = TokenIndex(tmp_path)
    assert len(index) == len(PASSAGES)
    assert [index[row].tolist() for row in range(len(index))] == [p.tolist() for p in PASSAGES]


def test_no_tokens_on_disk(tmp_path: Path) -> None:
    write_tokens(tmp_path, [])
    assert len(TokenIndex(tmp_path)) == 0


@pytest.mark.parametrize("name", ["ids.npy", "offsets.npy"])
@pytest.mark.parametrize("content", [None, b"", b"not an array", b"\x93NUMPY"])
def test_files_that_are_no_tokens(tmp_path: Path, name: str, content: bytes | None) -> None:
    write_tokens(tmp_path, PASSAGES)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(IndexCorrupt, match="build it again"):
        TokenIndex(tmp_path)
