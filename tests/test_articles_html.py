"""HTML pages: what is the article, what the page says of it, and what a page can do to a reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.articles.folder import source_of
from assistant.articles.formats import read_source
from assistant.articles.fragments import declared_encoding, text_of_html
from assistant.articles.main_text import main_text
from assistant.errors import ArticleUnreadable
from assistant.limits import Limits
from assistant.types import Article, Skipped

SENTENCES = (
    "Les ministres des trois pays ont annoncé dimanche un accord sur les données de missiles.",
    "Le texte doit entrer en vigueur en décembre, après deux années de négociations discrètes.",
    "Plusieurs diplomates estiment que la mise en œuvre sera plus longue que prévu.",
)
BODY = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
MENU = "<ul>" + "".join(f'<li><a href="/{n}">Section {n}</a></li>' for n in range(60)) + "</ul>"


def read(path: Path) -> tuple[list[Article], list[Skipped]]:
    """What is read, in this process: tests of pages in a process of its own are elsewhere."""
    items = list(read_source(source_of(path, path.parent, Limits())))
    articles = [item for item in items if isinstance(item, Article)]
    return articles, [item for item in items if isinstance(item, Skipped)]


def page(
    folder: Path, head: str = "", body: str = BODY, *, lang: str = "fr", encoding: str = "utf-8"
) -> tuple[Article, list[Skipped]]:
    path = folder / "page.html"
    html = f'<!doctype html><html lang="{lang}"><head>{head}</head><body>{body}</body></html>'
    path.write_bytes(html.encode(encoding))
    ((article,), notes) = read(path)
    return article, notes


def linked(**fields: Any) -> str:
    data = {"@context": "https://schema.org", "@type": "NewsArticle", **fields}
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


def meta(**fields: str) -> str:
    return "".join(
        f'<meta property="{name.replace("__", ":")}" content="{value}">'
        for name, value in fields.items()
    )


@pytest.mark.parametrize("wrapper", ["nav", "div"])
def test_of_a_short_article_the_menu_is_not_taken(tmp_path: Path, wrapper: str) -> None:
    menu = f"<{wrapper}>{MENU}</{wrapper}>"
    article, _ = page(tmp_path, body=f"{menu}<article><p>{SENTENCES[0]}</p></article>{menu}")
    assert article.text == SENTENCES[0]
    article, _ = page(tmp_path, body=f"{menu}<p>{SENTENCES[0]}</p>")
    assert article.text == SENTENCES[0]


def test_paragraphs_and_items_have_lines_of_their_own(tmp_path: Path) -> None:
    body = f"<article>{BODY}<ul><li>un premier point</li><li>un autre point</li></ul></article>"
    article, notes = page(tmp_path, body=body)
    assert article.text == "\n".join([*SENTENCES, "- un premier point", "- un autre point"])
    assert notes == []


@pytest.mark.parametrize("depth", [300, 1_200, 50_000])
def test_deep_nesting_hides_nothing(depth: int) -> None:
    markup = "<div>" * depth + BODY + "</div>" * depth
    assert main_text(markup).split() == " ".join(SENTENCES).split()


def test_a_fragment_and_plain_text_are_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.htm"
    path.write_text(f"{SENTENCES[0]}", encoding="utf-8")
    assert read(path)[0][0].text == SENTENCES[0]
    path.write_text(f"<b>{SENTENCES[0]}</b>", encoding="utf-8")
    assert read(path)[0][0].text == SENTENCES[0]


def test_what_json_ld_says(tmp_path: Path) -> None:
    head = linked(
        headline="Un accord à trois",
        datePublished="2023-11-12T08:30:00+09:00",
        author=[{"@type": "Person", "name": "Anne Dupont"}, {"name": "B. Lee"}, "@handle"],
        publisher={"@type": "Organization", "name": "Le Quotidien"},
        mainEntityOfPage="https://example.org/accord",
    )
    article, notes = page(
        tmp_path, head + '<link rel="canonical" href="https://example.org/accord">'
    )
    assert article.title == "Un accord à trois"
    assert article.published == "2023-11-11T23:30:00Z"
    assert article.authors == ("Anne Dupont", "B. Lee")
    assert article.source == "Le Quotidien"
    assert article.url == "https://example.org/accord"
    assert notes == []


def test_a_graph_of_json_ld_is_searched(tmp_path: Path) -> None:
    graph = {
        "@graph": [{"@type": "WebSite"}, {"@type": ["Article"], "datePublished": "2024-03-05"}]
    }
    script = f'<script type="application/ld+json">{json.dumps(graph)}</script>'
    assert page(tmp_path, script)[0].published == "2024-03-05"


@pytest.mark.parametrize(
    ("head", "body", "published"),
    [
        (meta(article__published_time="2024-03-05T10:00:00+01:00"), "", "2024-03-05T09:00:00Z"),
        # Without a zone, the day is sure and the hour is not.
        (meta(article__published_time="2024-03-05T23:00:00"), "", "2024-03-05"),
        (
            linked(datePublished="2024-03-05")
            + meta(article__published_time="2024-03-05T10:00:00Z"),
            "",
            "2024-03-05T10:00:00Z",
        ),
        ('<meta name="date" content="5 mars 2024">', "", "2024-03-05"),
        ('<meta name="DC.date.issued" content="2024-03-05">', "", "2024-03-05"),
        ("", '<time datetime="2024-03-05T10:00:00Z">hier</time>', "2024-03-05T10:00:00Z"),
        ('<meta name="date" content="03/04/2024">', "", None),
        ("", "<p>Le 3 avril 2019, on avait compté 20190403 navires.</p>", None),
        (linked(datePublished={"@value": 5}), "", None),
    ],
)
def test_when_a_page_says_it_was_published(
    tmp_path: Path, head: str, body: str, published: str | None
) -> None:
    article, _ = page(tmp_path, head, f"<article>{body}{BODY}</article>")
    assert article.published == published


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Un accord à trois | Le Quotidien</title>", "", "Un accord à trois"),
        (
            "<title>Trois - deux - Le Quotidien</title>" + meta(og__site_name="Le Quotidien"),
            "",
            "Trois - deux",
        ),
        ("<title>Paris - Tokyo</title>", "", "Paris - Tokyo"),
        ("<title>Autre</title>", "<h1>Un <i>accord</i> à trois</h1>", "Un accord à trois"),
        (meta(og__title="Un accord") + "<title>Autre</title>", "<h1>Titre</h1>", "Un accord"),
        ("", "", "page"),
    ],
)
def test_titles_are_without_their_outlet(tmp_path: Path, head: str, body: str, title: str) -> None:
    assert page(tmp_path, head, body + BODY)[0].title == title


def test_authors_of_meta_elements_and_bylines(tmp_path: Path) -> None:
    named = '<meta name="author" content="Anne Dupont"><meta name="author" content="B. Lee">'
    assert page(tmp_path, named)[0].authors == ("Anne Dupont", "B. Lee")
    byline = '<a rel="author" href="/anne">Anne Dupont</a>'
    assert page(tmp_path, body=byline + BODY)[0].authors == ("Anne Dupont",)
    address = '<meta property="article:author" content="https://social.example/anne">'
    assert page(tmp_path, address)[0].authors == ()


def test_a_language_that_the_text_is_not_is_not_believed(tmp_path: Path) -> None:
    long = "".join(f"<p>{n}. {' '.join(SENTENCES)}</p>" for n in range(4))
    article, (note,) = page(tmp_path, body=long, lang="en-US")
    assert article.language == "fr"
    assert note.reason == "language: declared as en-US, which the text is not; taken as fr"
    assert page(tmp_path, body=long, lang="fr-CA")[0].language == "fr-CA"
    # A few words do not tell.
    assert page(tmp_path, lang="en")[0].language == "en"


@pytest.mark.parametrize(
    ("declaration", "label"),
    [
        (b'<meta charset="euc-kr">', "euc-kr"),
        (b"<META CHARSET=Shift_JIS>", "Shift_JIS"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=gb2312">', "gb2312"),
        (b'<?xml version="1.0" encoding="windows-1251"?><html>', "windows-1251"),
        (b'<!-- <meta charset="big5"> --><meta charset="koi8-r">', "koi8-r"),
        (b"<p>charset=utf-8</p>", None),
    ],
)
def test_the_declarations_of_pages(declaration: bytes, label: str | None) -> None:
    assert declared_encoding(declaration) == label


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_pages_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    article, notes = page(tmp_path, '<meta charset="iso-8859-1">', encoding=encoding)
    assert article.text.split("\n") == [*SENTENCES]
    assert notes == []
    article, notes = page(tmp_path, encoding="cp1252")
    assert article.text.split("\n") == [*SENTENCES]
    assert "windows-1252" in notes[0].reason


def test_a_page_that_was_converted_and_kept_its_declaration(tmp_path: Path) -> None:
    article, (note,) = page(tmp_path, '<meta charset="euc-kr">')
    assert article.text.split("\n") == [*SENTENCES]
    assert note.reason == "declared as 'euc-kr', which it is not; read as UTF-8"


def test_xhtml_with_a_declaration(tmp_path: Path) -> None:
    path = tmp_path / "a.xhtml"
    text = f'<?xml version="1.0" encoding="iso-8859-15"?><html><body>{BODY}</body></html>'
    path.write_bytes(text.encode("iso-8859-15"))
    (article,), notes = read(path)
    assert article.text.split("\n") == [*SENTENCES]
    assert notes == []


MHTML = b"""From: <Saved by a browser>
Snapshot-Content-Location: https://example.org/2024/03/05/accord
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="----b"

------b
Content-Type: text/html; charset=windows-1252
Content-Transfer-Encoding: quoted-printable

<html><body><h1>Titre</h1><p>Les ministres ont annonc=E9 dimanche un accord =
sur les donn=E9es.</p></body></html>
------b
Content-Type: image/png
Content-Transfer-Encoding: base64

iVBORw0KGgo=
------b--
"""


def test_a_saved_page(tmp_path: Path) -> None:
    path = tmp_path / "a.mhtml"
    path.write_bytes(MHTML)
    (article,), notes = read(path)
    assert "Les ministres ont annoncé dimanche un accord sur les données." in article.text
    assert article.url == "https://example.org/2024/03/05/accord"
    assert (article.title, article.published) == ("Titre", "2024-03-05")
    assert notes == []
    path.write_bytes(MHTML.replace(b"text/html; charset", b"text/plain; charset"))
    ((), (skipped,)) = read(path)
    assert "no part of HTML" in skipped.reason


def test_text_of_a_fragment() -> None:
    markup = "<p>One &amp; two</p><ul><li>a<li>b</ul>x<br/>y<script>z</script><a href=u>l</a> tail"
    assert text_of_html(markup) == "One & two\n\na\nb\n\nx\nyl tail"
    assert text_of_html("just text &lt; more") == "just text < more"
    assert text_of_html("café".encode("cp1252")) == "café"
    assert text_of_html("<pre>a\n  b</pre>") == "a\nb"
    for nothing in ("", "<br>", "<img src=x>", "<script>alert(1)</script>", b"   ", "\ud800\0"):
        assert text_of_html(nothing) is None


def test_of_a_whole_page_in_a_record_the_article_is_taken() -> None:
    markup = f"<html><body><nav>{MENU}</nav><article>{BODY}</article></body></html>"
    assert text_of_html(markup) == "\n".join(SENTENCES)


PIECES = st.sampled_from(
    "< > </ <p> </p> <a_href=' <!-- --> & &#0; &#xd800; <![CDATA[ <svg> <table> <script> <pre>\n "
    "<nav> <?xml é x \0".split(" ")
)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=60)))
def test_any_markup_gives_text_or_none(markup: str) -> None:
    for text in (text_of_html(markup), main_text(markup.replace("\0", ""))):
        assert text is None or text.strip()


@given(st.binary(max_size=60))
def test_any_bytes_give_text_or_are_refused(data: bytes) -> None:
    try:
        text_of_html(data)
    except ArticleUnreadable:
        return


@pytest.mark.parametrize("piece", ["<!--", "<", "<a b='", "</", "<p>x", "<div>", "<pre>\n", "&#"])
def test_no_markup_takes_long(piece: str) -> None:
    """A parser whose time grows with the square needs minutes for this."""
    text_of_html(piece * 100_000)
