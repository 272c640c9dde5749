"""Why a passage was found: its points by part, the words it shares, its nearest sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import regex

from assistant.embedding import StaticEmbedder
from assistant.late import alignment
from assistant.searchable import Searchable
from assistant.sentences import compare
from assistant.text import romanised_terms, sentence_spans, shared_words
from assistant.types import Article, Explanation, Mode, Passage, WordMatch

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_NEAR = 0.5
_ALIKE = 0.6
_MOST = 6
_LITTLE = 0.4
"""The share of the longest vector's length under which a word is a little one."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be explained: a passage, and the points of each part of its score."""

    article: Article
    passage: Passage
    points: Mapping[str, float]


def _by_sound(question: str, text: str, shared: Sequence[str]) -> list[WordMatch]:
    """Words that are written alike in Latin letters: names above all."""
    terms_of = {word: frozenset(romanised_terms(word)) for word in set(_WORD.findall(text))}
    matches = []
    for asked in dict.fromkeys(_WORD.findall(question)):
        terms = frozenset(romanised_terms(asked))
        if asked.lower() in shared or not terms:
            continue
        alike = {
            word: 2 * len(terms & others) / (len(terms) + len(others))
            for word, others in terms_of.items()
            if terms & others
        }
        if alike:
            word = max(alike, key=lambda w: (alike[w], w))
            if alike[word] >= _ALIKE:
                matches.append(WordMatch(asked, word, "sound", alike[word]))
    return matches


def _by_meaning(
    table: StaticEmbedder, question: str, text: str, shared: Sequence[str]
) -> list[WordMatch]:
    """The words of the question that count most, each with the nearest word of the passage."""
    asked_tokens, asked_spans = table.located_words(question)
    tokens, spans = table.located_words(text)
    cosines, lengths = alignment(asked_tokens, tokens, table.token_vectors)
    if not cosines.size:
        return []
    nearest = cosines.argmax(axis=1)
    values = cosines[np.arange(len(nearest)), nearest]
    matches: dict[str, WordMatch] = {}
    for place in np.argsort(-lengths * values, kind="stable").tolist():
        if lengths[place] < _LITTLE * lengths.max():
            continue
        start, end = asked_spans[place]
        other_start, other_end = spans[nearest[place]]
        word, other = question[start:end], text[other_start:other_end]
        known = word.lower() in shared or word.lower() == other.lower()
        if values[place] >= _NEAR and not known and _WORD.search(word) and _WORD.search(other):
            matches.setdefault(word, WordMatch(word, other, "meaning", float(values[place])))
    return list(matches.values())[:_MOST]


def explanations(
    index: Searchable, question: str, found: Sequence[Found], *, mode: Mode
) -> list[Explanation]:
    """An explanation of each passage, as the mode searched for it."""
    spans = []
    for one in found:
        inside = sentence_spans(one.passage.text, one.article.language)
        start = one.passage.start
        spans.append([(start + a, start + b) for a, b in inside] or [(start, one.passage.end)])
    quotes = [
        one.article.text[a:b] for one, some in zip(found, spans, strict=True) for a, b in some
    ]
    near = compare(index, question, quotes, mode=mode).likeness()
    explained = []
    first = 0
    for one, some in zip(found, spans, strict=True):
        best = some[int(np.argmax(near[first : first + len(some)]))]
        first += len(some)
        text = f"{one.article.title}\n{one.passage.text}"
        shared = [] if mode == "dense" else shared_words(question, text)
        words = _by_sound(question, text, shared) if mode == "hybrid" else []
        table = None if mode == "lexical" else index.token_table
        if table is not None:
            by_sound = {match.question for match in words}
            meant = _by_meaning(table, question, text, shared)
            words += [match for match in meant if match.question not in by_sound]
        points = tuple((name, value) for name, value in one.points.items())
        explained.append(Explanation(points, tuple(shared), tuple(words), *best))
    return explained
