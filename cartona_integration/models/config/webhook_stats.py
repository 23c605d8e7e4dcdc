"""How often Cartona's calls were taken and refused, counted without a row per call.

    call -> counter of this process -> at most one INSERT a second -> merged once a day

Rows are only ever added: no call waits for another one's lock, and a storm of calls with a wrong
secret costs one row a second in each process.
"""

import logging
import math
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


class Guesses:
    """How many wrong secrets came within the present minute, in this process.

    Whoever guesses is not answered by waiting, which would cost a worker, and not by his address,
    which may be the one that Cartona's calls come through as well: his calls are refused as
    cheaply as can be, and a call with the true secret is never asked how many came before it.

    :param int limit: so many are answered that their secret is wrong; later ones that they are
        too many
    """

    def __init__(self, limit=60, seconds=60.0, clock=time.monotonic):
        self._limit, self._seconds, self._clock = limit, seconds, clock
        self._lock = threading.Lock()
        self._ends = {}  # database -> when its minute is over
        self._counts = {}  # database -> wrong secrets in that minute

    def add(self, dbname, address):
        """One more wrong secret; the first one and the one too many are logged.

        :param str address: where it came from
        :return: int, seconds until the minute is over when these are too many, else 0
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
    """Add one row on a cursor of its own: a refused call is counted whatever becomes of it.

    Never raises: the caller's answer does not hang on a statistic.
    """
    dbname, config_id, kind = key
    if kind == "refused":
        _logger.warning("Cartona: %s webhook call(s) refused", count)
    try:
        with Registry(dbname).cursor() as cr:
            tally = api.Environment(cr, SUPERUSER_ID, {})["cartona.webhook.stat"]
            tally.create({"config_id": config_id, "kind": kind, "call_count": count})
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

    @api.model
    def _count_guess(self, address):
        """Count one call with a wrong secret.

        :param str address: where it came from
        :return: int, seconds after which the caller may come again; 0 when he need not wait
        """
        self._count(self.env["cartona.config"], "refused")
        return _guesses.add(self.env.cr.dbname, address)

    @api.autovacuum
    def _merge(self):
        """Put the rows of the days before today into one each."""
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
