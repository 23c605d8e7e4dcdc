"""Where Cartona shows something else than Odoo intends, the ledger says since when and why."""

import json

from odoo import fields

from ..models.cartona_change_drain import Sending
from .common import PRODUCTS
from .test_catalogue import CATALOGUE, CatalogueCase


class TestDrift(CatalogueCase):
    def setUp(self):
        super().setUp()
        self.set_stock(self.tea, 20)
        self.set_stock(self.rice, 5)
        self.drain()
        self.offer("T1", price=12.5, stock=20)
        self.offer("R1", price=30.0, stock=5)
        self.config.heal_drift = False
        self.env.cr.execute(
            "UPDATE cartona_listing SET synced_at = synced_at - interval '1 minute'"
        )
        self.env.invalidate_all()
        self.marketplace.calls.clear()

    def ledger(self, state="open"):
        """dict (Cartona id, kind) -> (Odoo, Cartona, reason)"""
        rows = self.env["cartona.drift"].search(
            [("config_id", "=", self.config.id), ("state", "=", state)]
        )
        return {
            (row.listing_id.cartona_id, row.kind): (row.odoo_value, row.cartona_value, row.reason)
            for row in rows
        }

    def test_where_both_sides_agree_there_is_nothing(self):
        self.read_catalogue()
        self.assertEqual(self.ledger(), {})
        self.assertEqual(self.config.drift_count, 0)

    def test_what_somebody_changed_on_cartona(self):
        self.offer("T1", price=11.0, stock=20)
        self.offer("R1", price=30.0, stock=9, is_published=False)
        self.read_catalogue()
        self.assertEqual(
            self.ledger(),
            {
                ("T1", "price"): ("12.5", "11", "edited"),
                ("R1", "stock"): ("5", "9", "edited"),
                ("R1", "published"): ("Yes", "No", "edited"),
            },
        )
        self.assertEqual(self.config.drift_count, 3)
        self.assertEqual(self.noted(), [], "listed, not healed: so says the setting")

    def test_it_is_found_since_the_first_day_and_settled_when_it_is_gone(self):
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
        self.assertEqual(row.state, "settled")
        self.assertTrue(row.settled_at)

    def test_what_was_refused(self):
        self.marketplace.announce(
            "POST", PRODUCTS, {"errors": [{"supplier_product_id": "T1", "message": "too dear"}]}
        )
        self.tea.list_price = 99.0
        self.drain()
        self.read_catalogue()
        self.assertEqual(self.ledger(), {("T1", "price"): ("99", "12.5", "refused")})

    def test_what_was_not_sent_yet(self):
        self.tea.list_price = 14.0
        self.env.cr.flush()
        self.read_catalogue()
        self.assertEqual(self.ledger(), {("T1", "price"): ("14", "12.5", "not_sent")})

    def test_what_no_hook_saw(self):
        """A price that came into the database past the ORM, and that no outbox row tells of."""
        self.env.cr.execute(
            "UPDATE product_template SET list_price = 15 WHERE id = %s",
            (self.tea.product_tmpl_id.id,),
        )
        self.env.invalidate_all()
        self.read_catalogue()
        self.assertEqual(self.ledger(), {("T1", "price"): ("15", "12.5", "not_sent")})

    def test_what_waits_for_a_person(self):
        self.tea.list_price = 0.0
        self.drain()
        self.read_catalogue()
        self.assertEqual(self.ledger(), {("T1", "price"): ("0", "12.5", "unconfirmed")})

    def test_what_is_switched_off(self):
        self.config.write({"auto_sync_products": False, "auto_sync_stock": False})
        self.tea.list_price = 14.0
        self.set_stock(self.rice, 7)
        self.read_catalogue()
        self.assertEqual(
            self.ledger(),
            {
                ("T1", "price"): ("14", "12.5", "not_live"),
                ("R1", "stock"): ("7", "5", "not_live"),
            },
        )

    def test_what_is_never_to_be_linked_is_no_difference(self):
        self.offer("X1")
        self.read_catalogue()
        self.assertIn(("X1", "link"), self.ledger())
        self.of("X1").action_never_match()
        self.read_catalogue()
        self.assertEqual(self.ledger(), {})

    def test_what_was_never_linked_and_what_is_gone(self):
        self.offer("X1")
        del self.shelf["R1"]
        self.read_catalogue()
        self.assertEqual(
            self.ledger(),
            {
                ("X1", "link"): (False, False, "never_linked"),
                ("R1", "link"): (self.rice.display_name, False, "gone"),
            },
        )

    def test_another_pack(self):
        self.offer("T1", price=12.5, stock=20, unit="box", unit_count=6)
        self.read_catalogue()
        self.assertEqual(self.ledger(), {("T1", "unit"): ("1", "6", "unconfirmed")})

    def test_what_is_sent_while_the_page_is_read_is_not_judged(self):
        def page(query):
            rows = self.page(query)
            if query["page"] == "1":
                # What the drain keeps, here on the test's own cursor.
                tea = self.of("T1")
                self.tea.list_price = 14.0
                tea._keep_outcome(Sending(tea.id, "T1", {"selling_price": 14.0}), None, None)
                self.settle()
            return rows

        self.marketplace._announced.clear()
        self.marketplace.always("GET", CATALOGUE, page)
        self.read_catalogue()
        self.assertEqual(self.listing(self.tea).sent_price, 14.0)
        self.assertEqual(self.ledger(), {})

    def test_what_was_sent_just_before_the_page_is_read_is_judged(self):
        self.tea.list_price = 14.0
        self.drain()
        self.read_catalogue()
        self.assertEqual(self.ledger(), {("T1", "price"): ("14", "12.5", "edited")})

    def test_a_quantity_says_nothing_while_it_is_unlimited(self):
        self.tea.cartona_is_unlimited_stock = True
        self.drain()
        self.env.cr.execute("UPDATE cartona_listing SET synced_at = NULL")
        self.env.invalidate_all()
        self.offer("T1", price=12.5, stock=3, is_unlimited_stock=True)
        self.read_catalogue()
        self.assertEqual(self.ledger(), {})

    # === HEALING === #

    def test_differences_are_put_right(self):
        self.config.heal_drift = True
        self.offer("T1", price=11.0, stock=20)
        self.offer("R1", price=30.0, stock=5, is_published=False)
        self.read_catalogue()
        self.drain()
        [items] = self.marketplace.bodies(PRODUCTS)
        sent = {item.pop("supplier_product_id"): item for item in items}
        self.assertEqual(sent["T1"]["selling_price"], 12.5)
        self.assertIs(sent["R1"]["is_published"], True)
        for cartona_id, item in sent.items():
            self.shelf[cartona_id].update(item)
        self.env.cr.execute("UPDATE cartona_listing SET synced_at = NULL")
        self.env.invalidate_all()
        self.read_catalogue()
        self.assertEqual(self.ledger(), {})
        self.assertEqual(len(self.ledger("settled")), 2)

    def test_a_person_can_put_one_right(self):
        self.offer("T1", price=11.0, stock=20)
        self.offer("R1", price=29.0, stock=5)
        self.read_catalogue()
        rows = self.env["cartona.drift"].search([("state", "=", "open")])
        rows.filtered(lambda row: row.listing_id.cartona_id == "T1").action_heal()
        self.drain()
        [items] = self.marketplace.bodies(PRODUCTS)
        self.assertEqual([item["supplier_product_id"] for item in items], ["T1"])

    # === SHADOW MODE === #

    def test_the_report_is_what_going_live_does(self):
        self.config.write({"auto_sync_products": False, "auto_sync_stock": False})
        self.listing(self.tea + self.rice).write({"sent_values": False, "sent_price": 0})
        self.tea.list_price = 5.0
        self.set_stock(self.rice, 7)
        self.offer("X1")
        self.settle()
        self.read_catalogue()
        self.drain()
        self.assertEqual(self.marketplace.bodies(PRODUCTS), [], "nothing is sent before")
        wizard = self.env["cartona.go.live"].create({"config_id": self.config.id})
        self.assertEqual(
            (wizard.price_count, wizard.fall_count, wizard.stock_count, wizard.unlinked_count),
            (1, 1, 1, 1),
        )
        wizard.price_band = 0
        wizard.action_go_live()
        self.drain()
        self.assertEqual(
            sorted(self.marketplace.bodies(PRODUCTS)[0], key=json.dumps),
            [
                {"supplier_product_id": "R1", "available_stock_quantity": 7},
                {"supplier_product_id": "T1", "selling_price": 5.0},
            ],
        )

    def test_a_fall_beyond_the_band_waits_for_a_yes(self):
        self.config.write({"auto_sync_products": False, "auto_sync_stock": False})
        self.listing(self.tea).write({"sent_values": False, "sent_price": 0})
        self.tea.list_price = 5.0
        self.read_catalogue()
        wizard = self.env["cartona.go.live"].create({"config_id": self.config.id})
        wizard.action_go_live()
        self.drain()
        self.assertEqual(self.of("T1").error_code, "price_jump")
        self.assertEqual(self.of("T1").error_detail, "12.5 → 5")

    def test_each_figure_opens_its_list(self):
        self.offer("X1")
        self.read_catalogue()
        wizard = self.env["cartona.go.live"].create({"config_id": self.config.id})
        action = wizard.with_context(figure="unlinked_count").action_list()
        rows = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(rows.listing_id.cartona_id, "X1")
