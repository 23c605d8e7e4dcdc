"""Read a product name: one spelling, its sizes and packs, and its plain words.

    normalise -> read_measures -> plain_word

Egyptian shops write the same word in many forms, in Arabic and in Latin letters.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Mapping

from .lexicon import FILLERS, SYNONYMS

# Letters that decomposition does not unify, and that are typed for one another.
_LETTERS = str.maketrans({
    "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ة": "ه", "ۀ": "ه", "ہ": "ه", "ک": "ك", "گ": "ج",
    "ڪ": "ك", "چ": "ج", "ڤ": "ف", "پ": "ب", "ژ": "ز", "ء": None, "ـ": None,
    "٫": ".", "٬": ",", "،": " ", "؛": " ", "×": "*", "✕": "*", "✖": "*", "х": "*",
    "½": "0.5", "¼": "0.25", "¾": "0.75", "’": None, "'": None, "ø": "o", "ß": "ss",
})  # fmt: skip
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_COMMA = re.compile(r"(?<=\d),(?=\d)")
_FRACTION = re.compile(r"(?<![\d./])([13])\s*/\s*([248])(?![\d./])")
_TIMES = re.compile(r"\s*\*\s*|(?<=\d)\s*x\s*(?=\d)|(?<=[^\W\d_])\s+x\s*(?=\d)")
_NOT_DECIMAL = re.compile(r"\.(?!\d)|(?<!\d)\.")
# "330مل" and "مل330" are two words each.
_SEAM = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")
_REST = re.compile(r"[^\w.*%]+|_")

# Word -> (dimension, amount in its base unit: gram, millilitre, metre, watt).
_UNITS: dict[str, tuple[str, float]] = {}
for _dimension, _factor, _words in (
    ("g", 1.0, "جم جرام غرام غم جرم جم. g gm gms gr grm gram grams"),
    ("g", 1000.0, "كجم كيلو كيلوجرام كج ك كلغ كغ كغم kg kgs kilo كيلوجم"),
    # "سم" is used for a cubic centimetre.
    ("ml", 1.0, "مل ملي مللي ملل ميلي مليلتر ملليلتر سم ml mls cc"),
    ("ml", 10.0, "cl"),
    ("ml", 1000.0, "لتر لترات ليتر ل lt ltr l liter litre liters"),
    ("m", 1.0, "متر امتار meter metre"),
    ("w", 1.0, "وات واط watt watts w"),
):
    for _word in _words.split():
        _UNITS[_word] = (_dimension, _factor)
# Units that may be written without a number, meaning one.
_ALONE = frozenset("كيلو كجم kg kilo لتر ليتر liter litre ltr".split())
_PARTS = {"نص": 0.5, "نصف": 0.5, "ربع": 0.25, "ونص": 0.5, "ونصف": 0.5, "وربع": 0.25, "half": 0.5}
# Packs of several pieces.
_PACKS = frozenset(
    "كرتونه كرتون كارتونه كرتونة صندوق شرينك شرنك شد باله عبوه_كبيره حزمه باك طقم "
    "box carton ctn case pack multipack shrink bundle".split()
)
_DOZENS = {"دسته": 12, "دزينه": 12, "dozen": 12, "دستتين": 24}
# Units in which pieces are counted.
_PIECES = frozenset(
    "قطعه قطع ق حبه حبات حبايه عبوه عبوات علبه علب كيس اكياس ظرف اظرف باكت باكو بكت كانز كان زجاجه "
    "زجاجات ازازه شريط رول رولات منديل مناديل فوطه فوط حفاضه حفاضات مكعب مكعبات فتله شفره شفرات "
    "بيضه كوب وحده مغلف برطمان كتله لفه ورقه حجر pc pcs piece pieces can cans bottle bottles btl "
    "bag bags sachet sachets roll rolls cube cubes tissue tissues pads diapers ct count".split()
)
# Shorter words begin with these letters anyway.
_ARTICLES = (("وال", 6), ("بال", 6), ("ال", 5), ("لل", 5))


@dataclass(frozen=True)
class Measures:
    """Numbers in a name.

    :param sizes: {dimension: amounts in its base unit}, e.g. {"ml": {330.0}}.
    :param pack: number of units in the pack, from words like "carton of 24"; None when absent.
    :param counts: "12 pieces": the pieces in one unit, or the units in the pack.
    :param numbers: all other numbers: size 4 of a nappy, 7 of 7up.
    """

    sizes: Mapping[str, frozenset[float]] = field(default_factory=dict)
    pack: float | None = None
    counts: frozenset[float] = frozenset()
    numbers: frozenset[float] = frozenset()


@dataclass(frozen=True)
class Name:
    """A name that was read.

    :param words: in order, without sizes, articles and fillers, each in its one spelling.
    :param measures: the numbers.
    """

    words: tuple[str, ...]
    measures: Measures


def read_name(text: str | None) -> Name:
    """Read a product name as a user typed it."""
    measures, words = read_measures(normalise(text))
    plain = [plain_word(word) for word in words if word not in FILLERS]
    return Name(tuple(word for word in plain if len(word) > 1 and word not in FILLERS), measures)


def plain_word(word: str) -> str:
    """Return a word without its article, or the usual word for its meaning."""
    if word in SYNONYMS:
        return SYNONYMS[word]
    for article, length in _ARTICLES:
        if word.startswith(article) and len(word) >= length:
            word = word[len(article) :]
            break
    return SYNONYMS.get(word, word)


# === SPELLING === #


def normalise(text: str | None) -> str:
    """Return the text in one spelling: lower case, plain letters, ASCII digits, single spaces.

    Hamza, alef, taa marbuta and alef maqsura forms become one letter each; tatweel, diacritics
    and punctuation are removed; numbers become separate words; "×" and an x between numbers become
    "*".

    >>> normalise("كوكاكولا  ٣٣٠مـل×24")
    'كوكاكولا 330 مل * 24'
    >>> normalise("Nescafé 1,5KG")
    'nescafe 1.5 kg'

    :param text: a name as a user typed it; None counts as empty.
    """
    # Before decomposition, which would turn ½ into 1/2 and join it with the number before it.
    text = (text or "").translate(_LETTERS)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(_plain(char) for char in text if not unicodedata.combining(char))
    text = text.translate(_LETTERS).lower()
    text = _COMMA.sub(".", _THOUSANDS.sub("", text))
    text = _FRACTION.sub(lambda found: " %g " % (int(found[1]) / int(found[2])), text)
    text = _SEAM.sub(" ", _TIMES.sub(" * ", _NOT_DECIMAL.sub(" ", text)))
    return " ".join(_REST.sub(" ", text).split())


def _plain(char: str) -> str:
    """Return digits of any script as ASCII, and "" for invisible marks of direction."""
    if char.isascii():
        return char
    if char.isdigit():
        return str(unicodedata.digit(char))
    return "" if unicodedata.category(char) == "Cf" else char


# === SIZES AND PACKS === #


def read_measures(text: str) -> tuple[Measures, list[str]]:
    """Return the numbers of a name, and the remaining words.

    :param text: as `normalise` returns it.
    """
    reader = _Reader(text.split())
    reader.run()
    return reader.measures(), reader.rest


class _Reader:
    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.rest: list[str] = []
        self.sizes: dict[str, set[float]] = {}
        self.pack: float | None = None
        self.counts: set[float] = set()
        self.numbers: list[float] = []
        self.position = 0

    def measures(self) -> Measures:
        sizes = {key: frozenset(values) for key, values in self.sizes.items()}
        return Measures(sizes, self.pack, frozenset(self.counts), frozenset(self.numbers))

    def run(self) -> None:
        while self.position < len(self.words):
            word = self.words[self.position]
            value = _number(word)
            if value is not None:
                self.read_number(value)
            elif word in _DOZENS:
                self.add_pack(_DOZENS[word])
                self.position += 1
            elif word in _PACKS:
                self.read_pack()
            elif word in _PARTS and self.word(1) in _UNITS:
                self.add_size(_PARTS[word], self.word(1))
                self.position += 2
            elif word in _ALONE and _number(self.word(-1)) is None:
                self.add_size(1.0 + self.part_after(1), word)
                self.position += 1
            elif word == "*" or (word in _UNITS and len(word) == 1):
                self.position += 1
            else:
                self.rest.append(word)
                self.position += 1

    def word(self, ahead: int) -> str:
        position = self.position + ahead
        return self.words[position] if 0 <= position < len(self.words) else ""

    def part_after(self, ahead: int) -> float:
        """Remove and return the part behind a unit, as in "لتر وربع"; 0 without one."""
        part = self.word(ahead)
        if part[:1] == "و" and part in _PARTS:
            del self.words[self.position + ahead]
            return _PARTS[part]
        return 0.0

    def read_number(self, value: float) -> None:
        after = self.word(1)
        if after in _UNITS:
            self.add_size(value + self.part_after(2), after)
            self.position += 2
            if self.word(0) == "*" and _number(self.word(1)) is not None:
                self.read_times()
        elif after == "*" and _number(self.word(2)) is not None:
            # "24 * 330 مل" and "330 مل * 24" alike; "12 * 24" is ambiguous.
            if self.word(3) in _UNITS:
                self.add_pack(value)
            else:
                self.counts.add(value)
            self.position += 2
        elif after in _PIECES:
            self.position += 2
            times = self.word(0) == "*" and _number(self.word(1)) is not None
            if times and self.word(2) in _UNITS:
                self.add_pack(value)
                return
            self.counts.add(value)
            if times:
                self.read_times()
        elif after == "%":
            self.numbers.append(value)
            self.position += 2
        else:
            self.numbers.append(value)
            self.position += 1

    def read_times(self) -> None:
        """Read "* 24" behind a size."""
        self.add_pack(_number(self.word(1)) or 0.0)
        self.position += 2
        if self.word(0) in _PIECES:
            self.position += 1

    def read_pack(self) -> None:
        """Read "كرتونه 24 قطعه", "24 كرتونه", or the bare word."""
        skip = 2 if self.word(1) == "*" else 1
        value = _number(self.word(skip))
        if value is None or self.word(skip + 1) in _UNITS:
            self.position += 1
            return
        self.add_pack(value)
        self.position += skip + 1
        if self.word(0) in _PIECES:
            self.position += 1

    def add_size(self, value: float, unit: str) -> None:
        dimension, factor = _UNITS[unit]
        self.sizes.setdefault(dimension, set()).add(round(value * factor, 3))

    def add_pack(self, value: float) -> None:
        if value > 1:
            self.pack = value


def _number(word: str) -> float | None:
    try:
        return float(word) if word[:1].isdecimal() else None
    except ValueError:
        return None
