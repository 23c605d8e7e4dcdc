"""The API notes, line by line: what a supplier may send about an order, and when."""

import pytest

from cartona_api import status as life_cycle
from sandbox import lifecycle

REASONS = (
    "out_of_stock cannot_deliver_the_order supplier_asked_me_to_cancel delayed_order "
    "pending_order_without_action removed_items supplier_attitude missing_items "
    "expired_products different_prices different_products"
).split()
REACHED = {
    "pending": [],
    "approved": ["approved"],
    "assigned_to_salesman": ["approved", "assigned_to_salesman"],
}
LINE = {"supplier_product_id": 500001, "amount": 2, "selling_price": 10}
SECOND = {"supplier_product_id": 500002, "amount": 3, "selling_price": 100.5}


def placed(sandbox, status="pending", **wanted):
    return sandbox.place_order(**{"lines": [LINE, SECOND], "status": status, **wanted})


def supplier_may(status):
    """Return the statuses that the addon's own life cycle allows the supplier from this one."""
    steps = life_cycle.ALLOWED[status].items()
    return {new for new, who in steps if who == life_cycle.SUPPLIER}


# === STATUS === #


def test_sandbox_and_addon_have_the_same_life_cycle():
    assert lifecycle.STATUSES == life_cycle.STATUSES
    assert lifecycle.FINAL == life_cycle.FINAL
    assert lifecycle.SYNCED == life_cycle.SYNCED
    assert sorted(lifecycle.CANCELLATION_REASONS) == sorted(life_cycle.CANCELLATION_REASONS)
    for status in life_cycle.STATUSES:
        assert lifecycle.SUPPLIER_MAY.get(status, set()) == supplier_may(status), status
        assert (status in lifecycle.EDITABLE) == life_cycle.may_edit_lines(status), status
        cancels = life_cycle.ALLOWED[status].get("cancelled_by_retailer") == life_cycle.RETAILER
        assert (status in lifecycle.RETAILER_MAY_CANCEL) == cancels, status


@pytest.mark.parametrize("status", REACHED)
@pytest.mark.parametrize(
    "sent",
    [
        "pending",
        "approved",
        "assigned_to_salesman",
        "delivered",
        "cancelled_by_supplier",
        "returned",
    ],
)
def test_supplier_may_only_follow_the_life_cycle(sandbox, supplier, status, sent):
    allowed = supplier_may(status) | {status}
    order = placed(sandbox)
    for step in REACHED[status]:
        assert supplier.status(order, step).status_code == 200
    answer = supplier.status(order, sent, cancellation_reason="out_of_stock")
    assert answer.status_code == (200 if sent in allowed else 422)
    expected = sent if sent in allowed else status
    assert sandbox.order(order["hashed_id"])["status"] == expected


@pytest.mark.parametrize(
    "final", ["delivered", "cancelled_by_retailer", "cancelled_by_supplier", "returned"]
)
def test_final_status_is_never_changed(sandbox, supplier, final):
    order = placed(sandbox, status=final)
    for sent in {"pending", "approved", "delivered", "cancelled_by_supplier"} - {final}:
        assert supplier.status(order, sent, cancellation_reason="out_of_stock").status_code == 422
    assert sandbox.order(order["hashed_id"])["status"] == final


def test_supplier_cannot_act_while_the_retailer_edits(sandbox, supplier):
    order = placed(sandbox)
    sandbox.edit_order(order["hashed_id"], hold=True)
    assert supplier.status(order, "approved").status_code == 422
    cancelled = supplier.status(order, "cancelled_by_supplier", cancellation_reason="out_of_stock")
    assert cancelled.status_code == 422
    line = order["order_details"][0]["id"]
    assert len(supplier.edit(order, [{"id": line, "amount": 1}])) == 1


@pytest.mark.parametrize("status", ["cancelled", "editing", "cancelled_by_retailer", "", None, 5])
def test_status_not_for_suppliers_is_refused(sandbox, supplier, status):
    order = placed(sandbox)
    assert supplier.status(order, status).status_code == 422


def test_refusal_is_2xx_in_bulk_and_error_alone(sandbox, supplier):
    order = placed(sandbox)
    item = {"hashed_id": order["hashed_id"], "status": "delivered"}
    bulk = supplier.post("order/update-order-status", [item])
    assert bulk.status_code == 200
    assert bulk.json()["errors"][0]["hashed_id"] == order["hashed_id"]
    single = supplier.post(f"order/update-order-status/{order['hashed_id']}", item)
    assert single.status_code == 422
    assert "pending" in single.json()["error"]


def test_the_single_call_names_one_order(sandbox, supplier):
    order, other = placed(sandbox), placed(sandbox)
    body = {"hashed_id": other["hashed_id"], "status": "approved"}
    path = f"order/update-order-status/{order['hashed_id']}"
    assert supplier.post(path, body).status_code == 422
    assert supplier.post(path, [body]).status_code == 422
    assert supplier.post(path, {"status": "approved"}).status_code == 200
    seen = [sandbox.order(row["hashed_id"])["status"] for row in (order, other)]
    assert seen == ["approved", "pending"]


def test_unknown_order_is_404_alone_and_refused_in_bulk(supplier):
    item = {"hashed_id": "nothing", "status": "synced"}
    assert supplier.post("order/update-order-status/nothing", item).status_code == 404
    assert [row["hashed_id"] for row in supplier.sync(item)] == ["nothing"]


def test_the_optional_fields_of_a_status_are_kept_and_checked(sandbox, supplier):
    order = placed(sandbox, status="approved")
    days = {"estimated_delivery_day": "2030-01-05", "delivery_day": "2030-01-06"}
    assert supplier.status(order, "assigned_to_salesman", **days).status_code == 200
    shown = sandbox.order(order["hashed_id"])
    assert {key: shown[key] for key in days} == days
    assert supplier.status(order, "delivered", delivery_day="tomorrow").status_code == 422
    assert supplier.status(order, "delivered", comment="x").status_code == 422


@pytest.mark.parametrize("money", ["installment_cost", "wallet_top_up"])
def test_money_through_cartona_needs_the_retailers_code(sandbox, supplier, money):
    order = placed(sandbox, status="assigned_to_salesman", otp="4711", **{money: 5})
    assert supplier.status(order, "delivered").status_code == 422
    assert supplier.status(order, "delivered", retailer_otp="0000").status_code == 422
    assert sandbox.order(order["hashed_id"])["status"] == "assigned_to_salesman"
    assert supplier.status(order, "delivered", retailer_otp="4711").status_code == 200


def test_other_deliveries_need_no_code(sandbox, supplier):
    order = placed(sandbox, status="assigned_to_salesman", cartona_credit=5)
    assert supplier.status(order, "delivered").status_code == 200


@pytest.mark.parametrize("reason", REASONS)
def test_each_documented_reason_cancels(sandbox, supplier, reason):
    order = placed(sandbox)
    answer = supplier.status(order, "cancelled_by_supplier", cancellation_reason=reason)
    assert answer.status_code == 200
    assert sandbox.order(order["hashed_id"])["cancellation_reason"] == reason


@pytest.mark.parametrize("reason", [{}, {"cancellation_reason": "I do not want to"}])
def test_a_cancellation_without_one_of_the_reasons_is_refused(sandbox, supplier, reason):
    order = placed(sandbox)
    assert supplier.status(order, "cancelled_by_supplier", **reason).status_code == 422


def test_supplier_may_only_cancel_orders_delivered_by_cartona(sandbox, supplier):
    order = placed(sandbox, delivered_by="delivered_by_cartona")
    pulled = supplier.pull()[0]
    assert pulled["pickup_date"] and pulled["pickup_otp"]
    assert supplier.status(order, "approved").status_code == 422
    assert len(supplier.edit(order, [{"id": order["order_details"][0]["id"], "amount": 1}])) == 1
    assert sandbox.advance_order(order["hashed_id"])["status"] == "approved"
    assert supplier.status(order, "assigned_to_salesman").status_code == 422
    cancelled = supplier.status(order, "cancelled_by_supplier", cancellation_reason="out_of_stock")
    assert cancelled.status_code == 200


# === LINES === #


@pytest.mark.parametrize("status", ["pending", "approved", "assigned_to_salesman"])
def test_lines_are_edited_added_and_cancelled(sandbox, supplier, status):
    order = placed(sandbox, status=status)
    first, second = (line["id"] for line in order["order_details"])
    details = [
        {"id": first, "amount": 1, "price": 9.5, "comment": "أقل"},
        {"id": second, "cancelled": True},
        {"supplier_product_id": 500003, "amount": 2, "price": 20},
    ]
    assert supplier.edit(order, details) == []
    shown = sandbox.order(order["hashed_id"])
    kept, added = shown["order_details"]
    assert (kept["id"], kept["amount"], kept["selling_price"]) == (first, 1, 9.5)
    assert kept["comment"] == "أقل"
    assert added["id"] not in (first, second)
    assert (added["supplier_product_id"], added["amount"]) == (500003, 2)
    assert shown["total_price"] == 9.5 + 40


def test_edited_order_is_listed_again(sandbox, supplier):
    order = placed(sandbox)
    supplier.pull()
    supplier.sync(order)
    supplier.edit(order, [{"id": order["order_details"][0]["id"], "amount": 1}])
    assert [row["order_details"][0]["amount"] for row in supplier.pull()] == [1]


def test_details_are_a_list_or_one_object(sandbox, supplier):
    order = placed(sandbox)
    line = {"id": order["order_details"][0]["id"], "amount": 7}
    body = {"hashed_id": order["hashed_id"], "order_details": line}
    assert supplier.post("order/update-order-details", body).json() == {}
    assert sandbox.order(order["hashed_id"])["order_details"][0]["amount"] == 7


@pytest.mark.parametrize("details", [None, [], [5], "x"])
def test_details_without_lines_are_refused(sandbox, supplier, details):
    assert len(supplier.edit(placed(sandbox), details)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 0},
        {"amount": -1},
        {"amount": 1.5},
        {"amount": "2"},
        {"price": 0},
        {"price": "9"},
        {"id": 1, "amount": 1},
        {"id": None, "supplier_product_id": 1, "amount": 1},
        {"id": None, "supplier_product_id": 500003},
        {"colour": "red"},
    ],
)
def test_invalid_line_refuses_the_whole_edit(sandbox, supplier, change):
    order = placed(sandbox)
    first, second = (line["id"] for line in order["order_details"])
    refused = supplier.edit(order, [{"id": second, "amount": 1}, {"id": first, **change}])
    assert [row["hashed_id"] for row in refused] == [order["hashed_id"]]
    assert sandbox.order(order["hashed_id"])["order_details"] == order["order_details"]


def test_weighed_products_are_sold_in_fractions(sandbox, supplier):
    cheese = sandbox.add_listing(supplier_product_name="جبنة رومي", unit="kg", selling_price=318)
    line = {"supplier_product_id": cheese["supplier_product_id"], "amount": 1}
    order = sandbox.place_order(lines=[line])
    assert supplier.edit(order, [{"id": order["order_details"][0]["id"], "amount": 0.75}]) == []
    assert sandbox.order(order["hashed_id"])["total_price"] == 238.5


def test_an_order_cannot_lose_all_its_lines(sandbox, supplier):
    order = placed(sandbox)
    gone = [{"id": line["id"], "cancelled": True} for line in order["order_details"]]
    assert len(supplier.edit(order, gone)) == 1


def test_a_delivered_order_is_not_edited(sandbox, supplier):
    order = placed(sandbox, status="delivered")
    assert len(supplier.edit(order, [{"id": order["order_details"][0]["id"], "amount": 1}])) == 1
