"""Foreign text, made safe to show in the page: what `markup` has, and HTML."""

from __future__ import annotations

from urllib.parse import urlsplit

from assistant.markup import display_text, markdown_text, web_link

__all__ = ["display_text", "html_text", "link_host", "markdown_text", "web_link"]

# Besides HTML's own five, everything that Markdown, its extensions, LaTeX delimiters or the
# page's translation markers could act on, in case a renderer looks inside an HTML block.
_HTML_CHARACTERS = {ord(c): f"&#{ord(c)};" for c in "&<>\"'`$_{}\\*[]~|@#=^!"}


def html_text(text: str, *, lines: bool = False) -> str:
    """`text` for display as HTML text or a quoted HTML attribute, also within Markdown."""
    return display_text(text, lines=lines).translate(_HTML_CHARACTERS)


def link_host(url: str) -> str:
    """The host that a link opens; one with letters beyond ASCII in its `xn--` form."""
    host = urlsplit(url).hostname or ""
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host.encode("ascii", "backslashreplace").decode("ascii")
