"""Shadow mode's report: what going live would change, each figure a list, and the one button."""

from datetime import timezone

from odoo import _, api, fields, models
from odoo.exceptions import UserError

_PRICE_BAND = 30.0


class CartonaGoLive(models.TransientModel):
    _name = "cartona.go.live"
    _description = "Cartona: Go Live"

    config_id = fields.Many2one("cartona.config", required=True, ondelete="cascade")
    catalogue_read_at = fields.Datetime(related="config_id.catalogue_read_at")
    is_reading = fields.Boolean(compute="_compute_counts")

    price_count = fields.Integer("Prices That Change", compute="_compute_counts")
    fall_count = fields.Integer("Prices That Fall by More", compute="_compute_counts")
    stock_count = fields.Integer("Stocks That Change", compute="_compute_counts")
    unlinked_count = fields.Integer("Products Without a Link", compute="_compute_counts")
    order_count = fields.Integer("Orders to Import", compute="_compute_counts")
    older_count = fields.Integer("Older Orders Left Out", compute="_compute_counts")

    auto_sync_products = fields.Boolean("Send Prices", default=True)
    auto_sync_stock = fields.Boolean("Send Stock", default=True)
    auto_sync_orders = fields.Boolean("Take Orders", default=True)
    price_band = fields.Float(
        "Ask When a Price Changes by More Than (%)",
        default=_PRICE_BAND,
        help="A larger change waits until somebody confirms it. 0: never ask.",
    )
    orders_from = fields.Datetime(
        "Import Orders Placed Since", default=lambda self: self._default_orders_from()
    )
    acknowledge_older = fields.Boolean(
        "Tell Cartona That Older Ones Are Handled",
        help="Otherwise Cartona goes on offering them, and they stay as they are there.",
    )

    # === COMPUTE METHODS === #

    @api.model
    def _default_orders_from(self):
        """The first moment of the user's day: what came in this morning is not lost."""
        local = fields.Datetime.context_timestamp(self, fields.Datetime.now())
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight.astimezone(timezone.utc).replace(tzinfo=None)

    @api.depends("config_id", "price_band", "orders_from")
    def _compute_counts(self):
        for wizard in self:
            wizard.is_reading = wizard.config_id.catalogue_page > 0
            for field, (model, domain) in wizard._lists().items():
                wizard[field] = self.env[model].search_count(domain)

    # === ACTION METHODS === #

    def action_read(self):
        """Read Cartona's catalogue and its orders, so that the figures are of today."""
        self.ensure_one()
        self.config_id._start_catalogue()
        self.config_id._wake_streams("pull")
        return self._reopen()

    def action_reload(self):
        """Count again."""
        return self._reopen()

    def action_list(self):
        """Open the list behind a figure; `figure` in the context names its field."""
        self.ensure_one()
        figure = self.env.context.get("figure", "price_count")
        model, domain = self._lists()[figure]
        return {
            "type": "ir.actions.act_window",
            "name": self._fields[figure]._description_string(self.env),
            "res_model": model,
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": domain,
        }

    def action_go_live(self):
        """Switch on what is chosen; whatever differs goes out, whatever waits comes in.

        :raise UserError: the connection was never tested
        """
        self.ensure_one()
        if self.config_id.connection_state != "connected":
            raise UserError(_("Test the connection first."))
        self.config_id.write(
            {
                "price_band": self.price_band,
                "orders_from": self.orders_from,
                "acknowledge_older": self.acknowledge_older,
                "auto_sync_products": self.auto_sync_products,
                "auto_sync_stock": self.auto_sync_stock,
                "auto_sync_orders": self.auto_sync_orders,
            }
        )
        return self.config_id._say(_("You are live on Cartona."), "success")

    # === BUSINESS METHODS === #

    def _lists(self):
        """What each figure counts: dict field -> (model, domain)."""
        self.ensure_one()
        mine = [("config_id", "=", self.config_id.id)]
        drift = mine + [("state", "=", "open")]
        prices = drift + [("kind", "=", "price")]
        orders = mine + [("kind", "=", "order"), ("state", "in", ("new", "error"))]
        since, before = [], [("id", "=", False)]
        if self.orders_from:
            since = ["|", ("ordered_at", "=", False), ("ordered_at", ">=", self.orders_from)]
            before = [("ordered_at", "<", self.orders_from)]
        return {
            "price_count": ("cartona.drift", prices),
            "fall_count": ("cartona.drift", prices + [("change", "<", -self.price_band)]),
            "stock_count": ("cartona.drift", drift + [("kind", "=", "stock")]),
            "unlinked_count": ("cartona.drift", drift + [("reason", "=", "never_linked")]),
            "order_count": ("cartona.message", orders + since),
            "older_count": ("cartona.message", orders + before),
        }

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": _("Go Live"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }
