"""Mail and mail boxes, as they should be, as they come, and hostile ones."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import FULL, SECOND, TEXT, fields, mutated, read_apart, read_bytes, survives
from records import csv_file, eml_file, mbox_file, zip_file

from assistant.articles.mail import read_mail, read_mail_box
from assistant.limits import Limits

# A mail has one sender.
ONE = FULL | {"authors": ["Anne Dupont"]}
ROWS = [ONE, SECOND]


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252"])
def test_a_mail(tmp_path: Path, charset: str) -> None:
    for row in ROWS:
        data = eml_file(row, charset=charset)
        for articles, skipped in (read_bytes("a.eml", data), read_apart(tmp_path, "a.eml", data)):
            assert [fields(article) for article in articles] == [row]
            assert skipped == []


def test_a_mail_box(tmp_path: Path) -> None:
    quoting = SECOND | {"text": "Words.\n\nFrom here on:\n>From there: on\n>>From: x"}
    data = mbox_file([eml_file(ONE), eml_file(quoting)])
    for articles, skipped in (read_bytes("a.mbox", data), read_apart(tmp_path, "a.mbox", data)):
        assert [fields(article) for article in articles] == [ONE, quoting]
        assert skipped == []
    sloppy = data.replace(b">From here on:", b"From here on words")
    articles, skipped = read_bytes("a.mbox", sloppy)
    assert len(articles) == 2
    assert "From here on words" in articles[1].text
    crlf = data.replace(b"\n", b"\r\n")
    assert [fields(one) for one in read_bytes("a.mbox", crlf)[0]] == [ONE, quoting]


def test_plain_text_is_taken_where_it_is_no_stub() -> None:
    html = f"<p>{TEXT}</p>" * 8
    (article,), _ = read_bytes("a.eml", eml_file(ONE, html="<p>Other words, not much longer</p>"))
    assert article.text == TEXT
    stub = ONE | {"text": "See the page."}
    (article,), _ = read_bytes("a.eml", eml_file(stub, html=html))
    assert article.text == "\n\n".join([TEXT] * 8)


RAW = "Subject: S\nContent-Type: text/plain"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (f"{RAW}; charset=koi8-r\n\n".encode() + "Порт открылся".encode("koi8-r"), "Порт открылся"),
        (f"{RAW}; charset=nonsense\n\n".encode() + "Порт".encode(), "Порт"),
        (f"{RAW}; charset=us-ascii\n\n".encode() + "Порт".encode(), "Порт"),
        (f"{RAW}; charset=hex\n\n414243".encode(), "414243"),
        (f"{RAW}\n\n".encode() + "Порт".encode(), "Порт"),
        (f"{RAW}\nContent-Transfer-Encoding: base64\n\nUG9ydCDDqQ==".encode(), "Port é"),
        (f"{RAW}\nContent-Transfer-Encoding: quoted-printable\n\nA=C3=A9=\n!".encode(), "Aé!"),
        (f"{RAW}; format=flowed\n\nOne \ntwo.\n-- \nMe".encode(), "One two.\n-- \nMe"),
        (b"Subject: S\nContent-Type: text/html\n\n<p>A &amp; b</p><p>c</p>", "A & b\n\nc"),
        (b"Subject: S\nContent-Type: ;;;\n\nWords", "Words"),
        (f"{RAW}\n\nWords\n\n> quoted\n\n-- \nMe".encode(), "Words\n\n> quoted\n\n-- \nMe"),
    ],
)  # fmt: skip
def test_bodies_as_they_come(data: bytes, text: str) -> None:
    (article,), skipped = read_bytes("a.eml", data)
    assert (article.text, article.title) == (text, "S")
    assert skipped == []


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        (b"Subject: =?utf-8?b?w4k=?= =?utf-8?q?_=C3=A8?=\n more", "title", "É è more"),
        (b"Subject: =?koi8-r?b?" + b"8M/S1A==" + b"?=", "title", "Порт"),
        ("Subject: Порт".encode(), "title", "Порт"),
        (b"Subject: =?nonsense?b?w4k=?=", "title", "É"),
        (b"Subject: =?utf-8?b?!!!?= x", "title", None),
        (b"From: =?utf-8?q?=C3=89ric?= <e@x.example>", "authors", ("Éric",)),
        (b"From: e@x.example", "authors", ("e@x.example",)),
        (b"From: e@x.example", "source", "e@x.example"),
        (b"From: <<<>>>,,,", "authors", None),
        (b"List-Id: <news.x.example>", "source", "news.x.example"),
        (b'List-Id: "The News" <news.x.example>', "source", "The News"),
        (b"Date: Sun, 12 Nov 2023 08:30:00 +0900 (JST)", "published", "2023-11-11T23:30:00Z"),
        (b"Date: Sun, 12 Nov 2023 08:30:00 -0000", "published", "2023-11-12T08:30:00Z"),
        (b"Date: 31 Feb 9999999 99:99", "published", None),
        (b"Message-Id:  <a@b> ", "id", "a@b"),
    ],
)  # fmt: skip
def test_headers_as_they_come(line: bytes, field: str, value: object) -> None:
    (article,), _ = read_bytes("a.eml", b"X-A: b\n" + line + b"\n\nSome words.")
    if value is not None or field == "published":
        assert getattr(article, field) == value


def test_what_is_attached_is_read(tmp_path: Path) -> None:
    attached = {
        "table.csv": csv_file([SECOND]),
        "x/é.txt": b"Attached words.",
        "forwarded.eml": eml_file({"title": "Inner", "text": "The forwarded words."}),
        "more.zip": zip_file({"z.txt": b"Zipped words."}),
        "unknown.xyz": b"?",
    }
    data = eml_file(ONE, attachments=attached)
    for name, place in (("a.eml", "a.eml"), ("a.mbox", "a.mbox/1")):
        mail = mbox_file([data]) if name == "a.mbox" else data
        articles, skipped = read_bytes(name, mail)
        assert {article.path: article.text for article in articles} == {
            name: TEXT,
            f"{place}/table.csv": SECOND["text"],
            f"{place}/x_é.txt": "Attached words.",
            f"{place}/forwarded.eml": "The forwarded words.",
            f"{place}/more.zip/z.txt": "Zipped words.",
        }
        assert [one.path for one in skipped] == [f"{place}/unknown.xyz"]


def test_pictures_and_signatures_are_passed_over() -> None:
    data = b"""Subject: S
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Words
--b
Content-Type: image/png
Content-Disposition: inline; filename=a.png

x
--b
Content-Type: application/pgp-signature

x
--b
Content-Type: application/x-odd

x
--b--
"""
    (article,), (note,) = read_bytes("a.eml", data)
    assert article.text == "Words"
    assert (note.path, note.reason) == (
        "a.eml/3",
        "attachments of the type application/x-odd are not read",
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"just words\nand more", "it has no headers of a mail"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "it has no headers"),
        (b"Subject: x\n\n", "there is no text"),
        (b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b", "there is no text"),
    ],
)
def test_what_is_no_mail(data: bytes, reason: str) -> None:
    articles, (note,) = read_bytes("a.eml", data)
    assert articles == []
    assert reason in note.reason


def nested(depth: int) -> bytes:
    parts = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth)
    )
    return (f"Subject: x\n{parts}Content-Type: text/plain\n\nWords\n").encode()


def test_nesting(tmp_path: Path) -> None:
    assert read_bytes("a.eml", nested(20))[0][0].text == "Words"
    for depth in (100, 3000):
        articles, (note,) = read_apart(tmp_path, "a.eml", nested(depth))
        assert articles == []
        assert "nested too deeply" in note.reason or "within more than 50" in note.reason


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Type: text/plain" + b";a=b" * 2_000_000,
        b"Content-Type: multipart/mixed" + b";\n a=b" * 1_000_000,
        b"Content-Type: text/plain\nSubject: x\nFrom: " + b"<a@b>, " * 1_000_000,
        b"Content-Type: text/plain\nSubject: " + b"=?utf-8?q?a?= " * 1_000_000,
        b"Content-Type: text/plain\nDate: " + b"1 " * 1_000_000,
    ],
    ids=lambda head: str(head)[:60],
)
def test_headers_of_megabytes(head: bytes) -> None:
    started = time.process_time()
    articles, skipped = read_bytes("a.eml", b"X: y\n" + head + b"\n\nWords")
    assert articles or skipped[0].reason == "it has a header of more than 8,192 bytes"
    assert time.process_time() - started < 5


def test_a_bad_message_costs_one_message() -> None:
    mails = [eml_file(ONE), b"Subject: empty\n\n", nested(3000), eml_file(SECOND)]
    data = mbox_file(mails)
    articles, skipped = read_bytes("a.mbox", data)
    assert [article.id for article in articles] == ["one", "two"]
    starts = [n for n, one in enumerate(data.split(b"\n"), 1) if one.startswith(b"From sender")]
    assert [one.line for one in skipped] == starts[1:3]


def test_a_message_larger_than_the_limit() -> None:
    large = eml_file(ONE | {"text": "Long words.\n" * 500})
    data = mbox_file([eml_file(ONE), large, eml_file(SECOND)])
    articles, (note,) = read_bytes("a.mbox", data, limits=Limits(file_bytes=3000))
    assert [article.id for article in articles] == ["one", "two"]
    assert note.reason == "the message is larger than 3,000 bytes"


def test_what_is_no_mail_box() -> None:
    _, (note,) = read_bytes("a.mbox", b"Subject: x\n\nWords")
    assert note.reason.startswith("the file is no mail box")


def test_a_mail_that_is_cut_off() -> None:
    data = eml_file(ONE, html=f"<p>{TEXT}</p>", attachments={"a.csv": csv_file([SECOND] * 50)})
    for end in range(0, len(data), 97):
        survives(read_mail, "a.eml", data[:end])


BOXED = mbox_file([eml_file(ONE, html=f"<p>{TEXT}</p>"), eml_file(SECOND)])


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_any_mail_is_survived(seed: int) -> None:
    data = eml_file(ONE, html=f"<p>{TEXT}</p>", attachments={"b.eml": eml_file(SECOND)})
    survives(read_mail, "a.eml", mutated(data, seed))
    survives(read_mail_box, "a.mbox", mutated(BOXED, seed))
