"""`sale.order`: deliveries that need the retailer's code. Cartona checks it before Odoo validates.

    validate, or “Delivered” -> dialog requests the code -> Cartona checks it, on the single call
        accepted      committed as a proof at once; then Odoo validates
        refused       nothing is validated, the dialog shows why
        no answer     the user chooses: wait, or deliver now; then the code is stored as a proof
                      to be sent by the job, and deleted after use

A validation without the buttons (`_action_done` called by other software) is not stopped: the goods
have left. But without a code nothing is sent to Cartona; the order shows the error, a user gets an
activity, and the “Delivered” button requests the code.
"""

from collections import namedtuple

from odoo import _, fields, models

from ...cartona_api import CartonaClient, CartonaError
from ...cartona_api import status as life_cycle
from .delivery_proof import NO_PROOF
from .status import DETAILS, SINGLE, Answer, OrderUpdate, Step

# Seconds that a user waits for a job that is sending order updates.
_LOCK_TIMEOUT = 10

ACCEPTED, REFUSED, UNREACHABLE = "accepted", "refused", "unreachable"
#   kind: one of the three
#   message: text shown to the user; "" when it was accepted
Verdict = namedtuple("Verdict", "kind message")


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS: DIALOG === #

    def _cartona_missing_code(self):
        """Return the orders with a delivery that needs a code and has none yet."""
        Config = self.env["cartona.config"]
        return self.filtered(
            lambda order: (
                order.cartona_needs_otp
                and order._cartona_implied() == life_cycle.DELIVERED
                and order._cartona_may_send(life_cycle.DELIVERED)
                and Config._of_company(order.company_id).auto_sync_orders
            )
        )._cartona_not_accepted_yet()

    def _cartona_not_accepted_yet(self):
        """Return the orders without an accepted delivery and without a code that is still to be
        sent."""
        proofs = self.env["cartona.delivery.proof"]._get_proofs(self.ids)
        return self.filtered(
            lambda order: (
                order.cartona_status != life_cycle.DELIVERED
                and not _is_proven(proofs.get(order.id, NO_PROOF))
            )
        )

    def _cartona_set_delivered(self):
        """Mark these orders as delivered: the button was clicked, and the codes are accepted."""
        self.write({"cartona_delivered_at": fields.Datetime.now()})

    def _cartona_open_code_dialog(self, pickings=()):
        """Open the dialog that requests the retailers' codes.

        :param pickings: transfers to validate once Cartona has accepted; none for the button
        :return: action
        """
        wizard = self.env["cartona.delivery.otp"].create(
            {
                "picking_ids": [(6, 0, [picking.id for picking in pickings])],
                "line_ids": [(0, 0, {"order_id": order.id}) for order in self],
            }
        )
        return wizard._open()

    # === BUSINESS METHODS: CALLING === #

    def _cartona_check_code(self, code, pickings):
        """Send “Delivered” with the retailer's code.

        What Cartona accepts is committed before this returns, even if the caller is rolled back.

        :param pickings: deliveries that are validated next, and count as done
        :rtype: Verdict
        :raise UserError: orders are not exchanged, so nothing may be sent
        """
        self.ensure_one()
        # In sudo mode: the driver need not have a right on orders or on the connection.
        order = self.sudo().with_context(cartona_validating=pickings.ids, cartona_code_given=True)
        config = order.env["cartona.config"]._of_company(order.company_id)
        order._cartona_check_exchanged()
        problem = config._not_callable()
        if problem:
            return Verdict(UNREACHABLE, self.env["cartona.reasons"]._explain(problem))
        if self.env["cartona.delivery.proof"]._is_blocked(order.id):
            return Verdict(
                REFUSED, _("Cartona has refused several codes: try again in 15 minutes.")
            )
        with self.env["cartona.worker"]._locked("status", config.id, _LOCK_TIMEOUT) as has_lock:
            if not has_lock:
                return Verdict(UNREACHABLE, _("Cartona is busy with other orders."))
            status = order._cartona_confirmed_status(config)
            if status == life_cycle.DELIVERED:
                return Verdict(ACCEPTED, "")
            steps = order._cartona_add_code(order._cartona_steps(), code)
            steps = [step for step in steps if not _is_reached(step, status)]
            if not steps or "retailer_otp" not in steps[-1].body:
                return Verdict(REFUSED, order._cartona_not_deliverable_message(status))
            if any(_adds_lines(step) for step in steps):
                # Only the job ensures that lines are never added twice.
                return Verdict(UNREACHABLE, _("Added lines are still being sent to Cartona."))
            return order._cartona_send_code(config, steps)

    def _cartona_confirmed_status(self, config):
        """Return the last status that Cartona confirmed, which this transaction may not see."""
        with self.env["cartona.worker"]._fresh_config(config.id) as fresh:
            status = fresh.env["sale.order"].browse(self.id).cartona_status
        proof = self.env["cartona.delivery.proof"]._get_proofs(self.ids).get(self.id, NO_PROOF)
        ahead = (life_cycle.rank(proof.status) or 0) > (life_cycle.rank(status) or 0)
        return proof.status if ahead else status

    def _cartona_send_code(self, config, steps):
        """Send the steps, and store the answers.

        :rtype: Verdict
        """
        calls, error = [], None
        answer = Answer(OrderUpdate(self.id, self.cartona_id, steps))
        try:
            with CartonaClient(on_call=calls.append, **config._client_settings()) as client:
                self.env["cartona.order.push"]._send_updates(client, [answer])
        except CartonaError as caught:
            error = caught
        self._cartona_store_uncertain(answer)
        for step in [*answer.accepted, answer.uncertain]:
            if step and step.call == DETAILS:
                self._cartona_mark_edits(step.body)
        statuses = [step.body["status"] for step in answer.accepted if step.call != DETAILS]
        if statuses:
            self.env["cartona.delivery.proof"]._store(self.id, status=statuses[-1])
        with self.env["cartona.worker"]._fresh_config(config.id) as fresh:
            fresh.env["cartona.sync.log"]._record(fresh, calls)
        if answer.is_complete:
            self._cartona_store_answer(answer)
            return Verdict(ACCEPTED, "")
        # The delivery itself is not done: the dialog shows why.
        self.with_context(
            cartona_validating=(), cartona_code_given=False
        )._cartona_store_partial_answer(answer)
        if answer.refused:
            if "retailer_otp" in answer.refused.body:
                self.env["cartona.delivery.proof"]._store_refused(self.id)
            return Verdict(REFUSED, self._cartona_refusal_message(answer))
        return Verdict(UNREACHABLE, self.env["cartona.reasons"]._explain(error.code))

    def _cartona_store_partial_answer(self, answer):
        """Store the answers to the steps before the delivery: accepted ones, and changed lines
        without a certain answer."""
        uncertain = [step for step in [answer.uncertain] if step and step.call == DETAILS]
        if not (answer.accepted or uncertain):
            return
        part = Answer(OrderUpdate(self.id, self.cartona_id, [*answer.accepted, *uncertain]))
        part.accepted = answer.accepted
        part.uncertain = uncertain[0] if uncertain else None
        self._cartona_store_answer(part)
        if uncertain:
            # Sent again completely, with the lines as they are then.
            self.env["cartona.change"]._mark_orders_dirty(self.ids)

    def _cartona_store_uncertain(self, answer):
        """Store that a code was sent without an answer; Cartona's next message may show the
        result."""
        if answer.uncertain and "retailer_otp" in answer.uncertain.body:
            self.env["cartona.delivery.proof"]._store(self.id, is_uncertain=True)
            config = self.env["cartona.config"]._of_company(self.company_id)
            self.env["cartona.worker"]._wake("pull", config.ids)

    def _cartona_is_uncertain(self):
        """Return True if Cartona may have accepted the delivery, but its answer was lost."""
        proofs = self.env["cartona.delivery.proof"]._get_proofs(self.ids)
        return proofs.get(self.id, NO_PROOF).is_uncertain

    def _cartona_refusal_message(self, answer):
        if "retailer_otp" in answer.refused.body:
            if self._cartona_is_uncertain():
                config = self.env["cartona.config"]._of_company(self.company_id)
                self.env["cartona.worker"]._wake("pull", config.ids)
                return _(
                    "Cartona refuses this code now. Its answer to the previous code was "
                    "lost, and it may have accepted the delivery then: check the order on "
                    "Cartona, or try again in a minute. (%s)",
                    answer.message,
                )
            return _(
                "Cartona does not accept this code. Ask the retailer again. (%s)",
                answer.message,
            )
        return _("Cartona refused a step before the delivery: %s", answer.message)

    def _cartona_not_deliverable_message(self, status):
        labels = self._cartona_status_labels()
        return _(
            "This order cannot become delivered now: on Cartona it is “%s”.",
            labels.get(status, status),
        )

    # === BUSINESS METHODS: CALLED BY THE JOB === #

    def _cartona_apply_proof(self, proof):
        """Apply what Cartona has accepted outside of the order's transactions.

        :param proof: `Proof`
        """
        if (life_cycle.rank(proof.status) or 0) > (life_cycle.rank(self.cartona_status) or 0):
            self.cartona_status = proof.status
        if proof != NO_PROOF and life_cycle.is_final(self.cartona_status):
            self.env["cartona.delivery.proof"]._delete_proofs(self.ids)

    def _cartona_add_code(self, steps, code):
        """Return the steps with the retailer's code in the last one; without that step if it needs
        a code and there is none."""
        if not (self.cartona_needs_otp and steps):
            return steps
        last = steps[-1]
        if last.body.get("status") != life_cycle.DELIVERED:
            return steps
        if not code:
            return steps[:-1]
        return [*steps[:-1], Step(SINGLE, dict(last.body, retailer_otp=code))]

    def _cartona_update_conflict(self):
        """Store on the order if the two sides still differ although nothing more is sent."""
        code, detail = self._cartona_conflict()
        if code:
            if (self.cartona_error_code, self.cartona_error_detail or "") != (code, detail):
                self.write(
                    {
                        "cartona_sync_state": "error",
                        "cartona_error_code": code,
                        "cartona_error_detail": detail,
                    }
                )
                self._cartona_notify_error()
            return
        self._cartona_close_activities("delivered_there")
        # An order that the retailer is changing is sent once an import shows that he is done.
        is_blocked = self.cartona_status == life_cycle.EDITING
        is_blocked = is_blocked and self._cartona_implied() != life_cycle.PENDING
        if self.cartona_sync_state == "pending" and not is_blocked:
            self.write({"cartona_sync_state": "synced", "cartona_error_code": False})

    def _cartona_conflict(self):
        """Return a difference that only a user can resolve.

        :return: (code of `cartona.reasons`, its details); an empty code if there is none
        """
        implied, confirmed = self._cartona_implied(), self.cartona_status
        if life_cycle.is_conflict(confirmed, implied):
            return "conflict", "%s %s" % (implied, confirmed)
        if implied == life_cycle.DELIVERED and self._cartona_may_send(implied):
            if self.cartona_needs_otp:
                return "code_needed", ""
        elif confirmed == life_cycle.DELIVERED and not life_cycle.is_final(implied):
            return "delivered_there", ""
        return "", ""


def _is_proven(proof):
    return proof.status == life_cycle.DELIVERED or bool(proof.code)


def _is_reached(step, status):
    """Return True if the status on Cartona is the one of this step or a later one."""
    rank = life_cycle.rank(step.body.get("status"))
    return rank is not None and rank <= (life_cycle.rank(status) or 0)


def _adds_lines(step):
    return step.call == DETAILS and any("id" not in row for row in step.body["order_details"])
