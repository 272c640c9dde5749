"""Articles changed in place on a server: quick, and seen by readers while it happens."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np

from assistant.errors import ArticleUnreadable, ModelMismatch
from assistant.index import Index
from assistant.milvus.about import About, read_about, write_about
from assistant.milvus.address import Address
from assistant.milvus.layout import (
    Collections,
    block_of,
    block_row,
    day_of,
    frequencies_of,
    key_of,
    piece_key,
)
from assistant.milvus.rows import Row, Source, batches
from assistant.milvus.server import Server
from assistant.milvus.weighing import sides_dimensions
from assistant.sample import quota
from assistant.types import Article, BuildReport, IndexInfo

_AT_ONCE = 200
_IN_A_FILE = 50
_FIELDS = ("terms", "romanised")


class Build(Protocol):
    """`building.build`, as far as it is needed here."""

    def __call__(self, articles: Path, *, index: Path, model: str) -> BuildReport: ...


@dataclass(frozen=True, slots=True)
class _Change:
    """Rows to be written and to be taken away, and what becomes of the counts."""

    passages: list[Row]
    articles: list[Row]
    names: dict[int, tuple[str, str | None]]  # language and outlet, by number


def upsert(articles: Iterable[Article], address: Address, *, build: Build) -> IndexInfo:
    """Adds articles, or replaces those of the same ids, in the generation in use.

    `build` makes an index of them alone, with the index's model, from which their rows are
    taken. Readers see each article's old passages, its new ones, or for a moment both. What is
    usual for lengths stays as it was when the generation was built, and copies of other articles
    are not recognised, until the next build. One writer at a time. Raises IndexNotFound,
    IndexUnreachable, ModelMismatch, and ArticleUnreadable, with nothing changed, where one of the
    articles cannot be indexed.
    """
    listed = list(articles)
    with _opened(address) as (server, names, about):
        if not listed:
            return about.info()
        with TemporaryDirectory(prefix="assistant-") as folder:
            written = Path(folder) / "articles"
            written.mkdir()
            for start in range(0, len(listed), _IN_A_FILE):
                lines = [json.dumps(asdict(one)) for one in listed[start : start + _IN_A_FILE]]
                (written / f"{start:09}.jsonl").write_text("\n".join(lines), encoding="utf-8")
            report = build(written, index=Path(folder) / "index", model=about.model)
            if report.skipped:
                raise ArticleUnreadable(
                    f"{len(report.skipped)} of the articles cannot be used, and none was changed; "
                    f"the first: {report.skipped[0].reason}"
                )
            index = Index.open(Path(folder) / "index")
            try:
                if index.fingerprint != about.fingerprint:
                    raise ModelMismatch(
                        f"the model {about.model!r} is not the one that the index at "
                        f"{address.text} was built with; build it again"
                    )
                source = Source(index)
                change = _Change(
                    list(source.passages((about.mean_terms, about.mean_romanised))),
                    list(source.articles()),
                    {key_of(a.id): (a.language, a.source) for a in index.store.all_articles()},
                )
            finally:
                index.close()
        return _apply(server, names, about, change, gone=list(change.names))


def delete(article_ids: Sequence[str], address: Address) -> IndexInfo:
    """Takes articles out of the generation in use; ids that it does not have change nothing.

    Raises IndexNotFound, IndexUnreachable.
    """
    with _opened(address) as (server, names, about):
        gone = [key_of(identity) for identity in dict.fromkeys(article_ids)]
        return _apply(server, names, about, _Change([], [], {}), gone=gone)


@contextmanager
def _opened(address: Address) -> Iterator[tuple[Server, Collections, About]]:
    server = Server(address)
    try:
        names, about, _ = read_about(server, address)
        yield server, names, about
    finally:
        server.close()


def _apply(
    server: Server, names: Collections, about: About, change: _Change, *, gone: Sequence[int]
) -> IndexInfo:
    old_articles = server.get(
        names.articles, gone, ["language", "source", "day", "pieces", "piece"]
    )
    old_passages = _passages_of(server, names, list(old_articles))
    # A reader that finds a passage must find its article.
    for rows in batches(iter(change.articles)):
        server.call("upsert", names.articles, rows, long=True)
    for rows in batches(iter(change.passages)):
        server.call("upsert", names.passages, rows, long=True)
    new_rows = {row["id"] for row in change.passages}
    new_pieces = {row["id"] for row in change.articles}
    old_pieces = [
        piece_key(number, place)
        for number, row in old_articles.items()
        for place in range(int(row["pieces"]))
    ]
    _delete(server, names.passages, [row for row in old_passages if row not in new_rows])
    _delete(server, names.articles, [piece for piece in old_pieces if piece not in new_pieces])
    for field, name in enumerate(_FIELDS):
        moved: Counter[int] = Counter()
        for row in change.passages:
            moved.update(sides_dimensions(row[name]).tolist())
        for old in old_passages.values():
            moved.subtract(sides_dimensions(old[name]).tolist())
        _count(server, names, field, about.blocks, moved)
    changed = _counted(about, change, old_articles, list(old_passages))
    changed = replace(changed, sample=_filled(server, names, changed))
    write_about(server, names, changed)
    return changed.info()


def _passages_of(server: Server, names: Collections, numbers: list[int]) -> dict[int, Row]:
    found: dict[int, Row] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        condition = f"article in {numbers[start : start + _AT_ONCE]}"
        rows = server.where(names.passages, condition, [*_FIELDS, "language"])
        found.update((int(row["id"]), row) for row in rows)
    return found


def _delete(server: Server, collection: str, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), _AT_ONCE):
        server.call("delete", collection, ids=list(ids[start : start + _AT_ONCE]))


def _count(server: Server, names: Collections, field: int, bits: int, moved: Counter[int]) -> None:
    """Adds to the frequencies of terms."""
    places = [place for place, n in moved.items() if n]
    if not places:
        return
    keys = block_of(np.array(places, np.int64), field, bits).tolist()
    rows = server.get(names.terms, list(dict.fromkeys(keys)), ["places", "counts"])
    blocks = {key: frequencies_of(row) for key, row in rows.items()}
    for place, key in zip(places, keys, strict=True):
        block = blocks.setdefault(key, {})
        block[place] = max(0, block.get(place, 0) + moved[place])
    for some in batches(block_row(key, block) for key, block in blocks.items()):
        server.call("upsert", names.terms, some, long=True)


def _counted(about: About, change: _Change, old: dict[int, Row], old_passages: list[int]) -> About:
    languages, sources = Counter(about.languages), Counter(about.sources)
    tags, outlets = ({key_of(name): name for name in some} for some in (languages, sources))
    for row in old.values():
        languages[tags[int(row["language"])]] -= 1
        if int(row["source"]) in outlets:
            sources[outlets[int(row["source"])]] -= 1
    days = [about.first_day or "", about.last_day or ""]
    days += [day_of(int(row["day"])) for row in change.articles]
    for language, source in change.names.values():
        languages[language] += 1
        if source is not None:
            sources[source] += 1
    known = sorted(day for day in days if day)
    articles = about.articles + len(change.names) - len(old)
    passages = about.passages + len(change.passages) - len(old_passages)
    return replace(
        about,
        articles=articles,
        passages=passages,
        languages=dict(+languages),
        sources=dict(+sources),
        first_day=known[0] if known else None,
        last_day=known[-1] if known else None,
        built=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        digest="",
        sample=_sample(about, change, set(old_passages), dict(+languages)),
    )


def _sample(
    about: About, change: _Change, gone: set[int], languages: dict[str, int]
) -> dict[str, list[int]]:
    """The first rows of each language, as far as they are known without reading them all."""
    most = quota(len(languages))
    sample = {
        tag: [row for row in about.sample.get(tag, []) if row not in gone] for tag in languages
    }
    tags = {key_of(tag): tag for tag in languages}
    for row in change.passages:
        sample[tags[row["language"]]].append(row["id"])
    return {tag: sorted(set(rows))[:most] for tag, rows in sorted(sample.items())}


def _filled(server: Server, names: Collections, about: About) -> dict[str, list[int]]:
    """The sample, with passages of those languages whose sampled ones are all gone."""
    most = quota(len(about.sample))
    sample = dict(about.sample)
    for tag in [tag for tag, rows in sample.items() if not rows]:
        rows = server.call(
            "query",
            names.passages,
            filter=f"language == {key_of(tag)}",
            output_fields=["id"],
            limit=most,
        )
        sample[tag] = sorted(int(row["id"]) for row in rows)
    return {tag: rows for tag, rows in sample.items() if rows}
