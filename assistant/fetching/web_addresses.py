"""Addresses of pages: in one spelling, and none that a page cannot have."""

from __future__ import annotations

import httpx
import regex

from assistant.errors import FetchError
from assistant.markup import display_text

_LONGEST = 2_000
_CONTROL = regex.compile(r"[\p{C}\p{Zl}\p{Zp}]")
_HOST = regex.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?|[0-9a-f:.]*:[0-9a-f:.]*")
_WEB_PORTS = (80, 443)
_FIRST_FREE_PORT = 1_024
_ADVICE = "give one such as https://example.org/story"


def shown(url: str) -> str:
    """A piece of an address for a message, whatever it holds."""
    text = " ".join(display_text(url).split())
    return text if len(text) <= 200 else f"{text[:200]}…"


def web_address(text: str) -> httpx.URL:
    """An address in ASCII, without what follows its `#`. Raises FetchError.

    Only http and https, no names or passwords, and of the ports below 1024, which belong to
    mail and other services, only 80 and 443.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST or _CONTROL.search(text):
        raise FetchError(f"the address is empty, too long or has control characters; {_ADVICE}")
    try:
        url = httpx.URL(text)
        host = url.raw_host.decode("ascii").rstrip(".")
        url = url.copy_with(raw_path=url.raw_path or b"/", fragment=None, host=host)
    except (httpx.InvalidURL, ValueError):
        raise FetchError(f"the address cannot be read; {_ADVICE}") from None
    if url.scheme not in ("http", "https") or not host:
        raise FetchError(f"the address does not begin with http:// or https://; {_ADVICE}")
    if url.userinfo:
        raise FetchError("the address has a name or password in it; leave it out")
    if not _HOST.fullmatch(host):
        raise FetchError(f"the address has no host that can be asked; {_ADVICE}")
    if url.port is not None and url.port not in _WEB_PORTS and url.port < _FIRST_FREE_PORT:
        raise FetchError(f"the port {url.port} is none of web pages; use 80, 443 or one from 1024")
    if url.port is not None and url.port > 65_535:
        raise FetchError("the port is larger than 65535; check the address")
    return url


def redirected(url: httpx.URL, location: bytes) -> httpx.URL:
    """Where a page sends its readers on to. Raises FetchError where nobody should go there."""
    try:
        try:
            text = location.decode("utf-8")
        except UnicodeDecodeError:
            text = location.decode("latin-1")
        target = web_address(str(url.join(text)))
    except (httpx.InvalidURL, ValueError):
        raise FetchError("the page sends on to an address that cannot be read") from None
    except FetchError as error:
        # What to do about it is said to those who gave an address themselves.
        reason = str(error).partition(";")[0]
        raise FetchError(f"the page sends on to {shown(text)}: {reason}") from None
    if url.scheme == "https" and target.scheme == "http":
        raise FetchError("the page sends on from https to http, where anybody can change it")
    return target
