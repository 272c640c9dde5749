"""The hardening of the chat's server, on the wire: raw requests to a real one."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

pytest.importorskip("gradio")

from chat_fixtures import FakeEditing, shared_backend, start_server
from starlette.routing import Mount

from assistant.chat import build_app
from assistant.chat.allowed import Allowed
from assistant.chat.login import Login

POLICY = "frame-ancestors 'none'"
EDITING = FakeEditing()
LOGIN = Login("desk", "a long password")


@pytest.fixture(scope="module")
def address() -> str:
    return start_server(shared_backend())


@pytest.fixture(scope="module")
def everything() -> str:
    """A server with all that can be switched on, but for the password."""
    return start_server(shared_backend(), editing=EDITING, mcp=True, rate=0.0)


def exchange(address: str, sent: bytes, *, seconds: float = 2.0) -> bytes:
    """All that a server says to these bytes until it closes, or has nothing more to say."""
    host, port = address.removeprefix("http://").split(":")
    said = b""
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        connection.sendall(sent)
        try:
            while piece := connection.recv(65536):
                said += piece
        except (TimeoutError, ConnectionResetError):
            pass
    return said


def request(
    address: str, method: str, path: str, *, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    try:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers=names)
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    finally:
        connection.close()


ADMITTED = {
    ("GET", "/"),
    ("GET", "/assets/{path:path}"),
    ("GET", "/config"),
    ("GET", "/config/"),
    ("GET", "/favicon.ico"),
    ("GET", "/gradio_api/heartbeat/{session_hash}"),
    ("GET", "/gradio_api/info"),
    ("GET", "/gradio_api/queue/data"),
    ("GET", "/gradio_api/startup-events"),
    ("GET", "/gradio_api/theme.css"),
    ("GET", "/manifest.json"),
    ("GET", "/robots.txt"),
    ("GET", "/static/{path:path}"),
    ("GET", "/theme.css"),
    ("POST", "/gradio_api/cancel"),
    ("POST", "/gradio_api/queue/join"),
    ("POST", "/gradio_api/reset"),
}


def routes_of(router: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The methods and paths of a router, and of the routers in it."""
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_of(inner, prefix)
        for method in getattr(route, "methods", None) or ():
            yield method, prefix + route.path


def test_exactly_these_routes_of_gradio_are_let_through() -> None:
    app = build_app(shared_backend())
    (gradio,) = (route.app for route in app.routes if isinstance(route, Mount))
    routes = set(routes_of(gradio))
    assert len(routes) > 40
    admitted = {
        (method, path)
        for method, path in routes
        if Allowed(edit=True, mcp=True).admits(method, re.sub(r"\{[^}]*\}", "x", path))
    }
    heads = {(method, path) for method, path in admitted if method == "HEAD"}
    assert admitted - heads <= ADMITTED
    assert {path for _, path in heads} <= {path for _, path in ADMITTED}
    # These are what the page cannot do without.
    assert {"/gradio_api/queue/join", "/gradio_api/queue/data", "/config"} <= {
        path for _, path in admitted
    }


CLOSED = [
    ("POST", "/gradio_api/upload"),
    ("GET", "/gradio_api/upload_progress?upload_id=x"),
    ("POST", "/gradio_api/process_recording"),
    ("POST", "/gradio_api/component_server"),
    ("POST", "/gradio_api/component_server/"),
    ("POST", "/gradio_api/run/predict"),
    ("POST", "/gradio_api/api/predict"),
    ("POST", "/gradio_api/call/predict"),
    ("GET", "/gradio_api/call/predict/x"),
    ("GET", "/gradio_api/file=/etc/passwd"),
    ("GET", "/gradio_api/file=http://tracker.example/x"),
    ("GET", "/gradio_api/file/http://tracker.example/x"),
    ("GET", "/gradio_api/proxy=http://tracker.example/x"),
    ("GET", "/gradio_api/vibe-code/"),
    ("GET", "/gradio_api/runs"),
    ("GET", "/gradio_api/mcp/sse"),
    ("POST", "/gradio_api/mcp/"),
    ("GET", "/gradio_api/dev/reload"),
    ("GET", "/gradio_api/deep_link"),
    ("GET", "/gradio_api/openapi.json"),
    ("GET", "/monitoring"),
    ("GET", "/monitoring/x"),
    ("GET", "/monitoring/summary"),
    ("POST", "/login"),
    ("GET", "/logout"),
    ("GET", "/token"),
    ("GET", "/user"),
    ("GET", "/app_id"),
    ("GET", "/dev/reload"),
    ("GET", "/custom_component/x/client/component/index.js"),
    ("GET", "/svelte/x.js"),
    ("GET", "/pwa_icon"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/redoc"),
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_what_gradio_could_do_and_the_page_does_not(
    everything: str, method: str, path: str
) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nx\r\n--x--\r\n'
    )
    kind = "multipart/form-data; boundary=x"
    sent = body if method == "POST" else None
    status, headers, said = request(everything, method, path, body=sent, content_type=kind)
    assert status == 404 and json.loads(said) == {"error": "There is nothing here."}
    assert POLICY in headers["content-security-policy"]


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "PATCH", "PROPFIND", "DELETE", "X"])
@pytest.mark.parametrize("path", ["/", "/api/ask", "/api/files", "/gradio_api/queue/join"])
def test_other_methods(everything: str, method: str, path: str) -> None:
    origin = everything
    status, headers, _ = request(
        everything, method, path, origin=origin, access_control_request_method="POST"
    )
    assert status == 404
    assert not any(name.startswith("access-control-") for name in headers)
    assert "allow" not in headers


@pytest.mark.parametrize(
    "path", ["/", "/api/health", "/chat.js", "/config", "/nothing", "/theme.css"]
)
def test_head(address: str, path: str) -> None:
    status, headers, body = request(address, "HEAD", path)
    assert status in (200, 404, 405) and body == b""
    assert POLICY in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/config", "/theme.css", "/api/health", "/gradio_api/info"])
@pytest.mark.parametrize("origin", ["same", "http://localhost:9999", "http://evil.example", "null"])
def test_no_other_site_may_read(address: str, path: str, origin: str) -> None:
    sent = address if origin == "same" else origin
    status, headers, _ = request(address, "GET", path, origin=sent)
    assert status == (200 if origin == "same" else 403)
    assert not any(name.startswith("access-control-") for name in headers)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/assets/nothing.js", 404),
        ("GET", "/static/nothing", 404),
        ("GET", "/api/articles/nope", 404),
        ("GET", "/articles/nope", 404),
        ("GET", "/gradio_api/queue/data", 422),
        ("POST", "/api/ask", 422),
        ("POST", "/gradio_api/queue/join", 400),
        ("POST", "/gradio_api/cancel", 422),
    ],
)
def test_error_pages_are_hardened(address: str, method: str, path: str, status: int) -> None:
    body = b"{}" if method == "POST" else None
    answered, headers, said = request(
        address, method, path, body=body, content_type="application/json"
    )
    assert answered == status
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY" and headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "server" not in headers
    assert b"Traceback" not in said and b"site-packages" not in said


def test_the_page_runs_no_script_without_its_nonce(address: str) -> None:
    _, headers, page = request(address, "GET", "/", accept_encoding="gzip, br")
    policy = headers["content-security-policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    scripts = re.findall(rb"<script[^>]*>", page)
    assert scripts and all(f'nonce="{nonce}"'.encode() in script for script in scripts)
    assert "unsafe-eval" not in policy and "http" not in policy
    for directive in ("base-uri 'self'", "form-action 'none'", "frame-ancestors 'none'"):
        assert directive in policy
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/%67radio_api/upload",
        "/gradio_api%2Fupload",
        "/gradio_api/file%3D/etc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%5c..%5c..%5cetc%5cpasswd",
        "/static/..;/..;/etc/passwd",
        "/assets/....//....//etc/passwd",
        "/assets/%00",
        "/assets/%c0%ae%c0%ae/etc/passwd",
        "/static/file:///etc/passwd",
        "/articles/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/api/articles/..%2f..%2fetc%2fpasswd",
        "/articles/%0d%0aSet-Cookie:%20x=y",
        "//127.0.0.1/",
        "//evil.example/%2e%2e",
        "///",
        "/./config",
        "/api/../config",
        "/API/HEALTH",
        "/api/health/",
        "/api//health",
        "/api/health%20",
        "/chat.js%00.html",
        "/chat.js/",
        "*",
        "http://evil.example/",
        "http://evil.example/api/health",
    ],
)
def test_odd_paths(address: str, path: str) -> None:
    status, headers, body = request(address, "GET", path)
    assert status in (400, 403, 404), (status, body[:80])
    assert b"root:" not in body and b"<title>Ask" not in body
    assert "set-cookie" not in headers and "location" not in headers


@pytest.mark.parametrize("length", [5_000, 70_000, 1_000_000])
def test_very_long_requests(address: str, length: int) -> None:
    long = b"x" * length
    host = address.removeprefix("http://").encode()
    for sent in (
        b"GET /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (long, host),
        b"GET /?%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (long, host),
        b"GET /nothing HTTP/1.1\r\nHost: %s\r\nX: %s\r\nConnection: close\r\n\r\n" % (host, long),
        b"%s / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (long, host),
    ):
        try:
            said = exchange(address, sent)
        except (BrokenPipeError, ConnectionResetError):
            said = b""
        assert b" 500 " not in said[:20] and b"Traceback" not in said
    assert request(address, "GET", "/api/health")[0] == 200


SMUGGLED = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HEADS = [
    b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    b"Content-Length: 4\r\nContent-Length: 60\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"Transfer-Encoding: identity, chunked\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n",
    b" Transfer-Encoding: chunked\r\n",
    b"Content-Length: 4 4\r\n",
    b"Content-Length: +4\r\n",
    b"Content-Length: 4\r\n Content-Length: 60\r\n",
    b"X: y\rTransfer-Encoding: chunked\r\n",
    b"X: \x00\r\nContent-Length: 4\r\n",
    b"Host: evil.example\r\nContent-Length: 4\r\n",
]


@pytest.mark.parametrize("head", HEADS)
def test_no_request_is_smuggled(address: str, head: bytes) -> None:
    """However the length is told, nothing in the body is answered as a request of its own."""
    start = b"POST /api/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    said = exchange(address, start + head + b"\r\n0\r\n\r\n" + SMUGGLED, seconds=1.0)
    # A folded line belongs to the header before it: then there is no body, and 422 says so.
    assert re.findall(rb"HTTP/1\.1 (\d+)", said)[0] in (b"400", b"422")
    assert b" 200 " not in said


def test_the_longest_question_fits_into_a_link(address: str) -> None:
    for question in ("x" * 2000, "\U0001f4f0" * 2000):
        assert request(address, "GET", f"/?q={quote(question)}")[0] == 200
    for path in ("/?q=" + "x" * 30_000, "/" + "x" * 30_000, "/config?" + "x" * 60_000):
        assert request(address, "GET", path)[0] == 414


def test_header_lines_cannot_be_added_through_what_is_shown(address: str) -> None:
    status, headers, _ = request(address, "GET", "/articles/x%0d%0aX-Evil:%201?start=%0d%0aX:1")
    assert status == 404 and "x-evil" not in headers


def test_hosts_and_origins_on_the_wire(address: str) -> None:
    host = address.removeprefix("http://")
    for bad in ("evil.example", f"{host}, evil.example", f"x@{host}", "[::1", f"{host}/"):
        assert request(address, "GET", "/", host=bad)[0] == 400
        assert request(address, "GET", "/", x_forwarded_host=bad)[0] == 400
    no_host = b"GET /api/health HTTP/1.1\r\nConnection: close\r\n\r\n"
    assert b" 400 " in exchange(address, no_host)[:20]
    old = b"GET /api/health HTTP/1.0\r\n\r\n"
    assert b" 400 " in exchange(address, old)[:20]
    assert request(address, "GET", "/", sec_fetch_site="cross-site")[0] == 403
    plain = {"body": b"{}", "content_type": "text/plain"}
    assert request(address, "POST", "/api/ask", origin="http://evil.example", **plain)[0] == 403


def test_what_a_client_says_of_the_server_does_not_move_the_page(address: str) -> None:
    said = request(address, "GET", "/config", x_gradio_server="http://evil.example")[2]
    assert b"evil.example" not in said
    for name in ("x_forwarded_prefix", "x_original_url", "x_rewrite_url", "forwarded", "x_real_ip"):
        status, _, body = request(address, "GET", "/config", **{name: "//evil.example/monitoring"})
        assert status == 200 and b"evil.example" not in body


def test_the_server_looks_nothing_up(everything: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[Any] = []
    real = socket.getaddrinfo

    def record(host: Any, *rest: Any, **options: Any) -> Any:
        if host not in ("127.0.0.1", "localhost", None):
            looked_up.append(host)
        return real("127.0.0.1", *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", record)
    url = "http://tracker.example/x.png"
    file = {"path": url, "url": url, "meta": {"_type": "gradio.FileData"}}
    kind = "application/json"
    events = [
        {"data": [url], "fn_index": 0, "session_hash": "s"},
        {"data": [file], "fn_index": 0, "session_hash": "s"},
        {"data": [[file]], "fn_index": 1, "session_hash": "s", "event_data": file},
        {"data": None, "fn_index": 0, "session_hash": "s", "event_data": {"value": file}},
        {"data": [], "fn_index": 99, "session_hash": url, "event_data": None},
    ]
    for event in events:
        body = json.dumps(event).encode()
        request(everything, "POST", "/gradio_api/queue/join", body=body, content_type=kind)
    for path, asked in (
        ("/api/ask", {"question": url, "sources": [url]}),
        ("/api/files/text", {"title": url, "text": url, "url": url}),
        (
            "/mcp",
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": "read_article", "arguments": {"id": url}},
            },
        ),
    ):
        body = json.dumps(asked).encode()
        accept = "application/json, text/event-stream"
        status = request(everything, "POST", path, body=body, content_type=kind, accept=accept)[0]
        assert status == 200
    for path in (f"/articles/{url}", f"/api/articles?title={url}", f"/?q={url}", f"/static/{url}"):
        request(everything, "GET", path)
    assert looked_up == []


def test_the_password_stands_before_all_of_it() -> None:
    guarded = start_server(shared_backend(), auth=LOGIN, editing=EDITING, mcp=True)
    paths = ["/", "/config", "/theme.css", "/chat.js", "/gradio_api/startup-events"]
    paths += ["/gradio_api/heartbeat/x", "/api/health", "/manifest.json", "/nothing", "/robots.txt"]
    for path in paths:
        for method in ("GET", "HEAD", "OPTIONS"):
            status, headers, _ = request(guarded, method, path)
            assert status == 401 and POLICY in headers["content-security-policy"]
    for path in ("/api/ask", "/mcp", "/api/files", "/gradio_api/queue/join", "/gradio_api/upload"):
        assert request(guarded, "POST", path, body=b"{}")[0] == 401
