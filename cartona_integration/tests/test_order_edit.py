"""Changed lines are sent to Cartona: only the difference, once, in its latest state."""

import json
from datetime import timedelta

from odoo.exceptions import UserError

from .common import STATUSES
from .order_common import RICE, TEA, OrderCase

DETAILS = "order/update-order-details"


class EditCase(OrderCase):
    """`sale` is imported as pending; its `tea` line is 901 (4 at 12.50), `rice` 902 (2 at 30)."""

    def setUp(self):
        super().setUp()
        self.sale = self.receive(self.order())
        self.clear_outbox()

    def line(self, number):
        return self.sale.order_line.filtered(lambda line: line.cartona_id == str(number))

    def add(self, product=None, quantity=3, price=9.0):
        return self.env["sale.order.line"].create(
            {
                "order_id": self.sale.id,
                "product_id": (product or self.tea).id,
                "product_uom_qty": quantity,
                "price_unit": price,
            }
        )

    def accept_edits(self, answer=None, **kwargs):
        self.marketplace.answer_next("POST", DETAILS, {} if answer is None else answer, **kwargs)

    def sent_details(self):
        """Return the `order_details` of each message so far."""
        messages = []
        for [body] in self.marketplace.bodies(DETAILS):
            self.assertEqual(body["hashed_id"], "k3Jd82")
            messages.append(body["order_details"])
        return messages

    def cartona_lines(self):
        """Return Cartona's lines from the snapshot: id -> (amount, price)."""
        lines = json.loads(self.sale.cartona_snapshot)["lines"]
        return {line["id"]: (line["amount"], line["selling_price"]) for line in lines.values()}

    def age_last_edit(self, seconds=60):
        """Move the last change of lines into the past."""
        edit = json.loads(self.sale.cartona_edit)
        moment = self.now() - timedelta(seconds=seconds)
        edit["at"] = moment.isoformat()
        edit["before"] = [[edit["at"], lines] for _at, lines in edit["before"]]
        self.sale.cartona_edit = json.dumps(edit)


class TestOrderEdit(EditCase):
    # === SENT CHANGES === #

    def test_a_lowered_quantity_sends_only_id_and_amount(self):
        for status in ("pending", "approved", "assigned_to_salesman"):
            with self.subTest(status=status):
                self.sale.cartona_status = status
                amount = self.line(901).product_uom_qty - 1
                self.line(901).product_uom_qty = amount
                self.assertEqual(self.outbox_rows("order"), [("order", self.sale.id)])
                self.accept_edits()
                self.marketplace.calls.clear()
                # Only lines are sent: a quotation is behind these statuses.
                self.assertIsNone(self.push())
                self.assertEqual(self.sent_details(), [[{"id": 901, "amount": amount}]])
                self.assertEqual(self.cartona_lines()["901"], ("%g" % amount, "12.5"))
                self.assertEqual(self.sale.cartona_sync_state, "synced")
                self.assertFalse(self.sale.cartona_difference)
                self.clear_outbox()

    def test_a_changed_price_or_discount_sends_only_the_price(self):
        self.line(901).price_unit = 11.75
        self.line(902).discount = 10.0
        self.accept_edits()
        self.push()
        self.assertEqual(
            self.sent_details(), [[{"id": 901, "price": 11.75}, {"id": 902, "price": 27}]]
        )

    def test_a_removed_line_is_sent_as_cancelled(self):
        self.sale.write({"order_line": [(2, self.line(902).id)]})
        self.accept_edits()
        self.push()
        self.assertEqual(self.sent_details(), [[{"id": 902, "cancelled": True}]])
        self.assertEqual(self.cartona_lines(), {"901": ("4", "12.5")})

    def test_zero_quantity_is_sent_as_a_removed_line(self):
        self.marketplace.answer_next("POST", STATUSES, {})
        self.sale.action_confirm()
        self.push()
        self.line(902).product_uom_qty = 0
        self.accept_edits()
        self.push()
        self.assertEqual(self.sent_details(), [[{"id": 902, "cancelled": True}]])

    def test_removing_all_lines_raises_an_error(self):
        commands = [(2, line.id) for line in self.sale.order_line]
        with self.assertRaisesRegex(UserError, "Cancel it instead"):
            self.sale.write({"order_line": commands})

    def test_an_order_without_lines_is_never_sent(self):
        self.sale.order_line.unlink()
        self.assertIsNone(self.push())
        self.assertEqual(self.marketplace.calls, [])
        self.assertEqual(self.sale.cartona_difference_kind, "local")

    def test_replacing_all_lines_is_not_a_cancellation(self):
        line = {"product_id": self.tea.id, "product_uom_qty": 1, "price_unit": 5.0}
        self.sale.write(
            {"order_line": [(2, line.id) for line in self.sale.order_line] + [(0, 0, line)]}
        )
        self.accept_edits()
        self.push()
        self.assertEqual(
            self.sent_details(),
            [
                [
                    {"id": 901, "cancelled": True},
                    {"id": 902, "cancelled": True},
                    {"supplier_product_id": "T1", "amount": 1, "price": 5},
                ]
            ],
        )

    def test_several_changes_are_sent_once_before_the_status(self):
        for amount in (3, 5, 6, 2, 7):
            self.line(901).product_uom_qty = amount
            self.env.cr.flush()
        self.sale.action_confirm()
        self.accept_edits()
        self.marketplace.answer_next("POST", STATUSES, {})
        self.assertIsNone(self.push())
        self.assertEqual(self.sent_details(), [[{"id": 901, "amount": 7}]])
        paths = [path for _method, path, _query, _body in self.marketplace.calls]
        self.assertEqual(paths, [DETAILS, STATUSES])
        self.assertEqual(self.sale.cartona_status, "approved")

    def test_a_reverted_change_sends_nothing(self):
        self.line(901).product_uom_qty = 9
        self.line(901).product_uom_qty = 4
        self.assertIsNone(self.push())
        self.assertEqual(self.marketplace.calls, [])
        self.assertEqual(self.outbox_rows("order"), [])
        self.assertEqual(self.sale.cartona_sync_state, "synced")

    def test_changes_made_while_orders_are_off_are_sent_later(self):
        self.config.auto_sync_orders = False
        self.line(901).product_uom_qty = 3
        self.assertEqual(self.outbox_rows("order"), [])
        self.assertEqual(self.sale.cartona_sync_state, "pending")
        self.config.auto_sync_orders = True
        self.accept_edits()
        self.push()
        self.assertEqual(self.sent_details(), [[{"id": 901, "amount": 3}]])

    def test_an_import_sends_nothing_back(self):
        self.receive(self.order({TEA: {"amount": 6}}))
        self.assertEqual(self.outbox_rows("order"), [])
        self.env["cartona.change"]._mark_orders_dirty(self.sale.ids)
        self.push()
        self.assertEqual(self.marketplace.calls, [])

    def test_the_echo_of_an_accepted_change_changes_nothing(self):
        self.line(901).product_uom_qty = 3
        self.accept_edits()
        self.push()
        before = self.chatter(self.sale)
        self.receive(self.order({TEA: {"amount": 3}}))
        self.assertEqual(self.line(901).product_uom_qty, 3)
        self.assertEqual(self.chatter(self.sale), before)

    def test_one_of_two_offer_lines_changes_and_the_other_stays(self):
        offer = self.receive(
            self.order(
                {TEA: {"amount": 2, "selling_price": 7.0}, RICE: None, 2: {"id": 903, "amount": 3}},
                hashed_id="offer1",
            )
        )
        self.clear_outbox()
        first, second = offer.order_line
        first.product_uom_qty = 1
        self.accept_edits()
        self.push()
        [[body]] = self.marketplace.bodies(DETAILS)
        self.assertEqual(body, {"hashed_id": "offer1", "order_details": [{"id": 901, "amount": 1}]})
        self.assertEqual(
            (second.cartona_id, second.price_unit, second.product_uom_qty), ("903", 12.5, 3)
        )

    def test_amounts_are_sent_in_cartonas_boxes(self):
        listing = self.listing(self.rice)
        listing.write({"uom_id": self.box(12).id, "unit": "box", "unit_count": 12})
        boxes = self.receive(
            self.order({TEA: None, RICE: {"unit": "box", "unit_count": 12, "amount": 5}},
                       hashed_id="boxes1")
        )  # fmt: skip
        self.clear_outbox()
        boxes.action_confirm()
        boxes.order_line.product_uom_qty = 4
        self.accept_edits()
        self.marketplace.answer_next("POST", STATUSES, {})
        self.push()
        [[body]] = self.marketplace.bodies(DETAILS)
        self.assertEqual(body["order_details"], [{"id": 902, "amount": 4}])
        moves = boxes.picking_ids.move_ids.filtered(lambda move: move.state != "cancel")
        self.assertEqual(sum(moves.mapped("product_qty")), 48)
        self.assertEqual(boxes.order_line.price_unit, 30.0)

    def test_a_changed_product_replaces_the_line(self):
        other = self.make_product("سكر", 20.0)
        other.cartona_id = "S1"
        self.clear_outbox()
        line = self.line(902)
        line.write({"product_id": other.id, "price_unit": 20.0})
        self.assertFalse(line.cartona_id)
        self.accept_edits()
        self.push()
        self.assertEqual(
            self.sent_details(),
            [
                [
                    {"id": 902, "cancelled": True},
                    {"supplier_product_id": "S1", "amount": 2, "price": 20},
                ]
            ],
        )

    # === CHANGES THAT ARE NOT SENT === #

    def test_an_order_that_the_retailer_is_editing_cannot_be_changed(self):
        self.receive(self.order(status="editing"))
        for change in (
            lambda: self.line(901).write({"product_uom_qty": 1}),
            lambda: self.line(901).unlink(),
            self.add,
        ):
            with self.assertRaisesRegex(UserError, "Wait until it comes back"):
                change()
        self.assertEqual(self.outbox_rows("order"), [])

    def test_a_change_of_a_delivered_order_stays_local(self):
        self.sale.cartona_status = "delivered"
        self.line(901).product_uom_qty = 1
        self.push()
        self.assertEqual(self.marketplace.calls, [])
        self.assertEqual(self.sale.cartona_difference_kind, "local")

    def test_a_change_of_an_order_cartona_delivers_stays_local(self):
        self.sale.cartona_delivered_by = "delivered_by_cartona"
        self.line(901).product_uom_qty = 1
        self.push()
        self.assertEqual(self.marketplace.calls, [])
        self.assertEqual(self.sale.cartona_difference_kind, "local")

    def test_a_cancelled_order_sends_only_its_cancellation(self):
        self.marketplace.answer_next("POST", "%s/%s" % (STATUSES, self.sale.cartona_id), {})
        self.line(901).product_uom_qty = 1
        self.sale._action_cancel()
        self.push()
        self.assertEqual(len(self.marketplace.calls), 1)
        self.assertEqual(self.sent_details(), [])

    def test_a_clerk_without_other_rights_may_edit(self):
        group = self.env.ref("sales_team.group_sale_salesman")
        group.write({"user_ids" if "user_ids" in group._fields else "users": [(4, self.seller.id)]})
        sale = self.sale.with_user(self.seller)
        sale.write(
            {
                "order_line": [
                    (0, 0, {"product_id": self.tea.id, "product_uom_qty": 1, "price_unit": 2.0})
                ]
            }
        )
        self.assertEqual(sale.cartona_difference_kind, "sending")
        self.accept_edits()
        self.push()
        self.assertEqual(len(self.sent_details()), 1)
