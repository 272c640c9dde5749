"""Reads articles from a folder or a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from assistant.articles.common import MAX_FILE_BYTES, relative_name
from assistant.articles.html import read_html
from assistant.articles.jsonlines import read_jsonlines
from assistant.articles.markdown import read_markdown
from assistant.articles.plain import read_plain
from assistant.errors import ArticlesNotFound, ArticleUnreadable
from assistant.types import Article, Skipped

Reader = Callable[[Path, str], Iterator[Article | Skipped]]

READERS: dict[str, Reader] = {
    ".htm": read_html,
    ".html": read_html,
    ".jsonl": read_jsonlines,
    ".markdown": read_markdown,
    ".md": read_markdown,
    ".txt": read_plain,
}


def article_files(root: Path) -> list[Path]:
    """The files under `root`, or `root` itself, in the order of their names.

    Hidden files and folders are left out, and so are files called README: they describe a
    folder of articles. Links to folders are not followed. Raises ArticlesNotFound.
    """
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise ArticlesNotFound(f"there is no folder or file {root}; give the path of your articles")
    files = []
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        if any(part.startswith(".") for part in parts) or path.stem.lower() == "readme":
            continue
        if path.is_file():
            files.append(path)
    return sorted(files, key=lambda path: path.relative_to(root).as_posix())


def read_file(path: Path, root: Path) -> Iterator[Article | Skipped]:
    """The articles of one file, and what of it could not be used. Never raises for its content."""
    name = relative_name(path, root)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        kinds = ", ".join(sorted(READERS))
        yield Skipped(name, f"files of the type {path.suffix or 'none'} are not read ({kinds} are)")
        return
    try:
        size = path.stat().st_size
        if size == 0:
            raise ArticleUnreadable("the file is empty")
        if size > MAX_FILE_BYTES and path.suffix.lower() != ".jsonl":
            raise ArticleUnreadable(f"the file is larger than {MAX_FILE_BYTES // 1_000_000} MB")
        yield from reader(path, name)
    except ArticleUnreadable as error:
        yield Skipped(name, str(error))
    except OSError as error:
        yield Skipped(name, f"the file cannot be opened ({error.strerror or error})")
