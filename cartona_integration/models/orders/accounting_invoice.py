"""`sale.order`: the invoice of a delivered order, and its settlement with Cartona.

    T   the invoice, owed by the retailer
    C   Cartona credit       Cr receivable   Dr what Cartona owes for credit
    I   instalments          Cr receivable   Dr what Cartona owes for instalments
    W   wallet top-up        Dr receivable   Cr what is owed to Cartona
    D   Cartona's discounts  Cr income       Dr what Cartona owes for credit

The retailer's balance is T - C - I + W: what the driver collects. D is already deducted from the
prices and does not concern the retailer.

`write` of `sale.order`, `_post` of `account.move` and `_action_done` of `stock.picking` mark the
orders; a job books them, see `accounting_job.py`. A booking that fails is explained on the order.
"""

import json
from collections import namedtuple

from odoo import _, fields, models

from ...cartona_api import status as life_cycle
from ...compat import receivable_lines
from ..core.activities import ACTIVITY_ACCOUNTING
from ..core.formatting import enumerate_items

# One part of the invoice that is settled with Cartona.
#   debit, credit: fields of `cartona.config` with the accounts; "" for the retailer's receivable
Part = namedtuple("Part", "name amount debit credit")
_TOLERANCE = 0.011
# A change of these fields changes the parts of a settlement.
_FIGURES = ("cartona_credit", "cartona_installment_cost", "cartona_wallet_top_up")


class SaleOrder(models.Model):
    _inherit = "sale.order"

    cartona_settlement_id = fields.Many2one(
        "account.move",
        "Settlement with Cartona",
        copy=False,
        readonly=True,
        help="The entry that moves Cartona's part of the invoice from the retailer to Cartona.",
    )
    # JSON: the parts that `cartona_settlement_id` books, see `_figures_of`.
    cartona_settled = fields.Char(copy=False, readonly=True)
    cartona_is_unsettled = fields.Boolean(
        copy=False, readonly=True, help="Invoiced, but the settings lack an account to settle on."
    )

    # === BUSINESS METHODS === #

    def _cartona_lets_book(self, vals):
        """Return True if the booking of the order may have waited for these values."""
        return (
            (vals.get("cartona_money_waiting") is False and self.cartona_money_waiting)
            or bool(vals.get("cartona_delivered_at"))
            or vals.get("cartona_status") == life_cycle.DELIVERED != self.cartona_status
            or any(name in vals and vals[name] != self[name] for name in _FIGURES)
        )

    def _cartona_book(self, config):
        """Create the invoice, settlement and credit note that deliveries and amounts require.

        Idempotent.

        :param config: `cartona.config`, in the superuser's environment of its company
        """
        self.ensure_one()
        if self.cartona_money_waiting:
            return
        # The last obstacle may be resolved; if not, the activity is scheduled again.
        self.activity_unlink([ACTIVITY_ACCOUNTING])
        if config.invoice_on_delivery:
            self._cartona_make_invoice(config)
            self._cartona_credit_returned()
        if config.invoice_on_delivery or config.settlement_journal_id:
            self._cartona_settle(config)

    def _cartona_make_invoice(self, config):
        """Invoice what was delivered, once no more deliveries are open."""
        is_invoiced = any(
            move.move_type == "out_invoice" and move.state != "cancel" for move in self.invoice_ids
        )
        if is_invoiced or not self._cartona_is_invoiceable():
            return
        invoice = self._create_invoices(final=True)
        sold = {line: line._cartona_amount() for line in self.order_line}
        _set_quantities(invoice, sold)
        total = self._cartona_total()
        if abs(invoice.amount_total - total) > _TOLERANCE:
            self._cartona_notify_accounting(
                config,
                _(
                    "The invoice total is %(invoice)s, the order total %(order)s: check the "
                    "invoice and post it.",
                    invoice="%.2f" % invoice.amount_total,
                    order="%.2f" % total,
                ),
            )
            return
        invoice.action_post()

    def _cartona_is_invoiceable(self):
        """Return True if goods were delivered and no more deliveries are open."""
        out = self._cartona_deliveries()
        return (
            "done" in out.mapped("state")
            and all(picking.state in ("done", "cancel") for picking in out)
            and any(line.qty_delivered > 0 for line in self.order_line)
        )

    def _cartona_deliveries(self):
        return self.picking_ids.filtered(
            lambda picking: picking.location_dest_id.usage == "customer"
        )

    def _cartona_invoices(self):
        return self.invoice_ids.filtered(
            lambda move: move.move_type == "out_invoice" and move.state == "posted"
        )

    # === BUSINESS METHODS: SETTLEMENT === #

    def _cartona_parts(self):
        """Return the parts of the order that are settled with Cartona, without those of zero."""
        discounts = self.cartona_owed_by_cartona - self.cartona_credit
        discounts -= self.cartona_installment_cost
        parts = [
            Part(_("Cartona credit"), self.cartona_credit, "credit_account_id", ""),
            Part(_("Instalments"), self.cartona_installment_cost, "installment_account_id", ""),
            Part(_("Wallet top-up"), self.cartona_wallet_top_up, "", "wallet_account_id"),
            Part(_("Discounts by Cartona"), discounts, "credit_account_id", "discount_account_id"),
        ]
        return [part for part in parts if not self.currency_id.is_zero(part.amount)]

    def _cartona_settle(self, config):
        """Move Cartona's part of the posted invoice to Cartona: once, and again if the parts have
        changed."""
        invoice = self._cartona_invoices()[:1]
        if not invoice or self._cartona_is_credited(invoice):
            self._cartona_undo_settlement()
            return
        if not self._cartona_figures_are_final(config):
            return
        parts = self._cartona_parts()
        if self.cartona_settlement_id:
            if self.cartona_settled in (False, _figures_of(parts)):
                return
            self._cartona_undo_settlement()
        if not parts:
            return
        missing = self._cartona_missing_settings(config, parts)
        self.cartona_is_unsettled = bool(missing)
        if missing:
            wanted = enumerate_items(self.env, missing)
            self._cartona_notify_accounting(
                config, _("Not settled with Cartona: set %s in the Cartona settings.", wanted)
            )
            return
        entry = self.env["account.move"].create(self._cartona_entry(config, invoice, parts))
        entry.action_post()
        self.write({"cartona_settlement_id": entry.id, "cartona_settled": _figures_of(parts)})
        paid = receivable_lines(entry).filtered(lambda line: line.balance < 0)
        if paid:
            owed = receivable_lines(invoice).filtered(lambda line: not line.reconciled)
            (owed | paid).reconcile()

    def _cartona_figures_are_final(self, config):
        """Return True if credit and instalments can no longer change: the order is delivered, and
        Cartona has the delivered quantities."""
        if self.cartona_status != life_cycle.DELIVERED:
            if self._cartona_implied() != life_cycle.DELIVERED:
                return False
        return not (config.auto_sync_orders and self._cartona_line_edits())

    def _cartona_missing_settings(self, config, parts):
        """Return the labels of the missing settings that these parts need."""
        names = ["settlement_journal_id"]
        names += [name for part in parts for name in (part.debit, part.credit) if name]
        labels = config.fields_get(names, ["string"])
        return [labels[name]["string"] for name in dict.fromkeys(names) if not config[name]]

    def _cartona_entry(self, config, invoice, parts):
        """Return the values of the entry that settles `parts`."""
        receivable = receivable_lines(invoice)[:1]
        lines = []
        for part in parts:
            for sign, setting in ((1, part.debit), (-1, part.credit)):
                account = config[setting] if setting else receivable.account_id
                partner = receivable.partner_id if not setting else receivable.partner_id.browse()
                lines.append(self._cartona_entry_line(invoice, part, sign, account, partner))
        return {
            "move_type": "entry",
            "journal_id": config.settlement_journal_id.id,
            "date": invoice.date,
            "ref": "%s, Cartona %s" % (invoice.name, self.cartona_number or self.cartona_id),
            "line_ids": [(0, 0, line) for line in lines],
        }

    def _cartona_entry_line(self, invoice, part, sign, account, partner):
        """Return one side of a part, in the order's currency and the company's."""
        company = self.company_id
        amount = self.currency_id.round(part.amount)
        own = self.currency_id._convert(amount, company.currency_id, company, invoice.date)
        return {
            "name": part.name,
            "account_id": account.id,
            "partner_id": partner.id,
            "currency_id": self.currency_id.id,
            "amount_currency": sign * amount,
            "debit": own if sign > 0 else 0.0,
            "credit": own if sign < 0 else 0.0,
        }

    # === BUSINESS METHODS: RETURN === #

    def _cartona_credit_returned(self):
        """Create a credit note for invoiced goods that were returned."""
        is_returned = any(
            picking.state == "done" and picking.location_id.usage == "customer"
            for picking in self.picking_ids
        )
        invoice = self._cartona_invoices()[:1]
        if not (is_returned and invoice):
            return
        returned = {
            line: line.qty_invoiced - line.qty_delivered
            for line in self.order_line
            if line.qty_invoiced > line.qty_delivered
        }
        if not returned:
            return
        if not any(line.qty_delivered > 0 for line in self.order_line):
            self._cartona_undo_settlement()
        note = invoice._reverse_moves([{"invoice_date": fields.Date.context_today(self)}])
        _set_quantities(note, returned)
        note.action_post()
        (receivable_lines(invoice) | receivable_lines(note)).filtered(
            lambda line: not line.reconciled
        ).reconcile()

    def _cartona_undo_settlement(self):
        """Reverse the settlement, if any: everything was returned, so nothing is owed by or to
        Cartona, or the parts have changed."""
        entry = self.cartona_settlement_id
        if entry:
            receivable_lines(entry).remove_move_reconcile()
            entry._reverse_moves([{"date": fields.Date.context_today(self)}], cancel=True)
            self.write({"cartona_settlement_id": False, "cartona_settled": False})

    def _cartona_is_credited(self, invoice):
        """Return True if the whole invoice was credited."""
        notes = self.invoice_ids.filtered(
            lambda move: move.move_type == "out_refund" and move.state == "posted"
        )
        credited = sum(notes.mapped("amount_total"))
        return bool(notes) and credited >= invoice.amount_total - _TOLERANCE

    # === BUSINESS METHODS: ACTIVITIES === #

    def _cartona_not_booked(self, config, message):
        """Schedule an activity about a failed booking; the order's next delivery, invoice or
        figures start another attempt."""
        self._cartona_notify_accounting(config, _("Could not be booked: %s", message))

    def _cartona_notify_accounting(self, config, task):
        """Schedule the accounting activity of the order; the newest reason replaces the others."""
        self.activity_unlink([ACTIVITY_ACCOUNTING])
        self._cartona_schedule(
            task, config._responsible(), kind=ACTIVITY_ACCOUNTING, is_mailed=True
        )


class AccountMove(models.Model):
    _inherit = "account.move"

    # === BUSINESS METHODS === #

    def _post(self, soft=True):
        """Override of `account` to settle posted invoices, no matter how they were created."""
        posted = super()._post(soft)
        # In sudo mode: accountants need not have a right on orders.
        orders = posted.sudo().line_ids.sale_line_ids.order_id
        self.env["cartona.change"]._mark_invoices_dirty(orders.filtered("cartona_id").ids)
        return posted


class StockPicking(models.Model):
    _inherit = "stock.picking"

    # === BUSINESS METHODS === #

    def _action_done(self):
        """Override of `stock` to have orders invoiced, or credited, once everything is done."""
        res = super()._action_done()
        # In sudo mode: warehouse users need not have a right on orders.
        orders = self.sudo().sale_id.filtered("cartona_id")
        self.env["cartona.change"]._mark_invoices_dirty(orders.ids)
        return res


def _figures_of(parts):
    """Return the accounts and amounts of these parts as JSON, to compare settlements."""
    return json.dumps([[part.debit, part.credit, round(part.amount, 6)] for part in parts])


def _set_quantities(move, quantities):
    """Set the quantities of a draft's lines; remove lines without a quantity.

    :param quantities: dict `sale.order.line` -> quantity in its unit
    """
    commands = []
    for line in move.invoice_line_ids.filtered("sale_line_ids"):
        quantity = sum(quantities.get(sold, 0) for sold in line.sale_line_ids)
        if not quantity:
            commands.append((2, line.id))
        elif line.quantity != quantity:
            commands.append((1, line.id, {"quantity": quantity}))
    if commands:
        move.write({"invoice_line_ids": commands})
