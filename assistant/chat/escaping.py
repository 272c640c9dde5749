"""Foreign text, made safe to show.

Articles come from anywhere, so every string of one is treated as an attack. Nothing is
sanitised: text is escaped, so that what a reader sees is exactly what the article says.
"""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")

# Joiners (U+200C, U+200D), U+200B and the plain direction marks stay: Persian, Hindi, Thai
# and emoji are spelled with them. What goes can reorder or hide text, or carry none.
_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls that are not white space
    "\u202a-\u202e\u2066-\u2069"  # overrides, embeddings and isolates of direction
    "\u2060-\u2064\u206a-\u206f\ufeff"  # invisible operators and deprecated controls
    "\ufff9-\ufffb\ufffe\uffff"  # interlinear annotations and non-characters
    "\U000e0000-\U000e0fff"  # tags: a whole invisible alphabet
    "]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_BREAK = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SPACE_IN_LINE = re.compile(r"[^\S\n]+")

# Besides HTML's own five, everything that Markdown, its extensions, LaTeX delimiters or the
# page's translation markers could act on, in case a renderer looks inside an HTML block.
_HTML_CHARACTERS = {ord(c): f"&#{ord(c)};" for c in "&<>\"'`$_{}\\*[]~|@#=^!"}

_MARKDOWN_INLINE = re.compile(r"([\\`*_\[\]~|$^])")
_MARKDOWN_LINE_START = re.compile(r"^(#{1,6}|[-+=>:]|\d{1,9}[.)])")
_MARKDOWN_LINK = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp|file|javascript|data)(:)|(www)(\.)")

_MAX_URL = 2_000
_URL = re.compile(r"(?i)https?://[^\s\\<>\"'`{}|^\x00-\x20\x7f]+")


def display_text(text: str, *, lines: bool = False) -> str:
    """`text` without terminal codes, control characters, overrides of direction and tags.

    White space collapses to single spaces; with `lines`, line breaks are kept.
    """
    text = _SURROGATE.sub("\ufffd", _ANSI.sub("", text))
    # Line separators of all kinds come first: some of them are control characters.
    text = _UNSEEN.sub("", _LINE_BREAK.sub("\n", text))
    if not lines:
        return re.sub(r"\s+", " ", text)
    return _SPACE_IN_LINE.sub(" ", text)


def html_text(text: str, *, lines: bool = False) -> str:
    """`text` for display as HTML text or a quoted HTML attribute, also within Markdown."""
    return display_text(text, lines=lines).translate(_HTML_CHARACTERS)


def markdown_text(text: str) -> str:
    """`text` for display as one line of Markdown, with as few escapes as are safe."""
    line = html.escape(display_text(text).strip(), quote=False)
    line = _MARKDOWN_INLINE.sub(r"\\\1", line)
    line = line.replace("@", "&#64;")
    line = _MARKDOWN_LINK.sub(
        lambda m: f"{m[1]}&#58;" if m[1] else f"{m[3]}&#46;",
        line,
    )
    return _MARKDOWN_LINE_START.sub(lambda m: m[1][:-1] + "\\" + m[1][-1], line)


def web_link(url: str | None) -> str | None:
    """`url` if it is a plain http or https address that is safe to link, else None.

    An address with a user name is refused, because `https://bank.example@evil.example`
    reads like another site than the one that it opens.
    """
    if url is None or len(url) > _MAX_URL or not _URL.fullmatch(url) or display_text(url) != url:
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises ValueError where the port is not a number
    except ValueError:
        return None
    return url if parts.hostname and "@" not in parts.netloc else None


def link_host(url: str) -> str:
    """The host that a link opens; one with letters beyond ASCII in its `xn--` form."""
    host = urlsplit(url).hostname or ""
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host.encode("ascii", "backslashreplace").decode("ascii")
