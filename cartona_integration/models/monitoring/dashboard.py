"""`cartona.config`: figures of the dashboard, progress of a full sending, steps of the setup.

Each figure is one query. None reads the log: they come from an index, from the few rows that
wait, or from `cartona.sync.stat`, so the card opens quickly however large the log is.
"""

import json
from datetime import timedelta

from babel.dates import format_date, format_timedelta

from odoo import _, api, fields, models
from odoo.tools.misc import babel_locale_parse, get_lang

from ...compat import flush
from ..core.actions import window
from ..core.reasons import PRICE_HOLD_REASONS
from ..queue.streams import LISTING_KINDS
from .sync_stat import PROMISE_SECONDS

# Share of a day's operations that must arrive, in percent.
PROMISED_RATE = 99.0
_CHART_DAYS = 7
# Fields that are True while a step of the setup is missing, in the order of the setup.
STEPS = (
    "needs_token",
    "needs_test",
    "needs_products",
    "needs_switch",
    "needs_webhook",
    "needs_runner",
)


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    # Success and latency
    success_rate = fields.Float(
        "Success Rate, Last 24 Hours (%)",
        compute="_compute_success",
        digits=(5, 1),
        help="Operations of the last 24 hours that have arrived, of all of them. Operations that "
        "were rejected, wait for a user or took longer have not arrived.",
    )
    operation_count = fields.Integer("Operations, Last 24 Hours", compute="_compute_success")
    is_promise_kept = fields.Boolean(compute="_compute_success")
    median_seconds = fields.Float(
        "Median Latency (s)",
        compute="_compute_success",
        digits=(12, 2),
        help="Median time from saving a change to its arrival on Cartona, over the last 24 hours.",
    )
    p95_seconds = fields.Float(
        "95th Percentile (s)",
        compute="_compute_success",
        digits=(12, 2),
        help="95% of the changes of the last 24 hours arrived on Cartona within this time.",
    )
    dashboard_graph = fields.Text(compute="_compute_dashboard_graph")

    # Time since the last event, as text
    queue_age = fields.Char("Oldest Change", compute="_compute_ages")
    last_pull_age = fields.Char(
        "Last Order Fetch",
        compute="_compute_ages",
        help="When Odoo last fetched orders from Cartona.",
    )
    last_webhook_age = fields.Char(
        "Last Webhook Call",
        compute="_compute_ages",
        help="When the webhook last received a call with the right secret.",
    )

    # Records that wait for a user
    waiting_order_count = fields.Integer("Waiting Orders", compute="_compute_order_counts")
    rejected_order_count = fields.Integer("Rejected Order Updates", compute="_compute_order_counts")
    linked_listing_count = fields.Integer("Linked", compute="_compute_linked_listing_count")
    has_linked_listing = fields.Boolean(compute="_compute_listing_counts")
    unlinked_listing_count = fields.Integer("Not Linked", compute="_compute_listing_counts")
    failed_listing_count = fields.Integer("Failed", compute="_compute_listing_counts")
    paused_listing_count = fields.Integer("Prices to Confirm", compute="_compute_listing_counts")

    # Progress of sending everything: number of outbox rows when it began, and ID of the last of
    # them. The drain deletes the rows it has sent; those that are left remain to be sent.
    progress_total = fields.Integer("To Send", readonly=True, copy=False)
    progress_until = fields.Integer(readonly=True, copy=False)
    progress_sent = fields.Integer("Sending Everything", compute="_compute_progress_sent")
    is_sending_all = fields.Boolean(compute="_compute_progress_sent")

    # Setup
    needs_token = fields.Boolean(compute="_compute_needs")
    needs_test = fields.Boolean(compute="_compute_needs")
    needs_products = fields.Boolean(compute="_compute_needs")
    needs_switch = fields.Boolean(compute="_compute_needs")
    needs_webhook = fields.Boolean(compute="_compute_needs")
    needs_runner = fields.Boolean(compute="_compute_needs")
    missing_count = fields.Integer(
        "Steps to Complete",
        compute="_compute_needs",
        help="Steps that are missing before everything is synchronized; the form lists them.",
    )

    # === COMPUTE METHODS === #

    @api.depends_context("uid")
    def _compute_success(self):
        summaries = self.env["cartona.sync.stat"]._summaries(self)
        imported = self._counted_by_state(
            "cartona.message", "create_date > now() AT TIME ZONE 'UTC' - interval '24 hours'"
        )
        overdue = self._overdue_counts()
        for config in self:
            summary = summaries[config.id]
            good = summary.sent + imported.get(config.id, {}).get("done", 0)
            bad = (
                summary.late
                + overdue.get(config.id, 0)
                + config.failed_listing_count
                + config.waiting_order_count
                + config.rejected_order_count
            )
            config.operation_count = good + bad
            config.success_rate = 100.0 * good / (good + bad) if good + bad else 100.0
            config.is_promise_kept = config.success_rate >= PROMISED_RATE
            config.median_seconds = summary.median or 0.0
            config.p95_seconds = summary.p95 or 0.0

    @api.depends_context("lang", "tz")
    def _compute_dashboard_graph(self):
        """Count arrived records per day, in the format of the accounting dashboard's widget."""
        daily = self.env["cartona.sync.stat"]._daily(self, _CHART_DAYS)
        today = fields.Date.context_today(self)
        days = [today - timedelta(days=back) for back in reversed(range(_CHART_DAYS))]
        locale = self._locale()
        for config in self:
            values = [
                {
                    "label": format_date(day, "EEE", locale=locale),
                    "value": daily[config.id].get(day, 0),
                    "type": "future" if day == today else "past",
                }
                for day in days
            ]
            config.dashboard_graph = json.dumps(
                [{"values": values, "title": "", "key": _("Arrived"), "is_sample_data": False}]
            )

    @api.depends("last_pull")
    @api.depends_context("lang")
    def _compute_ages(self):
        oldest = self._oldest_changes()
        for config in self:
            config.queue_age = config._age(oldest.get(config.id), is_past=False)
            config.last_pull_age = config._age(config.last_pull) or _("Never")
            config.last_webhook_age = config._age(config.webhook_last_call_at) or _("Never")

    def _compute_order_counts(self):
        # Without notices of a status: they need no user, they wait for their order.
        waiting = self._counted_by_state("cartona.message", "state = 'error' AND kind = 'order'")
        flush(self.env["sale.order"])
        self.env.cr.execute(
            """
            SELECT config.id, count(*)
              FROM cartona_config config JOIN sale_order sale USING (company_id)
             WHERE config.id = ANY(%s) AND sale.cartona_sync_state = 'error'
             GROUP BY config.id
            """,
            (self.ids,),
        )
        rejected = dict(self.env.cr.fetchall())
        for config in self:
            config.waiting_order_count = waiting.get(config.id, {}).get("error", 0)
            config.rejected_order_count = rejected.get(config.id, 0)

    def _compute_listing_counts(self):
        """Count listings that need a user: few rows of many, each found by an index."""
        flush(self.env["cartona.listing"])
        self.env.cr.execute(
            """
            SELECT config.id,
                   EXISTS (SELECT 1 FROM cartona_listing listing
                            WHERE listing.config_id = config.id AND product_id IS NOT NULL),
                   (SELECT count(*) FROM cartona_listing listing
                     WHERE listing.config_id = config.id
                       AND product_id IS NULL AND never_match IS NOT TRUE),
                   (SELECT count(*) FROM cartona_listing listing
                     WHERE listing.config_id = config.id
                       AND state = 'error' AND listing.error_code != ALL(%(hold_reasons)s)),
                   (SELECT count(*) FROM cartona_listing listing
                     WHERE listing.config_id = config.id
                       AND state = 'error' AND listing.error_code = ANY(%(hold_reasons)s))
              FROM cartona_config config WHERE config.id = ANY(%(configs)s)
            """,
            {"configs": self.ids, "hold_reasons": list(PRICE_HOLD_REASONS)},
        )
        found = {row[0]: row[1:] for row in self.env.cr.fetchall()}
        for config in self:
            (
                config.has_linked_listing,
                config.unlinked_listing_count,
                config.failed_listing_count,
                config.paused_listing_count,
            ) = found.get(config.id, (False, 0, 0, 0))

    def _compute_linked_listing_count(self):
        """Count linked listings separately, and not on the dashboard: they are most of the rows."""
        flush(self.env["cartona.listing"])
        self.env.cr.execute(
            """
            SELECT config_id, count(*) FROM cartona_listing
             WHERE config_id = ANY(%s) AND product_id IS NOT NULL GROUP BY config_id
            """,
            (self.ids,),
        )
        found = dict(self.env.cr.fetchall())
        for config in self:
            config.linked_listing_count = found.get(config.id, 0)

    @api.depends("progress_total", "progress_until")
    def _compute_progress_sent(self):
        left = self._remaining_counts()
        for config in self:
            remaining = left.get(config.id, 0)
            config.is_sending_all = bool(remaining)
            config.progress_sent = max(0, config.progress_total - remaining)

    @api.depends(
        "auth_token",
        "connection_state",
        "auto_sync_products",
        "auto_sync_stock",
        "auto_sync_orders",
    )
    def _compute_needs(self):
        for config in self:
            # In sudo mode: users may not read the token, only if there is one.
            config.needs_token = not config.sudo().auth_token
            config.needs_test = config.connection_state != "connected"
            config.needs_products = not config.has_linked_listing
            config.needs_switch = not config._is_live()
            config.needs_webhook = not config.webhook_last_call_at
            config.needs_runner = config.is_runner_asleep
            config.missing_count = sum(config[step] for step in STEPS)

    # === ACTION METHODS === #

    @api.model
    def action_open_dashboard(self):
        """Open the dashboard: one card for each company of the user."""
        return window(self.env, "action_cartona_dashboard")

    def action_open_waiting_orders(self):
        """Open the orders that could not be imported, with their reasons."""
        action = self._open_records("action_cartona_message", waiting=1)
        return dict(action, domain=action["domain"] + [("kind", "=", "order")])

    def action_open_rejected_orders(self):
        """Open the sale orders with an update that Cartona rejected."""
        return window(
            self.env,
            "action_cartona_orders",
            domain=[("company_id", "=", self.company_id.id), ("cartona_id", "!=", False)],
            context={"search_default_cartona_error": 1},
        )

    def action_open_failed_listings(self):
        """Open the listings that could not be sent, except prices to confirm."""
        action = self._open_records("action_cartona_listing", error=1)
        not_paused = ("error_code", "not in", list(PRICE_HOLD_REASONS))
        return dict(action, domain=action["domain"] + [not_paused])

    def action_open_unlinked_listings(self):
        """Open the listings without a product."""
        return self._open_records("action_cartona_listing", not_linked=1)

    def action_open_paused_listings(self):
        """Open the listings with a price to confirm."""
        return self._open_records("action_cartona_listing", price_on_hold=1)

    def action_open_log(self):
        """Open the log of calls."""
        return self._open_records("action_cartona_sync_log")

    def action_open_config(self):
        """Open the settings of this company."""
        self.ensure_one()
        return window(
            self.env,
            "action_cartona_config",
            res_id=self.id,
            view_mode="form",
            views=[(False, "form")],
        )

    def action_open_listings(self):
        """Open the listings that are linked to a product."""
        return window(
            self.env,
            "action_cartona_listing",
            domain=[("config_id", "=", self.id), ("product_id", "!=", False)],
        )

    def action_open_products(self):
        """Open the products that are not linked yet."""
        return window(self.env, "action_cartona_products")

    def action_refresh(self):
        """Refresh the card: it is read again after each of its buttons."""
        return True

    @api.model
    def action_open_connection(self):
        """Open the form of the user's company, or the list if there are several."""
        configs = self.search([("company_id", "in", self.env.companies.ids)])
        if len(configs) == 1:
            return configs.action_open_config()
        return window(self.env, "action_cartona_config")

    def _open_records(self, action, **filters):
        """Open a list of this configuration's records, with the given search filters active."""
        self.ensure_one()
        return window(
            self.env,
            action,
            domain=[("config_id", "=", self.id)],
            context={"search_default_%s" % name: on for name, on in filters.items()},
        )

    # === BUSINESS METHODS === #

    def _counted_by_state(self, model, condition):
        """Count the rows of a table of this addon.

        :param str condition: SQL; only constants of this file
        :return: dict config id -> dict state -> int
        """
        flush(self.env[model])
        self.env.cr.execute(
            """
            SELECT config_id, state, count(*) FROM %s
             WHERE config_id = ANY(%%s) AND %s GROUP BY config_id, state
            """
            % (self.env[model]._table, condition),
            (self.ids,),
        )
        counts = {}
        for config_id, state, count in self.env.cr.fetchall():
            counts.setdefault(config_id, {})[state] = count
        return counts

    def _overdue_counts(self):
        """Count the records that have been waiting to be sent for longer than promised.

        :return: dict config id -> int
        """
        self.env.cr.execute(
            """
            SELECT config_id, count(DISTINCT (kind = 'order', res_id))
              FROM cartona_change
             WHERE config_id = ANY(%s) AND kind != 'replay'
               AND create_date < now() AT TIME ZONE 'UTC' - make_interval(secs => %s)
             GROUP BY config_id
            """,
            (self.ids, PROMISE_SECONDS),
        )
        return dict(self.env.cr.fetchall())

    def _oldest_changes(self):
        """Return the time of the oldest change to send: dict config id -> datetime."""
        self.env.cr.execute(
            """
            SELECT config_id, min(create_date) FROM cartona_change
             WHERE config_id = ANY(%s) AND kind != 'replay' GROUP BY config_id
            """,
            (self.ids,),
        )
        return dict(self.env.cr.fetchall())

    def _remaining_counts(self):
        """Count the outbox rows that remain of the last full sending.

        :return: dict config id -> int, without configurations that have none left
        """
        flush(self)
        self.env.cr.execute(
            """
            SELECT config.id, count(*)
              FROM cartona_config config
              JOIN cartona_change change
                ON change.config_id = config.id AND change.id <= config.progress_until
             WHERE config.id = ANY(%s) AND change.kind IN %s
             GROUP BY config.id
            """,
            (self.ids, LISTING_KINDS),
        )
        return dict(self.env.cr.fetchall())

    def _begin_progress(self):
        """Start to show progress: every listing has just been marked."""
        self.ensure_one()
        self.env.cr.flush()  # writes the marked rows, which are counted below
        self.env.cr.execute(
            "SELECT count(*), COALESCE(max(id), 0) FROM cartona_change"
            " WHERE config_id = %s AND kind IN %s",
            (self.id, LISTING_KINDS),
        )
        total, until = self.env.cr.fetchone()
        self.write({"progress_total": total, "progress_until": until})

    def _age(self, moment, is_past=True):
        """Return a moment as text: “3 minutes ago”.

        :param bool is_past: False for a duration, “3 minutes”
        :return: str; False without a moment
        """
        if not moment:
            return False
        passed = max(timedelta(0), fields.Datetime.now() - moment)
        return format_timedelta(
            -passed if is_past else passed, add_direction=is_past, locale=self._locale()
        )

    def _locale(self):
        return babel_locale_parse(get_lang(self.env).code)
