"""Lists of words: synonyms, words without information, sounds of Arabic and Latin letters."""

from __future__ import annotations

# Each line: one word in the spelling of `normalise`, then its synonyms.
_SAME = """
عصير juice
مياه ميه مايه ماء water
لبن حليب milk
زبادي yoghurt yogurt
جبنه جبن cheese
شاي tea
قهوه بن coffee
سكر sugar
ارز رز rice
زيت oil
سمن سمنه ghee
زبده butter
مكرونه معكرونه مكرونا باستا pasta macaroni
طحينه طحينيه tahina tahini
دقيق flour
ملح salt
خل vinegar
صلصه sauce صوص
طماطم tomato
كاتشب كتشب كاتشاب ketchup catchup
مايونيز mayonnaise mayo ميونيز
تونه tuna تونا
عسل honey
مربي مربه jam
بسكويت بسكوت biscuit biscuits
شوكولاته شيكولاته شكولاته شوكولاته شوكلاته شوكولا chocolate choco
ويفر wafer
كيك cake كيكه
لبان علكه gum
شيبسي chipsy شبسي
بطاطس potato
صابون soap
شامبو shampoo
معجون paste toothpaste
اسنان teeth dental
مسحوق powder بودره بودر
سائل liquid
مناديل tissue tissues منديل
حفاضات diapers حفاضه diaper
فوط pads فوطه
كلور bleach
مطهر disinfectant antiseptic
منظف cleaner
معطر freshener softener
مانجو mango مانجا منجا منجه
برتقال orange
تفاح apple
جوافه guava
اناناس pineapple
فراوله strawberry
ليمون lemon
نعناع mint
موز banana
خوخ peach
كرز cherry
عنب grape
رمان pomegranate
كوكتيل cocktail
شطه chili
فراخ دجاج chicken فرخه
لحم لحمه beef meat
جمبري shrimp
فانيليا vanilla فانيلا
كراميل caramel
قرفه cinnamon
زنجبيل ginger
كامل full
دايت diet لايت light
كلاسيك classic كلاسيكي
اصلي original اوريجينال
احمر red
اخضر green
ازرق blue
اسود black
ابيض white
كبير large لارج
صغير small سمول
وسط medium ميديم متوسط
جامبو jumbo
سوبر super
ناعم fine
مركز concentrate concentrated
بخاخ spray سبراي
جل gel جيل
كريم cream
عباد sunflower
دره corn ذره
زيتون olive
كوكاكولا cocacola
بيبسي pepsi
سبرايت sprite
سفناب sevenup
فانتا fanta
ميرندا mirinda
ماونتنديو mountaindew
ريدبول redbull
نسكافيه nescafe
نستله nestle
ليبتون lipton
جهينه juhayna
المراعي almarai مراعي
بيتي beyti
دومتي domty
بريزيدن president
لافاشكيري laughingcow lavachequirit
كنور knorr
ماجي maggi
هاينز heinz
اندومي indomie
اريال ariel
برسيل persil
تايد tide
داوني downy
فيري fairy
ديتول dettol
لوكس lux
دوف dove
نيفيا nivea
بانتين pantene
سيجنال signal
كولجيت colgate
بامبرز pampers
مولفيكس molfix
فاين fine
اولويز always
اوريو oreo
كادبوري cadbury
جالاكسي galaxy
سنيكرز snickers
مارس mars
تويكس twix
كيتكات kitkat
لايز lays
دوريتوس doritos
هوهوز hohos
تودو todo
مولتو molto
فيروز fayrouz
بيريل birell
شويبس schweppes
اكوافينا aquafina
داساني dasani
بركه baraka
كريستال crystal كرستال
عافيه afia
ريجينا regina
حدائق hadayek
فرج farag
امريكانا americana
حلواني halwani
اطياب atyab
كوكي koki
مزارع farms
دينا dina
لمار lamar
راني rani
فرجللو faragello
سوبرتال supertal
كلوركس clorox
هاربيك harpic
فينيش finish
جليد glade
ريد raid
"""

# Used for nearly every product: they neither find a product nor distinguish two.
FILLERS = frozenset(
    """
    من في مع او و عرض عروض خصم جديد جديده الجديد سعر خاص مميز ممتاز فاخر وزن حجم سعه مقاس رقم
    صنف منتج توفير هديه مجانا مصري مصر بسعر جمله نوع صافي كل
    of with and the new offer offers special size product item free gift net wt egypt
    """.split()
)

# Containers. Names often leave them out, so they have little weight.
CONTAINERS = frozenset(
    """
    كانز كان علبه علب زجاجه زجاج ازازه بلاستيك كيس اكياس عبوه عبوات برطمان جركن بكت باكت باكيت
    ظرف اظرف قطعه قطع حبه حبات كوب شريط صفيح بيت رول تتراباك شنطه تنك بوكس سائب شكاره
    can cans bottle btl glass plastic bag sachet sachets pouch jar tin pet piece pieces pcs pc
    packet pkt tub tube cup
    """.split()
)

SYNONYMS: dict[str, str] = {}
for _line in _SAME.split("\n"):
    _head, *_others = _line.split() or [""]
    for _other in _others:
        SYNONYMS.setdefault(_other, _head)

# Consonants as users type them in the other script; vowels differ too much to be kept.
_SOUNDS = {
    "ب": "b", "ت": "t", "ث": "s", "ج": "g", "ح": "h", "خ": "k", "د": "d", "ذ": "z", "ر": "r",
    "ز": "z", "س": "s", "ش": "$", "ص": "s", "ض": "d", "ط": "t", "ظ": "z", "غ": "g", "ف": "f",
    "ق": "k", "ك": "k", "ل": "l", "م": "m", "ن": "n", "ه": "h",
    "b": "b", "c": "k", "d": "d", "f": "f", "g": "g", "h": "h", "j": "g", "k": "k", "l": "l",
    "m": "m", "n": "n", "p": "b", "q": "k", "r": "r", "s": "s", "t": "t", "v": "f", "x": "ks",
    "z": "z",
}  # fmt: skip
_DIGRAPHS = (
    ("tch", "$"), ("sh", "$"), ("ch", "$"), ("ph", "f"), ("kh", "k"), ("gh", "g"), ("ck", "k"),
    ("ce", "s"), ("ci", "s"), ("cy", "s"), ("th", "s"), ("تش", "$"),
)  # fmt: skip


def is_latin(word: str) -> bool:
    """Return True if the word is written in Latin letters; the other script is Arabic."""
    return "a" <= word[0] <= "z"


def sound(word: str) -> str:
    """Return the consonants of a word, equal for both scripts: "بيبسي" and "pepsi" are "bbs"."""
    for letters, one in _DIGRAPHS:
        word = word.replace(letters, one)
    sounds = "".join(char if char == "$" else _SOUNDS.get(char, "") for char in word)
    # A doubled letter is one sound; a final h is the spelling of taa marbuta.
    plain = "".join(char for i, char in enumerate(sounds) if sounds[i - 1 : i] != char)
    return plain[:-1] if plain.endswith("h") and len(plain) > 2 else plain
