"""Small PDFs with a text layer, written by hand, so that their every letter is known."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LEADING = 14.0
"""Points from line to line, and half as much more between paragraphs."""


@dataclass(frozen=True)
class Written:
    """A line of a page, and where it starts, in points."""

    text: str
    x: float = 72.0
    y: float = 720.0
    size: float = 11.0


def assembled(objects: Mapping[int, bytes], *, trailer: str) -> bytes:
    """A file of numbered objects, with its table of references."""
    out = bytearray(b"%PDF-1.7\n")
    places: dict[int, int] = {}
    for number, content in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    start = len(out)
    size = max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 %s \n" % (places.get(number, 0), b"n" if number in places else b"f")
    out += f"trailer\n<< /Size {size} {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode("latin-1")
    return bytes(out)


def stream(content: bytes, *, more: str = "", length: int | None = None) -> bytes:
    length = len(content) if length is None else length
    return f"<< /Length {length} {more} >>\nstream\n".encode() + content + b"\nendstream"


def to_unicode(codes: Mapping[str, int]) -> bytes:
    """The table by which a reader knows which letters the glyphs are."""
    rows = [f"<{code:04X}> <{letter.encode('utf-16-be').hex()}>" for letter, code in codes.items()]
    blocks = [rows[start : start + 100] for start in range(0, len(rows), 100)]
    mapping = "".join(
        f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks
    )
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{mapping}endcmap end end"
    ).encode()


def pdf_of(
    pages: Sequence[Sequence[Written]],
    *,
    info: Mapping[str, str] | None = None,
    catalog: str = "",
    xmp: str | None = None,
    mapped: bool = True,
) -> bytes:
    """A PDF of these lines. Without `mapped` it does not tell which letters its glyphs are."""
    letters = sorted({letter for page in pages for line in page for letter in line.text})
    codes = {letter: number for number, letter in enumerate(letters, start=1)}
    first = 10
    kids = " ".join(f"{first + 2 * n} 0 R" for n in range(len(pages)))
    told = "/ToUnicode 6 0 R" if mapped else ""
    meta = "/Metadata 8 0 R" if xmp is not None else ""
    objects: dict[int, bytes] = {
        1: f"<< /Type /Catalog /Pages 2 0 R {meta} {catalog} >>".encode("latin-1"),
        2: f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        3: (
            "<< /Type /Font /Subtype /Type0 /BaseFont /Plain /Encoding /Identity-H "
            f"/DescendantFonts [4 0 R] {told} >>"
        ).encode(),
        4: (
            b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Plain /DW 500 /FontDescriptor 5 0 R "
            b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
        ),
        5: (
            b"<< /Type /FontDescriptor /FontName /Plain /Flags 4 /FontBBox [0 -200 1000 900] "
            b"/ItalicAngle 0 /Ascent 900 /Descent -200 /CapHeight 700 /StemV 80 >>"
        ),
        6: stream(to_unicode(codes)),
    }
    if xmp is not None:
        objects[8] = stream(xmp.encode(), more="/Type /Metadata /Subtype /XML")
    for number, page in enumerate(pages):
        drawn = "\n".join(
            f"BT /F1 {line.size} Tf 1 0 0 1 {line.x} {line.y} Tm "
            f"<{''.join(f'{codes[letter]:04X}' for letter in line.text)}> Tj ET"
            for line in page
        )
        objects[first + 2 * number] = (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {first + 2 * number + 1} 0 R >>"
        ).encode()
        objects[first + 2 * number + 1] = stream(drawn.encode())
    trailer = "/Root 1 0 R"
    if info:
        objects[9] = "<< {} >>".format(
            " ".join(f"/{key} <{_text(value)}>" for key, value in info.items())
        ).encode()
        trailer += " /Info 9 0 R"
    return assembled(objects, trailer=trailer)


def _text(value: str) -> str:
    return (b"\xfe\xff" + value.encode("utf-16-be")).hex()


def lines_of_text(text: str, *, width: int = 60) -> list[list[str]]:
    """The lines of each paragraph, broken between words, or anywhere where there are no spaces."""
    found = []
    for paragraph in text.split("\n\n"):
        if len(paragraph) > width and paragraph.count(" ") * 20 < len(paragraph):
            broken = [paragraph[n : n + width] for n in range(0, len(paragraph), width)]
        else:
            broken = textwrap.wrap(paragraph, width, break_on_hyphens=False)
        found.append(broken)
    return found


def pages_of_text(text: str, *, width: int = 60, lines: int = 45) -> list[list[Written]]:
    """A text set line by line, with a little space between paragraphs."""
    pages: list[list[Written]] = [[]]
    y = 720.0
    for paragraph in lines_of_text(text, width=width):
        for line in paragraph:
            if len(pages[-1]) == lines:
                pages.append([])
                y = 720.0
            pages[-1].append(Written(line, y=y))
            y -= LEADING
        y -= LEADING / 2
    return pages


def pdf_file(text: str, *, title: str = "", author: str = "") -> bytes:
    """A PDF of a text whose paragraphs stand between empty lines."""
    info = {key: value for key, value in (("Title", title), ("Author", author)) if value}
    return pdf_of(pages_of_text(text), info=info)


def visual(text: str) -> str:
    """A line of right-to-left text in the order in which its glyphs stand on paper."""
    return text[::-1]
