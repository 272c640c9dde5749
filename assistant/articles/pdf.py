"""PDF: the text layer, page by page, as paragraphs."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from assistant.articles.common import make_article, read_metadata
from assistant.articles.pdf_lines import Line, Piece, lines_of, without_running_titles
from assistant.articles.pdf_paragraphs import headline_in, text_of
from assistant.articles.properties import (
    first_line,
    pdf_date,
    people,
    trusted_language,
    useful_title,
    w3c_date,
)
from assistant.articles.source import Source
from assistant.errors import ArticleUnreadable
from assistant.types import Article, Skipped

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

_HEADER_BYTES = 1024
"""Where readers look for `%PDF`: some programs write something in front of it."""

_UNMAPPED = re.compile(
    r"/(?:gid|cid|glyph|index|g|c)\d{1,5}|[\0\ufffd\ue000-\uf0a6\uf0a8-\uf0b6\uf0b8-\uf8ff]"
)
"""Names and places of glyphs of which the file does not say which letters they draw."""

_MOST_UNMAPPED = 0.3
_NOTED_UNMAPPED = 0.005
_BROWSERS = re.compile(r"Mozilla/|Skia/PDF|HeadlessChrome|wkhtmltopdf|Quartz PDFContext", re.I)
"""What a browser prints was created when it was printed, not when it was written."""

_PRISM = re.compile(r"http://prismstandard\.org/namespaces/(?:basic|pcv)/[\d.]+/")
_DC = "http://purl.org/dc/elements/1.1/"


_DAMAGED = "it is damaged or cut off; what could be found of it is read"
_CATALOG = re.compile(
    rb"(\d{1,10})\s{1,4}(\d{1,5})\s{1,4}obj\b(?=[^>]{0,400}?/Type\s{0,4}/Catalog\b)"
)
_LOSSES = re.compile(
    r"EOF marker not found|CAUTION: startxref|Impossible to decode XFormObject"
    r"|Exceeded %\(limit\)d form|Object %\(idnum\)d %\(generation\)d not defined"
    r"|Value /N|Invalid stream \(index|XRef object at|Page contents are not"
)
"""How pypdf's log begins where something of the file could not be read and it went on."""


class _Losses(logging.Handler):
    """Listens to pypdf, which tells of what it passes over in its log alone."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard = False

    def emit(self, record: logging.LogRecord) -> None:
        self.heard = self.heard or bool(_LOSSES.match(str(record.msg)))


@contextmanager
def _listening() -> Iterator[_Losses]:
    log, losses = logging.getLogger("pypdf"), _Losses()
    log.addHandler(losses)
    try:
        yield losses
    finally:
        log.removeHandler(losses)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:80]}"


def _tail(data: bytes) -> bytes | None:
    """An end for a file that is cut off: it tells where the document's first object is."""
    found = _CATALOG.findall(data)
    if not found:
        return None
    number, generation = map(int, found[-1])
    root = f"trailer\n<< /Root {number} {generation} R >>"
    return f"\nendstream\nendobj\n{root}\nstartxref\n0\n%%EOF\n".encode()


def _unlocked(data: bytes) -> PdfReader:
    """Raises ArticleUnreadable for what is locked, and whatever pypdf does for what is damaged."""
    from pypdf import PasswordType, PdfReader
    from pypdf.errors import DependencyError

    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        locked = reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED
    except DependencyError as error:
        raise ArticleUnreadable(f"it is encrypted in a way that is not read ({error})") from None
    if locked:
        raise ArticleUnreadable("it is locked with a password; save it without one")
    return reader


def _opened(source: Source, notes: list[str]) -> PdfReader:
    data = source.read()
    if b"%PDF" not in data[:_HEADER_BYTES]:
        raise ArticleUnreadable("it is not a PDF file, whatever its name says")
    try:
        return _unlocked(data)
    except (MemoryError, OSError, RecursionError, ArticleUnreadable):
        raise
    except Exception as error:  # pypdf raises whatever a damaged file makes it stumble over
        reason = f"the PDF is damaged ({_reason(error)})"
        tail = _tail(data)
    try:
        if tail is None:
            raise ArticleUnreadable(reason)
        reader = _unlocked(data + tail)
        notes.append(_DAMAGED)
        return reader
    except (MemoryError, OSError, RecursionError, ArticleUnreadable):
        raise
    except Exception:
        raise ArticleUnreadable(reason) from None


def _pieces(page: PageObject) -> list[Piece]:
    pieces: list[Piece] = []

    def take(text: str, base: list[float], matrix: list[float], _: Any, size: float) -> None:
        x = matrix[4] * base[0] + matrix[5] * base[2] + base[4]
        y = matrix[4] * base[1] + matrix[5] * base[3] + base[5]
        scale = abs(matrix[3] * base[3] + matrix[2] * base[1])
        pieces.append(Piece(text, x, y, abs(size) * (scale or 1)))

    page.extract_text(visitor_text=take)
    return pieces


def _pages(reader: PdfReader, source: Source, notes: list[str]) -> list[list[Line]]:
    """The lines of each page; a page that cannot be read is noted and left out."""
    pages: list[list[Line]] = []
    damaged: list[str] = []
    try:
        count = len(reader.pages)
    except (MemoryError, OSError, RecursionError):
        raise
    except Exception as error:
        raise ArticleUnreadable(f"the PDF is damaged ({_reason(error)})") from None
    for number in range(min(count, source.limits.pages)):
        try:
            pages.append(lines_of(_pieces(reader.pages[number])))
            source.budget.tell()
        except (MemoryError, OSError):
            raise
        except Exception as error:
            damaged.append(f"page {number + 1} cannot be read ({_reason(error)})")
    if damaged and not any(pages):
        raise ArticleUnreadable(damaged[0])
    if count > source.limits.pages:
        notes.append(f"only the first {source.limits.pages:,} of its {count:,} pages are read")
    notes.extend(damaged[:3])
    if damaged[3:]:
        notes.append(f"{len(damaged) - 3} more of its pages cannot be read")
    return pages


def _check_mapped(text: str, notes: list[str]) -> None:
    """Raises ArticleUnreadable where the file does not tell which letters its glyphs are."""
    written = sum(not c.isspace() for c in text)
    unmapped = sum(len(found.group()) for found in _UNMAPPED.finditer(text))
    if unmapped > _MOST_UNMAPPED * written:
        raise ArticleUnreadable("its fonts do not tell which letters they draw: it needs OCR")
    if unmapped > _NOTED_UNMAPPED * written:
        share = 100 * unmapped / written
        notes.append(f"{share:.1f} % of its characters are missing: its fonts do not tell them")


def _string(value: Any) -> str:
    """A value of the document's information, which may be of any type."""
    found = value.get_object() if hasattr(value, "get_object") else value
    return found.replace("\0", "") if isinstance(found, str) else ""


def _information(reader: PdfReader) -> dict[str, str]:
    try:
        found = reader.metadata
        return {} if found is None else {str(k).lstrip("/"): _string(found.get(k)) for k in found}
    except (MemoryError, OSError):
        raise
    except Exception:
        return {}


def _xmp(reader: PdfReader) -> dict[str, list[str]]:
    """The values of the XMP metadata that are read: `published`, `title`, `creator`, `language`."""
    try:
        found = reader.xmp_metadata
        if found is None:
            return {}
        published: list[str] = []
        for element in found.rdf_root.getElementsByTagName("*"):
            if element.localName == "publicationDate" and _PRISM.match(element.namespaceURI or ""):
                published.append("".join(n.data for n in element.childNodes if n.nodeType == 3))
        published += [d.isoformat() for d in found.dc_date or [] if d]
        return {
            "published": published,
            "title": [str(value) for value in (found.dc_title or {}).values()],
            "creator": [str(value) for value in found.dc_creator or []],
            "language": [str(value) for value in found.dc_language or []],
        }
    except (MemoryError, OSError):
        raise
    except Exception:
        return {}


def _language(reader: PdfReader) -> str:
    try:
        return _string(reader.root_object.get("/Lang"))
    except (MemoryError, OSError):
        raise
    except Exception:
        return ""


def _published(xmp: dict[str, list[str]], about: dict[str, str]) -> date | None:
    """When it was published; the day of its creation stands in, unless a browser printed it."""
    stated = [w3c_date(value) for value in xmp.get("published", [])]
    if any(stated):
        return next(found for found in stated if found)
    if _BROWSERS.search(f"{about.get('Creator', '')} {about.get('Producer', '')}"):
        return None
    return pdf_date(about.get("CreationDate", ""))


def read_pdf(source: Source) -> Iterator[Article | Skipped]:
    # It takes a third of a second to import: only those who have PDFs pay.
    from pypdf import apply_configuration

    limits = source.limits
    most = min(limits.file_bytes, limits.unpacked_bytes)
    notes: list[str] = []
    with (
        _listening() as losses,
        apply_configuration(
            maximum_declared_stream_length=most,
            array_based_stream_maximum_output_length=most,
            lzw_maximum_output_length=most,
            run_length_maximum_output_length=most,
            zlib_maximum_output_length=most,
            zlib_maximum_recovery_input_length=min(most, 5_000_000),
            brotli_maximum_output_length=most,
            jbig2dec_binary=None,
            disable_legacy_handling=True,
        ),
    ):
        reader = _opened(source, notes)
        pages = _pages(reader, source, notes)
        about, xmp, language = _information(reader), _xmp(reader), _language(reader)
    if losses.heard and _DAMAGED not in notes:
        notes.append(_DAMAGED)
    pages = without_running_titles(pages)
    text = text_of(pages)
    if not any(c.isalnum() for c in text):
        whole = _DAMAGED not in notes
        raise ArticleUnreadable(
            "it has no text layer: it needs OCR"
            if whole
            else "it is damaged or cut off, and no text is found in it"
        )
    _check_mapped(text, notes)
    metadata = read_metadata(
        {
            "title": useful_title(next(iter(xmp.get("title", ())), None))
            or useful_title(about.get("Title"))
            or headline_in(pages),
            "language": trusted_language(
                language or next(iter(xmp.get("language", ())), None), text
            ),
            "published": _published(xmp, about),
            "authors": people(xmp.get("creator") or [about.get("Author")]),
        }
    )
    title = first_line(text, source.stem)
    yield make_article(metadata, text=text, title=title, key=source.name, path=source.name)
    for note in [*notes, *metadata.notes]:
        yield Skipped(source.name, note)
