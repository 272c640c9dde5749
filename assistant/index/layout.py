"""Where things are on disk: the pointer to the generation in use, its manifest, its checksums."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from assistant.errors import IndexCorrupt, IndexFormatUnsupported, IndexNotFound
from assistant.files import sha256_file
from assistant.types import IndexInfo

FORMAT = 3
PROBES = (
    "When will the three countries begin to share warning data?",
    "Combien d'articles parlent de l'élection ?",
    "지진 이후 복구는 어디까지 진행되었나요?",
    "ما سبب ارتفاع أسعار الشحن؟",
)
"""Texts whose vectors an index keeps, to notice a model that embeds otherwise than its own."""

CURRENT = "CURRENT"
"""The file that names the generation in use."""

_HASHED_AT_ONCE = 4
_GENERATION = re.compile(r"[0-9A-Za-z-]+")


def _pointer(folder: Path) -> tuple[str, str]:
    path = folder / CURRENT
    try:
        pointer = json.loads(path.read_text(encoding="utf-8"))
        generation = str(pointer["generation"])
        if not _GENERATION.fullmatch(generation):
            raise ValueError("it names no generation")
        return generation, str(pointer["manifest_sha256"])
    except (FileNotFoundError, NotADirectoryError):
        raise IndexNotFound(
            f"there is no index in {folder}; build one: assistant build ARTICLES --index {folder}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise IndexCorrupt(
            f"{path} cannot be read ({error}); build again: assistant build --full --index {folder}"
        ) from error


def current_generation(folder: Path) -> str:
    """The name of the generation in use. Raises IndexNotFound or IndexCorrupt."""
    return _pointer(folder)[0]


def read_manifest(folder: Path) -> tuple[Path, dict[str, Any]]:
    """The folder of the generation in use and its manifest, once its files are checked.

    Raises IndexNotFound, IndexCorrupt or IndexFormatUnsupported.
    """
    generation, checksum = _pointer(folder)
    again = f"build again: assistant build --full --index {folder}"
    path = folder / generation / "manifest.json"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise IndexCorrupt(f"{path} cannot be read ({error.strerror}); {again}") from error
    if hashlib.sha256(data).hexdigest() != checksum:
        raise IndexCorrupt(f"{path} is damaged: its checksum is wrong; {again}")
    manifest = json.loads(data)
    if manifest.get("format") != FORMAT:
        raise IndexFormatUnsupported(
            f"the index in {folder} has format {manifest.get('format')}, this version reads "
            f"format {FORMAT}; {again}"
        )
    try:
        _check_files(path.parent, manifest["files"])
    except OSError as error:
        raise IndexCorrupt(f"{error.filename or path.parent} cannot be read; {again}") from error
    except ValueError as error:
        raise IndexCorrupt(f"{error}; {again}") from None
    return path.parent, manifest


def _check_files(generation: Path, files: Mapping[str, Any]) -> None:
    """Compares each file with its checksum. Raises OSError, and ValueError where one differs.

    Every byte is read, of however large a file: what tantivy, FAISS and numpy notice themselves is
    less than damage does, and some of it ends the process.
    """
    for name, expected in files.items():
        file = generation / name
        size = file.stat().st_size if file.is_file() else None
        if size != expected["bytes"]:
            raise ValueError(f"{file} is {'missing' if size is None else 'cut or grown'}")
    largest_first = sorted(files, key=lambda name: -files[name]["bytes"])
    with ThreadPoolExecutor(_HASHED_AT_ONCE) as pool:
        hashes = pool.map(sha256_file, [generation / name for name in largest_first])
        for name, found in zip(largest_first, hashes, strict=True):
            if found != files[name]["sha256"]:
                raise ValueError(f"{generation / name} is damaged: its checksum is wrong")


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
