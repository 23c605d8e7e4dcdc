"""The support bundle contains enough to help, and no secrets or personal data."""

import base64
import io
import json
import zipfile

from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from ..cartona_api import unwrap
from .common import PRODUCTS
from .order_common import ORDER, OrderCase


class TestSupportBundle(OrderCase):
    def bundle(self, user=None):
        config = self.config.with_user(user or self.env.ref("base.user_admin"))
        action = config.action_support_bundle()
        wizard = config.env[action["res_model"]].browse(action["res_id"])
        packed = zipfile.ZipFile(io.BytesIO(base64.b64decode(wizard.file)))
        return {name: packed.read(name).decode() for name in packed.namelist()}

    def test_the_bundle_contains_settings_calls_and_messages(self):
        self.marketplace.answer_next("POST", PRODUCTS, {"error": "no such id T1"}, 422)
        self.tea.list_price = 13.0
        self.run_drain()
        self.env["cartona.message"]._store(self.config, "webhook", unwrap(ORDER))
        files = {name: json.loads(text) for name, text in self.bundle().items()}
        self.assertEqual(files["health.json"]["listings"]["error"], 1)
        self.assertEqual(files["health.json"]["messages"]["new"], 1)
        self.assertEqual(files["settings.json"]["base_url"], self.marketplace.url)
        self.assertIn("cartona_integration", files["versions.json"]["modules"])
        self.assertIn("no such id T1", json.dumps(files["calls.json"]))
        [message] = files["messages.json"]
        self.assertEqual(message["payload"]["hashed_id"], ORDER["hashed_id"])

    def test_the_bundle_contains_no_secrets_or_personal_data(self):
        order = self.order({0: {"comment": "للحاج محمود في الدور الثالث"}})
        order.update(pickup_otp="778812", installment_cost=10, pickup_code="778812-b")
        order.update(name="أحمد النجار", phone_number="01099887766", delivery_code=778812)
        order["retailer"].update(whatsapp="01099887766", contact_person="أحمد النجار")
        self.env["cartona.message"]._store(self.config, "webhook", unwrap(order))
        self.config.supplier_name = "token %s" % self.config.auth_token
        files = self.bundle()
        text = "".join(files.values())
        settings = json.loads(files["settings.json"])
        self.assertEqual(
            (settings["user_id"], settings["team_id"], settings["company_id"]),
            (self.seller.id, self.team.id, self.company.id),
        )
        self.assertIn(ORDER["hashed_id"], text)
        retailer = ORDER["retailer"]
        for secret in (
            self.config.auth_token,
            self.config.webhook_token,
            "778812",
            "01099887766",
            "أحمد النجار",
            retailer["retailer_name"],
            retailer["retailer_number"],
            retailer["retailer_address"],
            "للحاج محمود",
            # Names of users: the salesperson and the responsible user.
            self.seller.name,
            self.config.activity_user_id.name,
        ):
            self.assertNotIn(secret, text)

    def test_only_managers_create_the_bundle(self):
        clerk = new_test_user(
            self.env, login="cartona_clerk", groups="cartona_integration.group_cartona_user"
        )
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.bundle(clerk)
