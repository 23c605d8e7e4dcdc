"""`cartona.message`: messages are imported as sale orders, then acknowledged.

    import job:  newest message per order -> sale orders, committed -> `synced` to Cartona

An order is acknowledged only after the transaction that created it has committed; until then
Cartona keeps it on its list.
"""

import json
import logging
from datetime import timedelta

from odoo import _, api, models
from odoo.exceptions import UserError, ValidationError

from ...cartona_api import Problem, backoff, parse_order, push_batch
from ...cartona_api import status as life_cycle
from ..queue.errors import LOCK_NOT_AVAILABLE, RECORD, UNIQUE_VIOLATION, kind_of
from ..queue.worker import LOCK_MISSED_SECONDS

_logger = logging.getLogger(__name__)

# Cause of the activity about a change of an order that waits.
_CHANGE_WAITS = "change_waits"
# An order whose customer, say, is being edited is imported this much later.
_LOCKED_SECONDS = 5


class CartonaMessage(models.Model):
    _inherit = "cartona.message"

    # === BUSINESS METHODS: IMPORT === #

    @api.model
    def _import_backlog(self, config, _stream):
        """Return the age of the oldest message or retry that waits in seconds, None without one."""
        if not config._is_live():
            return None
        self.env.cr.execute(
            """
            SELECT EXTRACT(EPOCH FROM clock_timestamp() AT TIME ZONE 'UTC' - min(since)) FROM (
                SELECT min(write_date) AS since FROM cartona_message
                 WHERE config_id = %s AND (state = 'new' OR acknowledge = 'due')
                   AND acknowledge_at IS NULL
                UNION ALL
                SELECT min(create_date) FROM cartona_change
                 WHERE config_id = %s AND kind = 'replay'
            ) waiting
            """,
            (config.id, config.id),
        )
        age = self.env.cr.fetchone()[0]
        if age is not None and config.list_state:
            # Nothing is acknowledged before the list is read.
            self.env["cartona.worker"]._catch_up("pull", config.id)
        return age

    @api.model
    def _import(self, config_id):
        """Import one batch, then acknowledge. The caller has the lock.

        :return: seconds until there is more to do (0: at once), None when nothing is left
        """
        worker = self.env["cartona.worker"]
        with worker._fresh_config(config_id) as config:
            if not config or not config.auto_sync_orders or config._is_copied():
                return self._update_activities(config_id, None)
            message_ids = config.env["cartona.message"]._claim(config)
        if message_ids:
            self._import_batch(config_id, message_ids)
        # Orders that are stored do not wait until Cartona can be called again.
        wait = self._acknowledge(config_id)
        with worker._fresh_config(config_id) as config:
            due = config.env["cartona.message"]._due_in(config) if config else None
        waits = [seconds for seconds in (due, wait) if seconds is not None]
        return self._update_activities(config_id, min(waits, default=None))

    def _update_activities(self, config_id, wait):
        """Bring the activities about waiting orders up to date after the last batch.

        :return: `wait`
        """
        if wait != 0:
            self.env["cartona.config"]._update_activities([config_id])
        return wait

    def _claim(self, config):
        """Retry what may be imported now, drop what a later message replaces, choose a batch.

        :return: list of message ids, one per order, oldest first
        """
        self._replay(config)
        self._supersede_old(config)
        messages = self.search(
            [
                ("config_id", "=", config.id),
                ("state", "=", "new"),
                *_due_now("import_at", self.env.cr),
            ],
            order="id",
            limit=config.batch_size,
        )
        # An order and a notice of its status, both new: the notice belongs to the next batch.
        oldest = messages.sorted(lambda message: (message.as_of, message.id))
        first = {message.hashed_id or message.id: message.id for message in reversed(oldest)}
        return sorted(first.values())

    def _replay(self, config):
        """Retry the orders that wait for something that may be there now, if that was requested."""
        self.env.cr.execute(
            "DELETE FROM cartona_change WHERE config_id = %s AND kind = 'replay' RETURNING id",
            (config.id,),
        )
        if self.env.cr.fetchone():
            self.search(
                [
                    ("config_id", "=", config.id),
                    ("state", "=", "error"),
                    ("error_code", "in", list(self.env["cartona.reasons"]._healing_codes())),
                ]
            ).write({"state": "new", "error_code": False, "error_detail": False})
            config._move_to_their_accounts()

    def _due_in(self, config):
        """Return the seconds until there is a message to import, None without one."""
        self.env.cr.execute(
            """
            SELECT EXTRACT(EPOCH FROM min(COALESCE(import_at, '-infinity'))
                                      - clock_timestamp() AT TIME ZONE 'UTC')
              FROM cartona_message WHERE config_id = %s AND state = 'new' AND import_at IS NOT NULL
            HAVING NOT EXISTS (SELECT 1 FROM cartona_message
                                WHERE config_id = %s AND state = 'new' AND import_at IS NULL)
            """,
            (config.id, config.id),
        )
        row = self.env.cr.fetchone()
        if row is None:
            return 0
        return None if row[0] is None else max(0.1, float(row[0]))

    def _import_batch(self, config_id, message_ids):
        """Import messages in one transaction; if it fails, each in a transaction of its own.

        One bad order never delays the others, and its error is stored on its message.
        """

        def transaction(config):
            config.env["cartona.message"].browse(message_ids)._import_now(config)

        try:
            # A locked row is not waited for again: the other orders are not to wait.
            self.env["cartona.worker"]._transact(config_id, transaction, lock_attempts=1)
            return
        except Exception as error:
            if len(message_ids) == 1:
                self._park(config_id, message_ids[0], error)
                return
            _logger.info("Cartona: importing orders one by one, the batch failed: %s", error)
        for message_id in message_ids:
            self._import_batch(config_id, [message_id])

    def _park(self, config_id, message_id, error):
        """Store the reason why a message could not be imported.

        :raise: the error itself if a later try may succeed without a change
        """
        code = getattr(error, "pgcode", None)
        if code == LOCK_NOT_AVAILABLE:
            self.env["cartona.worker"]._transact(
                config_id,
                lambda config: config.env["cartona.message"].browse(message_id)._import_later(),
            )
            return
        if kind_of(error) != RECORD and code != UNIQUE_VIOLATION:
            raise error
        if isinstance(error, (UserError, ValidationError)):
            code, detail = "refused_by_odoo", str(error.args[0])
        else:
            _logger.exception("Cartona: message %s could not be imported", message_id)
            code, detail = "unexpected", ""

        def store(config):
            message = config.env["cartona.message"].browse(message_id).exists()
            message._set_waiting(code, detail or message._for_integrator(error))

        self.env["cartona.worker"]._transact(config_id, store)

    def _import_later(self):
        until = self.env.cr.now() + timedelta(seconds=_LOCKED_SECONDS)
        self.exists().write({"import_at": until})

    def _for_integrator(self, error):
        return _("For your integrator: %s", type(error).__name__)

    def _import_now(self, config):
        """Create or change the sale orders of these messages, one per order, or store the reasons
        why they wait."""
        entries, waiting = [], self.browse()
        for message in self.exists().filtered(lambda message: message.state == "new"):
            try:
                order = parse_order(message._full_payload())
                config._check_account_of(order)
                if message._is_too_old(config, order):
                    message._set_too_old(config)
                    continue
                entries.append((message, order))
            except Problem as problem:
                message._set_waiting(problem.code, _place(problem))
                waiting |= message
        outcomes = self.env["cartona.order.importer"]._import_orders(config, entries)
        done = self.browse()
        for (message, _order), outcome in zip(entries, outcomes):
            if outcome.error_code:
                message._set_waiting(outcome.error_code, outcome.error_detail)
                message._reserve(outcome.reserved)
                waiting |= message
            else:
                done |= message
        done._mark_reserved_dirty()
        for (message, _order), outcome in zip(entries, outcomes):
            if message in done:
                message._set_done(outcome)
        if "status" in done.mapped("kind"):
            self._supersede_old(config)  # what waited and no longer matters
        waiting._notify(config)

    def _full_payload(self):
        """Return the message as an order.

        A status notice has no lines: its order is the last version received, with that status.

        :raise Problem: "unknown_order", no version was received yet
        """
        payload = json.loads(self.payload)
        if self.kind == "order":
            return payload
        newest = self.search(
            [
                ("config_id", "=", self.config_id.id),
                ("hashed_id", "=", self.hashed_id),
                ("kind", "=", "order"),
                ("as_of", "<=", self.as_of),
            ],
            order="as_of desc, id desc",
            limit=1,
        )
        if not newest or newest.is_anonymous:
            raise Problem("unknown_order", "hashed_id", self.hashed_id)
        return dict(json.loads(newest.payload), status=payload["status"])

    def _is_too_old(self, config, order):
        """Return True for an order from before the start of the import that is not in Odoo either.

        :param order: `cartona_api.Order`; one without a date is never too old
        """
        if not (config.orders_from and order.created_at):
            return False
        if order.created_at >= config.orders_from:
            return False
        return not self.env["sale.order"].search_count(
            [("company_id", "=", config.company_id.id), ("cartona_id", "=", order.hashed_id)]
        )

    def _set_too_old(self, config):
        self._mark_reserved_dirty()
        self.write(
            {
                "state": "superseded",
                "error_code": "handled_before",
                "error_detail": False,
                "acknowledge": "due" if config.acknowledge_older else "no",
                "reserved": False,
            }
        )

    def _set_waiting(self, code, detail):
        self.write({"state": "error", "error_code": code, "error_detail": detail or False})

    def _set_done(self, outcome):
        """Store the outcome, and have the order acknowledged.

        A status notice is not acknowledged: Cartona may have changed more than the status. Nor is
        a message older than our own last update that has lines we do not know: Cartona has to
        send the order as it is now.
        """
        self._close_activities()
        is_current = self.kind == "order" and not outcome.has_unknown_lines
        self.write(
            {
                "state": "done",
                "error_code": False,
                "error_detail": False,
                "order_id": outcome.order.id,
                "acknowledge": "due" if is_current else "no",
                "reserved": False,
            }
        )
        if outcome.has_unknown_lines and self.kind == "order":
            # An acknowledgement names the order only: one that is still due would remove the
            # unknown lines from Cartona's list as well.
            self.search(
                [
                    ("config_id", "=", self.config_id.id),
                    ("hashed_id", "=", self.hashed_id),
                    ("acknowledge", "=", "due"),
                ]
            ).write({"acknowledge": "no"})

    # === BUSINESS METHODS: ACTIVITIES === #

    def _notify(self, config):
        """Schedule an activity on the sale orders of which a later version waits."""
        if not self:
            return
        sales = self.env["sale.order"].search(
            [
                ("company_id", "=", config.company_id.id),
                ("cartona_id", "in", self.filtered("hashed_id").mapped("hashed_id")),
            ]
        )
        known = {sale.cartona_id: sale for sale in sales}
        for message in self:
            sale = known.get(message.hashed_id)
            if sale:
                message.order_id = sale
                # The same for every reason: the reader finds it under Waiting Orders.
                summary = _(
                    "Cartona has changed this order, but the change waits: see Waiting Orders."
                )
                sale._cartona_notify(summary, cause=_CHANGE_WAITS)

    def _close_activities(self):
        """Close the activities of messages that were imported or replaced."""
        for message in self.filtered("order_id"):
            message.order_id._cartona_close_activities(_CHANGE_WAITS)

    # === BUSINESS METHODS: ACKNOWLEDGE === #

    @api.model
    def _wake_acknowledge(self, config):
        """Wake the import if acknowledgements have waited for the list."""
        due = [("config_id", "=", config.id), ("acknowledge", "=", "due")]
        if self.search(due, limit=1):
            config._wake_streams("import")

    @api.model
    def _acknowledge(self, config_id):
        """Acknowledge the imported orders to Cartona, in one call.

        :return: seconds until the next try (0: at once), None when nothing is due any more
        """
        # A lock of its own: see `_reread_list` and `_start_reading` for what must not
        # happen meanwhile.
        with self.env["cartona.worker"]._locked("acknowledge", config_id, 0) as is_ours:
            return self._acknowledge_now(config_id) if is_ours else LOCK_MISSED_SECONDS

    def _acknowledge_now(self, config_id):
        def due_messages(config):
            # While the list is to be read, its reader wakes the import again.
            return not config.list_state and config.env["cartona.message"]._due(config)

        def prepare(config):
            due = due_messages(config)
            items = [{"hashed_id": one.hashed_id, "status": life_cycle.SYNCED} for one in due]
            alone = [index for index, one in enumerate(due) if one.acknowledge_attempt]
            return due.ids, items, config._is_suspect("acknowledge"), alone

        def store(config, task, outcome, _error):
            ids, *_rest = task
            Message = config.env["cartona.message"]
            # A refused one comes with the next pull and is acknowledged again then.
            answered = [] if outcome is None else [*outcome.accepted, *outcome.refused]
            Message.browse(ids[index] for index in answered).exists()._set_acknowledged()
            for index, error in (outcome.isolated if outcome else {}).items():
                Message.browse(ids[index]).exists()._postpone_acknowledgement(error)
            # A full call may have left some.
            if len(ids) == config.batch_size:
                return 0
            return Message._acknowledge_in(config)

        return self.env["cartona.worker"]._exchange(
            config_id,
            "acknowledge",
            prepare,
            lambda client, task: push_batch(
                client.update_order_statuses, task[1], client.check, task[2], task[3]
            ),
            store,
            is_due=due_messages,
            stale=lambda _config, _task: None,  # they are still due
        )

    def _set_acknowledged(self):
        """Store that Cartona has answered; close what was shown on orders that had waited."""
        waited = self.filtered("acknowledge_at").order_id.filtered(
            lambda order: order.cartona_error_code == "not_acknowledged"
        )
        waited.write({"cartona_sync_state": "synced", "cartona_error_code": False})
        self.write({"acknowledge": "done"})
        self.filtered("acknowledge_at").write({"acknowledge_at": False, "acknowledge_attempt": 0})

    def _postpone_acknowledgement(self, error):
        """Acknowledge an order later, alone: every call with it fails."""
        if not self:
            return
        attempt = self.acknowledge_attempt + 1
        until = self.env.cr.now() + timedelta(seconds=backoff.delay(attempt))
        self.write({"acknowledge_attempt": attempt, "acknowledge_at": until})
        if self.order_id and not self.order_id.cartona_error_code:
            self.order_id._cartona_update_failed("not_acknowledged", error.detail or str(error))

    def _acknowledge_in(self, config):
        """Return the seconds until a postponed acknowledgement is due, None without one."""
        self.env.cr.execute(
            """
            SELECT EXTRACT(EPOCH FROM min(acknowledge_at) - clock_timestamp() AT TIME ZONE 'UTC')
              FROM cartona_message WHERE config_id = %s AND acknowledge = 'due'
            """,
            (config.id,),
        )
        seconds = self.env.cr.fetchone()[0]
        return None if seconds is None else max(0.1, float(seconds))

    def _due(self, config):
        """Return the messages to acknowledge now, without orders that have an unread message: it
        may be an edit that Cartona sent before it received our approval, see `_set_done`."""
        own = [("config_id", "=", config.id)]
        due = self.search(
            [*own, ("acknowledge", "=", "due"), *_due_now("acknowledge_at", self.env.cr)],
            order="id",
            limit=config.batch_size,
        )
        same = [("state", "=", "new"), ("hashed_id", "in", due.mapped("hashed_id"))]
        unread = set(self.search([*own, *same]).mapped("hashed_id"))
        due = due.filtered(lambda message: message.hashed_id not in unread)
        if config.pull_hole:
            # The page that could not be read may contain a later version of the others.
            offered = set(json.loads(config.offered_orders or "[]"))
            due = due.filtered(lambda message: message.hashed_id in offered)
        return due


def _place(problem):
    return "%s: %s" % (problem.path, problem.value) if problem.path else ""


def _due_now(name, cr):
    """Return the domain of what is not postponed."""
    return ["|", (name, "=", False), (name, "<=", cr.now())]
