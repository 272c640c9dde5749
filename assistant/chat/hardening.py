"""Hardens responses on their way out: security headers, and a nonce for the page's scripts."""

from __future__ import annotations

import re
import secrets

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from assistant.chat.allowed import PAGE

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


class Response:
    """Sends one response; the page is held until its scripts have a nonce."""

    def __init__(self, path: str, send: Send) -> None:
        self._path = path
        self._send = send
        self._nonce = ""
        self._held: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message.get("headers", [])))
            is_page = self._path == PAGE and "text/html" in headers.get("content-type", "")
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
        for name in {name for name in headers if name.startswith("access-control-")}:
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
