"""Reads articles from a folder or a file."""

from __future__ import annotations

from assistant.articles.folder import (
    Found,
    article_files,
    check_file,
    find_files,
    relative_name,
)
from assistant.articles.formats import READERS, Items
from assistant.articles.reading import FileItems, Reading, read_file

__all__ = [
    "READERS",
    "FileItems",
    "Found",
    "Items",
    "Reading",
    "article_files",
    "check_file",
    "find_files",
    "read_file",
    "relative_name",
]
