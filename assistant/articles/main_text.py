"""The main text of a page, by trafilatura, checked against what the page's tags say."""

from __future__ import annotations

from typing import Any

from assistant.articles.fragments import is_menu, link_lines, without_furniture

_LEAST_LETTERS = 5
"""What has fewer letters and digits is no article; five of Chinese may be a sentence."""

_TOLD = 20
_CONTAINERS = ("//*[@itemprop='articleBody']", "//article")


def parse(markup: str) -> Any | None:
    """The tree of a page; None where there is none."""
    from lxml import html
    from lxml.etree import LxmlError

    # As bytes: a tree of text would believe what the page declares of its bytes.
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        return html.document_fromstring(markup.encode(), parser=parser)
    except (LxmlError, ValueError, RecursionError):
        return None


def _container(tree: Any) -> str:
    """The text of the one element that is the article by its name; "" where that is not clear."""
    from lxml import html

    for path in _CONTAINERS:
        found = tree.xpath(path)
        if len(found) == 1:
            return without_furniture(html.tostring(found[0], encoding="unicode", with_tail=False))
    return ""


def _extracted(tree: Any, url: str | None) -> str:
    # trafilatura takes half a second to import: only those who have pages pay.
    import trafilatura
    from lxml.etree import LxmlError

    try:
        page = trafilatura.bare_extraction(
            tree, url=url, favor_recall=True, include_comments=False, deduplicate=False
        )
    except (LxmlError, ValueError, RecursionError):
        return ""
    return "" if page is None or isinstance(page, dict) else page.text or ""


def _says_something(text: str) -> bool:
    return sum(c.isalnum() for c in text) >= _LEAST_LETTERS


def main_text(markup: str, *, url: str | None = None, tree: Any | None = None) -> str | None:
    """The text of a page's article, a paragraph or an item of a list a line; None without one.

    `tree` is that of the markup, where it is parsed already; it is left as it is.
    """
    tree = parse(markup) if tree is None else tree
    text = container = ""
    if tree is not None:
        container = _container(tree)
        text = _extracted(tree, url)
    # Of a page with little text, trafilatura takes the menu.
    if text and (_is_other(text, container) or is_menu(text, link_lines(markup))):
        text = ""
    # Of what is nested very deeply there is no tree, but there are tags.
    for found in (text, container, without_furniture(markup)):
        if _says_something(found):
            return found.strip()
    return None


def _is_other(text: str, container: str) -> bool:
    """Whether `text` has nothing of what the element has that is the article."""
    lines = [line for line in container.split("\n") if len(line) >= _TOLD]
    return bool(lines) and not any(line[:_TOLD] in text for line in lines)
