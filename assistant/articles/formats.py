"""Which reader reads which type of file, and which of them run in a process of their own."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from assistant.articles.csv_records import read_csv
from assistant.articles.docx import read_docx
from assistant.articles.epub import read_epub
from assistant.articles.feeds import read_feed
from assistant.articles.html import read_html, read_mhtml
from assistant.articles.json_records import read_json
from assistant.articles.jsonlines import read_jsonlines
from assistant.articles.mail import read_mail, read_mail_box
from assistant.articles.markdown import read_markdown
from assistant.articles.odt import read_odt
from assistant.articles.packed import read_packed
from assistant.articles.parquet_records import read_parquet
from assistant.articles.pdf import read_pdf
from assistant.articles.plain import read_plain
from assistant.articles.source import Source
from assistant.articles.tars import read_tar
from assistant.articles.webarchives import read_web_archive
from assistant.articles.zips import read_zip
from assistant.errors import ArticleUnreadable
from assistant.types import Article, Skipped

Reader = Callable[[Source], Iterator[Article | Skipped | Source]]
"""Reads a source; what it yields as sources is read in turn, while the archive is open.

Raises ArticleUnreadable, and OSError, for what it cannot read any further.
"""


@dataclass(frozen=True, slots=True)
class Format:
    """A type of file. `apart`: its parser is not ours, and may hang, crash or take all memory."""

    read: Reader
    apart: bool = True


READERS: dict[str, Format] = {
    ".atom": Format(read_feed),
    ".bz2": Format(read_packed),
    ".csv": Format(read_csv),
    ".docm": Format(read_docx),
    ".docx": Format(read_docx),
    ".eml": Format(read_mail),
    ".epub": Format(read_epub),
    ".fodt": Format(read_odt),
    ".gz": Format(read_packed),
    ".htm": Format(read_html),
    ".html": Format(read_html),
    ".json": Format(read_json),
    ".jsonl": Format(read_jsonlines),
    ".markdown": Format(read_markdown, apart=False),
    ".mbox": Format(read_mail_box),
    ".md": Format(read_markdown, apart=False),
    ".mht": Format(read_mhtml),
    ".mhtml": Format(read_mhtml),
    ".ndjson": Format(read_jsonlines),
    ".odt": Format(read_odt),
    ".parquet": Format(read_parquet),
    ".pdf": Format(read_pdf),
    ".rdf": Format(read_feed),
    ".rss": Format(read_feed),
    ".shtml": Format(read_html),
    ".tar": Format(read_tar),
    ".tbz2": Format(read_packed),
    ".tgz": Format(read_packed),
    ".tsv": Format(read_csv),
    ".txt": Format(read_plain, apart=False),
    ".txz": Format(read_packed),
    ".warc": Format(read_web_archive),
    ".xhtml": Format(read_html),
    ".xml": Format(read_feed),
    ".xz": Format(read_packed),
    ".zip": Format(read_zip),
}
"""By suffix, in lower case."""

_SAVED_AS = {".doc": ".docx", ".rtf": ".docx", ".pages": ".docx", ".wps": ".docx", ".mobi": ".epub"}
"""Types that nothing here reads, and what to save them as."""


def format_of(source: Source) -> Format:
    """The format that the name tells. Raises ArticleUnreadable for one that is not read."""
    known = READERS.get(source.suffix)
    if known is None and source.suffix in _SAVED_AS:
        better = _SAVED_AS[source.suffix]
        raise ArticleUnreadable(
            f"files of the type {source.suffix} are not read; save it as {better}"
        )
    if known is None:
        raise ArticleUnreadable(f"files of the type {source.suffix or 'none'} are not read")
    return known


Items = Generator[Article | Skipped, None, bool]
"""Articles, what could not be used, and at last whether another try would give the same."""


def read_source(source: Source) -> Items:
    """The articles of a source and of all that it holds, and what of it could not be used.

    Never raises for its content. MemoryError passes.
    """
    settled, nothing = True, True
    try:
        for item in format_of(source).read(source):
            nothing = False
            if not isinstance(item, Source):
                yield item
            elif item.depth > item.limits.depth:
                levels = item.limits.depth
                yield Skipped(item.name, f"it lies within more than {levels} archives")
            else:
                settled &= yield from read_source(item)
    except ArticleUnreadable as error:
        yield Skipped(source.name, str(error))
    except OSError as error:
        yield Skipped(source.name, f"the file cannot be read ({error.strerror or error})")
        settled = False
    except RecursionError:
        yield Skipped(source.name, "it is nested too deeply")
    else:
        if nothing:
            yield Skipped(source.name, "there is nothing in it to be read")
    return settled
