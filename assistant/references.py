"""Whether a sentence hangs on the one before it: "He said so", "This is…", "そのため…"."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import regex

from assistant.types import primary_language

# The first words of sentences that refer back, by language: pronouns and demonstratives. Words
# that are articles too are left out ("das"), and so is "however": it says that something went
# before, but is understood without it.
REFERRING_WORDS: dict[str, str] = {
    "ar": "هو|هي|هم|هذا|هذه|ذلك|تلك|وهو|وهي|وهم|وهذا|وهذه|وذلك|لكنه|لكنها",
    "bn": "তিনি|তারা|সে|এটি|এটা|এই|সেই",
    "cs": "on|ona|ono|oni|to|ten|ta|tito|tyto|toto|jeho|její|jejich",
    "da": "han|hun|det|dette|denne|disse|hans|hendes|deres",
    "de": (
        "er|sie|es|dies|diese|dieser|dieses|diesen|diesem|deren|dessen|sein|seine|ihr|ihre"
        "|dadurch|dabei|damit|dort|dagegen|dafür|darauf"
    ),
    "el": "αυτός|αυτή|αυτό|αυτοί|αυτές|αυτά|εκείνος|εκείνη|εκείνο",
    "en": (
        "he|she|it|they|his|her|hers|its|their|theirs|him|them|this|that|these|those|such"
        "|both|neither"
    ),
    "es": (
        "él|ella|ellos|ellas|esto|esta|este|estos|estas|eso|esa|ese|esos|esas|aquel|aquella"
        "|su|sus|allí|ambos|ambas"
    ),
    "fa": "او|آن|این|آنها|آن‌ها|وی",
    "fi": "hän|se|he|ne|tämä|nämä|tuo|nuo|hänen|heidän",
    "fr": (
        "il|elle|ils|elles|ce|cet|cette|ces|cela|ça|celui|celle|ceux|celles|son|sa|ses|leur"
        "|leurs|c'est|c’est|ceci"
    ),
    "he": "הוא|היא|הם|הן|זה|זו|זאת|אלה|אלו|שם",
    "hi": ("वह|वे|यह|ये|उसने|उन्होंने|उनके|उनका|उनकी|उसके|उसका|उसकी|इसके|इसका|इसकी|इसमें|इससे|इस|उस|इन|उन"),
    "hu": "ő|ők|ez|ezek|azok|ezzel",
    "id": "ia|dia|mereka|ini|itu|beliau|hal ini",
    "it": (
        "egli|ella|lui|lei|loro|esso|essa|essi|esse|questo|questa|questi|queste|quello|quella"
        "|quelli|quelle|ciò|suo|sua|suoi|sue"
    ),
    "ja": (
        "彼|彼女|彼ら|これ|それ|あれ|この|その|あの|ここ|そこ|そのため|このため|同氏|同社"
        "|同国|同市|両国"
    ),
    "ko": "그는|그녀는|그들은|이는|이것은|그것은|이|그|저|이에|이들은|이로|이번",
    "nl": "hij|zij|ze|dit|dat|deze|die|zijn|haar|hun|daar",
    "no": "han|hun|det|dette|denne|disse|hans|hennes|deres",
    "pl": "on|ona|ono|oni|one|to|ten|ta|te|ci|tego|tej|jego|jej|ich",
    "pt": (
        "ele|ela|eles|elas|isto|isso|este|esta|estes|estas|esse|essa|esses|essas|aquele"
        "|aquela|seu|sua|seus|suas|ali"
    ),
    "ro": ("el|ea|ei|ele|acesta|aceasta|acestea|aceștia|acest|această|aceste|acel|acea|lui|sa|său"),
    "ru": (
        "он|она|оно|они|это|этот|эта|эти|этого|этой|его|её|ее|их|тот|та|те|при этом|там|такой"
        "|такая|такие"
    ),
    "sv": "han|hon|det|detta|denna|dessa|hans|hennes|deras",
    "th": "เขา|เธอ|พวกเขา|มัน|นี่|นั่น|สิ่งนี้|ซึ่ง",
    "tr": "o|onlar|bu|bunlar|şu|şunlar|onun|onların|bunun|bu nedenle|orada",
    "uk": "він|вона|воно|вони|це|цей|ця|ці|цього|цієї|його|її|їх|їхній|той|та|ті|при цьому|там",
    "ur": "وہ|یہ|اس|ان|انہوں",
    "vi": "anh ấy|cô ấy|họ|nó|điều này|điều đó|này|đó",
    "zh": "他|她|它|他们|她们|它们|他們|她們|它們|这|這|那|此|该|該|其|两国|兩國|两者",
}
_UNSPACED = frozenset(("ja", "th", "zh"))
_READ_AS = {"ms": "id"}
_OPENING = regex.compile(r"^[\p{P}\p{S}\s]+")


@lru_cache(maxsize=64)
def _pattern(language: str) -> regex.Pattern[str]:
    words = sorted(REFERRING_WORDS[language].split("|"), key=len, reverse=True)
    end = "" if language in _UNSPACED else r"(?![\p{L}\p{M}])"
    return regex.compile(f"(?:{'|'.join(map(regex.escape, words))}){end}")


def refers_back(sentence: str, language: str) -> bool:
    """Whether the sentence's first word says that it goes on from the one before.

    False in languages without a list of such words.
    """
    base = primary_language(language)
    base = _READ_AS.get(base, base)
    if base not in REFERRING_WORDS:
        return False
    start = _OPENING.sub("", unicodedata.normalize("NFKC", sentence[:80]).lower())
    return _pattern(base).match(start) is not None
