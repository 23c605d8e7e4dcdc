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
#   is_suspect: True if the calls have failed so often that one order may be the cause
#   postponed: ids of the orders that were found to be one
#   control: item of an order whose status Cartona has accepted before, or None: sent again after a
#       single suspect, it shows whether that one is the cause
Task = namedtuple("Task", "rows answers is_suspect postponed control")


class CartonaOrderPush(models.AbstractModel):
    _name = "cartona.order.push"
    _inherit = "cartona.outbox.stream"
    _description = "Cartona: Send Order Updates"
    _pause = "order"

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
        Change = self.env["cartona.change"]
        rows = Change._claim(config, _KINDS, _ORDERS_PER_JOB)
        if not rows:
            return None
        updates = self.env["cartona.worker"]._isolate_failures(
            self.env["sale.order"].browse(rows).exists(),
            self._prepare_updates,
            lambda order, error: order._cartona_update_failed("not_updated", str(error)) or [],
        )
        answers = {update.order_id: Answer(update) for update in updates if update.steps}
        postponed = Change._postponed(config, _KINDS, rows)
        is_suspect, control = config._is_suspect(self._pause), None
        if is_suspect and len(answers) == 1:
            control = self._control(config, list(answers))
        return Task(rows, answers, is_suspect, postponed, control)

    def _control(self, config, order_ids):
        """Return the confirmed status of another order as an item, None if there is none."""
        domain = [("company_id", "=", config.company_id.id), ("cartona_sync_state", "=", "synced")]
        domain += [("cartona_status", "=", life_cycle.APPROVED), ("id", "not in", order_ids)]
        other = self.env["sale.order"].search(domain, order="id desc", limit=1)
        return {"hashed_id": other.cartona_id, "status": other.cartona_status} if other else None

    def _prepare_updates(self, orders):
        """Return the updates of some orders, with their lines marked as in flight, which is
        committed before the call."""
        updates = orders._cartona_order_updates()
        for update in updates:
            for step in update.steps:
                if step.call == DETAILS:
                    orders.browse(update.order_id)._cartona_mark_edits(step.body)
        return updates

    def _call(self, client, task):
        """Step (b)."""
        self._send_updates(
            client,
            list(task.answers.values()),
            _once(client.check),
            task.is_suspect,
            task.postponed,
            task.control,
        )

    @api.model
    def _send_updates(
        self, client, answers, check=None, is_suspect=False, postponed=(), control=None
    ):
        """Call Cartona. Each step of an order may only follow an accepted one, so the orders are
        sent side by side: the first step of each, then the second of each that was accepted.

        :param answers: list of `Answer`, filled with what Cartona answers
        :param check: called before the first order is called refused, see `push_batch`
        :param bool is_suspect: True to search for an order with which every call fails
        :param postponed: ids of the orders that were found to be one: sent alone, after the others
        :param control: see `Task`
        :raise CartonaError: Cartona cannot be called any more
        """
        error = None
        first = [answer for answer in answers if answer.update.order_id not in postponed]
        last = [answer for answer in answers if answer.update.order_id in postponed]
        for group, may_isolate in ((first, is_suspect), (last, True)):
            while group:
                error = self._send_next_steps(client, group, check, may_isolate) or error
                group = [answer for answer in group if answer.next_step]
        is_only_suspects = not first and last
        is_shown = is_only_suspects or any(answer.is_answered for answer in answers)
        if error and not is_shown and control:
            is_shown = not push_batch(client.update_order_statuses, [control]).error
        if error and not is_shown:
            for answer in answers:
                answer.isolated = None
            raise error

    def _send_next_steps(self, client, answers, check, may_isolate):
        """Send the next step of each update, the bulk ones together.

        :param may_isolate: True to go on after an order with which the call fails
        :return: the error of an isolated order, or None
        :raise CartonaError: Cartona cannot be called any more
        """
        by_call, found = {}, None
        for answer in answers:
            by_call.setdefault(answer.next_step.call, []).append(answer)
        for call, group in by_call.items():
            # Lines are sent order by order, too: of a refused batch parts are sent again, and a
            # line must not be added twice.
            for batch in [group] if call == BULK else [[answer] for answer in group]:
                alone = range(len(batch)) if may_isolate and len(batch) == 1 else ()
                outcome = push_batch(
                    _sender(client, call),
                    [answer.item for answer in batch],
                    check,
                    may_isolate and not alone,
                    alone,
                )
                _store_outcome(batch, outcome)
                found = next(iter(outcome.isolated.values()), found)
                if outcome.error:
                    if not (may_isolate and getattr(outcome.error, "uncertain", False)):
                        raise outcome.error
                    # The orders of another call may show that these are the cause.
                    found = outcome.error
                    for answer in batch:
                        answer.isolated = None if answer.is_answered else found
        return found

    def _store(self, config, task, _result, _error):
        """Step (c).

        :return: seconds until the next row is due, None without rows
        """
        self.env["cartona.worker"]._isolate_failures(
            self.env["sale.order"].browse(task.answers).exists(),
            lambda orders: [
                order._cartona_store_answer(task.answers[order.id]) for order in orders
            ],
            lambda order, error: [order._cartona_update_failed("not_updated", str(error))],
        )
        isolated, unfinished = set(), set()
        for order_id, answer in task.answers.items():
            if answer.isolated:
                isolated.add(order_id)
            elif not answer.refused and not answer.is_complete:
                unfinished.add(order_id)
        for order in self.env["sale.order"].browse(isolated).exists():
            error = task.answers[order.id].isolated
            order._cartona_update_failed("no_answer", error.detail or str(error))
        Change = self.env["cartona.change"]
        Change._postpone([row for order_id in isolated for row in task.rows[order_id]])
        decided = task.rows.keys() - unfinished - isolated
        Change._delete([row for order_id in decided for row in task.rows[order_id]])
        return Change._due_in(config, _KINDS)

    def _mark_unknown(self, _config, task):
        """Have the lines sent again that this worker has sent. A status may arrive twice: Cartona
        refuses one that moves backwards."""
        for order in self.env["sale.order"].browse(task.answers).exists():
            for step in task.answers[order.id].update.steps:
                if step.call == DETAILS:
                    order._cartona_mark_edits(step.body)
        self.env["cartona.change"]._mark_orders_dirty(list(task.answers))


def _once(check):
    """Return a function that calls `check` the first time only."""
    left = [check]
    return lambda: left.pop()() if left else None


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
        elif index in outcome.isolated:
            answer.isolated = outcome.isolated[index]
            answer.uncertain = step if answer.isolated.uncertain else None
        elif getattr(outcome.error, "uncertain", False):
            answer.uncertain = step
