"""Finding articles by their titles: every spelling, every script, and what people paste."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.api import Assistant
from assistant.errors import SettingsError
from assistant.titles import Titles

ROWS = (
    ("harbour", "Fairhaven opens its harbour", "The Courier", "2023-11-12"),
    ("lodz", "Łódź buduje tramwaj", "Gazeta", "2024-02-01"),
    ("cafe", "Le Café   de la gare", None, None),
    ("wide", "ＴＯＫＹＯ　Ｍａｒａｔｈｏｎ", "東京新聞", "2024-03-03"),
    ("tram", "電車延長路線", "城市報", "2024-01-05"),
    ("thai", "กรุงเทพเปิดสะพานใหม่", None, "2024-05-05"),
    ("strasse", "Die Straße nach Istanbul", "Der Bote", "2024-01-01"),
    ("percent", "Prices rise 100% in a_year: \"how\" 'so'", "The Courier", "2022-01-01"),
    ("arabic", "ارتفاعُ أسعارِ الشحن", None, "2023-01-01"),
    ("newer", "Harbour dispute goes on", "The Courier", "2024-06-01"),
    ("older", "Harbour dispute goes on", "The Courier", "2023-06-01"),
    ("again", "Harbour dispute goes on", "The Courier", "2023-06-01"),
    ("hindi", "दिल्ली में पानी की कमी", None, None),
)
TITLES = Titles(ROWS)


def found(text: str, *, limit: int = 20) -> list[str]:
    return [ROWS[number][0] for number in TITLES.find(text, limit=limit)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FAIRHAVEN", ["harbour"]),
        ("lodz", ["lodz"]),
        ("ŁÓDŹ", ["lodz"]),
        ("cafe gare", ["cafe"]),
        ("CAFE\u0301", ["cafe"]),
        ("tokyo mara", ["wide"]),
        ("東京", ["wide"]),
        ("延長", ["tram"]),
        ("สะพาน", ["thai"]),
        ("STRASSE İstanbul", ["strasse"]),
        ("strasse", ["strasse"]),
        ("ارتفاع اسعار", ["arabic"]),
        ("ارتفاع أسعار", ["arabic"]),
        ("पानी", ["hindi"]),
        ("100%", ["percent"]),
        ("a_year", ["percent"]),
        ("%", ["percent"]),
        ("_", ["percent"]),
        ("\"how\" 'so'", ["percent"]),
        ("' OR 1=1 --", []),
        ("fairhaven courier", ["harbour"]),
        ("fairhaven gazeta", []),
        ("harbourthe", []),
        ("", []),
        (" \t\n\u3000", []),
        ("fair\0haven", []),
    ],
)
def test_finding(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_the_best_come_first() -> None:
    # At the beginning, newer first, ties by id; then further on; then the outlet alone.
    assert found("harbour") == ["newer", "again", "older", "harbour"]
    assert found("harbour", limit=2) == ["newer", "again"]
    assert found("courier") == ["newer", "harbour", "again", "older", "percent"]
    # All words in one piece go before the first word alone.
    assert found("its harbour") == ["harbour"]
    titles = Titles(
        [("a", "On trade: war", None, None), ("b", "A long look at war on trade", None, None)]
    )
    assert titles.find("war on", limit=2) == [1, 0]


def test_an_index_without_articles() -> None:
    assert Titles([]).find("a", limit=5) == []


def test_titles_of_several_lines_do_not_shift_the_others() -> None:
    titles = Titles([("a", "one\ntwo\x1fthree", "x\ny", None), ("b", "four", None, None)])
    assert titles.find("four", limit=5) == [1]
    assert titles.find("two three y", limit=5) == [0]


@given(st.text(max_size=300))
def test_nothing_typed_is_an_error(text: str) -> None:
    for number in TITLES.find(text, limit=3):
        assert 0 <= number < len(ROWS)


@given(
    st.lists(st.text(max_size=60), min_size=1, max_size=5),
    st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]),
)
def test_a_title_finds_itself_in_any_form(titles: list[str], form: str) -> None:
    index = Titles((str(n), title, None, None) for n, title in enumerate(titles))
    for number, title in enumerate(titles):
        written = unicodedata.normalize(form, title)
        hits = index.find(written, limit=len(titles))
        # What is left of some titles is nothing: accents alone, for example.
        assert number in hits or not hits


def test_ten_thousand_characters(tiny: Assistant) -> None:
    for text in ("harbour " * 1_250, "x" * 10_000, "\ufdfa" * 10_000, "a b c d e " * 1_000):
        assert tiny.find_articles(text) == [] or "harbour" in text


def test_the_door(tiny: Assistant) -> None:
    (one,) = tiny.find_articles("glacier")
    assert one.to_dict() == {
        "id": "glacier",
        "title": "A glacier shrinks",
        "source": "The Courier",
        "published": "2023-11-13T23:30:00Z",
        "language": "en",
    }
    assert [one.id for one in tiny.find_articles("courier", limit=1)] == ["glacier"]
    for limit in (0, 101, True, "3", 2.0, None):
        with pytest.raises(SettingsError, match="limit must be a whole number from 1 to 100"):
            tiny.find_articles("tea", limit=limit)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="must be text"):
        tiny.find_articles(b"tea")  # type: ignore[arg-type]
