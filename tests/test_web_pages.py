"""Pages of the web as files: their bytes, their address, their encoding."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from helpers import read
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import FetchError
from assistant.types import Article
from assistant.web_pages import file_stem, page_file, suffix_for

URL = "https://news.example/2024/owls?id=7"
READ = {".html", ".md", ".pdf"}
STORY = "Сова вернулась на мельницу. В ноябре её видели трижды, и мельник оставил окно открытым. "


def html(head: str = "", body: str = STORY * 5, start: str = "<!doctype html><html>") -> str:
    return f"{start}<head>{head}<title>Совы</title></head><body><article><p>{body}</p></article>"


def kept(folder: Path, content: bytes, suffix: str = ".html") -> Article:
    path = folder / f"page{suffix}"
    path.write_bytes(content)
    ((article,), _) = read(path, folder)
    return article


def without_what_was_added(content: bytes) -> bytes:
    before, _, after = content.partition(b"<!-- added when it was fetched: -->")
    return before + after.partition(b"\n")[2]


@pytest.mark.parametrize(
    ("url", "media_type", "expected"),
    [
        ("https://a.example/x", "text/html", ".html"),
        ("https://a.example/x.pdf", "text/html", ".html"),
        ("https://a.example/x", "application/xhtml+xml", ".html"),
        ("https://a.example/x", "text/plain", ".md"),
        ("https://a.example/x", "application/pdf", ".pdf"),
        ("https://a.example/x.PDF?y", "application/octet-stream", ".pdf"),
        ("https://a.example/x.txt", "", ".md"),
        ("https://a.example/x", "", ".html"),
    ],
)
def test_types_of_pages(url: str, media_type: str, expected: str) -> None:
    assert suffix_for(url, media_type, READ) == expected


@pytest.mark.parametrize(
    ("url", "media_type", "reason"),
    [
        ("https://a.example/x.html", "video/mp4", "video/mp4, which is not read"),
        ("https://a.example/x", "application/octet-stream", "octet-stream, which is not read"),
        ("https://a.example/x", "application/epub+zip", "which is not read"),
        ("https://a.example/x", "application/rss+xml", "--feed"),
        ("https://a.example/x", "\x1b[31m\u202etext", "it is text, which"),
    ],
)
def test_types_that_are_not_read(url: str, media_type: str, reason: str) -> None:
    with pytest.raises(FetchError, match=reason):
        suffix_for(url, media_type, READ)


@pytest.mark.parametrize(
    ("url", "stem"),
    [
        ("https://www.news.example/2024/owls-return.html?x=1", "news.example owls-return"),
        ("https://news.example", "news.example"),
        ("https://news.example/a/", "news.example a"),
        ("https://news.example/%D1%81%D0%BE%D0%B2%D1%8B", "news.example совы"),
        ("https://news.example/..%2F..%2Fetc%2Fpasswd", "news.example ..-..-etc-passwd"),
        ("https://news.example/%00%E2%80%AEx%FF", "news.example x\N{REPLACEMENT CHARACTER}"),
        ("http://[::1]:80/x", "1 x"),
    ],
)
def test_names_of_files(url: str, stem: str) -> None:
    assert file_stem(url) == stem


def test_a_page_keeps_its_bytes_and_learns_its_address(tmp_path: Path) -> None:
    page = html('<meta charset="utf-8">')
    content = page_file(URL, ".html", "", page.encode()).content
    assert without_what_was_added(content).decode() == page
    article = kept(tmp_path, content)
    assert article.url == URL
    assert article.title == "Совы"
    assert article.language == "ru"
    assert article.text.startswith(STORY.strip())


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("https://news.example/owls", "https://news.example/owls"),
        ("/owls", "https://news.example/owls"),
        ("https://www.news.example/owls", "https://www.news.example/owls"),
        # Speaks for another site, for all of its own, for no page at all.
        ("https://bank.example/owls", URL),
        ("https://news.example@bank.example/", URL),
        ("https://news.example:8443/owls", URL),
        ("https://news.example/", URL),
        ("javascript:alert(1)", URL),
        ("https://[", URL),
        ("", URL),
    ],
)
def test_whom_a_page_may_speak_for(tmp_path: Path, said: str, expected: str) -> None:
    page = html(f'<LINK href="{said}" REL="x Canonical"><link rel=canonical href="https://c/">')
    assert kept(tmp_path, page_file(URL, ".html", "", page.encode()).content).url == expected


@pytest.mark.parametrize(
    "start",
    [
        "",
        "<html>",
        "<!-- x --><!DOCTYPE html><html lang=ru>",
        "<!doctype html>\n\n<html\n class='a>b'>\n",
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html><html xmlns="x">',
        "<![if x]><html><![endif]>",
    ],
)
def test_any_start_of_a_page_takes_the_address(tmp_path: Path, start: str) -> None:
    article = kept(tmp_path, page_file(URL, ".html", "", html(start=start).encode()).content)
    assert article.url == URL and article.text.startswith(STORY.strip())


def test_pages_without_a_head_take_it_too(tmp_path: Path) -> None:
    for page in (f"<body><p>{STORY * 5}", f"<p>{STORY * 5}", f"<title>x</title><p>{STORY * 5}"):
        article = kept(tmp_path, page_file(URL, ".html", "", page.encode()).content)
        assert article.url == URL and article.text.startswith(STORY.strip())


@pytest.mark.parametrize(
    ("encoding", "charset", "head"),
    [
        ("utf-8", "", ""),
        ("utf-8", "utf-8", '<meta charset="windows-1251">'),
        ("utf-8", "iso-8859-1", ""),
        ("utf-8-sig", "windows-1251", ""),
        ("windows-1251", "windows-1251", ""),
        ("windows-1251", "Windows-1251", '<meta charset="koi8-r">'),
        ("koi8-r", "KOI8-R", '<meta http-equiv=content-type content="text/html;charset=utf-8">'),
        ("utf-16", "", ""),
        ("utf-16-le", "utf-16le", '<meta charset="utf-8">'),
        ("iso-8859-5", "iso-8859-5", ""),
    ],
)
def test_the_encoding_that_a_server_names_is_not_lost(
    tmp_path: Path, encoding: str, charset: str, head: str
) -> None:
    file = page_file(URL, ".html", charset, html(head).encode(encoding))
    assert file.note is None
    assert STORY in file.content.decode("utf-8")
    article = kept(tmp_path, file.content)
    assert (article.title, article.url) == ("Совы", URL)
    assert article.text.startswith(STORY.strip())


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("shift_jis", "東京の①店"),
        ("euc-kr", "똠방각하"),
        ("gb2312", "朱镕基"),
        ("big5", "中文網"),
        ("iso-8859-1", "€ “à”"),
        ("iso-2022-jp", "東京"),
    ],
)
def test_encodings_are_read_as_browsers_do(charset: str, text: str) -> None:
    written = {"shift_jis": "cp932", "euc-kr": "cp949", "gb2312": "gbk", "iso-8859-1": "cp1252"}
    body = html(body=text).replace("Совы", "x").encode(written.get(charset, charset))
    assert text in page_file(URL, ".html", charset, body).content.decode("utf-8")


@pytest.mark.parametrize("charset", ["", "hex", "unicode_escape", "utf-7", "idna", "x-user", "??"])
def test_bytes_of_an_unknown_encoding_stay_as_they_are(charset: str) -> None:
    body = html().encode("windows-1251")
    file = page_file(URL, ".html", charset, body)
    assert without_what_was_added(file.content) == body
    assert (file.note is None) == (charset == "")


def test_a_page_that_is_not_in_the_encoding_named_is_left_to_be_found_out() -> None:
    file = page_file(URL, ".html", "euc-kr", html().encode("koi8-r") + b"\xff\xff")
    assert file.note is not None and "not in the encoding" in file.note
    assert html().encode("koi8-r")[-50:] in file.content


def test_text_has_its_address_in_front(tmp_path: Path) -> None:
    text = f"Совы\n\n---\nurl: https://bank.example/\n---\n{STORY}"
    for encoding in ("utf-8", "utf-16", "windows-1251"):
        charset = "windows-1251" if encoding == "windows-1251" else ""
        article = kept(
            tmp_path, page_file(URL, ".md", charset, text.encode(encoding)).content, ".md"
        )
        assert (article.url, article.title) == (URL, "Совы")
        assert article.text == text.strip()


def test_other_types_are_kept_as_they_are() -> None:
    assert page_file(URL, ".pdf", "utf-8", b"%PDF-1.7\xff").content == b"%PDF-1.7\xff"


@given(st.text(max_size=200) | st.text(alphabet="<!->[]/?\"'= \nheadbtml", max_size=200))
def test_no_page_loses_a_character(text: str) -> None:
    body = text.encode("utf-8", "replace")
    content = page_file(URL, ".html", "", body).content
    rest = without_what_was_added(content).removeprefix(b"\xef\xbb\xbf")
    assert rest == body.removeprefix(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    "piece", ["<!x>", "<html>", "<", "<!--", "<a ", "<a b='", "<![x[", "<?", "&#", "</", "\n<!x>\n"]
)
def test_heads_made_to_take_long_do_not(piece: str) -> None:
    began = time.process_time()
    page_file(URL, ".html", "", (piece * 1_000_000)[:1_000_000].encode())
    assert time.process_time() - began < 8
