"""Bad input is stored or refused with a readable reason: nothing fails, nothing is half done, and
valid records beside it are processed.
"""

import json

from odoo.tests import tagged

from ..cartona_api import Problem, parse_order, unwrap
from .bad_input_common import VARIANTS, mutations, no_errors_logged, paths, selected
from .common import ORDERS, PRODUCTS, STATUSES
from .order_common import ORDER, OrderCase
from .test_catalogue import CATALOGUE, CatalogueCase
from .test_webhook import STATUS_URL, WebhookCase

# The valid order with every field that the API notes name.
WHOLE_ORDER = dict(
    ORDER,
    pickup_date="2026-03-06T10:00:00Z",
    pickup_otp="778812",
    cancellation_reason="out_of_stock",
    return_reason="expired",
    retailer=dict(ORDER["retailer"], retailer_email="shop@example.com"),
)
# Source: the table "Orders in" of the notes.
NAMED = """
hashed_id receipt_id supplier_code status delivered_by pickup_date pickup_otp delivery_day
estimated_delivery_day retailer_preferred_delivery_date cancellation_reason return_reason
note_message edited_by_admin distribution_route_code created_at total_price cartona_credit
installment_cost wallet_top_up applied_supplier_rebate retailer retailer_name retailer_code
retailer_number retailer_number2 retailer_address address_notes retailer_email order_details id
supplier_product_id internal_product_id base_product_id unit unit_count product_name amount
selling_price applied_supplier_discount applied_cartona_discount comment
"""
WHOLE_ROW = {
    "supplier_product_id": 12345,
    "internal_product_id": "51",
    "base_product_id": 880,
    "unit": "box",
    "unit_count": 24,
    "base_product_name": "مياه معدنية",
    "supplier_product_name": "مياه معدنية ٦٠٠ مل × ٢٤",
    "image_thumbnail": "https://cdn.example.com/880.jpg",
    "median_price": 205.5,
    "tax_percentage": 14,
    "selling_price": 200,
    "available_stock_quantity": 17,
    "remind_me_at_stock": 5,
    "min_order": 1,
    "max_order": 20,
    "in_stock": True,
    "is_bundle": False,
    "is_published": True,
    "is_unlimited_stock": False,
    "sold_amount": 340,
    "notes": None,
}
# Answers with status 200 and an unexpected body.
ANSWERS = [
    "",
    " ",
    "ok",
    "null",
    "true",
    "0",
    '"text"',
    "NaN",
    "[NaN]",
    "[]",
    "[[]]",
    "[null]",
    "[1, 2]",
    "{}",
    '{"errors": null}',
    '{"errors": {}}',
    '{"errors": [null, 1, {}, []]}',
    '{"errors": {"0": {"deep": [1]}}}',
    '{"errors": [{"supplier_product_id": {}, "message": ["<b>no</b>"]}]}',
    '{"errors": ["\\u0000\\ud800 refused"]}',
    '{"data": {"data": {"data": {"data": []}}}}',
    '{"success": false}',
    '{"success": "false", "message": {"a": 1}}',
    '{"status": []}',
    '{"orders": 7}',
    '{"data": "none"}',
    "<html><body>Down for maintenance</body></html>",
    "{truncated",
    "[" * 400 + "]" * 400,
    "[" * 100_000,
    '{"error": ' * 200 + "1" + "}" * 200,
    "1" * 5000,
    '{"a": 1e999}',
    "\ufeff[]",
    "\x00",
]


# Fields that decide whether a call is accepted.
_CHECKED_ON_RECEIPT = ("hashed_id", "status", "order_details", "supplier_code", "total_price")


def end_pause(config, direction):
    """End the pause after a failure, and clear the cache."""
    config.env.invalidate_all()
    config._end_pause(direction)
    config.env.cr.flush()


@tagged("slow", "post_install", "-at_install")
class TestBadOrders(OrderCase):
    """Pulled orders are stored, imported and acknowledged."""

    def setUp(self):
        super().setUp()
        self.marketplace.answer_always("POST", STATUSES, {})
        self.config.batch_size = 100

    def pull(self, rows):
        """Pull and import exactly these orders."""
        others = [entry for entry in self.marketplace._prepared if entry[1] != ORDERS]
        self.marketplace._prepared = others
        pages = [rows[first : first + 100] for first in range(0, len(rows), 100)]

        def page(query):
            number = int(query["page"])
            return pages[number - 1] if number <= len(pages) else []

        self.marketplace.answer_always("GET", ORDERS, page)
        self.env.cr.flush()
        Message = self.env["cartona.message"]
        wait = 0
        while wait == 0:
            wait = Message._pull(self.config.id)
        self.assertIsNone(wait)
        wait = 0
        while wait == 0:
            wait = Message._import(self.config.id)
        self.assertIsNone(wait)
        self.env.invalidate_all()

    def test_every_documented_field_is_tried(self):
        self.assertEqual({path[-1] for path in paths(WHOLE_ORDER)}, set(NAMED.split()))

    def test_every_field_of_an_order_may_be_missing_or_wrong(self):
        cases = mutations(WHOLE_ORDER)
        self.assertGreater(len(cases), 900)
        cases = selected(cases)
        rows = []
        for number, (path, _variant, order) in enumerate(cases):
            if path != "hashed_id":
                order["hashed_id"] = "d%s" % number
            rows.append(order)
        good = dict(ORDER, hashed_id="good")

        with no_errors_logged(self):
            self.pull([*rows, good])

        messages = self.env["cartona.message"].search([("config_id", "=", self.config.id)])
        by_order = {message.hashed_id: message for message in messages}
        self.assertEqual(by_order["good"].state, "done")
        for number, (path, variant, order) in enumerate(cases):
            with self.subTest(path=path, variant=variant):
                if path != "hashed_id":
                    self.assert_whole_or_explained(by_order["d%s" % number], order)
        for message in messages.filtered(lambda message: message.hashed_id not in by_order):
            self.assert_explained(message)

    def assert_whole_or_explained(self, message, order):
        sale = self.env["sale.order"].search([("cartona_id", "=", message.hashed_id)])
        if message.state == "error":
            self.assertFalse(sale)
            self.assert_explained(message)
            return
        self.assertEqual(message.state, "done")
        self.assertEqual(message.order_id, sale)
        self.assertEqual(len(sale), 1)
        self.assertAlmostEqual(sale.amount_total, 110.0, msg="complete or not at all")
        self.assertEqual(message.acknowledge, "done")

    def test_every_field_of_an_update_may_be_missing_or_wrong(self):
        """The order keeps its goods and price, whatever these fields contain.

        An unknown status is shown and creates an activity; a missing one changes nothing.
        """
        cases = selected([case for case in mutations(WHOLE_ORDER) if case[0] != "hashed_id"])
        for number, (_path, _variant, order) in enumerate(cases):
            order["hashed_id"] = "d%s" % number
        self.pull([dict(WHOLE_ORDER, hashed_id=order["hashed_id"]) for *_how, order in cases])
        sales = self.env["sale.order"].search([("cartona_id", "=like", "d%")])
        self.assertEqual(len(sales), len(cases))
        [before] = {self.goods(sale) for sale in sales}

        with no_errors_logged(self):
            self.pull([order for *_how, order in cases])

        self.assertEqual(self.env["sale.order"].search_count([("cartona_id", "=like", "d%")]),
                         len(cases))  # fmt: skip
        sales = {sale.cartona_id: sale for sale in sales}
        stored = self.env["cartona.message"].search([("hashed_id", "=like", "d%")], order="id")
        self.assertGreater(
            len(stored), 1.9 * len(cases), "nearly all of them differ from the first version"
        )
        newest = {message.hashed_id: message for message in stored}
        for path, variant, order in cases:
            with self.subTest(path=path, variant=variant):
                message, sale = newest[order["hashed_id"]], sales[order["hashed_id"]]
                self.assertEqual((self.goods(sale), sale.state), (before, "draft"))
                if message.state == "error":
                    self.assert_explained(message)
                    self.assertEqual(sale.cartona_status, "pending")
                else:
                    self.assertEqual((message.state, message.order_id), ("done", sale))
                    self.assert_status(sale, message)

    def assert_status(self, sale, message):
        """Check that the message's status was applied to an order that was pending."""
        status = parse_order(dict(ORDER, status=json.loads(message.payload).get("status"))).status
        self.assertEqual(sale.cartona_status, status or "pending")
        unknown = [row for row in sale.activity_ids if "unknown status" in row.summary]
        self.assertEqual(len(unknown), bool(status) and status != "pending")

    def goods(self, sale):
        lines = [(line.product_id, line.product_uom_qty, line.price_unit)
                 for line in sale.order_line if line.product_uom_qty]  # fmt: skip
        return (round(sale.amount_total, 2), *lines)

    def test_an_invalid_status_leaves_the_order_unchanged(self):
        values = list(VARIANTS.values())[1:]
        rows = [dict(ORDER, hashed_id="n%s" % number) for number in range(len(values))]
        self.pull(rows)
        kept = 0
        with no_errors_logged(self):
            for row, value in zip(rows, values):
                notice = {"hashed_id": row["hashed_id"], "status": value}
                try:
                    notices = unwrap(json.loads(json.dumps(notice)))
                except Problem:
                    continue  # refused by the webhook, see below
                kept += 1
                self.env["cartona.message"]._store(self.config, "webhook", notices)
            self.pull([])
        self.assertGreater(kept, 3)
        stored = self.env["cartona.message"].search([("kind", "=", "status")])
        self.assertEqual(len(stored), kept)
        for message in stored:
            with self.subTest(message.payload[:60]):
                sale = self.env["sale.order"].search([("cartona_id", "=", message.hashed_id)])
                self.assertEqual((self.goods(sale)[0], sale.state), (110.0, "draft"))
                if message.state == "error":
                    self.assert_explained(message)
                    self.assertEqual(sale.cartona_status, "pending")
                else:
                    self.assertEqual((message.state, message.order_id), ("done", sale))
                    self.assert_status(sale, message)

    def assert_explained(self, message):
        self.assertEqual(message.state, "error")
        self.assertNotIn(message.error_code, (False, "unexpected"))
        self.assertNotIn("(%s)" % message.error_code, message.error_message, "explained")
        json.loads(message.payload)

    def test_stored_bad_input_fits_into_the_support_bundle(self):
        rows = [dict(WHOLE_ORDER, hashed_id="h%s" % number, note_message=value)
                for number, value in enumerate(list(VARIANTS.values())[1:])]  # fmt: skip
        self.pull(rows)
        action = self.config.action_support_bundle()
        bundle = self.env[action["res_model"]].browse(action["res_id"])
        self.assertTrue(bundle.file)

    def test_invalid_rows_are_stored_and_do_not_block_orders(self):
        rows = [*VARIANTS.values()]
        rows = [row for row in rows[1:]] + [{"hashed_id": "x"}, {"order_details": []}]
        with no_errors_logged(self):
            self.pull([*rows, dict(ORDER, hashed_id="good")])
        messages = self.env["cartona.message"].search([("config_id", "=", self.config.id)])
        self.assertEqual(messages.filtered(lambda row: row.state == "done").hashed_id, "good")
        for message in messages.filtered(lambda row: row.state != "done"):
            self.assert_explained(message)
        self.assertEqual(self.env["sale.order"].search_count([("cartona_id", "=", "good")]), 1)

    def test_an_odd_answer_to_a_pull_keeps_the_connection(self):
        for answer in ANSWERS:
            with self.subTest(answer[:40]), no_errors_logged(self):
                end_pause(self.config, "in")
                self.marketplace._prepared.clear()
                self.marketplace.answer_next("GET", ORDERS, answer)
                self.marketplace.answer_always("GET", ORDERS, [])
                self.env.cr.flush()
                self.env["cartona.message"]._pull(self.config.id)
                self.assertEqual(self.config.connection_state, "connected")

    def test_an_odd_answer_to_an_acknowledgement_causes_no_error(self):
        self.pull([ORDER])
        message = self.env["cartona.message"].search([("hashed_id", "=", ORDER["hashed_id"])])
        for answer in ANSWERS:
            with self.subTest(answer[:40]), no_errors_logged(self):
                message.acknowledge = "due"
                self.marketplace._prepared.clear()
                self.marketplace.answer_next("POST", STATUSES, answer)
                self.marketplace.answer_always("POST", STATUSES, {})
                for _attempt in range(2):
                    end_pause(self.config, "in")
                    message._acknowledge(self.config.id)
                self.env.invalidate_all()
                self.assertEqual((message.state, message.acknowledge), ("done", "done"))


@tagged("post_install", "-at_install")
class TestBadRows(CatalogueCase):
    """Rows of the catalogue, and answers to sent values."""

    def test_every_field_of_a_row_may_be_missing_or_wrong(self):
        cases = mutations(WHOLE_ROW)
        for number, (path, _variant, row) in enumerate(cases):
            if path != "supplier_product_id":
                row["supplier_product_id"] = "D%s" % number
            self.offers["D%s" % number] = row
        with no_errors_logged(self):
            self.read_catalogue()
        self.assertTrue(self.config.catalogue_read_at)
        unreadable = self.config.catalogue_unreadable
        names = set(self.env["cartona.listing"].search([]).mapped("cartona_id"))
        self.assertIn("T1", names)
        for number, (path, variant, _row) in enumerate(cases):
            with self.subTest(path=path, variant=variant):
                name = "D%s" % number
                if path != "supplier_product_id":
                    self.assertNotEqual(name in names, '"%s"' % name in unreadable)

    def test_invalid_catalogue_rows_are_stored_and_do_not_block_others(self):
        self.offers.update(enumerate([*VARIANTS.values()][1:]))
        with no_errors_logged(self):
            self.read_catalogue()
        self.assertTrue(self.config.catalogue_read_at)
        self.assertEqual(self.config.catalogue_count, 2)

    def test_an_odd_answer_to_the_catalogue_keeps_the_connection(self):
        for answer in ANSWERS:
            with self.subTest(answer[:40]), no_errors_logged(self):
                end_pause(self.config, "in")
                self.config.catalogue_page = 0
                self.marketplace._prepared.clear()
                self.marketplace.answer_next("GET", CATALOGUE, answer)
                self.marketplace.answer_always("GET", CATALOGUE, [])
                self.read_catalogue()
                self.assertEqual(self.config.connection_state, "connected")

    def test_an_odd_answer_to_prices_is_accepted_explained_or_retried(self):
        for number, answer in enumerate(ANSWERS):
            with self.subTest(answer[:40]), no_errors_logged(self):
                end_pause(self.config, "out")
                self.marketplace._prepared.clear()
                self.marketplace.answer_next("POST", PRODUCTS, answer)
                self.marketplace.answer_always("POST", PRODUCTS, {})
                self.tea.list_price = 100.0 + number
                self.run_drain()
                listing = self.listing(self.tea)
                if not self.outbox_rows("price"):
                    self.assertIn(listing.state, ("synced", "error"))
                    self.assertEqual(listing.state == "error", bool(listing.error_message))
                end_pause(self.config, "out")
                self.run_drain()
                self.assertEqual(self.outbox_rows(), [])
                self.assertEqual(self.config.connection_state, "connected")


@tagged("post_install", "-at_install")
class TestBadCalls(WebhookCase):
    """Calls of the webhook are stored or refused with a reason; they never get a 500."""

    def test_every_field_of_a_call_may_be_missing_or_wrong(self):
        count = 0
        for path, variant, order in mutations(WHOLE_ORDER):
            if path not in _CHECKED_ON_RECEIPT:
                continue  # stored and read as in a pulled order
            count += 1
            before = len(self.messages())
            with self.subTest(path=path, variant=variant), no_errors_logged(self):
                answer = self.post(order_bytes(order))
                self.assertIn(answer.status_code, (200, 400))
                if answer.status_code == 400:
                    self.assertTrue(answer.json()["status"])
                    self.assertEqual(len(self.messages()), before)
                else:
                    self.assertEqual(answer.json()["received"], 1)
        self.assertEqual(count, len(VARIANTS) * len(_CHECKED_ON_RECEIPT))
        self.assertGreater(len(self.messages()), count / 2)

    def test_fields_of_a_status_notice_may_be_missing_or_wrong(self):
        for sample in (
            {"hashed_id": ORDER["hashed_id"], "status": "approved"},
            {"order_id": ORDER["hashed_id"], "status": "approved"},
        ):
            for path, variant, notice in mutations(sample):
                before = len(self.messages())
                with self.subTest(path=path, variant=variant), no_errors_logged(self):
                    answer = self.post(order_bytes(notice), url=STATUS_URL)
                    if answer.status_code == 200:
                        self.assertEqual(answer.json()["received"], 1)
                    else:
                        self.assertEqual(answer.status_code, 400)
                        self.assertEqual(answer.json()["status"], "not an order")
                        self.assertEqual(len(self.messages()), before)
        self.assertEqual(set(self.messages().mapped("kind")), {"status"})

    def test_an_invalid_order_is_refused_with_a_reason(self):
        for name, value in list(VARIANTS.items())[1:]:
            for body in (value, [value], {"orders": [value]}, {"data": value}):
                with self.subTest(name, body=str(body)[:30]), no_errors_logged(self):
                    answer = self.post(order_bytes(body))
                    self.assertIn(answer.status_code, (200, 400))
                    if answer.status_code == 200:
                        self.assertEqual(answer.json()["received"], 0)
        self.assertFalse(self.messages())


def order_bytes(data):
    """Return the data as lenient JSON, with NaN and halves of surrogate pairs."""
    return json.dumps(data).encode()
