"""The tests themselves cannot reach the network, nor can the processes that they start."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import pytest
from helpers import python


@pytest.mark.parametrize(
    "reach",
    [
        lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),
        lambda: socket.create_connection(("example.org", 443), timeout=1),
        lambda: socket.getaddrinfo("huggingface.co", 443),
        lambda: socket.socket().connect(("2001:db8::1", 80)),
        lambda: socket.socket(type=socket.SOCK_DGRAM).connect_ex(("192.0.2.1", 53)),
    ],
)
def test_nothing_leaves_this_machine(reach: Callable[[], object]) -> None:
    with pytest.raises(OSError, match="refused by the guard"):
        reach()
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


def test_nothing_leaves_a_process_that_is_started() -> None:
    done = python("-c", "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)")
    assert done.returncode == 1
    assert "refused by the guard" in done.stderr
