"""Reads the body of a request, small and harmless, before the application sees any of it."""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from assistant.chat.allowed import QUEUE, largest_body
from assistant.chat.refused import Refused

_DRAINED = 16 * 1024 * 1024


async def read_body(path: str, headers: Headers, receive: Receive) -> Receive:
    """A `receive` that replays the body. Raises Refused for one that is large or odd."""
    most = largest_body(path)
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit():
        raise Refused(400, "The length of the request is not a number.")
    if len(length) > 12 or int(length) > most:
        if len(length) <= 12 and int(length) <= _DRAINED and "expect" not in headers:
            # Many clients send all before they read: they would only see a broken connection.
            while (await receive()).get("more_body", False):
                pass
        raise _too_large(most)
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return _replay(message, receive)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > most:
            raise _too_large(most)
    body = b"".join(parts)
    if path == QUEUE:
        body = _checked_event(body)
    return _replay({"type": "http.request", "body": body, "more_body": False}, receive)


def _too_large(most: int) -> Refused:
    # What is left of the body must not be read as the next request.
    close = {"connection": "close"}
    return Refused(413, f"The request is larger than {most} bytes.", close)


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
        raise Refused(400, "This is not an event of the page.")
    # Written anew, so that Gradio reads what was checked, whatever its parser makes of
    # a name that occurs twice. The length may differ from the header's; ASGI has no need of it.
    return json.dumps(event).encode()


def _holds_object(value: Any) -> bool:
    if isinstance(value, list):
        return any(_holds_object(item) for item in value)
    return isinstance(value, dict)
