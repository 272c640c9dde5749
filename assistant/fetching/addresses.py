"""Which addresses of the internet may be connected to, and which ones a host has."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Literal

from assistant.errors import HostRefused
from assistant.text import one_line

Kind = Literal["public", "private", "loopback", "special"]

Resolver = Callable[[str, int], Sequence[str]]
"""The addresses of a host and a port. Raises OSError where it has none."""

_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",  # shared by the customers of a provider; private networks use it too
        "fc00::/7",
    )
)
# Not in every version of `ipaddress`, or taken for public by it.
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
    )
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def kind_of(address: str) -> Kind:
    """What an address is for; one that stands for an IPv4 address is what that one is.

    "special" are link-local addresses (clouds keep their secrets at one of these), multicast,
    tunnels, documentation, and what is reserved. Raises ValueError for what is no address.
    """
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return kind_of(str(parsed.ipv4_mapped))
        inner = parsed.sixtofour
        if parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFF_FFFF)
        if inner is not None:
            return "public" if kind_of(str(inner)) == "public" else "special"
    if parsed.is_loopback:
        return "loopback"
    if any(parsed in network for network in _PRIVATE):
        return "private"
    if any(parsed in network for network in _SPECIAL) or parsed.is_multicast:
        return "special"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed not in _GLOBAL_UNICAST:
        return "special"
    return "public" if parsed.is_global else "special"


def system_resolver(host: str, port: int) -> Sequence[str]:
    """What this machine's resolver says of a host. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(place[4][0]) for place in found))


def allowed_addresses(
    host: str, port: int, *, resolve: Resolver, allow_private: bool, seconds: float
) -> Sequence[str]:
    """The addresses of a host, where every one of them may be connected to.

    One that may not condemns the host: which of its addresses is used must not be its choice.
    Raises HostRefused, also where no answer came within `seconds`.
    """
    addresses = _in_time(host, port, resolve, seconds)
    shown = one_line(host)[:100]
    if not addresses:
        raise HostRefused(f"there is no host {shown}; check the address")
    for address in addresses:
        try:
            kind = kind_of(address)
        except ValueError:
            kind = "special"
        if kind == "special":
            raise HostRefused(f"{shown} has the address {address}, which no page is fetched from")
        if kind != "public" and not allow_private:
            raise HostRefused(
                f"{shown} has the {kind} address {address}; "
                "allow private addresses (--allow-private) if it is meant"
            )
    return addresses


def _in_time(host: str, port: int, resolve: Resolver, seconds: float) -> Sequence[str]:
    """A system's resolver takes as long as it likes, so another thread waits for it."""
    answers: SimpleQueue[Sequence[str] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host, port))
        except OSError as error:
            answers.put(error)
        except ValueError:  # a name that is too long to be asked for
            answers.put(())

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    shown = one_line(host)[:100]
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise HostRefused(f"the address of {shown} was not found in time; try again") from None
    if isinstance(answer, OSError):
        raise HostRefused(
            f"the address of {shown} cannot be found; check it, and your network"
        ) from answer
    return answer
