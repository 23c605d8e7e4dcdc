"""The clock on orders that wait to be accepted: Cartona cancels what nobody looks at."""

from datetime import timedelta

from odoo import _, api, fields, models

from ..cartona_api import status as life_cycle

_ACTIVITY = "cartona_integration.mail_activity_type_pending"


class SaleOrder(models.Model):
    _inherit = "sale.order"

    cartona_deadline = fields.Datetime(
        "To Be Accepted By",
        compute="_compute_cartona_deadline",
        store=True,
        index=True,
        help="Somebody is told when the order still waits then.",
    )
    cartona_is_reminded = fields.Boolean(copy=False, readonly=True)

    # === COMPUTE METHODS === #

    @api.depends("cartona_status", "cartona_created_at", "state")
    def _compute_cartona_deadline(self):
        for company in self.company_id:
            orders = self.filtered(lambda order, company=company: order.company_id == company)
            hours = self.env["cartona.config"]._of_company(company).pending_hours
            for order in orders:
                since = order.cartona_created_at or order.create_date or fields.Datetime.now()
                is_running = hours > 0 and order._cartona_waits_for_us()
                order.cartona_deadline = is_running and since + timedelta(hours=hours)
        for order in self.filtered(lambda order: not order.company_id):
            order.cartona_deadline = False

    def _cartona_waits_for_us(self):
        return self.cartona_status == life_cycle.PENDING and self.state in ("draft", "sent")

    # === CRUD METHODS === #

    def write(self, vals):
        res = super().write(vals)
        if "state" in vals or "cartona_status" in vals:
            self._cartona_stop_clock()
        return res

    def _cartona_stop_clock(self):
        """The reminder goes away with its cause."""
        done = self.filtered(
            lambda order: order.cartona_is_reminded and not order._cartona_waits_for_us()
        )
        if done:
            # In sudo mode: the activity may be somebody else's.
            done.sudo().activity_unlink([_ACTIVITY])
            done.write({"cartona_is_reminded": False})

    # === CRON METHODS === #

    @api.model
    def _cartona_remind(self):
        """Tell somebody of the orders whose time is up, once."""
        late = self.search(
            [("cartona_deadline", "<=", fields.Datetime.now()), ("cartona_is_reminded", "=", False)]
        )
        for order in late:
            config = self.env["cartona.config"]._of_company(order.company_id)
            user = order.user_id or config._responsible()
            order.with_context(lang=user.lang)._cartona_remind_user(user, config.pending_hours)
        late.write({"cartona_is_reminded": True})

    def _cartona_remind_user(self, user, hours):
        self.activity_schedule(
            _ACTIVITY,
            summary=_(
                "Waits for more than %s hours: confirm or cancel it before Cartona does", hours
            ),
            user_id=user.id,
        )
