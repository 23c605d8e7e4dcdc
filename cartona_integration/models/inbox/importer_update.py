"""What Cartona says anew of an order that is in Odoo.

Compared are two things Cartona said, not Odoo's order with Cartona's: what a clerk has changed
here since is left alone unless the marketplace changed the very same.
"""

from odoo import _, models

from ...cartona_api import status as life_cycle
from ...compat import cancel_emptied, write_with_deliveries
from ..core.formatting import bullets, cairo_day, figure, paragraph, quantity
from .importer_create import promised_moment

_DATES = ("delivery_day", "estimated_delivery_day", "retailer_preferred_delivery_date")


class CartonaOrderImporter(models.AbstractModel):
    _inherit = "cartona.order.importer"

    # === BUSINESS METHODS: UPDATE === #

    def _update_orders(self, config, plans):
        for plan in plans:
            self._update_header(plan)
            if not plan.is_dead:
                self._update_lines(config, plan)
            self._update_status(config, plan)
        dead = [plan for plan in plans if plan.is_dead]
        self._cancel(dead)
        self._forget_refusals(dead)

    def _update_header(self, plan):
        """Everything but the lines."""
        order, sale = plan.order, plan.sale
        values = self._snapshot_values(plan)
        number = order.receipt_id
        if number and self._has_changed(plan, "receipt_id"):
            values.update(client_order_ref=number, origin="Cartona %s" % number)
        if (
            any(self._has_changed(plan, name) for name in _DATES)
            and not sale._cartona_update_obstacle()
        ):
            promised, here = promised_moment(order), sale.commitment_date
            if not (promised and here and cairo_day(promised) == cairo_day(here)):
                values["commitment_date"] = promised
        is_moving = self._has_changed(plan, "address") and plan.customer == sale.partner_id
        if is_moving and plan.address != sale.partner_shipping_id and sale._cartona_is_open():
            values["partner_shipping_id"] = plan.address.id
        write_with_deliveries(sale, values)
        if order.note_message and self._has_changed(plan, "note_message"):
            plan.notes.append(paragraph(_("The retailer's note: %s", order.note_message)))

    def _has_changed(self, plan, name):
        return plan.snapshot.get(name) != plan.incoming[name]

    # === BUSINESS METHODS: LINES === #

    def _update_lines(self, config, plan):
        """Make the lines that Cartona changed equal to Cartona's, and tell the difference."""
        changes = self._line_changes(plan)
        if not (changes.words or changes.writes):
            return
        who = _("Cartona") if plan.order.edited_by_admin else _("the retailer")
        obstacle = plan.sale._cartona_update_obstacle()
        if obstacle:
            title = _(
                "Changed on Cartona by %(who)s, but %(why)s: nothing was altered.",
                who=who,
                why=obstacle,
            )
            plan.notes.append(bullets(title, changes.words))
            # What is cancelled here is asked about as a whole, by its status.
            if plan.sale.state != "cancel":
                plan.notify("%s %s" % (title, "; ".join(changes.words)))
            return
        self._apply(config, plan, changes)
        if changes.words:
            plan.notes.append(bullets(_("Changed on Cartona by %s:", who), changes.words))
        self._check_total(plan)

    def _line_changes(self, plan):
        """What has to be done to the sale lines."""
        changes = LineChanges(plan.sale)
        told, said = plan.snapshot.get("lines", {}), plan.incoming["lines"]
        for key in told:
            if key not in said:
                changes.remove(key)
        for key, line in plan.lines.items():
            if said[key] == told.get(key):
                continue
            if line.removed:
                changes.remove(key)
            else:
                changes.sell(key, line, plan.matches[key], self._figures(line))
            if line.comment and line.comment != told.get(key, {}).get("comment"):
                changes.words.append("%s: %s" % (line.product_name, line.comment))
        return changes

    def _apply(self, config, plan, changes):
        for line, values in changes.writes:
            line.write(values)
        drafts = changes.removed.filtered(lambda line: line.state in ("draft", "sent"))
        drafts.unlink()
        sold = changes.removed - drafts
        for line in sold:
            # A sale keeps the line, with nothing ordered.
            line.write({"product_uom_qty": 0.0, "price_unit": line.price_unit, "discount": 0.0})
        cancel_emptied(sold.move_ids)
        taxes, position = {}, plan.sale.fiscal_position_id
        self.env["sale.order.line"].create(
            [
                dict(self._line_values(config, plan, key, position, taxes), order_id=plan.sale.id)
                for key in changes.added
            ]
        )

    # === BUSINESS METHODS: STATUS === #

    def _update_status(self, config, plan):
        sale, said = plan.sale, plan.order.status
        is_moving = self._has_changed(plan, "status")
        if plan.is_dead or not (is_moving or self._has_changed(plan, "lines")):
            return
        must_resend = self._must_resend(plan)
        if must_resend or (is_moving and self._got_there(plan)):
            sale.write({"cartona_sync_state": "pending"})
            self.env["cartona.change"]._mark_orders_dirty(sale.ids)
        if sale.state == "cancel":
            # That it is cancelled may be on its way there, and what it says now older than that.
            is_underway = sale.cartona_sync_state == "pending" and sale._cartona_status_path()
            if not (must_resend or is_underway):
                words = _("It is cancelled in Odoo, but Cartona says “%s”.", said)
                plan.notify(words, cause="cancelled_here")
        elif is_moving or said == life_cycle.PENDING:
            # Of the other statuses only the step counts: a quotation that somebody has set back
            # by hand since is not confirmed again.
            self._plan_confirmation(config, plan)

    def _got_there(self, plan):
        """Whether a status that Cartona refused was only a repetition: it stands there now.
        Refused lines are somebody's to decide about."""
        sale = plan.sale
        is_status = sale.cartona_error_code and not sale.cartona_edit_state
        return is_status and sale._cartona_implied() == plan.order.status

    def _must_resend(self, plan):
        """Whether what was decided here could not be told while the retailer had the order open.

        What Cartona refused because of that is told again as well, even where the message that
        would have said so has never arrived; except what a person has to decide about.
        """
        sale = plan.sale
        was_open = plan.snapshot.get("status") == life_cycle.EDITING
        if sale.cartona_error:
            is_decided = sale.state == "cancel" or sale.cartona_edit_state
            was_open = plan.order.status == life_cycle.PENDING and not is_decided
        return was_open and bool(sale._cartona_steps())

    def _cancel(self, plans):
        """Cancel what was cancelled or sent back at Cartona, unless goods have left: those are
        to be taken back."""
        labels = self.env["sale.order"]._cartona_status_labels()
        cancelled, begun = self.env["sale.order"], []  # (label, picking, users)
        for plan in plans:
            order, sale = plan.order, plan.sale
            if sale.state == "cancel":
                continue
            label = labels[order.status]
            reason = order.cancellation_reason or order.return_reason
            plan.notes.append(paragraph("%s: %s" % (label, reason) if reason else label))
            begun += [
                (label, picking, users) for picking, users in sale._cartona_started_with_users()
            ]
            if sale._cartona_has_left_warehouse():
                # What has not left yet stays here.
                sale._cartona_outgoing_pickings().action_cancel()
                if not sale._cartona_is_fully_returned():
                    plan.notify(_("%s on Cartona, but goods have left: take them back.", label))
                    sale._cartona_prepare_returns(reason or label)
                continue
            if sale._cartona_is_invoiced():
                plan.notify(_("%s on Cartona: the invoice has to be credited.", label))
            cancelled |= sale
        if cancelled:
            # Not `action_cancel`: up to 18 it opens a dialog, and it refuses locked orders.
            cancelled._action_cancel()
        for label, picking, users in begun:
            picking._cartona_alert_warehouse(_("%s on Cartona: put the goods back.", label), users)

    def _forget_refusals(self, plans):
        """Whatever Cartona refused of an order that has ended on both sides matters no more."""
        sales = self.env["sale.order"].browse([plan.sale.id for plan in plans])
        over = sales.filtered(
            lambda sale: sale.cartona_error and sale._cartona_is_cancelled_on_both_sides()
        )
        over.write({"cartona_sync_state": "synced", "cartona_error_code": False})


class LineChanges:
    """What has to be done to the lines of one sale order, and in which words it is told."""

    def __init__(self, sale):
        self.env = sale.env  # the language of `words`
        self.by_id = {line.cartona_id: line for line in sale.order_line if line.cartona_id}
        # Lines that Cartona may know without our knowing their id: added by a clerk, or sent
        # by Cartona without one.
        self.nameless = [
            line for line in sale.order_line if line.product_id and not line.cartona_id
        ]
        self.writes = []  # (sale line, values)
        self.removed = sale.order_line.browse()
        self.added = []  # keys of lines to make
        self.words = []

    def remove(self, key):
        """Note that the line of this key goes, unless it is empty already."""
        line = self.by_id.get(key)
        if line and line.product_uom_qty:
            self.removed |= line
            self.words.append(_("%s: removed", line.product_id.display_name))

    def sell(self, key, line, match, figures):
        """
        :param line: `cartona_api.OrderLine`
        :param match: `Match`
        :param figures: dict, quantity and price as they are to be
        """
        sale_line = self.by_id.get(key)
        if sale_line and not _sells(sale_line, match):
            # The same line of Cartona's now sells something else.
            self.remove(key)
            self.writes.append((sale_line, {"cartona_id": False}))
            sale_line = None
        sale_line = sale_line or self._adopt(match, figures)
        if not sale_line:
            self.added.append(key)
            self.words.append(
                _(
                    "%(product)s: added, %(quantity)s × %(price)s",
                    product=match.product.display_name,
                    quantity=quantity(figures["product_uom_qty"]),
                    price=figure(figures["price_unit"]),
                )
            )
            return
        self._describe_difference(sale_line, figures)
        wanted = dict(figures, cartona_id=line.id or False)
        if any(sale_line[name] != value for name, value in wanted.items()):
            self.writes.append((sale_line, wanted))

    def _adopt(self, match, figures):
        """The line without an id that is meant: of the same product, the most similar one."""
        similar = [line for line in self.nameless if _sells(line, match)]
        if not similar:
            return None
        found = max(similar, key=lambda line: sum(line[n] == v for n, v in figures.items()))
        self.nameless.remove(found)
        return found

    def _describe_difference(self, line, figures):
        name = line.product_id.display_name
        old, new = line.product_uom_qty, figures["product_uom_qty"]
        if old != new:
            self.words.append(
                _(
                    "%(product)s: quantity %(old)s → %(new)s",
                    product=name,
                    old=quantity(old),
                    new=quantity(new),
                )
            )
        old, new = line.price_unit, figures["price_unit"]
        if old != new:
            self.words.append(
                _(
                    "%(product)s: price %(old)s → %(new)s",
                    product=name,
                    old=figure(old),
                    new=figure(new),
                )
            )


def _sells(line, match):
    return line.product_id == match.product and line._cartona_uom() == match.uom
