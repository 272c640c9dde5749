"""Recall@1 of dense retrieval on aligned question sets: what the export gate looks at."""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file
from tokenizers import Tokenizer

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PassageSet:
    """Passages and questions in one language; ids agree between the languages of a set."""

    passages: dict[str, str]
    questions: dict[str, str]
    relevant: dict[str, str]


@dataclass(frozen=True, slots=True)
class Embedded:
    passage_ids: list[str]
    passages: Array  # [p, d]
    question_ids: list[str]
    questions: Array  # [q, d]
    relevant: dict[str, str]


def read_passage_set(folder: Path, language: str) -> PassageSet:
    def rows(kind: str) -> list[dict[str, object]]:
        with gzip.open(folder / f"{language}.{kind}.jsonl.gz", "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    cases = rows("cases")
    return PassageSet(
        {str(r["id"]): str(r["text"]) for r in rows("articles")},
        {str(r["id"]): str(r["question"]) for r in cases},
        {str(r["id"]): str(r["relevant"][0]) for r in cases},  # type: ignore[index]
    )


def embed(table: Array, tokenizer: Tokenizer, texts: list[str]) -> Array:
    """Unit means of token vectors [n, d]."""
    vectors = np.zeros((len(texts), table.shape[1]), np.float32)
    for row, encoding in enumerate(tokenizer.encode_batch_fast(texts, add_special_tokens=False)):
        if encoding.ids:
            vectors[row] = table[encoding.ids].mean(axis=0)
    unit: Array = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit


def vectors_of(table: Array, tokenizer: Tokenizer, passages: PassageSet) -> Embedded:
    return Embedded(
        list(passages.passages),
        embed(table, tokenizer, list(passages.passages.values())),
        list(passages.questions),
        embed(table, tokenizer, list(passages.questions.values())),
        passages.relevant,
    )


def recall_at_1(questions: Embedded, passages: Embedded) -> float:
    """Share of questions whose best passage is the right one."""
    best = (questions.questions @ passages.passages.T).argmax(axis=1)
    right = [
        passages.passage_ids[b] == questions.relevant[q]
        for b, q in zip(best, questions.question_ids, strict=True)
    ]
    return float(np.mean(right))


def cross_language(sets: Mapping[str, Embedded]) -> float:
    """Mean recall@1 over all ordered pairs of two languages."""
    return float(np.mean([recall_at_1(a, b) for a, b in permutations(sets.values(), 2)]))


def same_language(sets: Mapping[str, Embedded]) -> float:
    """Mean recall@1 over languages."""
    return float(np.mean([recall_at_1(s, s) for s in sets.values()]))


def read_passage_sets(folder: Path) -> dict[str, PassageSet]:
    """The sets of all languages of a folder."""
    names = sorted(path.name.split(".")[0] for path in folder.glob("*.articles.jsonl.gz"))
    return {language: read_passage_set(folder, language) for language in names}


def measure_table(
    table: Array, tokenizer: Tokenizer, passages: Mapping[str, PassageSet]
) -> tuple[float, float]:
    """Recall@1 between languages and within them."""
    sets = {language: vectors_of(table, tokenizer, one) for language, one in passages.items()}
    return cross_language(sets), same_language(sets)


def main() -> None:
    """Prints recall@1 for every pair of languages of a set, question language first, as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("model", type=Path, help="folder of a model that training.export wrote")
    parser.add_argument("dev", type=Path, help="folder of an aligned set, see training/README.md")
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(arguments.model / "tokenizer.json"))
    weights = load_file(arguments.model / "model.safetensors")["embedding.weight"]
    table = weights.astype(np.float32)
    passages = read_passage_sets(arguments.dev)
    sets = {language: vectors_of(table, tokenizer, one) for language, one in passages.items()}
    pairs = {a: {b: round(recall_at_1(sets[a], sets[b]), 3) for b in sets} for a in sets}
    summary = {"cross": round(cross_language(sets), 4), "same": round(same_language(sets), 4)}
    print(json.dumps({**summary, "recall@1": pairs}))


if __name__ == "__main__":
    main()
