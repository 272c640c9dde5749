"""File names made of names that others chose: never a path, hidden, reserved or too long."""

from __future__ import annotations

import unicodedata

import regex

_LONGEST = 120
"""Bytes of a stem: every file system takes 255 of a name, and endings and numbers follow."""

_STAND_IN = "article"
_SEPARATOR = regex.compile(r"[/\\]")
_SPACE = regex.compile(r"[\s\p{Z}]+")
_UNSEEN = regex.compile(r"\p{C}+")
_UNFIT = regex.compile(r'[<>:"|?*/\\]+')
_SUFFIX = regex.compile(r"\.[0-9a-z]{1,10}\Z")
# What Windows keeps for devices, whatever ending follows.
_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"} | {
    f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³"
}


def _plain(text: str) -> str:
    """`text` on one line, in one spelling, without what is not seen."""
    text = _SPACE.sub(" ", unicodedata.normalize("NFKC", text))
    return unicodedata.normalize("NFC", _UNSEEN.sub("", text))


def _cut(text: str, length: int) -> str:
    return text.encode()[:length].decode("utf-8", "ignore")


def safe_stem(text: str, *, ending: str = "") -> str:
    """What a file can be called, before its type, made of `text`; it ends in `ending`."""
    stem = _UNFIT.sub("-", _plain(text)).strip(" .-")
    stem = _cut(stem, _LONGEST - len(ending)).rstrip(" .-") or _STAND_IN
    if stem.casefold() == "readme" or stem.split(".")[0].rstrip().casefold() in _RESERVED:
        # Readers of a folder of articles pass over its README.
        stem = f"{_STAND_IN}-{stem}"
    return stem + ending


def split_name(name: str) -> tuple[str, str]:
    """The stem of the last part of `name`, as it is, and its type in lower case, with its dot."""
    last = _SEPARATOR.split(_plain(name))[-1].rstrip(" .")
    suffix = _SUFFIX.search(last.lower())
    if suffix is None:
        return last, ""
    return last[: -len(suffix[0])], suffix[0]
