"""HTML that is an article's text already, or a mail: all of it to text, nothing left out."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from assistant.articles.common import clean_text

if TYPE_CHECKING:
    from lxml.etree import _Element

_BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr html main nav ol p pre section summary table "
    "ul".split()
)
_LINES = frozenset(("br", "caption", "li", "tr"))
_CELLS = frozenset(("td", "th"))
_HIDDEN = frozenset(
    "head iframe math noscript object script select style svg template textarea".split()
)
_SPACE = re.compile(r"[ \t\n\r\f]+")
_HIDES = re.compile(r"<(?:script|style)\b", re.I)
_HIDDEN_END = re.compile(r"</(?:script|style)\s*>", re.I)
_BLANK = re.compile(r"[ \t\f]+")
_TAG = re.compile(r"<[^<>]*>")


def text_of_html(markup: str | bytes, *, url: str | None = None) -> str | None:
    """The text of HTML, a block a paragraph; None where it has none.

    Bytes are read by the encoding that they declare. Raises nothing for its content.
    """
    from lxml import html as lxml_html
    from lxml.etree import LxmlError, iterwalk

    encoding = "utf-8" if isinstance(markup, str) else None
    data = clean_text(markup).encode() if isinstance(markup, str) else markup
    parser = lxml_html.HTMLParser(encoding=encoding, remove_comments=True)
    try:
        root = lxml_html.document_fromstring(data, parser=parser, base_url=url)
    except (LxmlError, ValueError):
        return _stripped(markup)
    if any(error.level_name == "FATAL" for error in parser.error_log):
        # It stopped there, and says nothing: at 256 elements within one another, say. To let it
        # go on takes time that grows with the square of a hostile file.
        return _stripped(markup)
    parts: list[str] = []
    walk = iterwalk(root, events=("start", "end", "pi"))
    for event, node in walk:
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            parts.append(_before(tag))
            if tag in _HIDDEN:
                walk.skip_subtree()
            else:
                parts.append(_own(node, tag))
        else:
            parts.append("\n\n" if tag in _BLOCKS else "")
            parts.append(_SPACE.sub(" ", node.tail or ""))
    return _tidy("".join(parts)) or None


def _before(tag: str) -> str:
    if tag in _BLOCKS:
        return "\n\n"
    if tag in _LINES:
        return "\n"
    return " " if tag in _CELLS else ""


def _own(node: _Element, tag: str) -> str:
    text = node.text or ""
    return text if tag == "pre" else _SPACE.sub(" ", text)


def _stripped(markup: str | bytes) -> str | None:
    """The text between the tags of what cannot be parsed."""
    text = markup if isinstance(markup, str) else markup.decode("utf-8", "replace")
    first, *rest = _HIDES.split(text)
    ends = ((_HIDDEN_END.search(piece), piece) for piece in rest)
    text = first + "".join(piece[end.end() :] for end, piece in ends if end)
    return _tidy(html.unescape(_TAG.sub("\n", clean_text(text)))) or None


def _tidy(text: str) -> str:
    lines = (_BLANK.sub(" ", line).strip() for line in text.replace("\r", "").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
