"""Passages: exact offsets, nothing lost, never longer than the model reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tiny import tiny_tokenizer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from assistant.embedding import BUNDLED_FOLDER
from assistant.passages import (
    CountTokens,
    SplitSettings,
    embedded_text,
    fitting_title,
    split_article,
)
from assistant.types import Article, Passage

SCRIPTS = {
    "latin": "The minister spoke in Seoul. Il a répondu : « oui » ! Am 3. Mai war’s 3.5 Grad; done",
    "cyrillic": "Министр выступил в Киеве. Что дальше? В 2023 г. всё изменилось, но не сразу",
    "arabic": "تحدث الوزير في سيول، ثم غادر. هل ستبدأ المحادثات؟ نعم؛ في ديسمبر",
    "devanagari": "मंत्री ने दिल्ली में कहा। बैठक समाप्त हुई॥ क्या हुआ? सब चले गए",
    "han_kana": "防衛相は「準備は整った。」と述べた。会談は続く！為什麼？他们、同意，了；好",
    "hangul": "국방장관이 서울에서 말했다. 회담은 끝났다! 언제 시작되나? 12월, 곧",
    "thai": "รัฐมนตรีกล่าวว่าพร้อมแล้ว การประชุมสิ้นสุดลง เวลา 15.30 น. ที่กรุงเทพฯ",
}
SPACES = ["\n", "\n\n", "\r\n", " ", "\u00a0", "\u2028", "\u2029", "\u3000", "\t", "   "]


def _pieces(script: str) -> st.SearchStrategy[str]:
    text = SCRIPTS[script]
    return st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(
        lambda ends: text[min(ends) : max(ends)]
    )


ANY_PIECE = st.sampled_from(sorted(SCRIPTS)).flatmap(_pieces)
TEXTS = st.lists(st.one_of(ANY_PIECE, st.sampled_from(SPACES)), min_size=1, max_size=25).map(
    "".join
)


def counter(tokenizer: Tokenizer) -> CountTokens:
    def count(texts: Sequence[str]) -> list[int]:
        encodings = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    return count


@cache
def counters() -> dict[str, CountTokens]:
    """The ways in which models cut text, which differ in what white space does."""
    words = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    marked = Tokenizer(models.Unigram([("?", 0.0), ("▁", -1.0)], unk_id=0))
    marked.normalizer = normalizers.NFKC()
    marked.pre_tokenizer = pre_tokenizers.Metaspace()
    bundled = Tokenizer.from_file(str(BUNDLED_FOLDER / "tokenizer.json"))
    return {
        "bundled": counter(bundled),
        "byte pairs": counter(tiny_tokenizer()),
        "words": counter(words),
        "marked spaces": counter(marked),
        "characters": lambda texts: [len(text) for text in texts],
    }


def check(article: Article, count: CountTokens, limits: SplitSettings) -> list[Passage]:
    """Splits an article and checks all that must hold of its passages."""
    passages = split_article(article, count=count, settings=limits)
    covered = 0
    for passage in passages:
        assert article.text[passage.start : passage.end] == passage.text
        assert passage.text == passage.text.strip() != ""
        assert not article.text[covered : max(covered, passage.start)].strip()
        covered = max(covered, passage.end)
    assert not article.text[covered:].strip()
    assert all(a.start < b.start and a.end < b.end for a, b in pairwise(passages))
    assert len({passage.id for passage in passages}) == len(passages)
    title = fitting_title(article.title, count=count, settings=limits)
    for passage in passages:
        (tokens,) = count([embedded_text(title, passage.text)])
        assert tokens <= limits.max_tokens or len(passage.text) == 1
    return passages


@pytest.mark.parametrize("name", ["bundled", "byte pairs", "words", "marked spaces", "characters"])
@settings(max_examples=100, deadline=None)
@given(
    text=TEXTS,
    title=st.one_of(st.just(""), ANY_PIECE),
    limits=st.sampled_from(
        [SplitSettings(24, 6), SplitSettings(40, 20), SplitSettings(160, 32), SplitSettings(9, 3)]
    ),
)
@example(text=" ".join(["hello"] * 200), title="A headline", limits=SplitSettings(24, 6))
# Without the space before it, a word can be cut into more tokens.
@example(text=" ".join(["Министр"] * 60), title="T", limits=SplitSettings(9, 3))
@example(text="漢字" * 200, title="題", limits=SplitSettings(24, 6))
def test_passages_of_any_script(name: str, text: str, title: str, limits: SplitSettings) -> None:
    check(Article("a", text, title), counters()[name], limits)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 20_000,
        "漢" * 20_000,
        "กา" * 10_000,
        "word " * 4_000,
        ("A sentence that is repeated. " * 800).strip(),
        "\n\n".join(["Same paragraph."] * 1_000),
    ],
    ids=["x", "han", "thai", "words", "sentences", "paragraphs"],
)
def test_long_and_monotonous_texts(text: str) -> None:
    passages = check(Article("a", text, "Title"), counters()["bundled"], SplitSettings())
    assert len(passages) > 5


@pytest.mark.parametrize("space", SPACES, ids=ascii)
def test_any_white_space_between_sentences(space: str) -> None:
    text = space.join(["The ministers agreed on a plan of four parts."] * 40)
    passages = check(Article("a", text, "Plan"), counters()["bundled"], SplitSettings(60, 15))
    assert all(passage.text.startswith("The ministers") for passage in passages)


def test_passages_end_at_sentences() -> None:
    text = "大臣は計画を発表した。費用は三億円である。" * 60
    passages = check(Article("a", text, ""), counters()["bundled"], SplitSettings(60, 0))
    assert all(passage.text.endswith("。") for passage in passages)


def test_consecutive_passages_share_a_sentence_where_there_is_room() -> None:
    count = counters()["bundled"]
    text = "\n\n".join(f"In the year {i} it rained. " + "It was dry. " * (i % 7) for i in range(99))
    passages = check(Article("a", text, ""), count, SplitSettings(80, 20))
    shared = [text[b.start : a.end] for a, b in pairwise(passages) if b.start < a.end]
    assert shared
    assert all(count([piece])[0] <= 20 for piece in shared)
    apart = check(Article("a", text, ""), count, SplitSettings(80, 0))
    assert all(a.end <= b.start for a, b in pairwise(apart))


def test_a_short_article_is_one_passage() -> None:
    (passage,) = check(Article("a", "Short.\n\nVery.", "T"), counters()["bundled"], SplitSettings())
    assert (passage.start, passage.end, passage.article_id) == (0, 13, "a")


def test_an_article_of_white_space_has_no_passage() -> None:
    assert check(Article("a", " \n\u2028 ", "T"), counters()["bundled"], SplitSettings()) == []


def test_a_long_headline_is_left_out() -> None:
    count, limits = counters()["words"], SplitSettings(30, 5)
    assert fitting_title("word " * 10, count=count, settings=limits)
    assert fitting_title("word " * 11, count=count, settings=limits) == ""
    assert embedded_text("", "text") == "text"
    assert embedded_text("title", "text") == "title\ntext"


def test_ids_are_stable_and_depend_on_the_content() -> None:
    article = Article("a", "One. " * 200, "Title", published="2023-11-12")
    count = counters()["words"]

    def ids(changed: Article) -> set[str]:
        passages = split_article(changed, count=count, settings=SplitSettings())
        return {passage.id for passage in passages}

    first = ids(article)
    assert first == ids(replace(article))
    # The id of a passage names all that is shown of it: a change of any of it is a new one.
    for change in (
        {"text": article.text + "Two."},
        {"title": "Other"},
        {"id": "b"},
        {"published": "2023-11-13"},
    ):
        assert not first & ids(replace(article, **change))
    assert all(len(identity) == 16 and int(identity, 16) >= 0 for identity in first)
