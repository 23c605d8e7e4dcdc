"""One bad record never stops another: before, during and after a call, in every stream."""

from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

import psycopg2

from odoo.tests import TransactionCase
from odoo.tools import mute_logger

from ..cartona_api import Unauthorised
from ..models.queue.errors import RECORD, RETRY, SERVER, kind_of
from ..models.queue.stream_state import FAILING_AFTER
from .common import PRODUCTS, STATUSES, CartonaCase
from .delivery_common import DeliveryCase
from .test_catalogue import CATALOGUE

WORKER = "odoo.addons.cartona_integration.models.queue.worker"


class TestKinds(TransactionCase):
    """Errors of PostgreSQL by what a stream does about them."""

    @contextmanager
    def raised(self, statement, kind):
        with self.subTest(statement), mute_logger("odoo.sql_db"):
            with self.assertRaises(psycopg2.Error) as caught, self.env.cr.savepoint():
                self.env.cr.execute(statement)
            yield caught.exception
            self.assertEqual(kind_of(caught.exception), kind)

    def test_real_errors_have_their_kind(self):
        raise_code = "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '%s'; END $$"
        for kind, codes in (
            (RETRY, "40001 40P01 55P03 57P01 57P02 57P03 08006 08003 23505"),
            (SERVER, "53100 53200 53300 58030 58P01 25006"),
            (RECORD, "54000 57014 22003 22021 23502 23503 42P01 P0001"),
        ):
            for code in codes.split():
                with self.raised(raise_code % code, kind) as error:
                    self.assertEqual(error.pgcode, code)
        with self.raised("SELECT 3000000000::integer", RECORD):
            pass

    def test_lost_connection_is_retried_and_other_errors_are_the_records(self):
        self.assertEqual(kind_of(psycopg2.OperationalError("gone")), RETRY)
        self.assertEqual(kind_of(psycopg2.InterfaceError("closed")), RETRY)
        self.assertEqual(kind_of(OverflowError()), RECORD)


class TestBadProducts(CartonaCase):
    """Twenty products; with one of them something is wrong."""

    def setUp(self):
        super().setUp()
        self.products = self.tea
        for number in range(19):
            product = self.make_product("صنف %s" % number, 5.0 + number)
            product.cartona_id = "P%s" % number
            self.products |= product
        self.bad = self.products.filtered(lambda product: product.cartona_id == "P7")
        self.good = self.products - self.bad

    def end_pauses(self):
        self.env.invalidate_all()
        self.config._end_pause("out", "in")
        self.env["cartona.change"].search([]).write({"retry_at": False})

    def states(self):
        self.env.invalidate_all()
        return {
            product.cartona_id: (product.cartona_sync_state, self.listing(product).error_code)
            for product in self.products
            if product.cartona_sync_state != "synced"
        }

    def test_product_that_fails_every_call_waits_alone(self):
        self.products.write({"list_price": 40.0})
        accepted = []

        def status(items):
            named = {item["supplier_product_id"] for item in items or ()}
            if "P7" in named:
                return 500
            accepted.extend(named)
            return 200

        self.marketplace.answer_status = status
        self.marketplace.answer_always("POST", PRODUCTS, {})
        with mute_logger(WORKER):
            for _attempt in range(4):
                self.run_drain()
                self.config.out_next_try = False
        self.assertEqual(set(accepted), set(self.good.mapped("cartona_id")))
        self.assertEqual(self.states(), {"P7": ("error", "no_answer")})
        self.assertEqual(self.config.failed_listing_count, 1, "amber")
        self.assertFalse(self.config.alarm, "not red")
        self.assertLessEqual(len(self.marketplace.bodies(PRODUCTS)), 25)

        # It is tried alone, later and later, and stops no change of another product.
        self.marketplace.calls.clear()
        self.tea.list_price = 41.0
        self.assertGreater(self.run_drain(), 1)
        self.assertEqual([len(call) for call in self.marketplace.bodies(PRODUCTS)], [1])
        self.assertEqual(self.config.out_failure_count, 0)

        # A change of the product itself is sent at once, alone.
        self.marketplace.calls.clear()
        self.bad.list_price = 42.0
        self.rice.cartona_id = "R1"
        self.run_drain()
        self.assertEqual([len(call) for call in self.marketplace.bodies(PRODUCTS)], [1, 1])

        self.marketplace.answer_status = None
        self.end_pauses()
        self.assertIsNone(self.run_drain())
        self.assertEqual(self.states(), {})
        self.assertFalse(self.listing(self.bad).error_code)

    def test_single_product_is_isolated_when_another_one_passes(self):
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.listing(self.products)._send_again()
        self.assertIsNone(self.run_drain())
        price = self.listing(self.tea).sent_price
        self.marketplace.answer_status = lambda items: (
            500 if any(item["supplier_product_id"] == "P7" for item in items or ()) else 200
        )
        self.bad.list_price = 40.0
        for _attempt in range(4):
            self.run_drain()
            self.config.out_next_try = False
        self.assertEqual(self.states(), {"P7": ("error", "no_answer")})
        self.assertEqual(self.config.out_failure_count, 0)
        self.assertEqual(self.listing(self.tea).sent_price, price)

    def test_nothing_is_isolated_while_every_call_fails(self):
        self.products.write({"list_price": 40.0})
        self.marketplace.answer_always("POST", PRODUCTS, {}, status=500)
        for _minute in range(12):
            self.run_drain()
            self.config.out_next_try = False  # the count of failures stays
        self.assertEqual({code for _state, code in self.states().values()}, {False})
        self.marketplace._prepared.clear()
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.end_pauses()
        self.assertIsNone(self.run_drain())
        self.assertEqual(self.states(), {})

    def test_failing_products_pause_neither_orders_nor_acknowledgements(self):
        self.tea.list_price = 40.0
        self.marketplace.answer_always("POST", PRODUCTS, {}, status=500)
        self.run_drain()
        self.assertGreater(self.config._pause_seconds("out"), 0)
        for pause in ("order", "in", "acknowledge", "catalogue"):
            self.assertEqual(self.config._pause_seconds(pause), 0, pause)

    def test_quantity_that_no_column_holds_waits_with_its_figure(self):
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.set_stock(self.bad, 3_000_000_000)
        self.set_stock(self.tea, 12)
        self.assertIsNone(self.run_drain())
        self.assertEqual(self.states(), {"P7": ("error", "figure_too_large")})
        self.assertEqual(self.listing(self.bad).error_detail, "3,000,000,000")
        self.assertEqual(self.listing(self.tea).sent_stock, 12)
        self.assertEqual(self.outbox_rows(), [])

    def test_price_that_cannot_be_right_waits(self):
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.bad.list_price = 1e12
        self.tea.list_price = 13.0
        self.assertIsNone(self.run_drain())
        self.assertEqual(self.states(), {"P7": ("error", "figure_too_large")})
        self.assertEqual(self.listing(self.tea).sent_price, 13.0)

    def test_outcome_that_cannot_be_stored_stops_no_other(self):
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.products.write({"list_price": 40.0})
        Listing = type(self.env["cartona.listing"])
        store, bad = Listing._store_outcome, self.listing(self.bad)

        def fail(listing, *rest):
            if listing == bad:
                listing.env.cr.execute("SELECT 3000000000::integer")
            return store(listing, *rest)

        with patch.object(Listing, "_store_outcome", fail), mute_logger(WORKER, "odoo.sql_db"):
            self.assertIsNone(self.run_drain())
        self.assertEqual(self.states(), {"P7": ("error", "not_worked_out")})
        self.assertEqual(self.outbox_rows(), [])
        self.assertEqual(len(self.marketplace.bodies(PRODUCTS)), 1)

    def test_comparison_that_raises_stops_no_other(self):
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.products.write({"list_price": 40.0})
        Listing, bad = type(self.env["cartona.listing"]), self.listing(self.bad)
        baseline = Listing._baseline_values

        def fail(listing, *rest):
            if listing == bad:
                raise ValueError("unreadable")
            return baseline(listing, *rest)

        with patch.object(Listing, "_baseline_values", fail), mute_logger(WORKER):
            self.assertIsNone(self.run_drain())
        self.assertEqual(self.states(), {"P7": ("error", "not_worked_out")})

    # === THE ACCOUNT === #

    def test_token_refused_with_400_refuses_no_product(self):
        self.products.write({"list_price": 40.0})
        self.marketplace.answer_always("POST", PRODUCTS, {"error": "bad request"}, status=400)
        self.marketplace.answer_always("GET", CATALOGUE, {"error": "bad request"}, status=400)
        self.run_drain()
        self.assertLessEqual(len(self.marketplace.calls), 3)
        self.assertEqual({code for _state, code in self.states().values()}, {False})
        self.assertEqual(
            (self.config.connection_state, self.config.error_code), ("error", "unauthorised")
        )
        self.config.action_test_connection()
        self.assertEqual(self.config.error_code, "unauthorised")

    def test_everything_refused_in_the_same_words_is_the_account(self):
        self.products.write({"list_price": 40.0})
        answer = {"error": "your account is suspended"}
        self.marketplace.answer_always("POST", PRODUCTS, answer, status=402)
        self.run_drain()
        self.assertEqual({code for _state, code in self.states().values()}, {False})
        self.assertEqual(self.config.error_code, "account_refused")
        self.assertIn("suspended", self.config.error_message)
        self.assertLessEqual(len(self.marketplace.calls), 13)

    # === A STALE WORKER === #

    def test_outcome_of_a_stale_worker_counts_as_unknown(self):
        self.clear_outbox()
        self.tea.list_price = 11.0
        State = self.env["cartona.stream"]
        worker = self.env["cartona.worker"]._taken_over("drain", self.config.id)

        def overtaken(_items):
            # Another worker has taken over, sent a later price and stored it.
            State._take_over("drain", self.config.id)
            self.listing(self.tea).write(
                {"sent_values": '{"selling_price": 12.0}', "sent_price": 12.0}
            )
            return {}

        self.marketplace.answer_next("POST", PRODUCTS, overtaken)
        self.env.cr.flush()
        self.assertEqual(worker._step("drain", self.config.id), 0)
        self.env.invalidate_all()
        self.tea.list_price = 12.0
        self.marketplace.calls.clear()
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.run_drain()
        (items,) = self.marketplace.bodies(PRODUCTS)
        sent = {item["supplier_product_id"]: item.get("selling_price") for item in items}
        self.assertEqual(sent, {"T1": 12.0}, "sent again, though it is what was confirmed")

    # === STREAMS THAT FAIL === #

    def failing_step(self, error):
        Push = type(self.env["cartona.product.push"])
        return patch.object(Push, "_push", side_effect=error)

    @mute_logger(WORKER)
    def test_step_that_raises_is_tried_again_and_alarms_after_some_failures(self):
        self.tea.list_price = 40.0
        self.env.cr.flush()
        waits = []
        with self.failing_step(ZeroDivisionError("a secret figure")):
            for _attempt in range(FAILING_AFTER):
                self.assertFalse(self.config.alarm)
                waits.append(self.env["cartona.worker"]._job("drain", self.config.id))
                self.env.invalidate_all()
        self.assertEqual(waits, [1, 2, 4])
        self.assertIn("ZeroDivisionError", self.config.alarm)
        self.assertNotIn("secret", self.config.alarm)
        self.config._update_activities()
        self.env.invalidate_all()
        self.assertEqual(len(self.config._cartona_open_activities("alarms")), 1)

        self.marketplace.answer_always("POST", PRODUCTS, {})
        while self.env["cartona.worker"]._job("drain", self.config.id) == 0:
            pass
        self.env.invalidate_all()
        self.assertEqual(self.outbox_rows(), [])
        self.assertFalse(self.config.alarm)
        self.config._update_activities()
        self.env.invalidate_all()
        self.assertFalse(self.config._cartona_open_activities("alarms"))

    @mute_logger(WORKER)
    def test_server_error_alarms_at_once(self):
        class DiskFull(psycopg2.OperationalError):
            pgcode = "53100"

        self.tea.list_price = 40.0
        self.env.cr.flush()
        with self.failing_step(DiskFull()):
            self.env["cartona.worker"]._job("drain", self.config.id)
        self.env.invalidate_all()
        self.assertIn("53100", self.config.alarm)
        self.assertEqual({code for _state, code in self.states().values()}, {False})

    def test_scheduled_actions_that_are_off_are_noticed_without_them(self):
        cron = self.env.ref("cartona_integration.cron_catch_up")
        cron.active = False
        self.assertIn(cron.name, self.config.alarm)
        self.config._notify_daily()
        self.env.invalidate_all()
        self.assertEqual(len(self.config._cartona_open_activities("alarms")), 1)

    def test_old_changes_and_unread_messages_alarm(self):
        self.assertFalse(self.config.alarm)
        self.tea.list_price = 40.0
        self.env.cr.flush()
        self.env.cr.execute(
            "UPDATE cartona_change SET create_date = create_date - interval '2 hours'"
        )
        self.env.invalidate_all()
        self.assertIn("more than an hour", self.config.alarm)

    def test_calls_that_fail_for_minutes_alarm(self):
        self.config.write({"order_failure_count": 9})
        self.assertIn("Order updates", self.config.alarm)

    # === ACTIVITIES === #

    def test_deleted_activity_type_stops_nothing(self):
        self.env.ref("cartona_integration.mail_activity_type_cartona").unlink()
        self.config._alert(Unauthorised("unauthorised"))
        self.assertTrue(self.config.activity_ids)

    @mute_logger(WORKER)
    def test_company_that_cannot_be_notified_silences_no_other(self):
        other = self.env["res.company"].create({"name": "Second"})
        configs = self.env["cartona.config"].search([])
        self.assertGreater(len(configs), 1)
        Config = type(configs)
        update, bad = Config._update_own_activities, self.env["cartona.config"]._of_company(other)

        def fail(records):
            if bad in records:
                raise ZeroDivisionError
            return update(records)

        self.env.ref("cartona_integration.cron_catch_up").active = False
        with patch.object(Config, "_update_own_activities", fail):
            configs._update_activities()
        self.env.invalidate_all()
        self.assertTrue(self.config._cartona_open_activities("alarms"))


class TestBadOrderUpdates(DeliveryCase):
    """Three orders; something is wrong with the second one."""

    def setUp(self):
        super().setUp()
        self.sales = self.env["sale.order"]
        for number in range(3):
            self.sales |= self.receive(self.order(hashed_id="b%s" % number))
        self.bad = self.sales[1]

    def errors(self):
        self.env.invalidate_all()
        return {sale.cartona_id: sale.cartona_error_code for sale in self.sales}

    @mute_logger(WORKER)
    def test_update_that_cannot_be_prepared_stops_no_other(self):
        self.accept_all()
        Order = type(self.env["sale.order"])
        path, bad = Order._cartona_status_path, self.bad

        def fail(order):
            if order == bad:
                raise OverflowError("date value out of range")
            return path(order)

        self.sales.action_confirm()
        self.env.cr.flush()
        with patch.object(Order, "_cartona_status_path", fail):
            self.assertIsNone(self.push())
        self.assertEqual(self.errors(), {"b0": False, "b1": "not_updated", "b2": False})
        self.assertEqual(
            set(self.sales.mapped("cartona_status")) - {self.bad.cartona_status}, {"approved"}
        )
        self.assertEqual(self.outbox_rows("order"), [])
        self.assertEqual(self.config.rejected_order_count, 1, "amber")

    @mute_logger(WORKER)
    def test_date_at_the_end_of_time_stops_no_other(self):
        self.accept_all()
        self.bad.commitment_date = datetime(9999, 12, 31, 23, 59)
        self.sales.action_confirm()
        self.push()
        for sale in self.sales:
            sale.action_cartona_ship()
        self.push()
        self.env.invalidate_all()
        done = [sale.cartona_status for sale in self.sales - self.bad]
        self.assertEqual(done, ["assigned_to_salesman"] * 2)
        self.assertEqual(self.outbox_rows("order"), [])

    @mute_logger(WORKER)
    def test_single_order_is_isolated_when_another_one_passes(self):
        self.accept_all()
        (self.sales - self.bad).action_confirm()
        self.push()
        self.marketplace.answer_status = lambda items: (
            500 if any(row["hashed_id"] == "b1" for row in items or ()) else 200
        )
        self.bad.action_confirm()
        for _attempt in range(4):
            self.push()
            self.config.order_next_try = False
        self.assertEqual(self.errors(), {"b0": False, "b1": "no_answer", "b2": False})
        self.assertEqual(self.config.order_failure_count, 0)

    @mute_logger(WORKER)
    def test_order_that_fails_every_call_waits_alone(self):
        def status(items):
            rows = items if isinstance(items, list) else [items]
            return 500 if any(row["hashed_id"] == "b1" for row in rows if row) else 200

        self.marketplace.answer_status = status
        self.marketplace.answer_always("POST", STATUSES, {})
        self.sales.action_confirm()
        for _attempt in range(4):
            self.push()
            self.config.order_next_try = False
        self.assertEqual(self.errors(), {"b0": False, "b1": "no_answer", "b2": False})
        self.assertEqual([sale.cartona_status for sale in self.sales - self.bad], ["approved"] * 2)

        self.marketplace.answer_status = None
        self.env["cartona.change"].search([]).write({"retry_at": False})
        self.assertIsNone(self.push())
        self.assertEqual(set(self.errors().values()), {False})
        self.assertEqual(self.bad.cartona_status, "approved")
