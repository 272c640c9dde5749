"""The write side: each part an index of its own, whose segments are put together and merged."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tantivy

from assistant.lexical.fields import LexicalEntry, document, schema

_WRITER_BYTES = 64_000_000
_PARTS = 64
_GROUPS = 4
"""Segments that are searched. Each is merged of at least 8 parts, or tantivy would not do it."""

_ONE_PART = 8_192
"""With fewer passages than this, all are indexed anew."""

_META, _MANAGED, PARTS, ROWS = "meta.json", ".managed.json", "parts.json", "rows.npy"
_GROUPED = "groups.json"
_KEPT = "parts"


@dataclass(frozen=True, slots=True)
class Part:
    """Passages that are indexed together. Equal keys mean equal passages in equal order."""

    key: str
    rows: npt.NDArray[np.int64]


def parts_for(passages: int) -> int:
    """How many parts so many passages are indexed in."""
    return 1 if passages < _ONE_PART else _PARTS


def part_of(article_id: str, parts: int) -> int:
    """The number of the part that an article is in."""
    digest = hashlib.sha256(article_id.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") % parts


def write_lexical(folder: Path, entries: Iterable[LexicalEntry]) -> None:
    """Writes the entries as an index of one part in the empty folder `folder`."""
    listed = list(entries)

    def make(wanted: Sequence[tuple[int, Path]]) -> None:
        for number, aside in wanted:
            index_part(aside, number, listed)

    write_parts(folder, [Part("", np.array([entry.row for entry in listed], np.int64))], make)


def write_parts(
    folder: Path,
    parts: Sequence[Part],
    make: Callable[[Sequence[tuple[int, Path]]], None],
    *,
    old: Path | None = None,
) -> None:
    """Writes an index in the empty folder `folder`; parts that `old` holds are copied from it.

    `make` is given the numbers of the others, and an empty folder for each, in which it calls
    `index_part`. Raises ValueError and OSError where the disk does not take it.
    """
    known = {} if old is None else _read_parts(old)
    kept = [known.get((number, len(parts), part.key)) for number, part in enumerate(parts)]
    asides = {number: folder / f".part-{number}" for number, one in enumerate(kept) if one is None}
    for aside in asides.values():
        aside.mkdir()
    make(list(asides.items()))
    listed: list[dict[str, Any]] = []
    meta: dict[str, Any] | None = None
    kept_in = _place(folder, len(parts))
    kept_in.mkdir(exist_ok=True)
    for number, (part, segments) in enumerate(zip(parts, kept, strict=True)):
        if segments is not None and old is not None:
            meta = meta or json.loads((old / _META).read_bytes())
            for path in _files_of(_place(old, len(parts)), segments):
                shutil.copyfile(path, kept_in / path.name)
        else:
            aside = asides[number]
            made = json.loads((aside / _META).read_bytes())
            meta = meta or made
            segments = made["segments"]
            for path in _files_of(aside, segments):
                path.rename(kept_in / path.name)
            shutil.rmtree(aside)
        listed.append({"key": part.key, "passages": len(part.rows), "segments": segments})
    if meta is None:
        raise ValueError("there is no part to be written")
    if kept_in == folder:
        groups = [[one for part in listed for one in part["segments"]]]
    else:
        before = None if old is None else _read_groups(old)
        groups = []
        for number in range(_GROUPS):
            of_group = range(number, len(parts), _GROUPS)
            if old is not None and before and all(kept[part] is not None for part in of_group):
                groups.append(before[number])
                for path in _files_of(old, before[number]):
                    shutil.copyfile(path, folder / path.name)
            else:
                segments = [one for part in of_group for one in listed[part]["segments"]]
                groups.append(_merged(folder, segments, meta))
        (folder / _GROUPED).write_text(json.dumps(groups), encoding="utf-8")
    _describe(folder, [one for group in groups for one in group], meta)
    _list(folder, listed, np.concatenate([part.rows for part in parts]))


def _describe(folder: Path, segments: Sequence[dict[str, Any]], meta: dict[str, Any]) -> None:
    """Writes tantivy's account of an index of these segments, whose files are in the folder."""
    managed = sorted(path.name for path in _files_of(folder, segments))
    (folder / _META).write_text(json.dumps({**meta, "segments": segments}), encoding="utf-8")
    (folder / _MANAGED).write_text(json.dumps([*managed, _META]), encoding="utf-8")


def _merged(
    folder: Path, segments: Sequence[dict[str, Any]], meta: dict[str, Any]
) -> list[dict[str, Any]]:
    """Puts the segments of parts, merged to one, into the folder; returns what tantivy made."""
    aside = folder / ".group"
    aside.mkdir()
    for path in _files_of(folder / _KEPT, segments):
        _link(path, aside / path.name)
    _describe(aside, segments, meta)
    _merge(aside)
    made: list[dict[str, Any]] = json.loads((aside / _META).read_bytes())["segments"]
    for path in _files_of(aside, made):
        path.rename(folder / path.name)
    shutil.rmtree(aside)
    return made


def _place(folder: Path, parts: int) -> Path:
    """Where the segments of the parts are: a single one is the index itself."""
    return folder if parts == 1 else folder / _KEPT


def _link(path: Path, other: Path) -> None:
    """Gives a file a second name, or copies it where there are no second names."""
    try:
        other.hardlink_to(path)
    except OSError:
        shutil.copyfile(path, other)


def _merge(folder: Path) -> None:
    """Has tantivy merge the segments to one; it removes the names of those that it has merged."""
    writer = tantivy.Index.open(str(folder)).writer(heap_size=_WRITER_BYTES, num_threads=1)
    try:
        # There is nothing to be written, but many segments to be found by its policy.
        writer.commit()
    finally:
        writer.wait_merging_threads()
    for lock in folder.glob(".*.lock"):
        lock.unlink()


def list_as_one_part(folder: Path, passages: int) -> None:
    """Makes an index whose documents hold their rows one of a single part, which no build keeps."""
    segments = json.loads((folder / _META).read_bytes())["segments"]
    part = {"key": "", "passages": passages, "segments": segments}
    _list(folder, [part], np.arange(passages))


def _list(folder: Path, parts: Sequence[dict[str, Any]], rows: npt.NDArray[np.int64]) -> None:
    (folder / PARTS).write_text(json.dumps(parts), encoding="utf-8")
    np.save(folder / ROWS, rows, allow_pickle=False)


def index_part(folder: Path, number: int, entries: Iterable[LexicalEntry]) -> None:
    """Writes a part as an index of its own in the empty folder `folder`.

    Raises ValueError and OSError where the disk does not take it.
    """
    index = tantivy.Index(schema(), path=str(folder))
    # One thread writes the documents in order, so that equal input gives equal ranks.
    writer = index.writer(heap_size=_WRITER_BYTES, num_threads=1)
    try:
        for place, entry in enumerate(entries):
            writer.add_document(document(entry, number << 32 | place))
        writer.commit()
    finally:
        # Also where the entries end early: its threads would go on writing into the folder.
        writer.wait_merging_threads()


def _read_groups(folder: Path) -> list[list[dict[str, Any]]] | None:
    """The segments of each group, where the index has groups as this version makes them."""
    try:
        groups: list[list[dict[str, Any]]] = json.loads((folder / _GROUPED).read_bytes())
    except FileNotFoundError:
        return None
    return groups if len(groups) == _GROUPS else None


def _read_parts(folder: Path) -> dict[tuple[int, int, str], list[dict[str, Any]]]:
    """The segments of each part, by its number, how many parts there are, and its key."""
    listed = json.loads((folder / PARTS).read_bytes())
    return {
        (number, len(listed), part["key"]): part["segments"] for number, part in enumerate(listed)
    }


def _files_of(folder: Path, segments: Sequence[dict[str, Any]]) -> list[Path]:
    names = {segment["segment_id"].replace("-", "") for segment in segments}
    return sorted(path for path in folder.iterdir() if path.name.split(".")[0] in names)
