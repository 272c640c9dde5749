"""The HTTP API and the reading page: plain routes beside the chat's page."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from assistant.chat.backend import Backend
from assistant.chat.conversation import UNEXPECTED
from assistant.chat.guard import SAFE_HEADERS
from assistant.chat.reading import article_page, message_page
from assistant.errors import ArticleNotFound, AssistantError, QuestionError, SettingsError
from assistant.settings import (
    DEFAULT_K,
    MAX_HISTORY,
    MAX_QUESTION_CHARACTERS,
    check_mode,
    check_question,
)

HERE = Path(__file__).parent

_READING_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_log = logging.getLogger(__name__)

EarlierQuestion = Annotated[str, Field(max_length=MAX_QUESTION_CHARACTERS)]


class Query(BaseModel):
    """The body of a request. Values of other types are refused rather than converted."""

    model_config = ConfigDict(strict=True, extra="forbid")

    question: str
    k: int = DEFAULT_K
    mode: str = "hybrid"
    languages: list[str] | str | None = None
    prefer_language: str | None = None
    sources: list[str] | str | None = None
    since: str | None = None
    until: str | None = None
    explain: bool = False

    def options(self) -> dict[str, Any]:
        return self.model_dump(exclude={"question"})


class AskedQuery(Query):
    """A query that is to be answered: `history` has the questions before, oldest first."""

    as_of: str | None = None
    history: list[EarlierQuestion] = Field(default=[], max_length=MAX_HISTORY)


def add_routes(app: FastAPI, backend: Backend) -> None:
    """Adds every route but the page itself. The routes run in threads: they compute."""

    @app.post("/api/ask")
    def ask(query: AskedQuery) -> dict[str, Any]:
        return backend.answer(query.question, **query.options()).to_dict()

    @app.post("/api/search")
    def search(query: Query) -> dict[str, Any]:
        hits = backend.retrieve(query.question, **query.options())
        return {
            "question": check_question(query.question),
            "mode": check_mode(query.mode),
            "hits": [hit.to_dict() for hit in hits],
            "index": backend.info.to_dict(),
        }

    @app.get("/api/articles/{article_id:path}")
    def article(article_id: str) -> dict[str, Any]:
        found = backend.article(article_id)
        return {**found.to_dict(), "authors": list(found.authors), "text": found.text}

    @app.get("/api/health")
    def health() -> dict[str, Any]:
        return {"status": "ok", "index": backend.info.to_dict()}

    @app.get("/articles/{article_id:path}")
    def read(article_id: str, start: str = "", end: str = "") -> HTMLResponse:
        headers = {"content-security-policy": _READING_POLICY}
        try:
            found = backend.article(article_id)
        except ArticleNotFound as error:
            return HTMLResponse(message_page(str(error)), status_code=404, headers=headers)
        page = article_page(found, start=_offset(start), end=_offset(end))
        return HTMLResponse(page, headers=headers)

    for name, kind in (("chat.js", "text/javascript"), ("reading.css", "text/css")):
        _add_file(app, name, kind)
    _add_errors(app)


def _offset(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 12 else None


def _add_file(app: FastAPI, name: str, kind: str) -> None:
    @app.get(f"/{name}")
    def file() -> FileResponse:
        return FileResponse(HERE / name, media_type=kind, headers={"cache-control": "no-cache"})


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(AssistantError)
    def refused(_request: Request, error: AssistantError) -> JSONResponse:
        return _error(str(error), _status(error))

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [
            f"{'.'.join(str(part) for part in one['loc'][1:]) or 'body'}: {one['msg']}"
            for one in error.errors()
        ]
        return _error("; ".join(problems), 422)

    @app.exception_handler(Exception)
    def failed(_request: Request, _error: Exception) -> JSONResponse:
        # Starlette's outermost layer answers here, outside the guard; it logs the error too.
        return JSONResponse({"error": UNEXPECTED}, status_code=500, headers=SAFE_HEADERS)


def _status(error: AssistantError) -> int:
    if isinstance(error, ArticleNotFound):
        return 404
    # What is not the asker's to mend is the state of the server: a missing index, a lost model.
    return 400 if isinstance(error, (QuestionError, SettingsError)) else 503


def _error(message: str, status: int) -> JSONResponse:
    printable = message.encode("utf-8", "replace").decode()
    return JSONResponse({"error": printable}, status_code=status)
