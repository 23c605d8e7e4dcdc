"""How often Cartona's calls were taken and refused, counted without a row per call.

    call -> counter of this process -> at most one INSERT a second -> merged once a day

Rows are only ever added: no call waits for another one's lock, and a storm of calls with a wrong
secret costs one row a second in each process.
"""

import logging
import threading
import time

from odoo import SUPERUSER_ID, api, fields, models
from odoo.modules.registry import Registry

_logger = logging.getLogger(__name__)

# How long calls of one kind are counted in memory after one was written.
_SECONDS = 1.0


class Counter:
    """Counts by key; hands on the first at once and what follows at most once in so long.

    :param write: callable(key, count)
    :param seconds: the shortest time between two writes of one key
    :param later: callable(seconds, callable), how to come back when that time is over
    """

    def __init__(self, write, seconds=_SECONDS, later=None, clock=time.monotonic):
        self._write, self._seconds, self._clock = write, seconds, clock
        self._later = later or _later
        self._lock = threading.Lock()
        self._due = {}  # key -> when it may be written again
        self._pending = {}  # key -> count that waits for that

    def add(self, key):
        """Count one more."""
        with self._lock:
            now = self._clock()
            wait = self._due.get(key, now) - now
            if wait > 0:
                # Whoever comes first in that time has somebody come back for all of them.
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


def _later(seconds, call):
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


def _write(key, count):
    """Add one row on a cursor of its own: a refused call is counted whatever becomes of it.

    Never raises: the caller's answer does not hang on a statistic.
    """
    dbname, config_id, kind = key
    if kind == "refused":
        _logger.warning("Cartona: %s webhook call(s) refused", count)
    try:
        with Registry(dbname).cursor() as cr:
            tally = api.Environment(cr, SUPERUSER_ID, {})["cartona.webhook.tally"]
            tally.create({"config_id": config_id, "kind": kind, "call_count": count})
    except Exception:
        _logger.exception("Cartona: webhook calls could not be counted")


_counter = Counter(_write)


class CartonaWebhookTally(models.Model):
    _name = "cartona.webhook.tally"
    _description = "Cartona Webhook Calls"
    _log_access = False
    _order = "id"

    config_id = fields.Many2one(
        "cartona.config",
        ondelete="cascade",
        index=True,
        help="Empty: nobody's, the call came without a valid secret.",
    )
    kind = fields.Selection([("accepted", "Accepted"), ("refused", "Refused")], required=True)
    call_count = fields.Integer("Calls", required=True)
    create_date = fields.Datetime("Last", required=True, default=fields.Datetime.now)

    # === BUSINESS METHODS === #

    @api.model
    def _count(self, config, kind):
        """Count one call.

        :param config: whose secret it carried; empty when it carried none that is known
        :param str kind: "accepted" or "refused"
        """
        _counter.add((self.env.cr.dbname, config.id or False, kind))

    @api.autovacuum
    def _merge(self):
        """Put the rows of the days before today into one each."""
        self.env.cr.execute(
            """
            WITH old AS (
                DELETE FROM cartona_webhook_tally
                 WHERE create_date < now() AT TIME ZONE 'UTC' - interval '1 day'
                RETURNING config_id, kind, call_count, create_date
            )
            INSERT INTO cartona_webhook_tally (config_id, kind, call_count, create_date)
            SELECT config_id, kind, sum(call_count), max(create_date)
              FROM old GROUP BY config_id, kind
            """
        )
