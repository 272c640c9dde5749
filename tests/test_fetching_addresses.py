"""Which addresses are connected to, and how addresses of pages are read."""

from __future__ import annotations

import time
from collections.abc import Sequence

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import FetchError, HostRefused
from assistant.fetching.addresses import allowed_addresses, kind_of, system_resolver
from assistant.fetching.web_addresses import redirected, shown, web_address

KINDS = {
    "public": """
        1.1.1.1 8.8.8.8 93.184.216.34 172.15.0.1 172.32.0.1 192.167.0.1 11.0.0.1 100.63.0.1
        100.128.0.1 223.255.255.254 2606:4700::1111 2a00:1450:4001::1 2400:cb00::1
        ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1
    """,
    "private": """
        10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 100.127.255.255
        fc00::1 fd12:3456::1 ::ffff:10.0.0.1 ::ffff:192.168.1.1
    """,
    "loopback": "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 ::ffff:7f00:1",
    "special": """
        0.0.0.0 0.1.2.3 169.254.169.254 169.254.0.1 192.0.0.1 192.0.2.1 198.51.100.1 203.0.113.1
        198.18.0.1 198.19.255.255 192.88.99.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
        :: fe80::1 fe80::1%1 fec0::1 ff02::1 ff0e::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2
        2001:db8::1 2001:20::1 3fff::1 100::1 ::127.0.0.1 ::10.0.0.1 64:ff9b:1::1 4000::1 e000::1
        ::ffff:169.254.169.254 ::ffff:0.0.0.0 ::ffff:224.0.0.1 5f00::1
        64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b::a9fe:a9fe 2002:7f00:1::1 2002:a00:1::1
        2002:c0a8:101::1 2002:a9fe:a9fe::1
    """,
}


@pytest.mark.parametrize(
    ("address", "kind"),
    [(address, kind) for kind, listed in KINDS.items() for address in listed.split()],
)
def test_kinds_of_addresses(address: str, kind: str) -> None:
    assert kind_of(address) == kind


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4, network="127.0.0.0/8"))
def test_no_spelling_of_a_private_address_is_public(address: object) -> None:
    number = int(address)  # type: ignore[call-overload]
    low, high = number & 0xFFFF, number >> 16
    for form in (
        f"{address}",
        f"::ffff:{address}",
        f"::{address}",
        f"64:ff9b::{high:x}:{low:x}",
        f"2002:{high:x}:{low:x}::1",
    ):
        assert kind_of(form) != "public"


def allowed(*addresses: str, allow_private: bool = False) -> Sequence[str]:
    return allowed_addresses(
        "news.example",
        80,
        resolve=lambda host, port: addresses,
        allow_private=allow_private,
        seconds=5,
    )


def test_one_address_that_is_refused_condemns_the_host() -> None:
    assert allowed("8.8.8.8", "2606:4700::1") == ("8.8.8.8", "2606:4700::1")
    for other in ("10.0.0.1", "::1", "169.254.169.254", "no address"):
        for addresses in (("8.8.8.8", other), (other, "8.8.8.8")):
            with pytest.raises(HostRefused, match=r"news\.example has the"):
                allowed(*addresses)


def test_private_addresses_can_be_allowed_and_special_ones_cannot() -> None:
    assert allowed("10.0.0.1", "::1", allow_private=True) == ("10.0.0.1", "::1")
    with pytest.raises(HostRefused, match=r"loopback address 127\.0\.0\.1; .*--allow-private"):
        allowed("127.0.0.1")
    for special in KINDS["special"].split():
        with pytest.raises(HostRefused):
            allowed(special, allow_private=True)


def test_hosts_without_an_address() -> None:
    def fails(host: str, port: int) -> Sequence[str]:
        raise OSError("no")

    def slow(host: str, port: int) -> Sequence[str]:
        time.sleep(0.5)
        return ("8.8.8.8",)

    for resolve, reason in ((fails, "cannot be found"), (slow, "not found in time")):
        with pytest.raises(HostRefused, match=reason):
            allowed_addresses("h", 80, resolve=resolve, allow_private=False, seconds=0.05)
    with pytest.raises(HostRefused, match="no host"):
        allowed()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_systems_resolver(host: str) -> None:
    assert "127.0.0.1" in system_resolver(host, 80)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (" https://Example.ORG:443/a/../b?q=1#part ", "https://example.org/b?q=1"),
        ("http://example.org", "http://example.org/"),
        ("http://example.org.:8080/x", "http://example.org:8080/x"),
        ("http://пример.рф/ä", "http://xn--e1afmkfd.xn--p1ai/%C3%A4"),
        ("http://[2606:4700::1]/x y", "http://[2606:4700::1]/x%20y"),
        ("http://a_b.example/?a=[b]", "http://a_b.example/?a=[b]"),
        ("https://example.org/?u=http://x@y:0/", "https://example.org/?u=http://x@y:0/"),
    ],
)
def test_one_spelling_of_addresses(given_: str, expected: str) -> None:
    assert str(web_address(given_)) == expected
    assert str(web_address(expected)) == expected


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "is empty"),
        ("http://example.org/" + "a" * 2_000, "too long"),
        ("http://example.org/a\nb", "control"),
        ("http://example.org/\u202egpj", "control"),
        ("http://example.org/\ud800", "control"),
        ("file:///etc/passwd", "http"),
        ("gopher://example.org/", "http"),
        ("example.org/story", "http"),
        ("//example.org/story", "http"),
        ("http:///story", "http"),
        ("http://user:secret@example.org/", "name or password"),
        ("http://127.0.0.1\\@example.org/", "name or password"),
        ("http://example.org:22/", "port 22"),
        ("http://example.org:0/", "port 0"),
        ("http://example.org:99999/", "65535"),
        ("http://example.org:x/", "cannot be read"),
        ("http://[fe80::1%25eth0]/", "no host that can be asked"),
        ("http://[fe80::1%eth0]/", "no host that can be asked"),
        ("http://%31%32%37.0.0.1/", "no host that can be asked"),
        ("http://exa mple.org/", "no host that can be asked"),
        ("http://-a.example/", "no host that can be asked"),
        ("http://１２７.0.0.1/", "cannot be read"),
    ],
)
def test_addresses_that_are_refused(url: str, reason: str) -> None:
    with pytest.raises(FetchError, match=reason) as caught:
        web_address(url)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda text: f"http://{text}"))
def test_any_text_is_an_address_in_ascii_or_refused(text: str) -> None:
    try:
        url = web_address(text)
    except FetchError:
        return
    assert str(url).isascii() and url.scheme in ("http", "https") and url.host
    assert shown(str(url)) == str(url) or len(str(url)) > 200


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (b"/b", "https://example.org/b"),
        (b"b?c", "https://example.org/a/b?c"),
        (b"//other.example/x", "https://other.example/x"),
        (b"https://other.example", "https://other.example/"),
        ("/ä".encode(), "https://example.org/%C3%A4"),
        ("/ä".encode("latin-1"), "https://example.org/%C3%A4"),
    ],
)
def test_where_pages_send_on_to(location: bytes, expected: str) -> None:
    assert str(redirected(httpx.URL("https://example.org/a/"), location)) == expected


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        (b"http://example.org/", "from https to http"),
        (b"file:///etc/passwd", "http"),
        (b"ftp://example.org/", "http"),
        (b"javascript:alert(1)", "http"),
        (b"https://u:p@example.org/", "name or password"),
        (b"https://example.org:25/", "port 25"),
        (b"https://[/", "no host"),
        (b"https://example.org:x/", "cannot be read"),
    ],
)
def test_where_nobody_is_sent_on_to(location: bytes, reason: str) -> None:
    with pytest.raises(FetchError, match=reason):
        redirected(httpx.URL("https://example.org/a/"), location)
