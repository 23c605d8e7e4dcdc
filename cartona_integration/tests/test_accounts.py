"""Several supplier codes under one token: every order gets its company or waits for a code."""

import copy

from ..cartona_api import unwrap
from .common import ORDERS, PRODUCTS, STATUSES
from .order_common import ORDER, OrderCase


class TestAccounts(OrderCase):
    """The first company is account "1", `wholesale` has no code yet; its `tea` costs 10."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.company"].create(
            {"name": "Wholesale", "currency_id": cls.company.currency_id.id}
        )
        cls.env.user.company_ids |= cls.other
        cls.wholesale = cls.env["cartona.config"]._of_company(cls.other)
        cls.wholesale_team = cls.env["crm.team"].create(
            {"name": "Wholesale", "company_id": cls.other.id}
        )
        cls.wholesale.write(
            {
                "base_url": cls.marketplace.url,
                "auto_sync_orders": True,
                "team_id": cls.wholesale_team.id,
                "user_id": cls.env.ref("base.user_admin").id,
            }
        )
        cls.config.supplier_code = "1"
        cls.config._connection_outcome(None)
        cls.env["cartona.listing"].create(
            [
                {"config_id": cls.wholesale.id, "cartona_id": "T2", "product_id": cls.tea.id},
                {"config_id": cls.wholesale.id, "cartona_id": "R2", "product_id": cls.rice.id},
            ]
        )
        cls.show_on_cartona(cls.tea | cls.rice)
        cls.clear_outbox()

    def setUp(self):
        super().setUp()
        self.marketplace.answer_always("POST", STATUSES, {})

    # === HELPERS === #

    def give_code(self, code, **values):
        """Enter token and code in the second company."""
        token = self.marketplace.token
        self.wholesale.write(dict(values, supplier_code=code, auth_token=token))
        self.env.cr.flush()

    def foreign(self, hashed_id="w1", code="2", **changes):
        order = dict(copy.deepcopy(ORDER), hashed_id=hashed_id, supplier_code=code, **changes)
        for line, cartona_id in zip(order["order_details"], ("T2", "R2")):
            line["supplier_product_id"] = cartona_id
        return order

    def store(self, *payloads):
        """Store these as the webhook of the first company does."""
        for payload in payloads:
            for target, notices in self.config._by_account(unwrap(payload)).items():
                target.env["cartona.message"]._store(target, "webhook", notices)

    def message(self, hashed_id="w1"):
        return self.env["cartona.message"].search([("hashed_id", "=", hashed_id)])

    def sale(self, hashed_id="w1"):
        return self.env["sale.order"].search([("cartona_id", "=", hashed_id)])

    def synced(self):
        return [
            row["hashed_id"] for body in self.marketplace.bodies(STATUSES) for row in body or []
        ]

    # === TESTS === #

    def test_a_supplier_code_decides_company_warehouse_and_team(self):
        self.give_code("2")

        self.store(self.foreign())
        self.run_import()
        self.run_import(self.wholesale)

        sale = self.sale()
        self.assertEqual(sale.company_id, self.other)
        self.assertEqual(sale.warehouse_id.company_id, self.other)
        self.assertEqual(sale.team_id, self.wholesale_team)
        self.assertEqual(sale.partner_id.company_id, self.other)

    def test_a_supplier_code_decides_the_pricelist(self):
        currency, lists = self.company.currency_id.id, {}
        for config in (self.config, self.wholesale):
            company = config.company_id.id
            lists[config] = self.env["product.pricelist"].create(
                {"name": "Cartona", "currency_id": currency, "company_id": company}
            )
        self.config.pricelist_id = lists[self.config]
        self.give_code("2", pricelist_id=lists[self.wholesale].id)
        self.store(self.foreign(), dict(copy.deepcopy(ORDER), hashed_id="mine"))
        self.run_import()
        self.run_import(self.wholesale)
        self.assertEqual(self.sale().pricelist_id, lists[self.wholesale])
        self.assertEqual(self.sale("mine").pricelist_id, lists[self.config])
        self.assertEqual((self.sale().amount_total, self.sale("mine").amount_total), (110.0, 110.0))

    def test_an_unknown_supplier_code_makes_the_order_wait(self):
        self.store(self.foreign())
        self.run_import()

        message = self.message()
        self.assertEqual((message.state, message.error_code), ("error", "unknown_account"))
        self.assertEqual(message.supplier_code, "2")
        self.assertIn("No company in Odoo has the supplier code", message.error_message)
        self.assertFalse(self.sale())
        self.assertEqual(self.synced(), [])

    def test_entering_the_code_imports_the_order_in_that_company(self):
        self.store(self.foreign())
        self.run_import()
        self.store({"hashed_id": "w1", "status": "approved"})

        self.give_code("2")
        self.assertTrue(self.env["cartona.change"].search([("kind", "=", "replay")]))
        self.run_import()
        self.run_import(self.wholesale)

        self.assertEqual(set(self.message().mapped("config_id")), {self.wholesale})
        self.assertEqual(set(self.message().mapped("company_id")), {self.other})
        self.assertEqual(self.sale().company_id, self.other)
        self.assertEqual(self.sale().cartona_status, "approved")
        self.assertEqual(self.sale().state, "sale")
        self.assertEqual(set(self.synced()), {"w1"})

    def test_correcting_our_code_imports_the_order_here(self):
        order = dict(copy.deepcopy(ORDER), hashed_id="w1", supplier_code="2")
        self.store(order)
        self.run_import()

        self.config.supplier_code = "2"
        self.run_import()

        self.assertEqual(self.sale().company_id, self.company)

    def test_a_company_without_a_code_takes_every_order(self):
        order = dict(copy.deepcopy(ORDER), hashed_id="w1", supplier_code="2")
        self.store(order)
        self.run_import()

        self.config.supplier_code = False
        self.run_import()

        self.assertEqual(self.sale().company_id, self.company)

    def test_a_code_under_another_token_takes_nothing(self):
        self.store(self.foreign())
        self.run_import()

        self.wholesale.write({"supplier_code": "2", "auth_token": "of-somebody-else"})
        self.run_import()

        self.assertEqual(self.message().config_id, self.config)
        self.assertEqual(self.message().error_code, "unknown_account")

    def test_orders_of_other_codes_stay_where_they_wait(self):
        self.store(self.foreign(), self.foreign("w3", code="3"))
        self.run_import()

        self.give_code("2")
        self.run_import()

        waiting = self.message("w3")
        self.assertEqual((waiting.config_id, waiting.state), (self.config, "error"))
        self.assertEqual(waiting.error_code, "unknown_account")

    def test_a_status_without_account_goes_to_the_orders_company(self):
        self.give_code("2")
        self.store(self.foreign())
        self.run_import(self.wholesale)

        self.store({"hashed_id": "w1", "status": "cancelled_by_retailer"})
        self.run_import(self.wholesale)

        self.assertEqual(self.sale().state, "cancel")
        self.assertEqual(set(self.message().mapped("config_id")), {self.wholesale})

    def test_an_order_of_an_unconfigured_account_is_pulled_and_waits(self):
        def page(query):
            """Return the orders of the requested account, or of all accounts, as Cartona does."""
            orders = [dict(copy.deepcopy(ORDER), hashed_id="mine"), self.foreign()]
            own = [
                order
                for order in orders
                if query.get("supplier_code", order["supplier_code"]) == order["supplier_code"]
            ]
            return own if query["page"] == "1" else []

        self.marketplace.answer_always("GET", ORDERS, page)
        self.env.cr.flush()
        self.assertIsNone(self.env["cartona.message"]._pull(self.config.id))
        self.run_import()

        self.assertEqual(self.sale("mine").company_id, self.company)
        self.assertEqual(self.message().error_code, "unknown_account")

    def test_a_marketplace_that_requires_a_code_causes_no_error(self):
        self.marketplace.answer_always("GET", ORDERS, [])
        serve, refusals = self.marketplace._serve, []

        def insist(handler):
            allowed = "supplier_code=" in handler.path
            self.marketplace.answer_status = None if allowed else lambda body: refusals[-1]
            serve(handler)

        self.patch(self.marketplace, "_serve", insist)
        for status in (422, 403):
            refusals.append(status)
            self.config.last_pull = False
            self.env.cr.flush()
            self.assertIsNone(self.env["cartona.message"]._pull(self.config.id))
            self.env.invalidate_all()
            self.assertEqual(self.config.connection_state, "connected")
            self.assertTrue(self.config.last_pull)
            self.assertFalse(self.config.in_failure_count)

    def test_each_account_gets_the_price_of_its_own_pricelist(self):
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Wholesale",
                "currency_id": self.company.currency_id.id,
                "company_id": self.other.id,
            }
        )
        self.env["product.pricelist.item"].create(
            {
                "pricelist_id": pricelist.id,
                "compute_price": "percentage",
                "percent_price": 20,
                "applied_on": "3_global",
            }
        )
        self.give_code("2", pricelist_id=pricelist.id, auto_sync_products=True)
        self.wholesale._connection_outcome(None)
        self.clear_outbox()
        self.marketplace.answer_always("POST", PRODUCTS, {})

        self.tea.lst_price = 20.0
        self.env.cr.flush()
        for config in (self.config, self.wholesale):
            self.env["cartona.product.push"]._push(config.id)

        sent = {
            item["supplier_product_id"]: (item["selling_price"], item["supplier_code"])
            for body in self.marketplace.bodies(PRODUCTS)
            for item in body
            if "selling_price" in item
        }
        self.assertEqual(sent["T1"], (20.0, "1"))
        self.assertEqual(sent["T2"], (16.0, "2"))
