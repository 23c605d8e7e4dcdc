"""Differences between Cartona and Odoo are listed with their date and reason."""

from odoo import fields

from ..models.catalogue.push import Sending
from .common import PRODUCTS
from .test_catalogue import CATALOGUE, CatalogueCase


class TestDrift(CatalogueCase):
    def setUp(self):
        super().setUp()
        self.set_stock(self.tea, 20)
        self.set_stock(self.rice, 5)
        self.run_drain()
        self.offer("T1", price=12.5, stock=20)
        self.offer("R1", price=30.0, stock=5)
        self.config.heal_drift = False
        self.pass_a_minute()
        self.read_catalogue()
        self.marketplace.calls.clear()

    def pass_a_minute(self):
        """Move the last sending one minute back, before the next reading."""
        self.env.cr.flush()
        self.env.cr.execute(
            "UPDATE cartona_listing SET synced_at = synced_at - interval '1 minute'"
        )
        self.env.invalidate_all()

    def enter_shadow_mode(self):
        """Switch everything off, as if nothing was ever sent."""
        self.config.write({"auto_sync_products": False, "auto_sync_stock": False})
        self.listing(self.tea + self.rice).write(
            {"sent_values": False, "sent_price": 0, "sent_stock": 0}
        )
        self.clear_outbox()

    def wizard(self, **values):
        """Open the report."""
        self.env.cr.flush()
        self.config.action_go_live()
        return self.env["cartona.go.live"].create(dict(values, config_id=self.config.id))

    def sent_items(self):
        """Return the items sent so far: dict Cartona id -> item."""
        return {
            item["supplier_product_id"]: item
            for items in self.marketplace.bodies(PRODUCTS)
            for item in items
        }

    def drift_rows(self, state="open"):
        """Return dict (Cartona id, kind) -> (Odoo, Cartona, reason)."""
        rows = self.env["cartona.drift"].search(
            [("config_id", "=", self.config.id), ("state", "=", state)]
        )
        return {
            (row.listing_id.cartona_id, row.kind): (row.odoo_value, row.cartona_value, row.reason)
            for row in rows
        }

    def test_equal_values_are_not_a_difference(self):
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {})
        self.assertEqual(self.config.drift_count, 0)

    def test_a_value_edited_on_cartona_is_a_difference(self):
        self.offer("T1", price=11.0, stock=20)
        self.offer("R1", price=30.0, stock=9, is_published=False)
        self.read_catalogue()
        self.assertEqual(
            self.drift_rows(),
            {
                ("T1", "price"): ("12.5", "11", "edited"),
                ("R1", "stock"): ("5", "9", "edited"),
                ("R1", "published"): ("Yes", "No", "edited"),
            },
        )
        self.assertEqual(self.config.drift_count, 3)
        self.assertEqual(self.outbox_rows(), [], "the setting: list only")

    def test_a_difference_keeps_its_first_date_until_closed(self):
        self.offer("T1", price=11.0, stock=20)
        self.read_catalogue()
        row = self.env["cartona.drift"].search([("state", "=", "open")])
        row.since = fields.Datetime.subtract(self.now(), days=3)
        since = row.since
        self.offer("T1", price=10.0, stock=20)
        self.read_catalogue()
        self.assertEqual((row.since, row.cartona_value, row.state), (since, "10", "open"))
        self.offer("T1", price=12.5, stock=20)
        self.read_catalogue()
        self.assertEqual(row.state, "closed")
        self.assertTrue(row.closed_at)

    def test_a_refused_value_is_a_difference(self):
        self.marketplace.answer_next(
            "POST", PRODUCTS, {"errors": [{"supplier_product_id": "T1", "message": "too dear"}]}
        )
        self.tea.list_price = 99.0
        self.run_drain()
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {("T1", "price"): ("99", "12.5", "refused")})

    def test_an_unsent_value_is_a_difference(self):
        self.tea.list_price = 14.0
        self.env.cr.flush()
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {("T1", "price"): ("14", "12.5", "not_sent")})

    def test_a_change_without_an_outbox_row_is_a_difference(self):
        """The price was written by SQL, so there is no outbox row."""
        self.env.cr.execute(
            "UPDATE product_template SET list_price = 15 WHERE id = %s",
            (self.tea.product_tmpl_id.id,),
        )
        self.env.invalidate_all()
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {("T1", "price"): ("15", "12.5", "not_sent")})

    def test_a_price_on_hold_is_a_difference(self):
        self.tea.list_price = 0.0
        self.run_drain()
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {("T1", "price"): ("0", "12.5", "unconfirmed")})

    def test_a_value_switched_off_is_a_difference(self):
        self.config.write({"auto_sync_products": False, "auto_sync_stock": False})
        self.tea.list_price = 14.0
        self.set_stock(self.rice, 7)
        self.read_catalogue()
        self.assertEqual(
            self.drift_rows(),
            {
                ("T1", "price"): ("14", "12.5", "not_live"),
                ("R1", "stock"): ("7", "5", "not_live"),
            },
        )

    def test_an_ignored_listing_is_not_a_difference(self):
        self.offer("X1")
        self.read_catalogue()
        self.assertIn(("X1", "link"), self.drift_rows())
        self.listing_of("X1").action_never_match()
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {})

    def test_unlinked_and_missing_listings_are_differences(self):
        self.offer("X1")
        del self.offers["R1"]
        self.read_catalogue()
        self.assertEqual(
            self.drift_rows(),
            {
                ("X1", "link"): (False, False, "never_linked"),
                ("R1", "link"): (self.rice.display_name, False, "gone"),
            },
        )

    def test_an_empty_list_says_if_cartona_was_compared(self):
        self.config.write({"catalogue_read_at": False, "catalogue_page": 0})
        self.assertIn("never compared", self.config.action_open_drift()["help"])
        self.config.write({"catalogue_page": 2, "catalogue_count": 1})
        known = self.env["cartona.listing"].search_count([("config_id", "=", self.config.id)])
        self.assertIn("1 of %s products" % known, self.config.action_open_drift()["help"])
        self.config.write({"catalogue_page": 0, "catalogue_read_at": self.now()})
        self.assertIn("shows what Odoo says", self.config.action_open_drift()["help"])

    def test_a_changed_pack_is_a_difference(self):
        self.offer("T1", price=12.5, stock=20, unit="box", unit_count=6)
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {("T1", "unit"): ("1", "6", "unconfirmed")})

    def test_values_sent_during_the_reading_are_not_compared(self):
        def page(query):
            rows = self.page(query)
            if query["page"] == "1":
                # Store the outcome as the drain does, on the cursor of the test.
                tea = self.listing_of("T1")
                self.tea.list_price = 14.0
                tea._store_outcome(Sending(tea.id, "T1", {"selling_price": 14.0}), None, None)
                self.clear_outbox()
            return rows

        self.marketplace._prepared.clear()
        self.marketplace.answer_always("GET", CATALOGUE, page)
        self.read_catalogue()
        self.assertEqual(self.listing(self.tea).sent_price, 14.0)
        self.assertEqual(self.drift_rows(), {})

    def test_values_sent_before_the_reading_are_compared(self):
        self.tea.list_price = 14.0
        self.run_drain()
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {("T1", "price"): ("14", "12.5", "edited")})

    def test_only_missing_listings_count_not_unlinked_ones(self):
        self.offer("X1")
        del self.offers["R1"]
        self.read_catalogue()
        self.assertEqual(self.config.drift_count, 1)
        action = self.config.action_open_drift()
        rows = self.env["cartona.drift"].search(action["domain"])
        self.assertEqual(rows.listing_id.cartona_id, "R1")

    def test_a_hidden_listing_stays_hidden_until_a_user_decides(self):
        self.config.heal_drift = True
        self.offer("H1", price=10.0, is_published=False)
        self.read_catalogue()
        milk = self.make_product("لبن", 10.0)
        self.listing_of("H1").product_id = milk
        self.run_drain()
        self.pass_a_minute()
        self.marketplace.calls.clear()
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {("H1", "published"): ("Yes", "No", "hidden")})
        self.run_drain()
        self.assertEqual(self.sent_items(), {})
        self.env["cartona.drift"].search([("reason", "=", "hidden")]).action_heal()
        self.run_drain()
        self.assertIs(self.sent_items()["H1"]["is_published"], True)

    def test_a_listing_hidden_after_linking_counts_as_edited(self):
        self.offer("H1", price=10.0)
        self.read_catalogue()
        self.listing_of("H1").product_id = self.make_product("لبن", 10.0)
        self.run_drain()
        self.pass_a_minute()
        self.offer("H1", price=10.0, is_published=False)
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {("H1", "published"): ("Yes", "No", "edited")})

    def test_unlimited_stock_of_a_counted_product_is_a_difference(self):
        self.config.heal_drift = True
        self.offer("T1", price=12.5, stock=20, is_unlimited_stock=True)
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {("T1", "stock"): ("20", "Unlimited", "edited")})
        self.run_drain()
        item = self.sent_items()["T1"]
        self.assertIs(item["is_unlimited_stock"], False)
        self.assertEqual(item["available_stock_quantity"], 20)

    def test_unlimited_stock_from_before_linking_is_corrected(self):
        self.offer("U1", price=10.0, is_unlimited_stock=True)
        self.read_catalogue()
        self.listing_of("U1").product_id = self.make_product("لبن", 10.0)
        self.run_drain()
        self.pass_a_minute()
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {("U1", "stock"): ("0", "Unlimited", "not_sent")})

    def test_out_of_stock_despite_free_stock_is_a_difference(self):
        self.config.heal_drift = True
        self.offer("T1", price=12.5, stock=20, in_stock=False)
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {("T1", "published"): ("Yes", "No", "edited")})
        self.run_drain()
        self.assertIs(self.sent_items()["T1"]["in_stock"], True)
        self.assertNotIn("is_published", self.sent_items()["T1"])

    def test_the_sweep_does_not_make_values_unsent(self):
        """The sweep marks all records while the first page is read."""
        self.offer("T1", price=11.0, stock=20)
        self.env["cartona.change"]._mark_all_dirty(self.config, "price")
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {("T1", "price"): ("12.5", "11", "edited")})

    def test_the_quantity_of_unlimited_stock_is_not_compared(self):
        self.tea.cartona_is_unlimited_stock = True
        self.run_drain()
        self.env.cr.execute("UPDATE cartona_listing SET synced_at = NULL")
        self.env.invalidate_all()
        self.offer("T1", price=12.5, stock=3, is_unlimited_stock=True)
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {})

    # === CORRECTION === #

    def test_differences_are_corrected_by_setting(self):
        self.config.heal_drift = True
        self.offer("T1", price=11.0, stock=20)
        self.offer("R1", price=30.0, stock=5, is_published=False)
        self.read_catalogue()
        self.run_drain()
        [items] = self.marketplace.bodies(PRODUCTS)
        sent = {item.pop("supplier_product_id"): item for item in items}
        self.assertEqual(sent["T1"]["selling_price"], 12.5)
        self.assertIs(sent["R1"]["is_published"], True)
        for cartona_id, item in sent.items():
            self.offers[cartona_id].update(item)
        self.env.cr.execute("UPDATE cartona_listing SET synced_at = NULL")
        self.env.invalidate_all()
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {})
        self.assertEqual(len(self.drift_rows("closed")), 2)

    def test_a_user_can_correct_one_difference(self):
        self.offer("T1", price=11.0, stock=20)
        self.offer("R1", price=29.0, stock=5)
        self.read_catalogue()
        rows = self.env["cartona.drift"].search([("state", "=", "open")])
        rows.filtered(lambda row: row.listing_id.cartona_id == "T1").action_heal()
        self.run_drain()
        [items] = self.marketplace.bodies(PRODUCTS)
        self.assertEqual([item["supplier_product_id"] for item in items], ["T1"])

    # === SHADOW MODE === #

    def make_differences(self):
        """Make one difference of each kind, for the report and for going live."""
        milk, salt, flour = (self.make_product(name, 10.0) for name in ("لبن", "ملح", "دقيق"))
        self.enter_shadow_mode()
        # H1 is hidden on Cartona; S1 is not for sale in Odoo; U1 is unlimited on Cartona.
        self.offer("H1", price=5.0, is_published=False, internal_product_id="")
        self.offer("S1", price=10.0, stock=0, in_stock=True)
        self.offer("U1", price=10.0, stock=0, in_stock=False, is_unlimited_stock=True)
        self.offer("X1")
        self.read_catalogue()
        self.listing_of("H1").product_id, self.listing_of("S1").product_id = milk, salt
        self.listing_of("U1").product_id = flour
        self.set_stock(flour, 3)
        salt.sale_ok = False
        self.tea.list_price = 5.0
        self.rice.list_price = 33.0
        self.set_stock(self.rice, 7)
        self.marketplace.calls.clear()
        return milk

    def test_the_report_counts_listings_linked_since_the_reading(self):
        self.make_differences()
        wizard = self.wizard()
        figures = {name: wizard[name] for name in wizard._fields if name.endswith("_count")}
        self.assertEqual(
            figures,
            {
                "catalogue_count": 6,
                "unreadable_count": 0,
                "price_count": 3,  # T1, R1, H1
                "fall_count": 1,  # T1
                "on_hold_count": 2,  # T1, H1
                "stock_count": 2,  # R1, U1
                "published_count": 2,  # S1, U1
                "hidden_count": 1,  # H1
                "id_count": 1,  # H1
                "pack_count": 0,
                "gone_count": 0,
                "unlinked_count": 1,  # X1
                "order_count": 0,
                "waiting_count": 0,
                "older_count": 0,
            },
        )
        self.assertEqual(self.marketplace.calls, [], "nothing is sent or read again")

    def test_going_live_sends_exactly_the_reported_changes(self):
        milk = self.make_differences()
        self.wizard().action_go_live()
        self.run_drain()
        self.assertEqual(
            self.sent_items(),
            {
                "R1": {
                    "supplier_product_id": "R1",
                    "selling_price": 33.0,
                    "available_stock_quantity": 7,
                },
                "U1": {
                    "supplier_product_id": "U1",
                    "available_stock_quantity": 3,
                    "in_stock": True,
                    "is_unlimited_stock": False,
                },
                "S1": {"supplier_product_id": "S1", "in_stock": False},
                "H1": {"supplier_product_id": "H1", "internal_product_id": str(milk.id)},
            },
        )
        self.assertEqual(self.listing_of("T1").error_code, "price_jump")
        self.assertEqual(self.listing_of("H1").error_code, "price_jump")

    def test_edits_on_cartona_before_going_live_are_corrected(self):
        self.config.write({"auto_sync_products": False, "auto_sync_stock": False})
        self.offer("T1", price=11.0, stock=20)
        self.read_catalogue()
        wizard = self.wizard()
        self.assertEqual((wizard.price_count, wizard.stock_count), (1, 0))
        wizard.action_go_live()
        self.run_drain()
        self.assertEqual(
            self.sent_items(), {"T1": {"supplier_product_id": "T1", "selling_price": 12.5}}
        )

    def test_each_figure_opens_a_list(self):
        self.make_differences()
        wizard = self.wizard()
        listed = {}
        for figure in wizard._lists():
            action = wizard.with_context(figure=figure).action_list()
            rows = self.env[action["res_model"]].search(action["domain"])
            self.assertEqual(len(rows), wizard[figure], figure)
            listings = rows.listing_id if action["res_model"] == "cartona.drift" else rows
            if action["res_model"] != "cartona.message":
                listed[figure] = set(listings.mapped("cartona_id"))
        self.assertEqual(
            {figure: names for figure, names in listed.items() if names},
            {
                "price_count": {"T1", "R1", "H1"},
                "fall_count": {"T1"},
                "on_hold_count": {"T1", "H1"},
                "stock_count": {"R1", "U1"},
                "published_count": {"S1", "U1"},
                "hidden_count": {"H1"},
                "id_count": {"H1"},
                "unlinked_count": {"X1"},
            },
        )

    def test_the_report_ignores_what_is_not_switched_on(self):
        self.make_differences()
        wizard = self.wizard(auto_sync_products=False)
        self.assertEqual((wizard.price_count, wizard.on_hold_count, wizard.id_count), (0, 0, 0))
        self.assertEqual((wizard.stock_count, wizard.published_count), (2, 2))
        wizard.auto_sync_stock = False
        self.assertEqual((wizard.stock_count, wizard.published_count), (0, 0))

    def test_counting_again_includes_changes_in_odoo(self):
        self.enter_shadow_mode()
        self.read_catalogue()
        wizard = self.wizard()
        self.assertEqual((wizard.price_count, wizard.stock_count), (0, 0))
        self.tea.list_price = 13.0
        self.env.cr.flush()
        wizard.action_reload()
        self.env.invalidate_all()
        self.assertEqual((wizard.price_count, wizard.stock_count), (1, 0))

    def test_a_report_older_than_an_hour_is_marked(self):
        self.read_catalogue()
        wizard = self.wizard()
        self.assertFalse(wizard.is_look_old)
        self.config.catalogue_read_at = fields.Datetime.subtract(self.now(), minutes=61)
        wizard.invalidate_recordset(["is_look_old"])
        self.assertTrue(wizard.is_look_old)

    def test_the_band_of_the_settings_is_kept(self):
        self.assertEqual(self.wizard().price_band, 30.0, "default without a setting")
        self.config.price_band = 15.0
        self.assertEqual(self.wizard().price_band, 15.0)

    def test_an_edit_on_cartona_after_going_live_is_found(self):
        self.enter_shadow_mode()
        self.read_catalogue()
        self.wizard().action_go_live()
        self.run_drain()
        self.assertEqual(self.sent_items(), {}, "both sides are equal")
        self.assertEqual(self.listing_of("T1").sent_price, 12.5)
        self.assertEqual(self.listing_of("T1").sent_stock, 20)
        self.pass_a_minute()
        self.offer("T1", price=11.0, stock=20)
        self.read_catalogue()
        self.assertEqual(self.drift_rows(), {("T1", "price"): ("12.5", "11", "edited")})
        self.env["cartona.config"]._cron_sweep()
        self.run_drain()
        self.assertEqual(self.sent_items(), {}, "the setting: list only")

    def test_a_price_fall_beyond_the_band_needs_confirmation(self):
        self.config.write({"auto_sync_products": False, "auto_sync_stock": False})
        self.listing(self.tea).write({"sent_values": False, "sent_price": 0})
        self.tea.list_price = 5.0
        self.read_catalogue()
        wizard = self.env["cartona.go.live"].create({"config_id": self.config.id})
        wizard.action_go_live()
        self.run_drain()
        self.assertEqual(self.listing_of("T1").error_code, "price_jump")
        self.assertEqual(self.listing_of("T1").error_detail, "12.5 → 5")
