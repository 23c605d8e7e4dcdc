"""The shipped catalogue is an Egyptian wholesaler's, and grows on request."""

import re
from collections import defaultdict
from xml.etree import ElementTree

import pytest
import requests

from sandbox.catalogue import UNITS, Catalogue, listing_rows, products
from sandbox.driver import started
from sandbox.pictures import draw
from sandbox.retailer import retailers

ARABIC = re.compile("[\u0600-\u06ff]")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """Return the whole shipped catalogue."""
    return Catalogue("1", 0, 450, seed=1)


def test_catalogue_has_arabic_names_and_documented_units(catalogue):
    rows = list(catalogue.by_id.values())
    assert len(rows) == 450
    for row in rows:
        assert ARABIC.search(row.supplier_product_name)
        assert row.unit in UNITS
        assert row.selling_price > 0
        assert row.tax_percentage in (0, 14)
        assert row.available_stock_quantity >= 0
    names = [row.supplier_product_name for row in rows]
    assert len(set(names)) == len(names)


def test_box_is_slightly_cheaper_and_has_the_same_stock(catalogue):
    boxed = 0
    for rows in catalogue.by_base.values():
        piece = rows[0]
        assert piece.unit_count == 1
        for box in rows[1:]:
            boxed += 1
            assert box.unit == "box"
            pieces = piece.selling_price * box.unit_count
            assert 0.96 <= box.selling_price / pieces < 1
            assert box.available_stock_quantity == piece.available_stock_quantity // box.unit_count
            assert box.supplier_product_name.endswith(f"كرتونة {box.unit_count}")
    assert boxed > 150


def test_fewer_listings_are_taken_from_every_category():
    taken = {product.category for _, product, *_ in listing_rows(300, seed=1)}
    # One category of three products may be missed, not more.
    assert len({product.category for product in products()} - taken) <= 1


@pytest.mark.parametrize("count", [0, 1, 7, 300, 451, 2000])
def test_listing_id_does_not_depend_on_the_count(count):
    rows = {offset: pack for offset, *pack in listing_rows(count, seed=1)}
    assert len(rows) == count
    whole = {offset: pack for offset, *pack in listing_rows(3000, seed=1)}
    assert all(whole[offset] == pack for offset, pack in rows.items())


def test_made_up_products_are_different():
    named = defaultdict(set)
    for _, product, unit, unit_count, _ in listing_rows(5000, seed=1):
        named[product.name].add((unit, unit_count))
    assert sum(len(packs) for packs in named.values()) == 5000


def test_retailers_have_arabic_names_egyptian_numbers_and_codes():
    rows = retailers()
    assert len({row["retailer_code"] for row in rows}) == len(rows) >= 40
    for row in rows:
        assert ARABIC.search(row["retailer_name"]) and ARABIC.search(row["retailer_address"])
        assert re.fullmatch(r"\+201[0125]\d{8}", row["retailer_number"])
    names = [row["retailer_name"] for row in rows]
    assert len(set(names)) < len(names), "two shops of one name, two codes"


def test_every_listing_shows_a_picture(sandbox):
    rows = sandbox.listings()
    for row in (rows[0], rows[1], rows[-1]):
        answer = requests.get(row["image_thumbnail"])
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert ElementTree.fromstring(answer.content).tag.endswith("svg")
    drawn = {draw(product.base_product_id) for product in products()}
    assert len(drawn) > 200
    assert draw(2001, boxed=True) not in drawn


def test_twenty_thousand_listings_start_and_update_quickly(as_supplier):
    with started(listings=20_000, seed=1) as large:
        assert large.state()["listings"] == 20_000
        headers = {"AuthorizationToken": "sandbox-token"}
        rows = requests.get(
            f"{large.api_url}supplier-product",
            params={"page": 15, "per_page": 1000},
            headers=headers,
        ).json()
        body = [
            {"supplier_product_id": row["supplier_product_id"], "selling_price": 5.5}
            for row in rows
        ]
        url = f"{large.api_url}supplier-product/bulk-update"
        assert requests.post(url, json=body, headers=headers).json() == {}
        took = large.requests("supplier-product/bulk-update")[0]["took_ms"]
        assert took < 1000, "some 20 ms on an idle machine"


def test_the_page_and_its_parts_are_served(sandbox):
    page = requests.get(sandbox.url)
    parts = re.findall(r'(?:href|src)="(/page/[\w.]+)"', page.text)
    assert len(parts) == 4
    for part in [*parts, "/page/labels.js", "/page/listings.js"]:
        assert requests.get(sandbox.url + part).ok


def test_page_receives_a_change_immediately(sandbox, supplier):
    with requests.get(f"{sandbox.url}/_sandbox/events", stream=True, timeout=5) as stream:
        lines = stream.iter_lines(decode_unicode=True)
        assert next(lines).startswith("retry")
        supplier.update({"supplier_product_id": 500001, "selling_price": 44})
        event = next(line for line in lines if line.startswith("data:"))
    assert '"kind": "price"' in event and '"new": 44' in event
