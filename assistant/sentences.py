"""How near sentences come to a question: what an answer quotes, and what an explanation shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.embedding import StaticEmbedder
from assistant.index import Index
from assistant.late import Question, WordMatrix, maxsim
from assistant.text import lexical_terms
from assistant.types import Mode

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A question beside each of n sentences; what a mode does not compare is 0."""

    lexical: Floats  # [n], the share of the question's lexical weight that each holds
    cosine: Floats  # [n]
    late: Floats  # [n], late interaction over words, 0 without a table of token vectors

    def likeness(self) -> Floats:
        """The sum of the three [n]."""
        total: Floats = self.lexical + self.cosine + self.late
        return total


def _by_tokens(
    table: StaticEmbedder, question: str, sentences: Sequence[str]
) -> tuple[Floats, Floats]:
    tokens = table.word_tokens([question, *sentences])
    vectors = table.embed_tokens(tokens)
    asked = Question.of(tokens[0], table.token_vectors)
    late = maxsim(asked, WordMatrix.of_texts(tokens[1:], table.token_vectors).best(asked.units))
    return vectors[1:] @ vectors[0], late


def compare(index: Index, question: str, sentences: Sequence[str], *, mode: Mode) -> Comparison:
    """Compares a question with sentences as the mode compares it with passages."""
    nothing = np.zeros(len(sentences), np.float32)
    lexical = cosine = late = nothing
    if not sentences:
        return Comparison(lexical, cosine, late)
    if mode != "dense":
        weights = index.lexical.idf(lexical_terms(question))
        total = sum(weights.values()) or 1.0
        held = (frozenset(lexical_terms(sentence)) for sentence in sentences)
        shares = [sum(w for t, w in weights.items() if t in terms) / total for terms in held]
        lexical = np.array(shares, np.float32)
    if mode != "lexical":
        table = index.token_table
        if table is not None:
            cosine, late = _by_tokens(table, question, sentences)
        else:
            vectors = index.embedder.embed_passages(sentences)
            cosine = vectors @ index.embedder.embed_question(question)
    return Comparison(lexical, cosine, late)
