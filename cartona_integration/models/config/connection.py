"""`cartona.config`: the connection to Cartona, its errors and pauses, and the cron jobs."""

import random
from datetime import timedelta

from odoo import _, api, fields, models, tools

from ...cartona_api import (
    CartonaClient,
    CartonaError,
    InsecureUrl,
    Unauthorised,
    backoff,
)
from ...compat import check_may_read, check_may_write, reload_action
from ..core.formatting import paragraph
from ..queue.streams import STREAMS

# A refused token is tried again this often, so that a renewed one is noticed automatically.
_PROBE_SECONDS = 60
# Pauses of one direction. Each kind of call has its own: what Cartona cannot accept of one kind
# delays no other.
PAUSES = {"out": ("out", "order"), "in": ("in", "acknowledge", "catalogue")}
# After this many failures in a row the batch is searched for an item that causes them.
_SUSPECT_AFTER = 3
# The cron runs once a minute, and the pull that it woke has ended some seconds later.
_CRON_JITTER_SECONDS = 30
# A job that is due for this long shows that no job runner is active.
_ASLEEP_SECONDS = 90
# A job in state `started` for this long was killed with its server; ours take seconds.
_ORPHANED_SECONDS = 15 * 60


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    # untested -> connected <-> error. `error` is left by a successful call only.
    connection_state = fields.Selection(
        [("untested", "Not tested"), ("connected", "Connected"), ("error", "Error")],
        required=True,
        default="untested",
        help="Result of the last call: Cartona accepted the token or not.",
        readonly=True,
        copy=False,
    )
    error_code = fields.Char(readonly=True, copy=False)
    error_detail = fields.Char(readonly=True, copy=False)
    error_message = fields.Char(
        compute="_compute_error_message", help="Why nothing is exchanged, and what to do."
    )
    database_identity = fields.Char(
        readonly=True,
        copy=False,
        help="Database that was connected: its UUID, its name and its number in PostgreSQL. A copy"
        " has another UUID if Odoo made it, else another name or number.",
    )
    # See `PAUSES`
    out_failure_count = fields.Integer(readonly=True, copy=False)
    out_next_try = fields.Datetime("Sending Continues At", readonly=True, copy=False)
    order_failure_count = fields.Integer(readonly=True, copy=False)
    order_next_try = fields.Datetime("Order Updates Continue At", readonly=True, copy=False)
    in_failure_count = fields.Integer(readonly=True, copy=False)
    in_next_try = fields.Datetime("Receiving Continues At", readonly=True, copy=False)
    catalogue_failure_count = fields.Integer(readonly=True, copy=False)
    catalogue_next_try = fields.Datetime("Reading Continues At", readonly=True, copy=False)
    acknowledge_failure_count = fields.Integer(readonly=True, copy=False)
    acknowledge_next_try = fields.Datetime("Acknowledging Continues At", readonly=True, copy=False)
    last_pull = fields.Datetime(readonly=True, copy=False)
    change_count = fields.Integer(
        "Changes to Send",
        compute="_compute_change_count",
        help="Changed prices, quantities and orders that were not sent to Cartona yet.",
    )
    is_runner_asleep = fields.Boolean(compute="_compute_change_count")

    # === COMPUTE METHODS === #

    @api.depends("error_code", "error_detail")
    @api.depends_context("lang")
    def _compute_error_message(self):
        Reasons = self.env["cartona.reasons"]
        for config in self:
            config.error_message = Reasons._explain(config.error_code, config.error_detail or "")

    def _compute_change_count(self):
        """Count the changes to send, and find out if they wait without a reason."""
        self.env.cr.execute(
            """
            SELECT config_id, count(*),
                   min(create_date) FILTER (WHERE retry_at IS NULL) + make_interval(secs => %s)
                   < clock_timestamp() AT TIME ZONE 'UTC'
              FROM cartona_change WHERE config_id = ANY(%s) AND kind != 'replay' GROUP BY config_id
            """,
            (_ASLEEP_SECONDS, self.ids),
        )
        found = {config_id: rest for config_id, *rest in self.env.cr.fetchall()}
        is_overdue, is_at_work = self._jobs_at_work()
        for config in self:
            config.change_count, is_old = found.get(config.id, (0, False))
            # Changes wait for a pause, a refused token or a copied database, which are shown.
            is_stuck = (
                is_old
                and config.connection_state == "connected"
                and not (config.out_next_try or config.order_next_try)
                and not (config._is_copied() or is_at_work)
            )
            config.is_runner_asleep = is_overdue or is_stuck

    @api.model
    def _jobs_at_work(self):
        """Return the state of the job runner as the queue of jobs shows it.

        The outbox does not show it: the cron empties it every minute, and the last of 100,000
        changes waits for minutes although one job after the other sends them.

        :return: (True if a job of ours has been due for long while no job is running, True if
            jobs are running or one of ours starts soon)
        """
        now = fields.Datetime.now()
        self.env.cr.execute(
            """
            SELECT EXISTS (
                SELECT 1 FROM queue_job
                 WHERE state = 'pending' AND channel LIKE 'root.cartona%%'
                   AND GREATEST(date_created, eta) < %(long_ago)s
            ), EXISTS (
                SELECT 1 FROM queue_job
                 WHERE (state = 'started' AND date_started > %(too_long_ago)s)
                    OR (state = 'enqueued' AND date_enqueued > %(long_ago)s)
            ), EXISTS (
                SELECT 1 FROM queue_job
                 WHERE state = 'pending' AND channel LIKE 'root.cartona%%'
                   AND GREATEST(date_created, eta) >= %(long_ago)s
            )
            """,
            {
                "long_ago": now - timedelta(seconds=_ASLEEP_SECONDS),
                "too_long_ago": now - timedelta(seconds=_ORPHANED_SECONDS),
            },
        )
        is_overdue, is_at_work, is_about_to = self.env.cr.fetchone()
        return is_overdue and not is_at_work, is_at_work or is_about_to

    # === ACTION METHODS === #

    def action_test_connection(self):
        """Test the connection with a harmless call, and show the result.

        The result is stored on the configuration, so an error of Cartona is never raised.

        :return: client action that shows the answer and reloads the form
        """
        self.ensure_one()
        check_may_write(self)  # before the call, not when its result is stored
        error = self._probe()
        self._connection_outcome(error)
        if error:
            return self._notification(self.error_message, "danger")
        self._resume()
        return self._notification(_("Connected. Cartona accepts the token."), "success")

    def action_accept_database(self):
        """Make this copied database the live one."""
        self.ensure_one()
        self.write({"database_identity": self._this_database(), "error_code": False})
        return self.action_test_connection()

    def action_pull_orders(self):
        """Fetch new and changed orders now."""
        self.ensure_one()
        check_may_read(self)
        problem = self._not_callable()
        if problem:
            return self._notification(self.env["cartona.reasons"]._explain(problem), "warning")
        # In sudo mode: every user who may read the orders may fetch them.
        self.sudo()._end_pause("in")
        self._wake_streams("pull", "import")
        if not self.auto_sync_orders:
            return self._notification(
                _("Orders are being fetched. They wait until you switch on “Orders”."), "warning"
            )
        return self._notification(_("Orders are being fetched from Cartona."), "info")

    def _notification_switched_off(self):
        return self._notification(
            _("Nothing is sent before you switch on “Prices” or “Stock”."), "warning"
        )

    def _notification(self, message, kind, then=None):
        """Return a client action that shows a notification and reloads the form.

        :param dict then: the action that follows instead
        """
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": _("Cartona"),
                "message": message,
                "type": kind,
                "next": then or reload_action(self),
            },
        }

    # === BUSINESS METHODS === #

    def _is_live(self):
        """Return True if prices, stock or orders are synchronized."""
        return any(self._toggles())

    def _sends_listings(self):
        """Return True if prices or stock are sent."""
        self.ensure_one()
        return self.auto_sync_products or self.auto_sync_stock

    def _this_database(self):
        """Return the identity of this database, see `database_identity`."""
        # In sudo mode: the parameter is readable by administrators only.
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return "%s %s" % (uuid, self._database_in_postgres())

    @tools.ormcache()
    def _database_in_postgres(self):
        """Return name and OID. A copy made inside PostgreSQL keeps the UUID, but not both of these.

        The address of this Odoo is no sign: Odoo changes it when an administrator logs in.
        """
        self.env.cr.execute(
            "SELECT datname || ' ' || oid FROM pg_database WHERE datname = current_database()"
        )
        return self.env.cr.fetchone()[0]

    def _is_copied(self):
        """Return True if this database is a copy of the one that was connected."""
        return bool(self.database_identity) and self.database_identity != self._this_database()

    def _not_callable(self):
        """Return the error code for which Cartona must not be called, or None."""
        self.ensure_one()
        if not self.sudo().auth_token:  # only to see if it is set; users may pull, too
            return "no_token"
        if self._is_copied():
            return "copied_database"
        return None

    def _pause_seconds(self, pause):
        """Return the rest of a pause in seconds, 0 without one.

        :param str pause: see `PAUSES`
        """
        until = self["%s_next_try" % pause]
        if not until:
            return 0
        return max(0, (until - fields.Datetime.now()).total_seconds())

    def _is_suspect(self, pause):
        """Return True if calls of this kind have failed so often that one item may be the cause."""
        return self["%s_failure_count" % pause] >= _SUSPECT_AFTER

    def _client_settings(self):
        """Return the arguments of `CartonaClient`, plain values: it works without a transaction."""
        self.ensure_one()
        config = self.sudo()  # the token is hidden from users who are not managers
        return {
            "base_url": config.base_url,
            "token": config.auth_token,
            "supplier_code": config.supplier_code or "",
            "timeout": float(config.timeout),
            "allow_insecure": config._allows_insecure_url(),
        }

    def _probe(self):
        """Fetch one product from Cartona.

        :return: the `CartonaError` of the call, or None
        """
        problem = self._not_callable()
        if problem:
            return CartonaError(problem)
        calls = []
        try:
            with CartonaClient(on_call=calls.append, **self._client_settings()) as client:
                client.check()
        except CartonaError as error:
            return error
        finally:
            self.env["cartona.sync.log"]._record(self, calls)
        return None

    def _connection_outcome(self, error):
        """Store the result of a test of the connection.

        :param error: `CartonaError` or None
        """
        if error:
            self._set_connection_error(error)
            return
        self.write(
            {
                "connection_state": "connected",
                "error_code": False,
                "error_detail": False,
                "database_identity": self._this_database(),
                **{"%s_failure_count" % pause: 0 for pause in _all_pauses()},
                **{"%s_next_try" % pause: False for pause in _all_pauses()},
            }
        )
        self._cartona_close_activities("connection")

    def _set_connection_error(self, error):
        self.write(
            {
                "connection_state": "error",
                "error_code": error.code,
                "error_detail": "" if error.code == "no_token" else error.detail,
            }
        )

    def _call_outcome(self, pause, error):
        """Store the outcome of the last call of one kind, and the pause after an error.

        :param str pause: see `PAUSES`
        :param error: the `CartonaError` that stopped the work, None when calls succeed
        :return: float, seconds until the next try is due; None without a pause
        """
        failures, until = "%s_failure_count" % pause, "%s_next_try" % pause
        if error is None:
            if self[failures] or self[until]:
                self.write({failures: 0, until: False})
            if self.connection_state != "connected":
                self._connection_outcome(None)
            return None
        if isinstance(error, (Unauthorised, InsecureUrl)):
            self._alert(error)
            seconds = _PROBE_SECONDS
        else:
            if self.connection_state != "connected":
                self._set_connection_error(error)
            seconds = backoff.delay(self[failures] + 1, getattr(error, "retry_after", None))
            seconds = backoff.with_jitter(seconds, random)
        self.write(
            {
                failures: self[failures] + 1,
                until: fields.Datetime.now() + timedelta(seconds=seconds),
            }
        )
        return seconds

    def _alert(self, error):
        """Schedule one activity for an error of the connection that needs a person."""
        if self.connection_state != "error" or self.error_code != error.code:
            self._set_connection_error(error)
        if not self._cartona_open_activities("connection"):
            user = self._responsible()
            summary = self.with_context(lang=user.lang)._alert_summary(error.code)
            note = paragraph(self.with_context(lang=user.lang).error_message)
            self._cartona_schedule(summary, user, "connection", note, is_mailed=True)

    def _alert_summary(self, code):
        if code == "copied_database":
            return _("This database is a copy: nothing is exchanged with Cartona")
        return _("Cartona is disconnected")

    def _connection_changed(self):
        """Reset the state of the connection, which another address or token makes invalid."""
        self.write(
            {
                "connection_state": "untested",
                "error_code": False,
                "error_detail": False,
            }
        )
        self._resume()
        self._accounts_changed()

    def _end_pause(self, *directions):
        for pause in (pause for direction in directions for pause in PAUSES[direction]):
            reset = {"%s_failure_count" % pause: 0, "%s_next_try" % pause: False}
            for config in self:
                # Not written without need: a drain may be writing the same row right now.
                if any(config[name] for name in reset):
                    config.write(reset)

    def _resume(self):
        """End the pauses and wake everything that waits."""
        self._end_pause("out", "in")
        live = self.filtered(lambda config: config._is_live())
        live._wake_streams("drain", "status", "import")
        live.filtered("auto_sync_orders")._wake_streams("pull")

    # === CRON METHODS === #

    @api.model
    def _cron_pull_orders(self):
        """Fetch orders. Runs once a minute; each configuration has its own interval.

        Once connected, orders are read also while they are switched off: they are stored, and
        neither imported nor acknowledged.
        """
        worker = self.env["cartona.worker"]
        is_connected = [("database_identity", "!=", False), ("connection_state", "!=", "untested")]
        connected = ["&", *is_connected]
        for config in self.search(["|", ("auto_sync_orders", "=", True), *connected]):
            may_call = not config._not_callable() and not config._pause_seconds("in")
            if may_call and config._pull_is_due():
                worker._run_isolated("cartona.worker", "_catch_up", "pull", config.id)

    def _pull_is_due(self):
        """Return True if the interval has passed since the list was last read to its end."""
        if not self.last_pull:
            return True
        passed = (fields.Datetime.now() - self.last_pull).total_seconds()
        return passed >= self.pull_interval * 60 - _CRON_JITTER_SECONDS

    @api.model
    def _cron_catch_up(self):
        """Process the work that a crash left, or without a job runner all work.

        Activities first, so that they are up to date even when a stream takes long.
        """
        worker = self.env["cartona.worker"]
        self._update_activities()
        for config in self.search([]):
            for stream in STREAMS:
                if stream != "pull":  # it has its own cron
                    worker._run_isolated("cartona.worker", "_catch_up", stream, config.id)
        worker._run_isolated("cartona.config", "_mark_dated_rules_dirty")
        worker._run_isolated("cartona.config", "_mark_todays_rates_dirty")
        worker._run_isolated("cartona.config", "_mark_expired_dirty")

    @api.model
    def _cron_sweep(self):
        """Mark everything once a night to find changes without a hook, and read the catalogue.

        Confirmed values are not sent again; refused ones are. Waiting orders are tried again: they
        may wait for a change that no hook notices.
        """
        Change = self.env["cartona.change"]
        Change._mark_all_dirty(self.search([("auto_sync_products", "=", True)]), "price")
        Change._mark_all_dirty(
            self.search([("auto_sync_products", "=", False), ("auto_sync_stock", "=", True)]),
            "stock",
        )
        for config in self.search([("auto_sync_orders", "=", True)]):
            Change._mark_replay(config)
            # Sent is what Cartona does not have yet: of an order on which both agree, nothing.
            self.env[STREAMS["status"].model]._mark_again(config, "order", (0,))
        self.env["cartona.delivery.proof"]._mark_leftovers_dirty()
        for config in self.search([("connection_state", "=", "connected")]):
            if not config._not_callable():
                config._start_catalogue()


def _all_pauses():
    return [pause for pauses in PAUSES.values() for pause in pauses]
