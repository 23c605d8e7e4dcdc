"""Catalogue rows in, items of a bulk update out."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartona_api import Listing, Problem, base_stock_item, parse_listing, update_item

D = Decimal
FULL = Listing(
    cartona_id="12345",
    internal_product_id="51",
    base_product_id="880",
    unit="box",
    unit_count=D(24),
    name="مياه معدنية ٦٠٠ مل × ٢٤",
    base_name="مياه معدنية",
    image_url="https://cdn.example.com/880.jpg",
    price=D(200),
    median_price=D("205.5"),
    tax_percentage=D(14),
    stock=17,
    remind_me_at_stock=5,
    sold_amount=D(340),
    min_order=D(1),
    max_order=D(20),
    in_stock=True,
    is_published=True,
    is_unlimited_stock=False,
    is_bundle=False,
    notes="",
)
BARE = Listing(
    cartona_id="7",
    internal_product_id="",
    base_product_id="",
    unit="",
    unit_count=D(1),
    name="",
    base_name="",
    image_url="",
    price=None,
    median_price=None,
    tax_percentage=None,
    stock=None,
    remind_me_at_stock=None,
    sold_amount=None,
    min_order=None,
    max_order=None,
    in_stock=None,
    is_published=None,
    is_unlimited_stock=None,
    is_bundle=False,
    notes="",
)


def test_a_complete_row_is_read_completely(sample):
    listing = parse_listing(sample("supplier_product_page")[0])
    assert listing == FULL


def test_a_row_in_the_other_spelling_is_read_alike(sample):
    listing = parse_listing(sample("supplier_product_misspelt")["data"][0])
    assert listing == replace(
        BARE,
        cartona_id="12346",
        name="شاي ٤٠ فتلة",
        base_product_id="881",
        unit="packet",
        price=D("35.25"),
        stock=9,
        in_stock=True,
        is_published=False,
    )


CHANGES = [
    ("nothing but an id", {"supplier_product_id": 7}, {}),
    ("plain id", {"id": "7"}, {}),
    ("the real id before the plain one", {"id": 1, "supplier_product_id": 7}, {}),
    ("empty real id", {"id": 7, "supplier_product_id": ""}, {}),
    ("id as float", {"supplier_product_id": 7.0}, {}),
    ("price", {"id": 7, "price": "9.90"}, {"price": D("9.90")}),
    ("unit count zero means absent when null", {"id": 7, "unit_count": None}, {}),
    ("half a unit", {"id": 7, "unit_count": "0.5"}, {"unit_count": D("0.5")}),
    ("unit with a blank", {"id": 7, "unit": " Recharge  Card"}, {"unit": "recharge_card"}),
    ("stock is whole, rounded down", {"id": 7, "available_stock_quantity": 7.9}, {"stock": 7}),
    ("negative stock", {"id": 7, "available_stock_quantity": -0.5}, {"stock": -1}),
    ("flags as digits", {"id": 7, "in_stock": 0, "is_bundle": "1"},
     {"in_stock": False, "is_bundle": True}),
    ("camel case", {"supplierProductId": 7, "sellingPrice": 3}, {"price": D(3)}),
]  # fmt: skip


@pytest.mark.parametrize(("row", "change"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_what_is_absent_stays_unknown(row, change):
    assert parse_listing(row) == replace(BARE, **change)


SPELLINGS = [
    ("cartona_id", "7", ["supplier_product_id", "suppler_prodcut_id", "supplier_prodcut_id",
                         "suppler_product_id", "id"]),
    ("internal_product_id", "5", ["internal_product_id", "internal_prodcut_id"]),
    ("base_product_id", "5", ["base_product_id", "base_prodcut_id"]),
    ("name", "شاي", ["supplier_product_name", "suppler_prodcut_name", "supplier_prodcut_name",
                     "suppler_product_name", "product_name", "name"]),
    ("base_name", "شاي", ["base_product_name", "base_prodcut_name"]),
    ("image_url", "https://x/y.jpg", ["image_thumbnail", "image_url", "image"]),
    ("price", D("9.5"), ["selling_price", "price"]),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "keys"), SPELLINGS)
def test_a_field_is_known_in_every_spelling_and_the_first_one_wins(field, value, keys):
    for place, key in enumerate(keys):
        row = {"supplier_product_id": "7", key: value}
        if field == "cartona_id":
            del row["supplier_product_id"]
            row[key] = value
        row.update(dict.fromkeys(keys[place + 1 :], "1"))
        assert getattr(parse_listing(row), field) == value


PROBLEMS = [
    ("no object", ["x"], "not_an_object", ""),
    ("text", "row", "not_an_object", ""),
    ("no id", {"unit": "box"}, "no_identity", "supplier_product_id"),
    ("empty id", {"supplier_product_id": " ", "id": None}, "no_identity", "supplier_product_id"),
    ("id is a list", {"supplier_product_id": [7]}, "bad_id", "supplier_product_id"),
    ("no number", {"id": 7, "selling_price": "free"}, "bad_number", "selling_price"),
    ("negative price", {"id": 7, "selling_price": -1}, "negative_amount", "selling_price"),
    ("count of zero", {"id": 7, "unit_count": 0}, "bad_unit_count", "unit_count"),
    ("negative count", {"id": 7, "unit_count": -24}, "bad_unit_count", "unit_count"),
    ("no flag", {"id": 7, "in_stock": "perhaps"}, "bad_flag", "in_stock"),
    ("no text", {"id": 7, "notes": {}}, "bad_text", "notes"),
]


@pytest.mark.parametrize(
    ("row", "code", "path"), [c[1:] for c in PROBLEMS], ids=[c[0] for c in PROBLEMS]
)
def test_a_row_that_cannot_be_used_says_where_and_why(row, code, path):
    with pytest.raises(Problem) as caught:
        parse_listing(row)
    assert (caught.value.code, caught.value.path) == (code, path)


ITEMS = [
    ("price", ("12345",), {"selling_price": D("19.90")},
     {"supplier_product_id": "12345", "selling_price": D("19.90")}),
    ("price without float noise", (12345,), {"selling_price": 19.990000000000002},
     {"supplier_product_id": "12345", "selling_price": D("19.99")}),
    ("a price of zero", ("7",), {"selling_price": 0}, {"supplier_product_id": "7",
     "selling_price": D(0)}),
    ("stock", ("7",), {"available_stock_quantity": D("17")},
     {"supplier_product_id": "7", "available_stock_quantity": 17}),
    ("no stock", ("7",), {"available_stock_quantity": 0},
     {"supplier_product_id": "7", "available_stock_quantity": 0}),
    ("whole float", ("7",), {"available_stock_quantity": 3.0, "remind_me_at_stock": 2},
     {"supplier_product_id": "7", "available_stock_quantity": 3, "remind_me_at_stock": 2}),
    ("flags", ("7",), {"in_stock": False, "is_published": True, "is_unlimited_stock": False},
     {"supplier_product_id": "7", "in_stock": False, "is_published": True,
      "is_unlimited_stock": False}),
    ("link", ("7",), {"internal_product_id": 51},
     {"supplier_product_id": "7", "internal_product_id": "51"}),
    ("orders and notes", ("7",), {"min_order": 1, "max_order": "20", "notes": "جديد"},
     {"supplier_product_id": "7", "min_order": D(1), "max_order": D(20), "notes": "جديد"}),
    ("by internal id", (), {"internal_product_id": "51", "selling_price": 1},
     {"internal_product_id": "51", "selling_price": D(1)}),
    ("by base, unit and count", (),
     {"base_product_id": 880, "unit": "Box", "unit_count": 24, "selling_price": 1},
     {"base_product_id": "880", "unit": "box", "unit_count": D(24), "selling_price": D(1)}),
    ("the first identity wins", ("7",), {"base_product_id": 880, "unit": "box", "unit_count": 1,
                                         "selling_price": 1},
     {"supplier_product_id": "7", "selling_price": D(1)}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("args", "given_", "item"), [c[1:] for c in ITEMS], ids=[c[0] for c in ITEMS]
)
def test_an_item_holds_its_identity_and_only_what_was_given(args, given_, item):
    result = update_item(*args, **given_)
    assert result == item
    assert [type(value) for value in result.values()] == [type(value) for value in item.values()]


BAD_ITEMS = [
    ("nobody", (), {"selling_price": 1}, "no_identity"),
    ("empty id", ("",), {"selling_price": 1}, "no_identity"),
    (
        "base without count",
        (),
        {"base_product_id": 8, "unit": "box", "in_stock": True},
        "no_identity",
    ),
    ("nothing to say", ("7",), {}, "nothing_to_update"),
    ("internal id alone", (), {"internal_product_id": 5}, "nothing_to_update"),
    ("negative price", ("7",), {"selling_price": -0.01}, "negative_amount"),
    ("no price", ("7",), {"selling_price": float("nan")}, "bad_number"),
    ("empty price", ("7",), {"selling_price": ""}, "bad_number"),
    ("boolean price", ("7",), {"selling_price": True}, "bad_number"),
    ("negative stock", ("7",), {"available_stock_quantity": -1}, "bad_stock"),
    ("part of a box", ("7",), {"available_stock_quantity": 7.9}, "bad_stock"),
    ("boolean stock", ("7",), {"available_stock_quantity": True}, "bad_number"),
    ("empty stock", ("7",), {"available_stock_quantity": ""}, "bad_stock"),
    ("too much stock", ("7",), {"available_stock_quantity": 2**31}, "bad_stock"),
    ("no flag", ("7",), {"in_stock": "perhaps"}, "bad_flag"),
]


@pytest.mark.parametrize(
    ("args", "given_", "code"), [c[1:] for c in BAD_ITEMS], ids=[c[0] for c in BAD_ITEMS]
)
def test_what_cartona_would_refuse_is_never_sent(args, given_, code):
    with pytest.raises(Problem) as caught:
        update_item(*args, **given_)
    assert caught.value.code == code


def test_base_stock_is_in_whole_base_units():
    assert base_stock_item(880, 300.0) == {
        "base_product_id": "880",
        "available_stock_quantity": 300,
    }
    for base, stock, code in (
        (None, 1, "no_identity"),
        (880, 0.5, "bad_stock"),
        (880, -1, "bad_stock"),
    ):
        with pytest.raises(Problem, match=code):
            base_stock_item(base, stock)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip
KEYS = st.sampled_from([
    "supplier_product_id", "suppler_prodcut_id", "id", "unit", "unit_count", "selling_price",
    "price", "available_stock_quantity", "in_stock", "is_bundle", "min_order", "notes",
    "image_thumbnail",
])  # fmt: skip


@given(st.dictionaries(KEYS, VALUES) | VALUES)
def test_whatever_comes_is_a_listing_or_a_problem(row):
    try:
        listing = parse_listing(row)
    except Problem:
        return
    assert listing.cartona_id
    assert listing.unit_count > 0
    assert listing.price is None or listing.price >= 0
