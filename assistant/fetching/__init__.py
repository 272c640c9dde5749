"""Fetches pages from the web: politely, within limits, and from no address that is private."""

from __future__ import annotations

from assistant.fetching.client import Client, Fetched
from assistant.fetching.limits import FetchLimits
from assistant.fetching.web_addresses import shown, web_address

__all__ = ["Client", "FetchLimits", "Fetched", "shown", "web_address"]
