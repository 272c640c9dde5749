"""Reads articles from a folder or a file."""

from __future__ import annotations

from assistant.articles.folder import article_files, find_files, relative_name
from assistant.articles.formats import READERS
from assistant.articles.reading import Reading, read_file

__all__ = ["READERS", "Reading", "article_files", "find_files", "read_file", "relative_name"]
