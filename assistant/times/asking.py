"""Whether a question asks for the latest news, or for how something developed."""

from __future__ import annotations

from functools import cache

import regex

_LONGEST = 2_000

# In languages with blanks between words. What is common to several stands once.
_LATEST_WORDS = (
    r"latest|newest|most recent(?:ly)?|breaking news|up[- ]to[- ]date|recent (?:news|developments)",
    r"neuest(?:e[mnrs]?|ens)|aktuellste[mnrs]?|jüngste[mnrs]?|aktuelle[mnrs]? "
    r"(?:stand|lage|nachrichten|meldungen|zahlen|entwicklung(?:en)?)|aktuell|letzte[rn]? stand"
    r"|zuletzt",
    r"derni(?:ers|ères) (?:nouvelles?|informations?|infos?|chiffres|développements?|actualités?)"
    r"|derni(?:er|ère)s? (?:bilan|état|point|mise à jour|en date)|plus récente?s?|actualités?",
    r"últim[ao]s (?:noticias?|notícias?|novedades|novidades|cifras|datos|dados|números"
    r"|informaç\w{1,8}|informacion\w{0,3}|atualizaç\w{1,8}|actualizacion\w{0,3}|acontecimient?os)"
    r"|m[áa]s recientes?|mais recentes?|última hora|novedades|novidades",
    r"ultim[aeio] (?:notizi[ae]|novità|aggiornament[oi]|dati|sviluppi|cifre)|ultimissime"
    r"|più recent[ei]",
    r"последни[ехмй]{1,2} (?:новост|данн|событи|известия|известий|сведени|цифр)\w{0,6}"
    r"|последние(?=\s{0,3}[?!.]?$)|новейш\w{1,4}|самы[ехй] (?:свеж|последн|нов)\w{1,4}"
    r"|свежи[ехй] (?:новост|данн)\w{0,4}",
    r"останні[хм]? (?:новин|дан|поді|відомост|цифр)\w{0,5}|найновіш\w{1,4}|найсвіжіш\w{1,4}"
    r"|свіж[іи]х? (?:новин|дан)\w{0,4}",
    r"(?:و|ب|ل)?(?:أحدث|احدث)|[آا]خر (?:ال)?(?:أخبار|مستجدات|تطورات|أرقام|أنباء|تحديثات)"
    r"|(?:ال)?مستجدات",
    r"नवीनतम|ताज़ा|ताजा|ताज़ी|ताजी|सबसे हालिया|सबसे हाल की|सबसे नई|सबसे नया|हालिया",
    r"en son|en yeni|en güncel|son dakika|son (?:haber|durum|gelişme|rakam|veri)\w{0,10}"
    r"|güncel (?:haber|durum|gelişme|rakam|veri)\w{0,10}",
    r"mới nhất|gần đây nhất|cập nhật|tin mới",
)
_LATEST_PARTS = (
    r"最新|一番新しい|もっとも新しい|最も新しい|直近の(?:ニュース|情報|動き|状況)|最近的(?:消息|新闻|新聞)"
    r"|최신|가장 최근|최근 (?:소식|뉴스|상황)|(?<!วัน)(?<!เดือน)(?<!ปี)ล่าสุด"
)
_DEVELOPMENT_WORDS = (
    r"timeline|chronolog(?:y|ical(?:ly)?)|(?:sequence|course) of events|step by step|over time"
    r"|how (?:did|has|have|is|are|was|were|do|does)\b.{1,100}\b(?:develop(?:ed|ing|s)?|evolved?"
    r"|evolving|unfold(?:ed|ing|s)?|progress(?:ed|ing)?|come about|c[oa]me to this|changed? since"
    r"|changed over)|what (?:has |have )?(?:happened|changed|been happening) since",
    r"verlauf(?:s|en)?|verlief(?:en)?|chronologie|zeitstrahl|zeitleiste|chronologisch\w{0,2}"
    r"|entwickel(?:t|te|ten|n)|entwicklung(?:en)?|was (?:ist|geschah|passierte) seit\w{0,4}"
    r"|was ist seit\w{0,4}\b.{1,60}\b(?:passiert|geschehen)|ablauf(?:s|e)?",
    r"chronologi(?:e|que)|évolution|évolu(?:é|er|e|ent|ée?s?|ait)|déroul(?:é|ée?s?|ement)"
    r"|que s['’]est-il passé depuis|(?:fil|suite|enchaînement) des événements|développements? de",
    r"cronologí?[ií]a|línea de tiempo|linha do tempo|evoluci(?:ón|on(?:ó|ado|aron))"
    r"|evolu(?:ção|iu|íram|ído)|desarroll(?:ó|aron|ado)|desenrolou|desenrolar|desenvolveu"
    r"|desenvolvimento d\w{1,2}|(?:qué|que) (?:ha pasado|pasó|ha ocurrido|ocurrió|aconteceu|mudou)"
    r" desde|curso de los acontecimientos",
    r"evolv?u(?:zione|ta|to)|evolut[aoei]|linea del tempo|svilupp(?:ata|ato|ati|ate|ano|o della"
    r"|o del|i della)|svolt[aoie]|che cosa è successo (?:da|dal|dalla|dopo)|andament[oi]"
    r"|successione degli eventi",
    r"хронологи[яиюей]{1,2}|как (?:\w{1,20} ){0,4}?(?:развива|разворачива|меня)\w{1,8}"
    r"|развити[еяию] (?:событи|ситуаци|конфликт)\w{1,3}|ход(?:а|е)? событий"
    r"|что произошло (?:с|после)|что изменилось с|динамик[ауие]",
    r"хронологі[яюїєи]{1,2}|як (?:\w{1,20} ){0,4}?(?:розвива|розгорта|зміню)\w{1,8}|розвит(?:ок|ку)"
    r" (?:поді|ситуаці|конфлікт)\w{1,3}|перебіг(?:у)? (?:поді|войн|конфлікт)\w{1,3}"
    r"|що (?:сталося|змінилося|відбулося) (?:з|після|від)|динамік[ауи]",
    r"(?:ال)?تسلسل (?:ال)?زمني|(?:ال)?جدول (?:ال)?زمني|كيف (?:تطور|تطورت|تطوّرت|سارت|جرت)"
    r"|تطور(?:ات)? (?:ال)?(?:أحداث|أزمة|وضع|أوضاع|صراع|موقف)|مجريات|مسار الأحداث"
    r"|ماذا حدث (?:منذ|بعد)|تسلسل الأحداث",
    r"घटनाक्रम|समयरेखा|कालक्रम|टाइमलाइन|कैसे (?:विकसित|बदल|आगे बढ़)\w{0,4}|के बाद से (?:अब तक )?क्या"
    r"|से अब तक क्या|क्रमवार",
    r"kronoloji(?:si|k)?|zaman çizelgesi|nasıl (?:gelişti|değişti|ilerledi|seyretti|evrildi"
    r"|gelişiyor)|(?:olayların|sürecin|savaşın|krizin) seyri|gelişim(?:i|ini)"
    r"|beri ne(?:ler)? (?:oldu|değişti)",
    r"dòng thời gian|trình tự|mốc thời gian|diễn biến|diễn ra như thế nào"
    r"|phát triển (?:như thế nào|ra sao)"
    r"|thay đổi (?:như thế nào|ra sao)|điều gì đã xảy ra (?:từ|kể từ|sau)",
)
_DEVELOPMENT_PARTS = (
    r"经过(?!审|批)|經過|来龙去脉|來龍去脈|时间线|時間線|时间轴|時間軸|始末|演变|演變|发展历程|發展歷程"
    r"|(?:如何|怎么|怎麼|怎样|怎樣)(?:发展|發展|变化|變化|演进)|进展|進展|以来发生了什么|以來發生了什麼"
    r"|経緯|経過|推移|時系列|流れを|タイムライン|(?:どう|どのように)(?:変わ|変化|発展|進ん|推移|展開)"
    r"|いきさつ|성장 과정|경과|경위|추이|연표|타임라인|전개"
    r"|어떻게 (?:발전|변화|변해|진행|바뀌|달라)"
    r"|이후 (?:무슨|어떤|무엇이)|ลำดับเหตุการณ์|เส้นเวลา|ไทม์ไลน์|พัฒนาการ|ความเป็นมา|คลี่คลาย"
    r"|เปลี่ยนแปลง(?:ไป)?อย่างไร|พัฒนา(?:ไป)?อย่างไร|เกิดอะไรขึ้น(?:บ้าง)?(?:ตั้งแต่|นับตั้งแต่|หลัง)"
)


@cache
def _asks(words: tuple[str, ...], parts: str) -> regex.Pattern[str]:
    """Any of `words` between blanks or marks, or of `parts` anywhere."""
    between = "|".join(words).replace(" ", r"\s{1,3}")
    letter = r"[\p{L}\p{M}\p{N}_]"
    return regex.compile(f"(?<!{letter})(?:{between})(?!{letter})|{parts}", regex.IGNORECASE)


def wants_latest(question: str) -> bool:
    """Whether a question asks for the newest there is, in any of the sixteen languages.

    "The last three days" is a period and not this. Only the first 2,000 characters are read.
    """
    return _asks(_LATEST_WORDS, _LATEST_PARTS).search(question[:_LONGEST]) is not None


def wants_development(question: str) -> bool:
    """Whether a question asks how something went on, or for a timeline, in any of the languages.

    Only the first 2,000 characters are read.
    """
    asks = _asks(_DEVELOPMENT_WORDS, _DEVELOPMENT_PARTS)
    return asks.search(question[:_LONGEST]) is not None
