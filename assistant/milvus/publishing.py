"""A generation in a folder becomes one on a server: written whole, then put in use by its alias."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assistant.errors import AssistantError, IndexCorrupt, NothingToRollBack
from assistant.index import Index
from assistant.milvus.about import About, read_about, write_about
from assistant.milvus.address import Address
from assistant.milvus.layout import Collections, create, drop, generations_among
from assistant.milvus.rows import Row, Source, batches
from assistant.milvus.server import Server, damaged
from assistant.types import IndexInfo

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Published:
    """The generation in use afterwards, and how many passages were sent: none if it was there."""

    info: IndexInfo
    sent: int


def digest_of(index: Index) -> str:
    """Stands for all that an index's hits depend on: its articles, its model, how it splits."""
    digest = hashlib.sha256(f"{index.fingerprint} {sorted(index.split.items())}".encode())
    for identity, content in sorted(index.store.contents().items()):
        digest.update(f"{len(identity)} {identity} {content}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def publish(
    index: Index, address: Address, *, full: bool = False, progress: Progress | None = None
) -> Published:
    """Makes the index at `address` the same as `index`, by a new generation on the server.

    Readers have the generation before until the new one is whole; it is kept, for `roll_back`.
    Where the server has the same articles and the same model, nothing is sent, unless `full`.
    `progress` hears of the stage `publishing`, in passages. Raises IndexUnreachable, and
    IndexCorrupt where the server does not hold what it was sent.
    """
    server = Server(address)
    try:
        return _publish(server, index, address, full=full, progress=progress)
    finally:
        server.close()


def _publish(
    server: Server, index: Index, address: Address, *, full: bool, progress: Progress | None
) -> Published:
    digest = digest_of(index)
    in_use = server.in_use(address.name)
    if in_use is not None and not full:
        try:
            _, about, _ = read_about(server, address)
        except AssistantError:
            # It cannot be used; a new one takes its place.
            pass
        else:
            if about.digest == digest:
                return Published(about.info(), 0)
    names = _free(server, address, index.info.generation)
    drop(server, names)
    source = Source(index)
    try:
        about = _write(server, names, source, digest, progress)
        _check(server, names, about, address)
        write_about(server, names, replace(about, previous=in_use))
        for collection in names.all():
            server.call("flush", collection, long=True)
        server.load(names.all())
    except BaseException:
        drop(server, names)
        raise
    switch = "create_alias" if in_use is None else "alter_alias"
    server.call(switch, collection_name=names.passages, alias=address.name)
    _clear(server, address, {names.passages, in_use})
    return Published(about.info(), about.passages)


def _free(server: Server, address: Address, generation: str) -> Collections:
    """Names for a generation that none in use has."""
    names = Collections.of(address.name, generation)
    number = 1
    while names.passages in _kept(server, address):
        number += 1
        names = Collections.of(address.name, f"{generation}-{number}")
    return names


def _kept(server: Server, address: Address) -> set[str | None]:
    """The generation in use, and the one before it."""
    in_use = server.in_use(address.name)
    if in_use is None:
        return set()
    try:
        _, about, _ = read_about(server, address)
    except AssistantError:
        return {in_use}
    return {in_use, about.previous}


def _write(
    server: Server, names: Collections, source: Source, digest: str, progress: Progress | None
) -> About:
    index = source.index
    counted = source.count()
    bits = counted.bits()
    dimension = index.vectors.dimension
    create(server, names, dimension=dimension, passages=index.info.passages)
    done = size = 0
    for rows in batches(source.passages(counted.means)):
        server.call("insert", names.passages, rows, long=True)
        done += len(rows)
        size += sum(_bytes_of(row) for row in rows)
        if progress is not None:
            progress("publishing", done, index.info.passages)
    others: tuple[tuple[str, Iterator[Row]], ...] = (
        (names.articles, source.articles()),
        (names.terms, counted.rows(bits)),
    )
    for collection, kind in others:
        for rows in batches(kind):
            server.call("insert", collection, rows, long=True)
            size += sum(_bytes_of(row) for row in rows)
    info = index.info
    return About(
        generation=info.generation,
        model=info.model,
        fingerprint=index.fingerprint,
        probes=base64.b64encode(index.probes.astype("<f4").tobytes()).decode(),
        split=dict(index.split),
        dimension=dimension,
        has_words=index.words is not None,
        articles=info.articles,
        passages=info.passages,
        languages=dict(info.languages),
        sources=dict(info.sources),
        first_day=info.first_day,
        last_day=info.last_day,
        built=info.built,
        digest=digest,
        mean_terms=counted.means[0],
        mean_romanised=counted.means[1],
        mean_sounds=index.romanised.mean_length,
        blocks=bits,
        sample=source.sample(),
        size=size,
        previous=None,
    )


def _bytes_of(row: Row) -> int:
    """About how many bytes a row has."""

    def of(value: Any) -> int:
        if isinstance(value, str):
            return len(value.encode("utf-8", "surrogatepass"))
        if isinstance(value, np.ndarray):
            return int(value.nbytes)
        return 8 * len(value) if isinstance(value, dict | list) else 8

    return sum(of(value) for value in row.values())


def _check(server: Server, names: Collections, about: About, address: Address) -> None:
    """Raises IndexCorrupt unless the server counts as many passages and articles as were sent."""
    for collection in (names.passages, names.articles, names.terms):
        server.call("flush", collection, long=True)
    passages = server.count(names.passages)
    articles = server.count(names.articles, "place == 0")
    if (passages, articles) != (about.passages, about.articles):
        raise damaged(
            address,
            f"it holds {passages} passages of {articles} articles, and was sent "
            f"{about.passages} of {about.articles}",
        )


def _clear(server: Server, address: Address, kept: set[str | None]) -> None:
    """Drops the generations before those that are kept, and what builds that died left."""
    oldest = min(name for name in kept if name is not None)
    for name in generations_among(address.name, server.call("list_collections")):
        # Not newer ones: another build may be writing them.
        if name not in kept and name < oldest:
            drop(server, Collections(name))


def roll_back(address: Address) -> IndexInfo:
    """Puts the generation before in use; once more: the one after it. Raises NothingToRollBack."""
    server = Server(address)
    try:
        names, about, _ = read_about(server, address)
        before = about.previous
        if before is None or not server.call("has_collection", before):
            raise NothingToRollBack(f"there is no other generation of the index at {address.text}")
        server.call("alter_alias", collection_name=before, alias=address.name)
        try:
            back, what, _ = read_about(server, address)
        except IndexCorrupt:
            server.call("alter_alias", collection_name=names.passages, alias=address.name)
            raise
        write_about(server, back, replace(what, previous=names.passages))
        return what.info()
    finally:
        server.close()
