"""Where Odoo's documents stand, as steps to be told to Cartona: state, not events.

What an order's documents imply is compared with the status that Cartona is known to have; the way
from one to the other is what is to be sent (`cartona_change_push` sends it), and only an answer
moves `cartona_status`. An import that sets both at once leaves nothing to send, so there is no
echo to suppress.
"""

from collections import namedtuple

from odoo import fields, models

from ...cartona_api import status as life_cycle
from ..core.formatting import cairo_day
from .delivery_proof import NO_PROOF

# How a step is sent.
BULK = "bulk"  # update-order-status, with those of other orders
SINGLE = "single"  # update-order-status of this order alone: the answer matters
DETAILS = "details"  # update-order-details

# One thing to tell Cartona of an order.
#   call: BULK, SINGLE or DETAILS
#   body: what that call takes, without the `hashed_id`
Step = namedtuple("Step", "call body")
# One order's way: its steps are sent in this order, each after the one before was accepted.
OrderUpdate = namedtuple("OrderUpdate", "order_id hashed_id steps")


class Answer:
    """What Cartona has said to one order's update so far.

    `taken`: list of the `Step`s that it accepted. `refused`: the step that it did not, with
    `words`, what it said. `uncertain`: the step that was sent without an answer that tells
    whether it was carried out. After either nothing more is sent.
    """

    def __init__(self, update):
        self.update = update
        self.taken, self.refused, self.words, self.uncertain = [], None, "", None

    @property
    def next_step(self):
        """The `Step` to be sent now; None at the end, whichever end it was."""
        if self.refused or self.uncertain or self.is_complete:
            return None
        return self.update.steps[len(self.taken)]

    @property
    def is_complete(self):
        """Whether every step of the update was accepted."""
        return len(self.taken) == len(self.update.steps)

    @property
    def item(self):
        """The next step as an item of a request."""
        return dict(self.next_step.body, hashed_id=self.update.hashed_id)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # Somebody wants the order pending again on Cartona.
    cartona_is_reset = fields.Boolean(copy=False, readonly=True)

    # === BUSINESS METHODS === #

    def _cartona_mark_status_dirty(self):
        """Something that Cartona is told of has happened to these orders."""
        orders = self.sudo().filtered("cartona_id")  # warehouse users need not see orders
        self.env["cartona.change"]._mark_orders_dirty(orders.ids)
        waiting = orders.filtered(
            lambda order: order.cartona_sync_state == "synced" and order._cartona_status_path()
        )
        if waiting:
            waiting.write({"cartona_sync_state": "pending"})

    def _cartona_order_updates(self):
        """What has to be sent for these orders, by the job that sends it.

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
        """What has to be sent so that Cartona stands where Odoo's documents do.

        :return: list of `Step`, in order; empty when there is nothing to say, or nothing that
            a supplier may say. Changes of lines come before any status. A delivery that needs
            the retailer's code is in it without the code.
        """
        self.ensure_one()
        steps = [self._cartona_status_step(status) for status in self._cartona_status_path()]
        return self._cartona_add_line_edits(steps)

    def _cartona_status_path(self):
        """The statuses from the one that Cartona has to the one that Odoo's documents imply.

        :return: list, in order
        """
        implied = self._cartona_implied()
        if implied == life_cycle.PENDING and self.cartona_is_reset:
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

    def _cartona_store_answer(self, answer):
        """Keep what Cartona has accepted, and say on the order what it has not.

        :param answer: `Answer`
        """
        self._cartona_store_uncertain(answer)
        values = self._cartona_accepted_values(answer)
        # While we asked, an import may have heard why it is refused: the order has ended.
        is_refused = answer.refused and not self._cartona_is_cancelled_on_both_sides()
        if is_refused:
            values.update(cartona_sync_state="error", cartona_is_reset=False)
            code, words = self._cartona_refusal(answer)
            values.update(cartona_error_code=code, cartona_error_detail=words)
        elif answer.refused or answer.is_complete:
            values.update(cartona_sync_state="synced", cartona_error_code=False)
        if values:
            self.write(values)
        if is_refused:
            self._cartona_after_refusal(answer)
        elif answer.is_complete:
            self._cartona_update_conflict()
        if any("retailer_otp" in step.body for step in [*answer.taken, answer.refused] if step):
            self.env["cartona.delivery.proof"]._delete_proofs(self.ids)
        self._cartona_store_line_answer(answer)

    def _cartona_is_cancelled_on_both_sides(self):
        """Whether the order has come to nothing on both sides."""
        return self.state == "cancel" and life_cycle.is_void(self.cartona_status)

    def _cartona_accepted_values(self, answer):
        """What to write of what was accepted."""
        values = {}
        statuses = [step.body["status"] for step in answer.taken if step.call != DETAILS]
        if statuses and not self._cartona_is_past(statuses[-1]):
            values["cartona_status"] = statuses[-1]
        if life_cycle.PENDING in statuses:
            values["cartona_is_reset"] = False
        if answer.taken:
            values["cartona_synced_at"] = fields.Datetime.now()
        return values

    def _cartona_is_past(self, taken):
        """Whether an import has heard what followed on a status before its own answer was kept."""
        known = self.cartona_status or ""
        if taken == life_cycle.PENDING:
            return life_cycle.is_final(known)
        return life_cycle.is_backwards(known, taken)

    def _cartona_refusal(self, answer):
        """Return why the two sides differ: a code of `cartona.reasons`, and Cartona's message."""
        if answer.refused.call == DETAILS:
            return "lines_refused", answer.words
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
            self._cartona_notify_error()
