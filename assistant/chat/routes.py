"""The routes beside the chat's page: the HTTP API, the reading page, static files, errors."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from assistant.chat.allowed import HERE, STATIC_FILES
from assistant.chat.api_routes import add_api
from assistant.chat.backend import Backend, Editing
from assistant.chat.conversation import UNEXPECTED
from assistant.chat.editing_routes import add_editing
from assistant.chat.hardening import SAFE_HEADERS
from assistant.chat.reading import article_page, message_page
from assistant.chat.requests import said
from assistant.chat.wording import wording_for
from assistant.errors import (
    ArticleNotFound,
    AssistantError,
    EditError,
    QuestionError,
    SettingsError,
)

_READING_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def add_routes(app: FastAPI, backend: Backend, *, editing: Editing | None, auth: bool) -> None:
    """Adds every route but the page itself. The routes run in threads: they compute."""
    add_api(app, backend, auth=auth)
    add_editing(app, editing, auth=auth)

    @app.get("/articles/{article_id:path}", include_in_schema=False)
    def read(request: Request, article_id: str, start: str = "", end: str = "") -> HTMLResponse:
        headers = {"content-security-policy": _READING_POLICY, "vary": "accept-language"}
        words = wording_for(request.headers.get("accept-language"))
        try:
            found = backend.article(article_id)
        except ArticleNotFound as error:
            return HTMLResponse(message_page(str(error), words), status_code=404, headers=headers)
        page = article_page(found, words, start=_offset(start), end=_offset(end))
        return HTMLResponse(page, headers=headers)

    for name, kind in STATIC_FILES.items():
        _add_file(app, name, kind)
    _add_errors(app)


def _offset(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 12 else None


def _add_file(app: FastAPI, name: str, kind: str) -> None:
    @app.get(f"/{name}", include_in_schema=False)
    def file() -> FileResponse:
        return FileResponse(HERE / name, media_type=kind, headers={"cache-control": "no-cache"})


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(AssistantError)
    def refused(_request: Request, error: AssistantError) -> JSONResponse:
        return _error(str(error), _status(error))

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        # The first part of a place only says that it is in the body, or in the query.
        problems = [{**problem, "loc": problem["loc"][1:]} for problem in error.errors()]
        return _error(said(problems), 422)

    @app.exception_handler(HTTPException)
    def not_served(_request: Request, error: HTTPException) -> JSONResponse:
        return _error(error.detail, error.status_code)

    @app.exception_handler(Exception)
    def failed(_request: Request, _error: Exception) -> JSONResponse:
        # Starlette's outermost layer answers here, outside the guard; it logs the error too.
        return JSONResponse({"error": UNEXPECTED}, status_code=500, headers=SAFE_HEADERS)


def _status(error: AssistantError) -> int:
    if isinstance(error, ArticleNotFound):
        return 404
    # What is not the asker's to mend is the state of the server: a missing index, a lost model.
    return 400 if isinstance(error, (QuestionError, SettingsError, EditError)) else 503


def _error(message: str, status: int) -> JSONResponse:
    printable = message.encode("utf-8", "replace").decode()
    return JSONResponse({"error": printable}, status_code=status)
