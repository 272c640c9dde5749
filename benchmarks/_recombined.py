"""A large collection made of the sentences of training data, and questions drawn from it.

An article has 8 to 12 passages in one language, made of short runs of sentences that follow
each other in their source, a headline, an outlet and a day. So lengths and frequencies of
words are those of real text; what an article is about is not. Manuals are left out. The same
data and numbers give the same text.
"""

from __future__ import annotations

import json
import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from assistant.embedding import static_part
from assistant.settings import BUNDLED
from assistant.text import is_spaceless, sentence_spans
from training.corpus import TECHNICAL, read_groups

SEED = 1
COLLECTION = "collection.jsonl"
QUESTIONS = "questions.jsonl"

_WRITTEN = Path(__file__).parent / "questions"
_ROWS = 20_000
_SENTENCE_BYTES = range(40, 1_500)
_OUTLETS = 50
_FIRST_DAY = date(2023, 1, 1)
_DAYS = 700
_PASSAGES = (8, 12)
_PASSAGE_TOKENS = 108
_RUN = 3
_PARAGRAPH = 5
_WORDS = (8, 12)
_ASKED = 1_000
"""The most articles that questions are drawn about."""

Pool = dict[str, str | None]
"""The sentences of a language, and what each is in English where that is known."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question; `article` is the id of the one that it was drawn from."""

    kind: str
    text: str
    article: str | None = None


def read_pools(train: Path) -> dict[str, Pool]:
    """The sentences of each language, in the order of their sources."""
    pools: dict[str, Pool] = defaultdict(dict)

    def add(language: str, text: str, english: str | None) -> None:
        # A byte says about as much in every script; characters do not.
        if len(text.encode()) in _SENTENCE_BYTES and "\n" not in text:
            pools[language].setdefault(text, english)

    for group in read_groups(train, max_rows=_ROWS, min_rows=1):
        if group.kind == "lexicon" or group.source.startswith(TECHNICAL):
            continue
        for first, second in group.pairs:
            if group.kind == "parallel":
                add("en", first, first)
                add(group.language, second, first)
            else:
                for start, end in sentence_spans(second, group.language):
                    add(group.language, second[start:end], None)
    return dict(pools)


def cut(text: str, words: int) -> str:
    """The first words of a text; in scripts without spaces, two characters for each."""
    return text[: 2 * words] if is_spaceless(text) else " ".join(text.split()[:words])


class Writer:
    """Makes articles out of the pools, and questions about them."""

    def __init__(self, pools: Mapping[str, Pool]) -> None:
        self._chance = random.Random(SEED)
        self._pools = pools
        self._languages = sorted(pools)
        self._texts = {language: list(pool) for language, pool in pools.items()}
        # Between an equal share for each language and what happens to be there.
        self._weights = [math.sqrt(len(pools[language])) for language in self._languages]
        self._versions: dict[str, dict[str, str]] = defaultdict(dict)
        for language in self._languages:
            for text, english in pools[language].items():
                if english is not None:
                    self._versions[english].setdefault(language, text)
        self._bytes_per_token = self._measured()

    def _measured(self) -> dict[str, float]:
        model = static_part(BUNDLED)
        assert model is not None
        measured = {}
        for language in self._languages:
            texts = self._texts[language]
            some = self._chance.sample(texts, min(len(texts), 300))
            measured[language] = len("".join(some).encode()) / sum(model.count_tokens(some))
        return measured

    def article(self, number: int) -> tuple[dict[str, str], list[str]]:
        """An article as a line of JSON has it, and its sentences."""
        chance = self._chance
        (language,) = chance.choices(self._languages, self._weights)
        texts = self._texts[language]
        room = chance.randint(*_PASSAGES) * _PASSAGE_TOKENS * self._bytes_per_token[language]
        sentences: list[str] = []
        while room > 0:
            start = chance.randrange(len(texts))
            run = texts[start : start + _RUN]
            sentences += run
            room -= len("".join(run).encode())
        gap = "" if language in ("ja", "zh", "zh-Hant") else " "
        starts = range(0, len(sentences), _PARAGRAPH)
        article = {
            "id": f"a{number}",
            "title": cut(sentences[len(sentences) // 2], _WORDS[1]),
            "language": language,
            "published": (_FIRST_DAY + timedelta(days=chance.randrange(_DAYS))).isoformat(),
            "source": f"Outlet {number % _OUTLETS}",
            "text": "\n\n".join(gap.join(sentences[i : i + _PARAGRAPH]) for i in starts),
        }
        return article, sentences

    def questions(self, article: Mapping[str, str], sentences: Sequence[str]) -> list[Question]:
        """One in the article's language, and one in another where a sentence is known in one."""
        chance, language = self._chance, article["language"]
        words = chance.randint(*_WORDS)
        own = chance.choice([article["title"], *sentences])
        drawn = [Question("same", cut(own, words), article["id"])]
        others = [
            version
            for sentence in sentences
            if (english := self._pools[language][sentence]) is not None
            for other, version in self._versions[english].items()
            if other != language
        ]
        if others:
            drawn.append(Question("other", cut(chance.choice(others), words), article["id"]))
        return drawn


def write_collection(train: Path, folder: Path, passages: int) -> tuple[int, int]:
    """Writes about `passages` passages and questions; returns how many articles and languages."""
    pools = read_pools(train)
    writer = Writer(pools)
    count = max(1, round(passages / (sum(_PASSAGES) / 2)))
    asked = set(random.Random(SEED).sample(range(count), min(count, _ASKED)))
    drawn: list[Question] = []
    with (folder / COLLECTION).open("w", encoding="utf-8") as file:
        for number in range(count):
            article, sentences = writer.article(number)
            file.write(json.dumps(article, ensure_ascii=False) + "\n")
            if number in asked:
                drawn += writer.questions(article, sentences)
    with (folder / QUESTIONS).open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(q), ensure_ascii=False) + "\n" for q in drawn)
    return count, len(pools)


def read_questions(folder: Path, count: int) -> list[Question]:
    """The questions of `benchmarks/questions/`, and `count` of those drawn, half of each kind."""
    written = [
        Question("written", json.loads(line)["question"])
        for path in sorted(_WRITTEN.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    lines = (folder / QUESTIONS).read_text(encoding="utf-8").splitlines()
    drawn = [Question(**json.loads(line)) for line in lines]
    for kind in ("same", "other"):
        written += [question for question in drawn if question.kind == kind][: count // 2]
    return written
