"""Writes a trained table as the bundled model, unless it is worse than the gate allows."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
from tokenizers import Tokenizer

from training.measure import Array, measure_table, read_passage_set

GATE_LANGUAGES = ("ar", "de", "en", "es", "ru", "th", "zh")
GATE_CROSS = 0.33
GATE_SAME = 0.66
CARD = "README.md"


def token_probabilities(tokenizer: Tokenizer) -> npt.NDArray[np.float64]:
    """The probability of each token [v] that a Unigram tokenizer carries."""
    vocabulary = json.loads(tokenizer.to_str())["model"]["vocab"]
    scores = np.array([score for _, score in vocabulary], np.float64)
    # The unknown token has the score 0, which is no probability.
    probabilities: npt.NDArray[np.float64] = np.where(scores < 0, np.exp(scores), 0.0)
    return probabilities


def weigh_by_rarity(table: Array, tokenizer: Tokenizer, smoothing: float) -> Array:
    """`table` [v, d] with each row times a / (a + p), where p is the token's probability.

    Smooth inverse frequency (Arora, Liang, Ma 2017), over the probabilities that the
    Unigram tokenizer itself carries. It adds to what the lengths of the rows have learned.
    """
    probabilities = token_probabilities(tokenizer)
    weighted: Array = (table * (smoothing / (smoothing + probabilities))[:, None]).astype(
        np.float32
    )
    return weighted


def save_model(table: Array, tokenizer_file: Path, folder: Path) -> None:
    """Writes `table` [v, d], in half precision, as a sentence-transformers model."""
    static = StaticEmbedding(
        Tokenizer.from_file(str(tokenizer_file)),
        embedding_weights=torch.from_numpy(table.astype(np.float16)),
    )
    model = SentenceTransformer(modules=[static, Normalize()], similarity_fn_name="cosine")
    with tempfile.TemporaryDirectory() as temporary:
        model.save(temporary, create_model_card=False)
        # Half the size of the indented file that the line above wrote.
        Tokenizer.from_file(str(tokenizer_file)).save(f"{temporary}/tokenizer.json", pretty=False)
        for path in (p for p in Path(temporary).rglob("*") if p.is_file()):
            path.chmod(0o644)
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if path.name != CARD:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(temporary, folder, dirs_exist_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path, help="table.npy of a run")
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("dev", type=Path, help="folder with the set that the gate measures on")
    parser.add_argument("output", type=Path)
    parser.add_argument("--smoothing", type=float, default=3e-4, help="of the token weights")
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(arguments.tokenizer))
    trained = np.load(arguments.table, allow_pickle=False)
    table = weigh_by_rarity(trained, tokenizer, arguments.smoothing)
    passages = {name: read_passage_set(arguments.dev, name) for name in GATE_LANGUAGES}
    cross, same = measure_table(table, tokenizer, passages)
    print(f"recall@1 between languages {cross:.3f}, within {same:.3f}", file=sys.stderr)
    if cross < GATE_CROSS or same < GATE_SAME:
        sys.exit(f"refused: the gate is {GATE_CROSS} between languages and {GATE_SAME} within")
    save_model(table, arguments.tokenizer, arguments.output)


if __name__ == "__main__":
    main()
