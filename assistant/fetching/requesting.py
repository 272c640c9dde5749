"""One request to one server: where it connects to, how long it takes and how much it takes in."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import httpcore
import httpx

from assistant import __version__
from assistant.errors import FetchError, HostRefused
from assistant.fetching.addresses import Resolver, allowed_addresses
from assistant.fetching.limits import Deadline, FetchLimits
from assistant.fetching.unpacking import ACCEPTED, Unpacker

USER_AGENT = f"assistant/{__version__}"

_SLACK = 1_000_000
"""Bytes of headers and of what frames a body, beyond the body itself."""

_SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)
_LENGTH = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Response:
    """What a server answered. The names of `headers` are in lower case; the first of each counts.

    `body` is unpacked, and empty unless it was asked for.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Stream(httpcore.NetworkStream):
    """A connection that ends with its deadline, however its time is spent."""

    def __init__(
        self, inner: httpcore.NetworkStream, deadline: Deadline, limits: FetchLimits
    ) -> None:
        self._inner = inner
        self._deadline = deadline
        self._limits = limits
        self._received = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, self._deadline.left(timeout))
        self._received += len(data)
        if self._received > self._limits.max_bytes + _SLACK:
            raise FetchError(f"the server sends more than {self._limits.max_bytes:,} bytes")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout)
        inner = self._inner.start_tls(ssl_context, server_hostname, left)
        return _Stream(inner, self._deadline, self._limits)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, and to no other.

    A host is resolved once, here: a name whose address changes between a check and a
    connection gains nothing. TLS still asks for the certificate of the name.
    """

    def __init__(self, caller: Requests, deadline: Deadline) -> None:
        self._caller = caller
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        caller = self._caller
        seconds = self._deadline.left(timeout)
        addresses = allowed_addresses(
            host,
            port,
            resolve=caller.resolve,
            allow_private=caller.allow_private,
            seconds=seconds,
        )
        trial = Deadline(seconds)
        failure: Exception | None = None
        for number, address in enumerate(addresses):
            # The last of them may have all the time, an earlier one must leave some.
            share = 1 if number == len(addresses) - 1 else 2
            try:
                left = self._deadline.left(trial.left()) / share
                inner = httpcore.SyncBackend().connect_tcp(
                    address, port, left, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            except FetchError:
                break
            return _Stream(inner, self._deadline, caller.limits)
        raise failure or httpcore.ConnectTimeout()


class Requests:
    """Makes requests. Each has a connection of its own, sends no cookies and uses no proxy.

    A proxy would look hosts up by itself, and nobody would check their addresses.
    """

    def __init__(
        self,
        *,
        limits: FetchLimits,
        allow_private: bool,
        resolve: Resolver,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self.limits = limits
        self.allow_private = allow_private
        self.resolve = resolve
        self._trusted = trusted

    def get(
        self,
        url: httpx.URL,
        deadline: Deadline,
        *,
        accept: str,
        wanted: Callable[[Response], bool],
        limits: FetchLimits | None = None,
        cut: bool = False,
    ) -> Response:
        """The answer to one GET; its body is read where `wanted` says so of its head.

        With `cut`, a body that is too long is cut. Raises FetchError and HostRefused.
        """
        limits = limits or self.limits
        try:
            with (
                httpcore.ConnectionPool(
                    ssl_context=self._context() if url.scheme == "https" else None,
                    network_backend=_Backend(self, deadline),
                    max_connections=1,
                ) as pool,
                pool.stream(
                    "GET",
                    httpcore.URL(
                        scheme=url.raw_scheme,
                        host=url.raw_host,
                        port=url.port,
                        target=url.raw_path,
                    ),
                    headers=[
                        (b"Host", url.netloc),
                        (b"User-Agent", USER_AGENT.encode()),
                        (b"Accept", accept.encode()),
                        (b"Accept-Encoding", ACCEPTED),
                        (b"Connection", b"close"),
                    ],
                    extensions={
                        "timeout": {
                            "connect": limits.connect,
                            "read": limits.read,
                            "write": limits.read,
                            "pool": limits.connect,
                        }
                    },
                ) as response,
            ):
                head = Response(response.status, _first_of_each(response.headers), b"")
                if not wanted(head):
                    return head
                body = _body(response, head, limits, cut=cut)
                return Response(head.status, head.headers, body)
        except httpcore.TimeoutException as error:
            deadline.left()
            if isinstance(error, httpcore.ConnectTimeout):
                raise HostRefused("its server does not answer; try again later") from error
            raise FetchError(
                f"its server sent nothing for {limits.read:g} seconds; try again later"
            ) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise _plain(error) from error

    def _context(self) -> ssl.SSLContext:
        if self._trusted is None:
            # Reading the certificates takes longer than many a page.
            self._trusted = httpx.create_ssl_context()
        return self._trusted


def _first_of_each(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    first: dict[str, str] = {}
    for name, value in headers:
        # Latin-1 takes any byte and gives it back.
        first.setdefault(name.decode("latin-1").lower(), value.decode("latin-1").strip())
    return first


def _body(response: httpcore.Response, head: Response, limits: FetchLimits, *, cut: bool) -> bytes:
    length = head.headers.get("content-length", "")
    if _LENGTH.fullmatch(length) and int(length) > limits.max_bytes and not cut:
        raise FetchError(f"the page is larger than {limits.max_bytes:,} bytes")
    unpacker = Unpacker(head.headers.get("content-encoding", "").lower(), limits, cut=cut)
    for piece in response.iter_stream():
        unpacker.add(piece)
        if unpacker.full:
            break
    return unpacker.body()


def _plain(error: BaseException) -> FetchError:
    """One line on what went wrong, without the server's own words."""
    cause: BaseException | None = error
    for _ in range(10):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return HostRefused("its certificate is not trusted; nothing was fetched")
        if isinstance(cause, ssl.SSLError):
            return HostRefused("no safe connection can be made; check the address")
        if isinstance(cause, ConnectionRefusedError):
            return HostRefused("its server refuses connections; check the address")
        if isinstance(cause, socket.gaierror) or cause is None:
            break
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpcore.ConnectError):
        return HostRefused("its server cannot be reached; check the address and your network")
    return FetchError("its server broke off, or sent what is no page of the web; try again")
