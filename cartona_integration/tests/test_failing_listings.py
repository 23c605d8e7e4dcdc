"""An error of one listing does not stop other listings or companies."""

from unittest.mock import patch

import psycopg2

from odoo.tools import mute_logger

from ..models.catalogue.payload import CartonaListing as Payload
from .common import PRODUCTS, CartonaCase

WORKER = "odoo.addons.cartona_integration.models.queue.worker"
CONNECTION = "odoo.addons.cartona_integration.models.config.connection"


class TestFailingListings(CartonaCase):
    """`tea` causes an error, `rice` does not."""

    def setUp(self):
        super().setUp()
        self.rice.cartona_id = "R1"
        self.show_on_cartona(self.rice)
        self.set_stock(self.rice, 8)
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.run_drain()
        self.clear_outbox()
        self.marketplace.calls.clear()

    def sent_items(self):
        """Return the items sent since the last call: dict Cartona id -> fields."""
        self.run_drain()
        bodies = self.marketplace.bodies(PRODUCTS)
        self.marketplace.calls.clear()
        return {item.pop("supplier_product_id"): item for body in bodies for item in body}

    def set_unit(self, product, unit):
        values = {"uom_id": unit.id}
        if "uom_po_id" in product._fields:
            values["uom_po_id"] = unit.id
        product.write(values)

    # === INCOMPATIBLE UNITS === #

    def test_a_listing_with_an_incompatible_unit_waits(self):
        self.config.stock_buffer = 1
        piece, kilo = self.tea.uom_id, self.env.ref("uom.product_uom_kgm")
        self.set_unit(self.tea, kilo)
        self.rice.list_price = 31.0

        self.assertEqual(
            self.sent_items(), {"R1": {"selling_price": 31.0, "available_stock_quantity": 7}}
        )
        listing = self.listing(self.tea)
        self.assertEqual(listing.error_code, "unit_changed")
        self.assertEqual(listing.error_detail, "%s → %s" % (piece.name, kilo.name))
        self.assertIn("can no longer be converted", self.tea.cartona_error)

        listing.uom_id = kilo

        self.assertEqual(
            self.sent_items(), {"T1": {"selling_price": 12.5, "available_stock_quantity": 0}}
        )
        self.assertFalse(listing.error_code)

    def test_a_catalogue_is_compared_despite_an_incompatible_unit(self):
        self.set_unit(self.tea, self.env.ref("uom.product_uom_kgm"))
        listing = self.listing(self.tea)
        listing.write({"shown_values": '{"selling_price": 9.0, "available_stock_quantity": 3}'})
        self.env["cartona.drift"]._compare(self.config, listing, self.now())
        self.assertFalse(self.env["cartona.drift"].search([("listing_id", "=", listing.id)]))

    # === OTHER ERRORS === #

    def break_tea(self, error):
        original, tea = Payload._price_hold_reason, self.tea

        def price_on_hold(listing, price):
            if listing.product_id == tea:
                raise error
            return original(listing, price)

        self.patch(type(self.env["cartona.listing"]), "_price_hold_reason", price_on_hold)

    def test_an_error_of_one_listing_does_not_affect_others(self):
        self.break_tea(ValueError("no such price"))
        self.tea.list_price, self.rice.list_price = 13.0, 31.0
        with mute_logger(WORKER):
            self.assertEqual(self.sent_items(), {"R1": {"selling_price": 31.0}})
        listing = self.listing(self.tea)
        self.assertEqual(
            (listing.error_code, listing.error_detail), ("not_worked_out", "no such price")
        )
        self.assertEqual(self.outbox_rows(), [])

    def test_a_serialization_failure_is_not_a_listing_error(self):
        self.break_tea(psycopg2.errors.SerializationFailure())
        self.tea.list_price = 13.0
        self.env.cr.flush()
        with self.assertRaises(psycopg2.errors.SerializationFailure):
            self.env["cartona.product.push"]._prepare(self.config)
        self.assertFalse(self.listing(self.tea).error_code)

    def test_a_product_without_a_price_is_matched_by_name(self):
        tea = self.env["cartona.listing"].create(
            {"config_id": self.config.id, "cartona_id": "N1", "name": self.tea.name}
        )
        rice = tea.copy({"cartona_id": "N2", "name": self.rice.name})
        prices = type(self.config)._retail_prices

        def retail_prices(config, products, uom, factors):
            if self.tea in products:
                raise ValueError("no such price")
            return prices(config, products, uom, factors)

        self.patch(type(self.config), "_retail_prices", retail_prices)
        self.env.flush_all()
        with mute_logger(WORKER):
            self.assertIsNone(self.env["cartona.listing"]._rank(self.config.id))
        self.env.invalidate_all()
        for listing, product, price in ((tea, self.tea, 0.0), (rice, self.rice, 30.0)):
            match = listing.match_id
            self.assertEqual((match.product_id, match.product_price), (product, price))
        desk = self.env["cartona.matching.desk"].create({"config_id": self.config.id})
        desk.write({"listing_id": tea.id, "product_id": self.tea.id})
        with mute_logger(WORKER):
            self.assertFalse(desk.warning, "the desk opens without a price")

    def test_isolation_stops_when_no_product_can_be_priced(self):
        products = self.tea | self.rice
        products |= products.browse().concat(*(self.make_product("P", 1.0) for _n in range(6)))
        tried = []

        def retail_prices(config, some, uom, factors):
            tried.append(some)
            raise ValueError("no pricelist works")

        self.patch(type(self.config), "_retail_prices", retail_prices)
        with patch(WORKER + "._MAX_ISOLATED", 2), mute_logger(WORKER):
            prices = self.config._prices_each(products)
        self.assertEqual(prices, dict.fromkeys(products.ids, 0.0))
        self.assertEqual([len(some) for some in tried], [8, 4, 2, 1, 1])

    def test_one_company_does_not_stop_any_cron_step(self):
        company = self.env["res.company"].create({"name": "Giza"})
        other = self.env["cartona.config"]._of_company(company)
        other.write({"base_url": self.marketplace.url, "auth_token": "other"})
        for config in self.config | other:
            config.write({"auto_sync_orders": True, "catalogue_page": 1})
            config._connection_outcome(None)
            listing = self.env["cartona.listing"].create(
                {"config_id": config.id, "cartona_id": "N1", "name": "Unmatched"}
            )
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE cartona_listing SET write_date = '2020-01-01' WHERE id = %s", (listing.id,)
            )
        self.env.invalidate_all()
        for model, method, cron in (
            ("cartona.message", "_pull_backlog", "_cron_pull_orders"),
            ("cartona.listing", "_rank_backlog", "_cron_catch_up"),
            ("cartona.listing", "_catalogue_backlog", "_cron_catch_up"),
        ):
            called = self.break_ours(model, method)
            with self.subTest(method), self.assertLogs(WORKER, "ERROR"):
                getattr(self.env["cartona.config"], cron)()
                self.assertLessEqual({self.config.id, other.id}, set(called))

    def break_ours(self, model, method):
        """Make a step of the cron fail for our configuration.

        :return: list of the ids of the configurations it was called for
        """
        called = []

        def part(_records, config, _stream):
            called.append(config.id)
            if config == self.config:
                raise ValueError("broken")

        self.patch(type(self.env[model]), method, part)
        return called

    def test_one_failing_company_does_not_stop_the_others(self):
        company = self.env["res.company"].create({"name": "Giza"})
        other = self.env["cartona.config"]._of_company(company)
        other.auto_sync_products = True
        called = self.break_ours("cartona.product.push", "_backlog")
        self.patch(
            type(self.env["cartona.message"]),
            "_import_backlog",
            lambda message, config, stream: called.append(-config.id),
        )
        with self.assertLogs(WORKER, "ERROR"):
            self.env["cartona.config"]._cron_catch_up()
        self.assertLessEqual({other.id, -other.id, -self.config.id}, set(called))
