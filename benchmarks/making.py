"""What a build does for each passage, by plain functions text by text and by `assistant.making`.

    python -m benchmarks.making TRAIN [--articles 1000] [--output FILE]

TRAIN is a folder of training data, whose sentences are put together to articles of about ten
passages in 27 languages (`_recombined.py`). Both ways make the same articles in turn, a batch
each, on one thread: passages, words, romanised terms, what tantivy is told, sketches, and vectors
by sentence-transformers. The first quarter is not measured, as words were met before in all but
the first minute of a long build. Figures are milliseconds of processor time per passage, by
stage, and the ratio of the sums; what is made must be equal, vectors to 1e-6. Prints them and
writes them to `benchmarks/results/making.json`; the status is 1 where the ratio is less than 3 or
anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from assistant import making
from assistant.copies import sketch
from assistant.embedding import (
    SentenceTransformersEmbedder,
    StaticEmbedder,
    load_for_passages,
    static_part,
)
from assistant.known_terms import KnownTerms
from assistant.late import words_of
from assistant.making import MadeArticle, MadePassage, Maker
from assistant.passages import SplitSettings, embedded_text, fitting_title, split_article
from assistant.romanised import keys_of
from assistant.settings import BUNDLED
from assistant.text import joined_terms
from assistant.types import Article
from assistant.vocabulary import Vocabulary
from benchmarks._recombined import COLLECTION, write_collection

RESULT = Path(__file__).parent / "results" / "making.json"
BAR = 3.0
_PASSAGES_EACH = 10
_BATCH = 64
_WARM = 4

Vectors = npt.NDArray[np.float32]
Made = tuple[list[MadeArticle], Vectors]


class Stages:
    """Processor time by stage, of what is measured."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inner = 0.0

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Counts for a stage the time that no stage within it takes."""
        outer, self._inner = self._inner, 0.0
        clock = time.process_time()
        try:
            yield
        finally:
            taken = time.process_time() - clock
            self.seconds[name] += taken - self._inner
            self._inner = outer + taken

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def inner(*arguments: Any, **options: Any) -> Any:
            with self.of(name):
                result = function(*arguments, **options)
                return list(result) if isinstance(result, Iterator) else result

        return inner


@dataclass(frozen=True, slots=True)
class Models:
    light: StaticEmbedder
    whole: SentenceTransformersEmbedder


def by_texts(models: Models, articles: Sequence[Article], stages: Stages) -> Made:
    """The plain functions, as a build called them before there was `assistant.making`."""
    settings = SplitSettings()
    made, texts = [], []
    for article in articles:
        with stages.of("split"):
            count = models.whole.count_tokens
            title = fitting_title(article.title, count=count, settings=settings)
            passages = split_article(article, count=count, settings=settings)
            searched = [embedded_text(title, passage.text) for passage in passages]
        with stages.of("tokens"):
            tokens = models.light.word_tokens(searched)
        with stages.of("words"):
            words = list(words_of(tokens, models.light.token_vectors))
        with stages.of("keys"):
            keys = [keys_of(text) for text in searched]
        with stages.of("terms"):
            for text in searched:
                joined_terms(text)
        with stages.of("sketch"):
            of_article = sketch(article.text)
        parts = zip(passages, searched, words, keys, strict=True)
        made.append(MadeArticle(tuple(MadePassage(*one) for one in parts), of_article))
        texts += searched
    with stages.of("embed"):
        vectors = models.whole.embed_passages(texts)
    return made, vectors


def by_words(
    models: Models,
    maker: Maker,
    known: KnownTerms,
    articles: Sequence[Article],
    stages: Stages,
) -> Made:
    with ExitStack() as stack:
        for place, function, name in (
            (Vocabulary, "read", "tokens"),
            (making, "split_measured", "split"),
            (making, "sketch", "sketch"),
            (making, "words_of", "words"),
            (Vocabulary, "word_tokens", "words"),
            (Vocabulary, "keys", "keys"),
        ):
            timed = stages.timed(name, getattr(place, function))
            stack.enter_context(patch.object(place, function, timed))
        with stages.of("the rest"):
            made = maker.make(articles)
        with stages.of("terms"):
            for article in made:
                for one in article.passages:
                    known.of(one.searched_text)
    with stages.of("embed"):
        tokens = [one.words.tokens for article in made for one in article.passages]
        vectors = models.light.embed_tokens(tokens)
    return made, vectors


def same(one: Made, other: Made) -> bool:
    def values(made: Sequence[MadeArticle]) -> Iterator[Any]:
        for article in made:
            yield article.sketch.tobytes()
            for p in article.passages:
                yield p.passage, p.searched_text
                yield p.words.tokens.tobytes(), p.words.lengths.tobytes(), p.romanised.tobytes()

    return list(values(one[0])) == list(values(other[0])) and np.allclose(
        one[1], other[1], rtol=0, atol=1e-6
    )


def measure(models: Models, articles: Sequence[Article]) -> dict[str, Any]:
    maker, known = Maker(models.light, SplitSettings()), KnownTerms()
    stages = {"by_texts": Stages(), "by_words": Stages()}
    measured = Counter[str]()
    equal = True
    for start in range(0, len(articles), _BATCH):
        some = articles[start : start + _BATCH]
        if start < len(articles) // _WARM:
            maker.make(some)
            continue
        plain = by_texts(models, some, stages["by_texts"])
        fast = by_words(models, maker, known, some, stages["by_words"])
        equal = equal and same(plain, fast)
        measured["articles"] += len(some)
        measured["passages"] += sum(len(article.passages) for article in plain[0])
    results: dict[str, Any] = dict(measured)
    sums = {}
    for way, of_way in stages.items():
        each = {n: 1000 * s / measured["passages"] for n, s in of_way.seconds.items()}
        sums[way] = sum(each.values())
        results[way] = {n: round(ms, 4) for n, ms in each.items()} | {"all": round(sums[way], 4)}
    return results | {"ratio": round(sums["by_texts"] / sums["by_words"], 2), "equal": equal}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.making", description=__doc__.split("\n")[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("--articles", type=int, default=1000)
    parser.add_argument("--output", type=Path, default=RESULT)
    options = parser.parse_args(argv)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import torch

    torch.set_num_threads(1)
    light, whole = static_part(BUNDLED), load_for_passages(BUNDLED)
    assert light is not None
    assert isinstance(whole, SentenceTransformersEmbedder)
    with tempfile.TemporaryDirectory() as folder:
        write_collection(options.train, Path(folder), options.articles * _PASSAGES_EACH)
        lines = (Path(folder) / COLLECTION).read_text(encoding="utf-8").splitlines()
    articles = [Article(**json.loads(line)) for line in lines]
    results = measure(Models(light, whole), articles)
    print(json.dumps(results, indent=1))
    options.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0 if results["equal"] and results["ratio"] >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
