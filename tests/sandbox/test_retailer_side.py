"""Actions of the control API, and their result for the supplier."""

import pytest

from sandbox.driver import SandboxError

LINE = {"supplier_product_id": 500001, "amount": 2, "selling_price": 10}


# === PLACING === #


def test_random_order_has_only_published_products_in_stock(sandbox):
    for order in sandbox.place_orders(30):
        assert 1 <= len(order["order_details"]) <= 5
        for line in order["order_details"]:
            listing = sandbox.listing(line["supplier_product_id"])
            assert listing["is_published"] and listing["in_stock"]
            if not listing["is_unlimited_stock"]:
                assert line["amount"] <= listing["available_stock_quantity"]
            assert line["selling_price"] == listing["selling_price"]


def test_random_orders_prefer_listings_updated_by_the_supplier(sandbox, supplier):
    supplier.update({"supplier_product_id": 500011, "available_stock_quantity": 50})
    orders = sandbox.place_orders(5, lines=3)
    ordered = {line["supplier_product_id"] for row in orders for line in row["order_details"]}
    assert ordered == {500011}


def test_random_lines_are_among_the_given_listings(sandbox):
    order = sandbox.place_order(lines=2, among=[500001, 500003])
    ids = {line["supplier_product_id"] for line in order["order_details"]}
    assert ids == {500001, 500003}


def test_raw_overrides_order_and_line(sandbox, supplier):
    line = {**LINE, "raw": {"supplier_product_id": "unknown", "unit_count": 13}}
    sandbox.place_order(lines=[line], raw={"total_price": 1, "status": "dancing"})
    order = supplier.pull()[0]
    assert (order["total_price"], order["status"]) == (1, "dancing")
    assert order["order_details"][0]["supplier_product_id"] == "unknown"
    assert order["order_details"][0]["unit_count"] == 13


def test_a_retailer_by_code_or_by_his_own_fields(sandbox):
    known = sandbox.place_order(retailer="A00103")["retailer"]
    assert (known["retailer_code"], known["retailer_name"]) == ("A00103", "ماركت البركة")
    odd = sandbox.place_order(retailer={"retailer_code": None, "retailer_number": "01003150160"})
    assert odd["retailer"]["retailer_code"] is None
    assert odd["retailer"]["retailer_number"] == "01003150160"


@pytest.mark.parametrize(
    "wanted",
    [
        {"lines": [{"supplier_product_id": 1}]},
        {"status": "dancing"},
        {"supplier_code": "9"},
        {"retailer": "A99999"},
        {"fields": {"colour": "red"}},
        {"wallet_topup": 5},
        {"lines": [{**LINE, "price": 5}]},
    ],
)
def test_invalid_order_is_not_placed(sandbox, wanted):
    with pytest.raises(SandboxError):
        sandbox.place_order(**wanted)
    assert sandbox.orders() == []


# === CHANGING === #


def test_edit_goes_through_editing_and_keeps_line_ids(sandbox):
    order = sandbox.place_order(lines=[LINE, {**LINE, "supplier_product_id": 500002}])
    editing = sandbox.edit_order(order["hashed_id"], hold=True)
    assert editing["status"] == "editing"
    assert editing["order_details"] == order["order_details"]
    other = [{**LINE, "amount": 9}, {**LINE, "supplier_product_id": 500003}]
    edited = sandbox.edit_order(order["hashed_id"], lines=other)
    assert edited["status"] == "pending"
    kept, new = edited["order_details"]
    assert (kept["id"], kept["amount"]) == (order["order_details"][0]["id"], 9)
    assert new["id"] not in [line["id"] for line in order["order_details"]]
    assert edited["total_price"] == 110


def test_an_edit_without_lines_changes_the_amounts(sandbox):
    order = sandbox.place_order(lines=[LINE])
    edited = sandbox.edit_order(order["hashed_id"])
    assert edited["order_details"][0]["amount"] in (1, 3, 4)


def test_after_approval_the_retailer_may_only_cancel(sandbox):
    order = sandbox.place_order(status="approved")
    with pytest.raises(SandboxError):
        sandbox.edit_order(order["hashed_id"])
    assert sandbox.cancel_order(order["hashed_id"])["status"] == "cancelled_by_retailer"


@pytest.mark.parametrize("status", ["editing", "assigned_to_salesman", "delivered", "returned"])
def test_retailer_cancels_later_only_by_force(sandbox, status):
    order = sandbox.place_order(status=status)
    with pytest.raises(SandboxError):
        sandbox.cancel_order(order["hashed_id"])
    forced = sandbox.cancel_order(order["hashed_id"], force=True, reason="delayed_order")
    assert forced["status"] == "cancelled_by_retailer"
    assert forced["cancellation_reason"] == "delayed_order"


def test_cartona_moves_its_own_deliveries_to_the_end(sandbox):
    order = sandbox.place_order(delivered_by="delivered_by_cartona")
    seen = [sandbox.advance_order(order["hashed_id"])["status"] for _ in range(3)]
    assert seen == ["approved", "assigned_to_salesman", "delivered"]
    with pytest.raises(SandboxError):
        sandbox.advance_order(order["hashed_id"])


def test_cartona_moves_other_orders_only_with_a_status(sandbox):
    order = sandbox.place_order()
    with pytest.raises(SandboxError):
        sandbox.advance_order(order["hashed_id"])
    assert sandbox.advance_order(order["hashed_id"], "returned")["status"] == "returned"


def test_edit_by_cartona_is_marked(sandbox, supplier):
    order = sandbox.place_order(lines=[LINE], status="assigned_to_salesman")
    supplier.pull()
    supplier.sync(order)
    sandbox.admin_edit(order["hashed_id"], lines=[{**LINE, "amount": 1}], cartona_credit=3)
    shown = supplier.pull()[0]
    assert (shown["edited_by_admin"], shown["status"]) == (True, "assigned_to_salesman")
    assert (shown["total_price"], shown["cartona_credit"]) == (10, 3)


# === ACCOUNTS AND TOKENS === #


def test_each_account_has_its_own_listings_and_prices(sandbox, supplier):
    sandbox.add_account("2", listings=10, price_factor=0.5)
    rows = supplier.get("supplier-product", supplier_code="2").json()
    assert len(rows) == 10
    assert supplier.get("supplier-product", per_page=1000).json()[300:] == rows
    mine, theirs = 500001, 10500001
    refused = supplier.update(
        {"supplier_product_id": theirs, "selling_price": 5},
        {"supplier_product_id": mine, "supplier_code": "2", "selling_price": 6},
        {"supplier_product_id": mine, "internal_supplier_code": "S1", "selling_price": 7},
        {"supplier_product_id": mine, "supplier_code": "3", "selling_price": 8},
    )
    assert [row["message"].split(" ")[0:2] for row in refused] == [
        ["no", "such"],
        ["no", "account"],
    ]
    assert sandbox.listing(theirs)["selling_price"] == 5
    assert sandbox.listing(mine)["selling_price"] == 7


def test_a_token_opens_only_its_accounts(sandbox, supplier, as_supplier):
    sandbox.add_account("2", token="other", listings=10)
    other = as_supplier("other")
    assert len(other.get("supplier-product", per_page=1000).json()) == 10
    order = sandbox.place_order(supplier_code="2")
    assert supplier.pull() == []
    assert supplier.status(order, "approved").status_code == 404
    assert other.status(order, "approved").status_code == 200


def test_replaced_token_is_refused_and_new_one_takes_over(sandbox, supplier, as_supplier):
    sandbox.set_token("renewed", replaces="sandbox-token")
    assert supplier.get("supplier-product").status_code == 401
    assert as_supplier("renewed").get("supplier-product").status_code == 200
    sandbox.revoke_token("renewed")
    assert as_supplier("renewed").get("supplier-product").status_code == 401
    assert sandbox.tokens() == {}


# === LOG === #


def test_listing_shows_when_and_how_often_it_changed(sandbox, supplier):
    before = sandbox.state()["ms"]
    for value in (80, 80, 81):
        supplier.update({"supplier_product_id": 500001, "selling_price": value})
    after = sandbox.state()["ms"]
    listing = sandbox.listing(500001)
    assert (listing["price_changes"], listing["price_writes"]) == (2, 3)
    assert before <= listing["price_changed_ms"] <= after
    traces = [listing[key] for key in ("stock_changes", "stock_writes", "stock_changed_ms")]
    assert traces == [0, 0, 0]
    by_marketplace = sandbox.set_listing(500001, selling_price=82)
    assert (by_marketplace["price_changes"], by_marketplace["price_writes"]) == (3, 3)


def test_changes_are_numbered_and_readable_from_any_number(sandbox, supplier):
    supplier.update({"supplier_product_id": 500001, "selling_price": 80})
    seen = sandbox.changes()
    assert [(row["kind"], row["old"], row["new"]) for row in seen] == [("price", 92, 80)]
    sandbox.set_listing(500001, available_stock_quantity=4, selling_price=80)
    order = sandbox.place_order()
    later = sandbox.changes(since=seen[-1]["seq"])
    assert [row["kind"] for row in later] == ["stock", "order"]
    assert later[0]["by"] == "marketplace"
    assert sandbox.changes(kind="order")[0]["id"] == order["hashed_id"]


def test_order_shows_its_history(sandbox, supplier):
    order = sandbox.place_order()
    supplier.status(order, "approved")
    own = sandbox.order(order["hashed_id"])["sandbox"]
    history = [(row["who"], row["status"]) for row in own["history"]]
    assert history == [("retailer", "pending"), ("supplier", "approved")]
    assert own["status_changes"] == 1
    assert own["created_ms"] <= own["status_changed_ms"]


def test_listing_filters_of_the_page(sandbox, supplier):
    supplier.update(
        {"supplier_product_id": 500021, "available_stock_quantity": 0},
        {"supplier_product_id": 500022, "selling_price": 300},
    )

    def ids(**query):
        return [row["supplier_product_id"] for row in sandbox.listings(**query)]

    assert ids(search="بيبسي كانز") == [500021, 500022]
    assert ids(search="بيبسي كانز", show="boxes") == [500022]
    assert ids(search="بيبسي كانز", show="out") == [500021]
    assert ids(show="touched") == [500021, 500022]
    assert ids(search="بيبسي كانز", show="touched", category="عصائر") == []
    page = sandbox.listings(per_page=50, page=6)
    assert (page["total"], len(page["rows"])) == (300, 50)
    short = sandbox.listings(search="بيبسي كانز", fields="selling_price,in_stock")
    assert short == [
        {"selling_price": 13.75, "in_stock": True},
        {"selling_price": 300, "in_stock": True},
    ]


def test_the_marketplace_can_change_what_a_supplier_cannot(sandbox, supplier):
    changed = sandbox.set_listing(500002, unit_count=24, tax_percentage=5)
    assert (changed["unit_count"], changed["tax_percentage"]) == (24, 5)
    pack = {"base_product_id": 2001, "unit": "box", "unit_count": 24}
    assert supplier.update({**pack, "selling_price": 7}) == []
    with pytest.raises(SandboxError):
        sandbox.set_listing(500002, selling_price=-1)


def test_reset_clears_everything_without_repeating_order_ids(sandbox, supplier):
    first = sandbox.place_order()["hashed_id"]
    supplier.update({"supplier_product_id": 500001, "selling_price": 1})
    sandbox.set_fault("500")
    sandbox.add_account("2")
    state = sandbox.reset()
    assert (state["orders"], state["faults"], len(state["accounts"])) == (0, [], 1)
    assert (sandbox.requests(), sandbox.changes(), sandbox.counters()) == ([], [], {})
    assert sandbox.listing(500001)["selling_price"] == 92
    assert sandbox.place_order()["hashed_id"] != first


def test_a_seed_repeats_orders_stock_and_shops(sandbox):
    def placed_with(seed):
        sandbox.reset(seed=seed)
        stock = [row["available_stock_quantity"] for row in sandbox.listings()]
        orders = sandbox.place_orders(3)
        return stock, [(o["hashed_id"], o["retailer"], o["order_details"]) for o in orders]

    first = placed_with(5)
    assert placed_with(5) == first
    assert placed_with(6) != first
