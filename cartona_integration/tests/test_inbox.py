"""From Cartona's list to acknowledged sale orders, without losses or duplicates."""

import copy
from datetime import timedelta

import psycopg2

from odoo import fields
from odoo.tools import mute_logger

from .common import ORDERS, STATUSES
from .inbox_common import InboxCase
from .order_common import ORDER


class TestInbox(InboxCase):
    # === PULL === #

    def test_all_pages_are_read_and_every_order_imported_once(self):
        self.serve([self.sample("o%s" % number) for number in range(8)])

        self.assertIsNone(self.pull())
        self.assertIsNone(self.run_import())

        orders = self.env["sale.order"].search([("cartona_id", "=like", "o_")])
        self.assertEqual(sorted(orders.mapped("cartona_id")), ["o%s" % n for n in range(8)])
        self.assertEqual(sorted(self.acknowledged()), ["o%s" % n for n in range(8)])
        calls = [len(body) for body in self.marketplace.bodies(STATUSES)]
        self.assertEqual(calls, [3, 3, 2], "acknowledged in bulk")
        self.assertTrue(self.config.last_pull)
        self.assertIsNone(self.pull())
        self.assertEqual(len(self.env["cartona.message"].search([])), 8)

    def test_waiting_orders_do_not_hide_later_ones(self):
        unknown = copy.deepcopy(ORDER["order_details"])
        unknown[0]["supplier_product_id"] = "NOBODY"
        bad = [self.sample("bad%s" % number, order_details=unknown) for number in range(4)]
        self.serve(bad + [self.sample("good")])

        self.pull()
        self.run_import()
        self.pull()
        self.run_import()

        self.assertEqual(self.order("good").cartona_id, "good")
        waiting = self.env["cartona.message"].search([("state", "=", "error")])
        self.assertEqual(len(waiting), 4)
        self.assertEqual(set(waiting.mapped("error_code")), {"unknown_product"})
        self.assertEqual(self.acknowledged(), ["good"])

    def test_a_message_older_than_the_end_creates_no_activity(self):
        """The order is pulled before Cartona accepts our `delivered`, and imported after it."""
        self.store(self.sample("o1", status="approved"))
        self.run_import()
        order = self.order("o1")
        self.store(self.sample("o1", status="assigned_to_salesman"))
        order.write({"cartona_status": "delivered", "cartona_synced_at": fields.Datetime.now()})
        self.run_import()
        self.assertEqual(order.cartona_status, "delivered")
        self.assertFalse(order.activity_ids)

        order.cartona_synced_at = fields.Datetime.now() - timedelta(hours=1)
        self.store(self.sample("o1", status="assigned_to_salesman", note_message="new"))
        self.run_import()
        self.assertIn("that is finished", order.activity_ids.summary)

    def test_a_failing_list_waits_and_loses_nothing(self):
        self.marketplace.answer_next("GET", ORDERS, "down", status=503)
        self.assertTrue(1 <= self.pull() <= 1.25)
        self.config._end_pause("in")
        self.serve([self.sample("o1")])
        self.assertIsNone(self.pull())
        self.run_import()
        self.assertEqual(len(self.order("o1")), 1)

    def test_an_invalid_row_is_stored_once_and_blocks_nothing(self):
        self.serve([{"surprise": True}, "text", self.sample("o1")])
        self.pull()
        self.pull()
        self.run_import()
        self.assertEqual(len(self.order("o1")), 1)
        odd = self.env["cartona.message"].search([("state", "=", "error")])
        self.assertEqual(len(odd), 2)
        self.assertTrue(all(odd.mapped("error_message")))

    def test_unstorable_text_does_not_block_its_page(self):
        """Half a surrogate pair and a zero byte are valid JSON that PostgreSQL cannot store."""
        retailer = dict(ORDER["retailer"], retailer_name="a\x00b\ud83d", retailer_code="N\x00")
        self.serve(
            [
                self.sample("o1", retailer=retailer, note_message="x\x00\ud83d"),
                self.sample("o\x002"),
                self.sample("o3"),
            ]
        )
        self.assertIsNone(self.pull())
        self.run_import()
        self.assertEqual(len(self.order("o3")), 1)
        self.assertEqual(len(self.order("o1")), 1)

    # === IMPORT === #

    def test_the_newest_message_of_an_order_wins(self):
        first, _repeated = self.store(self.sample("o1"))
        newer = self.sample("o1", note_message="الدور الثالث")
        second, _repeated = self.store(newer)

        self.run_import()

        self.assertEqual((first.state, second.state), ("superseded", "done"))
        self.assertEqual(second.order_id, self.order("o1"))
        self.assertEqual(len(self.order("o1")), 1)

    def test_an_order_is_imported_before_its_status(self):
        self.store(self.sample("o1"), {"hashed_id": "o1", "status": "approved"})
        with self.assertNoLogs("odoo.sql_db", "ERROR"):
            self.run_import()

        self.assertEqual(len(self.order("o1")), 1)
        self.assertEqual(self.order("o1").state, "sale")

    def test_a_waiting_order_cancelled_meanwhile_is_not_imported(self):
        order = self.sample("o1")
        order["order_details"][0]["supplier_product_id"] = "NEW1"
        parked, _repeated = self.store(order)
        self.run_import()
        self.store({"hashed_id": "o1", "status": "cancelled_by_retailer"})
        self.run_import()

        self.make_product("شاي جديد", 12.5).cartona_id = "NEW1"
        self.run_import()

        self.assertEqual(parked.state, "superseded")
        self.assertNotIn(self.order("o1").state, ("draft", "sent", "sale"))

    def test_one_bad_order_does_not_block_its_batch(self):
        importer = type(self.env["cartona.order.importer"])
        original = importer._import_orders

        def fail_on_poison(model, config, entries):
            if any(order.hashed_id == "poison" for _message, order in entries):
                raise ValueError("an unexpected error")
            return original(model, config, entries)

        self.patch(importer, "_import_orders", fail_on_poison)
        self.store(self.sample("o1"), self.sample("poison"), self.sample("o2"))
        with self.assertLogs("odoo.addons.cartona_integration.models.inbox.import_job", "ERROR"):
            self.run_import()

        self.assertTrue(self.order("o1") and self.order("o2"))
        poisoned = self.env["cartona.message"].search([("hashed_id", "=", "poison")])
        self.assertEqual((poisoned.state, poisoned.error_code), ("error", "unexpected"))
        self.assertEqual(poisoned.error_detail, "For your integrator: ValueError")
        self.assertEqual(sorted(self.acknowledged()), ["o1", "o2"])

    def test_an_unknown_product_waits_and_linking_it_releases_the_order(self):
        order = self.sample("o1")
        order["order_details"][0]["supplier_product_id"] = "NEW1"
        message, _repeated = self.store(order)
        self.run_import()
        self.assertEqual((message.state, message.error_code), ("error", "unknown_product"))
        self.assertIn("شاي العروسة", message.error_message)
        self.assertFalse(self.order("o1"))
        self.assertEqual(self.acknowledged(), [])

        self.make_product("شاي جديد", 12.5).cartona_id = "NEW1"
        self.env.cr.flush()
        self.run_import()

        self.assertEqual(message.state, "done")
        self.assertEqual(len(self.order("o1")), 1)
        self.assertEqual(self.acknowledged(), ["o1"])

    def test_try_again_requeues_the_message(self):
        order = self.sample("o1", total_price=999.0)
        message, _repeated = self.store(order)
        self.run_import()
        self.assertEqual(message.error_code, "total_mismatch")
        message.action_retry()
        self.assertEqual(message.state, "new")

    def test_nothing_is_imported_while_orders_are_switched_off(self):
        self.config.auto_sync_orders = False
        message, _repeated = self.store(self.sample("o1"))
        self.run_import()
        self.assertEqual(message.state, "new")
        self.assertEqual(self.acknowledged(), [])

    def test_an_order_of_an_unknown_account_waits(self):
        self.config.supplier_code = "1"
        message, _repeated = self.store(self.sample("o1", supplier_code="9"))
        self.run_import()
        self.assertEqual((message.state, message.error_code), ("error", "unknown_account"))
        self.assertFalse(self.order("o1"))

    def test_a_status_notice_is_applied_to_the_last_version(self):
        self.store(self.sample("o1"))
        self.run_import()
        self.store({"hashed_id": "o1", "status": "cancelled_by_retailer"})
        self.run_import()
        self.assertEqual(self.order("o1").cartona_status, "cancelled_by_retailer")
        self.assertEqual(self.order("o1").state, "cancel")

    def test_a_status_of_an_unknown_order_waits_for_it(self):
        notice, _repeated = self.store({"hashed_id": "o1", "status": "approved"})
        self.run_import()
        self.assertEqual((notice.state, notice.error_code), ("error", "unknown_order"))
        self.store(self.sample("o1", status="approved"))
        self.run_import()
        self.assertEqual(notice.state, "superseded")
        self.assertEqual(self.order("o1").state, "sale")

    # === ACKNOWLEDGE === #

    def test_a_repeated_acknowledgement_makes_no_second_order(self):
        self.marketplace._prepared.clear()
        self.marketplace.answer_next("POST", STATUSES, "cut", status=502)
        message, _repeated = self.store(self.sample("o1"))
        self.assertTrue(1 <= self.run_import() <= 1.25)
        self.assertEqual((message.state, message.acknowledge), ("done", "due"))

        self.config._end_pause("in")
        self.marketplace.answer_next("POST", STATUSES, {})
        self.assertIsNone(self.run_import())

        self.assertEqual(message.acknowledge, "done")
        self.assertEqual(len(self.order("o1")), 1)

    def test_an_unchanged_order_is_only_acknowledged_again(self):
        message, _repeated = self.store(self.sample("o1"))
        self.run_import()
        order = self.order("o1")
        written, count = order.write_date, len(order.message_ids)

        fresh, repeated = self.store(self.sample("o1"), source="pull")
        self.run_import()

        self.assertEqual((len(fresh), repeated), (0, 1))
        self.assertEqual(self.acknowledged(), ["o1", "o1"])
        self.assertEqual((order.write_date, len(order.message_ids)), (written, count))
        self.assertEqual(message.acknowledge, "done")

    # === INTERVAL === #

    def woken_configs(self):
        """Return the list of configuration ids that are woken from now on."""
        woken = []
        self.patch(
            type(self.env["cartona.worker"]), "_wake", lambda worker, stream, ids: woken.extend(ids)
        )
        return woken

    def test_orders_are_pulled_when_the_interval_has_passed(self):
        """The cron runs once a minute; a pull ends some seconds after the cron that started it."""
        woken = self.woken_configs()
        for interval, seconds, due in (
            (1, 55, True),
            (1, 10, False),
            (5, 235, False),
            (5, 295, True),
            (60, 3000, False),
            (60, 3599, True),
        ):
            with self.subTest(interval=interval, seconds=seconds):
                woken.clear()
                self.config.pull_interval = interval
                self.config.last_pull = self.now() - timedelta(seconds=seconds)
                self.env["cartona.config"]._cron_pull_orders()
                self.assertEqual(self.config.id in woken, due)

    def test_a_list_never_read_is_pulled_at_once(self):
        woken = self.woken_configs()
        self.config.write({"pull_interval": 60, "last_pull": False})
        self.env["cartona.config"]._cron_pull_orders()
        self.assertIn(self.config.id, woken)

    def test_orders_are_read_while_switched_off_once_connected(self):
        woken, here = self.woken_configs(), self.config.database_identity
        for state, database, due in (
            ("connected", here, True),
            ("error", here, True),
            ("error", False, False),
            ("untested", here, False),
            ("connected", "another", False),
        ):
            with self.subTest(state=state, database=database):
                self.config.write(
                    {
                        "auto_sync_orders": False,
                        "connection_state": state,
                        "database_identity": database,
                        "last_pull": False,
                    }
                )
                woken.clear()
                self.env["cartona.config"]._cron_pull_orders()
                self.assertEqual(self.config.id in woken, due)

    def test_the_cron_runs_a_pull_job_without_a_runner(self):
        self.serve([self.sample("o1")])
        self.env["cartona.worker"]._enqueue("pull", self.config.id)
        job = self.jobs("pull")
        for seconds, calls in ((20, 0), (40, 4)):
            self.config.last_pull = False
            self.env.cr.flush()
            self.env.cr.execute(  # the ORM does not allow this write
                "UPDATE queue_job SET date_created = %s WHERE id = %s",
                (self.now() - timedelta(seconds=seconds), job.id),
            )
            self.env["cartona.config"]._cron_pull_orders()
            # Two passes of two pages.
            self.assertEqual(len(self.marketplace.calls), calls)
        self.assertEqual(self.env["cartona.message"].search([]).mapped("hashed_id"), ["o1"])

    def test_an_interval_below_a_minute_is_refused(self):
        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                self.config.pull_interval = 0
                self.env.cr.flush()
