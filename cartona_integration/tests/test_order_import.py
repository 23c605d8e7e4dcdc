"""A new order of Cartona becomes exactly one complete sale order, or waits with a reason."""

from datetime import datetime

import psycopg2
import pytz

from odoo.tools import mute_logger

from ..compat import is_confirmed
from .order_common import RICE, TEA, OrderCase


def groups_field(env):
    return "group_ids" if "group_ids" in env["res.users"]._fields else "groups_id"


class TestNewOrder(OrderCase):
    def test_a_new_pending_order_becomes_one_quotation(self):
        sale = self.receive()

        self.assertRecordValues(
            sale,
            [
                {
                    "state": "draft",
                    "cartona_id": "k3Jd82",
                    "cartona_number": "4711",
                    "cartona_status": "pending",
                    "cartona_delivered_by": "delivered_by_supplier",
                    "cartona_sync_state": "synced",
                    "cartona_route": "R-7",
                    "client_order_ref": "4711",
                    "origin": "Cartona 4711",
                    "amount_total": 110.0,
                    "validity_date": False,
                    "user_id": self.seller.id,
                    "team_id": self.team.id,
                    "warehouse_id": self.warehouse.id,
                    "company_id": self.company.id,
                }
            ],
        )
        unit = self.env.ref("uom.product_uom_unit")
        self.assertEqual(
            self.lines(sale),
            [("901", self.tea, 4.0, 12.5, unit), ("902", self.rice, 2.0, 30.0, unit)],
        )
        self.assertEqual(sale.order_line.mapped("discount"), [0.0, 0.0])
        self.assertIn("اتصل قبل الوصول", self.chatter(sale))
        self.assertEqual(self.activities(sale), [])
        self.assertFalse(sale.picking_ids)

    def test_no_mail_is_sent_and_the_retailer_does_not_follow(self):
        mails = self.env["mail.mail"].search_count([])
        self.config.auto_confirm = True
        self.set_stock(self.tea, 10)
        self.set_stock(self.rice, 10)

        sale = self.receive(self.order(retailer={"retailer_email": "shop@example.com"}))

        self.assertTrue(is_confirmed(sale))
        self.assertEqual(sale.partner_id.email, "shop@example.com")
        self.assertNotIn(sale.partner_id, sale.message_partner_ids)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self.assertFalse(sale.message_ids.notified_partner_ids)

    def test_the_retailer_does_not_follow_when_a_clerk_confirms(self):
        def confirm_as_up_to_18(orders):
            for order in orders:
                order.message_subscribe([order.partner_id.id, colleague.id])
            return unpatched(orders)

        Order = type(self.env["sale.order"])
        unpatched = Order._action_confirm
        self.patch(Order, "_action_confirm", confirm_as_up_to_18)
        colleague = self.env.ref("base.partner_admin")
        partner = self.env["res.partner"].create({"name": "Shop"})
        ours = self.receive()
        other = self.env["sale.order"].create({"partner_id": partner.id})

        (ours | other).with_user(self.env.ref("base.user_admin")).action_confirm()

        self.assertNotIn(ours.partner_id, ours.message_partner_ids)
        self.assertIn(colleague, ours.message_partner_ids)
        self.assertIn(partner, other.message_partner_ids)

    def test_times_are_utc_and_days_are_kept(self):
        sale = self.receive(
            self.order(
                created_at="2026-03-01T23:30:00+02:00",
                retailer_preferred_delivery_date="2026-07-05",
            )
        )

        # 23:30 in Cairo is 21:30 in UTC. Noon of a summer day in Cairo is 9:00, where the time
        # zones are those of 2023 or later.
        noon = pytz.timezone("Africa/Cairo").localize(datetime(2026, 7, 5, 12))
        self.assertEqual(sale.date_order, datetime(2026, 3, 1, 21, 30))
        self.assertEqual(sale.cartona_created_at, datetime(2026, 3, 1, 21, 30))
        self.assertEqual(sale.commitment_date, noon.astimezone(pytz.utc).replace(tzinfo=None))

    def test_the_delivery_day_outranks_the_preferred_day(self):
        sale = self.receive(
            self.order(
                delivery_day="2026-01-07",
                estimated_delivery_day="2026-01-08",
                retailer_preferred_delivery_date="2026-01-09",
            )
        )

        self.assertEqual(sale.commitment_date, datetime(2026, 1, 7, 10, 0))

    def test_number_dates_and_remark_of_an_order_are_optional(self):
        for absent in (None, ""):
            raw = self.order(
                hashed_id="bare%s" % absent,
                receipt_id=absent,
                created_at=absent,
                note_message=absent,
                retailer_preferred_delivery_date=absent,
                distribution_route_code=absent,
                retailer={"retailer_number2": absent, "address_notes": absent},
            )
            sale = self.receive(raw)
            self.assertRecordValues(
                sale,
                [
                    {
                        "cartona_number": False,
                        "client_order_ref": False,
                        "origin": "Cartona %s" % raw["hashed_id"],
                        "commitment_date": False,
                        "amount_total": 110.0,
                    }
                ],
            )
        raw = self.order(hashed_id="barer")
        for name in ("receipt_id", "created_at", "note_message", "delivery_day"):
            del raw[name]
        del raw["retailer"]["retailer_number2"]
        self.assertEqual(self.receive(raw).amount_total, 110.0)

    def test_without_a_configured_salesperson_an_order_has_none(self):
        self.config.user_id = False

        sale = self.receive()

        self.assertFalse(sale.user_id)

    def test_a_line_comment_is_shown_on_the_line(self):
        sale = self.receive(self.order({TEA: {"comment": "أخضر فقط"}}))

        self.assertEqual(sale.order_line[0].name.split("\n")[-1], "أخضر فقط")
        self.assertIn(self.tea.name, sale.order_line[0].name)
        self.assertNotIn("أخضر", sale.order_line[1].name)

    def test_collected_by_cartona_shows_when_and_with_which_code(self):
        sale = self.receive(
            self.order(
                delivered_by="delivered_by_cartona",
                pickup_date="2026-03-04T08:00:00Z",
                pickup_otp="8841",
            )
        )

        self.assertEqual(sale.cartona_delivered_by, "delivered_by_cartona")
        self.assertEqual(sale.cartona_pickup_date, datetime(2026, 3, 4, 8, 0))
        self.assertEqual(sale.cartona_pickup_otp, "8841")
        self.assertNotIn("8841", self.chatter(sale))
        self.assertNotIn("8841", sale.cartona_snapshot)

    def test_an_unknown_delivery_method_is_shown_as_other(self):
        sale = self.receive(self.order(delivered_by="delivered_by_drone"))

        self.assertEqual(sale.cartona_delivered_by, "other")
        self.assertIn("delivered_by_drone", self.chatter(sale))

    def test_only_stock_users_see_the_pickup_code(self):
        sale = self.receive(self.order(pickup_otp="8841"))
        for group, may_see in (
            ("sales_team.group_sale_manager", False),
            ("stock.group_stock_user", True),
        ):
            # Up to 18 a new user gets the groups of a template, unless groups are given.
            groups = {groups_field(self.env): [(6, 0, self.env.ref(group).ids)]}
            user = (
                self.env["res.users"]
                .with_context(no_reset_password=True)
                .create(dict(groups, name=group, login=group))
            )
            shown = sale.with_user(user).fields_get(["cartona_pickup_otp"])
            self.assertEqual(bool(shown), may_see, group)

    def test_the_company_of_the_configuration_gets_the_order(self):
        company = self.env["res.company"].create({"name": "Wholesale"})
        config = self.env["cartona.config"]._of_company(company)
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        if not warehouse:
            warehouse = self.env["stock.warehouse"].create(
                {"name": "Wholesale", "code": "WS", "company_id": company.id}
            )
        team = self.env["crm.team"].create({"name": "Wholesale", "company_id": company.id})
        config.write(
            {"team_id": team.id, "user_id": False, "warehouse_ids": [(6, 0, warehouse.ids)]}
        )
        for product, cartona_id in ((self.tea, "T1"), (self.rice, "R1")):
            self.env["cartona.listing"]._link(config, product, cartona_id)

        here, there = self.receive(), self.receive(config=config)

        self.assertEqual(here.company_id, self.company)
        self.assertRecordValues(
            there,
            [{"company_id": company.id, "warehouse_id": warehouse.id, "team_id": team.id}],
        )
        # The same retailer is a customer of each company.
        self.assertEqual(here.partner_id.company_id, self.company)
        self.assertEqual(there.partner_id.company_id, company)
        self.assertEqual(there.partner_id.cartona_id, here.partner_id.cartona_id)

    def test_a_quotation_reserves_stock_until_it_is_cancelled(self):
        tea, rice = self.listing(self.tea).id, self.listing(self.rice).id
        sale = self.receive()
        self.assertEqual(set(self.outbox_rows("restock")), {("restock", tea), ("restock", rice)})

        self.clear_outbox()
        self.receive(self.order({TEA: {"amount": 9}}))
        self.assertEqual(set(self.outbox_rows("restock")), {("restock", tea)})

        self.clear_outbox()
        self.receive(self.order({TEA: {"amount": 9}, RICE: None}))
        self.assertEqual(set(self.outbox_rows("restock")), {("restock", rice)})

        self.clear_outbox()
        sale._action_cancel()
        self.assertEqual(set(self.outbox_rows("restock")), {("restock", tea)})

    def test_a_quotation_of_another_customer_marks_nothing_dirty(self):
        partner = self.env["res.partner"].create({"name": "Shop"})
        self.env["sale.order"].create(
            {"partner_id": partner.id, "order_line": [(0, 0, {"product_id": self.tea.id})]}
        )

        self.assertEqual(self.outbox_rows(), [])

    def test_sending_again_marks_the_order_dirty(self):
        sale = self.receive()
        sale.write({"cartona_sync_state": "error", "cartona_error": "Refused"})
        self.clear_outbox()

        sale.with_user(self.env.ref("base.user_admin")).action_cartona_sync()

        self.assertEqual((sale.cartona_sync_state, sale.cartona_error), ("pending", False))
        self.assertEqual(self.outbox_rows("order"), [("order", sale.id)])


class TestExactlyOnce(OrderCase):
    def test_the_same_order_again_changes_nothing(self):
        sale = self.receive()
        before = self.stored_values(sale)

        again = self.receive()

        self.assertEqual(again, sale)
        self.assertEqual(self.stored_values(sale), before)
        self.assertEqual(self.env["sale.order"].search_count([("cartona_id", "=", "k3Jd82")]), 1)

    def test_an_order_created_concurrently_is_not_duplicated(self):
        sale = self.receive()
        importer = type(self.env["cartona.order.importer"])
        # A transaction does not see what was committed after its start.
        self.patch(
            importer,
            "_make_plans",
            lambda self, config, orders: [_plan_without_orders(self, orders[0])],
        )

        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                self.receive_all([self.order()])

        self.assertEqual(self.env["sale.order"].search([("cartona_id", "=", "k3Jd82")]), sale)

    def test_one_bad_order_does_not_block_the_others(self):
        good, bad, fine = self.receive_all(
            [
                self.order(hashed_id="a1"),
                self.order({TEA: {"supplier_product_id": "GONE"}}, hashed_id="b2"),
                self.order(hashed_id="c3"),
            ]
        )

        self.assertEqual((good.error_code, fine.error_code), (None, None))
        self.assertEqual((good.order.cartona_id, fine.order.cartona_id), ("a1", "c3"))
        self.assertEqual(bad.error_code, "unknown_product")
        self.assertFalse(bad.order)
        self.assertEqual(self.env["sale.order"].search_count([("cartona_id", "=", "b2")]), 0)


class TestWaitingReasons(OrderCase):
    def test_an_unknown_product_is_named_with_its_ids(self):
        change = {
            "supplier_product_id": "GONE",
            "internal_product_id": "SKU-9",
            "base_product_id": 999,
            "product_name": "جبنة",
        }

        code, detail = self.refuse(self.order({TEA: change}))

        self.assertEqual(code, "unknown_product")
        for word in ("جبنة", "GONE", "SKU-9", "999"):
            self.assertIn(word, detail)
        self.assertNotIn("R1", detail)

    def test_an_unknown_product_comes_in_once_it_is_linked(self):
        raw = self.order({TEA: {"supplier_product_id": "T9"}})
        self.refuse(raw)
        coffee = self.make_product("بن", 12.5)
        coffee.cartona_id = "T9"

        sale = self.receive(raw)

        self.assertEqual(sale.order_line[0].product_id, coffee)

    def test_an_archived_product_and_one_not_for_sale_wait(self):
        self.tea.active = False
        self.assertEqual(self.refuse(self.order())[0], "product_unavailable")

        self.tea.active = True
        self.rice.sale_ok = False
        code, detail = self.refuse(self.order())

        self.assertEqual(code, "product_unavailable")
        self.assertIn("R1", detail)
        self.assertNotIn("T1", detail)

    def test_another_pack_size_than_the_linked_one_waits(self):
        self.listing(self.tea).write({"unit": "box", "unit_count": 24})

        code, detail = self.refuse(self.order({TEA: {"unit": "box", "unit_count": 12}}))

        self.assertEqual(code, "unit_mismatch")
        self.assertIn("T1", detail)

    def test_a_part_of_a_box_waits(self):
        change = {"unit": "box", "amount": 1.5}

        self.assertEqual(self.refuse(self.order({TEA: change}))[0], "fractional_amount")

    def test_an_order_with_nothing_to_sell_waits(self):
        raw = self.order({TEA: {"amount": 0}, RICE: {"amount": -1}}, total_price=0)

        self.assertEqual(self.refuse(raw)[0], "empty_order")

    def test_lines_that_do_not_add_up_wait_with_both_figures(self):
        code, detail = self.refuse(self.order(total_price=110.02))

        self.assertEqual(code, "total_mismatch")
        self.assertIn("110.00", detail)
        self.assertIn("110.02", detail)

    def test_a_difference_of_one_cent_is_tolerated(self):
        self.assertEqual(self.receive(self.order(total_price=110.01)).amount_total, 110.0)
        sale = self.receive(self.order(hashed_id="less", total_price=109.99))
        self.assertEqual(sale.amount_total, 110.0)

    def test_an_amount_odoo_would_round_makes_the_order_wait(self):
        self.listing(self.tea).write({"unit": "kg", "unit_count": 0})

        code, _detail = self.refuse(self.order({TEA: {"unit": "kg", "amount": 0.1235}}))

        self.assertEqual(code, "precision")

    def test_every_reason_is_explained(self):
        reasons = self.env["cartona.reasons"]
        for code in (
            "empty_order",
            "fractional_amount",
            "no_pricelist",
            "precision",
            "product_unavailable",
            "total_mismatch",
            "unit_family",
            "unit_mismatch",
            "unknown_product",
        ):
            self.assertNotIn(code, reasons._explain(code, ""), "has no explanation")


def _plan_without_orders(importer, order):
    """Return the plan of an order as if no sale order existed."""
    from ..models.inbox.importer import Plan, lines_by_key, snapshot_of

    lines = lines_by_key(order)
    sale = importer.env["sale.order"]
    return Plan(order, lines, sale, {}, snapshot_of(order, lines))
