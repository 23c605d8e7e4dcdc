"""`cartona.order.push`: send the updates of orders that the outbox points at.

The three steps of `cartona.worker._exchange`; what is sent for an order is in `status` and `edits`.
"""

from collections import namedtuple

from odoo import api, models

from ...cartona_api import BulkResult, push_batch
from ...cartona_api import status as life_cycle
from ..queue.streams import STREAMS
from .status import BULK, DETAILS, Answer

_ORDERS_PER_JOB = 20
_KINDS = STREAMS["status"].kinds

# What the call and the storing need of what was read before, as plain values.
#   rows: dict order id -> ids of its outbox rows
#   answers: dict order id -> `Answer`, of the orders for which something is sent
Task = namedtuple("Task", "rows answers")


class CartonaOrderPush(models.AbstractModel):
    _name = "cartona.order.push"
    _inherit = "cartona.outbox.stream"
    _description = "Cartona: Send Order Updates"

    # === BUSINESS METHODS === #

    @api.model
    def _mark_open_orders_dirty(self, config):
        """Mark the orders that may still change: they may have changed while nothing was sent."""
        # In sudo mode: the user who sets the connection up need not be a salesperson.
        Order = self.env["sale.order"].sudo()
        domain = [("cartona_id", "!=", False), ("company_id", "=", config.company_id.id)]
        domain.append(("cartona_status", "not in", list(life_cycle.FINAL)))
        self.env["cartona.change"]._mark_orders_dirty(Order.search(domain).ids)

    def _mark_again(self, config, _kind, _order_ids):
        """Mark the orders that an older transaction may have changed, see `cartona.older`."""
        self._mark_open_orders_dirty(config)

    def _prepare(self, config):
        """Step (a).

        :return: `Task`, None without rows
        """
        rows = self.env["cartona.change"]._claim(config, _KINDS, _ORDERS_PER_JOB)
        updates = self.env["sale.order"].browse(rows).exists()._cartona_order_updates()
        for update in updates:
            for step in update.steps:
                if step.call == DETAILS:
                    # In flight, committed before the call.
                    self.env["sale.order"].browse(update.order_id)._cartona_mark_edits(step.body)
        answers = {update.order_id: Answer(update) for update in updates if update.steps}
        return Task(rows, answers) if rows else None

    def _call(self, client, task):
        """Step (b)."""
        self._send_updates(client, list(task.answers.values()))

    @api.model
    def _send_updates(self, client, answers):
        """Call Cartona. Each step of an order may only follow an accepted one, so the orders are
        sent side by side: the first step of each, then the second of each that was accepted.

        :param answers: list of `Answer`, filled with what Cartona answers
        :raise CartonaError: Cartona cannot be called any more
        """
        while answers:
            self._send_next_steps(client, answers)
            answers = [answer for answer in answers if answer.next_step]

    def _send_next_steps(self, client, answers):
        """Send the next step of each update, the bulk ones together.

        :raise CartonaError: Cartona cannot be called any more
        """
        by_call = {}
        for answer in answers:
            by_call.setdefault(answer.next_step.call, []).append(answer)
        for call, group in by_call.items():
            # Lines are sent order by order, too: of a refused batch parts are sent again, and a
            # line must not be added twice.
            for batch in [group] if call == BULK else [[answer] for answer in group]:
                outcome = push_batch(_sender(client, call), [answer.item for answer in batch])
                _store_outcome(batch, outcome)
                if outcome.error:
                    raise outcome.error

    def _store(self, config, task, _result, _error):
        """Step (c).

        :return: 0 when rows are left, else None
        """
        unfinished = set()
        for order_id, answer in task.answers.items():
            order = self.env["sale.order"].browse(order_id).exists()
            if order:
                order._cartona_store_answer(answer)
            if not answer.refused and not answer.is_complete:
                unfinished.add(order_id)
        Change = self.env["cartona.change"]
        Change._delete(
            [row for order_id in task.rows.keys() - unfinished for row in task.rows[order_id]]
        )
        return 0 if Change._remains(config, _KINDS) else None


def _sender(client, call):
    """Return the function that `push_batch` calls for this kind of step."""
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
            answer.accepted.append(step)
        elif index in outcome.refused:
            answer.refused, answer.message = step, outcome.refused[index].message
        elif getattr(outcome.error, "uncertain", False):
            answer.uncertain = step
