"""`cartona.config`: the figures on the dashboard, one query for each, and where they lead.

Nothing here reads the log: whatever it has to show comes from an index, from the few rows that
wait, or from `cartona.sync.stat`, so the card opens at once however much has happened.
"""

import json
from datetime import timedelta

from babel.dates import format_date, format_timedelta

from odoo import _, api, fields, models
from odoo.tools.misc import babel_locale_parse, get_lang

from ...compat import flush
from ..core.reasons import PRICE_HOLD_REASONS
from .sync_stat import PROMISE_SECONDS

# Share of the operations of a day that arrive, in percent.
PROMISED_RATE = 99.0
_CHART_DAYS = 7


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    # How it goes
    success_rate = fields.Float(
        "Arrived in 24 Hours (%)",
        compute="_compute_success",
        digits=(5, 1),
        help="Of everything that was exchanged in the last 24 hours, what has arrived. What is "
        "refused, waits for somebody or took longer counts as not arrived.",
    )
    operation_count = fields.Integer("Exchanged in 24 Hours", compute="_compute_success")
    is_promise_kept = fields.Boolean(compute="_compute_success")
    median_seconds = fields.Float(
        "From Save to Cartona (s)",
        compute="_compute_success",
        digits=(12, 2),
        help="Half of the changes of the last 24 hours were on the marketplace sooner.",
    )
    p95_seconds = fields.Float(
        "Slowest of Twenty (s)",
        compute="_compute_success",
        digits=(12, 2),
        help="19 of 20 changes of the last 24 hours were on the marketplace sooner.",
    )
    dashboard_graph = fields.Text(compute="_compute_dashboard_graph")

    # When something last happened, in words
    queue_age = fields.Char("Oldest Change", compute="_compute_ages")
    last_pull_age = fields.Char(
        "Orders Fetched",
        compute="_compute_ages",
        help="When Odoo last asked Cartona for orders.",
    )
    last_webhook_age = fields.Char(
        "Cartona Called",
        compute="_compute_ages",
        help="When Cartona last called with the right secret.",
    )

    # What waits for somebody
    waiting_order_count = fields.Integer("Waiting Orders", compute="_compute_order_counts")
    rejected_order_count = fields.Integer(
        "Orders Not Told Cartona", compute="_compute_order_counts"
    )
    linked_listing_count = fields.Integer("Linked", compute="_compute_linked_listing_count")
    has_linked_listing = fields.Boolean(compute="_compute_listing_counts")
    unlinked_listing_count = fields.Integer("Not Linked", compute="_compute_listing_counts")
    failed_listing_count = fields.Integer("Failed", compute="_compute_listing_counts")
    paused_listing_count = fields.Integer("Prices to Confirm", compute="_compute_listing_counts")

    # === COMPUTE METHODS === #

    @api.depends_context("uid")
    def _compute_success(self):
        summaries = self.env["cartona.sync.stat"]._summaries(self)
        imported = self._counted_by_state("cartona.message", self._imported_today())
        overdue = self._overdue()
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
        """Records that arrived, day by day, as the widget of the accounting dashboard takes it."""
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
        # Of a notice of a status nobody has to take care: it waits for its order.
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
        untold = dict(self.env.cr.fetchall())
        for config in self:
            config.waiting_order_count = waiting.get(config.id, {}).get("error", 0)
            config.rejected_order_count = untold.get(config.id, 0)

    def _compute_listing_counts(self):
        """What needs somebody: few rows of many, each found by an index."""
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
                       AND state = 'error' AND listing.error_code != ALL(%(doubts)s)),
                   (SELECT count(*) FROM cartona_listing listing
                     WHERE listing.config_id = config.id
                       AND state = 'error' AND listing.error_code = ANY(%(doubts)s))
              FROM cartona_config config WHERE config.id = ANY(%(configs)s)
            """,
            {"configs": self.ids, "doubts": list(PRICE_HOLD_REASONS)},
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
        """Apart from the others, and not on the dashboard: these are most of the rows."""
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

    # === ACTION METHODS === #

    @api.model
    def action_open_dashboard(self):
        """Open the dashboard: a card for each company that the user works in."""
        return self._open("action_cartona_dashboard")

    def action_open_waiting_orders(self):
        """The orders that could not be imported, with their reasons."""
        action = self._open_own("action_cartona_message", waiting=1)
        return dict(action, domain=action["domain"] + [("kind", "=", "order")])

    def action_open_rejected_orders(self):
        """The sale orders whose news Cartona did not take."""
        return self._open(
            "action_cartona_orders",
            domain=[("company_id", "=", self.company_id.id), ("cartona_id", "!=", False)],
            context={"search_default_cartona_error": 1},
        )

    def action_open_failed_listings(self):
        """What Cartona refused."""
        action = self._open_own("action_cartona_listing", error=1)
        not_paused = ("error_code", "not in", list(PRICE_HOLD_REASONS))
        return dict(action, domain=action["domain"] + [not_paused])

    def action_open_unlinked_listings(self):
        """What Cartona lists and no product here is."""
        return self._open_own("action_cartona_listing", not_linked=1)

    def action_open_paused_listings(self):
        """Prices that are not sent before somebody says yes."""
        return self._open_own("action_cartona_listing", price_on_hold=1)

    def action_open_log(self):
        """What was exchanged with Cartona."""
        return self._open_own("action_cartona_sync_log")

    def action_open_config(self):
        """Everything that can be set for this company."""
        self.ensure_one()
        return self._open(
            "action_cartona_config", res_id=self.id, view_mode="form", views=[(False, "form")]
        )

    def action_open_listings(self):
        """What is linked to a product."""
        return self._open(
            "action_cartona_listing",
            domain=[("config_id", "=", self.id), ("product_id", "!=", False)],
        )

    @api.model
    def action_open_connection(self):
        """Open the form of the user's company, or the list where the user works in several."""
        configs = self.search([("company_id", "in", self.env.companies.ids)])
        if len(configs) == 1:
            return configs.action_open_config()
        return self._open("action_cartona_config")

    def _open_own(self, action, **filters):
        """Open a list of this configuration's records, with filters of its search view on."""
        self.ensure_one()
        return self._open(
            action,
            domain=[("config_id", "=", self.id)],
            context={"search_default_%s" % name: on for name, on in filters.items()},
        )

    def _open(self, action, **values):
        """An action of this addon with some of its values changed."""
        xml_id = "cartona_integration.%s" % action
        return dict(self.env["ir.actions.act_window"]._for_xml_id(xml_id), **values)

    # === BUSINESS METHODS === #

    def _imported_today(self):
        return "create_date > now() AT TIME ZONE 'UTC' - interval '24 hours'"

    def _counted_by_state(self, model, condition):
        """Rows of a table of ours.

        :param str condition: SQL, of this file
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

    def _overdue(self):
        """Records that have been waiting to be sent for longer than promised.

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
        """When the first of the changes that wait was noted: dict config id -> datetime."""
        self.env.cr.execute(
            """
            SELECT config_id, min(create_date) FROM cartona_change
             WHERE config_id = ANY(%s) AND kind != 'replay' GROUP BY config_id
            """,
            (self.ids,),
        )
        return dict(self.env.cr.fetchall())

    def _age(self, moment, is_past=True):
        """A moment as people say it: “3 minutes ago”.

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
