"""`cartona.config`: journal and accounts of Cartona's orders, and the reminder of new orders."""

from odoo import fields, models

# Settings without which an order cannot be settled.
_SETTLEMENT_SETTINGS = {
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
        "Invoice on Delivery",
        help="Create and post the invoice when the last delivery is done, and a credit note when "
        "goods are returned.",
    )
    settlement_journal_id = fields.Many2one(
        "account.journal",
        "Cartona Journal",
        domain="[('type', '=', 'general')]",
        check_company=True,
        help="Journal for Cartona's part of posted invoices, so that a retailer owes exactly the "
        "cash to collect. Leave empty not to post it.",
    )
    credit_account_id = fields.Many2one(
        "account.account",
        "Credit",
        check_company=True,
        help="Amounts that Cartona owes you for credit and for the discounts it grants.",
    )
    installment_account_id = fields.Many2one(
        "account.account",
        "Instalments",
        check_company=True,
        help="Amounts that Cartona owes you for orders paid in instalments.",
    )
    wallet_account_id = fields.Many2one(
        "account.account",
        "Wallet Top-Ups",
        check_company=True,
        help="Cash collected for the retailers' wallets, which you owe Cartona.",
    )
    discount_account_id = fields.Many2one(
        "account.account",
        "Discounts by Cartona",
        check_company=True,
        help="Income from discounts that Cartona grants and pays to you.",
    )
    pending_hours = fields.Integer(
        "New Order Reminder (Hours)",
        default=12,
        help="Schedule an activity for an order that waits longer than this, before Cartona "
        "cancels it for delay. 0 to disable.",
    )

    # === BUSINESS METHODS === #

    def _accounting_settings_changed(self, vals):
        """Compute deadlines again, and settle orders that waited for a journal or an account."""
        if "pending_hours" in vals:
            self._reset_deadlines()
        if _SETTLEMENT_SETTINGS & vals.keys():
            # In sudo mode: the user need not be a salesperson of these orders.
            unsettled = (
                self.env["sale.order"]
                .sudo()
                .search(
                    [("company_id", "in", self.company_id.ids), ("cartona_is_unsettled", "=", True)]
                )
            )
            self.env["cartona.change"]._mark_invoices_dirty(unsettled.ids)

    def _reset_deadlines(self):
        """Compute the deadline of waiting orders again."""
        orders = self.env["sale.order"]
        # In sudo mode: the user need not be a salesperson of these orders.
        waiting = orders.sudo().search(
            [("company_id", "in", self.company_id.ids), ("cartona_status", "=", "pending")]
        )
        self.env.add_to_compute(orders._fields["cartona_deadline"], waiting)
