"""Why a source was found, as its card tells.

Each function returns one line of HTML in which all foreign text is escaped.
"""

from __future__ import annotations

from assistant.chat.escaping import html_text
from assistant.chat.wording import Wording
from assistant.types import Hit


def why(hit: Hit, best: float, words: Wording) -> str:
    """A hit's score beside the best one's, its places in the legs, and what met; folded."""
    if not hit.rank:
        return ""
    facts = [("why_place", words.number(hit.rank))]
    if hit.reranker_score is not None:
        facts.append(("why_reranker", f"{hit.reranker_score:.3f}"))
    if hit.dense_rank is not None:
        facts.append(("why_dense", words.number(hit.dense_rank)))
    if hit.similarity is not None:
        facts.append(("why_similarity", f"{hit.similarity:.3f}"))
    if hit.lexical_rank is not None:
        facts.append(("why_lexical", words.number(hit.lexical_rank)))
    if hit.coverage is not None:
        facts.append(("why_coverage", words.share(hit.coverage)))
    if hit.romanised_rank is not None:
        facts.append(("why_romanised", words.number(hit.romanised_rank)))
    facts.append(("why_score", f"{hit.score:.2f}"))
    rows = "".join(
        _row(html_text(words.say(key)), f"<bdi>{html_text(value)}</bdi>") for key, value in facts
    )
    bar = ""
    if best > 0:
        share = min(1.0, max(0.0, hit.score / best))
        bar = f'<span class="bar"><span style="width:{share:.0%}"></span></span> ' + html_text(
            words.say("relative", share=words.share(round(share, 2)))
        )
    return (
        f'<details class="why"><summary>{html_text(words.say("why"))} {bar}</summary>'
        f"{rows}{_explained(hit, words)}</details>"
    )


def _row(name: str, value: str) -> str:
    return f"<div><span>{name}</span><span>{value}</span></div>"


def _explained(hit: Hit, words: Wording) -> str:
    """The parts of the score, the words that met, and the nearest sentence."""
    why = hit.explanation
    if why is None:
        return ""
    rows = []
    for name, points in why.points:
        if abs(points) >= 0.005:
            key = f"part_{name}"
            part = words.say(key) if key in words.table else name
            label = html_text(words.say("part", part=part))
            rows.append((label, f"<bdi>{points:+.2f}</bdi>"))
    if why.terms:
        shared = f"<bdi>{html_text(', '.join(why.terms))}</bdi>"
        rows.append((html_text(words.say("same_words")), shared))
    for kind, key in (("sound", "alike_sound"), ("meaning", "near_meaning")):
        pairs = [
            f"<bdi>{html_text(match.question)}</bdi> ~ <bdi>{html_text(match.passage)}</bdi>"
            for match in why.words
            if match.kind == kind
        ]
        if pairs:
            rows.append((html_text(words.say(key)), ", ".join(pairs)))
    nearest = html_text(hit.article.text[why.start : why.end])
    language = html_text(hit.article.language)
    shown = f'<span dir="auto" lang="{language}">{nearest}</span>'
    rows.append((html_text(words.say("nearest_sentence")), shown))
    return "".join(_row(name, value) for name, value in rows)
