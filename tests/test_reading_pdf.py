"""PDF: the text layer exactly, what is said of it, and what is wrong with it."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pytest
from documents import articles_of, read_directly, reasons_of
from hypothesis import given
from hypothesis import strategies as st
from mutations import mutated, mutations
from pdf_files import (
    LEADING,
    Written,
    assembled,
    lines_of_text,
    pages_of_text,
    pdf_file,
    pdf_of,
    stream,
    visual,
)
from pypdf import PdfReader, PdfWriter

from assistant.articles import Reading
from assistant.limits import Limits
from assistant.types import Article, Skipped

ENGLISH = (
    "The harbour of Fairhaven opened on Monday, after eleven years of work. Forty ships waited "
    "outside the breakwater, and the mayor said that the cranes had cost nine million crowns.\n\n"
    "Nobody knows yet who will pay. A committee will examine the figures before the first of June, "
    "said the ministry, which has paid for two harbours already."
)
RUSSIAN = (
    "Порт Светлой Гавани открылся в понедельник после одиннадцати лет строительства. Сорок судов "
    "ждали за волнорезом, и мэр сказал, что краны обошлись в девять миллионов крон.\n\n"
    "Кто заплатит, пока неизвестно. Комиссия проверит расчёты до первого июня."
)
KOREAN = (
    "항구는 열한 해의 공사 끝에 월요일에 문을 열었다. 배 마흔 척이 방파제 밖에서 기다렸고, "
    "시장은 기중기에 구백만 크로네가 들었다고 말했다. 항구 사람들은 기뻐했다."
)
CHINESE = (
    "经过十一年的建设，港口于星期一开放。四十艘船在防波堤外等候，市长说起重机花费了九百万克朗。"
    "委员会将在六月一日之前审查账目，部里说已经为两个港口付过钱。"
)
ARABIC = (
    "افتتح ميناء المدينة يوم الاثنين بعد أحد عشر عاما من العمل. وانتظرت أربعون سفينة خارج حاجز "
    "الأمواج، وقال رئيس البلدية إن الرافعات كلفت تسعة ملايين كرونة."
)


@pytest.mark.parametrize("text", [ENGLISH, RUSSIAN, KOREAN, CHINESE], ids=["en", "ru", "ko", "zh"])
def test_text_is_read_letter_for_letter(text: str) -> None:
    (article,) = articles_of("a.pdf", pdf_file(text))
    assert article.text == text


@pytest.mark.parametrize("shaped", [False, True])
def test_arabic_is_read_in_the_order_of_reading(shaped: bool) -> None:
    lines = lines_of_text(ARABIC)[0]
    pages = [
        [
            Written(visual(_shaped(line) if shaped else line), y=720 - n * LEADING)
            for n, line in enumerate(lines)
        ]
    ]
    (article,) = articles_of("a.pdf", pdf_of(pages))
    assert (article.text, article.language) == (ARABIC, "ar")


def _shaped(line: str) -> str:
    """Some letters as the forms in which fonts draw them."""
    forms = {"ا": "\ufe8d", "ل": "\ufedf", "م": "\ufee3", "ن": "\ufee7", "ة": "\ufe94"}
    return "".join(forms.get(letter, letter) for letter in line)


def test_words_of_right_to_left_lines_that_are_placed_one_by_one() -> None:
    words = ["وانتظرت", "أربعون", "سفينة", "خارج", "Fair Haven", "حاجز"]
    x, pieces = 500.0, []
    for word in words:
        x -= 5.5 * len(word)
        pieces.append(Written(word if word.isascii() else visual(word), x=x))
        x -= 5.5
        pieces.append(Written(" ", x=x))
    (article,) = articles_of("a.pdf", pdf_of([sorted(pieces, key=lambda piece: piece.x)]))
    assert article.text == " ".join(words)


def test_paragraphs_go_on_over_pages() -> None:
    text = "\n\n".join(
        f"{name} came to the harbour in the rain and waited for the ship that had left on Monday, "
        f"and then went home again by the road along the water, as {name} had always done."
        for name in ["Anna", "Bela", "Cleo", "Dora", "Emil", "Fritz", "Gwen", "Hugo", "Ines"]
    )
    pages = pages_of_text(text, lines=7)
    assert len(pages) > 3
    (article,) = articles_of("a.pdf", pdf_of(pages))
    assert article.text == text


def lines(*texts: str, size: float = 11.0) -> list[Written]:
    return [Written(text, y=720 - n * LEADING, size=size) for n, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("a long line about inter-", "national talks", "a long line about international talks"),
        ("a line about inter\u00ad", "national talks", "a line about international talks"),
        ("the visit of Jean-", "Pierre to the town", "the visit of Jean-Pierre to the town"),
        ("in the years 2019-", "2020 it rained", "in the years 2019-2020 it rained"),
        ("well-known and then well-", "known again", "well-known and then well-known again"),
        ("auf Haupt- und Neben-", "bahnen fährt man", "auf Haupt- und Nebenbahnen fährt man"),
        ("auf vielen Haupt-", "und Nebenbahnen", "auf vielen Haupt- und Nebenbahnen"),
        ("it was over \u2013", "or nearly so", "it was over \u2013 or nearly so"),
        ("of\ufb01ce and \ufb02ood", "o\ufb00ered", "office and flood offered"),
        ("⼗⼀年的建设，港⼝于星期", "⼀开放的市⻓说", "十一年的建设，港口于星期一开放的市长说"),
    ],
)
def test_lines_are_joined(first: str, second: str, joined: str) -> None:
    (article,) = articles_of("a.pdf", pdf_of([lines(first, second)]))
    assert article.text == joined


def test_paragraphs_are_told_by_space_or_by_indents() -> None:
    sentence = "The harbour opened on Monday and forty ships waited outside."
    spaced = [Written(sentence, y=720 - n * LEADING - (n // 3) * LEADING / 2) for n in range(9)]
    indented = [
        Written(sentence, x=90.0 if n % 3 == 0 else 72.0, y=720 - n * LEADING) for n in range(9)
    ]
    ragged = [
        Written(visual(ARABIC[:40] + "." * (n % 2)), x=72.0 + 9 * (n % 3), y=720 - n * LEADING)
        for n in range(9)
    ]
    for page, count in ((spaced, 3), (indented, 3), (ragged, 1)):
        (article,) = articles_of("a.pdf", pdf_of([page]))
        assert len(article.text.split("\n\n")) == count


def test_items_of_a_list_stay_apart() -> None:
    page = lines("The harbour has three parts:", "• the old basin", "• the new basin", "• the quay")
    (article,) = articles_of("a.pdf", pdf_of([page]))
    assert article.text.split("\n\n") == [line.text for line in page]


def running(pages: int, header: str, footer: str) -> bytes:
    body = pages_of_text(
        "\n\n".join(
            f"Paragraph {n} tells {'more and ' * (n % 7)}more about the harbour, its ships and the "
            f"{'very ' * (n % 5)}old lighthouse of Fairhaven."
            for n in range(pages * 12)
        ),
        lines=30,
    )[:pages]
    made = []
    for number, page in enumerate(body, start=1):
        above = Written(header.format(number), y=760)
        made.append([above, *page, Written(footer.format(number), y=40)])
    return pdf_of(made)


@pytest.mark.parametrize("pages", [2, 3, 6])
def test_running_titles_and_page_numbers_are_left_out(pages: int) -> None:
    (article,) = articles_of("a.pdf", running(pages, "The Courier, 12 May", "{0}"))
    assert "The Courier" not in article.text
    assert article.text.startswith("Paragraph 0 tells more")
    assert not article.text.rstrip(".").split()[-1].isdecimal()


def test_what_stands_once_at_an_edge_stays() -> None:
    first = running(1, "The Courier, 12 May", "page {0}")
    (article,) = articles_of("a.pdf", first)
    assert article.text.startswith("The Courier, 12 May")
    assert article.text.endswith("page 1")


def test_pages_that_are_all_alike_keep_their_text() -> None:
    (article,) = articles_of("a.pdf", pdf_of([lines("Nothing new.")] * 4))
    assert article.text.count("Nothing new.") == 4


XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Title in XMP</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>Anne Dupont</rdf:li><rdf:li>B. Lee</rdf:li></rdf:Seq></dc:creator>
<dc:date><rdf:Seq><rdf:li>2024-03-02T10:00:00+02:00</rdf:li></rdf:Seq></dc:date>
%s</rdf:Description></rdf:RDF></x:xmpmeta>"""


CREATED = "D:20240301120000+01'00'"


def about(**info: str) -> Article:
    (article,) = articles_of("sheet.pdf", pdf_of(pages_of_text(ENGLISH), info=info))
    return article


def test_what_a_pdf_says_of_itself() -> None:
    article = about(
        Title="The harbour", Author="Anne; B. Lee", CreationDate="D:20240301120000+01'00'"
    )
    assert (article.title, article.authors) == ("The harbour", ("Anne", "B. Lee"))
    assert article.published == "2024-03-01T11:00:00Z"
    pages = pages_of_text(ENGLISH)
    info = {"Title": "Other", "Author": "Other", "CreationDate": "D:20200101"}
    (article,) = articles_of("a.pdf", pdf_of(pages, info=info, xmp=XMP % ""))
    assert (article.title, article.authors) == ("Title in XMP", ("Anne Dupont", "B. Lee"))
    assert article.published == "2024-03-02T08:00:00Z"
    prism = "<prism:publicationDate>2024-05-06</prism:publicationDate>"
    (article,) = articles_of("a.pdf", pdf_of(pages, info=info, xmp=XMP % prism))
    assert article.published == "2024-05-06"


@pytest.mark.parametrize(
    "junk",
    [
        "Microsoft Word - draft3.doc",
        "untitled",
        "Untitled-1",
        "report.indd",
        "",
        "about:blank",
        "12",
    ],
)
def test_a_title_that_a_program_gave_is_none(junk: str) -> None:
    pages = pages_of_text(ENGLISH)
    assert about(Title=junk).title == "sheet"
    headed = [[Written("Harbour opens", y=760, size=20), *pages[0]], *pages[1:]]
    (article,) = articles_of("a.pdf", pdf_of(headed, info={"Title": junk or " "}))
    assert article.title == "Harbour opens"


def test_the_day_of_printing_is_no_date_of_publication() -> None:
    made = {"CreationDate": "D:20240301120000Z", "Creator": "Mozilla/5.0", "Producer": "Skia/PDF"}
    assert about(**made).published is None
    assert about(CreationDate="D:20240301120000Z").published == "2024-03-01T12:00:00Z"
    assert about(CreationDate="yesterday").published is None


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        (RUSSIAN, "en-US", "ru"),
        (ENGLISH, "en-GB", "en-GB"),
        (ENGLISH, "", "en"),
        (RUSSIAN, "uk", "uk"),
    ],
)
def test_a_default_language_is_not_believed(text: str, declared: str, language: str) -> None:
    data = pdf_of(pages_of_text(text), catalog=f"/Lang ({declared})")
    (article,) = articles_of("a.pdf", data)
    assert article.language == language


def encrypted(user: str, algorithm: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_file(ENGLISH))))
    writer.encrypt(user, "owner", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_a_pdf_locked_against_changes_is_read(algorithm: str) -> None:
    (article,) = articles_of("a.pdf", encrypted("", algorithm))
    assert article.text == ENGLISH
    (reason,) = reasons_of("a.pdf", encrypted("secret", algorithm))
    assert reason == "it is locked with a password; save it without one"


def test_a_scan_says_that_it_needs_ocr() -> None:
    (reason,) = reasons_of("a.pdf", pdf_of([[]]))
    assert reason == "it has no text layer: it needs OCR"


def test_glyphs_that_stand_for_no_letters() -> None:
    pages = pages_of_text(ENGLISH.translate({ord("a") + n: 0xE000 + n for n in range(26)}))
    (reason,) = reasons_of("a.pdf", pdf_of(pages))
    assert reason == "its fonts do not tell which letters they draw: it needs OCR"
    (article,), (note,) = read_directly("a.pdf", pdf_file(ENGLISH.replace("w", "\ue000")))
    assert article.text == ENGLISH.replace("w", "\ue000")
    assert note.endswith("% of its characters are missing: its fonts do not tell them")
    data = pdf_of(pages_of_text(ENGLISH.replace("w", "\0")))
    (article,), (note,) = read_directly("a.pdf", data)
    assert article.text == ENGLISH.replace("w", "")
    share = 100 * ENGLISH.count("w") / sum(not letter.isspace() for letter in ENGLISH)
    assert note.startswith(f"{share:.1f} % of its characters are missing")


def test_pages_over_the_limit_are_noted() -> None:
    data = pdf_of(
        [lines("A page.", f"It is the {n}.", "That is all.") for n in ("1st", "2nd", "3rd")]
    )
    (article,), (note,) = read_directly("a.pdf", data, limits=Limits(pages=2))
    assert "2nd" in article.text and "3rd" not in article.text
    assert note == "only the first 2 of its 3 pages are read"


def bomb() -> bytes:
    """A page whose content unpacks to much more than may be."""
    packed = zlib.compress(b"BT /F1 11 Tf 1 0 0 1 72 720 Tm (bomb) Tj ET\n" * 2_000_000, 9)
    return assembled(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: (
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
                b"/Resources << /Font << /F1 5 0 R >> >> >>"
            ),
            4: stream(packed, more="/Filter /FlateDecode"),
            5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        },
        trailer="/Root 1 0 R",
    )


def page_tree(kids: str, count: str = "1") -> bytes:
    return assembled(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        },
        trailer="/Root 1 0 R",
    )


GOOD = pdf_file(ENGLISH, title="The harbour", author="Anne Dupont")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"PK\x03\x04 no PDF at all", "it is not a PDF file"),
        (b"%PDF-1.7\n", "the PDF is damaged"),
        (GOOD[:60], "the PDF is damaged"),
        (page_tree("2 0 R"), ""),
        (page_tree("7 0 R 8 0 R", "9999999999"), ""),
        (page_tree("2 0 R " * 50, "50"), ""),
        (bomb(), "page 1 cannot be read (LimitReachedError"),
        (b"%PDF-1.7\n1 0 obj\n" + b"[" * 200_000, ""),
        (b"%PDF-1.7\n" + b"<<" * 200_000, ""),
    ],
    ids="empty zip header cut loop missing loops bomb arrays dictionaries".split(),
)
def test_a_bad_pdf_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    (found,) = reasons_of("a.pdf", data)
    assert reason in found
    assert len(found) < 200 and "\n" not in found


@pytest.mark.parametrize("length", [0, 3, 10**9, 10**30])
def test_a_pdf_that_lies_about_its_length(length: int) -> None:
    before, told, after = GOOD.rpartition(b"/Length ")
    lying = before + told + b"%d " % length + after.split(b" ", 1)[1]
    articles, notes = read_directly("a.pdf", lying)
    assert all(article.text == ENGLISH for article in articles)
    assert articles or notes


def test_a_pdf_that_is_cut_off_says_so() -> None:
    data = running(6, "The Courier, 12 May", "{0}")
    (whole,) = articles_of("a.pdf", data)
    lengths = []
    for share in (0.99, 0.8, 0.6, 0.4):
        (part,), notes = read_directly("a.pdf", data[: int(len(data) * share)])
        assert "it is damaged or cut off; what could be found of it is read" in notes
        assert part.text.startswith("Paragraph 0 tells more")
        lengths.append(len(part.text))
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < lengths[0] <= len(whole.text)
    assert reasons_of("a.pdf", data[: int(len(data) * 0.01)])


def test_a_pdf_without_its_table_of_references_is_read() -> None:
    (article,), _ = read_directly(
        "a.pdf",
        GOOD[: GOOD.rindex(b"xref\n0")] + b"trailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n",
    )
    assert article.text == ENGLISH


@given(mutations(len(GOOD)))
def test_a_bent_pdf_raises_nothing_else(changes: list[tuple[int, int, bytes]]) -> None:
    read_directly("a.pdf", mutated(GOOD, changes))


@given(st.text(min_size=1, max_size=300))
def test_any_text_that_a_pdf_holds_is_read_or_refused(text: str) -> None:
    drawn = "".join(letter for letter in text if letter.isprintable()) or "-"
    articles, notes = read_directly("a.pdf", pdf_of([lines(*drawn.split("\n"))]))
    assert articles or notes


def test_through_the_process(tmp_path: Path) -> None:
    files = {"bomb": bomb(), "cut": GOOD[:500], "good": GOOD, "aes": encrypted("", "AES-256")}
    for name, data in files.items():
        (tmp_path / f"{name}.pdf").write_bytes(data)
    with Reading(tmp_path) as reading:
        bombed, cut, good, (locked,) = (
            list(reading.read(tmp_path / f"{name}.pdf")) for name in files
        )
    assert good == articles_of("good.pdf", GOOD)
    assert isinstance(locked, Article) and locked.text == ENGLISH
    for (skipped,) in (bombed, cut):
        assert isinstance(skipped, Skipped)
        assert "crashed" not in skipped.reason and "failed" not in skipped.reason
