"""Orders from before the start date are not imported."""

import copy

from odoo import fields

from ..cartona_api import unwrap
from .common import STATUSES
from .order_common import ORDER, OrderCase


class TestOlderOrders(OrderCase):
    """An order of February and one of March are offered; orders are not switched on yet."""

    def setUp(self):
        super().setUp()
        self.marketplace.answer_always("POST", STATUSES, {})
        self.config.auto_sync_orders = False
        self.env["cartona.message"]._store(
            self.config,
            "pull",
            [*self.notices("feb", "2026-02-20T10:00:00Z"), *self.notices("mar", "2026-03-05")],
        )
        self.env.cr.flush()

    def notices(self, hashed_id, created_at, **changes):
        order = dict(copy.deepcopy(ORDER), hashed_id=hashed_id, created_at=created_at, **changes)
        return unwrap(order)

    def wizard(self, **values):
        values.setdefault("orders_from", fields.Datetime.to_datetime("2026-03-01 00:00:00"))
        return self.env["cartona.go.live"].create({"config_id": self.config.id, **values})

    def imported(self):
        domain = [("company_id", "=", self.company.id), ("cartona_id", "in", ("feb", "mar"))]
        return set(self.env["sale.order"].search(domain).mapped("cartona_id"))

    def acknowledged(self):
        bodies = self.marketplace.bodies(STATUSES)
        return {item["hashed_id"] for body in bodies for item in body}

    def test_newer_and_older_orders_are_counted_first(self):
        wizard = self.wizard()
        self.assertEqual((wizard.order_count, wizard.older_count), (1, 1))
        self.run_import()
        self.assertEqual(self.imported(), set())

        self.assertEqual(self.marketplace.calls, [], "nothing is sent to Cartona")

    def test_a_changed_order_is_counted_once(self):
        changed = self.notices("mar", "2026-03-05", status="editing")
        self.env["cartona.message"]._store(self.config, "webhook", changed)
        wizard = self.wizard()
        self.assertEqual((wizard.order_count, wizard.waiting_count, wizard.older_count), (1, 0, 1))

    def test_orders_that_will_wait_are_counted_separately(self):
        unknown = self.order({1: {"supplier_product_id": "NOBODY", "base_product_id": 999}})
        unknown = dict(unknown, hashed_id="strange", created_at="2026-03-06T10:00:00Z")
        self.env["cartona.message"]._store(self.config, "pull", unwrap(unknown))
        wizard = self.wizard()
        self.assertEqual((wizard.order_count, wizard.waiting_count, wizard.older_count), (1, 1, 1))
        action = wizard.with_context(figure="waiting_count").action_list()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(found.hashed_id, "strange")
        wizard.action_go_live()
        self.run_import()
        self.assertEqual(self.imported(), {"mar"})
        self.assertEqual((found.state, found.error_code), ("error", "unknown_product"))

    def test_without_the_switch_no_order_is_imported(self):
        wizard = self.wizard(auto_sync_orders=False)
        self.assertEqual((wizard.order_count, wizard.waiting_count, wizard.older_count), (0, 0, 0))

    def test_older_orders_are_skipped_and_acknowledged(self):
        self.wizard(acknowledge_older=True).action_go_live()
        self.run_import()
        self.assertEqual(self.imported(), {"mar"})
        self.assertEqual(self.acknowledged(), {"feb", "mar"})
        skipped = self.env["cartona.message"].search([("hashed_id", "=", "feb")])
        self.assertEqual((skipped.state, skipped.error_code), ("superseded", "handled_before"))
        self.assertFalse(skipped.reserved, "no stock is reserved for it")

    def test_older_orders_are_not_acknowledged_by_default(self):
        self.wizard().action_go_live()
        self.run_import()
        self.assertEqual(self.imported(), {"mar"})
        self.assertEqual(self.acknowledged(), {"mar"})

    def test_a_changed_older_order_is_not_imported(self):
        self.wizard().action_go_live()
        self.run_import()
        changed = self.notices("feb", "2026-02-20T10:00:00Z", status="approved")
        self.env["cartona.message"]._store(self.config, "pull", changed)
        self.run_import()
        self.assertEqual(self.imported(), {"mar"})

    def test_an_earlier_start_date_imports_skipped_orders(self):
        self.wizard().action_go_live()
        self.run_import()
        self.config.orders_from = fields.Datetime.to_datetime("2026-02-01 00:00:00")
        self.run_import()
        self.assertEqual(self.imported(), {"feb", "mar"})

    def test_today_starts_at_midnight_of_the_users_timezone(self):
        self.env.user.tz = "Africa/Cairo"
        proposed = self.env["cartona.go.live"].new({}).default_get(["orders_from"])["orders_from"]
        local = fields.Datetime.context_timestamp(self.env.user, proposed)
        self.assertEqual((local.hour, local.minute), (0, 0))
        self.assertLessEqual(proposed, self.now())

    def test_without_a_start_date_every_order_is_imported(self):
        self.wizard(orders_from=False).action_go_live()
        self.run_import()
        self.assertEqual(self.imported(), {"feb", "mar"})
