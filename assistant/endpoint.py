"""A language model behind any OpenAI-compatible chat endpoint: Ollama, vLLM, llama.cpp, hosted."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from queue import Empty, SimpleQueue
from time import monotonic
from types import ModuleType
from typing import Any
from urllib.parse import SplitResult, urlsplit

import regex

from assistant.errors import EndpointError, SettingsError
from assistant.text import one_line

MAX_CHARACTERS = 20_000
"""The longest text that is taken from a model, over all of a stream."""

_MAX_BYTES = 1 << 23
_POLL = 0.1
_LONGEST_URL = 2_000
_PATH = "/chat/completions"
_UNSENT = regex.compile(r"[\s\p{C}]")
_KEY = regex.compile(r"[\x21-\x7e]{1,4096}")
# What the client adds on its own says which machine asks, and may come from its environment.
_SENT = frozenset(
    "host connection content-length content-type accept accept-encoding authorization".split()
)
_REASONS = {
    400: "it refuses the request; the passages may be too long for the model",
    401: "it refuses the key; set ASSISTANT_LLM_KEY",
    403: "it refuses the key; set ASSISTANT_LLM_KEY",
    404: "it has no such model or no such address; check both",
    413: "the passages are too long for it",
    429: "it is busy, or its limit is used up; ask again later",
}


@dataclass(frozen=True, slots=True)
class Model:
    """A model and where it answers: `url` ends before `/chat/completions`.

    `timeout` is the seconds that all of an answer may take, `first_byte` those until it begins.
    The key is sent to that address only, and is shown nowhere. Raises SettingsError for a URL,
    a name, a key or a time that cannot be used.
    """

    url: str
    name: str
    key: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    first_byte: float = 30.0

    def __post_init__(self) -> None:
        _check_url(self.url)
        if not self.name.strip() or _UNSENT.search(self.name.strip()):
            raise SettingsError("the model's name is empty or has spaces; see the endpoint's list")
        if self.key is not None and not _KEY.fullmatch(self.key):
            raise SettingsError("ASSISTANT_LLM_KEY has characters that no key has; set it again")
        if not (0 < self.timeout < 86_400 and 0 < self.first_byte < 86_400):
            raise SettingsError("the times to wait for a model must be seconds above 0")


def _check_url(url: str) -> SplitResult:
    advice = "give one such as http://127.0.0.1:11434/v1"
    if not url or len(url) > _LONGEST_URL or _UNSENT.search(url):
        raise SettingsError(f"the model's URL is empty, too long or has spaces; {advice}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise SettingsError(f"the model's URL cannot be read; {advice}") from None
    # A part that may hold a secret is not repeated in the message.
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise SettingsError(
            "the model's URL must have no user, question mark or '#'; "
            "a key goes into the environment variable ASSISTANT_LLM_KEY"
        )
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise SettingsError(f"the model's URL must begin with http:// or https://; {advice}")
    return parts


def llm_settings(
    url: str | None = None,
    model: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Model | None:
    """The model to write with, None where none is named.

    Arguments win over `ASSISTANT_LLM_URL` and `ASSISTANT_LLM_MODEL`; the key is taken from
    `ASSISTANT_LLM_KEY` only. An empty value is one left out. Raises SettingsError where only one
    of the two is given, and for values that cannot be used.
    """
    environment = os.environ if environment is None else environment
    address = (environment.get("ASSISTANT_LLM_URL", "") if url is None else url).strip()
    name = (environment.get("ASSISTANT_LLM_MODEL", "") if model is None else model).strip()
    if not address and not name:
        return None
    if not name:
        raise SettingsError(
            "a model's URL is given without the model's name; "
            "add --llm-model or ASSISTANT_LLM_MODEL"
        )
    if not address:
        raise SettingsError(
            "a model's name is given without its URL; add --llm-url or ASSISTANT_LLM_URL"
        )
    address = address.rstrip("/").removesuffix(_PATH)
    return Model(address, name, environment.get("ASSISTANT_LLM_KEY", "").strip() or None)


def _place(model: Model) -> str:
    parts = _check_url(model.url)
    return one_line(f"the language model at {parts.scheme}://{parts.netloc}")[:200]


def _is_loopback(model: Model) -> bool:
    host = _check_url(model.url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _library() -> ModuleType:
    try:
        # An extra, and it takes more than a second.
        import openai
    except ImportError:
        raise EndpointError(
            "a language model needs the package openai; pip install 'assistant[llm]'"
        ) from None
    return openai


@cache
def _trusted(trust_env: bool) -> ssl.SSLContext:
    """The client's certificates; reading them takes longer than a connection to this machine."""
    import httpx

    return httpx.create_ssl_context(trust_env=trust_env)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    for _ in range(20):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__


def _delta(chunk: Any) -> tuple[str, str | None]:
    """The text of a chunk, and why the model stopped, if it did.

    The client builds chunks from any JSON without checking it. Raises ValueError for what is no
    chunk of a chat.
    """
    choices = getattr(chunk, "choices", None)
    if not isinstance(choices, list):
        raise ValueError("no choices")
    if not choices:
        return "", None  # the last chunk of some endpoints only counts tokens
    text = getattr(getattr(choices[0], "delta", None), "content", None)
    finish = getattr(choices[0], "finish_reason", None)
    if not isinstance(text, str | None) or not isinstance(finish, str | None):
        raise ValueError("no text")
    return text or "", finish


class _Reader(threading.Thread):
    """Reads one answer beside the caller, who thereby keeps time whatever the network does.

    Puts texts, then None or an EndpointError; the first text may be empty and says that the
    endpoint answers.
    """

    def __init__(
        self, model: Model, messages: Sequence[Mapping[str, str]], max_tokens: int
    ) -> None:
        super().__init__(name="language model", daemon=True)
        self.arrived: SimpleQueue[str | EndpointError | None] = SimpleQueue()
        self._model = model
        self._place = _place(model)
        self._library = _library()
        # Lone surrogates cannot be encoded.
        clean = [
            {name: text.encode("utf-8", "replace").decode("utf-8") for name, text in m.items()}
            for m in messages
        ]
        self._request = {
            "model": model.name,
            "messages": clean,
            "max_tokens": max_tokens,
            "temperature": 0,
            "seed": 0,
            "stream": True,
        }
        self._client: Any = None
        self._response: Any = None
        self._stopped = False

    @property
    def received(self) -> int:
        """The bytes of the answer so far."""
        return 0 if self._response is None else int(self._response.num_bytes_downloaded)

    def stop(self) -> None:
        """Lets go of the connection; the thread ends when it next hears from the endpoint."""
        self._stopped = True
        if self._client is not None:
            self._client.close()

    def run(self) -> None:
        try:
            self._read()
            self.arrived.put(None)
        except Exception as error:  # the caller waits, and has to hear of any of them
            self.arrived.put(self._plain(error))

    def _read(self) -> None:
        trust_env = not _is_loopback(self._model)
        self._client = self._library.OpenAI(
            base_url=self._model.url,
            api_key=self._model.key or "none",
            max_retries=0,
            http_client=self._library.DefaultHttpxClient(
                follow_redirects=False,
                trust_env=trust_env,
                verify=_trusted(trust_env),
                timeout=self._model.timeout,
                event_hooks={"request": [self._send], "response": [self._receive]},
            ),
        )
        chunks = self._client.chat.completions.create(**self._request)
        for chunk in chunks:
            if self._stopped:
                self._client.close()
                return
            text, finish = _delta(chunk)
            self.arrived.put(text)
            if finish in ("length", "content_filter"):
                raise EndpointError(f"{self._place} stopped before the answer was whole ({finish})")
            if finish is not None:
                return
        # The client takes a stream that is cut for one that has ended.
        raise EndpointError(f"{self._place} cut its answer off; ask again")

    def _send(self, request: Any) -> None:
        for name in list(request.headers):
            if name.lower() not in _SENT:
                del request.headers[name]
        # A small answer that is unpacked to a large one would be counted too late.
        request.headers["accept-encoding"] = "identity"
        request.headers["user-agent"] = "assistant"
        if self._model.key is None:
            request.headers.pop("authorization", None)

    def _receive(self, response: Any) -> None:
        """Refuses, before it is read, what cannot be an answer."""
        status = response.status_code
        if 300 <= status < 400:
            raise EndpointError(
                f"{self._place} sends its callers on to another address; give that one as its URL"
            )
        if status != 200:
            known = status in HTTPStatus._value2member_map_
            phrase = f"{status} {HTTPStatus(status).phrase}" if known else str(status)
            reason = _REASONS.get(status, "it has failed; look at what it logs")
            raise EndpointError(f"{self._place} answered {phrase}: {reason}")
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        packed = response.headers.get("content-encoding", "identity").strip().lower()
        if kind not in ("text/event-stream", "") or packed not in ("identity", ""):
            raise EndpointError(
                f"{self._place} answered with {one_line(kind)[:60] or 'packed data'}, "
                "not with a stream of events; check its URL"
            )
        self._response = response

    def _plain(self, error: Exception) -> EndpointError:
        """One line on what went wrong, without the endpoint's own words."""
        causes = list(_causes(error))
        for cause in causes:
            if isinstance(cause, EndpointError):
                return cause
        if any(isinstance(c, self._library.APITimeoutError | TimeoutError) for c in causes):
            return self.slow(self._model.timeout)
        if self._response is None:
            says = "cannot be reached; check its URL"
            if any(isinstance(c, ConnectionRefusedError) for c in causes):
                says = "cannot be reached: nothing listens there; start it"
            elif any(isinstance(c, socket.gaierror) for c in causes):
                says = "cannot be reached: there is no such host; check its URL"
            elif any(isinstance(c, ssl.SSLError) for c in causes):
                says = "cannot be reached safely: its certificate is not trusted"
            plain = EndpointError(f"{self._place} {says}")
        elif isinstance(error, ValueError | AttributeError | TypeError):
            plain = EndpointError(f"{self._place} sent what is no chat answer; check its URL")
        elif type(error) is self._library.APIError:
            plain = EndpointError(f"{self._place} failed while answering; look at what it logs")
        else:
            plain = EndpointError(f"{self._place} cut its answer off; ask again")
        plain.__cause__ = error
        return plain

    def slow(self, seconds: float) -> EndpointError:
        return EndpointError(f"{self._place} is too slow: no whole answer in {seconds:g} seconds")

    def silent(self, seconds: float) -> EndpointError:
        return EndpointError(f"{self._place} is too slow: no word in {seconds:g} seconds")

    def too_long(self) -> EndpointError:
        return EndpointError(f"{self._place} does not end: over {MAX_CHARACTERS} characters")

    def empty(self) -> EndpointError:
        return EndpointError(f"{self._place} sent an empty answer")


def stream(
    model: Model, messages: Sequence[Mapping[str, str]], *, max_tokens: int
) -> Generator[str, None, None]:
    """The text that the model writes, piece by piece as it comes; no piece is empty.

    `messages` have a `role` and a `content`. Asked for without chance: temperature and seed 0.
    There is one try, no redirect is followed, and an address of this machine is asked without
    the proxies of the environment. Raises EndpointError, perhaps after some pieces, where the
    model cannot be reached, refuses, is late, or sends no whole answer of at most
    `MAX_CHARACTERS` characters.
    """
    reader = _Reader(model, messages, max_tokens)
    began = monotonic()
    characters, heard, said = 0, False, False
    reader.start()
    try:
        while True:
            passed = monotonic() - began
            if passed >= model.timeout:
                raise reader.slow(model.timeout)
            if not heard and passed >= model.first_byte:
                raise reader.silent(model.first_byte)
            if reader.received > _MAX_BYTES:
                raise reader.too_long()
            left = (model.timeout if heard else min(model.timeout, model.first_byte)) - passed
            try:
                text = reader.arrived.get(timeout=min(left, _POLL))
            except Empty:
                continue
            if isinstance(text, EndpointError):
                raise text
            if text is None:
                break
            heard = True
            characters += len(text)
            said = said or bool(text.strip())
            if characters > MAX_CHARACTERS:
                raise reader.too_long()
            if text:
                yield text
    finally:
        reader.stop()
    if not said:
        raise reader.empty()
