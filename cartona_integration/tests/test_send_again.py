"""Buttons that send unchanged values again, and their messages."""

from .common import PRODUCTS, CartonaCase

OFF = "Nothing is sent before you switch on “Prices” or “Stock”."


class TestSendAgain(CartonaCase):
    """Cartona has the prices of `tea`, "T1", and `rice`, "R1"."""

    def setUp(self):
        super().setUp()
        self.config.auto_sync_stock = False
        self.rice.cartona_id = "R1"
        self.listings = self.listing(self.tea + self.rice)
        self.listings._mark_dirty()
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.run_drain()
        self.marketplace.calls.clear()
        self.buttons = {
            "product": self.tea.action_cartona_sync,
            "template": self.tea.product_tmpl_id.action_cartona_sync,
            "listing": self.listing(self.tea).action_cartona_sync,
            "everything": self.config.action_sync_products,
        }

    def sent_prices(self):
        """Return the prices sent since the last call: dict Cartona id -> price."""
        self.run_drain()
        bodies = self.marketplace.bodies(PRODUCTS)
        self.marketplace.calls.clear()
        return {
            item["supplier_product_id"]: item.get("selling_price")
            for body in bodies
            for item in body
        }

    def test_sending_again_writes_no_listing(self):
        before = self.listings.read()
        for name, press in self.buttons.items():
            with self.subTest(name):
                press()
                self.env.invalidate_all()
                marked = self.listings if name == "everything" else self.listing(self.tea)
                self.assertCountEqual(
                    self.outbox_rows(), [("resend", listing.id) for listing in marked]
                )
                self.assertEqual(self.listings.read(), before)
                self.assertEqual(
                    self.sent_prices(),
                    {"T1": 12.5, "R1": 30.0} if name == "everything" else {"T1": 12.5},
                )
                self.assertEqual(self.outbox_rows(), [])
                before = self.listings.read()

    def test_with_all_switches_off_the_buttons_show_a_warning(self):
        self.config.auto_sync_products = False
        for name, press in self.buttons.items():
            with self.subTest(name):
                answer = press()["params"]
                self.assertEqual((answer["message"], answer["type"]), (OFF, "warning"))
                self.assertEqual(self.outbox_rows(), [])
        # The confirmed values are unchanged: going live again sends nothing.
        self.config.auto_sync_products = True
        self.assertEqual(self.sent_prices(), {})

    def test_a_button_ends_a_pause(self):
        for name, press in self.buttons.items():
            with self.subTest(name):
                self.tea.list_price += 1
                self.marketplace.answer_next("POST", PRODUCTS, {}, status=503)
                self.assertGreater(self.run_drain(), 0)
                self.assertGreater(self.config._pause_seconds("out"), 0)
                self.marketplace.calls.clear()
                press()
                self.assertEqual(self.sent_prices()["T1"], self.tea.list_price)

    def test_only_sent_listings_are_counted(self):
        company = self.env["res.company"].create({"name": "Giza"})
        other = self.env["cartona.config"]._of_company(company)
        other.auth_token = "another-token"
        listings = self.listing(self.tea) + self.env["cartona.listing"].create(
            {"config_id": other.id, "cartona_id": "G1", "product_id": self.tea.id}
        )
        self.clear_outbox()
        message = listings.action_cartona_sync()["params"]["message"]
        self.assertEqual(message, "1 listings are being sent to Cartona.")
        self.assertEqual(self.outbox_rows(), [("resend", self.listing(self.tea)[0].id)])

    def test_a_lost_answer_leaves_everything_to_be_sent(self):
        self.tea.action_cartona_sync()
        self.marketplace.answer_next("POST", PRODUCTS, "<html>", status=502)
        self.run_drain()
        self.assertEqual(self.listing(self.tea)._confirmed_values(), {})
        self.config._end_pause("out")
        self.assertEqual(self.sent_prices(), {"T1": 12.5})

    def test_the_action_of_a_selection_sends_the_selected_products(self):
        for records in (self.tea + self.rice, (self.tea + self.rice).product_tmpl_id):
            with self.subTest(records):
                kind = records._name.split(".")[1]
                action = self.env.ref("cartona_integration.action_server_cartona_sync_" + kind)
                answer = action.with_context(
                    active_model=records._name, active_ids=records.ids, active_id=records.ids[0]
                ).run()
                self.assertEqual(
                    answer["params"]["message"], "2 listings are being sent to Cartona."
                )
                self.assertEqual(self.sent_prices(), {"T1": 12.5, "R1": 30.0})
