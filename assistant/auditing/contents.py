"""Whether the parts of an index say the same: articles, passages, vectors, and the model.

Each check returns what it saw, and raises Wrong. The files are known to be whole before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import groupby, islice

import numpy as np

from assistant.auditing.results import Wrong
from assistant.columns import Names
from assistant.index import PROBE_TOLERANCE, Index
from assistant.passages import SplitSettings, embedded_text, fitting_title, passage_id
from assistant.romanised import keys_of

Tell = Callable[[int, int], None]

_LENGTH_TOLERANCE = 2e-3
"""Vectors in half precision: each number is off by up to 2**-11 of itself."""

_MEAN_TOLERANCE = 1e-2
"""Means of such vectors are made of what is stored, and may be short before they are scaled."""

_ROWS_AT_ONCE = 4096
_TEXTS_AT_ONCE = 32
_TOLD_EVERY = 256
_SHOWN = 3


def _none(wrong: list[str], seen: str) -> str:
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise Wrong(f"{'; '.join(wrong[:_SHOWN])}{more}")
    return seen


def check_database(index: Index) -> str:
    return _none(index.store.integrity(), "SQLite finds nothing wrong")


def check_counts(index: Index) -> str:
    """The counts of every part against each other, and against what the manifest says."""
    info, columns = index.info, index.columns
    counts = {
        "passages in the columns": (len(columns.article_of_row), info.passages),
        "vectors": (len(index.vectors), info.passages),
        "passages in the lexical index": (len(index.lexical), info.passages),
        "passages with romanised terms": (len(index.romanised), info.passages),
        "articles in the columns": (len(columns.days), info.articles),
        "vectors of articles": (len(index.article_vectors), info.articles),
        "sketches": (len(index.sketches), info.articles),
        "places in groups of copies": (len(index.copies), info.articles),
    }
    if index.words is not None:
        counts["passages with words"] = (len(index.words), info.passages)
    wrong = [
        f"{name}: {found}, not {expected}"
        for name, (found, expected) in counts.items()
        if found != expected
    ]
    for name, told, names in (
        ("languages", info.languages, columns.languages),
        ("outlets", info.sources, columns.sources),
    ):
        placed = Counter(names.distinct[place] for place in names.of_article if place >= 0)
        if placed != Counter(dict(told)):
            wrong.append(f"the {name} are others than the manifest says")
    days = sorted(columns.days[columns.days != ""].tolist())
    if (days[:1], days[-1:]) != (
        [day for day in (info.first_day,) if day is not None],
        [day for day in (info.last_day,) if day is not None],
    ):
        wrong.append("the first or the last day is another than the manifest says")
    return _none(wrong, f"{info.articles} articles, {info.passages} passages in every part")


def check_columns(index: Index) -> str:
    """The columns beside the database against what it holds itself."""
    columns, labels = index.columns, index.store.labels()
    wrong = []
    if not np.array_equal(columns.article_of_row, index.store.article_of_row()):
        wrong.append("the articles of the passages are others than in the database")
    for name, names, values in (
        ("languages", columns.languages, [language for language, _, _ in labels]),
        ("outlets", columns.sources, [source for _, source, _ in labels]),
    ):
        expected = Names.of(values)
        same = names.distinct == expected.distinct
        if not same or not np.array_equal(names.of_article, expected.of_article):
            wrong.append(f"the {name} of the articles are others than in the database")
    if columns.days.tolist() != [day or "" for _, _, day in labels]:
        wrong.append("the days of the articles are others than in the database")
    return _none(wrong, f"{len(labels)} articles are in the columns as in the database")


def check_articles(index: Index, tell: Tell) -> str:
    """The checksum of each article, made again of what the database holds."""
    wrong = []
    stored = index.store.contents()
    for number, article in enumerate(index.store.all_articles()):
        if number % _TOLD_EVERY == 0:
            tell(number, index.info.articles)
        if article.content_hash() != stored.get(article.id):
            wrong.append(f"the article {article.id!r} is not what its checksum says")
    if list(stored) != sorted(stored):
        wrong.append("the articles are out of order")
    tell(index.info.articles, index.info.articles)
    return _none(wrong, f"{len(stored)} articles have their checksums")


def check_passages(index: Index, tell: Tell) -> str:
    """Each passage's place in its article, and that its id is made of both."""
    wrong = []
    ids: dict[int, str] = {}
    by_article = groupby(index.store.spans(), key=lambda span: span[0])
    passages_of = {number: list(group) for number, group in by_article}
    for number, article in enumerate(index.store.all_articles()):
        if number % _TOLD_EVERY == 0:
            tell(number, index.info.articles)
        if number not in passages_of:
            wrong.append(f"the article {article.id!r} has no passage")
        content_hash = article.content_hash()
        for _, row, identity, start, end in passages_of.get(number, []):
            ids[row] = identity
            text = article.text[start:end]
            if not 0 <= start < end <= len(article.text) or text != text.strip():
                wrong.append(f"the passage {identity!r} has no place in its article")
            elif identity != passage_id(content_hash, start, end):
                wrong.append(f"the passage {identity!r} is of another text")
    tell(index.info.articles, index.info.articles)
    in_order = [ids[row] for row in sorted(ids)]
    if in_order != sorted(in_order):
        wrong.append("the passages are out of order")
    return _none(wrong, f"{len(ids)} passages stand in their articles")


def check_vectors(index: Index) -> str:
    """Passages' vectors are finite and of unit length, articles' are their means."""
    zeros, wrong = 0, []
    means = np.zeros(index.article_vectors.shape, np.float64)
    for start in range(0, len(index.vectors), _ROWS_AT_ONCE):
        rows = np.arange(start, min(start + _ROWS_AT_ONCE, len(index.vectors)))
        vectors = index.vectors.at(rows)
        lengths = np.linalg.norm(vectors, axis=1)
        finite = np.isfinite(lengths)
        # A text without any token that the model knows has no direction.
        zero = lengths == 0
        zeros += int(zero.sum())
        good = finite & (zero | (np.abs(lengths - 1) < _LENGTH_TOLERANCE))
        wrong += [f"the vector of row {row} is not of unit length" for row in rows[~good]]
        np.add.at(means, index.columns.article_of_row[rows], np.where(finite[:, None], vectors, 0))
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    far = np.abs(means - index.article_vectors).max(axis=1) if len(means) else np.zeros(0)
    # Not `far >= …`, which is false for what is no number.
    wrong += [
        f"the vector of article {number} is not the mean of its passages'"
        for number in np.flatnonzero(~(far < _MEAN_TOLERANCE)).tolist()
    ]
    return _none(wrong, f"{len(index.vectors)} vectors of unit length ({zeros} zero)")


def check_copies(index: Index) -> str:
    """Each group of copies is named by its first article."""
    copies = index.copies
    sound = (copies >= 0) & (copies <= np.arange(len(copies)))
    sound &= copies[np.clip(copies, 0, len(copies) - 1)] == copies
    wrong = [f"article {n} is a copy of none" for n in np.flatnonzero(~sound).tolist()]
    return _none(wrong, f"{len(np.unique(copies))} originals")


def check_model(index: Index) -> str:
    """Raises ModelMismatch, ModelNotFound."""
    return f"{index.embedder.name!r} embeds as it did"


def check_sample(index: Index, count: int, tell: Tell) -> str:
    """Some passages, the same ones for the same index, embedded and romanised again."""
    total = min(count, index.info.passages)
    drawn = np.random.default_rng(0).choice(index.info.passages, total, replace=False)
    rows = iter(sorted(drawn.tolist()))
    wrong: list[str] = []
    furthest, done = 0.0, 0
    table = index.token_table
    while some := list(islice(rows, _TEXTS_AT_ONCE)):
        tell(done, total)
        texts = list(_searched_texts(index, some))
        off = np.abs(index.embedder.embed_passages(texts) - index.vectors.at(np.array(some)))
        furthest = max(furthest, float(off.max()))
        words = None if table is None else table.word_tokens(texts)
        for place, row in enumerate(some):
            if not off[place].max() < PROBE_TOLERANCE:
                wrong.append(f"the vector of row {row} is another one")
            if not np.array_equal(keys_of(texts[place]), index.romanised[row]):
                wrong.append(f"the romanised terms of row {row} are others")
            if words is None or index.words is None:
                continue
            if not np.array_equal(words[place], index.words[row].tokens):
                wrong.append(f"the words of row {row} are others")
        done += len(some)
    tell(total, total)
    return _none(wrong, f"{total} passages embedded again, at most {furthest:.1e} off")


def _searched_texts(index: Index, rows: list[int]) -> Iterator[str]:
    settings = SplitSettings(**index.split)
    numbers = index.columns.article_of_row[rows].tolist()
    articles = index.store.articles(numbers)
    for row, number in zip(rows, numbers, strict=True):
        article = articles[number]
        title = fitting_title(article.title, count=index.embedder.count_tokens, settings=settings)
        yield embedded_text(title, index.store.passage(row, article).text)
