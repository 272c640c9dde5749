"""Reads an RSS or Atom feed that was fetched: which pages it names, and what it says of them."""

from __future__ import annotations

from assistant.feeds.apart import MAX_BYTES, read_feed
from assistant.feeds.pages import entry_page

__all__ = ["MAX_BYTES", "entry_page", "read_feed"]
