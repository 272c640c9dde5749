"""The chat over HTTP: its API, and what it refuses."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

pytest.importorskip("gradio")

from chat_fixtures import ARTICLES, FakeBackend, shared_backend, start_server
from fastapi.testclient import TestClient

import assistant.api
from assistant.chat import build_app, serve
from assistant.chat.allowed import MAX_BODY
from assistant.chat.server import Server, listen
from assistant.errors import IndexCorrupt, ServerError, SettingsError


@pytest.fixture(scope="module")
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture(scope="module")
def client(backend: FakeBackend) -> Iterator[TestClient]:
    app = build_app(backend, allow_hosts=["news.example"])
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def address() -> str:
    return start_server(shared_backend())


def test_only_so_many_chats_are_kept(client: TestClient) -> None:
    holders = [getattr(getattr(r, "app", None), "state_holder", None) for r in client.app.routes]  # type: ignore[attr-defined]
    assert [holder.capacity for holder in holders if holder is not None] == [200]


def request(
    address: str,
    method: str,
    path: str,
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """A request whose path is sent as it is written, dots and all."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    finally:
        connection.close()


def test_ask(client: TestClient) -> None:
    response = client.post("/api/ask", json={"question": "missiles décembre", "k": 2})
    answer = response.json()
    assert response.status_code == 200
    assert answer["found"] and answer["citations"][0]["article"]["id"] == "fr-alerte"
    assert len(answer["hits"]) == 2


def test_ask_after_earlier_questions(client: TestClient) -> None:
    body = {"question": "And missiles?", "history": ["Which harbour?"], "as_of": "2024-02-03"}
    answer = client.post("/api/ask", json=body).json()
    assert answer["completed"] == "And missiles? (Which harbour?)"
    assert answer["as_of"] == "2024-02-03"
    most = {"question": "x", "history": ["x" * 2000] * 20}
    assert client.post("/api/ask", json=most).status_code == 200
    for extra in ({"as_of": None}, {"history": []}):
        assert client.post("/api/ask", json={"question": "x", **extra}).status_code == 200
    for extra in ({"as_of": "2024-02-03"}, {"history": []}):
        assert client.post("/api/search", json={"question": "x", **extra}).status_code == 422


def test_search(client: TestClient) -> None:
    body = {"question": " missiles ", "mode": "lexical", "languages": ["ar"]}
    found = client.post("/api/search", json=body).json()
    assert set(found) == {"question", "mode", "hits", "index"}
    assert found["question"] == "missiles" and found["mode"] == "lexical"
    assert [hit["article"]["language"] for hit in found["hits"]] == ["ar"]


@pytest.mark.parametrize("article", ARTICLES)
def test_article(client: TestClient, article: Any) -> None:
    found = client.get(f"/api/articles/{quote(article.id, safe='')}").json()
    assert found["text"] == article.text and found["authors"] == list(article.authors)
    page = client.get(f"/articles/{quote(article.id, safe='')}?start=0&end=5")
    assert page.status_code == 200 and page.text.count("<mark") == 1
    assert "<script" not in page.text
    policy = page.headers["content-security-policy"]
    assert "script-src" not in policy and policy.startswith("default-src 'none'")


def test_health(client: TestClient) -> None:
    assert client.get("/api/health").json() == {
        "status": "ok",
        "index": {"generation": "g1", "model": "fake", "articles": 4, "passages": 4},
    }


@pytest.mark.parametrize(
    "body",
    [
        {"question": " "},
        {"question": "x" * 2001},
        {"question": "x", "k": 0},
        {"question": "x", "k": 101},
        {"question": "x", "mode": "magic"},
        {"question": "x", "languages": []},
        {"question": "x", "since": "soon"},
        {"question": "x", "since": "2024-01-02", "until": "2024-01-01"},
    ],
)
def test_values_that_cannot_be_used(client: TestClient, body: dict[str, Any]) -> None:
    for path in ("/api/ask", "/api/search"):
        response = client.post(path, json=body)
        assert response.status_code == 400
        assert list(response.json()) == ["error"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"question": 5},
        {"question": None},
        {"question": "x", "k": "5"},
        {"question": "x", "k": True},
        {"question": "x", "languages": [1]},
        {"question": "x", "unknown": 1},
    ],
)
def test_values_of_the_wrong_type(client: TestClient, body: Any) -> None:
    response = client.post("/api/ask", json=body)
    assert response.status_code == 422
    assert list(response.json()) == ["error"]


@pytest.mark.parametrize(
    ("extra", "status"),
    [
        ({"as_of": "soon"}, 400),
        ({"as_of": 20240203}, 422),
        ({"history": "Which harbour?"}, 422),
        ({"history": None}, 422),
        ({"history": [5]}, 422),
        ({"history": [["x"]]}, 422),
        ({"history": [" "]}, 400),
        ({"history": ["x"] * 21}, 422),
        ({"history": ["x" * 2001]}, 422),
    ],
)
def test_a_day_or_a_history_that_cannot_be_used(
    client: TestClient, extra: dict[str, Any], status: int
) -> None:
    response = client.post("/api/ask", json={"question": "x", **extra})
    assert response.status_code == status
    assert list(response.json()) == ["error"]


def test_text_that_is_not_json_and_lone_surrogates(client: TestClient) -> None:
    json_type = {"content-type": "application/json"}
    assert client.post("/api/ask", content=b"{", headers=json_type).status_code == 422
    response = client.post("/api/ask", content=b'{"question": "\\ud800"}', headers=json_type)
    assert response.status_code in (200, 422)
    assert client.post("/api/ask", content=b"question=x").status_code == 422


def test_articles_that_are_not_there(client: TestClient) -> None:
    assert client.get("/api/articles/nope").status_code == 404
    page = client.get("/articles/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert page.status_code == 404 and "<script" not in page.text
    assert client.get("/articles/fr-alerte?start=x&end=-1").status_code == 200


def test_errors_of_the_server(client: TestClient, backend: FakeBackend) -> None:
    try:
        backend.fail = IndexCorrupt("the index is damaged")
        assert client.post("/api/ask", json={"question": "x"}).json() == {
            "error": "the index is damaged"
        }
        backend.fail = RuntimeError("secret")
        response = client.post("/api/ask", json={"question": "x"})
        assert response.status_code == 500 and "secret" not in response.text
        assert response.headers["x-content-type-options"] == "nosniff"
    finally:
        backend.fail = None


def test_the_page_has_a_strict_policy(client: TestClient) -> None:
    first, second = client.get("/"), client.get("/")
    policy = first.headers["content-security-policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None and nonce[1] not in second.text
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]
    scripts = re.findall(r"<script[^>]*>", first.text)
    assert scripts and all(f'nonce="{nonce[1]}"' in script for script in scripts)


def test_every_response_is_hardened(client: TestClient) -> None:
    for path in ("/", "/chat.js", "/theme.css", "/api/health", "/api/articles/nope", "/nothing"):
        headers = client.get(path, headers={"origin": "http://127.0.0.1"}).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert not any(name.startswith("access-control-") for name in headers)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "localhost@evil.example:80x"]
)
def test_other_hosts_are_refused(client: TestClient, host: str) -> None:
    for path in ("/", "/api/health"):
        assert client.get(path, headers={"host": host}).status_code == 400
    forwarded = {"x-forwarded-host": host or "evil.example"}
    assert client.get("/", headers=forwarded).status_code == 400


@pytest.mark.parametrize(
    "host", ["localhost:7860", "127.0.0.1", "[::1]:7860", "NEWS.example", "localhost."]
)
def test_named_hosts_are_allowed(client: TestClient, host: str) -> None:
    assert client.get("/api/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_requests_from_other_sites_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/api/ask", json={"question": "x"}, headers=headers).status_code == 403
    assert client.get("/api/health", headers=headers).status_code == 403


def test_a_link_from_another_site_opens_the_page(client: TestClient) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/?q=x", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/file=http://example.com/x.png"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/file/http://example.com/x"),
        ("GET", "/file=/etc/passwd"),
        ("GET", "/gradio_api/proxy=http://example.com/"),
        ("GET", "/gradio_api/stream/a/b/1/playlist.m3u8"),
        ("GET", "/gradio_api/runs"),
        ("GET", "/gradio_api/openapi.json"),
        ("GET", "/gradio_api/deep_link"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("GET", "/monitoring"),
        ("GET", "/monitoring/summary"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/run/ask"),
        ("POST", "/gradio_api/call/ask"),
        ("POST", "/gradio_api/run-history/connect"),
        ("POST", "/login"),
        ("PUT", "/api/ask"),
        ("DELETE", "/articles/fr-alerte"),
        ("OPTIONS", "/api/ask"),
    ],
)
def test_routes_that_the_page_does_not_need(client: TestClient, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../../../etc/passwd",
        "/static/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/assets//etc/passwd",
        "/static/%00",
        "/chat.js/../server.py",
        "/../../etc/passwd",
        "//evil.example/",
        "/articles/../../../../etc/passwd",
    ],
)
def test_paths_do_not_leave_their_folder(address: str, path: str) -> None:
    status, _, body = request(address, "GET", path)
    assert status in (400, 403, 404)
    assert b"root:" not in body and b"import" not in body


def test_large_bodies_are_refused(address: str) -> None:
    question = json.dumps({"question": "x" * MAX_BODY}).encode()
    headers = {"content-type": "application/json"}
    assert request(address, "POST", "/api/ask", body=question, headers=headers)[0] == 413
    odd = {**headers, "content-length": "-1"}
    assert request(address, "POST", "/api/ask", body=b"", headers=odd)[0] == 400


def test_large_bodies_in_pieces_are_refused(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    piece = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"POST /api/ask HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode() + piece * (MAX_BODY // 0x4000 + 1))
        assert b" 413 " in connection.recv(200)


def test_the_server_fetches_nothing(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[Any] = []
    real = socket.getaddrinfo

    def record(host: Any, *rest: Any, **options: Any) -> Any:
        if host not in ("127.0.0.1", "localhost"):
            looked_up.append(host)
        return real("127.0.0.1", *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", record)
    file = {
        "path": "http://tracker.example/x.png",
        "url": "http://tracker.example/x.png",
        "meta": {"_type": "gradio.FileData"},
    }
    headers = {"content-type": "application/json"}
    for data in ([None, file], [None, [[file]]], file, "text"):
        event = {"data": data, "fn_index": 0, "session_hash": "s", "event_data": None}
        body = json.dumps(event).encode()
        path = "/gradio_api/queue/join"
        assert request(address, "POST", path, body=body, headers=headers)[0] == 400
    path = "/gradio_api/file=http://tracker.example/x.png"
    assert request(address, "GET", path)[0] == 404
    assert looked_up == []


def test_the_server_does_not_name_itself(address: str) -> None:
    assert "server" not in request(address, "GET", "/api/health")[1]


def test_a_taken_port_is_said_plainly(address: str, tmp_path: Any) -> None:
    port = int(address.rsplit(":", 1)[1])
    with pytest.raises(ServerError, match=rf"port {port}: .*--port"):
        serve(index=tmp_path, port=port)
    for host, bad in (("no such host", 0), ("127.0.0.1", 99999)):
        with pytest.raises(ServerError):
            listen(host, bad)


def test_the_address_is_printed_and_the_server_stops(capsys: pytest.CaptureFixture[str]) -> None:
    server = Server(build_app(FakeBackend()), listen("127.0.0.1", 0))
    thread = threading.Thread(target=server.run_until_stopped, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert capsys.readouterr().err == f"Chat ready at {server.address}\n"
    assert request(server.address, "GET", "/api/health")[0] == 200
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


def test_serve(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    opened: list[Any] = []

    class Opened(FakeBackend):
        def __init__(self, index: Any, **options: Any) -> None:
            super().__init__()
            opened.append((index, options))

        def __enter__(self) -> Opened:
            return self

        def __exit__(self, *error: object) -> None:
            opened.append("closed")

    def interrupted(self: Server) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(assistant.api, "Assistant", Opened)
    monkeypatch.setattr(Server, "run_until_stopped", interrupted)
    with pytest.raises(SettingsError, match=r"--auth NAME .* --no-auth"):
        serve(index=tmp_path, host="0.0.0.0", port=0)
    assert opened == []
    serve(index=tmp_path, host="0.0.0.0", no_auth=True, port=0, reranker="some")
    options = {"llm_url": None, "llm_model": None, "unsupported": "mark"}
    assert opened == [(tmp_path, {"reranker": "some", **options}), "closed"]
    assert "no login" in capsys.readouterr().err
    monkeypatch.setenv("ASSISTANT_PASSWORD", "long enough")
    serve(index=tmp_path, host="0.0.0.0", auth="desk", port=0)
    assert "unencrypted" in capsys.readouterr().err
    serve(index=tmp_path, auth="desk", port=0)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("ASSISTANT_PASSWORD", "short")
    with pytest.raises(SettingsError, match="shorter than 8"):
        serve(index=tmp_path, auth="desk", port=0)
    monkeypatch.delenv("ASSISTANT_PASSWORD")
    with pytest.raises(SettingsError, match="ASSISTANT_PASSWORD"):
        serve(index=tmp_path, auth="desk", port=0)
    assert len(opened) == 6


def test_the_examples_are_shown_over_the_articles_that_they_are_about() -> None:
    from assistant.chat.asking import EXAMPLES, _examples

    assert [example["text"] for example in _examples(FakeBackend())] == list(EXAMPLES)
    headlines = [article.title for article in ARTICLES[:2]]
    assert [example["text"] for example in _examples(FakeBackend(ARTICLES[:2]))] == headlines
