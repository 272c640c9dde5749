"""What the tests of single readers share: a source of bytes, and what is read of it."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from assistant.articles import Reading
from assistant.articles.formats import read_source
from assistant.articles.source import Budget, Source
from assistant.limits import Limits
from assistant.types import Article, Skipped

TEXT = "The harbour of Fairhaven opened on Monday. Forty ships waited outside."
FULL: dict[str, Any] = {
    "id": "one",
    "title": "Fairhaven opens its harbour",
    "text": TEXT,
    "language": "en",
    "published": "2023-11-12T08:30:00Z",
    "source": "The Courier",
    "url": "https://courier.example/harbour",
    "authors": ["Anne Dupont", "B. Lee"],
}
SECOND: dict[str, Any] = {
    "id": "two",
    "title": "Le glacier",
    "text": "Le glacier au-dessus de la vallée a perdu quatre mètres de glace en un été.",
    "language": "fr",
    "published": "2023-11-13T00:00:00Z",
    "source": "The Courier",
    "url": "https://courier.example/glacier",
    "authors": ["C. Élan"],
}

Read = tuple[list[Article], list[Skipped]]


def source_of(name: str, data: bytes, limits: Limits | None = None) -> Source:
    limits = limits or Limits()
    return Source(name, lambda: io.BytesIO(data), limits, Budget(limits))


def read_bytes(name: str, data: bytes, *, limits: Limits | None = None) -> Read:
    """The articles, and what was skipped, of a file in this process."""
    return _parted(read_source(source_of(name, data, limits)))


def read_apart(folder: Path, name: str, data: bytes, *, limits: Limits | None = None) -> Read:
    """The same, by way of a file, as a build reads it."""
    path = folder / name
    path.write_bytes(data)
    with Reading(folder, limits=limits or Limits()) as reading:
        return _parted(reading.read(path))


def _parted(items: Iterator[Article | Skipped]) -> Read:
    everything = list(items)
    articles = [item for item in everything if isinstance(item, Article)]
    return articles, [item for item in everything if isinstance(item, Skipped)]


def fields(article: Article) -> dict[str, Any]:
    """An article as a row."""
    names = ("id", "title", "text", "language", "published", "source", "url")
    return {name: getattr(article, name) for name in names} | {"authors": list(article.authors)}


def mutated(data: bytes, seed: int) -> bytes:
    """`data` with a few bytes, or stretches of them, changed, repeated, left out or cut off."""
    rng = random.Random(seed)
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(changed) + 1)
        till = min(len(changed), at + rng.choice((1, 1, 2, 4, 16, 200)))
        kind = rng.randrange(6)
        if kind == 0:
            changed[at:till] = rng.randbytes(till - at)
        elif kind == 1:
            del changed[at:till]
        elif kind == 2:
            changed[at:at] = changed[at:till] * rng.randint(1, 3)
        elif kind == 3:
            changed[at:till] = rng.choice((b"\0", b"\xff", b'"', b"\n", b"<", b"\x7f", b"{")) * 3
        elif kind == 4:
            del changed[at:]
        elif at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
    return bytes(changed)


def survives(read: Callable[[Source], Iterator[Any]], name: str, data: bytes) -> int:
    """How many items a reader gives of what may be anything; it raises nothing it should not."""
    from assistant.errors import ArticleUnreadable

    small = Limits(file_bytes=200_000, unpacked_bytes=2_000_000, members=200)
    count = 0
    try:
        for item in read(source_of(name, data, small)):
            count += 1
            if isinstance(item, Source):
                with item.open() as file:
                    file.read(300_000)
    except (ArticleUnreadable, OSError, RecursionError):
        pass
    return count
