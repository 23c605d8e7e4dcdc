"""What the background work of both directions has in common: the bell, the lock, the cursors.

The three rules behind it (each one is a race that was lost elsewhere):

* The row that says "something changed" is written in the user's transaction, the bell is rung
  after its commit. A bell rung before it could be answered before there is anything to see.
* Odoo reads at REPEATABLE READ. A lock taken inside a transaction does not renew what that
  transaction sees, so a worker first gets the lock and then opens the cursor it reads with.
* No transaction is open while Cartona is called, and no job's own cursor is ever committed.
"""

import functools
import logging
import random
import time
from contextlib import contextmanager
from datetime import timedelta

import psycopg2

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.modules.registry import Registry
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY

_logger = logging.getLogger(__name__)

# First half of the two-part advisory lock key; the second is the configuration's id.
_LOCK_CLASS = {
    "drain": 0x0CA7_0001,
    "import": 0x0CA7_0002,
    "pull": 0x0CA7_0003,
    "status": 0x0CA7_0004,
    "catalogue": 0x0CA7_0005,
    "invoice": 0x0CA7_0006,
    "match": 0x0CA7_0007,
    "notify": 0x0CA7_0008,
    "acknowledge": 0x0CA7_0009,
}
_JOB = {
    "drain": ("cartona.change", "_job_drain"),
    "import": ("cartona.message", "_job_import"),
    "pull": ("cartona.message", "_job_pull"),
    "status": ("cartona.change", "_job_push_orders"),
    "catalogue": ("cartona.listing", "_job_catalogue"),
    "invoice": ("cartona.change", "_job_invoice"),
    "match": ("cartona.listing", "_job_match"),
}
# How soon a worker that found the lock taken comes back.
LOCK_MISSED_SECONDS = 1
_LOCK_POLL_SECONDS = 0.05
_ATTEMPTS = 6
# After so many records that Odoo cannot work out the next ones are not tried alone.
_MAX_ISOLATED = 200
# Nobody rang or nobody came: what waits for longer is worked by the cron itself.
RUNNER_ASLEEP_SECONDS = 30
# How long the cron works one queue before it lets the next one have its turn.
_CRON_BUDGET_SECONDS = 20


def _identity(stream, config_id):
    """By what two equal jobs know each other."""
    return "%s:%s%s" % (_JOB[stream][0], stream, config_id)


def _enqueue_wanted(dbname, wanted):
    """Enqueue the wanted jobs from a cursor of their own.

    Runs after the user's commit, so whatever goes wrong here must not reach the user:
    the minute cron finds the rows that nobody was told about.
    """
    try:
        with Registry(dbname).cursor() as cr:
            unheard = _not_queued(cr, wanted)
            if unheard:
                worker = api.Environment(cr, SUPERUSER_ID, {})["cartona.worker"]
                for stream, config_id in unheard:
                    worker._enqueue(stream, config_id)
    except Exception:
        _logger.exception("Cartona: could not enqueue %s; the cron will", sorted(wanted))


def _not_queued(cr, wanted):
    """The wanted jobs that do not wait in the queue yet.

    The question queue_job asks for each job it is given, asked once for all and before anything
    is built: in a burst of calls the first one rings and the others find that it has.

    :param cr: has read nothing so far, so it sees all that was committed before the bell; a job
        that has started counts no more, it may have read before that
    """
    keys = {_identity(stream, config_id): (stream, config_id) for stream, config_id in wanted}
    cr.execute(
        """
        SELECT identity_key FROM queue_job
         WHERE identity_key = ANY(%s) AND state IN ('wait_dependencies', 'pending', 'enqueued')
        """,
        (list(keys),),
    )
    heard = {key for (key,) in cr.fetchall()}
    return sorted(job for key, job in keys.items() if key not in heard)


class CartonaWorker(models.AbstractModel):
    _name = "cartona.worker"
    _description = "Cartona: background work"

    # === BUSINESS METHODS === #

    @api.model
    def _wake(self, stream, config_ids):
        """Have the job of `stream` run for each configuration once this transaction is committed.

        :param str stream: a key of `_JOB`
        :param config_ids: iterable of `cartona.config` ids
        """
        postcommit = self.env.cr.postcommit
        wanted = postcommit.data.get("cartona.wake")
        if wanted is None:
            wanted = postcommit.data["cartona.wake"] = set()
            postcommit.add(functools.partial(_enqueue_wanted, self.env.cr.dbname, wanted))
        wanted.update((stream, config_id) for config_id in config_ids)

    @api.model
    def _enqueue(self, stream, config_id, seconds=0, trigger=True):
        """Enqueue the job of `stream`, once: an equal job that has not started yet serves as well.

        :param bool trigger: whether the cron, too, is to look when a delay is over
        :param float seconds: not before so many seconds. A delayed job never stands in for an
            immediate one, nor the other way round.
        """
        model, method = _JOB[stream]
        delayable = self.env[model].with_delay(
            identity_key=_identity(stream, config_id) + (":later" if seconds else ""),
            eta=timedelta(seconds=seconds) if seconds else None,
            description=self._job_description(stream),
            max_retries=0,
        )
        getattr(delayable, method)(config_id)
        if seconds and trigger:
            # The same moment for databases where no job runner is at work.
            cron = self.env.ref("cartona_integration.cron_catch_up", raise_if_not_found=False)
            if cron:
                # Times are kept in whole seconds: one more, so as not to come too early.
                cron._trigger(fields.Datetime.now() + timedelta(seconds=seconds + 1))

    @api.model
    def _is_overdue(self, stream, config_id, seconds):
        """Whether the job of `stream` has been due for so long, and nobody has begun it."""
        key = _identity(stream, config_id)
        self.env.cr.execute(
            """
            SELECT 1 FROM queue_job
             WHERE identity_key = ANY(%s) AND state IN ('pending', 'enqueued')
               AND GREATEST(date_created, eta) < %s
             LIMIT 1
            """,
            ([key, key + ":later"], fields.Datetime.now() - timedelta(seconds=seconds)),
        )
        return bool(self.env.cr.fetchone())

    def _job_description(self, stream):
        return {
            "drain": _("Cartona: send changes"),
            "import": _("Cartona: import orders"),
            "pull": _("Cartona: fetch orders"),
            "status": _("Cartona: tell the status of orders"),
            "catalogue": _("Cartona: read the catalogue"),
            "invoice": _("Cartona: invoice orders"),
            "match": _("Cartona: compare products"),
        }[stream]

    @api.model
    def _try_lock(self, cr, stream, config_id):
        """Take the lock of this stream and configuration until the end of `cr`'s transaction.

        :return: False when another worker holds it
        """
        cr.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", (_LOCK_CLASS[stream], config_id))
        return cr.fetchone()[0]

    @contextmanager
    def _locked(self, stream, config_id, seconds):
        """Hold the lock of a stream while a user's own call is made; waits so long for it.

        Yields False when another worker kept it all the time.
        """
        with self.env.registry.cursor() as cr:
            yield self._wait_for_lock(cr, stream, config_id, seconds)

    @api.model
    def _wait_for_lock(self, cr, stream, config_id, seconds):
        """Take the lock as `_try_lock` does, within so many seconds.

        :return: False when another worker kept it all the time
        """
        deadline = time.monotonic() + seconds
        while not self._try_lock(cr, stream, config_id):
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOCK_POLL_SECONDS)
        return True

    @contextmanager
    def _fresh_config(self, config_id):
        """Yield the configuration on a new cursor that is committed when the block ends well.

        The environment is the superuser's (jobs work for the company, not for who happened to
        save last), in the configuration's company and nowhere else, and in the language of its
        salesperson, who reads what is written. The record is empty when it was deleted.
        """
        with self.env.registry.cursor() as cr:
            config = api.Environment(cr, SUPERUSER_ID, {})["cartona.config"].browse(config_id)
            config = config.exists()
            yield config.with_company(config.company_id).with_context(
                allowed_company_ids=config.company_id.ids,
                lang=config.user_id.lang or None,
            )

    @api.model
    def _transact(self, config_id, work):
        """Do `work` in a transaction of its own, again when it collided with somebody else's: a
        new cursor sees what the other one has committed.

        :param work: callable(config); the configuration as `_fresh_config` yields it
        :return: what `work` returns
        """
        for attempt in range(_ATTEMPTS):
            try:
                with self._fresh_config(config_id) as config:
                    return work(config)
            except psycopg2.Error as error:
                collided = (
                    error.pgcode in PG_CONCURRENCY_ERRORS_TO_RETRY
                    or error.pgcode == psycopg2.errorcodes.UNIQUE_VIOLATION
                )
                if not collided or attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0, 0.05 * 2**attempt))

    @api.model
    def _isolate_failures(self, records, work, instead, failed=None):
        """`work(records)`, where what Odoo makes of one of them holds up no other.

        :param work: callable(records) -> list; must not leave anything behind when it fails
        :param instead: callable(record, error) -> list, in place of what failed for one alone
        :param list failed: errors of single records so far; after many of them something else is
            wrong than the records, and the rest is not tried one by one
        :return: the lists together, each in a transaction's part of its own
        """
        failed = [] if failed is None else failed
        if len(failed) >= _MAX_ISOLATED:
            return [one for record in records for one in instead(record, failed[-1])]
        try:
            with self.env.cr.savepoint():
                return work(records)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            raise  # not the records' fault: the transaction is tried again
        except Exception as error:
            if len(records) > 1:
                middle = len(records) // 2
                parts = records[:middle], records[middle:]
                return [
                    one
                    for part in parts
                    for one in self._isolate_failures(part, work, instead, failed)
                ]
            failed.append(error)
            _logger.warning("Cartona: %s cannot be worked out", records, exc_info=True)
            return instead(records, error)

    # === JOBS === #

    @api.model
    def _run_job(self, stream, config_id, step):
        """Run one `step` as the only worker of this stream, and see to what remains.

        The lock lives in the job's own transaction, and so does the next job: it becomes
        visible in the instant in which the lock is released.

        :param step: callable(config_id) -> seconds until there is more to do (0: at once),
            None when nothing is left
        """
        seconds = LOCK_MISSED_SECONDS
        is_ours = self._try_lock(self.env.cr, stream, config_id)
        if is_ours:
            seconds = step(config_id)
        if seconds is not None:
            self._enqueue(stream, config_id, seconds=seconds, trigger=is_ours)
        return seconds

    # === CRON METHODS === #

    @api.model
    def _wake_or_run(self, stream, config_id, step, is_late):
        """Have a queue worked that waits: rung for once more, or here when nobody comes.

        :param step: as for `_run_job`
        :param bool is_late: whether its oldest entry has waited for `RUNNER_ASLEEP_SECONDS`
        """
        if is_late:
            self._run_inline(stream, config_id, step)
        else:
            self._wake(stream, [config_id])

    @api.model
    def _run_inline(self, stream, config_id, step):
        """Work `stream` in this process, as `_run_job` would, for some seconds: no job runner is
        at work."""
        deadline, seconds = time.monotonic() + _CRON_BUDGET_SECONDS, 0
        with self.env.registry.cursor() as lock_cr:
            if not self._try_lock(lock_cr, stream, config_id):
                return
            while seconds == 0 and time.monotonic() < deadline:
                seconds = step(config_id)
        if seconds:
            # A pause: whoever is at work then, runner or cron, comes back when it ends.
            self._enqueue(stream, config_id, seconds=seconds)
