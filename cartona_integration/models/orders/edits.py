"""`sale.order`: lines that a clerk changes in Odoo, sent to Cartona.

The job compares Cartona's last lines (`cartona_snapshot`) with the lines of the sale order: five
changes in a minute are one message, a change that was undone is none. What Cartona accepts is
written into `cartona_snapshot`, so that its echo is not a change.

    cartona_edit, JSON:
        at         when lines were last sent, ISO, UTC
        before     list of [at, {key: [amount, price]}]: Cartona's lines before changes were sent,
                   to recognise a message that was already being delivered
        uncertain  ids of lines that were sent without an answer: they are sent completely again
        added      sale line id -> FLIGHT, UNKNOWN (no answer) or SURE (accepted); Cartona's next
                   message contains its id. Adding twice would sell twice, so an addition is not
                   repeated before that message, or before a user has decided.
"""

import json
from datetime import datetime, timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ...cartona_api import edits
from ...cartona_api import status as life_cycle
from ...compat import check_may_write
from ..core.clock import database_now
from ..core.formatting import bullets, figure, paragraph, quantity, quantity_in
from .status import DETAILS, Step

FLIGHT, UNKNOWN, SURE = "flight", "unknown", "sure"
# Seconds after which a message that Cartona sent before our change has arrived.
IN_TRANSIT_SECONDS = 30


class SaleOrder(models.Model):
    _inherit = "sale.order"

    cartona_edit = fields.Text(copy=False, readonly=True, groups="base.group_system")
    cartona_edit_state = fields.Selection(
        [("refused", "Refused"), ("unknown", "Uncertain")],
        "Line Changes",
        copy=False,
        readonly=True,
    )
    cartona_difference = fields.Html(
        compute="_compute_cartona_difference",
        compute_sudo=True,
        sanitize=False,
        help="Differences between the lines in Odoo and on Cartona.",
    )
    cartona_difference_kind = fields.Selection(
        [
            ("sending", "Being sent"),
            ("refused", "Refused"),
            ("unknown", "Uncertain"),
            ("local", "In Odoo only"),
        ],
        compute="_compute_cartona_difference",
        compute_sudo=True,
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "cartona_snapshot",
        "cartona_status",
        "cartona_edit_state",
        "state",
        "order_line.cartona_id",
        "order_line.product_id",
        "order_line.product_uom_qty",
        "order_line.qty_delivered",
        "order_line.price_unit",
        "order_line.discount",
    )
    @api.depends_context("lang")
    def _compute_cartona_difference(self):
        """In sudo mode: a user who may read the order may see Cartona's lines of it."""
        for order in self:
            found = order._cartona_differences() if order._cartona_is_compared() else []
            order.cartona_difference = bullets(_("Here and on Cartona:"), found) if found else False
            order.cartona_difference_kind = order._cartona_get_difference_kind() if found else False

    def _cartona_is_compared(self):
        ends = life_cycle.FINAL - {life_cycle.DELIVERED}
        return bool(
            self.cartona_id
            and self.cartona_snapshot
            and self.state != "cancel"
            and self.cartona_status not in ends
        )

    def _cartona_get_difference_kind(self):
        if self.cartona_edit_state:
            return self.cartona_edit_state
        return "sending" if self._cartona_line_edits() else "local"

    def _cartona_differences(self):
        """Return the differences between the lines here and on Cartona, as texts."""
        confirmed, states = self._cartona_confirmed_lines(), self._cartona_line_states()
        here = {state.id: (line, state) for line, state in states.items() if state.id}
        differences = []
        for line_id, (amount, price) in confirmed.items():
            line, state = here.get(line_id, (None, None))
            there = _quantity_at_price(amount, price, line)
            if state is None or state.amount <= 0:
                name = (
                    line.product_id.display_name if line else self._cartona_snapshot_name(line_id)
                )
                differences.append(
                    _("%(product)s: removed here, %(there)s on Cartona", product=name, there=there)
                )
            elif (state.amount, state.price) != (amount, price):
                differences.append(
                    _(
                        "%(product)s: %(here)s here, %(there)s on Cartona",
                        product=line.product_id.display_name,
                        here=_quantity_at_price(state.amount, state.price, line),
                        there=there,
                    )
                )
        for line, state in states.items():
            if state.id or state.amount <= 0:
                continue
            here = _quantity_at_price(state.amount, state.price, line)
            names = {"product": line.product_id.display_name, "here": here}
            if state.product:
                differences.append(_("%(product)s: %(here)s here, not on Cartona", **names))
            else:
                differences.append(
                    _("%(product)s: %(here)s here, not sold on Cartona in this unit", **names)
                )
        return differences

    def _cartona_snapshot_name(self, line_id):
        lines = json.loads(self.cartona_snapshot)["lines"].values()
        return next(line["product_name"] for line in lines if line["id"] == line_id) or line_id

    # === CONSTRAINT METHODS === #

    def _cartona_check_lines_left(self):
        """Refuse to remove the last line: that is a cancellation, which needs a reason.

        :raise UserError: nothing is left to sell
        """
        if self.env["sale.order.line"]._cartona_is_importing():
            return
        for order in self.filtered("cartona_id"):
            if order._cartona_may_edit() and not any(
                line.product_id and line.product_uom_qty > 0 for line in order.order_line
            ):
                raise UserError(
                    _(
                        "Order %s would have no lines left. Cancel it instead: the retailer sees "
                        "the reason on Cartona.",
                        order.name,
                    )
                )

    # === ACTION METHODS === #

    def action_cartona_send_edits(self):
        """Send the lines again, including added ones without an answer."""
        check_may_write(self)
        # In sudo mode: Cartona's data of the order is hidden from users.
        for order in self.sudo().filtered("cartona_id"):
            edit = order._cartona_edit()
            order.write(
                {
                    "cartona_edit": _dump(dict(edit, added={})),
                    "cartona_edit_state": False,
                    "cartona_sync_state": "pending",
                    "cartona_error_code": False,
                }
            )
        self.env["cartona.change"]._mark_orders_dirty(self.filtered("cartona_id").ids)

    def action_cartona_use_cartona_lines(self):
        """Replace the lines by those on Cartona."""
        self.ensure_one()
        check_may_write(self)
        if not self.sudo().cartona_snapshot:
            raise UserError(_("Cartona has not sent any lines of %s yet.", self.name))
        obstacle = self._cartona_update_obstacle()
        if obstacle:
            raise UserError(_("The lines can no longer be replaced by Cartona's: %s.", obstacle))
        # In sudo mode: Cartona's data of the order is hidden from users; the lines are written as
        # an import writes them.
        order = self.sudo().with_company(self.company_id)
        order.env["cartona.order.importer"]._restore_lines(order)
        order.write(
            {
                "cartona_edit": _dump(dict(order._cartona_edit(), added={})),
                "cartona_edit_state": False,
                "cartona_error_code": False,
                "cartona_sync_state": "synced",
            }
        )
        self._message_log(body=paragraph(_("The lines were replaced by Cartona's.")))
        self.env["cartona.change"]._mark_orders_dirty(self.ids)

    # === BUSINESS METHODS === #

    def _cartona_may_edit(self):
        """Return True if Cartona accepts changed lines of this order now."""
        return self.state != "cancel" and life_cycle.may_edit_lines(
            self.cartona_status, self.cartona_delivered_by or life_cycle.BY_SUPPLIER
        )

    def _cartona_mark_edit_dirty(self):
        """Mark orders with changed lines; they are pending until the job has compared them."""
        orders = self.sudo()  # Cartona's data of the order is hidden from users
        self.env["cartona.change"]._mark_orders_dirty(orders.ids)
        orders.filtered(
            lambda order: order.cartona_sync_state == "synced" and order._cartona_may_edit()
        ).write({"cartona_sync_state": "pending"})

    def _cartona_add_line_edits(self, steps):
        """Return these status steps with the changed lines before them."""
        if steps and steps[0].body.get("status") == life_cycle.CANCELLED_BY_SUPPLIER:
            return steps
        if self.cartona_edit_state == "unknown":
            # Lines of a delivered order can no longer be corrected.
            steps = [step for step in steps if step.body.get("status") != life_cycle.DELIVERED]
        body = self._cartona_line_edits()
        return [Step(DETAILS, body), *steps] if body else steps

    def _cartona_line_edits(self):
        """Return the changed lines to send.

        :return: body for update-order-details without the `hashed_id`, or None if there is nothing
            to send, or nothing that may be sent
        """
        self.ensure_one()
        if not (self.cartona_snapshot and self._cartona_may_edit()):
            return None
        new = [] if self.env.context.get("cartona_code_given") else self._cartona_lines_to_add()
        states = self._cartona_line_states()
        lines = [state for line, state in states.items() if state.id or line in new]
        confirmed = self._cartona_confirmed_lines()
        details = edits.edited_details(confirmed, lines, self._cartona_edit()["uncertain"])
        if not details or edits.removes_all(confirmed, details):
            return None
        return {"order_details": details}

    def _cartona_lines_to_add(self):
        """Return the lines that Cartona has to add and that were not sent yet.

        Only the job sends them: it marks them before the call, see `_cartona_mark_edits`.
        """
        sent = self._cartona_edit()["added"]
        return [
            line
            for line, state in self._cartona_line_states().items()
            if state.product and not state.id and state.amount > 0 and str(line.id) not in sent
        ]

    def _cartona_confirmed_lines(self):
        return edits.confirmed_lines(json.loads(self.cartona_snapshot)["lines"])

    def _cartona_line_states(self):
        """Return the lines as they are here, without Cartona's lines that have no id.

        :return: dict `sale.order.line` -> `edits.LineState`, in the order of the lines
        """
        lines = self.order_line.filtered(
            lambda line: line.product_id and not line.display_type and not line.is_downpayment
        )
        added = lines.filtered(lambda line: not line.cartona_id)
        listed = added._cartona_listing_ids() if added else {}
        snapshot = json.loads(self.cartona_snapshot or "{}").get("lines", {}).values()
        without_id = {line["supplier_product_id"] for line in snapshot if not line["id"]}
        return {
            line: line._cartona_line_state(listed.get(line, ""))
            for line in lines
            if line.cartona_id or listed.get(line) not in without_id
        }

    def _cartona_edit(self):
        """Return `cartona_edit` with all its keys."""
        edit = {"at": "", "before": [], "uncertain": [], "added": {}}
        edit.update(json.loads(self.cartona_edit or "{}"))
        return edit

    # === BUSINESS METHODS: BEFORE AND AFTER THE CALL === #

    def _cartona_mark_edits(self, body):
        """Mark lines as uncertain before they are sent.

        :param body: result of `_cartona_line_edits`
        """
        edit, now = self._cartona_edit(), database_now(self.env.cr)
        # What is still in flight was sent by a process that ended before the answer.
        added = {
            line_id: UNKNOWN if state == FLIGHT else state
            for line_id, state in edit["added"].items()
        }
        if any("id" not in row for row in body["order_details"]):
            for line in self._cartona_lines_to_add():
                added[str(line.id)] = FLIGHT
        ids = {str(row["id"]) for row in body["order_details"] if "id" in row}
        self.write(
            {
                "cartona_edit": _dump(
                    {
                        "at": now.isoformat(),
                        "before": self._cartona_recent_states(edit)
                        + [[now.isoformat(), self._cartona_confirmed_figures()]],
                        "uncertain": sorted(ids.union(edit["uncertain"])),
                        "added": added,
                    }
                )
            }
        )

    def _cartona_recent_states(self, edit):
        """Return the states of Cartona's lines that a message may still contain."""
        since = database_now(self.env.cr) - timedelta(seconds=IN_TRANSIT_SECONDS)
        return [entry for entry in edit["before"] if datetime.fromisoformat(entry[0]) > since]

    def _cartona_confirmed_figures(self):
        lines = json.loads(self.cartona_snapshot)["lines"]
        return {key: [line["amount"], line["selling_price"]] for key, line in lines.items()}

    def _cartona_store_line_answer(self, answer):
        """Store what Cartona answered to changed lines."""
        step = next((step for step in answer.update.steps if step.call == DETAILS), None)
        if not step:
            return
        edit = self._cartona_edit()
        if step in answer.accepted:
            self._cartona_edit_accepted(edit, step.body["order_details"])
        elif answer.refused == step:
            edit["uncertain"] = []
            self._cartona_resolve_added(edit, None)
            self.write({"cartona_edit": _dump(edit), "cartona_edit_state": "refused"})
        elif answer.uncertain == step:
            self._cartona_resolve_added(edit, UNKNOWN)
            self._cartona_store_edit(edit)
        else:
            # The lines were not sent.
            self._cartona_resolve_added(edit, None)
            self.cartona_edit = _dump(edit)

    def _cartona_edit_accepted(self, edit, details):
        snapshot = json.loads(self.cartona_snapshot)
        snapshot["lines"] = edits.lines_after(snapshot["lines"], details)
        edit["uncertain"] = []
        # A call without additions shows nothing about earlier additions.
        self._cartona_resolve_added(
            edit, SURE if any("id" not in row for row in details) else UNKNOWN
        )
        is_waiting = bool(self.cartona_credit or self.cartona_installment_cost)
        self._cartona_store_edit(
            edit, cartona_snapshot=_dump(snapshot), cartona_money_waiting=is_waiting
        )

    def _cartona_store_edit(self, edit, **values):
        """Store the state of the change. Ids of added lines and new figures are fetched at
        once."""
        is_open = UNKNOWN in edit["added"].values()
        values.update(cartona_edit=_dump(edit), cartona_edit_state="unknown" if is_open else False)
        self.write(values)
        if edit["added"] or self.cartona_money_waiting:
            config = self.env["cartona.config"]._of_company(self.company_id)
            self.env["cartona.worker"]._wake("pull", config.ids)

    def _cartona_resolve_added(self, edit, state):
        """Set the next state of added lines in flight; None if they were not added.

        Lines that have got their id from a message meanwhile are dropped.
        """
        with_id = {str(line.id) for line in self.order_line if line.cartona_id}
        added = {}
        for line_id, was in edit["added"].items():
            now = state if was == FLIGHT else was
            if now and line_id not in with_id:
                added[line_id] = now
        edit["added"] = added


def _quantity_at_price(amount, price, line):
    """Return a quantity with its price, in the unit of the line if there is one."""
    text = quantity_in(amount, line._cartona_uom(), line.product_id) if line else quantity(amount)
    return "%s × %s" % (text, figure(price))


def _dump(data):
    return json.dumps(data, ensure_ascii=False)
