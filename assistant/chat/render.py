"""Turns as what the page shows.

Each function returns one line of HTML in which all foreign text is escaped: on one line,
Markdown takes it for a single block of HTML and reads nothing into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from assistant.answers import Answer
from assistant.chat.conversation import STOPPED, UNEXPECTED, Turn
from assistant.chat.escaping import html_text, link_host, web_link
from assistant.chat.lines import problem, quiet, status
from assistant.chat.reply import actions, answer_body
from assistant.chat.why import why
from assistant.chat.wording import Wording
from assistant.settings import MAX_QUESTION_CHARACTERS
from assistant.types import Article, Citation, Hit

Span = tuple[int, int]


def messages(turns: Sequence[Turn], words: Wording) -> list[dict[str, str]]:
    """The chat's messages: of each turn a question and an answer."""
    shown = []
    for turn in turns:
        question = html_text(_shortened(turn.question))
        replaced = ' class="replaced"' if turn.replaced else ""
        shown.append({"role": "user", "content": f'<div dir="auto"{replaced}>{question}</div>'})
        reply = _reply(turn, words, last=turn is turns[-1])
        shown.append({"role": "assistant", "content": reply})
    return shown


def _shortened(question: str) -> str:
    if len(question) <= MAX_QUESTION_CHARACTERS:
        return question
    return question[:200] + "…"


def _reply(turn: Turn, words: Wording, *, last: bool) -> str:
    after = actions(turn, words, last=last)
    if turn.waiting:
        return status(words.say("searching")) + after
    if turn.answer is None:
        return problem(_problem(turn, words)) + after
    cards = len(_cards(turn.answer))
    link = html_text(words.say("sources", n=words.number(cards)))
    jump = f'<div class="jump"><a href="#t{turn.number}">{link}</a></div>' if cards else ""
    return answer_body(turn, words) + jump + after


def _problem(turn: Turn, words: Wording) -> str:
    known = {UNEXPECTED: "problem", STOPPED: "stopped"}
    error = turn.error or ""
    return words.say(known[error]) if error in known else error


def sources_panel(turns: Sequence[Turn], words: Wording) -> str:
    """The sources of every turn, the newest first and open; empty where there is none."""
    if not turns:
        return ""
    newest = turns[-1].number
    shown = [_turn(turn, words, is_open=turn.number == newest) for turn in reversed(turns)]
    return f'<div class="panel">{"".join(shown)}</div>'


def _turn(turn: Turn, words: Wording, *, is_open: bool) -> str:
    summary = f"<bdi>{html_text(_shortened(turn.question)[:120])}</bdi>"
    if turn.answer is not None:
        body = _spread(turn.answer, words) + _lists(turn.number, turn.answer, words)
    else:
        body = quiet(words.say("searching" if turn.waiting else "no_answer"))
    return (
        f'<details class="turn" id="t{turn.number}"{" open" if is_open else ""}>'
        f"<summary>{summary}</summary>{body}</details>"
    )


def _spread(answer: Answer, words: Wording) -> str:
    """Over how many outlets, languages and days the cited articles spread."""
    articles = {c.article.id: c.article for c in answer.citations}.values()
    if not answer.found or not articles:
        return ""
    days = sorted(article.published[:10] for article in articles if article.published)
    outlets = {article.source for article in articles if article.source}
    parts = [
        words.say("cited_articles", articles=words.count("articles", len(articles))),
        words.count("outlets", len(outlets)) if outlets else "",
        words.count("languages", len({article.language for article in articles})),
        words.days(days[0], days[-1]) if days else "",
        words.say("evidence", value=words.number(round(answer.confidence, 2))),
    ]
    return quiet(" · ".join(part for part in parts if part))


def _lists(number: int, answer: Answer, words: Wording) -> str:
    cards = _cards(answer)
    best = max((hit.score for hit in answer.hits), default=0.0)
    cited = [card for card in cards if card[2]]
    rest = [card for card in cards if not card[2]]
    shown = ""
    for key, some in (("cited", cited), ("also_read" if answer.found else "nearest", rest)):
        if some:
            shown += f"<h3>{html_text(words.say(key, n=words.number(len(some))))}</h3>"
            shown += "".join(
                _card(f"t{number}-s{place}", place, hit, citations, best, words)
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


def _card(
    anchor: str,
    number: int,
    hit: Hit,
    citations: tuple[Citation, ...],
    best: float,
    words: Wording,
) -> str:
    article, passage = hit.article, hit.passage
    language = html_text(article.language)
    spans = [(c.start - passage.start, c.end - passage.start) for c in citations]
    place = (citations[0].start, citations[0].end) if citations else (passage.start, passage.end)
    return (
        f'<div class="card{" cited" if citations else ""}" id="{anchor}" tabindex="-1" '
        f'role="group" aria-label="{html_text(words.say("source", n=number))}">'
        f'<h4><span class="number">{number}</span> '
        f'<a href="{article_link(article, place)}" target="_blank" class="read" dir="auto" '
        f'lang="{language}">{html_text(article.title)}</a></h4>'
        f"{article_facts(article, words)}"
        f'<blockquote dir="auto" lang="{language}">{marked(passage.text, spans)}</blockquote>'
        f"{_also_in(hit, words)}{why(hit, best, words)}</div>"
    )


def article_link(article: Article, place: Span) -> str:
    """The address, relative to the chat's page, of the article with a span of it marked."""
    path = html_text(quote(article.id.encode("utf-8", "replace"), safe=""))
    return f"articles/{path}?start={place[0]}&amp;end={place[1]}#sentence"


def article_facts(article: Article, words: Wording) -> str:
    """One line: outlet, day, language, and the original where it can be linked."""
    facts = []
    if article.source:
        facts.append(f"<bdi>{html_text(article.source)}</bdi>")
    if article.published:
        facts.append(f"<bdi>{html_text(article.published[:10])}</bdi>")
    facts.append(f"<span>{html_text(words.language(article.language))}</span>")
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


def _also_in(hit: Hit, words: Wording) -> str:
    """The copies of a hit's article, each linked."""
    if not hit.copies:
        return ""
    links = [
        f'<li><a href="{article_link(article, (0, 0))}" target="_blank" class="read" dir="auto" '
        f'lang="{html_text(article.language)}">{html_text(article.title)}</a>'
        f"{article_facts(article, words)}</li>"
        for article in hit.also_in
    ]
    more = hit.copies - len(hit.also_in)
    rest = html_text(words.say("and_more", n=words.number(more)))
    copies = html_text(words.say("also_in", articles=words.count("articles", hit.copies)))
    return (
        f'<details class="also"><summary>{copies}</summary>'
        f"<ul>{''.join(links)}{f'<li>{rest}</li>' if more else ''}</ul></details>"
    )
