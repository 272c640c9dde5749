"""Documents that are zip files of XML: opened with distrust, read within the limits."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Protocol
from xml.parsers.expat import ExpatError

from assistant.articles.source import Source, size, unpacking
from assistant.errors import ArticleUnreadable

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCAL_HEADER_BYTES = 30
_DEEPEST = 250
"""Elements within one another: documents have some twenty."""

_KINDS = {
    "word/document.xml": "a Word document (.docx)",
    "xl/workbook.xml": "an Excel workbook (.xlsx)",
    "ppt/presentation.xml": "a PowerPoint presentation (.pptx)",
    "META-INF/container.xml": "an EPUB book (.epub)",
}
_MIMETYPES = {
    "application/epub+zip": "an EPUB book (.epub)",
    "application/vnd.oasis.opendocument.text": "an OpenDocument text (.odt)",
    "application/vnd.oasis.opendocument.spreadsheet": "an OpenDocument spreadsheet (.ods)",
    "application/vnd.oasis.opendocument.presentation": "an OpenDocument presentation (.odp)",
}


class Handler(Protocol):
    """Takes in the events of an XML document."""

    def start(self, tag: str, attributes: dict[str, str], /) -> Any: ...
    def end(self, tag: str, /) -> Any: ...
    def data(self, text: str, /) -> Any: ...


class Collected:
    """A small document of properties: its elements, and the texts in them by local name."""

    def __init__(self) -> None:
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[list[str]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.elements.append((tag, attributes))
        self._open.append([])

    def end(self, tag: str) -> None:
        text = "".join(self._open.pop()).strip()
        if text:
            self.texts.setdefault(tag.rpartition("}")[2], []).append(text)

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1].append(text)

    def first(self, name: str) -> str | None:
        return next(iter(self.texts.get(name, ())), None)


class _Bounded:
    """Passes events on, and counts how deep the document is nested."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._depth = 0
        self.data = handler.data

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ArticleUnreadable(f"its XML is nested deeper than {_DEEPEST} elements")
        self._handler.start(tag, attributes)

    def end(self, tag: str) -> None:
        self._depth -= 1
        self._handler.end(tag)

    def close(self) -> None:
        return None


def parse_xml(data: bytes, handler: Handler, *, name: str, doctype: bool = False) -> None:
    """Feeds the events of an XML document to `handler`, whose tags are `{namespace}local`.

    Entities are never expanded, and nothing outside the document is read. Raises
    ArticleUnreadable for what is not well-formed, declares entities, or, without `doctype`, has
    a document type.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, XMLParser

    parser = XMLParser(target=_Bounded(handler), forbid_dtd=not doctype)
    try:
        parser.feed(data)
        parser.close()
    except DefusedXmlException:
        raise ArticleUnreadable(f"{name} declares entities or a document type") from None
    except (ParseError, ExpatError, ValueError, LookupError) as error:
        raise ArticleUnreadable(f"{name} is not well-formed XML ({str(error)[:80]})") from None


@contextmanager
def _damage_told(what: str) -> Iterator[None]:
    """Turns whatever zipfile and its decompressors raise for a damaged file into one error."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        IndexError,
        OverflowError,
    ) as error:
        if isinstance(error, RecursionError):
            raise
        raise ArticleUnreadable(f"{what} ({str(error)[:80]})") from None


class Container:
    """The parts of a document, by name. To be closed by `opened`."""

    def __init__(self, source: Source, archive: zipfile.ZipFile) -> None:
        self._source = source
        self._archive = archive
        self._infos = {info.filename: info for info in archive.infolist()}

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._infos)

    def read(self, name: str) -> bytes:
        """A part, whole. Raises ArticleUnreadable where it is missing, damaged or too large."""
        info = self._infos.get(name)
        if info is None:
            raise ArticleUnreadable(f"it has no {name}")
        self._source.budget.take_member()
        most = self._source.limits.file_bytes
        with _damage_told(f"{name} in it is damaged"):
            file: Any = self._archive.open(info)
            with unpacking(file, self._source, info.compress_size) as unpacked:
                data = unpacked.read(most + 1)
        if len(data) > most:
            raise ArticleUnreadable(f"{name} in it is larger than {size(most)}")
        return data

    def parse(self, name: str, handler: Handler, *, doctype: bool = False) -> None:
        """Feeds a part's XML to `handler`. Raises ArticleUnreadable, as `parse_xml` does."""
        parse_xml(self.read(name), handler, name=name, doctype=doctype)

    def check_kind(self, *wanted: str) -> None:
        """Raises ArticleUnreadable, which says what the document is, where it is none of those."""
        found = self._kind()
        if found not in wanted:
            raise ArticleUnreadable(
                f"it is {found}, not {' or '.join(wanted)}; give it its own suffix"
                if found
                else f"it is a zip file, but not {' or '.join(wanted)}"
            )

    def _kind(self) -> str | None:
        if "mimetype" in self:
            declared = self.read("mimetype")[:200].decode("ascii", "replace").strip()
            if declared in _MIMETYPES:
                return _MIMETYPES[declared]
        return next((kind for name, kind in _KINDS.items() if name in self), None)


def _check_entries(archive: zipfile.ZipFile, source: Source) -> None:
    """Raises ArticleUnreadable before anything is unpacked."""
    infos = archive.infolist()
    if len(infos) > source.limits.members:
        raise ArticleUnreadable(f"it holds more than {source.limits.members:,} members")
    end = 0
    for info in sorted(infos, key=lambda one: one.header_offset):
        if info.flag_bits & 1:
            raise ArticleUnreadable("it is encrypted with a password; save it without one")
        if info.header_offset < end:
            raise ArticleUnreadable("its members overlap: it is damaged, or made to do harm")
        end = info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size


def _file(source: Source) -> IO[bytes]:
    file = source.open()
    if file.seekable():
        return file
    file.close()
    return io.BytesIO(source.read())


@contextmanager
def opened(source: Source, *, suffix: str) -> Iterator[Container]:
    """The parts of a document that is a zip file. Raises ArticleUnreadable, OSError."""
    with _file(source) as file:
        head = file.read(len(_OLE))
        if not head:
            raise ArticleUnreadable("the file is empty")
        if head == _OLE:
            raise ArticleUnreadable(
                "it is an Office file of the old kind, or locked with a password; "
                f"save it as {suffix}, without a password"
            )
        if not head.startswith(b"PK"):
            raise ArticleUnreadable(f"it is not {suffix}: it is no zip file")
        file.seek(0)
        with _damage_told("the zip file is damaged"):
            archive = zipfile.ZipFile(file)
        with archive:
            _check_entries(archive, source)
            yield Container(source, archive)
