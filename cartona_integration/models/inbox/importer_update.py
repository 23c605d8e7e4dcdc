"""`cartona.order.importer`: new versions of orders that are in Odoo.

A new version is compared with the last one of Cartona's, not with the order in Odoo: what a user
has changed in Odoo since then is kept, unless Cartona changed the same.
"""

import json
from dataclasses import fields as dataclass_fields
from datetime import datetime, timedelta
from decimal import Decimal

from odoo import _, models
from odoo.exceptions import UserError

from ...cartona_api import OrderLine
from ...cartona_api import status as life_cycle
from ...compat import cancel_emptied, write_with_deliveries
from ..core.clock import database_now
from ..core.formatting import bullets, cairo_day, figure, paragraph, quantity_in
from ..orders.edits import IN_TRANSIT_SECONDS, UNKNOWN
from .importer import Plan
from .importer_create import promised_moment
from .importer_lines import Catalogue

_DATES = ("delivery_day", "estimated_delivery_day", "retailer_preferred_delivery_date")
# Fields of a line that a snapshot stores as text.
_NUMBERS = {"unit_count", "amount", "selling_price", "supplier_discount", "cartona_discount"}


class CartonaOrderImporter(models.AbstractModel):
    _inherit = "cartona.order.importer"

    # === BUSINESS METHODS: UPDATE === #

    def _update_orders(self, config, plans):
        for plan in plans:
            self._update_header(plan)
            if not plan.is_cancelled:
                self._update_lines(config, plan)
            self._update_status(config, plan)
        cancelled = [plan for plan in plans if plan.is_cancelled]
        self._cancel(cancelled)
        self._clear_errors(cancelled)

    def _update_header(self, plan):
        """Write everything except the lines."""
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
            plan.log.append(paragraph(_("Note from the retailer: %s", order.note_message)))

    def _has_changed(self, plan, name):
        return plan.snapshot.get(name) != plan.incoming[name]

    # === BUSINESS METHODS: LINES === #

    def _update_lines(self, config, plan):
        """Write the lines that Cartona changed, log the changes, and resolve added lines."""
        changes = self._line_changes(plan)
        if changes.texts or changes.writes:
            self._write_line_changes(config, plan, changes)
        edit = plan.sale._cartona_edit()
        if edit["added"]:
            self._resolve_added_lines(plan, edit)

    def _write_line_changes(self, config, plan, changes):
        who = _("Cartona") if plan.order.edited_by_admin else _("the retailer")
        obstacle = plan.sale._cartona_update_obstacle()
        if obstacle:
            title = _(
                "Changed on Cartona by %(who)s, but %(why)s: nothing was changed.",
                who=who,
                why=obstacle,
            )
            plan.log.append(bullets(title, changes.texts))
            # An order cancelled in Odoo gets one activity, about its status.
            if plan.sale.state != "cancel":
                plan.notify("%s %s" % (title, "; ".join(changes.texts)))
            return
        self._apply(config, plan, changes)
        if changes.texts:
            plan.log.append(bullets(_("Changed on Cartona by %s:", who), changes.texts))
        self._check_total(plan)

    def _line_changes(self, plan):
        """Return the changes of the sale lines."""
        changes = LineChanges(plan.sale)
        before, now = plan.snapshot.get("lines", {}), plan.incoming["lines"]
        for key in before:
            if key not in now:
                changes.remove(key)
        for key, line in plan.lines.items():
            if now[key] == before.get(key):
                continue
            if line.removed:
                changes.remove(key)
            else:
                changes.update(key, line, plan.matches[key], self._amount_values(line))
            if line.comment and line.comment != before.get(key, {}).get("comment"):
                changes.texts.append("%s: %s" % (line.product_name, line.comment))
        return changes

    def _apply(self, config, plan, changes):
        for line, values in changes.writes:
            line.write(values)
        drafts = changes.removed.filtered(lambda line: line.state in ("draft", "sent"))
        drafts.unlink()
        sold = changes.removed - drafts
        for line in sold:
            # A confirmed order keeps the line, with nothing ordered.
            line.write({"product_uom_qty": 0.0, "price_unit": line.price_unit, "discount": 0.0})
        cancel_emptied(sold.move_ids)
        taxes, position = {}, plan.sale.fiscal_position_id
        self.env["sale.order.line"].create(
            [
                dict(self._line_values(config, plan, key, position, taxes), order_id=plan.sale.id)
                for key in changes.added
            ]
        )

    def _resolve_added_lines(self, plan, edit):
        """Resolve lines that were added in Odoo: those in the message have an id now. A line that
        a later message does not contain was not added if Cartona gave no answer, and is sent
        again; if Cartona accepted it, a user has to look at it.
        """
        sale = plan.sale
        without_id = {str(line.id) for line in sale.order_line if not line.cartona_id}
        left = {line_id: state for line_id, state in edit["added"].items() if line_id in without_id}
        since = database_now(self.env.cr) - timedelta(seconds=IN_TRANSIT_SECONDS)
        if left and not plan.predates_edit and datetime.fromisoformat(edit["at"]) < since:
            again = {line_id for line_id, state in left.items() if state == UNKNOWN}
            left = {line_id: UNKNOWN for line_id in left if line_id not in again}
            if again:
                self.env["cartona.change"]._mark_orders_dirty(sale.ids)
        values = {"cartona_edit": json.dumps(dict(edit, added=left))}
        if UNKNOWN in left.values():
            values["cartona_edit_state"] = "unknown"
        elif sale.cartona_edit_state == "unknown":
            values["cartona_edit_state"] = False
        sale.write(values)

    # === BUSINESS METHODS: STATUS === #

    def _update_status(self, config, plan):
        sale, status = plan.sale, plan.order.status
        is_moving = self._has_changed(plan, "status")
        if plan.is_cancelled or not (is_moving or self._has_changed(plan, "lines")):
            return
        must_resend = self._must_resend(plan)
        if must_resend or (is_moving and self._is_error_resolved(plan)):
            sale.write({"cartona_sync_state": "pending"})
            self.env["cartona.change"]._mark_orders_dirty(sale.ids)
        if sale.state == "cancel":
            # The cancellation may still have to be sent; then this status is older than it.
            is_being_sent = sale.cartona_sync_state == "pending" and sale._cartona_status_path()
            if not (must_resend or is_being_sent):
                summary = _("Cancelled in Odoo, but “%s” on Cartona.", status)
                plan.notify(summary, cause="cancelled_here")
        elif is_moving or status == life_cycle.PENDING:
            # Other statuses count only when they change: an order that a user has reset to a
            # quotation since then is not confirmed again.
            self._plan_confirmation(config, plan)

    def _is_error_resolved(self, plan):
        """Return True if Cartona now has the status that it refused. Refused lines are decided by
        a user."""
        sale = plan.sale
        is_status = sale.cartona_error_code and not sale.cartona_edit_state
        return is_status and sale._cartona_implied() == plan.order.status

    def _must_resend(self, plan):
        """Return True if an update could not be sent while the retailer was editing the order.

        What Cartona refused because of that is sent again as well, even if the message about the
        editing never arrived; except what a user has to decide.
        """
        sale = plan.sale
        was_open = plan.snapshot.get("status") == life_cycle.EDITING
        if sale.cartona_error:
            is_decided = sale.state == "cancel" or sale.cartona_edit_state
            was_open = plan.order.status == life_cycle.PENDING and not is_decided
        return was_open and bool(sale._cartona_steps())

    def _cancel(self, plans):
        """Cancel orders that were cancelled or returned on Cartona. Goods that have left the
        warehouse are to be taken back instead."""
        labels = self.env["sale.order"]._cartona_status_labels()
        cancelled, started = self.env["sale.order"], []  # (label, picking, users)
        for plan in plans:
            order, sale = plan.order, plan.sale
            if sale.state == "cancel":
                continue
            label = labels[order.status]
            reason = order.cancellation_reason or order.return_reason
            plan.log.append(paragraph("%s: %s" % (label, reason) if reason else label))
            started += [
                (label, picking, users) for picking, users in sale._cartona_started_with_users()
            ]
            if sale._cartona_has_left_warehouse():
                # What has not left yet stays in the warehouse.
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
        for label, picking, users in started:
            picking._cartona_alert_warehouse(_("%s on Cartona: put the goods back.", label), users)

    def _clear_errors(self, plans):
        """Clear the errors of orders that are cancelled on both sides."""
        sales = self.env["sale.order"].browse([plan.sale.id for plan in plans])
        resolved = sales.filtered(
            lambda sale: sale.cartona_error and sale._cartona_is_cancelled_on_both_sides()
        )
        resolved.write({"cartona_sync_state": "synced", "cartona_error_code": False})

    # === BUSINESS METHODS: USE CARTONA'S LINES === #

    def _restore_lines(self, sale):
        """Make the lines of a sale order equal to its snapshot.

        :raise UserError: the product of a line is not linked any more
        """
        quiet = self.with_context(sale_no_log_for_new_lines=True, cartona_importing=True)
        quiet._restore_snapshot(sale.with_env(quiet.env))

    def _restore_snapshot(self, sale):
        config = self.env["cartona.config"]._of_company(sale.company_id).with_env(self.env)
        snapshot = json.loads(sale.cartona_snapshot)["lines"]
        lines = {key: _order_line(values) for key, values in snapshot.items()}
        plan = Plan(None, lines, sale, {}, {}, customer=sale.partner_id)
        changes = LineChanges(sale)
        missing = [
            line for key, line in lines.items() if not (line.removed or key in changes.by_id)
        ]
        catalogue = Catalogue(config, missing)
        for key, line in lines.items():
            if line.removed:
                continue
            sale_line = changes.by_id.pop(key, None)
            if sale_line:
                changes.writes.append((sale_line, self._amount_values(line)))
                continue
            match = catalogue.match(line)
            if not match:
                raise UserError(
                    self.env["cartona.reasons"]._explain("unknown_product", self._describe(line))
                )
            plan.matches[key] = match
            changes.update(key, line, match, self._amount_values(line))
        for sale_line in [*changes.by_id.values(), *changes.without_id]:
            changes.removed |= sale_line
        self._apply(config, plan, changes)


class LineChanges:
    """Changes of the lines of one sale order, with a text for each."""

    def __init__(self, sale):
        self.env = sale.env  # the language of `texts`
        self.by_id = {line.cartona_id: line for line in sale.order_line if line.cartona_id}
        # Lines that Cartona may have under an id that is not known yet: added by a user, or sent
        # by Cartona without an id.
        self.without_id = [
            line for line in sale.order_line if line.product_id and not line.cartona_id
        ]
        self.writes = []  # (sale line, values)
        self.removed = sale.order_line.browse()
        self.added = []  # keys of lines to create
        self.texts = []

    def remove(self, key):
        """Remove the line of this key, unless it is empty already."""
        line = self.by_id.get(key)
        if line and line.product_uom_qty:
            self.removed |= line
            self.texts.append(_("%s: removed", line.product_id.display_name))

    def update(self, key, line, match, figures):
        """Add or change the line of this key.

        :param line: `cartona_api.OrderLine`
        :param match: `Match`
        :param figures: dict, the new quantity, price and discounts
        """
        sale_line = self.by_id.get(key)
        if sale_line and not _is_same_product(sale_line, match):
            # Cartona's line has another product now.
            self.remove(key)
            self.writes.append((sale_line, {"cartona_id": False}))
            sale_line = None
        sale_line = sale_line or self._find_without_id(match, figures)
        if not sale_line:
            self.added.append(key)
            self.texts.append(
                _(
                    "%(product)s: added, %(quantity)s × %(price)s",
                    product=match.product.display_name,
                    quantity=quantity_in(figures["product_uom_qty"], match.uom, match.product),
                    price=figure(figures["price_unit"]),
                )
            )
            return
        self._describe_difference(sale_line, figures)
        values = dict(figures, cartona_id=line.id or False)
        if any(sale_line[name] != value for name, value in values.items()):
            self.writes.append((sale_line, values))

    def _find_without_id(self, match, figures):
        """Return the line without an id that is most similar, of the same product."""
        similar = [line for line in self.without_id if _is_same_product(line, match)]
        if not similar:
            return None
        found = max(similar, key=lambda line: sum(line[n] == v for n, v in figures.items()))
        self.without_id.remove(found)
        return found

    def _describe_difference(self, line, figures):
        name = line.product_id.display_name
        old, new = line.product_uom_qty, figures["product_uom_qty"]
        if old != new:
            self.texts.append(
                _(
                    "%(product)s: quantity %(old)s → %(new)s",
                    product=name,
                    old=quantity_in(old, line._cartona_uom(), line.product_id),
                    new=quantity_in(new, line._cartona_uom(), line.product_id),
                )
            )
        old, new = line.price_unit, figures["price_unit"]
        if old != new:
            self.texts.append(
                _(
                    "%(product)s: price %(old)s → %(new)s",
                    product=name,
                    old=figure(old),
                    new=figure(new),
                )
            )


def _is_same_product(line, match):
    return line.product_id == match.product and line._cartona_uom() == match.uom


def _order_line(values):
    """Return a line of a snapshot as `cartona_api.OrderLine`."""
    return OrderLine(
        **{
            field.name: Decimal(values[field.name] or 0)
            if field.name in _NUMBERS
            else values[field.name]
            for field in dataclass_fields(OrderLine)
        }
    )
