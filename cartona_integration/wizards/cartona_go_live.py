"""`cartona.go.live`: the changes that going live would make, each figure with its list.

Until then Cartona's catalogue and orders are read, and nothing is sent or imported.
"""

from datetime import timezone

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..cartona_api import Problem, parse_order
from ..compat import check_may_write
from ..models.core import actions
from ..models.inbox.importer_lines import Catalogue

# Default limit, in percent, above which a changed price waits for confirmation.
_PRICE_BAND = 30.0
_NOTHING = [("id", "=", False)]


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    # === ACTION METHODS === #

    def action_go_live(self):
        """Open the report on going live."""
        self.ensure_one()
        check_may_write(self)
        self._compare_known()
        context = {"default_config_id": self.id}
        return actions.window(self.env, "action_cartona_go_live", context=context)

    # === BUSINESS METHODS === #

    def _compare_known(self):
        """Update the list of differences without another call to Cartona."""
        # In sudo mode: the system writes the list, whichever user opens it.
        config = self.sudo().with_company(self.company_id)
        config = config.with_context(allowed_company_ids=self.company_id.ids)
        config.env["cartona.drift"]._compare_known(config)


class CartonaGoLive(models.TransientModel):
    _name = "cartona.go.live"
    _description = "Cartona: Go Live"

    config_id = fields.Many2one("cartona.config", required=True, ondelete="cascade")
    # Not in sudo mode: a form may claim any configuration.
    catalogue_read_at = fields.Datetime(related="config_id.catalogue_read_at", related_sudo=False)
    catalogue_count = fields.Integer(related="config_id.catalogue_count", related_sudo=False)
    is_reading = fields.Boolean(compute="_compute_counts")
    is_look_old = fields.Boolean(compute="_compute_counts")
    unreadable_count = fields.Integer("Unreadable Rows", compute="_compute_counts")

    price_count = fields.Integer("Prices to Change", compute="_compute_counts")
    fall_count = fields.Integer("Prices Falling Below the Limit", compute="_compute_counts")
    on_hold_count = fields.Integer("Prices Waiting for Confirmation", compute="_compute_counts")
    stock_count = fields.Integer("Stock to Change", compute="_compute_counts")
    published_count = fields.Integer("Products to Show or Hide", compute="_compute_counts")
    hidden_count = fields.Integer("Products Kept Hidden", compute="_compute_counts")
    id_count = fields.Integer("Products Receiving Your ID", compute="_compute_counts")
    pack_count = fields.Integer("Packs to Check", compute="_compute_counts")
    gone_count = fields.Integer("Linked Products Missing on Cartona", compute="_compute_counts")
    unlinked_count = fields.Integer("Unlinked Products", compute="_compute_counts")
    order_count = fields.Integer("Orders to Import", compute="_compute_counts")
    waiting_count = fields.Integer("Orders That Will Wait", compute="_compute_counts")
    older_count = fields.Integer("Older Orders Not Imported", compute="_compute_counts")

    auto_sync_products = fields.Boolean("Prices", default=True)
    auto_sync_stock = fields.Boolean("Stock", default=True)
    auto_sync_orders = fields.Boolean("Orders", default=True)
    price_band = fields.Float(
        "Confirm Price Changes Above (%)",
        compute="_compute_price_band",
        store=True,
        readonly=False,
        help="A larger change waits until a user confirms it. 0 to disable.",
    )
    orders_from = fields.Datetime(
        "Import Orders Placed Since", default=lambda self: self._default_orders_from()
    )
    acknowledge_older = fields.Boolean(
        "Acknowledge Older Orders",
        help="Inform Cartona that older orders are handled. Otherwise they stay on its list.",
    )

    # === COMPUTE METHODS === #

    @api.depends("config_id")
    def _compute_price_band(self):
        """Take the limit of the configuration, or propose one."""
        for wizard in self:
            wizard.price_band = wizard.config_id.price_band or _PRICE_BAND

    @api.model
    def _default_orders_from(self):
        """Return the start of the user's day, so that this morning's orders are imported."""
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
        """Read Cartona's catalogue and orders, so that the figures are up to date."""
        self.ensure_one()
        check_may_write(self.config_id)
        self.config_id._start_catalogue()
        self.config_id._wake_streams("pull")
        return self._reopen()

    def action_reload(self):
        """Compare with Cartona's last values, and count again."""
        self.ensure_one()
        check_may_write(self.config_id)
        self.config_id._compare_known()
        return self._reopen()

    def action_list(self):
        """Open the list behind a figure; `figure` in the context names its field."""
        self.ensure_one()
        figure = self.env.context.get("figure", "price_count")
        model, domain = self._lists()[figure]
        name = self._fields[figure]._description_string(self.env)
        return actions.records(name, model, domain=domain)

    def action_go_live(self):
        """Switch on the chosen streams: differences are sent, waiting orders are imported.

        :raise UserError: the connection has not been tested
        """
        self.ensure_one()
        check_may_write(self.config_id)
        if self.config_id.connection_state != "connected":
            raise UserError(_("Test the connection first."))
        self.config_id._compare_known()
        domain = self._sent_domain() + [("kind", "in", ("price", "stock", "published"))]
        # In sudo mode: managers do not write the values that a listing sends.
        self.env["cartona.drift"].sudo().search(domain)._prepare_to_live()
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

    def _sent_domain(self):
        """Return the domain of differences that are sent: not what waits for a user or stays
        hidden."""
        return [
            ("config_id", "=", self.config_id.id),
            ("state", "=", "open"),
            ("reason", "not in", ("hidden", "refused", "unconfirmed")),
        ]

    def _lists(self):
        """Return the records of each figure: dict field -> (model, domain)."""
        self.ensure_one()
        return {**self._product_lists(), **self._order_lists()}

    def _product_lists(self):
        drift = [("config_id", "=", self.config_id.id), ("state", "=", "open")]
        prices = drift + [("kind", "=", "price")] if self.auto_sync_products else _NOTHING
        sent = self._sent_domain()
        on_hold = ["|", ("reason", "=", "unconfirmed")]
        if self.price_band:
            on_hold += ["|", ("change", "<", -self.price_band), ("change", ">", self.price_band)]
        else:
            on_hold += _NOTHING
        domains = {
            "price_count": prices,
            "fall_count": prices + [("change", "<", -self.price_band)],
            "on_hold_count": prices + on_hold,
            "stock_count": sent + [("kind", "=", "stock")] if self.auto_sync_stock else _NOTHING,
            "published_count": sent + [("kind", "=", "published")],
            "hidden_count": drift + [("reason", "=", "hidden")],
            "gone_count": drift + [("reason", "=", "gone")],
            "unlinked_count": drift + [("reason", "=", "never_linked")],
        }
        if not (self.auto_sync_products or self.auto_sync_stock):
            domains["published_count"] = _NOTHING
        lists = {figure: ("cartona.drift", domain) for figure, domain in domains.items()}
        ids = self._listings_to_get_id().ids if self.auto_sync_products else []
        own = [("config_id", "=", self.config_id.id)]
        # Listings: their list has the answer, for one or for all of them.
        packs = own + ["|", ("is_pack_unanswered", "=", True), ("is_pack_changed", "=", True)]
        return dict(
            lists,
            id_count=("cartona.listing", [("id", "in", ids)]),
            pack_count=("cartona.listing", packs),
        )

    def _order_lists(self):
        """Return the lists of orders, each by its newest message."""
        orders = self.config_id._waiting_orders()
        if not self.auto_sync_orders:
            orders = orders.browse()
        older = self._older_orders(orders)
        waiting = self._orders_to_wait(orders - older)
        figures = {
            "order_count": orders - older - waiting,
            "waiting_count": waiting,
            "older_count": older,
        }
        return {
            figure: ("cartona.message", [("id", "in", messages.ids)])
            for figure, messages in figures.items()
        }

    def _listings_to_get_id(self):
        """Return the listings that are sent with the supplier's own id for the first time."""
        linked = self.env["cartona.listing"].search(
            [
                ("config_id", "=", self.config_id.id),
                ("product_id", "!=", False),
                ("is_pack_changed", "=", False),
                ("is_pack_unanswered", "=", False),
            ]
        )
        return linked.browse(linked._ids_to_give(self.config_id))

    def _older_orders(self, messages):
        """Return those of these messages that are not imported because of `orders_from`."""
        start = self.orders_from
        older = messages.filtered(
            lambda message: start and message.ordered_at and message.ordered_at < start
        )
        known = self.env["sale.order"].search(
            [
                ("company_id", "=", self.config_id.company_id.id),
                ("cartona_id", "in", [message.hashed_id for message in older]),
            ]
        )
        return older.filtered(lambda message: message.hashed_id not in known.mapped("cartona_id"))

    def _orders_to_wait(self, messages):
        """Return those of these messages that will wait: a product is not linked, or the message
        cannot be read. Other reasons show only during the import.
        """
        waiting, lines = messages.browse(), {}
        for message in messages:
            try:
                # In sudo mode: only managers may read the payload.
                order = parse_order(message.sudo()._full_payload())
            except Problem:
                waiting |= message
            else:
                lines[message] = [line for line in order.lines if not line.removed]
        catalogue = Catalogue(self.config_id, [line for part in lines.values() for line in part])
        importer = self.env["cartona.order.importer"]
        for message, part in lines.items():
            if any(importer._product_problem(line, catalogue.match(line)) for line in part):
                waiting |= message
        return waiting

    def _reopen(self):
        return actions.form(self, name=_("Go Live"), target="new")
