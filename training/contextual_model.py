"""A small transformer that begins as the mean of a static model's rows; how it is kept and judged.

It is a ModernBERT, which transformers and sentence-transformers load without code of ours.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tokenizers import Tokenizer
from transformers import ModernBertConfig, ModernBertModel, PreTrainedTokenizerFast

from training import measure
from training.measure import Array, Embedded, PassageSet

NORM_EPSILON = 16.0
PADDING = 0
"""The unknown token pads: the vocabulary has none to spare, and padding is masked."""
TIMED_PASSAGES = 200


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a model beside those of its table; `tokens` are the most that it reads."""

    layers: int
    heads: int
    intermediate: int
    tokens: int = 256
    dropout: float = 0.0


def static_table(folder: Path) -> Array:
    """The table [v, d] of a model that training.export wrote."""
    table: Array = load_file(folder / "model.safetensors")["embedding.weight"].astype(np.float32)
    return table


def new_model(table: Array, shape: Shape, *, seed: int) -> ModernBertModel:
    """A model over `table` [v, d]; the mean of its output is at first close to that of the rows.

    Its layers add nothing yet. Its norms hardly norm: how long a row is says how much its
    token counts, so they hold down only what is long beside NORM_EPSILON.
    """
    torch.manual_seed(seed)
    config = ModernBertConfig(
        vocab_size=len(table),
        hidden_size=table.shape[1],
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        layer_types=["full_attention"] * shape.layers,
        rope_parameters={"full_attention": {"rope_type": "default", "rope_theta": 10_000.0}},
        max_position_embeddings=shape.tokens,
        initializer_range=table.shape[1] ** -0.5,
        norm_eps=NORM_EPSILON,
        embedding_dropout=shape.dropout,
        attention_dropout=shape.dropout,
        mlp_dropout=shape.dropout,
        pad_token_id=PADDING,
        bos_token_id=None,
        eos_token_id=None,
        cls_token_id=None,
        sep_token_id=None,
    )
    model = ModernBertModel(config)
    with torch.no_grad():
        rows = torch.from_numpy(table / np.median(table.std(axis=1)))
        model.embeddings.tok_embeddings.weight.copy_(rows)
        for name, parameter in model.named_parameters():
            if name.endswith("norm.weight"):
                parameter.fill_((1 + NORM_EPSILON) ** 0.5)
            elif name.endswith("Wo.weight"):
                parameter.zero_()
    return model


def save_model(model: ModernBertModel, tokenizer_file: Path, folder: Path) -> None:
    """Writes `model` as a sentence-transformers folder, its weights in half precision."""
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    padding, tokens = tokenizer.id_to_token(PADDING), model.config.max_position_embeddings
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        unk_token=padding,
        pad_token=padding,
        model_max_length=tokens,
        model_input_names=["input_ids", "attention_mask"],
    )
    with tempfile.TemporaryDirectory() as temporary:
        model.save_pretrained(temporary)
        fast.save_pretrained(temporary)
        transformer = Transformer(temporary, max_seq_length=tokens)
    modules = [transformer, Pooling(model.config.hidden_size, "mean"), Normalize()]
    whole = SentenceTransformer(modules=modules, device="cpu", similarity_fn_name="cosine")
    whole.save(str(folder), create_model_card=False)
    # The configuration still names single precision: in that the weights are loaded and run.
    file = folder / "model.safetensors"
    halves = {name: array.astype(np.float16) for name, array in load_file(file).items()}
    save_file(halves, file, metadata={"format": "pt"})
    file.chmod(0o644)
    written = Tokenizer.from_file(str(folder / "tokenizer.json"))
    # Half the size of the indented file that is there.
    written.save(str(folder / "tokenizer.json"), pretty=False)


@dataclass(frozen=True, slots=True)
class Scores:
    """Recall@1 between languages and within, and the passages that a thread embeds in a second."""

    cross: float
    same: float
    speed: float

    def beats(self, other: Scores) -> bool:
        """Better between languages, and within them no worse."""
        return self.cross > other.cross and self.same >= other.same


def score(embed: Callable[[list[str]], Array], sets: Mapping[str, PassageSet]) -> Scores:
    """Measures a model, given as what makes unit vectors [n, d] of n texts."""
    embedded = {
        language: Embedded(
            list(s.passages),
            embed(list(s.passages.values())),
            list(s.questions),
            embed(list(s.questions.values())),
            s.relevant,
        )
        for language, s in sets.items()
    }
    passages = [text for s in sets.values() for text in s.passages.values()]
    timed = passages[:: -(-len(passages) // TIMED_PASSAGES)]
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    clock = time.perf_counter()
    embed(timed)
    speed = len(timed) / (time.perf_counter() - clock)
    torch.set_num_threads(threads)
    return Scores(measure.cross_language(embedded), measure.same_language(embedded), speed)


def compare(model: Path, static: Path, sets: Mapping[str, PassageSet]) -> tuple[Scores, Scores]:
    """The scores of the model in a folder, and of the static one that it started from."""
    ours = SentenceTransformer(str(model), device="cpu", local_files_only=True)
    table, tokenizer = static_table(static), Tokenizer.from_file(str(static / "tokenizer.json"))
    return (
        score(lambda texts: np.asarray(ours.encode(texts), np.float32), sets),
        score(lambda texts: measure.embed(table, tokenizer, texts), sets),
    )
