"""How well the days that a question names are found, and what dateparser alone finds.

`python -m benchmarks.times` reads benchmarks/time_expressions.jsonl, whose questions were written
for this project, and prints JSON: for both halves, the one that the tables of words were tuned on
and the one held out ("held"), the share of questions whose period is right to the day, of those
that name no days the share that was left alone, and of those that name some the share found. Four
ways are compared: the assistant told the question's language; the assistant left to detect it;
dateparser shown only the words that the assistant found, the day that it reads widened to the month
or year that it says it is; and dateparser.search.search_dates shown the whole question.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock
from pathlib import Path

from assistant.times import period_of
from assistant.times.calendar import around
from assistant.times.words import Unit

QUESTIONS = Path(__file__).parent / "time_expressions.jsonl"
_ROUNDS = 20
_UNITS: dict[str, Unit] = {"week": "week", "month": "month", "year": "year"}
_IMPORT = "import time; s = time.perf_counter(); import {0}; print(time.perf_counter() - s)"

Days = tuple[str | None, str | None]
Way = Callable[["Expression"], Days]


@dataclass(frozen=True, slots=True)
class Expression:
    """A question, and the days that it names on `as_of`: both None where it names none."""

    question: str
    language: str
    as_of: date
    days: Days
    held: bool


def read_expressions(path: Path = QUESTIONS) -> list[Expression]:
    """The committed questions."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Expression(
            row["question"],
            row["language"],
            date.fromisoformat(row["as_of"]),
            (row["since"], row["until"]),
            row["held"],
        )
        for row in rows
    ]


def told(asked: Expression) -> Days:
    """The assistant's days, told the language."""
    period = period_of(asked.question, as_of=asked.as_of, languages=[asked.language])
    return (None, None) if period is None else (period.since, period.until)


def detected(asked: Expression) -> Days:
    """The assistant's days, not told the language."""
    period = period_of(asked.question, as_of=asked.as_of)
    return (None, None) if period is None else (period.since, period.until)


def resolved(asked: Expression) -> Days:
    """What dateparser reads in the words that the assistant found."""
    from dateparser.date import DateDataParser

    period = period_of(asked.question, as_of=asked.as_of, languages=[asked.language])
    if period is None:
        return None, None
    parser = DateDataParser(languages=[asked.language.split("-")[0]], settings=_settings(asked))
    read = parser.get_date_data(asked.question[period.start : period.end])
    if read.date_obj is None:
        return None, None
    first, last = around(read.date_obj.date(), _UNITS.get(read.period, "day"))
    return first.isoformat(), last.isoformat()


def _settings(asked: Expression) -> dict[str, object]:
    return {
        "RELATIVE_BASE": datetime.combine(asked.as_of, clock()),
        "PREFER_DATES_FROM": "past",
    }


def searched(asked: Expression) -> Days:
    """The day that dateparser's own search finds first."""
    from dateparser.search import search_dates

    found = search_dates(
        asked.question,
        languages=[asked.language.split("-")[0]],
        settings=_settings(asked),
    )
    if not found:
        return None, None
    day = found[0][1].date().isoformat()
    return day, day


def shares(asked: Sequence[Expression], way: Way) -> dict[str, float | int]:
    """The shares of questions that `way` reads rightly: all, those without days, those with."""
    right = [(expression, way(expression) == expression.days) for expression in asked]
    none = [ok for expression, ok in right if expression.days == (None, None)]
    some = [ok for expression, ok in right if expression.days != (None, None)]
    figures: dict[str, float | int] = {"questions": len(right)}
    for name, part in (("right", none + some), ("left alone", none), ("found", some)):
        if part:
            figures[name] = round(sum(part) / len(part), 3)
    return figures


def by_language(asked: Sequence[Expression], way: Way) -> dict[str, str]:
    """For each language how many questions are read rightly, of how many."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for expression in asked:
        groups[expression.language].append(way(expression) == expression.days)
    return {tag: f"{sum(right)} of {len(right)}" for tag, right in sorted(groups.items())}


def milliseconds(asked: Sequence[Expression], way: Way) -> float:
    """What one question takes in the mean, once everything is loaded."""
    for expression in asked:
        way(expression)
    started = time.perf_counter()
    for _ in range(_ROUNDS):
        for expression in asked:
            way(expression)
    return round((time.perf_counter() - started) / _ROUNDS / len(asked) * 1000, 2)


def seconds_to_import(module: str) -> float:
    """What a fresh process takes to import a module, the least of three times."""
    runs = [
        subprocess.run(
            [sys.executable, "-c", _IMPORT.format(module)],
            check=True,
            capture_output=True,
            text=True,
        )
        for _ in range(3)
    ]
    return round(min(float(run.stdout) for run in runs), 3)


def main() -> None:
    everything = read_expressions()
    halves = {
        "tuned on": [expression for expression in everything if not expression.held],
        "held out": [expression for expression in everything if expression.held],
    }
    ways: dict[str, Way] = {
        "assistant, told the language": told,
        "assistant, detecting the language": detected,
        "dateparser on the words found": resolved,
        "dateparser.search.search_dates, told the language": searched,
    }
    result: dict[str, object] = {}
    for name, way in ways.items():
        result[name] = {
            half: {**shares(asked, way), "by language": by_language(asked, way)}
            for half, asked in halves.items()
        }
    result["milliseconds a question"] = milliseconds(halves["tuned on"], told)
    result["seconds to import"] = {
        module: seconds_to_import(module)
        for module in ("assistant.times", "dateparser", "dateparser.search")
    }
    json.dump(result, sys.stdout, ensure_ascii=False, indent=1)
    print()


if __name__ == "__main__":
    main()
