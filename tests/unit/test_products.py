"""Rows of the catalogue are parsed."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartona_api import Listing, Problem, parse_listing

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
    stock=17,
    in_stock=True,
    is_published=True,
    is_unlimited_stock=False,
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
    stock=None,
    in_stock=None,
    is_published=None,
    is_unlimited_stock=None,
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
    ("flags as digits", {"id": 7, "in_stock": 0, "is_published": "1"},
     {"in_stock": False, "is_published": True}),
    ("camel case", {"supplierProductId": 7, "sellingPrice": 3}, {"price": D(3)}),
]  # fmt: skip


@pytest.mark.parametrize(("row", "change"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_absent_fields_stay_empty(row, change):
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
def test_a_field_is_read_in_every_spelling_first_one_wins(field, value, keys):
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
    ("no text", {"id": 7, "unit": {}}, "bad_text", "unit"),
]


@pytest.mark.parametrize(
    ("row", "code", "path"), [c[1:] for c in PROBLEMS], ids=[c[0] for c in PROBLEMS]
)
def test_an_invalid_row_raises_problem_with_code_and_path(row, code, path):
    with pytest.raises(Problem) as caught:
        parse_listing(row)
    assert (caught.value.code, caught.value.path) == (code, path)


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
def test_any_input_is_a_listing_or_a_problem(row):
    try:
        listing = parse_listing(row)
    except Problem:
        return
    assert listing.cartona_id
    assert listing.unit_count > 0
    assert listing.price is None or listing.price >= 0
