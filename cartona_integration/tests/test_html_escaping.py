"""HTML in names, remarks and answers is shown as text on every screen."""

import os

from odoo.tools import mute_logger

from .common import PRODUCTS
from .order_common import TEA, OrderCase

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"
# The only HTML field of ours; its text is escaped when it is built.
HTML_FIELDS = {("sale.order", "cartona_difference")}


class TestHtmlEscaping(OrderCase):
    def assert_escaped(self, html, where):
        for mark in ("<img", "<script", "<iframe"):
            self.assertNotIn(mark, str(html or "").lower(), where)

    def assert_all_escaped(self, records):
        """Check that all HTML of these records, their messages and activities is harmless."""
        self.env.cr.flush()
        self.env.invalidate_all()
        records = [record for group in records for record in group]
        for record in list(records):
            if "message_ids" in record._fields:
                records += [*self.messages(record), *record.activity_ids]
        seen = 0
        for record in records:
            for name, field in record._fields.items():
                if field.type == "html":
                    seen += bool(record[name])
                    self.assert_escaped(record[name], (record, name))
        return seen

    def evil_order(self, **changes):
        return self.order(
            lines={TEA: {"product_name": EVIL, "comment": EVIL}},
            retailer={
                "retailer_name": EVIL,
                "retailer_address": EVIL,
                "address_notes": EVIL,
                "retailer_email": EVIL,
            },
            **dict(
                {
                    "note_message": EVIL,
                    "distribution_route_code": EVIL,
                    "receipt_id": EVIL,
                    "pickup_date": EVIL,
                    "cancellation_reason": EVIL,
                },
                **changes,
            ),
        )

    def test_html_in_an_imported_order_is_escaped(self):
        sale = self.receive(self.evil_order())
        self.receive(self.evil_order(note_message=EVIL + "2", delivery_day="2026-03-09"))
        sale.action_confirm()
        self.receive(self.evil_order(status="cancelled_by_retailer", return_reason=EVIL))
        self.assertIn("img", sale.partner_id.name)
        seen = self.assert_all_escaped([sale, sale.partner_id, sale.picking_ids])
        self.assertGreater(seen, 2, "there are messages to check")

    def test_html_in_a_return_reason_is_escaped(self):
        self.set_stock(self.tea, 10)
        self.set_stock(self.rice, 10)
        sale = self.receive()
        sale.action_confirm()
        self.deliver(sale)
        sale._cartona_prepare_returns(EVIL)
        self.assertIn(EVIL[:4], self.chatter(sale.picking_ids[-1:]).replace("&lt;", "<"))
        self.assert_all_escaped([sale, sale.picking_ids])

    def test_html_in_a_difference_is_escaped(self):
        self.tea.name = EVIL
        sale = self.receive()
        sale.order_line[0].product_uom_qty = 3
        sale.order_line[1].product_uom_qty = 0
        self.env.invalidate_all()
        self.assertIn("&lt;img", sale.cartona_difference)
        self.assert_all_escaped([sale])

    def test_html_in_a_merged_customer_is_escaped(self):
        sale = self.receive(self.evil_order())
        partner = sale.partner_id
        duplicate = self.env["res.partner"].create({"name": EVIL, "phone": "+201003150160"})
        partner._cartona_merge_into(duplicate)
        self.assert_all_escaped([partner, duplicate, sale])

    def test_html_in_an_answer_is_escaped(self):
        packed = EVIL.replace("<", "&lt;").replace(">", "&gt;")
        for status, body in ((401, {"error": packed}), (401, "<p>%s</p>" % packed), (401, EVIL)):
            with self.subTest(status, body=str(body)), mute_logger(
                "odoo.addons.cartona_integration"
            ):
                self.config.activity_ids.unlink()
                self.config._connection_outcome(None)
                self.config._end_pause("out")
                self.marketplace._prepared.clear()
                self.marketplace.answer_next("POST", PRODUCTS, body, status)
                self.tea.list_price += 1
                self.run_drain()
                self.assertTrue(self.config.activity_ids)
                self.assert_all_escaped([self.config])

    def test_no_other_field_of_ours_is_html(self):
        ours = {
            (model, name)
            for model in self.env.registry
            for name, field in self.env[model]._fields.items()
            if field.type == "html" and field._module == "cartona_integration"
        }
        self.assertEqual(ours, HTML_FIELDS)

    def test_no_view_writes_text_unescaped(self):
        folder = os.path.dirname(os.path.dirname(__file__))
        for place, _folders, files in os.walk(folder):
            for name in files:
                if name.endswith(".xml"):
                    with open(os.path.join(place, name), encoding="utf-8") as view:
                        text = view.read()
                    for trap in ("t-raw", 'widget="html"'):
                        with self.subTest(name, trap=trap):
                            self.assertNotIn(trap, text)
