"""Words that make a question lean on the one before it, in small tables by language.

Each language has five lists: what a question begins with that goes on from another one ("and",
"what about"), words that stand for something said before ("it", "there"), words that ask
("who"), verbs that help to ask ("did"), and other words without content of their own. Words are
in lower case, "+" joins those of a phrase; in scripts without spaces they are found as strings.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import regex

Kind = Literal["begins", "stands", "asks", "helps", "other", "content"]
KINDS: tuple[Kind, ...] = ("begins", "stands", "asks", "helps", "other")

# For each language the five lists, in the order of KINDS.
_TABLES: dict[str, tuple[str, str, str, str, str]] = {
    "en": (
        "and but or so then also what+about how+about as+for",
        "it its he him his she her hers they them their theirs that this these those there "
        "one ones then afterwards here same",
        "who whom whose what which when where why how many much long often",
        "is are was were be been do does did has have had can could will would should may might",
        "the a an of in on at to for from by with about into as than not no yes any some more "
        "most else other just exactly really only s tell me explain details please",
    ),
    "de": (
        "und aber oder also dann auch was+ist+mit wie+steht+es+mit",
        "er ihn ihm sein seine seinen sie ihr ihre ihren es dies dieser diese dieses dort da "
        "dabei damit dafür dazu davon danach dessen deren derselbe dieselbe derjenige denen",
        "wer wen wem wessen was welche welcher welches welchen wann wo wohin woher warum wieso "
        "weshalb wie viel viele lange oft",
        "ist sind war waren wurde wurden wird werden hat haben hatte hatten kann können soll darf",
        "der die das den dem des ein eine einen einem einer eines von in im an am auf aus bei mit "
        "nach zu zum zur für über um durch gegen denn nicht auch noch so genau eigentlich nur als "
        "mehr erzähl erzähle erkläre mir bitte",
    ),
    "fr": (
        "et mais ou alors donc puis aussi qu+en+est+il+de quid",
        "il elle ils elles lui leur leurs son sa ses ce cela ça ceci celui celle ceux celles y là "
        "cet cette ces après eux même",
        "qui que quoi quel quelle quels quelles quand où pourquoi comment combien qu",
        "est sont était étaient a ont avait avaient été fut peut va s est+ce",
        "le la les l un une des de du d en au aux à dans par pour sur avec chez t se ne pas plus "
        "n donc c j vers explique raconte dis moi",
    ),
    "es": (
        "y e pero o entonces luego también qué+hay+de qué+pasa+con",
        "él ella ellos ellas ello eso esto ese esa esos esas este estos estas allí ahí allá lo "
        "le les su sus aquel aquella después",
        "quién quiénes quien qué que cuál cuáles cuándo dónde cómo cuánto cuánta cuántos cuántas",
        "es son era eran fue fueron ha han había está están hay hizo puede",
        "el la los las un una unos unas de del en a al por para con sobre se no más ya sin entre "
        "cuéntame explica explícame",
    ),
    "pt": (
        "e mas ou então também",
        "ele ela eles elas isso isto aquilo esse essa esses essas este esta lá ali seu sua seus "
        "suas dele dela deles delas depois aquele aquela",
        "quem que qual quais quando onde como quanto quanta quantos quantas",
        "é são era eram foi foram está estão há houve pode tem têm",
        "o a os as um uma de do da dos das em no na nos nas por pelo pela para com sobre se não "
        "mais já ao à tanto",
    ),
    "it": (
        "e ed ma o allora poi anche",
        "lui lei loro esso essa essi esse ciò questo questa questi queste quello quella quelli "
        "quelle là lì ci ne suo sua suoi sue dopo",
        "chi che cosa quale quali quando dove perché come quanto quanta quanti quante cos qual",
        "è sono era erano fu furono ha hanno aveva stato stata può",
        "il lo la i gli le l un uno una di del della dello dei delle degli in nel nella nei a al "
        "alla da dal dalla per con su sul sulla si non più",
    ),
    "ru": (
        "а и но или тогда ещё еще как+насчёт как+насчет что+насчёт",
        "он она оно они его ему им её ее ей их них него неё это этот эта эти этого этом этой тот "
        "та те того там туда потом",
        "кто кого кому что чего чем какой какая какое какие каких когда где куда откуда почему "
        "зачем как сколько чей",
        "был была было были есть будет такой такая такое такие",
        "в во на с со из от до по о об обо у к за при для над под не же ли бы то именно "
        "расскажи расскажите подробнее больше мне",
    ),
    "uk": (
        "а і й та але або тоді ще як+щодо",
        "він вона воно вони його йому її їй їх них це цей ця ці цього цьому той те там туди потім",
        "хто кого що чого який яка яке які коли де куди звідки чому навіщо як скільки чий",
        "був була було були є буде",
        "в у на з із зі від до по про при для над під не ж же чи би саме",
    ),
    "tr": (
        "ve peki ya ama veya o+zaman ya+peki",
        "o onu onun ona onlar onları onların bu bunu bunun bunlar şu orada oraya orası burada",
        "kim kime kimi kimin ne neyi nerede nereye nereden neresi neden niye niçin nasıl hangi "
        "kaç kaça kaçta zaman kadar",
        "mi mı mu mü oldu olan olarak var yok",
        "bir de da te ta ile için gibi sonra önce den dan daha en çok",
    ),
    "vi": (
        "và còn thế vậy nhưng thì+sao",
        "nó họ ông+ấy bà+ấy anh+ấy cô+ấy đó đấy này kia ấy",
        "ai gì nào khi+nào bao+giờ đâu ở+đâu sao tại+sao vì+sao thế+nào bao+nhiêu mấy",
        "là có được bị đã đang sẽ",
        "của ở trong trên với cho từ đến về tại thì không các những một vào",
    ),
    "ar": (
        "و لكن أو ثم ماذا+عن",
        "هو هي هم هما هن ذلك تلك هذا هذه هؤلاء أولئك هناك هنا منه منها فيه فيها له لها لهم عنه "
        "عنها به بها ذاك",
        "من ما ماذا متى أين لماذا كيف كم أي أية لم",
        "هل كان كانت يكون تم",
        "في على إلى عن مع بين قد لا التي الذي الذين أن إن بعد قبل عدد",
    ),
    "hi": (
        "और तो लेकिन या फिर",
        "वह वो उसने उसका उसकी उसके उसे उन उन्होंने उनका उनकी उनके यह ये इसका इसकी इसके इसे वहाँ वहां यहाँ",
        "कौन किसने किसका क्या कब कहाँ कहां क्यों कैसे कितना कितनी कितने किस कौनसा",
        "है हैं था थी थे हुआ हुई हुए गया गई गए",
        "में ने को का की के से पर तक भी ही नहीं लिए बारे",
    ),
    "ko": (
        "그럼 그러면 그리고 그런데 또 그렇다면",
        "그는 그가 그의 그를 그녀 그들 그것 그건 그게 그곳 거기 이것 이건 저것 그때 그중",
        "누구 누가 언제 어디 왜 무엇 무슨 뭐 뭘 몇 어떻게 어떤 얼마",
        "있나요 있었나요 인가요 했나요 됐나요 되나요",
        "명 명이 개 번 것 수 대해 대한 더 자세히 알려줘 알려주세요",
    ),
    "zh": (
        "那么 那 还有 而且",
        "他们 她们 它们 他 她 它 这个 那个 这些 那些 那里 这里 那儿 其中",
        "什么时候 为什么 怎么样 怎么 怎样 什么 哪里 哪儿 哪个 哪些 哪 谁 多少人 多少 多久 "
        "几个 几人 几名 几次 何时 为何 如何",
        "是 有 吗 呢",
        "的 了 在 被 把 没有 着 过 吧 其他 吉他 详细 说说",
    ),
    "ja": (
        "それでは では じゃあ じゃ それなら そして",
        "彼らは 彼ら 彼女 彼 それら それ これ あれ その この あの そこ ここ あそこ",
        "誰 何 なに なぜ どうして いつ どこ どの どれ どう どんな いくつ いくら "
        "何人 何年 どうなった",
        "ですか でしたか ますか ましたか ませんか のですか のか",
        "は が を に で の も と へ や から まで より です した して している ます ました "
        "し い る た て な った さん か 詳しく 教えて",
    ),
    "th": (
        "แล้ว และ ส่วน",
        "เขา เธอ มัน พวกเขา นั้น นั่น นี้ นี่ ที่นั่น ที่นี่",
        "ใคร อะไร เมื่อไหร่ เมื่อไร ที่ไหน ทำไม อย่างไร ยังไง เท่าไหร่ เท่าไร กี่ ไหน",
        "คือ เป็น มี ได้ ล่ะ หรือไม่ ไหม",
        "ที่ ใน ของ กับ จาก ให้ ไม่ คน ปี วัน เดือน จะ ถูก ว่า",
    ),
}
_PREFIXED = "ko"

POSSESSIVES = frozenset(
    "its his her their sein seine seinen ihr ihre ihren son sa ses leur leurs su sus seu sua seus "
    "suas suo sua suoi sue loro его её ее их його її їх onun उसका उसकी उसके "
    "उनका उनकी 그의 その".split()
)
"""Those that stand for something said before, or in the same question just as well."""

COPULAS = frozenset(
    "is are was were ist sind war waren est sont était étaient es son era eran é são eram è sono "
    "erano такой такая такое такие là".split()
)
"""With one of them a question may ask what a thing is that was not spoken of."""

ARTICLES = frozenset(
    "the der die das den dem des le la les l el los las o os as il lo gli i du do da dos das "
    "del della dei".split()
)
"""What stands before a thing that is known already."""

_LINKS = (
    "in im into am an auf bei",
    "de del du da do dos das des d von della di",
    "en em no na nos nas",
    "par pour por pelo pela",
    "в во у",
    "на",
    "to nach à a al au aux",
    "from aus aus из з із",
    "of",
    "by",
    "on",
    "at",
    "في",
    "में",
    "के",
)
LINKS = {word: number for number, words in enumerate(_LINKS) for word in words.split()}
"""Words before a name that say the same of it have the same number."""

PLACES = tuple(
    """
    Afghanistan Algeria Argentina Armenia Australia Austria Azerbaijan Bangladesh Belarus Belgium
    Bolivia Brazil Britain Bulgaria Cambodia Canada Chile China Colombia Croatia Cuba Denmark
    Ecuador Egypt England Estonia Ethiopia Finland France Georgia Germany Ghana Greece Hungary
    Iceland India Indonesia Iran Iraq Ireland Israel Italy Japan Jordan Kazakhstan Kenya Korea
    Kuwait Latvia Lebanon Libya Lithuania Malaysia Mexico Mongolia Morocco Myanmar Nepal
    Netherlands Nigeria Norway Pakistan Palestine Panama Paraguay Peru Philippines Poland Portugal
    Qatar Romania Russia Scotland Senegal Serbia Singapore Slovakia Slovenia Somalia Spain Sudan
    Sweden Switzerland Syria Taiwan Thailand Tunisia Turkey Uganda Ukraine Uruguay Venezuela
    Vietnam Yemen Zimbabwe Europe Africa America Asia Ankara Athens Baghdad Bangkok Beijing Berlin
    Brussels Cairo Delhi Hanoi Jakarta Jerusalem Kyiv Lisbon London Madrid Moscow Paris Pyongyang
    Rome Seoul Stockholm Tehran Tokyo Vienna Warsaw Washington Suez
    """.split()
)
MONTHS = tuple(
    "January February March April May June July August September October November December".split()
)
"""What a model's vectors know in other languages from the English names."""


_USUAL_LENGTHS = ((regex.compile(r"\p{Han}"), 3), (regex.compile(r"\p{Thai}"), 6))


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a question, `question[start:end]`, and what it does there."""

    start: int
    end: int
    text: str
    kind: Kind

    @property
    def weight(self) -> int:
        """How many words it is about: without spaces, several are one run of characters."""
        for script, usual in _USUAL_LENGTHS:
            if script.match(self.text):
                return max(1, (len(self.text) + 1) // usual)
        return 1


@lru_cache(maxsize=1)
def _by_word() -> dict[str, dict[str, Kind]]:
    """For each word or string of the tables its kind by language; the first list wins."""
    found: dict[str, dict[str, Kind]] = {}
    for language, lists in _TABLES.items():
        for kind, words in zip(KINDS, lists, strict=True):
            for word in words.split():
                found.setdefault(word.replace("+", " "), {}).setdefault(language, kind)
    return found


@lru_cache(maxsize=3)
def _strings(language: str) -> regex.Pattern[str]:
    """The strings of a language without spaces, longest first."""
    known = [word for word, by in _by_word().items() if language in by]
    known.sort(key=lambda word: (-len(word), word))
    return regex.compile("|".join(map(regex.escape, known)))


@lru_cache(maxsize=1)
def _openings() -> regex.Pattern[str]:
    """Phrases of several words that a question begins with."""
    phrases = [w for w, by in _by_word().items() if " " in w and "begins" in by.values()]
    joined = "|".join(r"[\s'’-]{1,3}".join(phrase.split()) for phrase in phrases)
    return regex.compile(
        rf"[\s¿¡\p{{P}}]{{0,9}}(?:\p{{L}}{{1,4}}\s{{1,3}})?(?:{joined})\b", regex.IGNORECASE
    )


_WORD = regex.compile(
    r"(?P<spaceless>[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}ー々〆]+)"
    r"|[[\p{L}\p{M}]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}ー々〆]]+|\p{N}+",
    regex.VERSION1,
)
_PIECE = regex.compile(r"\p{Katakana}[\p{Katakana}ー]*|[\p{Han}々〆]+|\p{Thai}+")
_ARABIC_AND = regex.compile(r"و\p{Arabic}{2,}")
_ARABIC_ITS = regex.compile(r"\p{Arabic}{3,}(?:ها|هم|هما)")
_AFTER_NUMBER = frozenset("年 月 日 년 월 일 월에 년에 년의".split())
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_THAI = regex.compile(r"\p{Thai}")


def _spans(question: str) -> list[tuple[int, int]]:
    """Where the words are: those of scripts without spaces are cut at the strings of the tables."""
    spans: list[tuple[int, int]] = []
    language = "ja" if _KANA.search(question) else "th" if _THAI.search(question) else "zh"
    for match in _WORD.finditer(question):
        if match["spaceless"] is None:
            text = match[0]
            # In Arabic "and" is written with the next word.
            cut = match.start() + 1 if not spans and _ARABIC_AND.fullmatch(text) else match.start()
            spans.extend([(match.start(), cut)] if cut > match.start() else [])
            spans.append((cut, match.end()))
            continue
        place = match.start()
        for known in [*_strings(language).finditer(question, match.start(), match.end()), None]:
            end = known.start() if known else match.end()
            spans.extend(piece.span() for piece in _PIECE.finditer(question, place, end))
            if known:
                spans.append(known.span())
                place = known.end()
    return spans


def _kinds(word: str) -> dict[str, Kind]:
    """The kind of a word in each language that has it in its lists."""
    known = _by_word().get(word)
    if known is not None:
        return known
    if "\uac00" <= word[:1] <= "\ud7a3":
        for length in (3, 2, 1):
            kind = _by_word().get(word[:length], {}).get(_PREFIXED)
            if kind == "asks" or (kind == "stands" and length > 1):
                return {_PREFIXED: kind}
    return {}


def words_of(question: str) -> list[Word]:
    """The words of a question, in order, each with what it does.

    The language is the one whose lists hold most of the words; lists of other languages tell
    only that a word has no content. A pronoun after a hyphen that repeats a subject (French
    "Macron a-t-il") stands for nothing said before.
    """
    spans = _spans(question)
    texts = [question[start:end].lower() for start, end in spans]
    found = [_kinds(text) for text in texts]
    votes: dict[str, int] = {}
    for known in found:
        for language in known:
            votes[language] = votes.get(language, 0) + 1
    most = max(votes.values(), default=0)
    languages = [language for language, count in votes.items() if count == most]
    opening = _openings().match(question)
    words: list[Word] = []
    content = begun = False
    for (start, end), text, known in zip(spans, texts, found, strict=True):
        own = [known[language] for language in languages if language in known]
        capital = bool(words) and question[start].isupper()
        kind: Kind = own[0] if own else "other" if known else "content"
        if capital and kind in ("helps", "other"):
            # May 2024, Rio Grande do Sul, Han Kang: a name, whatever it means elsewhere.
            kind = "content"
        if opening and end <= opening.end():
            kind = "begins"
        elif kind == "begins" and begun:
            kind = "other"
        before = words[-1] if words else None
        if before and text in _AFTER_NUMBER and before.text.isnumeric():
            kind = "other"
        if before and text in ("هو", "هي") and before.kind == "asks":
            kind = "helps"
        hyphen = question[max(0, start - 1) : start] in ("-", "\u2010", "\u2011")
        if kind == "stands" and hyphen and content:
            kind = "other"
        content = content or kind == "content"
        begun = begun or kind != "begins"
        words.append(Word(start, end, text, kind))
    return words


def refers_within(word: str) -> bool:
    """Whether an Arabic word ends in "its" or "their"."""
    return _ARABIC_ITS.fullmatch(word) is not None
