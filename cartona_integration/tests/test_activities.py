"""Activities: one for each cause, with the number of records, closed when the cause is resolved."""

import copy
import socket
from datetime import timedelta
from unittest.mock import patch

import requests

from odoo.exceptions import UserError

from ..cartona_api import Unauthorised, unwrap
from ..compat import customer_warning
from ..hooks import delete_activities
from .common import PRODUCTS, STATUSES
from .order_common import TEA, OrderCase

REFUSAL = "Not today."
# Odoo's tests replace it with one that blocks other hosts by name.
_send = requests.Session.send


class ActivityCase(OrderCase):
    def setUp(self):
        super().setUp()
        self.marketplace.answer_always("POST", STATUSES, {})
        self.config.pending_hours = 0  # the orders here are old
        self.boss = self.config.activity_user_id

    def receive_waiting(self, hashed_id):
        """Receive an order for an unknown product."""
        raw = self.order({TEA: {"supplier_product_id": "N1"}}, hashed_id=hashed_id)
        self.env["cartona.message"]._store(self.config, "pull", unwrap(copy.deepcopy(raw)))
        self.run_import()

    def learn_arabic(self):
        self.env["res.lang"]._activate_lang("ar_001")
        addon = self.env["ir.module.module"].search([("name", "=", "cartona_integration")])
        addon._update_translations(["ar_001"])


class TestCompanyActivities(ActivityCase):
    def open_activities(self, cause=None):
        """Return the open activities of the configuration: list of (summary, user)."""
        return [
            (row.summary, row.user_id)
            for row in self.config.activity_ids.sorted("id")
            if cause in (None, row.cartona_cause)
        ]

    def test_one_activity_covers_all_waiting_orders(self):
        self.receive_waiting("w1")
        self.assertEqual(
            self.open_activities("waiting_orders"),
            [("Orders that could not be imported: 1", self.boss)],
        )
        self.receive_waiting("w2")
        self.run_cron()
        self.assertEqual(
            self.open_activities("waiting_orders"),
            [("Orders that could not be imported: 2", self.boss)],
        )
        self.make_product("عصير", 12.5).cartona_id = "N1"
        self.env.cr.flush()
        self.run_import()
        self.assertEqual(self.open_activities(), [])

    def test_the_activity_links_to_the_list(self):
        self.receive_waiting("w1")
        action = self.env.ref("cartona_integration.action_cartona_waiting_orders")
        self.assertIn("#action=%s" % action.id, self.config.activity_ids.note)

    def test_a_completed_activity_returns_only_for_more_records(self):
        self.receive_waiting("w1")
        self.config.activity_ids.unlink()
        self.run_cron()
        self.assertEqual(self.open_activities(), [])
        self.receive_waiting("w2")
        self.assertEqual(
            self.open_activities("waiting_orders"),
            [("Orders that could not be imported: 2", self.boss)],
        )

    def test_refused_products_and_prices_on_hold_have_separate_activities(self):
        self.listing(self.tea).write({"error_code": "price_jump"})
        self.listing(self.rice).write({"error_code": "refused"})
        self.run_cron()
        self.assertEqual(
            sorted(self.open_activities()),
            [
                ("Prices to confirm: 1", self.boss),
                ("Products that could not be sent: 1", self.boss),
            ],
        )
        self.listing(self.tea).write({"error_code": False})
        self.run_cron()
        self.assertEqual(
            self.open_activities(), [("Products that could not be sent: 1", self.boss)]
        )

    def test_rejected_order_updates_create_an_activity(self):
        sale = self.receive()
        sale.write({"cartona_sync_state": "error", "cartona_error_code": "status_refused"})
        self.run_cron()
        self.assertEqual(
            self.open_activities(), [("Order updates rejected by Cartona: 1", self.boss)]
        )

    def test_an_idle_job_runner_creates_an_activity(self):
        self.env["cartona.worker"]._enqueue("drain", self.config.id)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE queue_job SET date_created = %s WHERE channel LIKE 'root.cartona%%'",
            (self.now() - timedelta(minutes=2),),
        )
        self.run_cron()
        self.assertEqual(
            self.open_activities("runner_asleep"), [("The job runner is not running", self.boss)]
        )
        self.env.cr.execute("UPDATE queue_job SET state = 'done'")
        self.run_cron()
        self.assertEqual(self.open_activities(), [])

    def test_a_restored_connection_closes_only_its_own_activity(self):
        self.receive_waiting("w1")
        self.config._alert(self.refused_token())
        self.assertEqual(
            [summary for summary, _user in self.open_activities()],
            ["Orders that could not be imported: 1", "Cartona is disconnected"],
        )
        self.config._connection_outcome(None)
        self.assertEqual(
            [summary for summary, _user in self.open_activities()],
            ["Orders that could not be imported: 1"],
        )

    def refused_token(self):
        return Unauthorised("unauthorised")

    def test_without_a_responsible_user_the_team_leader_is_notified(self):
        leader = self.boss.copy({"login": "cartona_leader", "name": "Leader"})
        self.team.user_id = leader
        self.config.activity_user_id = False
        self.receive_waiting("w1")
        self.assertEqual(self.open_activities()[0][1], leader)

    def test_an_archived_user_is_not_notified(self):
        gone = self.boss.copy({"login": "cartona_gone", "name": "Gone"})
        self.config.activity_user_id = gone
        gone.active = False
        self.receive_waiting("w1")
        self.assertNotEqual(self.open_activities()[0][1], gone)

    def test_an_activity_is_in_the_users_language(self):
        self.learn_arabic()
        self.boss.lang = "ar_001"
        self.config._alert(self.refused_token())
        self.assertEqual(self.open_activities()[0][0], "انقطع الاتصال بكرتونة")

    def test_uninstalling_deletes_the_activities(self):
        self.receive_waiting("w1")
        sale = self.receive(self.order(hashed_id="o2"))
        sale._cartona_notify("Look")
        self.env.flush_all()
        delete_activities(self.env)
        self.assertFalse(self.config.activity_ids | sale.activity_ids)

    def test_updating_activities_costs_the_same_for_many_companies(self):
        self.env["res.company"].create([{"name": "C%s" % number} for number in range(5)])
        configs = self.env["cartona.config"].sudo().search([])
        self.env.flush_all()

        def queries(records):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            records._update_own_activities()
            return self.cr.sql_log_count - before

        queries(configs)
        self.assertLessEqual(queries(configs), queries(self.config.sudo()) + 3)

    def test_a_private_address_is_explained_and_creates_an_activity(self):
        """The host name is allowed, its address is not: only the connection reveals it."""
        name = "https://supplier-integrations.cartona.example:%s/api/v1/"
        port = self.marketplace.url.split(":")[2].split("/")[0]
        self.config.base_url = name % port
        self.tea.list_price = 99.0

        def lead_here(_host, port, *_args, **_kwargs):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        self.env.flush_all()
        with patch("socket.getaddrinfo", lead_here), patch("requests.Session.send", _send):
            self.run_drain()
        self.assertEqual(
            (self.config.connection_state, self.config.error_code), ("error", "private_address")
        )
        self.assertIn("Use the https address", self.config.error_message)
        self.assertEqual(self.open_activities(), [("Cartona is disconnected", self.boss)])
        self.assertEqual(self.marketplace.bodies(PRODUCTS), [])


class TestOrderActivities(ActivityCase):
    def activity_causes(self, sale):
        self.env.flush_all()
        self.env.invalidate_all()
        return sale.activity_ids.mapped("cartona_cause")

    def admin(self, record):
        return record.with_user(self.env.ref("base.user_admin"))

    def test_the_activity_closes_when_the_order_is_confirmed(self):
        Order = type(self.env["sale.order"])
        unpatched = Order._action_confirm

        def refuse(order):
            raise UserError(REFUSAL)

        with patch.object(Order, "_action_confirm", refuse):
            sale = self.receive(self.order(status="approved"))
        self.assertEqual(self.activity_causes(sale), ["not_confirmed"])
        self.assertEqual(Order._action_confirm, unpatched)
        self.admin(sale).action_confirm()
        self.assertEqual(self.activity_causes(sale), [])

    def test_the_activity_closes_when_the_customer_is_restored(self):
        self.receive().partner_id.active = False
        sale = self.receive(self.order(hashed_id="o2"))
        self.assertEqual(self.activity_causes(sale), ["customer_archived"])
        sale.partner_id.active = True
        self.assertEqual(self.activity_causes(sale), [])

    def test_the_activity_closes_when_the_order_is_cancelled(self):
        self.receive().partner_id.active = False
        sale = self.receive(self.order(hashed_id="o2"))
        self.admin(sale)._action_cancel()
        self.assertEqual(self.activity_causes(sale), [])

    def test_the_activity_closes_when_the_customer_is_unblocked(self):
        partner = self.receive().partner_id
        partner.write(dict({"sale_warn_msg": "Owes us"}, **self.blocked(partner)))
        sale = self.receive(self.order(hashed_id="o2"))
        self.assertEqual(self.activity_causes(sale), ["customer_blocked"])
        partner.write({"sale_warn_msg": False})
        self.assertFalse(customer_warning(partner))
        self.assertEqual(self.activity_causes(sale), [])

    def blocked(self, partner):
        return {"sale_warn": "block"} if "sale_warn" in partner._fields else {}

    def test_the_activity_closes_when_the_customer_is_identified(self):
        anonymous = {"retailer_code": None, "retailer_number": "123", "retailer_number2": None}
        first = self.receive(self.order(retailer=anonymous))
        second = self.receive(self.order(retailer=anonymous, hashed_id="o2"))
        for sale in (first, second):
            self.assertEqual(self.activity_causes(sale), ["customer_unknown"])
        first.partner_id.cartona_unidentified = False
        self.assertEqual(self.activity_causes(first), [])
        known = self.env["res.partner"].create({"name": "Known"})
        second.partner_id = known
        self.assertEqual(self.activity_causes(second), [])

    def test_the_activity_closes_when_a_duplicate_is_resolved(self):
        duplicates = self.env["res.partner"].create(
            [{"name": name, "phone": "01003150160"} for name in ("First", "Second")]
        )
        plain = {"retailer_code": None, "retailer_number": "01003150160", "retailer_number2": None}
        sales = [
            self.receive(self.order(retailer=plain, hashed_id="t%s" % number))
            for number in range(3)
        ]
        for sale in sales:
            self.assertEqual(self.activity_causes(sale), ["customer_double"])
        sales[0].partner_id = duplicates[1]
        self.assertEqual(self.activity_causes(sales[0]), [])
        self.admin(sales[1]).action_confirm()
        self.assertEqual(self.activity_causes(sales[1]), [])
        self.assertEqual(self.activity_causes(sales[2]), ["customer_double"])
        duplicates[0].cartona_not_duplicate = True
        self.assertEqual(self.activity_causes(sales[2]), [])

    def test_an_error_is_shown_in_each_users_language(self):
        self.learn_arabic()
        sale = self.receive()
        sale.write({"cartona_error_code": "conflict", "cartona_error_detail": "delivered returned"})
        self.assertIn("Here the order is “Delivered”", sale.cartona_error)
        self.assertIn("الطلب هنا", sale.with_context(lang="ar_001").cartona_error)

    def test_sending_again_is_offered_only_where_it_helps(self):
        sale = self.receive()
        for code, helps in (("status_refused", True), ("conflict", False), ("code_needed", False)):
            sale.write({"cartona_error_code": code, "cartona_error_detail": "delivered returned"})
            self.assertEqual(sale.cartona_may_send_again, helps, code)

    def test_orders_with_an_error_can_be_searched_for(self):
        sale = self.receive()
        Order = self.env["sale.order"]
        own = [("id", "=", sale.id)]
        self.assertFalse(Order.search(own + [("cartona_error", "!=", False)]))
        sale.write({"cartona_error": "Too late"})
        self.assertEqual(Order.search(own + [("cartona_error", "!=", False)]), sale)
        self.assertEqual(Order.search(own + [("cartona_error", "ilike", "late")]), sale)
        self.assertFalse(Order.search(own + [("cartona_error", "=", False)]))
