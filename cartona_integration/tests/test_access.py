"""Access rights: the tables are the specification, and they must be complete.

A new model or public method fails here until it has a row in its table.
"""

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.config.config import DEFAULT_BASE_URL
from .access_common import GROUPS, AccessCase
from .common import CHECK

NO_ROLE = frozenset()
ANYONE = frozenset(GROUPS)
USERS = frozenset({"user", "stock", "sales", "manager", "boss", "admin"})
MANAGERS = frozenset({"manager", "boss", "admin"})
# Roles that Odoo allows to write orders, and products or customers.
SELLERS = frozenset({"stock", "sales", "boss"})
SALESPEOPLE = frozenset({"sales", "boss"})
CONTACTS = frozenset({"boss", "admin"})
# To cancel, Odoo reads the invoices too, on most series with the rights of the user.
CANCELLERS = (SALESPEOPLE, SELLERS)
STAFF = ANYONE - {"public", "portal"}

# Model -> roles that may (read, write, create, delete).
RIGHTS = {
    "cartona.change": (USERS, NO_ROLE, NO_ROLE, NO_ROLE),
    "cartona.config": (USERS, MANAGERS, MANAGERS, NO_ROLE),
    "cartona.delivery.otp": (USERS, USERS, USERS, NO_ROLE),
    "cartona.delivery.otp.line": (USERS, USERS, USERS, NO_ROLE),
    "cartona.delivery.proof": (NO_ROLE, NO_ROLE, NO_ROLE, NO_ROLE),
    "cartona.drift": (USERS, NO_ROLE, NO_ROLE, NO_ROLE),
    "cartona.go.live": (MANAGERS, MANAGERS, MANAGERS, MANAGERS),
    "cartona.listing": (USERS, MANAGERS, MANAGERS, MANAGERS),
    "cartona.match": (USERS, NO_ROLE, NO_ROLE, NO_ROLE),
    "cartona.stream": (USERS, NO_ROLE, NO_ROLE, NO_ROLE),
    "cartona.matching.desk": (USERS, USERS, USERS, USERS),
    "cartona.message": (USERS, NO_ROLE, NO_ROLE, NO_ROLE),
    "cartona.older": (NO_ROLE, NO_ROLE, NO_ROLE, NO_ROLE),
    "cartona.order.cancel": (SALESPEOPLE, SALESPEOPLE, SALESPEOPLE, NO_ROLE),
    "cartona.support.bundle": (MANAGERS, MANAGERS, MANAGERS, MANAGERS),
    "cartona.sync.log": (USERS, NO_ROLE, NO_ROLE, NO_ROLE),
    "cartona.sync.stat": (USERS, NO_ROLE, NO_ROLE, NO_ROLE),
    "cartona.webhook.stat": (USERS, NO_ROLE, NO_ROLE, NO_ROLE),
}

# Model -> method -> roles that may call it on a record of their own company. On a record of another
# company no role may, except methods for `ANYONE`: they open a window with what the user may see.
METHODS = {
    "cartona.config": {
        "action_accept_database": MANAGERS,
        "action_check_drift": USERS,
        "action_go_live": MANAGERS,
        "action_match_anew": USERS,
        "action_match_products": USERS,
        "action_new_webhook_token": MANAGERS,
        "action_open_config": ANYONE,
        "action_open_dashboard": ANYONE,
        "action_open_drift": USERS,
        "action_open_failed_listings": ANYONE,
        "action_open_listings": ANYONE,
        "action_open_log": ANYONE,
        "action_open_paused_listings": ANYONE,
        "action_open_products": ANYONE,
        "action_open_unlinked_listings": ANYONE,
        "action_open_rejected_orders": USERS,
        "action_open_waiting_orders": ANYONE,
        "action_pull_orders": USERS,
        "action_read_catalogue": USERS,
        "action_refresh": ANYONE,
        "action_support_bundle": MANAGERS,
        "action_sync_products": USERS,
        "action_test_connection": MANAGERS,
    },
    "cartona.drift": {"action_heal": USERS, "action_open_order": USERS},
    "cartona.listing": {
        "action_accept_match": USERS,
        "action_accept_pack": USERS,
        "action_accept_ratio": USERS,
        "action_cartona_sync": USERS,
        "action_confirm_price": USERS,
        "action_count_in_pack": USERS,
        "action_match_again": USERS,
        "action_never_match": USERS,
    },
    "cartona.match": {"action_accept": USERS},
    "cartona.message": {"action_fix": USERS, "action_retry": USERS},
    "product.product": {
        "action_cartona_accept_pack": USERS,
        "action_cartona_accept_ratio": USERS,
        "action_cartona_confirm_price": USERS,
        "action_cartona_count_in_pack": USERS,
        "action_cartona_listings": ANYONE,
        "action_cartona_sync": USERS,
    },
    "product.template": {
        "action_cartona_accept_pack": USERS,
        "action_cartona_accept_ratio": USERS,
        "action_cartona_confirm_price": USERS,
        "action_cartona_count_in_pack": USERS,
        "action_cartona_listings": STAFF,
        "action_cartona_sync": USERS,
    },
    "res.partner": {
        "action_cartona_merge_into_duplicate": CONTACTS,
        "action_cartona_not_duplicate": CONTACTS,
    },
    "sale.order": {
        "action_cancel": CANCELLERS,
        "action_cartona_returned": SELLERS,
        "action_cartona_delivered": SELLERS,
        "action_cartona_send_edits": SELLERS,
        "action_cartona_reset_to_pending": SELLERS,
        "action_cartona_ship": SELLERS,
        "action_cartona_sync": SELLERS,
        "action_cartona_use_cartona_lines": SELLERS,
        "action_confirm": SELLERS,
    },
}
# Called without a record: they find what the user may see.
ON_NOTHING = {
    "cartona.config": {"action_open_connection": USERS, "action_open_matching": USERS},
}
# Dialogs: a record rule limits them to their creator, and `RIGHTS` lists who may create one.
DIALOGS = {
    "cartona.delivery.otp": {"action_confirm", "action_deliver_later", "action_wait"},
    "cartona.go.live": {"action_go_live", "action_list", "action_read", "action_reload"},
    "cartona.matching.desk": {
        "action_accept",
        "action_compare_again",
        "action_look_again",
        "action_never",
        "action_see_all",
        "action_see_sure",
        "action_skip",
    },
    "cartona.order.cancel": {"action_confirm"},
    "res.config.settings": {"action_cartona_configure", "action_cartona_test_connection"},
}
# Methods of Odoo that we extend: Odoo checks the rights.
ODOO_S_OWN = {
    "action_mass_cancel",
    "create",
    "init",
    "load",
    "message_subscribe",
    "onchange",
    "read_group",
    "unlink",
    "write",
}


@tagged("slow")
class TestAccess(AccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Both can be called, so that no other refusal hides a missing right.
        theirs = cls.theirs["cartona.config"]
        theirs.write(
            {
                "base_url": cls.marketplace.url,
                "auth_token": "their-token",
                "auto_sync_stock": True,
                "auto_sync_orders": True,
            }
        )
        theirs._connection_outcome(None)
        for records in (cls.ours, cls.theirs):
            records["cartona.listing"].product_id = records["product.product"]
            records["cartona.listing"].match_ids.unlink()
            # Only an unlinked listing can be accepted.
            unlinked = records["cartona.listing"].copy({"cartona_id": "A2", "product_id": False})
            records["cartona.match"] = cls.env["cartona.match"].create(
                {
                    "listing_id": unlinked.id,
                    "product_id": records["product.product"].id,
                    "rank": 1,
                    "pack_count": 1.0,
                }
            )
            records["res.partner"].phone = "01003150160"
            records["res.partner"].copy({"cartona_id": False, "phone": "01003150160"})
        cls.clear_outbox()

    def own_methods(self, model):
        """Return the public methods that this addon adds to a model."""
        return {
            name
            for cls in type(self.env[model]).__mro__
            if cls.__module__.startswith("odoo.addons.cartona_integration.")
            for name, value in vars(cls).items()
            if callable(value) and not name.startswith("_")
        }

    # === COMPLETENESS === #

    def test_every_model_is_in_the_table(self):
        models = {
            name
            for name in self.env.registry
            if name.startswith("cartona.") and not self.env[name]._abstract
        }
        self.assertEqual(models, set(RIGHTS))

    def test_every_public_method_is_in_a_table(self):
        tables = (METHODS, ON_NOTHING, DIALOGS)
        for model in sorted(self.env.registry):
            known = {name for table in tables for name in table.get(model, ())}
            with self.subTest(model):
                self.assertEqual(self.own_methods(model) - ODOO_S_OWN, known)

    def test_every_model_with_a_company_has_a_rule(self):
        for model in sorted(RIGHTS):
            Model = self.env[model]
            if Model.is_transient() or not {"company_id", "config_id"} & set(Model._fields):
                continue
            with self.subTest(model):
                self.assertTrue(
                    self.env["ir.rule"].search(
                        [("model_id.model", "=", model), ("groups", "=", False)]
                    )
                )

    # === RIGHTS === #

    def test_each_role_has_exactly_the_model_rights_in_the_table(self):
        for model, rights in RIGHTS.items():
            for operation, allowed in zip(("read", "write", "create", "unlink"), rights):
                able = {
                    role
                    for role, user in self.users.items()
                    if self.has_right(user, model, operation)
                }
                with self.subTest(model, operation=operation):
                    self.assertEqual(able, allowed)

    def has_right(self, user, model, operation):
        records = self.env[model].with_user(user)
        if hasattr(records, "has_access"):
            return records.has_access(operation)
        return records.check_access_rights(operation, raise_exception=False)

    def test_each_role_calls_exactly_the_methods_in_the_table(self):
        for model, methods in METHODS.items():
            for method, allowed in methods.items():
                record = self.ours[model]
                able = {role for role in GROUPS if self.is_allowed(role, record, method)}
                with self.subTest(model, method=method):
                    self.assertIn(able, self.allowed_roles(allowed, model, method))

    def allowed_roles(self, allowed, model, method):
        """Return the sets of roles that fulfil the table: one of them must match."""
        choices = allowed if isinstance(allowed, tuple) else (allowed,)
        if not {*choices} & {SELLERS, SALESPEOPLE, CONTACTS}:
            return [set(roles) for roles in choices]
        # The rights of administrators on Odoo's records differ between series.
        admin = {"admin"} if self.has_right(self.users["admin"], model, "write") else set()
        # To confirm, an administrator needs warehouse rights too, which exist from 16 on.
        choice = [set(), admin] if method == "action_confirm" else [admin]
        return [(set(roles) - {"admin"}) | extra for roles in choices for extra in choice]

    def test_no_role_calls_methods_on_another_companys_records(self):
        for model, methods in METHODS.items():
            for method, allowed in methods.items():
                if allowed == ANYONE:
                    continue
                record = self.theirs[model]
                able = {role for role in GROUPS if self.is_allowed(role, record, method)}
                with self.subTest(model, method=method):
                    self.assertEqual(able, set())

    def test_methods_without_a_record_follow_the_table(self):
        for model, methods in ON_NOTHING.items():
            for method, allowed in methods.items():
                able = {role for role in GROUPS if self.is_allowed(role, self.env[model], method)}
                with self.subTest(model, method=method):
                    self.assertEqual(able, allowed)

    # === BETWEEN COMPANIES === #

    def test_no_record_of_another_company_is_found_read_or_written(self):
        for records in (self.ours, self.theirs):
            records["cartona.change"] = self.outbox_row(records["cartona.listing"])
        for model, record in self.theirs.items():
            if not model.startswith("cartona."):
                continue
            mine = record.with_user(self.users["boss"]).with_context(
                allowed_company_ids=self.company.ids
            )
            with self.subTest(model):
                self.env.invalidate_all()
                self.assertNotIn(record.id, mine.search([]).ids)
                self.assertIn(self.ours[model].id, mine.search([]).ids)
                with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
                    mine.read(["display_name"])
                with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
                    mine.write({"create_date": False})

    def test_a_dialog_is_visible_to_its_creator_only(self):
        config = {"config_id": self.config.id}
        line = (0, 0, {"order_id": self.ours["sale.order"].id, "code": "4711"})
        dialogs = {
            "cartona.delivery.otp": {"line_ids": [line]},
            "cartona.go.live": config,
            "cartona.matching.desk": config,
            "cartona.order.cancel": {"order_ids": [(6, 0, self.ours["sale.order"].ids)]},
            "cartona.support.bundle": config,
        }
        boss, other = self.users["boss"], self.users["boss"].copy({"login": "cartona_other_boss"})
        opened = {
            model: self.env[model].with_user(boss).create(values)
            for model, values in dialogs.items()
        }
        opened["cartona.delivery.otp.line"] = opened["cartona.delivery.otp"].line_ids
        transient = {model for model in RIGHTS if self.env[model].is_transient()}
        self.assertEqual(set(opened), transient)
        for model, dialog in opened.items():
            with self.subTest(model):
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertTrue(dialog.read(["create_date"]))
                theirs = dialog.with_user(other)
                self.assertFalse(theirs.search([("id", "=", dialog.id)]))
                with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
                    theirs.read(["create_date"])

    def test_a_dialog_does_not_show_another_companys_listing(self):
        theirs = self.theirs["cartona.listing"]
        desk = self.env["cartona.matching.desk"].with_user(self.users["user"])
        for values in (
            {"config_id": self.config.id, "listing_id": theirs.id},
            {"config_id": theirs.config_id.id},
        ):
            with self.subTest(values), self.assertRaises(AccessError), self.env.cr.savepoint():
                self.env.invalidate_all()
                desk.create(values)
        mine = desk.create({"config_id": self.config.id})
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            mine.listing_id = theirs.id
            self.env.flush_all()

    def test_a_dialog_delivers_only_what_its_user_may_deliver(self):
        dialogs = self.env["cartona.delivery.otp"].with_user(self.users["user"])
        for order in (self.ours["sale.order"], self.theirs["sale.order"]):
            with self.subTest(order), self.assertRaises(AccessError), self.env.cr.savepoint():
                self.env.invalidate_all()
                dialogs.create({"line_ids": [(0, 0, {"order_id": order.id})]})
        sales = dialogs.with_user(self.users["sales"])
        line = {"order_id": self.ours["sale.order"].id}
        self.assertTrue(sales.create({"line_ids": [(0, 0, line)]}))

    def test_a_stock_user_opens_the_code_dialog_without_order_rights(self):
        order = self.ours["sale.order"]
        order.action_confirm()
        keeper = self.env["cartona.delivery.otp"].with_user(self.users["stock"])
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.theirs["sale.order"].with_company(self.theirs_company).action_confirm()
            theirs = self.theirs["sale.order"]
            self.env.flush_all()
            self.env.invalidate_all()
            keeper.create(
                {
                    "picking_ids": [(6, 0, theirs.picking_ids.ids)],
                    "line_ids": [(0, 0, {"order_id": theirs.id})],
                }
            )
        dialog = keeper.create(
            {
                "picking_ids": [(6, 0, order.picking_ids.ids)],
                "line_ids": [(0, 0, {"order_id": order.id})],
            }
        )
        self.assertEqual(dialog.line_ids.order_name, order.name)

    def outbox_row(self, listing):
        """Create an outbox row of a listing."""
        self.env.cr.execute(
            "INSERT INTO cartona_change (config_id, company_id, kind, res_id, create_date)"
            " VALUES (%s, %s, 'price', %s, now()) RETURNING id",
            (listing.config_id.id, listing.company_id.id, listing.id),
        )
        return self.env["cartona.change"].browse(self.env.cr.fetchone()[0])

    # === VALUES OF THE SYSTEM === #

    def test_only_the_system_sets_what_cartona_decides(self):
        order = self.ours["sale.order"]
        for name in sorted(type(order)._system_fields):
            field = order._fields[name]
            value = "pending" if field.type == "selection" and name == "cartona_status" else (
                "other" if field.type == "selection"
                else fields.Datetime.now() if field.type == "datetime"
                else 0.5 if field.type == "monetary" else "7"
            )  # fmt: skip
            for role in ("user", "stock", "sales", "manager", "boss"):
                create = dict({name: value}, partner_id=order.partner_id.id)
                with self.subTest(name, role=role):
                    self.assertFalse(self.is_allowed(role, order, "write", {name: value}))
                    self.assertFalse(self.is_allowed(role, order.browse(), "create", [create]))
        for role in ("sales", "boss"):
            self.assertTrue(self.is_allowed(role, order, "write", {"client_order_ref": "x"}))
            create = {"partner_id": order.partner_id.id, "cartona_id": False}
            self.assertTrue(self.is_allowed(role, order.browse(), "create", [create]))

    def test_only_cartona_makes_a_code_deliverable(self):
        line = (0, 0, {"order_id": self.ours["sale.order"].id, "state": "unreachable"})
        dialogs = self.env["cartona.delivery.otp"].with_user(self.users["sales"])
        dialog = dialogs.create({"line_ids": [line]})
        self.assertEqual(dialog.line_ids.state, "open")
        dialog.line_ids.code = "invented"
        for values in ({"state": "unreachable"}, {"state": "accepted"}, {"message": "x"}):
            for records in (dialog.line_ids, dialog):
                written = {"line_ids": [(1, dialog.line_ids.id, values)]}
                written = values if records != dialog else written
                with self.subTest(values), self.assertRaises(AccessError):
                    with self.env.cr.savepoint():
                        records.write(written)
        dialog.line_ids.sudo().write({"state": "unreachable"})
        dialog.line_ids.code = "another"
        self.assertEqual(dialog.line_ids.state, "open", "this code was not sent to Cartona")
        dialog.action_deliver_later()
        self.env.cr.execute("SELECT code FROM cartona_delivery_proof")
        self.assertEqual(self.env.cr.fetchall(), [])

    def test_a_connection_is_tested_only_for_who_may_store_the_result(self):
        for role in sorted(GROUPS):
            self.marketplace.calls.clear()
            allowed = self.is_allowed(role, self.ours["cartona.config"], "action_test_connection")
            with self.subTest(role):
                self.assertEqual(bool(self.marketplace.calls), allowed)

    def test_going_live_is_computed_for_own_companies_only(self):
        theirs = self.theirs["cartona.config"]
        dialogs = self.env["cartona.go.live"].with_user(self.users["manager"])
        dialog = dialogs.create({"config_id": theirs.id})
        self.env.flush_all()
        self.env["cartona.drift"].search([("config_id", "=", theirs.id)]).unlink()
        for method in DIALOGS["cartona.go.live"]:
            with self.subTest(method):
                self.assertFalse(self.is_allowed("manager", dialog, method))

    # === THE ADDRESS OF THE API === #

    def test_only_an_administrator_sets_another_address(self):
        other = self.marketplace.url + "other/"
        for role in GROUPS:
            for values in ({"base_url": other}, {"base_url": other, "auth_token": "x"}):
                allowed = self.is_allowed(role, self.ours["cartona.config"], "write", values)
                with self.subTest(role, values=values):
                    self.assertEqual(allowed, role == "admin")
            with self.subTest(role, create=True):
                company = self.env["res.company"].create({"name": "New of %s" % role})
                self.env["cartona.config"]._of_company(company).unlink()
                self.users[role].company_ids |= company
                created = dict(base_url=other, company_id=company.id)
                allowed = self.is_allowed(role, self.env["cartona.config"], "create", created)
                self.assertEqual(allowed, role == "admin")

    def test_a_manager_changes_the_token_beside_an_unchanged_address(self):
        config = self.ours["cartona.config"]
        for url in (config.base_url, DEFAULT_BASE_URL):
            values = {"base_url": url, "auth_token": "another"}
            self.assertTrue(self.is_allowed("manager", config, "write", values))

    def test_what_another_server_answers_is_shown_nowhere(self):
        page = "<h1>Secrets of this server</h1> AKIA-4711"
        self.env["cartona.sync.log"].search([]).unlink()
        config = self.ours["cartona.config"]
        for status in (200, 404, 500):
            for body in (page, "plain AKIA-4711"):
                self.marketplace.token = config.auth_token
                self.marketplace.answer_next(*CHECK, body, status=status)
                message = config.action_test_connection()["params"]["message"]
                with self.subTest(body, status=status):
                    self.assertNotIn("AKIA-4711", message)
                    self.assertNotIn("AKIA-4711", config.error_message or "")
                    self.assertNotIn(
                        "AKIA-4711", repr(self.env["cartona.sync.log"].search([]).read())
                    )

    # === CUSTOMERS === #

    def test_a_portal_customer_cannot_change_an_order(self):
        shop = new_test_user(self.env, login="cartona_shop", groups="base.group_portal")
        order = self.ours["sale.order"]
        order.partner_id = shop.partner_id
        order.message_subscribe(shop.partner_id.ids)
        self.patch(self, "users", dict(self.users, portal=shop))
        order.action_confirm()
        self.env.invalidate_all()
        self.assertEqual(order.with_user(shop).name, order.name, "the customer may read it")
        for method in self.own_methods("sale.order") - ODOO_S_OWN:
            if "cartona" not in method:
                continue  # a method of Odoo
            with self.subTest(method):
                self.assertFalse(self.is_allowed("portal", order, method))
