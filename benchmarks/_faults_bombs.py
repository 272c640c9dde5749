"""Contents made to hang, crash or fill a reader, by the name of their file."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from collections.abc import Iterator

from benchmarks._faults_formats import (
    FORMATS,
    Item,
    docx_members,
    epub_members,
    mail,
    odt_members,
    pdf,
    pdf_objects,
    rss,
    warc,
    zipped,
)

Named = Iterator[tuple[str, bytes]]

_ITEM = Item(900_001)
_DEEP = 100_000
_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 5}">' for n in range(12))


def markup(canary: str, port: int) -> Named:
    """XML, HTML, YAML and JSON that expand, nest, refer to files or to the network."""
    address = f"http://127.0.0.1:{port}/dtd"
    doctypes = {
        "file": f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{canary}">]>',
        "parameter": f'<!DOCTYPE rss [<!ENTITY % p SYSTEM "{address}"> %p; <!ENTITY x "y">]>',
        "http": f'<!DOCTYPE rss SYSTEM "{address}" [<!ENTITY x SYSTEM "{address}">]>',
        "laughs": f"<!DOCTYPE rss [{_LAUGHS}<!ENTITY x '&l11;'>]>",
        "quadratic": f'<!DOCTYPE rss [<!ENTITY q "{"a" * 100_000}"><!ENTITY x "{"&q;" * 5000}">]>',
        "endless": '<!DOCTYPE rss [<!ENTITY x "&y;"><!ENTITY y "&x;">]>',
    }
    for name, doctype in doctypes.items():
        for suffix in (".xml", ".rss", ".atom"):
            yield f"xml-{name}{suffix}", rss(_ITEM, before=doctype, more="&x;")
        for suffix, members in ((".docx", docx_members), (".odt", odt_members)):
            parts = members(_ITEM, before=doctype)
            main = "word/document.xml" if suffix == ".docx" else "content.xml"
            parts[main] = parts[main].replace(b"The council", b"&x; council", 1)
            yield f"xml-{name}{suffix}", zipped(parts)
        book = epub_members(_ITEM, before=doctype)
        book["book.opf"] = book["book.opf"].replace(b"rebuilds", b"&x;", 1)
        book["c.xhtml"] = doctype.encode() + book["c.xhtml"].replace(b"The council", b"&x;", 1)
        yield f"xml-{name}.epub", zipped(book)
    page = f'<img src="{address}"><link rel="stylesheet" href="{address}"><iframe src="{address}">'
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file://{canary}"/>'
    yield "remote.html", f"<html><body>{page}<p>{_ITEM.text}</p></body></html>".encode()
    yield "include.xml", rss(_ITEM, more=include)
    yield (
        "escape.epub",
        zipped(
            epub_members(_ITEM)
            | {
                "book.opf": epub_members(_ITEM)["book.opf"].replace(
                    b"c.xhtml", f"../..{canary}".encode()
                )
            }
        ),
    )
    yield (
        "include.docx",
        zipped(
            docx_members(_ITEM)
            | {
                "word/_rels/document.xml.rels": (
                    '<Relationships><Relationship Id="r9" TargetMode="External" '
                    f'Target="{address}"/></Relationships>'
                ).encode()
            }
        ),
    )
    for suffix, opening, closing in (
        (".html", "<div>", "</div>"),
        (".xml", "<a>", "</a>"),
        (".json", "[", "]"),
        (".jsonl", '{"text":', "}"),
    ):
        yield f"nested{suffix}", (opening * _DEEP + "words" + closing * _DEEP).encode()
        yield f"nested-open{suffix}", (opening * _DEEP).encode()
    yield "nested-yaml.md", f"---\na: {'[' * _DEEP}{']' * _DEEP}\n---\n{_ITEM.text}".encode()
    aliases = "".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 9 if n else 'x'}]\n" for n in range(12))
    yield "aliases.md", f"---\n{aliases}title: *a11\n---\n{_ITEM.text}".encode()
    yield (
        "tag.md",
        b"---\ntitle: !!python/object/apply:os.system ['true']\n---\n" + _ITEM.text.encode(),
    )
    yield "unclosed.md", b"---\ntitle: x\n" + b"a: b\n" * 200_000
    yield "divs.html", b"<html><body>" + b"<div>" * 1_000_000 + _ITEM.text.encode()
    yield "paragraphs.html", b"<html><body>" + b"<p>a</p>" * 1_000_000
    yield (
        "attributes.html",
        b"<p " + b" ".join(b"a%d=1" % n for n in range(300_000)) + b">words</p>",
    )
    yield "comments.html", b"<html><body>" + b"<!--" * 500_000 + _ITEM.text.encode()
    yield "number.json", b'[{"id":"n","text":"words","x":' + b"9" * 1_000_000 + b"}]"
    yield "number.jsonl", b'{"id":"n","text":"words","x":' + b"9" * 1_000_000 + b"}\n"


def documents() -> Named:
    """PDFs, tables, mails and records that lie about themselves."""
    objects = pdf_objects(_ITEM)
    lies = objects | {4: objects[4].replace(b"/Length", b"/Length 2147483647 %")}
    yield "length.pdf", pdf(lies)
    yield (
        "short-length.pdf",
        pdf(objects | {4: b"<< /Length 5 " + objects[4][objects[4].index(b">>") :]}),
    )
    yield "loop.pdf", pdf(objects | {2: b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 >>"})
    yield "parent-loop.pdf", pdf(objects | {3: objects[3].replace(b"/Parent 2", b"/Parent 3")})
    yield "count.pdf", pdf(objects | {2: b"<< /Type /Pages /Kids [3 0 R] /Count 2147483647 >>"})
    yield "no-kids.pdf", pdf(objects | {2: b"<< /Type /Pages /Count 1 >>"})
    kids = b"3 0 R " * 200_000
    yield "pages.pdf", pdf(objects | {2: b"<< /Type /Pages /Kids [%s] /Count 200000 >>" % kids})
    image = b"<< /Type /XObject /Subtype /Image /Width 100000 /Height 100000 /BitsPerComponent 8 "
    image += b"/ColorSpace /DeviceRGB /Filter /FlateDecode /Length 9 >>\n"
    image += b"stream\nx\x9cc\x00\x00\x00\x01\nendstream"
    yield (
        "image.pdf",
        pdf(
            objects | {3: objects[3].replace(b"/Font", b"/XObject << /I 6 0 R >> /Font"), 6: image}
        ),
    )
    bomb = zlib.compress(bytes(200_000_000), 9)
    stream = b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(bomb), bomb)
    yield "bomb.pdf", pdf(objects | {4: stream})
    twice = zlib.compress(bomb, 9)
    stream = b"<< /Filter [/FlateDecode /FlateDecode] /Length %d >>\nstream\n%s\nendstream"
    yield "bomb-twice.pdf", pdf(objects | {4: stream % (len(twice), twice)})
    yield (
        "encrypted.pdf",
        pdf(objects | {6: b"<< >>"}).replace(
            b"/Root 1 0 R",
            b"/Root 1 0 R /Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 "
            b"/O (" + b"o" * 32 + b") /U (" + b"u" * 32 + b") >> /ID [(x) (y)]",
        ),
    )
    yield "nested.pdf", pdf(objects | {1: b"[" * _DEEP + b"]" * _DEEP})
    script = (
        b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>"
    )
    yield "script.pdf", pdf(objects | {1: script})
    yield "field.csv", b"id,title,text\n1,x," + b"words " * 8_500_000 + b"\n"
    yield "columns.csv", b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n" + b"," * 999_999
    yield "quote.csv", b'id,title,text\n1,x,"' + b"never closed, " * 100_000
    yield "rows.csv", b"id,title,text\n" + b"".join(b"r%d,t,\n" % n for n in range(300_000))
    table = FORMATS[".parquet"](_ITEM)
    yield "footer.parquet", table[:-8] + struct.pack("<I", 2_000_000_000) + b"PAR1"
    yield "footer-negative.parquet", table[:-8] + struct.pack("<i", -1) + b"PAR1"
    yield "magic.parquet", b"PAR1" * 1000
    page = FORMATS[".warc"](_ITEM)
    for name, length in (
        ("longer", len(page) * 100),
        ("huge", 10**18),
        ("short", 3),
        ("negative", -5),
    ):
        yield f"{name}.warc", warc(_ITEM, length=length) + page
        yield f"{name}.warc.gz", gzip.compress(warc(_ITEM, length=length) + page)
    yield "headers.warc", b"WARC/1.0\r\n" + b"X: y\r\n" * 1_000_000
    levels = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(1000)
    )
    yield "multipart.eml", f"Subject: deep\r\nMIME-Version: 1.0\r\n{levels}\r\nwords".encode()
    message = mail(_ITEM)
    message.add_attachment(
        b"MZ" + bytes(5000),
        maintype="application",
        subtype="x-msdownload",
        filename="../../run.exe",
    )
    yield "executable.eml", message.as_bytes()
    yield (
        "charset.eml",
        b"Subject: =?rot13?q?nope?=\nContent-Type: text/plain; charset=nope\n\n"
        + (_ITEM.text.encode()),
    )
    yield "headers.eml", b"X: y\n" * 300_000 + b"\nwords"
    yield "subject.eml", b"Subject: " + b"=?utf-8?q?a?= " * 200_000 + b"\n\nwords"
    yield "froms.mbox", b"From a@b Sat Mar  2 10:00:00 2024\n" * 10_000
    yield "no-from.mbox", mail(_ITEM).as_bytes()


def texts() -> Named:
    """Characters, encodings and the worst cases of regular expressions."""
    text = _ITEM.text
    yield "line.txt", b"words and words " * 6_250_000
    yield "line.jsonl", b'{"text": "' + b"words and words " * 6_250_000 + b'"}\n'
    for name, piece in (
        ("spaces", " "),
        ("dashes", "-"),
        ("angles", "<"),
        ("parentheses", "("),
        ("dots", "."),
        ("newlines", "\n"),
        ("tabs", "\t"),
        ("ampersands", "&"),
        ("quotes", '"'),
        ("zeros", "0"),
        ("brackets", "["),
        ("stars", "*"),
        ("combining", "\u0301"),
        ("joiners", "\u200d"),
        ("commas", "1,"),
        ("hashes", "#"),
        ("han", "年"),
        ("dates", "1/"),
    ):
        for suffix in (".txt", ".md", ".html"):
            yield f"run-{name}{suffix}", f"{text} {piece * 60_000} {text}".encode()
    yield "nul.txt", text.encode().replace(b" ", b"\0")
    yield "nul.html", f"<p>{text}\0{text}</p>".encode()
    yield "surrogates.txt", text.encode() + b" \xed\xa0\x80\xed\xb0\x80"
    yield (
        "surrogates.jsonl",
        b'{"id":"s","title":"\\ud800","text":"lone \\udfff and \\ud800 words"}\n',
    )
    yield "surrogates.json", b'[{"id":"s2","title":"\\ud800","text":"lone \\udfff and words"}]'
    bidi = "\u202e\u2066\u2069\u200f\x1b[31m\x07\x9b"
    yield "bidi.md", f"---\ntitle: '{bidi[:4]}title'\n---\n{bidi} {text}".encode()
    values = {
        "id": bidi,
        "title": bidi + "t",
        "source": bidi,
        "url": "javascript:alert(1)",
        "published": "9999-99-99",
        "language": "xx" * 99,
        "authors": [bidi],
        "text": text,
    }
    yield "values.jsonl", json.dumps(values).encode()
    yield (
        "types.jsonl",
        b'{"id":[1],"title":{},"text":1}\n{"text":null}\n[]\n1\nnull\n"x"\n{"text":"\\u0000"}\n',
    )
    for name in ("utf-7", "utf-16", "utf-32", "cp037", "nope", "unicode-escape", "idna", "zip"):
        head = f'<meta charset="{name}">'
        yield f"declared-{name}.html", f"<html><head>{head}</head><p>{text} é</p>".encode("latin-1")
        declared = f'<?xml version="1.0" encoding="{name}"?>'.encode()
        yield (
            f"declared-{name}.xml",
            rss(_ITEM).replace(b'<?xml version="1.0" encoding="UTF-8"?>', declared),
        )
    yield "bom.txt", b"\xff\xfe" + text.encode()
    yield "odd.txt", b"\xff\xfe" + text.encode("utf-16-le") + b"x"
    yield "bom32.txt", b"\xff\xfe\x00\x00" + b"\xff" * 41
