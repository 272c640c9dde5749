"""ASGI middleware between the network and everything that the chat serves.

Gradio serves far more than this chat uses: uploads, a relay to public URLs, recordings,
monitoring. So the guard lets through only the routes that the page needs, from the hosts
that the operator named, and gives every response a content security policy.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 64 * 1024
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")

_PAGE = "/"
_QUEUE = "/gradio_api/queue/join"
_READ = re.compile(
    r"/(?:chat\.js|reading\.css|config|theme\.css|favicon\.ico|robots\.txt|manifest\.json"
    r"|api/health|(?:api/)?articles/.+|(?:assets|static)/[^:]+"
    r"|gradio_api/(?:queue/data|startup-events|theme\.css|info|heartbeat/[\w-]+))?"
)
_WRITE = re.compile(r"/(?:api/(?:ask|search)|gradio_api/(?:queue/join|cancel|reset))")

_STRICT_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

SAFE_HEADERS = {"content-security-policy": _STRICT_POLICY, **_HEADERS}
"""For responses that are made outside the guard."""


class _Refused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Guard:
    """Refuses what the chat does not need, and hardens what it sends."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in (*LOCAL_HOSTS, *hosts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        response = _Response(scope["path"], send)
        try:
            self._check(scope)
            if scope["method"] == "POST":
                receive = await _read_body(scope["path"], Headers(scope=scope), receive)
            if scope["path"] == _PAGE:
                # The page must arrive uncompressed for its scripts to get their nonce.
                kept = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
                scope = {**scope, "headers": kept}
            await self._app(scope, receive, response.send)
        except _Refused as refused:
            await _refuse(refused, response.send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        method, path = scope["method"], scope["path"]
        for name in ("host", "x-forwarded-host"):
            for value in headers.getlist(name) or ([""] if name == "host" else []):
                if _host_name(value) not in self._hosts:
                    raise _Refused(
                        400,
                        "This host name is not allowed here; "
                        "start the chat with --allow-host and the name.",
                    )
        allowed = _WRITE if method == "POST" else _READ
        if method not in ("GET", "HEAD", "POST") or not allowed.fullmatch(path):
            raise _Refused(404, "There is nothing here.")
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site", "none")
        # A link from elsewhere may open a page; nothing else may come from another site.
        opens = method == "GET" and headers.get("sec-fetch-mode") == "navigate"
        if (site not in ("none", "same-origin") and not opens) or (
            origin is not None and _origin_host(origin) != headers["host"].lower()
        ):
            raise _Refused(403, "Requests from other sites are refused.")


def _host_name(value: str) -> str:
    try:
        return (urlsplit(f"//{value.strip()}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _origin_host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


async def _read_body(path: str, headers: Headers, receive: Receive) -> Receive:
    """A `receive` that replays the body, once it is known to be small and harmless."""
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit():
        raise _Refused(400, "The length of the request is not a number.")
    if int(length) > MAX_BODY:
        raise _Refused(413, f"The request is larger than {MAX_BODY} bytes.")
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return _replay(message, receive)
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY:
            raise _Refused(413, f"The request is larger than {MAX_BODY} bytes.")
    if path == _QUEUE:
        body = _checked_event(body)
    return _replay({"type": "http.request", "body": body, "more_body": False}, receive)


def _replay(first: Message, receive: Receive) -> Receive:
    waiting = [first]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def _checked_event(body: bytes) -> bytes:
    """An event of the page, whose inputs are all text, numbers and lists of text.

    Gradio downloads the URL in any object that looks like a file, whatever input it is
    given for. No input of this page is an object, so none is let through.
    """
    try:
        event = json.loads(body)
        inputs = event["data"] or []
        plain = isinstance(inputs, list) and not any(_holds_object(value) for value in inputs)
    except (ValueError, KeyError, TypeError, RecursionError):
        plain = False
    if not plain:
        raise _Refused(400, "This is not an event of the page.")
    # Written anew, so that Gradio reads what was checked, whatever its parser makes of
    # a name that occurs twice. The length may differ from the header's; ASGI has no need of it.
    return json.dumps(event).encode()


def _holds_object(value: Any) -> bool:
    if isinstance(value, list):
        return any(_holds_object(item) for item in value)
    return isinstance(value, dict)


async def _refuse(refused: _Refused, send: Send) -> None:
    body = json.dumps({"error": str(refused)}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Response:
    """Hardens one response on its way out; the page is held until its scripts have a nonce."""

    def __init__(self, path: str, send: Send) -> None:
        self._path = path
        self._send = send
        self._nonce = ""
        self._held: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message.get("headers", [])))
            is_page = self._path == _PAGE and "text/html" in headers.get("content-type", "")
            if is_page:
                self._nonce = secrets.token_urlsafe(16)
            self._harden(headers)
            message = {**message, "headers": headers.raw}
            if is_page:
                self._held = message
                return
        elif self._held is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if message.get("more_body", False):
                return
            await self._send_page(self._held)
            return
        await self._send(message)

    def _harden(self, headers: MutableHeaders) -> None:
        for name in [name for name in headers if name.startswith("access-control-")]:
            del headers[name]
        for name, value in _HEADERS.items():
            headers[name] = value
        policy = _page_policy(self._nonce) if self._nonce else _STRICT_POLICY
        headers.setdefault("content-security-policy", policy)

    async def _send_page(self, start: Message) -> None:
        nonce = f'<script nonce="{self._nonce}"'.encode()
        body = re.sub(rb"<script(?=[\s>])", nonce, self._body)
        headers = MutableHeaders(raw=start["headers"])
        headers["content-length"] = str(len(body))
        headers["cache-control"] = "no-store"
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def _page_policy(nonce: str) -> str:
    # Styles stay open: Gradio's components set them inline. Foreign text brings none along.
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
