"""What the product shows for questions with known answers, and what plainer ways would show."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from assistant.answering import calibration
from assistant.answers import Answer
from assistant.api import Assistant
from assistant.evaluation import contains_answer
from assistant.index import Index
from assistant.language import question_language
from assistant.selecting import candidates, features
from assistant.text import sentence_spans
from assistant.types import Hit
from benchmarks._dev_sets import Case, DevSet
from benchmarks._product import SEED, Beside, Bm25Words, Text, Values, drawn
from benchmarks.calibration import PASSAGES_IN_ARTICLE

MODE: Literal["hybrid"] = "hybrid"
SHOWN = 3
"""How many sentences of an answer are read."""

Kind = Literal["same", "cross"]
Best = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in `language` over passages in `over`, whose case has the answers."""

    kind: Kind
    language: str
    over: str
    case: Case
    group: int

    @property
    def pair(self) -> str:
        return f"{self.language} to {self.over}"

    @property
    def held(self) -> bool:
        """Whether the confidence was fitted without the question's article."""
        return self.group % 2 == 1


@dataclass(frozen=True, slots=True)
class Seen:
    """What a question brought: measures by name, and how sure the product was."""

    asked: Asked
    values: Values
    confidence: float


class Citations:
    """Counts the citations of answers, and those that are not what their article says."""

    def __init__(self, seen: int = 0, not_verbatim: int = 0) -> None:
        self.seen = seen
        self.not_verbatim = not_verbatim

    def add(self, answer: Answer) -> None:
        self.seen += len(answer.citations)
        self.not_verbatim += sum(
            c.article.text[c.start : c.end] != c.quote for c in answer.citations
        )

    def to_dict(self) -> dict[str, int]:
        return {"seen": self.seen, "not_verbatim": self.not_verbatim}


def groups_of(passages: DevSet) -> dict[str, int]:
    """The number of the article that each passage is of, by id."""
    return {identity: row // PASSAGES_IN_ARTICLE for row, identity in enumerate(passages.ids)}


def questions_over(sets: Mapping[str, DevSet], over: str, kind: Kind, count: int) -> list[Asked]:
    """`count` questions over the passages in `over`: in the same language, or in each other one.

    In the same language they have the same ids everywhere. Of the others, each language of
    passages, and each language of questions, meets the same ids, every pair another part of
    them.
    """
    groups = groups_of(sets[over])

    def asked(language: str, case: Case) -> Asked:
        return Asked(kind, language, over, case, groups[case.relevant[0]])

    if kind == "same":
        return [asked(over, case) for case in drawn(sets[over].cases, count)]
    own = {case.id: case for case in sets[over].cases}
    identities = random.Random(SEED).sample(sorted(own), len(own))
    languages = sorted(sets)
    place = languages.index(over)
    found = []
    for step, language in enumerate([*languages[place + 1 :], *languages[:place]]):
        in_language = {case.id: case.question for case in sets[language].cases}
        for number in range(step * count, step * count + min(count, len(identities))):
            case = own[identities[number % len(identities)]]
            found.append(asked(language, replace(case, question=in_language[case.id])))
    return found


def _any(sentences: Sequence[str], answers: Sequence[str]) -> float:
    return float(any(contains_answer(sentence, answers) for sentence in sentences))


def ordered(index: Index, question: str, hits: Sequence[Hit]) -> list[str]:
    """The sentences of the first hits, best first, as they are ordered for an answer."""
    sentences = candidates(hits)
    if not sentences:
        return []
    weights = np.array(calibration(index, MODE).sentence, np.float32)
    language = question_language(question)
    scores = features(index, question, sentences, language=language, mode=MODE) @ weights
    return [sentences[i].quote for i in np.argsort(-scores, kind="stable").tolist()]


def bm25_first(texts: Sequence[Text]) -> Best:
    """The first sentence of the best passage by BM25 over words; empty where there is none."""
    ranking = Bm25Words(texts)
    by_id = {text.id: text for text in texts}

    def best(question: str) -> str:
        found = ranking.search(question)
        if not found:
            return ""
        text = by_id[found[0]]
        spans = sentence_spans(text.text, text.language)
        return text.text[slice(*spans[0])] if spans else ""

    return best


def beside_best(model: Beside, texts: Sequence[Text]) -> Best:
    """The sentence of all passages that another model brings nearest to the question."""
    said = [
        text.text[start:end]
        for text in texts
        for start, end in sentence_spans(text.text, text.language)
    ]
    numbered = [Text(f"{row:09}", "", sentence) for row, sentence in enumerate(said)]
    search = model.over(numbered)
    return lambda question: said[int(search(question)[0])]


class Asking:
    """Asks an index, and counts the citations of all answers."""

    def __init__(self, folder: Path, citations: Citations) -> None:
        self._assistant = Assistant(folder)
        self._index = Index.open(folder)
        self._citations = citations

    @property
    def threshold(self) -> float:
        """The confidence from which on a question is answered."""
        return calibration(self._index, MODE).threshold

    def answer(self, question: str) -> Answer:
        answer = self._assistant.answer(question, mode=MODE)
        self._citations.add(answer)
        return answer

    def see(self, asked: Asked, plain: Mapping[str, Best]) -> Seen:
        """What the product shows for a question, and what each of the plain ways would."""
        question, answers = asked.case.question, asked.case.answers
        answer = self.answer(question)
        shown = [sentence.text for sentence in answer.sentences]
        order = ordered(self._index, question, answer.hits)
        values = {
            "answered": float(answer.found),
            "shown": _any(shown[:SHOWN], answers),
            "shown@1": _any(shown[:1], answers),
            "never_refused": _any(order[:SHOWN], answers),
            "never_refused@1": _any(order[:1], answers),
            **{way: _any([best(question)], answers) for way, best in plain.items()},
        }
        return Seen(asked, values, answer.confidence)

    def close(self) -> None:
        self._assistant.close()
        self._index.close()

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
