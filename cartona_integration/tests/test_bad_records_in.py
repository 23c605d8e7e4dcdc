"""One bad order, page or row never stops another on the way in."""

from datetime import datetime
from unittest.mock import patch

import psycopg2

from odoo.tools import mute_logger

from .common import ORDERS
from .inbox_common import InboxCase
from .test_catalogue import CATALOGUE, CatalogueCase

WORKER = "odoo.addons.cartona_integration.models.queue.worker"


class TestBadOrdersIn(InboxCase):
    """Orders that the database refuses, endless lists, pages that fail."""

    def setUp(self):
        super().setUp()
        self.config.batch_size = 100

    @mute_logger(WORKER, "odoo.sql_db")
    def test_texts_longer_than_an_index_row_are_cut(self):
        letters = "".join(chr(0x4E00 + number) for number in range(2000))
        retailer = {
            "retailer_code": "LONG",
            "retailer_name": letters,
            "retailer_number": "1" * 9000,
        }
        bad = self.raw(retailer=retailer, hashed_id="long")
        good = [self.sample("g%s" % number) for number in range(6)]
        self.store(bad, *good)
        self.assertIsNone(self.run_import())
        orders = self.env["sale.order"].search([("cartona_id", "!=", False)])
        self.assertEqual(len(orders), 7)
        self.assertEqual(self.order("long").partner_id.name, letters[:200])
        payload = self.env["cartona.message"].search([("hashed_id", "=", "long")]).payload
        self.assertIn(letters, payload, "the inbox keeps it whole")

    @mute_logger("odoo.addons.cartona_integration.models.inbox.import_job", "odoo.sql_db")
    def test_order_that_the_database_refuses_waits_alone(self):
        Importer = type(self.env["cartona.order.importer"])
        run = Importer._import_orders
        for code in ("54000", "57014", "22003"):
            with self.subTest(code):

                def refuse(importer, config, entries, code=code):
                    if any(order.hashed_id == "bad" + code for _message, order in entries):
                        importer.env.cr.execute(
                            "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '%s'; END $$" % code
                        )
                    return run(importer, config, entries)

                self.store(self.sample("bad" + code), self.sample("good" + code))
                with patch.object(Importer, "_import_orders", refuse):
                    self.assertIsNone(self.run_import())
                self.assertTrue(self.order("good" + code))
                message = self.env["cartona.message"].search([("hashed_id", "=", "bad" + code)])
                self.assertEqual((message.state, message.error_code), ("error", "unexpected"))

    @mute_logger("odoo.addons.cartona_integration.models.inbox.import_job", "odoo.sql_db", WORKER)
    def test_server_in_trouble_parks_nothing(self):
        Importer = type(self.env["cartona.order.importer"])

        class DiskFull(psycopg2.OperationalError):
            pgcode = "53100"

        self.store(self.sample("one"), self.sample("two"))
        self.env.cr.flush()
        with patch.object(Importer, "_import_orders", side_effect=DiskFull()):
            self.env["cartona.worker"]._job("import", self.config.id)
        self.env.invalidate_all()
        messages = self.env["cartona.message"].search([("config_id", "=", self.config.id)])
        self.assertEqual(set(messages.mapped("state")), {"new"})
        self.assertIn("53100", self.config.alarm)

    @mute_logger("odoo.addons.cartona_integration.models.inbox.import_job")
    def test_order_with_a_locked_row_waits_and_the_others_pass(self):
        Importer = type(self.env["cartona.order.importer"])
        run = Importer._import_orders

        class Locked(psycopg2.OperationalError):
            pgcode = "55P03"

        def refuse(importer, config, entries):
            if any(order.hashed_id == "locked" for _message, order in entries):
                raise Locked()
            return run(importer, config, entries)

        self.store(self.sample("locked"), self.sample("free"))
        with patch.object(Importer, "_import_orders", refuse):
            wait = self.run_import()
        self.assertTrue(0 < wait <= 6, wait)
        self.assertTrue(self.order("free"))
        message = self.env["cartona.message"].search([("hashed_id", "=", "locked")])
        self.assertEqual(message.state, "new")
        message.import_at = False
        self.assertIsNone(self.run_import())
        self.assertTrue(self.order("locked"))

    def test_transactions_of_workers_do_not_wait_long_for_locks(self):
        with self.env["cartona.worker"]._fresh_config(self.config.id) as config:
            config.env.cr.execute("SHOW lock_timeout")
            self.assertEqual(config.env.cr.fetchone(), ("1s",))

    def test_times_that_decide_are_those_of_the_database(self):
        ahead = "odoo.fields.Datetime.now"
        future = datetime(2099, 1, 1)
        with patch(ahead, return_value=future):
            message, _repeated = self.store(self.sample("clock"))
        self.assertLess(message.as_of, future)

    # === LISTS === #

    def orders_calls(self):
        return len([call for call in self.marketplace.calls if call[1] == ORDERS])

    def test_list_that_ignores_pages_and_changes_its_order_ends(self):
        rows = [self.sample("e%s" % number) for number in range(6)]
        served = []

        def page(_query):
            served.append(1)
            shift = len(served) % 6
            return rows[shift:] + rows[:shift]

        self.marketplace.answer_always("GET", ORDERS, page)
        self.assertIsNone(self.pull())
        self.assertEqual(self.orders_calls(), 4, "two passes of two pages")
        self.assertIsNone(self.run_import())
        self.assertEqual(len(set(self.acknowledged())), 6)

    def test_list_with_endlessly_new_rows_ends(self):
        count = []

        def page(query):
            count.append(1)
            if int(query["page"]) > 2:
                return []
            return [self.sample("n%s" % len(count), note_message=str(len(count)))]

        self.marketplace.answer_always("GET", ORDERS, page)
        self.assertIsNone(self.pull())
        self.assertEqual(self.orders_calls(), 9, "three passes of three pages")

    def test_page_that_always_fails_is_passed_over(self):
        self.config.batch_size = 2
        rows = [self.sample("p%s" % number) for number in range(6)]
        pages = {1: rows[:2], 2: None, 3: rows[4:], 4: []}

        def page(query):
            return pages[int(query["page"])] or []

        self.marketplace.answer_always("GET", ORDERS, page)
        original = self.marketplace._answer

        def answer(handler, data, code, headers):
            fails = "pull-orders?page=2&" in handler.path
            original(handler, data, 500 if fails else code, headers)

        self.marketplace._answer = answer
        self.addCleanup(self.marketplace.__dict__.pop, "_answer", None)
        for _attempt in range(4):
            self.pull()
            self.config.in_next_try = False
        self.run_import()
        self.assertTrue(self.order("p5"), "read past it")
        self.assertEqual(set(self.acknowledged()), {"p0", "p1", "p4", "p5"})
        self.assertIn("Page 2", self.config.alarm)

        del self.marketplace.__dict__["_answer"]
        pages[2] = rows[2:4]
        self.assertIsNone(self.pull())
        self.run_import()
        self.assertFalse(self.config.alarm)
        self.assertEqual(len(set(self.acknowledged())), 6)

    def test_acknowledgement_that_fails_every_call_waits_alone(self):
        def status(items):
            return 500 if any(item["hashed_id"] == "k1" for item in items or ()) else 200

        self.store(*[self.sample("k%s" % number) for number in range(3)])
        self.marketplace.answer_status = status
        for _attempt in range(4):
            self.run_import()
            self.config.acknowledge_next_try = False
        message = self.env["cartona.message"].search([("hashed_id", "=", "k1")])
        done = self.env["cartona.message"].search([("acknowledge", "=", "done")])
        self.assertEqual(set(done.mapped("hashed_id")), {"k0", "k2"})
        self.assertEqual(message.acknowledge, "due")
        self.assertEqual(self.order("k1").cartona_error_code, "not_acknowledged")
        self.assertEqual(self.config.rejected_order_count, 1, "amber")

        self.marketplace.answer_status = None
        message.acknowledge_at = "2020-01-01"
        self.run_import()
        self.assertEqual(message.acknowledge, "done")
        self.assertFalse(self.order("k1").cartona_error_code)


class TestBadCatalogue(CatalogueCase):
    """A catalogue that shifts while it is read, and pages that fail."""

    def test_listing_between_two_pages_is_not_missing(self):
        self.read_catalogue()
        listing = self.env["cartona.listing"].search([("cartona_id", "=", "T1")])
        self.assertFalse(listing.is_gone)
        rows = list(self.offers.values())
        others = [row for row in rows if str(row["supplier_product_id"]) != "T1"]
        passes = []

        def page(query):
            if query.get("page") == "1":
                passes.append(1)
                return others if len(passes) == 1 else rows
            return []

        self.marketplace._prepared.clear()
        self.marketplace.answer_always("GET", CATALOGUE, page)
        self.read_catalogue()
        self.assertEqual(len(passes), 2)
        self.env.invalidate_all()
        self.assertFalse(listing.is_gone)

    def test_listing_missing_in_two_passes_is_gone(self):
        self.read_catalogue()
        listing = self.env["cartona.listing"].search([("cartona_id", "=", "T1")])
        for key in [key for key, row in self.offers.items()
                    if str(row["supplier_product_id"]) == "T1"]:  # fmt: skip
            del self.offers[key]
        self.read_catalogue()
        self.env.invalidate_all()
        self.assertTrue(listing.is_gone)
