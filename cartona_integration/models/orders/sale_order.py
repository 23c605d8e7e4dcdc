"""`sale.order`: identity and status on Cartona, totals, deadline, errors and activities.

The other files of this model:

    status.py              the updates to send to Cartona, and their answers
    delivery.py            the status that deliveries and buttons imply
    otp.py                 deliveries that need the retailer's code
    cancel.py              cancellation with a reason, started transfers
    edits.py               lines changed in Odoo
    amounts.py             cash to collect, amounts owed
    accounting_invoice.py  invoice, settlement, credit note
"""

from collections.abc import Iterable
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ...cartona_api import status as life_cycle
from ...compat import (
    Constraint,
    OpenSelection,
    check_may_write,
    customer_warning,
    is_confirmed,
    is_locked,
)
from ..core.guarded_fields import GuardedFields, SystemFields

SYNC_STATES = [("pending", "Not Sent Yet"), ("synced", "Up to date"), ("error", "Error")]
# A change of these fields may change the status that the order implies.
_STATUS_FIELDS = {"state", "cartona_shipped_at", "cartona_delivered_at", "cartona_returned_at"}
# Cause of an activity -> function that returns True while the activity is still needed. The other
# causes are errors of the order: their activities are closed when the error changes.
_OPEN_CAUSES = {
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


class SaleOrder(GuardedFields, SystemFields, models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "cartona.activity.mixin"]
    # A user who sets one of these could have an order delivered without the retailer's code.
    _system_fields = frozenset({
        "cartona_created_at", "cartona_credit", "cartona_delivered_by", "cartona_id",
        "cartona_installment_cost", "cartona_number", "cartona_pickup_date", "cartona_pickup_otp",
        "cartona_snapshot", "cartona_status", "cartona_wallet_top_up",
    })  # fmt: skip

    cartona_id = fields.Char(
        "Cartona ID", copy=False, readonly=True, index=True, help="The order's hashed_id."
    )
    cartona_number = fields.Char(
        copy=False, readonly=True, index=True, help="Receipt number shown to the retailer."
    )
    # Raw, as Cartona writes it: an unknown status is shown as received.
    cartona_status = OpenSelection(
        lambda self: list(self._cartona_status_labels().items()),
        copy=False,
        readonly=True,
        index=True,
        help="The last status confirmed by Cartona.",
    )
    cartona_status_label = fields.Char(
        "Status on Cartona",
        compute="_compute_cartona_status_label",
        help="The status that Cartona and the retailer see.",
    )
    cartona_delivered_by = fields.Selection(
        [
            (life_cycle.BY_SUPPLIER, "You"),
            (life_cycle.BY_CARTONA, "Cartona"),
            ("other", "Other"),
        ],
        "Delivered By",
        copy=False,
        readonly=True,
        help="Who delivers the goods to the retailer. Cartona delivers the orders it collects.",
    )
    cartona_created_at = fields.Datetime(
        "Ordered At", copy=False, readonly=True, help="When the retailer ordered on Cartona."
    )
    cartona_route = fields.Char(
        "Distribution Route", copy=False, readonly=True, help="The route assigned by Cartona."
    )
    cartona_pickup_date = fields.Datetime(
        "Pickup Date",
        copy=False,
        readonly=True,
        help="When Cartona collects the goods.",
    )
    cartona_pickup_otp = fields.Char(
        "Pickup Code",
        copy=False,
        readonly=True,
        exportable=False,
        groups="stock.group_stock_user",
        help="The code with which Cartona collects the goods.",
    )

    # State of the updates to Cartona
    cartona_sync_state = fields.Selection(
        SYNC_STATES,
        copy=False,
        readonly=True,
        help="Shows if Cartona has received the order's status and lines.",
    )
    cartona_synced_at = fields.Datetime(
        "Last Exchanged",
        copy=False,
        readonly=True,
        help="When an update of this order was last sent or received.",
    )
    # JSON: Cartona's last version of the order that was applied, see `cartona.order.importer`.
    # What differs from it in the order was changed here; what differs from it in the next message
    # was changed there.
    cartona_snapshot = fields.Text(copy=False, readonly=True, groups="base.group_system")

    # The error is stored as a code, so that every user reads it in his own language.
    cartona_error_code = fields.Char(copy=False, readonly=True)
    # Cartona's message; for “conflict” the two statuses.
    cartona_error_detail = fields.Text(copy=False, readonly=True)
    cartona_error = fields.Text(
        compute="_compute_cartona_error",
        inverse="_inverse_cartona_error",
        search="_search_cartona_error",
        readonly=True,
        help="Why the order is not up to date on Cartona.",
    )
    # True if sending the same update again can help.
    cartona_may_send_again = fields.Boolean("Send Again", compute="_compute_cartona_error")

    cartona_deadline = fields.Datetime(
        "Acceptance Deadline",
        compute="_compute_cartona_deadline",
        store=True,
        index=True,
        help="An activity is scheduled if the order still waits at this time.",
    )
    cartona_time_left = fields.Char(
        "Time Left",
        compute="_compute_cartona_time_left",
        help="Time until the acceptance deadline.",
    )
    cartona_is_late = fields.Boolean(compute="_compute_cartona_time_left")

    _cartona_id_uniq = Constraint(
        "UNIQUE(company_id, cartona_id)", "This Cartona order is already in Odoo."
    )

    def init(self):
        res = super().init()
        # Few rows, counted each time the dashboard opens.
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS sale_order_cartona_error"
            " ON sale_order (company_id) WHERE cartona_sync_state = 'error'"
        )
        return res

    # === COMPUTE METHODS === #

    @api.depends("cartona_status")
    @api.depends_context("lang")
    def _compute_cartona_status_label(self):
        labels = self._cartona_status_labels()
        for order in self:
            order.cartona_status_label = labels.get(order.cartona_status, order.cartona_status)

    @api.model
    def _cartona_status_labels(self):
        return {
            life_cycle.PENDING: _("Pending"),
            life_cycle.EDITING: _("Being edited by the retailer"),
            life_cycle.APPROVED: _("Approved"),
            life_cycle.ASSIGNED: _("Shipped"),
            life_cycle.DELIVERED: _("Delivered"),
            life_cycle.CANCELLED_BY_RETAILER: _("Cancelled by the retailer"),
            life_cycle.CANCELLED_BY_SUPPLIER: _("Cancelled by the supplier"),
            life_cycle.RETURNED: _("Returned"),
        }

    def _compute_amounts(self):
        """Override of `sale` so that tax-included prices add up to what the retailer pays.

        With global rounding, Odoo 16 to 18 round the sum without taxes and the taxes separately,
        and the two may differ from the sum of the lines by a cent. 15 adds up lines and has no
        such method.
        """
        result = super()._compute_amounts()
        for order in self:
            if order.cartona_id:
                lines = sum(order.order_line.mapped("price_total"))
                missed = order.currency_id.round(lines - order.amount_total)
                if missed:
                    order.amount_untaxed += missed
                    order.amount_total += missed
        return result

    @api.depends("cartona_error_code", "cartona_error_detail", "cartona_status")
    @api.depends_context("lang")
    def _compute_cartona_error(self):
        Reasons = self.env["cartona.reasons"]
        for order in self:
            message = order.cartona_error_code and order._cartona_error_message()
            order.cartona_error = Reasons._explain(order.cartona_error_code, message) or False
            order.cartona_may_send_again = Reasons._fix_of(order.cartona_error_code) == "send"

    def _cartona_error_message(self):
        """Return the details shown below the explanation of the error."""
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
        """Store a message without a code unchanged."""
        for order in self:
            message = order.cartona_error or False
            order.write(
                {
                    "cartona_error_code": message and "other_error",
                    "cartona_error_detail": message,
                }
            )

    def _search_cartona_error(self, operator, value):
        """Search for orders with or without an error, or by Cartona's message."""
        values = value if isinstance(value, Iterable) and not isinstance(value, str) else [value]
        if any(values):
            return [("cartona_error_detail", operator, value)]
        is_without = operator in ("=", "in")
        return [("cartona_error_code", "=" if is_without else "!=", False)]

    @api.depends("cartona_status", "cartona_created_at", "state")
    def _compute_cartona_deadline(self):
        """Set the time until which the order may wait: Cartona cancels orders without an answer.

        `cartona.config` schedules the activity about late orders.
        """
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
        """Return a time left, or exceeded, in minutes or hours: deadlines are hours, not days."""
        minutes = int(abs(left).total_seconds() // 60)
        amount = _("%s min", minutes) if minutes < 60 else _("%s h", minutes // 60)
        return _("%s left", amount) if left > timedelta(0) else _("%s late", amount)

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_open_on_cartona(self):
        """Keep orders that are open on Cartona: no update of a deleted order could be sent, and
        its next message would create it again."""
        for order in self:
            if order.cartona_id and not life_cycle.is_final(order.cartona_status):
                raise UserError(
                    _(
                        "Order %(order)s is “%(status)s” on Cartona: cancel it instead. It can be "
                        "deleted once Cartona has accepted the cancellation.",
                        order=order.name,
                        status=order.cartona_status_label,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `sale`: what Cartona decides is set by the system."""
        self._check_may_set(*({name for name in vals if vals[name]} for vals in vals_list))
        return super().create(vals_list)

    def write(self, vals):
        """Override of `sale` to send, publish, book and close what depends on these values."""
        self._check_may_set(vals)
        vals = self._cartona_reset_marks(vals)
        to_book = self.filtered(lambda order: order._cartona_lets_book(vals))
        codes = {}
        if "cartona_error_code" in vals:
            codes = {order: order.cartona_error_code for order in self}
        res = super().write(vals)
        if "state" in vals:
            # Stock is reserved by a quotation or by a sale's delivery, not by a cancelled order.
            self.filtered("cartona_id").order_line._cartona_mark_stock_dirty()
        self._cartona_close_activities_after(vals, codes)
        self.env["cartona.change"]._mark_invoices_dirty(to_book.ids)
        if _STATUS_FIELDS & vals.keys():
            self._cartona_mark_status_dirty()
        if "order_line" in vals:
            self._cartona_check_lines_left()
        return res

    # === ACTION METHODS === #

    def action_confirm(self):
        """Override of `sale`: not while the retailer is changing the order, and without making
        the retailer a follower."""
        self._cartona_check_not_editing()
        return super(SaleOrder, self.with_context(cartona_no_customer=True)).action_confirm()

    def action_cartona_sync(self):
        """Send the status and lines of these orders again.

        :raise UserError: orders are not exchanged, so nothing would be sent
        """
        orders = self.filtered("cartona_id")
        orders._cartona_check_exchanged()
        check_may_write(orders)  # a customer may read his own orders, too
        # In sudo mode: the fields are the system's, for others read-only.
        orders.sudo().write({"cartona_sync_state": "pending", "cartona_error_code": False})
        self.env["cartona.change"]._mark_orders_dirty(orders.ids)

    # === BUSINESS METHODS === #

    def _cartona_check_exchanged(self):
        """
        :raise UserError: the company of one of these orders does not exchange orders
        """
        Config = self.env["cartona.config"]
        for company in self.company_id:
            if not Config._of_company(company).auto_sync_orders:
                raise UserError(
                    _("Orders are not exchanged: switch “Orders” on in the Cartona settings.")
                )

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Override of `mail`: up to 18 a confirmation makes the customer a follower, who then
        gets a mail for each message on the order. Cartona notifies its retailers."""
        if self.env.context.get("cartona_no_customer") and partner_ids:
            retailers = self.filtered("cartona_id").partner_id
            partner_ids = [pid for pid in partner_ids if pid not in retailers.ids]
            if not partner_ids:
                return True
        return super().message_subscribe(partner_ids, subtype_ids)

    def _cartona_has_left_warehouse(self):
        """Return True if goods have left the warehouse for the customer."""
        self.ensure_one()
        return any(
            picking.state == "done" and picking.location_dest_id.usage == "customer"
            for picking in self.picking_ids
        )

    def _cartona_is_invoiced(self):
        self.ensure_one()
        return any(invoice.state == "posted" for invoice in self.invoice_ids)

    def _cartona_is_open(self):
        """Return True while customer, lines and stock of the order may still change."""
        self.ensure_one()
        return self.state != "cancel" and not (
            self._cartona_has_left_warehouse() or self._cartona_is_invoiced()
        )

    def _cartona_update_obstacle(self):
        """Return why the lines can no longer be updated from Cartona, or ""."""
        self.ensure_one()
        if self.state == "cancel":
            return _("it is cancelled in Odoo")
        if any(picking.state == "done" for picking in self.picking_ids):
            return _("a delivery is done")
        if self._cartona_is_invoiced():
            return _("it is invoiced")
        if is_locked(self):
            return _("it is locked")
        return ""

    def _cartona_change_customer(self, old, new, address):
        """Move an open order to another customer; prices, taxes and amounts do not change.

        :param old: the customer until now
        :param address: the delivery address that replaces `old` itself
        """
        self.ensure_one()
        shipping = self.partner_shipping_id
        if shipping == old:
            shipping = address
        values = {
            "partner_id": new.id,
            "partner_invoice_id": new.address_get(["invoice"])["invoice"],
            "partner_shipping_id": shipping.id,
            # Odoo would compute these again for another customer.
            "fiscal_position_id": self.fiscal_position_id.id,
            "payment_term_id": self.payment_term_id.id,
        }
        if not is_confirmed(self):
            values["pricelist_id"] = self.pricelist_id.id
        self.with_context(update_delivery_shipping_partner=True).write(values)
        waiting = self.picking_ids.filtered(
            lambda picking: picking.state not in ("done", "cancel") and picking.partner_id == old
        )
        waiting.write({"partner_id": shipping.id})

    # === BUSINESS METHODS: ACTIVITIES === #

    def _cartona_notify(self, task, salesperson=False, cause=""):
        """Schedule an activity on the order, unless the same one is open.

        :param str task: what to do, in the language of the assigned user
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

    def _cartona_close_activities_after(self, vals, codes):
        """Remove the activities whose cause was resolved by writing these values.

        :param dict codes: order -> its error code before, if the code was written
        """
        for order, code in codes.items():
            if code and code != order.cartona_error_code:
                order._cartona_close_activities(code)
        is_void = life_cycle.is_void(vals.get("cartona_status"))
        if is_void or "state" in vals or "partner_id" in vals:
            changed = self.filtered("cartona_id")
            if "partner_id" in vals:
                # A user has chosen one of the two possible customers.
                changed._cartona_close_activities("customer_double")
            changed._cartona_close_resolved_activities()

    def _cartona_close_resolved_activities(self):
        """Remove the activities whose cause is resolved, on the order or on its customer."""
        for order in self.sudo():  # the activities may be assigned to other users
            order._cartona_open_activities().filtered(
                lambda activity, order=order: (
                    activity.cartona_cause in _OPEN_CAUSES
                    and not _OPEN_CAUSES[activity.cartona_cause](order)
                )
            ).unlink()

    @api.model
    def _cartona_close_customer_activities(self, customers):
        """Remove the order activities that a change of their customer has resolved.

        In sudo mode: orders and activities may be those of others, and of other companies.
        """
        domain = [("partner_id", "in", customers.ids), ("cartona_id", "!=", False)]
        domain.append(("activity_ids.cartona_cause", "in", list(_OPEN_CAUSES)))
        self.sudo().search(domain)._cartona_close_resolved_activities()
