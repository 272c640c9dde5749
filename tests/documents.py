"""Good documents of each type, as bytes: what tests read, cut and bend."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

import docx
from docx.document import Document
from pdf_files import pdf_file

from assistant.articles.formats import READERS
from assistant.articles.source import Budget, Source
from assistant.errors import ArticleUnreadable
from assistant.limits import Limits
from assistant.types import Article, Skipped

__all__ = ["docx_file", "epub_file", "fodt_file", "odt_file", "pdf_file"]

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

_CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""

_ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in [
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("meta", "meta"),
        ("svg", "svg-compatible"),
    ]
)
_DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
_ODF_MANIFEST = """<?xml version="1.0"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>"""


def paragraphs(text: str) -> list[str]:
    return text.split("\n\n")


def zip_file(parts: Mapping[str, str | bytes], *, stored: Sequence[str] = ("mimetype",)) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()


def zip_parts(data: bytes) -> dict[str, bytes]:
    """The parts of a zip file, to be changed and packed again."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def saved(document: Document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def docx_file(text: str, *, title: str = "", author: str = "") -> bytes:
    document = docx.Document()
    document.core_properties.title = title
    document.core_properties.author = author
    for paragraph in paragraphs(text):
        document.add_paragraph(paragraph)
    return saved(document)


def docx_of(body: str, **parts: str) -> bytes:
    """A Word document of this XML, in which `w` is bound; `parts` are named `footnotes`, say."""
    whole = zip_parts(docx_file("x"))
    whole["word/document.xml"] = f"<w:document {W_NAMESPACES}>{body}</w:document>".encode()
    relations = whole["word/_rels/document.xml.rels"].decode()
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    for name, content in parts.items():
        whole[f"word/{name}.xml"] = content.encode()
        if f'Target="{name}.xml"' not in relations:
            more = f'<Relationship Id="x{name}" Type="{base}/{name}" Target="{name}.xml"/>'
            relations = relations.replace("</Relationships>", f"{more}</Relationships>")
    whole["word/_rels/document.xml.rels"] = relations.encode()
    return zip_file(whole)


W_NAMESPACES = (
    f'xmlns:w="{W}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)


def odt_body(text: str) -> str:
    return "".join(f"<text:p>{escape(paragraph)}</text:p>" for paragraph in paragraphs(text))


def odt_of(body: str, *, meta: str = "", kind: str = "text") -> bytes:
    """An OpenDocument text of this XML, in which `text`, `table` and `draw` are bound."""
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_ODF} {_DC}>'
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        "</office:document-content>"
    )
    about = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-meta {_ODF} {_DC}>'
        f"<office:meta>{meta}</office:meta></office:document-meta>"
    )
    return zip_file(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "META-INF/manifest.xml": _ODF_MANIFEST,
            "content.xml": content,
            "meta.xml": about,
        }
    )


def odt_file(text: str, *, title: str = "", author: str = "") -> bytes:
    meta = f"<dc:title>{escape(title)}</dc:title>" if title else ""
    meta += f"<dc:creator>{escape(author)}</dc:creator>" if author else ""
    return odt_of(odt_body(text), meta=meta)


def fodt_file(text: str, *, title: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {_ODF} {_DC}>'
        f"<office:meta><dc:title>{escape(title)}</dc:title></office:meta>"
        f"<office:body><office:text>{odt_body(text)}</office:text></office:body>"
        "</office:document>"
    ).encode()


def xhtml(body: str, *, title: str = "", attributes: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">'
        f"<head><title>{escape(title)}</title></head><body{attributes}>{body}</body></html>"
    )


def xhtml_body(text: str) -> str:
    return "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs(text))


def epub_of(
    pages: Mapping[str, str | bytes],
    *,
    metadata: str = "",
    guide: str = "",
    manifest: str = "",
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """A book of these pages, by file name, in this order."""
    items = "".join(
        f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(pages)
    )
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(pages)))
    package = (
        '<?xml version="1.0" encoding="utf-8"?><package xmlns="http://www.idpf.org/2007/opf" '
        f'version="3.0"><metadata {_DC} xmlns:opf="http://www.idpf.org/2007/opf">{metadata}'
        f"</metadata><manifest>{items}{manifest}</manifest><spine>{spine}</spine>{guide}</package>"
    )
    parts: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": _CONTAINER,
        "OEBPS/book.opf": package,
    }
    parts |= {f"OEBPS/{name}": content for name, content in pages.items()}
    return zip_file(parts | dict(more or {}))


def epub_file(text: str, *, title: str = "", author: str = "") -> bytes:
    metadata = f"<dc:title>{escape(title)}</dc:title>" if title else ""
    metadata += f"<dc:creator>{escape(author)}</dc:creator>" if author else ""
    return epub_of({"ch1.xhtml": xhtml(xhtml_body(text))}, metadata=metadata)


def _source(name: str, data: bytes, limits: Limits | None) -> Source:
    limits = limits or Limits()
    return Source(name, lambda: io.BytesIO(data), limits, Budget(limits))


def read_directly(
    name: str, data: bytes, *, limits: Limits | None = None
) -> tuple[list[Article], list[str]]:
    """The articles of a file and the reasons for what was left out, read in this process.

    Lets pass whatever else than what a reader may raise.
    """
    articles: list[Article] = []
    reasons: list[str] = []
    source = _source(name, data, limits)
    try:
        for item in READERS[source.suffix].read(source):
            if isinstance(item, Article):
                articles.append(item)
            elif isinstance(item, Skipped):
                reasons.append(item.reason)
    except (ArticleUnreadable, OSError, MemoryError, RecursionError) as error:
        reasons.append(str(error))
    return articles, reasons


def articles_of(name: str, data: bytes, *, limits: Limits | None = None) -> list[Article]:
    """The articles of a file of which everything can be used."""
    articles, reasons = read_directly(name, data, limits=limits)
    assert reasons == []
    return articles


def reasons_of(name: str, data: bytes, *, limits: Limits | None = None) -> list[str]:
    """Why a file has no article."""
    articles, reasons = read_directly(name, data, limits=limits)
    assert articles == []
    return reasons
