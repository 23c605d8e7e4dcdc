"""Base of the Odoo tests: a company connected to a marketplace, and two products."""

from odoo import fields
from odoo.tests import TransactionCase, tagged

from ..compat import storable_values
from . import older_odoo  # noqa: F401 - it is enough that it runs
from .marketplace import Marketplace

CHECK = ("GET", "supplier-product")
PRODUCTS = "supplier-product/bulk-update"
STATUSES = "order/update-order-status"
ORDERS = "order/pull-orders"


@tagged("post_install", "-at_install")
class CartonaCase(TransactionCase):
    """`config` is connected to `marketplace` with all switches on; `tea` is linked as "T1"."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketplace = Marketplace()
        cls.addClassCleanup(cls.marketplace.stop)
        cls.company = cls.env.company
        cls.config = cls.env["cartona.config"]._of_company(cls.company)
        cls.config.write(
            {
                "base_url": cls.marketplace.url,
                "auth_token": cls.marketplace.token,
                "auto_sync_products": True,
                "auto_sync_stock": True,
                "auto_sync_orders": True,
            }
        )
        cls.config._connection_outcome(None)
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.tea = cls.make_product("شاي العروسة 40 جم", 12.5)
        cls.rice = cls.make_product("أرز الضحى 1 كجم", 30.0)
        cls.tea.cartona_id = "T1"
        cls.show_on_cartona(cls.tea)
        cls.clear_outbox()

    def setUp(self):
        super().setUp()
        self.marketplace.calls.clear()
        self.marketplace.unexpected.clear()
        self.marketplace._prepared.clear()
        self.marketplace.catalogue.clear()
        self.marketplace.lookups.clear()
        self.marketplace.token, self.marketplace.answer_status = "test-token", None
        # Up to 15 the end of a test does not clear what hooks collected for the commit.
        self.addCleanup(self.env.cr.precommit.clear)
        # Cursors that the code opens are savepoints of this test's transaction.
        if hasattr(self, "registry_enter_test_mode"):
            self.registry_enter_test_mode()
        else:
            self.registry.enter_test_mode(self.env.cr)
            self.addCleanup(self.registry.leave_test_mode)

    @classmethod
    def _request_handler(cls, session, request, /, **kwargs):
        """Override Odoo's guard, which expects one number as time-out; ours are two."""
        connect_and_read = kwargs.get("timeout")
        if isinstance(connect_and_read, tuple):
            kwargs["timeout"] = max(connect_and_read)
        return super()._request_handler(session, request, **kwargs)

    @classmethod
    def make_product(cls, name, price, **values):
        """Create a storable product without taxes."""
        if "uom_id" in values and "uom_po_id" in cls.env["product.template"]._fields:
            values["uom_po_id"] = values["uom_id"]  # up to 18 it must be of the same family
        return cls.env["product.product"].create(
            dict(
                storable_values(cls.env),
                name=name,
                list_price=price,
                taxes_id=[(5,)],
                **values,
            )
        )

    @classmethod
    def service_values(cls):
        """Return values of a product that is not delivered by a transfer."""
        # From 15 to 17 the type follows another field.
        has_details = "detailed_type" in cls.env["product.template"]._fields
        return {"detailed_type" if has_details else "type": "service"}

    @classmethod
    def set_stock(cls, product, quantity):
        """Set the counted quantity of the product in the warehouse."""
        quant = (
            cls.env["stock.quant"]
            .with_context(inventory_mode=True)
            .create(
                {
                    "product_id": product.id,
                    "location_id": cls.warehouse.lot_stock_id.id,
                    "inventory_quantity": quantity,
                }
            )
        )
        quant.action_apply_inventory()

    @classmethod
    def show_on_cartona(cls, products):
        """Let Cartona's catalogue have shown the listings of these products, long ago: they are
        sent without being looked up first."""
        listings = cls.env["cartona.listing"].search([("product_id", "in", products.ids)])
        listings.shown_at = "2020-01-01"

    @classmethod
    def make_move(cls, product, quantity, target, **values):
        """Create a draft move of the product out of the warehouse."""
        if "name" in cls.env["stock.move"]._fields:  # and required, up to 18
            values["name"] = product.name
        return cls.env["stock.move"].create(
            dict(
                product_id=product.id,
                product_uom_qty=quantity,
                product_uom=product.uom_id.id,
                location_id=cls.warehouse.lot_stock_id.id,
                location_dest_id=target.id,
                **values,
            )
        )

    @classmethod
    def clear_outbox(cls):
        """Empty the outbox before a test."""
        cls.env.cr.flush()
        cls.env.cr.execute("DELETE FROM cartona_change")

    def outbox_rows(self, kind=None):
        """Return the rows of the outbox, without replays: list of (kind, record id), in order."""
        self.env.cr.flush()
        domain = [("kind", "=", kind)] if kind else [("kind", "!=", "replay")]
        return [(row.kind, row.res_id) for row in self.env["cartona.change"].search(domain)]

    def run_import(self, config=None):
        """Run the import until nothing is left, or until it must wait.

        :return: seconds to wait, None when nothing is left
        """
        self.env.cr.flush()
        wait = 0
        while wait == 0:
            wait = self.env["cartona.message"]._import((config or self.config).id)
        self.env.invalidate_all()
        return wait

    def other_currencies(self, count=1):
        """Return active currencies other than the company's."""
        currencies = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("id", "!=", self.company.currency_id.id)], limit=count)
        )
        currencies.active = True
        return currencies

    def run_drain(self):
        """Run the drain until nothing is left, or until it must wait."""
        self.env.cr.flush()
        wait = 0
        while wait == 0:
            wait = self.env["cartona.product.push"]._push(self.config.id)
        self.env.invalidate_all()
        return wait

    def run_cron(self):
        """Run the cron once."""
        self.env.flush_all()
        self.env["cartona.config"]._cron_catch_up()
        self.env.invalidate_all()

    def listing(self, products):
        return self.env["cartona.listing"].search([("product_id", "in", products.ids)])

    def jobs(self, stream):
        """Return the pending jobs of a stream."""
        key = "cartona:%s:%%" % stream
        return self.env["queue.job"].search(
            [("identity_key", "=like", key), ("state", "=", "pending")]
        )

    def now(self):
        return fields.Datetime.now()
