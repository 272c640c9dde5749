"""Atomic writes and the lock."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from assistant.errors import IndexLocked
from assistant.files import create_atomically, exclusive, sha256_file, write_atomically


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert sha256_file(path) == hashlib.sha256(b"new").hexdigest()


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("no space left")

    path = tmp_path / "file"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_the_lock_is_held_by_one_and_freed(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    with exclusive(lock), pytest.raises(IndexLocked, match="another build"), exclusive(lock):
        raise AssertionError("two hold the lock")
    with exclusive(lock):
        pass
    with pytest.raises(KeyError), exclusive(lock):
        raise KeyError
    with exclusive(lock):
        pass


def test_a_new_file_takes_no_others_place(tmp_path: Path) -> None:
    create_atomically(tmp_path / "new", b"content")
    assert (tmp_path / "new").read_bytes() == b"content"
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    for name in ("new", "link", "folder"):
        with pytest.raises(FileExistsError):
            create_atomically(tmp_path / name, b"other")
    assert (tmp_path / "new").read_bytes() == b"content"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "link", "new"]


def test_a_file_system_without_second_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    create_atomically(tmp_path / "new", b"content")
    assert (tmp_path / "new").read_bytes() == b"content"
    with pytest.raises(FileExistsError):
        create_atomically(tmp_path / "new", b"other")
    assert (tmp_path / "new").read_bytes() == b"content"
    assert [p.name for p in tmp_path.iterdir()] == ["new"]
