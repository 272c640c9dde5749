"""The articles of the seeds in eight legacy encodings, written as files and read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import encodings
from benchmarks.encodings import ENCODINGS, lengths, read_back, seeds, written


@pytest.fixture(scope="module")
def texts() -> dict[str, list[str]]:
    return seeds()


@pytest.mark.parametrize("label", ENCODINGS)
def test_every_text_and_markdown_is_read_right(
    label: str, texts: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec, languages = ENCODINGS[label]
    kept = [
        found
        for language in languages
        for text in texts[language]
        if (found := written(text, codec))
    ]
    assert kept
    whole = encodings.files
    monkeypatch.setattr(
        encodings,
        "files",
        lambda *given: {k: v for k, v in whole(*given).items() if not k.endswith(".html")},
    )
    kinds = list(read_back(tmp_path, [one.text for one in kept], label, codec))
    assert sorted(set(kinds)) == ["front.md", "plain.txt"]
    assert len(kinds) == 2 * len(kept)


def test_pages_are_read_right_declared_or_not(tmp_path: Path) -> None:
    kinds = list(read_back(tmp_path, [encodings.TRADITIONAL], "Big5", "cp950"))
    assert sorted(kinds) == ["declared.html", "front.md", "plain.txt", "undeclared.html"]


def test_paragraphs_and_cuts_of_the_seeds(texts: dict[str, list[str]]) -> None:
    for codec, languages in ENCODINGS.values():
        own = [
            found.text for lang in languages for t in texts[lang] if (found := written(t, codec))
        ]
        for counts in lengths(own, codec, ["decode"]).values():
            assert counts["decode"] == counts["texts"]


def test_what_an_encoding_lacks_is_counted() -> None:
    found = written("Привет всем, кто читает эту длинную строку про флот и про порт… 1€", "koi8-r")
    assert found is None
    long = "Привет всем. " * 20
    again = written(f"{long}€", "koi8-r")
    assert again is not None and (again.text, again.left_out) == (long.strip(), 1)
    assert written("plain", "cp1252") is None
