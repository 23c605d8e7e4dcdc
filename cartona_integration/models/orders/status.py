"""`sale.order`: the updates to send to Cartona, and what Cartona answers: state, not events.

The status that an order's documents imply is compared with the last one that Cartona confirmed. The
path between the two is sent (see `push.py`), and only an answer changes `cartona_status`. An import
that sets both at once leaves nothing to send, so there is no echo to suppress.
"""

from collections import namedtuple

from odoo import fields, models

from ...cartona_api import status as life_cycle
from ..core.clock import database_now
from ..core.formatting import cairo_day
from .delivery_proof import NO_PROOF

# How a step is sent.
BULK = "bulk"  # update-order-status, with those of other orders
SINGLE = "single"  # update-order-status of this order alone: the answer matters
DETAILS = "details"  # update-order-details

# One call about an order.
#   call: BULK, SINGLE or DETAILS
#   body: body of that call, without the `hashed_id`
Step = namedtuple("Step", "call body")
# The update of one order: each step is sent after the previous one was accepted.
OrderUpdate = namedtuple("OrderUpdate", "order_id hashed_id steps")


class Answer:
    """Cartona's answer to one order's update so far.

    `accepted`: list of the accepted `Step`s. `refused`: the refused step, with Cartona's `message`.
    `uncertain`: the step that was sent without an answer that shows if it was processed.
    `isolated`: the error of every call about this order, while those about others succeed.
    Nothing more is sent after a refused, uncertain or isolated step.
    """

    def __init__(self, update):
        self.update = update
        self.accepted, self.refused, self.message, self.uncertain = [], None, "", None
        self.isolated = None

    @property
    def next_step(self):
        """Return the `Step` to send now; None when nothing more is sent."""
        if self.refused or self.uncertain or self.isolated or self.is_complete:
            return None
        return self.update.steps[len(self.accepted)]

    @property
    def is_complete(self):
        """Return True if every step of the update was accepted."""
        return len(self.accepted) == len(self.update.steps)

    @property
    def is_answered(self):
        """Return True if Cartona has accepted or refused a step."""
        return bool(self.accepted or self.refused)

    @property
    def item(self):
        """Return the next step as an item of a request."""
        return dict(self.next_step.body, hashed_id=self.update.hashed_id)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # A user has reset the order: it has to become pending on Cartona.
    cartona_is_reset = fields.Boolean(copy=False, readonly=True)

    # === BUSINESS METHODS === #

    def _cartona_mark_status_dirty(self):
        """Mark orders with a status that may have changed."""
        orders = self.sudo().filtered("cartona_id")  # warehouse users need not see orders
        self.env["cartona.change"]._mark_orders_dirty(orders.ids)
        waiting = orders.filtered(
            lambda order: order.cartona_sync_state == "synced" and order._cartona_status_path()
        )
        if waiting:
            waiting.write({"cartona_sync_state": "pending"})

    def _cartona_order_updates(self):
        """Return the updates to send for these orders; called by the job that sends them.

        :return: list of `OrderUpdate`, one per order
        """
        proofs = self.env["cartona.delivery.proof"]._get_proofs(self.ids)
        updates = []
        for order in self:
            proof = proofs.get(order.id, NO_PROOF)
            order._cartona_apply_proof(proof)
            steps = order._cartona_add_code(order._cartona_steps(), proof.code)
            if not steps:
                order._cartona_update_conflict()
            updates.append(OrderUpdate(order.id, order.cartona_id, steps))
        return updates

    def _cartona_steps(self):
        """Return the steps that bring Cartona to the state of Odoo's documents.

        :return: list of `Step`, in order; empty if there is nothing to send, or nothing that a
            supplier may send. Changed lines come before any status. A delivery that needs the
            retailer's code is included without the code.
        """
        self.ensure_one()
        steps = [self._cartona_status_step(status) for status in self._cartona_status_path()]
        return self._cartona_add_line_edits(steps)

    def _cartona_status_path(self):
        """Return the statuses from the one on Cartona to the one that Odoo's documents imply.

        :return: list, in order
        """
        implied = self._cartona_implied()
        if implied == life_cycle.PENDING and self.cartona_is_reset:
            return [implied]
        return life_cycle.path(self.cartona_status, implied, self._cartona_delivered_by())

    def _cartona_status_step(self, status):
        """Return the `Step` that sends one status."""
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

    def _cartona_store_answer(self, answer):
        """Store what Cartona has accepted, and explain on the order what it has refused.

        :param answer: `Answer`
        """
        self._cartona_store_uncertain(answer)
        values = self._cartona_accepted_values(answer)
        # An import during the call may have cancelled the order: that is why it is refused.
        is_refused = answer.refused and not self._cartona_is_cancelled_on_both_sides()
        if is_refused:
            values.update(cartona_sync_state="error", cartona_is_reset=False)
            code, message = self._cartona_refusal(answer)
            values.update(cartona_error_code=code, cartona_error_detail=message)
        elif answer.refused or answer.is_complete:
            values.update(cartona_sync_state="synced", cartona_error_code=False)
        if values:
            self.write(values)
        if is_refused:
            self._cartona_after_refusal(answer)
        elif answer.is_complete:
            self._cartona_update_conflict()
        if any("retailer_otp" in step.body for step in [*answer.accepted, answer.refused] if step):
            self.env["cartona.delivery.proof"]._delete_proofs(self.ids)
        self._cartona_store_line_answer(answer)

    def _cartona_update_failed(self, code, detail):
        """Store why the order's update was not sent, or why it is unknown if it arrived."""
        if (self.cartona_error_code, self.cartona_error_detail or "") != (code, detail):
            self.write(
                {
                    "cartona_sync_state": "error",
                    "cartona_error_code": code,
                    "cartona_error_detail": detail,
                }
            )

    def _cartona_is_cancelled_on_both_sides(self):
        """Return True if the order is cancelled or returned on Cartona and cancelled in Odoo."""
        return self.state == "cancel" and life_cycle.is_void(self.cartona_status)

    def _cartona_accepted_values(self, answer):
        """Return the values to write for the accepted steps."""
        values = {}
        statuses = [step.body["status"] for step in answer.accepted if step.call != DETAILS]
        if statuses and not self._cartona_is_past(statuses[-1]):
            values["cartona_status"] = statuses[-1]
        if life_cycle.PENDING in statuses:
            values["cartona_is_reset"] = False
        if answer.accepted:
            values["cartona_synced_at"] = database_now(self.env.cr).replace(microsecond=0)
        return values

    def _cartona_is_past(self, accepted):
        """Return True if an import stored a later status before the answer was stored."""
        confirmed = self.cartona_status or ""
        if accepted == life_cycle.PENDING:
            return life_cycle.is_final(confirmed)
        return life_cycle.is_backwards(confirmed, accepted)

    def _cartona_refusal(self, answer):
        """Return why the two sides differ: a code of `cartona.reasons`, and Cartona's message."""
        if answer.refused.call == DETAILS:
            return "lines_refused", answer.message
        if "retailer_otp" in answer.refused.body:
            code = "code_uncertain" if self._cartona_is_uncertain() else "code_refused"
            return code, answer.message
        if answer.refused.body.get("status") == life_cycle.CANCELLED_BY_SUPPLIER:
            return "cancellation_refused", answer.message
        return "status_refused", answer.message

    def _cartona_after_refusal(self, answer):
        """Schedule an activity if Cartona misses a final status: it was refused, or the lines that
        have to be sent before it."""
        refused = answer.refused
        status = self._cartona_implied() if refused.call == DETAILS else refused.body["status"]
        if status in life_cycle.FINAL:
            self._cartona_notify_error()
