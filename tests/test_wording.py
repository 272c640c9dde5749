"""What the chat says is complete in every language, and fits what is put into it."""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

import assistant.chat
from assistant.chat.escaping import display_text
from assistant.chat.wording import TAGS, Wording, wording, wording_for
from assistant.types import UNDETERMINED

FOLDER = Path(assistant.chat.__file__).parent / "wordings"
OTHERS = TAGS[1:]

SAME_AS_ENGLISH = {
    "fr": {
        "question",
        "source",
        "sources",
        "reading",
        "number_articles",
        "number_passages",
        "why_score",
        "articles.one",
        "articles.other",
    },
    "de": {"paste_text"},
}
"""By language, the keys whose words happen to be the English ones."""

DAYS = ("day", "first", "last", "as_of", "built", "period")
"""The names in braces that stand for days, months or times in digits."""


def _text(tag: str) -> str:
    return (FOLDER / f"{tag}.toml").read_text(encoding="utf-8")


def _strings(tag: str) -> Iterator[tuple[str, str]]:
    """Every key and its words; a plural form's key is `table.form`."""
    for key, said in tomllib.loads(_text(tag)).items():
        if isinstance(said, str):
            yield key, said
        else:
            yield from ((f"{key}.{form}", words) for form, words in said.items())


def _names(said: str) -> list[str]:
    """The names in braces, sorted; fails on a format, which a text has no use for."""
    names = []
    for _, name, form, conversion in Formatter().parse(said):
        if name is not None:
            assert name.isidentifier() and not form and not conversion, said
            names.append(name)
    return sorted(names)


def _plain(said: str) -> str:
    """The words without what is put into them."""
    return re.sub(r"\{\w+\}", "", said)


def _plural_tables(tag: str) -> dict[str, dict[str, str]]:
    table = tomllib.loads(_text(tag))
    return {key: forms for key, forms in table.items() if isinstance(forms, dict)}


def test_each_language_has_a_table_and_no_other_has_one() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{tag}.toml" for tag in TAGS}


@pytest.mark.parametrize("tag", OTHERS)
def test_keys_and_sections_are_those_of_english_in_the_same_order(tag: str) -> None:
    def outline(tag: str) -> list[str]:
        # Plural forms differ by language; the comment at the head is each file's own.
        body = re.sub(r"\A(#.*\n)+", "", _text(tag))
        lines = [line.split(" = ")[0] for line in body.splitlines() if line]
        forms = {"zero", "one", "two", "few", "many", "other"}
        return [line for line in lines if line not in forms]

    assert outline(tag) == outline("en")
    assert tomllib.loads(_text(tag)).keys() == tomllib.loads(_text("en")).keys()


@pytest.mark.parametrize("tag", OTHERS)
def test_each_text_has_the_names_in_braces_that_english_has(tag: str) -> None:
    english = dict(_strings("en"))
    for key, said in _strings(tag):
        if "." not in key:
            assert _names(said) == _names(english[key]), key


@pytest.mark.parametrize("tag", TAGS)
def test_plural_tables_have_the_forms_that_the_language_needs(tag: str) -> None:
    locale = Locale.parse(tag)
    # French and Spanish have a form of their own for whole millions, which says `de`
    # after a word like "million"; after digits it is the other one.
    needed = {str(locale.plural_form(n)) for n in range(201)}
    for key, forms in _plural_tables(tag).items():
        assert forms.keys() == needed | {"other"}, key
        assert str(locale.plural_form(1_000_000)) in forms.keys() | {"many"}, key
        for form, said in forms.items():
            # Arabic says one and two without a figure.
            figure = [] if tag == "ar" and form in ("one", "two") else ["n"]
            assert _names(said) == figure, (key, form)


@pytest.mark.parametrize("tag", TAGS)
def test_texts_are_plain_and_none_is_empty(tag: str) -> None:
    for key, said in _strings(tag):
        assert said.strip() == said != "" or key == "comma", key
        assert "  " not in said, key
        assert not re.search(r"[<>*`_\[\]\\\"&\n\t]", _plain(said)), key
        assert tag == "en" or "'" not in said, key


@pytest.mark.parametrize("tag", OTHERS)
def test_texts_are_not_left_in_english(tag: str) -> None:
    english = dict(_strings("en"))
    same = {
        key
        for key, said in _strings(tag)
        if said == english.get(key) and re.search(r"[^\W\d_]", _plain(said))
    }
    assert same == SAME_AS_ENGLISH.get(tag, set())


@pytest.mark.parametrize(
    ("tag", "script"),
    [("ko", "[가-힣]"), ("ja", "[぀-ヿ一-鿿]"), ("zh", "[一-鿿]"), ("ar", "[؀-ۿ]")],
)
def test_texts_are_in_the_script_of_their_language(tag: str, script: str) -> None:
    for key, said in _strings(tag):
        if re.search(r"[^\W\d_]", _plain(said)):
            assert re.search(script, said), key


def test_french_keeps_its_marks_on_the_line() -> None:
    for key, said in _strings("fr"):
        assert not re.search(r"(?<!\u00a0)[:;?!»]|«(?!\u00a0)", said), key


def test_a_day_after_arabic_letters_is_marked_left_to_right() -> None:
    marked = 0
    for key, said in _strings("ar"):
        for before, name, _, _ in Formatter().parse(said):
            if name in DAYS:
                assert before.endswith("\u200e"), key
                marked += 1
    assert marked > 10


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [
        (None, "en"),
        ("", "en"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("xx, de;q=0.5", "de"),
        ("zh-Hant-TW", "zh"),
        ("ar;q=0, es", "es"),
        ("*;q=0.1", "en"),
        ("KO-kr", "ko"),
        ("ja;q=0.2, ar;q=0.9", "ar"),
        ("es, fr", "es"),
        ("de; q=0.4, fr ;q=0.3", "de"),
        ("de;q=much, fr;q=nan, es;q=-1", "en"),
        (",;,;;=,q=1", "en"),
        ("x" * 100_000, "en"),
        ("," * 100_000 + "fr", "en"),
        ("fr," + "é;q=\x00," * 20_000, "fr"),
    ],
)
def test_the_language_is_the_one_that_the_reader_wants_most(accepted: str | None, tag: str) -> None:
    assert wording_for(accepted).tag == tag


@settings(deadline=None)
@given(st.text())
def test_any_header_finds_a_language(accepted: str) -> None:
    assert wording_for(accepted).tag in TAGS


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*TAGS, "xx", "*", "und"]),
            st.sampled_from(["", "-Latn", "-419", "-"]),
            st.integers(0, 10),
        ),
        max_size=20,
    )
)
def test_no_language_that_the_reader_wants_more_is_passed_over(
    wanted: list[tuple[str, str, int]],
) -> None:
    header = ", ".join(f"{tag}{more};q={tenths / 10}" for tag, more, tenths in wanted)
    spoken = [(tenths, tag) for tag, _, tenths in wanted if tag in TAGS and tenths]
    most = max((tenths for tenths, _ in spoken), default=0)
    first = next((tag for tenths, tag in spoken if tenths == most), "en")
    assert wording_for(header).tag == first


@pytest.mark.parametrize(
    ("tag", "number", "said"),
    [
        ("en", 0, "0 articles"),
        ("en", 1, "1 article"),
        ("en", 1_200, "1,200 articles"),
        ("fr", 0, "0 article"),
        ("fr", 1, "1 article"),
        ("fr", 1_200, "1\u202f200 articles"),
        ("fr", 1_000_000, "1\u202f000\u202f000 articles"),
        ("de", 1_200, "1.200 Artikel"),
        ("es", 1, "1 artículo"),
        ("es", 1_000_000, "1.000.000 artículos"),
        ("ko", 1, "기사 1건"),
        ("ja", 1_200, "記事1,200件"),
        ("zh", 2, "2 篇文章"),
        ("ar", 0, "0 مقال"),
        ("ar", 1, "مقال واحد"),
        ("ar", 2, "مقالان"),
        ("ar", 3, "3 مقالات"),
        ("ar", 11, "11 مقالًا"),
        ("ar", 100, "100 مقال"),
        ("ar", 103, "103 مقالات"),
    ],
)
def test_articles_are_counted_as_the_language_counts(tag: str, number: int, said: str) -> None:
    assert wording(tag).count("articles", number) == said


@pytest.mark.parametrize("tag", TAGS)
def test_every_count_shows_its_number(tag: str) -> None:
    words = wording(tag)
    for key in _plural_tables("en"):
        for number in (*range(21), 99, 100, 102, 111, 1_000, 1_000_000, 2_345_678):
            said = words.count(key, number)
            assert "{" not in said
            assert words.number(number) in said or (tag == "ar" and number in (1, 2))


def test_numbers_and_shares_are_written_as_the_language_writes_them() -> None:
    assert [wording(tag).number(1234.5) for tag in ("en", "fr", "de")] == [
        "1,234.5",
        "1\u202f234,5",
        "1.234,5",
    ]
    assert [wording(tag).share(0.85) for tag in ("en", "de", "ja")] == ["85%", "85\u00a0%", "85%"]


@pytest.mark.parametrize(
    ("tag", "both", "either"),
    [
        ("en", "a and b", "a or b"),
        ("fr", "a et b", "a ou b"),
        ("de", "a und b", "a oder b"),
        ("es", "a y b", "a o b"),
        ("ja", "a、b", "aまたはb"),
        ("zh", "a和b", "a或b"),
        ("ar", "a وb", "a أو b"),
    ],
)
def test_names_are_listed_as_the_language_lists_them(tag: str, both: str, either: str) -> None:
    words = wording(tag)
    assert words.listed(["a", "b"]) == both
    assert words.listed(iter("ab"), either=True) == either
    assert words.listed(["a"]) == "a"
    assert words.listed([]) == ""


def test_languages_have_their_names() -> None:
    assert wording().language("fr") == "French"
    assert wording("fr").language("de") == "allemand"
    assert wording("ja").language("KO") == "韓国語"
    assert wording("de").language("zh-Hant") == "Chinesisch (zh-Hant)"
    assert wording("es").language("qqq") == "qqq"
    for tag in TAGS:
        assert wording(tag).language(UNDETERMINED) == wording(tag).table["unknown_language"]


def test_days_are_cut_from_times_and_may_be_open_on_a_side() -> None:
    first, last = "2024-01-05T10:00:00+00:00", "2024-03-01"
    assert wording().days(first, last) == "2024-01-05 to 2024-03-01"
    assert wording("fr").days(first, last) == "du 2024-01-05 au 2024-03-01"
    assert wording("zh").days(first, None) == "2024-01-05 起"
    assert wording("de").days(None, last) == "bis 2024-03-01"
    for tag in TAGS:
        day = wording(tag).days(first, "2024-01-05T23:59:00+00:00")
        assert day.removeprefix("\u200e") == "2024-01-05"
        assert day.startswith("\u200e") is (tag == "ar")
        assert wording(tag).days(None, None) == ""


def test_arabic_alone_runs_from_right_to_left() -> None:
    assert {tag for tag in TAGS if wording(tag).direction == "rtl"} == {"ar"}
    assert {wording(tag).direction for tag in TAGS} == {"ltr", "rtl"}


def test_html_escapes_the_words_and_not_the_values() -> None:
    words = Wording("en")
    words.table["understood"] = 'a < "b" & {{c}} {question} $d$'
    shown = words.html("understood", question="<b>{d}</b> &amp;")
    before, after = shown.split("<b>{d}</b> &amp;")
    assert not re.search(r"[<>\"{}$]", before + after)
    assert html.unescape(before) == 'a < "b" & {c} '
    assert html.unescape(after) == " $d$"


@pytest.mark.parametrize("tag", TAGS)
def test_html_says_what_say_says(tag: str) -> None:
    words = wording(tag)
    for key in ("understood", "not_there", "newer", "written"):
        values = {name: f"x{place}" for place, name in enumerate(_names(words.table[key]))}
        shown = html.unescape(words.html(key, **values))
        assert shown == display_text(words.say(key, **values))


def test_values_are_put_in_as_they_are() -> None:
    for tag in TAGS:
        assert "{n} %s {0}" in wording(tag).say("understood", question="{n} %s {0}")


def test_wordings_are_read_once() -> None:
    assert wording("fr") is wording("fr") is wording_for("fr")


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("kind", ["check", "state"])
def test_no_two_states_of_a_sentence_are_told_in_the_same_words(tag: str, kind: str) -> None:
    states = ("verbatim", "supported", "partly", "contradicted", "not_found")
    assert len({wording(tag).table[f"{kind}_{state}"] for state in states}) == len(states)
