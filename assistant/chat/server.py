"""The chat as a web application, and the server that it runs in."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterable
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from assistant import __version__
from assistant.chat.allowed import MAX_FILE, Allowed
from assistant.chat.backend import Backend, Editing, Rebuilding, Services
from assistant.chat.feedback import Feedback
from assistant.chat.guard import Guard
from assistant.chat.login import Login, check_exposure, is_loopback, login_from_environment
from assistant.chat.mcp_tools import add_mcp, check_mcp
from assistant.chat.rates import DEFAULT_RATE
from assistant.chat.routes import add_routes
from assistant.editing import Folder
from assistant.errors import ServerError, SettingsError
from assistant.memory import share_arenas
from assistant.rebuilding import Rebuild
from assistant.settings import remote_address

_WARM_UP = "What happened last week?"


def build_app(
    backend: Backend,
    *,
    allow_hosts: Iterable[str] = (),
    auth: Login | None = None,
    rate: float = DEFAULT_RATE,
    editing: Editing | None = None,
    rebuilding: Rebuilding | None = None,
    feedback: Feedback | None = None,
    mcp: bool = False,
) -> FastAPI:
    """The chat's page and its HTTP API over `backend`.

    Only requests for this computer's local names and for `allow_hosts` are answered, with `auth`
    only those with its name and password; each client gets `rate` costly requests a second, any
    number where it is 0. Articles can be added where there is an `editing`, the index brought up
    to date where there is a `rebuilding`; `feedback` keeps what readers think of answers. With
    `mcp` there are tools for language models at `/mcp`; raises ServerError where they cannot be
    served.
    """
    # Gradio reads these when it is imported: no statistics, no version check, no model hub.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from assistant.chat.page import add_page

    app = FastAPI(
        title="assistant",
        version=__version__,
        description="Ask questions, in any language, over your own news articles.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.add_middleware(
        Guard,
        hosts=tuple(allow_hosts),
        login=auth,
        rate=rate,
        allowed=Allowed(edit=editing is not None, mcp=mcp),
    )
    add_routes(app, backend, editing=editing, auth=auth is not None)
    if mcp:
        add_mcp(app, backend)
    return add_page(app, Services(backend, rebuilding, editing, feedback))


def serve(
    *,
    index: str | Path,
    host: str = "127.0.0.1",
    port: int = 7860,
    allow_hosts: Iterable[str] = (),
    auth: str | None = None,
    no_auth: bool = False,
    rate: float = DEFAULT_RATE,
    articles: str | Path | None = None,
    allow_edit: bool = False,
    mcp: bool = False,
    reranker: str | None = None,
    llm_url: str | None = None,
    llm_model: str | None = None,
    unsupported: str = "mark",
) -> None:
    """Serves the chat over the index in the folder `index` until interrupted.

    `auth` is the name of a login whose password is in ASSISTANT_PASSWORD; a `host` that other
    computers reach needs it, or `no_auth`. `articles` is the folder that the index was built from;
    where it is not named, the index cannot be brought up to date from the page. With `allow_edit`
    whoever gets in can add articles to it; on an address that other computers reach, only then
    can the index be built again. `rate` and `mcp` are those of `build_app`, the last four options
    those of `Assistant`. Port 0 takes a free one. The address is printed to standard error once
    the chat answers. Raises SettingsError for a login or a folder that cannot be used, ServerError
    where the address or the tools cannot be used, and what opening an index raises.
    """
    from assistant.api import Assistant

    share_arenas()
    check_exposure(host, auth=auth, no_auth=no_auth)
    login = None if auth is None else login_from_environment(auth)
    if mcp:
        check_mcp()
    editing = _folder(articles) if allow_edit else None
    # The port comes first: it is quick to try, and starting up takes seconds.
    with (
        listen(host, port) as listener,
        Assistant(
            index,
            reranker=reranker,
            llm_url=llm_url,
            llm_model=llm_model,
            unsupported=unsupported,
        ) as assistant,
    ):
        if not is_loopback(host):
            print(
                f"warning: {host} can be reached from other computers, {_risk(login)}",
                file=sys.stderr,
            )
        # The first question pays for reading the model, the vectors and tables; no reader should.
        assistant.answer(_WARM_UP, explain=True)
        app = build_app(
            assistant,
            allow_hosts=(host, *allow_hosts),
            auth=login,
            rate=rate,
            editing=editing,
            rebuilding=_rebuild(articles, index) if allow_edit or is_loopback(host) else None,
            feedback=Feedback(_kept_in(index)),
            mcp=mcp,
        )
        with contextlib.suppress(KeyboardInterrupt):
            Server(app, listener).run_until_stopped()


def _kept_in(index: str | Path) -> Path:
    """The folder for what the chat itself keeps: the index's, or one in the user's cache."""
    address = remote_address(index)
    if address is None:
        return Path(index)
    from assistant.milvus import Address

    folder = Address.parse(address).work_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _folder(articles: str | Path | None) -> Editing:
    if articles is None:
        raise SettingsError("to add articles, name their folder with --articles")
    return Folder(Path(articles), max_bytes=MAX_FILE)


def _rebuild(articles: str | Path | None, index: str | Path) -> Rebuilding | None:
    # Built from another folder than before, the index would lose all that it holds.
    return None if articles is None else Rebuild(articles=Path(articles), index=Path(index))


def _risk(login: Login | None) -> str:
    if login is None:
        return "and the chat has no login"
    return "and passwords cross the network unencrypted; put a proxy with TLS in front"


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises ServerError where the address cannot be used."""
    if not 0 <= port <= 65535:
        raise ServerError(f"a port is a number from 0 to 65535, not {port}")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ServerError(
            f"cannot listen on {host}, port {port}: {reason}; "
            "choose another port with --port (0 takes a free one)"
        ) from error


class Server(uvicorn.Server):
    """Serves on a socket that listens already, and says where when it is ready."""

    def __init__(self, app: FastAPI, listener: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                server_header=False,
                proxy_headers=False,
                ws="none",
                # The page holds a stream open, which would otherwise delay the end for long.
                timeout_graceful_shutdown=2,
            )
        )
        self._listener = listener

    @property
    def address(self) -> str:
        host, port = self._listener.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def run_until_stopped(self) -> None:
        """Serves until the process is told to stop."""
        self.run(sockets=[self._listener])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(f"Chat ready at {self.address}", file=sys.stderr, flush=True)
