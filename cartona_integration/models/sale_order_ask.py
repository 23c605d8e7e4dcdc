"""What only a person can bring in order is asked for by an activity, which goes with its cause."""

from odoo import models

_ACTIVITY = "cartona_integration.mail_activity_type_cartona"


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === CRUD METHODS === #

    def write(self, vals):
        """Override: an error that is over is asked about no more."""
        if "cartona_error" not in vals:
            return super().write(vals)
        before = {order: order.cartona_error for order in self}
        res = super().write(vals)
        for order, error in before.items():
            if error and error != order.cartona_error:
                order._cartona_stop_asking(error)
        return res

    # === BUSINESS METHODS === #

    def _cartona_ask(self, task, salesperson=False):
        """Have a person look at the order: the one in charge of Cartona, or the salesperson.

        The same is not asked again while it waits for somebody.
        """
        self.ensure_one()
        if self._cartona_asked(task):
            return
        kind = self.env.ref(_ACTIVITY)
        config = self.env["cartona.config"]._of_company(self.company_id)
        user = (salesperson and self.user_id) or config._responsible()
        quiet = self.with_context(mail_activity_quick_update=True)  # seen, not mailed
        quiet.activity_schedule(activity_type_id=kind.id, summary=task, user_id=user.id)

    def _cartona_stop_asking(self, task):
        """What was asked for by `_cartona_ask` has been done, or matters no more."""
        # In sudo mode: the activity may be somebody else's.
        self.sudo()._cartona_asked(task).unlink()

    def _cartona_asked(self, task):
        """The activities that wait for somebody to do this."""
        kind = self.env.ref(_ACTIVITY)
        return self.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind and activity.summary == task
        )
