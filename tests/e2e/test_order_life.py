"""An order's way from the retailer's hand to his shop, seen from both sides at once."""

from datetime import date, timedelta

from tests.e2e.life import SOON, STATUSES, Life
from tools.dev.processes import wait_until

# === THE WAY TO THE SHOP === #


def test_confirmed_shipped_and_delivered_within_a_second_are_three_messages_in_order(life: Life):
    sale = life.place()
    life.confirm(sale)
    life.press(sale, "action_cartona_ship")
    life.deliver(sale)
    life.arrives(sale, "delivered")
    assert life.told(sale) == ["approved", "assigned_to_salesman", "delivered"]
    assert life.there(sale)["delivery_day"]
    wait_until(lambda: life.here(sale)["cartona_sync_state"] == "synced", SOON)
    assert life.states(sale) == ["done"]


def test_what_was_told_comes_back_and_changes_nothing(life: Life):
    sale = life.place()
    life.confirm(sale)
    life.arrives(sale, "approved")
    life.pull(sale)
    life.press(sale, "action_cartona_ship")
    life.arrives(sale, "assigned_to_salesman")
    life.pull(sale)
    assert life.told(sale) == ["approved", "assigned_to_salesman"]
    assert life.here(sale)["state"] == "sale"


def test_the_first_of_two_deliveries_does_not_say_delivered(life: Life):
    sale = life.place()
    life.confirm(sale)
    [first] = life.pickings(sale)
    life.pick([first], 3)
    life.validate([first], skip_backorder=True)
    life.arrives(sale, "assigned_to_salesman")
    life.pick(life.pickings(sale, "assigned"), 1)
    life.validate(life.pickings(sale, "assigned"))
    life.arrives(sale, "delivered")
    assert life.told(sale) == ["approved", "assigned_to_salesman", "delivered"]


def test_a_short_delivery_lowers_the_amounts_first_and_is_delivered_then(life: Life):
    sale = life.place()
    life.confirm(sale)
    life.arrives(sale, "approved")
    [picking] = life.pickings(sale)
    life.pick([picking], 3)
    life.validate([picking], skip_backorder=True, picking_ids_not_to_backorder=[picking])
    life.arrives(sale, "delivered")
    assert [line["amount"] for line in life.there(sale)["order_details"]] == [3]
    assert (
        life.there(sale)["total_price"] == 3 * life.there(sale)["order_details"][0]["selling_price"]
    )
    assert life.told(sale) == ["approved", "assigned_to_salesman", "delivered"]


def test_a_part_left_at_the_door_lowers_the_amounts_then_it_is_delivered(life: Life):
    life.odoo.call("cartona.config", "write", [life.config], {"delivered_when": "button"})
    sale = life.place()
    life.confirm(sale)
    life.deliver(sale)
    life.arrives(sale, "assigned_to_salesman")
    take_back(life, sale, quantity=1)
    wait_until(lambda: life.there(sale)["order_details"][0]["amount"] == 3, SOON)
    life.press(sale, "action_cartona_delivered")
    life.arrives(sale, "delivered")
    assert life.told(sale) == ["approved", "assigned_to_salesman", "delivered"]


def test_all_brought_back_from_the_door_is_returned(life: Life):
    life.odoo.call("cartona.config", "write", [life.config], {"delivered_when": "button"})
    sale = life.place()
    life.confirm(sale)
    life.deliver(sale)
    life.arrives(sale, "assigned_to_salesman")
    take_back(life, sale)
    life.arrives(sale, "returned")
    assert life.told(sale) == ["approved", "assigned_to_salesman", "returned"]


def test_delivered_by_cartona_is_completed_here_by_setting_and_not_told_back(life: Life):
    life.odoo.call("cartona.config", "write", [life.config], {"complete_delivered": True})
    sale = life.place(delivered_by="delivered_by_cartona", wallet_top_up=20)
    life.confirm(sale)
    for status in ("approved", "assigned_to_salesman", "delivered"):
        life.sandbox.advance_order(life.keys[sale])
        life.arrives(sale, status)
    wait_until(lambda: life.states(sale) == ["done"], SOON)
    assert life.told(sale) == []


def test_what_a_restart_interrupts_is_told_afterwards(life: Life):
    life.sandbox.set_fault(effect="503", path=STATUSES, times=2, retry_after=1)
    sale = life.place()
    life.confirm(sale)
    life.deliver(sale)
    wait_until(lambda: life.there(sale)["status"] == "delivered", 20)
    taken = [entry["status"] for entry in life.there(sale)["sandbox"]["history"]]
    assert [status for place, status in enumerate(taken) if status not in taken[:place]] == [
        "pending",
        "approved",
        "assigned_to_salesman",
        "delivered",
    ]


def test_an_order_first_seen_as_delivered_is_done_here_and_nothing_is_told(life: Life):
    life.odoo.call("cartona.config", "write", [life.config], {"complete_delivered": True})
    sale = life.place(status="delivered", wallet_top_up=20)
    wait_until(lambda: life.states(sale) == ["done"], SOON)
    life.pull(sale)
    assert (life.here(sale)["state"], life.here(sale)["cartona_status"]) == ("sale", "delivered")
    assert life.here(sale)["cartona_sync_state"] == "synced"
    assert life.told(sale) == []


def test_day_and_code_of_the_pickup_stand_on_the_delivery(life: Life):
    sale = life.place(delivered_by="delivered_by_cartona")
    life.confirm(sale)
    [picking] = life.pickings(sale)
    names = ["cartona_pickup_date", "cartona_pickup_otp"]
    [shown] = life.odoo.call("stock.picking", "read", [picking], names)
    there = life.there(sale)
    assert there["pickup_otp"]
    assert shown["cartona_pickup_otp"] == there["pickup_otp"]
    assert shown["cartona_pickup_date"][:10] in days_around(there["pickup_date"])


def test_a_ready_delivery_says_shipped_by_setting(life: Life):
    life.odoo.call("cartona.config", "write", [life.config], {"shipped_when": "ready"})
    sale = life.place()
    life.confirm(sale)
    life.arrives(sale, "assigned_to_salesman")
    assert life.told(sale) == ["approved", "assigned_to_salesman"]
    assert life.there(sale)["estimated_delivery_day"]
    assert life.states(sale) == ["assigned"]


def test_brought_back_by_the_driver_is_returned_where_nothing_was_validated(life: Life):
    sale = life.place()
    life.confirm(sale)
    life.press(sale, "action_cartona_ship")
    life.arrives(sale, "assigned_to_salesman")
    life.press(sale, "action_cartona_returned")
    life.arrives(sale, "returned")
    assert life.told(sale) == ["approved", "assigned_to_salesman", "returned"]
    assert (life.here(sale)["state"], life.states(sale)) == ("cancel", ["cancel"])


def test_returned_there_after_it_was_delivered_here_prepares_the_return(life: Life):
    life.odoo.call("cartona.config", "write", [life.config], {"delivered_when": "button"})
    sale = life.place()
    life.confirm(sale)
    life.deliver(sale)
    life.arrives(sale, "assigned_to_salesman")
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
    assert life.told(sale) == ["approved", "assigned_to_salesman"]


# === HELPERS === #


def days_around(day: str) -> list[str]:
    """A day and its neighbours: what is a moment in Odoo, in UTC, is a day in Cairo."""
    middle = date.fromisoformat(day[:10])
    return [(middle + timedelta(days=shift)).isoformat() for shift in (-1, 0, 1)]


def take_back(life: Life, sale: int, quantity: int = 0) -> None:
    """Return the delivery whole, or so many pieces, and validate the return."""
    code = f"""
from odoo.addons.cartona_integration.compat import make_return, moves_of, pick_all
back = make_return(env["sale.order"].browse({sale}).picking_ids)
if {quantity}:
    moves_of(back).product_uom_qty = {quantity}
pick_all(moves_of(back))
back.with_context(skip_sms=True, skip_backorder=True).button_validate()
"""
    life.odoo.shell(code)
