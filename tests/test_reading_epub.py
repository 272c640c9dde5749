"""EPUB: an article for each part with a text of its own, and what is wrong with a book."""

from __future__ import annotations

from pathlib import Path

import pytest
from documents import (
    articles_of,
    epub_file,
    epub_of,
    read_directly,
    reasons_of,
    xhtml,
    xhtml_body,
    zip_file,
    zip_parts,
)
from hypothesis import given
from mutations import mutated, mutations

from assistant.articles import read_file
from assistant.limits import Limits
from assistant.types import Article

HARBOUR = (
    "The harbour of Fairhaven opened on Monday, after eleven years of work. Forty ships waited "
    "outside the breakwater, and the mayor said that the cranes had cost nine million crowns.\n\n"
    "Nobody knows yet who will pay for them & for the lighthouse."
)
GLACIER = (
    "Ледник над долиной потерял за одно лето четыре метра льда. Измерения начались в 1911 году, и "
    "никогда ещё убыль не была так велика. Деревня пьёт талую воду, и долина боится за колодцы.\n\n"
    "Учёные продолжат измерения."
)
METADATA = (
    "<dc:title>The Courier, 12 May</dc:title><dc:creator>Anne Dupont</dc:creator>"
    "<dc:language>en</dc:language><dc:date>2024-05-12T00:00:00+00:00</dc:date>"
)


def page(heading: str, text: str) -> str:
    return xhtml(f"<h1>{heading}</h1>{xhtml_body(text)}", title="The Courier")


def test_a_book_without_headings_takes_its_title() -> None:
    (article,) = articles_of("a.epub", epub_file(HARBOUR, title="The harbour", author="A. Dupont"))
    assert (article.text, article.title) == (HARBOUR, "The harbour")
    assert (article.authors, article.path) == (("A. Dupont",), "a.epub/OEBPS/ch1.xhtml")


def test_each_part_with_a_text_is_an_article() -> None:
    data = epub_of(
        {
            "cover.xhtml": xhtml("<p>The Courier</p>"),
            "nav.xhtml": xhtml(f"<nav epub:type='toc'>{xhtml_body(HARBOUR)}</nav>"),
            "a/one.xhtml": page("The harbour opens", HARBOUR),
            "a/two.xhtml": page("Ледник тает", GLACIER),
        },
        metadata=METADATA,
    )
    (first, second), (note,) = read_directly("may.epub", data)
    assert first.text == f"The harbour opens\n\n{HARBOUR}"
    assert (first.title, first.source) == ("The harbour opens", "The Courier, 12 May")
    assert (first.published, first.language) == ("2024-05-12T00:00:00Z", "en")
    assert first.path == "may.epub/OEBPS/a/one.xhtml"
    assert (second.title, second.language) == ("Ледник тает", "ru")
    assert first.id != second.id
    assert note == "parts with too little text are left out: OEBPS/cover.xhtml"


def test_ids_do_not_depend_on_what_else_is_in_the_book() -> None:
    one = {"one.xhtml": page("One", HARBOUR)}
    (alone,) = articles_of("a.epub", epub_of(one))
    first, second = articles_of("a.epub", epub_of({"two.xhtml": page("Two", GLACIER)} | one))
    assert second == alone
    assert first.id != alone.id


def test_the_order_of_reading_is_the_spines() -> None:
    data = epub_of({"z.xhtml": page("First", HARBOUR), "a.xhtml": page("Second", GLACIER)})
    assert [article.title for article in articles_of("a.epub", data)] == ["First", "Second"]


@pytest.mark.parametrize("kind", ["cover", "toc", "copyright-page", "titlepage", "index"])
def test_parts_that_say_that_they_are_no_articles_are_left_out(kind: str) -> None:
    told = xhtml(xhtml_body(HARBOUR), attributes=f' epub:type="{kind}"')
    inner = xhtml(f"<section epub:type='{kind}'>{xhtml_body(HARBOUR)}</section>")
    good = page("Good", GLACIER)
    for other in (told, inner):
        (article,), _ = read_directly("a.epub", epub_of({"x.xhtml": other, "y.xhtml": good}))
        assert article.title == "Good"


def test_a_guide_and_a_navigation_document_are_believed() -> None:
    good = {"y.xhtml": page("Good", GLACIER), "x.xhtml": page("Rights", HARBOUR)}
    guide = '<guide><reference type="copyright-page" href="x.xhtml#top"/></guide>'
    (article,) = articles_of("a.epub", epub_of(good, guide=guide))
    assert article.title == "Good"
    nav = '<item id="i1" href="x.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
    (article,) = articles_of("a.epub", epub_of(good, manifest=nav))
    assert article.title == "Good"


def test_a_list_of_links_is_no_article() -> None:
    links = "".join(
        f'<li><a href="{n}.xhtml">Headline of an article, {n}</a></li>' for n in range(30)
    )
    data = epub_of({"x.xhtml": xhtml(f"<ul>{links}</ul>"), "y.xhtml": page("Good", GLACIER)})
    (article,), (note,) = read_directly("a.epub", data)
    assert article.title == "Good"
    assert "too little text" in note


def test_a_table_of_contents_gives_titles() -> None:
    ncx = (
        '<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" '
        '"http://www.daisy.org/z3986/2005/ncx-2005-1.dtd"><ncx><navMap><navPoint><navLabel>'
        '<text>From the contents</text></navLabel><content src="x.xhtml#a"/>'
        "</navPoint></navMap></ncx>"
    )
    item = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    pages = {"x.xhtml": xhtml(xhtml_body(HARBOUR))}
    data = epub_of(pages, manifest=item, more={"OEBPS/toc.ncx": ncx}, metadata=METADATA)
    (article,) = articles_of("a.epub", data)
    assert (article.title, article.source) == ("From the contents", "The Courier, 12 May")


def test_a_book_of_short_parts_is_one_article() -> None:
    data = epub_of(
        {"x.xhtml": xhtml("<p>A short poem.</p>"), "y.xhtml": xhtml("<p>And another.</p>")},
        metadata="<dc:title>Poems</dc:title>",
    )
    (article,) = articles_of("a.epub", data)
    assert (article.text, article.title) == ("A short poem.\n\nAnd another.", "Poems")
    assert article.path == "a.epub"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>a&nbsp;b &mdash; c &amp; d</p>", "a\xa0b — c & d"),
        ("<p>one<br/>two\n  three</p>", "one\ntwo three"),
        ("<p>港口于\n星期一</p>", "港口于星期一"),
        ("<div>loose<p>inner</p>tail</div>", "loose\n\ninner\n\ntail"),
        ("<ul><li>a</li><li><p>b</p></li></ul><p>c</p>", "a\nb\n\nc"),
        ("<table><tr><th>a</th><td>b</td></tr><tr><td>c<td>d</table>", "a | b\nc | d"),
        ("<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字</p>", "漢字"),
        ("<script>var x;</script><style>p {}</style><p>seen</p><!-- no --><?php no ?>", "seen"),
        ("<p hidden='hidden'>no</p><p>seen<span epub:type='pagebreak'>12</span></p>", "seen"),
        ("<p>inter\u00adnational</p>", "international"),
        ("<p>unclosed <b>bold<p>next", "unclosed bold\n\nnext"),
        ("<td>stray</td> cell", "stray\n\ncell"),
    ],
)  # fmt: skip
def test_what_of_a_page_is_text(body: str, text: str) -> None:
    (article,) = articles_of("a.epub", epub_of({"x.xhtml": xhtml(body)}))
    assert article.text == text


def test_pages_in_other_encodings() -> None:
    for encoding in ("utf-16", "windows-1251"):
        text = xhtml(xhtml_body(GLACIER)).replace('encoding="utf-8"', f'encoding="{encoding}"')
        (article,) = articles_of("a.epub", epub_of({"x.xhtml": text.encode(encoding)}))
        assert article.text == GLACIER
    wrong = xhtml(xhtml_body(GLACIER)).encode("koi8-r")
    good = page("Good", HARBOUR)
    (article,), (note,) = read_directly("a.epub", epub_of({"x.xhtml": wrong, "y.xhtml": good}))
    assert (article.title, note) == ("Good", "its text is not utf-8, as it should be")
    for name in ("no-such", "rot13", "hex", "idna"):
        odd = xhtml(xhtml_body(HARBOUR)).replace('encoding="utf-8"', f'encoding="{name}"')
        read_directly("a.epub", epub_of({"x.xhtml": odd}))


@pytest.mark.parametrize(
    ("algorithm", "locked"),
    [
        ("http://www.w3.org/2001/04/xmlenc#aes128-cbc", True),
        ("http://www.idpf.org/2008/embedding", False),
    ],
)
def test_a_locked_book_is_refused(algorithm: str, locked: bool) -> None:
    encryption = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
        f'<enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData>'
        '<enc:CipherReference URI="OEBPS/x.xhtml"/></enc:CipherData>'
        "</enc:EncryptedData></encryption>"
    )
    data = epub_of({"x.xhtml": page("One", HARBOUR)}, more={"META-INF/encryption.xml": encryption})
    articles, reasons = read_directly("a.epub", data)
    assert bool(articles) is not locked
    assert reasons == (["its text is encrypted (DRM); only a copy without can be read"] * locked)


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text("the canary sings")
    attack = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{canary.as_uri()}">]>'
    evil = page("One", f"{HARBOUR} ENTITY").replace("<!DOCTYPE html>", attack)
    articles, _ = read_directly("a.epub", epub_of({"x.xhtml": evil.replace("ENTITY", "&x;")}))
    assert "canary" not in "".join(article.text for article in articles)
    parts = zip_parts(epub_file(HARBOUR))
    for name in ("META-INF/container.xml", "OEBPS/book.opf"):
        content = parts[name].decode()
        bent = content[: content.index("?>") + 2] + attack + content[content.index("?>") + 2 :]
        (reason,) = reasons_of("a.epub", zip_file(parts | {name: bent}))
        assert reason == f"{name} declares entities or a document type"


def test_bombs_and_nesting_cost_their_part() -> None:
    good = page("Good", GLACIER)
    for evil, reason in [
        (page("Bomb", "lorem ipsum " * 1_000_000), "it unpacks to more than 200 times its size"),
        (xhtml("<div>" * 100_000 + HARBOUR), "the page is nested too deeply"),
    ]:
        (article,), (note,) = read_directly("a.epub", epub_of({"x.xhtml": evil, "y.xhtml": good}))
        assert (article.title, note) == ("Good", reason)
    pages = {f"{n}.xhtml": page(f"Part {n}", HARBOUR) for n in range(50)}
    articles, reasons = read_directly("a.epub", epub_of(pages), limits=Limits(unpacked_bytes=9_000))
    assert len(articles) < 20
    assert set(reasons) == {"it unpacks to more than 0 MB"}


def test_a_damaged_book_says_what_is_wrong() -> None:
    good = epub_file(HARBOUR)
    parts = zip_parts(good)
    assert reasons_of("a.epub", b"") == ["the file is empty"]
    (reason,) = reasons_of("a.epub", good[:-40])
    assert reason.startswith("the zip file is damaged")
    (reason,) = reasons_of("a.epub", zip_file({"x.txt": "x"}))
    assert reason == "it is a zip file, but not an EPUB book (.epub)"
    assert reasons_of("a.epub", zip_file(parts | {"META-INF/container.xml": "<a/>"})) == [
        "META-INF/container.xml names no package document that is there"
    ]
    assert reasons_of("a.epub", zip_file(parts | {"OEBPS/book.opf": "<package/>"})) == [
        "its package document lists nothing to read"
    ]
    del parts["OEBPS/ch1.xhtml"]
    assert reasons_of("a.epub", zip_file(parts)) == [
        "it has no OEBPS/ch1.xhtml",
        "there is no text",
    ]


GOOD = epub_of(
    {"x.xhtml": page("One", HARBOUR), "y.xhtml": page("Two", GLACIER)}, metadata=METADATA
)
PARTS = zip_parts(GOOD)


@given(mutations(len(GOOD)))
def test_a_bent_book_raises_nothing_else(changes: list[tuple[int, int, bytes]]) -> None:
    read_directly("a.epub", mutated(GOOD, changes))


@pytest.mark.parametrize("name", ["OEBPS/x.xhtml", "OEBPS/book.opf", "META-INF/container.xml"])
@given(changes=mutations(1_000))
def test_a_bent_part_raises_nothing_else(name: str, changes: list[tuple[int, int, bytes]]) -> None:
    read_directly("a.epub", zip_file(PARTS | {name: mutated(PARTS[name], changes)}))


def test_through_the_process(tmp_path: Path) -> None:
    (tmp_path / "may.epub").write_bytes(GOOD)
    items = list(read_file(tmp_path / "may.epub", tmp_path))
    assert items == articles_of("may.epub", GOOD)
    assert all(isinstance(item, Article) for item in items)
