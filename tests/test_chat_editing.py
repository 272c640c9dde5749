"""Adding articles over HTTP, and that it cannot be done unless it is allowed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("gradio")

from chat_fixtures import FakeBackend, FakeEditing
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.chat import build_app
from assistant.chat.allowed import MAX_FILE
from assistant.chat.routes import add_routes

BYTES = {"content-type": "application/octet-stream"}


@pytest.fixture(scope="module")
def folder() -> FakeEditing:
    return FakeEditing()


@pytest.fixture(scope="module")
def client(folder: FakeEditing) -> Iterator[TestClient]:
    app = build_app(FakeBackend(), rate=0, editing=folder)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def test_a_file_is_added_listed_and_taken_away(client: TestClient, folder: FakeEditing) -> None:
    content = bytes(range(256))
    response = client.post("/api/files?name=a%2F..%2Fb.txt", content=content, headers=BYTES)
    added = response.json()
    assert response.status_code == 200
    assert added["name"] == "a/../b.txt" and folder.contents[added["key"]] == content
    assert added in client.get("/api/files").json()["files"]
    undone = client.delete(f"/api/files/{added['key']}")
    assert undone.status_code == 200 and undone.json() == {"undone": added["key"]}
    assert added not in client.get("/api/files").json()["files"]


def test_text_is_added(client: TestClient, folder: FakeEditing) -> None:
    asked = {"title": "Bridge", "text": "It opened. 橋", "language": "en", "published": None}
    added = client.post("/api/files/text", json=asked).json()
    assert folder.contents[added["key"]].decode() == "It opened. 橋"


def test_what_the_folder_refuses(client: TestClient) -> None:
    empty = client.post("/api/files?name=a.txt", content=b"", headers=BYTES)
    assert empty.status_code == 400 and "empty" in empty.json()["error"]
    gone = client.delete("/api/files/nope")
    assert gone.status_code == 400 and list(gone.json()) == ["error"]


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/html",
        "application/json",
        "application/octet-streams",
        "",
    ],
)
def test_a_form_cannot_send_a_file(client: TestClient, kind: str) -> None:
    response = client.post("/api/files?name=a.txt", content=b"x", headers={"content-type": kind})
    assert response.status_code == 415
    assert list(response.json()) == ["error"]


@pytest.mark.parametrize("query", ["", "?name=", "?name=" + "x" * 201, "?name[]=x"])
def test_a_file_needs_a_name(client: TestClient, query: str) -> None:
    assert client.post(f"/api/files{query}", content=b"x", headers=BYTES).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"title": "x"},
        {"text": "x"},
        {"title": "x" * 201, "text": "x"},
        {"title": "x", "text": "x" * 100_001},
        {"title": "x", "text": 5},
        {"title": "x", "text": "x", "path": "/etc/passwd"},
        {"title": "x", "text": "x", "url": ["x"]},
    ],
)
def test_text_that_cannot_be_added(client: TestClient, body: dict[str, object]) -> None:
    assert client.post("/api/files/text", json=body).status_code == 422


def test_files_may_be_larger_than_questions(client: TestClient) -> None:
    most = client.post("/api/files?name=a.txt", content=b"x" * MAX_FILE, headers=BYTES)
    assert most.status_code == 200
    more = client.post("/api/files?name=a.txt", content=b"x" * (MAX_FILE + 1), headers=BYTES)
    assert more.status_code == 413


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}],
)
def test_other_sites_add_nothing(client: TestClient, headers: dict[str, str]) -> None:
    sent = {**headers, **BYTES}
    assert client.post("/api/files?name=a.txt", content=b"x", headers=sent).status_code == 403
    assert client.delete("/api/files/k1", headers=headers).status_code == 403
    ask = client.options("/api/files", headers={"access-control-request-method": "POST", **headers})
    assert ask.status_code == 404
    assert not any(name.startswith("access-control-") for name in ask.headers)


REQUESTS = (
    ("GET", "/api/files", {}),
    ("POST", "/api/files?name=a.txt", {"content": b"x", "headers": BYTES}),
    ("POST", "/api/files/text", {"json": {"title": "x", "text": "x"}}),
    ("DELETE", "/api/files/k1", {}),
)


def test_nothing_is_there_unless_it_is_allowed() -> None:
    with TestClient(build_app(FakeBackend(), rate=0), base_url="http://127.0.0.1") as client:
        for method, path, rest in REQUESTS:
            assert client.request(method, path, **rest).status_code == 404
        assert "/api/files" not in client.get("/api/openapi.json").text


def test_the_handlers_refuse_without_the_guard_too() -> None:
    app = FastAPI()
    add_routes(app, FakeBackend(), editing=None, auth=False)
    client = TestClient(app)
    for method, path, rest in REQUESTS:
        response = client.request(method, path, **rest)
        assert response.status_code == 404
        assert response.json() == {"error": "There is nothing here."}
