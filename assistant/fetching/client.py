"""A polite client: asks robots.txt, waits between pages, follows where pages are sent on to."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from assistant.errors import FetchError, HostRefused, SettingsError
from assistant.fetching.addresses import Resolver, system_resolver
from assistant.fetching.limits import Deadline, FetchLimits
from assistant.fetching.requesting import Requests, Response
from assistant.fetching.robots import ALLOW_ALL, MAX_BYTES, Rules, read_rules
from assistant.fetching.web_addresses import redirected, shown, web_address

_ANY = "*/*"
_SENT_ON = frozenset((301, 302, 303, 307, 308))
_LATER = frozenset((429, 503))
_MAX_DELAY = 3_600.0
_REASONS = {
    401: "it is for those who log in; save it in a browser and add the file",
    402: "it is for those who pay; save it in a browser and add the file",
    403: "it is refused to programs; save it in a browser and add the file",
    404: "there is no such page; check the address",
    410: "the page is gone; check the address",
    429: "the site is asked too often; try again later",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as it was sent. `url` is where it was found in the end, `asked` where it was sought.

    `media_type` is in lower case, empty where the server did not say; so is `charset`. `body` is
    unpacked but not decoded.
    """

    asked: str
    url: str
    media_type: str
    charset: str
    body: bytes


Check = Callable[[str, str], object]
"""Raises FetchError where a page of this URL and media type is not wanted."""


class Client:
    """Fetches pages one after the other. Not for several threads at once.

    `delay` is the seconds between the end of one request to a host and the next. Raises
    SettingsError for one that cannot be used.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        delay: float = 1.0,
        limits: FetchLimits | None = None,
        resolve: Resolver = system_resolver,
        trusted: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not 0 <= delay <= _MAX_DELAY:
            raise SettingsError(f"delay must be from 0 to {_MAX_DELAY:g} seconds, not {delay!r}")
        self._limits = limits or FetchLimits()
        self._requests = Requests(
            limits=self._limits, allow_private=allow_private, resolve=resolve, trusted=trusted
        )
        self._delay = delay
        self._clock = clock
        self._sleep = sleep
        self._rules: dict[tuple[str, bytes], Rules | FetchError] = {}
        self._delays: dict[str, float] = {}
        self._free: dict[str, float] = {}
        self._busy: dict[str, str] = {}

    def fetch(self, url: str, *, accept: str = _ANY, check: Check | None = None) -> Fetched:
        """A page, wherever it is sent on to; each address on the way is checked like the first.

        Raises FetchError, whose message begins with the URL.
        """
        try:
            return self._fetch(web_address(url), accept, check)
        except FetchError as error:
            raise type(error)(f"{shown(url)}: {error}") from error.__cause__

    def _fetch(self, asked: httpx.URL, accept: str, check: Check | None) -> Fetched:
        deadline = Deadline(self._limits.total)
        url = asked
        for _ in range(self._limits.redirects + 1):
            with deadline.paused():
                rules = self._rules_of(url)
            if not rules.allows(str(url)):
                raise FetchError(
                    f"the robots.txt of {shown(url.host)} does not allow programs to fetch it; "
                    "save it in a browser and add the file"
                )

            def wanted(head: Response, place: str = str(url)) -> bool:
                if head.status != HTTPStatus.OK:
                    return False
                if check is not None:
                    check(place, _content_type(head)[0])
                return True

            response = self._get_politely(url, deadline, accept=accept, wanted=wanted)
            if response.status in _SENT_ON and "location" in response.headers:
                url = redirected(url, response.headers["location"].encode("latin-1"))
                continue
            if response.status != HTTPStatus.OK:
                raise _refusal(response.status)
            media_type, charset = _content_type(response)
            return Fetched(str(asked), str(url), media_type, charset, response.body)
        raise FetchError(f"it is sent on more than {self._limits.redirects} times")

    def _get_politely(
        self,
        url: httpx.URL,
        deadline: Deadline,
        *,
        accept: str,
        wanted: Callable[[Response], bool],
    ) -> Response:
        """Waits once where the site says when to come again."""
        host = url.host
        if host in self._busy:
            raise FetchError(self._busy[host])
        for attempt in ("first", "last"):
            response = self._get(url, deadline, accept=accept, wanted=wanted)
            if response.status not in _LATER:
                break
            seconds = _retry_after(response.headers.get("retry-after", ""))
            if seconds is None:
                break
            if attempt == "last" or seconds > self._limits.longest_wait:
                self._busy[host] = (
                    f"{shown(host)} asks to be left alone for {seconds:.0f} seconds; "
                    "try again later"
                )
                raise FetchError(self._busy[host])
            self._free[host] = max(self._free.get(host, 0.0), self._clock() + seconds)
        return response

    def _get(
        self,
        url: httpx.URL,
        deadline: Deadline,
        *,
        accept: str,
        wanted: Callable[[Response], bool],
        limits: FetchLimits | None = None,
        cut: bool = False,
    ) -> Response:
        host = url.host
        with deadline.paused():
            wait = self._free.get(host, 0.0) - self._clock()
            if wait > 0:
                self._sleep(wait)
        try:
            return self._requests.get(
                url, deadline, accept=accept, wanted=wanted, limits=limits, cut=cut
            )
        finally:
            delay = max(self._delay, self._delays.get(host, 0.0))
            self._free[host] = self._clock() + delay

    def _rules_of(self, url: httpx.URL) -> Rules:
        """The rules of a site, asked for once. Raises FetchError where it cannot say."""
        site = (url.scheme, url.netloc)
        if site not in self._rules:
            try:
                rules = self._ask_for_rules(url.copy_with(raw_path=b"/robots.txt"))
                delay = min(rules.delay, self._limits.longest_wait)
                self._delays[url.host] = max(delay, self._delays.get(url.host, 0.0))
                self._free[url.host] = max(
                    self._free.get(url.host, 0.0), self._clock() + self._delays[url.host]
                )
                self._rules[site] = rules
            except HostRefused as error:
                self._rules[site] = error
            except FetchError as error:
                self._rules[site] = FetchError(
                    f"the robots.txt of {shown(url.host)}, which says what programs may fetch, "
                    f"cannot be had: {error}"
                )
        known = self._rules[site]
        if isinstance(known, FetchError):
            raise known
        return known

    def _ask_for_rules(self, url: httpx.URL) -> Rules:
        deadline = Deadline(self._limits.total)
        limits = replace(self._limits, max_bytes=MAX_BYTES)
        for _ in range(self._limits.redirects + 1):
            response = self._get(
                url,
                deadline,
                accept=_ANY,
                wanted=lambda head: head.status == HTTPStatus.OK,
                limits=limits,
                cut=True,
            )
            status = response.status
            if status in _SENT_ON and "location" in response.headers:
                url = redirected(url, response.headers["location"].encode("latin-1"))
                continue
            if status in _LATER or status >= 500:
                raise _refusal(status)
            return read_rules(response.body) if status == HTTPStatus.OK else ALLOW_ALL
        return ALLOW_ALL


def _content_type(response: Response) -> tuple[str, str]:
    """The media type and the charset, in lower case; empty where they are not said."""
    said = response.headers.get("content-type", "")[:1_000]
    if not said:
        return "", ""
    message = Message()
    try:
        message["content-type"] = said
        charset = message.get_content_charset("")
    except (ValueError, LookupError):
        charset = ""
    return said.partition(";")[0].strip().lower(), charset.strip()


def _retry_after(said: str) -> float | None:
    """The seconds to wait, None where the server does not say."""
    if said.isascii() and said.isdecimal() and len(said) < 10:
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _refusal(status: int) -> FetchError:
    known = status in HTTPStatus._value2member_map_
    phrase = f"{status} {HTTPStatus(status).phrase}" if known else str(status)
    reason = _REASONS.get(status)
    if reason is None:
        reason = "try again later" if status >= 500 else "check the address"
    return FetchError(f"the server answered {phrase}: {reason}")
