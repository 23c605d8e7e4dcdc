"""Generate a supplier's products and listings on Cartona from a seed, with the correct matches.

Shares no code with the matcher: its misspellings are independent of the matcher's rules.
"""

import random
from dataclasses import dataclass
from itertools import product as combinations

from .goods import KINDS, STRANGERS, Kind

PRODUCTS = 5000
LISTINGS = 3000
_SHARE_UNLINKABLE = 0.15
_SHARE_NOT_STOCKED = 0.12
_BOXES_OF_THEIR_OWN = 600

_UNIT_WORDS = {
    "g": ("جم", "جم", "جرام", "غم", "ج.م", "g", "gm"),
    "kg": ("كجم", "كيلو", "ك", "كيلو جرام", "kg", "كج"),
    "ml": ("مل", "مل", "ملي", "ملل", "ml", "سم"),
    "l": ("لتر", "لتر", "ليتر", "ل", "L", "lt"),
    "n": ("قطعة", "قطع", "حبة", "ق"),
}
_EXTRA = ("عرض", "جديد", "سعر خاص", "عرض خاص", "توفير", "حجم عائلي")
_ARABIC_DIGITS = str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")
_NEIGHBOURS = {
    "ب": "تنيث", "ت": "بثني", "ج": "حخ", "ح": "جخ", "د": "ذر", "ر": "زد", "س": "شص",
    "ش": "س", "ص": "ضس", "ط": "ظت", "ع": "غ", "ف": "ق", "ق": "ف", "ك": "ل", "ل": "ا",
    "م": "ن", "ن": "ت", "ه": "ة", "و": "ر", "ي": "ب", "ا": "ل",
}  # fmt: skip


@dataclass(frozen=True)
class Good:
    """One real good."""

    kind: Kind
    brand: str
    flavour: str
    amount: float
    dimension: str
    price: float


@dataclass(frozen=True)
class OdooProduct:
    """One row of the supplier's products, with `pieces` pieces in one."""

    key: int
    name: str
    price: float
    code: str
    barcode: str
    pieces: int


@dataclass(frozen=True)
class CartonaListing:
    """One row of the catalogue on Cartona; `truth` is the key of its product, or None.

    `pack` is the number of that product in one unit of the row.
    """

    key: int
    name: str
    unit: str
    unit_count: float
    price: float
    internal_id: str
    truth: int | None
    pack: float


class Shop:
    """Catalogue with `products` and `listings` of one seed."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        goods = self._goods()
        stranger_goods = self._stranger_goods(goods)
        split = int(len(goods) * _SHARE_NOT_STOCKED)
        missing, stocked = goods[:split], goods[split:]
        stocked = stocked[: PRODUCTS - _BOXES_OF_THEIR_OWN]
        self.products: list[OdooProduct] = []
        self.pieces: dict[Good, OdooProduct] = {}
        self.boxes: dict[tuple[Good, int], OdooProduct] = {}
        for good in stocked:
            self._stock(good, 1)
        for good in self.random.sample(stocked, _BOXES_OF_THEIR_OWN):
            self._stock(good, self.random.choice(good.kind.packs))
        self.random.shuffle(self.products)
        self.listings = self._listings(stocked, missing, stranger_goods)

    # === GOODS === #

    def _goods(self) -> list[Good]:
        """Return all goods, each in some of its sizes, in random order."""
        goods = []
        for kind in KINDS:
            brands, flavours, sizes = kind.parts()
            smallest = min(_in_base(*size) for size in sizes)
            for brand, flavour in combinations(brands, flavours):
                factor = self.random.uniform(0.7, 1.4)
                for size in self.random.sample(sizes, min(4, len(sizes))):
                    more = (_in_base(*size) / smallest) ** 0.85
                    price = round(kind.price * factor * more * self.random.uniform(0.95, 1.05), 2)
                    goods.append(Good(kind, brand, flavour, *size, price))
        self.random.shuffle(goods)
        return goods

    def _stranger_goods(self, goods: list[Good]) -> list[Good]:
        """Return goods of other makers, otherwise as similar as possible."""
        return [
            Good(g.kind, self.random.choice(STRANGERS), g.flavour, g.amount, g.dimension, g.price)
            for g in self.random.sample(goods, LISTINGS)
        ]

    # === PRODUCTS === #

    def _stock(self, good: Good, pieces: int) -> None:
        key = 1000 + len(self.products)
        words = good.kind.word.split("|")
        parts = [words[0], good.brand, good.flavour, self._size(good, tidy=True)]
        if self.random.random() < 0.15:
            parts[0], parts[1] = parts[1], parts[0]
        if pieces > 1:
            parts.append(
                self.random.choice((f"كرتونة {pieces}", f"× {pieces}", f"كرتونة {pieces} قطعة"))
            )
        price = good.price if pieces == 1 else round(good.price * pieces * 0.97, 2)
        product = OdooProduct(
            key=key,
            name=" ".join(filter(None, parts)),
            price=price,
            code=f"P{key:05}",
            barcode=f"622{key:010}",
            pieces=pieces,
        )
        self.products.append(product)
        if pieces == 1:
            self.pieces[good] = product
        else:
            self.boxes[good, pieces] = product

    # === LISTINGS === #

    def _listings(
        self, stocked: list[Good], missing: list[Good], strange: list[Good]
    ) -> list[CartonaListing]:
        count = int(LISTINGS * _SHARE_UNLINKABLE)
        pool = missing + strange[: len(missing)]
        wanted = [(good, True) for good in self.random.sample(stocked, LISTINGS - count)]
        wanted += [(good, False) for good in self.random.sample(pool, count)]
        self.random.shuffle(wanted)
        return [self._list(key, good, known) for key, (good, known) in enumerate(wanted, 1)]

    def _list(self, key: int, good: Good, known: bool) -> CartonaListing:
        count = 1 if self.random.random() < 0.6 else self.random.choice(good.kind.packs)
        product, pieces = None, 1
        if known:
            product = self.boxes.get((good, count)) if count > 1 else None
            pieces = product.pieces if product else 1
            product = product or self.pieces[good]
        discount = 0.97 if count > 1 else 1.0
        price = round(good.price * count * discount * self.random.uniform(0.94, 1.07), 2)
        if self.random.random() < 0.03:
            price = 0.0  # not shown
        elif self.random.random() < 0.02:
            price = round(price * self.random.uniform(0.4, 2.5), 2)
        by_code = product and pieces == count and self.random.random() < 0.04
        return CartonaListing(
            key=key,
            name=self._name(good, count),
            unit="box" if count > 1 else "piece",
            unit_count=float(count),
            price=price,
            internal_id=product.code if by_code else "",
            truth=product and product.key,
            pack=count / pieces,
        )

    def _name(self, good: Good, count: int) -> str:
        """Return a name as a user types it on Cartona."""
        chance = self.random.random
        kind = self.random.choice(good.kind.word.split("|"))
        words = [] if chance() < 0.12 else kind.split()
        brand = good.brand
        if " " in brand and chance() < 0.25:
            brand = brand.replace(" ", "")
        words += [*brand.split(), *good.flavour.split()]
        if "مقاس" not in words and chance() < 0.25:
            self.random.shuffle(words)
        words = [self._misspelt(word) for word in words]
        if chance() < 0.05:
            place = self.random.randrange(len(words))
            if len(words[place]) > 6:
                words[place : place + 1] = [words[place][:4], words[place][4:]]
        parts = [" ".join(words)]
        if chance() > 0.03:
            parts.insert(0 if chance() < 0.1 else 1, self._size(good, tidy=False))
        if count > 1 and chance() < 0.5:
            parts.append(self._pack_words(count))
        if chance() < 0.12:
            parts.insert(self.random.choice((0, len(parts))), self.random.choice(_EXTRA))
        name = " ".join(parts)
        if chance() < 0.35:
            name = name.translate(_ARABIC_DIGITS)
        if chance() < 0.1:
            name = name.replace(" ", self.random.choice(("  ", " - ", "/")), 1)
        return name

    def _pack_words(self, count: int) -> str:
        if count == 12 and self.random.random() < 0.3:
            return "دستة"
        phrases = (f"كرتونة {count}", f"×{count}", f"* {count}", f"كرتون {count} ق")
        return self.random.choice(phrases)

    def _size(self, good: Good, tidy: bool) -> str:
        amount, dimension = good.amount, good.dimension
        if not tidy and self.random.random() < 0.15:
            if dimension in ("kg", "l"):
                amount, dimension = amount * 1000, {"kg": "g", "l": "ml"}[dimension]
            elif amount >= 500 and dimension in ("g", "ml"):
                amount, dimension = amount / 1000, {"g": "kg", "ml": "l"}[dimension]
        words = _UNIT_WORDS[dimension]
        if tidy:
            return f"{amount:g} {words[0]}"
        gap = "" if self.random.random() < 0.4 else " "
        return f"{amount:g}{gap}{self.random.choice(words)}"

    def _misspelt(self, word: str) -> str:
        """Return one of the many spellings of a word, right and wrong ones."""
        chance = self.random.random
        if chance() < 0.4:
            word = word.replace("أ", "ا").replace("إ", "ا").replace("آ", "ا")
        if chance() < 0.3 and word.endswith("ة"):
            word = word[:-1] + "ه"
        if chance() < 0.2 and word.endswith("ي"):
            word = word[:-1] + "ى"
        if chance() < 0.03 and len(word) > 3:
            word = word[:2] + "ـ" + word[2:]
        if chance() < 0.03:
            word = word[:1] + self.random.choice("َُِّ") + word[1:]
        if chance() < 0.08 and len(word) > 3 and not word.isdigit():
            word = self._wrong(word)
        return word

    def _wrong(self, word: str) -> str:
        """Return the word with one typing error."""
        place = self.random.randrange(1, len(word))
        slip = self.random.randrange(4)
        if slip == 0:
            return word[:place] + word[place + 1 :]
        if slip == 1:
            return word[:place] + word[place] + word[place:]
        if slip == 2 and place + 1 < len(word):
            return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        wrong = self.random.choice(_NEIGHBOURS.get(word[place], "ا"))
        return word[:place] + wrong + word[place + 1 :]


def _in_base(amount: float, dimension: str) -> float:
    return amount * (1000 if dimension in ("kg", "l") else 1)
