"""Waiting orders: their reason, the window of their button, and the import after a fix."""

import ast
import copy
import re

from odoo.tests import Form

from ..cartona_api import errors, unwrap
from ..models.core.reasons import AUTOMATIC, NOTHING
from .common import PRODUCTS, STATUSES
from .order_common import ORDER, RICE, TEA, OrderCase

_RAISED = ("Transient", "Unauthorised", "Rejected", "InsecureUrl")


class TestWaitingOrders(OrderCase):
    def setUp(self):
        super().setUp()
        self.marketplace.answer_always("POST", STATUSES, {})
        self.clerk = (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": "Clerk",
                    "login": "cartona_clerk",
                    "company_id": self.company.id,
                    "company_ids": [(6, 0, self.company.ids)],
                    self.groups_field(): [
                        (6, 0, self.env.ref("sales_team.group_sale_salesman").ids)
                    ],
                }
            )
        )

    # === HELPERS === #

    def groups_field(self):
        names = self.env["res.users"]._fields
        return "group_ids" if "group_ids" in names else "groups_id"

    def receive_waiting(self, raw, code):
        """Receive an order that must wait.

        :return: `cartona.message`
        """
        message, _repeated = self.env["cartona.message"]._store(
            self.config, "pull", unwrap(copy.deepcopy(raw))
        )
        self.run_import()
        self.assertEqual((message.state, message.error_code), ("error", code))
        return message

    def rows(self, action):
        """Return the records that a window shows."""
        Model = self.env[action["res_model"]]
        if action.get("res_id"):
            self.assertEqual(action["views"][0][1], "form")
            return Model.browse(action["res_id"])
        domain = action.get("domain") or []
        domain = ast.literal_eval(domain) if isinstance(domain, str) else domain
        context = action.get("context") or {}
        context = ast.literal_eval(context) if isinstance(context, str) else context
        return Model.with_context(**context).search(domain)

    def assertImported(self, message):
        self.run_import()
        self.assertEqual(message.state, "done", message.error_message)
        self.assertEqual(len(message.order_id), 1)

    def unlinked(self):
        return self.order({TEA: {"supplier_product_id": "NEW1", "product_name": "عصير"}})

    # === DISPLAY === #

    def test_the_sales_menu_lists_only_waiting_orders(self):
        message = self.receive_waiting(self.unlinked(), "unknown_product")
        self.env["cartona.message"]._store(
            self.config, "webhook", unwrap({"hashed_id": "x", "status": "approved"})
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "cartona_integration.action_cartona_waiting_orders"
        )
        menu = self.env.ref("cartona_integration.menu_cartona_waiting_orders")

        self.assertEqual(menu.parent_id, self.env.ref("sale.sale_order_menu"))
        self.assertIn(self.config.id, self.rows(action).config_id.ids)
        self.assertEqual(self.rows(action), message)
        self.run_import()
        self.assertEqual(self.rows(action), message, "a status notice is not an order")

    def test_a_clerk_sees_the_order_and_its_reason(self):
        message = self.receive_waiting(self.unlinked(), "unknown_product").with_user(self.clerk)
        self.assertEqual(message.retailer_name, ORDER["retailer"]["retailer_name"])
        self.assertEqual((message.amount, message.cartona_number), (110.0, "4711"))
        self.assertIn("is not linked", message.error_message)
        self.assertIn("عصير", message.error_message)
        self.assertEqual(message.fix_label, "Link the product")
        self.assertTrue(message.create_date)

    def test_every_reason_is_explained_and_has_a_next_step(self):
        Reasons = self.env["cartona.reasons"]
        somewhere = {NOTHING, AUTOMATIC, *Reasons._fix_labels()}
        for code, reason in Reasons._reasons().items():
            with self.subTest(code):
                self.assertTrue(reason.cause)
                self.assertIn(reason.fix, somewhere)
                self.assertTrue(Reasons._explain(code).startswith(reason.cause))
        self.assertEqual(Reasons._reason("unknown code").fix, NOTHING)

    def test_every_error_of_a_call_is_explained(self):
        Reasons = self.env["cartona.reasons"]
        rows = re.findall(r"^(\w+) +(?:%s) " % "|".join(_RAISED), errors.__doc__, re.MULTILINE)
        self.assertEqual(len(rows), 18)
        for code in rows:
            with self.subTest(code):
                self.assertNotIn(code, Reasons._explain(code))
        self.assertEqual(Reasons._explain("private_address"), Reasons._explain("insecure_url"))

    def test_unreadable_calls_and_messages_are_explained_differently(self):
        Reasons = self.env["cartona.reasons"]
        self.assertIn("as an order", Reasons._explain("bad_number"))
        self.assertIn("as an order", Reasons._explain(Reasons._message_code("unreadable")))
        self.assertIn("answer could not be read", Reasons._explain("unreadable"))

    def test_a_skipped_older_order_opens_the_settings(self):
        message = self.receive_waiting(self.unlinked(), "unknown_product")
        message.error_code = "handled_before"
        self.assertEqual(message.fix_label, "Open the Cartona settings")
        self.assertEqual(message.action_fix()["res_model"], "cartona.config")

    def test_the_button_retries_an_order_odoo_refused(self):
        raw = self.unlinked()
        message = self.receive_waiting(raw, "unknown_product")
        message.error_code = "refused_by_odoo"
        self.assertEqual(message.fix_label, "Try Again")
        message.with_user(self.clerk).action_fix()
        self.assertEqual(message.state, "new")

    # === BUTTON AND FIX === #

    def test_an_unlinked_product_opens_its_matching(self):
        message = self.receive_waiting(self.unlinked(), "unknown_product")

        action = message.action_fix()

        self.assertEqual(action["res_model"], "cartona.matching.desk")
        listing = self.rows(action).listing_id
        self.assertEqual((listing.cartona_id, listing.name), ("NEW1", "عصير"))
        self.assertEqual((listing.unit, listing.unit_count), ("piece", 1.0))
        self.assertFalse(listing.product_id)
        self.assertEqual(self.rows(message.action_fix()).listing_id, listing, "not made twice")

        listing.product_id = self.make_product("عصير برتقال", 12.5)
        self.assertImported(message)

    def test_a_clerk_links_the_product_and_sees_the_order(self):
        message = self.receive_waiting(self.unlinked(), "unknown_product")
        juice = self.make_product("عصير", 12.5)

        action = message.with_user(self.clerk).action_fix()
        desk = self.rows(action).with_user(self.clerk)
        desk.product_id = juice
        done = desk.action_accept()

        self.assertIn("Order imported", done["params"]["message"])
        self.assertEqual(done["params"]["next"]["type"], "ir.actions.act_window_close")
        self.assertEqual((juice.cartona_id, message.state), ("NEW1", "done"))
        self.assertEqual(message.acknowledge, "due")

    def test_a_line_without_an_id_opens_all_products(self):
        line = {"supplier_product_id": None, "internal_product_id": "J-1", "product_name": "عصير"}
        message = self.receive_waiting(self.order({TEA: line}), "unknown_product")

        action = message.with_user(self.clerk).action_fix()

        self.assertEqual(action["res_model"], "product.template")
        self.assertNotIn("search_default_name", action["context"])
        with Form(self.env["product.template"].with_context(**action["context"])) as form:
            form.default_code = "J-1"
        self.assertEqual(form.save().name, "عصير")
        self.assertImported(message)

    def test_restoring_an_archived_product_imports_the_order(self):
        self.tea.active = False
        message = self.receive_waiting(self.order(), "product_unavailable")

        self.assertEqual(self.rows(message.with_user(self.clerk).action_fix()), self.tea)

        self.tea.active = True
        self.assertImported(message)

    def test_selling_a_product_again_imports_the_order(self):
        for number, product in enumerate((self.tea, self.tea.product_tmpl_id)):
            with self.subTest(product._name):
                product.sale_ok = False
                message = self.receive_waiting(
                    self.order(hashed_id="s%s" % number), "product_unavailable"
                )
                self.assertEqual(self.rows(message.action_fix()), self.tea)
                product.sale_ok = True
                self.assertImported(message)

    def test_restoring_a_product_without_a_listing_imports_the_order(self):
        juice = self.make_product("عصير", 12.5, default_code="J-1")
        juice.active = False
        line = {"supplier_product_id": None, "internal_product_id": "J-1"}
        message = self.receive_waiting(self.order({TEA: line}), "product_unavailable")
        self.assertEqual(self.rows(message.action_fix()), juice)

        juice.active = True
        self.assertImported(message)

    def test_entering_the_internal_reference_imports_the_order(self):
        juice = self.make_product("عصير", 12.5)
        line = {"supplier_product_id": None, "internal_product_id": "J-1"}
        message = self.receive_waiting(self.order({TEA: line}), "unknown_product")

        juice.default_code = "J-1"
        self.assertImported(message)

    def test_changing_the_pack_of_the_listing_imports_the_order(self):
        self.listing(self.tea).write({"unit": "piece", "unit_count": 1})
        line = {"unit": "box", "unit_count": 24}
        message = self.receive_waiting(self.order({TEA: line}), "unit_mismatch")

        listing = self.rows(message.action_fix())
        self.assertEqual(listing, self.listing(self.tea))

        listing.write({"unit": "box", "unit_count": 24})
        self.run_import()
        self.assertEqual((message.state, message.error_code), ("error", "pack_unconfirmed"))
        listing.action_count_in_pack()
        self.assertImported(message)

    def test_entering_a_unit_on_the_listing_imports_the_order(self):
        self.listing(self.tea).write({"unit": "piece", "unit_count": 1})
        message = self.receive_waiting(
            self.order({TEA: {"unit": "box", "unit_count": 24}}), "unit_mismatch"
        )

        self.listing(self.tea).write({"uom_id": self.box(24).id, "unit_count": 24})
        self.assertImported(message)
        tea = message.order_id.order_line.filtered(lambda line: line.product_id == self.tea)
        self.assertEqual(tea._cartona_uom(), self.box(24))

    def test_a_different_total_shows_both_figures(self):
        message = self.receive_waiting(self.order(total_price=999.0), "total_mismatch")

        action = message.action_fix()

        self.assertEqual(self.rows(action), message)
        self.assertIn("110.00", message.error_message)
        self.assertIn("999.00", message.error_message)
        self.assertEqual(message.fix_label, "")

    def test_an_unknown_account_opens_the_settings(self):
        self.config.supplier_code = "7"
        message = self.receive_waiting(self.order(), "unknown_account")
        action = message.action_fix()
        self.assertEqual(action["res_model"], "cartona.config")
        self.assertIn(self.config, self.rows(action))

        self.config.supplier_code = "1"
        self.assertImported(message)

    def test_an_invalid_message_opens_itself(self):
        message = self.receive_waiting(self.order({RICE: {"id": [1]}}), "bad_id")
        self.assertEqual(self.rows(message.action_fix()), message)
        self.assertIn("could not be read", message.error_message)

    def test_the_nightly_sweep_retries_waiting_orders(self):
        message = self.receive_waiting(self.unlinked(), "unknown_product")
        self.env["cartona.change"].search([]).unlink()

        self.env["cartona.config"]._cron_sweep()
        self.env.cr.flush()

        self.assertTrue(self.env["cartona.change"].search([("kind", "=", "replay")]))
        self.run_import()
        self.assertEqual(message.state, "error")

    def test_a_clerk_may_use_try_again(self):
        message = self.receive_waiting(self.order(total_price=999.0), "total_mismatch")
        message.with_user(self.clerk).action_retry()
        self.assertEqual(message.state, "new")

    # === UNREADABLE ORDERS === #

    def test_an_unreadable_order_still_shows_its_details(self):
        message = self.receive_waiting(self.order({TEA: {"id": [1]}}), "bad_id")
        self.assertEqual(message.retailer_name, ORDER["retailer"]["retailer_name"])
        self.assertEqual((message.amount, message.cartona_number), (110.0, "4711"))
        self.assertEqual(message.supplier_code, "1")

    def test_unreadable_details_are_left_empty(self):
        raw = dict(self.order(), receipt_id=["x"], total_price="much", retailer="somebody")
        message = self.receive_waiting(raw, "bad_id")
        self.assertEqual((message.retailer_name, message.cartona_number), ("", ""))
        self.assertEqual((message.amount, message.supplier_code), (0.0, "1"))

    # === WAITING CHANGES === #

    def test_a_waiting_change_creates_an_activity_until_imported(self):
        sale = self.receive()
        summary = "Cartona has changed this order, but the change waits: see Waiting Orders."
        message = self.receive_waiting(self.unlinked(), "unknown_product")
        self.assertEqual(message.order_id, sale)
        self.assertEqual(self.activities(sale), [(summary, self.env.ref("base.user_admin"))])

        self.make_product("عصير", 12.5).cartona_id = "NEW1"
        self.assertImported(message)
        self.assertEqual(self.activities(sale), [])

    def test_the_activity_closes_when_a_newer_change_is_imported(self):
        sale = self.receive()
        first = self.receive_waiting(self.unlinked(), "unknown_product")
        second = self.receive_waiting(self.order(total_price=999.0), "total_mismatch")
        self.assertEqual(first.state, "superseded")
        self.assertEqual((len(self.activities(sale)), second.order_id), (1, sale))

        self.env["cartona.message"]._store(
            self.config, "pull", unwrap(self.order(note_message="ok"))
        )
        self.run_import()
        self.assertEqual(self.activities(sale), [])

    def test_an_unreadable_change_creates_an_activity_on_its_order(self):
        sale = self.receive()
        message = self.receive_waiting(self.order({TEA: {"id": [1]}}), "bad_id")
        self.assertEqual((message.order_id, len(self.activities(sale))), (sale, 1))

    # === CHANGED PACKS === #

    def test_a_changed_pack_stops_the_listing_until_accepted(self):
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.set_stock(self.tea, 50)
        listing = self.listing(self.tea)
        listing.write({"unit": "piece", "unit_count": 1})
        self.clear_outbox()
        message = self.receive_waiting(
            self.order({TEA: {"unit": "box", "unit_count": 24}}), "unit_mismatch"
        )

        self.assertEqual((listing.shown_unit, listing.shown_unit_count), ("box", 24.0))
        self.assertTrue(listing.is_pack_changed)
        self.assertIn(listing.id, [row[1] for row in self.outbox_rows("price")])
        self.run_drain()
        sent = [item["supplier_product_id"] for item in sum(self.marketplace.bodies(PRODUCTS), [])]
        self.assertNotIn("T1", sent)
        self.assertEqual(listing.error_code, "pack_changed")

        listing.action_accept_pack()
        self.assertImported(message)

    def test_an_order_older_than_the_catalogue_marks_nothing(self):
        listing = self.listing(self.tea)
        listing.write(
            {"unit": "piece", "unit_count": 1, "shown_unit_count": 1, "shown_at": self.now()}
        )
        self.receive_waiting(self.order({TEA: {"unit": "box", "unit_count": 24}}), "unit_mismatch")
        self.assertFalse(listing.is_pack_changed)

    # === OTHER FIXES === #

    def test_adding_decimals_imports_the_order(self):
        self.listing(self.tea).write({"unit": "kg", "unit_count": 1})
        line = {"unit": "kg", "amount": 0.1234, "selling_price": 10}
        message = self.receive_waiting(self.order({TEA: line}), "precision")
        accuracy = self.rows(message.action_fix())
        self.assertEqual(accuracy._name, "decimal.precision")
        quantities = accuracy.filtered(lambda row: "Unit" in row.name)
        self.clear_outbox()

        quantities.digits = 5
        self.assertImported(message)
        self.assertEqual(message.order_id.order_line[0].product_uom_qty, 0.1234)

    def test_a_pricelist_in_cartonas_currency_imports_the_order(self):
        foreign = self.other_currencies()
        self.config.currency_id = foreign
        others = self.env["product.pricelist"].search([("currency_id", "=", foreign.id)])
        others.active = False
        for number in range(2):
            message = self.receive_waiting(self.order(hashed_id="p%s" % number), "no_pricelist")
            self.assertEqual(message.action_fix()["res_model"], "product.pricelist")
            if number:
                others.currency_id = foreign
            else:
                others = self.env["product.pricelist"].create(
                    {"name": "Cartona", "currency_id": foreign.id, "company_id": self.company.id}
                )
            self.assertImported(message)
            self.assertEqual(message.order_id.pricelist_id, others)
            others.currency_id = self.company.currency_id
