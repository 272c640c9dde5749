"""A sentence-transformers model that is made in a second: byte pairs and random vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from helpers import ROOT
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

DIMENSION = 32
_KIND = "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"
_NORMALIZE = "sentence_transformers.base.modules.normalize.Normalize"


def tiny_tokenizer() -> Tokenizer:
    """Byte pairs, as many large models have: white space decides how a word is cut."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1500,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    seeds = sorted((ROOT / "seeds").glob("*.md"))
    tokenizer.train_from_iterator((p.read_text(encoding="utf-8") for p in seeds), trainer)
    return tokenizer


def write_tiny_model(folder: Path, *, seed: int = 0, prompts: dict[str, str] | None = None) -> None:
    """Writes the folder; another `seed` gives another model."""
    folder.mkdir(parents=True)
    tokenizer = tiny_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    random = np.random.default_rng(seed)
    table = random.standard_normal((tokenizer.get_vocab_size(), DIMENSION)).astype(np.float32)
    save_file({"embedding.weight": table}, str(folder / "model.safetensors"))
    (folder / "1_Normalize").mkdir()
    _write(
        folder / "modules.json",
        [
            {"idx": 0, "name": "0", "path": "", "type": _KIND},
            {"idx": 1, "name": "1", "path": "1_Normalize", "type": _NORMALIZE},
        ],
    )
    _write(
        folder / "config_sentence_transformers.json",
        {"prompts": prompts or {"document": "", "query": ""}, "similarity_fn_name": "cosine"},
    )


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
