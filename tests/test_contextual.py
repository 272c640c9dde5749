"""The model beyond static vectors, at a size that takes seconds."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import Unigram

from training import contextual, contextual_model, measure
from training.carrying import PART, Batches, Pack, PackSampler, read_packs, write_pack
from training.contextual import Plan, contrast, embed, prepare, train
from training.contextual_model import Scores, Shape, compare, new_model, save_model, static_table
from training.measure import Array, PassageSet
from training.objective import dense_contrast, same_meaning
from training.packing import Ids, PairSet, Side, Store, pack_texts
from training.sampling import Batch, Sampler

LANGUAGES = ("de", "en", "th")
CONCEPTS = 24
DIMENSION = 32
CPU = torch.device("cpu")
SHAPE = Shape(layers=2, heads=2, intermediate=32, tokens=40)
PLAN = Plan(SHAPE, steps=40, batch=64, rate=0.01, warmup=5)


def _word(language: str, concept: int) -> str:
    return f"{language}{concept}"


def _say(language: str, concepts: list[int]) -> str:
    return " ".join(_word(language, concept) for concept in concepts)


def _meanings(count: int, seed: int) -> list[list[int]]:
    chance = random.Random(seed)
    return [[chance.randrange(CONCEPTS) for _ in range(chance.randint(3, 9))] for _ in range(count)]


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static model in which the words of a concept are a little alike."""
    folder = tmp_path_factory.mktemp("static")
    words = [_word(language, c) for language in LANGUAGES for c in range(CONCEPTS)]
    vocabulary = [("[UNK]", 0.0), *((word, -1.0 - n / 10) for n, word in enumerate(words))]
    tokenizer = Tokenizer(Unigram(vocabulary, unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))
    chance = np.random.default_rng(0)
    shared = np.tile(chance.standard_normal((CONCEPTS, DIMENSION)), (len(LANGUAGES), 1))
    rows = 0.5 * shared + chance.standard_normal(shared.shape)
    rows *= chance.uniform(0.05, 0.2, (len(rows), 1))
    table = np.concatenate([np.zeros((1, DIMENSION)), rows])
    save_file({"embedding.weight": table.astype(np.float16)}, folder / "model.safetensors")
    return folder


@pytest.fixture(scope="module")
def tokenizer(static: Path) -> Tokenizer:
    return Tokenizer.from_file(str(static / "tokenizer.json"))


@pytest.fixture(scope="module")
def table(static: Path) -> Array:
    return static_table(static)


@pytest.fixture(scope="module")
def store(tokenizer: Tokenizer) -> Store:
    sentences = _meanings(600, seed=1)
    texts = {
        language: pack_texts(tokenizer, [_say(language, s) for s in sentences])
        for language in LANGUAGES
    }
    rows = np.repeat(np.arange(len(sentences), dtype=np.int32)[:, None], 3, axis=1)
    pairs = (PairSet("parallel", "en", "de", rows), PairSet("parallel", "en", "th", rows))
    return Store(texts, pairs)


@pytest.fixture(scope="module")
def sampler(store: Store) -> Sampler:
    return Sampler(store, None)


@pytest.fixture(scope="module")
def sets() -> dict[str, PassageSet]:
    texts = {
        language: {str(n): _say(language, s) for n, s in enumerate(_meanings(60, seed=2))}
        for language in LANGUAGES
    }
    return {language: PassageSet(t, t, {n: n for n in t}) for language, t in texts.items()}


def _texts(side: Side) -> list[Ids]:
    return [side[i] for i in range(len(side))]


def test_it_starts_close_to_the_static_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the dimension of the shipped table, whose rows differ less in length than these."""
    chance = np.random.default_rng(0)
    table = chance.standard_normal((100, 256)) * chance.uniform(0.02, 0.2, (100, 1))
    texts = [chance.integers(1, 100, n, np.int32) for n in (1, 2, 5, 30, 5, 40)]
    means = np.stack([table[text].mean(axis=0) for text in texts])
    means /= np.linalg.norm(means, axis=1, keepdims=True)

    def cosines() -> list[float]:
        model = new_model(table.astype(np.float32), SHAPE, seed=0)
        prepared = prepare(Batch(texts[:3], texts[3:], np.arange(3)), tokens=40)
        with torch.no_grad():
            vectors = embed(model, prepared, CPU).numpy()
        found: list[float] = (vectors * means).sum(axis=1).tolist()
        return found

    assert min(cosines()) > 0.99
    monkeypatch.setattr(contextual_model, "NORM_EPSILON", 1e-5)
    assert min(cosines()) < 0.95


def test_texts_are_cut_and_come_back_in_their_order() -> None:
    lengths = [3, 70, 1, 41, 40, 2, 9, 9, 33, 5]
    texts = [np.arange(1, length + 1, dtype=np.int32) for length in lengths]
    prepared = prepare(Batch(texts[:5], texts[5:], np.arange(5)), tokens=40)
    cut = np.concatenate(prepared.lengths)[prepared.places]
    assert cut.tolist() == [min(length, 40) for length in lengths]
    for ids, counts in zip(prepared.ids, prepared.lengths, strict=True):
        assert ids.shape[1] % 32 == 0
        assert ((ids > 0).sum(axis=1) == counts).all()


def test_the_contrast_is_that_of_the_table() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(16, 4), dim=1)
    meanings = np.array([3, 1, 4, 1, 5, -2, -2, 4])
    first, second = vectors.numpy()[:8].copy(), vectors.numpy()[8:].copy()
    expected, by_first, _ = dense_contrast(first, second, same_meaning(meanings))
    vectors.requires_grad_()
    loss = contrast(vectors, torch.from_numpy(meanings))
    loss.backward()  # type: ignore[no-untyped-call]
    assert vectors.grad is not None
    assert loss.item() == pytest.approx(expected, rel=1e-4)
    np.testing.assert_allclose(vectors.grad[:8].numpy(), by_first, atol=1e-4)


@pytest.mark.slow
def test_it_learns_and_its_folder_loads_anywhere(
    static: Path,
    table: Array,
    tokenizer: Tokenizer,
    sampler: Sampler,
    sets: dict[str, PassageSet],
    tmp_path: Path,
) -> None:
    model = new_model(table, SHAPE, seed=0)
    losses = train(model, sampler, PLAN, tmp_path / "run", device=CPU)
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])

    save_model(model, static / "tokenizer.json", tmp_path / "model")
    ours, before = compare(tmp_path / "model", static, sets)
    assert ours.beats(before)
    assert ours.cross > before.cross + 0.1
    assert ours.speed > 0

    texts = list(sets["de"].passages.values())
    loaded = SentenceTransformer(str(tmp_path / "model"), device="cpu", local_files_only=True)
    assert loaded.max_seq_length == SHAPE.tokens
    vectors = loaded.encode(texts)
    assert vectors.shape == (len(texts), DIMENSION)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    side = pack_texts(tokenizer, texts)
    prepared = prepare(Batch(_texts(side), [], np.zeros(0, np.int64)), SHAPE.tokens)
    with torch.no_grad():
        own = embed(model, prepared, CPU).numpy()
    np.testing.assert_allclose(vectors, own, atol=5e-3)


class _Stopping:
    """Batches of a run that is stopped at a step."""

    def __init__(self, batches: Batches, at: int) -> None:
        self._batches = batches
        self._at = at

    def batch(self, step: int, size: int) -> Batch:
        if step == self._at:
            raise KeyboardInterrupt
        return self._batches.batch(step, size)


def test_a_run_that_was_stopped_ends_like_one_that_was_not(
    table: Array, sampler: Sampler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contextual, "CHECKPOINT_STEPS", 4)
    shape = Shape(layers=1, heads=2, intermediate=32, tokens=40, dropout=0.1)
    plan = Plan(shape, steps=12, batch=32, rate=0.01, warmup=3)
    whole, halves, begun = (new_model(table, shape, seed=0) for _ in range(3))
    losses = train(whole, sampler, plan, tmp_path / "whole", device=CPU)
    with pytest.raises(KeyboardInterrupt):
        train(begun, _Stopping(sampler, 10), plan, tmp_path / "halves", device=CPU)
    resumed = train(halves, sampler, plan, tmp_path / "halves", device=CPU)
    assert resumed == pytest.approx(losses[8:], rel=1e-4)
    for name, parameter in whole.state_dict().items():
        torch.testing.assert_close(halves.state_dict()[name], parameter, atol=1e-5, rtol=1e-4)


def test_a_run_ends_when_its_minutes_are_over(
    table: Array, sampler: Sampler, tmp_path: Path
) -> None:
    model = new_model(table, SHAPE, seed=0)
    losses = train(model, sampler, PLAN, tmp_path, device=CPU, minutes=1e-9)
    assert len(losses) == 1
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 1


def test_the_rate_goes_up_and_down() -> None:
    assert PLAN.rate_at(0, 0.0) == pytest.approx(PLAN.rate / 5)
    assert PLAN.rate_at(20, 0.5) == pytest.approx(PLAN.rate / 2)
    assert PLAN.rate_at(39, 1.0) == pytest.approx(PLAN.rate / 50)


def _pairs(batch: Batch) -> list[tuple[list[int], list[int], int]]:
    sides = zip(batch.first, batch.second, batch.meanings.tolist(), strict=True)
    return [(a.tolist(), b.tolist(), meaning) for a, b, meaning in sides]


def test_a_pack_holds_what_the_sampler_draws_within_its_size(
    sampler: Sampler, tmp_path: Path
) -> None:
    file = tmp_path / "pack.npz"
    pairs = write_pack(sampler, file, megabytes=0.1)
    assert 50_000 < file.stat().st_size <= 100_000
    pack = read_packs([file])
    assert len(pack.first) == len(pack.second) == len(pack.meanings) == pairs
    recorded = _pairs(Batch(_texts(pack.first), _texts(pack.second), pack.meanings))
    assert recorded[: 8 * PART] == _pairs(sampler.batch(0, 8 * PART))
    twice = read_packs([file, file])
    assert len(twice.meanings) == 2 * pairs
    assert twice.second[pairs + 7].tolist() == pack.second[7].tolist()
    with pytest.raises(ValueError, match="fit in"):
        write_pack(sampler, file, megabytes=0.001)


def test_a_pack_is_dealt_out_whole_before_it_begins_anew() -> None:
    ids, offsets = np.arange(70_000, 70_000 + 6 * PART, dtype=np.int32), np.arange(6 * PART + 1)
    pack = Pack(Side(ids, offsets), Side(ids, offsets), np.arange(6 * PART))
    sampler = PackSampler(pack, seed=3)
    epochs = [
        [n for step in steps for n in sampler.batch(step, 2 * PART).meanings.tolist()]
        for steps in (range(3), range(3, 6))
    ]
    assert epochs[0] != epochs[1]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(6 * PART))
    for size in (PART + 1, 7 * PART, 0):
        with pytest.raises(ValueError, match="not"):
            sampler.batch(0, size)


def test_better_is_better_between_languages_and_no_worse_within() -> None:
    static = Scores(cross=0.4, same=0.6, speed=1000)
    assert Scores(cross=0.5, same=0.6, speed=10).beats(static)
    assert not Scores(cross=0.4, same=0.7, speed=10).beats(static)
    assert not Scores(cross=0.5, same=0.5, speed=10).beats(static)


def _write_set(folder: Path, language: str, passages: PassageSet) -> None:
    rows: dict[str, list[dict[str, object]]] = {
        "articles": [{"id": n, "text": text} for n, text in passages.passages.items()],
        "cases": [
            {"id": n, "question": text, "relevant": [passages.relevant[n]]}
            for n, text in passages.questions.items()
        ],
    }
    for kind, lines in rows.items():
        with gzip.open(folder / f"{language}.{kind}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)


@pytest.mark.slow
def test_from_the_command_line(
    static: Path,
    store: Store,
    sets: dict[str, PassageSet],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def command(*words: str | Path) -> dict[str, dict[str, float]]:
        monkeypatch.setattr("sys.argv", ["contextual", *map(str, words)])
        contextual.main()
        printed: dict[str, dict[str, float]] = json.loads(capsys.readouterr().out)
        return printed

    monkeypatch.setattr(contextual, "read_store", lambda folder: store)
    monkeypatch.setattr(contextual, "GATE_LANGUAGES", LANGUAGES)
    for language, passages in sets.items():
        _write_set(tmp_path, language, passages)
    pack, run = tmp_path / "pack.npz", tmp_path / "run"
    assert command("pack", tmp_path, pack, "--megabytes", "0.1")["megabytes"]
    small = "--layers 1 --heads 2 --intermediate 32 --tokens 40 --warmup 5 --rate 0.02".split()
    command("train", static, run, pack, "--steps", "20", "--batch", "256", *small)
    output = tmp_path / "shipped"
    scores = command("export", run, static, tmp_path, output)
    assert scores["contextual"]["cross"] > scores["static"]["cross"]
    assert scores["static"]["speed"] > 0
    assert (output / "modules.json").exists()

    monkeypatch.setattr(Scores, "beats", lambda self, other: False)
    with pytest.raises(SystemExit, match="refused"):
        command("export", run, static, tmp_path, tmp_path / "not")
    assert not (tmp_path / "not").exists()


def test_static_vectors_are_measured_as_the_gate_measures_them(
    table: Array, tokenizer: Tokenizer, sets: dict[str, PassageSet], static: Path, tmp_path: Path
) -> None:
    save_model(new_model(table, SHAPE, seed=0), static / "tokenizer.json", tmp_path / "model")
    ours, before = compare(tmp_path / "model", static, sets)
    embedded = {n: measure.vectors_of(table, tokenizer, s) for n, s in sets.items()}
    assert before.cross == measure.cross_language(embedded)
    assert ours.cross == pytest.approx(before.cross, abs=0.1)
