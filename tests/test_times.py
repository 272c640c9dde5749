"""What a question says of time is read to the day, and a number in a name is no time."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from helpers import python
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.times import period_of, wants_development, wants_latest
from assistant.times.patterns import LANGUAGES
from benchmarks.times import Expression, read_expressions, shares, told

DAY = date(2024, 6, 15)
SET = read_expressions()
TAGS = [*LANGUAGES, "zh-Hant", "nl", "pl", "sv", "und"]


def days(question: str, language: str = "en", as_of: date = DAY) -> tuple[str | None, str | None]:
    period = period_of(question, as_of=as_of, languages=[language])
    return (None, None) if period is None else (period.since, period.until)


def where(question: str, language: str = "en") -> str | None:
    period = period_of(question, as_of=DAY, languages=[language])
    return None if period is None else question[period.start : period.end]


@pytest.mark.parametrize(
    "expression", [row for row in SET if not row.held], ids=lambda row: row.question
)
def test_each_question_of_the_tuned_half_is_read_to_the_day(expression: Expression) -> None:
    assert told(expression) == expression.days


def test_of_the_questions_held_out_nearly_all_are_read_to_the_day() -> None:
    figures = shares([row for row in SET if row.held], told)
    assert figures["questions"] >= 160
    assert figures["right"] >= 0.97


def test_the_set_has_every_language_in_both_halves() -> None:
    for tag in LANGUAGES:
        halves = [row.held for row in SET if row.language == tag]
        assert halves.count(True) >= 6 and halves.count(False) >= 6


@pytest.mark.parametrize(
    ("as_of", "question", "since", "until"),
    [
        ("2024-03-31", "last month", "2024-02-01", "2024-02-29"),
        ("2023-03-31", "last month", "2023-02-01", "2023-02-28"),
        ("2024-01-01", "yesterday", "2023-12-31", "2023-12-31"),
        ("2024-01-01", "last month", "2023-12-01", "2023-12-31"),
        ("2024-01-01", "last year", "2023-01-01", "2023-12-31"),
        ("2024-01-01", "last week", "2023-12-25", "2023-12-31"),
        ("2021-01-01", "this week", "2020-12-28", "2021-01-03"),
        ("2021-01-04", "last week", "2020-12-28", "2021-01-03"),
        ("2020-12-31", "next week", "2021-01-04", "2021-01-10"),
        ("2024-02-29", "in the last year", "2023-02-28", "2024-02-29"),
        ("2024-03-31", "in the last month", "2024-02-29", "2024-03-31"),
        ("2024-12-31", "next month", "2025-01-01", "2025-01-31"),
        ("2024-11-01", "in November", "2024-11-01", "2024-11-30"),
        ("2024-10-31", "in November", "2023-11-01", "2023-11-30"),
        ("2024-06-15", "on 16 June", "2023-06-16", "2023-06-16"),
        ("2024-06-15", "on 15 June", "2024-06-15", "2024-06-15"),
        ("2023-06-15", "on 29 February", "2020-02-29", "2020-02-29"),
        ("2024-06-15", "in winter 2023", "2023-12-01", "2024-02-29"),
        ("2024-01-15", "this winter", "2023-12-01", "2024-02-29"),
        ("2024-06-15", "last winter", "2023-12-01", "2024-02-29"),
        ("2024-06-15", "in Q3", "2023-07-01", "2023-09-30"),
        ("2024-06-15", "from November 2023 to January", "2023-11-01", "2024-01-31"),
        ("2024-06-15", "between November and January 2024", "2023-11-01", "2024-01-31"),
        ("2024-06-15", "in 2021, 2022 and 2023", "2021-01-01", "2023-12-31"),
        ("2024-06-15", "since 2020 until 2022", "2020-01-01", "2022-12-31"),
        ("2024-06-15", "after 31 December 2023", "2024-01-01", None),
        ("2024-06-15", "before 1 January 2024", None, "2023-12-31"),
        ("2024-06-15", "November last year", "2023-11-01", "2023-11-30"),
        ("2024-06-15", "two months ago", "2024-04-01", "2024-04-30"),
        ("2024-06-15", "between 5 and 12 March 2024", "2024-03-05", "2024-03-12"),
        ("2024-06-15", "in the 90s", "1990-01-01", "1999-12-31"),
        ("2024-06-15", "Earthquake in Turkey, 2023?", "2023-01-01", "2023-12-31"),
    ],
)
def test_the_edges_of_the_calendar(
    as_of: str, question: str, since: str | None, until: str | None
) -> None:
    assert days(question, as_of=date.fromisoformat(as_of)) == (since, until)


@pytest.mark.parametrize("question", ["on 30 February 2024", "on 2024-13-41", "on 31/31/2024"])
def test_a_day_that_there_is_not_is_no_time(question: str) -> None:
    assert days(question) == (None, None)


def test_a_numeric_date_has_its_day_first_except_in_english() -> None:
    assert days("01/02/2024", "fr") == ("2024-02-01", "2024-02-01")
    assert days("01/02/2024", "en") == ("2024-01-02", "2024-01-02")
    assert days("13/02/2024", "en") == ("2024-02-13", "2024-02-13")
    assert days("2024-02-01", "en") == ("2024-02-01", "2024-02-01")


@pytest.mark.parametrize(
    ("language", "question", "since", "until"),
    [
        ("th", "ตั้งแต่ปี 2562 ถึง 2564", "2019-01-01", "2021-12-31"),
        ("ja", "令和5年に何が", "2023-01-01", "2023-12-31"),
        ("zh-Hant", "民國112年發生了什麼", "2023-01-01", "2023-12-31"),
        ("ar", "ماذا حدث في ١٢ نوفمبر ٢٠٢٣؟", "2023-11-12", "2023-11-12"),
        ("hi", "२०२३ में क्या हुआ", "2023-01-01", "2023-12-31"),
    ],
)
def test_other_eras_and_digits(language: str, question: str, since: str, until: str) -> None:
    assert days(question, language) == (since, until)


@pytest.mark.parametrize(
    ("language", "question", "since", "until"),
    [
        ("nl", "Wat gebeurde er sinds maart 2024?", "2024-03-01", None),
        ("nl", "Wie was minister voor 2020?", None, "2019-12-31"),
        ("pl", "Co się stało w zeszłym roku?", "2023-01-01", "2023-12-31"),
        ("sv", "Vad hände förra veckan?", "2024-06-03", "2024-06-09"),
        ("cs", "Kdo se sešel 12. listopadu 2023?", "2023-11-12", "2023-11-12"),
        ("nl", "Wie won Euro 2012 in Parijs?", None, None),
        ("und", "last week", None, None),
    ],
)
def test_dateparser_reads_languages_without_tables(
    language: str, question: str, since: str | None, until: str | None
) -> None:
    assert days(question, language) == (since, until)


NO_TIMES = {
    "en": [
        "May I see the treaty?",
        "Why did people march on Washington?",
        "What did Mr. May say?",
        "What did Theresa May say in parliament?",
        "What are his views on May?",
        "Who finished second?",
        "Who owns the Sun?",
        "Were 1,200 people hurt?",
        "Was it over within 24 hours?",
        "What is Apollo 11?",
        "How many had COVID-19?",
        "Who won the World Cup 2022?",
        "What is in the 2030 Agenda?",
        "Who ran at the Paris 2024 Olympics?",
        "What happened before the summit?",
        "What was said after the vote?",
        "Were 2023 people killed?",
        "Were people hurt in 2000 villages?",
        "Who wrote Blade Runner 2049?",
        "What is UN resolution 2231?",
        "Who watched the show Last Week Tonight?",
        "Who sang “Yesterday”?",
        "Did it cost $2000 or 2000 km?",
        "Was the fall of Kabul planned?",
        "Which article 9 of 1,999?",
        "Is version 2.10.2024.1 out?",
    ],
    "de": ["Was geschah hier?", "Was war die Agenda 2010?", "Starben vor 2000 Menschen mehr?"],
    "fr": [
        "Que s'est-il passé avant le sommet ?",
        "Qui habite sur Mars ?",
        "Combien en 24 heures ?",
    ],
    "es": [
        "¿Qué es la Agenda 2030?",
        "¿Quién es Julio Iglesias?",
        "¿Quién fue antes de la cumbre?",
    ],
    "it": ["Chi ha vinto Euro 2020?", "Chi è Giulio?", "Che cosa è mai successo?"],
    "pt": ["Quem venceu a Copa 2014?", "Quem saiu antes da cúpula?"],
    "ru": ["Что такое Повестка 2030?", "Кто был на марше?", "Погибло ли 2000 человек?"],
    "uk": ["Що таке Євро 2012?", "Чи опадає листя?"],
    "ar": ["ما هو اليوم العالمي للمرأة؟", "ماذا حدث قبل القمة؟"],
    "hi": ["विश्व कप 2023 किसने जीता?", "सम्मेलन से पहले क्या हुआ?"],
    "ja": ["2025年大阪万博はどこ?", "3か月の赤ちゃん", "首脳会談の前"],
    "ko": ["2024 파리 올림픽", "3개월 아기", "회담 전에"],
    "th": ["ฟุตบอลโลก 2022", "24 ชั่วโมง", "ก่อนการประชุม"],
    "tr": ["2024 Olimpiyatları nerede?", "Ay ne kadar uzak?"],
    "vi": ["Ai vô địch World Cup 2022?", "Có ba người không?"],
    "zh": ["2030议程是什么?", "2024年巴黎奥运会谁赢了?", "三个月大"],
}


@pytest.mark.parametrize(
    ("language", "question"),
    [(language, question) for language, asked in NO_TIMES.items() for question in asked],
)
def test_a_number_or_a_name_is_no_time(language: str, question: str) -> None:
    assert days(question, language) == (None, None)


def test_the_place_is_that_of_the_words_of_time() -> None:
    assert where("What happened since March 2024 in Chile?") == "since March 2024"
    assert where("Was wurde im November beschlossen?", "de") == "im November"
    assert where("2020년 이후 무엇이 달라졌나요?", "ko") == "2020년 이후"
    assert where("İĞÜ: 2023'te ne oldu?", "tr") == "2023'te"


def test_without_languages_the_question_says_its_own() -> None:
    period = period_of("Что произошло в прошлом году в Москве?", as_of=DAY)
    assert period is not None and (period.since, period.until) == ("2023-01-01", "2023-12-31")
    assert period_of("", as_of=DAY) is None


LATEST = """
en|What is the latest on the strike?|What happened in the last three days?
de|Was sind die neuesten Zahlen?|Wer traf sich letzte Woche?
fr|Quelles sont les dernières nouvelles ?|Qui est parti la semaine dernière ?
es|¿Cuáles son las últimas noticias?|¿Qué pasó la semana pasada?
it|Quali sono le ultime notizie?|Che cosa è successo la settimana scorsa?
pt|Quais são as últimas notícias?|O que aconteceu na semana passada?
ru|Какие последние новости?|Что было в последние три дня?
uk|Які останні новини?|Що було минулого тижня?
ar|ما أحدث الأرقام؟|ماذا حدث الأسبوع الماضي؟
hi|नवीनतम आंकड़े क्या हैं?|पिछले हफ्ते क्या हुआ?
ja|最新の情報は?|先週何がありましたか?
ko|최신 소식은?|지난주 무슨 일이 있었나요?
th|ข่าวล่าสุดคืออะไร|3 วันล่าสุด
tr|En son haberler neler?|Son üç günde ne oldu?
vi|Tin mới nhất là gì?|Tuần trước có gì?
zh|最新消息是什么?|上周发生了什么?
"""
DEVELOPMENT = """
en|How did the talks with Iran develop?|Who is developing the missile?
en|Give me a timeline of the war.|What time is it?
en|What has happened since the vote?|Who won the vote?
de|Wie war der Verlauf der Gespräche?|Wer verließ die Gespräche?
fr|Donne-moi la chronologie du conflit.|Qui a gagné ?
es|¿Cómo evolucionó la crisis?|¿Quién ganó?
it|Qual è la cronologia degli eventi?|Chi ha vinto?
pt|Qual é a cronologia da crise?|Quem ganhou?
ru|Как развивались переговоры?|Кто победил?
uk|Як розвивалися переговори?|Хто переміг?
ar|كيف تطورت الأزمة؟|من فاز؟
hi|घटनाक्रम क्या रहा?|कौन जीता?
ja|交渉の経緯は?|誰が勝ちましたか?
ko|협상 경과를 알려줘|누가 이겼나요?
th|ขอลำดับเหตุการณ์|ใครชนะ
tr|Kriz nasıl gelişti?|Kim kazandı?
vi|Diễn biến của cuộc đàm phán?|Ai thắng?
zh|谈判的经过是怎样的?|谁赢了?
"""


@pytest.mark.parametrize("line", LATEST.strip().splitlines())
def test_the_latest_is_asked_for_in_every_language(line: str) -> None:
    _, yes, no = line.split("|")
    assert wants_latest(yes) and not wants_latest(no)


@pytest.mark.parametrize("line", DEVELOPMENT.strip().splitlines())
def test_a_development_is_asked_for_in_every_language(line: str) -> None:
    _, yes, no = line.split("|")
    assert wants_development(yes) and not wants_development(no)


pieces = st.sampled_from(
    [word for row in SET for word in row.question.split()]
    + list("–-,.:/«»“”\"'年月日년월일")
    + ["2024", "12", "5", "\ud800", "\u202e", "İ", "0", "٣"]
)
texts = st.one_of(
    st.text(max_size=200),
    st.lists(pieces, max_size=12).map(" ".join),
    st.lists(pieces, max_size=12).map("".join),
)


@settings(max_examples=150, deadline=None)
@given(texts, st.sampled_from(TAGS), st.dates())
def test_any_text_has_a_period_within_it_or_none(text: str, language: str, as_of: date) -> None:
    period = period_of(text, as_of=as_of, languages=[language])
    wants_latest(text)
    wants_development(text)
    if period is None:
        return
    assert 0 <= period.start < period.end <= len(text)
    assert period.since is not None or period.until is not None
    for day in (period.since, period.until):
        assert day is None or date.fromisoformat(day).isoformat() == day
    if period.since and period.until:
        assert period.since <= period.until


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_last_week_is_seven_days_that_end_on_the_sunday_before(as_of: date) -> None:
    since, until = days("last week", as_of=as_of)
    assert since and until
    first, last = date.fromisoformat(since), date.fromisoformat(until)
    assert last - first == timedelta(days=6)
    assert first.isoweekday() == 1
    assert last < as_of <= last + timedelta(days=7)


@pytest.mark.parametrize(
    "piece", ["in ", "2024 ", "5 ", "how did ", "на ", "年", "ปี", "“", "a", "1-"]
)
def test_a_very_long_question_is_read_as_far_as_a_question_goes(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    for language in LANGUAGES:
        period = period_of(text, as_of=DAY, languages=[language])
        assert period is None or period.end <= 2_000
    assert not wants_latest(text) and not wants_development(text)


def test_dateparser_is_loaded_only_for_a_language_without_tables() -> None:
    code = (
        "import json, sys; from datetime import date; from assistant.times import period_of; "
        "period_of({!r}, as_of=date(2024, 6, 15), languages=[{!r}]); "
        "print(json.dumps('dateparser' in sys.modules))"
    )
    asked = [("Who met on 12 November 2023?", "en"), ("Wie kwam 12 november 2023?", "nl")]
    loaded = [json.loads(python("-c", code.format(*one)).stdout) for one in asked]
    assert loaded == [False, True]
