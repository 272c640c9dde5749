"""Servers that lie, trickle, never end or attack: each costs its deadline and no more."""

from __future__ import annotations

import gzip
import os
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_site import ROBOTS, Connection, Route, client, raw, sends, sends_on, site

from assistant.errors import FetchError, HostRefused
from assistant.fetching import FetchLimits
from assistant.fetching.unpacking import Unpacker

LIMITS = FetchLimits(total=0.8, connect=0.4, read=0.3, max_bytes=3_000_000)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
NO_RULES = {ROBOTS: sends(status=404)}


def drips(head: bytes, data: bytes) -> Route:
    def route(connection: Connection) -> None:
        connection.send(head)
        connection.drip(data)

    return route


def hangs(head: bytes = b"") -> Route:
    def route(connection: Connection) -> None:
        connection.send(head)
        connection.pause(10)

    return route


@pytest.mark.parametrize(
    ("route", "reason"),
    [
        (hangs(), "sent nothing for 0.3 seconds"),
        (hangs(OK), "sent nothing for"),
        (hangs(OK + b"\r\n<p>half"), "sent nothing for"),
        (drips(b"", b"H"), "broke off|within"),
        (drips(OK, b"X-More: y\r\n"), "within 0.8 seconds"),
        (drips(OK + b"X: ", b"y"), "within 0.8 seconds"),
        (drips(OK + b"\r\n", b"o"), "within 0.8 seconds"),
        (drips(OK + b"Content-Length: 5000\r\n\r\n", b"o"), "within 0.8 seconds"),
        (drips(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\no\r\n"), "within 0.8 seconds"),
        (drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "within 0.8 seconds"),
        (drips(b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 103 X\r\n\r\n"), "within 0.8"),
        (raw(OK + b"Content-Length: 5000\r\n\r\nhalf"), "broke off"),
        (raw(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhalf"), "broke off"),
        (raw(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhalf"), "broke off"),
        (raw(OK + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nhalf!"), "broke off"),
        (raw(OK + b"Content-Length: -4\r\n\r\nhalf"), "broke off"),
        (raw(OK + b"X" * 200_000), "broke off"),
        (raw(OK + b"X-A: b\r\n" * 30_000 + b"\r\n"), "broke off"),
        (raw(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), "broke off"),
        (raw(b"HTTP/1.1 200 OK\r\n\0: \0\r\n\r\n"), "broke off"),
        (raw(b"HTTP/1.1 99999 OK\r\n\r\n"), "broke off"),
        (raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), "broke off"),
        (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "broke off"),
        (raw(b""), "broke off"),
        (sends(b"x", Content_Length="9" * 30), "broke off|larger"),
        (sends(b"x", Content_Length="99999999"), "larger than 3,000,000 bytes"),
        (sends(b"x" * 3_000_001), "larger than 3,000,000 bytes"),
        (raw(OK + b"\r\n" + b"x" * 5_000_000), "larger than 3,000,000 bytes"),
        (
            raw(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1;" + b"e" * 9_000 + b"\r\nx\r\n"),
            "broke off",
        ),
        (sends(b"x", Content_Encoding="br"), "not asked for"),
        (sends(b"x", Content_Encoding="gzip, gzip"), "not asked for"),
        (sends(b"no gzip", Content_Encoding="gzip"), "damaged"),
        (sends(b"no deflate", Content_Encoding="deflate"), "damaged"),
        (sends(gzip.compress(b"page" * 99)[:-9], Content_Encoding="gzip"), "only in part"),
        (sends(gzip.compress(b"\0" * 2_900_000), Content_Encoding="gzip"), "100 times"),
        (sends(zlib.compress(os.urandom(30_000) * 110), Content_Encoding="deflate"), "larger"),
        (sends(gzip.compress(b"") * 9_000, Content_Encoding="gzip"), "too many parts"),
        (sends_on("http://[::1/"), "cannot be read|no host"),
        (sends_on("\t\x0b"), "broke off|sends on"),
        (sends_on("http://news.example:22/"), "port 22"),
    ],
)
def test_a_bad_answer_costs_its_deadline_at_most(route: Route, reason: str) -> None:
    with site({**NO_RULES, "/": route}) as server:
        began = time.monotonic()
        with pytest.raises(FetchError, match=reason) as caught:
            client(limits=LIMITS).fetch(server.url())
        assert time.monotonic() - began < 2.5
    assert str(caught.value).isprintable()


def test_the_deadline_holds_over_all_steps() -> None:
    def slow(connection: Connection) -> None:
        connection.pause(0.2)
        sends_on(connection.path + "x")(connection)

    routes = {"/" + "x" * number: slow for number in range(9)}
    with site({**NO_RULES, **routes}) as server:
        with pytest.raises(FetchError, match=r"within 0\.8 seconds"):
            client(limits=LIMITS).fetch(server.url("/"))
        assert len(server.paths) <= 5


def test_a_server_that_never_shakes_hands() -> None:
    with site({}) as server:
        url = server.url().replace("http:", "https:")
        with pytest.raises(HostRefused, match=r"no safe connection|does not answer|not be reached"):
            client(limits=LIMITS).fetch(url)


def test_a_port_that_nobody_listens_at() -> None:
    with site({}) as server:
        url = server.url()
    with pytest.raises(HostRefused, match="refuses connections"):
        client(limits=LIMITS).fetch(url)


def test_what_servers_say_is_not_shown() -> None:
    bad = b"HTTP/1.1 404 \x1b[31mRed\r\nContent-Type: \x1b]0;title\x07\r\n\r\n"
    with site({**NO_RULES, "/": raw(bad)}) as server, pytest.raises(FetchError) as caught:
        client(limits=LIMITS).fetch(server.url())
    assert str(caught.value).isprintable()


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(["gzip", "deflate", "identity"]),
    st.lists(st.integers(1, 50), min_size=1, max_size=8),
)
def test_any_bytes_unpack_to_what_was_packed_or_are_refused(
    data: bytes, coding: str, sizes: list[int]
) -> None:
    packed = {"gzip": gzip.compress, "deflate": zlib.compress}.get(coding, bytes)(data)
    for sent, known in ((packed, True), (data, coding == "identity")):
        unpacker = Unpacker(coding, LIMITS)
        rest = sent
        try:
            for size in (*sizes, len(sent) or 1):
                if rest[:size]:
                    unpacker.add(rest[:size])
                rest = rest[size:]
            body = unpacker.body()
        except FetchError:
            assert not known
            continue
        assert not known or body == data
