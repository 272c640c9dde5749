"""The tools for language models, called by a real client over loopback."""

from __future__ import annotations

import asyncio
import builtins
import json
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("gradio")
pytest.importorskip("mcp")

import httpx
import httpx2
from chat_fixtures import FakeBackend, shared_backend, start_server
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from assistant.chat import build_app, serve
from assistant.chat.login import Login
from assistant.chat.mcp_tools import check_mcp
from assistant.cli import main
from assistant.errors import IndexCorrupt, ServerError

LOGIN = Login("desk", "a long password")


@pytest.fixture(scope="module")
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture(scope="module")
def address(backend: FakeBackend) -> str:
    return start_server(backend, mcp=True)


def with_client(address: str, do: Callable[[Client], Any], **options: Any) -> Any:
    async def run() -> Any:
        async with httpx2.AsyncClient(**options) as http:
            transport = streamable_http_client(f"{address}/mcp", http_client=http)
            async with Client(transport) as client:
                return await do(client)

    return asyncio.run(run())


def call(address: str, tool: str, **arguments: Any) -> Any:
    return with_client(address, lambda client: client.call_tool(tool, arguments))


def test_the_tools(address: str) -> None:
    listed = with_client(address, lambda client: client.list_tools())
    tools = {tool.name: tool for tool in listed.tools}
    assert list(tools) == ["ask", "search", "read_article"]
    for tool in tools.values():
        assert tool.description and tool.annotations.read_only_hint
        assert tool.input_schema["additionalProperties"] is False
    assert "history" in tools["ask"].input_schema["properties"]
    assert "citations" in tools["ask"].output_schema["properties"]


def test_ask(address: str, backend: FakeBackend) -> None:
    asked = call(address, "ask", question="missiles décembre", k=2)
    expected = backend.answer("missiles décembre", k=2).to_dict()
    assert not asked.is_error
    assert asked.structured_content == json.loads(asked.content[0].text) == expected


def test_search_and_read(address: str) -> None:
    found = call(address, "search", question="missiles", languages="ar").structured_content
    article = found["hits"][0]["article"]
    assert article["language"] == "ar"
    read = call(address, "read_article", id=article["id"]).structured_content
    assert read["title"] == article["title"] and "تراجعت" in read["text"]


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("ask", {"question": " "}, "the question is empty"),
        ("ask", {"question": "x" * 2001}, "2001 characters"),
        ("ask", {}, "question: Field required"),
        ("ask", {"question": 5}, "question: "),
        ("ask", {"question": "x", "k": "3"}, "k: "),
        ("ask", {"question": "x", "path": "/etc"}, "path: "),
        ("search", {"question": "x", "mode": "magic"}, "mode must be one of"),
        ("search", {"question": "x", "history": []}, "history: "),
        ("read_article", {"id": "nope"}, "no article with the id"),
        ("fly", {}, "there are: ask, search, read_article"),
    ],
)
def test_errors(address: str, tool: str, arguments: dict[str, Any], message: str) -> None:
    failed = with_client(address, lambda client: client.call_tool(tool, arguments))
    assert failed.is_error and failed.structured_content is None
    assert message in failed.content[0].text


def test_errors_of_the_server(
    address: str, backend: FakeBackend, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        backend.fail = IndexCorrupt("the index is damaged")
        assert call(address, "ask", question="x").content[0].text == "the index is damaged"
        backend.fail = RuntimeError("secret")
        failed = call(address, "ask", question="x")
    finally:
        backend.fail = None
    assert failed.is_error and "secret" not in failed.content[0].text
    assert "a tool could not be called" in caplog.text


def test_the_guard_stands_before_the_tools(address: str) -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"accept": "application/json, text/event-stream"}

    def status(**headers: str) -> int:
        return httpx.post(f"{address}/mcp", json=request, headers={**accept, **headers}).status_code

    assert status() == 200
    assert status(host="evil.example") == 400
    assert status(origin="http://evil.example") == 403
    assert status(**{"sec-fetch-site": "cross-site"}) == 403
    large = httpx.post(f"{address}/mcp", content=b" " * 2_000_000)
    assert large.status_code == 413
    for method in ("GET", "DELETE"):
        refused = httpx.request(method, f"{address}/mcp", headers=accept)
        assert refused.status_code == 405 and "nosniff" in refused.headers.values()
    for garbage in (b"", b"{", b"[]", b'{"jsonrpc": "2.0"}', b"\xff", b"[" * 100_000):
        kind = {"content-type": "application/json", **accept}
        assert httpx.post(f"{address}/mcp", content=garbage, headers=kind).status_code == 400


def test_the_password_and_the_rate() -> None:
    address = start_server(shared_backend(), mcp=True, auth=LOGIN, rate=1.0)
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert httpx.post(f"{address}/mcp", json=request).status_code == 401
    listed = with_client(address, lambda c: c.list_tools(), auth=("desk", "a long password"))
    assert len(listed.tools) == 3
    right = ("desk", "a long password")
    statuses = {
        httpx.post(f"{address}/mcp", json=request, auth=right).status_code for _ in range(15)
    }
    assert 429 in statuses


def test_no_tools_unless_they_are_asked_for() -> None:
    address = start_server(shared_backend())
    assert httpx.post(f"{address}/mcp", json={}).status_code == 404
    with pytest.raises((MCPError, ExceptionGroup, httpx2.HTTPError)):
        with_client(address, lambda client: client.list_tools())


def test_a_package_that_is_missing_or_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    real = builtins.__import__

    def broken(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("mcp"):
            raise AttributeError("'Server' object has no attribute 'call_tool'")
        return real(name, *rest, **more)

    check_mcp()
    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(ServerError, match=r"no attribute.*pip install 'assistant\[mcp\]'"):
        build_app(FakeBackend(), mcp=True)
    with pytest.raises(ServerError, match="pip install"):
        serve(index=tmp_path, port=0, mcp=True)
    # Said before anything is built.
    status = main(["chat", "--mcp", "--index", str(tmp_path / "i"), "--articles", str(tmp_path)])
    captured = capsys.readouterr()
    assert status == 1 and "pip install 'assistant[mcp]'" in captured.err
    assert "building" not in captured.err
