"""The language of a question, by the languages of the collection that it is asked of."""

from __future__ import annotations

import json

import pytest
from helpers import ROOT

from assistant.language import detect_language, question_languages

SEEDS, QUESTIONS = ROOT / "seeds", ROOT / "benchmarks" / "questions"
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


def test_the_language_of_every_benchmark_question() -> None:
    collection = sorted({a.split("-", 1)[0] for a in (p.name for p in SEEDS.glob("*-*.md"))})
    wrong = []
    for path in QUESTIONS.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            if question_languages(case["question"], collection) != (
                case["language"].split("-")[0],
            ):
                wrong.append((case["language"], case["question"]))
    assert len(collection) == 16 and wrong == []


def test_no_collection() -> None:
    assert question_languages("Why did the canal lose water?", []) == ("en",)


def test_a_long_text() -> None:
    assert detect_language("Le canal de Panama manque d'eau. " * 10_000) == "fr"
