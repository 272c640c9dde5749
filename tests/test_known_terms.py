"""Terms from the terms of words are those of the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as s

from assistant.known_terms import KnownTerms
from assistant.text import joined_terms, lexical_terms, romanised_terms

KNOWN = KnownTerms(most=20)
WORDS = s.sampled_from(
    [
        "harbour",
        "Straße",
        "Störche",
        "茶叶",
        "電車の",
        "서울",
        "ท่าเรือ",
        "قهوة",
        "İstanbul",
        "3.14",
        "e\u0301",
    ]
)
TEXTS = s.one_of(
    s.text(max_size=80),
    s.lists(
        s.one_of(WORDS, s.sampled_from([" ", "\u00a0", "\u3000", ",", ".", "。", "-", "\u0301"]))
    ).map("".join),
)


@given(TEXTS)
def test_terms_of_any_text(text: str) -> None:
    assert KNOWN.of(text) == joined_terms(text)
    assert KNOWN.of(text) == (" ".join(lexical_terms(text)), " ".join(romanised_terms(text)))
