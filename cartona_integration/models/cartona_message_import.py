"""From the inbox to sale orders: pull, import, acknowledge.

    pull job:    page of Cartona's list -> stored, committed -> next page, until nothing new comes
    import job:  newest message per order -> sale orders, committed -> `synced` to Cartona

An order is acknowledged only after the transaction that made it has committed; until then
Cartona keeps offering it.
"""

import json
import logging
import time

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY

from ..cartona_api import (
    CartonaClient,
    CartonaError,
    Notice,
    Problem,
    PushOutcome,
    Rejected,
    Unauthorised,
    parse_order,
    push_batch,
    unwrap,
)

_logger = logging.getLogger(__name__)

# A pull that is still finding orders hands over to the next job after this long.
_PULL_SECONDS = 20
# Source: "page=1&per_page=100" in Cartona's notes; more per page is not promised.
_PER_PAGE = 100
_RUNNER_ASLEEP_SECONDS = 30
_CRON_BUDGET_SECONDS = 20


class CartonaMessage(models.Model):
    _inherit = "cartona.message"

    # === JOBS === #

    @api.model
    def _job_pull(self, config_id):
        """Read Cartona's list of orders to the end."""
        return self.env["cartona.worker"]._run_job("pull", config_id, self._pull)

    @api.model
    def _job_import(self, config_id):
        """Import one batch of messages and acknowledge what is safe."""
        return self.env["cartona.worker"]._run_job("import", config_id, self._import)

    @api.model
    def _catch_up(self, config_id):
        """Cron: ring for messages that nobody was told about, or import them here."""
        self.env.cr.execute(
            """
            SELECT EXTRACT(EPOCH FROM clock_timestamp() AT TIME ZONE 'UTC' - min(noted)) FROM (
                SELECT min(write_date) AS noted FROM cartona_message
                 WHERE config_id = %s AND (state = 'new' OR acknowledge = 'due')
                UNION ALL
                SELECT min(create_date) FROM cartona_change
                 WHERE config_id = %s AND kind = 'replay'
            ) waiting
            """,
            (config_id, config_id),
        )
        age = self.env.cr.fetchone()[0]
        worker = self.env["cartona.worker"]
        if age is None:
            return
        if age > _RUNNER_ASLEEP_SECONDS:
            worker._run_here("import", config_id, self._import, _CRON_BUDGET_SECONDS)
        else:
            worker._wake("import", [config_id])

    # === BUSINESS METHODS: PULL === #

    @api.model
    def _pull(self, config_id):
        """Read all pages, again and again until a whole pass brings nothing new.

        Orders leave the list while they are acknowledged, so pages shift under the reader and
        a single pass can step over some. Each page is stored and committed before the next.

        :return: seconds until the next try, None when the list was read to its end
        """
        worker = self.env["cartona.worker"]
        with worker._fresh_config(config_id) as config:
            if not config or config._not_callable():
                return None
            wait = config._pause_seconds("in")
            if wait:
                return wait
            settings = config._client_settings()
            per_page = min(config.batch_size, _PER_PAGE)
        calls, error, more = [], None, False
        try:
            with CartonaClient(on_call=calls.append, **settings) as client:
                more = self._read_pages(client, config_id, per_page)
            if settings["supplier_code"]:
                more = self._pull_strangers(config_id, settings, per_page, calls) or more
        except CartonaError as caught:
            error = caught

        def settle(config):
            if not config:
                return None
            config.env["cartona.sync.log"]._record(config, calls)
            if not error:
                config.last_pull = fields.Datetime.now()
            return config._call_outcome("in", error)

        wait = worker._transact(config_id, settle)
        return 0 if more and wait is None else wait

    def _pull_strangers(self, config_id, settings, per_page, calls):
        """Read the list once more without our code: an account that nobody has entered here
        would stay unseen otherwise. Cartona may insist on a code; then there is nothing to see,
        and nothing wrong with the token, which has just been taken.
        """
        settings = dict(settings, supplier_code="")
        with CartonaClient(on_call=calls.append, **settings) as client:
            try:
                return self._read_pages(client, config_id, per_page)
            except (Rejected, Unauthorised):
                calls.pop()
                return False

    def _read_pages(self, client, config_id, per_page):
        """Store every page of Cartona's list.

        :return: bool, whether time ran out before the end
        """
        deadline = time.monotonic() + _PULL_SECONDS
        found = True
        while found:
            found, page, before = 0, 1, None
            # The list ends with an empty page: Cartona may give fewer rows than were asked for.
            # A page that comes twice means that it knows of no pages.
            rows = client.pull_orders(page=page, per_page=per_page)
            while rows and rows != before:
                found += self._store_page(config_id, rows)
                if time.monotonic() > deadline:
                    return True
                page, before = page + 1, rows
                rows = client.pull_orders(page=page, per_page=per_page)
        return False

    def _store_page(self, config_id, rows):
        """Keep one page on a cursor of its own.

        :return: int, how many messages were new
        """

        def store(config):
            if not config:
                return 0
            stored = 0
            for target, notices in config._by_account(_notices(rows)).items():
                messages, _repeated = target.env["cartona.message"]._store(target, "pull", notices)
                stored += len(messages)
            return stored

        return self.env["cartona.worker"]._transact(config_id, store)

    # === BUSINESS METHODS: IMPORT === #

    @api.model
    def _import(self, config_id):
        """Import one batch, then acknowledge. The caller holds the lock.

        :return: seconds until there is more to do (0: at once), None when nothing is left
        """
        worker = self.env["cartona.worker"]
        with worker._fresh_config(config_id) as config:
            if not config or not config.auto_sync_orders:
                return None
            message_ids = config.env["cartona.message"]._claim(config)
        if message_ids:
            self._import_batch(config_id, message_ids)
        wait = self._acknowledge(config_id)
        if wait is not None:
            return wait
        with worker._fresh_config(config_id) as config:
            return 0 if config and config.env["cartona.message"]._is_open(config) else None

    def _claim(self, config):
        """Let replays happen, outdate what a later message replaces, choose the next batch.

        :return: list of message ids, one per order, oldest first
        """
        self._replay(config)
        self.env.cr.execute(
            """
            UPDATE cartona_message old SET state = 'superseded', held = NULL
              FROM cartona_message newer
             WHERE old.config_id = %s AND old.state IN ('new', 'error')
               AND newer.config_id = old.config_id AND newer.hashed_id = old.hashed_id
               AND newer.id > old.id AND (newer.kind = 'order' OR newer.state = 'done')
               AND old.hashed_id IS NOT NULL
            """,
            (config.id,),
        )
        messages = self.search(
            [("config_id", "=", config.id), ("state", "=", "new")],
            order="id",
            limit=config.batch_size,
        )
        # An order and a notice of its status, both new: the notice is for the next batch.
        first = {message.hashed_id or message.id: message.id for message in reversed(messages)}
        return sorted(first.values())

    def _replay(self, config):
        """Try everything again that waits for something which may be there now."""
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

    def _is_open(self, config):
        return bool(self.search_count([("config_id", "=", config.id), ("state", "=", "new")]))

    def _import_batch(self, config_id, message_ids):
        """Import messages in one transaction; when that fails, each in one of its own.

        One bad order never holds up the others, and what is wrong with it is kept on it.
        """

        def transaction(config):
            config.env["cartona.message"].browse(message_ids)._import_now(config)

        try:
            self.env["cartona.worker"]._transact(config_id, transaction)
            return
        except Exception as error:
            if len(message_ids) == 1:
                self._park(config_id, message_ids[0], error)
                return
            _logger.info("Cartona: importing orders one by one, the batch failed: %s", error)
        for message_id in message_ids:
            self._import_batch(config_id, [message_id])

    def _park(self, config_id, message_id, error):
        """Keep why a message could not be imported.

        :raise: the error itself when it will heal without anybody doing anything
        """
        if isinstance(error, psycopg2.OperationalError) or (
            getattr(error, "pgcode", None) in PG_CONCURRENCY_ERRORS_TO_RETRY
        ):
            raise error
        if isinstance(error, (UserError, ValidationError)):
            code, detail = "refused_by_odoo", str(error.args[0])
        else:
            _logger.exception("Cartona: message %s could not be imported", message_id)
            code, detail = "unexpected", ""

        def keep(config):
            message = config.env["cartona.message"].browse(message_id).exists()
            message._set_waiting(code, detail or message._for_integrator(error))

        self.env["cartona.worker"]._transact(config_id, keep)

    def _for_integrator(self, error):
        return _("For your integrator: %s", type(error).__name__)

    def _import_now(self, config):
        """Turn these messages, one per order, into sale orders or into reasons."""
        entries = []
        for message in self.exists().filtered(lambda message: message.state == "new"):
            try:
                order = parse_order(message._full_payload())
                config._check_account_of(order)
                if config._is_from_before(order):
                    message._leave_out(config)
                    continue
                entries.append((message, order))
            except Problem as problem:
                message._set_waiting(problem.code, _place(problem))
        outcomes = self.env["cartona.order.importer"]._import_orders(config, entries)
        for (message, _order), outcome in zip(entries, outcomes):
            if outcome.error_code:
                message._set_waiting(outcome.error_code, outcome.error_detail)
            else:
                message._set_done(outcome.order)

    def _full_payload(self):
        """What the message says about its order as a whole.

        A status notice carries no lines: it is the order as last told, with that status.

        :raise Problem: "unknown_order", nothing is known of the order yet
        """
        payload = json.loads(self.payload)
        if self.kind == "order":
            return payload
        told = self.search(
            [
                ("config_id", "=", self.config_id.id),
                ("hashed_id", "=", self.hashed_id),
                ("kind", "=", "order"),
                ("id", "<", self.id),
            ],
            limit=1,
        )
        if not told:
            raise Problem("unknown_order", "hashed_id", self.hashed_id)
        return dict(json.loads(told.payload), status=payload["status"])

    def _set_waiting(self, code, detail):
        self.write({"state": "error", "error_code": code, "error_detail": detail or False})

    def _set_done(self, order):
        self._note_held()
        self.write(
            {
                "state": "done",
                "error_code": False,
                "error_detail": False,
                "order_id": order.id,
                "acknowledge": "due",
                "held": False,
            }
        )

    # === BUSINESS METHODS: ACKNOWLEDGE === #

    @api.model
    def _acknowledge(self, config_id):
        """Tell Cartona which orders are safe here, in one call.

        :return: seconds until the next try, None when nothing is due any more
        """
        worker = self.env["cartona.worker"]
        with worker._fresh_config(config_id) as config:
            due = config and config.env["cartona.message"].search(
                [("config_id", "=", config_id), ("acknowledge", "=", "due")],
                order="id",
                limit=config.batch_size,
            )
            if not due or config._not_callable():
                return None
            wait = config._pause_seconds("in")
            if wait:
                return wait
            ids = due.ids
            items = [{"hashed_id": message.hashed_id, "status": "synced"} for message in due]
            settings = config._client_settings()
        calls, outcome = [], PushOutcome()
        try:
            with CartonaClient(on_call=calls.append, **settings) as client:
                outcome = push_batch(client.update_order_statuses, items)
        except CartonaError as error:
            outcome.error = error

        def settle(config):
            config.env["cartona.sync.log"]._record(config, calls)
            Message = config.env["cartona.message"]
            accepted = Message.browse(ids[index] for index in outcome.accepted)
            accepted.exists().write({"acknowledge": "done"})
            # A refused one comes back with the next pull and is told again then.
            refused = Message.browse(ids[index] for index in outcome.refused)
            refused.exists().write({"acknowledge": "done"})
            return config._call_outcome("in", outcome.error)

        return worker._transact(config_id, settle)


def _notices(rows):
    """Messages out of one page; a row that is no order is kept as it is, to be looked at."""
    notices = []
    for row in rows:
        try:
            notices += unwrap(row)
        except Problem:
            notices.append(Notice("order", None, row))
    return notices


def _place(problem):
    return "%s: %s" % (problem.path, problem.value) if problem.path else ""
