"""HTML pages: the main text, without menus and footers."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.articles.common import clean_newlines, make_article, read_metadata
from assistant.articles.source import Source
from assistant.errors import ArticleUnreadable
from assistant.types import Article, Skipped


def read_html(source: Source) -> Iterator[Article | Skipped]:
    # trafilatura takes half a second to import: only those who have pages pay.
    import trafilatura
    from lxml import html as lxml_html
    from lxml.etree import LxmlError

    data = source.read()
    if b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ArticleUnreadable("the file is binary, not HTML")
    try:
        page = trafilatura.bare_extraction(data, with_metadata=True, favor_recall=True)
        declared = lxml_html.document_fromstring(data).get("lang")
    except (LxmlError, ValueError, RecursionError) as error:
        raise ArticleUnreadable(f"the page cannot be parsed ({str(error)[:80]})") from None
    if page is None or isinstance(page, dict) or not page.text:
        raise ArticleUnreadable("no article text was found in the page")
    metadata = read_metadata(
        {
            "title": page.title,
            "language": declared,
            "published": page.date,
            "source": page.sitename,
            "url": page.url,
            "authors": [a.strip() for a in (page.author or "").split(";") if a.strip()],
        }
    )
    text = clean_newlines(page.text)
    yield make_article(metadata, text=text, title=source.stem, key=source.name, path=source.name)
    for note in metadata.notes:
        yield Skipped(source.name, note)
