"""Bytes of any encoding become the text that was written, or are refused; none is dropped."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from helpers import read
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.articles.decoding import Decoded, decode
from assistant.articles.labels import codecs_of
from assistant.errors import ArticleUnreadable

TEXTS = {
    "cp949": "세 나라 국방장관은 북한 미사일 경보 정보를 실시간으로 공유하기로 합의했다.",
    "cp932": "三か国の防衛相は、ミサイルの警戒情報を即時に共有することで合意した。",
    "euc_jp": "三か国の防衛相は、ミサイルの警戒情報を即時に共有することで合意した。",
    "iso2022_jp": "三か国の防衛相は、ミサイルの警戒情報を即時に共有することで合意した。",
    "gb18030": "三国国防部长同意从十二月起实时共享导弹预警信息，这是首次达成此类协议。",
    "cp950": "三國國防部長同意從十二月起即時共享飛彈預警資訊，這是首次達成此類協議。",
    "cp1251": "Министры обороны трёх стран договорились обмениваться данными о ракетах.",
    "koi8-r": "Министры обороны трёх стран договорились обмениваться данными о ракетах.",
    "iso8859-5": "Министры обороны трёх стран договорились обмениваться данными о ракетах.",
    "cp866": "Министры обороны трёх стран договорились обмениваться данными о ракетах.",
    "koi8-u": "Міністри оборони трьох країн домовилися обмінюватися даними про ракети.",
    "cp1252": "Les ministres ont décidé de partager les données dès décembre, à l’été près.",
    "cp1250": "Ministrowie obrony trzech państw zgodzili się, że będą dzielić się ostrzeżeniami.",
    "cp1253": "Οι υπουργοί άμυνας των τριών χωρών συμφώνησαν να ανταλλάσσουν δεδομένα.",
    "cp1254": "Üç ülkenin savunma bakanları füze uyarılarını paylaşmak için anlaştı; ışık yandı.",
    "cp1255": "שרי הביטחון של שלוש המדינות הסכימו לחלוק מידע על טילים בזמן אמת.",
    "cp1256": "اتفق وزراء دفاع الدول الثلاث على تبادل معلومات الإنذار بالصواريخ فورا.",
    "iso8859-6": "اتفق وزراء دفاع الدول الثلاث على تبادل معلومات الإنذار بالصواريخ فورا.",
    "cp874": "รัฐมนตรีกลาโหมของสามประเทศตกลงแลกเปลี่ยนข้อมูลเตือนภัยขีปนาวุธแบบทันที",
}
OTHER_BYTES = ("cp932", "cp950", "big5hkscs", "shift_jis_2004", "euc_jis_2004")
"""Codecs in which some characters have two codes; the text of one is written as the other."""

words = st.lists(
    st.one_of(
        st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9),
        st.text("абвгдежзиклмнопрстуф", min_size=1, max_size=9),
        st.text("的一是在不了有和人这中大为上个国", min_size=1, max_size=9),
        st.text("가나다라마바사아자차카타파하", min_size=1, max_size=9),
        st.text("éüñçß😀€—", min_size=1, max_size=9),
    ),
    min_size=3,
    max_size=60,
).map(" ".join)


@pytest.mark.parametrize("codec", TEXTS)
def test_a_text_is_told_by_its_bytes(codec: str) -> None:
    text = TEXTS[codec]
    found = decode(text.encode(codec))
    assert found.text == text
    assert found.note is not None and ("detected" in found.note or "a guess" in found.note)


@given(words, st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]))
def test_unicode_is_exact(text: str, codec: str) -> None:
    mark = "\ufeff".encode(codec)
    assert decode(mark + text.encode(codec)) == Decoded(text, codec)
    try:
        plain = decode(text.encode(codec))
    except ArticleUnreadable:
        # Without a mark, a few words with hardly a zero byte are refused, not guessed.
        assert codec.startswith("utf-16") and len(text) < 200
        return
    assert (plain.text, plain.encoding) == (text, codec)
    assert (plain.note is None) == (codec == "utf-8")


def check_nothing_is_dropped(data: bytes, found: Decoded) -> None:
    assert "\0" not in found.text
    assert len(found.text) * 4 >= len(data) - 4 or found.encoding.startswith("iso2022")
    if found.repaired:
        assert found.note is not None and "not UTF-8" in found.note
        return
    if found.encoding in OTHER_BYTES or found.encoding.startswith("iso2022"):
        assert found.text.encode(found.encoding).decode(found.encoding) == found.text
        return
    written = found.text.encode(found.encoding)
    mark = "\ufeff".encode(found.encoding) if found.encoding.startswith("utf") else b""
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert lines in (written, mark + written) or b"\r" in data or b"\0" in data


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=80).map(lambda b: b"ab \xe9" + b)))
@example(b"\xff\xfe\x00\x00")
@example(b"\x00\x00\xfe\xff\x00")
@example(b"\xed\xa0\x80")
@example(b"\x1b$B")
@example(b"\x1b$)C\x0e")
def test_any_bytes_are_read_whole_or_refused(data: bytes) -> None:
    try:
        found = decode(data)
    except ArticleUnreadable:
        return
    check_nothing_is_dropped(data, found)


def decoded_or_reason(data: bytes) -> Decoded | str:
    try:
        return decode(data)
    except ArticleUnreadable as error:
        return str(error)


@given(words, st.sampled_from(["cp949", "cp1251", "gb18030", "cp1252", "big5", "cp932", "cp874"]))
def test_what_is_accepted_gives_its_bytes_again(text: str, codec: str) -> None:
    data = "".join(c for c in text if c.encode(codec, "ignore")).encode(codec)
    found = decoded_or_reason(data)
    if isinstance(found, str):
        # Words without sense, of several scripts, may look like nothing that is known: what texts
        # must be told is tested with texts. A refusal says where, and what to do.
        assert re.search(r"byte \d+ .*convert it to UTF-8|binary", found), found
    else:
        check_nothing_is_dropped(data, found)


@given(st.binary(max_size=60), st.text(max_size=30))
def test_any_label_may_be_declared(data: bytes, label: str) -> None:
    try:
        found = decode(data, declared=label)
    except ArticleUnreadable:
        return
    check_nothing_is_dropped(data, found)


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("iso-8859-1", "cp1252"),
        ("ISO_8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        (' "UTF8" ', "utf-8"),
        ("gb2312", "gb18030"),
        ("x-gbk", "gb18030"),
        ("ks_c_5601-1987", "cp949"),
        ("EUC-KR", "cp949"),
        ("shift_jis", "cp932"),
        ("x-sjis", "cp932"),
        ("windows-31j", "cp932"),
        ("big5", "cp950"),
        ("tis-620", "cp874"),
        ("x-cp1251", "cp1251"),
        ("iso-8859-9", "cp1254"),
        ("koi8-u", "koi8-u"),
        ("macintosh", "mac-roman"),
    ],
)
def test_labels_mean_what_browsers_take_them_for(label: str, codec: str) -> None:
    assert codecs_of(label)[0] == codec


@pytest.mark.parametrize(
    "label", ["rot13", "zip", "utf-7", "unicode_escape", "idna", "punycode", "", "a\0b", "é" * 999]
)
def test_labels_that_are_no_encoding_of_text_declare_nothing(label: str) -> None:
    assert codecs_of(label) == ()
    assert decode("é한".encode(), declared=label) == Decoded("é한", "utf-8")


@pytest.mark.parametrize("codec", TEXTS)
def test_a_declaration_is_believed(codec: str) -> None:
    found = decode(TEXTS[codec].encode(codec), declared=codec)
    assert (found.text, found.note) == (TEXTS[codec], None)


@pytest.mark.parametrize(
    ("codec", "declared"),
    [
        ("cp949", "utf-8"),
        ("cp949", "iso-8859-1"),
        ("cp1251", "windows-1252"),
        ("utf-8", "iso-8859-1"),
        ("utf-8", "euc-kr"),
        ("utf-8", "utf-16"),
    ],
)
def test_a_declaration_that_cannot_be_is_noted_and_not_believed(codec: str, declared: str) -> None:
    text = TEXTS.get(codec, TEXTS["cp1251"])
    found = decode(text.encode(codec), declared=declared)
    assert found.text == text
    assert found.note is not None
    assert found.note.startswith(f"declared as '{declared}', which it is not; read as ")


def test_one_declared_letter_is_not_taken_for_two() -> None:
    found = decode("Le débat".encode(), declared="iso-8859-1")
    assert found.text == "Le débat"
    for text in ("Le débat", "Été", "Äöü"):
        assert decode(text.encode("latin-1"), declared="iso-8859-1") == Decoded(text, "cp1252")


def test_stray_bytes_in_utf8_are_counted() -> None:
    text = TEXTS["cp1251"]
    data = text.encode() + b" caf\xe9 \x93quoted\x94 \x81"
    found = decode(data)
    assert found.text == f"{text} café “quoted” \x81"
    assert (found.encoding, found.repaired) == ("utf-8", 4)
    assert found.note == "4 bytes were not UTF-8 and read as windows-1252"
    cut = decode(text.encode()[:-2])
    assert (cut.text, cut.repaired) == (text[:-2] + "Ñ", 1)
    # What is mangled already is what was written.
    assert decode("cafÃ©".encode()) == Decoded("cafÃ©", "utf-8")


def test_many_stray_bytes_cost_little() -> None:
    found = decode(("é" * 9).encode() * 100_000 + b"\xff" * 100_000)
    assert found.repaired == 100_000


def test_few_bytes_are_a_guess() -> None:
    found = decode("Statsministeren sa på fredag at avtalen står ved lag.".encode("cp1252"))
    assert found.text == "Statsministeren sa på fredag at avtalen står ved lag."
    assert found.note is not None and "a guess from 2 bytes" in found.note
    turkish = "Bakanlar önümüzdeki hafta yeniden bir araya gelecek, anlaşma imzalanacak."
    assert decode(turkish.encode("cp1254")).text == turkish


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        b"a\0b",
        b"a long line of text that ends in a zero\0",
        "x".encode("utf-16-le"),
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\0\0\0",
        bytes(range(256)),
        b"\xff\xfea\0b\0c",
        b"\xff\xfea\0\0\0",
    ],
)
def test_what_is_not_text_is_refused(data: bytes) -> None:
    with pytest.raises(ArticleUnreadable):
        decode(data)


def test_long_texts_are_told_by_samples() -> None:
    """The letters may come late, and the end must fit too."""
    text = "plain ascii\n" * 40_000 + f"{TEXTS['cp1251']}\n" * 2_000 + "end\n" * 40_000
    assert decode(text.encode("cp1251")).text == text
    korean = f"{TEXTS['cp949']}\n" * 10_000
    assert decode(korean.encode("cp949")).text == korean
    with pytest.raises(ArticleUnreadable):
        decode(korean.encode("cp949") + b"\xff\xff\x80\x80\xff\n")


def test_a_reader_notes_a_guess(tmp_path: Path) -> None:
    for name in ("a.txt", "a.md"):
        (tmp_path / name).write_bytes(TEXTS["koi8-r"].encode("koi8-r"))
        ((article,), (note,)) = read(tmp_path / name)
        assert article.text == TEXTS["koi8-r"]
        assert article.language == "ru"
        assert str(note) == (
            f"{name}: read as KOI8-R, which was detected, not declared; "
            "convert the file to UTF-8 if that is wrong"
        )


def rows(*texts: str) -> str:
    return "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)


@pytest.mark.parametrize("codec", ["cp949", "cp1251", "cp932", "utf-16", "utf-16-le"])
def test_json_lines_in_another_encoding(tmp_path: Path, codec: str) -> None:
    text = TEXTS.get(codec, TEXTS["cp949"])
    path = tmp_path / "a.jsonl"
    path.write_bytes(rows(*(f"{number}. {text}" for number in range(3_000))).encode(codec))
    articles, notes = read(path)
    assert [article.text for article in articles] == [f"{n}. {text}" for n in range(3_000)]
    assert len(notes) == (codec != "utf-16")
    assert all(note.line == 1 for note in notes)


def test_a_line_in_another_encoding_than_the_others(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    russian, korean = TEXTS["cp1251"], TEXTS["cp949"]
    many = rows(*["Plain words."] * 12_000).encode()
    path.write_bytes(many + rows(russian, russian).encode("cp1251") + rows(korean).encode())
    articles, notes = read(path)
    assert [article.text for article in articles[12_000:]] == [russian, russian, korean]
    assert [note.line for note in notes] == [12_001]
    assert "read as windows-1251; those before are UTF-8" in notes[0].reason
