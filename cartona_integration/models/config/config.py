"""`cartona.config`: what one company (one supplier account) has agreed with Cartona."""

import secrets

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import ValidationError

from ...cartona_api import InsecureUrl, check_base_url
from ...compat import Constraint, GuardedFields

# Source: Cartona's integration notes, "base URL (every supplier)".
DEFAULT_BASE_URL = "https://supplier-integrations.cartona.com/api/v1/"

# What is sent again when one of these changes, because the published figure depends on it.
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
        help="The address of Cartona's supplier interface. Keep it unless Cartona tells you "
        "another one.",
    )
    auth_token = fields.Char(
        "Token",
        copy=False,
        exportable=False,
        groups="cartona_integration.group_cartona_manager",
        help="The token that Cartona gave you. It identifies you: keep it secret.",
    )
    supplier_code = fields.Char(
        help="Only where several companies share one token: the code under which Cartona knows "
        "this company. Empty: every order that comes with the token is this company's.",
    )
    timeout = fields.Integer(
        default=30, required=True, help="Seconds to wait for an answer of Cartona."
    )
    batch_size = fields.Integer(
        default=100, required=True, help="How many products or orders go into one call."
    )
    webhook_token = fields.Char(
        "Webhook Secret",
        copy=False,
        exportable=False,
        groups="cartona_integration.group_cartona_manager",
        default=lambda self: self._new_webhook_token(),
        help="Hand it to Cartona together with the address: calls without it are refused.",
    )
    webhook_url = fields.Char(
        "Webhook Address",
        compute="_compute_webhook_url",
        help="Where Cartona tells Odoo of orders and of their status. Cartona enters it on its "
        "side, and sends the secret in the header AuthorizationToken.",
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
        "Orders", copy=False, help="Take orders from Cartona and keep their status equal."
    )

    pull_interval = fields.Integer(
        "Ask for Orders Every (Minutes)",
        default=1,
        required=True,
        help="How often Cartona is asked for orders, in case a call of the webhook was lost.",
    )

    # Products
    warehouse_ids = fields.Many2many(
        "stock.warehouse",
        string="Warehouses",
        domain="[('company_id', '=', company_id)]",
        help="Whose stock is sold on Cartona. Empty: all of the company.",
    )
    pricelist_id = fields.Many2one(
        "product.pricelist",
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        help="Prices for Cartona. Empty: the sales price.",
    )
    price_tax = fields.Selection(
        [
            ("gross", "Taxes included: what the retailer pays"),
            ("as_is", "As they stand in Odoo"),
        ],
        "Prices on Cartona",
        required=True,
        default="gross",
        help="Whether the taxes of the product are added to the price that Cartona shows.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        help="The currency of the prices on Cartona; the company's unless you choose another.",
    )
    stock_buffer = fields.Float(
        help="Quantity of each product, in its own unit, that is never offered on Cartona.",
    )
    unavailable_as = fields.Selection(
        [("out_of_stock", "Out of stock"), ("unpublished", "Not published")],
        "Archived Products Are",
        required=True,
        default="out_of_stock",
        help="How Cartona shows a product that is archived or no longer for sale.",
    )
    price_not_below_cost = fields.Boolean(
        "Ask Before Selling Below Cost",
        help="A price below the cost of the product waits until somebody confirms it.",
    )
    price_band = fields.Float(
        "Ask When a Price Changes by More Than (%)",
        help="A larger change waits until somebody confirms it. 0: never ask.",
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
        help="What Cartona is told when an order is cancelled and nobody chose a reason.",
    )
    shipped_when = fields.Selection(
        [
            ("button", "The goods have left, or somebody presses “Ship”"),
            ("ready", "The delivery is ready"),
            ("picked", "The goods are picked"),
        ],
        "Shipped When",
        required=True,
        default="button",
        help="What makes an order shipped on Cartona, at the latest when goods leave. Ready: "
        "what is in stock is reserved. Picked: the step before the delivery is validated; in a "
        "warehouse without one, the goods have left. “Ship” on the order works with each.",
    )
    delivered_when = fields.Selection(
        [
            ("validated", "The last delivery is validated"),
            ("button", "Somebody presses “Delivered”"),
        ],
        "Delivered When",
        required=True,
        default="validated",
        help="What makes an order delivered on Cartona.",
    )
    complete_delivered = fields.Boolean(
        "Complete Deliveries Automatically",
        help="When Cartona says that an order is delivered, complete its deliveries here, too. "
        "Off: somebody is asked to do it.",
    )
    user_id = fields.Many2one(
        "res.users",
        "Salesperson",
        default=lambda self: self._default_user_id(),
        help="Whose the orders from Cartona are.",
    )
    team_id = fields.Many2one(
        "crm.team", "Sales Team", help="The team that orders from Cartona count for."
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
        help="Who is told when something needs a person. Empty: the leader of the sales team.",
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
        "CHECK(pull_interval >= 1)", "Orders can be asked for once a minute at most."
    )

    # === COMPUTE METHODS === #

    @api.model
    def _default_company_id(self):
        """The current company, or the first of the user's that has no configuration yet."""
        taken = self.sudo().search([]).company_id  # other companies' ones count as taken too
        companies = self.env.company | self.env.companies
        return (companies - taken)[:1] or self.env.company

    @api.model
    def _default_user_id(self):
        """Whoever sets this up; the administrator when that is the system itself."""
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
        """Two companies may share a token only if their orders can be told apart."""
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
                        companies=self.env["cartona.reasons"]._join(
                            (config | sharing).mapped("company_id.name")
                        ),
                    )
                )

    @api.constrains("pricelist_id", "warehouse_ids", "company_id")
    def _check_companies(self):
        for config in self:
            foreign = config.warehouse_ids.filtered(
                lambda warehouse, config=config: warehouse.company_id != config.company_id
            )
            owner = config.pricelist_id.company_id
            if foreign or (owner and owner != config.company_id):
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
        configs = super().create(vals_list)
        configs._accounts_changed()
        return configs

    def write(self, vals):
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

    def _connection_settings(self):
        config = self.sudo()  # the token is hidden from everybody but managers
        return [config[name] or "" for name in _CONNECTION_SETTINGS]

    def _toggles(self):
        self.ensure_one()
        return (self.auto_sync_products, self.auto_sync_stock, self.auto_sync_orders)

    def _mark_settings_dirty(self, vals, before):
        """Note everything linked whose published figure depends on what was just changed."""
        turned_on = [now and not was for now, was in zip(self._toggles(), before)]
        Change = self.env["cartona.change"]
        if self.auto_sync_products and (turned_on[0] or _PRICE_SETTINGS & vals.keys()):
            # Whoever looks at a price looks at the stock as well: one row for both.
            Change._mark_all_dirty(self, "price")
        elif self.auto_sync_stock and (turned_on[1] or _STOCK_SETTINGS & vals.keys()):
            Change._mark_all_dirty(self, "stock")
        if turned_on[0] or turned_on[1]:
            self._begin_progress()
        if turned_on[2]:
            self.env["cartona.order.push"]._mark_open_orders_dirty(self)
            self._wake_streams("pull", "import")

    # === BUSINESS METHODS === #

    @api.model
    def _of_company(self, company):
        """The configuration of a company, empty where it has none.

        In sudo mode: a user without any Cartona right changes products, too.
        """
        return self.sudo().search([("company_id", "=", company.id)], limit=1)

    def _allows_insecure_url(self):
        parameter = self.env["ir.config_parameter"].sudo()  # readable by administrators only
        return parameter.get_param("cartona_integration.allow_insecure_url", "").lower() in (
            "1",
            "true",
            "yes",
        )

    def _warehouses(self):
        """Whose stock is sold on Cartona."""
        self.ensure_one()
        return self.warehouse_ids or self.env["stock.warehouse"].search(
            [("company_id", "=", self.company_id.id)]
        )

    def _wake_streams(self, *streams):
        for stream in streams:
            self.env["cartona.worker"]._wake(stream, self.ids)
