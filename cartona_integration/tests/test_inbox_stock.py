"""Stock of orders that are not in Odoo yet is reserved, and released with the order."""

from .inbox_common import InboxCase
from .order_common import RICE, TEA


class TestInboxStock(InboxCase):
    """50 tea are in stock, the outbox is empty."""

    def setUp(self):
        super().setUp()
        self.set_stock(self.tea, 50)
        self.clear_outbox()

    # === HELPERS === #

    def free(self, product=None):
        product = product or self.tea
        return self.config._free_quantities(product)[product.id]

    def waiting_message(self, **changes):
        """Receive a waiting order: 4 tea and an unlinked product."""
        line = {"supplier_product_id": "NEW1"}
        raw = self.raw({RICE: line}, hashed_id="o1", **changes)
        message, _repeated = self.store(raw)
        self.run_import()
        self.assertEqual((message.state, message.error_code), ("error", "unknown_product"))
        self.assertEqual(self.free(), 46)
        self.clear_outbox()
        return message

    def assertPublished(self, quantity):
        """Check the free quantity, and that the outbox contains the listing."""
        self.assertEqual(self.free(), quantity)
        self.assertIn(("restock", self.listing(self.tea).id), self.outbox_rows())

    # === TESTS === #

    def test_stock_of_a_waiting_order_is_reserved(self):
        self.assertEqual(self.free(), 50)
        message, _repeated = self.store(self.sample("o1", total_price=999.0))
        self.assertIn(("restock", self.listing(self.tea).id), self.outbox_rows())
        self.run_import()
        self.assertEqual(message.state, "error")
        self.assertEqual(self.free(), 46)

        self.clear_outbox()
        self.store(self.sample("o1", status="cancelled_by_retailer", total_price=999.0))
        self.run_import()
        self.assertPublished(50)

    def test_cancelling_a_waiting_order_publishes_its_stock_again(self):
        parked = self.waiting_message()
        self.store(
            self.raw(
                {RICE: {"supplier_product_id": "NEW1"}},
                hashed_id="o1",
                status="cancelled_by_retailer",
            )
        )
        self.run_import()
        self.assertEqual(parked.state, "superseded")
        self.assertPublished(50)

    def test_a_changed_waiting_order_reserves_its_new_quantities(self):
        self.waiting_message()
        changed = {TEA: {"amount": 1}, RICE: {"supplier_product_id": "NEW1"}}
        self.store(self.raw(changed, hashed_id="o1"))
        self.clear_outbox()  # sent already, with stock reserved for both
        self.run_import()
        self.assertPublished(49)

    def test_a_cancelling_status_releases_a_waiting_order_at_once(self):
        parked = self.waiting_message()
        self.store({"hashed_id": "o1", "status": "cancelled_by_retailer"})
        self.run_import()
        self.assertEqual((parked.state, parked.reserved), ("superseded", False))
        self.assertPublished(50)

    def test_a_waiting_order_reserves_products_named_by_other_ids(self):
        self.listing(self.tea).internal_product_id = "OUR-T"
        self.rice.default_code = "OUR-R"
        self.set_stock(self.rice, 50)
        self.listing(self.rice).uom_id = self.box(10)
        self.clear_outbox()
        lines = {
            TEA: {"supplier_product_id": None, "internal_product_id": "OUR-T"},
            RICE: {"supplier_product_id": None, "internal_product_id": "OUR-R"},
            2: {"id": 903, "supplier_product_id": "NEW1"},
        }
        message, _repeated = self.store(self.raw(lines, hashed_id="o1"))
        self.run_import()
        self.assertEqual((message.state, message.error_code), ("error", "unknown_product"))
        # The second one is found as a product, so it counts in the product's own unit.
        self.assertEqual((self.free(), self.free(self.rice)), (46, 48))
        rows = self.outbox_rows("restock")
        self.assertIn(("restock", self.listing(self.tea).id), rows)
        self.assertIn(("restock", self.listing(self.rice).id), rows)
