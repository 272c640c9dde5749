"""Records of which address a file came from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from assistant.kept_pages import KeptPage, KeptPages

PAGE = KeptPage("https://news.example/a", "news.example a.html", "a" * 64, "b" * 64, "Owls", "en")


def path_of(folder: Path, url: str) -> Path:
    return folder / f"{hashlib.sha256(url.encode()).hexdigest()}.json"


def test_a_page_is_found_by_all_its_addresses(tmp_path: Path) -> None:
    kept = KeptPages(tmp_path / "pages")
    assert kept.find(PAGE.url) is None
    kept.keep(PAGE, "https://short.example/1", PAGE.url)
    assert kept.find(PAGE.url) == kept.find("https://short.example/1") == PAGE
    assert kept.find("https://short.example/2") is None
    # Replaced under its own address: the other one follows.
    newer = replace(PAGE, key="c" * 64)
    kept.keep(newer)
    assert kept.find("https://short.example/1") == newer


@pytest.mark.parametrize(
    "damage",
    [
        {"name": "../../etc/passwd"},
        {"name": ".hidden"},
        {"name": "a/b.html"},
        {"name": "a\nb.html"},
        {"name": ""},
        {"key": "x"},
        {"received": None},
        {"title": 7},
        {"url": []},
    ],
)
def test_records_that_are_not_sound_are_none(tmp_path: Path, damage: dict[str, object]) -> None:
    path_of(tmp_path, PAGE.url).write_text(json.dumps(asdict(PAGE) | damage))
    assert KeptPages(tmp_path).find(PAGE.url) is None


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"[" * 9_000, b"1" * 90_000, b"null"])
def test_files_that_are_no_records_are_none(tmp_path: Path, data: bytes) -> None:
    path_of(tmp_path, PAGE.url).write_bytes(data)
    assert KeptPages(tmp_path).find(PAGE.url) is None


def test_links_are_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    KeptPages(elsewhere).keep(PAGE)
    (tmp_path / "pages").symlink_to(elsewhere)
    assert KeptPages(tmp_path / "pages").find(PAGE.url) is None
