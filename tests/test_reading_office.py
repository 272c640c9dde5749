"""Word and OpenDocument texts: what is text in them, and what is wrong with them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import docx
import pytest
from documents import (
    articles_of,
    docx_file,
    docx_of,
    fodt_file,
    odt_file,
    odt_of,
    read_directly,
    reasons_of,
    saved,
    zip_file,
    zip_parts,
)
from hypothesis import given
from mutations import mutated, mutations

from assistant.articles import READERS, Reading, read_file
from assistant.articles.source import Budget, Source, unpacking
from assistant.limits import Limits
from assistant.types import Article

TEXT = (
    "The harbour of Fairhaven opened on Monday. Forty ships waited outside.\n\n"
    "За волнорезом ждали 40 судов & ещё <два>.\n\n港口于星期一开放。"
)
Builder = Callable[..., bytes]
BUILDERS: dict[str, Builder] = {
    "a.docx": docx_file,
    "a.docm": docx_file,
    "a.odt": odt_file,
    "a.fodt": fodt_file,
}
ZIPPED = {"a.docx": docx_file, "a.odt": odt_file}
MAIN_PART = {"a.docx": "word/document.xml", "a.odt": "content.xml"}


@pytest.mark.parametrize("name", BUILDERS)
def test_text_and_title(name: str) -> None:
    (article,) = articles_of(name, BUILDERS[name](TEXT, title="The harbour"))
    assert (article.text, article.title) == (TEXT, "The harbour")
    assert (article.published, article.path) == (None, name)


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*runs: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}{''.join(runs)}</w:p>"


def word_text(*body: str, **parts: str) -> str:
    (article,) = articles_of("a.docx", docx_of(f"<w:body>{''.join(body)}</w:body>", **parts))
    return article.text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (run("one ") + f"<w:del>{run('no')}</w:del><w:ins>{run('two')}</w:ins>", "one two"),
        (f"<w:moveFrom>{run('no')}</w:moveFrom><w:moveTo>{run('yes')}</w:moveTo>", "yes"),
        (f'<w:hyperlink w:anchor="x">{run("a link")}</w:hyperlink>', "a link"),
        ("<w:r><w:t>a</w:t><w:br/><w:t>b</w:t><w:tab/><w:t>c</w:t></w:r>", "a\nb c"),
        ("<w:r><w:t>co</w:t><w:softHyphen/><w:t>op</w:t></w:r>", "coop"),
        ("<w:r><w:t>a</w:t><w:noBreakHyphen/><w:t>b</w:t></w:r>", "a\u2011b"),
        ("<w:r><w:instrText>PAGE</w:instrText></w:r>" + run("seen"), "seen"),
        ("<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>" + run("seen"), "seen"),
        ('<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>seen</w:t></w:r>', "seen"),
        ("<w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>" + run("seen"), "seen"),
        (f"<w:r><w:ruby><w:rt>{run('かん')}</w:rt><w:rubyBase>{run('漢')}</w:rubyBase></w:ruby></w:r>",
         "漢"),
        ('<w:r><w:commentReference w:id="1"/></w:r>' + run("seen"), "seen"),
        (f"<w:sdt><w:sdtContent>{run('in a control')}</w:sdtContent></w:sdt>", "in a control"),
    ],
)  # fmt: skip
def test_what_of_a_word_document_is_text(content: str, text: str) -> None:
    assert word_text(paragraph(content), paragraph(run("end"))) == f"{text}\n\nend"


def test_what_word_puts_in_by_itself_is_left_out() -> None:
    prompt = (
        "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr>"
        f"<w:sdtContent>{run('Click')}</w:sdtContent></w:sdt>"
    )
    contents = (
        '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj>'
        f"</w:sdtPr><w:sdtContent>{paragraph(run('One ... 1'))}</w:sdtContent></w:sdt>"
    )
    comments = f"<w:comments>{paragraph(run('who wrote this'))}</w:comments>"
    text = word_text(paragraph(prompt), contents, paragraph(run("text")), comments=comments)
    assert text == "text"


def test_a_text_box_is_read_once() -> None:
    box = f"<w:txbxContent>{paragraph(run('in the box'))}</w:txbxContent>"
    drawn = (
        f"<w:r><mc:AlternateContent><mc:Choice><wps:txbx>{box}</wps:txbx></mc:Choice>"
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert word_text(paragraph(run("around"), drawn)) == "in the box\n\naround"


def test_notes_stand_after_the_text() -> None:
    ns = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    notes = (
        f'<w:footnotes {ns}><w:footnote w:type="separator">{paragraph(run("---"))}</w:footnote>'
        f"<w:footnote>{paragraph(run('a note'))}</w:footnote></w:footnotes>"
    )
    body = paragraph(run("text"), "<w:r><w:footnoteReference/></w:r>")
    assert word_text(body, footnotes=notes) == "text\n\na note"


def test_tables_lists_and_headings_of_word() -> None:
    document = docx.Document()
    document.add_heading("The harbour opens", level=1)
    document.add_paragraph("Forty ships waited outside.")
    for item in ("rope", "tar"):
        document.add_paragraph(item, style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for row, texts in zip(table.rows, [("Ship", "Tons"), ("Anna", "9,000")], strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    layout = document.add_table(rows=1, cols=2)
    layout.rows[0].cells[0].text = "A column of text."
    layout.rows[0].cells[0].add_paragraph("It has two paragraphs.")
    layout.rows[0].cells[1].text = "The other column."
    (article,) = articles_of("sheet.docx", saved(document))
    assert article.title == "The harbour opens"
    assert article.text == (
        "The harbour opens\n\nForty ships waited outside.\n\nrope\ntar\n\n"
        "Ship | Tons\nAnna | 9,000\n\n"
        "A column of text.\n\nIt has two paragraphs.\n\nThe other column."
    )


def test_what_a_word_document_says_of_itself() -> None:
    document = docx.Document()
    document.add_paragraph(TEXT)
    about = document.core_properties
    about.title, about.author, about.language = "Document1", "Anne Dupont; B. Lee", "ru-RU"
    about.created = datetime(2024, 3, 1, 11, 0, tzinfo=UTC)
    (article,) = articles_of("sheet.docx", saved(document))
    assert article == replace(
        article,
        title="sheet",
        authors=("Anne Dupont", "B. Lee"),
        language="ru-RU",
        published="2024-03-01T11:00:00Z",
    )


def test_what_the_template_says_is_not_believed() -> None:
    (article,) = articles_of("a.docx", docx_file(TEXT, author="python-docx"))
    assert (article.published, article.authors) == (None, ())


def test_a_part_that_is_damaged_costs_itself() -> None:
    parts = zip_parts(docx_file(TEXT, title="The harbour"))
    parts["docProps/core.xml"] = b"<broken"
    parts["word/styles.xml"] = b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"
    (article,), notes = read_directly("a.docx", zip_file(parts))
    assert article.text == TEXT
    assert len(notes) == 2 and all(note.endswith("; left out") for note in notes)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<text:p>a<text:s text:c='3'/>b<text:tab/>c<text:line-break/>d</text:p>", "a b c\nd"),
        ("<text:p>a\n   b</text:p>", "a b"),
        ("<text:tracked-changes><text:p>gone</text:p></text:tracked-changes>"
         "<text:p>x</text:p>", "x"),
        ("<text:p>x<office:annotation><text:p>who</text:p></office:annotation>y</text:p>", "xy"),
        ("<text:p>x<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>n"
         "</text:p></text:note-body></text:note>y</text:p><text:p>z</text:p>", "xy\n\nz\n\nn"),
        ("<text:list><text:list-item><text:p>a</text:p></text:list-item><text:list-item>"
         "<text:p>b</text:p></text:list-item></text:list><text:p>c</text:p>", "a\nb\n\nc"),
        ("<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
         "<table:table-cell table:number-columns-repeated='99999999'><text:p>b</text:p>"
         "</table:table-cell></table:table-row></table:table>", "a | b"),
        ("<text:p><draw:frame><draw:text-box><text:p>box</text:p></draw:text-box></draw:frame>"
         "around</text:p>", "box\n\naround"),
        ("<text:table-of-content><text:p>One 1</text:p></text:table-of-content>"
         "<text:p>x</text:p>", "x"),
    ],
)  # fmt: skip
def test_what_of_an_opendocument_text_is_text(body: str, text: str) -> None:
    (article,) = articles_of("a.odt", odt_of(body))
    assert article.text == text


def test_what_an_opendocument_text_says_of_itself() -> None:
    meta = (
        "<meta:initial-creator>Anne Dupont</meta:initial-creator><dc:creator>Unknown</dc:creator>"
        "<meta:creation-date>2024-03-01T12:00:00.123</meta:creation-date>"
        "<dc:date>2024-03-02T12:00:00</dc:date><dc:language>ru</dc:language>"
    )
    body = "<text:h>Порт открылся</text:h><text:p>За волнорезом ждали сорок судов.</text:p>"
    (article,) = articles_of("a.odt", odt_of(body, meta=meta))
    assert article == replace(
        article,
        title="Порт открылся",
        authors=("Anne Dupont",),
        language="ru",
        published="2024-03-01T12:00:00Z",
    )


CANARY = "the canary sings"
BILLION = "<!DOCTYPE a [<!ENTITY l0 'lol'>{}]>".format(
    "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
)


def with_main_part(name: str, content: bytes) -> bytes:
    return zip_file(zip_parts(ZIPPED[name](TEXT)) | {MAIN_PART[name]: content})


def after_declaration(name: str, doctype: str, text: str) -> bytes:
    """The good main part with a document type before it, and `text` in its first paragraph."""
    content = zip_parts(ZIPPED[name]("FIRST"))[MAIN_PART[name]].decode()
    content = content[content.index("?>") + 2 :] if content.startswith("<?xml") else content
    return (doctype + content.replace("FIRST", text)).encode()


@pytest.mark.parametrize("name", ZIPPED)
def test_entities_are_not_expanded(tmp_path: Path, name: str) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text(CANARY)
    inside = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{canary.as_uri()}">]>'
    outside = f'<!DOCTYPE a SYSTEM "{canary.as_uri()}">'
    for doctype, text in [(inside, "&x;"), (outside, "x"), (BILLION, "&l9;")]:
        data = with_main_part(name, after_declaration(name, doctype, text))
        (reason,) = reasons_of(name, data)
        assert reason == f"{MAIN_PART[name]} declares entities or a document type"


@pytest.mark.parametrize("name", ZIPPED)
def test_bombs_do_not_go_off(name: str) -> None:
    good = zip_parts(ZIPPED[name]("FIRST"))[MAIN_PART[name]]
    bomb = with_main_part(name, good.replace(b"FIRST", b"lorem ipsum " * 1_000_000))
    assert reasons_of(name, bomb) == ["it unpacks to more than 200 times its size"]
    wide = Limits(ratio=1_000_000, file_bytes=1_000_000)
    assert reasons_of(name, bomb, limits=wide) == [f"{MAIN_PART[name]} in it is larger than 1 MB"]
    small = Limits(ratio=1_000_000, unpacked_bytes=3_000_000)
    assert reasons_of(name, bomb, limits=small) == ["it unpacks to more than 3 MB"]
    many = Limits(members=2)
    assert reasons_of(name, ZIPPED[name](TEXT), limits=many) == ["it holds more than 2 members"]


@pytest.mark.parametrize("name", ZIPPED)
@pytest.mark.parametrize("depth", [300, 300_000])
def test_nesting_is_bounded(name: str, depth: int) -> None:
    (reason,) = reasons_of(name, with_main_part(name, b"<a>" * depth))
    assert reason == "its XML is nested deeper than 250 elements"


@pytest.mark.parametrize("name", ZIPPED)
def test_a_damaged_file_says_what_it_is(name: str) -> None:
    good = ZIPPED[name](TEXT)
    kind = name[1:]
    assert reasons_of(name, b"") == ["the file is empty"]
    assert reasons_of(name, b"no zip") == [f"it is not {kind}: it is no zip file"]
    for cut in (10, len(good) // 2, len(good) - 30):
        (reason,) = reasons_of(name, good[:cut])
        assert reason.startswith("the zip file is damaged")
    assert reasons_of(name, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)) == [
        "it is an Office file of the old kind, or locked with a password; "
        f"save it as {kind}, without a password"
    ]
    (reason,) = reasons_of(name, with_main_part(name, b"<unclosed>"))
    assert reason.startswith(f"{MAIN_PART[name]} is not well-formed XML")
    (reason,) = reasons_of(name, with_main_part(name, b""))
    assert reason.startswith(f"{MAIN_PART[name]} is not well-formed XML")
    assert reasons_of(name, ZIPPED[name]("")) == ["there is no text"]


def test_a_file_under_another_suffix_says_what_it_is() -> None:
    odt, word = odt_file(TEXT), docx_file(TEXT)
    assert reasons_of("a.odt", word) == [
        "it is a Word document (.docx), not an OpenDocument text (.odt); give it its own suffix"
    ]
    assert reasons_of("a.docx", odt) == [
        "it is an OpenDocument text (.odt), not a Word document (.docx); give it its own suffix"
    ]
    sheet = zip_file({"xl/workbook.xml": "<a/>", "[Content_Types].xml": "<a/>"})
    (reason,) = reasons_of("a.docx", sheet)
    assert reason.startswith("it is an Excel workbook (.xlsx), not")
    (reason,) = reasons_of("a.docx", zip_file({"readme.txt": "x"}))
    assert reason == "it is a zip file, but not a Word document (.docx)"
    assert reasons_of("a.odt", odt_of("", kind="spreadsheet")) == [
        "it is no text document of OpenDocument"
    ]
    assert reasons_of("a.fodt", b"<a/>") == ["it is no text document of OpenDocument"]


def flagged(data: bytes) -> bytes:
    """A zip file whose entries say that they are encrypted."""
    out = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            out[at + place] |= 1
            at = data.find(mark, at + 1)
    return bytes(out)


@pytest.mark.parametrize("name", ZIPPED)
def test_an_encrypted_file_is_refused(name: str) -> None:
    (reason,) = reasons_of(name, flagged(ZIPPED[name](TEXT)))
    assert reason == "it is encrypted with a password; save it without one"


def test_an_encrypted_opendocument_text_is_refused() -> None:
    parts = zip_parts(odt_file(TEXT))
    manifest = parts["META-INF/manifest.xml"].replace(
        b'media-type="text/xml"/>',
        b'media-type="text/xml"><manifest:encryption-data/></manifest:file-entry>',
    )
    (reason,) = reasons_of("a.odt", zip_file(parts | {"META-INF/manifest.xml": manifest}))
    assert reason == "it is locked with a password; save it without one"


def test_members_that_overlap_are_refused() -> None:
    data = bytearray(docx_file(TEXT))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first = archive.infolist()[0].header_offset
    entry = data.rfind(b"PK\x01\x02")
    data[entry + 42 : entry + 46] = first.to_bytes(4, "little")
    (reason,) = reasons_of("a.docx", bytes(data))
    assert reason == "its members overlap: it is damaged, or made to do harm"


@pytest.mark.parametrize("name", ZIPPED)
def test_a_document_within_an_archive_is_read(name: str) -> None:
    data = ZIPPED[name](TEXT)
    limits = Limits()
    around = Source("all.zip", lambda: io.BytesIO(b""), limits, Budget(limits))
    source = around.member(name, lambda: unpacking(io.BytesIO(data), around, len(data)))
    assert not source.open().seekable()
    (article,) = READERS[source.suffix].read(source)
    assert isinstance(article, Article)
    assert (article.text, article.path) == (TEXT, f"all.zip/{name}")


@pytest.mark.parametrize("name", ["a.doc", "a.rtf"])
def test_old_types_say_what_to_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0 something")
    (skipped,) = read_file(tmp_path / name, tmp_path)
    assert not isinstance(skipped, Article)
    assert skipped.reason.endswith("are not read; save it as .docx")


SAMPLES = {name: build(TEXT, title="The harbour") for name, build in BUILDERS.items()}


@given(mutations(len(SAMPLES["a.docx"])))
def test_a_bent_word_document_raises_nothing_else(changes: list[tuple[int, int, bytes]]) -> None:
    read_directly("a.docx", mutated(SAMPLES["a.docx"], changes))


@given(mutations(len(SAMPLES["a.odt"])))
def test_a_bent_opendocument_text_raises_nothing_else(
    changes: list[tuple[int, int, bytes]],
) -> None:
    read_directly("a.odt", mutated(SAMPLES["a.odt"], changes))


@given(mutations(len(SAMPLES["a.fodt"])))
def test_bent_xml_raises_nothing_else(changes: list[tuple[int, int, bytes]]) -> None:
    bent = mutated(SAMPLES["a.fodt"], changes)
    read_directly("a.fodt", bent)
    parts = zip_parts(SAMPLES["a.odt"])
    read_directly("a.odt", zip_file(parts | {"content.xml": bent, "META-INF/manifest.xml": bent}))


def test_through_the_process(tmp_path: Path) -> None:
    for name, data in SAMPLES.items():
        (tmp_path / name).write_bytes(data)
    with Reading(tmp_path) as reading:
        for name in SAMPLES:
            (article,) = reading.read(tmp_path / name)
            assert isinstance(article, Article)
            assert article.text == TEXT
