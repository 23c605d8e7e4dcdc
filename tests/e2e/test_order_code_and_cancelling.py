"""An order that needs the retailer's code, and one that does not come to its end."""

import pytest

from tests.e2e.life import SOON, STATUSES, Life
from tools.dev.odoo_server import OdooError
from tools.dev.processes import wait_until

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
    assert "may have accepted the delivery" in life.verdict(action)["message"]
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


class no_validation:
    """While it lasts, PostgreSQL itself refuses that a stock move is done."""

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
