"""Orders that need the retailer's code, and orders that are cancelled."""

import pytest

from tests.support.order_life import SOON, STATUSES, Life
from tools.dev.odoo_server import OdooError
from tools.dev.processes import wait_until

# === THE RETAILER'S CODE === #


def test_lost_answer_to_a_code_is_resolved_by_the_order(life: Life):
    life.sandbox.behaviour(repeated_status="refused", own_status_comes_again=False)
    sale = life.place(wallet_top_up=20, otp="752913")
    life.confirm(sale)
    life.wait_for_status(sale, "approved")
    single = f"{STATUSES}/{life.keys[sale]}"
    life.sandbox.set_fault(effect="cut", path=single, when="after", times=1)
    action = life.open_code_dialog(sale)
    life.enter_code(action, "752913")
    assert life.cartona_order(sale)["status"] == "delivered"
    assert (life.dialog_line(action)["state"], life.states(sale)) == ("unreachable", ["assigned"])

    life.enter_code(action, "752913")
    assert life.dialog_line(action)["state"] == "refused"
    assert "may have accepted the delivery" in life.dialog_line(action)["message"]
    assert life.states(sale) == ["assigned"]

    life.sandbox.touch_order(life.keys[sale])
    life.pull(sale)
    wait_until(lambda: life.odoo_order(sale)["cartona_status"] == "delivered", SOON)
    sent = len(life.sent_statuses(sale))
    life.enter_code(action, "752913")
    assert life.states(sale) == ["done"]
    assert len(life.sent_statuses(sale)) == sent
    wait_until(lambda: life.tables_with("752913") == [], SOON)


def test_only_the_right_code_delivers(life: Life):
    sale = life.place(wallet_top_up=20, otp="482913")
    life.confirm(sale)
    action = life.open_code_dialog(sale)
    life.enter_code(action, "111222")
    assert life.dialog_line(action)["state"] == "refused"
    assert life.dialog_line(action)["code"] is False
    assert (life.states(sale), life.cartona_order(sale)["status"]) == (
        ["assigned"],
        "assigned_to_salesman",
    )
    life.enter_code(action, "482913")
    assert life.states(sale) == ["done"]
    life.wait_for_status(sale, "delivered")
    assert life.sent_statuses(sale).count("delivered") == 2  # the wrong one and the right one
    wait_until(lambda: not life.odoo.query("SELECT 1 FROM cartona_delivery_proof"), SOON)
    assert life.tables_with("482913") == life.tables_with("111222") == []
    assert "482913" not in life.odoo.log.read_text(errors="replace")


def test_delivery_without_connection_is_confirmed_later(life: Life):
    sale = life.place(installment_cost=10, otp="572913")
    life.confirm(sale)
    life.wait_for_status(sale, "approved")
    fault = life.sandbox.set_fault(effect="503", path=STATUSES)
    action = life.open_code_dialog(sale)
    life.enter_code(action, "572913")
    assert (life.dialog_line(action)["state"], life.states(sale)) == ("unreachable", ["assigned"])
    life.enter_code(action, "572913", "action_deliver_later")
    assert life.states(sale) == ["done"]
    life.sandbox.clear_faults(fault["id"])
    wait_until(lambda: life.cartona_order(sale)["status"] == "delivered", 90)
    wait_until(lambda: life.tables_with("572913") == [], SOON)


def test_accepted_code_is_requested_once_despite_a_rollback(life: Life):
    sale = life.place(wallet_top_up=20, otp="662913")
    life.confirm(sale)
    action = life.open_code_dialog(sale)
    with no_validation(life), pytest.raises(OdooError):
        life.enter_code(action, "662913")
    assert life.states(sale) == ["assigned"]
    assert life.cartona_order(sale)["status"] == "delivered"
    # The code is deleted although everything else was rolled back.
    assert life.tables_with("662913") == []
    assert life.validate(life.pickings(sale)) is True
    life.wait_for_status(sale, "delivered")
    assert life.sent_statuses(sale).count("delivered") == 1


# === CANCELLING === #


def test_cancellation_sends_the_chosen_reason(life: Life):
    sale = life.place()
    life.confirm(sale)
    life.wait_for_status(sale, "approved")
    action = life.press(sale, "action_cancel")
    assert action["res_model"] == "cartona.order.cancel"
    dialog = life.odoo.call(
        "cartona.order.cancel", "create", {"reason": "delayed_order"}, context=action["context"]
    )
    life.odoo.call("cartona.order.cancel", "action_confirm", [dialog])
    life.wait_for_status(sale, "cancelled_by_supplier")
    assert life.cartona_order(sale)["cancellation_reason"] == "delayed_order"


def test_refused_cancellation_is_shown_on_the_order(life: Life):
    sale = life.place()
    life.confirm(sale)
    life.wait_for_status(sale, "approved")
    life.sandbox.webhook(url="")
    life.sandbox.advance_order(life.keys[sale], "delivered")
    life.press(sale, "action_cancel", disable_cancel_warning=True)
    wait_until(lambda: life.odoo_order(sale)["cartona_sync_state"] == "error", SOON)
    assert life.odoo_order(sale)["state"] == "cancel"
    assert "refused the cancellation" in life.odoo_order(sale)["cartona_error"]
    domain = [("res_model", "=", "sale.order"), ("res_id", "=", sale)]
    assert life.odoo.call("mail.activity", "search_count", domain) == 1


def test_pending_after_our_cancellation_waits_for_a_user(life: Life):
    sale = life.place()
    life.press(sale, "action_cancel", disable_cancel_warning=True)
    life.wait_for_status(sale, "cancelled_by_supplier")
    wait_until(lambda: life.odoo_order(sale)["cartona_sync_state"] == "synced", SOON)
    life.pull(sale)
    # A message right after the cancellation could have been sent before Cartona received it.
    life.odoo.query(
        "UPDATE sale_order SET cartona_synced_at = cartona_synced_at - interval '1 minute'"
        " WHERE id = %s",
        sale,
    )
    life.sandbox.advance_order(life.keys[sale], "pending")
    activities = [("res_model", "=", "sale.order"), ("res_id", "=", sale)]
    wait_until(lambda: life.odoo.call("mail.activity", "search_count", activities) == 1, SOON)
    life.pull(sale)
    assert life.odoo_order(sale)["state"] == "cancel"
    assert life.sent_statuses(sale) == ["cancelled_by_supplier"]


def test_confirmation_during_editing_is_sent_after_the_edit(life: Life):
    sale = life.place()
    fault = life.sandbox.set_fault(effect="503", path=STATUSES, retry_after=1)
    life.confirm(sale)
    life.sandbox.edit_order(life.keys[sale], hold=True)
    wait_until(lambda: life.odoo_order(sale)["cartona_status"] == "editing", SOON)
    life.sandbox.clear_faults(fault["id"])
    wait_until(lambda: not life.odoo.query("SELECT 1 FROM cartona_change"), 20)
    assert life.odoo_order(sale)["cartona_sync_state"] == "pending"
    life.sandbox.edit_order(
        life.keys[sale], lines=[{"supplier_product_id": life.listing, "amount": 2}]
    )
    wait_until(lambda: life.cartona_order(sale)["status"] == "approved", 20)
    wait_until(lambda: life.odoo_order(sale)["cartona_sync_state"] == "synced", SOON)
    assert life.odoo_order(sale)["state"] == "sale"


@pytest.mark.parametrize("moment", ["before", "during", "after"])
def test_retailers_cancellation_cancels_notifies_or_proposes_a_return(life: Life, moment: str):
    life.odoo.call("cartona.config", "write", [life.config], {"delivered_when": "button"})
    sale = life.place()
    life.confirm(sale)
    life.wait_for_status(sale, "approved")
    [picking] = life.pickings(sale)
    if moment != "before":
        life.pick([picking], 2)
    if moment == "after":
        life.pick([picking])
        life.validate([picking])
        life.wait_for_status(sale, "assigned_to_salesman")
    life.sandbox.cancel_order(life.keys[sale], force=True)
    activity = [("res_model", "=", "stock.picking"), ("res_id", "=", picking)]
    if moment == "after":
        wait_until(lambda: len(life.pickings(sale)) == 2, SOON)
        assert life.odoo_order(sale)["state"] == "sale"
        assert life.states(sale)[0] == "done"
        assert life.states(sale)[1] in ("confirmed", "assigned")
        return
    wait_until(lambda: life.odoo_order(sale)["state"] == "cancel", SOON)
    assert life.states(sale) == ["cancel"]
    shouted = life.odoo.call("mail.activity", "search_count", activity)
    assert shouted == (moment == "during")
    assert "cancelled_by_supplier" not in life.sent_statuses(sale)


def test_order_is_locked_while_the_retailer_edits(life: Life):
    sale = life.place()
    life.sandbox.edit_order(life.keys[sale], hold=True)
    wait_until(lambda: life.odoo_order(sale)["cartona_status"] == "editing", SOON)
    with pytest.raises(OdooError, match="retailer is changing"):
        life.confirm(sale)
    life.sandbox.edit_order(
        life.keys[sale], lines=[{"supplier_product_id": life.listing, "amount": 2}]
    )
    wait_until(lambda: life.odoo_order(sale)["cartona_status"] == "pending", SOON)
    life.confirm(sale)
    life.wait_for_status(sale, "approved")


def test_retailers_cancellation_keeps_the_backorder(life: Life):
    sale = life.place()
    life.confirm(sale)
    [first] = life.pickings(sale)
    life.pick([first], 3)
    life.validate([first], skip_backorder=True)
    life.wait_for_status(sale, "assigned_to_salesman")
    [rest] = life.pickings(sale, "assigned")
    life.pick([rest], 1)
    life.sandbox.cancel_order(life.keys[sale], force=True)
    wait_until(lambda: len(life.pickings(sale)) == 3, SOON)
    assert life.states(sale)[:2] == ["done", "cancel"]
    shouted = [("res_model", "=", "stock.picking"), ("res_id", "=", rest)]
    assert life.odoo.call("mail.activity", "search_count", shouted) == 1


# === HELPERS === #


class no_validation:
    """Makes PostgreSQL refuse a done stock move while it lasts."""

    def __init__(self, life: Life):
        self.odoo = life.odoo

    def __enter__(self) -> None:
        self.odoo.query(
            "CREATE FUNCTION refuse_done() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'not now'; END $$"
        )
        self.odoo.query(
            "CREATE TRIGGER refuse_done BEFORE UPDATE ON stock_move FOR EACH ROW"
            " WHEN (NEW.state = 'done') EXECUTE FUNCTION refuse_done()"
        )

    def __exit__(self, *_error: object) -> None:
        self.odoo.query("DROP TRIGGER refuse_done ON stock_move")
        self.odoo.query("DROP FUNCTION refuse_done()")
