"""Orders noted in the outbox, told to Cartona: the same three steps as the drain of prices.

job: note -> what is to be sent, per order (`sale_order_push`) -> calls -> what they answered
"""

from collections import namedtuple

from odoo import api, models

from ...cartona_api import BulkResult, CartonaClient, CartonaError, push_batch
from ...cartona_api import status as life_cycle
from .status import BULK, DETAILS, Answer

_ORDERS_PER_JOB = 20

# What the calls and the settling need of what was read before.
#   wait: seconds until the next try; None: nothing to wait for
#   rows: dict order id -> ids of its outbox rows
Task = namedtuple("Task", "wait settings probe rows updates")
_NOTHING_TO_DO = Task(None, None, False, {}, [])


class CartonaChange(models.Model):
    _inherit = "cartona.change"

    # === JOBS === #

    @api.model
    def _job_push_orders(self, config_id):
        """Tell Cartona where a few orders stand; the next job takes the next ones."""
        return self.env["cartona.worker"]._run_job("status", config_id, self._push_orders)

    # === BUSINESS METHODS === #

    @api.model
    def _mark_orders_dirty(self, order_ids):
        """Note that the status of orders may have changed. Costs nothing yet."""
        if order_ids:
            self._collected().setdefault(("order", "order"), set()).update(order_ids)

    @api.model
    def _mark_open_orders_dirty(self, config):
        """Note the orders that may still change: what was done to them while nothing was sent."""
        # In sudo mode: who sets the connection up need not be a salesperson.
        Order = self.env["sale.order"].sudo()
        domain = [("cartona_id", "!=", False), ("company_id", "=", config.company_id.id)]
        domain.append(("cartona_status", "not in", list(life_cycle.FINAL)))
        self._mark_orders_dirty(Order.search(domain).ids)

    def _write_orders(self, order_ids):
        self._insert_orders("order", "status", order_ids, "config.auto_sync_orders")

    def _insert_orders(self, kind, stream, order_ids, condition):
        """Write a row for each of these orders that is Cartona's, and wake who works it.

        :param str condition: SQL on `config`, which companies want that; never a user's words
        """
        self.env.cr.execute(
            """
            WITH written AS (
                INSERT INTO cartona_change (config_id, company_id, kind, res_id, create_date)
                SELECT config.id, config.company_id, %%s, sale.id,
                       clock_timestamp() AT TIME ZONE 'UTC'
                  FROM sale_order sale JOIN cartona_config config USING (company_id)
                 WHERE sale.id = ANY(%%s) AND sale.cartona_id IS NOT NULL
                   AND %s
                RETURNING config_id
            )
            SELECT DISTINCT config_id FROM written
            """
            % condition,
            (kind, order_ids),
        )
        self.env["cartona.worker"]._wake(stream, [row[0] for row in self.env.cr.fetchall()])

    @api.model
    def _push_orders(self, config_id):
        """One batch of orders. The caller holds the lock.

        :return: seconds until there is more to do (0: at once), None when nothing is left
        """
        worker = self.env["cartona.worker"]
        task = worker._transact(
            config_id, lambda config: config.env["cartona.change"]._prepare_orders(config)
        )
        if not task.rows:
            return task.wait
        calls = []
        answers, error = self._send_updates(task, calls)
        return worker._transact(
            config_id,
            lambda config: config.env["cartona.change"]._store_answers(
                config, task, answers, error, calls
            ),
        )

    def _prepare_orders(self, config):
        if not config or config._not_callable():
            return _NOTHING_TO_DO
        pause = config._pause_seconds("out")
        if pause:
            return _NOTHING_TO_DO._replace(wait=pause)
        rows = self._claim_rows(config, ("order",), _ORDERS_PER_JOB)
        updates = self.env["sale.order"].browse(rows).exists()._cartona_order_updates()
        for update in updates:
            for step in update.steps:
                if step.call == DETAILS:
                    # In flight, committed before the call.
                    self.env["sale.order"].browse(update.order_id)._cartona_mark_edits(step.body)
        return Task(
            wait=None,
            settings=config._client_settings(),
            probe=config.connection_state != "connected",
            rows=rows,
            updates=[update for update in updates if update.steps],
        )

    def _send_updates(self, task, calls):
        """Call Cartona. Each step of an order may only follow an accepted one, so the orders
        go side by side: first the first step of each, then the second of each that got on.

        :return: (dict order id -> `Answer`, the `CartonaError` that ended it or None)
        """
        answers = {update.order_id: Answer(update) for update in task.updates}
        try:
            with CartonaClient(on_call=calls.append, **task.settings) as client:
                if task.probe:
                    client.check()
                going = list(answers.values())
                while going:
                    self._send_next_steps(client, going)
                    going = [answer for answer in going if answer.next_step]
        except CartonaError as error:
            return answers, error
        return answers, None

    def _send_next_steps(self, client, answers):
        """Send the next step of each update, the bulk ones together.

        :raise CartonaError: Cartona cannot be talked to any more
        """
        by_call = {}
        for answer in answers:
            by_call.setdefault(answer.next_step.call, []).append(answer)
        for call, group in by_call.items():
            # Lines go order by order, too: of a refused batch parts are sent again, and a line
            # must not be added twice.
            for batch in [group] if call == BULK else [[answer] for answer in group]:
                outcome = push_batch(_sender(client, call), [answer.item for answer in batch])
                _store_outcome(batch, outcome)
                if outcome.error:
                    raise outcome.error

    def _store_answers(self, config, task, answers, error, calls):
        if not config:
            return None
        self.env["cartona.sync.log"]._record(config, calls)
        unfinished = set()
        for update in task.updates:
            answer = answers[update.order_id]
            order = self.env["sale.order"].browse(update.order_id).exists()
            if order:
                order._cartona_store_answer(answer)
            if not answer.refused and not answer.is_complete:
                unfinished.add(update.order_id)
        self._forget(
            [
                row
                for order_id in task.rows
                if order_id not in unfinished
                for row in task.rows[order_id]
            ]
        )
        if calls or error:
            wait = config._call_outcome("out", error)
            if wait is not None:
                return wait
        return 0 if self._remains(config, ("order",)) else None


def _sender(client, call):
    """What `push_batch` calls for this kind of step."""
    if call == BULK:
        return client.update_order_statuses
    if call == DETAILS:
        return client.update_order_details

    def send_one(items):
        [item] = items
        client.update_order_status(item["hashed_id"], item)
        return BulkResult()

    return send_one


def _store_outcome(batch, outcome):
    """Move each `Answer` of a batch on by what became of its step."""
    for index, answer in enumerate(batch):
        step = answer.next_step
        if index in outcome.accepted:
            answer.taken.append(step)
        elif index in outcome.refused:
            answer.refused, answer.words = step, outcome.refused[index].message
        elif getattr(outcome.error, "uncertain", False):
            answer.uncertain = step
