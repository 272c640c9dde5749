"""The recipe of the bundled model, at a size that takes seconds."""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from torch.nn import functional as F

from assistant.embedding import load_for_questions
from training import export, vocabularies
from training.alignment import word_translations
from training.bags import Floats, Parameter
from training.corpus import Group, read_groups, write_groups
from training.late import late_gradient
from training.measure import PassageSet, recall_at_1, vectors_of
from training.negatives import bm25_neighbours
from training.objective import dense_contrast, same_meaning, units, units_backward
from training.packing import Store, number_pairs, pack_groups, read_store
from training.romanised import GramIndex, RomanisedTable, grams, pieces_of
from training.sampling import Batch, Sampler
from training.switching import Switcher, write_switcher
from training.teacher import Teacher, targets_of, taught_texts, write_teacher
from training.train import Plan, new_table, train
from training.vocabulary import sample_text, train_vocabulary
from training.wordbook import (
    LITTLE_WORD,
    UNKNOWN_WORD,
    EnglishMarker,
    SpacelessMarker,
    Wordbook,
    english_key,
)

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
        with gzip.open(folder / f"lexicon.{language}.tsv.gz", "wt", encoding="utf-8") as file:
            for english, other in zip(WORDS["en"], WORDS[language], strict=True):
                file.writelines(f"made\t{english}\t{other}\n" for _ in range(10))
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


@dataclass(frozen=True)
class Made:
    """What the steps before training leave."""

    tokenizer_file: Path
    tokenizer: Tokenizer
    store: Store
    switcher: Switcher
    grams: GramIndex
    teacher: Teacher


@pytest.fixture(scope="module")
def made(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("packed")
    groups = read_groups(data)
    texts = sample_text(groups, megabytes=1, english_megabytes=1)
    tokenizer = train_vocabulary(texts, size=150)
    tokenizer.save(str(folder / "tokenizer.json"))
    pack_groups(groups, tokenizer, folder)
    write_switcher(groups, tokenizer, folder)
    taught, words = taught_texts(groups, words=100, sentences=100)
    of_words = np.random.default_rng(5).normal(size=(len(WORDS["en"]), 12)).astype(np.float32)
    vectors = np.stack(
        [of_words[[WORDS["en"].index(w) for w in text.split()]].sum(axis=0) for text in taught]
    )
    write_teacher(groups, tokenizer, folder, taught, words, vectors)
    switcher, teacher = Switcher.read(folder), Teacher.read(folder)
    assert switcher is not None and teacher is not None
    return Made(
        folder / "tokenizer.json",
        tokenizer,
        read_store(folder),
        switcher,
        GramIndex.of(pieces_of(tokenizer)),
        teacher,
    )


PLAN = Plan(dimension=16, steps=90, batch=64, rate=0.05, late_steps=15, late_batch=16, lesson=16)


def _train(made: Made, plan: Plan, folder: Path, *, until: int | None = None) -> Floats:
    table = new_table(made.tokenizer.get_vocab_size(), made.grams, plan)
    sampler = Sampler(made.store, made.switcher, parts=4)
    late_sampler = Sampler(made.store, made.switcher, parts=2, seed=1)
    return train(table, sampler, late_sampler, made.teacher, plan, folder, until=until)


@pytest.fixture(scope="module")
def trained(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Floats:
    """The table of a whole run."""
    return _train(made, PLAN, tmp_path_factory.mktemp("run"))


def _set(language: str) -> PassageSet:
    chance = random.Random(7)
    sentences = {str(n): _sentence(chance) for n in range(30)}
    join = "" if language == "th" else " "
    texts = {n: join.join(WORDS[language][i] for i in s) for n, s in sentences.items()}
    return PassageSet(texts, texts, {n: n for n in texts})


@pytest.mark.slow
def test_the_recipe_crosses_languages_and_its_model_loads(
    made: Made, trained: Floats, tmp_path: Path
) -> None:
    sets = {lang: vectors_of(trained, made.tokenizer, _set(lang)) for lang in WORDS}
    untrained = np.random.default_rng(0).normal(size=trained.shape).astype(np.float32)
    before = {lang: vectors_of(untrained, made.tokenizer, _set(lang)) for lang in WORDS}
    for one, other in (("de", "en"), ("th", "en"), ("th", "de")):
        assert recall_at_1(sets[one], sets[other]) > 0.8
        assert recall_at_1(before[one], before[other]) < 0.4

    export.save_model(trained, made.tokenizer_file, tmp_path / "model")
    model = load_for_questions(str(tmp_path / "model"))
    assert model.dimension == 16
    near = model.embed_passages(["river bridge flood", "fluss brücke flut", "wahl ernte zug"])
    assert near[0] @ near[1] > near[0] @ near[2]


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_like_one_that_was_not(
    made: Made, trained: Floats, tmp_path: Path
) -> None:
    half = _train(made, PLAN, tmp_path, until=80)
    resumed = _train(made, PLAN, tmp_path)
    assert np.allclose(trained, resumed, atol=1e-5)
    assert not np.allclose(trained, half, atol=1e-2)


def test_batches_depend_on_the_seed_and_the_step_alone(made: Made) -> None:
    def batch(step: int, seed: int) -> list[list[int]]:
        drawn = Sampler(made.store, made.switcher, parts=4, seed=seed).batch(step, 32)
        assert len(drawn.first) == len(drawn.second) == len(drawn.meanings) == 32
        return [row.tolist() for row in drawn.first + drawn.second]

    assert batch(5, 0) == batch(5, 0)
    assert batch(5, 0) != batch(6, 0)
    assert batch(5, 0) != batch(5, 1)


def test_hard_negatives_share_the_words_of_the_question(made: Made) -> None:
    (pairs,) = [p for p in made.store.pairs if p.kind == "question"]
    neighbours = bm25_neighbours(made.store, pairs)
    texts = made.store.texts["en"]
    for row, others in list(zip(pairs.rows, neighbours, strict=True))[:20]:
        asked = set(texts[row[0]].tolist())
        shared = [len(asked & set(texts[r].tolist())) for r in pairs.rows[others[others >= 0], 1]]
        usual = [len(asked & set(texts[r].tolist())) for r in pairs.rows[:, 1]]
        assert np.mean(shared) > np.mean(usual)
        assert row[2] not in pairs.rows[others[others >= 0], 2]
    sampler = Sampler(
        made.store, None, shares={"question": 1.0}, parts=1, hard_negatives=True, seed=2
    )
    assert len(sampler.batch(0, 32).first) == 32


def test_translations_of_one_text_are_pairs_and_mean_the_same() -> None:
    groups = [
        Group("parallel", "s", "de", (("A river.", "ein fluss"), ("a mill", "eine mühle"))),
        Group("parallel", "s", "fr", (("a river", "une rivière"),)),
    ]
    texts, pairs = number_pairs(groups)
    ((first, second, meaning),) = pairs["bridged-parallel", "de", "fr"]
    assert (texts["de"][first], texts["fr"][second]) == ("ein fluss", "une rivière")
    of_english = {row[2] for row in pairs["parallel", "en", "fr"]}
    assert of_english == {meaning}


def test_groups_come_back_from_the_files_that_were_written(data: Path, tmp_path: Path) -> None:
    groups = read_groups(data)
    write_groups(groups, tmp_path)
    assert read_groups(tmp_path) == groups


def test_the_gradient_of_the_contrast_is_that_of_autograd() -> None:
    chance = np.random.default_rng(0)
    one, other = (chance.normal(size=(8, 5)).astype(np.float32) for _ in range(2))
    meanings = np.array([1, 2, 3, 1, 5, 6, 7, 2])
    (a, a_lengths), (b, b_lengths) = units(one), units(other)
    loss, a_gradient, b_gradient = dense_contrast(a, b, same_meaning(meanings))

    first, second = (torch.tensor(x, requires_grad=True) for x in (one, other))
    scores = F.normalize(first) @ F.normalize(second).T / 0.05
    expected = _contrast(scores, torch.tensor(meanings))
    expected.backward()  # type: ignore[no-untyped-call]
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    assert first.grad is not None and second.grad is not None
    assert np.allclose(units_backward(a, a_lengths, a_gradient), first.grad, atol=1e-5)
    assert np.allclose(units_backward(b, b_lengths, b_gradient), second.grad, atol=1e-5)


def _contrast(scores: torch.Tensor, meanings: torch.Tensor) -> torch.Tensor:
    same = (meanings[:, None] == meanings[None]) & ~torch.eye(len(meanings), dtype=torch.bool)
    scores = scores.masked_fill(same, -1e9)
    right = torch.arange(len(meanings))
    return (F.cross_entropy(scores, right) + F.cross_entropy(scores.T, right)) / 2


def test_the_gradient_of_late_interaction_is_that_of_autograd(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.late.TEMPERATURE", 0.3)
    chance = np.random.default_rng(1)
    rows = np.arange(100, 120)
    table = chance.normal(size=(20, 6)).astype(np.float32)
    first = [np.unique(chance.integers(0, 20, 4)) for _ in range(5)]
    second = [np.unique(chance.integers(0, 20, 6)) for _ in range(5)]
    meanings = np.array([0, 1, 2, 1, 4])
    texts = [[(t + 100).astype(np.int32) for t in side] for side in (first, second)]
    batch = Batch(texts[0], texts[1], meanings)
    loss, gradient = late_gradient(rows, table, batch, same_meaning(meanings))

    vectors = torch.tensor(table, requires_grad=True)
    unit, squares = F.normalize(vectors), vectors.norm(dim=1) ** 2
    scores = torch.stack(
        [
            torch.stack(
                [
                    (
                        squares[a] / squares[a].sum() * (unit[a] @ unit[b].T).amax(1).clamp_min(0)
                    ).sum()
                    for b in second
                ]
            )
            for a in first
        ]
    )
    expected = _contrast(scores / 0.3, torch.tensor(meanings))
    expected.backward()  # type: ignore[no-untyped-call]
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    assert vectors.grad is not None
    assert np.allclose(gradient, vectors.grad, atol=1e-4)


def test_adam_moves_the_touched_rows_as_torch_does() -> None:
    chance = np.random.default_rng(2)
    start = chance.normal(size=(6, 3)).astype(np.float32)
    parameter = Parameter(start.copy())
    reference = torch.tensor(start[[1, 4]], requires_grad=True)
    optimiser = torch.optim.Adam([reference], lr=0.1, eps=1e-8)
    for number in (1, 2, 3):
        gradient = chance.normal(size=(2, 3)).astype(np.float32)
        parameter.step(np.array([1, 4]), gradient, rate=0.1, number=number)
        reference.grad = torch.tensor(gradient)
        optimiser.step()
    assert np.allclose(parameter.table[[1, 4]], reference.detach(), atol=1e-4)
    untouched = [0, 2, 3, 5]
    assert (parameter.table[untouched] == start[untouched]).all()


def test_pieces_that_sound_alike_share_grams_across_scripts() -> None:
    assert grams("варшава") == grams("varshava")
    assert {"var", "-=vrshv"} <= grams("варшава")
    assert "var" in grams("Warszawa") & grams("варшава")
    assert not grams("варшава") & grams("λονδίνο")
    index = GramIndex.of(["москва", "moskva", "moskwa", "xyz"], min_pieces=3)
    assert index.offsets[4] == index.offsets[3]
    assert len(set(index.ids.tolist())) == index.count > 0


def test_a_step_on_one_piece_moves_those_that_share_its_grams() -> None:
    index = GramIndex.of(["москва", "moskva", "zzz"], min_pieces=2)
    own, shared = np.zeros((3, 4), np.float32), np.zeros((index.count, 4), np.float32)
    table = RomanisedTable(own, shared, index)
    rows = np.array([0])
    table.compose(rows)
    table.step(rows, np.ones((1, 4), np.float32), rate=0.1, number=1)
    whole = table.whole()
    assert (whole[0] < whole[1]).all()
    assert (whole[1] < 0).all()
    assert (whole[2] == 0).all()


def test_word_translations_are_learned_from_sentences() -> None:
    chance = random.Random(3)
    sentences = [_sentence(chance) for _ in range(200)]
    english = [[WORDS["en"][i] for i in s] for s in sentences]
    german = [[WORDS["de"][i] for i in s] for s in sentences]
    learned = word_translations(english, german)
    best = {word: max(found, key=lambda wp: wp[1])[0] for word, found in learned.items()}
    assert best == dict(zip(WORDS["en"], WORDS["de"], strict=True))


@pytest.mark.slow
def test_the_teacher_is_matched_in_every_language(made: Made, data: Path, trained: Floats) -> None:
    targets = made.teacher.targets(PLAN.dimension)
    assert np.allclose(np.linalg.norm(targets, axis=1), 1, atol=1e-5)
    taught, words = taught_texts(read_groups(data), words=100, sentences=100)
    assert sorted(taught[:words]) == sorted(WORDS["en"])
    for language in WORDS:
        said = [WORDS[language][WORDS["en"].index(word)] for word in taught[:words]]
        ids = [made.tokenizer.encode(word, add_special_tokens=False).ids for word in said]
        means, _ = units(np.stack([trained[row].mean(axis=0) for row in ids]))
        right = (means @ targets[:words].T).argmax(axis=1) == np.arange(words)
        assert right.mean() > 0.5


def test_targets_keep_the_cosines_of_the_centred_teacher() -> None:
    vectors = np.random.default_rng(6).normal(size=(50, 8)).astype(np.float32)
    centred, _ = units(vectors - vectors.mean(axis=0))
    for dimension in (8, 12):
        targets = targets_of(vectors, dimension)
        assert targets.shape == (50, dimension)
        assert np.allclose(targets @ targets.T, centred @ centred.T, atol=1e-4)


def test_texts_are_marked_by_their_longest_entries() -> None:
    book = Wordbook(
        {
            "de": {("new", "york"): Counter(["New York"]), ("bridge",): Counter(["Brücke"])},
            "th": {("bridge",): Counter(["สะพาน"])},
        }
    )
    senses = book.senses()
    assert english_key("to cross a wide river") is None
    assert english_key("to cross") == ("cross",)
    marked = EnglishMarker(senses)("The bridges of New York, Kalmar")
    assert marked == (
        (LITTLE_WORD, "the"),
        (senses["bridge",], "bridges"),
        (LITTLE_WORD, "of"),
        (senses["new", "york"], "new york"),
        (UNKNOWN_WORD, "kalmar"),
    )
    thai = SpacelessMarker("th", book, senses)("ที่สะพาน 42 แห่ง")
    assert thai == (
        (LITTLE_WORD, "ที่"),
        (senses["bridge",], "สะพาน"),
        (UNKNOWN_WORD, "42"),
        (LITTLE_WORD, "แห่ง"),
    )


def test_switched_pairs_say_in_one_language_what_the_other_side_says(made: Made) -> None:
    chance = np.random.default_rng(4)
    source = made.switcher.sources[0]
    marked = source.second[0]
    own = made.switcher.say(marked, "en", "en", chance)
    other = made.switcher.say(marked, "en", "de", chance)
    said = made.tokenizer.decode(own.tolist()).replace(" ", "")
    translated = made.tokenizer.decode(other.tolist()).replace(" ", "")
    positions = [WORDS["en"].index(w) for w in _split(said, WORDS["en"])]
    assert [WORDS["de"].index(w) for w in _split(translated, WORDS["de"])] == positions


def _split(text: str, words: list[str]) -> list[str]:
    found = []
    while text:
        word = next(w for w in words if text.startswith(w))
        found.append(word)
        text = text[len(word) :]
    return found


def test_frequent_tokens_weigh_less(made: Made) -> None:
    tokenizer = made.tokenizer
    scores = [score for _, score in json.loads(tokenizer.to_str())["model"]["vocab"]]
    table = np.ones((len(scores), 4), np.float32)
    weights = export.weigh_by_rarity(table, tokenizer, 1e-2)[:, 0]
    frequent, rare = int(np.argmax(scores[1:])) + 1, int(np.argmin(scores))
    assert weights[0] == 1
    assert weights[frequent] == pytest.approx(1e-2 / (1e-2 + np.exp(scores[frequent])))
    assert weights[frequent] < weights[rare] <= 1


def test_the_gate_refuses_a_table_that_was_not_trained(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    size = made.tokenizer.get_vocab_size()
    table = np.random.default_rng(0).normal(size=(size, 8)).astype(np.float32)
    np.save(tmp_path / "table.npy", table)
    arguments = [
        str(tmp_path / "table.npy"),
        str(made.tokenizer_file),
        str(tmp_path),
        str(tmp_path / "out"),
    ]
    monkeypatch.setattr(sys, "argv", ["export", *arguments])
    with pytest.raises(SystemExit, match="refused"):
        export.main()
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_vocabularies_are_compared_on_the_same_pairs(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev, results = tmp_path / "dev", tmp_path / "results.jsonl"
    dev.mkdir()
    for language in WORDS:
        texts = _set(language).passages
        rows = {
            "articles": [{"id": n, "text": text} for n, text in texts.items()],
            "cases": [{"id": n, "question": text, "relevant": [n]} for n, text in texts.items()],
        }
        for kind, values in rows.items():
            with gzip.open(dev / f"{language}.{kind}.jsonl.gz", "wt", encoding="utf-8") as file:
                file.writelines(json.dumps(value) + "\n" for value in values)
    command = ["vocabularies", str(data), str(dev), str(results), "--only", "Unigram 56,000"]
    small = ["--scale", "0.003", "--steps", "60", "--batch", "64", "--dimension", "16"]
    monkeypatch.setattr(sys, "argv", [*command, "BPE 56,000", *small])
    vocabularies.main()
    vocabularies.main()
    rows_found = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    assert [row["variant"] for row in rows_found] == ["Unigram 56,000", "BPE 56,000"]
    for row in rows_found:
        # Ten words said in three languages: guessing finds one passage of thirty.
        assert row["cross"] > 20 and row["same"] > 90
        assert row["pieces"] <= 170
        assert set(row["characters_per_token"]) == set(WORDS)
        assert row["characters_per_token"]["en"] > 3
