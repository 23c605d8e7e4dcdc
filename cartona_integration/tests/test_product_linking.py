"""Linking a product by entering its id, on the variant or the template."""

from odoo.exceptions import AccessError, UserError, ValidationError

from .common import CartonaCase
from .order_common import OrderCase


class TestProductLinking(CartonaCase):
    def test_an_entered_id_makes_a_listing_in_the_products_unit(self):
        self.rice.cartona_id = " 12345 "
        listing = self.listing(self.rice)
        self.assertEqual(
            (listing.cartona_id, listing.uom_id, listing.config_id, listing.state),
            ("12345", self.rice.uom_id, self.config, "pending"),
        )
        self.assertEqual(self.rice.cartona_id, "12345")
        self.assertEqual(self.rice.product_tmpl_id.cartona_id, "12345")
        self.assertEqual(self.marketplace.calls, [])

    def test_an_unmatched_listing_is_reused(self):
        listing = self.env["cartona.listing"].create({"cartona_id": "77", "name": "أرز"})
        self.rice.cartona_id = "77"
        self.assertEqual(self.listing(self.rice), listing)
        self.assertEqual(self.env["cartona.listing"].search_count([("cartona_id", "=", "77")]), 1)

    def test_an_id_of_another_product_is_refused(self):
        with self.assertRaisesRegex(UserError, "شاي العروسة"), self.env.cr.savepoint():
            self.rice.cartona_id = "T1"
        self.assertEqual(self.tea.cartona_id, "T1")

    def test_clearing_the_id_unlinks(self):
        listing = self.env["cartona.listing"].create({"cartona_id": "77", "name": "أرز"})
        self.rice.cartona_id = "77"
        self.rice.cartona_id = False
        self.assertFalse(self.rice.cartona_id)
        self.assertEqual((listing.product_id.id, listing.state), (False, "not_linked"))
        self.tea.cartona_id = False
        # A listing that was entered here and never read on Cartona is deleted.
        self.assertFalse(self.env["cartona.listing"].search([("cartona_id", "=", "T1")]))

    def test_a_product_may_be_created_linked(self):
        product = self.env["product.product"].create({"name": "سكر", "cartona_id": "S1"})
        template = self.env["product.template"].create({"name": "دقيق", "cartona_id": "S2"})
        self.assertEqual(self.listing(product).cartona_id, "S1")
        self.assertEqual(self.listing(template.product_variant_ids).cartona_id, "S2")

    def test_a_template_with_variants_cannot_be_linked(self):
        size = self.env["product.attribute"].create(
            {"name": "Size", "value_ids": [(0, 0, {"name": "S"}), (0, 0, {"name": "L"})]}
        )
        template = self.env["product.template"].create(
            {
                "name": "عصير",
                "attribute_line_ids": [
                    (0, 0, {"attribute_id": size.id, "value_ids": [(6, 0, size.value_ids.ids)]})
                ],
            }
        )
        with self.assertRaisesRegex(UserError, "several variants"), self.env.cr.savepoint():
            template.cartona_id = "9"
        template.product_variant_ids[1].cartona_id = "9"
        self.assertFalse(template.cartona_id)
        self.assertEqual(template.cartona_sync_state, "pending")

    def test_the_listing_in_the_products_unit_is_shown(self):
        listing = self.env["cartona.listing"]
        box = listing.create(
            {
                "cartona_id": "BOX",
                "product_id": self.rice.id,
                "uom_id": listing._pack_unit(self.rice.uom_id, 12, "box").id,
            }
        )
        self.assertEqual(self.rice.cartona_id, "BOX")
        listing.create({"cartona_id": "PIECE", "product_id": self.rice.id})
        self.rice.invalidate_recordset()
        self.assertEqual(self.rice.cartona_id, "PIECE")
        self.assertEqual(box.product_id, self.rice)

    def test_products_are_found_by_id_and_by_state(self):
        Product = self.env["product.product"]
        both = [("id", "in", (self.tea | self.rice).ids)]
        for domain, found in (
            ([("cartona_id", "=", "T1")], self.tea),
            ([("cartona_id", "ilike", "t")], self.tea),
            ([("cartona_id", "!=", False)], self.tea),
            ([("cartona_id", "=", False)], self.rice),
            ([("cartona_id", "in", ["T1", "X"])], self.tea),
            ([("cartona_sync_state", "=", "not_linked")], self.rice),
            ([("cartona_sync_state", "!=", "not_linked")], self.tea),
            ([("cartona_sync_state", "in", ["pending", "error"])], self.tea),
        ):
            with self.subTest(domain=domain):
                self.assertEqual(Product.search(domain + both), found)
        template = self.env["product.template"].search([("cartona_id", "=", "T1")])
        self.assertEqual(template, self.tea.product_tmpl_id)

    def test_the_unit_of_a_listing_must_fit_the_product(self):
        with self.assertRaisesRegex(
            ValidationError, "cannot be converted"
        ), self.env.cr.savepoint():
            self.listing(self.tea).uom_id = self.env.ref("uom.product_uom_kgm")

    def test_deleting_a_product_leaves_its_listing_unmatched(self):
        listing = self.env["cartona.listing"].create(
            {"cartona_id": "77", "name": "أرز", "product_id": self.rice.id}
        )
        self.rice.unlink()
        self.assertEqual((listing.product_id.id, listing.state), (False, "not_linked"))

    def test_each_company_has_its_own_links(self):
        other = self.env["res.company"].create({"name": "Wholesale"})
        theirs = self.tea.with_company(other)
        self.assertFalse(theirs.cartona_id)
        theirs.cartona_id = "W1"
        self.assertEqual(self.tea.with_company(self.company).cartona_id, "T1")
        self.assertEqual(theirs.cartona_id, "W1")

    def test_every_company_has_one_configuration(self):
        Config = self.env["cartona.config"]
        company = self.env["res.company"].create({"name": "New"})
        self.assertEqual(len(Config.search([("company_id", "=", company.id)])), 1)
        for config in Config.search([]):
            self.assertTrue(config.webhook_token)
        self.assertEqual(
            len(set(Config.search([]).mapped("webhook_token"))), len(Config.search([]))
        )
        Config.search([("company_id", "=", company.id)]).unlink()
        again = Config.with_company(company).create({})
        self.assertEqual((again.company_id, again.currency_id), (company, company.currency_id))


class TestDerivedPack(OrderCase):
    """A product linked by entering its id, which Cartona sells in boxes of 24."""

    def receive_box(self, price):
        return self.receive(
            self.order(
                {0: {"unit": "box", "unit_count": 24, "amount": 5, "selling_price": price}, 1: None}
            )
        )

    def test_a_box_is_delivered_in_pieces(self):
        line = self.receive_box(290.0).order_line
        self.assertEqual((line.product_uom_qty, line.price_unit), (5, 290.0))
        self.assertEqual(line._cartona_uom().name, "Box of 24")
        listing = self.listing(self.tea)
        self.assertEqual((listing.unit, listing.unit_count), ("box", 24))
        self.assertEqual(listing.uom_id, line._cartona_uom())

    def test_a_product_is_the_box_once_a_user_says_so(self):
        raw = self.order(
            {0: {"unit": "box", "unit_count": 24, "amount": 5, "selling_price": 13.0}, 1: None}
        )
        self.assertEqual(self.refuse(raw)[0], "pack_unconfirmed")
        self.listing(self.tea).action_count_in_pack()
        line = self.receive(raw).order_line
        self.assertEqual((line.product_uom_qty, line._cartona_uom()), (5, self.tea.uom_id))
        self.assertEqual(self.listing(self.tea).unit_count, 24)

    def test_a_derived_pack_is_not_derived_again(self):
        self.receive_box(290.0)
        code, _detail = self.refuse(
            self.order(
                {0: {"unit": "box", "unit_count": 12, "amount": 1, "selling_price": 150.0}},
                hashed_id="another",
            )
        )
        self.assertEqual(code, "unit_mismatch")


class TestAccessRights(CartonaCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            login: cls.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": login,
                    "login": "cartona_" + login,
                    cls.groups_field(): [(6, 0, [cls.env.ref(xmlid).id for xmlid in groups])],
                }
            )
            for login, groups in {
                "seller": ["sales_team.group_sale_salesman"],
                "storekeeper": ["stock.group_stock_user"],
                "boss": ["sales_team.group_sale_manager"],
                "plain": ["base.group_user"],
            }.items()
        }

    @classmethod
    def groups_field(cls):
        return "group_ids" if "group_ids" in cls.env["res.users"]._fields else "groups_id"

    def test_the_groups_come_with_sales_and_stock(self):
        user, manager = (
            "cartona_integration.group_cartona_user",
            "cartona_integration.group_cartona_manager",
        )
        rights = {
            login: (record.has_group(user), record.has_group(manager))
            for login, record in self.users.items()
        }
        self.assertEqual(rights["seller"], (True, False))
        self.assertEqual(rights["storekeeper"], (True, False))
        self.assertEqual(rights["boss"], (True, True))
        self.assertEqual(rights["plain"], (False, False))

    def test_a_clerk_sees_the_state_but_neither_token_nor_payload(self):
        seller = self.users["seller"]
        config = self.config.with_user(seller)
        self.assertEqual(config.connection_state, "connected")
        for field in ("auth_token", "webhook_token"):
            with self.assertRaises(AccessError):
                config.read([field])
            with self.assertRaises(AccessError):
                self.env["cartona.config"].with_user(seller).search([(field, "!=", False)])
            with self.assertRaises(AccessError):
                self.env["cartona.listing"].with_user(seller).search(
                    [("config_id." + field, "=like", "a%")]
                )
        self.assertFalse({"auth_token", "webhook_token"} & config.read()[0].keys())
        with self.assertRaises(AccessError):
            config.write({"auto_confirm": True})
        with self.assertRaises(AccessError):
            self.env["cartona.message"].with_user(seller).search([]).read(["payload"])
            self.env["cartona.message"].with_user(seller).search([("payload", "!=", False)])

    def test_a_clerk_may_sync_and_pull(self):
        seller = self.users["seller"]
        self.tea.with_user(seller).action_cartona_sync()
        self.assertEqual(self.outbox_rows("resend"), [("resend", self.listing(self.tea).id)])
        self.config.with_user(seller).action_pull_orders()

    def test_a_user_without_cartona_rights_can_still_work(self):
        plain = self.users["plain"]
        with self.assertRaises(AccessError):
            self.env["cartona.listing"].with_user(plain).search([])
        self.env["cartona.change"].with_user(plain)._mark_dirty("price", product_ids=self.tea.ids)
        self.assertEqual(self.outbox_rows(), [("price", self.listing(self.tea).id)])

    def test_a_user_who_may_write_products_may_link_them(self):
        # Up to 18 sales managers may write products; from 19 there is a group for it.
        editors = self.env.ref("product.group_product_manager", raise_if_not_found=False)
        boss = self.users["boss"]
        if editors:
            boss.write({self.groups_field(): [(4, editors.id)]})
        self.rice.with_user(boss).cartona_id = "R9"
        self.assertEqual(self.listing(self.rice).cartona_id, "R9")

    def test_another_companys_records_are_not_seen(self):
        other = self.env["res.company"].create({"name": "Wholesale"})
        theirs = self.env["cartona.config"]._of_company(other)
        boss = self.users["boss"]
        seen = self.env["cartona.config"].with_user(boss).search([])
        self.assertIn(self.config, seen)
        self.assertNotIn(theirs, seen)
        self.tea.with_company(other).cartona_id = "W1"
        listings = self.env["cartona.listing"].with_user(boss).search([])
        self.assertEqual(set(listings.mapped("company_id")), {self.company})
