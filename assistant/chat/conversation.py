"""The turns of one chat. They live on the server, so a client cannot forge what was said."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.answers import Answer
from assistant.chat.backend import Backend
from assistant.errors import AssistantError
from assistant.settings import DEFAULT_K, check_question

MAX_TURNS = 20
"""How many turns a chat keeps; the oldest are forgotten first."""

UNEXPECTED = "Something went wrong here; the server's log says what. Please try again."

STOPPED = "stopped"
"""The error of a turn that the reader stopped before there was anything to show."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the reader chose beside the question."""

    k: int = DEFAULT_K
    mode: str = "hybrid"
    languages: tuple[str, ...] | None = None
    prefer_language: str | None = None
    sources: tuple[str, ...] | None = None
    since: str | None = None
    until: str | None = None
    as_of: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and what came of it.

    While both `answer` and `error` are None, it waits; while it is `growing`, a language model
    still writes the answer. `liked` is what the reader thinks of the answer. A turn that is
    `replaced` gives its place to the next question.
    """

    number: int
    question: str
    choices: Choices = Choices()
    answer: Answer | None = None
    error: str | None = None
    seconds: float = 0.0
    growing: bool = False
    liked: bool | None = None
    replaced: bool = False

    @property
    def waiting(self) -> bool:
        return self.answer is None and self.error is None


def ask(
    backend: Backend, turns: tuple[Turn, ...], question: str, choices: Choices
) -> Iterator[tuple[Turn, ...]]:
    """The chat with the question added, then with its answer as it grows. Raises nothing.

    A blank question changes nothing. Errors become the turn's message; the unexpected ones
    are logged and their message says nothing about the inside of the server.
    """
    if not question.strip():
        yield turns
        return
    if turns and turns[-1].replaced:
        turns = turns[:-1]
    number = turns[-1].number + 1 if turns else 1
    kept = turns[-(MAX_TURNS - 1) :]
    turn = Turn(number, question, choices)
    yield (*kept, turn)
    began = time.perf_counter()
    try:
        turn = replace(turn, question=check_question(question))
        for answer in backend.stream(
            turn.question,
            k=choices.k,
            mode=choices.mode,
            languages=choices.languages,
            prefer_language=choices.prefer_language,
            sources=choices.sources,
            since=choices.since,
            until=choices.until,
            as_of=choices.as_of,
            history=understood(turns),
            explain=True,
        ):
            taken = time.perf_counter() - began
            # Only a language model's answer grows; one of quotes comes whole.
            growing = answer.written_by is not None
            turn = replace(turn, answer=answer, seconds=taken, growing=growing)
            yield (*kept, turn)
        if not turn.growing:
            return
        turn = replace(turn, growing=False)
    except AssistantError as error:
        turn = replace(turn, answer=None, error=str(error), growing=False)
    except Exception:
        _log.exception("a question could not be answered")
        turn = replace(turn, answer=None, error=UNEXPECTED, growing=False)
    yield (*kept, turn)


def ask_again(
    backend: Backend, turns: tuple[Turn, ...], choices: Choices
) -> Iterator[tuple[Turn, ...]]:
    """The chat with its last question asked anew, in place of the answer that it had."""
    if turns:
        last = replace(turns[-1], replaced=True)
        yield from ask(backend, (*turns[:-1], last), last.question, choices)
    else:
        yield turns


def stopped(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The chat once nothing more comes of its last question."""
    if not turns:
        return turns
    last = turns[-1]
    if last.waiting:
        last = replace(last, error=STOPPED)
    return (*turns[:-1], replace(last, growing=False))


def to_be_replaced(turns: tuple[Turn, ...], *, replaced: bool) -> tuple[Turn, ...]:
    """The chat whose last turn gives its place to the next question, or keeps it."""
    return (*turns[:-1], replace(turns[-1], replaced=replaced)) if turns else turns


def judged(
    turns: tuple[Turn, ...], number: int, liked: bool
) -> tuple[tuple[Turn, ...], Turn | None]:
    """The chat with the reader's word on the answer of a turn, and that turn.

    The same word again takes it back. None where no turn of that number has an answer.
    """
    for place, turn in enumerate(turns):
        if turn.number == number and turn.answer is not None:
            turn = replace(turn, liked=None if turn.liked is liked else liked)
            return (*turns[:place], turn, *turns[place + 1 :]), turn
    return turns, None


def understood(turns: Sequence[Turn]) -> tuple[str, ...]:
    """The questions that were answered, oldest first, as they were understood."""
    answers = [turn.answer for turn in turns if turn.answer is not None]
    return tuple(answer.completed or answer.question for answer in answers)
