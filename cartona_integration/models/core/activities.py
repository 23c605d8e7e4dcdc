"""`cartona.activity.mixin`: what needs a person is an activity, closed when its cause is resolved.

Inherited by `cartona.config`, `sale.order` and `stock.picking`. A cause is a code: summaries are in
the language of the person they are for, and their figures change.
"""

from odoo import fields, models

ACTIVITY = "cartona_integration.mail_activity_type_cartona"
ACTIVITY_LATE = "cartona_integration.mail_activity_type_pending"
ACTIVITY_ACCOUNTING = "cartona_integration.mail_activity_type_money"


class MailActivity(models.Model):
    _inherit = "mail.activity"

    cartona_cause = fields.Char(readonly=True, copy=False)


class CartonaActivityMixin(models.AbstractModel):
    _name = "cartona.activity.mixin"
    _description = "Cartona: Activities"

    # === BUSINESS METHODS === #

    def _cartona_schedule(self, summary, users, cause="", note="", kind=ACTIVITY, is_mailed=False):
        """Schedule an activity for each user.

        :param str summary: what to do, in the language of the users
        :param users: `res.users`
        :param str cause: code by which the activity is found once its cause is resolved; one
            without a cause stays until a person marks it as done
        :param note: HTML
        :param str kind: external ID of the `mail.activity.type`
        :param bool is_mailed: True to send Odoo's mail to the user as well
        """
        self.ensure_one()
        record = self if is_mailed else self.with_context(mail_activity_quick_update=True)
        if not self.env.ref(kind, raise_if_not_found=False):
            kind = "mail.mail_activity_data_todo"  # deleted by an administrator
        for user in users:
            record.activity_schedule(
                kind, summary=summary, note=note, user_id=user.id, cartona_cause=cause
            )

    def _cartona_open_activities(self, cause=None):
        """Return the open activities of one cause; of any cause when left out.

        In sudo mode: they may be assigned to another user.
        """
        activities = self.sudo().activity_ids
        if cause is not None:
            return activities.filtered(lambda activity: activity.cartona_cause == cause)
        kind = self.env.ref(ACTIVITY, raise_if_not_found=False)
        return activities.filtered(lambda activity: activity.activity_type_id == kind)

    def _cartona_close_activities(self, cause):
        """Remove the activities of a cause that is resolved."""
        self._cartona_open_activities(cause).unlink()
