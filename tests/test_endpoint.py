"""The client of a chat endpoint, against servers that behave well and badly."""

from __future__ import annotations

import json
import logging
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from time import monotonic, sleep

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llm_server import (
    DONE,
    Asked,
    Handler,
    Script,
    chunk,
    drips,
    event,
    fails,
    in_turn,
    is_cut_after,
    raw,
    says,
    says_nothing,
    serving,
)

from assistant.endpoint import MAX_CHARACTERS, Model, llm_settings, stream
from assistant.errors import EndpointError, SettingsError

KEY = "sk-Very-Secret-0123456789"
MESSAGES = [{"role": "user", "content": "Wer hat gewonnen? 誰が勝った？"}]
TEXT = "Přišel «первый» 第一位。 பதில் 🙂 done."
SILENT = {"timeout": 5.0, "first_byte": 0.3}
SLOW = {"timeout": 0.5, "first_byte": 5.0}


def model(url: str, *, timeout: float = 20.0, first_byte: float = 10.0) -> Model:
    return Model(url, "small", KEY, timeout, first_byte)


def ask(script: Script, **times: float) -> str:
    with serving(script) as server:
        return "".join(stream(model(server.url, **times), MESSAGES, max_tokens=50))


def failure(script: Script, **times: float) -> str:
    """The one line that a user reads, which never has the key in it."""
    with pytest.raises(EndpointError) as caught:
        ask(script, **times)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 300
    assert "the language model at http://127.0.0.1:" in message
    assert KEY not in message
    return message


def test_a_stream_gives_its_pieces_as_they_come() -> None:
    with serving(says("Anna ", "", "won", " [1].")) as server:
        pieces = list(stream(model(server.url), MESSAGES, max_tokens=50))
    assert pieces == ["Anna ", "won", " [1]."]


def test_the_first_piece_is_there_before_the_last_is_sent() -> None:
    more = threading.Event()

    def script(handler: Handler, asked: Asked) -> None:
        handler.head(200, "text/event-stream")
        handler.send(event(chunk("first")))
        more.wait(10)
        handler.send(event(chunk("last", "stop")) + DONE)

    with serving(script) as server:
        pieces = stream(model(server.url), MESSAGES, max_tokens=50)
        assert next(pieces) == "first"
        more.set()
        assert list(pieces) == ["last"]


def test_the_request_asks_for_the_same_answer_each_time_and_says_nothing_of_the_machine() -> None:
    with serving(says("Yes.")) as server:
        list(stream(model(server.url), MESSAGES, max_tokens=50))
    (asked,) = server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.body == {
        "model": "small",
        "messages": MESSAGES,
        "max_tokens": 50,
        "temperature": 0,
        "seed": 0,
        "stream": True,
    }
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert set(asked.headers) <= {
        "host",
        "connection",
        "content-length",
        "content-type",
        "accept",
        "accept-encoding",
        "authorization",
        "user-agent",
    }
    assert asked.headers["user-agent"] == "assistant"


def test_keys_and_addresses_of_other_programs_are_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-another")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "x-custom: of-another")
    with serving(says("Yes.")) as server:
        list(stream(Model(server.url, "small"), MESSAGES, max_tokens=5))
    (asked,) = server.asked
    assert "authorization" not in asked.headers
    assert "of-another" not in json.dumps(asked.headers)


def test_a_proxy_of_the_environment_is_not_used_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(fails(500)) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert ask(says("Direct.")) == "Direct."
    assert not proxy.asked


def test_lone_surrogates_and_hostile_text_can_be_asked_and_answered() -> None:
    hostile = [{"role": "user", "content": "a\ud800b\u202e\x00 c"}]
    with serving(says("x\ud83d", "y")) as server:
        assert "y" in "".join(stream(model(server.url), hostile, max_tokens=5))
    assert server.asked[0].content == "a?b\u202e\x00 c"


STREAM = "".join(
    [
        ": keep-alive\n\n",
        event(chunk(None, role="assistant"), end="\r\n\r\n"),
        event(chunk(None, reasoning_content="let me think")),
        *(event(chunk(c), ascii_only=False) for c in TEXT),
        "event: message\nretry: 10\n",
        event(chunk("")),
        ":\n\n",
        event(chunk(None, "stop")),
        event({"choices": [], "usage": {"total_tokens": 3}}),
        DONE,
    ]
).encode()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_wherever_the_bytes_are_split_the_text_is_the_same(cuts: list[int]) -> None:
    edges = sorted({0, len(STREAM), *cuts})
    parts: list[str | bytes | float] = []
    for start, end in pairwise(edges):
        parts += [STREAM[start:end], 0.002]
    assert ask(raw(*parts)) == TEXT


def test_lines_may_end_as_they_like() -> None:
    data = "".join([event(chunk(c), ascii_only=False) for c in TEXT]) + event(chunk(None, "stop"))
    for end in ("\r\n", "\r"):
        assert ask(raw(data.replace("\n", end))) == TEXT


def test_an_endpoint_that_sends_no_end_mark_but_says_why_it_stopped_is_whole() -> None:
    assert ask(says("Anna won.", done=False)) == "Anna won."


@pytest.mark.parametrize(
    ("script", "says_so"),
    [
        (fails(500, f"boom {KEY}"), "500 Internal Server Error: it has failed"),
        (fails(503), "503 Service Unavailable"),
        (fails(401, f"Incorrect key {KEY}"), "401 Unauthorized: it refuses the key"),
        (fails(403), "403 Forbidden: it refuses the key"),
        (fails(404), "404 Not Found: it has no such model or no such address"),
        (fails(400), "400 Bad Request"),
        (fails(429), "429 Too Many Requests: it is busy"),
        (fails(799), "answered 799"),
        (raw("<html>Sign in</html>", kind="text/html"), "answered with text/html"),
        (raw("{}", kind="application/json"), "answered with application/json"),
        (raw(event(chunk("x")), Content_Encoding="gzip"), "not with a stream of events"),
        (raw("{}\n\n"), "cut its answer off"),
        (raw(event({})), "sent what is no chat answer"),
        (raw(event([1, 2])), "sent what is no chat answer"),
        (raw(event("text")), "sent what is no chat answer"),
        (raw(event({"choices": "x"})), "sent what is no chat answer"),
        (raw(event({"choices": [{"delta": {"content": 7}}]})), "sent what is no chat answer"),
        (raw(event(chunk("Anna")), "data: {not json\n\n"), "sent what is no chat answer"),
        (raw(event(chunk("Anna")), b"data: \xff\xfe\n\n"), "sent what is no chat answer"),
        (raw(event(chunk("Anna")), event({"error": {"message": KEY}})), "failed while answering"),
        (says("Anna", finish=None), "cut its answer off"),
        (says("Anna", finish=None, done=False), "cut its answer off"),
        (is_cut_after("Anna"), "cut its answer off"),
        (says("Anna", finish="length"), "stopped before the answer was whole (length)"),
        (says("Anna", finish="content_filter"), "stopped before the answer was whole"),
        (says(), "sent an empty answer"),
        (says(" ", "\n"), "sent an empty answer"),
        (says(*["x" * 1000] * 21), f"over {MAX_CHARACTERS} characters"),
    ],
)
def test_what_goes_wrong_is_said_in_one_plain_line(script: Script, says_so: str) -> None:
    assert says_so in failure(script)


def test_a_line_that_does_not_end_is_not_kept_in_memory() -> None:
    def script(handler: Handler, asked: Asked) -> None:
        handler.head(200, "text/event-stream")
        for _ in range(200):
            handler.send(b"x" * (1 << 20))

    assert "does not end" in failure(script)


def test_nobody_there_is_said_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(EndpointError, match="nothing listens there; start it"):
        list(stream(model(f"http://127.0.0.1:{port}/v1"), MESSAGES, max_tokens=5))


def test_a_host_that_does_not_exist_is_said_so() -> None:
    with pytest.raises(EndpointError, match="cannot be reached"):
        list(stream(model("http://nowhere.invalid/v1"), MESSAGES, max_tokens=5))


def test_an_endpoint_without_encryption_is_not_asked_with_it() -> None:
    with serving(says("x")) as server:
        asking = stream(model(server.url.replace("http:", "https:")), MESSAGES, max_tokens=5)
        with pytest.raises(EndpointError, match="cannot be reached"):
            next(asking)
    assert not server.asked


@pytest.mark.parametrize("script", [says_nothing(), raw(30.0), drips(": keep-alive\n\n")])
def test_an_endpoint_that_does_not_begin_is_not_waited_for(script: Script) -> None:
    assert "no word in 0.3 seconds" in failure(script, **SILENT)


@pytest.mark.parametrize(
    "script",
    [
        raw(event(chunk("Anna")), 30.0),
        drips(event(chunk("Anna "))),
        drips(event(chunk(None, reasoning="hm"))),
        drips(": keep-alive\n\n"),
    ],
)
def test_the_time_is_a_limit_on_the_whole_answer(script: Script) -> None:
    assert "no whole answer in 0.5 seconds" in failure(script, **SLOW)


@pytest.mark.parametrize(
    "url", ["http://a..b/v1", "http://xn--/v1", "http://\u00ad/v1", "http://1.2.3.4.5/%zz"]
)
def test_an_address_that_only_the_client_refuses_is_a_plain_error(url: str) -> None:
    with pytest.raises((EndpointError, SettingsError)):
        list(stream(Model(url, "m"), MESSAGES, max_tokens=5))


def test_an_endpoint_that_fails_is_asked_once() -> None:
    with serving(in_turn([fails(500), says("late")])) as server, pytest.raises(EndpointError):
        list(stream(model(server.url), MESSAGES, max_tokens=5))
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with serving(says("stolen")) as other:
        to = other.url + "/chat/completions"
        message = failure(raw("", status=status, kind="text/plain", Location=to))
        assert "sends its callers on to another address" in message
    assert not other.asked


def test_a_caller_who_turns_away_leaves_no_thread_behind() -> None:
    def readers() -> list[threading.Thread]:
        return [t for t in threading.enumerate() if t.name == "language model" and t not in others]

    others: list[threading.Thread] = []
    others = readers()
    with serving(drips(event(chunk("word ")), pause=0.01, times=10_000)) as server:
        pieces = stream(model(server.url), MESSAGES, max_tokens=5)
        assert next(pieces) == "word "
        assert readers()
        pieces.close()  # type: ignore[attr-defined]
        until = monotonic() + 10
        while readers() and monotonic() < until:
            sleep(0.02)
        assert not readers()


def test_the_key_is_in_no_log_and_no_name_of_the_model(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ask(says("Anna won."))
        failure(fails(401, KEY))
        failure(raw("{", kind="application/json"))
    assert caplog.records
    assert KEY not in caplog.text
    for record in caplog.records:
        assert KEY not in repr(record.__dict__)
    assert KEY not in repr(model("http://127.0.0.1/v1"))
    assert KEY not in str(model("http://127.0.0.1/v1"))


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(EndpointError, match=r"pip install 'assistant\[llm\]'"):
        next(stream(model("http://127.0.0.1:1/v1"), MESSAGES, max_tokens=5))


def test_no_setting_is_no_model() -> None:
    assert llm_settings(environment={}) is None
    assert llm_settings("", " ", {}) is None
    assert llm_settings(environment={"ASSISTANT_LLM_KEY": KEY}) is None
    assert llm_settings(environment={"ASSISTANT_LLM_URL": "", "ASSISTANT_LLM_MODEL": ""}) is None


def test_arguments_win_over_the_environment_and_the_key_comes_from_there_only() -> None:
    environment = {
        "ASSISTANT_LLM_URL": "http://localhost:11434/v1/",
        "ASSISTANT_LLM_MODEL": "qwen3:4b",
        "ASSISTANT_LLM_KEY": f" {KEY}\n",
    }
    assert llm_settings(environment=environment) == Model(
        "http://localhost:11434/v1", "qwen3:4b", KEY
    )
    chosen = llm_settings("https://a.example/v1/chat/completions", "org/big-7b", environment)
    assert chosen == Model("https://a.example/v1", "org/big-7b", KEY)


def test_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_LLM_URL", "http://[::1]:8080/v1")
    monkeypatch.setenv("ASSISTANT_LLM_MODEL", "m")
    monkeypatch.delenv("ASSISTANT_LLM_KEY", raising=False)
    assert llm_settings() == Model("http://[::1]:8080/v1", "m")


@pytest.mark.parametrize(
    ("arguments", "says_so"),
    [
        (("http://127.0.0.1/v1", None), "without the model's name"),
        ((None, "qwen3"), "without its URL"),
        (("ftp://host/v1", "m"), "must begin with http:// or https://"),
        (("file:///etc/passwd", "m"), "must begin with http"),
        (("127.0.0.1:8080/v1", "m"), "must begin with http"),
        (("http://", "m"), "must begin with http"),
        (("http://:80/v1", "m"), "must begin with http"),
        (("http://host:99999/v1", "m"), "cannot be read"),
        (("http://host:0/v1", "m"), "must begin with http"),
        (("http://[::1/v1", "m"), "cannot be read"),
        ((f"http://user:{KEY}@host/v1", "m"), "must have no user"),
        ((f"http://host/v1?key={KEY}", "m"), "must have no user"),
        ((f"http://host/v1#{KEY}", "m"), "must have no user"),
        (("http://ho st/v1", "m"), "has spaces"),
        (("http://host/\nv1", "m"), "has spaces"),
        (("http://host/" + "x" * 3000, "m"), "too long"),
        (("http://host/v1", "a b"), "has spaces"),
    ],
)
def test_settings_that_cannot_be_used_say_what_to_do(
    arguments: Sequence[str | None], says_so: str
) -> None:
    with pytest.raises(SettingsError, match=says_so) as caught:
        llm_settings(*arguments, environment={})
    assert KEY not in str(caught.value)


def test_a_key_that_cannot_be_sent_is_refused_without_being_shown() -> None:
    for key in ("a b", "ключ", "a\r\nx-evil: 1"):
        with pytest.raises(SettingsError, match="ASSISTANT_LLM_KEY") as caught:
            Model("http://host/v1", "m", key)
        assert key not in str(caught.value)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_times_are_above_zero(seconds: float) -> None:
    good = Model("http://host/v1", "m")
    with pytest.raises(SettingsError):
        replace(good, timeout=seconds)
    with pytest.raises(SettingsError):
        replace(good, first_byte=seconds)


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_setting_is_a_model_or_a_plain_error(url: str, name: str) -> None:
    for address in (url, "http://" + url):
        try:
            made = llm_settings(address, name, {})
        except SettingsError:
            continue
        assert made is None or made.url.lower().startswith(("http://", "https://"))
