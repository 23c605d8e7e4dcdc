"""`cartona.sync.stat`: records that arrived on Cartona, counted per hour as they arrive.

The dashboard reads a few hundred of these rows, however long the log is. Times are kept as a
histogram: each limit is a tenth above the one before, so a median read from it is exact to a
tenth.
"""

import math
from collections import Counter, namedtuple
from datetime import timedelta

from odoo import api, fields, models

# Records that arrive later than this count as late.
PROMISE_SECONDS = 24 * 3600
_KEEP_DAYS = 92
_STEP = 1.1
_LONGEST = 2**31 - 1
# Calls that each send the update of one order; products are counted by the drain, one by one.
_ORDER_CALLS = {"update_order_status", "update_order_details"}

#   sent: int, arrived in time; late: int, arrived too late
#   median, p95: seconds from save to marketplace; None if not measured
Summary = namedtuple("Summary", "sent late median p95")


class CartonaSyncStat(models.Model):
    _name = "cartona.sync.stat"
    _description = "Cartona Statistics"
    _order = "hour desc, id"
    _log_access = False

    config_id = fields.Many2one("cartona.config", required=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    hour = fields.Datetime(required=True, index=True)
    operation = fields.Selection([("product", "Products"), ("order", "Orders")], required=True)
    milliseconds = fields.Integer(
        "Within Milliseconds",
        required=True,
        help="Time from saving the change to its arrival; 0: not measured.",
    )
    sent = fields.Integer("Arrived", required=True)
    late = fields.Integer("Arrived Late", required=True)

    def init(self):
        # Serves the dashboard, and makes counting one statement.
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS cartona_sync_stat_key"
            " ON cartona_sync_stat (config_id, hour, operation, milliseconds)"
        )

    # === BUSINESS METHODS: COUNTING === #

    @api.model
    def _count_listings(self, config, rows):
        """Count listings that Cartona has just accepted, before their outbox rows are deleted.

        Sending everything again is counted but not timed: no change was saved then.

        :param rows: list of ids of outbox rows
        """
        if not rows:
            return
        self.env.cr.execute(
            """
            SELECT EXTRACT(EPOCH FROM clock_timestamp() AT TIME ZONE 'UTC'
                                      - min(create_date) FILTER (WHERE id > %s))
              FROM cartona_change WHERE id = ANY(%s) GROUP BY res_id
            """,
            (config.progress_until, rows),
        )
        self._count(config, "product", [row[0] for row in self.env.cr.fetchall()])

    @api.model
    def _count_calls(self, config, calls):
        """Count the orders that these calls have updated on Cartona.

        :param calls: list of `cartona_api.Call`
        """
        updated = sum(
            max(1, call.records) - call.failures
            for call in calls
            if call.operation in _ORDER_CALLS and not call.error
        )
        self._count(config, "order", [None] * updated)

    @api.model
    def _count(self, config, operation, waits):
        """Add to this hour's counts.

        Only the one worker of its stream writes the row, so no transaction waits for another.

        :param waits: list of seconds from save to marketplace, one for each record that arrived;
            None where it was not measured
        """
        sent, late = Counter(), Counter()
        for seconds in waits:
            is_late = seconds is not None and seconds > PROMISE_SECONDS
            (late if is_late else sent)[histogram_limit(seconds)] += 1
        for milliseconds in sorted(sent | late):
            self.env.cr.execute(
                """
                INSERT INTO cartona_sync_stat AS stat
                       (config_id, company_id, hour, operation, milliseconds, sent, late)
                VALUES (%s, %s, date_trunc('hour', now() AT TIME ZONE 'UTC'), %s, %s, %s, %s)
                ON CONFLICT (config_id, hour, operation, milliseconds)
                DO UPDATE SET sent = stat.sent + excluded.sent, late = stat.late + excluded.late
                """,
                (
                    config.id,
                    config.company_id.id,
                    operation,
                    milliseconds,
                    sent[milliseconds],
                    late[milliseconds],
                ),
            )

    # === BUSINESS METHODS: READING === #

    @api.model
    def _summaries(self, configs):
        """Return the figures of the last 24 hours.

        :return: dict config id -> `Summary`
        """
        self.env.cr.execute(
            """
            SELECT config_id, milliseconds, sum(sent), sum(late)
              FROM cartona_sync_stat
             WHERE config_id = ANY(%s) AND hour > now() AT TIME ZONE 'UTC' - interval '24 hours'
             GROUP BY config_id, milliseconds
            """,
            (configs.ids,),
        )
        found = {config.id: ([0, 0], Counter()) for config in configs}
        for config_id, milliseconds, sent, late in self.env.cr.fetchall():
            totals, times = found[config_id]
            totals[0] += sent
            totals[1] += late
            if milliseconds:
                times[milliseconds] += sent + late
        return {
            config_id: Summary(sent, late, _quantile(times, 0.5), _quantile(times, 0.95))
            for config_id, ((sent, late), times) in found.items()
        }

    @api.model
    def _daily(self, configs, days):
        """Count the records that arrived on each of the last days, in the user's time zone.

        :return: dict config id -> dict date -> int
        """
        today = fields.Date.context_today(self)
        self.env.cr.execute(
            """
            SELECT config_id, (hour AT TIME ZONE 'UTC' AT TIME ZONE %s)::date, sum(sent + late)
              FROM cartona_sync_stat
             WHERE config_id = ANY(%s) AND hour >= %s
             GROUP BY 1, 2
            """,
            (self.env.user.tz or "UTC", configs.ids, today - timedelta(days=days)),
        )
        daily = {config.id: {} for config in configs}
        for config_id, day, count in self.env.cr.fetchall():
            daily[config_id][day] = count
        return daily

    @api.autovacuum
    def _purge(self):
        limit = fields.Datetime.now() - timedelta(days=_KEEP_DAYS)
        self.env.cr.execute("DELETE FROM cartona_sync_stat WHERE hour < %s", (limit,))


def histogram_limit(seconds):
    """Return the limit of the histogram under which a time falls.

    :param seconds: float, or None if not measured
    :return: milliseconds, int; 0 if not measured
    """
    if seconds is None:
        return 0
    exponent = math.ceil(math.log(max(1.0, float(seconds) * 1000), _STEP) - 1e-9)
    return min(_LONGEST, math.ceil(_STEP**exponent))


def _quantile(times, share):
    """Return the smallest limit that at least this share of the times meets, in seconds."""
    needed, seen = share * sum(times.values()), 0
    for milliseconds in sorted(times):
        seen += times[milliseconds]
        if seen >= needed:
            return milliseconds / 1000
    return None
