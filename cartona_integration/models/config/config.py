"""`cartona.config`: the settings of one company, which is one supplier account on Cartona.

Its other files here: `connection` (calls and their errors), `routing` (the orders that a company
receives), `catalogue` (reading, differences, matching), `prices` (for the retailer),
`accounting_settings` and `webhook_stats`. Elsewhere: `payload` (quantities), `dashboard`,
`alarms` and `activities` (figures), `dated_prices` (clock); the wizards `cartona_go_live` and
`cartona_support_bundle` add the buttons that open them.
"""

import secrets

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ...cartona_api import InsecureUrl, check_base_url
from ...compat import Constraint
from ..core.companies import may_use
from ..core.formatting import enumerate_items
from ..core.guarded_fields import GuardedFields

# Source: Cartona's integration notes, "base URL (every supplier)".
DEFAULT_BASE_URL = "https://supplier-integrations.cartona.com/api/v1/"

# A change of one of these is sent: the published price or quantity depends on it.
_PRICE_SETTINGS = {
    "currency_id",
    "price_band",
    "price_not_below_cost",
    "price_tax",
    "pricelist_id",
    "unavailable_as",
}
_STOCK_SETTINGS = {"stock_buffer", "unavailable_as", "warehouse_ids"}
_CONNECTION_SETTINGS = ("base_url", "auth_token", "supplier_code")


class CartonaConfig(GuardedFields, models.Model):
    _name = "cartona.config"
    _description = "Cartona Configuration"
    _inherit = ["mail.thread", "mail.activity.mixin", "cartona.activity.mixin"]
    _rec_name = "company_id"
    _order = "company_id"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self._default_company_id(),
    )
    supplier_name = fields.Char(help="Your name as retailers see it on Cartona.")

    # Connection
    base_url = fields.Char(
        "API Address",
        required=True,
        default=DEFAULT_BASE_URL,
        help="Address of Cartona's supplier API. Keep it unless Cartona gives you another one.",
    )
    auth_token = fields.Char(
        "Token",
        copy=False,
        exportable=False,
        groups="cartona_integration.group_cartona_manager",
        help="The token that Cartona gave you. It identifies your company: keep it secret.",
    )
    supplier_code = fields.Char(
        help="Only if several companies share one token: Cartona's code of this company. Empty: "
        "every order of the token belongs to this company.",
    )
    timeout = fields.Integer(
        default=30, required=True, help="Seconds to wait for an answer from Cartona."
    )
    batch_size = fields.Integer(
        default=100, required=True, help="Number of products or orders in one call."
    )
    webhook_token = fields.Char(
        "Webhook Secret",
        copy=False,
        exportable=False,
        groups="cartona_integration.group_cartona_manager",
        default=lambda self: self._new_webhook_token(),
        help="Send it to Cartona together with the address: calls without it are refused.",
    )
    webhook_url = fields.Char(
        "Webhook Address",
        compute="_compute_webhook_url",
        help="Address to which Cartona sends orders and their status, with the secret in the "
        "header AuthorizationToken. Cartona has to enter it.",
    )

    # What is synchronised
    auto_sync_products = fields.Boolean(
        "Prices",
        copy=False,
        help="Send prices and product data to Cartona whenever they change.",
    )
    auto_sync_stock = fields.Boolean(
        "Stock", copy=False, help="Send the available quantity to Cartona whenever it changes."
    )
    auto_sync_orders = fields.Boolean(
        "Orders", copy=False, help="Import orders from Cartona and synchronize their status."
    )

    pull_interval = fields.Integer(
        "Fetch Orders Every (Minutes)",
        default=1,
        required=True,
        help="Orders are also fetched from Cartona, in case a call of the webhook was lost.",
    )

    # Products
    warehouse_ids = fields.Many2many(
        "stock.warehouse",
        string="Warehouses",
        domain="[('company_id', '=', company_id)]",
        # Empty means all of them, so a chosen one is not deleted, and not read as none.
        ondelete="restrict",
        context={"active_test": False},
        help="Warehouses with the stock that is sold on Cartona. Empty: all of the company. If all "
        "chosen ones are archived, nothing is sold and new orders wait.",
    )
    pricelist_id = fields.Many2one(
        "product.pricelist",
        domain="['|', ('company_id', '=', False), ('company_id', 'parent_of', company_id)]",
        # Empty means the sales price, so the chosen one is not deleted.
        ondelete="restrict",
        help="Pricelist for Cartona. Empty: the sales price.",
    )
    price_tax = fields.Selection(
        [
            ("gross", "Taxes included: what the retailer pays"),
            ("as_is", "As in Odoo"),
        ],
        "Prices on Cartona",
        required=True,
        default="gross",
        help="Add the taxes of the product to the price that Cartona shows, or not.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        help="The currency of the prices on Cartona; the company's unless you choose another.",
    )
    stock_buffer = fields.Float(
        help="Quantity of each product, in its own unit, that is not offered on Cartona.",
    )
    unavailable_as = fields.Selection(
        [("out_of_stock", "Out of stock"), ("unpublished", "Not published")],
        "Archived Products",
        required=True,
        default="out_of_stock",
        help="Status on Cartona of a product that is archived or no longer for sale.",
    )
    price_not_below_cost = fields.Boolean(
        "Confirm Prices Below Cost",
        help="A price below the cost of the product is not sent before a user confirms it.",
    )
    price_band = fields.Float(
        "Confirm Price Changes Above (%)",
        help="A larger change is not sent before a user confirms it. 0: every change is sent.",
    )

    # Orders
    auto_confirm = fields.Boolean(
        "Confirm Automatically",
        help="Confirm orders that are completely in stock as soon as they arrive.",
    )
    default_cancellation_reason = fields.Selection(
        "_selection_cancellation_reason",
        required=True,
        default="out_of_stock",
        help="Reason sent to Cartona when an order is cancelled without choosing one.",
    )
    shipped_when = fields.Selection(
        [
            ("button", "The goods have left, or a user presses “Ship”"),
            ("ready", "The delivery is ready"),
            ("picked", "The goods are picked"),
        ],
        "Shipped When",
        required=True,
        default="button",
        help="When an order becomes shipped on Cartona, at the latest when goods leave. Ready: the "
        "goods in stock are reserved. Picked: the step before the delivery is validated; in a "
        "warehouse without one, the goods have left. “Ship” on the order works with each.",
    )
    delivered_when = fields.Selection(
        [
            ("validated", "The last delivery is validated"),
            ("button", "A user presses “Delivered”"),
        ],
        "Delivered When",
        required=True,
        default="validated",
        help="When an order becomes delivered on Cartona.",
    )
    complete_delivered = fields.Boolean(
        "Complete Deliveries Automatically",
        help="When an order is delivered on Cartona, complete its deliveries in Odoo. Off: an "
        "activity is scheduled.",
    )
    user_id = fields.Many2one(
        "res.users",
        "Salesperson",
        default=lambda self: self._default_user_id(),
        help="Salesperson of the orders from Cartona.",
    )
    team_id = fields.Many2one(
        "crm.team", "Sales Team", help="Sales team of the orders from Cartona."
    )
    # The activity mixin has a field of this name, computed, or up to 16 that of the next activity;
    # this one is a setting.
    activity_user_id = fields.Many2one(
        "res.users",
        "Responsible",
        compute=None,
        related=None,
        search=None,
        store=True,
        readonly=False,
        groups=None,
        default=lambda self: self._default_user_id(),
        help="User who gets the activities. Empty: the leader of the sales team.",
    )

    _company_uniq = Constraint(
        "UNIQUE(company_id)", "This company already has its Cartona configuration."
    )
    _batch_size_positive = Constraint(
        "CHECK(batch_size BETWEEN 1 AND 1000)", "The batch size must be between 1 and 1000."
    )
    _timeout_positive = Constraint(
        "CHECK(timeout BETWEEN 1 AND 300)", "The time-out must be between 1 and 300 seconds."
    )

    _pull_interval_positive = Constraint(
        "CHECK(pull_interval >= 1)", "Orders can be fetched once a minute at most."
    )

    # === COMPUTE METHODS === #

    @api.model
    def _default_company_id(self):
        """Return the current company, or the user's first one without a configuration."""
        taken = self.sudo().search([]).company_id  # other companies' ones as well
        companies = self.env.company | self.env.companies
        return (companies - taken)[:1] or self.env.company

    @api.model
    def _default_user_id(self):
        """Return the current user; the administrator if that is the system."""
        if self.env.uid != SUPERUSER_ID:
            return self.env.user
        return self.env.ref("base.user_admin", raise_if_not_found=False)

    @api.model
    def _new_webhook_token(self):
        return secrets.token_urlsafe(32)

    @api.model
    def _selection_cancellation_reason(self):
        reasons = {
            "out_of_stock": _("Out of stock"),
            "cannot_deliver_the_order": _("Cannot deliver the order"),
            "supplier_asked_me_to_cancel": _("Supplier asked to cancel"),
            "delayed_order": _("Delayed order"),
            "pending_order_without_action": _("Pending without action"),
            "removed_items": _("Removed items"),
            "supplier_attitude": _("Supplier's attitude"),
            "missing_items": _("Missing items"),
            "expired_products": _("Expired products"),
            "different_prices": _("Different prices"),
            "different_products": _("Different products"),
        }
        return list(reasons.items())

    @api.depends("company_id")
    def _compute_webhook_url(self):
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url", "")
        self.webhook_url = base.rstrip("/") + "/cartona/webhook/orders"

    # === CONSTRAINT METHODS === #

    @api.constrains("base_url")
    def _check_base_url(self):
        for config in self:
            try:
                check_base_url(config.base_url, allow_insecure=config._allows_insecure_url())
            except InsecureUrl as error:
                raise ValidationError(
                    self.env["cartona.reasons"]._explain("insecure_url", config.base_url)
                ) from error

    @api.constrains("auth_token", "supplier_code")
    def _check_account(self):
        """Refuse a shared token unless supplier codes identify the company of each order."""
        everyone = self.sudo().search([("auth_token", "!=", False)])  # tokens of other companies
        for config in self.sudo().filtered("auth_token"):
            sharing = everyone.filtered(
                lambda other, config=config: (
                    other != config and other.auth_token == config.auth_token
                )
            )
            codes = [(other.supplier_code or "").strip() for other in sharing | config]
            if sharing and (not all(codes) or len(set(codes)) < len(codes)):
                raise ValidationError(
                    _(
                        "%(companies)s use the same token. Give each of them its own supplier "
                        "code, so that every order finds its company.",
                        companies=enumerate_items(
                            self.env, (config | sharing).mapped("company_id.name")
                        ),
                    )
                )

    @api.constrains("pricelist_id", "warehouse_ids", "company_id")
    def _check_companies(self):
        for config in self:
            foreign = config.warehouse_ids.filtered(
                lambda warehouse, config=config: warehouse.company_id != config.company_id
            )
            if foreign or not may_use(config.company_id, config.pricelist_id.company_id):
                raise ValidationError(
                    _("Warehouses and pricelist must belong to %s.", config.company_id.name)
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            company_id = vals.setdefault("company_id", self._default_company_id().id)
            if not vals.get("currency_id"):
                vals["currency_id"] = self.env["res.company"].browse(company_id).currency_id.id
            self._check_may_set_address(vals)
        configs = super().create(vals_list)
        configs._accounts_changed()
        return configs

    def write(self, vals):
        self._check_may_set_address(vals)
        before = {config: (config._toggles(), config._connection_settings()) for config in self}
        res = super().write(vals)
        for config in self:
            toggles, connection = before[config]
            # Settings writes everything that it shows, whatever was changed on its page.
            if connection != config._connection_settings():
                config._connection_changed()
            config._mark_settings_dirty(vals, toggles)
        self._accounting_settings_changed(vals)
        if "orders_from" in vals:
            self._orders_from_changed()
        return res

    def _check_may_set_address(self, vals):
        """Refuse another address unless the user is an administrator.

        The server itself calls it: an address chooses what is read in the server's own network.
        """
        address = vals.get("base_url", DEFAULT_BASE_URL)
        is_known = address == DEFAULT_BASE_URL or (
            self and set(self.mapped("base_url")) == {address}
        )
        if not (is_known or self.env.su or self.env.user.has_group("base.group_system")):
            raise AccessError(_("Only an administrator may set another address than Cartona's."))

    def _connection_settings(self):
        config = self.sudo()  # the token is hidden from users who are not managers
        return [config[name] or "" for name in _CONNECTION_SETTINGS]

    def _toggles(self):
        self.ensure_one()
        return (self.auto_sync_products, self.auto_sync_stock, self.auto_sync_orders)

    def _mark_settings_dirty(self, vals, before):
        """Mark every linked product with a price or quantity that depends on a changed setting."""
        turned_on = [now and not was for now, was in zip(self._toggles(), before)]
        Change = self.env["cartona.change"]
        if self.auto_sync_products and (turned_on[0] or _PRICE_SETTINGS & vals.keys()):
            # The drain of a price sends the stock as well: one row for both.
            Change._mark_all_dirty(self, "price")
            self._expect_older()
        elif self.auto_sync_stock and (turned_on[1] or _STOCK_SETTINGS & vals.keys()):
            Change._mark_all_dirty(self, "stock")
            self._expect_older()
        if "warehouse_ids" in vals:
            Change._mark_replay(self)
        if turned_on[0] or turned_on[1]:
            self._begin_progress()
        if turned_on[2]:
            self.env["cartona.order.push"]._mark_open_orders_dirty(self)
            self.env["cartona.older"]._expect(self, "order")
            self._wake_streams("pull", "import")

    # === BUSINESS METHODS === #

    @api.model
    def _of_company(self, company):
        """Return the configuration of a company, empty if it has none.

        In sudo mode: users without any right on Cartona change products, too.
        """
        return self.sudo().search([("company_id", "=", company.id)], limit=1)

    def _expect_older(self, listing_ids=(0,)):
        """Mark listings again as the transactions end that do not see what was just changed.

        :param listing_ids: 0 for all of the configuration
        """
        for config in self.filtered(lambda config: config._sends_listings()):
            kind = "price" if config.auto_sync_products else "stock"
            self.env["cartona.older"]._expect(config, kind, listing_ids)

    def _allows_insecure_url(self):
        parameter = self.env["ir.config_parameter"].sudo()  # readable by administrators only
        return parameter.get_param("cartona_integration.allow_insecure_url", "").lower() in (
            "1",
            "true",
            "yes",
        )

    def _warehouses(self):
        """Return the warehouses with the stock that is sold on Cartona, none if all that were
        chosen are archived."""
        self.ensure_one()
        if self.warehouse_ids:  # archived ones included
            return self.warehouse_ids.filtered("active")
        return self.env["stock.warehouse"].search([("company_id", "=", self.company_id.id)])

    def _wake_streams(self, *streams):
        for stream in streams:
            self.env["cartona.worker"]._wake(stream, self.ids)
