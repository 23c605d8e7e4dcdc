"""Cases of docs/operations.md that no other test covers."""

from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ..cartona_api import transport
from ..compat import invalidate
from .common import CHECK, PRODUCTS, CartonaCase


class TestOperations(CartonaCase):
    def test_a_failed_job_does_not_block_the_next(self):
        worker = self.env["cartona.worker"]
        worker._enqueue("drain", self.config.id)
        failed = self.jobs("drain")
        self.assertEqual(len(failed), 1)
        failed.write({"state": "failed"})

        worker._enqueue("drain", self.config.id)

        self.assertEqual(len(self.jobs("drain")), 1)
        self.assertEqual(failed.state, "failed")

    def test_everything_can_be_sent_again_after_a_restored_backup(self):
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.listing(self.tea)._mark_dirty()
        self.run_drain()
        self.listing(self.tea)._mark_dirty()
        self.marketplace.calls.clear()
        self.run_drain()
        self.assertEqual(self.marketplace.calls, [], "Cartona is known to have it")

        self.config.action_sync_products()
        self.run_drain()

        [[item]] = self.marketplace.bodies(PRODUCTS)
        self.assertEqual((item["supplier_product_id"], item["selling_price"]), ("T1", 12.5))

    def test_the_webhook_address_follows_the_domain(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "https://new.example.com/")
        invalidate(self.config, ["webhook_url"])
        self.assertEqual(self.config.webhook_url, "https://new.example.com/cartona/webhook/orders")

    def test_a_moved_database_keeps_working(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "https://new.example.com")
        self.assertIsNone(self.config._not_callable())
        self.env["ir.config_parameter"].set_param("database.uuid", "another-database")
        self.assertEqual(self.config._not_callable(), "copied_database")

    def test_a_copied_database_notifies_until_a_manager_accepts(self):
        self.env["ir.config_parameter"].set_param("database.uuid", "another-database")
        self.run_cron()
        self.run_cron()
        self.assertEqual(
            (self.config.connection_state, self.config.error_code), ("error", "copied_database")
        )
        [activity] = self.config.activity_ids
        self.assertEqual(activity.user_id, self.config._responsible())
        self.assertEqual(self.marketplace.calls, [])

        self.marketplace.answer_next(*CHECK, [])
        self.config.action_accept_database()
        self.assertEqual(
            (self.config.connection_state, self.config.error_code), ("connected", False)
        )
        self.assertFalse(self.config.activity_ids)

    def test_a_copy_without_a_token_creates_no_activity(self):
        self.config.auth_token = False
        self.env["ir.config_parameter"].set_param("database.uuid", "another-database")
        self.run_cron()
        self.assertFalse(self.config.activity_ids)

    def test_a_new_webhook_secret_replaces_the_old_or_missing_one(self):
        self.config.webhook_token = "known to a stranger"
        self.config.action_new_webhook_token()
        first = self.config.webhook_token
        self.assertGreater(len(first), 30)
        self.assertNotIn("stranger", first)

        self.config.webhook_token = False
        self.config.action_new_webhook_token()
        self.assertTrue(self.config.webhook_token)
        self.assertNotEqual(self.config.webhook_token, first)

    def test_a_clerk_cannot_create_a_webhook_secret(self):
        clerk = new_test_user(
            self.env, "cartona_clerk", groups="cartona_integration.group_cartona_user"
        )
        with mute_logger("odoo.addons.base.models.ir_model"), self.assertRaises(AccessError):
            self.config.with_user(clerk).action_new_webhook_token()

    # === WRONG ADDRESS === #

    def test_a_redirecting_address_is_not_followed(self):
        elsewhere = {"Location": self.marketplace.url.replace("127.0.0.1", "localhost")}
        self.marketplace.answer_next(*CHECK, "", 301, elsewhere)
        self.config.action_test_connection()
        self.assertEqual(
            (self.config.connection_state, self.config.error_code), ("error", "redirected")
        )
        self.assertEqual(len(self.marketplace.calls), 1)

    def test_an_address_that_exposes_the_token_is_not_saved(self):
        for address in (
            "http://supplier-integrations.cartona.com/api/v1/",
            "https://10.0.0.5/api/v1/",
            "https://user:word@supplier-integrations.cartona.com/api/v1/",
        ):
            with self.subTest(address), self.assertRaises(ValidationError) as refused:
                with self.env.cr.savepoint():
                    self.config.base_url = address
                    self.env.flush_all()
            self.assertIn("not allowed", str(refused.exception))

    def test_an_address_in_a_private_network_gets_no_token(self):
        """The address of the connection is checked before anything is sent."""
        with patch.object(transport, "peer_allowed", return_value=False):
            self.env["cartona.message"]._pull(self.config.id)
        self.env.invalidate_all()
        self.assertEqual(
            (self.config.connection_state, self.config.error_code), ("error", "private_address")
        )
        self.assertEqual(len(self.config.activity_ids), 1)
        self.assertEqual(self.marketplace.calls, [])

    def test_an_address_without_a_certificate_gets_no_token(self):
        """The server at this address speaks plain HTTP."""
        self.config.base_url = self.marketplace.url.replace("http://", "https://")
        self.config.action_test_connection()
        self.assertEqual((self.config.connection_state, self.config.error_code), ("error", "tls"))
        self.assertEqual(self.marketplace.calls, [])
