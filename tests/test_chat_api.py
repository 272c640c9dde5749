"""The HTTP API against its description, its documentation, and random requests."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

from chat_fixtures import FakeBackend, FakeEditing, WritingBackend, with_time
from fastapi.testclient import TestClient
from helpers import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.api import Assistant
from assistant.chat import build_app, schemas
from assistant.chat.allowed import LONGEST_URL, MAX_PASTED_CHARACTERS
from assistant.chat.login import Login

DOCUMENT = ROOT / "docs" / "http.md"
QUESTION = "missiles décembre"
PUBLIC = {
    ("post", "/api/ask"),
    ("post", "/api/search"),
    ("get", "/api/articles"),
    ("get", "/api/articles/{article_id}"),
    ("get", "/api/collection"),
    ("get", "/api/health"),
}
EDITING = {
    ("get", "/api/files"),
    ("post", "/api/files"),
    ("post", "/api/files/text"),
    ("delete", "/api/files/{key}"),
}


def open_client(app: Any) -> TestClient:
    return TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with open_client(build_app(FakeBackend(), rate=0)) as client:
        yield client


@pytest.fixture(scope="module")
def editing() -> Iterator[TestClient]:
    app = build_app(FakeBackend(), rate=0, editing=FakeEditing())
    with open_client(app) as client:
        yield client


def described(client: TestClient) -> dict[str, Any]:
    response = client.get("/api/openapi.json")
    assert response.status_code == 200
    described: dict[str, Any] = response.json()
    return described


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_exactly_the_public_api_is_described(client: TestClient, editing: TestClient) -> None:
    assert set(operations(described(client))) == PUBLIC
    assert set(operations(described(editing))) == PUBLIC | EDITING


def test_exactly_these_routes_are_named(client: TestClient) -> None:
    """Gradio names none of its events, so nothing of the page is an endpoint by another way."""
    info = client.get("/gradio_api/info").json()
    assert info["named_endpoints"] == {} and info["unnamed_endpoints"] == {}
    events = client.get("/config").json()["dependencies"]
    assert events and all(event["api_visibility"] == "private" for event in events)
    assert client.get("/openapi.json").status_code == client.get("/docs").status_code == 404


def test_every_operation_is_told_well(editing: TestClient) -> None:
    document = described(editing)
    for (method, path), operation in operations(document).items():
        assert operation["summary"] and operation["description"], path
        good = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert good["$ref"].startswith("#/components/schemas/"), path
        failures = {status for status in operation["responses"] if status != "200"}
        assert {"500", "503"} <= failures
        assert ("413" in failures) is (method == "post")
        for status in failures:
            schema = operation["responses"][status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}
    text = json.dumps(document)
    assert "HTTPValidationError" not in text
    for name in re.findall(r"#/components/schemas/(\w+)", text):
        assert name in document["components"]["schemas"]
    assert document["components"]["schemas"]["AskedQuery"]["examples"]
    assert "http" not in text.replace("HTTP", "")


def test_the_description_says_where_a_password_is_needed(client: TestClient) -> None:
    assert "securitySchemes" not in described(client)["components"]
    guarded = open_client(build_app(FakeBackend(), auth=Login("desk", "a long password")))
    assert guarded.get("/api/openapi.json").status_code == 401
    guarded.auth = ("desk", "a long password")
    document = described(guarded)
    assert document["components"]["securitySchemes"]["HTTPBasic"]["scheme"] == "basic"
    for operation in operations(document).values():
        assert operation["security"] == [{"HTTPBasic": []}]
        assert "401" in operation["responses"]
    page = guarded.get("/")
    assert page.status_code == 200 and "nonce-" in page.headers["content-security-policy"]
    ask = guarded.post("/api/ask", json={"question": "x"})
    assert ask.status_code == 200


def same(model: type[Any], value: dict[str, Any]) -> None:
    """The model describes the value: no field more, none less, all of their types."""
    text = json.dumps(value)
    assert json.loads(model.model_validate_json(text, strict=True).model_dump_json()) == value


def test_results_are_as_they_are_described() -> None:
    for backend in (FakeBackend(), WritingBackend()):
        for question in (QUESTION, "nothing"):
            *_, answer = backend.stream(question, explain=True)
            same(schemas.AnswerModel, answer.to_dict())
    same(schemas.AnswerModel, with_time(FakeBackend().answer(QUESTION)).to_dict())
    same(schemas.CollectionModel, FakeBackend().collection().to_dict())
    same(schemas.AddedModel, FakeEditing().add("a.txt", b"text").to_dict())


def test_results_of_an_index_are_as_they_are_described(tiny: Assistant) -> None:
    question = "When did the harbour of Fairhaven open?"
    answer = tiny.answer(question, as_of="2023-11-20", explain=True, languages=["en"])
    assert answer.hits[0].explanation is not None
    same(schemas.AnswerModel, answer.to_dict())
    same(schemas.AnswerModel, tiny.answer("xyzzy in May 2023?", k=1).to_dict())
    same(schemas.CollectionModel, tiny.collection().to_dict())
    found = [article.to_dict() for article in tiny.find_articles("harbour", limit=3)]
    assert found
    same(schemas.FoundArticles, {"articles": found})


def test_what_a_folder_adds_is_as_it_is_described(tmp_path: Path) -> None:
    from assistant.editing import Folder

    folder = Folder(tmp_path)
    added = folder.add("a.txt", b"A bridge\n\nThe bridge of the town opened on Monday morning.")
    same(schemas.AddedModel, added.to_dict())
    same(schemas.AddedFiles, {"files": [one.to_dict() for one in folder.added()]})
    with open_client(build_app(FakeBackend(), editing=folder)) as client:
        assert client.delete(f"/api/files/{added.key}").json() == {"undone": added.key}
        assert client.get("/api/files").json() == {"files": []}
        wrong = client.post(
            "/api/files?name=../x.exe",
            content=b"x",
            headers={"content-type": "application/octet-stream"},
        )
    assert wrong.status_code == 400 and "not read" in wrong.json()["error"]


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/api/health", schemas.Health),
        ("/api/articles/fr-alerte", schemas.WholeArticleModel),
        ("/api/articles?title=telescope", schemas.FoundArticles),
        ("/api/collection", schemas.CollectionModel),
        ("/api/files", schemas.AddedFiles),
    ],
)
def test_responses_are_as_they_are_described(
    editing: TestClient, path: str, model: type[Any]
) -> None:
    same(model, editing.get(path).json())


def test_find_articles(client: TestClient) -> None:
    for title in ("telescope", "The first", " PICTURES "):
        found = client.get("/api/articles", params={"title": title}).json()["articles"]
        assert [article["id"] for article in found] == ["en-telescope"]
    every = client.get("/api/articles", params={"title": "", "limit": 2}).json()["articles"]
    assert len(every) == 2
    for wrong in (
        {},
        {"title": "x" * 201},
        {"title": "x", "limit": 0},
        {"title": "x", "limit": "y"},
    ):
        assert client.get("/api/articles", params=wrong).status_code == 422


def _commands() -> list[tuple[str, dict[str, Any]]]:
    """Each documented request, and the response that is documented after it."""
    text = DOCUMENT.read_text(encoding="utf-8")
    found = re.findall(r"```sh\n(curl .+?)```\s+```json\n(.+?)```", text, flags=re.DOTALL)
    return [(command, json.loads(answer)) for command, answer in found]


def _run(client: TestClient, command: str) -> Any:
    """What curl would be answered."""
    words = shlex.split(command.replace("\\\n", " "))
    method, url, headers, body = "GET", "", {}, None
    assert words.pop(0) == "curl"
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word in ("-d", "--data-binary"):
            method, text = "POST", words.pop(0)
            body = b"A bridge opens" if text.startswith("@") else text.encode()
        elif word != "-s":
            assert not url
            url = word
    response = client.request(method, url, headers=headers, content=body)
    assert response.status_code == (400 if '" "' in command else 200), response.text
    return response.json()


def _fields(value: Any, name: str = "") -> Any:
    """The names of fields, at every depth; of a list, those of its first item."""
    if isinstance(value, dict) and name not in ("points", "languages"):
        return {field: _fields(inner, field) for field, inner in value.items()}
    if isinstance(value, list):
        return [_fields(value[0])] if value and isinstance(value[0], dict) else []
    return ""


def test_the_documented_requests_give_the_documented_fields(editing: TestClient) -> None:
    commands = _commands()
    asked = set()
    for command, documented in commands:
        answered = _run(editing, command)
        assert _fields(answered) == _fields(documented), command
        asked.add(re.sub(r"[?'].*", "", command.split("7860", 1)[1].split()[0]))
    assert len(commands) == len(re.findall(r"^curl ", DOCUMENT.read_text("utf-8"), re.MULTILINE))
    paths = {
        path.replace("{article_id}", "fr-alerte").replace("{key}", "k1")
        for _, path in PUBLIC | EDITING
    }
    assert asked == paths


def test_every_status_is_documented(editing: TestClient) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    statuses = {s for o in operations(described(editing)).values() for s in o["responses"]}
    for status in statuses - {"200"}:
        assert f"\n| {status} |" in text
    for field in described(editing)["components"]["schemas"]["AskedQuery"]["properties"]:
        assert f"`{field}`" in text
    assert f"| 414 | the URL is longer than {LONGEST_URL:,} characters |" in text
    assert f"at most {MAX_PASTED_CHARACTERS:,} characters" in text


FIELDS = ("question", "k", "mode", "languages", "prefer_language", "sources", "since", "until")
FIELDS += ("explain", "as_of", "history")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
LIKELY = st.sampled_from(
    [
        *("x", "missiles", "", " ", "\ud800", "\0", "same", "all", "lexical"),
        *("2024-02-03", "0001-01-01", "9999-99-99", 0, 1, 100, 2**63, -1, True),
        *([], ["x"], ["same", "all"], ["x" * 2000], [[]]),
    ]
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.dictionaries(st.sampled_from(FIELDS), LIKELY | JSON, max_size=11)
    | st.dictionaries(st.sampled_from(FIELDS[1:]), LIKELY, max_size=3).map(
        lambda rest: {"question": "missiles", **rest}
    )
    | JSON
)
def test_no_json_breaks_the_server(client: TestClient, body: Any) -> None:
    content = json.dumps(body).encode("utf-8", "surrogatepass")
    for path in ("/api/ask", "/api/search"):
        response = client.post(path, content=content, headers={"content-type": "application/json"})
        assert response.status_code in (200, 400, 422), (body, response.text)
        assert (list(response.json()) == ["error"]) is (response.status_code != 200)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=60))
def test_no_bytes_break_the_server(client: TestClient, content: bytes) -> None:
    for headers in ({"content-type": "application/json"}, {"content-type": "text/plain"}, {}):
        response = client.post("/api/ask", content=content, headers=headers)
        assert response.status_code in (400, 422)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(title=st.text(max_size=30), limit=st.integers() | st.text(max_size=3))
def test_no_title_breaks_the_server(client: TestClient, title: str, limit: Any) -> None:
    try:
        response = client.get("/api/articles", params={"title": title, "limit": limit})
    except UnicodeEncodeError:
        return  # such a URL cannot be written
    assert response.status_code in (200, 422)
