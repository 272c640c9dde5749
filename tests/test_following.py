"""A question that leans on the one before it is completed; one that stands by itself is not."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from helpers import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.embedding import StaticEmbedder, static_part
from assistant.follow_words import KINDS, words_of
from assistant.following import complete, follows
from assistant.settings import BUNDLED, MAX_QUESTION_CHARACTERS
from benchmarks.dialogues import NEW_TOPIC, own_questions, read_dialogues

PLANTS = "When did Germany close its last nuclear plants?"
DIALOGUES = read_dialogues()
FILES = {path.name for path in (ROOT / "seeds").glob("*.md")}


@cache
def table() -> StaticEmbedder:
    found = static_part(BUNDLED)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "question",
    [
        "And Japan's?",
        "what about Japan",
        "Und Japan?",
        "Et le Japon ?",
        "¿Y Japón?",
        "E o Japão?",
        "E il Giappone?",
        "А в Японии?",
        "А в Японії?",
        "Ve Japonya?",
        "Còn Nhật Bản?",
        "و اليابان؟",
        "واليابان؟",
        "और जापान?",
        "그럼 일본은?",
        "日本呢？",
        "日本は？",
        "แล้วญี่ปุ่นล่ะ?",
        "Japan",
    ],
)
def test_another_country_takes_the_place_of_the_one_before_in_every_language(question: str) -> None:
    completed = complete(question, [PLANTS], table=table())
    assert completed == f"{question} (When did … close its last nuclear plants)"


@pytest.mark.parametrize(
    "question",
    [
        "why?",
        "pourquoi ?",
        "Warum denn?",
        "¿Y por qué?",
        "Почему?",
        "为什么？",
        "なぜですか？",
        "왜요?",
        "لماذا؟",
        "क्यों?",
        "Neden?",
        "who said that?",
        "Wer hat das gesagt?",
        "how many were there?",
        "他是谁？",
        "彼は誰ですか？",
        "그는 누구인가요?",
        "من هو؟",
        "Кто он?",
        "¿Quién es él?",
        "वह कौन है?",
    ],
)
def test_a_question_with_its_own_question_word_carries_the_topic_without_the_old_one(
    question: str,
) -> None:
    completed = complete(question, [PLANTS], table=table())
    assert completed == f"{question} (Germany close its last nuclear plants)"


@pytest.mark.parametrize("question", ["und danach?", "what about the second one?", "tell me more"])
def test_a_question_that_names_nothing_carries_the_whole_one_before(question: str) -> None:
    expected = f"{question} (When did Germany close its last nuclear plants)"
    assert complete(question, [PLANTS], table=table()) == expected


@pytest.mark.parametrize(
    "question",
    [
        "When did Chile vote on its constitution?",
        "Who won the Women's World Cup in 2023?",
        "And who won the Women's World Cup?",
        "Turkey earthquake deaths",
        "Who is Kishida?",
        "Where is Paris?",
        "Did Japan apologise to Korea?",
        "Quand Macron a-t-il démissionné ?",
        "Warum steigen die Mieten in Berlin?",
        "¿Quién es Boric?",
        "Кто такой Макрон?",
        "韩江是谁？",
        "土耳其地震死了多少人？",
        "日本の首相は誰ですか？",
        "한강은 누구인가요?",
        "من هو هان كانغ؟",
    ],
)
def test_a_new_topic_is_left_as_it_is(question: str) -> None:
    assert complete(question, [PLANTS], table=table()) is None
    assert complete(question, [PLANTS]) is None


def test_no_question_of_the_benchmarks_that_stands_by_itself_is_taken_to_go_on() -> None:
    questions = [*own_questions(), *(dialogue.first for dialogue in DIALOGUES)]
    assert len(questions) > 200
    assert [question for question in questions if follows(question)] == []


@pytest.mark.parametrize(
    ("first", "second", "carried"),
    [
        (
            "What happened in Peru in May 2024?",
            "And in September 2023?",
            "What happened in Peru in … …",
        ),
        ("Que s’est-il passé à Lyon en janvier 2024 ?", "Et en mars ?", "à Lyon en … 2024"),
        ("Qui a eu le Nobel de chimie en 2024 ?", "Et celui de médecine ?", "Nobel de … en 2024"),
        ("2024年のノーベル賞は誰ですか？", "では2023年は？", "…年のノーベル賞は誰ですか"),
        ("土耳其地震死了多少人？", "日本呢？", "…地震死了多少人"),
        (
            "Wie viele starben bei der Flut in Sinzig?",
            "Und in Dernau?",
            "starben bei der Flut in …",
        ),
    ],
)
def test_a_date_or_a_name_takes_the_place_of_one_of_its_kind(
    first: str, second: str, carried: str
) -> None:
    completed = complete(second, [first], table=table())
    assert completed is not None
    assert completed.startswith(f"{second} (") and completed.endswith(f"{carried})")


def test_without_a_model_years_and_names_behind_a_preposition_are_replaced() -> None:
    first = "How many people died in Sinzig in 2021?"
    assert (
        complete("And in Dernau?", [first]) == "And in Dernau? (How many people died in … in 2021)"
    )
    assert complete("And in 2016?", [first]) == "And in 2016? (How many people died in Sinzig in …)"
    assert complete("日本呢？", [PLANTS]) == f"日本呢？ ({PLANTS[:-1]})"


def test_without_a_question_before_nothing_is_completed() -> None:
    assert complete("And Japan's?", [], table=table()) is None
    assert complete("And Japan's?", ["", "why?", "¿?"], table=table()) is None
    assert complete("   ", [PLANTS], table=table()) is None


def test_a_question_before_without_content_is_passed_over() -> None:
    assert complete("And then?", [PLANTS, "why?"]) == f"And then? ({PLANTS[:-1]})"
    assert complete("And then?", [PLANTS, *["why?"] * 20]) is None


def test_a_chain_of_questions_keeps_the_topic_and_the_last_turn() -> None:
    history = [PLANTS]
    expected = [
        ("And Japan's?", "And Japan's? (When did … close its last nuclear plants)"),
        ("And Spain's?", "And Spain's? (When did … close its last nuclear plants)"),
        ("Why?", "Why? (Spain's; … close its last nuclear plants)"),
        ("Who said that?", "Who said that? (… close its last nuclear plants)"),
    ]
    for question, completed in expected:
        assert complete(question, history, table=table()) == completed
        history.append(completed)


def test_twenty_turns_do_not_grow() -> None:
    history = ["What prize did the writer Han Kang win in Stockholm?"]
    for turn in range(25):
        completed = complete(f"And did he like number {turn}?", history, table=table())
        assert completed is not None and len(completed) < 330
        history.append(completed)
    assert "Han Kang" in history[-1]


def test_completing_twice_gives_the_same() -> None:
    once = complete("And Japan's?", [PLANTS], table=table())
    assert once == complete("And Japan's?", [PLANTS], table=table())


def test_french_inversion_is_no_reference_but_a_subject_is() -> None:
    assert not follows("Quand Macron a-t-il démissionné ?")
    assert follows("Combien a-t-il coûté ?")


def test_words_are_where_they_are_said_to_be() -> None:
    for dialogue in DIALOGUES:
        for question in (dialogue.first, dialogue.second):
            words = words_of(question)
            assert words
            ends = 0
            for word in words:
                assert ends <= word.start < word.end and word.weight > 0
                assert question[word.start : word.end].lower() == word.text
                ends = word.end


HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("  ()（）…;?？؟¿-'’\u202e\u2066\ud800İıßﬁ和那那の그وA1९"),
    ),
    max_size=400,
)
LEANING = st.sampled_from(
    ["And {}?", "why {}", "{}?", "那{}呢？", "و{}؟", "그럼 {}은?", "what about it {}"]
)


@settings(max_examples=150, deadline=None)
@given(HOSTILE, st.lists(HOSTILE, max_size=4), LEANING)
def test_hostile_text_never_raises_and_the_readers_words_are_kept(
    text: str, history: list[str], form: str
) -> None:
    for question in (text, form.format(text[:40])):
        completed = complete(question, history)
        if completed is not None:
            assert completed.startswith(f"{question.strip()} (") and completed.endswith(")")
            assert len(completed) <= MAX_QUESTION_CHARACTERS
            carried = completed[len(question.strip()) :]
            assert not any("\ud800" <= c <= "\udfff" or c in "\u202e\u2066\n" for c in carried)


@settings(max_examples=40, deadline=None)
@given(HOSTILE.map(lambda text: text.encode("utf-8", "replace").decode()), LEANING)
def test_hostile_text_never_raises_with_a_model(text: str, form: str) -> None:
    question = form.format(text[:40])
    completed = complete(question, [PLANTS, text], table=table())
    assert completed is None or completed.startswith(question.strip())


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "那" * 100_000, "a " * 50_000, "(" * 100_000, "a-" * 50_000]
)
def test_long_text_is_no_trouble(text: str) -> None:
    assert complete(text, [PLANTS]) is None
    completed = complete("And Japan's?", [text, PLANTS, text])
    assert completed is None or len(completed) <= MAX_QUESTION_CHARACTERS


def test_the_dialogues_cover_what_they_should() -> None:
    assert len(DIALOGUES) == 60 and sum(dialogue.tune for dialogue in DIALOGUES) == 30
    assert len({dialogue.id for dialogue in DIALOGUES}) == 60
    assert {dialogue.file for dialogue in DIALOGUES} <= FILES
    languages = Counter(dialogue.language for dialogue in DIALOGUES)
    assert all(languages[language] >= 6 for language in "en de fr es ru zh ko ar".split())
    assert sum(dialogue.kind == NEW_TOPIC for dialogue in DIALOGUES) >= 8


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.id)
def test_every_dialogue_is_told_to_go_on_or_not(dialogue: object) -> None:
    second, first, kind = (getattr(dialogue, name) for name in ("second", "first", "kind"))
    assert (complete(second, [first], table=table()) is None) == (kind == NEW_TOPIC)


def test_the_kinds_of_words_are_told_apart() -> None:
    kinds = [word.kind for word in words_of("And what did she say about the prize?")]
    assert kinds == ["begins", "asks", "helps", "stands", "content", "other", "other", "content"]
    assert set(kinds) == {*KINDS, "content"}
