"""ASGI middleware between the network and everything that the chat serves.

Gradio serves far more than this chat uses: uploads, a relay to public URLs, recordings,
monitoring. So the guard lets through only the routes that the page needs, from the hosts
that the operator named, to those who know the password where there is one, not faster than
the operator allows, and gives every response a content security policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.chat.allowed import LONGEST_URL, PAGE, Allowed, costs
from assistant.chat.bodies import read_body
from assistant.chat.hardening import Response
from assistant.chat.login import Login
from assistant.chat.rates import DEFAULT_RATE, Buckets, client_of
from assistant.chat.refused import Refused, send_refusal, too_many

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")

_BURST_SECONDS = 12
_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\s:@/\\?#\[\]]+?)\.?)(?::\d{1,5})?", re.IGNORECASE)
_DROPPED = frozenset({b"authorization", b"x-gradio-server"})
"""Headers that nothing behind the guard has a use for."""


class Guard:
    """Refuses what the chat does not need, and hardens what it sends."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str] = (),
        login: Login | None = None,
        rate: float = DEFAULT_RATE,
        allowed: Allowed | None = None,
    ) -> None:
        """`rate` is how many costly requests a second each client may make; 0 allows any."""
        self._app = app
        self._hosts = frozenset(host.lower() for host in (*LOCAL_HOSTS, *hosts))
        self._login = login
        self._rates = Buckets(rate=rate, burst=max(1, rate * _BURST_SECONDS)) if rate else None
        self._allowed = allowed or Allowed()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        response = Response(scope["path"], send)
        try:
            self._check(scope)
            if scope["method"] not in ("GET", "HEAD"):
                receive = await read_body(scope["path"], Headers(scope=scope), receive)
            dropped = _DROPPED
            if scope["path"] == PAGE:
                # The page must arrive uncompressed for its scripts to get their nonce.
                dropped |= {b"accept-encoding"}
            kept = [pair for pair in scope["headers"] if pair[0].lower() not in dropped]
            await self._app({**scope, "headers": kept}, receive, response.send)
        except Refused as refused:
            await send_refusal(refused, response.send)

    def _check(self, scope: Scope) -> None:
        headers, client = Headers(scope=scope), client_of(scope)
        method, path = scope["method"], scope["path"]
        _check_form(scope, headers)
        self._check_host(headers)
        if self._login is not None:
            self._login.check(headers.getlist("authorization"), client)
        if not self._allowed.admits(method, path):
            raise Refused(404, "There is nothing here.")
        _check_origin(method, headers)
        if self._rates is not None and costs(path):
            seconds = self._rates.take(client)
            if seconds > 0:
                raise too_many(
                    "Too many requests came from this address; wait a moment, "
                    "or start the chat with a higher --rate.",
                    seconds,
                )

    def _check_host(self, headers: Headers) -> None:
        for name in ("host", "x-forwarded-host"):
            for value in headers.getlist(name) or ([""] if name == "host" else []):
                if _host_name(value) not in self._hosts:
                    raise Refused(
                        400,
                        "This host name is not allowed here; "
                        "start the chat with --allow-host and the name.",
                    )


def _check_form(scope: Scope, headers: Headers) -> None:
    if "transfer-encoding" in headers and "content-length" in headers:
        # A proxy may go by the one and this server by the other: then there is no telling
        # where this request ends.
        raise Refused(400, "The request has two lengths.", {"connection": "close"})
    if len(scope["path"]) + len(scope["query_string"]) > LONGEST_URL:
        raise Refused(414, f"The URL is longer than {LONGEST_URL} characters.")


def _check_origin(method: str, headers: Headers) -> None:
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site", "none")
    # A link from elsewhere may open a page; nothing else may come from another site.
    opens = method == "GET" and headers.get("sec-fetch-mode") == "navigate"
    if (site not in ("none", "same-origin") and not opens) or (
        origin is not None and _origin_host(origin) != headers["host"].lower()
    ):
        raise Refused(403, "Requests from other sites are refused.")


def _host_name(value: str) -> str:
    found = _HOST.fullmatch(value.strip())
    return "" if found is None else (found[1] or found[2]).lower()


def _origin_host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
