from .common import PRODUCTS, CartonaCase


class TestPricePush(CartonaCase):
    def test_a_changed_price_is_noted_once_and_sent_once(self):
        self.marketplace.announce("POST", PRODUCTS, {})
        self.tea.list_price = 15.0
        self.tea.list_price = 16.0

        self.assertEqual(self.noted(), [("price", self.listing(self.tea).id)])
        self.assertIsNone(self.drain())

        self.assertEqual(
            self.marketplace.bodies(PRODUCTS),
            [[{"supplier_product_id": "T1", "selling_price": 16.0, "available_stock_quantity": 0}]],
        )
        self.assertEqual(self.noted(), [])
        self.assertEqual(self.tea.cartona_sync_state, "synced")
        self.assertTrue(self.tea.cartona_synced_at)

    def test_an_unlinked_product_is_not_noted(self):
        self.rice.list_price = 31.0

        self.assertEqual(self.noted(), [])
        self.assertEqual(self.rice.cartona_sync_state, "not_linked")
