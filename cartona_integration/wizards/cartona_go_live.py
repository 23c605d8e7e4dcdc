"""Shadow mode's report: what going live would change, each figure a list, and the one button."""

from datetime import timezone

from odoo import _, api, fields, models
from odoo.exceptions import UserError

_PRICE_BAND = 30.0
_NOTHING = [("id", "=", False)]


class CartonaGoLive(models.TransientModel):
    _name = "cartona.go.live"
    _description = "Cartona: Go Live"

    config_id = fields.Many2one("cartona.config", required=True, ondelete="cascade")
    catalogue_read_at = fields.Datetime(related="config_id.catalogue_read_at")
    catalogue_count = fields.Integer(related="config_id.catalogue_count")
    is_reading = fields.Boolean(compute="_compute_counts")
    is_look_old = fields.Boolean(compute="_compute_counts")
    unreadable_count = fields.Integer("Rows That Could Not Be Read", compute="_compute_counts")

    price_count = fields.Integer("Prices That Change", compute="_compute_counts")
    fall_count = fields.Integer("Prices That Fall by More", compute="_compute_counts")
    held_count = fields.Integer("Prices That Wait for You", compute="_compute_counts")
    stock_count = fields.Integer("Stocks That Change", compute="_compute_counts")
    published_count = fields.Integer("Products Shown or Hidden", compute="_compute_counts")
    hidden_count = fields.Integer("Hidden Products That Stay Hidden", compute="_compute_counts")
    id_count = fields.Integer("Products That Get Your ID", compute="_compute_counts")
    pack_count = fields.Integer("Packs to Look At", compute="_compute_counts")
    gone_count = fields.Integer("Linked Products That Cartona Lacks", compute="_compute_counts")
    unlinked_count = fields.Integer("Products Without a Link", compute="_compute_counts")
    order_count = fields.Integer("Orders to Import", compute="_compute_counts")
    waiting_count = fields.Integer("Orders That Will Wait", compute="_compute_counts")
    older_count = fields.Integer("Older Orders Left Out", compute="_compute_counts")

    auto_sync_products = fields.Boolean("Prices", default=True)
    auto_sync_stock = fields.Boolean("Stock", default=True)
    auto_sync_orders = fields.Boolean("Orders", default=True)
    price_band = fields.Float(
        "Ask When a Price Changes by More Than (%)",
        compute="_compute_price_band",
        store=True,
        readonly=False,
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

    @api.depends("config_id")
    def _compute_price_band(self):
        """What the configuration says; a proposal where it says nothing."""
        for wizard in self:
            wizard.price_band = wizard.config_id.price_band or _PRICE_BAND

    @api.model
    def _default_orders_from(self):
        """The first moment of the user's day: what came in this morning is not lost."""
        local = fields.Datetime.context_timestamp(self, fields.Datetime.now())
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight.astimezone(timezone.utc).replace(tzinfo=None)

    @api.depends(
        "config_id",
        "price_band",
        "orders_from",
        "auto_sync_products",
        "auto_sync_stock",
        "auto_sync_orders",
    )
    def _compute_counts(self):
        for wizard in self:
            wizard.is_reading = wizard.config_id.catalogue_page > 0
            wizard.is_look_old = wizard.config_id._is_catalogue_outdated()
            wizard.unreadable_count = wizard.config_id._unreadable_count()
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
        """Compare with what Cartona showed last, and count again."""
        self.ensure_one()
        self.config_id._compare_known()
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
        self.config_id._compare_known()
        told = self._told_domain() + [("kind", "in", ("price", "stock", "published"))]
        # In sudo mode: a listing keeps what Cartona is to be told, whoever decides it.
        self.env["cartona.drift"].sudo().search(told)._prepare_to_live()
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
        return self.config_id._notification(_("You are live on Cartona."), "success")

    # === BUSINESS METHODS === #

    def _told_domain(self):
        """Differences that going live puts right: not what waits for a person or stays hidden."""
        return [
            ("config_id", "=", self.config_id.id),
            ("state", "=", "open"),
            ("reason", "not in", ("hidden", "refused", "unconfirmed")),
        ]

    def _lists(self):
        """What each figure counts: dict field -> (model, domain)."""
        self.ensure_one()
        return {**self._product_lists(), **self._order_lists()}

    def _product_lists(self):
        drift = [("config_id", "=", self.config_id.id), ("state", "=", "open")]
        prices = drift + [("kind", "=", "price")] if self.auto_sync_products else _NOTHING
        told = self._told_domain()
        held = ["|", ("reason", "=", "unconfirmed")]
        if self.price_band:
            held += ["|", ("change", "<", -self.price_band), ("change", ">", self.price_band)]
        else:
            held += _NOTHING
        domains = {
            "price_count": prices,
            "fall_count": prices + [("change", "<", -self.price_band)],
            "held_count": prices + held,
            "stock_count": told + [("kind", "=", "stock")] if self.auto_sync_stock else _NOTHING,
            "published_count": told + [("kind", "=", "published")],
            "hidden_count": drift + [("reason", "=", "hidden")],
            "pack_count": drift + [("kind", "=", "unit")],
            "gone_count": drift + [("reason", "=", "gone")],
            "unlinked_count": drift + [("reason", "=", "never_linked")],
        }
        if not (self.auto_sync_products or self.auto_sync_stock):
            domains["published_count"] = _NOTHING
        lists = {figure: ("cartona.drift", domain) for figure, domain in domains.items()}
        ids = self.config_id._ids_to_send().ids if self.auto_sync_products else []
        return dict(lists, id_count=("cartona.listing", [("id", "in", ids)]))

    def _order_lists(self):
        """Each order once, by what Cartona said of it last."""
        orders = self.config_id._waiting_orders()
        if not self.auto_sync_orders:
            orders = orders.browse()
        older = self.config_id._placed_before(orders, self.orders_from)
        waiting = self.config_id._orders_to_wait(orders - older)
        figures = {
            "order_count": orders - older - waiting,
            "waiting_count": waiting,
            "older_count": older,
        }
        return {
            figure: ("cartona.message", [("id", "in", messages.ids)])
            for figure, messages in figures.items()
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
