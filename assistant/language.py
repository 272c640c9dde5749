"""Which language a text or a question is in.

Texts are classified by py3langid, which takes a second to load and is imported where a language
is first asked for. A question seldom needs it: its script or its question words tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import regex

from assistant.little_words import CYRILLIC, LITTLE_WORDS
from assistant.question_words import QUESTION_WORDS
from assistant.references import REFERRING_WORDS
from assistant.types import UNDETERMINED, primary_language

_LONGEST = 3_000
_SURE = 0.95


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def load_identifier() -> None:
    """Loads what tells languages, which else happens when a language is first asked for."""
    _identifier()


def _says_something(text: str) -> bool:
    return sum(c.isalpha() for c in text) >= 3


def detect_language(text: str) -> str:
    """The likeliest language of `text` as a BCP 47 tag, `"und"` where there are no letters."""
    sample = text[:_LONGEST]
    if not _says_something(sample):
        return UNDETERMINED
    language, _ = _identifier().classify(sample)
    return str(language)


def question_languages(question: str, among: Sequence[str]) -> tuple[str, ...]:
    """The tags `among` a collection's that are of the question's language (`zh`, `zh-Hant`).

    Where there is none, the likeliest tag, `"und"` where there are no letters. A question is
    short, and near languages are easily taken for each other: of the collection's languages
    the likeliest is preferred, unless the question is surely in another one.
    """
    if not _says_something(question):
        return (UNDETERMINED,)
    ranked = [
        (primary_language(tag), share) for tag, share in _identifier().rank(question[:_LONGEST])
    ]
    language, share = ranked[0]
    known = {primary_language(tag) for tag in among}
    if language not in known and share < _SURE:
        language = next((tag for tag, _ in ranked if tag in known), language)
    return tuple(tag for tag in among if primary_language(tag) == language) or (str(language),)


_SCRIPTS: dict[str, regex.Pattern[str]] = {
    "ja": regex.compile(r"[\p{Hiragana}\p{Katakana}]"),
    "zh": regex.compile(r"\p{Han}"),
    "ko": regex.compile(r"\p{Hangul}"),
    "th": regex.compile(r"\p{Thai}"),
    "hi": regex.compile(r"\p{Devanagari}"),
    "bn": regex.compile(r"\p{Bengali}"),
    "he": regex.compile(r"\p{Hebrew}"),
    "el": regex.compile(r"\p{Greek}"),
    "ar": regex.compile(r"\p{Arabic}"),
    "latin": regex.compile(r"\p{Latin}"),
    "cyrillic": regex.compile(r"\p{Cyrillic}"),
}
_PERSIAN, _URDU = regex.compile("[پچژگ]"), regex.compile("[ٹڈڑے]")
_WORD = regex.compile(r"[\p{L}\p{M}]+")
_SAYS_ENOUGH = 2


@cache
def _words(script: str) -> dict[str, frozenset[str]]:
    """The little words of the languages of a script, those that ask and refer back with them."""
    words: dict[str, frozenset[str]] = {}
    for language, little in LITTLE_WORDS.items():
        if (language in CYRILLIC) == (script == "cyrillic"):
            asking = "|".join(QUESTION_WORDS.get(language, ())).replace("*", "")
            more = f"{asking}|{REFERRING_WORDS.get(language, '')}"
            words[language] = little | frozenset(_WORD.findall(more))
    return words


def _told_by_words(question: str) -> str | None:
    """The language whose script or little words the question has; None where that is not sure."""
    # Scripts have digits of their own, which many languages share.
    written = "".join(filter(str.isalpha, question))
    letters = {name: len(pattern.findall(written)) for name, pattern in _SCRIPTS.items()}
    script = max(letters, key=lambda name: letters[name])
    if not letters[script]:
        return None
    if letters["ja"] and script in ("ja", "zh"):
        return "ja"
    if script == "ar":
        # Urdu has Persian's letters too.
        return "ur" if _URDU.search(question) else "fa" if _PERSIAN.search(question) else "ar"
    if script not in ("latin", "cyrillic"):
        return script
    said = _WORD.findall(question.lower())
    counts = Counter(
        {name: sum(w in known for w in said) for name, known in _words(script).items()}
    )
    (best, most), (_, next_most) = counts.most_common(2)
    return best if most >= _SAYS_ENOUGH and most > next_most else None


def question_language(question: str) -> str:
    """The likeliest language of a question as a BCP 47 tag, `"und"` where there are no letters."""
    question = question[:_LONGEST]
    return _told_by_words(question) or detect_language(question)
