"""Where things are on disk: the pointer to the generation in use, its manifest, its checksums."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import IndexCorrupt, IndexFormatUnsupported, IndexNotFound
from assistant.files import sha256_file, write_atomically
from assistant.index.migrations import is_upgradable
from assistant.index.stamps import look, read_stamp, smallest, write_stamp
from assistant.types import IndexInfo

FORMAT = 5
CURRENT = "CURRENT"
"""The file that names the generation in use, and the one before it."""

MANIFEST = "manifest.json"

HASHED_AT_ONCE = 4
"""Files that are hashed side by side."""

_GENERATION = re.compile(r"[0-9A-Za-z-]{1,100}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Named:
    """A generation and the SHA-256 of its manifest, None where nothing vouches for it."""

    generation: str
    manifest_sha256: str | None

    def with_checksum(self, folder: Path) -> Named:
        """The same, with the checksum that its manifest has now. Raises OSError."""
        if self.manifest_sha256 is not None:
            return self
        return Named(self.generation, sha256_file(folder / self.generation / MANIFEST))


@dataclass(frozen=True, slots=True)
class Pointer:
    """What CURRENT says. `previous` is None where it names no other generation."""

    current: Named
    previous: Named | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "generation": self.current.generation,
            "manifest_sha256": self.current.manifest_sha256,
            "previous": None
            if self.previous is None
            else {
                "generation": self.previous.generation,
                "manifest_sha256": self.previous.manifest_sha256,
            },
        }


def _named(values: Any) -> Named:
    generation, checksum = str(values["generation"]), values["manifest_sha256"]
    if not _GENERATION.fullmatch(generation):
        raise ValueError("it names no generation")
    return Named(generation, None if checksum is None else str(checksum))


def read_pointer(folder: Path) -> Pointer:
    """What CURRENT says. Raises IndexNotFound or IndexCorrupt."""
    path = folder / CURRENT
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        current = _named(values)
        if current.manifest_sha256 is None:
            raise ValueError("it has no checksum")
    except (FileNotFoundError, NotADirectoryError):
        raise IndexNotFound(
            f"there is no index in {folder}; build one: assistant build ARTICLES --index {folder}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise IndexCorrupt(
            f"{path} cannot be read ({error}); build again: assistant build --full --index {folder}"
        ) from error
    try:
        previous = _named(values["previous"])
    except (ValueError, KeyError, TypeError):
        # Not there, or of no use: the generation in use is served all the same.
        previous = None
    return Pointer(current, None if previous == current else previous)


def write_pointer(folder: Path, pointer: Pointer) -> None:
    """Puts generations to use. The caller holds the folder's lock. Raises OSError."""
    write_atomically(folder / CURRENT, json.dumps(pointer.to_dict()).encode())


def current_generation(folder: Path) -> str:
    """The name of the generation in use. Raises IndexNotFound or IndexCorrupt."""
    return read_pointer(folder).current.generation


def generations(folder: Path) -> list[str]:
    """The names of the generations in the folder, newest first. Raises OSError."""
    names = {path.name for path in folder.iterdir() if (path / MANIFEST).is_file()}
    before = set()
    for name in filter(_GENERATION.fullmatch, names):
        with suppress(IndexCorrupt):
            before.add(_loaded(folder, Named(name, None)).get("previous"))
    # Names begin with a time, which two can share, and which a clock can get wrong.
    found = sorted(filter(_GENERATION.fullmatch, names), reverse=True)
    return sorted(found, key=lambda name: name in before)


def _loaded(folder: Path, named: Named) -> dict[str, Any]:
    path = folder / named.generation / MANIFEST
    again = f"build again: assistant build --full --index {folder}"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise IndexCorrupt(f"{path} cannot be read ({error.strerror}); {again}") from error
    if named.manifest_sha256 not in (None, hashlib.sha256(data).hexdigest()):
        raise IndexCorrupt(f"{path} is damaged: its checksum is wrong; {again}")
    try:
        manifest = json.loads(data)
        if not isinstance(manifest, dict):
            raise TypeError("it is no object")
    except (ValueError, TypeError, RecursionError) as error:
        raise IndexCorrupt(f"{path} is damaged ({error}); {again}") from error
    return manifest


def manifest_of(folder: Path, named: Named) -> dict[str, Any]:
    """The manifest of a generation, checked, of any format up to this version's.

    Raises IndexCorrupt.
    """
    manifest = _loaded(folder, named)
    try:
        sound = all(
            type(one["bytes"]) is int and _SHA256.fullmatch(one["sha256"]) and _is_below(name)
            for name, one in manifest["files"].items()
        )
        sound = sound and manifest["generation"] == named.generation
    except (KeyError, TypeError, AttributeError):
        sound = False
    if not sound:
        raise IndexCorrupt(
            f"{folder / named.generation / MANIFEST} is damaged: it does not describe its folder; "
            f"build again: assistant build --full --index {folder}"
        )
    return manifest


def _is_below(name: str) -> bool:
    """Whether a path of a manifest stays in its generation."""
    return not Path(name).is_absolute() and ".." not in Path(name).parts


def damaged_files(
    generation: Path, manifest: Mapping[str, Any], names: Collection[str] | None = None
) -> Iterator[tuple[str, str | None]]:
    """Each file of a generation, or of some, and what is wrong with it, None for nothing.

    Every byte is read, of however large a file: what tantivy, FAISS and numpy notice themselves is
    less than damage does, and some of it ends the process.
    """
    files: Mapping[str, Any] = manifest["files"]

    def wrong_with(name: str) -> str | None:
        file = generation / name
        try:
            size = file.stat().st_size if file.is_file() else None
            if size != files[name]["bytes"]:
                return "is missing" if size is None else "is cut or grown"
            same = sha256_file(file) == files[name]["sha256"]
            return None if same else "is damaged: its checksum is wrong"
        except OSError as error:
            return f"cannot be read ({error.strerror or error})"

    looked_at = files if names is None else names
    largest_first = sorted(looked_at, key=lambda name: -files[name]["bytes"])
    with ThreadPoolExecutor(HASHED_AT_ONCE) as pool:
        yield from zip(largest_first, pool.map(wrong_with, largest_first), strict=True)


def extra_files(generation: Path, manifest: Mapping[str, Any]) -> list[str]:
    """The files of a generation's folder that its manifest does not name, but for hidden ones.

    Those are what readers lock, and what some systems leave in each folder that a person opened.
    Raises OSError.
    """
    known = {MANIFEST, *manifest["files"]}
    paths = (path for path in generation.rglob("*") if not path.is_dir() or path.is_symlink())
    names = (path.relative_to(generation) for path in paths)
    return sorted(
        name.as_posix()
        for name in names
        if name.as_posix() not in known
        and not name.name.startswith(".")
        and name.name.lower() not in ("thumbs.db", "desktop.ini")
    )


def check_files(folder: Path, named: Named) -> dict[str, Any]:
    """The manifest of a generation whose files are all there and whole. Raises IndexCorrupt."""
    manifest = manifest_of(folder, named)
    _raise_damaged(folder, named, manifest)
    return manifest


def _raise_damaged(
    folder: Path, named: Named, manifest: Mapping[str, Any], names: Collection[str] | None = None
) -> None:
    generation = folder / named.generation
    for name, wrong in damaged_files(generation, manifest, names):
        if wrong is not None:
            raise IndexCorrupt(
                f"{generation / name} {wrong}; build again: assistant build --full --index {folder}"
            )


def _check_for_opening(folder: Path, named: Named) -> dict[str, Any]:
    """Like `check_files`; large files are read only if they have changed since they last were."""
    manifest = manifest_of(folder, named)
    generation, files = folder / named.generation, manifest["files"]
    small = smallest({name: one["bytes"] for name, one in files.items()})
    if len(small) == len(files):
        _raise_damaged(folder, named, manifest)
        return manifest
    seen, known = look(generation, files), read_stamp(generation, named.manifest_sha256)
    if all(name in seen and seen[name] == known.get(name) for name in files):
        _raise_damaged(folder, named, manifest, small)
        return manifest
    _raise_damaged(folder, named, manifest)
    assert named.manifest_sha256 is not None
    write_stamp(generation, named.manifest_sha256, seen)
    return manifest


def read_manifest(folder: Path) -> tuple[Path, dict[str, Any]]:
    """The folder of the generation in use and its manifest, once its files are checked.

    Raises IndexNotFound, IndexCorrupt or IndexFormatUnsupported.
    """
    current = read_pointer(folder).current
    check_format(folder, _loaded(folder, current))
    manifest = _check_for_opening(folder, current)
    return folder / current.generation, manifest


def format_of(folder: Path) -> object:
    """The format that the generation in use says it has. Raises IndexNotFound, IndexCorrupt."""
    return _loaded(folder, read_pointer(folder).current).get("format")


def check_format(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raises IndexFormatUnsupported, with the command to run, for what this version cannot read."""
    found = manifest.get("format")
    if found == FORMAT and type(found) is int:
        return
    has = f"the index in {folder} has format {found}"
    again = f"assistant build --full --index {folder}"
    if type(found) is int and found > FORMAT:
        raise IndexFormatUnsupported(
            f"{has}, which a newer version of this package wrote; this one reads format {FORMAT}: "
            f"update the package, or build again: {again}"
        )
    if is_upgradable(found, FORMAT):
        raise IndexFormatUnsupported(
            f"{has}, this version reads format {FORMAT}; upgrade it, which embeds nothing again: "
            f"assistant upgrade --index {folder}"
        )
    raise IndexFormatUnsupported(f"{has}, this version reads format {FORMAT}; build again: {again}")


def others(folder: Path) -> list[Named]:
    """The generations that could take the place of the one in use, best first.

    It is the one that CURRENT names beside it. Where CURRENT cannot be read, or was written by a
    version that named one only, it is any other that is there, newest first.
    """
    try:
        pointer = read_pointer(folder)
    except (IndexCorrupt, IndexNotFound):
        pointer = None
    if pointer is not None and pointer.previous is not None:
        return [pointer.previous]
    try:
        names = generations(folder)
    except OSError:
        return []
    current = None if pointer is None else pointer.current.generation
    return [Named(name, None) for name in names if name != current]


def is_whole(folder: Path, named: Named) -> bool:
    """Whether a generation's files are there and have their checksums.

    Large ones that have not changed since they were hashed are not hashed again.
    """
    try:
        if named.manifest_sha256 is None:
            check_files(folder, named)
        else:
            _check_for_opening(folder, named)
    except IndexCorrupt:
        return False
    return True


def with_way_back(folder: Path, error: IndexCorrupt) -> IndexCorrupt:
    """The error, with the command that puts back a whole generation where there is one."""
    if not any(is_whole(folder, named) for named in others(folder)):
        return error
    return IndexCorrupt(
        f"{error}; or go back to the generation before: assistant rollback --index {folder}"
    )


def info_of(manifest: Mapping[str, Any]) -> IndexInfo:
    """What a manifest says of its index."""
    counts = manifest["counts"]
    return IndexInfo(
        generation=manifest["generation"],
        model=manifest["model"]["name"],
        articles=counts["articles"],
        passages=counts["passages"],
        languages=tuple((name, n) for name, n in counts["languages"]),
        sources=tuple((name, n) for name, n in counts["sources"]),
        first_day=counts["first_day"],
        last_day=counts["last_day"],
        built=manifest["built"],
    )
