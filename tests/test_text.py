"""Sentence spans and lexical terms in every script."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.text import (
    haystack,
    joined_terms,
    lexical_terms,
    needle,
    one_line,
    romanised_terms,
    sentence_spans,
    spans_within,
)

SENTENCES = [
    ("fr", ["M. Lloyd Austin est arrivé à Séoul.", "Il a parlé de Mme. Dupont."]),
    ("en", ["Relations with the U.S. are good.", "S. Korea agreed."]),
    ("en", ["The U.S. Navy sailed with J. R. R. Tolkien and Gen. Brown.", "It returned."]),
    ("en", ["Prices rose 3.5 percent.", "They fell 0.2 points in version 2.0.1 of the plan."]),
    ("en", ["The talks begin at 3 p.m. on Monday.", "Reporters wait."]),
    ("en", ["See no. 5 and vol. 3.", "He said no.", "She left."]),
    ("en", ['"Stop!" he said.', '"Why?"', "She left.", "Wait...", "What?!", "Nothing."]),
    ("en", ["It ended (at last.)", "Nobody knew.", "See example.com for more."]),
    ("fr", ["Il a dit : « Nous sommes prêts. »", "« Vraiment ? » demanda-t-elle.", "Oui !"]),
    ("de", ["Am 12. November 2023 begann es.", "Dr. Müller kam am 3. Oktober.", "Gut."]),
    ("es", ["El Sr. García llegó a EE. UU. el lunes.", "¿Quién lo sabía?", "¡Nadie!"]),
    ("pt", ["A Dra. Silva falou.", "O Sr. Lima saiu."]),
    ("it", ["Il dott. Rossi è arrivato.", "Poi è andato via."]),
    ("ru", ["В 2023 г. началось.", "А. С. Пушкин писал о 5 млн. руб. в год.", "Всё."]),
    ("uk", ["Він приїхав у 2023 р. до Києва.", "Потім поїхав."]),
    ("tr", ["Bakan 12. toplantıya katıldı.", "İstanbul'da konuştu."]),
    ("pl", ["W dniu 5. maja przyszedł.", "Wyszedł."]),
    ("vi", ["Ông Nguyễn nói.", "Họ rời đi."]),
    ("ko", ["국방장관이 말했다.", "회담은 끝났다.", "언제 시작되나?"]),
    ("ar", ["هل ستبدأ الدول الثلاث؟", "نعم، في ديسمبر.", "انتهى!"]),
    ("fa", ["او آمد.", "آیا رفت؟", "بله."]),
    ("he", ["הוא בא.", "הוא הלך."]),
]
# Scripts that put no space after a sentence, or mark it with a sign of their own.
UNSPACED = [
    (
        "ja",
        "",
        ["防衛相は「準備は整った。」と述べた。", "会談は続く！", "「行くのか？」と聞いた。"],
    ),
    ("zh", "", ["他说：“我们来了。”", "然后离开。", "会议结束了！", "为什么？"]),
    ("hi", " ", ["मंत्री ने कहा।", "बैठक समाप्त हुई॥", "सब चले गए।"]),
    ("bn", "", ["সে এসেছে।", "সে গেছে।"]),
    ("ur", " ", ["وہ آیا۔", "پھر چلا گیا۔"]),
    ("hy", " ", ["Նա եկավ։", "Հետո գնաց։"]),
    ("am", " ", ["መጣ።", "ሄደ።"]),
    ("my", "", ["သူလာသည်။", "ထွက်သွားသည်။"]),
    ("km", " ", ["គាត់មក។", "គាត់ទៅ។"]),
]
CASES = [(language, " ", sentences) for language, sentences in SENTENCES] + UNSPACED

# Letters, marks, digits, sentence marks and white space of many scripts, close together.
ALPHABET = st.sampled_from(
    list("aZéßİıñ5 .!?…,;:'\"()«»\n\r\t\u00a0\u2028\u2029\u3000\0漢字。！？「」、ーカか")
    + list("한국어กาที่ำहिन्दी।عربي؟،Київ😀\u0301\u202e\ud800")
)
MIXED = st.text(ALPHABET, max_size=300)


def sentences(text: str, language: str = "und") -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, language)]


@pytest.mark.parametrize(("language", "space", "expected"), CASES)
def test_sentences(language: str, space: str, expected: list[str]) -> None:
    assert sentences(space.join(expected), language) == expected


def test_headlines_and_paragraphs_end_a_sentence() -> None:
    text = "Harbour opens\n\nThe harbour opened\r\n\r\nShips came\u2029Then left"
    expected = ["Harbour opens", "The harbour opened", "Ships came", "Then left"]
    assert sentences(text) == expected


def test_wrapped_lines_do_not_end_a_sentence() -> None:
    line = "The ministers of the three countries, who had met the day before,"
    assert len(sentences(f"{line}\nagreed on a plan. It has\ntwo parts.")) == 2


@pytest.mark.parametrize("script", ["รัฐมนตรี", "ລັດຖະມົນຕີ", "រដ្ឋមន្ត្រី", "ဝန်ကြီး"])
def test_scripts_without_sentence_marks_are_cut_at_spaces(script: str) -> None:
    text = " ".join([script * 4] * 20)
    found = sentences(text)
    assert len(found) > 2
    assert all(len(sentence) <= 220 for sentence in found)
    # Cut at spaces: every piece is made of whole words.
    assert {word for sentence in found for word in sentence.split()} == {script * 4}


def test_a_text_without_marks_or_spaces_is_cut() -> None:
    found = sentences("漢" * 5000)
    assert "".join(found) == "漢" * 5000
    assert max(map(len, found)) <= 600


@settings(max_examples=300, deadline=None)
@given(MIXED, st.sampled_from(["und", "en", "de", "ja", "th", "ar"]))
def test_spans_are_ordered_trimmed_and_leave_out_only_white_space(text: str, language: str) -> None:
    spans = sentence_spans(text, language)
    before = 0
    for start, end in spans:
        assert before <= start < end <= len(text)
        assert not text[before:start].strip()
        assert text[start:end] == text[start:end].strip()
        before = end
    assert not text[before:].strip()


@settings(max_examples=200, deadline=None)
@given(MIXED)
def test_terms_hold_no_white_space_and_fail_on_nothing(text: str) -> None:
    terms = lexical_terms(text)
    assert all(term and not any(c.isspace() for c in term) for term in terms)
    # Whatever is a letter or a digit can be found.
    assert bool(terms) == any(
        unicodedata.category(c)[0] in "LMN" for c in unicodedata.normalize("NFKC", text)
    )


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_terms_do_not_depend_on_the_form_of_a_character(text: str) -> None:
    forms = {tuple(lexical_terms(unicodedata.normalize(f, text))) for f in ("NFC", "NFD", "NFKC")}
    assert len(forms) == 1


@pytest.mark.parametrize(
    "text",
    [
        "\0" * 100,
        "\ud800\udfff x",
        "a" * 100_000,
        "漢" * 100_000,
        "\u0301" * 1000,
        "😀🏳️‍🌈👩‍👩‍👧",
        "\u202e\u2066\u200d",
        "ﷺ" * 1000,
        "_ = : ( [ \" ' + - AND OR NOT * ~ ^",
    ],
    ids=ascii,
)
def test_hostile_text_gives_terms_or_none(text: str) -> None:
    for term in lexical_terms(text):
        assert not any(c.isspace() for c in term)
        assert len(term) <= 65


def test_words_give_themselves_and_their_grams() -> None:
    assert lexical_terms("Sea, sea") == ["_sea", "sea_", "=sea"] * 2
    assert lexical_terms("as") == ["_as_", "=as"]


def test_case_and_width_do_not_matter() -> None:
    assert lexical_terms("ＫＯＲＥＡ １２") == lexical_terms("korea 12")
    assert lexical_terms("ÉLECTION") == lexical_terms("élection")
    assert lexical_terms("КИЇВ") == lexical_terms("київ")
    assert lexical_terms("ｶﾞｽ") == lexical_terms("ガス")


def test_vowel_signs_stay_in_their_words() -> None:
    words = [term[1:] for term in lexical_terms("हिन्दी में समाचार") if term.startswith("=")]
    assert words == ["हिन्दी", "में", "समाचार"]
    assert "=كِتَاب" in lexical_terms("كِتَاب")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("他在北京大学工作", "北京"),
        ("東京都知事", "知事"),
        ("한국어방송", "방송"),
        ("カタカナ語", "カナ"),
    ],
)
def test_two_characters_are_found_inside_a_run(text: str, part: str) -> None:
    assert set(lexical_terms(part)) <= set(lexical_terms(text))


def test_thai_is_found_inside_a_run() -> None:
    assert set(lexical_terms("ประเทศ")) <= set(lexical_terms("ในประเทศไทย"))


def test_turkish_capitals_share_terms_with_small_letters() -> None:
    # "İ" in lower case is two code points; the rest of the word must still be found.
    assert len(set(lexical_terms("İSTANBUL")) & set(lexical_terms("istanbul"))) >= 5


def test_forms_of_a_word_share_terms() -> None:
    assert set(lexical_terms("missiles")) & set(lexical_terms("missile"))
    assert set(lexical_terms("seçimleri")) & set(lexical_terms("seçim"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb\x07", "a [31mb"),
        ("a\r\n\tb\u2028c\u2029d", "a b c d"),
        ("\u202egnp.exe\u2066x\u2069", "gnp.exe x"),
        ("a\x9b31mb\x85c", "a 31mb c"),
        ("a\ud800b\0c", "a b c"),
        ("  한국어  ‘ok’ ", "한국어 ‘ok’"),
    ],
    ids=ascii,
)
def test_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


@settings(max_examples=200)
@given(st.lists(MIXED, max_size=5).map("\n\n".join), st.data())
def test_the_sentences_of_a_stretch_are_those_of_the_text_that_reach_into_it(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    for language in ("und", "de"):
        expected = [(a, b) for a, b in sentence_spans(text, language) if a < end and b > start]
        assert spans_within(text, start, end, language) == expected


@settings(max_examples=200)
@given(MIXED, MIXED)
def test_a_haystack_holds_the_needles_of_its_own_terms_alone(text: str, other: str) -> None:
    terms = set(lexical_terms(text))
    for term in {*terms, *lexical_terms(other)}:
        assert (needle(term) in haystack(text)) == (term in terms)


def test_needles_tell_whole_runs_from_parts() -> None:
    text = f"2024年 เกม a {'b' * 70} 新聞 ab 국"
    terms = set(lexical_terms(text))
    for one in (
        "年",
        "月",
        "新",
        "เก",
        "เกม",
        "เกมส์",
        "a",
        "b" * 64,
        "b" * 63,
        "b" * 80,
        "국",
        "국회",
    ):
        for term in lexical_terms(one):
            assert (needle(term) in haystack(text)) == (term in terms), (one, term)


@given(text=st.one_of(st.text(), st.text(st.characters(categories=["L"]), max_size=3)))
def test_joined_terms_are_the_terms(text: str) -> None:
    assert joined_terms(text) == (
        " ".join(lexical_terms(text)),
        " ".join(romanised_terms(text)),
    )


@pytest.mark.parametrize("start", range(0x80, 0xE00 + 0x200, 0x80))
def test_joined_terms_of_words_of_every_alphabet(start: int) -> None:
    letters = [chr(code) for code in range(start, start + 0x80) if chr(code).isalpha()]
    for word in (*letters, "".join(letters[:60]), "".join(letters)):
        assert joined_terms(word) == (
            " ".join(lexical_terms(word)),
            " ".join(romanised_terms(word)),
        )
