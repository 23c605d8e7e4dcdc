"""`cartona.webhook.stat`: accepted and refused calls, counted without a row per call.

    call -> counter of this process -> at most one INSERT a second -> merged once a day

Rows are only inserted: no call waits for the lock of another, and many calls with a wrong secret
cost one row a second in each process. `cartona.config` shows the counts.
"""

import logging
import math
import threading
import time

from odoo import SUPERUSER_ID, api, fields, models
from odoo.modules.registry import Registry

_logger = logging.getLogger(__name__)

# Seconds for which calls of one kind are counted in memory after a row was written.
_SECONDS = 1.0


class Counter:
    """Count by key: write the first one at once, later ones at most once per interval.

    :param write: callable(key, count)
    :param seconds: shortest time between two writes of one key
    :param later: callable(seconds, callable) that runs the callable after this time
    """

    def __init__(self, write, seconds=_SECONDS, later=None, clock=time.monotonic):
        self._write, self._seconds, self._clock = write, seconds, clock
        self._later = later or _later
        self._lock = threading.Lock()
        self._due = {}  # key -> time of the next possible write
        self._pending = {}  # key -> count to write then

    def add(self, key):
        """Count one call."""
        with self._lock:
            now = self._clock()
            wait = self._due.get(key, now) - now
            if wait > 0:
                # The first call within the interval schedules the write for all of them.
                self._pending[key] = self._pending.get(key, 0) + 1
                if self._pending[key] == 1:
                    self._later(wait, lambda: self._flush(key))
                return
            self._due[key] = now + self._seconds
            count = self._pending.pop(key, 0) + 1
        self._write(key, count)

    def _flush(self, key):
        with self._lock:
            count = self._pending.pop(key, 0)
            if count:
                self._due[key] = self._clock() + self._seconds
        if count:
            self._write(key, count)


class Guesses:
    """Count wrong secrets within the current minute, in this process.

    Guessing is not slowed down by waiting, which would cost a worker, and not blocked by address,
    which Cartona's calls may share (a proxy). Calls with a wrong secret are refused cheaply, and a
    call with the right secret does not depend on the count.

    :param int limit: number of calls a minute that are answered 401; later ones are answered 429
    """

    def __init__(self, limit=60, seconds=60.0, clock=time.monotonic):
        self._limit, self._seconds, self._clock = limit, seconds, clock
        self._lock = threading.Lock()
        self._ends = {}  # database -> end of its minute
        self._counts = {}  # database -> wrong secrets in that minute

    def add(self, dbname, address):
        """Count one wrong secret; the first one and the first above the limit are logged.

        :param str address: IP address of the caller
        :return: int, seconds until the end of the minute above the limit, else 0
        """
        with self._lock:
            now = self._clock()
            if now >= self._ends.get(dbname, now):
                self._ends[dbname], self._counts[dbname] = now + self._seconds, 0
            self._counts[dbname] += 1
            count, left = self._counts[dbname], self._ends[dbname] - now
        if count == 1:
            _logger.warning("Cartona: webhook call with a wrong secret from %s", address)
        elif count == self._limit + 1:
            _logger.warning(
                "Cartona: more than %s webhook calls with a wrong secret in a minute, the last one "
                "from %s: further ones are answered 429",
                self._limit,
                address,
            )
        return math.ceil(left) if count > self._limit else 0


def _later(seconds, call):
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


def _write(key, count):
    """Insert one row on a cursor of its own: a refused call is counted even if it is rolled back.

    Never raises: the answer to the caller does not depend on a statistic.
    """
    dbname, config_id, kind = key
    if kind == "refused":
        _logger.warning("Cartona: %s webhook call(s) refused", count)
    try:
        with Registry(dbname).cursor() as cr:
            Stat = api.Environment(cr, SUPERUSER_ID, {})["cartona.webhook.stat"]
            Stat.create({"config_id": config_id, "kind": kind, "call_count": count})
    except Exception:
        _logger.exception("Cartona: webhook calls could not be counted")


_counter = Counter(_write)
_guesses = Guesses()


class CartonaWebhookStat(models.Model):
    _name = "cartona.webhook.stat"
    _description = "Cartona Webhook Calls"
    _log_access = False
    _order = "id"

    config_id = fields.Many2one(
        "cartona.config",
        ondelete="cascade",
        index=True,
        help="Empty for calls without a valid secret.",
    )
    kind = fields.Selection([("accepted", "Accepted"), ("refused", "Refused")], required=True)
    call_count = fields.Integer("Calls", required=True)
    create_date = fields.Datetime("Last", required=True, default=fields.Datetime.now)

    # === BUSINESS METHODS === #

    @api.model
    def _count(self, config, kind):
        """Count one call.

        :param config: configuration of its secret; empty without a valid secret
        :param str kind: "accepted" or "refused"
        """
        _counter.add((self.env.cr.dbname, config.id or False, kind))

    @api.model
    def _count_wrong_secret(self, address):
        """Count one call with a wrong secret.

        :param str address: IP address of the caller
        :return: int, seconds after which the caller may call again; 0 if at once
        """
        self._count(self.env["cartona.config"], "refused")
        return _guesses.add(self.env.cr.dbname, address)

    @api.autovacuum
    def _merge(self):
        """Merge rows older than a day into one per configuration and kind."""
        self.env.cr.execute(
            """
            WITH old AS (
                DELETE FROM cartona_webhook_stat
                 WHERE create_date < now() AT TIME ZONE 'UTC' - interval '1 day'
                RETURNING config_id, kind, call_count, create_date
            )
            INSERT INTO cartona_webhook_stat (config_id, kind, call_count, create_date)
            SELECT config_id, kind, sum(call_count), max(create_date)
              FROM old GROUP BY config_id, kind
            """
        )


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    webhook_last_call_at = fields.Datetime(
        "Last Call", compute="_compute_webhook_health", help="When Cartona last called the webhook."
    )
    webhook_refused_count = fields.Integer(
        "Refused Calls",
        compute="_compute_webhook_health",
        help="Calls with a wrong secret, from any address, and calls that could not be read.",
    )
    webhook_last_refused_at = fields.Datetime(
        "Last Refused Call",
        compute="_compute_webhook_health",
        help="When a call last had a wrong secret, or could not be read.",
    )

    # === COMPUTE METHODS === #

    def _compute_webhook_health(self):
        """Read the counts from their own table: a call must not wait for a user who edits the
        configuration.

        Calls without a valid secret belong to no company, so they are shown to every company.
        """
        self.env.cr.execute(
            """
            SELECT config_id, kind, sum(call_count)::integer, max(create_date)
              FROM cartona_webhook_stat
             WHERE config_id = ANY(%s) OR config_id IS NULL
             GROUP BY config_id, kind
            """,
            (self.ids,),
        )
        found = {(config_id, kind): rest for config_id, kind, *rest in self.env.cr.fetchall()}
        for config in self:
            own = found.get((config.id, "refused"), (0, None))
            foreign = found.get((None, "refused"), (0, None))
            config.webhook_refused_count = own[0] + foreign[0]
            config.webhook_last_refused_at = max(filter(None, (own[1], foreign[1])), default=False)
            config.webhook_last_call_at = found.get((config.id, "accepted"), (0, False))[1]

    # === ACTION METHODS === #

    def action_new_webhook_token(self):
        """Create a new secret, also for a neutralized copy without one; the old one is refused."""
        self.ensure_one()
        self.write({"webhook_token": self._new_webhook_token()})
