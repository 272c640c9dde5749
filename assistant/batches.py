"""What is made of articles before an index is written: in files, so that no build makes it twice.

A batch holds all that passages of some articles are worth: where they begin and end, their
vectors, words and romanised terms, and the articles' sketches. It goes by what an article says,
its title, text and language, so it serves whichever article says the same. Builds keep theirs
beside the index until they end, and shards of a build are folders of them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from assistant.ragged import Ragged, Rows, edges_of
from assistant.types import Article

VERSION = 1
_SUFFIX = ".npz"
UNEMBEDDED = ".made"
"""How the names of batches end that have no vectors yet."""

LISTS = ("keys", "tokens", "lengths")
"""What a passage has several of, in this order."""


def said(article: Article) -> str:
    """Stands for all that passages, vectors and terms are made of."""
    parts = [article.title, article.text, article.language]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def made_with(fingerprint: str, split: Mapping[str, Any]) -> str:
    """Stands for all else that they are made with: batches of other models are of no use."""
    parts = [VERSION, fingerprint, dict(split)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Pieces:
    """What an index keeps of some passages. Without words where the model is no static one."""

    vectors: npt.NDArray[np.float16]  # [n, d], unit vectors
    keys: Ragged  # of uint16, the hashes of romanised terms
    tokens: Ragged | None  # of int32, as `StaticEmbedder.word_tokens` has them
    lengths: Ragged | None  # of float16, by word

    def __len__(self) -> int:
        return len(self.keys)

    def sizes(self) -> npt.NDArray[np.int32]:
        """How many keys, tokens and words each passage has [n, 3]."""
        lists = (self.keys, self.tokens, self.lengths)
        counts = [np.zeros(len(self)) if one is None else one.counts for one in lists]
        return np.stack(counts, axis=1).astype(np.int32)

    def take(self, places: Rows) -> Pieces:
        """Those of some passages, in this order."""
        return Pieces(
            self.vectors[places],
            self.keys.take(places),
            None if self.tokens is None else self.tokens.take(places),
            None if self.lengths is None else self.lengths.take(places),
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """The passages of some articles, article by article, in order.

    `untitled` marks articles whose title is left out of what is embedded.
    """

    said: tuple[str, ...]  # by article
    counts: Rows  # passages of each article [a]
    untitled: npt.NDArray[np.bool_]  # [a]
    sketches: npt.NDArray[np.uint32]  # [a, values]
    starts: npt.NDArray[np.int32]  # [n]
    ends: npt.NDArray[np.int32]  # [n]
    pieces: Pieces


def batch_path(folder: Path, said: Sequence[str], *, made_with: str) -> Path:
    """Where the batch of articles that say this lies, in a folder of batches."""
    name = hashlib.sha256(json.dumps([made_with, list(said)]).encode()).hexdigest()[:32]
    return folder / f"{name}{_SUFFIX}"


def write_batch(path: Path, batch: Batch, *, made_with: str) -> None:
    """Writes a batch, whole or not at all. Raises OSError."""
    header = json.dumps({"made_with": made_with, "said": batch.said}).encode()
    pieces = batch.pieces
    arrays: dict[str, npt.NDArray[Any]] = {
        "header": np.frombuffer(header, np.uint8),
        "counts": batch.counts,
        "untitled": batch.untitled,
        "sketches": batch.sketches,
        "starts": batch.starts,
        "ends": batch.ends,
        "vectors": pieces.vectors,
    }
    for field in LISTS:
        lists: Ragged | None = getattr(pieces, field)
        if lists is not None:
            arrays |= {field: lists.flat, f"{field}_edges": lists.edges}
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    partial.replace(path)


def _lists(arrays: Mapping[str, npt.NDArray[Any]], field: str) -> Ragged | None:
    if f"{field}_edges" not in arrays:
        return None
    return Ragged(arrays[field], arrays[f"{field}_edges"])


def read_batch(path: Path, *, made_with: str) -> Batch:
    """A batch, checked. Raises OSError, and ValueError where it is damaged or made otherwise."""
    try:
        with np.load(path, allow_pickle=False) as file:
            # Each part has a checksum, which reading it compares.
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays["header"].tobytes())
        keys = _lists(arrays, "keys")
        if header["made_with"] != made_with or keys is None:
            raise ValueError("it was made with another model or version")
        batch = Batch(
            tuple(header["said"]),
            arrays["counts"],
            arrays["untitled"],
            arrays["sketches"],
            arrays["starts"],
            arrays["ends"],
            Pieces(arrays["vectors"], keys, _lists(arrays, "tokens"), _lists(arrays, "lengths")),
        )
        if not len(batch.said) == len(batch.counts) == len(batch.untitled) == len(batch.sketches):
            raise ValueError("its parts do not belong together")
        if not batch.counts.sum() == len(batch.starts) == len(batch.ends) == len(batch.pieces):
            raise ValueError("its parts do not belong together")
        return batch
    except (BadZipFile, KeyError, TypeError, EOFError) as error:
        raise ValueError(f"{path} is damaged ({error})") from error


@dataclass(frozen=True, slots=True)
class Made:
    """A batch that lies in a file, without what is large."""

    path: Path
    said: tuple[str, ...]  # by article
    edges: Rows  # where each article's passages begin [a + 1]
    untitled: npt.NDArray[np.bool_]  # [a]
    starts: npt.NDArray[np.int32]  # [n]
    ends: npt.NDArray[np.int32]  # [n]
    sizes: npt.NDArray[np.int32]  # keys, tokens and words of each passage [n, 3]

    @classmethod
    def of(cls, path: Path, batch: Batch) -> Made:
        return cls(
            path,
            batch.said,
            edges_of(batch.counts),
            batch.untitled,
            batch.starts,
            batch.ends,
            batch.pieces.sizes(),
        )


class Batches:
    """The batches of some folders, by what their articles say."""

    def __init__(self, folders: Iterable[Path], *, made_with: str) -> None:
        """Takes up whole batches that were made with the same; removes nothing."""
        self._made_with = made_with
        self._made: list[Made] = []
        self._places: dict[str, tuple[int, int]] = {}
        for folder in folders:
            for path in sorted(folder.glob(f"*{_SUFFIX}")):
                with suppress(OSError, ValueError):
                    self.add(Made.of(path, read_batch(path, made_with=made_with)))

    def add(self, made: Made) -> None:
        number = len(self._made)
        self._made.append(made)
        for place, one in enumerate(made.said):
            self._places.setdefault(one, (number, place))

    def __contains__(self, one: str) -> bool:
        return one in self._places

    def __len__(self) -> int:
        return len(self._made)

    def place(self, one: str) -> tuple[int, int]:
        """The number of the batch that has it, and its place there."""
        return self._places[one]

    def __getitem__(self, number: int) -> Made:
        return self._made[number]

    def paths(self) -> set[Path]:
        return {made.path for made in self._made}

    def read(self, number: int) -> Batch:
        """Raises OSError and ValueError where the file has gone or was damaged since."""
        return read_batch(self._made[number].path, made_with=self._made_with)


FULL = "full"
"""The name of a file that says of a folder that all of it is made for a full build."""


def clear(folder: Path, *, but: Batches | None = None) -> None:
    """Removes the batches in a folder that are of no use; with none of use, the folder as well.

    Nothing that somebody else may have put there is touched.
    """
    kept = set() if but is None else but.paths()
    patterns = [f"*{_SUFFIX}", f"*{UNEMBEDDED}", "*.partial", *([FULL] if but is None else [])]
    for path in (path for pattern in patterns for path in folder.glob(pattern)):
        if path not in kept:
            with suppress(OSError):
                path.unlink()
    if but is None:
        with suppress(OSError):
            folder.rmdir()
