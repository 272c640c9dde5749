"""The little words of the languages whose letters do not tell them apart, and negations."""

from __future__ import annotations

from functools import lru_cache

import regex

_LATIN = {
    "en": "the a an this that these those in on at by for from with of to and but or if as when"
    " while"
    " after before since until under over he she it they we you his her its their our my there here"
    " what who why how where which not no yes yesterday today tomorrow last next now then however"
    " meanwhile according some many most all both each several about more than only also so such"
    " is are was were be been has have had will would said",
    "de": "der die das ein eine im am um in an auf bei mit nach von vor zu für und aber oder wenn"
    " als"
    " er sie es wir ich ihr sein seine ihre dies diese dieser nicht auch nur wie was wer wo warum"
    " seit laut gestern heute den dem des einem einer eines zum zur zwischen gegen unter über durch"
    " ist sind war waren wird wurde wurden hat haben hatte sich dass kein keine",
    "fr": "le la les un une des du de en au aux dans sur pour par avec sans et mais ou si il elle"
    " ils"
    " elles nous vous je son sa ses leur ce cette ces selon après avant depuis hier demain"
    " aujourd'hui est sont était a ont été qui que ne pas plus se",
    "es": "el la los las un una unos unas de del en con sin y pero o según tras desde ayer hoy su"
    " sus"
    " este esta no que se por para a al es son fue fueron ha han más lo como",
    "it": "il lo la gli le i un uno una di del della dei delle in nel nella con per tra fra e ma se"
    " secondo dopo ieri oggi non da dal dalla che si è sono ha hanno stato stati al alla a più",
    "pt": "o a os as um uma de do da dos das em no na nos nas com sem por para mas e segundo após"
    " ontem hoje não que se foi foram é são ao à mais pelo pela como",
    "nl": "de het een van voor met op aan in bij door maar en na sinds volgens gisteren vandaag"
    " is zijn"
    " was waren heeft hebben dat die niet te er ook geen om naar werd",
    "sv": "den det en ett på i av för med från till och men enligt efter igår idag är var har som"
    " att"
    " inte om de sig under vid",
    "pl": "w we na z ze za od do dla przy i a ale on ona oni to nie wczoraj po przed się że jest są"
    " był była było o przez jak roku oraz",
    "tr": "bir bu şu ve ile için ama dün bugün de da olarak daha çok en göre olan değil kadar"
    " sonra",
    "id": "di ke dari yang dan pada untuk dengan ini itu oleh akan tidak dalam adalah telah juga",
    "vi": "và của là có trong cho với được tại các những một không đã người khi từ này về ông bà"
    " vào",
}
_LATIN_BESIDES = {
    "cs": "a v na se je že s z do o k pro po za od jako byl byla bylo jsou podle také ale jen své",
    "da": "og i at er en et på til af med for det den som har var de om ikke fra ved blev sig",
    "fi": "ja on ei oli että se ovat mutta myös kun joka hän ovatko oliko vuonna mukaan jälkeen",
    "hu": "a az és egy hogy nem van volt is ez meg után szerint lett el már csak vagy mint",
    "no": "og i at er en et på til av med for det den som har var de om ikke fra ved ble seg hva",
    "ro": "a al ale ai este sunt în din de la pe cu pentru și şi că ce care cum cel cea cele lui"
    " o un unei unui după fost mai nu se prin sau despre către i-a ca cât",
}
"""Of languages whose texts are not read for names; for telling the language of a question."""

_CYRILLIC = {
    "ru": "в во на по с со к о об из за от до для при и а но или если как он она они оно мы вы я"
    " его"
    " ее её их это этот эта эти не вчера сегодня завтра после перед что был была было были также",
    "uk": "у в на з із за від до для при і й та але він вона вони це не вчора сьогодні після перед"
    " що є був була було були також про як",
}
_GREEK = "ο η το οι τα του της των τον την στο στη στην στον στις και με για από αλλά χθες σήμερα"
_NEGATIONS = {
    "en": r"not|no|never|none|neither|nor|cannot|\p{L}+n['’]t|without|nobody|nothing",
    "de": r"nicht|kein|keine|keinen|keinem|keiner|keines|nie|niemals|niemand|nichts|ohne",
    "fr": r"ne|n['’]\p{L}+|pas|jamais|aucun|aucune|rien|sans",
    "es": r"no|nunca|jamás|ningún|ninguno|ninguna|tampoco|nadie|nada|sin",
    "it": r"non|mai|nessun|nessuno|nessuna|niente|nulla|senza",
    "pt": r"não|nunca|jamais|nenhum|nenhuma|ninguém|nada|sem",
    "ru": r"не|нет|никогда|никто|ничего|нельзя|без",
    "uk": r"не|немає|ніколи|ніхто|нічого|без",
    "ar": r"لا|لم|لن|ليس|ليست|غير|دون|بدون",
    "hi": r"नहीं|न|मत|बिना",
    "tr": r"değil|yok|asla|hiç|\p{L}{2,20}m(?:[ae](?:dı|di|yacak|yecek|mış|miş|z)"
    r"|[ıiuü]yor)\p{L}{0,6}",
}
_UNSPACED_NEGATIONS = {
    "zh": r"不(?![仅断同久但过])|没|沒|未(?![来來])|并非|並非|毫无",
    "ja": r"ない|なかっ|ません|せず|[わらかさたなまば]ず(?!つ)|ぬ(?=[。、])",
    "ko": r"않|못|없|아니|(?<!\p{L})안 ",
}

LITTLE_WORDS = {
    name: frozenset(words.split())
    for name, words in {**_LATIN, **_LATIN_BESIDES, **_CYRILLIC}.items()
}
CYRILLIC = frozenset(_CYRILLIC)

OPENERS = frozenset(" ".join([*_LATIN.values(), *_CYRILLIC.values(), _GREEK]).casefold().split())
"""Words that begin sentences more often than names do; folded."""


@lru_cache(maxsize=2)
def _tables(script: str) -> tuple[tuple[str, frozenset[str]], ...]:
    tables = _LATIN if script == "Latin" else _CYRILLIC if script == "Cyrillic" else {}
    return tuple((name, frozenset(words.split())) for name, words in tables.items())


def language_of(script: str, words: list[str]) -> str | None:
    """The language, of those that share a script, whose little words are most of `words` (folded).

    None where fewer than one word in ten is a little word of it.
    """
    counts = {name: sum(word in known for word in words) for name, known in _tables(script)}
    best = max(counts, key=lambda name: counts[name], default=None)
    return best if best is not None and counts[best] * 10 >= max(len(words), 1) else None


@lru_cache(maxsize=32)
def negation(language: str) -> regex.Pattern[str] | None:
    """A pattern of the words and endings that negate in a language; None where it is not known."""
    if language in _UNSPACED_NEGATIONS:
        return regex.compile(_UNSPACED_NEGATIONS[language])
    words = _NEGATIONS.get(language)
    if words is None:
        return None
    return regex.compile(
        rf"(?<![\p{{L}}\p{{M}}'’])(?:{words})(?![\p{{L}}\p{{M}}])", regex.IGNORECASE
    )
