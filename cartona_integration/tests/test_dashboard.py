"""The dashboard: every figure changes when its event happens, and only then."""

import json
from datetime import timedelta
from unittest.mock import patch

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools.safe_eval import safe_eval

from ..cartona_api import Rejected
from ..cartona_api.client import Call
from ..models.monitoring.sync_stat import histogram_limit
from .common import CHECK, PRODUCTS, CartonaCase

DASHBOARD = [
    "success_rate",
    "operation_count",
    "is_promise_kept",
    "median_seconds",
    "p95_seconds",
    "queue_age",
    "last_pull_age",
    "last_webhook_age",
    "waiting_order_count",
    "rejected_order_count",
    "failed_listing_count",
    "unlinked_listing_count",
    "paused_listing_count",
    "progress_sent",
    "is_sending_all",
    "is_runner_asleep",
    "missing_count",
    "dashboard_graph",
]


class DashboardCase(CartonaCase):
    def figure(self, name):
        self.env.flush_all()
        self.config.invalidate_recordset()
        return self.config[name]

    def count_sent(self, *waits, operation="product"):
        """Count one sent record for each latency, in seconds."""
        self.env["cartona.sync.stat"]._count(self.config, operation, list(waits))

    def message(self, **values):
        return self.env["cartona.message"].create(
            dict(
                {
                    "config_id": self.config.id,
                    "kind": "order",
                    "source": "pull",
                    "payload": "{}",
                    "content_key": "x",
                },
                **values,
            )
        )

    def call_webhook(self):
        """Count one accepted call of the webhook."""
        return self.env["cartona.webhook.stat"].create(
            {"config_id": self.config.id, "kind": "accepted", "call_count": 1}
        )

    def age_changes(self, **interval):
        self.env.cr.flush()  # writes the outbox rows
        self.age("cartona_change", self.env["cartona.change"].search([]), **interval)

    def age(self, table, records, **interval):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE %s SET create_date = create_date - %%s WHERE id = ANY(%%s)" % table,
            (timedelta(**interval), records.ids),
        )


class TestDashboardFigures(DashboardCase):
    def test_no_exchange_counts_as_success(self):
        self.assertEqual(self.figure("operation_count"), 0)
        self.assertTrue(self.figure("is_promise_kept"))

    def test_sent_records_count_as_arrived(self):
        self.count_sent(0.1, 0.1, None)
        self.assertEqual(self.figure("operation_count"), 3)
        self.assertEqual(self.figure("success_rate"), 100.0)

    def test_only_imported_orders_count_as_arrived(self):
        self.message(state="done")
        self.message(state="error", error_code="unknown_product")
        self.assertEqual(self.figure("operation_count"), 2)
        self.assertEqual(self.figure("success_rate"), 50.0)
        self.assertFalse(self.figure("is_promise_kept"))
        self.assertEqual(self.figure("waiting_order_count"), 1)

    def test_a_waiting_status_notice_is_not_a_waiting_order(self):
        self.message(state="done")
        self.message(kind="status", state="error", error_code="unknown_order")
        self.assertEqual(self.figure("waiting_order_count"), 0)
        self.assertEqual(self.figure("success_rate"), 100.0)

    def test_an_order_imported_two_days_ago_does_not_count(self):
        self.age("cartona_message", self.message(state="done"), days=2)
        self.assertEqual(self.figure("operation_count"), 0)

    def test_changes_waiting_longer_than_a_day_count_as_failed(self):
        self.tea.list_price = 13.0
        self.assertEqual(self.figure("operation_count"), 0)
        self.age_changes(hours=25)
        self.assertEqual(self.figure("operation_count"), 1)
        self.assertEqual(self.figure("success_rate"), 0.0)

    def test_records_that_arrive_after_a_day_are_late(self):
        self.count_sent(0.1, 25 * 3600)
        self.assertEqual(self.figure("success_rate"), 50.0)

    def test_the_target_is_99_of_100(self):
        self.count_sent(*[0.1] * 99)
        self.message(state="error")
        self.assertTrue(self.figure("is_promise_kept"))
        self.message(state="error")
        self.assertFalse(self.figure("is_promise_kept"))

    def test_hours_of_yesterday_do_not_count(self):
        self.count_sent(0.1)
        self.env.cr.execute("UPDATE cartona_sync_stat SET hour = hour - interval '25 hours'")
        self.assertEqual(self.figure("operation_count"), 0)

    def test_the_median_and_95th_percentile_are_shown(self):
        self.count_sent(*[0.2] * 18, 3.0, 9.0)
        self.assertAlmostEqual(self.figure("median_seconds"), 0.2, delta=0.03)
        self.assertAlmostEqual(self.figure("p95_seconds"), 3.0, delta=0.4)

    def test_a_limit_is_at_most_a_tenth_above_the_time(self):
        for seconds in (0.001, 0.02, 0.137, 1.0, 59.9, 3600.0, 80000.0):
            with self.subTest(seconds):
                limit = histogram_limit(seconds) / 1000
                self.assertGreaterEqual(limit, seconds)
                self.assertLessEqual(limit, seconds * 1.1 + 0.0011)
        self.assertEqual(histogram_limit(None), 0)

    def test_the_chart_has_a_bar_for_each_day(self):
        def bars():
            [line] = json.loads(self.figure("dashboard_graph"))
            return [bar["value"] for bar in line["values"]]

        self.count_sent(0.1, 0.1)
        self.assertEqual(bars(), [0, 0, 0, 0, 0, 0, 2])
        self.env.cr.execute("UPDATE cartona_sync_stat SET hour = hour - interval '2 days'")
        self.assertEqual(bars(), [0, 0, 0, 0, 2, 0, 0])

    def test_the_age_of_the_oldest_change_is_shown(self):
        self.assertFalse(self.figure("queue_age"))
        self.tea.list_price = 13.0
        self.age_changes(minutes=3)
        self.assertEqual(self.figure("queue_age"), "3 minutes")

    def test_the_last_pull_and_webhook_call_are_shown(self):
        self.assertEqual(self.figure("last_webhook_age"), "Never")
        self.assertEqual(self.figure("last_pull_age"), "Never")
        self.config.last_pull = fields.Datetime.now() - timedelta(minutes=2)
        self.message(source="pull")
        self.assertEqual(self.figure("last_webhook_age"), "Never")
        self.age("cartona_webhook_stat", self.call_webhook(), hours=1)
        self.assertEqual(self.figure("last_webhook_age"), "1 hour ago")
        self.assertEqual(self.figure("last_pull_age"), "2 minutes ago")

    def test_listings_are_counted_by_their_problem(self):
        names = ("linked", "unlinked", "failed", "paused")

        def counts():
            return [self.figure("%s_listing_count" % name) for name in names]

        linked, *none = counts()
        self.assertEqual(none, [0, 0, 0])
        self.env["cartona.listing"].create(
            [
                {"config_id": self.config.id, "cartona_id": "U1"},
                # A user has excluded it from matching: nothing is left to do.
                {"config_id": self.config.id, "cartona_id": "U2", "never_match": True},
            ]
        )
        self.assertEqual(counts(), [linked, 1, 0, 0])
        self.rice.cartona_id = "R1"
        self.listing(self.rice).write({"error_code": "refused"})
        self.assertEqual(counts(), [linked + 1, 1, 1, 0])
        self.listing(self.tea).write({"error_code": "price_jump"})
        self.assertEqual(counts(), [linked + 1, 1, 1, 1])

    def test_an_order_with_a_refused_status_is_counted(self):
        partner = self.env["res.partner"].create({"name": "Shop"})
        order = self.env["sale.order"].create({"partner_id": partner.id, "cartona_id": "h1"})
        self.assertEqual(self.figure("rejected_order_count"), 0)
        order.cartona_sync_state = "error"
        self.assertEqual(self.figure("rejected_order_count"), 1)

    def test_each_company_has_its_own_figures(self):
        company = self.env["res.company"].create({"name": "Wholesale"})
        other = self.env["cartona.config"]._of_company(company)
        self.count_sent(0.5)
        self.message(state="error")
        self.assertEqual(other.operation_count, 0)
        self.assertEqual(other.waiting_order_count, 0)
        both = (self.config | other).with_context(active_test=False)
        both.invalidate_recordset()
        self.assertEqual(both.mapped("operation_count"), [2, 0])


class TestDashboardCounting(DashboardCase):
    def test_the_drain_counts_accepted_records_and_their_latency(self):
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.config.progress_until = 0
        self.tea.list_price = 14.0
        self.age_changes(seconds=2)
        self.run_drain()
        stat = self.env["cartona.sync.stat"].search([("config_id", "=", self.config.id)])
        self.assertEqual((stat.operation, stat.sent, stat.late), ("product", 1, 0))
        self.assertTrue(2000 <= stat.milliseconds <= 4000, stat.milliseconds)

    def test_the_drain_does_not_count_refused_records(self):
        refusal = {"errors": [{"supplier_product_id": "T1", "message": "no"}]}
        self.marketplace.answer_next("POST", PRODUCTS, refusal)
        self.tea.list_price = 14.0
        self.run_drain()
        self.assertFalse(self.env["cartona.sync.stat"].search([]))
        self.assertEqual(self.figure("failed_listing_count"), 1)
        self.assertEqual(self.figure("success_rate"), 0.0)

    def test_a_refused_product_accepted_later_has_arrived(self):
        refusal = {"errors": [{"supplier_product_id": "T1", "message": "no"}]}
        self.marketplace.answer_next("POST", PRODUCTS, refusal)
        self.tea.list_price = 14.0
        self.run_drain()
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.tea.list_price = 15.0
        self.run_drain()
        self.assertEqual(self.figure("success_rate"), 100.0)

    def test_only_accepted_order_updates_are_counted(self):
        accepted = Call("update_order_status", "POST", "x", records=1)
        refused = Call(
            "update_order_status", "POST", "x", records=1, failures=1, error=Rejected("rejected")
        )
        self.env["cartona.sync.log"]._record(self.config, [accepted, refused])
        stat = self.env["cartona.sync.stat"].search([])
        self.assertEqual((stat.operation, stat.milliseconds, stat.sent), ("order", 0, 1))

    def test_the_same_hour_is_one_row(self):
        self.count_sent(0.1)
        self.count_sent(0.1, 0.1)
        stat = self.env["cartona.sync.stat"].search([])
        self.assertEqual((len(stat), stat.sent), (1, 3))

    def test_old_figures_are_deleted(self):
        self.count_sent(0.1)
        self.env.cr.execute("UPDATE cartona_sync_stat SET hour = hour - interval '93 days'")
        self.count_sent(0.2)
        self.env["cartona.sync.stat"]._purge()
        self.assertEqual(len(self.env["cartona.sync.stat"].search([])), 1)


class TestDashboardProgress(DashboardCase):
    def test_sending_everything_shows_its_progress(self):
        self.rice.cartona_id = "R1"
        self.show_on_cartona(self.rice)
        self.clear_outbox()
        self.config.batch_size = 1
        self.config.action_sync_products()
        self.assertEqual(self.figure("progress_total"), 2)
        self.assertEqual(self.figure("progress_sent"), 0)
        self.assertTrue(self.figure("is_sending_all"))
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.env["cartona.product.push"]._push(self.config.id)
        self.assertEqual(self.figure("progress_sent"), 1)
        self.tea.list_price = 17.0
        self.assertEqual(self.figure("progress_sent"), 1, "a new change does not count")
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.env["cartona.product.push"]._push(self.config.id)
        self.assertFalse(self.figure("is_sending_all"))

    def test_switching_on_shows_progress_and_is_not_timed(self):
        self.config.auto_sync_products = False
        self.clear_outbox()
        self.config.auto_sync_products = True
        self.assertTrue(self.figure("is_sending_all"))
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.run_drain()
        self.assertFalse(self.figure("is_sending_all"))
        self.assertEqual(self.env["cartona.sync.stat"].search([]).milliseconds, 0)

    def test_with_all_switches_off_a_warning_is_shown(self):
        self.config.write({"auto_sync_products": False, "auto_sync_stock": False})
        self.clear_outbox()
        answer = self.config.action_sync_products()["params"]
        self.assertEqual(answer["type"], "warning")
        self.assertEqual(self.outbox_rows(), [])


class TestChecklist(DashboardCase):
    def missing(self):
        names = ("token", "test", "products", "switch", "webhook", "runner")
        return {name for name in names if self.figure("needs_%s" % name)}

    def test_every_setup_step_is_listed_until_done(self):
        company = self.env["res.company"].create({"name": "Newcomer"})
        self.config = self.env["cartona.config"]._of_company(company)
        self.assertEqual(self.missing(), {"token", "test", "products", "switch", "webhook"})
        self.assertEqual(self.config.missing_count, 5)
        self.marketplace.token = "newcomer"
        self.config.write({"base_url": self.marketplace.url, "auth_token": "newcomer"})
        self.assertEqual(self.missing(), {"test", "products", "switch", "webhook"})
        self.marketplace.answer_next(*CHECK, [])
        self.config.action_test_connection()
        self.assertEqual(self.missing(), {"products", "switch", "webhook"})
        self.make_product("Salt", 5.0).with_company(company).cartona_id = "S1"
        self.assertEqual(self.missing(), {"switch", "webhook"})
        self.config.auto_sync_orders = True
        self.assertEqual(self.missing(), {"webhook"})
        self.call_webhook()
        self.assertEqual(self.missing(), set())
        self.assertEqual(self.config.missing_count, 0)

    def test_an_idle_job_runner_is_on_the_checklist(self):
        self.tea.list_price = 13.0
        self.age_changes(minutes=2)
        self.assertIn("runner", self.missing())


class TestDashboardActions(DashboardCase):
    def new_reader(self):
        """Create a user with the Cartona user group only."""
        groups = "base.group_user,cartona_integration.group_cartona_user"
        return new_test_user(self.env, "cartona_reader", groups=groups)

    def test_the_dashboard_shows_a_card_for_each_company(self):
        action = self.env["cartona.config"].action_open_dashboard()
        self.assertEqual(action["res_model"], "cartona.config")
        self.assertEqual(action["view_mode"].split(",")[0], "kanban")

    def test_every_count_opens_the_list_it_counts(self):
        self.message(state="error", error_code="unknown_product")
        self.message(kind="status", state="error", error_code="unknown_order")
        partner = self.env["res.partner"].create({"name": "Shop"})
        rejected = self.env["sale.order"].create({"partner_id": partner.id, "cartona_id": "h1"})
        rejected.cartona_sync_state = "error"
        self.env["cartona.drift"].create(
            {"listing_id": self.listing(self.tea).id, "kind": "price", "reason": "edited"}
        )
        for name, never in (("U1", False), ("U2", True)):
            self.env["cartona.listing"].create(
                {"config_id": self.config.id, "cartona_id": name, "never_match": never}
            )
        self.rice.cartona_id = "R1"
        self.listing(self.rice).write({"error_code": "refused"})
        self.listing(self.tea).write({"error_code": "price_jump"})
        self.env.flush_all()
        for count, button in (
            ("waiting_order_count", "action_open_waiting_orders"),
            ("rejected_order_count", "action_open_rejected_orders"),
            ("drift_count", "action_open_drift"),
            ("failed_listing_count", "action_open_failed_listings"),
            ("unlinked_listing_count", "action_open_unlinked_listings"),
            ("paused_listing_count", "action_open_paused_listings"),
            ("linked_listing_count", "action_open_listings"),
        ):
            with self.subTest(count):
                action = getattr(self.config, button)()
                domain = action["domain"] + self.filters_of(action)
                found = self.env[action["res_model"]].search_count(domain)
                self.assertEqual(found, self.figure(count))
                self.assertTrue(found)

    def filters_of(self, action):
        """Return the domain of the default filters of the action."""
        view = self.env[action["res_model"]].get_views([(False, "search")])["views"]["search"]
        arch, domain = etree.fromstring(view["arch"]), []
        context = action.get("context") or {}
        context = safe_eval(context) if isinstance(context, str) else context
        for name in context:
            if name.startswith("search_default_"):
                [node] = arch.xpath("//filter[@name='%s']" % name[len("search_default_") :])
                domain += safe_eval(node.get("domain"))
        return domain

    def test_a_user_sees_the_figures_without_the_token(self):
        clerk = self.new_reader()
        self.count_sent(0.1)
        self.message(state="error")
        self.env.flush_all()
        config = self.config.with_user(clerk)
        config.invalidate_recordset()
        [row] = config.read(DASHBOARD)
        self.assertEqual((row["operation_count"], row["waiting_order_count"]), (2, 1))
        with self.assertRaises(AccessError):
            config.read(["auth_token"])
        with self.assertRaises(AccessError):
            config.auto_sync_orders = False

    def test_a_user_without_cartona_rights_sees_no_figures(self):
        outsider = new_test_user(self.env, "cartona_outsider", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.config.with_user(outsider).read(DASHBOARD)
        with self.assertRaises(AccessError):
            self.env["cartona.sync.stat"].with_user(outsider).search([])

    def test_another_companys_card_is_not_shown(self):
        company = self.env["res.company"].create({"name": "Wholesale"})
        clerk = self.new_reader()
        shown = self.env["cartona.config"].with_user(clerk).search([])
        self.assertEqual(shown.company_id, self.company)
        self.assertNotIn(company, shown.company_id)

    def test_opening_costs_the_same_queries_for_many_companies(self):
        self.env["res.company"].create([{"name": "C%s" % number} for number in range(5)])
        configs = self.env["cartona.config"].search([])
        self.env.flush_all()

        def queries(records):
            records.invalidate_recordset()
            before = self.cr.sql_log_count
            records.read(DASHBOARD)
            return self.cr.sql_log_count - before

        queries(configs)
        self.assertLessEqual(queries(configs), queries(self.config) + 2)


class TestLogRetention(DashboardCase):
    def test_old_log_rows_are_deleted_in_slices(self):
        Log = self.env["cartona.sync.log"]
        Log.search([]).unlink()
        self.env["ir.config_parameter"].set_param("cartona_integration.log_days", 10)
        now = fields.Datetime.now()
        values = {
            "config_id": self.config.id,
            "company_id": self.company.id,
            "operation": "check",
            "direction": "in",
            "state": "success",
        }
        Log.create([dict(values, create_date=now - timedelta(days=11))] * 7)
        young = Log.create(dict(values, create_date=now - timedelta(days=9)))
        self.env.flush_all()
        module = "odoo.addons.cartona_integration.models.monitoring.sync_log"
        with patch(module + "._PURGE_SLICE", 3):
            Log._purge()
        self.env.invalidate_all()
        self.assertEqual(Log.search([]), young)

    def test_the_retention_of_the_log_is_a_setting(self):
        self.env["res.config.settings"].create({"cartona_log_days": 5}).execute()
        self.assertEqual(
            self.env["ir.config_parameter"].get_param("cartona_integration.log_days"), "5"
        )


class TestLastSentValues(DashboardCase):
    def test_a_product_shows_its_last_sent_values(self):
        self.assertFalse(self.rice.cartona_last_sent)
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.rice.cartona_id = "R1"
        self.assertFalse(self.rice.cartona_last_sent, "nothing is sent yet")
        self.run_drain()
        for record in (self.rice, self.rice.product_tmpl_id):
            self.assertIn("30.00", record.cartona_last_sent)
            self.assertIn("0 in stock", record.cartona_last_sent)
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.rice.list_price = 31.0
        self.run_drain()
        self.assertIn("31.00", self.rice.cartona_last_sent)

    def test_the_smart_button_opens_the_products_listings(self):
        action = self.tea.action_cartona_listings()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(found, self.listing(self.tea))
        self.assertEqual((self.tea.cartona_listing_count, self.rice.cartona_listing_count), (1, 0))

    def test_an_unknown_operation_is_logged_as_other(self):
        self.env["cartona.sync.log"].search([]).unlink()
        self.env["cartona.sync.log"]._record(self.config, [Call("brand_new", "POST", "x")])
        self.assertEqual(self.env["cartona.sync.log"].search([]).operation, "other")
