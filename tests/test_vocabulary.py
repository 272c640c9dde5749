"""Texts put together from their pieces, beside the same texts read whole."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import write_tiny_model
from tokenizers import pre_tokenizers

from assistant.embedding import BUNDLED_FOLDER, StaticEmbedder, static_part
from assistant.romanised import keys_of
from assistant.settings import BUNDLED
from assistant.vocabulary import MARKS, WHITE, Vocabulary

EVERY_CHARACTER = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
WHITE_SPACE = [c for c in EVERY_CHARACTER if c.isspace() and c not in "\x1c\x1d\x1e\x1f"]

ODD = (
    # Marks and joiners after white space and punctuation, where they have nothing to join.
    *(
        "\u0301",
        "\u0338",
        "\u3099",
        "\uff9e",
        "\u200d",
        "\u200b",
        "\u00ad",
        "\ufe0f",
        "\u0327\u0323",
    ),
    # Letters whose lower case depends on their neighbours, or is two characters.
    *("ΟΔΟΣ", "Σ", "ΑΣ.Α", "Σ’", "İ", "ẞ"),
    # What normal forms part or put together, spaces among it.
    *(
        "´",
        "\ufdfa",
        "½",
        "①",
        "ﬁ",
        "㍿",
        "ｶﾞ",
        "ＡＢＣ",
        "…",
        "\u1e9b\u0323",
        "가",
        "가",
        "<\u0338",
    ),
    # What is white space to Python alone, or to nobody.
    *("\x1c", "\x1f", "\ufeff", "\u180e", "\0", "\u2060"),
    *(
        "x" * 100,
        "漢字かなカナ" * 12,
        "ราชอาณาจักรไทย" * 5,
        "𓀀𓁐",
        "🧿👩‍👧",
        "₂₃",
        "३४५",
        "1,234.56",
        "don't",
        "l’État",
    ),
    *(
        "Министр",
        "سيول،",
        "दिल्ली।",
        "국방장관이",
        "naïve",
        "U.S.",
        "“Wörter”",
        "C++",
        "$5",
        "a_b",
        "々〆ー",
    ),
)
TEXTS = st.lists(
    st.one_of(
        st.sampled_from([*ODD, *MARKS, *WHITE_SPACE, " ", " "]),
        st.text(st.characters(exclude_categories=("Cs",)), max_size=4),
    ),
    max_size=14,
).map("".join)


@cache
def light() -> StaticEmbedder:
    part = static_part(BUNDLED)
    assert part is not None
    return part


VOCABULARY = Vocabulary(light())


def check(vocabulary: Vocabulary, title: str, text: str, spans: list[tuple[int, int]]) -> None:
    headline, known = vocabulary.read([title, text])
    stretches = [text[start:end] for start, end in spans]
    counted = [known.count(start, end) for start, end in spans]
    assert counted == light().count_tokens(stretches)
    before = headline.numbers(0, len(title))
    pieces = [before + known.numbers(start, end) for start, end in spans]
    whole = [f"{title}\n{stretch}" for stretch in stretches]
    for ours, theirs in zip(
        vocabulary.word_tokens(pieces), light().word_tokens(whole), strict=True
    ):
        assert ours.dtype == theirs.dtype == np.int32
        assert ours.tolist() == theirs.tolist()
    for keys, one in zip(vocabulary.keys(pieces), whole, strict=True):
        assert keys.dtype == np.uint16
        assert keys.tolist() == keys_of(one).tolist()


@settings(max_examples=200, deadline=None)
@given(title=TEXTS, text=TEXTS, data=st.data())
def test_any_stretch_of_any_text(title: str, text: str, data: st.DataObject) -> None:
    places = st.integers(0, len(text))
    spans = [tuple(sorted(data.draw(st.tuples(places, places)))) for _ in range(2)]
    check(VOCABULARY, title, text, [(0, len(text)), *spans])


def test_real_texts() -> None:
    vocabulary = Vocabulary(light())
    for path in sorted((ROOT / "seeds").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        size = len(text)
        check(vocabulary, path.stem, text, [(0, size), (7, size // 2), (size // 3, size - 9)])


def test_white_space_is_what_the_tokenizer_cuts_at() -> None:
    found = pre_tokenizers.WhitespaceSplit().pre_tokenize_str(
        "a".join([*EVERY_CHARACTER[:0x10000], ""])
    )
    assert len(found) == len(WHITE_SPACE) + 1
    assert "".join(re.findall(f"[{WHITE}]", "".join(EVERY_CHARACTER))) == "".join(WHITE_SPACE)


def borders() -> list[str]:
    return [*WHITE_SPACE, *MARKS]


def test_no_border_is_put_together_with_another_character() -> None:
    inside = set(borders())
    for character in EVERY_CHARACTER:
        parts = unicodedata.decomposition(character).split()
        if len(parts) > 1 and not parts[0].startswith("<"):
            assert not inside & {chr(int(part, 16)) for part in parts}


@pytest.mark.parametrize("border", borders(), ids=ascii)
def test_no_letter_depends_on_another_over_a_border(border: str) -> None:
    for before, after in (("ΑΣ", "Α"), ("Α", "Σ"), ("ΑΣ", "")):
        folded = unicodedata.normalize("NFKC", f"{before}{border}{after}").lower()
        assert folded == "".join(
            unicodedata.normalize("NFKC", part).lower() for part in (before, border, after)
        )


@pytest.mark.parametrize("mark", MARKS, ids=ascii)
def test_a_mark_is_a_piece_of_its_own_to_the_tokenizer(mark: str) -> None:
    normal = unicodedata.normalize("NFKC", mark)
    cut = pre_tokenizers.Punctuation("isolated").pre_tokenize_str(f"a{normal}b")
    assert [piece for piece, _ in cut] == ["a", normal, "b"]


def test_what_is_forgotten_is_learnt_again() -> None:
    vocabulary = Vocabulary(light(), most=20)
    texts = [p.read_text(encoding="utf-8")[:600] for p in sorted((ROOT / "seeds").glob("*.md"))]
    assert len(texts) > 20
    for text in [*texts[:20], *texts[:5]]:
        check(vocabulary, "A headline", text, [(0, len(text)), (3, len(text) - 3)])


CHANGES: dict[str, dict[str, Any]] = {
    "no normalizer": {"normalizer": None},
    "one normalizer": {"normalizer": {"type": "NFC"}},
}
BREAKS: dict[str, dict[str, Any]] = {
    "accents are stripped": {"normalizer": {"type": "StripAccents"}},
    "nothing is cut": {"pre_tokenizer": None},
    "punctuation is not parted": {"pre_tokenizer": {"type": "WhitespaceSplit"}},
    "a token with a space": {
        "added_tokens": [
            {
                "id": 0,
                "content": "[UNK] x",
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": False,
            }
        ]
    },
}


@pytest.mark.parametrize("name", [*CHANGES, *BREAKS])
def test_which_tokenizers_read_word_by_word(name: str, tmp_path: Path) -> None:
    made = json.loads((BUNDLED_FOLDER / "tokenizer.json").read_text(encoding="utf-8"))
    made["model"]["vocab"] = made["model"]["vocab"][:50]
    made |= (CHANGES | BREAKS)[name]
    write_tiny_model(tmp_path / "model")
    (tmp_path / "model" / "tokenizer.json").write_text(json.dumps(made), encoding="utf-8")
    part = static_part(str(tmp_path / "model"))
    assert part is not None
    assert part.reads_word_by_word() == (name in CHANGES)


def test_which_models_read_word_by_word(tiny_model: Path) -> None:
    tiny = static_part(str(tiny_model))
    assert tiny is not None
    assert not tiny.reads_word_by_word()
    assert light().reads_word_by_word()
