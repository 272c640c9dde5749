"""Whether a sentence hangs on the one before it: "He said so", "However, …", "そのため…"."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import regex

# The first words of sentences that refer back, by language: pronouns, demonstratives, and
# connectives that need what went before. Words that are articles too are left out ("das").
REFERRING_WORDS: dict[str, str] = {
    "ar": (
        "هو|هي|هم|هذا|هذه|ذلك|تلك|وهو|وهي|وهم|وهذا|وهذه|وذلك|لكن|ولكن|لذلك|ولذلك|كما|وكان"
        "|وكانت|لكنه|لكنها|وأضاف|وأضافت|وقال|وقالت"
    ),
    "bn": "তিনি|তারা|সে|এটি|এটা|এই|সেই|কিন্তু|তবে|তাই",
    "cs": "on|ona|ono|oni|to|ten|ta|tito|tyto|toto|proto|však|ale|poté|potom|jeho|její|jejich",
    "da": "han|hun|det|dette|denne|disse|men|derfor|hans|hendes|deres|dermed|desuden|derefter",
    "de": (
        "er|sie|es|dies|diese|dieser|dieses|diesen|diesem|deren|dessen|sein|seine|ihr|ihre"
        "|dadurch|daher|deshalb|dabei|damit|danach|dort|doch|aber|jedoch|außerdem|allerdings"
        "|dagegen|dafür|darauf|zudem"
    ),
    "el": "αυτός|αυτή|αυτό|αυτοί|αυτές|αυτά|εκείνος|εκείνη|εκείνο|όμως|ωστόσο|αλλά|επίσης|έτσι",
    "en": (
        "he|she|it|they|his|her|hers|its|their|theirs|him|them|this|that|these|those|however"
        "|but|also|there|then|afterwards|instead|therefore|thus|moreover|nevertheless"
        "|meanwhile|such|both|neither|yet|so"
    ),
    "es": (
        "él|ella|ellos|ellas|esto|esta|este|estos|estas|eso|esa|ese|esos|esas|aquel|aquella"
        "|su|sus|pero|sin embargo|además|también|por eso|por ello|allí|entonces|ambos|ambas"
        "|así"
    ),
    "fa": "او|آن|این|آنها|آن‌ها|وی|اما|ولی|همچنین|بنابراین",
    "fi": "hän|se|he|ne|tämä|nämä|tuo|nuo|hänen|heidän|mutta|siksi|lisäksi|kuitenkin",
    "fr": (
        "il|elle|ils|elles|ce|cet|cette|ces|cela|ça|celui|celle|ceux|celles|son|sa|ses|leur"
        "|leurs|mais|cependant|toutefois|pourtant|ainsi|puis|ensuite|également|c'est|c’est"
        "|ceci|là"
    ),
    "he": "הוא|היא|הם|הן|זה|זו|זאת|אלה|אלו|אך|אבל|לכן|אולם|כמו כן|בנוסף|שם",
    "hi": (
        "वह|वे|यह|ये|उसने|उन्होंने|उनके|उनका|उनकी|उसके|उसका|उसकी|इसके|इसका|इसकी|इसमें|इससे|इस"
        "|उस|इन|उन|लेकिन|परंतु|हालांकि|इसलिए"
    ),
    "hu": "ő|ők|ez|ezek|azok|ezért|azonban|de|ezzel|így|továbbá",
    "id": (
        "ia|dia|mereka|ini|itu|beliau|namun|tetapi|tapi|selain itu|karena itu|hal ini"
        "|oleh karena itu"
    ),
    "it": (
        "egli|ella|lui|lei|loro|esso|essa|essi|esse|questo|questa|questi|queste|quello|quella"
        "|quelli|quelle|ciò|suo|sua|suoi|sue|ma|tuttavia|però|inoltre|quindi|così|poi"
    ),
    "ja": (
        "彼|彼女|彼ら|これ|それ|あれ|この|その|あの|ここ|そこ|しかし|だが|また|そして"
        "|そのため|このため|一方|さらに|同氏|同社|同国|同市|両国|ただ|なお|だから|したがって"
    ),
    "ko": (
        "그는|그녀는|그들은|이는|이것은|그것은|이|그|저|이에|그러나|하지만|또한|그리고|그래서"
        "|따라서|한편|이들은|이어|다만|이로|이번"
    ),
    "nl": (
        "hij|zij|ze|dit|dat|deze|die|zijn|haar|hun|maar|echter|daarom|daarna|bovendien|ook"
        "|toch|daar"
    ),
    "no": "han|hun|det|dette|denne|disse|men|derfor|hans|hennes|deres|dessuten|deretter|likevel",
    "pl": (
        "on|ona|ono|oni|one|to|ten|ta|te|ci|tego|tej|jego|jej|ich|jednak|ale|dlatego"
        "|natomiast|ponadto|potem"
    ),
    "pt": (
        "ele|ela|eles|elas|isto|isso|este|esta|estes|estas|esse|essa|esses|essas|aquele"
        "|aquela|seu|sua|seus|suas|mas|porém|no entanto|além disso|também|por isso|assim"
        "|então|ali"
    ),
    "ro": (
        "el|ea|ei|ele|acesta|aceasta|acestea|aceștia|acest|această|aceste|acel|acea|dar|însă"
        "|totuși|totuşi|astfel|de asemenea|apoi|lui|sa|său"
    ),
    "ru": (
        "он|она|оно|они|это|этот|эта|эти|этого|этой|его|её|ее|их|тот|та|те|но|однако|поэтому"
        "|также|кроме того|при этом|там|затем|потом|тогда|таким образом|такой|такая|такие"
    ),
    "sv": (
        "han|hon|det|detta|denna|dessa|men|därför|hans|hennes|deras|dessutom|därefter|dock|också"
    ),
    "th": "เขา|เธอ|พวกเขา|มัน|นี่|นั่น|สิ่งนี้|แต่|อย่างไรก็ตาม|ดังนั้น|นอกจากนี้|จากนั้น|ซึ่ง",
    "tr": (
        "o|onlar|bu|bunlar|şu|şunlar|onun|onların|bunun|ancak|fakat|ama|ayrıca|bu nedenle"
        "|böylece|daha sonra|orada"
    ),
    "uk": (
        "він|вона|воно|вони|це|цей|ця|ці|цього|цієї|його|її|їх|їхній|той|та|ті|але|однак"
        "|проте|тому|також|крім того|при цьому|там|потім|тоді"
    ),
    "ur": "وہ|یہ|اس|ان|لیکن|تاہم|انہوں",
    "vi": (
        "anh ấy|cô ấy|họ|nó|điều này|điều đó|này|đó|tuy nhiên|nhưng|ngoài ra|do đó|vì vậy|sau đó"
    ),
    "zh": (
        "他|她|它|他们|她们|它们|他們|她們|它們|这|這|那|此|该|該|其|但|但是|然而|不过|不過"
        "|因此|所以|另外|此外|同时|同時|随后|隨後|之后|之後|两国|兩國|两者|而"
    ),
}
_UNSPACED = frozenset(("ja", "th", "zh"))
_SAME = {"nb": "no", "nn": "no", "ms": "id", "cmn": "zh", "yue": "zh"}
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
    base = language.split("-")[0].lower()
    base = _SAME.get(base, base)
    if base not in REFERRING_WORDS:
        return False
    start = _OPENING.sub("", unicodedata.normalize("NFKC", sentence[:80]).lower())
    return _pattern(base).match(start) is not None
