"""The language of a question, by the languages of the collection that it is asked of."""

from __future__ import annotations

import pytest

from assistant.language import detect_language, question_languages

COLLECTION = ["en", "es", "fr", "zh", "zh-Hant", "nb", "ko"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Why did the canal lose water?", ("en",)),
        ("¿Quién ganó el Premio Nobel?", ("es",)),
        ("누가 노벨상을 받았나요?", ("ko",)),
        ("谁获得了诺贝尔奖？", ("zh", "zh-Hant")),
        ("Hvem vant nobelprisen i litteratur i år?", ("nb",)),
        # Surely in a language that the collection has not.
        ("Кто получил Нобелевскую премию по литературе в этом году?", ("ru",)),
        ("42 !", ("und",)),
        ("", ("und",)),
    ],
)
def test_question_languages(question: str, expected: tuple[str, ...]) -> None:
    assert question_languages(question, COLLECTION) == expected


def test_near_languages_are_told_apart_by_the_collection() -> None:
    """Three words that Portuguese, Spanish and Galician share go to the one that is there."""
    assert question_languages("importante para todos", ["es", "en"]) == ("es",)
    assert question_languages("importante para todos", ["pt", "en"]) == ("pt",)


def test_no_collection() -> None:
    assert question_languages("Why did the canal lose water?", []) == ("en",)


def test_a_long_text() -> None:
    assert detect_language("Le canal de Panama manque d'eau. " * 10_000) == "fr"
