"""A request that is answered with an error before the application sees it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from starlette.types import Send


class Refused(Exception):
    """The message is for the client; `headers` go with it."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = dict(headers or {})


def too_many(reason: str, seconds: float) -> Refused:
    """A refusal that says after how many seconds to try again."""
    return Refused(429, reason, {"retry-after": str(max(1, math.ceil(seconds)))})


async def send_refusal(refused: Refused, send: Send) -> None:
    body = json.dumps({"error": str(refused)}).encode()
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        **refused.headers,
    }
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refused.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
