"""A chat endpoint on this machine that does what a script says, well or badly."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as it came in; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def content(self) -> str:
        """All that the model was told."""
        return "\n".join(message["content"] for message in self.body["messages"])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.path, headers, json.loads(self.rfile.read(length) or b"{}"))
        self.server.asked.append(asked)
        self.close_connection = True
        with suppress(OSError):  # the client may have gone
            self.server.script(self, asked)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def head(self, status: int, kind: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send(self, data: str | bytes) -> None:
        self.wfile.write(data.encode() if isinstance(data, str) else data)
        self.wfile.flush()

    def cut(self) -> None:
        """Ends the connection in the middle, with a reset."""
        option = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
        self.connection.close()

    def pause(self, seconds: float) -> None:
        """Waits, but not beyond the end of the server."""
        self.server.over.wait(seconds)


Script = Callable[[Handler, Asked], None]


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.asked: list[Asked] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that hangs up is what some tests are about


@contextmanager
def serving(script: Script) -> Iterator[Server]:
    """A server at `url` that answers each request by `script`, and keeps them in `asked`."""
    server = Server(script)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def chunk(text: str | None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": text, **more}, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}


def event(data: object, *, end: str = "\n\n", ascii_only: bool = True) -> str:
    return f"data: {json.dumps(data, ensure_ascii=ascii_only)}{end}"


DONE = "data: [DONE]\n\n"
EVENTS = "text/event-stream; charset=utf-8"


def says(*pieces: str, finish: str | None = "stop", done: bool = True) -> Script:
    """A good stream of these pieces."""

    def script(handler: Handler, asked: Asked) -> None:
        handler.head(200, EVENTS)
        for piece in pieces:
            handler.send(event(chunk(piece)))
        if finish is not None:
            handler.send(event(chunk(None, finish)))
        if done:
            handler.send(DONE)

    return script


def answers(reply: Callable[[Asked], str], *, size: int = 7) -> Script:
    """A good stream of what `reply` makes of the request, `size` characters at a time."""

    def script(handler: Handler, asked: Asked) -> None:
        text = reply(asked)
        pieces = [text[i : i + size] for i in range(0, len(text), size)]
        says(*pieces)(handler, asked)

    return script


def raw(
    *parts: str | bytes | float, status: int = 200, kind: str = EVENTS, **headers: str
) -> Script:
    """These parts as they are; a number is a pause in seconds."""

    def script(handler: Handler, asked: Asked) -> None:
        handler.head(status, kind, **headers)
        for part in parts:
            if isinstance(part, float):
                handler.pause(part)
            else:
                handler.send(part)

    return script


def fails(status: int, message: str = "no") -> Script:
    return raw(json.dumps({"error": {"message": message}}), status=status, kind="application/json")


def says_nothing(seconds: float = 30.0) -> Script:
    def script(handler: Handler, asked: Asked) -> None:
        handler.pause(seconds)

    return script


def drips(*parts: str, pause: float = 0.05, times: int = 1_000) -> Script:
    """A stream that goes on and on, with a pause after each part."""

    def script(handler: Handler, asked: Asked) -> None:
        handler.head(200, EVENTS)
        for _ in range(times):
            for part in parts:
                if handler.server.over.is_set():
                    return
                handler.send(part)
                handler.pause(pause)

    return script


def is_cut_after(*pieces: str) -> Script:
    """A chunked stream whose connection is reset in the middle."""

    def script(handler: Handler, asked: Asked) -> None:
        handler.head(200, EVENTS, Transfer_Encoding="chunked")
        for piece in pieces:
            data = event(chunk(piece))
            handler.send(f"{len(data.encode()):x}\r\n{data}\r\n")
        handler.pause(0.1)
        handler.cut()

    return script


def in_turn(scripts: Sequence[Script]) -> Script:
    """The first request is answered by the first script, and so on; the last one stays."""
    left = list(scripts)

    def script(handler: Handler, asked: Asked) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler, asked)

    return script
