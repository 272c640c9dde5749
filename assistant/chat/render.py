"""Turns as what the page shows.

Each function returns one line of HTML in which all foreign text is escaped: on one line,
Markdown takes it for a single block of HTML and reads nothing into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from assistant.answers import Answer
from assistant.chat.conversation import Turn
from assistant.chat.escaping import html_text, link_host, web_link
from assistant.chat.languages import language_name
from assistant.chat.reply import answer_body
from assistant.chat.wording import count
from assistant.chat.wording import days as in_words
from assistant.settings import MAX_QUESTION_CHARACTERS
from assistant.types import Article, Citation, Hit

Span = tuple[int, int]


def messages(turns: Sequence[Turn]) -> list[dict[str, str]]:
    """The chat's messages: of each turn a question and an answer."""
    shown = []
    for turn in turns:
        question = html_text(_shortened(turn.question))
        shown.append({"role": "user", "content": f'<div dir="auto">{question}</div>'})
        shown.append({"role": "assistant", "content": _reply(turn)})
    return shown


def _shortened(question: str) -> str:
    if len(question) <= MAX_QUESTION_CHARACTERS:
        return question
    return question[:200] + "…"


def _reply(turn: Turn) -> str:
    if turn.waiting:
        return '<div class="quiet" role="status">Searching the articles…</div>'
    if turn.answer is None:
        return f'<div class="problem" role="alert">{html_text(turn.error or "")}</div>'
    answer = turn.answer
    body = answer_body(turn.number, answer, seconds=turn.seconds, growing=turn.growing)
    cards = len(_cards(answer))
    jump = f'<div class="jump"><a href="#t{turn.number}">Sources ({cards})</a></div>'
    return body + (jump if cards else "")


def sources_panel(turns: Sequence[Turn], about: str) -> str:
    """The sources of every turn, the newest first and open; `about` below or in their place."""
    if not turns:
        return f'<div class="panel">{about}</div>'
    newest = turns[-1].number
    shown = "".join(_turn(turn, is_open=turn.number == newest) for turn in reversed(turns))
    return (
        f'<div class="panel">{shown}'
        '<details class="about"><summary>About this index, and keys</summary>'
        f"{about}</details></div>"
    )


def _turn(turn: Turn, *, is_open: bool) -> str:
    summary = f"<bdi>{html_text(_shortened(turn.question)[:120])}</bdi>"
    if turn.answer is not None:
        body = _spread(turn.answer) + _lists(turn.number, turn.answer)
    else:
        body = f'<div class="quiet">{"Searching…" if turn.waiting else "No answer."}</div>'
    return (
        f'<details class="turn" id="t{turn.number}" tabindex="-1"{" open" if is_open else ""}>'
        f"<summary>{summary}</summary>{body}</details>"
    )


def _spread(answer: Answer) -> str:
    """Over how many outlets, languages and days the cited articles spread."""
    articles = {c.article.id: c.article for c in answer.citations}.values()
    if not answer.found or not articles:
        return ""
    days = sorted(article.published[:10] for article in articles if article.published)
    outlets = {article.source for article in articles if article.source}
    parts = [
        count(len(articles), "article") + " cited",
        count(len(outlets), "outlet") if outlets else "",
        count(len({article.language for article in articles}), "language"),
        in_words(days[0], days[-1]).removeprefix("from ") if days else "",
        f"evidence {answer.confidence:.2f} of 1",
    ]
    return f'<div class="quiet">{html_text(" · ".join(part for part in parts if part))}</div>'


def _lists(number: int, answer: Answer) -> str:
    cards = _cards(answer)
    best = max((hit.score for hit in answer.hits), default=0.0)
    cited = [card for card in cards if card[2]]
    rest = [card for card in cards if not card[2]]
    shown = ""
    for heading, some in (
        (f"Cited ({len(cited)})", cited),
        (f"Also read ({len(rest)})" if answer.found else f"Nearest misses ({len(rest)})", rest),
    ):
        if some:
            shown += f"<h3>{heading}</h3>"
            shown += "".join(
                _card(f"t{number}-s{place}", place, hit, citations, best)
                for place, hit, citations in some
            )
    return shown


def _cards(answer: Answer) -> list[tuple[int, Hit, tuple[Citation, ...]]]:
    """The cited passages under their numbers, then the other hits, numbered on."""
    hits = {hit.passage.id: hit for hit in answer.hits}
    cited: dict[int, list[Citation]] = {}
    for citation in answer.citations if answer.found else ():
        cited.setdefault(citation.number, []).append(citation)
    cards = []
    for number, citations in sorted(cited.items()):
        first = citations[0]
        hit = hits.pop(first.passage.id, None)
        # A cited passage that is not among the hits has no rank or score to show.
        hit = hit or Hit(rank=0, score=0.0, article=first.article, passage=first.passage)
        cards.append((number, hit, tuple(citations)))
    after = max(cited, default=0) + 1
    return cards + [(number, hit, ()) for number, hit in enumerate(hits.values(), after)]


def _card(anchor: str, number: int, hit: Hit, citations: tuple[Citation, ...], best: float) -> str:
    article, passage = hit.article, hit.passage
    language = html_text(article.language)
    spans = [(c.start - passage.start, c.end - passage.start) for c in citations]
    place = (citations[0].start, citations[0].end) if citations else (passage.start, passage.end)
    return (
        f'<div class="card{" cited" if citations else ""}" id="{anchor}" tabindex="-1" '
        f'role="group"><h4><span class="unseen">Source </span><span class="number">{number}</span> '
        f'<a href="{article_link(article, place)}" target="_blank" dir="auto" '
        f'lang="{language}">{html_text(article.title)}</a></h4>'
        f"{article_facts(article)}"
        f'<blockquote dir="auto" lang="{language}">{marked(passage.text, spans)}</blockquote>'
        f"{_also_in(hit)}{_why(hit, best)}</div>"
    )


def article_link(article: Article, place: Span) -> str:
    """The address, relative to the chat's page, of the article with a span of it marked."""
    path = html_text(quote(article.id.encode("utf-8", "replace"), safe=""))
    return f"articles/{path}?start={place[0]}&amp;end={place[1]}#sentence"


def article_facts(article: Article) -> str:
    """One line: outlet, day, language, and the original where it can be linked."""
    facts = []
    if article.source:
        facts.append(f"<bdi>{html_text(article.source)}</bdi>")
    if article.published:
        facts.append(f"<span>{html_text(article.published[:10])}</span>")
    facts.append(f"<span>{html_text(language_name(article.language))}</span>")
    url = web_link(article.url)
    if url is not None:
        facts.append(
            f'<a href="{html_text(url)}" target="_blank" rel="noopener noreferrer nofollow">'
            f"{html_text(link_host(url))} ↗</a>"
        )
    return f'<div class="facts">{" · ".join(facts)}</div>'


def marked(text: str, spans: Iterable[Span], *, lines: bool = False) -> str:
    """`text` as HTML with the spans in `<mark>`; parts of a span outside the text are dropped."""
    shown, done = "", 0
    for start, end in sorted(spans):
        first, last = max(start, done), min(end, len(text))
        if first < last:
            shown += html_text(text[done:first], lines=lines)
            shown += f"<mark>{html_text(text[first:last], lines=lines)}</mark>"
            done = last
    return shown + html_text(text[done:], lines=lines)


_PARTS = {
    "meaning": "the passage's meaning",
    "article": "the whole article's meaning",
    "words": "its words, each with those around it",
    "coverage": "the same words",
    "romanised": "names and numbers, also in other scripts",
    "preference": "the preferred language",
}
"""What the parts of a score stand for, for readers."""


def _also_in(hit: Hit) -> str:
    """The copies of a hit's article, each linked."""
    if not hit.copies:
        return ""
    links = [
        f'<li><a href="{article_link(article, (0, 0))}" target="_blank" dir="auto" '
        f'lang="{html_text(article.language)}">{html_text(article.title)}</a>'
        f"{article_facts(article)}</li>"
        for article in hit.also_in
    ]
    more = hit.copies - len(hit.also_in)
    rest = f"<li>and {more:,} more</li>" if more else ""
    return (
        f'<details class="also"><summary>Also in {count(hit.copies, "article")}, '
        f"a copy of this one</summary><ul>{''.join(links)}{rest}</ul></details>"
    )


def _why(hit: Hit, best: float) -> str:
    if not hit.rank:
        return ""
    facts = [("Place among the hits", str(hit.rank))]
    if hit.reranker_score is not None:
        facts.append(("Reranker's score, which decides", f"{hit.reranker_score:.3f}"))
    if hit.dense_rank is not None:
        facts.append(("Place by meaning", str(hit.dense_rank)))
    if hit.similarity is not None:
        facts.append(("Similarity of meaning", f"{hit.similarity:.3f}"))
    if hit.lexical_rank is not None:
        facts.append(("Place by words", str(hit.lexical_rank)))
    if hit.coverage is not None:
        facts.append(("Share of the question's words", f"{hit.coverage:.0%}"))
    if hit.romanised_rank is not None:
        facts.append(("Place by names and numbers", str(hit.romanised_rank)))
    facts.append(("Score", f"{hit.score:.2f}"))
    rows = "".join(f"<div><span>{html_text(n)}</span><span>{v}</span></div>" for n, v in facts)
    bar = ""
    if best > 0:
        share = min(1.0, max(0.0, hit.score / best))
        bar = (
            f'<span class="bar"><span style="width:{share:.0%}"></span></span>'
            f" {share:.0%}, relative to the best hit"
        )
    return (
        f'<details class="why"><summary>Why this source {bar}</summary>'
        f"{rows}{_explained(hit)}</details>"
    )


def _explained(hit: Hit) -> str:
    """The parts of the score, the words that met, and the nearest sentence."""
    why = hit.explanation
    if why is None:
        return ""
    rows = [
        (f"· from {html_text(_PARTS.get(name, name))}", f"{points:+.2f}")
        for name, points in why.points
        if abs(points) >= 0.005
    ]
    if why.terms:
        rows.append(("Same words", f"<bdi>{html_text(', '.join(why.terms))}</bdi>"))
    for kind, label in (("sound", "Alike in sound"), ("meaning", "Near in meaning")):
        pairs = [
            f"<bdi>{html_text(match.question)}</bdi> ~ <bdi>{html_text(match.passage)}</bdi>"
            for match in why.words
            if match.kind == kind
        ]
        if pairs:
            rows.append((label, ", ".join(pairs)))
    nearest = html_text(hit.article.text[why.start : why.end])
    rows.append(
        (
            "Nearest sentence",
            f'<span dir="auto" lang="{html_text(hit.article.language)}">{nearest}</span>',
        )
    )
    return "".join(f"<div><span>{name}</span><span>{value}</span></div>" for name, value in rows)
