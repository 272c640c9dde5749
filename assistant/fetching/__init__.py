"""Fetches pages from the web: politely, within limits, and from no address that is private."""

from __future__ import annotations

from assistant.fetching.client import Client, Fetched
from assistant.fetching.limits import Limits
from assistant.fetching.web_addresses import shown, web_address

__all__ = ["Client", "Fetched", "Limits", "shown", "web_address"]
