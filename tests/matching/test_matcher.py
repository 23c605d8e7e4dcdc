"""Ranking: the product of a listing, its pack, and which suggestions are sure."""

import ast
import sys
from pathlib import Path

import pytest

from cartona_matching import Listing, Matcher, Product, pack_warning
from tools.bench import matching

PRODUCTS = (
    Product(1, "بيبسي كانز 330 مل", 13.75, "PEP330", "6221031490019"),
    Product(2, "بيبسي دايت كانز 330 مل", 13.75, "PEPD330"),
    Product(3, "بيبسي 1 لتر", 21.5),
    Product(4, "كوكا كولا كانز 330 مل", 13.5),
    Product(5, "مياه نستله 600 مل كرتونة 24", 140.0),
    Product(6, "عصير جهينة مانجو 1 لتر", 42.0),
    Product(7, "عصير جهينة جوافة 1 لتر", 42.0),
    Product(8, "Nescafe Gold 100 GM", 258.0),
    Product(9, "حفاضات بامبرز مقاس 4 40 قطعة", 318.0),
    Product(10, "حفاضات بامبرز مقاس 5 40 قطعة", 318.0),
)
MATCHER = Matcher(PRODUCTS)


def rank(name, **values):
    return MATCHER.rank(Listing(0, name, **values))


@pytest.mark.parametrize(
    ("name", "values", "product", "pack"),
    [
        ("بيبسى ٣٣٠مل كانز", {}, 1, 1),  # spelling
        ("كانز 330 مل بيبسي", {}, 1, 1),  # order
        ("ببيسي كانز 330 مل", {}, 1, 1),  # a slip of the finger
        ("بيبسي دايت 330 مل", {}, 2, 1),  # the flavour
        ("بيبسي لتر", {}, 3, 1),  # the size
        ("كوكاكولا 330 مل", {}, 4, 1),  # written in one
        ("بيبسي كانز 330 مل", {"unit_count": 24.0, "price": 322.0}, 1, 24),
        ("بيبسي كانز 24 × 330 مل", {}, 1, 24),
        ("مياه نستله 600 مل", {"unit_count": 24.0, "price": 141.0}, 5, 1),  # the box itself
        ("مياه نستله 600 مل", {"unit_count": 48.0, "price": 281.0}, 5, 2),
        ("نسكافيه جولد 100 جم", {}, 8, 1),  # the other script
        ("حفاضات بامبرز مقاس 5 - 40 حفاضة", {}, 10, 1),  # a number that is not a size
        ("مشروب مجهول", {"internal_id": "PEPD330"}, 2, 1),  # the reference
        ("مشروب بيبسي", {"internal_id": "6221031490019"}, 1, 1),  # the barcode
        ("كانز بيبسي دايت", {"internal_id": "2"}, 2, 1),  # Odoo's own id
    ],
)
def test_first_suggestion(name, values, product, pack):
    best = rank(name, **values).candidates[0]
    assert (best.key, best.pack) == (product, pack)


def test_candidates_are_sorted_and_have_reasons():
    ranking = rank("عصير جهينه مانجا ١ لتر", price=43.0)
    scores = [one.score for one in ranking.candidates]
    assert ranking.candidates[0].key == 6
    assert scores == sorted(scores, reverse=True)
    reasons = dict(ranking.candidates[0].reasons)
    assert reasons["size"] == "equal"
    assert reasons["words"] == pytest.approx(1.0)
    assert reasons["price"] == pytest.approx(43 / 42)


def test_nothing_alike_has_no_candidates():
    assert rank("غسالة أطباق بوش").candidates == []


@pytest.mark.parametrize(
    ("name", "values", "sure"),
    [
        ("عصير جهينة مانجو 1 لتر", {"price": 42.0}, True),
        ("عصير جهينة برتقال 1 لتر", {"price": 42.0}, False),  # a flavour that is not sold
        ("عصير بيتي مانجو 1 لتر", {"price": 42.0}, False),  # another maker
        ("عصير جهينة مانجو 235 مل", {"price": 12.0}, False),  # another size
        ("عصير جهينة مانجو", {"price": 42.0}, False),  # no size
        ("عصير جهينة مانجو 1 لتر", {"price": 90.0}, False),  # another price
        ("عصير جهينة مانجو 1 لتر", {"unit_count": 12.0, "price": 42.0}, False),  # price of one
        ("حفاضات بامبرز مقاس 6 40 قطعة", {"price": 318.0}, False),
        ("بيبسي 330 مل", {"internal_id": "PEPD330", "price": 13.75}, True),  # by its reference
        ("بيبسي", {"internal_id": "PEPD330", "price": 13.75}, False),  # but no size
        (
            "عصير بيتي جوافة 1 لتر",
            {"internal_id": "7", "price": 42.0},
            False,
        ),  # an id that may be another number
    ],
)
def test_which_suggestions_are_sure(name, values, sure):
    assert rank(name, **values).is_sure is sure


def test_two_equal_products_are_never_sure():
    matcher = Matcher([Product(1, "سكر الأسرة 1 كجم", 33.0), Product(2, "سكر الاسره 1 ك", 33.0)])
    ranking = matcher.rank(Listing(0, "سكر الأسرة 1 كجم", price=33.0))
    assert [one.key for one in ranking.candidates] == [1, 2]
    assert not ranking.is_sure


def test_an_id_of_two_products_proves_nothing():
    matcher = Matcher([Product(1, "سكر 1 كجم", code="X"), Product(2, "ملح 1 كجم", code="X")])
    best = matcher.rank(Listing(0, "سكر 1 كجم", internal_id="X")).candidates[0]
    assert (best.key, dict(best.reasons).get("code")) == (1, None)


def test_an_id_is_not_trusted_against_the_name():
    # The supplier's own number 8 is not Odoo's 8.
    best = rank("بيبسي كانز 330 مل", internal_id="8").candidates[0]
    assert best.key == 1


@pytest.mark.parametrize(
    ("price", "product_price", "pack", "unit_count", "warning"),
    [
        (322.0, 13.75, 24, 24, ""),
        (13.75, 13.75, 24, 24, "price_like_one"),
        (322.0, 13.75, 1, 24, "price_like_pack"),
        (16.0, 13.75, 1, 1, ""),  # dearer, but no other pack
        (70.0, 13.75, 1, 1, "price_like_pack"),  # five times as much
        (0.0, 13.75, 24, 24, ""),  # no price, no warning
        (322.0, 13.75, None, 24, ""),
    ],
)
def test_warning_of_a_price_of_another_pack(price, product_price, pack, unit_count, warning):
    assert pack_warning(price, product_price, pack, unit_count) == warning


def test_the_same_catalogue_is_ranked_the_same_way():
    first, second = matching.Shop(7), matching.Shop(7)
    assert first.products == second.products
    assert first.listings == second.listings
    assert len(first.products) == 5000 and len(first.listings) == 3000


def test_hand_written_pairs_reach_the_target_figures():
    score = matching.by_hand()
    assert score.listings == 200
    assert score.recall >= matching.FIRST
    assert score.wrong == 0


@pytest.mark.parametrize("seed", [2, 4])
def test_generated_catalogues_reach_the_target_figures(seed):
    score = matching.made_up(seed, listed=800)
    assert score.listings == 800
    assert 600 < score.linkable < 800
    assert score.recall >= matching.FIRST
    assert score.accepted > 300
    assert score.wrong == 0


def test_matcher_and_generator_share_no_code():
    generator = Path(__file__).parent / "generator.py"
    goods = generator.with_name("goods.py")
    assert imported(generator) | imported(goods) <= {".goods", *sys.stdlib_module_names}
    package = Path(sys.modules["cartona_matching"].__file__).parent
    used = set().union(*(imported(path) for path in package.glob("*.py")))
    own = {f".{path.stem}" for path in package.glob("*.py")}
    assert used <= {"rapidfuzz", *own, *sys.stdlib_module_names}


def imported(path):
    """Return the packages that a file imports; relative ones begin with a dot."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or "").split(".")[0])
    return names
