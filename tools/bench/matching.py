"""Which product a listing is: how often the first suggestion is right, and "accept all" wrong."""

import csv
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from tools.bench.options import Options
from tools.bench.report import Line, Measurement
from tools.dev.paths import ADDON, ROOT

# The addon's packages that need no Odoo are imported without the addon itself. There is a
# `tests` in it as well, so the top level's cannot be a package: its folders are.
sys.path += [str(ROOT / ADDON), str(ROOT / "tests")]

from matching.generator import Shop  # noqa: E402

from cartona_matching import Listing, Matcher, Product  # noqa: E402

NAME = "matching"
#: The last one is for the figures alone: nothing is ever tuned on it.
SEEDS = (1, 2, 3, 4, 98317)
PAIRS = ROOT / "tests" / "matching" / "pairs.csv"
FIRST = 0.90
WRONG = 1 / 1000
SECONDS = 60.0


@dataclass
class Score:
    """What came of ranking one catalogue.

    :ivar linkable: listings whose product is among the products
    :ivar right: of them, those whose first suggestion is that product, in the right pack
    :ivar suggested: listings with any suggestion at all
    :ivar accepted: listings that "accept all above" takes
    :ivar wrong: of them, those with the wrong product or pack
    """

    name: str
    listings: int
    linkable: int
    suggested: int
    right: int
    accepted: int
    wrong: int
    seconds: float

    @property
    def recall(self) -> float:
        """How many of the linkable are right at first suggestion."""
        return self.right / self.linkable

    @property
    def precision(self) -> float:
        """How many of the first suggestions are right."""
        return self.right / max(self.suggested, 1)

    @property
    def accepted_wrong(self) -> float:
        """How many of those accepted unseen are wrong."""
        return self.wrong / max(self.accepted, 1)

    @property
    def accepted_recall(self) -> float:
        """How many of the linkable are accepted unseen, and rightly."""
        return (self.accepted - self.wrong) / self.linkable


def run(options: Options) -> Measurement:
    """Five made-up catalogues and one list written by hand."""
    scores = [made_up(seed) for seed in SEEDS] + [by_hand()]
    return Measurement(
        NAME,
        [line for score in scores for line in _lines(score)],
        {"scores": [asdict(score) for score in scores]},
    )


def made_up(seed: int) -> Score:
    """3,000 listings against 5,000 products of one seed."""
    shop = Shop(seed)
    products = [
        Product(row.key, row.name, row.price, row.code, row.barcode) for row in shop.products
    ]
    listings = [
        Listing(row.key, row.name, row.unit, row.unit_count, row.price, row.internal_id)
        for row in shop.listings
    ]
    truths = {row.key: (row.truth, row.pack) for row in shop.listings}
    return score(f"seed {seed}", products, listings, truths)


def by_hand() -> Score:
    """The pairs written by hand, each listing against the products of all of them."""
    with PAIRS.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    names = {(row["odoo_name"], row["odoo_price"]) for row in rows if row["odoo_name"]}
    keys = {name: key for key, name in enumerate(sorted(names), 1)}
    products = [Product(key, name, float(price or 0)) for (name, price), key in keys.items()]
    listings, truths = [], {}
    for number, row in enumerate(rows, 1):
        if row["cartona_name"]:
            price = float(row["cartona_price"] or 0)
            count = float(row["unit_count"])
            listings.append(Listing(number, row["cartona_name"], row["unit"], count, price))
            linked = row["linked"] == "yes"
            key = keys[row["odoo_name"], row["odoo_price"]] if linked else None
            truths[number] = (key, float(row["pack"] or 0))
    return score("by hand", products, listings, truths)


def score(
    name: str, products: Sequence[Product], listings: Sequence[Listing], truths: dict
) -> Score:
    """:param truths: listing -> (product or None, how many of it one listing holds)"""
    started = time.process_time()
    matcher = Matcher(products)
    rankings = [matcher.rank(listing) for listing in listings]
    seconds = time.process_time() - started
    return Score(name, *_count(rankings, truths), seconds)


def _count(rankings: Iterable, truths: dict) -> tuple[int, int, int, int, int, int]:
    rankings = list(rankings)
    firsts = {
        one.key: (one.candidates[0].key, one.candidates[0].pack)
        for one in rankings
        if one.candidates
    }
    sure = [one.key for one in rankings if one.is_sure]
    return (
        len(rankings),
        sum(truths[one.key][0] is not None for one in rankings),
        len(firsts),
        sum(first == truths[key] for key, first in firsts.items()),
        len(sure),
        sum(firsts[key] != truths[key] for key in sure),
    )


def _lines(score: Score) -> list[Line]:
    return [
        Line(
            f"first suggestion, {score.name}",
            f"right for >= {FIRST:.0%} of the linkable",
            f"{score.recall:.1%} ({score.right} of {score.linkable}); "
            f"precision {score.precision:.1%}; {score.seconds:.1f} s",
            score.recall >= FIRST and score.seconds < SECONDS,
        ),
        Line(
            f"accept all above, {score.name}",
            "wrong at most 1 in 1,000",
            f"{score.wrong} wrong of {score.accepted}; recall {score.accepted_recall:.1%}",
            score.accepted_wrong <= WRONG,
        ),
    ]
