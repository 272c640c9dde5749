"""An answer of quotes, written anew by a language model from the same passages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from assistant.answers import Answer, Sentence, Unsupported
from assistant.checking import check
from assistant.endpoint import Model
from assistant.errors import EndpointError
from assistant.searchable import Searchable
from assistant.sentences import compare
from assistant.text import sentence_spans
from assistant.types import Citation, Hit
from assistant.writing import Numbered, write

PASSAGES = 6
"""How many of the best passages a model is given."""

_NOTHING_LEFT = "none of its sentences could be used"


def _numbered(hits: Sequence[Hit]) -> list[Numbered]:
    return [
        Numbered(
            number,
            hit.passage.text,
            title=hit.article.title,
            outlet=hit.article.source,
            day=hit.article.published[:10] if hit.article.published else None,
            language=hit.article.language,
        )
        for number, hit in enumerate(hits, 1)
    ]


def _citation(index: Searchable, number: int, hit: Hit, sentence: str) -> Citation:
    """The sentence of a passage that comes nearest to one that cites it."""
    passage = hit.passage
    spans = sentence_spans(passage.text, hit.article.language)
    quotes = [passage.text[start:end] for start, end in spans]
    near = compare(index, sentence, quotes, mode="hybrid").likeness()
    best = int(np.argmax(near))
    start, end = (passage.start + offset for offset in spans[best])
    return Citation(number, hit.article, passage, start, end, quotes[best])


def rewrite(
    index: Searchable, quoted: Answer, model: Model, *, unsupported: Unsupported
) -> Iterator[Answer]:
    """The answer in the model's words, growing by a sentence at a time; the last one is whole.

    Each sentence is checked against the passages that it cites. Where the model cannot be used
    or says nothing that can be, the last answer is the one of quotes, with a note that says why.
    """
    hits = quoted.hits[:PASSAGES]
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    reason = _NOTHING_LEFT
    try:
        for sentence in write(
            model,
            quoted.completed or quoted.question,
            _numbered(hits),
            check=partial(check, language=quoted.language),
            unsupported=unsupported,
            language=quoted.language,
        ):
            sentences.append(sentence)
            for number in sentence.citations:
                cited = _citation(index, number, hits[number - 1], sentence.text)
                if cited not in citations:
                    citations.append(cited)
            yield replace(
                quoted,
                sentences=tuple(sentences),
                citations=tuple(citations),
                updates=(),
                written_by=model.name,
            )
    except EndpointError as error:
        reason = str(error)
        citations = []
    if not citations:
        note = f"These are quotes, and not the words of {model.name}: {reason}"
        yield replace(quoted, note=note)
