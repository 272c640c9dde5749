"""What the HTTP API is sent. Values of other types are refused rather than converted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from assistant.chat.allowed import MAX_NAME_CHARACTERS, MAX_NAMES, MAX_PASTED_CHARACTERS
from assistant.settings import (
    DEFAULT_K,
    MAX_HISTORY,
    MAX_K,
    MAX_QUESTION_CHARACTERS,
    MODES,
)

# What is described and not checked here is checked by the search itself, as for every door.
Name = Annotated[str, Field(max_length=MAX_NAME_CHARACTERS)]
Names = Annotated[list[Name], Field(max_length=MAX_NAMES)] | Name | None
Day = Annotated[Name | None, Field(examples=["2023-11-12"])]
EarlierQuestion = Annotated[str, Field(max_length=MAX_QUESTION_CHARACTERS)]


class Query(BaseModel):
    """A question, and where to look for passages."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"examples": [{"question": "Who won the Nobel Prize?", "k": 3}]},
    )

    question: Annotated[
        str,
        Field(
            description=f"In any language, at most {MAX_QUESTION_CHARACTERS} characters.",
            json_schema_extra={"minLength": 1, "maxLength": MAX_QUESTION_CHARACTERS},
        ),
    ]
    k: Annotated[
        int,
        Field(
            description="How many passages to find at most.",
            json_schema_extra={"minimum": 1, "maximum": MAX_K},
        ),
    ] = DEFAULT_K
    mode: Annotated[
        Name, Field(description="The legs to search with.", json_schema_extra={"enum": list(MODES)})
    ] = "hybrid"
    languages: Annotated[
        Names, Field(description='Only these BCP 47 tags; "same" is the question\'s, "all" any.')
    ] = None
    prefer_language: Annotated[
        Name | None, Field(description='A tag or "same": lift passages in this language.')
    ] = None
    sources: Annotated[Names, Field(description="Only these outlets.")] = None
    since: Annotated[Day, Field(description="Published on this day or later.")] = None
    until: Annotated[Day, Field(description="Published on this day or before.")] = None
    explain: Annotated[bool, Field(description="Say why each passage was found.")] = False

    def options(self) -> dict[str, Any]:
        return self.model_dump(exclude={"question"})


class AskedQuery(Query):
    """A question that is to be answered."""

    as_of: Annotated[
        Day, Field(description='The day that "last week" counts from; today if left out.')
    ] = None
    history: Annotated[
        list[EarlierQuestion],
        Field(max_length=MAX_HISTORY, description="The questions before, oldest first."),
    ] = []


class Pasted(BaseModel):
    """An article as text."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"title": "A bridge", "text": "The bridge opened.", "language": "en"}]
        },
    )

    title: Name
    text: Annotated[str, Field(max_length=MAX_PASTED_CHARACTERS)]
    source: Annotated[Name | None, Field(description="The outlet.")] = None
    published: Annotated[Day, Field(description="The day of publication.")] = None
    language: Annotated[Name | None, Field(description="A BCP 47 tag; detected if left out.")] = (
        None
    )
    url: Name | None = None


def said(problems: Iterable[Mapping[str, Any]]) -> str:
    """What pydantic found wrong, without the values: where, and why."""
    return "; ".join(
        f"{'.'.join(str(part) for part in one['loc']) or 'body'}: {one['msg']}" for one in problems
    )
