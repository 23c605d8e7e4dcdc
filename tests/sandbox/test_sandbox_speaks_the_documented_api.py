"""The API notes, line by line: connection, products, orders in.

Orders out and the life cycle are in `test_orders_out_and_life_cycle.py`.
"""

import pytest

ORDER_FIELDS = set(
    "hashed_id receipt_id supplier_code status delivered_by pickup_date pickup_otp delivery_day "
    "estimated_delivery_day retailer_preferred_delivery_date cancellation_reason return_reason "
    "note_message edited_by_admin distribution_route_code created_at total_price cartona_credit "
    "installment_cost wallet_top_up applied_supplier_rebate retailer order_details".split()
)
RETAILER_FIELDS = set(
    "retailer_name retailer_code retailer_number retailer_number2 retailer_address address_notes "
    "retailer_email".split()
)
LINE_FIELDS = set(
    "id supplier_product_id internal_product_id base_product_id unit unit_count product_name "
    "amount selling_price applied_supplier_discount applied_cartona_discount comment".split()
)
PRODUCT_FIELDS = set(
    "supplier_product_id internal_product_id base_product_id unit unit_count base_product_name "
    "supplier_product_name image_thumbnail median_price tax_percentage selling_price "
    "available_stock_quantity remind_me_at_stock min_order max_order in_stock is_bundle "
    "is_published is_unlimited_stock sold_amount notes".split()
)
LINE = {"supplier_product_id": 500001, "amount": 2, "selling_price": 10}
SECOND = {"supplier_product_id": 500002, "amount": 3, "selling_price": 100.5}


def placed(sandbox, **wanted):
    return sandbox.place_order(**{"lines": [LINE, SECOND], **wanted})


# === CONNECTION === #


@pytest.mark.parametrize("token", [None, "", "wrong", "Sandbox-Token"])
def test_a_wrong_or_missing_token_is_401_everywhere(as_supplier, token):
    stranger = as_supplier(token)
    assert stranger.get("supplier-product").status_code == 401
    assert stranger.get("order/pull-orders").status_code == 401
    for path in (
        "supplier-product/bulk-update",
        "supplier-product/base-product/bulk-update-stock",
        "order/update-order-status",
        "order/update-order-status/abc",
        "order/update-order-details",
    ):
        assert stranger.post(path, []).status_code == 401


def test_the_token_goes_raw_into_its_own_header(as_supplier):
    stranger = as_supplier(None)
    stranger.session.headers["Authorization"] = "sandbox-token"
    assert stranger.get("supplier-product").status_code == 401


@pytest.mark.parametrize(
    "path", ["orders/pull-orders", "supplier-products", "base-product/bulk-update-stock", ""]
)
def test_undocumented_path_is_404(supplier, path):
    assert supplier.get(path).status_code == 404


def test_a_wrong_method_is_405(supplier):
    assert supplier.get("supplier-product/bulk-update").status_code == 405
    assert supplier.post("order/pull-orders", {}).status_code == 405


@pytest.mark.parametrize("body", [b"", b"{", b"[NaN]", b"[Infinity]", b"\xff\xfe\xfd"])
def test_non_json_body_is_400(supplier, body):
    answer = supplier.session.post(f"{supplier.base}supplier-product/bulk-update", data=body)
    assert answer.status_code == 400


def test_arabic_is_sent_unescaped(supplier):
    answer = supplier.get("supplier-product", supplier_product_id=500001)
    assert "زيت عباد الشمس كريستال 1 لتر".encode() in answer.content
    assert answer.headers["content-type"] == "application/json"


# === PRODUCTS: THE LIST === #


def test_the_product_list_has_every_documented_field(supplier):
    row = supplier.get("supplier-product", per_page=1).json()[0]
    assert set(row) == PRODUCT_FIELDS


def test_the_product_list_is_paged_without_gap_or_repetition(supplier):
    pages = [supplier.get("supplier-product", page=n, per_page=120).json() for n in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [120, 120, 60, 0]
    assert len({row["supplier_product_id"] for page in pages for row in page}) == 300


def test_page_has_100_rows_by_default(supplier):
    assert len(supplier.get("supplier-product").json()) == 100


@pytest.mark.parametrize("query", [{"page": 0}, {"page": "x"}, {"per_page": -1}, {"pages": 2}])
def test_invalid_paging_parameter_is_refused(supplier, query):
    assert supplier.get("supplier-product", **query).status_code == 422


def test_the_product_list_filters_by_each_identity(supplier):
    supplier.update({"supplier_product_id": 500001, "internal_product_id": "OIL-1"})

    def ids(**query):
        found = supplier.get("supplier-product", **query).json()
        return [row["supplier_product_id"] for row in found]

    assert ids(supplier_product_id=500002) == [500002]
    assert ids(internal_product_id="OIL-1") == [500001]
    assert ids(base_product_id=2001) == [500001, 500002]
    assert ids(base_product_id=2001, supplier_product_id=500003) == []
    assert ids(supplier_product_id=1) == []


def test_search_token_matches_name_parts_in_any_order(supplier):
    found = supplier.get("supplier-product", search_token="كانز بيبسي").json()
    assert {row["base_product_name"] for row in found} == {"بيبسي كانز 330 مل"}
    assert [row["unit_count"] for row in found] == [1, 24]


# === PRODUCTS: BULK UPDATE === #


@pytest.mark.parametrize(
    "field, value",
    [
        ("selling_price", 91.25),
        ("available_stock_quantity", 0),
        ("is_unlimited_stock", True),
        ("in_stock", False),
        ("is_published", False),
        ("min_order", 2),
        ("max_order", 9),
        ("remind_me_at_stock", 5),
        ("notes", "عرض الأسبوع"),
        ("internal_product_id", "77"),
    ],
)
def test_settable_field_is_set_and_others_are_kept(supplier, field, value):
    before = supplier.get("supplier-product", supplier_product_id=500001).json()[0]
    assert before[field] != value
    answer = supplier.post(
        "supplier-product/bulk-update", [{"supplier_product_id": 500001, field: value}]
    )
    assert (answer.status_code, answer.json()) == (200, {})
    after = supplier.get("supplier-product", supplier_product_id=500001).json()[0]
    assert after == {**before, field: value}


def test_the_first_identity_given_wins(supplier, sandbox):
    pack = {"base_product_id": 2002, "unit": "box", "unit_count": 6}
    supplier.update(
        {"supplier_product_id": 500001, "internal_product_id": "A"},
        {"supplier_product_id": 500002, "internal_product_id": "B"},
    )
    refused = supplier.update(
        {"supplier_product_id": "500001", **pack, "selling_price": 11},
        {"internal_product_id": "B", **pack, "selling_price": 12},
        {"supplier_product_id": None, "internal_product_id": "", **pack, "selling_price": 13},
    )
    assert refused == []
    prices = [sandbox.listing(key)["selling_price"] for key in (500001, 500002, 500004)]
    assert prices == [11, 12, 13]


@pytest.mark.parametrize(
    "item",
    [
        {"supplier_product_id": 1},
        {"internal_product_id": "unknown"},
        {"base_product_id": 2001, "unit": "box", "unit_count": 13},
        {"base_product_id": 2001, "unit": "box"},
        {},
    ],
)
def test_unknown_or_unnamed_product_is_refused_inside_a_2xx(supplier, sandbox, item):
    assert len(supplier.update({**item, "selling_price": 1})) == 1
    assert sandbox.changes(kind="price") == []


@pytest.mark.parametrize(
    "field, value",
    [
        ("selling_price", 0),
        ("selling_price", -3),
        ("selling_price", "12,50"),
        ("selling_price", None),
        ("selling_price", True),
        ("available_stock_quantity", -1),
        ("available_stock_quantity", 1.5),
        ("available_stock_quantity", 7.0),
        ("available_stock_quantity", "7"),
        ("is_published", "yes"),
        ("in_stock", 1),
        ("min_order", -1),
        ("max_order", 2.5),
        ("notes", 5),
        ("tax_percentage", 5),
        ("price", 5),
    ],
)
def test_invalid_value_refuses_its_whole_item(supplier, sandbox, field, value):
    before = sandbox.listing(500001)
    item = {"supplier_product_id": 500001, "remind_me_at_stock": 3, field: value}
    refused = supplier.update(item)
    assert refused[0]["supplier_product_id"] == 500001
    assert field in refused[0]["message"]
    assert sandbox.listing(500001) == before


def test_min_order_above_max_order_is_refused(sandbox, supplier):
    supplier.update({"supplier_product_id": 500001, "min_order": 2, "max_order": 9})
    for values in ({"min_order": 10}, {"max_order": 1}, {"min_order": 5, "max_order": 4}):
        assert len(supplier.update({"supplier_product_id": 500001, **values})) == 1
    listing = sandbox.listing(500001)
    assert (listing["min_order"], listing["max_order"]) == (2, 9)


def test_refused_item_does_not_stop_the_others(supplier, sandbox):
    refused = supplier.update(
        {"supplier_product_id": 500001, "selling_price": 50},
        {"supplier_product_id": 500002, "selling_price": 0},
        "not an item",
        {"supplier_product_id": 500003, "selling_price": 60},
    )
    assert [error.get("supplier_product_id") for error in refused] == [500002, None]
    assert sandbox.listing(500001)["selling_price"] == 50
    assert sandbox.listing(500003)["selling_price"] == 60


@pytest.mark.parametrize("path", ["supplier-product/bulk-update", "order/update-order-status"])
def test_a_bulk_call_takes_a_list(supplier, path):
    assert supplier.post(path, {"supplier_product_id": 500001}).status_code == 422


def test_base_stock_is_divided_by_the_unit_count(supplier, sandbox):
    path = "supplier-product/base-product/bulk-update-stock"
    items = [
        {"base_product_id": 2001, "available_stock_quantity": 35},
        {"base_product_id": "2002", "available_stock_quantity": 5},
        {"base_product_id": 2003, "available_stock_quantity": -1},
        {"base_product_id": 1, "available_stock_quantity": 1},
    ]
    errors = supplier.post(path, items).json()["errors"]
    assert [error["base_product_id"] for error in errors] == [2003, 1]
    stocks = [sandbox.listing(500000 + n)["available_stock_quantity"] for n in (1, 2, 3, 4)]
    assert stocks == [35, 2, 5, 0]


# === ORDERS IN === #


def test_an_order_has_every_documented_field(sandbox, supplier):
    placed(sandbox)
    order = supplier.pull()[0]
    assert set(order) == ORDER_FIELDS
    assert set(order["retailer"]) == RETAILER_FIELDS
    assert [set(line) for line in order["order_details"]] == [LINE_FIELDS] * 2
    assert order["retailer"]["retailer_number"].startswith("+20")
    assert all(isinstance(line["id"], int) for line in order["order_details"])


def test_total_price_is_the_sum_of_price_times_amount(sandbox, supplier):
    placed(sandbox)
    assert supplier.pull()[0]["total_price"] == 2 * 10 + 3 * 100.5


def test_amounts_of_an_order_are_separate(sandbox, supplier):
    discounted = {**LINE, "applied_supplier_discount": 2, "applied_cartona_discount": 1}
    placed(sandbox, lines=[discounted], cartona_credit=4, installment_cost=6, wallet_top_up=5)
    order = supplier.pull()[0]
    assert [order[k] for k in ("cartona_credit", "installment_cost", "wallet_top_up")] == [4, 6, 5]
    own = sandbox.order(order["hashed_id"])["sandbox"]
    assert own["to_collect"] == 20 - 4 - 6 + 5
    assert own["owed_by_cartona"] == 4 + 6 + 1 * 2
    assert own["owed_to_cartona"] == 5


def test_an_offer_is_one_product_on_two_lines(sandbox, supplier):
    lines = [{**LINE, "amount": 3}]
    sandbox.place_order(lines=lines, offers=True)
    offer, normal = supplier.pull()[0]["order_details"]
    assert offer["supplier_product_id"] == normal["supplier_product_id"]
    assert offer["id"] != normal["id"]
    discounts = offer["applied_supplier_discount"] + offer["applied_cartona_discount"]
    assert offer["selling_price"] + discounts == normal["selling_price"] == 10
    assert offer["amount"] + normal["amount"] == 3


def test_order_is_listed_until_synced(sandbox, supplier):
    order = placed(sandbox)
    for _ in range(2):
        assert [row["hashed_id"] for row in supplier.pull()] == [order["hashed_id"]]
    assert supplier.sync(order) == []
    assert supplier.pull() == []


def test_changed_order_is_listed_again(sandbox, supplier):
    order = placed(sandbox)
    supplier.pull()
    supplier.sync(order)
    sandbox.edit_order(order["hashed_id"], lines=[LINE])
    assert [row["status"] for row in supplier.pull()] == ["pending"]


def test_synced_covers_only_the_received_version(sandbox, supplier):
    order = placed(sandbox)
    supplier.sync(order)
    assert len(supplier.pull()) == 1, "it had never been given"
    sandbox.cancel_order(order["hashed_id"])
    supplier.sync(order)
    assert [row["status"] for row in supplier.pull()] == ["cancelled_by_retailer"]
    supplier.sync(order)
    assert supplier.pull() == []


def test_synced_is_never_a_status(sandbox, supplier):
    order = placed(sandbox)
    supplier.pull()
    supplier.sync(order)
    assert sandbox.order(order["hashed_id"])["status"] == "pending"


def test_the_list_shrinks_while_its_pages_are_acknowledged(sandbox, supplier):
    placed_ids = {row["hashed_id"] for row in sandbox.place_orders(25, lines=1)}
    first = supplier.pull(per_page=10)
    supplier.sync(*first)
    second = supplier.pull(per_page=10, page=2)
    assert len(second) == 5, "page 2 of the 15 that are left"
    third = supplier.pull(limit=10)
    assert len(third) == 10
    seen = {row["hashed_id"] for row in [*first, *second, *third]}
    assert seen == placed_ids


def test_every_order_has_its_supplier_code(sandbox, supplier):
    sandbox.add_account("2", internal_supplier_code="WHOLESALE", listings=5)
    placed(sandbox)
    sandbox.place_order(supplier_code="2")
    assert [row["supplier_code"] for row in supplier.pull()] == ["1", "2"]
    assert [row["supplier_code"] for row in supplier.pull(supplier_code="2")] == ["2"]
    found = supplier.pull(internal_supplier_code="WHOLESALE")
    assert [row["supplier_code"] for row in found] == ["2"]
    assert supplier.get("order/pull-orders", supplier_code="3").status_code == 422
