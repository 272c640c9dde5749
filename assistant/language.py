"""Which language a text is in, by py3langid; imported where a language is first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from assistant.types import UNDETERMINED

_LONGEST = 3_000
_SURE = 0.95
_ONE_LANGUAGE = {"nb": "no", "nn": "no"}


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _says_something(text: str) -> bool:
    return sum(c.isalpha() for c in text) >= 3


def detect_language(text: str) -> str:
    """The likeliest language of `text` as a BCP 47 tag, `"und"` where there are no letters."""
    sample = text[:_LONGEST]
    if not _says_something(sample):
        return UNDETERMINED
    language, _ = _identifier().classify(sample)
    return str(language)


def _primary(tag: str) -> str:
    primary = tag.split("-")[0].lower()
    return _ONE_LANGUAGE.get(primary, primary)


def question_languages(question: str, among: Sequence[str]) -> tuple[str, ...]:
    """The tags `among` a collection's that are of the question's language (`zh`, `zh-Hant`).

    Where there is none, the likeliest tag, `"und"` where there are no letters. A question is
    short, and near languages are easily taken for each other: of the collection's languages
    the likeliest is preferred, unless the question is surely in another one.
    """
    if not _says_something(question):
        return (UNDETERMINED,)
    ranked = [(_primary(tag), share) for tag, share in _identifier().rank(question[:_LONGEST])]
    language, share = ranked[0]
    known = {_primary(tag) for tag in among}
    if language not in known and share < _SURE:
        language = next((tag for tag, _ in ranked if tag in known), language)
    return tuple(tag for tag in among if _primary(tag) == language) or (str(language),)
