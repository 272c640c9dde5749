"""What a question asks for by its question words, and whether a sentence has such a thing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.cues import Expected, _cues, expected, offers
from assistant.question_words import QUESTION_WORDS

KINDS: tuple[Expected, ...] = ("number", "date", "person", "place")

NUMBERS = {
    "en": ["How many people died in the flood?", "What percentage of the ice melted?"],
    "de": ["Wie viele Schiffe lagen vor dem Hafen?", "Wie hoch war der Schaden?"],
    "fr": ["Combien de navires attendaient ?", "Quel âge avait le maire ?"],
    "es": ["¿Cuántos barcos esperaban?", "¿Qué porcentaje votó a favor?"],
    "it": ["Quanti abitanti ha il paese?"],
    "pt": ["Quantas pessoas ficaram feridas?"],
    "nl": ["Hoeveel huizen werden gebouwd?"],
    "sv": ["Hur många röster fick förslaget?"],
    "da": ["Hvor mange skibe ventede?"],
    "no": ["Hvor mye kostet broen?"],
    "fi": ["Kuinka monta laivaa odotti?"],
    "hu": ["Hány ember vett részt a tüntetésen?"],
    "cs": ["Kolik lodí čekalo před přístavem?"],
    "pl": ["Ilu ludzi zginęło w powodzi?"],
    "ro": ["Câte nave așteptau în port?"],
    "tr": ["Depremde kaç kişi öldü?"],
    "id": ["Berapa banyak kapal yang menunggu?"],
    "vi": ["Có bao nhiêu con tàu đang chờ?"],
    "ru": ["Сколько кораблей ждало у порта?"],
    "uk": ["Скільки кораблів чекало біля порту?"],
    "el": ["Πόσα πλοία περίμεναν;"],
    "ar": ["كم عدد السفن التي انتظرت؟"],
    "fa": ["چند کشتی منتظر بودند؟"],
    "he": ["כמה ספינות חיכו?"],
    "hi": ["कितने जहाज़ इंतज़ार कर रहे थे?"],
    "bn": ["কতগুলো জাহাজ অপেক্ষা করছিল?"],
    # The sign for "am" is two characters in NFKC.
    "th": ["เรือรออยู่กี่ลำ", "มีเรือรออยู่จำนวนเท่าใด"],
    "ja": ["港の外で待っていた船はいくつですか。", "費用はいくらですか。"],
    "ko": ["배가 몇 척 기다렸나요?"],
    "zh": ["有多少艘船在等待？"],
}
DATES = {
    "en": ["When did the harbour open?", "In which year was the bridge built?"],
    "de": ["Wann wurde der Hafen eröffnet?", "In welchem Jahr begann die Messung?"],
    "fr": ["Quand le port a-t-il ouvert ?", "En quelle année le pont a-t-il été construit ?"],
    "es": ["¿Cuándo abrió el puerto?"],
    "it": ["In quale anno fu costruito il ponte?"],
    "pt": ["Desde quando a ponte está fechada?"],
    "nl": ["Wanneer ging de haven open?"],
    "sv": ["Vilket år byggdes bron?"],
    "fi": ["Milloin satama avattiin?"],
    "hu": ["Mikor nyílt meg a kikötő?"],
    "cs": ["Ve kterém roce byl most postaven?"],
    "pl": ["Kiedy otwarto port?"],
    "ro": ["Când s-a deschis portul?"],
    "tr": ["Liman ne zaman açıldı?"],
    "id": ["Kapan pelabuhan itu dibuka?"],
    "vi": ["Cảng mở cửa khi nào?"],
    "ru": ["В каком году построили мост?"],
    "uk": ["Коли відкрили порт?"],
    "el": ["Πότε άνοιξε το λιμάνι;"],
    "ar": ["متى افتتح الميناء؟"],
    "fa": ["بندر چه زمانی باز شد؟"],
    "he": ["מתי נפתח הנמל?"],
    "hi": ["बंदरगाह कब खुला?"],
    "th": ["ท่าเรือเปิดเมื่อไร"],
    "ja": ["港はいつ開きましたか。"],
    "ko": ["항구는 언제 열렸나요?"],
    "zh": ["港口是什么时候开放的？"],
}
PERSONS = {
    "en": ["Who opened the harbour?", "Whose idea was it?"],
    "de": ["Wer hat den Hafen eröffnet?"],
    "fr": ["Qui a ouvert le port ?"],
    "es": ["¿Quién inauguró el puerto?"],
    "it": ["Chi ha aperto il porto?"],
    "pt": ["Quem abriu o porto?"],
    "nl": ["Met wie sprak de burgemeester?"],
    "sv": ["Vem öppnade hamnen?"],
    "da": ["Hvem åbnede havnen?"],
    "fi": ["Kuka avasi sataman?"],
    "pl": ["Kto otworzył port?"],
    "tr": ["Limanı kim açtı?"],
    "id": ["Siapa yang membuka pelabuhan itu?"],
    "ru": ["Кто открыл порт?"],
    "uk": ["Хто відкрив порт?"],
    "ar": ["من هو رئيس البلدية؟"],
    "hi": ["बंदरगाह किसने खोला?"],
    "th": ["ใครเปิดท่าเรือ"],
    "ja": ["港を開いたのは誰ですか。"],
    "ko": ["누가 항구를 열었나요?"],
    "zh": ["谁打开了港口？"],
}
PLACES = {
    "en": ["Where is the harbour?", "Which country built the bridge?"],
    "de": ["Wo liegt der Hafen?", "In welcher Stadt steht die Brücke?"],
    "fr": ["Où se trouve le port ?", "Dans quel pays se trouve le pont ?"],
    "es": ["¿Dónde está el puerto?"],
    "it": ["Dov'è il porto?"],
    "pt": ["Onde fica o porto?"],
    "nl": ["In welk land ligt de haven?"],
    "sv": ["Var ligger hamnen?"],
    "fi": ["Missä satama on?"],
    "cs": ["Kde leží přístav?"],
    "pl": ["Gdzie leży port?"],
    "tr": ["Liman nerede?"],
    "id": ["Di mana pelabuhan itu?"],
    "vi": ["Cảng nằm ở đâu?"],
    "ru": ["Где находится порт?"],
    "uk": ["Де знаходиться порт?"],
    "el": ["Πού βρίσκεται το λιμάνι;"],
    "ar": ["أين يقع الميناء؟"],
    "he": ["איפה נמצא הנמל?"],
    "hi": ["बंदरगाह कहाँ है?"],
    "ja": ["港はどこにありますか。"],
    "ko": ["항구는 어디에 있나요?"],
    "zh": ["港口在哪里？"],
}
NOTHING = {
    "en": ["Why did the canal lose water?", "Tell me about the whole of Showa's whereabouts"],
    "de": ["Warum verlor der Kanal Wasser?", "Die Wanne im Wohnhaus"],
    "fr": ["Pourquoi le canal a-t-il perdu de l'eau ?"],
    "es": ["¿Por qué perdió agua el canal?"],
    "it": ["Perché il canale ha perso acqua?"],
    "pt": ["Por que o canal perdeu água?"],
    "ru": ["Почему канал обмелел?"],
    "ar": ["لماذا فقدت القناة مياهها؟"],
    "ja": ["なぜ運河の水は減ったのですか。"],
    "ko": ["왜 운하의 물이 줄었나요?"],
    "zh": ["运河为什么缺水？"],
    "und": ["", "!!! ?", "42", "\u0378\ue000"],
}
CASES = [
    (kind, language, question)
    for kind, questions in zip(
        (*KINDS, None), (NUMBERS, DATES, PERSONS, PLACES, NOTHING), strict=True
    )
    for language, some in questions.items()
    for question in some
]


@pytest.mark.parametrize(("kind", "language", "question"), CASES)
def test_what_a_question_asks_for(kind: Expected | None, language: str, question: str) -> None:
    assert expected(question) == kind


def test_the_questions_above_are_of_many_languages_and_all_kinds() -> None:
    assert len(CASES) >= 110
    assert {len(one) >= 20 for one in (NUMBERS, DATES, PERSONS, PLACES)} == {True}
    assert {language for _, language, _ in CASES} - {"und"} <= set(QUESTION_WORDS)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        # "ile" is "how much" in Polish and "with" in Turkish.
        ("Ile kosztował ten most, który jest w mieście?", "number"),
        ("Türkiye ile Yunanistan arasındaki anlaşma ne zaman imzalandı?", "date"),
        # "wie" is "who" in Dutch, and a part of "how many" in German.
        ("Wie heeft de haven van de stad geopend?", "person"),
        ("Wie viele Menschen sind bei dem Hochwasser gestorben?", "number"),
        # "ai" is "who" in Vietnamese and "to the" in Italian.
        ("Ai là người đã mở cảng này?", "person"),
        ("Quando è stato dato il premio ai giornalisti della città?", "date"),
        # "var" is "where" in Swedish and "was" in Danish.
        ("Var ligger den nya hamnen och vad kostade den?", "place"),
        ("Hvornår var det, at havnen blev åbnet i byen?", "date"),
        # "kim" is "who" in Turkish, and a name.
        ("When did Kim Jong Un visit the harbour?", "date"),
        ("Where did Kim and Ai go with the mayor?", "place"),
        # "когда" and "коли", "де" and "где".
        ("Де і коли це було?", "place"),
    ],
)
def test_where_languages_disagree_that_of_the_question_counts(
    question: str, kind: Expected
) -> None:
    assert expected(question) == kind


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When and where did it open?", "date"),
        ("Where and when did it open?", "place"),
        # At one place the longest: "how many" and "what" are no place, "in welchem Jahr" no city.
        ("Kaç yılında açıldı bu liman?", "date"),
        ("今年は何年ですか。", "date"),
        ("何年間続きましたか。", "number"),
        ("WHEN DID IT OPEN?", "date"),
        ("ＷＨＥＮ did it open?", "date"),
    ],
)
def test_of_several_question_words_the_first_and_longest_counts(
    question: str, kind: Expected
) -> None:
    assert expected(question) == kind


@pytest.mark.parametrize("language", sorted(QUESTION_WORDS))
def test_every_language_has_words_of_every_kind(language: str) -> None:
    words = QUESTION_WORDS[language]
    assert len(words) == 4
    for alternatives in words:
        for word in alternatives.split("|"):
            assert word.strip("^*").strip(), "an empty alternative matches everywhere"
            assert word == word.lower()


@pytest.mark.parametrize(
    ("sentence", "question", "wanted", "value"),
    [
        ("Forty ships waited, 12 of them full.", "How many ships waited?", "number", 1.0),
        ("Many ships waited.", "How many ships waited?", "number", 0.0),
        # What the question says itself is no answer.
        ("Of the 40 ships some left.", "How many of the 40 ships left?", "number", 0.0),
        ("Of the 40 ships 12 left.", "How many of the 40 ships left?", "number", 1.0),
        ("四十艘船在等待。", "有多少艘船？", "number", 1.0),
        ("المحطة فيها ٤٥ رصيفا", "كم عدد الأرصفة؟", "number", 1.0),
        ("It opened in 1911.", "When did it open?", "date", 1.0),
        ("It opened with 300 guests.", "When did it open?", "date", 0.0),
        ("港は5月に開いた。", "港はいつ開いたか。", "date", 1.0),
        ("In 1911 it was shut.", "When, after 1911, did it open?", "date", 0.0),
        ("The mayor, Anna Berg, spoke.", "Who spoke?", "person", 1.0),
        ("The mayor spoke.", "Who spoke?", "person", 0.0),
        ("Then Anna spoke.", "Who is Anna?", "person", 0.0),
        ("It lies near Oslo.", "Where does it lie?", "place", 1.0),
        ("港口在城市的南边。", "港口在哪里？", "place", 0.5),
        ("الميناء في الجنوب", "أين الميناء؟", "place", 0.5),
        ("It opened in 1911 in Oslo for 40 ships.", "Why?", None, 0.0),
        ("", "When?", "date", 0.0),
    ],
)
def test_a_sentence_offers_what_the_question_does_not_say_itself(
    sentence: str, question: str, wanted: Expected | None, value: float
) -> None:
    assert offers(sentence, question, wanted) == value


@given(st.text(), st.text(), st.sampled_from((*KINDS, None)))
@settings(max_examples=200, deadline=None)
def test_no_text_is_too_strange(question: str, sentence: str, wanted: Expected | None) -> None:
    assert expected(question) in (*KINDS, None)
    assert offers(sentence, question, wanted) in (0.0, 0.5, 1.0)
    # What the question says already is never offered.
    if wanted in ("number", "date"):
        assert offers(question, question, wanted) == 0.0


@pytest.mark.parametrize(
    "unit",
    [
        "how many ",
        "when",
        "w h e n ",
        "何",
        "1",
        "1.",
        "1,1.",
        "A",
        "\ud800",
        "\u202e",
        "ा",
        " ",
        "de ",
    ],
)
def test_a_very_long_text_is_read(unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    assert expected(text) in (*KINDS, None)
    for kind in KINDS:
        assert offers(text, "When?", kind) in (0.0, 0.5, 1.0)
        assert offers("It opened in 1911.", text, kind) in (0.0, 0.5, 1.0)


def test_question_words_count_inside_a_long_question() -> None:
    assert expected(f"{'The harbour, the mayor said, is old. ' * 200}When did it open?") == "date"


@pytest.mark.parametrize("language", sorted(QUESTION_WORDS))
def test_a_pattern_is_left_uncompiled_only_where_it_finds_nothing(language: str) -> None:
    words = [word.strip("^*") for of in QUESTION_WORDS[language] for word in of.split("|")]
    spaced = [f"Ex {word.upper().replace(' ', '  ')} {words[0]}?" for word in words]
    left = []
    for text in (*words, *spaced, *(word[:-1] for word in words)):
        folded = unicodedata.normalize("NFKC", text).lower()
        for cue in _cues(language):
            vars(cue).pop("_pattern", None)
            if cue.search(folded) is None and "_pattern" not in vars(cue):
                left.append((cue, folded))
    assert left
    assert all(cue._pattern.search(folded) is None for cue, folded in left)


def test_a_question_compiles_no_pattern_of_words_that_it_cannot_hold() -> None:
    _cues.cache_clear()
    assert expected("How many ships waited?") == "number"
    assert not any("_pattern" in vars(cue) for cue in _cues("th"))
    assert "_pattern" in vars(_cues("en")[0])
