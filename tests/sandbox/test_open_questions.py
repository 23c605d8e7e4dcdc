"""A switch decides each question that the API notes leave open, either way."""

import json
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sandbox.behaviour import Behaviour
from sandbox.driver import SandboxError

LINE = {"supplier_product_id": 500001, "amount": 4, "selling_price": 10}
FAULTY = {"supplier_product_id": 500001, "selling_price": 0}
FINE = {"supplier_product_id": 500002, "selling_price": 5}


def bulk(supplier, *items):
    answer = supplier.post("supplier-product/bulk-update", list(items))
    assert answer.status_code == 200
    return answer


# === SWITCHES === #


def test_every_switch_is_described_and_reset_restores_its_default(sandbox):
    described = sandbox.call("GET", "behaviour", describe="1")
    defaults = {row["name"]: row["default"] for row in described}
    assert all(row["text"] for row in described)
    assert defaults == Behaviour().as_dict() == sandbox.behaviour()
    assert sandbox.behaviour(refusals="rows", otp_attempts=3)["refusals"] == "rows"
    sandbox.reset()
    assert sandbox.behaviour() == defaults


@pytest.mark.parametrize(
    "switches",
    [
        {"refusals": "shouted"},
        {"returned_accepted": 1},
        {"max_per_page": True},
        {"max_per_page": -1},
        {"from_to_zone": "Cairo"},
        {"weather": "fine"},
    ],
)
def test_invalid_switch_changes_nothing(sandbox, switches):
    before = sandbox.behaviour()
    with pytest.raises(SandboxError):
        sandbox.behaviour(ids="strings", **switches)
    assert sandbox.behaviour() == before


# === SHAPES === #


@pytest.mark.parametrize(
    "shape, expected",
    [
        ("errors_list", {"errors": [{"supplier_product_id": 500001, "message": "M"}]}),
        ("errors_strings", {"errors": ["500001: M"]}),
        ("errors_map", {"errors": {"500001": ["M"]}}),
        (
            "rows",
            [
                {"supplier_product_id": 500001, "error": "M"},
                {"supplier_product_id": 500002, "error": None},
            ],
        ),
        ("silent", {}),
    ],
)
def test_refusals_of_a_bulk_call_in_every_shape(sandbox, supplier, shape, expected):
    message = "selling_price takes a number above zero, not 0"
    sandbox.behaviour(refusals=shape)
    answer = bulk(supplier, FAULTY, FINE)
    assert json.loads(answer.text.replace(message, "M")) == expected


def test_refusals_as_text(sandbox, supplier):
    sandbox.behaviour(refusals="text")
    answer = bulk(supplier, FAULTY, FINE)
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text == "500001: selling_price takes a number above zero, not 0"
    assert bulk(supplier, FINE).text == "OK"


def test_ids_and_prices_as_strings(sandbox, supplier):
    sandbox.behaviour(ids="strings", prices="strings")
    row = supplier.get("supplier-product", per_page=1).json()[0]
    assert (row["supplier_product_id"], row["base_product_id"]) == ("500001", "2001")
    assert row["selling_price"] == "92.00"
    sandbox.place_order(lines=[LINE])
    order = supplier.pull()[0]
    assert order["total_price"] == "40.00"
    assert order["order_details"][0]["supplier_product_id"] == "500001"


@pytest.mark.parametrize(
    "keys, id_key, name_key",
    [
        ("documented", "supplier_product_id", "supplier_product_name"),
        ("misspelt", "suppler_prodcut_id", "suppler_prodcut_name"),
        ("short", "id", "supplier_product_name"),
    ],
)
def test_keys_of_a_product_as_seen(sandbox, supplier, keys, id_key, name_key):
    sandbox.behaviour(product_keys=keys)
    row = supplier.get("supplier-product", per_page=1).json()[0]
    known = {"supplier_product_id", "suppler_prodcut_id", "id"}
    known |= {"supplier_product_name", "suppler_prodcut_name"}
    assert known & set(row) == {id_key, name_key}
    assert row[id_key] == 500001


@pytest.mark.parametrize("shape", ["absent", "null", "empty"])
def test_optional_fields_of_all_orders(sandbox, supplier, shape):
    sandbox.behaviour(optional_fields=shape)
    sandbox.place_order(lines=[LINE])
    order = supplier.pull()[0]
    places = [(order, "receipt_id"), (order, "created_at"), (order["retailer"], "address_notes")]
    places += [(order["order_details"][0], "comment")]
    for values, key in places:
        if shape == "absent":
            assert key not in values
        else:
            assert values[key] == (None if shape == "null" else "")
    assert order["hashed_id"] and order["retailer"]["retailer_code"]


def test_mixed_optional_fields_are_the_same_at_every_pull(sandbox, supplier):
    sandbox.behaviour(optional_fields="mixed")
    sandbox.place_orders(12, lines=1)
    first, second = supplier.pull(), supplier.pull()
    assert first == second
    shapes = {order.get("receipt_id", "absent") for order in first}
    assert {"absent", None, ""} < shapes


def test_optional_fields_of_one_order(sandbox, supplier):
    sandbox.place_order(absent=["receipt_id"], null=["note_message"], empty=["created_at"])
    order = supplier.pull()[0]
    assert "receipt_id" not in order
    assert (order["note_message"], order["created_at"]) == (None, "")


def test_plain_names_of_cancelled_and_returned(sandbox, supplier):
    sandbox.behaviour(status_words="plain")
    for status in ("cancelled_by_supplier", "returned", "cancelled_by_retailer"):
        sandbox.place_order(status=status)
    shown = [order["status"] for order in supplier.pull()]
    assert shown == ["cancelled", "return", "cancelled_by_retailer"]


def test_lists_under_data(sandbox, supplier):
    sandbox.behaviour(list_envelope="data")
    answer = supplier.get("supplier-product", per_page=2, page=3).json()
    assert len(answer["data"]) == 2
    assert answer["meta"] == {"page": 3, "per_page": 2, "total": 300}


def test_rows_of_a_page_are_limited(sandbox, supplier):
    sandbox.behaviour(max_per_page=20)
    assert len(supplier.get("supplier-product", per_page=100).json()) == 20


def test_items_of_a_bulk_call_are_limited(sandbox, supplier):
    sandbox.behaviour(max_bulk_items=2)
    body = [FINE] * 3
    assert supplier.post("supplier-product/bulk-update", body).status_code == 413
    assert bulk(supplier, *body[:2]).json() == {}


# === PRODUCTS === #


def test_an_order_may_lower_the_stock(sandbox, supplier):
    supplier.update({"supplier_product_id": 500001, "available_stock_quantity": 10})

    def stock():
        return sandbox.listing(500001)["available_stock_quantity"]

    sandbox.place_order(lines=[LINE])
    assert stock() == 10
    sandbox.behaviour(order_lowers_stock=True)
    order = sandbox.place_order(lines=[LINE])
    assert stock() == 6
    sandbox.edit_order(order["hashed_id"], lines=[{**LINE, "amount": 1}])
    assert stock() == 9
    sandbox.cancel_order(order["hashed_id"])
    assert stock() == 10


def test_an_internal_id_may_belong_to_two_listings(sandbox, supplier):
    both = [{"supplier_product_id": key, "internal_product_id": "X"} for key in (500001, 500002)]
    assert len(supplier.update(*both)) == 1
    sandbox.behaviour(internal_ids_unique=False)
    assert supplier.update(*both) == []


def test_an_unknown_field_may_be_ignored(sandbox, supplier):
    item = {**FINE, "price": 7}
    assert len(supplier.update(item)) == 1
    sandbox.behaviour(unknown_fields="ignored")
    assert supplier.update(item) == []
    assert sandbox.listing(500002)["selling_price"] == 5


@pytest.mark.parametrize(
    "mode, by_authorization, by_wrong_token",
    [("never", 401, 401), ("authorization_header", 400, 401), ("any_bad_token", 400, 400)],
)
def test_plain_product_list_may_answer_400_to_bad_token(
    sandbox, as_supplier, mode, by_authorization, by_wrong_token
):
    sandbox.behaviour(product_list_400=mode)
    stranger = as_supplier("wrong")
    assert stranger.get("supplier-product").status_code == by_wrong_token
    assert stranger.get("order/pull-orders").status_code == 401
    vendor = as_supplier(None)
    vendor.session.headers["Authorization"] = "sandbox-token"
    assert vendor.get("supplier-product").status_code == by_authorization
    assert as_supplier("sandbox-token").get("supplier-product").status_code == 200


# === ORDERS === #


@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize("synced_first", [True, False])
def test_own_status_may_list_the_order_again(sandbox, supplier, again, synced_first):
    sandbox.behaviour(own_status_comes_again=again)
    order = sandbox.place_order(lines=[LINE])
    supplier.pull()
    if synced_first:
        supplier.sync(order)
    supplier.status(order, "approved")
    if not synced_first:
        supplier.sync(order)
    assert len(supplier.pull()) == again


def test_synced_may_cover_the_current_version(sandbox, supplier):
    sandbox.behaviour(synced_acknowledges="current")
    order = sandbox.place_order(lines=[LINE])
    supplier.pull()
    sandbox.cancel_order(order["hashed_id"])
    supplier.sync(order)
    assert supplier.pull() == []


def test_from_and_to_filter_on_creation_or_on_change(sandbox, supplier):
    sandbox.behaviour(from_to_zone="UTC")
    old = sandbox.place_order(lines=[LINE])
    time.sleep(0.01)
    between = datetime.now(ZoneInfo("UTC")).isoformat()
    time.sleep(0.01)
    sandbox.place_order(lines=[LINE])
    sandbox.touch_order(old["hashed_id"])

    def count(**query):
        return len(supplier.pull(**query))

    assert (count(**{"from": between}), count(to=between)) == (1, 1)
    sandbox.behaviour(from_to_on="changed")
    assert (count(**{"from": between}), count(to=between)) == (2, 0)
    assert supplier.get("order/pull-orders", to="yesterday").status_code == 422


def test_date_without_zone_is_in_the_marketplaces_zone(sandbox, supplier):
    sandbox.place_order(lines=[LINE])
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # UTC+14 and UTC-11
        sandbox.behaviour(from_to_zone=zone)
        today = datetime.now(ZoneInfo(zone)).date()
        dates = {"from": today.isoformat(), "to": today.isoformat()}
        assert len(supplier.pull(**dates)) == 1
        assert supplier.pull(to=(today - timedelta(days=1)).isoformat()) == []
        assert supplier.pull(**{"from": (today + timedelta(days=1)).isoformat()}) == []


def test_the_pulled_list_is_sorted_by_creation_or_by_change(sandbox, supplier):
    first, second = sandbox.place_orders(2, lines=1)
    time.sleep(0.005)
    sandbox.touch_order(first["hashed_id"])
    ids = [first["hashed_id"], second["hashed_id"]]
    assert [order["hashed_id"] for order in supplier.pull()] == ids
    sandbox.behaviour(pull_sorted_by="changed")
    assert [order["hashed_id"] for order in supplier.pull()] == ids[::-1]


@pytest.mark.parametrize(
    "switch, status, sent",
    [
        ("approved_may_be_skipped", "pending", "assigned_to_salesman"),
        ("approved_may_be_skipped", "pending", "delivered"),
        ("assigned_may_be_skipped", "approved", "delivered"),
    ],
)
def test_a_step_may_be_skipped(sandbox, supplier, switch, status, sent):
    order = sandbox.place_order(lines=[LINE], status=status)
    assert supplier.status(order, sent).status_code == 422
    sandbox.behaviour(**{switch: True})
    assert supplier.status(order, sent).status_code == 200


def test_returned_may_be_refused(sandbox, supplier):
    sandbox.behaviour(returned_accepted=False)
    order = sandbox.place_order(lines=[LINE], status="assigned_to_salesman")
    assert supplier.status(order, "returned").status_code == 422


def test_repeated_status_may_be_refused(sandbox, supplier):
    order = sandbox.place_order(lines=[LINE])
    supplier.status(order, "approved")
    version = sandbox.order(order["hashed_id"])["sandbox"]["version"]
    assert supplier.status(order, "approved").status_code == 200
    assert sandbox.order(order["hashed_id"])["sandbox"]["version"] == version
    sandbox.behaviour(repeated_status="refused")
    assert supplier.status(order, "approved").status_code == 422


def test_a_cancellation_may_need_no_reason(sandbox, supplier):
    sandbox.behaviour(cancellation_reason_required=False)
    order = sandbox.place_order(lines=[LINE])
    assert supplier.status(order, "cancelled_by_supplier").status_code == 200


def test_a_new_price_of_a_line_may_be_refused(sandbox, supplier):
    sandbox.behaviour(price_edits="refused")
    order = sandbox.place_order(lines=[LINE])
    line = order["order_details"][0]["id"]
    assert len(supplier.edit(order, [{"id": line, "price": 9}])) == 1
    assert supplier.edit(order, [{"id": line, "price": 10, "amount": 3}]) == []


@pytest.mark.parametrize(
    "mode, credit, installment",
    [("capped", 20, 0), ("kept", 24, 12), ("scaled", 12, 6)],
)
def test_credit_and_instalment_after_reduced_lines(sandbox, supplier, mode, credit, installment):
    sandbox.behaviour(credit_after_edit=mode)
    order = sandbox.place_order(lines=[LINE], cartona_credit=24, installment_cost=12)
    supplier.edit(order, [{"id": order["order_details"][0]["id"], "amount": 2}])
    shown = sandbox.order(order["hashed_id"])
    assert (shown["cartona_credit"], shown["installment_cost"]) == (credit, installment)


def test_wrong_codes_may_exhaust_the_attempts(sandbox, supplier):
    sandbox.behaviour(otp_attempts=2)
    order = sandbox.place_order(
        lines=[LINE], status="assigned_to_salesman", wallet_top_up=5, otp="4711"
    )
    for _ in range(2):
        assert supplier.status(order, "delivered", retailer_otp="0").status_code == 422
    answer = supplier.status(order, "delivered", retailer_otp="4711")
    assert answer.status_code == 422
    assert "too many" in answer.json()["error"]
