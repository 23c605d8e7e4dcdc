"""A clerk's changes of order lines are on both sides, once, whatever fails."""

from typing import Any

import pytest

from tools.dev.demo import Shop
from tools.dev.odoo_server import OdooError
from tools.dev.processes import wait_until

DETAILS = "order/update-order-details"
STATUS = "order/update-order-status"
# Steps that bring an order to each status from the one before.
STEPS = {"pending": [], "approved": ["action_confirm"]}
STEPS["assigned_to_salesman"] = [*STEPS["approved"], "action_cartona_ship"]


class Order:
    """One placed order, on both sides."""

    def __init__(self, shop: Shop, amounts: list[int], **values: Any):
        self.shop, self.odoo, self.sandbox = shop, shop.odoo, shop.sandbox
        listings = list(shop.products)[: len(amounts)]
        lines = [
            {"supplier_product_id": listing, "amount": amount}
            for listing, amount in zip(listings, amounts, strict=True)
        ]
        self.hashed_id = self.sandbox.place_order(lines=lines, **values)["hashed_id"]
        domain = [("cartona_id", "=", self.hashed_id)]
        [self.id] = wait_until(lambda: self.odoo.call("sale.order", "search", domain), 15)

    def do(self, action: str) -> Any:
        return self.odoo.call("sale.order", action, [self.id])

    def read(self, name: str) -> Any:
        return self.odoo.call("sale.order", "read", [self.id], [name])[0][name]

    def edit(self, *commands: tuple) -> None:
        """Save the form with changed lines."""
        self.odoo.call("sale.order", "write", [self.id], {"order_line": list(commands)})

    def line(self, number: int) -> int:
        """Return the Odoo id of a line, by its position on Cartona."""
        line_id = str(self.there()["order_details"][number]["id"])
        domain = [("order_id", "=", self.id), ("cartona_id", "=", line_id)]
        [line] = self.odoo.call("sale.order.line", "search", domain)
        return line

    def product(self, number: int) -> int:
        return list(self.shop.products.values())[number]

    def there(self) -> dict[str, Any]:
        return self.sandbox.order(self.hashed_id)

    def lines_there(self) -> dict[str, tuple]:
        return {
            str(line["id"]): (float(line["amount"]), float(line["selling_price"]))
            for line in self.there()["order_details"]
        }

    def lines_here(self) -> dict[str, tuple]:
        """Return product lines by Cartona's id; a line without one has its own key."""
        domain = [("order_id", "=", self.id), ("product_uom_qty", ">", 0)]
        fields = ["cartona_id", "product_uom_qty", "price_unit"]
        rows = self.odoo.call("sale.order.line", "search_read", domain, fields)
        return {
            row["cartona_id"] or f"new {row['id']}": (row["product_uom_qty"], row["price_unit"])
            for row in rows
        }

    def wait_until_equal(self, lines: int, within: float = 15) -> None:
        """Wait until both sides have the same lines, in this number."""

        def are_equal() -> bool:
            return self.lines_here() == self.lines_there() and len(self.lines_there()) == lines

        try:
            wait_until(are_equal, within)
        except TimeoutError:
            assert self.lines_here() == self.lines_there()
            assert len(self.lines_there()) == lines

    def sent_edits(self) -> list[list[dict]]:
        """Return the lines of each message about this order, accepted or not."""
        return [
            item["order_details"]
            for request in self.sandbox.requests(DETAILS)
            for item in request["body"]
            if item["hashed_id"] == self.hashed_id
        ]


@pytest.mark.parametrize("status", list(STEPS))
def test_edited_lines_are_equal_on_both_sides(shop: Shop, status: str):
    order = Order(shop, [4, 3, 2])
    for step in STEPS[status]:
        order.do(step)
    wait_until(lambda: order.there()["status"] == status, 15)
    first, second, third = (order.line(number) for number in range(3))
    gone = (1, third, {"product_uom_qty": 0}) if STEPS[status] else (2, third)
    added = {"product_id": order.product(4), "product_uom_qty": 5, "price_unit": 7.25}
    order.edit(
        (1, first, {"product_uom_qty": 2}),
        (1, second, {"price_unit": 3.5}),
        gone,
        (0, 0, added),
    )
    order.wait_until_equal(lines=3)
    shop.wait_until_sent()
    assert len(order.sent_edits()) == 1, "neither the echo nor the learnt id is sent back"
    assert order.there()["status"] == status
    [(_name, figures)] = [pair for pair in order.lines_there().items() if pair[1][0] == 5]
    assert figures == (5.0, 7.25)


def test_five_changes_are_one_message_before_the_status(shop: Shop):
    order, other = Order(shop, [4]), Order(shop, [2])
    line = order.line(0)
    # Nothing is sent for some seconds, as during a short outage of Cartona.
    shop.sandbox.set_fault(effect="503", path="order/update", times=1, retry_after=4)
    other.edit((1, other.line(0), {"product_uom_qty": 1}))
    wait_until(lambda: _failures(shop), 10)
    mark = shop.sandbox.requests(limit=1)[-1]["seq"]
    for amount in (3, 5, 6, 2, 7):
        order.edit((1, line, {"product_uom_qty": amount}))
    order.do("action_confirm")
    wait_until(lambda: order.there()["status"] == "approved", 20)
    line_id = order.there()["order_details"][0]["id"]
    assert order.sent_edits() == [[{"id": line_id, "amount": 7}]]
    requests = [
        request["path"].removeprefix("/api/v1/")
        for request in shop.sandbox.requests("order/update", since=mark)
        if "synced" not in str(request["body"]) and order.hashed_id in str(request["body"])
    ]
    assert requests == [DETAILS, STATUS]
    order.wait_until_equal(lines=1)


def test_added_line_whose_answer_was_lost_is_not_doubled(shop: Shop):
    order = Order(shop, [4])
    added = {"product_id": order.product(4), "product_uom_qty": 5, "price_unit": 7.25}
    fault = shop.sandbox.set_fault(effect="cut", path=DETAILS, when="after", times=1)
    order.edit((0, 0, added))
    order.wait_until_equal(lines=2)
    wait_until(lambda: shop.sandbox.call("GET", "faults")[0]["hits"], 5)
    shop.sandbox.clear_faults(fault["id"])
    shop.wait_until_sent(60)
    order.wait_until_equal(lines=2)
    assert len(order.sent_edits()) == 1
    assert order.read("cartona_difference_kind") is False


def test_added_line_that_never_arrived_waits_for_a_user(shop: Shop):
    order = Order(shop, [4])
    added = {"product_id": order.product(4), "product_uom_qty": 5, "price_unit": 7.25}
    fault = shop.sandbox.set_fault(effect="502", path=DETAILS, when="before", times=1)
    order.edit((0, 0, added))
    wait_until(lambda: order.read("cartona_difference_kind") == "unknown", 15)
    shop.sandbox.clear_faults(fault["id"])
    shop.wait_until_sent(60)
    assert len(order.sent_edits()) == 1, "not repeated automatically"
    order.do("action_cartona_send_edits")
    order.wait_until_equal(lines=2)
    assert len(order.sent_edits()) == 2


def test_changed_line_whose_answer_was_lost_is_sent_again(shop: Shop):
    order = Order(shop, [4, 3])
    shop.sandbox.set_fault(effect="500", path=DETAILS, when="before", times=2)
    order.edit((1, order.line(0), {"product_uom_qty": 1}))
    order.wait_until_equal(lines=2, within=30)
    assert order.lines_there()[_first(order)][0] == 1


def test_refused_change_offers_two_solutions(shop: Shop):
    shop.sandbox.behaviour(price_edits="refused")
    order = Order(shop, [4, 3])
    price = order.lines_there()[_first(order)][1]
    order.edit((1, order.line(0), {"price_unit": price + 1}))
    wait_until(lambda: order.read("cartona_difference_kind") == "refused", 15)
    assert "cannot be changed" in order.read("cartona_error")
    assert order.lines_here() != order.lines_there()

    order.do("action_cartona_use_cartona_lines")
    order.wait_until_equal(lines=2)
    assert order.lines_here()[_first(order)] == (4.0, price)

    order.edit((1, order.line(0), {"price_unit": price + 2}))
    wait_until(lambda: order.read("cartona_difference_kind") == "refused", 15)
    shop.sandbox.behaviour(price_edits="accepted")
    order.do("action_cartona_send_edits")
    order.wait_until_equal(lines=2)
    assert order.lines_there()[_first(order)] == (4.0, price + 2)
    assert not order.read("cartona_error")


def test_cash_to_collect_waits_for_cartonas_figures(shop: Shop):
    """Cartona lowers its credit with the total: the amount computed here is not valid."""
    order = Order(shop, [4], cartona_credit=0)
    total = order.there()["total_price"]
    order = Order(shop, [4], cartona_credit=total)
    assert order.read("cartona_amount_to_collect") == 0
    order.edit((1, order.line(0), {"product_uom_qty": 1}))
    order.wait_until_equal(lines=1)
    wait_until(lambda: order.read("cartona_credit") == order.there()["cartona_credit"], 15)
    assert order.read("cartona_money_waiting") is False
    assert order.read("cartona_amount_to_collect") == order.there()["sandbox"]["to_collect"] == 0


def test_order_cannot_lose_all_its_lines(shop: Shop):
    order = Order(shop, [4])
    with pytest.raises(OdooError, match="Cancel it instead"):
        order.edit((2, order.line(0)))
    assert order.sent_edits() == []


def test_order_edited_by_the_retailer_is_locked(shop: Shop):
    order = Order(shop, [4])
    shop.sandbox.edit_order(order.hashed_id, hold=True)
    wait_until(lambda: order.read("cartona_status") == "editing", 15)
    with pytest.raises(OdooError, match="Wait until it comes back"):
        order.edit((1, order.line(0), {"product_uom_qty": 1}))
    assert order.sent_edits() == []


def test_change_of_a_delivered_order_is_not_sent(shop: Shop):
    order = Order(shop, [4])
    shop.sandbox.advance_order(order.hashed_id, "delivered")
    wait_until(lambda: order.read("cartona_status") == "delivered", 15)
    order.edit((1, order.line(0), {"product_uom_qty": 5}))
    shop.wait_until_sent()
    assert order.sent_edits() == []
    assert order.read("cartona_difference_kind") == "local"


def _first(order: Order) -> str:
    return str(order.there()["order_details"][0]["id"])


def _failures(shop: Shop) -> int:
    rows = shop.odoo.call("cartona.config", "read", [shop.config], ["order_failure_count"])
    return rows[0]["order_failure_count"]
