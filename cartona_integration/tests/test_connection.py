"""Connection: its messages, its stored state, and the allowed addresses."""

from odoo.exceptions import ValidationError
from odoo.tests import Form

from .common import CHECK, CartonaCase


class TestConnection(CartonaCase):
    def setUp(self):
        super().setUp()
        self.config.write({"auth_token": "fresh"})
        self.marketplace.token = "fresh"

    def test_a_changed_token_must_be_tested_again(self):
        self.assertEqual(self.config.connection_state, "untested")

    def test_saving_settings_without_a_change_leaves_the_connection_alone(self):
        self.config._connection_outcome(None)
        Settings = self.env["res.config.settings"]
        # As the web client does: a new record, with the value of every field on the page.
        names = [name for name in Settings._fields if name.startswith("cartona_")]
        shown = Settings.default_get(list(Settings._fields))
        onpage = Settings.new(shown)
        values = {
            name: onpage[name]
            for name in names
            if name != "cartona_config_id" and not Settings._fields[name].readonly
        }
        self.assertEqual(values["cartona_auth_token"], "fresh")
        Settings.create(dict(shown, **values)).execute()
        self.assertEqual(self.config.connection_state, "connected")

        changed = dict(shown, **dict(values, cartona_auth_token="another"))
        Settings.create(changed).execute()
        self.assertEqual(
            (self.config.auth_token, self.config.connection_state), ("another", "untested")
        )

    def test_saving_the_settings_page_leaves_the_connection_alone(self):
        self.config._connection_outcome(None)
        with Form(self.env["res.config.settings"]) as page:
            self.assertEqual(page.cartona_auth_token, "fresh")
            page.cartona_log_days = 20
        page.save().execute()
        self.assertEqual(self.config.connection_state, "connected")

    def test_the_responsible_user_is_stored_and_gets_the_activity(self):
        clerk = self.env["res.users"].create({"name": "Clerk", "login": "cartona_clerk"})
        self.config.activity_user_id = clerk
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.config.activity_user_id, clerk)
        self.marketplace.token = "another"
        self.rice.cartona_id = "R1"
        self.run_drain()
        self.assertEqual(self.config.activity_ids.user_id, clerk)

    def test_a_valid_token_shows_success(self):
        self.marketplace.answer_next(*CHECK, [])
        message = self.config.action_test_connection()["params"]
        self.assertEqual(message["type"], "success")
        self.assertEqual(self.config.connection_state, "connected")
        self.assertFalse(self.config.error_message)

    def test_a_wrong_token_is_explained_and_stored(self):
        self.marketplace.token = "another"
        message = self.config.action_test_connection()["params"]
        self.assertEqual(message["type"], "danger")
        self.assertIn("does not accept the token", message["message"])
        self.assertEqual(
            (self.config.connection_state, self.config.error_code), ("error", "unauthorised")
        )
        self.assertNotIn("fresh", message["message"])

    def test_a_400_on_the_plain_list_means_wrong_token(self):
        self.marketplace.answer_next(*CHECK, {"message": "bad"}, status=400)
        self.config.action_test_connection()
        self.assertEqual(self.config.error_code, "unauthorised")

    def test_an_unreachable_marketplace_is_explained(self):
        self.marketplace.answer_next(*CHECK, "<html>down</html>", status=503)
        message = self.config.action_test_connection()["params"]["message"]
        self.assertIn("tried again", message)
        self.assertEqual(self.config.error_code, "server_error")

    def test_a_redirect_is_not_followed(self):
        self.marketplace.answer_next(
            *CHECK, {}, status=302, headers={"Location": self.marketplace.url + "elsewhere"}
        )
        self.config.action_test_connection()
        self.assertEqual(self.config.error_code, "redirected")
        self.assertEqual(len(self.marketplace.calls), 1)

    def test_without_a_token_nothing_is_called(self):
        self.config.auth_token = False
        message = self.config.action_test_connection()["params"]["message"]
        self.assertIn("no token", message)
        self.assertEqual(self.marketplace.calls, [])

    def test_only_safe_addresses_are_allowed(self):
        for url in (
            "http://supplier-integrations.cartona.com/api/v1/",
            "https://10.0.0.5/api/v1/",
            "https://192.168.1.9/",
            "ftp://cartona.com/",
            "https://user:secret@cartona.com/",
            "nonsense",
        ):
            with self.subTest(url), self.assertRaises(ValidationError):
                self.config.base_url = url
        self.config.base_url = "https://supplier-integrations.cartona.com/api/v1/"
        self.env["ir.config_parameter"].set_param("cartona_integration.allow_insecure_url", "1")
        self.config.base_url = "http://10.0.0.5/api/v1/"

    def test_two_companies_share_a_token_only_with_codes(self):
        other = self.env["cartona.config"]._of_company(
            self.env["res.company"].create({"name": "Wholesale"})
        )
        with self.assertRaisesRegex(ValidationError, "supplier code"), self.env.cr.savepoint():
            other.auth_token = "fresh"
        self.config.supplier_code = "1"
        other.write({"supplier_code": "2", "auth_token": "fresh"})
        with self.assertRaisesRegex(ValidationError, "supplier code"), self.env.cr.savepoint():
            other.supplier_code = "1"

    def test_a_success_ends_every_pause(self):
        self.config.write({"out_failure_count": 7, "out_next_try": "2099-01-01 00:00:00"})
        self.marketplace.answer_next(*CHECK, [])
        self.config.action_test_connection()
        self.assertEqual((self.config.out_failure_count, self.config.out_next_try), (0, False))

    def test_the_calls_of_a_test_are_logged_without_the_token(self):
        self.env["cartona.sync.log"].search([]).unlink()
        self.marketplace.token = "another"
        self.config.action_test_connection()
        row = self.env["cartona.sync.log"].search([])
        self.assertEqual(
            (row.operation, row.state, row.error_code), ("check", "error", "unauthorised")
        )
        self.assertNotIn("fresh", str(row.read()))
