"""Cartona's catalogue is read completely, whatever its pages are like, and changes no links."""

from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError

from .common import PRODUCTS, CartonaCase

CATALOGUE = "supplier-product"


class CatalogueCase(CartonaCase):
    """`offers` is Cartona's catalogue: dict Cartona id -> row; `read_catalogue` reads it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rice.cartona_id = "R1"
        cls.listing(cls, cls.tea + cls.rice).write({"unit": "piece", "unit_count": 1})
        cls.clear_outbox()

    def setUp(self):
        super().setUp()
        self.per_page = 100
        self.offers = {}
        self.offer("T1", name="شاي العروسة", price=12.5)
        self.offer("R1", name="أرز الضحى", price=30.0)
        self.marketplace.answer_always("GET", CATALOGUE, self.page)
        self.marketplace.answer_always("POST", PRODUCTS, {})

    def offer(self, cartona_id, name="منتج", price=10.0, stock=0, **values):
        self.offers[cartona_id] = {
            "supplier_product_id": cartona_id,
            # The supplier's own number: Cartona needs no other from us.
            "internal_product_id": "OWN-%s" % cartona_id,
            "base_product_id": "9%s" % cartona_id[1:],
            "supplier_product_name": name,
            "unit": "piece",
            "unit_count": 1,
            "selling_price": price,
            "available_stock_quantity": stock,
            "in_stock": stock > 0,
            "is_published": True,
            "is_unlimited_stock": False,
            **values,
        }

    def page(self, query):
        first = (int(query["page"]) - 1) * self.per_page
        return list(self.offers.values())[first : first + self.per_page]

    def read_catalogue(self):
        """Read the catalogue as the jobs do, page by page."""
        self.config._start_catalogue()
        self.env.cr.flush()
        wait = 0
        while wait == 0:
            wait = self.env["cartona.listing"]._read_catalogue(self.config.id)
        self.env.invalidate_all()
        return wait

    def requested_pages(self):
        return [int(call[2]["page"]) for call in self.marketplace.calls if call[1] == CATALOGUE]

    def listing_of(self, cartona_id):
        return self.env["cartona.listing"].search(
            [("config_id", "=", self.config.id), ("cartona_id", "=", cartona_id)]
        )


class TestCatalogue(CatalogueCase):
    def test_every_page_is_read_however_short(self):
        for number in range(7):
            self.offer("X%s" % number, price=number + 1)
        self.per_page = 4
        self.assertIsNone(self.read_catalogue())
        self.assertEqual(self.requested_pages(), [1, 2, 3, 4])
        self.assertEqual(self.config.catalogue_count, 9)
        self.assertEqual(self.config.catalogue_page, 0)
        self.assertTrue(self.config.catalogue_read_at)
        found = self.env["cartona.listing"].search(
            [("config_id", "=", self.config.id), ("product_id", "=", False)]
        )
        self.assertEqual(set(found.mapped("cartona_id")), {"X%s" % number for number in range(7)})
        self.assertEqual(self.listing_of("X6").shown_price, 7.0)
        self.assertEqual(set(found.mapped("state")), {"not_linked"})

    def test_a_list_without_pages_ends(self):
        self.page = lambda query: list(self.offers.values())
        self.marketplace._prepared.clear()
        self.marketplace.answer_always("GET", CATALOGUE, self.page)
        self.read_catalogue()
        self.assertEqual(self.requested_pages(), [1, 2])
        self.assertEqual(self.config.catalogue_count, 2)

    def test_reading_resumes_after_a_crash(self):
        for number in range(4):
            self.offer("X%s" % number)
        self.per_page = 2
        self.config._start_catalogue()
        self.env.cr.flush()
        self.env["cartona.listing"]._read_catalogue(self.config.id)
        self.env.invalidate_all()
        self.assertEqual(self.config.catalogue_page, 2)
        # No job continues: half a minute later the cron reads the rest.
        self.config.catalogue_moved_at = fields.Datetime.subtract(self.now(), minutes=1)
        self.env.cr.flush()
        self.env["cartona.config"]._cron_catch_up()
        self.env.invalidate_all()
        self.assertEqual(self.requested_pages(), [1, 2, 3, 4])
        self.assertEqual(self.config.catalogue_count, 6)

    def test_starting_twice_reads_once(self):
        self.config._start_catalogue()
        run = self.config.catalogue_run
        self.config._start_catalogue()
        self.assertEqual(self.config.catalogue_run, run)
        self.read_catalogue()
        self.assertEqual(self.requested_pages(), [1, 2])

    def test_reading_waits_while_cartona_is_down(self):
        self.marketplace.answer_next("GET", CATALOGUE, {"error": "busy"}, 503)
        wait = self.read_catalogue()
        self.assertGreater(wait, 0)
        self.assertEqual(self.config.catalogue_page, 1)
        self.config._end_pause("in")
        self.assertIsNone(self.read_catalogue())
        self.assertEqual(self.config.catalogue_count, 2)

    def test_an_unreadable_row_is_stored_and_skipped(self):
        self.offers["bad"] = {"supplier_product_id": "B1", "unit_count": "many"}
        self.read_catalogue()
        self.assertEqual(self.config.catalogue_count, 2)
        self.assertIn("bad_number", self.config.catalogue_unreadable)
        self.assertIn("B1", self.config.catalogue_unreadable)
        self.assertFalse(self.listing_of("B1"))

    def test_an_unreadable_row_is_not_marked_as_gone(self):
        self.offer("R1", price=30.0, unit_count="many")
        self.read_catalogue()
        self.assertFalse(self.listing_of("R1").is_gone)
        self.assertEqual(self.listing_of("R1").shown_run, self.config.catalogue_run)
        self.assertFalse(self.listing_of("R1").shown_at, "its values are unknown")
        self.assertFalse(
            self.env["cartona.drift"].search([("listing_id", "=", self.listing_of("R1").id)])
        )
        del self.offers["R1"]
        self.read_catalogue()
        self.assertTrue(self.listing_of("R1").is_gone)

    def test_the_catalogue_is_read_every_night(self):
        self.assertEqual(self.config.catalogue_page, 0)
        self.env["cartona.config"]._cron_sweep()
        self.assertEqual(self.config.catalogue_page, 1)
        self.assertIn(("catalogue", self.config.id), self.env.cr.postcommit.data["cartona.wake"])

    def test_a_catalogue_that_was_read_is_matched_with_products(self):
        self.env.cr.postcommit.data.pop("cartona.wake", None)
        self.config._start_catalogue()
        self.env.cr.flush()
        self.env["cartona.listing"]._read_catalogue(self.config.id)
        self.assertNotIn(("match", self.config.id), self.env.cr.postcommit.data["cartona.wake"])
        woken = []
        with patch.object(
            type(self.env["cartona.config"]),
            "_wake_streams",
            lambda self, *names: woken.extend(names),
        ):
            self.env["cartona.listing"]._read_catalogue(self.config.id)
        self.assertEqual(woken, ["match"])

    def test_a_new_reading_replaces_values_sent_for_an_earlier_product(self):
        self.config.auto_sync_stock = False
        listing = self.listing_of("R1")
        self.rice.list_price = 31.0
        self.run_drain()
        self.assertTrue(listing.sent_values)
        listing.product_id = False
        self.offer("R1", price=31.0)
        self.read_catalogue()
        self.marketplace.calls.clear()
        listing.product_id = self.rice  # at the price that Cartona shows
        self.run_drain()
        self.assertEqual(self.marketplace.bodies(PRODUCTS), [])

    def test_a_missing_listing_is_marked_and_restored_when_it_returns(self):
        row = self.offers.pop("R1")
        self.read_catalogue()
        self.assertEqual(self.listing_of("R1").product_id, self.rice)
        self.assertTrue(self.listing_of("R1").is_gone)
        self.assertFalse(self.listing_of("T1").is_gone)
        self.offers["R1"] = row
        self.read_catalogue()
        self.assertFalse(self.listing_of("R1").is_gone)

    def test_an_empty_catalogue_marks_nothing(self):
        self.offers.clear()
        self.read_catalogue()
        self.assertFalse(self.listing_of("R1").is_gone)

    def test_reading_without_a_token_raises_an_error(self):
        self.config.auth_token = False
        with self.assertRaises(UserError):
            self.config.action_check_drift()

    # === PACKS === #

    def test_a_changed_pack_stops_price_and_stock_until_accepted(self):
        box = self.env["cartona.listing"]._pack_unit(self.tea.uom_id, 24, "box")
        self.listing_of("T1").write({"uom_id": box.id, "unit": "box", "unit_count": 24})
        self.set_stock(self.tea, 48)
        self.run_drain()
        self.marketplace.calls.clear()
        self.offer("T1", price=300.0, stock=2, unit="box", unit_count=12)
        self.read_catalogue()
        self.tea.list_price = 13.0
        self.run_drain()
        listing = self.listing_of("T1")
        self.assertEqual(self.marketplace.bodies(PRODUCTS), [])
        self.assertEqual(
            (listing.state, listing.error_code, listing.error_detail),
            ("error", "pack_changed", "24 → 12"),
        )

        listing.action_accept_pack()
        self.run_drain()
        self.assertEqual(
            self.marketplace.bodies(PRODUCTS),
            [
                [
                    {
                        "supplier_product_id": "T1",
                        "selling_price": 156.0,
                        "available_stock_quantity": 4,
                    }
                ]
            ],
        )
        self.assertEqual(self.listing_of("T1").state, "synced")

    def test_a_product_that_is_the_pack_keeps_its_unit(self):
        self.listing_of("T1").write({"unit": "box", "unit_count": 24})
        self.offer("T1", price=12.5, unit="box", unit_count=12)
        self.read_catalogue()
        self.tea.action_cartona_accept_pack()  # the button on its form
        self.assertEqual(self.listing_of("T1").uom_id, self.tea.uom_id)
        self.assertFalse(self.listing_of("T1").is_pack_changed)

    def test_an_unknown_pack_is_derived_from_the_price(self):
        self.listing_of("T1").write({"unit": False, "unit_count": 0})
        self.listing_of("R1").write({"unit": False, "unit_count": 0})
        self.offer("T1", price=290.0, unit="box", unit_count=24)
        self.offer("R1", price=31.0, unit="box", unit_count=10)
        self.read_catalogue()
        self.assertEqual(self.listing_of("T1").uom_id._compute_quantity(1, self.tea.uom_id), 24)
        self.assertEqual(self.listing_of("R1").uom_id, self.rice.uom_id)
