"""Cartona's messages and the lines that were changed here: echoes, added lines, taking theirs."""

import json
from dataclasses import fields as dataclass_fields
from datetime import datetime, timedelta
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError

from ...cartona_api import OrderLine
from ..orders.edits import IN_TRANSIT_SECONDS, UNKNOWN
from .importer import Plan
from .importer_update import LineChanges
from .product_lookup import Catalogue

_NUMBERS = {"unit_count", "amount", "selling_price", "supplier_discount", "cartona_discount"}
# What a message says of the lines and of what hangs on them.
_OF_LINES = (
    "lines",
    "total_price",
    "cartona_credit",
    "installment_cost",
    "wallet_top_up",
)


class CartonaOrderImporter(models.AbstractModel):
    _inherit = "cartona.order.importer"

    # === BUSINESS METHODS === #

    def _plans(self, config, orders):
        """Override to see through messages that left Cartona before it heard of our change."""
        plans = super()._plans(config, orders)
        for plan in plans:
            if plan.snapshot and self._is_overtaken(plan):
                self._keep_our_lines(plan)
        return plans

    def _begin(self, plans, entries):
        """Override: lines that a message has not heard of yet are told once more. Should the
        retailer have set them back in this very moment, both sides end equal."""
        res = super()._begin(plans, entries)
        for plan in plans:
            if plan.is_overtaken:
                ids = {line["id"] for line in plan.snapshot["lines"].values() if line["id"]}
                edit = dict(plan.sale._cartona_edit(), uncertain=sorted(ids))
                plan.sale.cartona_edit = json.dumps(edit)
                self.env["cartona.change"]._mark_orders_dirty(plan.sale.ids)
        return res

    def _is_overtaken(self, plan):
        """Whether this message tells the lines as they were before we changed them."""
        recent = plan.sale._cartona_recent_states(plan.sale._cartona_edit())
        if not recent or _figures(plan.incoming) == _figures(plan.snapshot):
            return False
        return any(_figures(plan.incoming) == before for _at, before in recent)

    def _keep_our_lines(self, plan):
        """Take the status out of an overtaken message, but no lines."""
        plan.is_overtaken = True
        plan.incoming.update({name: plan.snapshot[name] for name in _OF_LINES})
        plan.lines = {
            key: line for key, line in plan.lines.items() if key in plan.incoming["lines"]
        }

    def _has_changes(self, plan):
        """Override: an echo is news while something waits for it."""
        if super()._has_changes(plan):
            return True
        waits = plan.sale.cartona_money_waiting or plan.sale._cartona_edit()["added"]
        return bool(waits) and not plan.is_dropped

    def _snapshot_values(self, plan):
        """Override: Cartona has worked out its part of the money."""
        values = super()._snapshot_values(plan)
        if plan.is_overtaken:
            for name in ("cartona_credit", "cartona_installment_cost", "cartona_wallet_top_up"):
                del values[name]
        else:
            values["cartona_money_waiting"] = False
        return values

    def _update_lines(self, config, plan):
        """Override to settle what became of lines that were added here."""
        res = super()._update_lines(config, plan)
        edit = plan.sale._cartona_edit()
        if edit["added"]:
            self._resolve_added_lines(plan, edit)
        return res

    def _resolve_added_lines(self, plan, edit):
        """Added lines that the message has named are done. One that a later message does not
        show was not added if there was no answer; else somebody has to look."""
        sale = plan.sale
        nameless = {str(line.id) for line in sale.order_line if not line.cartona_id}
        left = {line_id: state for line_id, state in edit["added"].items() if line_id in nameless}
        since = fields.Datetime.now() - timedelta(seconds=IN_TRANSIT_SECONDS)
        if left and not plan.is_overtaken and datetime.fromisoformat(edit["at"]) < since:
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

    # === BUSINESS METHODS: TAKE THEIRS === #

    def _restore_lines(self, sale):
        """Make the lines of a sale order what Cartona last told.

        :raise UserError: a line is of a product that is no longer linked
        """
        quiet = self.with_context(sale_no_log_for_new_lines=True, cartona_importing=True)
        quiet._restore(sale.with_env(quiet.env))

    def _restore(self, sale):
        config = self.env["cartona.config"]._of_company(sale.company_id).with_env(self.env)
        told = json.loads(sale.cartona_snapshot)["lines"]
        lines = {key: _line(values) for key, values in told.items()}
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
                changes.writes.append((sale_line, self._figures(line)))
                continue
            match = catalogue.match(line)
            if not match:
                raise UserError(
                    self.env["cartona.reasons"]._explain("unknown_product", self._describe(line))
                )
            plan.matches[key] = match
            changes.sell(key, line, match, self._figures(line))
        for sale_line in [*changes.by_id.values(), *changes.nameless]:
            changes.removed |= sale_line
        self._apply(config, plan, changes)


def _figures(said):
    lines = said["lines"]
    return {key: [line["amount"], line["selling_price"]] for key, line in lines.items()}


def _line(values):
    """A line as it was told -> `cartona_api.OrderLine`."""
    return OrderLine(
        **{
            field.name: Decimal(values[field.name] or 0)
            if field.name in _NUMBERS
            else values[field.name]
            for field in dataclass_fields(OrderLine)
        }
    )
