"""`cartona.worker`: jobs, locks and transactions of the streams (see `streams`).

Three rules, each one against a race:

* The row that marks a change is written in the user's transaction, the job is enqueued after its
  commit. A job enqueued earlier could run before there is anything to read.
* Odoo reads at REPEATABLE READ. A lock taken inside a transaction does not renew what that
  transaction sees, so a worker first takes the lock and then opens the cursor it reads with.
* No transaction is open while Cartona is called, and a job's own cursor is never committed.

The lock is lost when its session ends, while the worker goes on. So each worker that takes over a
stream raises its generation, and the outcome of a call is stored only under the same one.
"""

import functools
import logging
import random
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

import psycopg2

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.modules.registry import Registry

from ...cartona_api import CartonaClient, CartonaError, backoff
from ..core.clock import database_now
from .errors import LOCK_NOT_AVAILABLE, RECORD, RETRY, kind_of
from .streams import LOCKS, STREAMS

_logger = logging.getLogger(__name__)

# Delay after which a worker that did not get the lock tries again.
LOCK_MISSED_SECONDS = 1
_LOCK_POLL_SECONDS = 0.05
_ATTEMPTS = 6
# After this many single failures the remaining records are not tried one by one.
_MAX_ISOLATED = 200
# Rows older than this are processed by the cron (no job runner, or the wake-up was lost).
RUNNER_ASLEEP_SECONDS = 30
# How long a worker waits for a row that another transaction has locked, e.g. a customer.
_LOCK_TIMEOUT = "1s"
# Attempts of a transaction that waited for such a row.
_LOCK_ATTEMPTS = 3
# How long the cron processes one stream before it goes on with the next.
_CRON_BUDGET_SECONDS = 20


# How often the jobs of a process update the activities about what has stopped.
_NOTIFY_SECONDS = 60
_notified = {}


class Wait(NamedTuple):
    """Returned by the first step of an exchange that cannot start now."""

    seconds: float


def _identity(stream, config_id):
    """Return the identity key of the job."""
    return "cartona:%s:%s" % (stream, config_id)


def _is_notify_due(dbname, config_id):
    """Return True once a minute in each process."""
    now = time.monotonic()
    is_due = now - _notified.get((dbname, config_id), -_NOTIFY_SECONDS) >= _NOTIFY_SECONDS
    if is_due:
        _notified[dbname, config_id] = now
    return is_due


def _enqueue_wanted(dbname, wanted):
    """Enqueue the wanted jobs from a cursor of their own.

    Runs after the user's commit, so no error may reach the user: the minute cron finds the rows
    of a lost wake-up.

    :param wanted: set of (stream, configuration id)
    """
    try:
        with Registry(dbname).cursor() as cr:
            missing = _not_queued(cr, wanted)
            if missing:
                worker = api.Environment(cr, SUPERUSER_ID, {})["cartona.worker"]
                for stream, config_id in missing:
                    worker._enqueue(stream, config_id)
    except Exception:
        _logger.exception("Cartona: could not enqueue %s; the cron will", sorted(wanted))


def _not_queued(cr, wanted):
    """Return the wanted jobs that do not wait in the queue yet, sorted.

    queue_job checks this for each job; here it is checked once for all and before anything is
    built: in a burst of calls the first one enqueues and the others find its job.

    :param cr: cursor that has read nothing so far, so that it sees all that was committed before;
        a job that has started does not count, it may have read earlier
    """
    keys = {_identity(stream, config_id): (stream, config_id) for stream, config_id in wanted}
    cr.execute(
        """
        SELECT identity_key FROM queue_job
         WHERE identity_key = ANY(%s) AND state IN ('wait_dependencies', 'pending', 'enqueued')
        """,
        (list(keys),),
    )
    queued = {key for (key,) in cr.fetchall()}
    return sorted(job for key, job in keys.items() if key not in queued)


class CartonaWorker(models.AbstractModel):
    _name = "cartona.worker"
    _description = "Cartona: Background Work"

    # === BUSINESS METHODS: JOBS === #

    @api.model
    def _wake(self, stream, config_ids):
        """Enqueue the job of a stream for each configuration once this transaction is committed.

        :param str stream: key of `STREAMS`
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
        """Enqueue the job of a stream, unless an equal one waits already.

        :param float seconds: delay. A delayed job never replaces an immediate one, nor the other
            way round.
        :param bool trigger: True to trigger the cron when a delay ends, too
        """
        delayable = self.with_delay(
            identity_key=_identity(stream, config_id) + (":later" if seconds else ""),
            eta=timedelta(seconds=seconds) if seconds else None,
            channel=STREAMS[stream].channel,
            description=self._job_description(stream),
            max_retries=0,
        )
        delayable._job(stream, config_id)
        if seconds and trigger:
            # For databases without a job runner.
            cron = self.env.ref("cartona_integration.cron_catch_up", raise_if_not_found=False)
            if cron:
                # Times are stored in whole seconds: one more, so as not to come too early.
                cron._trigger(fields.Datetime.now() + timedelta(seconds=seconds + 1))

    @api.model
    def _job(self, stream, config_id):
        """Run the step of a stream as its only worker, and enqueue the next job.

        The lock belongs to the job's own transaction, and so does the next job: it becomes
        visible in the instant in which the lock is released.

        :return: delay of the next job in seconds, None when nothing is left
        """
        seconds = LOCK_MISSED_SECONDS
        has_lock = self._try_lock(self.env.cr, stream, config_id)
        if has_lock:
            seconds = self._taken_over(stream, config_id)._step(stream, config_id)
        if seconds is not None:
            self._enqueue(stream, config_id, seconds=seconds, trigger=has_lock)
        if seconds != 0 and _is_notify_due(self.env.cr.dbname, config_id):
            # Also by the jobs: the scheduled action that does this may be switched off.
            self.env["cartona.config"]._update_activities([config_id])
        return seconds

    def _step(self, stream, config_id):
        """Run one step of a stream. The caller has the lock, see `_taken_over`.

        An error is counted on the stream, which continues after a pause. The job itself never
        fails: nobody would start it again.

        :return: seconds until there is more to do (0: at once), None when nothing is left
        """
        try:
            seconds = getattr(self.env[STREAMS[stream].model], STREAMS[stream].step)(config_id)
        except Exception as error:
            return self._step_failed(stream, config_id, error)
        if self.env.context.get("cartona_has_failed"):
            self._transact(
                config_id, lambda config: config.env["cartona.stream"]._succeeded(stream, config_id)
            )
        return seconds

    def _step_failed(self, stream, config_id, error):
        """Count an error of a step; return the seconds until the next try."""
        kind = kind_of(error)
        # Of an error of the database no more than its code: its text may contain data.
        text = " ".join(filter(None, [type(error).__name__, getattr(error, "pgcode", None)]))
        if kind == RETRY:
            _logger.info("Cartona: %s waits: %s", stream, text)
        else:
            _logger.exception("Cartona: %s of configuration %s failed", stream, config_id)
        try:
            count = self._transact(
                config_id,
                lambda config: config.env["cartona.stream"]._failed(stream, config_id, text, kind),
            )
        except Exception:
            _logger.exception("Cartona: the failure of %s could not be stored", stream)
            count = 1
        return backoff.delay(count)

    def _taken_over(self, stream, config_id):
        """Return `self` with the generation of a new worker of this stream, which has the lock."""

        def take_over(config):
            State = config.env["cartona.stream"]
            return State._take_over(stream, config_id) if config else (0, 0)

        generation, failures = self._transact(config_id, take_over)
        return self.with_context(
            cartona_generation=(stream, generation), cartona_has_failed=bool(failures)
        )

    def _job_description(self, stream):
        return {
            "drain": _("Cartona: send prices and stock"),
            "import": _("Cartona: import orders"),
            "pull": _("Cartona: fetch orders"),
            "status": _("Cartona: send order updates"),
            "catalogue": _("Cartona: read the catalogue"),
            "invoice": _("Cartona: invoice orders"),
            "match": _("Cartona: match products"),
        }[stream]

    @api.model
    def _is_overdue(self, stream, config_id, seconds):
        """Return True if the job of a stream has been due for this long and has not started."""
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

    # === BUSINESS METHODS: LOCKS AND TRANSACTIONS === #

    @api.model
    def _try_lock(self, cr, stream, config_id):
        """Take the lock of a stream and configuration until the end of the cursor's transaction.

        :return: False when another worker has it
        """
        cr.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", (LOCKS[stream], config_id))
        return cr.fetchone()[0]

    @contextmanager
    def _locked(self, stream, config_id, seconds):
        """Take the lock of a stream for the duration of a block, on a cursor of its own.

        Yields False when another worker had it for all of these seconds.
        """
        with self.env.registry.cursor() as cr:
            yield self._wait_for_lock(cr, stream, config_id, seconds)

    @api.model
    def _wait_for_lock(self, cr, stream, config_id, seconds):
        """Take the lock as `_try_lock` does, within these seconds.

        :return: False when another worker had it all the time
        """
        deadline = time.monotonic() + seconds
        while not self._try_lock(cr, stream, config_id):
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOCK_POLL_SECONDS)
        return True

    def _clock(self):
        """Return the present time of the database, from a cursor of its own: no transaction is
        open while Cartona is called."""
        with self.env.registry.cursor() as cr:
            return database_now(cr)

    @contextmanager
    def _fresh_config(self, config_id):
        """Yield the configuration on a new cursor that is committed when the block ends well.

        The environment is the superuser's (jobs work for the company, not for the user who saved
        last), in the configuration's company only, and in the language of its salesperson, who
        reads what is written. The record is empty when it was deleted.
        """
        with self.env.registry.cursor() as cr:
            cr.execute("SET LOCAL lock_timeout = %s", (_LOCK_TIMEOUT,))
            config = api.Environment(cr, SUPERUSER_ID, {})["cartona.config"].browse(config_id)
            config = config.exists()
            yield config.with_company(config.company_id).with_context(
                allowed_company_ids=config.company_id.ids,
                lang=config.user_id.lang or None,
            )

    @api.model
    def _transact(self, config_id, work, lock_attempts=_LOCK_ATTEMPTS):
        """Call `work` in a transaction of its own, again after a collision with another one: a
        new cursor sees what that one has committed.

        :param work: callable(config); the configuration as `_fresh_config` yields it
        :param int lock_attempts: how often to wait for a row that another transaction has locked
        :return: the result of `work`
        """
        for attempt in range(_ATTEMPTS):
            try:
                with self._fresh_config(config_id) as config:
                    return work(config)
            except psycopg2.Error as error:
                is_lock = error.pgcode == LOCK_NOT_AVAILABLE
                attempts = lock_attempts if is_lock else _ATTEMPTS
                if kind_of(error) != RETRY or attempt >= attempts - 1:
                    raise
                time.sleep(random.uniform(0, 0.05 * 2**attempt))

    @api.model
    def _exchange(self, config_id, pause, prepare, call, store, is_due=None, stale=None):
        """Run one exchange with Cartona in three steps.

        (a) `prepare` reads the present state and marks what is in flight; committed
        (b) `call` calls Cartona; no transaction is open
        (c) `store` stores the outcome and deletes exactly the rows read; committed

        A crash anywhere leaves the rows in place, and records whose last value is unknown: both
        are sent again.

        :param str pause: the pause to respect, one of `cartona.config`'s
        :param prepare: callable(config) -> task; `Wait` or None when there is nothing to call
        :param call: callable(client, task) -> result; may raise `CartonaError`
        :param store: callable(config, task, result, error) -> seconds until there is more to do
            (0: at once) or None; `result` is None when `call` raised
        :param is_due: callable(config) -> False when there is nothing to do, also during a pause
        :param stale: callable(config, task), called instead of `store` when another worker has
            taken over the stream since: it may have sent something later that arrived earlier, so
            that what was sent here is unknown
        :return: as `_step`
        """

        def begin(config):
            if not config or config._not_callable() or (is_due and not is_due(config)):
                return None
            seconds = config._pause_seconds(pause)
            task = Wait(seconds) if seconds else prepare(config)
            if task is None or isinstance(task, Wait):
                return task
            needs_check = pause in ("out", "order") and config.connection_state != "connected"
            return task, config._client_settings(), needs_check

        ready = self._transact(config_id, begin)
        if ready is None or isinstance(ready, Wait):
            return ready and ready.seconds
        task, settings, needs_check = ready
        calls, result, error = [], None, None
        try:
            with CartonaClient(on_call=calls.append, **settings) as client:
                if needs_check:
                    client.check()
                result = call(client, task)
                error = getattr(result, "error", None)
        except CartonaError as caught:
            error = caught

        def finish(config):
            if not config:
                return None
            config.env["cartona.sync.log"]._record(config, calls)
            if stale and not self._is_current(config):
                _logger.info("Cartona: another worker has taken over; unknown what was sent")
                stale(config, task)
                return 0
            seconds = store(config, task, result, error)
            wait = config._call_outcome(pause, error) if calls or error else None
            return seconds if wait is None else wait

        return self._transact(config_id, finish)

    def _is_current(self, config):
        """Return True unless another worker has taken over the stream of this one."""
        stream, generation = self.env.context.get("cartona_generation") or (None, 0)
        return not stream or config.env["cartona.stream"]._is_current(stream, config.id, generation)

    @api.model
    def _isolate_failures(self, records, work, instead, failed=None):
        """Return `work(records)`; a record that fails does not stop the others.

        :param work: callable(records) -> list; must not leave anything behind when it fails
        :param instead: callable(record, error) -> list, used for a record that fails alone
        :param list failed: errors of single records so far; after many of them the records are
            not the cause, and the rest is not tried one by one
        :return: the lists together, each computed within a savepoint
        """
        failed = [] if failed is None else failed
        if len(failed) >= _MAX_ISOLATED:
            return [one for record in records for one in instead(record, failed[-1])]
        try:
            with self.env.cr.savepoint():
                return work(records)
        except Exception as error:
            if kind_of(error) != RECORD:
                raise  # not caused by a record: the transaction is tried again
            if len(records) > 1:
                middle = len(records) // 2
                return [
                    one
                    for part in (records[:middle], records[middle:])
                    for one in self._isolate_failures(part, work, instead, failed)
                ]
            failed.append(error)
            _logger.warning("Cartona: %s cannot be computed", records, exc_info=True)
            return instead(records, error)

    # === CRON METHODS === #

    @api.model
    def _catch_up(self, stream, config_id):
        """Wake a stream that has work; run it here when no job has processed it in time."""
        config = self.env["cartona.config"].browse(config_id)
        row = STREAMS[stream]
        age = getattr(self.env[row.model], row.backlog)(config, stream)
        if age is None:
            return
        if age > RUNNER_ASLEEP_SECONDS:
            self._run_inline(stream, config_id)
        else:
            self._wake(stream, [config_id])

    @api.model
    def _run_inline(self, stream, config_id):
        """Process a stream in this process for some seconds, as its jobs would."""
        deadline, seconds = time.monotonic() + _CRON_BUDGET_SECONDS, 0
        with self.env.registry.cursor() as lock_cr:
            if not self._try_lock(lock_cr, stream, config_id):
                return
            worker = self._taken_over(stream, config_id)
            while seconds == 0 and time.monotonic() < deadline:
                seconds = worker._step(stream, config_id)
        if seconds:
            # A pause: runner or cron comes back when it ends.
            self._enqueue(stream, config_id, seconds=seconds)

    def _run_isolated(self, model, method, *args):
        """Run one part of the cron: an error in it stops no other part and no other company.

        In a transaction of its own, for the part before may have run for seconds, and what it has
        committed would collide with what is written here.
        """
        try:
            with self.env.registry.cursor() as cr:
                getattr(self.env(cr=cr)[model], method)(*args)
        except Exception as error:
            if kind_of(error) == RETRY:
                _logger.info("Cartona: %s.%s%s: %s; the next minute", model, method, args, error)
            else:
                _logger.exception("Cartona: %s.%s%s failed", model, method, args)
