"""Where Odoo's documents stand, told to Cartona: state, not events.

The same three steps as the drain of prices (`cartona_change_drain`): what an order's documents
imply is compared with the status that Cartona is known to have, the way from one to the other is
sent step by step, and only an answer moves `cartona_status`. An import that sets both at once
leaves nothing to send, so there is no echo to suppress.
"""

from collections import namedtuple

from odoo import api, fields, models

from ..cartona_api import BulkResult, CartonaClient, CartonaError, push_batch
from ..cartona_api import status as life_cycle
from .cartona_delivery_proof import NO_PROOF
from .cartona_order_tools import cairo_day

_ORDERS_PER_JOB = 20

# How a step is sent.
BULK = "bulk"  # update-order-status, with those of other orders
SINGLE = "single"  # update-order-status of this order alone: the answer matters
DETAILS = "details"  # update-order-details

# One thing to tell Cartona of an order.
#   call: BULK, SINGLE or DETAILS
#   body: what that call takes, without the `hashed_id`
Step = namedtuple("Step", "call body")
# One order's way: its steps are sent in this order, each after the one before was accepted.
Errand = namedtuple("Errand", "order_id hashed_id steps")
#   wait: seconds until the next try; None: nothing to wait for
#   rows: dict order id -> ids of its outbox rows
Task = namedtuple("Task", "wait settings probe rows errands")
_NOTHING_TO_DO = Task(None, None, False, {}, [])


class Answer:
    """What Cartona has said to one order's errand so far.

    `taken`: list of the `Step`s that it accepted. `refused`: the step that it did not, with
    `words`, what it said. `uncertain`: the step that was sent without an answer that tells
    whether it was carried out. After either nothing more is sent.
    """

    def __init__(self, errand):
        self.errand = errand
        self.taken, self.refused, self.words, self.uncertain = [], None, "", None

    @property
    def next_step(self):
        """The `Step` to be sent now; None at the end, whichever end it was."""
        if self.refused or self.uncertain or self.is_complete:
            return None
        return self.errand.steps[len(self.taken)]

    @property
    def is_complete(self):
        """Whether every step of the errand was accepted."""
        return len(self.taken) == len(self.errand.steps)

    @property
    def item(self):
        """The next step as an item of a request."""
        return dict(self.next_step.body, hashed_id=self.errand.hashed_id)


class CartonaChange(models.Model):
    _inherit = "cartona.change"

    # === JOBS === #

    @api.model
    def _job_push_orders(self, config_id):
        """Tell Cartona where a few orders stand; the next job takes the next ones."""
        return self.env["cartona.worker"]._run_job("status", config_id, self._push_orders)

    # === BUSINESS METHODS === #

    @api.model
    def _note_orders(self, order_ids):
        """Note that the status of orders may have changed. Costs nothing yet."""
        if order_ids:
            self._noted().setdefault(("order", "order"), set()).update(order_ids)

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
        answers, error = self._send_errands(task, calls)
        return worker._transact(
            config_id,
            lambda config: config.env["cartona.change"]._settle_orders(
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
        errands = self.env["sale.order"].browse(rows).exists()._cartona_errands()
        return Task(
            wait=None,
            settings=config._client_settings(),
            probe=config.connection_state != "connected",
            rows=rows,
            errands=[errand for errand in errands if errand.steps],
        )

    def _send_errands(self, task, calls):
        """Call Cartona. Each step of an order may only follow an accepted one, so the orders
        go side by side: first the first step of each, then the second of each that got on.

        :return: (dict order id -> `Answer`, the `CartonaError` that ended it or None)
        """
        answers = {errand.order_id: Answer(errand) for errand in task.errands}
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
        """Send the next step of each errand, the bulk ones together.

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
                _keep_outcome(batch, outcome)
                if outcome.error:
                    raise outcome.error

    def _settle_orders(self, config, task, answers, error, calls):
        if not config:
            return None
        self.env["cartona.sync.log"]._record(config, calls)
        unfinished = set()
        for errand in task.errands:
            answer = answers[errand.order_id]
            order = self.env["sale.order"].browse(errand.order_id).exists()
            if order:
                order._cartona_keep_answer(answer)
            if not answer.refused and not answer.is_complete:
                unfinished.add(errand.order_id)
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


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # Somebody wants the order pending again on Cartona.
    cartona_set_back = fields.Boolean(copy=False, readonly=True)

    # === BUSINESS METHODS === #

    def _cartona_note_status(self):
        """Something that Cartona is told of has happened to these orders."""
        orders = self.sudo().filtered("cartona_id")  # warehouse users need not see orders
        self.env["cartona.change"]._note_orders(orders.ids)
        waiting = orders.filtered(
            lambda order: order.cartona_sync_state == "synced" and order._cartona_way()
        )
        if waiting:
            waiting.write({"cartona_sync_state": "pending"})

    def _cartona_errands(self):
        """What has to be sent for these orders, by the job that sends it.

        :return: list of `Errand`, one per order
        """
        proofs = self.env["cartona.delivery.proof"]._of_orders(self.ids)
        errands = []
        for order in self:
            proof = proofs.get(order.id, NO_PROOF)
            order._cartona_take_proof(proof)
            steps = order._cartona_with_code(order._cartona_steps(), proof.code)
            if not steps:
                order._cartona_flag()
            errands.append(Errand(order.id, order.cartona_id, steps))
        return errands

    def _cartona_steps(self):
        """What has to be sent so that Cartona stands where Odoo's documents do.

        :return: list of `Step`, in order; empty when there is nothing to say, or nothing that
            a supplier may say. Changes of lines come before any status. A delivery that needs
            the retailer's code is in it without the code.
        """
        self.ensure_one()
        return [self._cartona_status_step(status) for status in self._cartona_way()]

    def _cartona_way(self):
        """The statuses from the one that Cartona has to the one that Odoo's documents imply.

        :return: list, in order
        """
        implied = self._cartona_implied()
        if implied == life_cycle.PENDING and self.cartona_set_back:
            return [implied]
        return life_cycle.path(self.cartona_status, implied, self._cartona_delivered_by())

    def _cartona_status_step(self, status):
        """The `Step` that tells one status."""
        body = {"status": status}
        if status == life_cycle.ASSIGNED:
            body["estimated_delivery_day"] = cairo_day(self._cartona_expected_day())
        elif status == life_cycle.DELIVERED:
            body["delivery_day"] = cairo_day(self._cartona_delivery_day())
        elif status == life_cycle.CANCELLED_BY_SUPPLIER:
            config = self.env["cartona.config"]._of_company(self.company_id)
            body["cancellation_reason"] = (
                self.cartona_cancellation_reason or config.default_cancellation_reason
            )
        is_simple = status in (life_cycle.APPROVED, life_cycle.ASSIGNED, life_cycle.DELIVERED)
        return Step(BULK if is_simple else SINGLE, body)

    def _cartona_keep_answer(self, answer):
        """Keep what Cartona has accepted, and say on the order what it has not.

        :param answer: `Answer`
        """
        self._cartona_note_uncertain(answer)
        values = self._cartona_taken_values(answer)
        # While we asked, an import may have heard why it is refused: the order has ended.
        is_refused = answer.refused and not self._cartona_is_over()
        if is_refused:
            values.update(cartona_sync_state="error", cartona_set_back=False)
            code, words = self._cartona_refusal(answer)
            values.update(cartona_error_code=code, cartona_error_detail=words)
        elif answer.refused or answer.is_complete:
            values.update(cartona_sync_state="synced", cartona_error_code=False)
        if values:
            self.write(values)
        if is_refused:
            self._cartona_after_refusal(answer)
        elif answer.is_complete:
            self._cartona_flag()
        if any("retailer_otp" in step.body for step in [*answer.taken, answer.refused] if step):
            self.env["cartona.delivery.proof"]._forget(self.ids)

    def _cartona_is_over(self):
        """Whether the order has come to nothing on both sides."""
        return self.state == "cancel" and life_cycle.is_void(self.cartona_status)

    def _cartona_taken_values(self, answer):
        """What to write of what was accepted."""
        values = {}
        statuses = [step.body["status"] for step in answer.taken if step.call != DETAILS]
        if statuses and not self._cartona_went_on_from(statuses[-1]):
            values["cartona_status"] = statuses[-1]
        if life_cycle.PENDING in statuses:
            values["cartona_set_back"] = False
        if answer.taken:
            values["cartona_synced_at"] = fields.Datetime.now()
        return values

    def _cartona_went_on_from(self, taken):
        """Whether an import has heard what followed on a status before its own answer was kept."""
        known = self.cartona_status or ""
        if taken == life_cycle.PENDING:
            return life_cycle.is_final(known)
        return life_cycle.is_backwards(known, taken)

    def _cartona_refusal(self, answer):
        """Why the two sides differ now: a code of `cartona.reasons`, and Cartona's words."""
        if "retailer_otp" in answer.refused.body:
            code = "code_uncertain" if self._cartona_is_uncertain() else "code_refused"
            return code, answer.words
        if answer.refused.body.get("status") == life_cycle.CANCELLED_BY_SUPPLIER:
            return "cancellation_refused", answer.words
        return "status_refused", answer.words

    def _cartona_after_refusal(self, answer):
        """What must not stay unnoticed gets an activity as well: an end that is not told, itself
        or because of lines that have to be told before it."""
        refused = answer.refused
        status = self._cartona_implied() if refused.call == DETAILS else refused.body["status"]
        if status in life_cycle.FINAL:
            self._cartona_ask_about_error()


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


def _keep_outcome(batch, outcome):
    """Move each `Answer` of a batch on by what became of its step."""
    for index, answer in enumerate(batch):
        step = answer.next_step
        if index in outcome.accepted:
            answer.taken.append(step)
        elif index in outcome.refused:
            answer.refused, answer.words = step, outcome.refused[index].message
        elif getattr(outcome.error, "uncertain", False):
            answer.uncertain = step
