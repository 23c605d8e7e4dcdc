"""The drain handles accepted, refused, unclear and missing answers."""

import json
from contextlib import closing
from datetime import timedelta

from odoo import fields
from odoo.sql_db import db_connect

from .common import CHECK, PRODUCTS, CartonaCase


class TestDrain(CartonaCase):
    def setUp(self):
        super().setUp()
        self.config.write({"auto_sync_stock": False, "batch_size": 10})
        self.products = self.tea | self.rice
        self.rice.cartona_id = "R1"
        for number in range(6):
            product = self.make_product("صنف %s" % number, 5.0 + number)
            product.cartona_id = "P%s" % number
            self.products |= product
        self.show_on_cartona(self.products)

    def states(self):
        self.env.invalidate_all()
        return {
            product.cartona_id: product.cartona_sync_state
            for product in self.products
            if product.cartona_sync_state != "synced"
        }

    def ids_of(self, call):
        return [item["supplier_product_id"] for item in call]

    # === ACCEPTED === #

    def test_one_call_contains_the_whole_batch(self):
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.assertIsNone(self.run_drain())
        (call,) = self.marketplace.bodies(PRODUCTS)
        self.assertEqual(len(call), 7)
        self.assertEqual(self.states(), {"T1": "pending"})  # the one without an outbox row

    def test_batches_follow_each_other_until_nothing_is_left(self):
        self.config.batch_size = 3
        self.marketplace.answer_next("POST", PRODUCTS, {}, times=3)
        self.run_drain()
        self.assertEqual([len(call) for call in self.marketplace.bodies(PRODUCTS)], [3, 3, 1])
        self.assertEqual(self.marketplace.pending, [])
        self.assertEqual(self.outbox_rows(), [])

    def test_the_next_batch_is_the_next_job(self):
        self.config.batch_size = 3
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.env.cr.flush()
        self.jobs("drain").unlink()
        self.env["cartona.worker"]._job("drain", self.config.id)
        self.assertEqual(len(self.marketplace.bodies(PRODUCTS)), 1)
        self.assertEqual(len(self.jobs("drain")), 1)
        self.assertFalse(self.jobs("drain").eta)

    def test_a_job_that_must_wait_schedules_the_next(self):
        self.marketplace.answer_next("POST", PRODUCTS, {}, status=503)
        self.env.cr.flush()
        self.jobs("drain").unlink()
        self.env["cartona.worker"]._job("drain", self.config.id)
        (job,) = self.jobs("drain")
        wait = (job.eta - fields.Datetime.now()).total_seconds()
        self.assertTrue(0 <= wait <= 3, wait)

    # === REFUSED === #

    def test_refusals_inside_a_2xx_are_found_in_every_shape(self):
        reason = "price too high"
        shapes = {
            "dicts": {"errors": [{"supplier_product_id": "P1", "message": reason}]},
            "strings": {"errors": ["supplier_product_id P1: " + reason]},
            "map": {"errors": {"P1": [reason]}},
            "text": "P1: " + reason,
        }
        for name, answer in shapes.items():
            with self.subTest(name):
                self.listing(self.products)._send_again()
                # A text that is not JSON needs smaller batches to find the refused record.
                self.marketplace.answer_always(
                    "POST",
                    PRODUCTS,
                    lambda items, answer=answer: answer if "P1" in self.ids_of(items) else {},
                )
                self.assertIsNone(self.run_drain())
                self.assertEqual(self.states(), {"P1": "error"})
                error = self.listing(self.products).filtered("error_code")
                self.assertEqual(error.error_code, "refused")
                self.assertIn(reason, error.error_message)
                self.marketplace._prepared.clear()

    def test_a_refused_batch_is_halved_until_one_record_remains(self):
        self.listing(self.products)._send_again()

        self.marketplace.answer_status = lambda items: 422 if "P3" in self.ids_of(items) else 200
        self.marketplace.answer_always("POST", PRODUCTS, {"error": "unprocessable"})
        self.assertIsNone(self.run_drain())
        self.assertEqual(self.states(), {"P3": "error"})
        self.assertLessEqual(len(self.marketplace.bodies(PRODUCTS)), 7)

    def test_a_refused_product_is_sent_again_only_after_a_change(self):
        self.marketplace.answer_next(
            "POST", PRODUCTS, {"errors": [{"supplier_product_id": "P1", "message": "no"}]}
        )
        self.run_drain()
        self.assertEqual(self.outbox_rows(), [])
        self.run_drain()
        self.assertEqual(len(self.marketplace.bodies(PRODUCTS)), 1)

        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.products.filtered(lambda product: product.cartona_id == "P1").list_price = 77.0
        self.run_drain()

        self.assertEqual(
            self.marketplace.bodies(PRODUCTS)[1:],
            [[{"supplier_product_id": "P1", "selling_price": 77.0}]],
        )
        self.assertEqual(self.states(), {"T1": "pending"})

    # === UNCLEAR === #

    def test_an_answer_that_was_lost_leaves_the_value_unknown(self):
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.run_drain()
        rice = self.listing(self.rice)
        self.assertEqual(json.loads(rice.sent_values), {"selling_price": 30.0})

        self.rice.list_price = 31.0
        self.marketplace.answer_next("POST", PRODUCTS, "<html>bad gateway</html>", status=502)
        wait = self.run_drain()
        self.assertTrue(1 <= wait <= 1.25, wait)
        self.assertEqual(json.loads(rice.sent_values), {})
        self.assertEqual(self.outbox_rows(), [("price", rice.id)])

        # Back to the old value, which Cartona may no longer have.
        self.rice.list_price = 30.0
        self.config._end_pause("out")
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.run_drain()
        self.assertEqual(
            self.marketplace.bodies(PRODUCTS)[-1],
            [{"supplier_product_id": "R1", "selling_price": 30.0}],
        )

    def test_failures_increase_the_pause_and_a_success_ends_it(self):
        self.marketplace.answer_always("POST", PRODUCTS, {}, status=503)
        waits = []
        for _attempt in range(8):
            self.config.out_next_try = False
            waits.append(self.run_drain())
        for wait, base in zip(waits, (1, 2, 4, 8, 16, 32, 60, 60)):
            self.assertTrue(base <= wait <= base * 1.25, waits)
        self.assertEqual(self.config.out_failure_count, 8)
        self.assertEqual(self.config.connection_state, "connected")
        self.assertEqual(len(self.outbox_rows()), 7)

        self.config.out_next_try = False
        self.marketplace._prepared.clear()
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.assertIsNone(self.run_drain())
        self.assertEqual((self.config.out_failure_count, self.config.out_next_try), (0, False))

    def test_a_retry_after_header_is_respected(self):
        self.marketplace.answer_next(
            "POST", PRODUCTS, {}, status=429, headers={"Retry-After": "120"}
        )
        self.assertGreaterEqual(self.run_drain(), 120)
        calls = len(self.marketplace.calls)
        self.assertGreater(self.run_drain(), 110)  # no call before the time is over
        self.assertEqual(len(self.marketplace.calls), calls)
        wait = (self.config.out_next_try - fields.Datetime.now()).total_seconds()
        self.assertGreater(wait, 110)

    def test_a_pause_of_sending_does_not_delay_receiving(self):
        self.marketplace.answer_next("POST", PRODUCTS, {}, status=503)
        self.run_drain()
        self.assertGreater(self.config._pause_seconds("out"), 0)
        self.assertEqual(self.config._pause_seconds("in"), 0)

    # === NOT ALLOWED === #

    def test_a_refused_token_stops_sending_until_it_is_replaced(self):
        self.marketplace.token = "another"
        self.assertGreaterEqual(self.run_drain(), 55)
        self.config._end_pause("out")
        self.run_drain()  # still refused, now by the probe before anything is sent
        self.assertEqual(self.config.connection_state, "error")
        self.assertEqual(self.config.error_code, "unauthorised")
        self.assertEqual(len(self.config.activity_ids), 1)
        self.assertEqual(len(self.marketplace.bodies(PRODUCTS)), 1)
        self.assertEqual(self.marketplace.calls[-1][:2], CHECK)
        self.assertEqual(len(self.outbox_rows()), 7)

        self.config.auth_token = "another"
        self.assertEqual(self.config.connection_state, "untested")
        self.marketplace.answer_next(*CHECK, [])
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.assertIsNone(self.run_drain())

        self.assertEqual(self.config.connection_state, "connected")
        self.assertFalse(self.config.activity_ids)
        self.assertEqual(self.outbox_rows(), [])

    def test_without_a_token_nothing_is_called_and_nothing_lost(self):
        self.config.auth_token = False
        self.assertIsNone(self.run_drain())
        self.assertEqual(self.marketplace.calls, [])
        self.assertEqual(len(self.outbox_rows()), 7)

    def test_a_copied_database_sends_nothing_until_a_manager_accepts(self):
        self.env["ir.config_parameter"].sudo().set_param("database.uuid", "another-database")
        self.assertIsNone(self.run_drain())
        self.assertEqual(self.marketplace.calls, [])

        self.marketplace.answer_next(*CHECK, [])
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.config.action_accept_database()
        self.run_drain()

        self.assertEqual(self.outbox_rows(), [])
        self.assertEqual(self.marketplace.pending, [])

    # === LOCK, CRASH, CRON === #

    def test_a_job_that_finds_the_lock_retries_in_a_second(self):
        self.env.cr.flush()
        self.jobs("drain").unlink()
        second, before = timedelta(seconds=1), fields.Datetime.now()
        # Another connection: within one connection a lock never blocks.
        with closing(db_connect(self.env.cr.dbname).cursor()) as another:
            self.env["cartona.worker"]._try_lock(another, "drain", self.config.id)
            self.env["cartona.worker"]._job("drain", self.config.id)
        self.assertEqual(self.marketplace.calls, [])
        self.assertEqual(len(self.outbox_rows()), 7)
        (job,) = self.jobs("drain")
        self.assertGreaterEqual(job.eta, before + second)
        self.assertLessEqual(job.eta, fields.Datetime.now() + 2 * second)  # rounded to seconds

    def test_a_listing_relinked_during_the_call_ignores_the_answer(self):
        rice = self.listing(self.rice)
        self.env.cr.flush()
        task = self.env["cartona.product.push"]._prepare(self.config)
        sending = [row for row in task.sendings if row.listing_id == rice.id][0]
        self.rice.cartona_id = "R2"
        relinked = self.listing(self.rice)
        relinked._store_outcome(sending, None, None)
        self.assertEqual(relinked._confirmed_values(), {})

    def test_without_a_job_runner_the_cron_sends(self):
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.env.cr.flush()
        self.env.cr.execute(
            "UPDATE cartona_change SET create_date = create_date - interval '5 minutes'"
        )
        self.config.invalidate_recordset()
        self.assertTrue(self.config.is_runner_asleep)
        self.env["cartona.worker"]._catch_up("drain", self.config.id)
        self.assertEqual(self.outbox_rows(), [])
        self.config.invalidate_recordset()
        self.assertFalse(self.config.is_runner_asleep)

    def test_the_cron_only_wakes_the_stream_for_recent_changes(self):
        self.env.cr.flush()
        self.env["cartona.worker"]._catch_up("drain", self.config.id)
        self.assertEqual(self.marketplace.calls, [])

    # === LOG === #

    def test_only_a_failed_call_is_logged_with_its_body(self):
        Log = self.env["cartona.sync.log"]
        Log.search([]).unlink()
        self.marketplace.answer_next(
            "POST", PRODUCTS, {"errors": [{"supplier_product_id": "P1", "message": "no"}]}
        )
        self.run_drain()
        row = Log.search([])
        self.assertEqual(
            (row.operation, row.direction, row.state, row.record_count, row.failure_count),
            ("update_products", "out", "partial", 7, 1),
        )
        self.assertIn("P1", row.request_body)
        self.rice.list_price = 44.0
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.run_drain()
        good = Log.search([], limit=1)
        self.assertEqual((good.state, good.request_body), ("success", False))
        for text in Log.search([]).mapped(lambda log: str(log.read())):
            self.assertNotIn(self.marketplace.token, text)
