"""Large files are hashed again where the file system says that they changed, and only there."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import COLLECTION, write_articles

from assistant.auditing import audit
from assistant.building import build
from assistant.embedding import load_for_questions
from assistant.errors import IndexCorrupt
from assistant.files import sha256_file
from assistant.index import Index, current_generation, layout, stamps
from assistant.index.stamps import STAMP

TICK = 0.02
"""Longer than a tick of a file system's clock here, in seconds."""


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is a large one, and none was written just now."""
    monkeypatch.setattr(stamps, "ALWAYS_HASHED", 0)
    monkeypatch.setattr(stamps, "_SETTLED_NS", 0)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are hashed from now on."""
    names: list[str] = []

    def recorded(path: Path) -> str:
        names.append(path.name)
        return sha256_file(path)

    monkeypatch.setattr(layout, "sha256_file", recorded)
    return names


@pytest.fixture
def copy(tiny_index: Path, tmp_path: Path) -> Path:
    """A copy of an index, that was opened once."""
    copied = Path(shutil.copytree(tiny_index, tmp_path / "copy"))
    time.sleep(TICK)
    Index.open(copied).close()
    return copied


def generation(folder: Path) -> Path:
    return folder / current_generation(folder)


def file_count(folder: Path) -> int:
    return len(json.loads((generation(folder) / "manifest.json").read_bytes())["files"])


def test_the_second_opening_reads_no_large_file(copy: Path, hashed: list[str]) -> None:
    Index.open(copy).close()
    assert hashed == []


def _flip(path: Path) -> None:
    """As a bad disk does: another byte, and the size and the time of the content as before."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace(path: Path) -> None:
    """By a damaged copy with the same times."""
    aside = path.with_name("aside")
    shutil.copy2(path, aside)
    _flip(aside)
    aside.replace(path)


@pytest.mark.parametrize(
    "damage", [_flip, _replace, Path.unlink, lambda path: os.truncate(path, 10)]
)
@pytest.mark.parametrize("name", ["vectors.faiss", "store.sqlite", "words/tokens.npy"])
def test_a_write_through_the_file_system_is_noticed(
    copy: Path, name: str, damage: Callable[[Path], None]
) -> None:
    damage(generation(copy) / name)
    for _ in range(2):
        with pytest.raises(IndexCorrupt, match=name):
            Index.open(copy)


def test_a_copy_with_its_times_is_hashed_once(
    copy: Path, tmp_path: Path, hashed: list[str]
) -> None:
    other = Path(shutil.copytree(copy, tmp_path / "other"))
    time.sleep(TICK)
    Index.open(other).close()
    assert len(hashed) == file_count(other)
    Index.open(other).close()
    assert len(hashed) == file_count(other)


def test_a_file_that_was_touched_is_hashed_and_is_fine(copy: Path, hashed: list[str]) -> None:
    (generation(copy) / "articles.npy").chmod(0o600)
    time.sleep(TICK)
    Index.open(copy).close()
    # All of them: the stamp is of the whole generation.
    assert len(hashed) == file_count(copy)
    Index.open(copy).close()
    assert len(hashed) == file_count(copy)


def _other_manifest(stamp: dict[str, Any]) -> bytes:
    return json.dumps({**stamp, "manifest_sha256": "0" * 64}).encode()


def _without_one(stamp: dict[str, Any]) -> bytes:
    files = dict(list(stamp["files"].items())[1:])
    return json.dumps({**stamp, "files": files}).encode()


def _other_shapes(stamp: dict[str, Any]) -> bytes:
    return json.dumps({**stamp, "files": {name: [1] for name in stamp["files"]}}).encode()


@pytest.mark.parametrize(
    "change",
    [
        _other_manifest,
        _without_one,
        _other_shapes,
        lambda _: b"",
        lambda _: b"[]",
        lambda _: b"[" * 100_000,
        lambda _: b"\xff" * 100,
        lambda stamp: json.dumps({**stamp, "files": 7}).encode(),
        lambda stamp: json.dumps(stamp).encode()[:-20],
        lambda stamp: json.dumps(stamp).encode() + b" " * 16_000_000,
    ],
)
def test_a_stamp_of_no_use_is_written_anew(
    copy: Path, hashed: list[str], change: Callable[[dict[str, Any]], bytes]
) -> None:
    path = generation(copy) / STAMP
    sound = path.read_bytes()
    path.write_bytes(change(json.loads(sound)))
    Index.open(copy).close()
    assert len(hashed) == file_count(copy)
    assert path.read_bytes() == sound


def test_a_folder_that_cannot_be_written_is_hashed_each_time(
    copy: Path, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (generation(copy) / STAMP).unlink()

    def refused(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(stamps, "TemporaryFile", refused)
    for times in (1, 2):
        Index.open(copy).close()
        assert len(hashed) == times * file_count(copy)
    assert not (generation(copy) / STAMP).exists()


def test_files_written_just_now_or_in_the_future_are_not_vouched_for(
    copy: Path, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a clock was put back: what is to come is later than now."""
    monkeypatch.setattr(stamps, "_SETTLED_NS", 3_600_000_000_000)
    (generation(copy) / STAMP).unlink()
    for times in (1, 2):
        Index.open(copy).close()
        assert len(hashed) == times * file_count(copy)


def _beneath(path: Path, stamp: Path) -> None:
    """Damage that the file system does not know of."""
    known = json.loads(stamp.read_bytes())
    _flip(path)
    stats = stamps.look(stamp.parent, [path.name])[path.name]
    known["files"][path.name] = stats
    stamp.write_text(json.dumps(known))


def test_damage_beneath_the_file_system_is_noticed_in_small_files_and_by_verify(
    copy: Path, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = generation(copy) / "articles.npy"
    _beneath(path, generation(copy) / STAMP)
    Index.open(copy).close()
    assert not hashed
    assert not audit(copy).holds
    # Files that together have this size are hashed each time.
    monkeypatch.setattr(stamps, "ALWAYS_HASHED", 16 * path.stat().st_size)
    with pytest.raises(IndexCorrupt, match=path.name):
        Index.open(copy)
    assert len(hashed) < 2 * file_count(copy)


def test_a_build_leaves_a_stamp(
    tmp_path: Path, tiny_model: Path, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.pieces.load_for_passages", load_for_questions)
    write_articles(tmp_path / "articles", COLLECTION)
    build(tmp_path / "articles", index=tmp_path / "index", model=str(tiny_model))
    Index.open(tmp_path / "index").close()
    assert hashed == []
    assert audit(tmp_path / "index").holds


def test_a_small_index_gets_none(
    tiny_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "ALWAYS_HASHED", 64_000_000)
    copied = Path(shutil.copytree(tiny_index, tmp_path / "copy"))
    Index.open(copied).close()
    assert not (generation(copied) / STAMP).exists()
