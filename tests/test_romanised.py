"""Romanised terms: names and numbers meet across scripts, whatever the text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import write_romanised
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import IndexCorrupt
from assistant.lexical import LexicalEntry, LexicalIndex, write_lexical
from assistant.romanised import Romanised, RomanisedIndex, keys_of
from assistant.text import romanised_terms


def test_the_terms_of_a_word() -> None:
    assert romanised_terms("Putin") == ["_put", "puti", "utin", "tin_", "-_pt", "-ptn", "-tn_"]
    assert romanised_terms("Путин") == romanised_terms("PUTIN") == romanised_terms("putin")
    # One sound, several spellings; doubled letters; an edge inside a word.
    assert romanised_terms("Jazz Phokker Wrocqy") == romanised_terms("ias foker vrokky")
    assert romanised_terms("Covid19") == [*romanised_terms("covid"), *romanised_terms("19")]


def test_numbers_are_taken_as_they_are() -> None:
    assert romanised_terms("1999") == ["_199", "1999", "999_"]
    assert romanised_terms("١٢٣") == romanised_terms("१२३") == romanised_terms("123")
    assert romanised_terms("7") == ["_7_"]


def test_short_words_and_other_signs_give_nothing() -> None:
    assert romanised_terms("a of в 的 ! — 😀 \ud800 𓀀") == []


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Zelensky", "Зеленський"),
        ("Zelenskyy", "Зеленский"),
        ("Nobel", "노벨"),
        ("Athena", "Αθήνα"),
        ("Tbilisi", "თბილისი"),
        ("Yerevan", "Երևան"),
        ("Panama", "पनामा"),
        ("London", "لندن"),
        ("Tel Aviv", "תל אביב"),
        ("Panama", "パナマ"),
        ("Beijing", "北京"),
        ("Kolkata", "কলকাতা"),
        ("Chennai", "சென்னை"),
    ],
)
def test_names_meet_across_scripts(name: str, other: str) -> None:
    """Each shares more with its own than with any other of the names here."""
    shared = set(romanised_terms(name)) & set(romanised_terms(other))
    assert shared, (romanised_terms(name), romanised_terms(other))


@given(st.text(max_size=300))
def test_terms_of_any_text(text: str) -> None:
    terms = romanised_terms(text)
    assert all(term.isascii() and term and not any(c.isspace() for c in term) for term in terms)
    assert terms == romanised_terms(text)
    keys = keys_of(text)
    assert keys.dtype == np.uint16
    assert keys.tolist() == sorted(set(keys.tolist()))
    assert len(keys) <= len(set(terms))


def test_a_long_word_is_cut() -> None:
    assert len(romanised_terms("ab" * 100_000)) < 400


def test_shares() -> None:
    texts = ["Путин", "Putin und andere", "Gurke", ""]
    keys = [keys_of(text) for text in texts]
    mean = float(np.mean([len(k) for k in keys]))
    weights = dict.fromkeys(romanised_terms("Putin"), 2.0)
    shares = Romanised(keys, mean).shares(weights)
    # All of the weight is held; a passage shorter than the mean counts for a little more.
    norms = [1.2 * (0.25 + 0.75 * len(k) / mean) for k in keys]
    assert shares[0] == pytest.approx(2.2 / (1 + norms[0]), rel=1e-5)
    assert shares[1] == pytest.approx(2.2 / (1 + norms[1]), rel=1e-5)
    assert shares[2:].tolist() == [0, 0]
    # A term that no text holds lowers the share.
    half = {**weights, "zzzz": 2.0 * len(weights)}
    assert Romanised(keys, mean).shares(half)[0] == pytest.approx(shares[0] / 2, rel=1e-5)
    assert Romanised(keys, mean).shares({}).tolist() == [0] * 4
    assert Romanised([], 0.0).shares(weights).tolist() == []


def test_usual_shares_are_means_over_groups() -> None:
    keys = [keys_of(text) for text in ("Путин", "Putin und andere", "", "Gurke, Putin", "Putins")]
    passages = Romanised(keys, float(np.mean([len(k) for k in keys])))
    weights = {term: 1.0 + i for i, term in enumerate(romanised_terms("Putin Gurken"))}
    shares = passages.shares(weights)
    usual = passages.usual(np.array([2, 1, 2])).shares(weights)
    expected = [shares[:2].mean(), 0, shares[3:].mean()]
    np.testing.assert_allclose(usual, expected, rtol=1e-5)
    assert passages.usual(np.array([5])).shares({}).tolist() == [0]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    keys = [keys_of(text) for text in ("Harbour of Fairhaven", "", "茶叶产量")]
    write_romanised(tmp_path, keys)
    index = RomanisedIndex(tmp_path)
    assert len(index) == 3
    assert [index[row].tolist() for row in range(3)] == [k.tolist() for k in keys]
    weights = dict.fromkeys(romanised_terms("harbour"), 1.0)
    chosen = index.of([2, 0]).shares(weights)
    assert chosen[0] == 0 < chosen[1]


@pytest.mark.parametrize("name", ["keys.npy", "edges.npy"])
@pytest.mark.parametrize("content", [None, b"", b"no array"])
def test_a_damaged_file(tmp_path: Path, name: str, content: bytes | None) -> None:
    write_romanised(tmp_path, [keys_of("harbour")])
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(IndexCorrupt, match="build it again"):
        RomanisedIndex(tmp_path)


def test_the_leg_finds_names_in_other_scripts_by_their_rarest_terms(tmp_path: Path) -> None:
    texts = [f"common words number {n}" for n in range(200)]
    texts[7] = "Путин посетил Пекин"
    entries = [LexicalEntry(row, text, "und", None, None) for row, text in enumerate(texts)]
    write_lexical(tmp_path, entries)
    index = LexicalIndex(tmp_path)
    found = index.search("Where did Putin find common words?", k=10, field="romanised")
    assert found.rows.tolist() == [7]
    # What most passages hold finds nothing, though it has a weight.
    assert index.search("common words", k=10, field="romanised").rows.tolist() == []
    weights = index.search("common common Putin", k=1, field="romanised").weights
    assert 0 < weights["_kom"] < weights["puti"]
    assert index.search("!!!", k=10, field="romanised").rows.tolist() == []
