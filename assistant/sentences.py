"""How near sentences come to a question: what an answer quotes, and what an explanation shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.searchable import Searchable
from assistant.text import haystack, lexical_terms, needle
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


def compare(
    index: Searchable, question: str, sentences: Sequence[str], *, mode: Mode
) -> Comparison:
    """Compares a question with sentences as the mode compares it with passages."""
    nothing = np.zeros(len(sentences), np.float32)
    lexical = cosine = late = nothing
    if not sentences:
        return Comparison(lexical, cosine, late)
    if mode != "dense":
        weights = index.idf(lexical_terms(question))
        total = sum(weights.values()) or 1.0
        needles = [(needle(term), weight) for term, weight in weights.items()]
        shares = [
            sum(w for n, w in needles if n in hay) / total for hay in map(haystack, sentences)
        ]
        lexical = np.array(shares, np.float32)
    if mode != "lexical":
        if index.reader is not None:
            cosine, late = index.reader.compare(question, sentences)
        else:
            vectors = index.embedder.embed_passages(sentences)
            cosine = vectors @ index.embedder.embed_question(question)
    return Comparison(lexical, cosine, late)
