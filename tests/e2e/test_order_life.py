"""An order's way from the retailer's hand to his shop, seen from both sides at once."""

from datetime import date, timedelta

import pytest

from tests.e2e.life import SOON, STATUSES, Life, no_validation, take_back
from tools.dev.odoo_server import OdooError
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
    life.press(sale, "action_cartona_brought_back")
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


# === THE RETAILER'S CODE === #


def test_after_a_lost_answer_the_code_is_not_called_wrong_and_the_order_settles_it(life: Life):
    life.sandbox.behaviour(repeated_status="refused", own_status_comes_again=False)
    sale = life.place(wallet_top_up=20, otp="752913")
    life.confirm(sale)
    life.arrives(sale, "approved")
    single = f"{STATUSES}/{life.keys[sale]}"
    life.sandbox.set_fault(effect="cut", path=single, when="after", times=1)
    action = life.ask(sale)
    life.type_in(action, "752913")
    assert life.there(sale)["status"] == "delivered"
    assert (life.verdict(action)["state"], life.states(sale)) == ("unreachable", ["assigned"])

    life.type_in(action, "752913")
    assert life.verdict(action)["state"] == "refused"
    assert "may have taken the delivery" in life.verdict(action)["message"]
    assert life.states(sale) == ["assigned"]

    life.sandbox.touch_order(life.keys[sale])
    life.pull(sale)
    wait_until(lambda: life.here(sale)["cartona_status"] == "delivered", SOON)
    sent = len(life.told(sale))
    life.type_in(action, "752913")
    assert life.states(sale) == ["done"]
    assert len(life.told(sale)) == sent
    wait_until(lambda: life.where_is("752913") == [], SOON)


def test_a_wrong_code_delivers_nothing_the_right_one_does(life: Life):
    sale = life.place(wallet_top_up=20, otp="482913")
    life.confirm(sale)
    action = life.ask(sale)
    life.type_in(action, "111222")
    assert life.verdict(action)["state"] == "refused"
    assert life.verdict(action)["code"] is False
    assert (life.states(sale), life.there(sale)["status"]) == (
        ["assigned"],
        "assigned_to_salesman",
    )
    life.type_in(action, "482913")
    assert life.states(sale) == ["done"]
    life.arrives(sale, "delivered")
    assert life.told(sale).count("delivered") == 2  # the wrong one and the right one
    wait_until(lambda: not life.odoo.query("SELECT 1 FROM cartona_delivery_proof"), SOON)
    assert life.where_is("482913") == life.where_is("111222") == []
    assert "482913" not in life.odoo.log.read_text(errors="replace")


def test_out_of_reach_at_the_door_it_is_confirmed_later(life: Life):
    sale = life.place(installment_cost=10, otp="572913")
    life.confirm(sale)
    life.arrives(sale, "approved")
    fault = life.sandbox.set_fault(effect="503", path=STATUSES)
    action = life.ask(sale)
    life.type_in(action, "572913")
    assert (life.verdict(action)["state"], life.states(sale)) == ("unreachable", ["assigned"])
    life.type_in(action, "572913", "action_deliver_later")
    assert life.states(sale) == ["done"]
    life.sandbox.clear_faults(fault["id"])
    wait_until(lambda: life.there(sale)["status"] == "delivered", 90)
    wait_until(lambda: life.where_is("572913") == [], SOON)


def test_an_accepted_code_is_asked_for_once_whatever_odoo_does_afterwards(life: Life):
    sale = life.place(wallet_top_up=20, otp="662913")
    life.confirm(sale)
    action = life.ask(sale)
    with no_validation(life), pytest.raises(OdooError):
        life.type_in(action, "662913")
    assert life.states(sale) == ["assigned"]
    assert life.there(sale)["status"] == "delivered"
    # The code is gone although everything else was rolled back.
    assert life.where_is("662913") == []
    assert life.validate(life.pickings(sale)) is True
    life.arrives(sale, "delivered")
    assert life.told(sale).count("delivered") == 1


# === CANCELLING === #


def test_a_cancellation_carries_the_chosen_reason(life: Life):
    sale = life.place()
    life.confirm(sale)
    life.arrives(sale, "approved")
    action = life.press(sale, "action_cancel")
    assert action["res_model"] == "cartona.order.cancel"
    dialog = life.odoo.call(
        "cartona.order.cancel", "create", {"reason": "delayed_order"}, context=action["context"]
    )
    life.odoo.call("cartona.order.cancel", "action_confirm", [dialog])
    life.arrives(sale, "cancelled_by_supplier")
    assert life.there(sale)["cancellation_reason"] == "delayed_order"


def test_a_cancellation_that_cartona_refuses_is_flagged_on_the_order(life: Life):
    sale = life.place()
    life.confirm(sale)
    life.arrives(sale, "approved")
    life.sandbox.webhook(url="")
    life.sandbox.advance_order(life.keys[sale], "delivered")
    life.press(sale, "action_cancel", disable_cancel_warning=True)
    wait_until(lambda: life.here(sale)["cartona_sync_state"] == "error", SOON)
    assert life.here(sale)["state"] == "cancel"
    assert "refused the cancellation" in life.here(sale)["cartona_error"]
    domain = [("res_model", "=", "sale.order"), ("res_id", "=", sale)]
    assert life.odoo.call("mail.activity", "search_count", domain) == 1


def test_pending_again_after_our_cancellation_is_for_a_person_to_decide(life: Life):
    sale = life.place()
    life.press(sale, "action_cancel", disable_cancel_warning=True)
    life.arrives(sale, "cancelled_by_supplier")
    wait_until(lambda: life.here(sale)["cartona_sync_state"] == "synced", SOON)
    life.pull(sale)
    # What comes at once could have been on its way before Cartona heard of the cancellation.
    life.odoo.query(
        "UPDATE sale_order SET cartona_synced_at = cartona_synced_at - interval '1 minute'"
        " WHERE id = %s",
        sale,
    )
    life.sandbox.advance_order(life.keys[sale], "pending")
    activities = [("res_model", "=", "sale.order"), ("res_id", "=", sale)]
    wait_until(lambda: life.odoo.call("mail.activity", "search_count", activities) == 1, SOON)
    life.pull(sale)
    assert life.here(sale)["state"] == "cancel"
    assert life.told(sale) == ["cancelled_by_supplier"]


def test_a_confirmation_that_the_retailers_editing_overtook_is_told_when_he_is_done(life: Life):
    sale = life.place()
    fault = life.sandbox.set_fault(effect="503", path=STATUSES, retry_after=1)
    life.confirm(sale)
    life.sandbox.edit_order(life.keys[sale], hold=True)
    wait_until(lambda: life.here(sale)["cartona_status"] == "editing", SOON)
    life.sandbox.clear_faults(fault["id"])
    wait_until(lambda: not life.odoo.query("SELECT 1 FROM cartona_change"), 20)
    assert life.here(sale)["cartona_sync_state"] == "pending"
    life.sandbox.edit_order(
        life.keys[sale], lines=[{"supplier_product_id": life.listing, "amount": 2}]
    )
    wait_until(lambda: life.there(sale)["status"] == "approved", 20)
    wait_until(lambda: life.here(sale)["cartona_sync_state"] == "synced", SOON)
    assert life.here(sale)["state"] == "sale"


@pytest.mark.parametrize("moment", ["before", "during", "after"])
def test_cancelled_by_the_retailer_stops_shouts_or_proposes_a_return(life: Life, moment: str):
    life.odoo.call("cartona.config", "write", [life.config], {"delivered_when": "button"})
    sale = life.place()
    life.confirm(sale)
    life.arrives(sale, "approved")
    [picking] = life.pickings(sale)
    if moment != "before":
        life.pick([picking], 2)
    if moment == "after":
        life.pick([picking])
        life.validate([picking])
        life.arrives(sale, "assigned_to_salesman")
    life.sandbox.cancel_order(life.keys[sale], force=True)
    activity = [("res_model", "=", "stock.picking"), ("res_id", "=", picking)]
    if moment == "after":
        wait_until(lambda: len(life.pickings(sale)) == 2, SOON)
        assert life.here(sale)["state"] == "sale"
        assert life.states(sale)[0] == "done"
        assert life.states(sale)[1] in ("confirmed", "assigned")
        return
    wait_until(lambda: life.here(sale)["state"] == "cancel", SOON)
    assert life.states(sale) == ["cancel"]
    shouted = life.odoo.call("mail.activity", "search_count", activity)
    assert shouted == (moment == "during")
    assert "cancelled_by_supplier" not in life.told(sale)


def test_while_the_retailer_edits_the_order_is_locked(life: Life):
    sale = life.place()
    life.sandbox.edit_order(life.keys[sale], hold=True)
    wait_until(lambda: life.here(sale)["cartona_status"] == "editing", SOON)
    with pytest.raises(OdooError, match="retailer is changing"):
        life.confirm(sale)
    life.sandbox.edit_order(
        life.keys[sale], lines=[{"supplier_product_id": life.listing, "amount": 2}]
    )
    wait_until(lambda: life.here(sale)["cartona_status"] == "pending", SOON)
    life.confirm(sale)
    life.arrives(sale, "approved")


def test_cancelled_by_the_retailer_keeps_the_backorder_here(life: Life):
    sale = life.place()
    life.confirm(sale)
    [first] = life.pickings(sale)
    life.pick([first], 3)
    life.validate([first], skip_backorder=True)
    life.arrives(sale, "assigned_to_salesman")
    [rest] = life.pickings(sale, "assigned")
    life.pick([rest], 1)
    life.sandbox.cancel_order(life.keys[sale], force=True)
    wait_until(lambda: len(life.pickings(sale)) == 3, SOON)
    assert life.states(sale)[:2] == ["done", "cancel"]
    shouted = [("res_model", "=", "stock.picking"), ("res_id", "=", rest)]
    assert life.odoo.call("mail.activity", "search_count", shouted) == 1


# === HELPERS === #


def days_around(day: str) -> list[str]:
    """A day and its neighbours: what is a moment in Odoo, in UTC, is a day in Cairo."""
    middle = date.fromisoformat(day[:10])
    return [(middle + timedelta(days=shift)).isoformat() for shift in (-1, 0, 1)]
