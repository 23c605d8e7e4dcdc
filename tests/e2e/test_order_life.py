"""An order from the retailer's hand to his shop, checked on both sides."""

from datetime import date, timedelta

from tests.support.order_life import SOON, STATUSES, Life
from tools.dev.processes import wait_until

# === DELIVERY === #


def test_three_quick_statuses_are_sent_in_order(life: Life):
    sale = life.place()
    life.confirm(sale)
    life.press(sale, "action_cartona_ship")
    life.deliver(sale)
    life.wait_for_status(sale, "delivered")
    assert life.sent_statuses(sale) == ["approved", "assigned_to_salesman", "delivered"]
    assert life.cartona_order(sale)["delivery_day"]
    wait_until(lambda: life.odoo_order(sale)["cartona_sync_state"] == "synced", SOON)
    assert life.states(sale) == ["done"]


def test_echo_of_a_sent_status_changes_nothing(life: Life):
    sale = life.place()
    life.confirm(sale)
    life.wait_for_status(sale, "approved")
    life.pull(sale)
    life.press(sale, "action_cartona_ship")
    life.wait_for_status(sale, "assigned_to_salesman")
    life.pull(sale)
    assert life.sent_statuses(sale) == ["approved", "assigned_to_salesman"]
    assert life.odoo_order(sale)["state"] == "sale"


def test_first_of_two_deliveries_does_not_send_delivered(life: Life):
    sale = life.place()
    life.confirm(sale)
    [first] = life.pickings(sale)
    life.pick([first], 3)
    life.validate([first], skip_backorder=True)
    life.wait_for_status(sale, "assigned_to_salesman")
    life.pick(life.pickings(sale, "assigned"), 1)
    life.validate(life.pickings(sale, "assigned"))
    life.wait_for_status(sale, "delivered")
    assert life.sent_statuses(sale) == ["approved", "assigned_to_salesman", "delivered"]


def test_short_delivery_lowers_the_amounts_before_delivered(life: Life):
    sale = life.place()
    life.confirm(sale)
    life.wait_for_status(sale, "approved")
    [picking] = life.pickings(sale)
    life.pick([picking], 3)
    life.validate([picking], skip_backorder=True, picking_ids_not_to_backorder=[picking])
    life.wait_for_status(sale, "delivered")
    assert [line["amount"] for line in life.cartona_order(sale)["order_details"]] == [3]
    assert (
        life.cartona_order(sale)["total_price"]
        == 3 * life.cartona_order(sale)["order_details"][0]["selling_price"]
    )
    assert life.sent_statuses(sale) == ["approved", "assigned_to_salesman", "delivered"]


def test_partial_return_lowers_the_amounts_before_delivered(life: Life):
    life.odoo.call("cartona.config", "write", [life.config], {"delivered_when": "button"})
    sale = life.place()
    life.confirm(sale)
    life.deliver(sale)
    life.wait_for_status(sale, "assigned_to_salesman")
    return_goods(life, sale, quantity=1)
    wait_until(lambda: life.cartona_order(sale)["order_details"][0]["amount"] == 3, SOON)
    life.press(sale, "action_cartona_delivered")
    life.wait_for_status(sale, "delivered")
    assert life.sent_statuses(sale) == ["approved", "assigned_to_salesman", "delivered"]


def test_full_return_sends_returned(life: Life):
    life.odoo.call("cartona.config", "write", [life.config], {"delivered_when": "button"})
    sale = life.place()
    life.confirm(sale)
    life.deliver(sale)
    life.wait_for_status(sale, "assigned_to_salesman")
    return_goods(life, sale)
    life.wait_for_status(sale, "returned")
    assert life.sent_statuses(sale) == ["approved", "assigned_to_salesman", "returned"]


def test_delivery_by_cartona_is_completed_without_sending_it_back(life: Life):
    life.odoo.call("cartona.config", "write", [life.config], {"complete_delivered": True})
    sale = life.place(delivered_by="delivered_by_cartona", wallet_top_up=20)
    life.confirm(sale)
    for status in ("approved", "assigned_to_salesman", "delivered"):
        life.sandbox.advance_order(life.keys[sale])
        life.wait_for_status(sale, status)
    wait_until(lambda: life.states(sale) == ["done"], SOON)
    assert life.sent_statuses(sale) == []


def test_status_interrupted_by_a_restart_is_sent_afterwards(life: Life):
    life.sandbox.set_fault(effect="503", path=STATUSES, times=2, retry_after=1)
    sale = life.place()
    life.confirm(sale)
    life.deliver(sale)
    wait_until(lambda: life.cartona_order(sale)["status"] == "delivered", 20)
    taken = [entry["status"] for entry in life.cartona_order(sale)["sandbox"]["history"]]
    assert [status for place, status in enumerate(taken) if status not in taken[:place]] == [
        "pending",
        "approved",
        "assigned_to_salesman",
        "delivered",
    ]


def test_order_first_seen_as_delivered_is_completed_silently(life: Life):
    life.odoo.call("cartona.config", "write", [life.config], {"complete_delivered": True})
    sale = life.place(status="delivered", wallet_top_up=20)
    wait_until(lambda: life.states(sale) == ["done"], SOON)
    life.pull(sale)
    assert (life.odoo_order(sale)["state"], life.odoo_order(sale)["cartona_status"]) == (
        "sale",
        "delivered",
    )
    assert life.odoo_order(sale)["cartona_sync_state"] == "synced"
    assert life.sent_statuses(sale) == []


def test_delivery_shows_pickup_day_and_code(life: Life):
    sale = life.place(delivered_by="delivered_by_cartona")
    life.confirm(sale)
    [picking] = life.pickings(sale)
    names = ["cartona_pickup_date", "cartona_pickup_otp"]
    [shown] = life.odoo.call("stock.picking", "read", [picking], names)
    there = life.cartona_order(sale)
    assert there["pickup_otp"]
    assert shown["cartona_pickup_otp"] == there["pickup_otp"]
    assert shown["cartona_pickup_date"][:10] in days_around(there["pickup_date"])


def test_ready_delivery_sends_shipped_if_configured(life: Life):
    life.odoo.call("cartona.config", "write", [life.config], {"shipped_when": "ready"})
    sale = life.place()
    life.confirm(sale)
    life.wait_for_status(sale, "assigned_to_salesman")
    assert life.sent_statuses(sale) == ["approved", "assigned_to_salesman"]
    assert life.cartona_order(sale)["estimated_delivery_day"]
    assert life.states(sale) == ["assigned"]


def test_cancelled_shipment_sends_returned(life: Life):
    sale = life.place()
    life.confirm(sale)
    life.press(sale, "action_cartona_ship")
    life.wait_for_status(sale, "assigned_to_salesman")
    life.press(sale, "action_cartona_returned")
    life.wait_for_status(sale, "returned")
    assert life.sent_statuses(sale) == ["approved", "assigned_to_salesman", "returned"]
    assert (life.odoo_order(sale)["state"], life.states(sale)) == ("cancel", ["cancel"])


def test_return_on_cartona_after_delivery_prepares_the_return(life: Life):
    life.odoo.call("cartona.config", "write", [life.config], {"delivered_when": "button"})
    sale = life.place()
    life.confirm(sale)
    life.deliver(sale)
    life.wait_for_status(sale, "assigned_to_salesman")
    key = life.keys[sale]
    life.sandbox.webhook(url="")
    life.sandbox.admin_edit(key, fields={"return_reason": "the shop was closed"})
    life.sandbox.advance_order(key, "returned")
    life.pull(sale)
    wait_until(lambda: len(life.pickings(sale)) == 2, SOON)
    assert life.states(sale)[0] == "done"
    assert life.states(sale)[1] in ("confirmed", "assigned")
    [back] = life.pickings(sale)[1:]
    domain = [("model", "=", "stock.picking"), ("res_id", "=", back)]
    notes = life.odoo.call("mail.message", "search_read", domain, ["body"])
    assert any("the shop was closed" in note["body"] for note in notes)
    assert life.sent_statuses(sale) == ["approved", "assigned_to_salesman"]


# === HELPERS === #


def days_around(day: str) -> list[str]:
    """Return a day and its neighbours: a moment in Odoo, in UTC, is a day in Cairo."""
    middle = date.fromisoformat(day[:10])
    return [(middle + timedelta(days=shift)).isoformat() for shift in (-1, 0, 1)]


def return_goods(life: Life, sale: int, quantity: int = 0) -> None:
    """Return the whole delivery, or this number of pieces, and validate the return."""
    code = f"""
from odoo.addons.cartona_integration.compat import make_return, moves_of, pick_all
back = make_return(env["sale.order"].browse({sale}).picking_ids)
if {quantity}:
    moves_of(back).product_uom_qty = {quantity}
pick_all(moves_of(back))
back.with_context(skip_sms=True, skip_backorder=True).button_validate()
"""
    life.odoo.shell(code)
