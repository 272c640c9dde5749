"""How near sentences come to a question: what an answer quotes, and what an explanation shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assistant.index import Index
from assistant.late import Question, WordMatrix, maxsim, words_of
from assistant.text import lexical_terms
from assistant.types import Mode

Floats = npt.NDArray[np.float32]


def _late(index: Index, question: str, sentences: Sequence[str]) -> Floats:
    """Late interaction of the question with each sentence [n]; zeros without a token table."""
    table = index.token_table
    if table is None:
        return np.zeros(len(sentences), np.float32)
    tokens = table.word_tokens([question, *sentences])
    asked = Question.of(tokens[0], table.token_vectors)
    words = list(words_of(tokens[1:], table.token_vectors))
    return maxsim(asked, WordMatrix(words, table.token_vectors).best(asked.units))


def likeness(index: Index, question: str, sentences: Sequence[str], *, mode: Mode) -> Floats:
    """How near each sentence comes to the question [n]: a sum of what the mode compares.

    The share of the question's lexical weight that the sentence holds, and its cosine and its
    late interaction with the question; each at most 1.
    """
    scores = np.zeros(len(sentences), np.float32)
    if not sentences:
        return scores
    if mode != "dense":
        weights = index.lexical.idf(lexical_terms(question))
        total = sum(weights.values()) or 1.0
        held = [frozenset(lexical_terms(sentence)) for sentence in sentences]
        scores += [sum(weights.get(t, 0.0) for t in terms) / total for terms in held]
    if mode != "lexical":
        vectors = index.embedder.embed_passages(sentences)
        scores += vectors @ index.embedder.embed_question(question)
        scores += _late(index, question, sentences)
    return scores
