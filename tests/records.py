"""Files of records, mails and archives, made of rows: each builder gives the bytes of a file.

A row has the fields of an article by our own names, and what it lacks is left out.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

Row = Mapping[str, Any]


def json_file(rows: Sequence[Row]) -> bytes:
    """An object with the rows in its list `articles`."""
    return json.dumps({"articles": list(rows)}, ensure_ascii=False).encode()


def csv_file(rows: Sequence[Row], *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """A table with a header; authors with a `;` between them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = io.StringIO()
    table = csv.writer(lines, delimiter=delimiter)
    table.writerow(names)
    for row in rows:
        cells = (row.get(name, "") for name in names)
        table.writerow("; ".join(cell) if isinstance(cell, list) else cell for cell in cells)
    return lines.getvalue().encode(encoding)


def zip_file(members: Mapping[str, bytes], *, stored: bool = False) -> bytes:
    file = io.BytesIO()
    kind = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, kind)
    return file.getvalue()


def tar_file(members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return file.getvalue()


def gz_file(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def rss_file(
    rows: Sequence[Row], *, title: str = "The Courier", whole: bool = True, encoding: str = "utf-8"
) -> bytes:
    """RSS 2.0; with `whole`, the text is HTML in `content:encoded`, else it is the description."""
    items = []
    for row in rows:
        text = escape(row["text"])
        body = (
            f"<description>In short.</description><content:encoded>{escape(f'<p>{text}</p>')}"
            "</content:encoded>"
            if whole
            else f"<description>{escape(text)}</description>"
        )
        moment = datetime.fromisoformat(row["published"]) if row.get("published") else None
        items.append(
            "<item>"
            f"<title>{escape(escape(row.get('title', '')))}</title>"
            f"<link>{escape(row.get('url', ''))}</link>"
            f'<guid isPermaLink="false">{escape(row.get("id", ""))}</guid>'
            + "".join(f"<dc:creator>{escape(one)}</dc:creator>" for one in row.get("authors", ()))
            + (f"<pubDate>{format_datetime(moment)}</pubDate>" if moment else "")
            + f"{body}</item>"
        )
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>{escape(title)}</title>"
        f"<language>{rows[0].get('language', 'en') if rows else 'en'}</language>"
        f"{''.join(items)}</channel></rss>"
    )
    return text.encode(encoding)


def atom_file(rows: Sequence[Row], *, title: str = "The Courier") -> bytes:
    """Atom 1.0, each text as plain text in its `content`, each entry with its language."""
    entries = "".join(
        f'<entry xml:lang="{row.get("language", "en")}">'
        f"<title>{escape(row.get('title', ''))}</title><id>{escape(row.get('id', ''))}</id>"
        f'<link href="{escape(row.get("url", ""))}"/>'
        f"<published>{row.get('published', '')}</published>"
        + "".join(f"<author><name>{escape(a)}</name></author>" for a in row.get("authors", ()))
        + f'<content type="text">{escape(row["text"])}</content></entry>'
        for row in rows
    )
    return (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{escape(title)}</title>{entries}</feed>"
    ).encode()


def eml_file(
    row: Row,
    *,
    html: str | None = None,
    attachments: Mapping[str, bytes] | None = None,
    charset: str = "utf-8",
) -> bytes:
    """A mail; the row's source is the mailing list, and its first author the sender."""
    message = EmailMessage(policy=SMTP.clone(linesep="\n"))
    if row.get("title"):
        message["Subject"] = row["title"]
    if row.get("authors"):
        message["From"] = Address(row["authors"][0], addr_spec="sender@example.org")
    if row.get("published"):
        message["Date"] = datetime.fromisoformat(row["published"])
    if row.get("id"):
        message["Message-ID"] = f"<{row['id']}>"
    if row.get("source"):
        message["List-Id"] = f"{row['source']} <list.example.org>"
    if row.get("url"):
        message["Archived-At"] = f"<{row['url']}>"
    message.set_content(row["text"], charset=charset)
    if row.get("language"):
        message["Content-Language"] = row["language"]
    if html is not None:
        message.add_alternative(html, subtype="html", charset=charset)
    for name, data in (attachments or {}).items():
        kind = ("message", "rfc822") if name.endswith(".eml") else ("application", "octet-stream")
        if kind[0] == "message":
            message.add_attachment(message_from_bytes(data, policy=SMTP), filename=name)
        else:
            message.add_attachment(data, *kind, filename=name)
    return message.as_bytes()


def mbox_file(mails: Sequence[bytes]) -> bytes:
    """As mboxrd has it."""
    parts = []
    for mail in mails:
        quoted = re.sub(rb"^(>*From )", rb">\1", mail, flags=re.M)
        parts.append(b"From sender@example.org Sun Nov 12 08:30:00 2023\n" + quoted + b"\n")
    return b"".join(parts)


def page_of(row: Row) -> str:
    """A page with the row's article in it."""
    return (
        f'<!doctype html><html lang="{row.get("language", "en")}"><head>'
        f"<title>{escape(row.get('title', ''))}</title>"
        f'<meta property="og:site_name" content="{escape(row.get("source", ""))}">'
        f'<meta property="article:published_time" content="{row.get("published", "")}"></head>'
        f"<body><article><h1>{escape(row.get('title', ''))}</h1>"
        f"<p>{escape(row['text'])}</p></article></body></html>"
    )


def warc_record(
    content: bytes,
    *,
    url: str = "https://courier.example/harbour",
    kind: str = "response",
    content_type: str = "text/html; charset=utf-8",
    status: str = "200 OK",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    if kind in ("response", "request"):
        first = f"HTTP/1.1 {status}" if kind == "response" else "GET / HTTP/1.1"
        lines = [first, f"Content-Type: {content_type}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        content = "\r\n".join([*lines, "", ""]).encode() + content
        content_type = f"application/http; msgtype={kind}"
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\n"
        "WARC-Date: 2024-01-02T03:04:05Z\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n\r\n"


def warc_file(rows: Sequence[Row]) -> bytes:
    """A crawl of the pages of the rows, each with its request."""
    records = [warc_record(b"software: x", url="", kind="warcinfo", content_type="text/plain")]
    for row in rows:
        url = row.get("url", "https://courier.example/")
        records.append(warc_record(b"", url=url, kind="request"))
        records.append(warc_record(page_of(row).encode(), url=url))
    return b"".join(records)


def parquet_file(rows: Sequence[Row], *, compression: str = "snappy") -> bytes:
    """A table; what its rows have, of the types that pyarrow takes them to be."""
    import pyarrow
    from pyarrow import parquet

    file = io.BytesIO()
    table = pyarrow.Table.from_pylist([dict(row) for row in rows])
    parquet.write_table(table, file, compression=compression, write_page_checksum=True)
    return file.getvalue()
