"""The words that news has for numbers, scales, shares and units, by language.

All words are in lower case (NFKC, case-folded). Forms that are also an article, a pronoun or
another everyday word of the same language ("un", "ein", "uno", Turkish "bir") are left out: so
the number one, which most languages say with their article, is only known from figures.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_WORDS = {
    "en": "2 two|3 three|4 four|5 five|6 six|7 seven|8 eight|9 nine|10 ten|11 eleven|12 twelve"
    "|13 thirteen|14 fourteen|15 fifteen|16 sixteen|17 seventeen|18 eighteen|19 nineteen"
    "|20 twenty|30 thirty|40 forty|50 fifty|60 sixty|70 seventy|80 eighty|90 ninety"
    "|0.5 half|12 dozen",
    "de": "2 zwei zwo|3 drei|4 vier|5 fünf|6 sechs|7 sieben|8 acht|9 neun|10 zehn|11 elf"
    "|12 zwölf dutzend|20 zwanzig|30 dreißig|40 vierzig|50 fünfzig|0.5 hälfte",
    "fr": "2 deux|3 trois|4 quatre|5 cinq|6 six|7 sept|8 huit|9 neuf|10 dix|11 onze|12 douze"
    " douzaine|20 vingt|30 trente|40 quarante|50 cinquante|0.5 moitié",
    "es": "2 dos|3 tres|4 cuatro|5 cinco|6 seis|7 siete|8 ocho|9 nueve|10 diez|11 once|12 doce"
    " docena|20 veinte|30 treinta|40 cuarenta|50 cincuenta|0.5 mitad",
    "it": "2 due|3 tre|4 quattro|5 cinque|6 sei|7 sette|8 otto|9 nove|10 dieci|11 undici"
    "|12 dodici dozzina|20 venti|30 trenta|40 quaranta|50 cinquanta|0.5 metà",
    "pt": "2 dois duas|3 três|4 quatro|5 cinco|6 seis|7 sete|8 oito|9 nove|10 dez|11 onze"
    "|12 doze dúzia|20 vinte|30 trinta|40 quarenta|50 cinquenta|0.5 metade",
    "nl": "2 twee|3 drie|4 vier|5 vijf|6 zes|7 zeven|8 acht|9 negen|10 tien|11 elf"
    "|12 twaalf dozijn|20 twintig|30 dertig|40 veertig|50 vijftig|0.5 helft",
    "sv": "2 två|3 tre|4 fyra|5 fem|6 sex|7 sju|8 åtta|9 nio|10 tio|11 elva|12 tolv dussin"
    "|20 tjugo|30 trettio|40 fyrtio|50 femtio|0.5 hälften",
    "ru": "2 два две двух двум двумя двое|3 три трех трём трем трех тремя трое трёх"
    "|4 четыре четырех четырёх четырем четырьмя четверо|5 пять пяти пятью пятеро"
    "|6 шесть шести шестью|7 семь семи семью|8 восемь восьми|9 девять девяти"
    "|10 десять десяти|11 одиннадцать одиннадцати|12 двенадцать двенадцати дюжина дюжины"
    "|20 двадцать двадцати|30 тридцать тридцати|40 сорок сорока|50 пятьдесят пятидесяти"
    "|0.5 половина половины половину",
    "uk": "2 два дві двох двом двома двоє|3 три трьох трьом трьома троє"
    "|4 чотири чотирьох чотирьом|5 пять п'ять пяти п'яти|6 шість шести|7 сім семи"
    "|8 вісім восьми|9 девять дев'ять|10 десять десяти|11 одинадцять|12 дванадцять"
    "|20 двадцять|30 тридцять|40 сорок|0.5 половина половини",
    "pl": "2 dwa dwie dwóch dwoma dwoje|3 trzy trzech trzema troje|4 cztery czterech"
    "|5 pięć pięciu|6 sześć sześciu|7 siedem siedmiu|8 osiem ośmiu|9 dziewięć dziewięciu"
    "|10 dziesięć dziesięciu|11 jedenaście jedenastu|12 dwanaście dwunastu tuzin"
    "|20 dwadzieścia|30 trzydzieści|40 czterdzieści|50 pięćdziesiąt|0.5 połowa połowę połowy",
    "tr": "2 iki|3 üç|4 dört|5 beş|6 altı|7 yedi|8 sekiz|9 dokuz|10 on|12 düzine"
    "|20 yirmi|30 otuz|40 kırk|50 elli|0.5 yarım yarısı",
    "el": "2 δύο|3 τρεις τρία τριών|4 τέσσερις τέσσερα τεσσάρων|5 πέντε|6 έξι|7 επτά εφτά"
    "|8 οκτώ οχτώ|9 εννέα εννιά|10 δέκα|11 ένδεκα έντεκα|12 δώδεκα ντουζίνα|20 είκοσι"
    "|30 τριάντα|40 σαράντα|50 πενήντα|0.5 μισό μισά",
    "ar": "2 اثنان اثنين اثنتان اثنتين|3 ثلاثة ثلاث|4 أربعة أربع|5 خمسة خمس|6 ستة ست"
    "|7 سبعة سبع|8 ثمانية ثماني ثمان|9 تسعة تسع|10 عشرة عشر|20 عشرون عشرين|30 ثلاثون ثلاثين"
    "|40 أربعون أربعين|50 خمسون خمسين|100 مئة مائة|200 مئتان مئتين مائتان مائتين"
    "|2000 ألفان ألفين|2000000 مليونان مليونين|0.5 نصف",
    "hi": "2 दो दोनों|3 तीन|4 चार|5 पाँच पांच|6 छह छः छे|7 सात|8 आठ|9 नौ|10 दस|11 ग्यारह"
    "|12 बारह दर्जन|20 बीस|30 तीस|40 चालीस|50 पचास|100 सौ|0.5 आधा आधी आधे",
    "id": "2 dua|3 tiga|4 empat|5 lima|6 enam|7 tujuh|8 delapan|9 sembilan|10 sepuluh"
    "|11 sebelas|100 seratus|1000 seribu|12 lusin|0.5 setengah separuh",
    "vi": "2 hai|4 bốn|5 năm|6 sáu|7 bảy|8 tám|9 chín|10 mười|0.5 nửa",
}
# A word that is a number in one Latin language and something else in another is read only where
# the language is known.
_LATIN_DOUBTFUL = frozenset(
    "on sei due ten once otto sex tio fem dos elf sept nove tre six elli metade hai năm tám sáu"
    " on seis lima dua dix half yedi altı sete neuf elva onze doze bin mil mila cent acht".split()
) - {"six", "ten", "half", "dix", "neuf", "seis"}

_SCALES = {
    "": "100 hundred|1000 thousand|1000000 million millions|1000000000 billion billions bn"
    "|1000000000000 trillion trillions|1000000 mln",
    "de": "100 hundert|1000 tausend tsd|1000000 million millionen mio"
    "|1000000000 milliarde milliarden mrd|1000000000000 billion billionen",
    "fr": "100 cent cents|1000 mille|1000000 million millions|1000000000 milliard milliards"
    "|1000000000000 billion billions",
    "es": "100 cien ciento cientos|1000 mil|1000000 millón millones|1000000000000 billón billones",
    "it": "100 cento|1000 mila mille|1000000 milione milioni|1000000000 miliardo miliardi mld",
    "pt": "100 cem|1000 mil|1000000 milhão milhões|1000000000 bilhão bilhões"
    "|1000000000000 trilhão trilhões",
    "nl": "100 honderd|1000 duizend|1000000 miljoen|1000000000 miljard mrd|1000000000000 biljoen",
    "sv": "100 hundra|1000 tusen|1000000 miljon miljoner mn|1000000000 miljard miljarder mdr",
    "ru": "100 сто сотни сотня|1000 тысяча тысячи тысяч тысячу тысячам тыс"
    "|1000000 миллион миллиона миллионов миллионам млн"
    "|1000000000 миллиард миллиарда миллиардов млрд"
    "|1000000000000 триллион триллиона триллионов трлн",
    "uk": "100 сто|1000 тисяча тисячі тисяч тисячу тис|1000000 мільйон мільйона мільйони"
    " мільйонів млн|1000000000 мільярд мільярда мільярди мільярдів млрд"
    "|1000000000000 трильйон трильйона трильйонів трлн",
    "pl": "100 sto|1000 tysiąc tysiące tysięcy tys|1000000 milion miliony milionów miliona"
    "|1000000000 miliard miliardy miliardów miliarda mld|1000000000000 bilion biliony bilionów",
    "cs": "1000 tisíc tisíce|1000000 milion miliony milionů|1000000000 miliarda miliardy miliard",
    "tr": "100 yüz|1000 bin|1000000 milyon|1000000000 milyar|1000000000000 trilyon",
    "el": "100 εκατό|1000 χίλια χιλιάδες χιλιάδων|1000000 εκατομμύριο εκατομμύρια εκατομμυρίων"
    " εκατ|1000000000 δισεκατομμύριο δισεκατομμύρια δισεκατομμυρίων δισ",
    "ar": "100 مئة مائة|1000 ألف آلاف الف|1000000 مليون ملايين مليونا"
    "|1000000000 مليار مليارات مليارا|1000000000000 تريليون",
    "fa": "1000 هزار|1000000 میلیون|1000000000 میلیارد",
    "he": "1000 אלף אלפים|1000000 מיליון|1000000000 מיליארד",
    "hi": "100 सौ|1000 हज़ार हजार|100000 लाख|10000000 करोड़|1000000000 अरब",
    "bn": "1000 হাজার|100000 লাখ লক্ষ|10000000 কোটি",
    "ur": "1000 ہزار|100000 لاکھ|10000000 کروڑ|1000000000 ارب",
    "id": "100 ratus|1000 ribu|1000000 juta|1000000000 miliar milyar|1000000000000 triliun",
    "ms": "1000000000 bilion",
    "vi": "100 trăm|1000 nghìn ngàn|1000000 triệu|1000000000 tỷ tỉ",
    "th": "1000 พัน|10000 หมื่น|100000 แสน|1000000 ล้าน",
    "ro": "1000 mii|1000000 milion milioane|1000000000 miliard miliarde",
    "hu": "1000 ezer|1000000 millió|1000000000 milliárd",
    "fi": "1000 tuhat tuhatta|1000000 miljoona miljoonaa|1000000000 miljardi miljardia",
    "in": "100000 lakh lakhs|10000000 crore crores",
}
_LONG_SCALE = frozenset({"de", "fr", "es", "pl", "ms"})
"""Where "billion" and its like are 10^12; all other scale words mean the same everywhere."""

_ALONE = frozenset(
    "hundred thousand million billion trillion hundert tausend mille cien mil cento cem milhão"
    " millón mille honderd duizend hundra tusen сто тысяча тысячу миллион миллиард мільйон sto"
    " tysiąc milion εκατό χίλια مليون مليار ألف مئة مائة सौ लाख करोड़ milyon milyar juta triệu"
    " million".split()
) - {"mil", "cento", "sto"}
"""Scale words that are a number where no figure stands before them: a million."""

_PERCENT = (
    "percent|per cent|per-cent|pct|percentage point|prozent|pour cent|por ciento|por cento"
    "|per cento|процент|проц|"
    "відсот|procent|proc|τοις εκατό|في المئة|في المائة|بالمئة|بالمائة|بالمية|प्रतिशत|फीसदी|फ़ीसदी|"
    "persen|peratus|phần trăm|เปอร์เซ็นต์|パーセント|퍼센트|프로|درصد|فیصد|אחוז|százalék|prosent|"
    "prosentti|শতাংশ|la sută|个百分点|個百分點|ポイント高|ポイント低"
)
PERCENT_AFTER = tuple(sorted(_PERCENT.split("|"), key=len, reverse=True))
PERCENT_BEFORE = ("百分之", "yüzde", "ร้อยละ")

_UNITS = {
    "km": "km kilomet kilómet quilômet quilómet chilomet километр кілометр χιλιόμετρ كيلومتر"
    " किलोमीटर キロメートル 公里 千米 킬로미터",
    "mi": "mile meile milla miglia milha миля мили миль ميل मील マイル 英里 마일",
    "m": "metre meter mètre metro metri метр μέτρ مترا मीटर メートル 미터 米",
    "ft": "feet foot fuß pieds pies фут フィート 英尺 피트",
    "kg": "kg kilogram kilogramm килограмм кілограм كيلوغرام किलोग्राम キログラム 公斤 킬로그램",
    "lb": "lbs pfund",
    "t": "tonne ton tons tonnen tonelada tonnellat тонн τόν طن टन トン 吨 噸 톤",
    "USD": "$ us$ usd dollar dólar dollaro доллар долар δολάρι دولار डॉलर ドル 美元 달러 dolar",
    "EUR": "€ eur euro евро євро ευρώ يورو यूरो ユーロ 欧元 歐元 유로 avro",
    "GBP": "£ gbp pound livres libras sterlin фунт 英镑 파운드 ポンド",
    "JPY": "¥ yen jpy иен йен 円 日元 엔",
    "CNY": "yuan rmb юан 元 人民币 위안",
    "RUB": "₽ rub рубл rouble ruble rubel",
    "INR": "₹ rupee rupie рупи रुपये रुपए रुपया",
    "year": "year jahr année ans año anni anos ano jaar år лет года год рок років lat rok yıl"
    " χρόνια έτη سنة سنوات عام साल वर्ष tahun năm 年間 年 년",
    "month": "month monat mois mes meses mesi mês maand månad месяц місяц miesiąc miesięcy ay"
    " μήνες شهر أشهر महीने bulan tháng か月 ヶ月 カ月 个月 個月 개월",
    "week": "week woche semaine semana settiman settimana vecka veckor недел тижн tydzień tygodni"
    " hafta εβδομάδ أسبوع أسابيع सप्ताह हफ्ते minggu tuần 週間 周 週 주",
    "day": "day days tag tage tagen jour día días giorni giorno dia dagar dag дней дня день днів"
    " dni dzień gün"
    " ημέρες μέρες يوم أيام दिन hari ngày 日間 天 일",
    "hour": "hour stunde heure hora horas ore uur uren timm час годин godzin saat ώρες ساعة ساعات"
    " घंटे"
    " jam giờ 時間 小时 小時 시간",
    "minute": "minute minuto minuti minuut хвилин минут dakika λεπτά دقيقة دقائق मिनट menit"
    " phút 分間 分钟 分鐘 분",
    "people": "people person menschen personnes personas persone pessoas mensen personer"
    " человек людей осіб людини osób ludzi kişi άτομα شخص شخصا أشخاص लोग लोगों orang người"
    " 人 名 명",
}
_APPROXIMATE = (
    "about|around|some|nearly|almost|over|under|roughly|approximately|than|least|most|only|up to|"
    "etwa|rund|fast|über|knapp|circa|ca|environ|près de|quelque|plus de|moins de|unos|unas"
    "|cerca de|"
    "casi|más de|menos de|quasi|più di|oltre|mais de|cerca|около|более|почти|свыше|менее|понад|"
    "близько|ponad|około|prawie|yaklaşık|περίπου|حوالي|نحو|أكثر من|करीब|लगभग|约|約|超过|超過|"
    "약|sekitar|lebih dari|khoảng|hơn|ongeveer|meer dan|bijna|omkring|över|nästan|mer än"
)
APPROXIMATE = tuple(sorted(_APPROXIMATE.split("|"), key=len, reverse=True))

YEAR_BEFORE = frozenset(
    "in since until till before after by from during year of to and through"
    " im jahr jahre seit bis vor nach ab von en depuis jusqu'en avant après année année"
    " desde hasta año del de antes nel dal nell'anno fino entro em no até ano sinds tot jaar"
    " sedan före efter år в с до после году год у з від після рік w od do po roku το από έως"
    " عام سنة منذ सन वर्ष tahun pada năm sejak m mwaka".split()
)
YEAR_AFTER = frozenset(
    "год года году годов годы г гг рік року році р roku rok yılında yılı yıl में के की से का".split()
)

ONE = frozenset(
    "one a an single eins ein eine einen einem einer un une uno una um uma één een en ett один"
    " одна одного одной одну одно jeden jedna jednego jedną bir ένας μία ένα μια واحد واحدة एक"
    " satu seorang một 一 壱 하나 한".split()
)
"""Words for one. They prove nothing by themselves; a figure 1 is not missing beside them."""

LATIN = ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "pl", "tr", "id", "vi")
_SCRIPTS = {"Cyrillic": ("ru", "uk"), "Greek": ("el",), "Arabic": ("ar",), "Devanagari": ("hi",)}


def _entries(table: str) -> dict[str, str]:
    found = {}
    for entry in table.split("|"):
        value, *words = entry.split()
        for word in words:
            found[unicodedata.normalize("NFKC", word).casefold()] = value
    return found


@lru_cache(maxsize=256)
def number_words(language: str) -> dict[str, str]:
    """What number each word is, as a plain decimal; `language` is a BCP 47 tag.

    Where it has no table: the words of all languages, but those that two Latin ones read
    differently.
    """
    base = language.split("-")[0].lower()
    if base in _WORDS:
        return _entries(_WORDS[base])
    found: dict[str, str] = {}
    for name, table in _WORDS.items():
        for word, value in _entries(table).items():
            if not (name in LATIN and word in _LATIN_DOUBTFUL):
                found.setdefault(word, value)
    return found


@lru_cache(maxsize=256)
def scale_words(language: str) -> dict[str, int]:
    """What each scale word multiplies by; English ones where the language says nothing else."""
    base = language.split("-")[0].lower()
    found: dict[str, int] = {}
    names = [n for n in _SCALES if n not in _LONG_SCALE and n != base]
    for name in [base, "", *names, *sorted(_LONG_SCALE - {base})]:
        for word, value in _entries(_SCALES.get(name, "100 hundred")).items():
            found.setdefault(word, int(value))
    return found


@lru_cache(maxsize=256)
def alone(word: str) -> bool:
    """Whether a folded scale word is a number where no figure stands before it."""
    return word in _ALONE


_ENDING = {1: 0, 2: 0, 3: 0, 4: 2}


@lru_cache(maxsize=1)
def _unit_stems() -> tuple[tuple[str, str], ...]:
    stems = [
        (unicodedata.normalize("NFKC", stem).casefold(), unit)
        for unit, line in _UNITS.items()
        for stem in line.split()
    ]
    return tuple(sorted(stems, key=lambda pair: -len(pair[0])))


def unit_of(word: str) -> str | None:
    """The unit that a folded word names, in any language: "km", "USD", "day", …; else None.

    A word may be longer than its stem by an ending: of two letters after a stem of four, of four
    after a longer one; in scripts without spaces by anything.
    """
    for stem, unit in _unit_stems():
        if word == stem:
            return unit
        ending = len(word) - len(stem)
        if word.startswith(stem) and (stem[0] >= "\u2e80" or ending <= _ENDING.get(len(stem), 4)):
            return unit
    return None
