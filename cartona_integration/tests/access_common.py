"""Base of the access tests: a user of each role, records of each model, a check of one call."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .order_common import OrderCase

# Role: its name in the tables -> the groups of its user.
GROUPS = {
    "public": "base.group_public",
    "portal": "base.group_portal",
    "plain": "base.group_user",
    "user": "base.group_user,cartona_integration.group_cartona_user",
    "stock": "base.group_user,stock.group_stock_user",
    "sales": "base.group_user,sales_team.group_sale_salesman_all_leads",
    "manager": "base.group_user,cartona_integration.group_cartona_manager",
    "boss": "base.group_user,sales_team.group_sale_manager",
    "admin": "base.group_user,base.group_system",
}


class Undo(Exception):
    """Raised to roll back a method that has succeeded."""


class AccessCase(OrderCase):
    """`ours` and `theirs`: one record of each model in our company and in another one.

    `users`: one user of each role, in our company only.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs_company = cls.env["res.company"].create({"name": "Theirs"})
        cls.env.user.company_ids |= cls.theirs_company
        cls.users = {
            role: new_test_user(
                cls.env,
                login="cartona_access_%s" % role,
                groups=groups,
                company_id=cls.company.id,
                company_ids=[(6, 0, cls.company.ids)],
            )
            for role, groups in GROUPS.items()
        }
        cls.ours = cls.records_of(cls.config, cls.tea)
        theirs = cls.env["cartona.config"]._of_company(cls.theirs_company)
        product = cls.make_product("شاي", 10.0, company_id=cls.theirs_company.id)
        cls.theirs = cls.records_of(theirs, product)
        cls.clear_outbox()

    @classmethod
    def records_of(cls, config, product):
        """Create one record of each model that belongs to a company.

        :return: dict model name -> record
        """
        env = config.with_company(config.company_id).env
        own = {"config_id": config.id}
        company = {"company_id": config.company_id.id}
        listing = env["cartona.listing"].create(
            dict(own, cartona_id="A1", name="شاي", unit_count=1.0, shown_unit_count=2.0)
        )
        match = env["cartona.match"].create(
            {"listing_id": listing.id, "product_id": product.id, "rank": 1, "pack_count": 1.0}
        )
        message = env["cartona.message"].create(
            dict(
                own,
                hashed_id="m%s" % config.id,
                kind="order",
                source="pull",
                payload="{}",
                content_key="m%s" % config.id,
                state="error",
                error_code="unknown_account",
            )
        )
        log = env["cartona.sync.log"].create(
            dict(own, **company, operation="check", direction="in", state="success")
        )
        stat = env["cartona.sync.stat"].create(
            dict(own, **company, hour=cls.now(cls), operation="product", milliseconds=1,
                 sent=1, late=0)
        )  # fmt: skip
        drift = env["cartona.drift"].create(
            {"listing_id": listing.id, "kind": "price", "reason": "edited"}
        )
        webhook_stat = env["cartona.webhook.stat"].create(dict(own, kind="refused", call_count=1))
        partner = env["res.partner"].create(
            {"name": "Shop", "cartona_id": "retailer_%s" % config.id, **company}
        )
        order = env["sale.order"].create(
            {
                **company,
                "partner_id": partner.id,
                "cartona_id": "s%s" % config.id,
                "order_line": [(0, 0, {"product_id": product.id, "product_uom_qty": 1})],
            }
        )
        env.flush_all()
        records = [config, listing, match, message, log, stat, drift, webhook_stat, partner,
                   order, product, product.product_tmpl_id]  # fmt: skip
        return {record._name: record.with_env(cls.env) for record in records}

    def is_allowed(self, role, record, method, *args):
        """Return True if the access rights allow this user to call the method.

        Its changes are rolled back. Another error than an access error counts as allowed: the
        user passed the check of the rights.
        """
        user = self.users[role]
        self.env.flush_all()
        # As in a call from a client: the cache is empty.
        self.env.invalidate_all()
        record = record.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
        try:
            with mute_logger("odoo.addons.base.models.ir_rule"), self.env.cr.savepoint():
                getattr(record, method)(*args)
                record.env.flush_all()
                raise Undo
        except AccessError:
            return False
        except (Undo, UserError):
            return True
        finally:
            self.env.invalidate_all()
            self.env.cr.precommit.clear()
            self.env.cr.postcommit.clear()
