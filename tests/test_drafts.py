"""What a model writes, read piece by piece: sentences, citations, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.drafts import DraftSentence, Sentences
from assistant.endpoint import MAX_CHARACTERS
from assistant.text import sentence_spans

GIVEN = (1, 2, 3, 12)
PIECES = [
    *"abzА第一ก۱ئ한あא .!?。।؟,;:()[]{}<>*_`#|-+\"'»\\/&=@~^†0123456789\n\r\t\u2028\u2029",
    *"\u200b\u200d\u202e\u2066\ufeff\x00\x1b\ud800\udc00\u0301\u00a0\u3000İß🙂",
    *["[1]", "[2]", "[9]", "[1, 2]", "[1][2]", "[1-3]", "[^3]", "【1】", "【2†source】", "［１］"],
    *["[", "]", "[1", "1]", "[1,", "[^", "![", "](", "](http://evil.example/x?k=1)", "【", "】"],
    *["<b>", "</b>", "<br>", "<img src=x onerror=y>", "<a href='http://e.x'>", "<", "<!--", "-->"],
    *["<think>", "</think>", "<thi", "nk>", "</", "<script>", "</script>", "<|im_start|>", "<|"],
    *["**", "*", "__", "```", "\n\n", "\n- ", "\n1. ", "\n## ", "> ", "| a | b |", "5 * 3"],
    *["https://evil.example/a.b", "www.evil.example", "javascript:alert(1)", "data:text/html,x"],
    *["Anna won the race", "Dr. ", "U.S. ", "3.5 ", "第一句话", "ประโยคแรก", "NOT FOUND", " "],
]
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=80)
cuts = st.lists(st.integers(0, 400), max_size=20)

LEAKS = {
    "half a citation": regex.compile(r"[\[【［〔]\s*[\^#]?\d"),
    "a link": regex.compile(r"\]\(|://|www\.\S|javascript:\S|data:\S", regex.IGNORECASE),
    "a tag": regex.compile(r"<[\p{L}/!?|]"),
    "emphasis": regex.compile(r"\*\*|`|__"),
    "what steers a terminal": regex.compile(r"[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]"),
}


def one_shot(text: str, language: str = "und") -> list[DraftSentence]:
    sentences = Sentences(GIVEN, language=language)
    return sentences.feed(text) + sentences.close()


def split(text: str, at: list[int]) -> list[DraftSentence]:
    sentences = Sentences(GIVEN)
    drafts: list[DraftSentence] = []
    edges = sorted({0, len(text), *(cut for cut in at if cut < len(text))})
    for start, end in pairwise(edges):
        drafts += sentences.feed(text[start:end])
    return drafts + sentences.close()


def drafts(*pairs: tuple[str, tuple[int, ...]]) -> list[DraftSentence]:
    return [DraftSentence(text, citations) for text, citations in pairs]


@settings(max_examples=250, deadline=None)
@given(texts, cuts)
def test_any_split_gives_the_same_sentences_as_one_piece(text: str, at: list[int]) -> None:
    whole = one_shot(text)
    assert split(text, at) == whole
    assert split(text, list(range(len(text)))) == whole


@settings(max_examples=500, deadline=None)
@given(texts)
@example("[<b>1")
@example("[*1*]")
@example("<*b>x")
@example("[[1]1]")
@example("h[2]ttps://evil.example")
@example("<\u200bimg src=x>")
@example("[\u2028" + "1] x")
@example("<a <b>script>alert(1)")
def test_nothing_but_plain_text_gets_through(text: str) -> None:
    for draft in one_shot(text):
        for what, leak in LEAKS.items():
            assert not leak.search(draft.text), what
        assert draft.text == " ".join(draft.text.split()) != ""
        assert set(draft.citations) <= set(GIVEN)
        assert len(set(draft.citations)) == len(draft.citations)


SENTENCES = {
    "en": ("The bridge opened on 12 May 2024.", "Did Dr. Novak see it?", "It cost 3.5 million!"),
    "ru": ("Мост открыли 12 мая.", "Кто за это заплатил?", "Город заплатил 40 млн евро!"),
    "el": ("Η γέφυρα άνοιξε τον Μάιο.", "Ποιος πλήρωσε;", "Η πόλη πλήρωσε τα πάντα."),
    "ar": ("افتتح الجسر في مايو.", "من دفع ثمنه؟", "دفعت المدينة كل شيء."),
    "hi": ("पुल मई में खुला।", "इसका पैसा किसने दिया?", "शहर ने सब कुछ दिया।"),
    "zh": ("大桥于五月开通。", "谁付的钱？", "市政府付了全部费用。"),
    "ja": ("橋は五月に開通した。", "誰が払ったのか？", "市が全額を払った。"),
    "ko": ("다리는 5월에 개통했다.", "누가 돈을 냈나?", "시가 모두 냈다."),
    "th": ("สะพานเปิดในเดือนพฤษภาคม", "ใครเป็นคนจ่ายเงิน", "เมืองจ่ายทั้งหมด"),
}
STYLES = {
    (1,): ["[1]", "【1】", "[^1]", "[１]", "[ 1 ]", "[**1**]", "[1](http://e.example/1)", "［1］"],
    (1, 2): ["[1][2]", "[1, 2]", "[1] [2]", "[1-2]", "【1】【2】", "[1；2]", "[1][2][7]"],
    (12,): ["[12]", "[#12]", "【12†source】", "[12][99]"],
    (): ["", "[4]", "[2024]"],
}


@settings(max_examples=250, deadline=None)
@given(st.data(), st.sampled_from(sorted(SENTENCES)), cuts)
def test_each_sentence_keeps_its_own_citations(
    data: st.DataObject, language: str, at: list[int]
) -> None:
    expected, text = [], ""
    spaced = " " if language not in ("zh", "ja") else ""
    for _ in range(data.draw(st.integers(1, 5))):
        sentence = data.draw(st.sampled_from(SENTENCES[language]))
        cited = data.draw(st.sampled_from(sorted(STYLES)))
        if language == "th" and not cited:
            cited = (1,)  # without marks, the citation is what ends a sentence
        style = data.draw(st.sampled_from(STYLES[cited]))
        mark = "" if language == "th" else sentence[-1]
        before = data.draw(st.booleans()) and language != "el"
        body = sentence.removesuffix(mark) if before else sentence
        gap = data.draw(st.sampled_from(["", " "])) if style else ""
        text += body + gap + style + (mark if before else "")
        text += data.draw(st.sampled_from([spaced, "\n", "\n\n"]))
        expected.append(DraftSentence(sentence, cited))
    if language == "el":
        return  # its question mark is a semicolon, where sentences are not split
    assert split(text, at) == expected


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_sentences_end_where_those_of_articles_end(language: str) -> None:
    text = " ".join(SENTENCES[language])
    spans = sentence_spans(text, language)
    assert [d.text for d in one_shot(text, language)] == [text[s:e] for s, e in spans]


WRITTEN = [
    (
        "<think>\nThe user asks [1]. I should say… <b>no</b>\n</think>\n\n**Anna Nová won** "
        "the race in *3.5* hours [1]. She had lost in 2023 [2, 3].",
        "Anna Nová won the race in 3.5 hours. 1|She had lost in 2023. 2,3",
    ),
    (
        "## Answer\n\n- [1] The bridge opened.\n- [2] The city paid.\n\n1. It is long [3].\n",
        "The bridge opened. 1|The city paid. 2|It is long. 3",
    ),
    ("It opened.\n[1]\nThe city paid.\n[2]", "It opened. 1|The city paid. 2"),
    ("He said “no”. [1] «Да», сказал он [2].", "He said “no”. 1|«Да», сказал он. 2"),
    ("大桥已开通[1]，费用为四千万【2】。", "大桥已开通，费用为四千万。 1,2"),
    ("Il a dit « non » [1] ! Puis rien [2].", "Il a dit « non » ! 1|Puis rien. 2"),
    ("See [the report](https://e.example/a?b=c) [1].", "See the report. 1"),
    ("A ![view](http://e.example/x.png?k=v) here [2].", "A here. 2"),
    ("It rose [1](see below) again.", "It rose (see below) again. 1"),
    ("He [sic] won [1].", "He [sic] won. 1"),
    ("5 * 3 < 16 and 4 > 3 [1].", "5 * 3 < 16 and 4 > 3. 1"),
    ("Wow! [1] Amazing![2] Yes [3]!", "Wow! 1|Amazing! 2|Yes! 3"),
    ("1969 [1]", "1969 1"),
    ("One<br>two [1].<script>alert('x')</script> Three [2].", "One two. 1|Three. 2"),
    ("I think so [1]. Hm.</think>The city paid [2].", "The city paid. 2"),
    ("The city <think>wait [1]</think>paid [2].", "The city paid. 2"),
    ("The city paid [2]. <think>and never ends [1]. Or", "The city paid. 2"),
    ("The city paid [2", "The city paid "),
    ("The city paid [2, ", "The city paid "),
    ("The city paid [20241].", "The city paid. "),
    ("---\n\n***\n[1]\n", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), WRITTEN)
def test_what_models_write(text: str, expected: str) -> None:
    for written in (one_shot(text), split(text, list(range(len(text))))):
        assert "|".join(f"{d.text} {','.join(map(str, d.citations))}" for d in written) == expected


def test_a_sentence_is_given_out_before_the_text_ends() -> None:
    sentences = Sentences([1, 2])
    assert sentences.feed("Anna won the race [1]. ") == []
    first = sentences.feed("Bob, who had won the year before, came in second")
    assert first == drafts(("Anna won the race.", (1,)))
    assert sentences.feed(" [2].") == []
    assert sentences.close() == drafts(("Bob, who had won the year before, came in second.", (2,)))


UNITS = (
    *("[1]", "a. [1] ", "[", "<a", "[<a", "*", "x", "ก", "[a](", "[a]((", "<", "a.b/", "1,", "\n"),
    *(" ", "\t", "a://", "_", "- [1] ", "!", "![a](x", "a [1]", "ก [1]", ". ", "[sic] ", "|", "> "),
)


@pytest.mark.parametrize("unit", UNITS)
def test_as_much_of_anything_as_a_model_may_write_is_read(unit: str) -> None:
    for draft in one_shot(unit * (MAX_CHARACTERS // len(unit))):
        assert len(draft.text) <= 2_000
