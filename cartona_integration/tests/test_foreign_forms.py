"""A form shows nothing of a record that its user may not read, whatever ids a client sends it.

A client may call `onchange` with any values: fields that are computed in sudo mode would show
what belongs to another company, or what no rule lets the user see.
"""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .access_common import AccessCase

CODE, NUMBER, SHOP = "9151-of-theirs", "R-4711-of-theirs", "Shop of theirs"
LISTING = "Listing of theirs"
SECRETS = (CODE, NUMBER, SHOP, LISTING, "hash-of-theirs", "0.4711")


@tagged("slow")
class TestForeignForms(AccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.theirs["sale.order"].with_company(cls.theirs_company)
        cls.order.partner_id.name = SHOP
        cls.order.write(
            {
                "cartona_id": "hash-of-theirs",
                "cartona_number": NUMBER,
                "cartona_pickup_otp": CODE,
                "cartona_status": "approved",
                "cartona_delivered_by": "delivered_by_cartona",
            }
        )
        cls.order.action_confirm()
        cls.ours["sale.order"].write({"cartona_pickup_otp": "ours-1", "cartona_number": "N-ours"})
        cls.ours["sale.order"].action_confirm()
        cls.listing = cls.theirs["cartona.listing"]
        cls.listing.name = LISTING
        cls.theirs["cartona.match"].write({"score": 0.4711, "note": "note " + LISTING})
        cls.env.flush_all()

    def shown(self, records, values):
        """Return what a form shows for these unsaved values, as text; "refused" if it fails."""
        names = [
            name
            for name, field in records._fields.items()
            if name in values
            or (records._name.startswith("cartona.") or name.startswith("cartona_"))
        ]
        self.env.flush_all()
        self.env.invalidate_all()
        is_tree = hasattr(records, "web_read")  # from 17 on
        spec = {name: self.tree_of(records, name) if is_tree else "1" for name in names}
        muted = mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
        try:
            with muted, self.env.cr.savepoint():
                return repr(records.onchange(values, list(values), spec))
        except (AccessError, UserError, ValueError):
            return "refused"

    def tree_of(self, records, name):
        field = records._fields[name]
        if field.type in ("one2many", "many2many"):
            return {"fields": {"display_name": {}}}
        return {"fields": {"display_name": {}}} if field.type == "many2one" else {}

    def as_role(self, role, records):
        """Return the records for a user of our company only."""
        user = self.users[role]
        return records.with_user(user).with_context(allowed_company_ids=self.company.ids)

    def forms(self):
        """Yield (model, values) of forms that claim records of the other company."""
        picking = self.order.picking_ids[:1]
        group = {name: picking[name].id for name in ("group_id",) if name in picking._fields}
        base = {"sale_id": self.order.id}
        yield "stock.picking", base
        yield "stock.picking", dict(base, company_id=self.theirs_company.id)
        yield "stock.picking", dict(base, **group)
        yield "stock.picking", group or base
        yield "cartona.delivery.otp.line", {"order_id": self.order.id}
        yield "cartona.delivery.otp", {"line_ids": [(0, 0, {"order_id": self.order.id})]}
        yield "cartona.delivery.otp", {"picking_ids": [(6, 0, picking.ids)]}
        yield "cartona.matching.desk", {"listing_id": self.listing.id}
        yield "cartona.matching.desk", {"config_id": self.theirs["cartona.config"].id}
        yield "cartona.go.live", {"config_id": self.theirs["cartona.config"].id}
        yield "cartona.support.bundle", {"config_id": self.theirs["cartona.config"].id}
        yield "cartona.listing", {"match_id": self.theirs["cartona.match"].id}
        yield "cartona.drift", {"listing_id": self.listing.id}
        yield "cartona.match", {"listing_id": self.listing.id}
        yield "sale.order", {"partner_id": self.order.partner_id.id}

    # === TESTS === #

    def test_a_form_shows_nothing_of_another_company(self):
        for role in self.users:
            for model, values in self.forms():
                new = self.as_role(role, self.env[model])
                old = self.as_role(role, self.ours.get(model, self.env[model]))
                for records in (new, old):
                    with self.subTest(role, model=model, values=values, saved=bool(records)):
                        shown = self.shown(records, values)
                        for secret in SECRETS:
                            self.assertNotIn(secret, shown)

    def test_a_form_of_a_transfer_shows_its_own_order_only(self):
        ours = self.ours["sale.order"]
        for role in self.users:
            mine = self.as_role(role, ours.picking_ids[:1])
            claimed = {"sale_id": self.order.id}
            with self.subTest(role):
                self.assertNotIn(CODE, self.shown(mine, claimed))
                theirs = self.as_role(role, self.order.picking_ids[:1])
                self.assertNotIn(CODE, self.shown(theirs, {"note": "x"}))
                if role != "stock":
                    self.assertNotIn("ours-1", self.shown(mine, {"note": "x"}))

    def test_a_stored_claim_on_an_order_of_another_company_shows_nothing(self):
        picking = self.ours["sale.order"].picking_ids[:1]
        self.env.flush_all()
        if not picking._fields["sale_id"].store:
            self.skipTest("The order of a transfer is not stored on this series.")
        self.env.cr.execute(
            "UPDATE stock_picking SET sale_id = %s WHERE id = %s", (self.order.id, picking.id)
        )
        self.env.invalidate_all()
        mine = self.as_role("stock", picking)
        self.assertFalse(mine.cartona_pickup_otp)
        self.assertFalse(mine.cartona_number)
        self.assertFalse(mine.cartona_amount_to_collect)

    def test_the_warehouse_still_reads_its_own_orders(self):
        picking = self.as_role("stock", self.ours["sale.order"].picking_ids[:1])
        self.env.invalidate_all()
        self.assertEqual((picking.cartona_pickup_otp, picking.cartona_number), ("ours-1", "N-ours"))
        found = self.as_role("boss", self.env["stock.picking"]).search(
            [("cartona_number", "=", "N-ours")]
        )
        self.assertEqual(found.ids, picking.ids)
