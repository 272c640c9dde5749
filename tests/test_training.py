"""The recipe of the bundled model, at a size that takes seconds."""

from __future__ import annotations

import gzip
import json
import random
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from assistant.embedding import load_for_questions
from training import export
from training.corpus import read_groups
from training.measure import PassageSet, recall_at_1, vectors_of
from training.objective import late_interaction_scores
from training.packing import Packed, Side, pack_folder, read_packed
from training.train import Plan, Sampler, train
from training.vocabulary import sample_text, train_vocabulary

WORDS = {
    "en": "river bridge flood mayor school museum train harvest border election".split(),
    "de": "fluss brücke flut bürgermeister schule museum zug ernte grenze wahl".split(),
    "th": "แม่น้ำ สะพาน น้ำท่วม นายก โรงเรียน พิพิธภัณฑ์ รถไฟ เก็บเกี่ยว ชายแดน เลือกตั้ง".split(),
}


def _sentence(chance: random.Random) -> list[int]:
    return [chance.randrange(10) for _ in range(5)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    chance = random.Random(0)
    for language in ("de", "th"):
        join = "" if language == "th" else " "
        pairs = [_sentence(chance) for _ in range(400)]
        with gzip.open(folder / f"parallel.{language}.tsv.gz", "wt", encoding="utf-8") as file:
            for numbers in pairs:
                english = " ".join(WORDS["en"][i] for i in numbers)
                other = join.join(WORDS[language][i] for i in numbers)
                file.write(f"made\t{english}\t{other}\n")
    with gzip.open(folder / "qa.en.jsonl.gz", "wt", encoding="utf-8") as file:
        for _ in range(200):
            numbers = _sentence(chance)
            row = {
                "source": "made",
                "question": f"where is the {WORDS['en'][numbers[0]]}?",
                "positive": " ".join(WORDS["en"][i] for i in numbers),
                "answers": [],
            }
            file.write(json.dumps(row) + "\n")
    return folder


@pytest.fixture(scope="module")
def packed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Packed]]:
    folder = tmp_path_factory.mktemp("packed")
    texts = sample_text(read_groups(data), megabytes=1, english_megabytes=1)
    tokenizer = train_vocabulary(texts, size=150)
    tokenizer.save(str(folder / "tokenizer.json"))
    pack_folder(data, folder / "tokenizer.json", folder)
    return folder / "tokenizer.json", read_packed(folder)


PLAN = Plan(
    dimension=16,
    steps=60,
    batch=64,
    rate=0.05,
    late_steps=15,
    late_batch=16,
    late_rate=0.01,
    sources_per_batch=4,
)


def _set(language: str) -> PassageSet:
    chance = random.Random(7)
    sentences = {str(n): _sentence(chance) for n in range(30)}
    join = "" if language == "th" else " "
    texts = {n: join.join(WORDS[language][i] for i in s) for n, s in sentences.items()}
    return PassageSet(texts, texts, {n: n for n in texts})


def test_the_recipe_crosses_languages_and_its_model_loads(
    packed: tuple[Path, list[Packed]], tmp_path: Path
) -> None:
    from tokenizers import Tokenizer

    tokenizer_file, groups = packed
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    table = train(groups, tokenizer.get_vocab_size(), PLAN, tmp_path / "run").numpy()
    sets = {language: vectors_of(table, tokenizer, _set(language)) for language in WORDS}
    untrained = np.random.default_rng(0).normal(size=table.shape).astype(np.float32)
    before = {language: vectors_of(untrained, tokenizer, _set(language)) for language in WORDS}
    for other in ("de", "th"):
        assert recall_at_1(sets[other], sets["en"]) > 0.8
        assert recall_at_1(before[other], before["en"]) < 0.4

    export.save_model(table, tokenizer_file, tmp_path / "model")
    model = load_for_questions(str(tmp_path / "model"))
    assert model.dimension == 16
    near = model.embed_passages(["river bridge flood", "fluss brücke flut", "wahl ernte zug"])
    assert near[0] @ near[1] > near[0] @ near[2]


def test_a_run_that_was_stopped_ends_like_one_that_was_not(
    packed: tuple[Path, list[Packed]], tmp_path: Path
) -> None:
    _, groups = packed
    whole = train(groups, 200, PLAN, tmp_path / "whole")
    state = torch.load(tmp_path / "whole" / "checkpoint.pt", weights_only=True)
    assert state["step"] == PLAN.steps + PLAN.late_steps
    halfway = Plan(**{**_fields(PLAN), "late_steps": 0})
    train(groups, 200, halfway, tmp_path / "halves")
    resumed = train(groups, 200, PLAN, tmp_path / "halves")
    assert torch.allclose(whole, resumed, atol=1e-5)


def _fields(plan: Plan) -> dict[str, int | float]:
    return {name: getattr(plan, name) for name in Plan.__slots__}


def test_batches_depend_on_the_seed_and_the_step_alone() -> None:
    ids = np.arange(100, dtype=np.int32)
    side = Side(ids, np.arange(0, 101, 5))
    groups = [Packed("parallel", "a", side, side), Packed("headline", "b", side, side)]
    weights = {"parallel": 1.0, "headline": 1.0}
    sizes = {"first_tokens": 3, "second_tokens": 2}
    one = Sampler(groups, weights, PLAN).batch(5, 8, **sizes)
    again = Sampler(groups, weights, PLAN).batch(5, 8, **sizes)
    other = Sampler(groups, weights, PLAN).batch(6, 8, **sizes)
    flat = [[row.tolist() for row in side] for side in one]
    assert flat == [[row.tolist() for row in side] for side in again]
    assert flat != [[row.tolist() for row in side] for side in other]
    assert max(map(len, one[0])) == 3
    assert max(map(len, one[1])) == 2


def test_late_interaction_is_a_weighted_mean_of_best_cosines() -> None:
    table = torch.tensor([[3.0, 0.0], [0.0, 1.0], [2.0, 2.0]])
    first, first_mask = torch.tensor([[0, 1]]), torch.tensor([[True, True]])
    second, second_mask = torch.tensor([[2, 0]]), torch.tensor([[True, False]])
    scores = late_interaction_scores(table, first, first_mask, second, second_mask)
    assert scores.item() == pytest.approx((3 * 0.5**0.5 + 1 * 0.5**0.5) / 4)


def test_frequent_tokens_weigh_less(packed: tuple[Path, list[Packed]]) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(packed[0]))
    scores = [score for _, score in json.loads(tokenizer.to_str())["model"]["vocab"]]
    table = np.ones((len(scores), 4), np.float32)
    weights = export.weigh_by_rarity(table, tokenizer, 1e-2)[:, 0]
    frequent, rare = int(np.argmax(scores[1:])) + 1, int(np.argmin(scores))
    assert weights[0] == 1
    assert weights[frequent] == pytest.approx(1e-2 / (1e-2 + np.exp(scores[frequent])))
    assert weights[frequent] < weights[rare] <= 1


def test_the_gate_refuses_a_table_that_was_not_trained(
    packed: tuple[Path, list[Packed]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language in export.GATE_LANGUAGES:
        for kind, rows in (
            ("articles", [{"id": str(n), "text": f"w{n} {language}"} for n in range(40)]),
            (
                "cases",
                [{"id": str(n), "question": f"q{n}", "relevant": [str(n)]} for n in range(40)],
            ),
        ):
            with gzip.open(tmp_path / f"{language}.{kind}.jsonl.gz", "wt") as file:
                file.writelines(json.dumps(row) + "\n" for row in rows)
    from tokenizers import Tokenizer

    size = Tokenizer.from_file(str(packed[0])).get_vocab_size()
    table = np.random.default_rng(0).normal(size=(size, 8)).astype(np.float32)
    np.save(tmp_path / "table.npy", table)
    arguments = [str(tmp_path / "table.npy"), str(packed[0]), str(tmp_path), str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["export", *arguments])
    with pytest.raises(SystemExit, match="refused"):
        export.main()
    assert not (tmp_path / "out").exists()
