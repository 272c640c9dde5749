"""A sound file of every format that an index may be built from, each with its own text."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from html import escape
from importlib import import_module

_TOWNS = ("Fairhaven", "Oberstadt", "Marisol", "Tiefensee", "Kirkwall", "Bellavista", "Northam")
_SENTENCES = (
    "The council of {town} decided on Tuesday to rebuild the bridge number {n} over the river.",
    "The mayor said that the work would take three years and cost forty million crowns.",
    "Shopkeepers on both sides had asked for it since the flood of the spring before last.",
    "A ferry will carry those who walk, and buses will go round by the northern road.",
    "The old stones are kept in the yard of the museum until a place is found for them.",
)


@dataclass(frozen=True, slots=True)
class Item:
    """What one article says; another number is another article."""

    number: int

    @property
    def title(self) -> str:
        return f"{_TOWNS[self.number % len(_TOWNS)]} rebuilds bridge {self.number}"

    @property
    def sentences(self) -> list[str]:
        town = _TOWNS[self.number % len(_TOWNS)]
        return [sentence.format(town=town, n=self.number) for sentence in _SENTENCES]

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


def _markdown(item: Item) -> bytes:
    return f"---\ntitle: {item.title}\nlanguage: en\n---\n{item.text}\n".encode()


def _html(item: Item) -> bytes:
    paragraphs = "".join(f"<p>{escape(s)}</p>" for s in item.sentences)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{item.title}</title>'
        f"</head><body><nav>Home</nav><article><h1>{item.title}</h1>{paragraphs}</article></body></html>"
    ).encode()


def pdf(objects: Mapping[int, bytes]) -> bytes:
    """A PDF of these objects, the first of which is the catalogue, with a right table."""
    data, places = b"%PDF-1.4\n", {}
    for number, body in objects.items():
        places[number] = len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(data), max(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n" % size
    data += b"".join(b"%010d 00000 n \n" % places.get(n, 0) for n in range(1, size))
    return data + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)


def pdf_objects(item: Item) -> dict[int, bytes]:
    lines = b"".join(b"(%s) Tj T*\n" % s.encode() for s in [item.title, *item.sentences])
    content = b"BT /F1 10 Tf 14 TL 40 760 Td\n" + lines + b"ET"
    return {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 842 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        4: b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    }


def zipped(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


_WORD = "http://schemas.openxmlformats.org"
_PACKAGE = f"{_WORD}/package/2006"


def docx_members(item: Item, *, before: str = "") -> dict[str, bytes]:
    """The members of a DOCX; `before` stands before the root of its text."""
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    paragraphs = "".join(
        f"<w:p><w:r><w:t>{escape(s)}</w:t></w:r></w:p>" for s in [item.title, *item.sentences]
    )
    return {
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package'
            '.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
        ).encode(),
        "_rels/.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
            f'Type="{_WORD}/officeDocument/2006/relationships/officeDocument" '
            'Target="word/document.xml"/></Relationships>'
        ).encode(),
        "word/document.xml": (
            f'<?xml version="1.0"?>{before}<w:document '
            f'xmlns:w="{_WORD}/wordprocessingml/2006/main">'
            f"<w:body>{paragraphs}</w:body></w:document>"
        ).encode(),
    }


def epub_members(item: Item, *, before: str = "") -> dict[str, bytes]:
    chapter = "".join(f"<p>{escape(s)}</p>" for s in item.sentences)
    return {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": (
            b'<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
            b'<rootfiles><rootfile full-path="book.opf" '
            b'media-type="application/oebps-package+xml"/></rootfiles></container>'
        ),
        "book.opf": (
            f'{before}<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
            '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>{item.title}</dc:title><dc:language>en</dc:language></metadata>"
            '<manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="c"/></spine></package>'
        ).encode(),
        "c.xhtml": (
            '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>'
            f"{item.title}</title></head><body><h1>{item.title}</h1>{chapter}</body></html>"
        ).encode(),
    }


def odt_members(item: Item, *, before: str = "") -> dict[str, bytes]:
    name = "urn:oasis:names:tc:opendocument:xmlns"
    paragraphs = "".join(f"<text:p>{escape(s)}</text:p>" for s in [item.title, *item.sentences])
    return {
        "mimetype": b"application/vnd.oasis.opendocument.text",
        "content.xml": (
            f'<?xml version="1.0"?>{before}<office:document-content '
            f'xmlns:office="{name}:office:1.0" '
            f'xmlns:text="{name}:text:1.0" office:version="1.2"><office:body><office:text>'
            f"{paragraphs}</office:text></office:body></office:document-content>"
        ).encode(),
        "META-INF/manifest.xml": (
            f'<m:manifest xmlns:m="{name}:manifest:1.0"><m:file-entry m:full-path="content.xml" '
            'm:media-type="text/xml"/></m:manifest>'
        ).encode(),
    }


def rss(item: Item, *, before: str = "", more: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<rss version="2.0"><channel>'
        f"<title>The Courier</title><item><title>{item.title}</title>"
        f"<link>http://example.org/{item.number}</link>"
        f"<description>{escape(item.text)}{more}</description></item></channel></rss>"
    ).encode()


def _atom(item: Item) -> bytes:
    return (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>The Courier</title>'
        f"<id>urn:feed:{item.number}</id><entry><title>{item.title}</title>"
        f"<id>urn:{item.number}</id><updated>2024-03-02T00:00:00Z</updated>"
        f'<content type="text">{escape(item.text)}</content></entry></feed>'
    ).encode()


def _values(item: Item) -> dict[str, str]:
    return {"id": f"item-{item.number}", "title": item.title, "text": item.text, "language": "en"}


def _json(item: Item) -> bytes:
    return json.dumps([_values(item)]).encode()


def _jsonl(item: Item) -> bytes:
    return json.dumps(_values(item)).encode() + b"\n"


def _rows(item: Item, delimiter: str) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, list(_values(item)), delimiter=delimiter)
    writer.writeheader()
    writer.writerow(_values(item))
    return buffer.getvalue().encode()


def _parquet(item: Item) -> bytes:
    table = import_module("pyarrow").table({k: [v] for k, v in _values(item).items()})
    buffer = io.BytesIO()
    import_module("pyarrow.parquet").write_table(table, buffer)
    return buffer.getvalue()


def mail(item: Item) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "The Courier <news@example.org>"
    message["Subject"] = item.title
    message["Date"] = "Sat, 02 Mar 2024 10:00:00 +0000"
    message["Message-ID"] = f"<{item.number}@example.org>"
    message.set_content(item.text)
    return message


def _mbox(item: Item) -> bytes:
    return b"From news@example.org Sat Mar  2 10:00:00 2024\n" + mail(item).as_bytes() + b"\n\n"


def warc(item: Item, *, length: int | None = None) -> bytes:
    """One record; `length` is what its Content-Length says instead of the truth."""
    page = _html(item)
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
    block = answer + b"Content-Length: %d\r\n\r\n%s" % (len(page), page)
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: 2024-03-02T10:00:00Z\r\n"
        f"WARC-Target-URI: http://example.org/{item.number}\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{item.number:012}>\r\n"
        "Content-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(block) if length is None else length}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


FORMATS: dict[str, Callable[[Item], bytes]] = {
    ".md": _markdown,
    ".txt": lambda item: f"{item.title}\n\n{item.text}\n".encode(),
    ".html": _html,
    ".pdf": lambda item: pdf(pdf_objects(item)),
    ".docx": lambda item: zipped(docx_members(item)),
    ".epub": lambda item: zipped(epub_members(item)),
    ".odt": lambda item: zipped(odt_members(item)),
    ".xml": rss,
    ".rss": rss,
    ".atom": _atom,
    ".json": _json,
    ".jsonl": _jsonl,
    ".csv": lambda item: _rows(item, ","),
    ".tsv": lambda item: _rows(item, "\t"),
    ".parquet": _parquet,
    ".eml": lambda item: mail(item).as_bytes(),
    ".mbox": _mbox,
    ".warc": warc,
    ".warc.gz": lambda item: gzip.compress(warc(item)),
    ".zip": lambda item: zipped({"inner.md": _markdown(item)}),
    ".md.gz": lambda item: gzip.compress(_markdown(item)),
    ".jsonl.gz": lambda item: gzip.compress(_jsonl(item)),
}
"""What makes a sound file, by the ending of its name."""
