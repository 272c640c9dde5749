"""Foreign text made safe to show, and the few shapes of Markdown that an answer is written in.

Articles come from anywhere, so every string of one is treated as an attack. Nothing is
sanitised: text is escaped, so that what a reader sees is exactly what the article says.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
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
# No-break spaces stay: they hold figures and their units together.
_SPACE = re.compile(r"[^\S\u00a0\u202f]+")
_SPACE_IN_LINE = re.compile(r"[^\S\n\u00a0\u202f]+")

_MARKDOWN_INLINE = re.compile(r"([\\`*_\[\]~|$^])")
_MARKDOWN_LINE_START = re.compile(r"^(#{1,6}|[-+=>:]|\d{1,9}[.)])")
_MARKDOWN_LINK = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp|file|javascript|data)(:)|(www)(\.)")

_MAX_URL = 2_000
_URL = re.compile(r"(?i)https?://[^\s\\<>\"'`{}|^\x00-\x20\x7f]+")


def display_text(text: str, *, lines: bool = False) -> str:
    """`text` without terminal codes, control characters, overrides of direction and tags.

    White space that may break collapses to single spaces; with `lines`, line breaks are kept.
    """
    text = _SURROGATE.sub("\ufffd", _ANSI.sub("", text))
    # Line separators of all kinds come first: some of them are control characters.
    text = _UNSEEN.sub("", _LINE_BREAK.sub("\n", text))
    if not lines:
        return _SPACE.sub(" ", text)
    return _SPACE_IN_LINE.sub(" ", text)


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


_CLOSING = re.compile(r" (#+)\Z")
_ENTITY = re.compile(r"&#?\w{1,40};")


def markdown_link(url: str | None) -> str | None:
    """`url` as a link of Markdown, or None where `web_link` refuses it."""
    link = web_link(url)
    if link is None:
        return None
    # Some renderers decode entities in an address, which would then be another one.
    return markdown_text(link) if _ENTITY.search(link) else f"<{link}>"


def heading(text: str) -> str:
    """A heading of the second level."""
    # A run of "#" after a space at the end of a heading is taken for its closing marks.
    return "## " + _CLOSING.sub(r" \\\1", markdown_text(text))


def labelled(label: str, *parts: str | None) -> str:
    """A paragraph that says what it is; empty where all its parts are."""
    text = "; ".join(part for part in parts if part)
    return f"{label}: {markdown_text(text)}" if text else ""


def only(what: str, values: Sequence[str] | None) -> str | None:
    """What a filter allows, in words."""
    return None if values is None else f"only the {what} {', '.join(values)}"


def listed(label: str, items: Sequence[str]) -> str:
    """A list of lines that are Markdown already; empty where there are none."""
    return "\n".join([f"{label}:", "", *(f"- {item}" for item in items)]) if items else ""


def _numbers(numbers: Iterable[int]) -> str:
    return "".join(f" \\[{number}\\]" for number in numbers)


def quoted(text: str, numbers: Iterable[int], languages: Sequence[str]) -> str:
    """A sentence that stands word for word in its source, and the languages it is marked with."""
    tags = f" ({markdown_text(', '.join(languages))})" if languages else ""
    return f"> {markdown_text(text)}{_numbers(numbers)}{tags}"


WEAK = "weak evidence: see whether the sources say this"
"""The remark on an answer that is as likely to be none."""

STATES = {
    "supported": "supported by the source",
    "partly": "only partly in the source",
    "contradicted": "contradicted by the source",
    "not found": "not found in the source",
}
"""In words, the states of a sentence that is no quote."""


def stated(text: str, numbers: Iterable[int], remark: str, missing: Sequence[str]) -> str:
    """A sentence that is no quote, what its check found, and what the source does not hold."""
    gone = f"; not there: {markdown_text(', '.join(missing))}" if missing else ""
    return f"{markdown_text(text)}{_numbers(numbers)} ({remark}{gone})"


def newer(was: str, older: int, now: str, newer: int) -> str:
    """That two cited sentences, by their numbers, give different figures for the same thing."""
    return (
        f"{markdown_text(was)}{_numbers([older])} is the older figure, "
        f"{markdown_text(now)}{_numbers([newer])} the newer one."
    )


def source_line(
    number: int,
    said: Iterable[str | None],
    url: str | None,
    identity: str,
    spans: Iterable[tuple[int, int]],
) -> str:
    """A source's number, what is said of it, its link, its id and where its quotes stand."""
    places = " and ".join(f"{start}-{end}" for start, end in spans)
    parts = [
        *(markdown_text(part) for part in said if part),
        markdown_link(url),
        f"article {markdown_text(identity)}",
        f"characters {places}",
    ]
    return f"\\[{number}\\] " + ", ".join(part for part in parts if part)


def days(before: str, since: str | None, until: str | None) -> str | None:
    """A range of days in words, after `before`; None where it is open on both sides."""
    if since is None and until is None:
        return None
    if since is None or until is None:
        return f"{before} days until {until}" if since is None else f"{before} days from {since}"
    return f"{before} {since}" if since == until else f"{before} {since} to {until}"
