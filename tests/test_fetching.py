"""The client that fetches pages, against a site on this machine."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from web_site import (
    HOST,
    ROBOTS,
    Clock,
    Connection,
    Route,
    certificate,
    client,
    in_turn,
    raw,
    sends,
    sends_on,
    site,
)

from assistant import __version__
from assistant.errors import FetchError, HostRefused, SettingsError
from assistant.fetching import FetchLimits
from assistant.fetching.robots import read_rules

PAGE = "<p>Owls nest in the old mill — all year.</p>"
QUICK = FetchLimits(total=0.6, connect=0.3, read=0.3)


def test_a_page_is_fetched_as_it_was_sent() -> None:
    with site({"/a": sends(PAGE, "Text/HTML; charset=UTF-8")}) as server:
        page = client().fetch(server.url("/a#part"), accept="text/html")
        asked = server.asked[-1]
    assert page.body == PAGE.encode()
    assert (page.media_type, page.charset) == ("text/html", "utf-8")
    assert page.url == page.asked == server.url("/a")
    assert asked.headers == {
        "host": f"{HOST}:{server.port}",
        "user-agent": f"assistant/{__version__}",
        "accept": "text/html",
        "accept-encoding": "gzip, deflate",
        "connection": "close",
    }
    assert [one.path for one in server.asked] == [ROBOTS, "/a"]


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", gzip.compress(PAGE.encode(), mtime=0)),
        (
            "x-gzip",
            gzip.compress(PAGE.encode()[:5], mtime=0) + gzip.compress(PAGE.encode()[5:], mtime=0),
        ),
        ("gzip", gzip.compress(PAGE.encode(), mtime=0) + b"\0\0\0"),
        ("deflate", zlib.compress(PAGE.encode())),
        ("Deflate", zlib.compress(PAGE.encode())[2:-4]),
        ("identity", PAGE.encode()),
    ],
)
def test_packed_pages_are_unpacked(coding: str, data: bytes) -> None:
    with site({"/": sends(data, Content_Encoding=coding)}) as server:
        assert client().fetch(server.url()).body == PAGE.encode()


def test_large_packed_pages_arrive_whole() -> None:
    text = b"".join(b"%d owls, " % number for number in range(200_000))
    for coding, data in (("gzip", gzip.compress(text)), ("deflate", zlib.compress(text))):
        with site({"/": sends(data, Content_Encoding=coding)}) as server:
            assert client().fetch(server.url()).body == text


def test_pages_that_are_sent_on_are_followed() -> None:
    routes = {
        "/1": sends_on("/2", 301),
        "/2": sends_on("3?x=1", 303),
        "/3?x=1": sends_on("http://other.example:{port}/4", 308),
        "/4": sends(PAGE),
        "/round": sends_on("/round"),
        "/nowhere": sends(status=302),
    }
    with site(routes) as server:
        server.routes["/3?x=1"] = sends_on(server.url("/4", "other.example"), 308)
        page = client().fetch(server.url("/1"))
        assert (page.asked, page.url) == (server.url("/1"), server.url("/4", "other.example"))
        # Each of the two sites was asked for its rules first.
        assert [one.path for one in server.asked] == [
            ROBOTS, "/1", "/2", "/3?x=1", ROBOTS, "/4",
        ]  # fmt: skip
        with pytest.raises(FetchError, match="sent on more than 5 times"):
            client().fetch(server.url("/round"))
        assert server.paths.count("/round") == 6
        with pytest.raises(FetchError, match="302 Found"):
            client().fetch(server.url("/nowhere"))


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (204, "204 No Content"),
        (401, "log in"),
        (403, "save it in a browser"),
        (404, "no such page"),
        (410, "gone"),
        (418, "check the address"),
        (500, "try again later"),
        (599, "answered 599: try"),
    ],
)
def test_what_is_no_page(status: int, reason: str) -> None:
    with (
        site({"/": sends(PAGE, status=status)}) as server,
        pytest.raises(FetchError, match=reason) as caught,
    ):
        client().fetch(server.url())
    assert str(caught.value).startswith(f"{server.url()}: ")


def test_what_is_not_wanted_is_not_read() -> None:
    def check(url: str, media_type: str) -> None:
        if media_type != "text/html":
            raise FetchError(f"{media_type} at {url}")

    def endless(connection: Connection) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n")
        connection.drip(b"x" * 1_000)

    with site({"/": endless}) as server:
        began = time.monotonic()
        with pytest.raises(FetchError, match="video/mp4 at http"):
            client(limits=FetchLimits(total=5)).fetch(server.url(), check=check)
        assert time.monotonic() - began < 3


# --- where a connection goes ---------------------------------------------------------------


def test_private_hosts_are_not_connected_to() -> None:
    with site({"/": sends(PAGE)}) as server:
        for url in (server.url(), server.url(host="127.0.0.1"), server.url(host="localhost")):
            with pytest.raises(HostRefused, match=r"loopback address 127\.0\.0\.1"):
                client(allow_private=False).fetch(url)
        assert server.asked == []


def test_a_name_that_changes_its_address_gains_nothing() -> None:
    answers = [("203.0.114.1",), ("127.0.0.1",)]
    asked = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), 2) - 1]

    # The test's guard lets nobody out, so that what was checked cannot be reached.
    with site({"/": sends(PAGE)}) as server:
        with pytest.raises(HostRefused, match="cannot be reached"):
            client(allow_private=False, resolve=rebinding).fetch(server.url())
        assert asked == [HOST]
        assert server.asked == []


def test_each_host_on_the_way_is_checked() -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        return ("127.0.0.1",) if host == HOST else ("169.254.169.254",)

    with site({}) as server:
        server.routes["/"] = sends_on(server.url("/latest", "metadata.example"))
        with pytest.raises(HostRefused, match=r"metadata\.example has the address 169\.254"):
            client(resolve=resolve).fetch(server.url())


def test_the_next_address_is_tried_where_one_is_dead() -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        return ("127.0.0.2", "127.0.0.1")

    with site({"/": sends(PAGE)}) as server:
        assert client(resolve=resolve).fetch(server.url()).body == PAGE.encode()


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with site({"/": sends(PAGE)}) as server:
        assert client().fetch(server.url()).body == PAGE.encode()


def test_certificates_are_asked_for_the_name(tmp_path: Path) -> None:
    context, trusting = certificate(tmp_path)
    with site({"/": sends(PAGE)}, context) as server:
        assert server.url().startswith("https:")
        assert client(trusted=trusting).fetch(server.url()).body == PAGE.encode()
        for url, trusted in (
            (server.url(host="other.example"), trusting),
            (server.url(host="127.0.0.1"), trusting),
            (server.url(), None),
        ):
            with pytest.raises(HostRefused, match="certificate is not trusted"):
                client(trusted=trusted).fetch(url)
        assert server.paths == ["/"]


def test_nobody_is_sent_on_from_https_to_http(tmp_path: Path) -> None:
    context, trusting = certificate(tmp_path)
    with (
        site({"/": sends_on(f"http://{HOST}/")}, context) as server,
        pytest.raises(FetchError, match="from https to http"),
    ):
        client(trusted=trusting).fetch(server.url())


# --- robots.txt ----------------------------------------------------------------------------


def test_robots_txt_is_obeyed() -> None:
    robots = "User-agent: *\nDisallow: /all\nUser-agent: Assistant/2\nDisallow: /a*b$\nAllow: /\n"
    routes = {ROBOTS: sends(robots, "text/plain"), "/all": sends(PAGE), "/axxb": sends(PAGE)}
    with site(routes) as server:
        polite = client()
        assert polite.fetch(server.url("/all")).body == PAGE.encode()
        with pytest.raises(FetchError, match=r"robots\.txt of news\.example does not allow"):
            polite.fetch(server.url("/axxb"))
        assert [one.path for one in server.asked] == [ROBOTS, "/all"]


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("user agent: *\ndisallow: /", "/a", False),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("User-agent: assist\nDisallow: /", "/a", True),
        ("User-agent: assistant-news\nDisallow: /", "/a", True),
        ("User-agent: other\nUser-agent: ASSISTANT # us\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /\nUser-agent: assistant\nDisallow: /b", "/a", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /a/b\nDisallow: /a", "/a/c", False),
        ("User-agent: *\nDisallow: /*?print", "/a?print=1", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf?x", True),
        ("User-agent: *\nDisallow: /ä", "/%C3%A4", False),
        ("\ufeffUser-agent: *\rDisallow: /", "/a", False),
        ("Disallow: /", "/a", True),
        ("\0\0\0 <html>no rules at all", "/a", True),
    ],
)
def test_rules_of_robots_txt(rules: str, path: str, allowed: bool) -> None:
    assert read_rules(rules.encode()).allows(f"http://news.example{path}") is allowed


def test_rules_made_to_take_long_do_not() -> None:
    many = "".join(f"User-agent: a{number}\n" for number in range(15_000))
    for rules in (
        many + "Allow: /a\n" * 20_000,
        "User-agent: *\n" + "Disallow: /*a*a*a*b\n" * 9_999,
    ):
        began = time.process_time()
        assert read_rules(rules.encode()).allows("http://news.example/" + "a" * 1_900)
        assert time.process_time() - began < 5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_site_without_rules_allows_all(status: int) -> None:
    with site({ROBOTS: sends("User-agent: *\nDisallow: /", status=status), "/": sends(PAGE)}) as s:
        assert client().fetch(s.url()).body == PAGE.encode()


@pytest.mark.parametrize(
    "route",
    [
        sends(status=500),
        sends(status=503),
        sends(status=429),
        raw(b"nonsense\r\n\r\n"),
        raw(b""),
        lambda connection: connection.pause(5),
        sends_on("ftp://news.example/robots.txt"),
    ],
)
def test_a_site_that_cannot_tell_its_rules_is_left_alone(route: Route) -> None:
    with site({ROBOTS: route, "/": sends(PAGE), "/b": sends(PAGE)}) as server:
        polite = client(limits=QUICK)
        for path in ("/", "/b"):
            with pytest.raises(FetchError, match=r"robots\.txt .* cannot be had: "):
                polite.fetch(server.url(path))
        # Asked for once; no page was.
        assert [one.path for one in server.asked] == [ROBOTS]


def test_rules_may_be_elsewhere_and_too_many_steps_are_none() -> None:
    deny = sends("User-agent: *\nDisallow: /", "text/plain")
    with (
        site({ROBOTS: sends_on("/r"), "/r": deny, "/": sends(PAGE)}) as server,
        pytest.raises(FetchError, match="does not allow"),
    ):
        client().fetch(server.url())
    with site({ROBOTS: sends_on(ROBOTS), "/": sends(PAGE)}) as server:
        assert client().fetch(server.url()).body == PAGE.encode()


def test_rules_beyond_half_a_megabyte_are_not_read() -> None:
    start = b"User-agent: *\nDisallow: /a\n"
    endless = gzip.compress(start + b"#" * 30_000_000 + b"\nDisallow: /\n")
    robots = sends(endless, "text/plain", Content_Encoding="gzip")
    with site({ROBOTS: robots, "/": sends(PAGE)}) as server:
        assert client().fetch(server.url()).body == PAGE.encode()
        with pytest.raises(FetchError, match="does not allow"):
            client().fetch(server.url("/a"))


# --- waiting -------------------------------------------------------------------------------


def test_a_host_is_left_alone_between_requests() -> None:
    clock = Clock()
    with site({"/a": sends(PAGE), "/b": sends_on("/a")}) as server:
        polite = client(clock, delay=1.5)
        polite.fetch(server.url("/a"))
        assert clock.slept == [1.5]  # between the rules and the page
        clock.now += 1
        polite.fetch(server.url("/b"))
        assert clock.slept == [1.5, 0.5, 1.5]
        # Another host is not kept waiting.
        polite.fetch(server.url("/a", "other.example"))
        assert clock.slept == [1.5, 0.5, 1.5, 1.5]


@pytest.mark.parametrize(("said", "expected"), [("7", 7), ("0.2", 1), ("9999", 30), ("x", 1)])
def test_the_delay_of_a_site_is_kept_within_reason(said: str, expected: float) -> None:
    clock = Clock()
    robots = sends(f"User-agent: *\nCrawl-delay: {said}", "text/plain")
    with site({ROBOTS: robots, "/": sends(PAGE)}) as server:
        polite = client(clock)
        polite.fetch(server.url())
        polite.fetch(server.url())
    assert clock.slept == [expected, expected]


@pytest.mark.parametrize("delay", [-1, 3_601, float("nan")])
def test_delays_that_are_none(delay: float) -> None:
    with pytest.raises(SettingsError, match="delay must be"):
        client(delay=delay)


@pytest.mark.parametrize("limits", [{"total": 0}, {"read": -1}, {"connect": 4e3}, {"max_bytes": 0}])
def test_limits_that_are_none(limits: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        FetchLimits(**limits)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_site_is_asked_once_more_when_it_says(status: int) -> None:
    clock = Clock()
    busy = sends(status=status, Retry_After="20")
    with site({"/": in_turn(busy, sends(PAGE))}) as server:
        assert client(clock).fetch(server.url()).body == PAGE.encode()
    assert clock.slept == [1, 20]


def test_a_busy_site_may_name_a_moment() -> None:
    clock = Clock()
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=12), usegmt=True)
    with site({"/": in_turn(sends(status=503, Retry_After=moment), sends(PAGE))}) as server:
        client(clock).fetch(server.url())
    assert 9 < clock.slept[-1] <= 12


def test_a_site_that_stays_busy_is_left_alone() -> None:
    for routes in (
        (sends(status=429, Retry_After="5"),),
        (sends(status=503, Retry_After="99999"),),
    ):
        with site({"/": in_turn(*routes)}) as server:
            polite = client()
            for _ in range(3):
                with pytest.raises(FetchError, match="asks to be left alone for"):
                    polite.fetch(server.url())
            assert len(server.paths) <= 2
    for said in ({}, {"Retry_After": "soon"}, {"Retry_After": "-5"}, {"Retry_After": "²"}):
        with site({"/": sends(status=429, **said)}) as server:
            with pytest.raises(FetchError, match="asked too often"):
                client().fetch(server.url())
            assert len(server.paths) == 1
