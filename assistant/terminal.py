"""What the command line shows of answers and hits; foreign text cannot steer the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assistant import markup

if TYPE_CHECKING:
    from assistant.answers import Answer, Sentence
    from assistant.types import Article, Hit


def note(text: str) -> None:
    from assistant.text import one_line

    # Notes name files and quote their contents, which may try to steer the terminal.
    indent = " " * (len(text) - len(text.lstrip(" ")))
    print(indent + one_line(text), file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _place(article: Article) -> str:
    from assistant.text import one_line

    parts = [article.source, article.published, article.path]
    return ", ".join(one_line(part) for part in parts if part)


def _copies(hit: Hit) -> str:
    """Where else the article ran: the outlets, or the titles, of its copies."""
    from assistant.text import one_line

    names = [one_line(article.source or article.title) for article in hit.also_in]
    more = f" and {hit.copies - len(names)} more" if hit.copies > len(names) else ""
    return f"also in {hit.copies} article{'' if hit.copies == 1 else 's'}: {', '.join(names)}{more}"


def _show_explanation(hit: Hit) -> None:
    from assistant.text import one_line

    why = hit.explanation
    if why is None:
        return
    points = ", ".join(f"{name} {points:+.2f}" for name, points in why.points)
    print(f"   why: {hit.score:.2f} points ({points})")
    if hit.reranker_score is not None:
        print(f"        reranker {hit.reranker_score:.3f}")
    if why.terms:
        print(f"        same words: {one_line(', '.join(why.terms))}")
    for match in why.words:
        words = f"{one_line(match.question)} ~ {one_line(match.passage)}"
        print(f"        by {match.kind}: {words} ({match.similarity:.2f})")
    print(f"        nearest sentence: {one_line(hit.article.text[why.start : why.end])}")


def show_hits(hits: Sequence[Hit]) -> None:
    from assistant.text import one_line

    for hit in hits:
        print(f"{hit.rank}. [{hit.article.language}] {one_line(hit.article.title)}")
        ranks = (
            f"dense {hit.dense_rank or '-'}, lexical {hit.lexical_rank or '-'}, "
            f"romanised {hit.romanised_rank or '-'}"
        )
        print(f"   {_place(hit.article)} ({ranks})")
        if hit.copies:
            print(f"   {_copies(hit)}")
        print(f"   {one_line(hit.passage.text)}")
        _show_explanation(hit)
    if not hits:
        note("no passage was found")


def _show_refusal(answer: Answer) -> None:
    from assistant.text import one_line

    print(answer.text)
    searched = answer.searched
    languages = ", ".join(tag for tag, _ in searched.languages)
    days = f", of {searched.first_day} to {searched.last_day}" if searched.first_day else ""
    note(f"searched {searched.articles} articles in {languages or 'no language'}{days}; nearest:")
    nearest = {hit.article.id: hit.article for hit in answer.hits}
    for article in list(nearest.values())[:3]:
        note(f"  [{article.language}] {one_line(article.title)}")


def _line(answer: Answer, sentence: Sentence) -> str:
    """A sentence with its numbers, with its language where that is not the question's."""
    from assistant.text import one_line

    numbers = "".join(f"[{number}]" for number in sentence.citations)
    foreign = ", ".join(answer.foreign(sentence))
    line = " ".join(filter(None, [one_line(sentence.text), numbers, foreign and f"({foreign})"]))
    if sentence.state == "verbatim":
        return line
    missing = f": {', '.join(map(one_line, sentence.missing))}" if sentence.missing else ""
    return f"{line} <{sentence.state}{missing}>"


def show_answer(answer: Answer) -> None:
    """The answer and its sources on stdout; what came nearest, where there is none, on stderr."""
    from assistant.text import one_line

    if answer.completed is not None:
        note(f"understood as: {one_line(answer.completed)}")
    if answer.period is not None:
        days = " to ".join(filter(None, [answer.period.since, answer.period.until]))
        note(f"articles of {days} come first (as of {answer.as_of})")
    if answer.note is not None:
        note(one_line(answer.note))
    if not answer.found:
        _show_refusal(answer)
        return
    if answer.weak:
        note(markup.WEAK)
    for sentence in answer.sentences:
        print(_line(answer, sentence))
    numbers = [citation.number for citation in answer.citations]
    for update in answer.updates:
        was, now = one_line(update.was), one_line(update.now)
        print(f"newer: {now} [{numbers[update.newer]}], before: {was} [{numbers[update.older]}]")
    print()
    hits = {hit.passage.id: hit for hit in answer.hits}
    numbered = {citation.number: hits[citation.passage.id] for citation in answer.citations}
    for number, hit in sorted(numbered.items()):
        title = one_line(hit.article.title)
        print(f"[{number}] [{hit.article.language}] {title} ({_place(hit.article)})")
        if hit.copies:
            print(f"   {_copies(hit)}")
        _show_explanation(hit)
