"""Sizes, packs and plain numbers out of the words of a normalised name."""

from dataclasses import dataclass, field
from typing import Dict, FrozenSet, List, Optional, Tuple

# Word -> (dimension, how much of its base: gram, millilitre, metre, watt).
_UNITS: Dict[str, Tuple[str, float]] = {}
for _dimension, _factor, _words in (
    ("g", 1.0, "جم جرام غرام غم جرم جم. g gm gms gr grm gram grams"),
    ("g", 1000.0, "كجم كيلو كيلوجرام كج ك كلغ كغ كغم kg kgs kilo كيلوجم"),
    # "سم" is said of a cubic centimetre.
    ("ml", 1.0, "مل ملي مللي ملل ميلي مليلتر ملليلتر سم ml mls cc"),
    ("ml", 10.0, "cl"),
    ("ml", 1000.0, "لتر لترات ليتر ل lt ltr l liter litre liters"),
    ("m", 1.0, "متر امتار meter metre"),
    ("w", 1.0, "وات واط watt watts w"),
):
    for _word in _words.split():
        _UNITS[_word] = (_dimension, _factor)
# A kilo or a litre may be said without a number; of the others that would be a slip of the pen.
_ALONE = frozenset("كيلو كجم kg kilo لتر ليتر liter litre ltr".split())
_PARTS = {"نص": 0.5, "نصف": 0.5, "ربع": 0.25, "ونص": 0.5, "ونصف": 0.5, "وربع": 0.25, "half": 0.5}
# What holds several pieces, and says so.
_PACKS = frozenset(
    "كرتونه كرتون كارتونه كرتونة صندوق شرينك شرنك شد باله عبوه_كبيره حزمه باك طقم "
    "box carton ctn case pack multipack shrink bundle".split()
)
_DOZENS = {"دسته": 12, "دزينه": 12, "dozen": 12, "دستتين": 24}
# What pieces are counted in.
_PIECES = frozenset(
    "قطعه قطع ق حبه حبات حبايه عبوه عبوات علبه علب كيس اكياس ظرف اظرف باكت باكو بكت كانز كان زجاجه "
    "زجاجات ازازه شريط رول رولات منديل مناديل فوطه فوط حفاضه حفاضات مكعب مكعبات فتله شفره شفرات "
    "بيضه كوب وحده مغلف برطمان كتله لفه ورقه حجر pc pcs piece pieces can cans bottle bottles btl "
    "bag bags sachet sachets roll rolls cube cubes tissue tissues pads diapers ct count".split()
)


@dataclass(frozen=True)
class Measures:
    """What a name says in numbers.

    :param sizes: {dimension: frozenset of amounts}, e.g. {"ml": {330.0}}
    :param pack: how many of that it holds, when it says so in words like "carton of 24"
    :param counts: "12 pieces": either what is in one, or how many are in the pack
    :param numbers: all other numbers: size 4 of a nappy, 7 of 7up
    """

    sizes: Dict[str, FrozenSet[float]] = field(default_factory=dict)
    pack: Optional[float] = None
    counts: FrozenSet[float] = frozenset()
    numbers: FrozenSet[float] = frozenset()


def read_measures(text):
    """The numbers of a name, and the words that remain.

    :param str text: as `normalise` returns it
    :return: (Measures, list of words)
    """
    reader = _Reader(text.split())
    reader.run()
    return reader.measures(), reader.rest


class _Reader:
    def __init__(self, words):
        self.words: List[str] = words
        self.rest: List[str] = []
        self.sizes: Dict[str, set] = {}
        self.pack: Optional[float] = None
        self.counts: set = set()
        self.numbers: List[float] = []
        self.place = 0

    def measures(self):
        sizes = {key: frozenset(values) for key, values in self.sizes.items()}
        return Measures(sizes, self.pack, frozenset(self.counts), frozenset(self.numbers))

    def run(self):
        while self.place < len(self.words):
            word = self.words[self.place]
            value = _number(word)
            if value is not None:
                self.read_number(value)
            elif word in _DOZENS:
                self.add_pack(_DOZENS[word])
                self.place += 1
            elif word in _PACKS:
                self.read_pack()
            elif word in _PARTS and self.word(1) in _UNITS:
                self.add_size(_PARTS[word], self.word(1))
                self.place += 2
            elif word in _ALONE and _number(self.word(-1)) is None:
                self.add_size(1.0 + self.part_after(1), word)
                self.place += 1
            elif word == "*" or (word in _UNITS and len(word) == 1):
                self.place += 1
            else:
                self.rest.append(word)
                self.place += 1

    def word(self, ahead):
        place = self.place + ahead
        return self.words[place] if 0 <= place < len(self.words) else ""

    def part_after(self, ahead):
        """ "لتر وربع": the part that stands behind the unit, and takes it out of the words."""
        part = self.word(ahead)
        if part[:1] == "و" and part in _PARTS:
            del self.words[self.place + ahead]
            return _PARTS[part]
        return 0.0

    def read_number(self, value):
        after = self.word(1)
        if after in _UNITS:
            self.add_size(value + self.part_after(2), after)
            self.place += 2
            if self.word(0) == "*" and _number(self.word(1)) is not None:
                self.read_times()
        elif after == "*" and _number(self.word(2)) is not None:
            # "24 * 330 مل" and "330 مل * 24" alike; of "12 * 24" nobody knows which is which.
            if self.word(3) in _UNITS:
                self.add_pack(value)
            else:
                self.counts.add(value)
            self.place += 2
        elif after in _PIECES:
            self.place += 2
            times = self.word(0) == "*" and _number(self.word(1)) is not None
            if times and self.word(2) in _UNITS:
                self.add_pack(value)
                return
            self.counts.add(value)
            if times:
                self.read_times()
        elif after == "%":
            self.numbers.append(value)
            self.place += 2
        else:
            self.numbers.append(value)
            self.place += 1

    def read_times(self):
        """ "* 24" behind a size."""
        self.add_pack(_number(self.word(1)))
        self.place += 2
        if self.word(0) in _PIECES:
            self.place += 1

    def read_pack(self):
        """ "كرتونه 24 قطعه", "24 كرتونه", or the bare word."""
        skip = 2 if self.word(1) == "*" else 1
        value = _number(self.word(skip))
        if value is None or self.word(skip + 1) in _UNITS:
            self.place += 1
            return
        self.add_pack(value)
        self.place += skip + 1
        if self.word(0) in _PIECES:
            self.place += 1

    def add_size(self, value, unit):
        dimension, factor = _UNITS[unit]
        self.sizes.setdefault(dimension, set()).add(round(value * factor, 3))

    def add_pack(self, value):
        if value > 1:
            self.pack = value


def _number(word):
    try:
        return float(word) if word[:1].isdigit() else None
    except ValueError:
        return None
