"""Whether a sentence hangs on the one before it, by its first words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.references import REFERRING_WORDS, refers_back

# One sentence that goes on, and one that stands by itself, by language.
SENTENCES = {
    "ar": ("وهو يقول إن الميناء سيفتح غدا.", "افتتح الميناء يوم الاثنين."),
    "bn": ("তিনি বলেন, বন্দর খুলবে।", "বন্দর সোমবার খুলেছে।"),
    "cs": ("Jeho most byl drahý.", "Přístav se otevřel v pondělí."),
    "da": ("Det blev lukket.", "Havnen åbnede mandag."),
    "de": ("Er sagte, der Hafen sei teuer.", "Das Parlament stimmte am Montag ab."),
    "el": ("Αυτό έκλεισε.", "Το λιμάνι άνοιξε τη Δευτέρα."),
    "en": ("It opened on Monday.", "The harbour opened on Monday."),
    "es": ("Esto cerró el puerto.", "El puerto abrió el lunes."),
    "fa": ("او گفت بندر باز می‌شود.", "بندر روز دوشنبه باز شد."),
    "fi": ("Hän sanoi, että satama avataan.", "Satama avattiin maanantaina."),
    "fr": ("Elle a ouvert lundi.", "Le port a ouvert lundi."),
    "he": ("הוא אמר שהנמל ייפתח.", "הנמל נפתח ביום שני."),
    "hi": ("उन्होंने कहा कि बंदरगाह खुलेगा।", "बंदरगाह सोमवार को खुला।"),
    "hu": ("Ez zárta be a kikötőt.", "A kikötő hétfőn nyílt meg."),
    "id": ("Mereka menutup pelabuhan.", "Pelabuhan dibuka pada hari Senin."),
    "it": ("Questo ha chiuso il porto.", "Il porto ha aperto lunedì."),
    "ja": ("そのため港は閉まった。", "港は月曜日に開いた。"),
    "ko": ("그는 항구가 열린다고 말했다.", "항구는 월요일에 열렸다."),
    "nl": ("Dit sloot de haven.", "De haven ging maandag open."),
    "no": ("Hun sa at havnen åpner.", "Havnen åpnet mandag."),
    "pl": ("To zamknęło port.", "Port otwarto w poniedziałek."),
    "pt": ("Isso fechou o porto.", "O porto abriu na segunda-feira."),
    "ro": ("Acesta a fost închis.", "Portul s-a deschis luni."),
    "ru": ("Он сказал, что порт откроют.", "Порт открыли в понедельник."),
    "sv": ("Det stängde hamnen.", "Hamnen öppnade på måndagen."),
    "th": ("เขากล่าวว่าท่าเรือจะเปิด", "ท่าเรือเปิดวันจันทร์"),
    "tr": ("Bu nedenle liman kapandı.", "Liman pazartesi günü açıldı."),
    "uk": ("Це закрило порт.", "Порт відкрили в понеділок."),
    "ur": ("انہوں نے کہا کہ بندرگاہ کھلے گی۔", "بندرگاہ پیر کو کھلی۔"),
    "vi": ("Điều này đã đóng cửa cảng.", "Cảng mở cửa vào thứ Hai."),
    "zh": ("他说港口将开放。", "港口星期一开放。"),
}
OPENINGS = ("“", "«", "„", "「", "『", "(", "（", "[", "— ", "– ", "¿", "…", '"', "'", " \n", "« ")


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_a_sentence_that_goes_on_is_told_from_one_that_stands_by_itself(language: str) -> None:
    goes_on, stands = SENTENCES[language]
    assert refers_back(goes_on, language)
    assert not refers_back(stands, language)


def test_there_is_a_pair_for_every_language_with_such_words() -> None:
    assert set(SENTENCES) == set(REFERRING_WORDS)


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("language", ["en", "de", "fr", "zh", "ja", "ar"])
def test_quotation_marks_and_brackets_before_the_first_word_do_not_hide_it(
    opening: str, language: str
) -> None:
    goes_on, stands = SENTENCES[language]
    assert refers_back(opening + goes_on, language)
    assert refers_back(opening * 3 + goes_on, language)
    assert not refers_back(opening + stands, language)


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        # Words that only begin like one that refers.
        ("Italy signed the treaty.", "en"),
        ("Hermann opened the harbour.", "en"),
        ("Sophie opened the harbour.", "en"),
        ("Erst am Montag öffnete der Hafen.", "de"),
        ("Essen hat einen Hafen.", "de"),
        ("Illich a écrit un livre.", "fr"),
        ("Online-Dienste fielen aus.", "cs"),
        # Articles, which many sentences begin with.
        ("Das Parlament stimmte ab.", "de"),
        ("Die Regierung trat zurück.", "de"),
        ("The government resigned.", "en"),
        ("La mairie a fermé.", "fr"),
        ("O governo caiu.", "pt"),
        # Words that say that something went before, and are understood without it.
        ("However, the harbour closed.", "en"),
        ("Sin embargo, el puerto cerró.", "es"),
        ("しかし港は閉まった。", "ja"),
        ("Однако порт закрыли.", "ru"),
        ("但是港口关闭了。", "zh"),
        # Such words further on.
        ("The mayor said it opened.", "en"),
        ("Port, on tam był.", "pl"),
        ("", "en"),
        ("…", "en"),
        ("1911", "en"),
    ],
)
def test_what_only_looks_like_it_does_not_refer(sentence: str, language: str) -> None:
    assert not refers_back(sentence, language)


@pytest.mark.parametrize(
    ("sentence", "language", "refers"),
    [
        ("Han sa det.", "nb", True),
        ("Han sa det.", "nn", True),
        ("HE SAID SO.", "EN", True),
        ("He said so.", "en-GB", True),
        ("他說港口將開放。", "zh-Hant", True),
        ("Mereka menutup pelabuhan.", "ms", True),
        # Of a language without a list nothing is known.
        ("He said so.", "und", False),
        ("He said so.", "", False),
        ("Ta ütles nii.", "et", False),
        # A word counts in its own language only.
        ("He said so.", "de", False),
        ("Er sagte es.", "en", False),
    ],
)
def test_the_tag_says_which_words_count(sentence: str, language: str, refers: bool) -> None:
    assert refers_back(sentence, language) is refers


def test_full_width_and_decomposed_letters_are_the_same_letters() -> None:
    assert refers_back("Ｈｅ said so.", "en")
    assert refers_back("E\u0301l lo dijo.", "es")


@pytest.mark.parametrize("language", sorted(REFERRING_WORDS))
def test_every_word_of_the_lists_refers(language: str) -> None:
    for word in REFERRING_WORDS[language].split("|"):
        assert word.strip(), "an empty word would refer in every sentence"
        assert refers_back(word, language)
        assert refers_back(f"«{word.title()} 1", language)


@given(st.text(), st.sampled_from([*sorted(REFERRING_WORDS), "und"]))
@settings(max_examples=200, deadline=None)
def test_no_sentence_is_too_strange(sentence: str, language: str) -> None:
    assert refers_back(sentence, language) in (True, False)


@given(st.text(max_size=10), st.text(max_size=20))
@settings(max_examples=100, deadline=None)
def test_no_tag_is_too_strange(tag: str, sentence: str) -> None:
    assert refers_back(sentence, tag) in (True, False)


@pytest.mark.parametrize("unit", ["(", "it", "It ", "\ud800", "\u202e", "の", "« ", "\u0301"])
def test_a_very_long_sentence_is_read(unit: str) -> None:
    assert refers_back(unit * 100_000, "en") is (unit == "It ")
