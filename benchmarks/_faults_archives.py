"""Zip bombs, nested archives, and archives that lie about themselves."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from benchmarks._faults_formats import FORMATS, Item, docx_members, zipped

Named = Iterator[tuple[str, bytes]]

_ITEM = Item(900_002)


def archives() -> Named:
    """Contents by the name of their file."""
    zeros = bytes(200_000_000)
    yield "bomb-flat.zip", zipped({"a.txt": zeros})
    yield "bomb-flat.txt.gz", gzip.compress(zeros)
    yield "bomb-in-docx.docx", zipped(docx_members(_ITEM) | {"word/media/a.xml": zeros})
    whole = docx_members(_ITEM)
    text = whole["word/document.xml"].replace(b"</w:t>", b"a" * 150_000_000 + b"</w:t>", 1)
    yield "bomb-document.docx", zipped(whole | {"word/document.xml": text})
    del zeros, text, whole
    nested = zipped({f"{n}.txt": bytes(10_000_000) for n in range(10)})
    for level in range(6):
        nested = zipped({f"{level}-{n}.zip": nested for n in range(10)})
    yield "bomb-nested.zip", nested
    deep = FORMATS[".md"](_ITEM)
    for level in range(40):
        deep = zipped({f"{level}.zip" if level else "0.md": deep})
    yield "deep.zip", deep
    layered = FORMATS[".txt"](_ITEM)
    for _ in range(50):
        layered = gzip.compress(layered)
    yield "deep.txt" + ".gz" * 30, layered
    yield "concatenated.txt.gz", gzip.compress(bytes(1_000_000)) * 300
    yield "overlapping.zip", _overlapping()
    yield "lying-size.zip", _patched(zipped({"a.txt": bytes(50_000_000)}), size=10)
    yield "lying-larger.zip", _patched(zipped({"a.txt": b"short"}), size=4_000_000_000)
    yield "encrypted.zip", _patched(zipped({"a.txt": b"secret " * 50}), flags=1)
    names = ("/absolute.txt", "../up.txt", "../../../tmp/up.txt", "a/../../up.md", "C:\\w.txt")
    yield "names.zip", zipped({name: _ITEM.text.encode() for name in names})
    yield (
        "strange-names.zip",
        zipped(dict.fromkeys(("a\nb.txt", "\u202etxt.md", "x" * 9000), b"words here")),
    )
    yield "many.zip", zipped({f"{n}.bin": b"" for n in range(100_000)})
    yield "self.zip", zipped({"self.zip": zipped({"self.zip": b"PK\x05\x06" + bytes(18)})})
    yield "no-members.zip", b"PK\x05\x06" + bytes(18)
    yield "link.zip", _linking()
    yield "duplicates.zip", _duplicates()


def _patched(data: bytes, *, size: int | None = None, flags: int | None = None) -> bytes:
    """An archive of one member whose headers say another size, or that it is encrypted."""
    changed = bytearray(data)
    central = data.rindex(b"PK\x01\x02")
    for start, place in ((0, 6), (central, 8)):
        if flags is not None:
            struct.pack_into("<H", changed, start + place, flags)
        if size is not None:
            struct.pack_into("<I", changed, start + place + 16, size)
    return bytes(changed)


def _overlapping() -> bytes:
    """A hundred members that are all the same bytes of the archive."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = bytes(20_000_000)
    data = packed.compress(body) + packed.flush()
    local = b"PK\x03\x04" + struct.pack(
        "<HHHHHIIIHH", 20, 0, 8, 0, 33, zlib.crc32(body), len(data), len(body), 5, 0
    )
    start = local + b"a.txt" + data
    central = b""
    for _ in range(100):
        central += b"PK\x01\x02" + struct.pack(
            "<HHHHHHIIIHHHHHII", 20, 20, 0, 8, 0, 33, zlib.crc32(body), len(data), len(body),
            5, 0, 0, 0, 0, 0, 0,
        ) + b"a.txt"  # fmt: skip
    end = struct.pack("<HHHHIIH", 0, 0, 100, 100, len(central), len(start), 0)
    return start + central + b"PK\x05\x06" + end


def _linking() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return buffer.getvalue()


def _duplicates() -> bytes:
    names = [b"aaaa.txt", b"bbbb.txt"]
    data = zipped({name.decode(): b"words and words" for name in names})
    return data.replace(names[1], names[0])
