"""The clock on orders that wait to be accepted: Cartona cancels what nobody looks at.

Who is told of those whose time is up: `cartona_config_tell`.
"""

from datetime import timedelta

from odoo import _, api, fields, models

from ...cartona_api import status as life_cycle


class SaleOrder(models.Model):
    _inherit = "sale.order"

    cartona_deadline = fields.Datetime(
        "To Be Accepted By",
        compute="_compute_cartona_deadline",
        store=True,
        index=True,
        help="Somebody is told when the order still waits then.",
    )
    cartona_time_left = fields.Char(
        "Time Left",
        compute="_compute_cartona_time_left",
        help="How long the order may still wait for an answer before somebody is reminded.",
    )
    cartona_is_late = fields.Boolean(compute="_compute_cartona_time_left")

    # === COMPUTE METHODS === #

    @api.depends("cartona_status", "cartona_created_at", "state")
    def _compute_cartona_deadline(self):
        for company in self.company_id:
            orders = self.filtered(lambda order, company=company: order.company_id == company)
            hours = self.env["cartona.config"]._of_company(company).pending_hours
            for order in orders:
                since = order.cartona_created_at or order.create_date or fields.Datetime.now()
                is_running = hours > 0 and order._cartona_awaits_acceptance()
                order.cartona_deadline = is_running and since + timedelta(hours=hours)
        for order in self.filtered(lambda order: not order.company_id):
            order.cartona_deadline = False

    def _cartona_awaits_acceptance(self):
        return self.cartona_status == life_cycle.PENDING and self.state in ("draft", "sent")

    @api.depends("cartona_deadline")
    @api.depends_context("lang")
    def _compute_cartona_time_left(self):
        now = fields.Datetime.now()
        for order in self:
            deadline = order.cartona_deadline
            order.cartona_is_late = bool(deadline) and deadline <= now
            order.cartona_time_left = deadline and self._cartona_format_time_left(deadline - now)

    def _cartona_format_time_left(self, left):
        """A time left, or gone, as short as it can be said: the clock has hours, not days."""
        minutes = int(abs(left).total_seconds() // 60)
        amount = _("%s min", minutes) if minutes < 60 else _("%s h", minutes // 60)
        return _("%s left", amount) if left > timedelta(0) else _("%s late", amount)
