"""File names made of what others call their files and articles."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.file_names import safe_stem, split_name


@pytest.mark.parametrize(
    ("name", "stem", "suffix"),
    [
        ("story.md", "story", ".md"),
        ("Story.HTML", "Story", ".html"),
        ("../../etc/passwd.txt", "passwd", ".txt"),
        ("C:\\Users\\me\\story.jsonl", "story", ".jsonl"),
        ("a／b＼c．md", "c", ".md"),
        ("story.md. . ", "story", ".md"),
        ("story.md\0.exe", "story.md", ".exe"),
        ("story.md\n", "story", ".md"),
        ("story\u202edm.exe", "storydm", ".exe"),
        ("story", "story", ""),
        ("story.", "story", ""),
        (".md", "", ".md"),
        ("", "", ""),
        ("folder/", "", ""),
        ("a.b.md", "a.b", ".md"),
    ],
)
def test_the_parts_of_a_name(name: str, stem: str, suffix: str) -> None:
    assert split_name(name) == (stem, suffix)


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("Brücke über den Fjord", "Brücke über den Fjord"),
        ("Bru\u0308cke", "Brücke"),
        ("電車延長路線", "電車延長路線"),
        ("दिल्ली में पानी", "दिल्ली में पानी"),
        ("AC/DC: a\\b", "AC-DC- a-b"),
        ("..", "article"),
        (".hidden", "hidden"),
        ("--help", "help"),
        ("", "article"),
        ("\u202e\u200b\0", "article"),
        ("a\nb\tc\u2028d", "a b c d"),
        ("README", "article-README"),
        ("ＲｅａｄＭｅ", "article-ReadMe"),
        ("con", "article-con"),
        ("NUL.tar", "article-NUL.tar"),
        ("com1", "article-com1"),
        ("lpt\u00b9", "article-lpt1"),
        ("console", "console"),
        ('<b>"x"|?*', "b-x"),
        ("end. ", "end"),
    ],
)
def test_the_stem_of_a_file(text: str, stem: str) -> None:
    assert safe_stem(text) == stem
    assert safe_stem(stem) == stem


def test_long_names_are_cut_between_characters() -> None:
    for text in ("x" * 300, "é" * 300, "電" * 300, "𝄞" * 300, "a " * 300):
        stem = safe_stem(text, ending="-1000")
        assert 90 < len(stem.encode()) <= 120
        assert unicodedata.normalize("NFC", text).startswith(stem.removesuffix("-1000"))


_NAMES = st.one_of(
    st.text(max_size=200),
    st.text(
        alphabet=" ./\\-_:*?\0\n\u202e\u200f\ud800aAéeE\u0301電cCoOnN\uff0e\uff0f", max_size=40
    ),
)


@given(_NAMES, st.sampled_from(["", "-2", "-1000"]))
def test_any_stem_is_a_file_that_is_read(text: str, ending: str) -> None:
    stem = safe_stem(text, ending=ending)
    name = f"{stem}.md"
    assert Path(name).name == name
    assert Path(name).suffix == ".md"
    assert not name.startswith((".", "-", " "))
    assert stem == stem.rstrip(" .")
    assert Path(name).stem.lower() != "readme"
    assert 0 < len(name.encode()) <= 140
    assert unicodedata.is_normalized("NFC", name)
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in name)
    assert not set('<>:"|?*/\\') & set(name)
    assert stem.endswith(ending)
    if not ending:
        assert safe_stem(stem) == stem


@given(_NAMES)
def test_any_name_has_a_stem_and_a_type(name: str) -> None:
    stem, suffix = split_name(name)
    assert "/" not in stem and "\\" not in stem
    assert suffix == "" or (suffix[0] == "." and suffix[1:].isalnum() and suffix.isascii())
