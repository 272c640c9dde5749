"""Names of encodings: those that files declare, and those that readers are shown."""

from __future__ import annotations

import codecs

WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})

_SUPERSETS = {
    "ascii": "cp1252",
    "big5": "cp950",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "iso8859-8": "cp1255",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "iso2022_jp": "iso2022_jp_ext",
    "shift_jis": "cp932",
    "tis-620": "cp874",
}
"""What is meant by the names on the left, as browsers have it (encoding.spec.whatwg.org)."""

_OTHER_LABELS = {
    "chinese": "gb18030",
    "cn-gb": "gb18030",
    "dos-874": "cp874",
    "iso-8859-8-i": "cp1255",
    "iso-8859-8-e": "cp1255",
    "koi": "koi8-r",
    "koi8": "koi8-r",
    "koi8-ru": "koi8-u",
    "korean": "cp949",
    "logical": "cp1255",
    "macintosh": "mac-roman",
    "ms932": "cp932",
    "unicode": "utf-16-le",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "visual": "cp1255",
    "windows-949": "cp949",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "windows-936": "gb18030",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-roman": "mac-roman",
    "x-mac-ukrainian": "mac-cyrillic",
    "x-sjis": "cp932",
    "x-unicode20utf8": "utf-8",
    "x-x-big5": "cp950",
}
"""Labels of pages and mails that Python does not know."""

_SHOWN = {
    "big5hkscs": "Big5",
    "cp866": "IBM866",
    "cp932": "Shift_JIS",
    "cp949": "EUC-KR",
    "cp950": "Big5",
    "euc_jis_2004": "EUC-JP",
    "euc_jp": "EUC-JP",
    "gb18030": "GB18030",
    "hz": "HZ",
    "iso2022_jp_ext": "ISO-2022-JP",
    "iso2022_jp_2004": "ISO-2022-JP",
    "iso2022_kr": "ISO-2022-KR",
    "koi8-r": "KOI8-R",
    "koi8-u": "KOI8-U",
    "mac-cyrillic": "Mac Cyrillic",
    "mac-roman": "Mac Roman",
    "shift_jis_2004": "Shift_JIS",
    "utf-8": "UTF-8",
}

_READ = frozenset(_SHOWN) | WIDE
_OTHER_CODECS = {
    "big5": ("big5hkscs",),
    "cp932": ("shift_jis_2004",),
    "cp950": ("big5hkscs",),
    "euc_jp": ("euc_jis_2004",),
    "iso2022_jp_ext": ("iso2022_jp_2004",),
}


def codecs_of(label: str) -> tuple[str, ...]:
    """The codecs of a declared label, likeliest first; none where it names no text encoding."""
    text = label.strip().strip("\"'").strip().lower().replace("_", "-")
    text = text.removeprefix("x-") if text.startswith(("x-cp", "x-windows-")) else text
    name = _OTHER_LABELS.get(text)
    if name is None:
        try:
            name = codecs.lookup(text).name
        except (LookupError, ValueError):
            return ()
        name = _SUPERSETS.get(name, name)
    # Python's codecs hold much that is no encoding of text: rot13, zip, unicode_escape.
    if name not in _READ and not name.startswith(("cp125", "cp874", "iso8859-")):
        return ()
    return (name, *_OTHER_CODECS.get(name, ()))


def shown(codec: str) -> str:
    """The name of a codec as most people know it."""
    if codec.startswith("iso8859"):
        return codec.upper().replace("ISO8859", "ISO-8859")
    if codec.startswith(("cp125", "cp874")):
        return f"windows-{codec[2:]}"
    return _SHOWN.get(codec, codec.upper())
