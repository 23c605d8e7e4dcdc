"""Personal data leaves the inbox once an order is closed, and codes are not tried without end."""

import json
from datetime import timedelta

from odoo import fields

from ..cartona_api import redact, unwrap
from ..models.orders.delivery_proof import _MAX_REFUSED
from .common import STATUSES
from .order_common import ORDER, OrderCase
from .test_delivery_otp import CODE, WRONG, OtpCase


class TestRetention(OrderCase):
    def setUp(self):
        super().setUp()
        self.marketplace.answer_always("POST", STATUSES, {})
        self.order_values = dict(self.order(), pickup_otp="778812")
        self.env["cartona.message"]._store(self.config, "pull", unwrap(self.order_values))
        self.run_import()
        self.message = self.env["cartona.message"].search([], limit=1, order="id desc")
        self.sale = self.env["sale.order"].search([("cartona_id", "=", ORDER["hashed_id"])])
        self.assertEqual((self.message.state, len(self.sale)), ("done", 1))
        self.message.acknowledge = "done"

    def age(self, days=91):
        """Make everything in the inbox older by some days, and clean it up."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE cartona_message SET create_date = create_date - %s", (timedelta(days=days),)
        )
        self.env.invalidate_all()
        self.env["cartona.message"]._remove_personal_data()

    def is_whole(self):
        payload = json.loads(self.message.payload)
        self.assertEqual(payload == self.order_values, bool(self.message.retailer_name))
        return payload == self.order_values

    def test_personal_data_of_a_closed_order_is_removed(self):
        self.sale.cartona_status = "delivered"
        self.age()
        self.assertFalse(self.is_whole())
        self.assertEqual(json.loads(self.message.payload), redact.documented(self.order_values))
        self.assertTrue(self.message.is_anonymous)
        retailer = ORDER["retailer"]
        for text in ("778812", retailer["retailer_name"], retailer["retailer_number"]):
            self.assertNotIn(text, self.message.payload)

    def test_a_repetition_is_recognised_afterwards(self):
        self.sale.cartona_status = "delivered"
        self.age()
        messages, repeated = self.env["cartona.message"]._store(
            self.config, "pull", unwrap(self.order_values)
        )
        self.assertEqual((len(messages), repeated), (0, 1))

    def test_messages_that_are_still_needed_stay_whole(self):
        for name, change in (
            ("open order", {}),
            ("new", {"state": "new"}),
            ("waiting", {"state": "error", "error_code": "other_error"}),
            ("to acknowledge", {"acknowledge": "due"}),
        ):
            with self.subTest(name):
                self.sale.cartona_status = "delivered" if change else "approved"
                self.message.write(dict({"state": "done", "acknowledge": "done"}, **change))
                self.age()
                self.assertTrue(self.is_whole())

    def test_recent_messages_stay_whole(self):
        self.sale.cartona_status = "delivered"
        self.age(days=89)
        self.assertTrue(self.is_whole())
        self.env["ir.config_parameter"].set_param("cartona_integration.inbox_days", "30")
        self.age(days=0)
        self.assertFalse(self.is_whole())

    def test_a_late_status_does_not_overwrite_the_customer(self):
        self.sale.cartona_status = "delivered"
        self.age()
        name = self.sale.partner_id.name
        notice = {"hashed_id": ORDER["hashed_id"], "status": "returned"}
        self.env["cartona.message"]._store(self.config, "webhook", unwrap(notice))
        self.run_import()
        self.assertEqual(self.sale.partner_id.name, name)
        newest = self.env["cartona.message"].search([], limit=1, order="id desc")
        self.assertEqual(newest.error_code, "unknown_order")


class TestCodeAttempts(OtpCase):
    def test_after_five_refused_codes_no_other_one_is_sent(self):
        sale = self.take_order_with_code()
        self.expect_code(sale)
        dialog = self.open_code_dialog(sale)
        for _attempt in range(_MAX_REFUSED):
            self.enter_code(dialog, WRONG)
        self.assertIn("does not accept this code", dialog.line_ids.message)
        sent = len(self.marketplace.calls)
        self.enter_code(dialog, CODE)
        self.assertEqual(len(self.marketplace.calls), sent)
        self.assertIn("15 minutes", dialog.line_ids.message)
        self.env.cr.execute(
            "UPDATE cartona_delivery_proof SET refused_at = %s",
            (fields.Datetime.now() - timedelta(minutes=16),),
        )
        self.enter_code(dialog, CODE)
        self.assertEqual((sale.picking_ids.state, sale.cartona_status), ("done", "delivered"))
