"""The words that ask for a number, a date, a person or a place, by language."""

from __future__ import annotations

# A trailing "*" lets a word go on, "^" wants it first.
QUESTION_WORDS: dict[str, tuple[str, str, str, str]] = {
    "ar": (
        "كم|ما عدد|ما هو عدد|ما نسبة|ما هي نسبة|كم عدد|بكم",
        "متى|في أي عام|في أي سنة|في أي يوم|في أي شهر|أي عام|أي سنة|ما تاريخ",
        "^من|مَن|من الذي|من هو|من هي|من كان|لمن",
        "أين|اين|في أي دولة|في أي بلد|في أي مدينة|أي دولة|أي مدينة|إلى أين",
    ),
    "bn": (
        "কত*|কয়*|কয়*",
        "কখন|কবে|কোন সাল*|কোন বছর",
        "কে|কার|কাকে|কারা",
        "কোথায়|কোথায়|কোন দেশ*|কোন শহর*",
    ),
    "cs": (
        "kolik*|jak dlouho|jak daleko|jaké procento",
        "kdy|v kterém roce|ve kterém roce|v jakém roce|který rok|od kdy|do kdy",
        "kdo|koho|komu|kým|čí",
        "kde|kam|odkud|ve které zemi|v jaké zemi|ve kterém městě",
    ),
    "da": (
        "hvor mange|hvor meget|hvor lang*|hvor stor*|hvor gam*|hvor høj*|hvilken procent*",
        "hvornår|hvilket år|hvilken dato|hvilken dag",
        "hvem|hvis",
        "hvor|hvorhen|hvilket land|hvilken by",
    ),
    "de": (
        "wie viel*|wieviel*|wie hoch|wie alt|wie lang*|wie groß|wie weit|wie oft|wie schnell"
        "|wie teuer|welche anzahl|welcher anteil|welcher prozentsatz|welchen anteil",
        "wann|in welchem jahr*|welches jahr|welchem jahr|seit wann|bis wann|an welchem tag"
        "|welchem datum|welches datum|in welchem monat|welchem monat|welchem jahrhundert",
        "wer|wem|wen|wessen",
        "wo|woher|wohin|in welcher stadt|in welchem land|welches land|welche stadt|welchem ort"
        "|welchem staat",
    ),
    "el": (
        "πόσ*|ποσ*|τι ποσοστό|ποιο ποσοστό",
        "πότε|ποτε|ποια χρονιά|ποιο έτος|ποια ημερομηνία|ποιον αιώνα",
        "ποιος|ποιοι|ποιον|ποιους|ποιου|ποιανού",
        "πού|σε ποια χώρα|σε ποια πόλη|ποια χώρα|ποια πόλη|σε ποιο μέρος",
    ),
    "en": (
        "how many|how much|how old|how long|how far|how tall|how high|how large|how big|how deep"
        "|how fast|how often|how wide|how heavy|what percent*|what number|what share"
        "|what proportion|what fraction|what is the population|at what age|what age|what amount",
        "when|what year|which year|what date|which date|what day|which day|what month|which month"
        "|what century|which century|what decade|since when|until when|what time",
        "who|whom|whose",
        "where|what city|which city|what country|which country|what state|which state|what town"
        "|which town|what region|which region|what continent",
    ),
    "es": (
        "cuánt*|cuant*|qué porcentaje|que porcentaje|qué edad|qué proporción|qué número",
        "cuándo|cuando|en qué año|qué año|qué fecha|qué día|qué mes|qué siglo|en que año",
        "quién*|quien*",
        "dónde|donde|adónde|qué país|qué ciudad|qué lugar|qué estado|qué región",
    ),
    "fa": (
        "چند|چقدر|چه تعداد|چه درصد*|چه مقدار",
        "چه زمان*|چه سال*|چه وقت|کدام سال|چه تاریخ*",
        "چه کس*|کی|چه شخص*",
        "کجا*|کدام کشور|کدام شهر",
    ),
    "fi": (
        "kuinka moni*|kuinka mon*|kuinka paljon|montako|paljonko|kuinka vanha|kuinka pitk*"
        "|kuinka suur*|kuinka korke*|mikä osuus",
        "milloin|minä vuonna|mistä vuodesta|mikä vuosi|minä päivänä|mikä päivä*",
        "kuka|ketkä|kenen|kenet|kenelle|ketä",
        "missä|mihin|mistä|mikä maa|minne",
    ),
    "fr": (
        "combien|quel âge|quel pourcentage|quelle part|quel nombre|quelle proportion|quel montant"
        "|quelle quantité|quelle distance|quelle hauteur|quelle longueur",
        "quand|quelle année|quelle date|quel jour|quel mois|quel siècle|depuis quand",
        "qui|à qui|de qui",
        "où|quel pays|quelle ville|quel endroit|quel lieu|quelle région|quel état",
    ),
    "he": (
        "כמה|מה מספר|איזה אחוז|מה אחוז|בן כמה|בת כמה",
        "מתי|באיזו שנה|באיזה תאריך|באיזה יום|ממתי|עד מתי|באיזה חודש",
        "מי|למי|את מי|ממי",
        "איפה|היכן|לאן|מאיפה|מהיכן|באיזו מדינה|באיזו עיר",
    ),
    "hi": (
        "कितन*|कितने|कितनी|कितना|कितनों|कै प्रतिशत",
        "कब|किस वर्ष|किस साल|किस तारीख|किस दिन|किस महीने|किस सन|किस शताब्दी",
        "कौन|किसने|किसके|किसको|किसकी|किसका|किन्होंने|किससे",
        "कहाँ|कहां|किस देश|किस शहर|किस स्थान|किस जगह|किस राज्य",
    ),
    "hu": (
        "hány*|mennyi*|milyen hossz*|milyen magas*",
        "mikor*|melyik év*|hányadikán",
        "ki|kik|kit|kinek|kicsoda|kivel",
        "hol|hová|honnan|melyik ország*|melyik város*",
    ),
    "id": (
        "berapa*",
        "kapan|tahun berapa|tanggal berapa|bilakah|bulan apa|hari apa|sejak kapan",
        "siapa*",
        "di mana|dimana|ke mana|dari mana|negara mana|kota mana|negara apa|kota apa",
    ),
    "it": (
        "quant*|che percentuale|quale percentuale|che età|che numero|quale numero|quale quota",
        "quando|che anno|quale anno|che data|quale data|che giorno|quale giorno|che mese|quale mese"
        "|quale secolo",
        "chi|di chi|a chi",
        "dove|dov*|quale paese|che paese|quale città|che città|quale stato|quale regione",
    ),
    "ja": (
        "何人|何名|いくつ|いくら|何パーセント|何%|どのくらい|どれくらい|どれほど|何個|何回|何度|何件|何社"
        "|何か国|何カ国|何キロ|何メートル|何トン|何ドル|何円|何歳|何年間|何日間|何倍|何割|何隻|何台|何頭|何本",
        "いつ|何年|何月|何日|何世紀|何時",
        "誰|だれ|どなた",
        "どこ|何処|どの国|どの都市|どの街|どの州|何県",
    ),
    "ko": (
        "몇|얼마|얼마나|몇 명|몇 퍼센트",
        "언제|몇 년도|몇 년에|몇 월|며칠|어느 해|몇 세기|몇 시",
        "누구|누가|누굴",
        "어디|어느 나라|어느 도시|어느 주",
    ),
    "ms": ("berapa*", "bila|tahun berapa|bilakah", "siapa*", "di mana|ke mana|negara mana"),
    "nl": (
        "hoeveel|hoe oud|hoe lang|hoe groot|hoe hoog|hoe ver|hoe vaak|welk percentage|welk aantal"
        "|welk deel",
        "wanneer|welk jaar|welke datum|welke dag|welke maand|sinds wanneer|welke eeuw",
        "wie|wiens|met wie",
        "waar|waarheen|waarvandaan|welk land|welke stad|welke plaats",
    ),
    "no": (
        "hvor mange|hvor mye|hvor lang*|hvor stor*|hvor gam*|hvor høy*|hvor ofte|hvilken prosent*",
        "når|hvilket år|hvilken dato|hvilken dag|hvilken måned",
        "hvem",
        "hvor|hvilket land|hvilken by",
    ),
    "pl": (
        "ile|ilu|iloma|jaki procent|jak długo|jak daleko|jaka część",
        "kiedy|w którym roku|którego roku|w jakim roku|którego dnia|od kiedy|do kiedy",
        "kto|kogo|komu|kim|czyj*",
        "gdzie|dokąd|skąd|w jakim kraju|w którym kraju|w jakim mieście|w którym mieście",
    ),
    "pt": (
        "quant*|que percentagem|que porcentagem|qual percentagem|qual a porcentagem|que idade"
        "|que número|qual o número",
        "quando|que ano|qual ano|que data|que dia|que mês|que século|desde quando",
        "quem|a quem|de quem",
        "onde|aonde|que país|qual país|que cidade|qual cidade|que estado|que lugar",
    ),
    "ro": (
        "câţi|câți|câte|cât|câtă|câtor|ce procent*|ce număr|ce vârstă|cati|cate|cat",
        "când|cand|ce an|care an|ce dată|ce zi|ce lună|ce secol|din ce an",
        "cine|cui|pe cine|cu cine",
        "unde|ce oraș|ce oraş|ce țară|ce ţară|care țară|în ce loc|de unde",
    ),
    "ru": (
        "сколько|какой процент|какая доля|какое количество|каково количество|какая часть",
        "когда|в каком году|каком году|какого числа|в какой день|какой год|каком месяце|каком веке"
        "|с какого года|какая дата|какого года",
        "кто|кого|кому|кем|чей|чья|чьё|чьи|ком",
        "где|куда|откуда|в какой стране|в каком городе|какая страна|какой город|каком штате",
    ),
    "sv": (
        "hur många|hur mycket|hur lång*|hur stor*|hur gam*|hur hög*|hur ofta|vilken procent*",
        "när|vilket år|vilket datum|vilken dag|vilken månad",
        "vem|vilka personer|vems",
        "var|vart|varifrån|vilket land|vilken stad",
    ),
    "th": (
        "กี่|เท่าไร|เท่าไหร่|จำนวนเท่าใด|มากแค่ไหน|นานแค่ไหน|ร้อยละ",
        "เมื่อไร|เมื่อใด|เมื่อไหร่|ปีใด|ปีไหน|ปีอะไร|วันที่เท่า|วันใด|เดือนใด|ตอนไหน",
        "ใคร|ผู้ใด",
        "ที่ไหน|ที่ใด|ประเทศใด|ประเทศไหน|เมืองใด|เมืองไหน|รัฐใด|แห่งใด",
    ),
    "tr": (
        "kaç*|ne kadar*|yüzde kaç*|hangi oran*",
        "ne zaman*|hangi yıl*|hangi tarih*|hangi gün*|hangi ay|hangi ayda|kaç yılında",
        "kim|kime|kimin|kimi|kimden|kimler*|kimdir|kimdi",
        "nerede*|nereye|nereden|neresi*|hangi ülke*|hangi şehir*|hangi kent*|nerenin",
    ),
    "uk": (
        "скільк*|який відсоток|яка частка|яка кількість",
        "коли|в якому році|у якому році|якого року|якого числа|якому місяці|якому столітті",
        "хто|кого|кому|ким|чий|чия|чиє",
        "де|куди|звідки|в якій країні|у якій країні|в якому місті|яка країна",
    ),
    "ur": ("کتن*|کتنے|کتنی", "کب|کس سال", "کون|کس نے|کس کے", "کہاں|کس ملک|کس شہر"),
    "vi": (
        "bao nhiêu|mấy|bao lâu|bao xa|bao lớn|tỷ lệ nào|bao cao",
        "khi nào|năm nào|bao giờ|ngày nào|tháng nào|thế kỷ nào|lúc nào|năm bao nhiêu",
        "ai",
        "ở đâu|nơi nào|nước nào|thành phố nào|quốc gia nào|từ đâu|đâu|bang nào",
    ),
    "zh": (
        "多少|几个|幾個|几名|几位|几次|几人|多大|多长|多長|多高|多久|多远|多遠|多快|百分之几|百分之幾|第几|第幾"
        "|比例是|几种|幾種|几座|几艘|几|幾",
        "什么时候|什麼時候|甚麼時候|何时|何時|哪年|哪一年|哪一天|哪天|几月|幾月|哪个月|哪個月|什么时间|什麼時間"
        "|哪个世纪|哪個世紀|几号|几点|何年",
        "谁|誰|哪位|何人",
        "哪里|哪裡|哪裏|哪儿|哪兒|何处|何處|哪个国家|哪個國家|哪国|哪國|哪个城市|哪個城市|什么地方|什麼地方"
        "|哪个州|哪个省",
    ),
}
