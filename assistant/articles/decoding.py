"""Bytes to text, in any encoding, without losing any."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.articles.common import clean_newlines
from assistant.articles.labels import WIDE, codecs_of, shown
from assistant.errors import ArticleUnreadable
from assistant.language import detect_language

_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_CANDIDATES = {
    "big5hkscs": "big5",
    "cp866": "cp866",
    "cp874": "cp874",
    "cp932": "cp932",
    "cp949": "cp949",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1252": "cp1252",
    "cp1253": "cp1253",
    "cp1254": "cp1254",
    "cp1255": "cp1255",
    "cp1256": "cp1256",
    "cp1257": "cp1257",
    "cp1258": "cp1258",
    "euc_jis_2004": "euc_jp",
    "euc_kr": "euc_kr",
    "gb18030": "gb18030",
    "iso8859-1": "iso8859-1",
    "iso8859-2": "iso8859-2",
    "iso8859-5": "iso8859-5",
    "iso8859-6": "iso8859-6",
    "iso8859-7": "iso8859-7",
    "iso8859-8": "iso8859-8",
    "iso8859-9": "iso8859-9",
    "iso8859-13": "iso8859-13",
    "iso8859-15": "iso8859-15",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "shift_jis_2004": "shift_jis",
    "tis-620": "tis-620",
}
"""chardet's names of what may be detected, and the labels that they stand for.

It knows eighty encodings. Of short texts it takes some for a Macintosh's or a mainframe's.
"""

_ESCAPES = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$", "iso-2022-jp"), (b"\x1b(J", "iso-2022-jp"))
_HIGH = re.compile(rb"[\x80-\xff]")
_ASCII = re.compile(rb"[\t\n\r\x20-\x7e]")
_END = re.compile(rb"[\n\r<>]")
_SEGMENT = re.compile(rb"[^\n\r<>]+")
_HIGH_RUN = re.compile(rb"[\x80-\xff]{3}")
_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}"
    rb"|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
"""A character of UTF-8 that is not ASCII."""

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
_CONTROL_BYTE = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_SAMPLE = 30_000
"""Bytes at the beginning, in the middle and at the end of a long text that tell its encoding."""

_NEARLY_AS_LIKELY = 0.7
_SHORTEST_WIDE = 8
_FEW_BYTES = 12
"""Of fewer bytes that are not ASCII, detection alone is too often wrong: of 609 cuts of Norwegian
and Turkish articles of 20 to 100 characters 44, and 16 where the language tells too."""

_LATIN_PAGES = {
    **dict.fromkeys(("bs", "cs", "hr", "hu", "pl", "ro", "sk", "sl", "sq"), "cp1250"),
    **dict.fromkeys(("az", "tr"), "cp1254"),
    **dict.fromkeys(("et", "lt", "lv"), "cp1257"),
    "vi": "cp1258",
}
"""The usual encoding by language, of those with Latin letters; windows-1252 is that of all others.

The letters that are ASCII tell the language, whatever the others are read as.
"""

_LATIN = frozenset(
    {
        "cp1250",
        "cp1252",
        "cp1254",
        "cp1257",
        "cp1258",
        "iso8859-2",
        "iso8859-13",
        "iso8859-15",
        "mac-roman",
    }
)

_TIMES_MORE = 3
"""Characters of UTF-8 for each byte that is none, in what is UTF-8 with stray bytes.

Of some 20,000 texts and cuts in other encodings, none had more than 1.4.
"""

_ACCIDENTS = 6
"""So many characters of UTF-8, and not a byte that is of none, are no accident in any encoding."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, its lines ended by newlines, and how it was read.

    `encoding` is a codec of Python's, in which the text gives the same bytes again, but for a
    byte order mark, ends of lines, and the `repaired` bytes, which were not of that encoding.
    `note` is what the reader should know, in words; None where all was as declared or as usual.
    """

    text: str
    encoding: str
    note: str | None = None
    repaired: int = 0


def decode(data: bytes, *, declared: str | None = None) -> Decoded:
    """The text of `data`, all of it. Raises ArticleUnreadable.

    The encoding is told by a byte order mark, else by `declared` (the label of a page, a mail
    or a server), else it is UTF-8, or UTF-16 or 32 where its zeros say so, else it is detected.
    A declaration that does not fit all bytes is not believed.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _marked(data[len(mark) :], name, len(mark))
    if b"\0" in data:
        return _wide(data, declared)
    found, unbelieved = _declared(data, declared) if declared else (None, None)
    if found is None:
        found = _escaped(data) or _utf8(data) or _mixed(data) or _detected(data)
    notes = [unbelieved, found.note or (f"read as {shown(found.encoding)}" if unbelieved else None)]
    note = "; ".join(filter(None, notes)) or None
    return Decoded(clean_newlines(found.text), found.encoding, note, found.repaired)


def _tried(data: bytes, names: tuple[str, ...], note: str | None = None) -> Decoded | None:
    for name in names:
        try:
            return Decoded(data.decode(name), name, note)
        except UnicodeDecodeError:
            continue
    return None


def _marked(data: bytes, name: str, offset: int) -> Decoded:
    try:
        text = data.decode(name)
    except UnicodeDecodeError as error:
        found = _mixed(data) if name == "utf-8" else None
        if found is None:
            raise ArticleUnreadable(
                f"it starts as {shown(name)} but is not (byte {offset + error.start})"
            ) from None
        return Decoded(clean_newlines(found.text), name, found.note, found.repaired)
    if "\0" in text:
        raise ArticleUnreadable("the file is binary, not text")
    return Decoded(clean_newlines(text), name)


def _strange(text: str) -> int:
    """Characters of the first ones of `text` that no text has: unassigned, private, controls."""
    return sum(
        unicodedata.category(c) in ("Cn", "Co", "Cs") or _CONTROL.match(c) is not None
        for c in text[:_SAMPLE]
    )


def _wide(data: bytes, declared: str | None) -> Decoded:
    """UTF-16 or 32 without a mark, told by where its zeros are. Raises ArticleUnreadable."""
    zeros = data.count(0)
    ascii_bytes = len(_ASCII.findall(data))
    mostly_ascii = ascii_bytes * 10 > (len(data) - zeros) * 9
    if len(data) < _SHORTEST_WIDE or (mostly_ascii and zeros * 3 < len(data)):
        # ASCII with a few zeros; as UTF-16 it would be Chinese, of a kind.
        raise ArticleUnreadable("the file is binary, not text")
    big_end = zeros - data[1::2].count(0) > data[1::2].count(0)
    sixteen = ("utf-16-be", "utf-16-le") if big_end else ("utf-16-le", "utf-16-be")
    found: list[tuple[int, int, int, Decoded]] = []
    for name in ("utf-32-le", "utf-32-be", *sixteen):
        decoded = _tried(data, (name,))
        if decoded is not None and "\0" not in decoded.text:
            spaces = sum(decoded.text.count(c) for c in " \n")
            found.append((_strange(decoded.text), -spaces, len(found), decoded))
    if found:
        strange, _, _, best = min(found)
        if strange * 100 <= min(len(best.text), _SAMPLE):
            note = f"read as {shown(best.encoding)}, which it does not say itself"
            said = best.encoding.startswith(codecs_of(declared or "")[:1])
            return Decoded(clean_newlines(best.text), best.encoding, None if said else note)
    raise ArticleUnreadable("the file is binary, not text")


def _declared(data: bytes, label: str) -> tuple[Decoded | None, str | None]:
    """The text as declared; or none, and what to say of a declaration that is not believed."""
    names = codecs_of(label)
    if not names:
        # What no reader knows declares nothing; where it matters, the text is noted as a guess.
        return None, None
    unbelieved = f"declared as {label[:40]!r}, which it is not"
    # Without zeros it is neither: a page that was converted and kept its declaration.
    found = None if names[0] in WIDE else _tried(data, names)
    if found is None:
        return None, None if not _HIGH.search(data) else unbelieved
    if found.encoding == "utf-8" or not _HIGH.search(data):
        return found, None
    others, sequences = _others(data)
    single = found.encoding.startswith(("cp12", "iso8859"))
    if not others and sequences >= (1 if single else _ACCIDENTS):
        return None, unbelieved
    if found.encoding in _LATIN and _hardly_latin(found.text):
        return None, unbelieved
    return found, None


def _hardly_latin(text: str) -> bool:
    """Whether more of the letters are accented than in any language with Latin letters."""
    letters = [c for c in text[:_SAMPLE] if c.isalpha()]
    accented = sum(not c.isascii() for c in letters)
    return accented * 2 > len(letters) and accented >= _FEW_BYTES


def _escaped(data: bytes) -> Decoded | None:
    """An encoding of seven bits that changes its alphabet with escapes."""
    if b"\x1b" not in data or _HIGH.search(data):
        return None
    label = next((label for escape, label in _ESCAPES if escape in data), None)
    return _tried(data, codecs_of(label), _guess(label)) if label else None


def _utf8(data: bytes) -> Decoded | None:
    return _tried(data, ("utf-8",))


def _others(data: bytes) -> tuple[int, int]:
    """Bytes that are neither ASCII nor of a character of UTF-8, and such characters."""
    rest, sequences = _SEQUENCE.subn(b"", data)
    return len(_HIGH.findall(rest)), sequences


def _mixed(data: bytes) -> Decoded | None:
    """UTF-8 with a few stray bytes, which are read as browsers read windows-1252."""
    others, sequences = _others(data)
    if sequences < _TIMES_MORE * others:
        return None
    were = "1 byte was" if others == 1 else f"{others:,} bytes were"
    note = f"{were} not UTF-8 and read as windows-1252"
    return Decoded(data.decode("utf-8", _STRAY), "utf-8", note, others)


def _stray(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    bad = error.object[error.start : error.end]
    try:
        return bad.decode("cp1252"), error.end
    except UnicodeDecodeError:
        # Five bytes are none of Python's windows-1252; browsers take them for control characters.
        return bad.decode("latin-1"), error.end


_STRAY = "assistant.stray"
codecs.register_error(_STRAY, _stray)


def _samples(data: bytes) -> bytes:
    """What of a text tells its encoding: lines, and text between tags, that are not ASCII.

    They begin and end at bytes that are part of no longer character in any encoding; but the
    last may end anywhere, which chardet expects.
    """
    parts: list[bytes] = []
    third = len(data) // 3
    for start in (0, third, 2 * third) if len(data) > _SAMPLE else (0,):
        end = _END.search(data, start) if start else None
        if start and end is None:
            break
        left = _SAMPLE
        for match in _SEGMENT.finditer(data, end.end() if end else 0):
            first = _HIGH.search(match[0])
            if first is None:
                continue
            segment = match[0] if len(match[0]) <= left else match[0][max(0, first.start() - 200) :]
            if len(segment) > left:
                cut = segment.rfind(b" ", 0, left)
                if cut > 0:
                    parts.append(segment[:cut])
                elif not parts:
                    return segment[:left]
                break
            parts.append(segment)
            left -= len(segment)
            if left <= 0 or match.end() > start + third + _SAMPLE:
                break
    return b"\n".join(parts)


def _candidates(data: bytes) -> Iterator[tuple[str, ...]]:
    # It takes a tenth of a second to import, and few files need it.
    import chardet

    sample = _samples(data)
    results = chardet.detect_all(
        sample,
        ignore_threshold=True,
        max_bytes=len(sample),
        compat_names=False,
        include_encodings=list(_CANDIDATES),
    )
    # What is far less likely fits all the same: windows-1256 has a character for each byte.
    least = results[0]["confidence"] * _NEARLY_AS_LIKELY
    for result in results:
        name = result["encoding"]
        if name in _CANDIDATES and result["confidence"] >= least:
            yield codecs_of(_CANDIDATES[name])


def _guess(name: str, how: str = "which was detected, not declared") -> str:
    return f"read as {shown(name)}, {how}; convert the file to UTF-8 if that is wrong"


def _by_language(data: bytes, count: int, found: Decoded) -> Decoded:
    """A text with Latin letters as its language is usually encoded."""
    letters = sum(c.isascii() and c.isalpha() for c in found.text)
    if found.encoding not in _LATIN and (_HIGH_RUN.search(data) or letters < 3 * count):
        return found
    name = _LATIN_PAGES.get(detect_language(found.text), "cp1252")
    return _tried(data, (name,)) or found


def _detected(data: bytes) -> Decoded:
    """Raises ArticleUnreadable where no encoding gives a text of all bytes."""
    failure: UnicodeDecodeError | None = None
    likeliest = ""
    count = len(_HIGH.findall(data))
    # chardet takes three words with an accent for binary.
    short = count < _FEW_BYTES and not _CONTROL_BYTE.search(data)
    for names in (*_candidates(data), *([("cp1252",)] if short else ())):
        try:
            found = _tried(data, names) or Decoded(data.decode(names[0]), names[0])
        except UnicodeDecodeError as error:
            if failure is None:
                failure, likeliest = error, names[0]
            continue
        if len(_CONTROL.findall(found.text)) * 100 > len(found.text):
            continue
        if count >= _FEW_BYTES:
            return Decoded(found.text, found.encoding, _guess(found.encoding))
        found = _by_language(data, count, found)
        how = f"a guess from {count} bytes" if count > 1 else "a guess from one byte"
        return Decoded(found.text, found.encoding, _guess(found.encoding, how))
    if failure is not None:
        raise ArticleUnreadable(
            f"the text is in no encoding that is known (byte {failure.start} is not of the "
            f"likeliest one, {shown(likeliest)}); convert it to UTF-8"
        )
    raise ArticleUnreadable("the file is binary, not text")
