"""Settings: defaults, overridden by environment variables, overridden by arguments."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import get_args

from assistant.answers import Unsupported
from assistant.errors import QuestionError, SettingsError
from assistant.types import Filters, Mode

BUNDLED = "bundled"
"""The name of the model that the package ships."""

SAME_LANGUAGE = "same"
"""In place of a language: that of the question."""

ALL_LANGUAGES = "all"

MODES: tuple[str, ...] = get_args(Mode)
MAX_K = 100
MAX_QUESTION_CHARACTERS = 2_000
MAX_HISTORY = 20
DEFAULT_K = 8


_REMOTE = ("milvus:", "milvus+tls:")


def remote_address(
    index: str | Path | None, *, environment: Mapping[str, str] | None = None
) -> str | None:
    """The address of an index on a server, where `index`, or `ASSISTANT_INDEX`, is one."""
    if index is None:
        index = (os.environ if environment is None else environment).get("ASSISTANT_INDEX")
    return str(index) if index is not None and str(index).startswith(_REMOTE) else None


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are. Relative paths are relative to the working directory."""

    articles: Path = Path("seeds")
    index: Path = Path("index")
    model: str = BUNDLED

    @classmethod
    def resolve(
        cls,
        *,
        articles: str | Path | None = None,
        index: str | Path | None = None,
        model: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Settings:
        """Arguments win over `ASSISTANT_ARTICLES`, `ASSISTANT_INDEX` and `ASSISTANT_MODEL`.

        Raises SettingsError where one of them is empty, or where the index is on a server.
        """
        environment = os.environ if environment is None else environment
        if remote_address(index, environment=environment) is not None:
            raise SettingsError(
                "this works on an index in a folder; an index on a server can be built, searched, "
                "asked, evaluated, rolled back and served as a chat"
            )
        values = {"articles": articles, "index": index, "model": model}
        chosen: dict[str, str] = {}
        for name, default in (("articles", "seeds"), ("index", "index"), ("model", BUNDLED)):
            value = values[name]
            if value is None:
                value = environment.get(f"ASSISTANT_{name.upper()}", default)
            if not str(value).strip():
                raise SettingsError(f"the setting '{name}' is empty; give a value or leave it out")
            chosen[name] = str(value)
        return cls(Path(chosen["articles"]), Path(chosen["index"]), chosen["model"])


def check_question(question: str) -> str:
    """The question without outer white space. Raises QuestionError if empty or too long."""
    if not isinstance(question, str):
        raise QuestionError("a question must be text")
    stripped = question.strip()
    if not stripped:
        raise QuestionError("the question is empty; type a question")
    if len(stripped) > MAX_QUESTION_CHARACTERS:
        raise QuestionError(
            f"the question has {len(stripped)} characters; "
            f"shorten it to {MAX_QUESTION_CHARACTERS} at most"
        )
    # Lone surrogates, which JSON and command lines can carry, cannot be encoded.
    return stripped.encode("utf-8", "replace").decode("utf-8")


def check_history(history: object) -> tuple[str, ...]:
    """The questions before, the last MAX_HISTORY of them. Raises QuestionError for others."""
    if isinstance(history, str) or not isinstance(history, Sequence):
        raise QuestionError("the history must be a list of the questions before, oldest first")
    return tuple(check_question(question) for question in history[-MAX_HISTORY:])


def check_unsupported(unsupported: str) -> Unsupported:
    """Raises SettingsError unless it is "mark" or "drop"."""
    for known in get_args(Unsupported):
        if unsupported == known:
            return known  # type: ignore[no-any-return]
    raise SettingsError(f"unsupported must be 'mark' or 'drop', not {unsupported!r}")


def _from_one(name: str, value: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_K:
        raise SettingsError(f"{name} must be a whole number from 1 to {MAX_K}, not {value!r}")
    return value


def check_k(k: int) -> int:
    """Raises SettingsError unless `k` is a whole number from 1 to MAX_K."""
    return _from_one("k", k)


def check_limit(limit: int) -> int:
    """Raises SettingsError unless `limit` is a whole number from 1 to MAX_K."""
    return _from_one("limit", limit)


def check_mode(mode: str) -> Mode:
    """Raises SettingsError unless `mode` is one of MODES."""
    for known in get_args(Mode):
        if mode == known:
            return known  # type: ignore[no-any-return]
    raise SettingsError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")


def check_day(name: str, value: str | date | None) -> str | None:
    """A day as `YYYY-MM-DD`, None for None. Raises SettingsError for what is not a day."""
    if value is None:
        return None
    try:
        # A datetime is a date too; its day is what counts.
        if isinstance(value, str):
            value = date.fromisoformat(value) if len(value) <= 10 else datetime.fromisoformat(value)
        return value.isoformat()[:10]
    except (ValueError, AttributeError):
        raise SettingsError(f"{name} must be a day such as 2023-11-12, not {value!r}") from None


def _names(name: str, values: object) -> tuple[str, ...] | None:
    if values is None:
        return None
    chosen = [values] if isinstance(values, str) else values
    try:
        names = tuple(dict.fromkeys(chosen))  # type: ignore[call-overload]
    except TypeError:
        raise SettingsError(f"{name} must be a list of names, not {values!r}") from None
    if not names or not all(isinstance(n, str) and n for n in names):
        raise SettingsError(f"{name} must be a list of at least one name, not {values!r}")
    return names


def check_language(prefer_language: object) -> tuple[str, ...] | None:
    """The language to be preferred, if any. Raises SettingsError unless it is one tag."""
    if prefer_language is None:
        return None
    if not isinstance(prefer_language, str) or not prefer_language.strip():
        raise SettingsError(
            f"prefer_language must be a language such as 'fr', or 'same', not {prefer_language!r}"
        )
    return (prefer_language.strip(),)


def check_filters(
    *,
    languages: object = None,
    sources: object = None,
    since: str | date | None = None,
    until: str | date | None = None,
) -> Filters:
    """Filters in their canonical form; a single name stands for a list of one.

    `"all"` languages are no filter; `"same"` is left for the question to say.

    Raises SettingsError for a list that is empty, a day that does not parse, or a range
    that ends before it begins.
    """
    first, last = check_day("since", since), check_day("until", until)
    if first is not None and last is not None and first > last:
        raise SettingsError(f"since ({first}) is after until ({last}); swap them")
    tags = _names("languages", languages)
    if tags == (ALL_LANGUAGES,):
        tags = None
    elif tags is not None and ALL_LANGUAGES in tags:
        raise SettingsError(f"languages must be 'all' or a list of others, not {languages!r}")
    return Filters(tags, _names("sources", sources), first, last)
