"""The HTTP API: questions, passages, articles and the collection, as JSON."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBasic
from pydantic import BaseModel

from assistant.chat import requests, schemas
from assistant.chat.allowed import MAX_NAME_CHARACTERS
from assistant.chat.backend import Backend
from assistant.settings import MAX_K, check_mode, check_question

_PROBLEMS = {
    400: "A value cannot be used.",
    401: "The name or the password is missing or wrong.",
    404: "There is no such thing.",
    413: "The request is too large.",
    415: "The request has another content type than it must have.",
    422: "The request has a value of the wrong type.",
    429: "Too many requests; `Retry-After` says how many seconds to wait.",
    500: "Something is wrong in the server; its log says what.",
    503: "The index or a model cannot be used.",
}


def described(model: type[BaseModel], what: str, *failures: int) -> dict[int | str, Any]:
    """The responses of a route for OpenAPI: what it answers with, and how it may fail."""
    return {200: {"model": model, "description": what}, **_failures(*failures)}


def _failures(*statuses: int) -> dict[int | str, Any]:
    return {
        status: {"model": schemas.Problem, "description": _PROBLEMS[status]} for status in statuses
    }


def api_router(*, auth: bool) -> APIRouter:
    """A router of the API; OpenAPI says of its routes that they need a password, if `auth`."""
    # The guard has checked it by then; this only describes it.
    basic = [Depends(HTTPBasic(auto_error=False))] if auth else []
    return APIRouter(
        prefix="/api",
        dependencies=basic,
        responses=_failures(401) if auth else None,
    )


def found_passages(backend: Backend, query: requests.Query) -> dict[str, Any]:
    """A `SearchResult`."""
    hits = backend.retrieve(query.question, **query.options())
    return {
        "question": check_question(query.question),
        "mode": check_mode(query.mode),
        "hits": [hit.to_dict() for hit in hits],
        "index": backend.info.to_dict(),
    }


def whole_article(backend: Backend, article_id: str) -> dict[str, Any]:
    """A `WholeArticleModel`."""
    found = backend.article(article_id)
    return {**found.to_dict(), "authors": list(found.authors), "text": found.text}


def add_api(app: FastAPI, backend: Backend, *, auth: bool) -> None:
    """Adds the API. Its routes run in threads: they compute."""
    router = api_router(auth=auth)

    @router.post(
        "/ask",
        summary="Answer a question",
        responses=described(
            schemas.AnswerModel, "The answer, or a refusal.", 400, 413, 422, 429, 500, 503
        ),
    )
    def ask(query: requests.AskedQuery) -> JSONResponse:
        """Quotes that answer the question, each with its article and place."""
        return JSONResponse(backend.answer(query.question, **query.options()).to_dict())

    @router.post(
        "/search",
        summary="Find passages",
        responses=described(
            schemas.SearchResult, "The passages, best first.", 400, 413, 422, 429, 500, 503
        ),
    )
    def search(query: requests.Query) -> JSONResponse:
        """The best passages for the question, at most three of one article."""
        return JSONResponse(found_passages(backend, query))

    @router.get(
        "/articles",
        summary="Find articles by title",
        responses=described(schemas.FoundArticles, "The articles.", 422, 429, 500, 503),
    )
    def articles(
        title: Annotated[
            str, Query(max_length=MAX_NAME_CHARACTERS, description="Words of the title.")
        ],
        limit: Annotated[int, Query(ge=1, le=MAX_K, description="How many to find at most.")] = 20,
    ) -> JSONResponse:
        """Articles whose title has these words."""
        found = backend.find_articles(title, limit=limit)
        return JSONResponse({"articles": [article.to_dict() for article in found]})

    @router.get(
        "/articles/{article_id:path}",
        summary="Read an article",
        responses=described(schemas.WholeArticleModel, "The article.", 404, 422, 500, 503),
    )
    def article(article_id: str) -> JSONResponse:
        """A whole article; citations give places in its text."""
        return JSONResponse(whole_article(backend, article_id))

    @router.get(
        "/collection",
        summary="Describe the collection",
        responses=described(schemas.CollectionModel, "What it holds.", 500, 503),
    )
    def collection() -> JSONResponse:
        """Totals, languages, outlets, months with their gaps, and the last build."""
        return JSONResponse(backend.collection().to_dict())

    @router.get(
        "/health",
        summary="Whether it works",
        responses=described(schemas.Health, "It does.", 500, 503),
    )
    def health() -> JSONResponse:
        """Answers while the index can be used."""
        return JSONResponse({"status": "ok", "index": backend.info.to_dict()})

    app.include_router(router)
