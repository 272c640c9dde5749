"""The routes that add articles and take them away again, where the operator allows it."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from assistant.chat import requests, schemas
from assistant.chat.allowed import MAX_NAME_CHARACTERS
from assistant.chat.api_routes import api_router, described
from assistant.chat.backend import Editing

CONTENT_TYPE = "application/octet-stream"
"""A browser asks before it sends this to another site, and no form can send it."""


def add_editing(app: FastAPI, editing: Editing | None, *, auth: bool) -> None:
    """Adds the routes; without `editing` they are undescribed and answer 404, guard or not."""
    router = api_router(auth=auth)
    shown = editing is not None

    @router.post(
        "/files",
        summary="Add a file of articles",
        responses=described(
            schemas.AddedModel, "What was added.", 400, 404, 413, 415, 422, 429, 500, 503
        ),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
            }
        },
        include_in_schema=shown,
    )
    async def add(
        request: Request,
        name: Annotated[
            str,
            Query(min_length=1, max_length=MAX_NAME_CHARACTERS, description="The file's name."),
        ],
    ) -> JSONResponse:
        """The body is the file's bytes; the name's ending says how to read them."""
        folder = _allowed(editing)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != CONTENT_TYPE:
            raise HTTPException(415, f"the content type must be {CONTENT_TYPE}")
        content = await request.body()
        added = await run_in_threadpool(folder.add, name, content)
        return JSONResponse(added.to_dict())

    @router.post(
        "/files/text",
        summary="Add an article as text",
        responses=described(
            schemas.AddedModel, "What was added.", 400, 404, 413, 422, 429, 500, 503
        ),
        include_in_schema=shown,
    )
    def paste(pasted: requests.Pasted) -> JSONResponse:
        """Keeps the text as a new file of the collection."""
        options = pasted.model_dump(exclude={"title", "text"})
        return JSONResponse(_allowed(editing).paste(pasted.title, pasted.text, **options).to_dict())

    @router.get(
        "/files",
        summary="List what was added",
        responses=described(schemas.AddedFiles, "The files, the newest first.", 404, 429, 500, 503),
        include_in_schema=shown,
    )
    def added() -> JSONResponse:
        """The files that were added here and can be taken away again."""
        return JSONResponse({"files": [one.to_dict() for one in _allowed(editing).added()]})

    @router.delete(
        "/files/{key}",
        summary="Take a file away again",
        responses=described(schemas.Undone, "It is gone.", 400, 404, 422, 429, 500, 503),
        include_in_schema=shown,
    )
    def undo(key: str) -> JSONResponse:
        """Undoes one addition."""
        _allowed(editing).undo(key)
        return JSONResponse({"undone": key})

    app.include_router(router)


def _allowed(editing: Editing | None) -> Editing:
    if editing is None:
        raise HTTPException(404, "There is nothing here.")
    return editing
