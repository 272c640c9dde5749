"""How often each client may do a thing: token buckets, of bounded memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from starlette.types import Scope

DEFAULT_RATE = 10.0
"""Questions a second of one client: an office behind one address, not a program in a loop."""

_MOST_CLIENTS = 10_000
_NETWORK_BITS = 64


class Buckets:
    """A bucket of `burst` tokens for each client, into which `rate` tokens a second flow.

    The clients that were not seen for the longest are forgotten first; a forgotten client's
    bucket is full again. For one thread.
    """

    def __init__(
        self, *, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._levels)

    def wait(self, client: str) -> float:
        """Seconds until there is a token for the client; 0 where there is one."""
        missing = 1.0 - self._level(client)
        return max(0.0, missing / self._rate)

    def take(self, client: str) -> float:
        """The same; where there is a token, it is taken."""
        seconds = self.wait(client)
        if seconds == 0.0:
            self._levels[client] = (self._level(client) - 1.0, self._clock())
            self._levels.move_to_end(client)
            while len(self._levels) > _MOST_CLIENTS:
                self._levels.popitem(last=False)
        return seconds

    def _level(self, client: str) -> float:
        level, at = self._levels.get(client, (self._burst, 0.0))
        return min(self._burst, level + (self._clock() - at) * self._rate)


def client_of(scope: Scope) -> str:
    """The address that a request came from; of an IPv6 address, its network.

    One household or office has a whole network of IPv6 addresses to choose from. Behind a
    proxy it is the proxy's: what a header says of the client, any client can say.
    """
    address = scope["client"][0] if scope.get("client") else ""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{parsed.packed[: _NETWORK_BITS // 8].hex()}/{_NETWORK_BITS}"
