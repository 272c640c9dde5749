"""Answers for tests, made by hand from the hits of an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.answers import Answer, Period, Searched, Sentence, Update
from assistant.api import Assistant
from assistant.types import Citation, Filters

QUESTION = "When did the harbour of Fairhaven open?"


def searched(assistant: Assistant) -> Searched:
    info = assistant.info
    return Searched(info.articles, info.languages, info.first_day, info.last_day)


def cite(assistant: Assistant, quotes: Sequence[str]) -> Iterator[Citation]:
    """A citation for each quote, from the first passage that holds it."""
    numbers: dict[str, int] = {}
    for quote in quotes:
        hits = assistant.retrieve(quote, k=20, mode="lexical")
        hit = next(hit for hit in hits if quote in hit.passage.text)
        start = hit.article.text.index(quote, hit.passage.start)
        number = numbers.setdefault(hit.passage.id, len(numbers) + 1)
        end = start + len(quote)
        yield Citation(number, hit.article, hit.passage, start, end, quote)


def answer_with(
    assistant: Assistant, *quotes: str, question: str = QUESTION, filters: Filters | None = None
) -> Answer:
    """An answer of quotes that stand in the index; without any, one that found nothing."""
    citations = tuple(cite(assistant, quotes))
    return Answer(
        question=question,
        found=bool(citations),
        confidence=0.87654321 if citations else 0.1,
        sentences=tuple(Sentence(c.quote, "verbatim", (c.number,)) for c in citations),
        citations=citations,
        hits=tuple(assistant.retrieve(question, k=5)),
        mode="hybrid",
        filters=filters or Filters(),
        index=assistant.info,
        searched=searched(assistant),
        as_of="2024-05-01",
        language="en",
    )


def written_answer(assistant: Assistant) -> Answer:
    """An answer that a model wrote, with every field in use."""
    quotes = (
        "The harbour of Fairhaven opened on Monday.",
        "Forty ships waited outside the breakwater.",
        "La boulangerie du village a fermé ses portes en mars.",
    )
    whole = answer_with(
        assistant,
        *quotes,
        question="And when, last November?",
        filters=Filters(("en", "fr"), ("The Courier", "Le Quotidien"), "2023-01-01", "2023-12-31"),
    )
    return replace(
        whole,
        completed="When did the harbour of Fairhaven open, last November?",
        period=Period("2023-11-01", "2023-11-30", 10, 23),
        sentences=(
            Sentence(quotes[0], "verbatim", (1,)),
            Sentence(quotes[2], "verbatim", (2,)),
            Sentence("It opened for 40 ships in May 1911.", "partly", (1, 2), ("May", "1911")),
        ),
        updates=(Update(0, 1, "Monday", "forty"),),
        written_by="a-model",
        note="The second sentence was replaced.",
    )
