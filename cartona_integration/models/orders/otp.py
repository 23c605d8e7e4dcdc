"""Deliveries that need the retailer's code: Cartona checks it before Odoo validates.

    validate, or Delivered -> dialog asks -> Cartona checks, on the single call
        accepted      committed as a proof at once; then Odoo validates
        refused       nothing is validated, the dialog says why
        no answer     the person chooses: wait, or deliver now; then the code is kept as a proof
                      to be sent by the job, and gone after use

A validation that passes by the buttons (`_action_done` called by other software) is not stopped:
the goods have left. But without a code nothing is told to Cartona; the order says so, somebody
gets an activity, and the Delivered button asks for the code.
"""

from collections import namedtuple

from odoo import _, fields, models

from ...cartona_api import CartonaClient, CartonaError
from ...cartona_api import status as life_cycle
from .delivery_proof import NO_PROOF
from .status import DETAILS, SINGLE, Answer, OrderUpdate, Step

# How long a person waits for a job that is just telling Cartona about orders.
_PATIENCE = 10

ACCEPTED, REFUSED, UNREACHABLE = "accepted", "refused", "unreachable"
#   kind: one of the three
#   words: what to tell the person; "" when it was accepted
Verdict = namedtuple("Verdict", "kind words")


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BUSINESS METHODS: ASKING === #

    def _cartona_missing_code(self):
        """Those of these orders whose delivery would need a code that nobody has given yet."""
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
        """Those of these orders of whose delivery Cartona has accepted nothing, and no code is
        kept for later."""
        proofs = self.env["cartona.delivery.proof"]._get_proofs(self.ids)
        return self.filtered(
            lambda order: (
                order.cartona_status != life_cycle.DELIVERED
                and not _is_proven(proofs.get(order.id, NO_PROOF))
            )
        )

    def _cartona_set_delivered(self):
        """Somebody has pressed Delivered, and Cartona has what it needs."""
        self.write({"cartona_delivered_at": fields.Datetime.now()})

    def _cartona_open_code_dialog(self, pickings=()):
        """Open the dialog that asks for the retailers' codes.

        :param pickings: what is validated once Cartona has accepted; none for the button
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
        """Tell Cartona that the order is delivered, with the retailer's code.

        What Cartona accepts is committed before this returns, whatever becomes of the caller.

        :param pickings: deliveries that are validated next, and count as done
        :rtype: Verdict
        :raise UserError: orders are not exchanged, so nothing may be told
        """
        self.ensure_one()
        # In sudo mode: who hands over goods need not have a right on orders or on the connection.
        order = self.sudo().with_context(cartona_validating=pickings.ids, cartona_code_given=True)
        config = order.env["cartona.config"]._of_company(order.company_id)
        order._cartona_check_exchanged()
        problem = config._not_callable()
        if problem:
            return Verdict(UNREACHABLE, self.env["cartona.reasons"]._explain(problem))
        with self.env["cartona.worker"]._locked("status", config.id, _PATIENCE) as is_held:
            if not is_held:
                return Verdict(UNREACHABLE, _("Cartona is busy with other orders."))
            known = order._cartona_known_status(config)
            if known == life_cycle.DELIVERED:
                return Verdict(ACCEPTED, "")
            steps = order._cartona_add_code(order._cartona_steps(), code)
            steps = [step for step in steps if not _is_behind(step, known)]
            if not steps or "retailer_otp" not in steps[-1].body:
                return Verdict(REFUSED, order._cartona_not_deliverable_message(known))
            if any(_adds_lines(step) for step in steps):
                # The job that sends them sees to it that they are never added twice.
                return Verdict(UNREACHABLE, _("Lines were added that Cartona has not taken yet."))
            return order._cartona_send_code(config, steps)

    def _cartona_known_status(self, config):
        """What Cartona is known to have now: this transaction may have begun before."""
        with self.env["cartona.worker"]._fresh_config(config.id) as fresh:
            known = fresh.env["sale.order"].browse(self.id).cartona_status
        proof = self.env["cartona.delivery.proof"]._get_proofs(self.ids).get(self.id, NO_PROOF)
        ahead = (life_cycle.rank(proof.status) or 0) > (life_cycle.rank(known) or 0)
        return proof.status if ahead else known

    def _cartona_send_code(self, config, steps):
        """Send the steps, keep what came of them.

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
        for step in [*answer.taken, answer.uncertain]:
            if step and step.call == DETAILS:
                self._cartona_mark_edits(step.body)
        taken = [step.body["status"] for step in answer.taken if step.call != DETAILS]
        if taken:
            self.env["cartona.delivery.proof"]._store(self.id, status=taken[-1])
        with self.env["cartona.worker"]._fresh_config(config.id) as fresh:
            fresh.env["cartona.sync.log"]._record(fresh, calls)
        if answer.is_complete:
            self._cartona_store_answer(answer)
            return Verdict(ACCEPTED, "")
        # The delivery itself is not done: why, is told in the dialog.
        self.with_context(
            cartona_validating=(), cartona_code_given=False
        )._cartona_store_partial_answer(answer)
        if answer.refused:
            return Verdict(REFUSED, self._cartona_refusal_message(answer))
        return Verdict(UNREACHABLE, self.env["cartona.reasons"]._explain(error.code))

    def _cartona_store_partial_answer(self, answer):
        """Keep what became of the steps before the delivery: those that were taken, and changed
        lines of which nobody knows whether they were."""
        doubtful = [step for step in [answer.uncertain] if step and step.call == DETAILS]
        if not (answer.taken or doubtful):
            return
        part = Answer(OrderUpdate(self.id, self.cartona_id, [*answer.taken, *doubtful]))
        part.taken = answer.taken
        part.uncertain = doubtful[0] if doubtful else None
        self._cartona_store_answer(part)
        if doubtful:
            # Told whole again, as the lines are then.
            self.env["cartona.change"]._mark_orders_dirty(self.ids)

    def _cartona_store_uncertain(self, answer):
        """Remember that a code was sent without an answer; Cartona's next message may show what
        has become of it."""
        if answer.uncertain and "retailer_otp" in answer.uncertain.body:
            self.env["cartona.delivery.proof"]._store(self.id, is_uncertain=True)
            config = self.env["cartona.config"]._of_company(self.company_id)
            self.env["cartona.worker"]._wake("pull", config.ids)

    def _cartona_is_uncertain(self):
        """Whether Cartona may have taken the delivery without our knowing it."""
        proofs = self.env["cartona.delivery.proof"]._get_proofs(self.ids)
        return proofs.get(self.id, NO_PROOF).is_uncertain

    def _cartona_refusal_message(self, answer):
        if "retailer_otp" in answer.refused.body:
            if self._cartona_is_uncertain():
                config = self.env["cartona.config"]._of_company(self.company_id)
                self.env["cartona.worker"]._wake("pull", config.ids)
                return _(
                    "Cartona does not take this code now. It gave no answer to the one before and "
                    "may have taken the delivery then: look at the order on Cartona, or try "
                    "again in a minute. (%s)",
                    answer.words,
                )
            return _(
                "Cartona does not accept this code. Ask the retailer again. (%s)", answer.words
            )
        return _("Cartona refused a step before the delivery: %s", answer.words)

    def _cartona_not_deliverable_message(self, known):
        labels = self._cartona_status_labels()
        return _(
            "This order cannot become delivered now: on Cartona it is “%s”.",
            labels.get(known, known),
        )

    # === BUSINESS METHODS: THE JOB'S SIDE === #

    def _cartona_apply_proof(self, proof):
        """Take over what Cartona has accepted beside any transaction of this order.

        :param proof: `Proof`
        """
        if (life_cycle.rank(proof.status) or 0) > (life_cycle.rank(self.cartona_status) or 0):
            self.cartona_status = proof.status
        if proof != NO_PROOF and life_cycle.is_final(self.cartona_status):
            self.env["cartona.delivery.proof"]._delete_proofs(self.ids)

    def _cartona_add_code(self, steps, code):
        """These steps with the retailer's code in the last; without that step where it needs a
        code and there is none."""
        if not (self.cartona_needs_otp and steps):
            return steps
        last = steps[-1]
        if last.body.get("status") != life_cycle.DELIVERED:
            return steps
        if not code:
            return steps[:-1]
        return [*steps[:-1], Step(SINGLE, dict(last.body, retailer_otp=code))]

    def _cartona_update_conflict(self):
        """Nothing more is sent of this order: say on it where the two sides differ all the same."""
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
        # What waits for the retailer to close the order is told by the import that hears of it.
        is_held_up = self.cartona_status == life_cycle.EDITING
        is_held_up = is_held_up and self._cartona_implied() != life_cycle.PENDING
        if self.cartona_sync_state == "pending" and not is_held_up:
            self.write({"cartona_sync_state": "synced", "cartona_error_code": False})

    def _cartona_conflict(self):
        """What only a person can bring in order: a code of `cartona.reasons` and what belongs to
        it; no code when there is nothing."""
        implied, known = self._cartona_implied(), self.cartona_status
        if life_cycle.is_apart(known, implied):
            return "conflict", "%s %s" % (implied, known)
        if implied == life_cycle.DELIVERED and self._cartona_may_send(implied):
            if self.cartona_needs_otp:
                return "code_needed", ""
        elif known == life_cycle.DELIVERED and not life_cycle.is_final(implied):
            return "delivered_there", ""
        return "", ""


def _is_proven(proof):
    return proof.status == life_cycle.DELIVERED or bool(proof.code)


def _is_behind(step, known):
    """Whether Cartona has come as far as this step already."""
    rank = life_cycle.rank(step.body.get("status"))
    return rank is not None and rank <= (life_cycle.rank(known) or 0)


def _adds_lines(step):
    return step.call == DETAILS and any("id" not in row for row in step.body["order_details"])
