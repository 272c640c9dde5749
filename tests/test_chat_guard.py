"""The guard by itself, before an application that says yes to everything."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("fastapi")

from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from assistant.chat import allowed
from assistant.chat.allowed import MAX_BODY, MAX_FILE, MAX_PASTED, STATIC_FILES, Allowed, costs
from assistant.chat.guard import Guard
from assistant.chat.login import Login, check_exposure, login_from_environment
from assistant.chat.rates import Buckets, client_of
from assistant.chat.requests import AskedQuery, Pasted
from assistant.errors import SettingsError

PASSWORD = "a long pässword"
OPEN = Allowed(edit=True, mcp=True)
ROUTES = [
    ("GET", "/"),
    ("GET", "/chat.js"),
    ("GET", "/config"),
    ("GET", "/theme.css"),
    ("GET", "/assets/index.js"),
    ("GET", "/static/fonts/a.woff2"),
    ("GET", "/articles/a"),
    ("GET", "/gradio_api/queue/data"),
    ("GET", "/gradio_api/heartbeat/abc"),
    ("GET", "/gradio_api/startup-events"),
    ("POST", "/gradio_api/queue/join"),
    ("POST", "/gradio_api/cancel"),
    ("POST", "/api/ask"),
    ("POST", "/api/search"),
    ("GET", "/api/articles"),
    ("GET", "/api/articles/a"),
    ("GET", "/api/collection"),
    ("GET", "/api/health"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/files"),
    ("POST", "/api/files"),
    ("POST", "/api/files/text"),
    ("DELETE", "/api/files/abc"),
    ("POST", "/mcp"),
]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def yes(scope: Scope, receive: Receive, send: Send) -> None:
    """Says what it was sent: its headers' names, and how many bytes."""
    request = Request(scope, receive)
    said = f"{sorted(request.headers)} {len(await request.body())}"
    await PlainTextResponse(said)(scope, receive, send)


def client(address: str = "192.0.2.1", **options: Any) -> TestClient:
    guard = Guard(yes, **({"rate": 0.0, "allowed": OPEN} | options))
    return TestClient(guard, base_url="http://127.0.0.1", client=(address, 5000))


def basic(name: str, password: str) -> dict[str, str]:
    encoded = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"authorization": f"Basic {encoded}"}


def sent(method: str, path: str) -> dict[str, Any]:
    """The least body that a route takes."""
    return {"content": b'{"data": []}'} if method == "POST" else {}


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_needs_the_password(method: str, path: str) -> None:
    asked = client(login=Login("desk", PASSWORD))
    refused = asked.request(method, path, **sent(method, path))
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == 'Basic realm="assistant", charset="UTF-8"'
    assert list(refused.json()) == ["error"]
    right = basic("desk", PASSWORD)
    assert asked.request(method, path, headers=right, **sent(method, path)).status_code == 200


def test_what_is_not_served_is_not_told_apart_without_the_password() -> None:
    asked = client(login=Login("desk", PASSWORD))
    for method, path in (
        ("GET", "/nothing"),
        ("OPTIONS", "/api/ask"),
        ("HEAD", "/"),
        ("TRACE", "/"),
    ):
        assert asked.request(method, path).status_code == 401
    assert asked.get("/nothing", headers=basic("desk", PASSWORD)).status_code == 404


@pytest.mark.parametrize(
    "value",
    [
        basic("desk", "a long pässwore")["authorization"],
        basic("desk", PASSWORD + "x")["authorization"],
        basic("desk", "")["authorization"],
        basic("other", PASSWORD)["authorization"],
        basic("Desk", PASSWORD)["authorization"],
        basic("", f"desk:{PASSWORD}")["authorization"],
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic ZGVzazph bG9uZw==",
        "Bearer " + basic("desk", PASSWORD)["authorization"].split()[1],
        "\xff",
        "",
        "x" * 5000,
    ],
)
def test_other_credentials(value: str) -> None:
    asked = client(login=Login("desk", PASSWORD))
    refused = asked.get("/", headers={b"authorization": value.encode("latin-1")})
    assert refused.status_code == 401


def test_two_sets_of_credentials_are_none() -> None:
    right = basic("desk", PASSWORD)["authorization"].encode()
    headers = [(b"authorization", right), (b"authorization", right)]
    assert client(login=Login("desk", PASSWORD)).get("/", headers=headers).status_code == 401


def test_the_scheme_in_other_letters() -> None:
    right = basic("desk", PASSWORD)["authorization"].replace("Basic", "bASIC")
    asked = client(login=Login("desk", PASSWORD))
    assert asked.get("/", headers={"authorization": right}).status_code == 200


def test_guessing_is_slowed_down() -> None:
    login, clock = Login("desk", PASSWORD), Clock()
    login._failures._clock = clock
    guessing, other = client(login=login), client("192.0.2.2", login=login)
    for _ in range(20):
        assert guessing.get("/").status_code == 401  # no guess
    for number in range(10):
        assert guessing.get("/", headers=basic("desk", f"guess {number}")).status_code == 401
    for password in ("guess", PASSWORD):
        refused = guessing.get("/", headers=basic("desk", password))
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "6"
    assert other.get("/", headers=basic("desk", PASSWORD)).status_code == 200
    clock.now += 6.1
    assert guessing.get("/", headers=basic("desk", PASSWORD)).status_code == 200
    # Those who know the password are not slowed down, however often they come.
    for _ in range(30):
        assert guessing.get("/", headers=basic("desk", PASSWORD)).status_code == 200


def test_the_application_does_not_see_the_password() -> None:
    asked = client(login=Login("desk", PASSWORD))
    headers = basic("desk", PASSWORD) | {"x-gradio-server": "http://evil.example"}
    said = asked.get("/chat.js", headers=headers).text
    assert "authorization" not in said and "gradio" not in said and "'host'" in said


def test_logins_that_cannot_be_used() -> None:
    for name in ("", "a:b", "a\nb"):
        with pytest.raises(SettingsError, match="name"):
            Login(name, PASSWORD)
    with pytest.raises(SettingsError, match="shorter than 8"):
        Login("desk", "1234567")
    with pytest.raises(SettingsError, match="ASSISTANT_PASSWORD"):
        login_from_environment("desk", {})
    login_from_environment("desk", {"ASSISTANT_PASSWORD": "12345678"})
    assert PASSWORD not in repr(vars(Login("desk", PASSWORD)))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "news.example", "", "127.0.0.1.x"])
def test_other_computers_need_a_decision(host: str) -> None:
    with pytest.raises(SettingsError, match="other computers"):
        check_exposure(host, auth=None, no_auth=False)
    check_exposure(host, auth="desk", no_auth=False)
    check_exposure(host, auth=None, no_auth=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_computer_needs_none(host: str) -> None:
    check_exposure(host, auth=None, no_auth=False)
    with pytest.raises(SettingsError, match="exclude"):
        check_exposure(host, auth="desk", no_auth=True)


def test_the_rate() -> None:
    asked, other = client(rate=2.0), client("192.0.2.2", rate=2.0)
    statuses = [asked.post("/api/search", content=b"{}").status_code for _ in range(30)]
    assert statuses[:24] == [200] * 24 and 429 in statuses[24:]
    refused = asked.post("/gradio_api/queue/join", content=b'{"data": []}')
    assert refused.status_code == 429 and refused.headers["retry-after"] == "1"
    assert "--rate" in refused.json()["error"]
    assert asked.get("/").status_code == asked.get("/api/health").status_code == 200
    assert other.post("/api/search", content=b"{}").status_code == 200


def test_forwarded_addresses_are_not_believed() -> None:
    asked = client(rate=1.0)
    statuses = {
        asked.post(
            "/api/ask",
            content=b"{}",
            headers={"x-forwarded-for": f"10.0.0.{n}", "forwarded": "for=x"},
        ).status_code
        for n in range(20)
    }
    assert statuses == {200, 429}


def test_no_rate() -> None:
    asked = client(rate=0.0)
    assert {asked.post("/api/ask", content=b"{}").status_code for _ in range(200)} == {200}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/ask", True),
        ("/api/search", True),
        ("/api/articles", True),
        ("/api/files", True),
        ("/api/files/text", True),
        ("/api/files/abc", True),
        ("/gradio_api/queue/join", True),
        ("/mcp", True),
        ("/", False),
        ("/api/articles/a", False),
        ("/gradio_api/queue/data", False),
        ("/assets/index.js", False),
    ],
)
def test_what_costs(path: str, expected: bool) -> None:
    assert costs(path) is expected


def test_buckets_fill_again_and_forget() -> None:
    clock = Clock()
    buckets = Buckets(rate=2.0, burst=3.0, clock=clock)
    assert [buckets.take("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert buckets.take("a") == pytest.approx(0.5) == buckets.wait("a")
    assert buckets.take("b") == 0.0
    clock.now += 0.5
    assert buckets.take("a") == 0.0 and buckets.take("a") > 0
    clock.now += 1000
    assert [buckets.take("a") for _ in range(4)] == [0.0, 0.0, 0.0, pytest.approx(0.5)]
    for number in range(25_000):
        buckets.take(str(number))
    assert len(buckets) == 10_000
    assert buckets.take("a") == 0.0


@given(
    st.lists(st.tuples(st.floats(0, 5), st.sampled_from("ab")), max_size=60),
    st.floats(0.1, 50),
    st.floats(1, 50),
)
def test_no_client_gets_more_than_the_rate_and_the_burst(
    steps: list[tuple[float, str]], rate: float, burst: float
) -> None:
    clock = Clock()
    buckets = Buckets(rate=rate, burst=burst, clock=clock)
    taken = {"a": 0, "b": 0}
    for pause, who in steps:
        clock.now += pause
        wait = buckets.wait(who)
        assert buckets.take(who) == wait >= 0
        taken[who] += wait == 0
        assert taken[who] <= burst + rate * (clock.now - 100.0) + 1e-6


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("testclient", "other", False),
    ],
)
def test_clients(one: str, other: str, same: bool) -> None:
    first, second = (client_of({"client": (address, 1)}) for address in (one, other))
    assert (first == second) is same
    assert client_of({"client": None}) == client_of({}) == ""


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_routes_that_are_closed(method: str, path: str) -> None:
    closed = path.startswith(("/api/files", "/mcp"))
    plain, edit, mcp = Allowed(), Allowed(edit=True), Allowed(mcp=True)
    assert OPEN.admits(method, path)
    assert plain.admits(method, path) is not closed
    assert edit.admits(method, path) is (path != "/mcp")
    assert mcp.admits(method, path) is not path.startswith("/api/files")
    for other in ("PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", ""):
        assert not OPEN.admits(other, path)


@pytest.mark.parametrize(
    "path",
    [
        "/api/files/",
        "/api/files/a/b",
        "/api/articles/a",
        "/api/ask",
        "/mcp/",
        "//api/files/a",
        "/api//files/a",
    ],
)
def test_only_a_file_can_be_taken_away(path: str) -> None:
    assert not OPEN.admits("DELETE", path)


def test_every_file_of_the_page_is_served_and_is_there() -> None:
    files = {p.name for p in allowed.HERE.iterdir() if p.suffix in (".js", ".css")}
    # Gradio puts the page's own style into the page.
    assert set(STATIC_FILES) | {"chat.css"} == files
    for name in STATIC_FILES:
        assert Allowed().admits("GET", f"/{name}")
    assert not Allowed().admits("GET", "/chatxjs")


def test_the_largest_question_fits() -> None:
    """However a client writes it: here every character takes two escapes."""
    most, name = "\U0001f4f0" * 2000, "\U0001f4f0" * 200
    query = AskedQuery(
        question=most,
        history=[most] * 20,
        languages=[name] * 100,
        sources=[name] * 100,
        prefer_language=name,
        mode=name,
        since=name,
        until=name,
        as_of=name,
    )
    body = json.dumps(query.model_dump(), indent=1).encode()
    assert 0.9 * MAX_BODY < len(body) <= MAX_BODY
    assert client().post("/api/ask", content=body).text.endswith(f" {len(body)}")
    pasted = Pasted(
        title=name,
        text="\U0001f4f0" * 100_000,
        source=name,
        published=name,
        language=name,
        url=name,
    )
    body = json.dumps(pasted.model_dump(), indent=1).encode()
    assert 0.9 * MAX_PASTED < len(body) <= MAX_PASTED
    assert client().post("/api/files/text", content=body).text.endswith(f" {len(body)}")


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/api/ask", MAX_BODY),
        ("/gradio_api/cancel", MAX_BODY),
        ("/api/files", MAX_FILE),
        ("/api/files/text", MAX_PASTED),
        ("/mcp", MAX_BODY),
    ],
)
def test_the_largest_body_of_each_route(path: str, most: int) -> None:
    assert client().post(path, content=b"x" * most).status_code == 200
    assert client().post(path, content=b"x" * (most + 1)).status_code == 413

    def pieces() -> Iterator[bytes]:
        yield from (b"x" * most, b"x")

    assert client().post(path, content=pieces()).status_code == 413


@pytest.mark.parametrize("length", ["-1", "+5", "0x10", "1e3", "", " ", "٣", "5, 5", "9" * 30])
def test_lengths_that_are_none(length: str) -> None:
    headers = {b"content-length": length.encode()}
    assert client().post("/api/ask", content=b"{}", headers=headers).status_code in (400, 413)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1/evil.example",
        "evil@127.0.0.1",
        "127.0.0.1,evil.example",
        "127.0.0.1 evil.example",
        "127.0.0.1?x",
        "127.0.0.1#x",
        "127.0.0.1\\x",
        "127.0.0.1:80:80",
        "127.0.0.1:99999999",
        "127.0.0.1..",
        "[::1]evil.example",
        "[::1",
        "::1]",
        "",
    ],
)
def test_hosts_that_only_look_allowed(host: str) -> None:
    assert client().get("/", headers={"host": host}).status_code == 400
    forwarded = {"x-forwarded-host": host}
    assert client().get("/", headers=forwarded).status_code == 400


def test_every_host_of_several_must_be_allowed() -> None:
    for name in (b"host", b"x-forwarded-host"):
        headers = [(name, b"127.0.0.1"), (name, b"evil.example")]
        assert client().get("/", headers=headers).status_code == 400


def test_a_refusal_that_comes_before_the_body_is_read() -> None:
    headers = {"expect": "100-continue", "content-length": str(MAX_BODY + 1)}
    assert client().post("/api/ask", content=b"x", headers=headers).status_code == 413


def test_websockets_are_refused() -> None:
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    asyncio.run(Guard(yes)({"type": "websocket", "path": "/"}, receive, send))
    assert said == [{"type": "websocket.close", "code": 1008}]
