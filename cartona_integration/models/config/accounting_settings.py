"""`cartona.config`: where the money of Cartona's orders is booked, and the clock on new ones."""

from odoo import fields, models

# Without them an order cannot be settled.
_BOOKED_BY = {
    "settlement_journal_id",
    "credit_account_id",
    "installment_account_id",
    "wallet_account_id",
    "discount_account_id",
}


class CartonaConfig(models.Model):
    _inherit = "cartona.config"
    _check_company_auto = True

    invoice_on_delivery = fields.Boolean(
        "Invoice When Delivered",
        help="Make and post the invoice when the last delivery is done, and a credit note when "
        "goods come back.",
    )
    settlement_journal_id = fields.Many2one(
        "account.journal",
        "Cartona Journal",
        domain="[('type', '=', 'general')]",
        check_company=True,
        help="Where Cartona's part of posted invoices is booked, so that a retailer owes exactly "
        "the cash that is collected. Empty: it is not booked.",
    )
    credit_account_id = fields.Many2one(
        "account.account",
        "Credit",
        check_company=True,
        help="What Cartona owes you for credit and for the discounts that it grants.",
    )
    installment_account_id = fields.Many2one(
        "account.account",
        "Instalments",
        check_company=True,
        help="What Cartona owes you for orders that are paid in instalments.",
    )
    wallet_account_id = fields.Many2one(
        "account.account",
        "Wallet Top-Ups",
        check_company=True,
        help="What you owe Cartona of the cash collected for the retailers' wallets.",
    )
    discount_account_id = fields.Many2one(
        "account.account",
        "Discounts by Cartona",
        check_company=True,
        help="Income from discounts that Cartona grants and pays you.",
    )
    pending_hours = fields.Integer(
        "Remind of New Orders After (Hours)",
        default=12,
        help="Somebody is told of an order that waits longer than this, before Cartona cancels "
        "it for delay. 0: never.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        res = super().write(vals)
        if "pending_hours" in vals:
            self._reset_deadlines()
        if _BOOKED_BY & vals.keys():
            # In sudo mode: who sets this up need not be a salesperson of these orders.
            unsettled = (
                self.env["sale.order"]
                .sudo()
                .search(
                    [("company_id", "in", self.company_id.ids), ("cartona_is_unsettled", "=", True)]
                )
            )
            self.env["cartona.change"]._mark_invoices_dirty(unsettled.ids)
        return res

    def _reset_deadlines(self):
        """Waiting orders have until another time."""
        orders = self.env["sale.order"]
        # In sudo mode: who sets this up need not be a salesperson of these orders.
        waiting = orders.sudo().search(
            [("company_id", "in", self.company_id.ids), ("cartona_status", "=", "pending")]
        )
        self.env.add_to_compute(orders._fields["cartona_deadline"], waiting)
