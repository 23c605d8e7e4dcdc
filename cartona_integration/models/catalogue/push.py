"""The drain: send Cartona the present state of what the outbox points at.

    (a) read rows and present state, mark the listings in flight, commit
    (b) call Cartona, no transaction open
    (c) keep what was taken, delete exactly the rows read, commit

A crash anywhere leaves the rows in place, and listings whose last value is unknown: both are
sent again. See `cartona_worker` for the lock around it.
"""

import json
from collections import namedtuple
from datetime import datetime

from odoo import api, models

from ...cartona_api import CartonaClient, CartonaError, PushOutcome, push_batch
from ..core.reasons import PRICE_HOLD_REASONS
from ..queue.outbox import LISTING_KINDS
from ..queue.worker import RUNNER_ASLEEP_SECONDS
from .payload import USUAL

# Rows looked at to find one batch of different records. Without a bound every batch would
# scan the whole backlog, and sending 100,000 products would take quadratic time.
_ROWS_PER_RECORD = 10

# One listing's part of a call. `values` is what Cartona is not known to have yet.
Sending = namedtuple("Sending", "listing_id cartona_id values")
# Everything that steps (b) and (c) need from step (a), as plain values.
#   wait: seconds until the next try, when nothing may be sent now; None: nothing to wait for
#   rows: dict listing id -> ids of its outbox rows
#   problems: dict listing id -> (error code, price, words) of what waits for a person
Task = namedtuple("Task", "wait settings probe rows sendings problems")
_NOTHING_TO_DO = Task(None, None, False, {}, [], {})


class CartonaChange(models.Model):
    _inherit = "cartona.change"

    # === JOBS === #

    @api.model
    def _job_drain(self, config_id):
        """Send one batch of changed prices and stocks; the next job takes the next batch."""
        return self.env["cartona.worker"]._run_job("drain", config_id, self._drain)

    @api.model
    def _catch_up(self, config_id):
        """Cron: ring for what nobody was told about, or work it here when nobody comes."""
        self._catch_up_with(config_id, "drain", LISTING_KINDS, self._drain)
        self._catch_up_with(config_id, "status", ("order",), self._push_orders)

    def _catch_up_with(self, config_id, stream, kinds, step):
        self.env.cr.execute(
            """
            SELECT EXTRACT(EPOCH FROM clock_timestamp() AT TIME ZONE 'UTC' - min(create_date))
              FROM cartona_change WHERE config_id = %s AND kind IN %s
            """,
            (config_id, kinds),
        )
        age = self.env.cr.fetchone()[0]
        if age is not None:
            is_late = age > RUNNER_ASLEEP_SECONDS
            self.env["cartona.worker"]._wake_or_run(stream, config_id, step, is_late)

    # === BUSINESS METHODS === #

    @api.model
    def _drain(self, config_id):
        """Send one batch. The caller holds the lock.

        :return: seconds until there is more to do (0: at once), None when nothing is left
        """
        worker = self.env["cartona.worker"]
        task = worker._transact(
            config_id, lambda config: config.env["cartona.change"]._prepare(config)
        )
        if not task.rows:
            return task.wait
        calls = []
        outcome = self._call(task, calls)
        return worker._transact(
            config_id,
            lambda config: config.env["cartona.change"]._store_outcomes(
                config, task, outcome, calls
            ),
        )

    def _prepare(self, config):
        """Step (a).

        :return: `Task`
        """
        if not config or config._not_callable():
            return _NOTHING_TO_DO
        pause = config._pause_seconds("out")
        if pause:
            return _NOTHING_TO_DO._replace(wait=pause)
        rows = self._claim_rows(config, LISTING_KINDS, config.batch_size)
        if not rows:
            return _NOTHING_TO_DO
        listings = self.env["cartona.listing"].browse(rows).exists()
        sendings, problems, marks = [], {}, {}
        unknown = self._unknown(rows)
        listings.filtered(lambda listing: unknown.get(listing.id, ()) is None)._begin_again()
        for intent in listings._intents(config):
            listing = intent.listing
            known = listing._confirmed_values_except(unknown.get(listing.id, set()))
            delta = {
                field: value
                for field, value in intent.values.items()
                if field not in known or known[field] != value
            }
            mark = listing._baseline_values(intent.values, delta)
            mark.update(listing._in_flight_values(known, delta))
            if mark:
                marks.setdefault(tuple(sorted(mark.items())), []).append(listing.id)
            if delta:
                sendings.append(Sending(listing.id, listing.cartona_id, delta))
            if intent.doubt:
                problems[listing.id] = (intent.doubt, intent.price, intent.words)
        for mark, listing_ids in marks.items():
            self.env["cartona.listing"].browse(listing_ids).write(dict(mark))
        return Task(
            wait=None,
            settings=config._client_settings(),
            probe=config.connection_state != "connected",
            rows=rows,
            sendings=sendings,
            problems=problems,
        )

    def _claim_rows(self, config, kinds, limit):
        """The records that were noted first, one batch of them.

        :return: dict record id -> list of ids of its rows
        """
        self.env.cr.execute(
            """
            SELECT res_id, array_agg(id)
              FROM (SELECT id, res_id FROM cartona_change
                     WHERE config_id = %s AND kind IN %s
                     ORDER BY id LIMIT %s) oldest
             GROUP BY res_id
             ORDER BY min(id)
             LIMIT %s
            """,
            (config.id, kinds, limit * _ROWS_PER_RECORD, limit),
        )
        return dict(self.env.cr.fetchall())

    def _unknown(self, rows):
        """What counts as unknown whatever was sent: a stock that Cartona may have changed by
        itself, or everything, because somebody wants it sent again.

        :return: dict listing id -> set of fields, None for all of them
        """
        row_ids = [row_id for listing_rows in rows.values() for row_id in listing_rows]
        self.env.cr.execute(
            """
            SELECT res_id, bool_or(kind = 'resend')
              FROM cartona_change
             WHERE id = ANY(%s) AND kind IN ('restock', 'resend')
             GROUP BY res_id
            """,
            (row_ids,),
        )
        return {
            listing_id: None if is_all else {"available_stock_quantity"}
            for listing_id, is_all in self.env.cr.fetchall()
        }

    def _call(self, task, calls):
        """Step (b).

        :param list calls: filled with what was called, for the log
        :return: `PushOutcome` over `task.sendings`
        """
        items = [
            dict(sending.values, supplier_product_id=sending.cartona_id)
            for sending in task.sendings
        ]
        try:
            with CartonaClient(on_call=calls.append, **task.settings) as client:
                if task.probe:
                    client.check()
                return push_batch(client.update_products, items)
        except CartonaError as error:
            outcome = PushOutcome()
            outcome.error = error
            return outcome

    def _store_outcomes(self, config, task, outcome, calls):
        """Step (c).

        :return: as `_drain`
        """
        if not config:
            return None
        self.env["cartona.sync.log"]._record(config, calls)
        taken, refused, undecided = {}, {}, set()
        for index, sending in enumerate(task.sendings):
            if index in outcome.accepted:
                taken[sending.listing_id] = sending
            elif index in outcome.refused:
                refused[sending.listing_id] = outcome.refused[index].message
            else:
                undecided.add(sending.listing_id)
        self.env["cartona.sync.stat"]._count_listings(
            config, [row for listing_id in taken for row in task.rows[listing_id]]
        )
        decided = [listing_id for listing_id in task.rows if listing_id not in undecided]
        for listing in self.env["cartona.listing"].browse(decided).exists():
            listing._store_outcome(
                taken.get(listing.id), refused.get(listing.id), task.problems.get(listing.id)
            )
        self._forget([row for listing_id in decided for row in task.rows[listing_id]])
        if calls or outcome.error:
            wait = config._call_outcome("out", outcome.error)
            if wait is not None:
                return wait
        return 0 if self._remains(config, LISTING_KINDS) else None

    def _forget(self, row_ids):
        self.env.cr.execute("DELETE FROM cartona_change WHERE id = ANY(%s)", (row_ids,))

    def _remains(self, config, kinds):
        self.env.cr.execute(
            "SELECT 1 FROM cartona_change WHERE config_id = %s AND kind IN %s LIMIT 1",
            (config.id, kinds),
        )
        return bool(self.env.cr.fetchone())


class CartonaListing(models.Model):
    _inherit = "cartona.listing"

    def _begin_again(self):
        """What to do before a listing is sent because somebody asked for it; for overrides."""

    def _confirmed_values_except(self, unknown):
        """What Cartona is known to have: dict of field -> value.

        :param unknown: fields of which nothing is known, whatever was sent; None for all
        """
        if unknown is None:
            return {}
        return {
            field: value
            for field, value in self._confirmed_values().items()
            if field not in unknown
        }

    def _in_flight_values(self, known, delta):
        """What to write before `delta` is sent: from then on nobody knows what Cartona has of
        these fields, until it answers.

        :param dict known: what it is known to have now
        """
        if not delta and (known or not self._confirmed_values()):
            return {}  # nothing is sent, and nothing to be forgotten
        known = {field: value for field, value in known.items() if field not in delta}
        values = {"sent_values": json.dumps(known)}
        unusual = {field for field in delta if field in USUAL and delta[field] != USUAL[field]}
        if unusual - self._overridden():
            values["overridden"] = " ".join(sorted(unusual | self._overridden()))
        return values

    def _baseline_values(self, values, delta):
        """What to write where nothing was ever sent: what Cartona shows and Odoo says as well
        counts as sent from then on. What somebody makes of it later is his change."""
        agreed = {field: values[field] for field in values if field not in delta}
        if self.sent_values or not agreed:
            return {}
        return {
            "sent_values": json.dumps(agreed),
            "sent_price": agreed.get("selling_price", 0.0),
            "sent_stock": agreed.get("available_stock_quantity", 0),
        }

    def _store_outcome(self, taken, refusal, doubt):
        """Keep what a call has shown.

        :param taken: the `Sending` that Cartona accepted, None when nothing was sent
        :param refusal: what Cartona said against it, or None
        :param doubt: (error code, price, words) of what waits for a person, or None
        """
        values = {}
        if taken and taken.cartona_id == self.cartona_id:
            values = self._accepted_values(taken.values)
        code, detail = False, False
        if refusal is not None:
            code, detail = "refused", refusal
        elif doubt:
            code, detail = doubt[0], self._hold_detail(*doubt)
        if doubt and doubt[0] in PRICE_HOLD_REASONS and self.waiting_price != doubt[1]:
            values["waiting_price"] = doubt[1]
        if (self.error_code or False, self.error_detail or False) != (code, detail):
            values.update(error_code=code, error_detail=detail)
        if not code and (values or not self.synced_at):
            # To the microsecond: a page of the catalogue may be asked for in the same second.
            values["synced_at"] = datetime.utcnow()
        if values:
            self.write(values)

    def _hold_detail(self, code, price, words):
        """From what to what, in figures; or what Odoo has said."""
        if code == "pack_changed":
            return "%g → %g" % (self.unit_count, self.shown_unit_count)
        if words or price is None:
            return words
        return "%g → %g" % (self.sent_price or self.shown_price, price)

    def _accepted_values(self, taken):
        """What to write about fields that Cartona has accepted.

        :param dict taken: field -> value
        """
        values, known = {}, dict(self._confirmed_values(), **taken)
        usual_again = {field for field in taken if taken[field] == USUAL.get(field)}
        if usual_again:
            values["overridden"] = " ".join(sorted(self._overridden() - usual_again))
            known = {field: known[field] for field in known if field not in usual_again}
        if "selling_price" in taken:
            values["sent_price"] = taken["selling_price"]
            if self.is_price_confirmed and taken["selling_price"] != self.confirmed_price:
                # The yes was for one price, which is another one now.
                values.update(is_price_confirmed=False, confirmed_price=0.0)
        if "available_stock_quantity" in taken:
            values["sent_stock"] = taken["available_stock_quantity"]
        return dict(values, sent_values=json.dumps(known))
