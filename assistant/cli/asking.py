"""`assistant search`, `ask` and `eval`."""

from __future__ import annotations

import argparse
from typing import Any

from assistant.cli.bars import bars
from assistant.terminal import note, print_json, show_answer, show_hits


def _split(tags: list[str] | None) -> list[str] | None:
    if tags is None:
        return None
    return [tag.strip() for several in tags for tag in several.split(",")]


def _filters(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "languages": _split(arguments.languages),
        "prefer_language": arguments.prefer_language,
        "sources": arguments.sources,
        "since": arguments.since,
        "until": arguments.until,
    }


def run_search(arguments: argparse.Namespace) -> int:
    from assistant.api import Assistant

    with Assistant(arguments.index, reranker=arguments.reranker) as assistant:
        hits = assistant.retrieve(
            arguments.question,
            k=arguments.k,
            mode=arguments.mode,
            explain=arguments.explain,
            **_filters(arguments),
        )
        info = assistant.info
    if arguments.json:
        print_json(
            {
                "question": arguments.question,
                "mode": arguments.mode,
                "hits": [hit.to_dict() for hit in hits],
                "index": info.to_dict(),
            }
        )
        return 0
    show_hits(hits)
    return 0


def run_ask(arguments: argparse.Namespace) -> int:
    from assistant.api import Assistant

    with Assistant(
        arguments.index,
        reranker=arguments.reranker,
        llm_url=arguments.llm_url,
        llm_model=arguments.llm_model,
        unsupported=arguments.unsupported,
    ) as assistant:
        answer = assistant.answer(
            arguments.question,
            k=arguments.k,
            mode=arguments.mode,
            as_of=arguments.as_of,
            history=arguments.after,
            explain=arguments.explain,
            **_filters(arguments),
        )
        # Shown before it is saved: an answer whose file cannot be written is not lost.
        if arguments.json:
            print_json(answer.to_dict())
        else:
            show_answer(answer)
        if arguments.save is not None:
            assistant.save(answer, arguments.save)
    return 0


def run_eval(arguments: argparse.Namespace) -> int:
    from assistant.api import Assistant
    from assistant.evaluation import MEASURES, evaluate, read_cases

    cases = read_cases(arguments.cases)
    with (
        Assistant(arguments.index, reranker=arguments.reranker) as assistant,
        bars() as progress,
    ):
        result = evaluate(assistant, cases, mode=arguments.mode, k=arguments.k, progress=progress)
    if result.unknown:
        note(
            f"{len(result.unknown)} relevant ids are not in the index and count as misses: "
            f"{', '.join(result.unknown[:5])}"
        )
    if arguments.json:
        print_json(result.to_dict())
        return 0
    print(f"{result.questions} questions, {result.queries_per_second:.0f} queries a second")
    for name in MEASURES:
        value, interval = result.values[name], result.intervals[name]
        if value is not None and interval is not None:
            print(f"{name:16} {value:.3f}  95 % interval {interval[0]:.3f} to {interval[1]:.3f}")
    print("language  questions  " + "  ".join(f"{name:>15}" for name in MEASURES))
    for language, values in result.by_language.items():
        cells = [values[name] for name in MEASURES]
        shown = "  ".join(f"{'-' if v is None else format(v, '.3f'):>15}" for v in cells)
        print(f"{language:8}  {values['questions']:>9}  {shown}")
    return 0
