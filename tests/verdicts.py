"""Labelled sentences: what a careful reader says of each, by the passage that it cites.

Labels are what the facts and words show to a reader who cannot infer: `partly` where some fact
of the sentence is not in the passage and the passage does not say another one in its place.
"""

from __future__ import annotations

from typing import NamedTuple

from assistant.answers import State

PASSAGES = {
    "en": "The flood in the province of Valdoria killed 42 people and left 1,300 homeless, "
    "Governor "
    "Marta Keller said on 3 May 2021. The government will spend $2.5 million on repairs. The "
    "bridge "
    "over the river did not reopen on Monday. Engineers from Norway will inspect it within two "
    "weeks.",
    "de": "Bei dem Hochwasser in der Provinz Valdoria starben 42 Menschen und 1.300 wurden "
    "obdachlos, "
    "sagte Gouverneurin Marta Keller am 3. Mai 2021. Die Regierung gibt 2,5 Millionen Dollar "
    "für die "
    "Reparaturen aus. Die Brücke über den Fluss wird am Montag nicht wieder geöffnet.",
    "fr": "Les inondations dans la province de Valdoria ont fait 42 morts et 1 300 sans-abri, a "
    "déclaré "
    "la gouverneure Marta Keller le 3 mai 2021. Le gouvernement dépensera 2,5 millions de dollars "
    "pour les réparations. Le pont sur le fleuve est rouvert aux voitures depuis lundi.",
    "es": "Las inundaciones en la provincia de Valdoria dejaron 42 muertos y 1.300 personas sin "
    "hogar, "
    "dijo la gobernadora Marta Keller el 3 de mayo de 2021. El gobierno gastará 2,5 millones de "
    "dólares en reparaciones. El puente sobre el río está abierto al tráfico desde el lunes.",
    "it": "L'alluvione nella provincia di Valdoria ha ucciso 42 persone, ha detto la "
    "governatrice Marta "
    "Keller il 3 maggio 2021. Il governo spenderà 2,5 milioni di dollari per le riparazioni. Il "
    "ponte "
    "sul fiume è aperto al traffico da lunedì.",
    "pt": "As inundações na província de Valdoria mataram 42 pessoas, disse a governadora Marta "
    "Keller "
    "em 3 de maio de 2021. O governo vai gastar 2,5 milhões de dólares em reparos. A ponte "
    "sobre o "
    "rio está aberta ao trânsito desde segunda-feira.",
    "ru": "В результате наводнения в провинции Вальдория погибли 42 человека, сообщила губернатор "
    "Марта Келлер 3 мая 2021 года. Правительство потратит 2,5 миллиона долларов на ремонт. Мост "
    "через реку открыт для машин с понедельника.",
    "zh": "瓦尔多里亚省的洪水造成42人死亡，1300人无家可归，省长玛尔塔·凯勒于2021年5月3日表示。政"
    "府将拨款250万美元"
    "用于修复工程。河上的大桥从星期一起重新开放。",
    "ja": "バルドリア州の洪水で42人が死亡し、1300人が家を失ったと、マルタ・ケラー知事が2021年5月"
    "3日に述べた。政府は"
    "修復に250万ドルを支出する。川にかかる橋は月曜日から再び通行できる。",
    "ko": "발도리아주의 홍수로 42명이 숨지고 1300명이 집을 잃었다고 마르타 켈러 주지사가 2021년 "
    "5월 3일 밝혔다. 정부는 "
    "복구에 250만 달러를 쓸 예정이다. 강 위의 다리는 월요일부터 다시 열렸다.",
    "ar": "أدت الفيضانات في مقاطعة فالدوريا إلى مقتل 42 شخصا، حسبما قالت الحاكمة مارتا كيلر في "
    "3 مايو 2021. "
    "وستنفق الحكومة 2.5 مليون دولار على الإصلاحات. الجسر فوق النهر مفتوح أمام السيارات منذ "
    "الاثنين.",
    "hi": "वाल्दोरिया प्रांत में बाढ़ से 42 लोग मारे गए, राज्यपाल मार्ता केलर ने 3 मई 2021 को "
    "कहा। सरकार मरम्मत पर "
    "25 लाख डॉलर खर्च करेगी। नदी पर बना पुल सोमवार से यातायात के लिए खुला है।",
    "tr": "Valdoria eyaletindeki selde 42 kişi öldü, dedi Vali Marta Keller 3 Mayıs 2021 "
    "tarihinde. Hükümet "
    "onarım için 2,5 milyon dolar harcayacak. Nehir üzerindeki köprü pazartesi günü trafiğe "
    "açıldı.",
    "uk": "Унаслідок повені в провінції Вальдорія загинули 42 людини, повідомила губернаторка "
    "Марта "
    "Келлер 3 травня 2021 року. Уряд витратить 2,5 мільйона доларів на ремонт.",
    "pl": "W wyniku powodzi w prowincji Valdoria zginęły 42 osoby, powiedziała gubernator Marta "
    "Keller "
    "3 maja 2021 roku. Rząd wyda 2,5 miliona dolarów na naprawy.",
}


class Verdict(NamedTuple):
    """A sentence, its language, the language of the passage that it cites, and its label."""

    sentence: str
    language: str
    passage: str
    label: State
    kind: str


def _verdicts(table: str) -> list[Verdict]:
    found = []
    for line in table.strip().splitlines():
        kind, languages, label, sentence = (part.strip() for part in line.split("|"))
        language, _, passage = languages.partition(">")
        state: State = _LABELS[label]
        found.append(Verdict(sentence, language, passage or language, state, kind))
    return found


_LABELS: dict[str, State] = {
    "v": "verbatim",
    "s": "supported",
    "p": "partly",
    "c": "contradicted",
    "n": "not found",
}

VERDICTS = _verdicts(
    """
    verbatim | en | v | The government will spend $2.5 million on repairs.
    verbatim | zh | v | 政府将拨款250万美元用于修复工程。
    verbatim | ar | v | وستنفق الحكومة 2.5 مليون دولار على الإصلاحات.
    paraphrase | en | s | On 3 May 2021 Governor Marta Keller said the flood killed 42 people.
    paraphrase | en | s | The government will spend 2.5 million dollars on the repairs.
    paraphrase | en | s | The flood in Valdoria left 1,300 people homeless and killed 42.
    paraphrase | en | s | Engineers from Norway will inspect the bridge within two weeks.
    paraphrase | de | s | Die Regierung gibt für die Reparaturen 2,5 Mio. Dollar aus.
    paraphrase | de | s | Nach Angaben von Marta Keller starben 42 Menschen bei dem Hochwasser.
    paraphrase | fr | s | Le gouvernement dépensera 2,5 millions de dollars pour réparer le pont.
    paraphrase | es | s | El gobierno gastará 2.500.000 dólares en las reparaciones.
    paraphrase | it | s | Il governo spenderà per le riparazioni 2,5 milioni di dollari.
    paraphrase | pt | s | O governo gastará 2,5 milhões de dólares em reparos da ponte.
    paraphrase | ru | s | На ремонт правительство потратит 2,5 млн долларов.
    paraphrase | uk | s | На ремонт уряд витратить 2,5 млн доларів.
    paraphrase | pl | s | Na naprawy rząd wyda 2,5 mln dolarów.
    paraphrase | zh | s | 洪水造成42人死亡，政府拨款250万美元用于修复。
    paraphrase | ja | s | 政府は橋の修復に250万ドルを支出する。
    paraphrase | ko | s | 정부는 다리 복구에 250만 달러를 쓸 예정이다.
    paraphrase | ar | s | قالت الحاكمة مارتا كيلر إن الفيضانات أدت إلى مقتل 42 شخصا في مقاطعة فالدوريا.
    paraphrase | hi | s | सरकार पुल की मरम्मत पर 25 लाख डॉलर खर्च करेगी।
    paraphrase | tr | s | Hükümet köprünün onarımı için 2,5 milyon dolar harcayacak.
    number | en | c | The flood in the province of Valdoria killed 47 people, Governor Marta Keller said.
    number | en | c | The government will spend $3.5 million on repairs to the bridge.
    number | de | c | Bei dem Hochwasser in der Provinz Valdoria starben 24 Menschen.
    number | de | c | Die Regierung gibt 25 Millionen Dollar für die Reparaturen aus.
    number | fr | c | Les inondations dans la province de Valdoria ont fait 52 morts.
    number | es | c | Las inundaciones en la provincia de Valdoria dejaron 12 muertos.
    number | it | c | L'alluvione nella provincia di Valdoria ha ucciso 420 persone.
    number | pt | c | As inundações na província de Valdoria mataram 24 pessoas.
    number | ru | c | В результате наводнения в провинции Вальдория погибли 24 человека.
    number | zh | c | 瓦尔多里亚省的洪水造成24人死亡。
    number | ja | c | バルドリア州の洪水で24人が死亡した。
    number | ko | c | 발도리아주의 홍수로 24명이 숨졌다.
    number | ar | c | أدت الفيضانات في مقاطعة فالدوريا إلى مقتل 24 شخصا.
    number | hi | c | वाल्दोरिया प्रांत में बाढ़ से 24 लोग मारे गए।
    number | tr | c | Valdoria eyaletindeki selde 24 kişi öldü.
    swap | en | c | The flood in the province of Valdoria killed 1,300 people and left 42 homeless.
    year | en | c | The flood in the province of Valdoria killed 42 people, Marta Keller said on 3 May 2020.
    year | de | c | Bei dem Hochwasser in Valdoria starben 42 Menschen, sagte Marta Keller am 3. Mai 2019.
    year | fr | c | Les inondations de Valdoria ont fait 42 morts, a déclaré Marta Keller le 3 mai 2011.
    year | ru | c | Погибли 42 человека, сообщила губернатор Марта Келлер 3 мая 2012 года.
    year | zh | c | 洪水造成42人死亡，1300人无家可归，省长玛尔塔·凯勒于2020年5月3日表示。
    day | es | c | Dejaron 42 muertos y 1.300 personas sin hogar, dijo la gobernadora Marta Keller el 5 de mayo de 2021.
    unit | en | p | The government will spend 2.5 million euros on repairs.
    unit | de | p | Die Regierung gibt 2,5 Millionen Euro für die Reparaturen aus.
    unit | en | p | Engineers from Norway will inspect it within two months.
    unit | ru | p | Правительство потратит 2,5 миллиона рублей на ремонт.
    name | en | p | The flood killed 42 people, Governor Paul Winter said on 3 May 2021.
    name | en | p | Engineers from Denmark will inspect the bridge within two weeks.
    name | de | p | Es starben 42 Menschen, sagte Gouverneurin Paula Winter am 3. Mai 2021.
    name | fr | p | Les inondations ont fait 42 morts, a déclaré la gouverneure Paula Hiver le 3 mai 2021.
    name | es | p | Dejaron 42 muertos, dijo la gobernadora Paula Ruiz el 3 de mayo de 2021.
    name | ru | p | Погибли 42 человека, сообщила губернатор Полина Зимина 3 мая 2021 года.
    name | tr | p | Selde 42 kişi öldü, dedi Vali Ayşe Demir 3 Mayıs 2021 tarihinde.
    negation | en | c | The bridge over the river did reopen on Monday.
    negation | de | c | Die Brücke über den Fluss wird am Montag wieder geöffnet.
    negation | fr | c | Le pont sur le fleuve n'est pas rouvert aux voitures depuis lundi.
    negation | es | c | El puente sobre el río no está abierto al tráfico desde el lunes.
    negation | it | c | Il ponte sul fiume non è aperto al traffico da lunedì.
    negation | pt | c | A ponte sobre o rio não está aberta ao trânsito desde segunda-feira.
    negation | ru | c | Мост через реку не открыт для машин с понедельника.
    negation | zh | c | 河上的大桥没有从星期一起重新开放。
    negation | ja | c | 川にかかる橋は月曜日から再び通行できない。
    negation | ko | c | 강 위의 다리는 월요일부터 다시 열리지 않았다.
    negation | ar | c | الجسر فوق النهر ليس مفتوحا أمام السيارات منذ الاثنين.
    negation | hi | c | नदी पर बना पुल सोमवार से यातायात के लिए खुला नहीं है।
    negation | tr | c | Nehir üzerindeki köprü pazartesi günü trafiğe açılmadı.
    across | de>en | s | Marta Keller sagte am 3. Mai 2021, dass 42 Menschen starben.
    across | en>de | s | Governor Marta Keller said on 3 May 2021 that 42 people had died.
    across | en>ru | s | Marta Keller said on 3 May 2021 that 42 people had died.
    across | en>zh | s | The flood killed 42 people and left 1,300 homeless in May 2021.
    across | ru>en | s | Марта Келлер сообщила 3 мая 2021 года, что погибли 42 человека.
    across | zh>en | s | 2021年5月3日，政府表示将拨款250万美元，42人死亡。
    across | ja>en | s | マルタ・ケラー知事は2021年5月3日、42人が死亡したと述べた。
    across | ar>fr | s | أنفقت الحكومة 2.5 مليون دولار بعد مقتل 42 شخصا في مايو 2021.
    across | hi>en | s | सरकार मरम्मत पर 25 लाख डॉलर खर्च करेगी।
    across | en>hi | s | The government will spend 2.5 million dollars on the bridge.
    across | fr>ko | s | Les inondations ont tué 42 personnes le 3 mai 2021.
    across | es>ar | s | El gobierno gastará 2,5 millones de dólares, dijo Marta Keller.
    across | en>ar | s | Marta Keller said 42 people died on 3 May 2021.
    across | tr>pl | s | Vali Marta Keller 3 Mayıs 2021 tarihinde 42 kişinin öldüğünü söyledi.
    across | de>ru | p | Marta Keller sagte am 4. Mai 2021, dass 42 Menschen starben.
    across | en>zh | p | The flood killed 42 people and left 5,600 homeless in May 2021.
    across | fr>en | p | Les inondations ont tué 42 personnes le 9 juin 2018.
    invented | en | n | The football club signed a striker from Argentina for 80 million euros.
    invented | en | n | Scientists discovered a new species of frog in the rainforest.
    invented | de | n | Der Verein verpflichtete einen Stürmer aus Argentinien für 80 Millionen Euro.
    invented | fr | n | Des chercheurs ont découvert une nouvelle espèce de grenouille.
    invented | es | n | Los científicos descubrieron una nueva especie de rana en la selva.
    invented | ru | n | Учёные обнаружили новый вид лягушек в тропическом лесу.
    invented | zh | n | 科学家在雨林中发现了一种新的青蛙。
    invented | ja | n | 科学者たちは熱帯雨林で新種のカエルを発見した。
    invented | ko | n | 과학자들이 열대우림에서 새로운 개구리를 발견했다.
    invented | ar | n | اكتشف العلماء نوعا جديدا من الضفادع في الغابة.
    invented | hi | n | वैज्ञानिकों ने जंगल में मेंढक की एक नई प्रजाति खोजी।
    invented | tr | n | Bilim insanları ormanda yeni bir kurbağa türü keşfetti.
    invented | en>ru | n | Scientists discovered a new species of frog.
    invented | de>zh | n | Der Verein verpflichtete Pedro Alvarez für 80 Millionen Euro.
    """  # noqa: E501
)

FRESH_PASSAGES = {
    "en": "Harlon Steel cut 850 jobs at its plant in Brexley after profits fell 18 percent in "
    "2022, chief "
    "executive Ruth Amador told reporters. The company does not plan to sell the site. Unions "
    "called "
    "a strike for 14 March 2023, and Energy Minister Tomas Varga will meet both sides in Lunden.",
    "de": "Der Stahlkonzern Harlon streicht 850 Stellen im Werk Brexley, nachdem der Gewinn "
    "2022 um 18 "
    "Prozent gefallen war, sagte Vorstandschefin Ruth Amador. Das Unternehmen will den Standort "
    "nicht "
    "verkaufen. Die Gewerkschaften riefen für den 14. März 2023 zum Streik auf.",
    "fr": "Harlon supprime 850 emplois dans son usine de Brexley après une baisse des bénéfices "
    "de 18 % en "
    "2022, a annoncé la directrice générale Ruth Amador. Les syndicats appellent à la grève le "
    "14 mars "
    "2023. La société veut vendre le site du sud.",
    "es": "Harlon recorta 850 empleos en su planta de Brexley después de que las ganancias "
    "cayeran un 18 "
    "por ciento en 2022, dijo la directora Ruth Amador. Los sindicatos convocaron una huelga "
    "para el "
    "14 de marzo de 2023.",
    "ru": "Компания «Харлон» сокращает 850 рабочих мест на заводе после падения прибыли на 18 "
    "процентов в "
    "2022 году, сообщила директор Рут Амадор. Профсоюзы объявили забастовку на 14 марта 2023 "
    "года. "
    "Компания планирует продать завод.",
    "zh": "哈伦钢铁公司在利润于2022年下降18%之后裁减850个职位，首席执行官露丝·阿马多尔说。工会宣"
    "布于2023年3月14日"
    "举行罢工。公司计划出售工厂。",
    "ja": "ハーロン製鉄は2022年に利益が18％減少したため850人を削減すると、ルース・アマドール社長"
    "が述べた。労働組合は"
    "2023年3月14日にストライキを行う。",
    "ko": "할론 철강은 2022년 이익이 18% 줄어 일자리 850개를 없앤다고 루스 아마도르 사장이 말했"
    "다. 노조는 2023년 3월 "
    "14일 파업을 벌인다.",
    "ar": "قررت شركة هارلون إلغاء 850 وظيفة في مصنعها بعد تراجع الأرباح بنسبة 18 في المئة عام "
    "2022، بحسب "
    "المديرة روث أمادور. ودعت النقابات إلى إضراب في 14 مارس 2023.",
    "hi": "हारलोन कंपनी ने 2022 में मुनाफा 18 प्रतिशत गिरने के बाद 850 नौकरियां खत्म कीं, "
    "निदेशक रूथ अमाडोर ने कहा। "
    "यूनियनों ने 14 मार्च 2023 को हड़ताल बुलाई है।",
    "tr": "Harlon, 2022 yılında kârının yüzde 18 düşmesinin ardından Brexley fabrikasında 850 "
    "kişiyi işten "
    "çıkardı, dedi genel müdür Ruth Amador. Sendikalar 14 Mart 2023 için grev çağrısı yaptı.",
}

# Written after the thresholds were set on the sentences above.
FRESH = _verdicts(
    """
    paraphrase | en | s | Profits of Harlon Steel fell 18% in 2022 and it cut 850 jobs in Brexley.
    paraphrase | en | s | Both sides will meet Energy Minister Tomas Varga in Lunden.
    paraphrase | de | s | Harlon streicht in Brexley 850 Stellen, weil der Gewinn um 18 Prozent fiel.
    paraphrase | fr | s | Les syndicats appellent à faire grève le 14 mars 2023.
    paraphrase | es | s | Las ganancias cayeron un 18 % en 2022, dijo Ruth Amador.
    paraphrase | ru | s | На 14 марта 2023 года профсоюзы объявили забастовку.
    paraphrase | zh | s | 工会将于2023年3月14日罢工。
    paraphrase | ja | s | 利益が18％減少し、850人を削減する。
    paraphrase | ko | s | 노조는 2023년 3월 14일에 파업을 벌인다.
    paraphrase | ar | s | دعت النقابات إلى إضراب يوم 14 مارس 2023.
    paraphrase | hi | s | यूनियनों ने हड़ताल 14 मार्च 2023 को बुलाई है।
    paraphrase | tr | s | Harlon Brexley fabrikasında 850 kişiyi işten çıkardı.
    number | en | c | Harlon Steel cut 950 jobs at its plant in Brexley.
    number | de | c | Der Stahlkonzern Harlon streicht 580 Stellen im Werk Brexley.
    number | fr | c | Harlon supprime 580 emplois dans son usine de Brexley.
    number | es | c | Harlon recorta 580 empleos en su planta de Brexley.
    number | ru | c | Компания «Харлон» сокращает 580 рабочих мест на заводе.
    number | zh | c | 哈伦钢铁公司裁减580个职位。
    number | ja | c | ハーロン製鉄は580人を削減する。
    number | ko | c | 할론 철강은 일자리 580개를 없앤다고 말했다.
    number | ar | c | قررت شركة هارلون إلغاء 580 وظيفة في مصنعها.
    number | hi | c | हारलोन कंपनी ने 580 नौकरियां खत्म कीं।
    number | tr | c | Harlon Brexley fabrikasında 580 kişiyi işten çıkardı.
    percent | en | c | Profits at Harlon Steel fell 28 percent in 2022.
    percent | tr | c | Harlon 2022 yılında kârının yüzde 28 düşmesinin ardından 850 kişiyi işten çıkardı.
    year | en | c | Unions called a strike for 14 March 2024.
    year | ru | c | Профсоюзы объявили забастовку на 14 марта 2024 года.
    year | ar | c | دعت النقابات إلى إضراب في 14 مارس 2024.
    name | en | p | Energy Minister Peter Novak will meet both sides in Lunden.
    name | en | p | Harlon Steel cut 850 jobs at its plant in Westport.
    name | de | p | Harlon streicht 850 Stellen, sagte Vorstandschefin Anna Schulz.
    name | es | p | Las ganancias cayeron un 18 por ciento, dijo la directora Elena Ruiz.
    negation | en | c | The company does plan to sell the site.
    negation | de | c | Das Unternehmen will den Standort verkaufen.
    negation | fr | c | La société ne veut pas vendre le site du sud.
    negation | ru | c | Компания не планирует продать завод.
    negation | zh | c | 公司没有计划出售工厂。
    across | de>en | s | Harlon streicht 850 Stellen in Brexley, sagte Ruth Amador.
    across | en>fr | s | Ruth Amador said Harlon would cut 850 jobs in Brexley.
    across | en>ru | s | Unions called a strike for 14 March 2023, Ruth Amador said.
    across | en>zh | s | Profits fell 18 percent in 2022 and 850 jobs will go.
    across | en>ja | s | Ruth Amador said that 850 people must go.
    across | ko>en | s | 노조는 2023년 3월 14일 파업을 벌인다.
    across | ar>es | s | ألغيت 850 وظيفة بعد تراجع الأرباح 18 في المئة.
    across | hi>tr | s | यूनियनों ने 14 मार्च 2023 को हड़ताल बुलाई है।
    across | fr>ar | s | Ruth Amador supprime 850 emplois.
    across | ru>hi | s | Прибыль упала на 18 процентов в 2022 году.
    across | en>ko | p | The company will cut 950 jobs after profits fell 18 percent.
    across | fr>zh | p | La société supprime 700 emplois le 14 mars 2023.
    invented | en | n | The orchestra will play Mozart in Vienna next summer.
    invented | de | n | Das Orchester spielt im Sommer in Wien.
    invented | fr | n | L'orchestre jouera Mozart à Vienne cet été.
    invented | ru | n | Оркестр сыграет летом в Вене.
    invented | zh | n | 乐团明年夏天在维也纳演出。
    invented | ar | n | ستعزف الأوركسترا في فيينا الصيف المقبل.
    invented | en>hi | n | The orchestra will play Mozart in Vienna.
    """  # noqa: E501
)
