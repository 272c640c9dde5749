"""A site on this machine that does what its routes say, well or badly, down to the bytes."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from assistant.fetching import Client, FetchLimits

HOST = "news.example"
ROBOTS = "/robots.txt"


class Connection:
    """One request: `path` and `headers` (names in lower case) as they came."""

    def __init__(self, connected: socket.socket, over: threading.Event) -> None:
        self._socket = connected
        self.over = over
        head = b""
        while b"\r\n\r\n" not in head and (data := connected.recv(65_536)):
            head += data
        first, *lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        self.path = first.split(" ")[1] if first else ""
        pairs = (line.partition(":") for line in lines)
        self.headers = {name.lower(): value.strip() for name, _, value in pairs}

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def pause(self, seconds: float) -> None:
        """Waits, but not beyond the end of the site."""
        self.over.wait(seconds)

    def drip(self, data: bytes, pause: float = 0.02) -> None:
        """The same bytes again and again."""
        while not self.over.is_set():
            self.send(data)
            self.pause(pause)


Route = Callable[[Connection], None]


def sends(
    body: bytes | str = b"",
    kind: str | None = "text/html; charset=utf-8",
    status: int = 200,
    **headers: str,
) -> Route:
    """A whole answer."""
    data = body.encode() if isinstance(body, str) else body
    fields = {"Content-Length": str(len(data))}
    if kind is not None:
        fields["Content-Type"] = kind
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in fields.items())]
    return raw("\r\n".join([*lines, "", ""]).encode("latin-1") + data)


def raw(data: bytes) -> Route:
    return lambda connection: connection.send(data)


def sends_on(location: str, status: int = 302) -> Route:
    return sends(status=status, Location=location)


def in_turn(*routes: Route) -> Route:
    """Each of these once, and the last one from then on."""
    left = list(routes)

    def route(connection: Connection) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(connection)

    return route


class Site(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, routes: dict[str, Route], context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.routes = routes
        self.asked: list[Connection] = []
        self.over = threading.Event()
        self._context = context

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self._context is not None:
            request = self._context.wrap_socket(request, server_side=True)
        with suppress(OSError):  # the client may have gone
            connection = Connection(request, self.over)
            self.asked.append(connection)
            route = self.routes.get(connection.path, sends("no such page", status=404))
            route(connection)
        if self._context is not None:
            with suppress(OSError):
                request.unwrap()

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that hangs up is what some tests are about

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str = "/", host: str = HOST) -> str:
        return f"http{'s' if self._context else ''}://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        """What was asked for, without robots.txt."""
        return [asked.path for asked in self.asked if asked.path != ROBOTS]


@contextmanager
def site(routes: dict[str, Route], context: ssl.SSLContext | None = None) -> Iterator[Site]:
    server = Site(routes, context)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Clock:
    """A time that passes only when somebody sleeps."""

    now: float = 1_000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


def here(host: str, port: int) -> Sequence[str]:
    """Every host is this machine."""
    return ("127.0.0.1",)


def client(
    clock: Clock | None = None,
    *,
    limits: FetchLimits | None = None,
    allow_private: bool = True,
    resolve: Callable[[str, int], Sequence[str]] = here,
    **options: Any,
) -> Client:
    """A client for which every host is this machine, and that never really waits."""
    clock = clock or Clock()
    return Client(
        limits=limits,
        allow_private=allow_private,
        resolve=resolve,
        clock=clock,
        sleep=clock.sleep,
        **options,
    )


def certificate(folder: Path, name: str = HOST) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for `name`, and a client's that trusts it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    trusting = ssl.create_default_context(cafile=str(path))
    return server, trusting
