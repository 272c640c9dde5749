"""The language of a question, by the languages of the collection that it is asked of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.language import (
    _told_by_words,
    detect_language,
    question_language,
    question_languages,
)

BENCHMARKS = ROOT / "benchmarks"
SEEDS, QUESTIONS = ROOT / "seeds", BENCHMARKS / "questions"
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


def lines(path: Path) -> Iterator[dict[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def asked() -> list[tuple[str, str]]:
    """Every question of the benchmarks with the primary tag of its language."""
    found = [one for path in sorted(QUESTIONS.glob("*.jsonl")) for one in lines(path)]
    found += lines(BENCHMARKS / "time_expressions.jsonl")
    pairs = [(one["language"], one["question"]) for one in found]
    for one in lines(BENCHMARKS / "dialogues.jsonl"):
        # The first question of a dialogue may be in another language than the second.
        pairs += [(one["language"], one[field]) for field in ("second", "full")]
    return [(language.split("-")[0], question) for language, question in dict.fromkeys(pairs)]


def test_the_language_of_a_question_without_a_collection_is_told() -> None:
    pairs = asked()
    wrong = {question for language, question in pairs if question_language(question) != language}
    assert len(pairs) == 585
    assert wrong == {
        # "Chi" has not said enough, nor has "Why?"; two of the words are Polish too.
        "Chi ospita Milano Cortina 2026?",
        "12 Kasım 2023'te kim buluştu?",
        "Warum denn?",
        "Why?",
    }


def test_most_questions_need_no_classifier() -> None:
    """Its model takes a second to load."""
    pairs = asked()
    told = [(language, found) for language, q in pairs if (found := _told_by_words(q)) is not None]
    assert len(told) == 526
    assert len(told) >= 0.85 * len(pairs)
    assert [pair for pair in told if pair[0] != pair[1]] == [("tr", "pl")]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        # One script, one language; two letters are enough.
        ("港はいつ", "ja"),
        ("カナダ", "ja"),
        ("何年", "zh"),
        ("港口", "zh"),
        ("항구", "ko"),
        ("ท่าเรือ", "th"),
        ("बंदरगाह", "hi"),
        ("বন্দর", "bn"),
        ("נמל", "he"),
        ("λιμάνι", "el"),
        # Arabic letters that only Persian or Urdu has.
        ("متى افتتح الميناء؟", "ar"),
        ("ما هي عاصمة اليابان", "ar"),
        ("چه زمانی بندر باز شد؟", "fa"),
        ("پایتخت ژاپن کجاست", "fa"),
        ("بندرگاہ کب کھلے", "ur"),
        ("ٹوکیو کہاں", "ur"),
        # Words of two languages that write alike.
        ("Когда и где это было?", "ru"),
        ("Коли і де це було?", "uk"),
        ("Quem é o presidente do Brasil?", "pt"),
        ("¿Quién es el presidente de la república?", "es"),
        ("Wie is de koning van het land?", "nl"),
        ("Wie ist der König des Landes?", "de"),
        ("Hvem er kongen og hva heter han?", "no"),
        ("Vem är kungen och vad heter han?", "sv"),
        ("Türkiye ile Yunanistan ne zaman anlaştı?", "tr"),
        ("Ile to jest i kto to jest?", "pl"),
        ("Ai là người đã mở cảng này?", "vi"),
        ("Siapa yang membuka pelabuhan itu?", "id"),
    ],
)
def test_script_and_little_words_tell_without_the_classifier(text: str, language: str) -> None:
    assert _told_by_words(text) == language
    assert question_language(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        # Names in Latin letters do not make a question English.
        ("NATO는 언제 생겼나요?", "ko"),
        ("JAXAとNASAは何を打ち上げましたか。", "ja"),
        ("COVID-19 疫情是什么时候开始的?", "zh"),
        ("متى أطلقت NASA التلسكوب؟", "ar"),
        ("Когда запустили James Webb и где это было?", "ru"),
        # Nor does a name in another script make it Chinese.
        ("Who is the writer 韓江 and what is she known for?", "en"),
        ("Was ist die Bedeutung von 平和?", "de"),
        # One kana among Chinese characters is Japanese.
        ("港の開通時期", "ja"),
    ],
)
def test_most_of_the_letters_say_which_script_counts(text: str, language: str) -> None:
    assert question_language(text) == language


@pytest.mark.parametrize(
    "text", ["", " ", "42 !", "2023-11-12", "???", "\u202e\ud800", "١٢٣", "ab"]
)
def test_too_few_letters_are_of_no_language(text: str) -> None:
    assert _told_by_words(text) is None
    assert question_language(text) == "und"


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_no_question_is_too_strange(question: str) -> None:
    language = question_language(question)
    assert language == _told_by_words(question) or language == detect_language(question)
    assert language == language.strip() != ""


@pytest.mark.parametrize("unit", ["a", "der die das ", "的", "الم", "\ud800", "\u202e", "и в "])
def test_a_very_long_question_is_read(unit: str) -> None:
    assert question_language(unit * 100_000) == question_language(unit * 3_000)
