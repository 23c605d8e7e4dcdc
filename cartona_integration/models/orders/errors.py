"""What only a person can bring in order is asked for by an activity, which goes with its cause.

An error is kept as a code, so that everybody reads it in his own language, and as it is now.
"""

from collections.abc import Iterable

from odoo import _, api, fields, models

from ...cartona_api import status as life_cycle
from ...compat import customer_warning

# Whether what was asked of an order still is to be done; the other causes are errors of the order
# and end with them.
_HOLDS = {
    "cancelled_here": lambda order: (
        order.state == "cancel" and not order._cartona_is_cancelled_on_both_sides()
    ),
    "not_confirmed": lambda order: order.state in ("draft", "sent"),
    "customer_archived": lambda order: (
        order.state in ("draft", "sent") and not order.partner_id.active
    ),
    "customer_blocked": lambda order: (
        order.state in ("draft", "sent") and bool(customer_warning(order.partner_id))
    ),
    "customer_double": lambda order: (
        order.state in ("draft", "sent") and not order.partner_id.cartona_not_duplicate
    ),
    "customer_unknown": lambda order: (
        order.state != "cancel"
        and order.partner_id.cartona_unidentified
        and not order.partner_id.cartona_id
    ),
}
# What of a customer settles one of those.
_SETTLES = {
    "active",
    "cartona_id",
    "cartona_not_duplicate",
    "cartona_unidentified",
    "sale_warn",
    "sale_warn_msg",
}


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "cartona.activity.mixin"]

    cartona_error_code = fields.Char(copy=False, readonly=True)
    # Cartona's words; of “conflict” the two statuses.
    cartona_error_detail = fields.Text(copy=False, readonly=True)
    cartona_error = fields.Text(
        compute="_compute_cartona_error",
        inverse="_inverse_cartona_error",
        search="_search_cartona_error",
        readonly=True,
        help="Why Cartona did not take what it was told.",
    )
    # Whether saying it again is what helps.
    cartona_may_send_again = fields.Boolean("Send Again", compute="_compute_cartona_error")

    # === COMPUTE METHODS === #

    @api.depends("cartona_error_code", "cartona_error_detail", "cartona_status")
    @api.depends_context("lang")
    def _compute_cartona_error(self):
        Reasons = self.env["cartona.reasons"]
        for order in self:
            words = order.cartona_error_code and order._cartona_error_message()
            order.cartona_error = Reasons._explain(order.cartona_error_code, words) or False
            order.cartona_may_send_again = Reasons._fix_of(order.cartona_error_code) == "send"

    def _cartona_error_message(self):
        """What stands behind the sentence."""
        detail = self.cartona_error_detail or ""
        labels = self._cartona_status_labels()
        if self.cartona_error_code == "conflict":
            here, there = detail.split()
            return _(
                "Here the order is “%(here)s”, on Cartona “%(there)s”.",
                here=labels.get(here, here),
                there=labels.get(there, there),
            )
        if self.cartona_error_code == "cancellation_refused":
            status = _("On Cartona the order is “%s”.", self.cartona_status_label)
            return "%s\n%s" % (detail, status)
        return detail

    def _inverse_cartona_error(self):
        """Words that come without a code are kept as they are."""
        for order in self:
            words = order.cartona_error or False
            order.write(
                {
                    "cartona_error_code": words and "other_error",
                    "cartona_error_detail": words,
                }
            )

    def _search_cartona_error(self, operator, value):
        """Whether there is one can be asked, and for Cartona's own words."""
        values = value if isinstance(value, Iterable) and not isinstance(value, str) else [value]
        if any(values):
            return [("cartona_error_detail", operator, value)]
        is_without = operator in ("=", "in")
        return [("cartona_error_code", "=" if is_without else "!=", False)]

    # === CRUD METHODS === #

    def write(self, vals):
        """Override: what is over is asked about no more."""
        before = {}
        if "cartona_error_code" in vals:
            before = {order: order.cartona_error_code for order in self}
        res = super().write(vals)
        for order, code in before.items():
            if code and code != order.cartona_error_code:
                order._cartona_close_activities(code)
        is_void = life_cycle.is_void(vals.get("cartona_status"))
        if is_void or "state" in vals or "partner_id" in vals:
            moved = self.filtered("cartona_id")
            if "partner_id" in vals:
                # It was asked which of two customers it is: somebody has chosen.
                moved._cartona_close_activities("customer_double")
            moved._cartona_close_resolved_activities()
        return res

    # === BUSINESS METHODS === #

    def _cartona_notify(self, task, salesperson=False, cause=""):
        """Schedule an activity on the order, unless the same one is open.

        :param str task: what to do, in the language of the person it is for
        :param bool salesperson: True for the order's salesperson, else the person responsible for
            Cartona
        :param str cause: see `cartona.activity.mixin`
        """
        self.ensure_one()
        activities = self._cartona_open_activities()
        if any(row.cartona_cause == cause if cause else row.summary == task for row in activities):
            return
        config = self.env["cartona.config"]._of_company(self.company_id)
        user = (salesperson and self.user_id) or config._responsible()
        self._cartona_schedule(task, user, cause)

    def _cartona_notify_error(self):
        """Schedule an activity about the error of the order, in the language of its reader."""
        config = self.env["cartona.config"]._of_company(self.company_id)
        order = self.with_context(lang=config._responsible().lang)
        self._cartona_notify(order.cartona_error, cause=self.cartona_error_code)

    def _cartona_close_resolved_activities(self):
        """Remove the activities whose cause is resolved, on the order or on its customer."""
        for order in self.sudo():  # the activities may be assigned to other users
            order._cartona_open_activities().filtered(
                lambda activity, order=order: (
                    activity.cartona_cause in _HOLDS and not _HOLDS[activity.cartona_cause](order)
                )
            ).unlink()


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        """Override: a customer who is in order again is asked about no more."""
        res = super().write(vals)
        if _SETTLES & vals.keys():
            # In sudo mode: orders and activities may be those of others, and of other companies.
            orders = self.env["sale.order"].sudo()
            asked = [("activity_ids.cartona_cause", "in", list(_HOLDS))]
            domain = [("partner_id", "in", self.ids), ("cartona_id", "!=", False)]
            orders.search(domain + asked)._cartona_close_resolved_activities()
        return res
