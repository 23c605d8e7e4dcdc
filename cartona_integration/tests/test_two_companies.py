"""Two companies with an account each, and clerks without manager rights: data stays separate."""

from odoo.tests import new_test_user

from .common import ORDERS, PRODUCTS, STATUSES
from .marketplace import Marketplace
from .order_common import OrderCase


class TestTwoCompanies(OrderCase):
    """`mall` has another token on another marketplace, which would refuse ours."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = Marketplace()
        cls.addClassCleanup(cls.second.stop)
        cls.second.token = "token-of-the-mall"
        cls.mall = cls.env["res.company"].create(
            {"name": "Mall", "currency_id": cls.company.currency_id.id}
        )
        cls.mall_config = cls.env["cartona.config"]._of_company(cls.mall)
        cls.mall_config.write(
            {
                "base_url": cls.second.url,
                "auth_token": cls.second.token,
                "auto_sync_products": True,
                "auto_sync_stock": True,
                "auto_sync_orders": True,
            }
        )
        cls.mall_config._connection_outcome(None)
        # The same products, under other ids of the other account.
        cls.env["cartona.listing"].create(
            [
                {"config_id": cls.mall_config.id, "cartona_id": "M-T", "product_id": cls.tea.id},
                {"config_id": cls.mall_config.id, "cartona_id": "M-R", "product_id": cls.rice.id},
            ]
        )
        cls.clerks = {
            company: new_test_user(
                cls.env,
                login="cartona_clerk_%s" % company.id,
                groups="sales_team.group_sale_salesman_all_leads,stock.group_stock_user",
                company_id=company.id,
                company_ids=[(6, 0, company.ids)],
            )
            for company in (cls.company, cls.mall)
        }
        cls.clear_outbox()

    def setUp(self):
        super().setUp()
        for marketplace in (self.marketplace, self.second):
            marketplace.calls.clear()
            marketplace.unexpected.clear()
            marketplace._prepared.clear()
            marketplace.answer_always("POST", PRODUCTS, {})
            marketplace.answer_always("POST", STATUSES, {})

    def clerk_env(self, company):
        """Return an environment of the company's clerk, as a browser creates it."""
        return self.env(user=self.clerks[company].id, context={"allowed_company_ids": company.ids})

    def run_everything(self):
        """Run all background jobs of both companies."""
        self.env.cr.flush()
        for config in (self.config, self.mall_config):
            for step in (
                self.env["cartona.message"]._pull,
                self.env["cartona.message"]._import,
                self.env["cartona.product.push"]._push,
                self.env["cartona.order.push"]._push,
            ):
                wait = 0
                while wait == 0:
                    wait = step(config.id)
        self.env.invalidate_all()

    def sent_ids(self, marketplace):
        """Return every id that was sent to a marketplace."""
        return {
            item.get("supplier_product_id") or item["hashed_id"]
            for path in (PRODUCTS, STATUSES)
            for body in marketplace.bodies(path)
            for item in body
        }

    def test_a_clerks_work_reaches_only_the_companys_account(self):
        orders = {
            self.company: self.order(hashed_id="ours"),
            self.mall: self.order(
                {0: {"supplier_product_id": "M-T"}, 1: {"supplier_product_id": "M-R"}},
                hashed_id="the-mall-s",
            ),
        }
        for company, marketplace in ((self.company, self.marketplace), (self.mall, self.second)):
            rows = [orders[company]]
            marketplace.answer_next("GET", ORDERS, rows)
            marketplace.answer_always("GET", ORDERS, [])
        self.run_everything()

        for company in (self.company, self.mall):
            env = self.clerk_env(company)
            [sale] = env["sale.order"].search([("cartona_id", "!=", False)])
            self.assertEqual(sale.cartona_id, orders[company]["hashed_id"])
            self.assertEqual(sale.company_id, company)
            sale.action_confirm()
            sale.action_cartona_sync()
            env["product.product"].browse(self.tea.id).action_cartona_sync()
            config = env["cartona.config"].search([])
            self.assertEqual(config.company_id, company)
            config.action_pull_orders()
            config.action_sync_products()
            self.assertTrue(config.read(["connection_state", "success_rate"]))
            self.assertEqual(
                env["cartona.listing"].search([]).company_id | company,
                company,
                "no other company's",
            )
            self.run_everything()
            for picking in env["stock.picking"].search([("sale_id", "=", sale.id)]):
                self.assertEqual(picking.company_id, company)

        self.assertEqual(self.sent_ids(self.marketplace), {"T1", "R1", "ours"})
        self.assertEqual(self.sent_ids(self.second), {"M-T", "M-R", "the-mall-s"})
        for marketplace in (self.marketplace, self.second):
            self.assertEqual(marketplace.unexpected, [])
        for config in (self.config, self.mall_config):
            self.assertEqual(config.connection_state, "connected")
        self.assertFalse(self.env["cartona.message"].search([("state", "=", "error")]))

    def test_a_shared_products_price_uses_each_accounts_id(self):
        self.tea.list_price = 21.0
        self.run_everything()
        for marketplace, cartona_id in ((self.marketplace, "T1"), (self.second, "M-T")):
            sent = [
                item["supplier_product_id"]
                for body in marketplace.bodies(PRODUCTS)
                for item in body
                if item.get("selling_price") == 21.0
            ]
            self.assertEqual(sent, [cartona_id])
