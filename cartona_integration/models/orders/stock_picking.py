"""`stock.picking`: Cartona's data of an order for the warehouse, and the retailer's code.

The other files of this model: `delivery.py` (which step it is), `amounts.py` (cash to collect),
`accounting_invoice.py` (invoicing).
"""

from odoo import SUPERUSER_ID, api, fields, models

from ...cartona_api import status as life_cycle
from ...compat import (
    OpenSelection,
    backorder_rule,
    check_may_read,
    moves_of,
    picked_quantity,
)
from ..core.formatting import paragraph
from ..core.guarded_fields import GuardedFields

# Fields that a transfer shows of its order.
_ORDER_FIELDS = (
    "cartona_id",
    "cartona_number",
    "cartona_status",
    "cartona_status_label",
    "cartona_delivered_by",
    "cartona_pickup_date",
    "cartona_waits_for",
)
_OTP_GROUP = "stock.group_stock_user"


def _search_order(name):
    """Return the search method of a field that is taken from the order."""
    return lambda self, operator, value: [("sale_id.%s" % name, operator, value)]


def _order_selection(name):
    """Return the function that lists the values of a selection of the order."""
    return lambda self: self.env["sale.order"]._fields[name]._description_selection(self.env)


class StockPicking(GuardedFields, models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "cartona.activity.mixin"]

    # Not related fields: those show whatever order a form claims for a transfer.
    cartona_id = fields.Char(
        "Cartona ID", compute="_compute_cartona_order", search=_search_order("cartona_id")
    )
    cartona_number = fields.Char(
        "Cartona Order",
        compute="_compute_cartona_order",
        search=_search_order("cartona_number"),
        help="Receipt number shown to the retailer.",
    )
    cartona_status = OpenSelection(
        _order_selection("cartona_status"),
        compute="_compute_cartona_order",
        search=_search_order("cartona_status"),
    )
    cartona_status_label = fields.Char(
        "Status on Cartona",
        compute="_compute_cartona_order",
        help="The status that Cartona and the retailer see.",
    )
    cartona_delivered_by = fields.Selection(
        _order_selection("cartona_delivered_by"),
        "Delivered By",
        compute="_compute_cartona_order",
        search=_search_order("cartona_delivered_by"),
        help="Who delivers the goods to the retailer. Cartona delivers the orders it collects.",
    )
    cartona_pickup_date = fields.Datetime(
        "Pickup Date",
        compute="_compute_cartona_order",
        help="When Cartona collects the goods.",
        search=_search_order("cartona_pickup_date"),
    )
    cartona_pickup_otp = fields.Char(
        "Pickup Code",
        help="The code with which Cartona collects the goods.",
        compute="_compute_cartona_pickup_otp",
        exportable=False,
        groups=_OTP_GROUP,
    )
    cartona_needs_otp = fields.Boolean(
        "Needs the Retailer's Code",
        compute="_compute_cartona_needs_otp",
        help="Cartona handles part of the payment: it accepts the delivery only with the code.",
    )
    cartona_waits_for = fields.Char(
        compute="_compute_cartona_order",
        help="Transfers to complete before “Delivered” is sent to Cartona.",
    )

    # === COMPUTE METHODS === #

    def _cartona_order(self):
        """Return the stored order of this transfer, in sudo mode: a warehouse user need not see
        orders.

        A form may claim any order for a transfer, and the ORM accepts any: an order of another
        company is not returned, nor one of a transfer that the user may not read.
        """
        stored = self._origin
        if stored != self:
            # Unsaved values: nothing has checked yet that the user may read the transfer.
            check_may_read(stored.sudo(False))
        stored = stored.sudo()
        order = stored.sale_id
        return order if order.company_id == stored.company_id else order.browse()

    @api.depends(*("sale_id.%s" % name for name in _ORDER_FIELDS))
    @api.depends_context("lang")
    def _compute_cartona_order(self):
        for picking in self:
            order = picking._cartona_order()
            for name in _ORDER_FIELDS:
                picking[name] = order[name]

    @api.depends("sale_id.cartona_pickup_otp")
    def _compute_cartona_pickup_otp(self):
        """An unsaved form computes fields without a look at their groups."""
        is_shown = self.env.su or self.env.user.has_group(_OTP_GROUP)
        for picking in self:
            order = picking._cartona_order()
            picking.cartona_pickup_otp = is_shown and order.cartona_pickup_otp

    @api.depends("sale_id.cartona_needs_otp", "sale_id.cartona_status", "location_dest_id", "state")
    def _compute_cartona_needs_otp(self):
        for picking in self:
            order = picking._cartona_order()
            picking.cartona_needs_otp = (
                picking.state not in ("done", "cancel")
                and order.cartona_needs_otp
                and picking._cartona_is_delivery()
                and not life_cycle.is_final(order.cartona_status)
            )

    # === BUSINESS METHODS: VALIDATION === #

    def _pre_action_done_hook(self):
        """Override of `stock` to have Cartona check the retailers' codes before anything is done.

        Runs after Odoo's own dialogs, so the backorders are decided. Deliveries that need no code
        are validated at once; one dialog requests the codes of the others.
        """
        res = super()._pre_action_done_hook()
        if res is not True:
            return res
        # In sudo mode: a warehouse user need not see orders.
        orders = self.sudo().sale_id.filtered("cartona_needs_otp")
        if not orders:
            return True
        validating = self._cartona_without_backorder()
        orders = orders.with_context(cartona_validating=validating.ids)._cartona_missing_code()
        if not orders:
            return True
        waiting = self.filtered(lambda picking: picking.sudo().sale_id in orders)
        others = self - waiting
        done = True
        if others:
            done = others.with_context(button_validate_picking_ids=others.ids).button_validate()
        orders = waiting.env["sale.order"].browse(orders.ids)  # not in sudo mode
        return _both(done, orders._cartona_open_code_dialog(waiting))

    def _cartona_without_backorder(self):
        """Return the transfers that will be done without a backorder."""
        not_kept = set(self.env.context.get("picking_ids_not_to_backorder") or ())
        return self.filtered(lambda picking: not picking._cartona_leaves_backorder(not_kept))

    def _cartona_leaves_backorder(self, not_kept):
        rule = backorder_rule(self)
        if rule == "never" or (rule == "ask" and self.id in not_kept):
            return False
        return any(
            move.product_uom_qty and picked_quantity(move) < move.product_uom_qty
            for move in moves_of(self)
            if move.state not in ("done", "cancel")
        )

    def _send_confirmation_email(self):
        """Override of `stock`: send no mail and request no carrier for what Cartona delivered."""
        if self.env.context.get("cartona_no_customer"):
            return None
        return super()._send_confirmation_email()

    # === BUSINESS METHODS === #

    def _cartona_assigned_users(self):
        """Return the users who work on this transfer: its responsible user, else who picked goods.

        Odoo leaves the responsible user of a delivery empty unless it is assigned.
        """
        self.ensure_one()
        return self.user_id or self.move_line_ids.write_uid.filtered(
            lambda user: user.active and not user.share and user.id != SUPERUSER_ID
        )

    def _cartona_alert_warehouse(self, message, users=None):
        """Alert the warehouse with a logged message, an activity, and a notification on the screen.

        :param str message: what happened, and what to do
        :param users: `res.users` who work on it; empty for the one responsible for Cartona
        """
        self.ensure_one()
        users = users or self.env["cartona.config"]._of_company(self.company_id)._responsible()
        self._message_log(body=paragraph(message))
        self._cartona_schedule(message, users)
        for user in users:
            self.env["bus.bus"]._sendone(
                user.partner_id,
                "simple_notification",
                {
                    "title": self.name,
                    "message": message,
                    "type": "danger",
                    "warning": True,
                    "sticky": True,
                },
            )


def _both(done, dialog):
    """Return the result of a validation that also has to request codes.

    :param done: result of validating the transfers without a code
    :param dialog: action that opens the dialog for the codes
    """
    if not isinstance(done, dict):
        return dialog
    if done.get("tag") == "do_multi_print":
        return dict(done, params=dict(done["params"], anotherAction=dialog))
    # A dialog about the others comes first; those with a code remain to be validated.
    return done
