"""`sale.order`: what Cartona calls the order and where it stands there."""

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ...cartona_api import status
from ...compat import Constraint, OpenSelection, check_may_write, is_confirmed, is_locked

SYNC_STATES = [("pending", "Waiting"), ("synced", "Up to date"), ("error", "Error")]


class SaleOrder(models.Model):
    _inherit = "sale.order"

    cartona_id = fields.Char(
        "Cartona ID", copy=False, readonly=True, index=True, help="The order's hashed_id."
    )
    cartona_number = fields.Char(
        copy=False, readonly=True, index=True, help="What people say on the phone."
    )
    # Raw, as Cartona writes it: a status that nobody has heard of yet is shown as received.
    cartona_status = OpenSelection(
        lambda self: list(self._cartona_status_labels().items()),
        copy=False,
        readonly=True,
        index=True,
        help="The status that Cartona is known to have.",
    )
    cartona_status_label = fields.Char(
        "Status on Cartona",
        compute="_compute_cartona_status_label",
        help="Where Cartona and the retailer see the order.",
    )
    cartona_delivered_by = fields.Selection(
        [(status.BY_SUPPLIER, "You"), (status.BY_CARTONA, "Cartona"), ("other", "Somebody else")],
        "Delivered By",
        copy=False,
        readonly=True,
        help="Who brings the goods to the retailer. What Cartona collects it delivers itself.",
    )
    cartona_created_at = fields.Datetime(
        "Ordered At", copy=False, readonly=True, help="When the retailer ordered on Cartona."
    )
    cartona_route = fields.Char(
        "Distribution Route", copy=False, readonly=True, help="The tour on which Cartona put it."
    )
    cartona_pickup_date = fields.Datetime(
        "Collected By Cartona At",
        copy=False,
        readonly=True,
        help="When Cartona comes for the goods.",
    )
    cartona_pickup_otp = fields.Char(
        "Pickup Code",
        copy=False,
        readonly=True,
        exportable=False,
        groups="stock.group_stock_user",
        help="The code with which Cartona collects the goods.",
    )

    # The state of what goes out about this order
    cartona_sync_state = fields.Selection(
        SYNC_STATES,
        copy=False,
        readonly=True,
        help="Whether Cartona knows where the order stands in Odoo.",
    )
    cartona_synced_at = fields.Datetime(
        "Last Exchanged",
        copy=False,
        readonly=True,
        help="When Cartona was last told something of this order, or said something.",
    )
    # JSON: what Cartona last said, see `cartona.order.importer`. What differs from it in the
    # order was changed here; what differs from it in the next message was changed there.
    cartona_snapshot = fields.Text(copy=False, readonly=True, groups="base.group_system")

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
            status.PENDING: _("Pending"),
            status.EDITING: _("Being edited by the retailer"),
            status.APPROVED: _("Approved"),
            status.ASSIGNED: _("Shipped"),
            status.DELIVERED: _("Delivered"),
            status.CANCELLED_BY_RETAILER: _("Cancelled by the retailer"),
            status.CANCELLED_BY_SUPPLIER: _("Cancelled by the supplier"),
            status.RETURNED: _("Returned"),
        }

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_open_on_cartona(self):
        """What is deleted could be told nothing any more, and would come again as a new order."""
        for order in self:
            if order.cartona_id and not status.is_final(order.cartona_status):
                raise UserError(
                    _(
                        "Order %(order)s is “%(status)s” on Cartona: cancel it instead. It can be "
                        "deleted once Cartona has taken the cancellation.",
                        order=order.name,
                        status=order.cartona_status_label,
                    )
                )

    def write(self, vals):
        res = super().write(vals)
        if "state" in vals:
            # A quotation holds stock by itself, a sale by its delivery, a cancelled order none.
            self.filtered("cartona_id").order_line._cartona_mark_stock_dirty()
        return res

    # === ACTION METHODS === #

    def action_confirm(self):
        """Override of `sale` that keeps the retailer out of the followers of his order."""
        return super(SaleOrder, self.with_context(cartona_no_customer=True)).action_confirm()

    def action_cartona_sync(self):
        """Tell Cartona again where these orders stand.

        :raise UserError: orders are not exchanged, so nothing would be told
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
        """Override of `mail`: up to 18 a confirmation makes the customer a follower, who is
        then mailed whatever is sent on the order. Retailers are told things by Cartona."""
        if self.env.context.get("cartona_no_customer") and partner_ids:
            retailers = self.filtered("cartona_id").partner_id
            partner_ids = [pid for pid in partner_ids if pid not in retailers.ids]
            if not partner_ids:
                return True
        return super().message_subscribe(partner_ids, subtype_ids)

    def _cartona_has_left_warehouse(self):
        """Whether goods are on their way to the customer, or there."""
        self.ensure_one()
        return any(
            picking.state == "done" and picking.location_dest_id.usage == "customer"
            for picking in self.picking_ids
        )

    def _cartona_is_invoiced(self):
        self.ensure_one()
        return any(invoice.state == "posted" for invoice in self.invoice_ids)

    def _cartona_is_open(self):
        """Whether the order is still to be dealt with: for its customer, its lines, its stock."""
        self.ensure_one()
        return self.state != "cancel" and not (
            self._cartona_has_left_warehouse() or self._cartona_is_invoiced()
        )

    def _cartona_update_obstacle(self):
        """Why the lines cannot follow Cartona any more; "" while they can."""
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
        """Give an open order to another customer; prices, taxes and money stay as they are.

        :param address: where goods go that would have gone to `old` itself
        """
        self.ensure_one()
        shipping = self.partner_shipping_id
        if shipping == old:
            shipping = address
        values = {
            "partner_id": new.id,
            "partner_invoice_id": new.address_get(["invoice"])["invoice"],
            "partner_shipping_id": shipping.id,
            # Odoo would work these out anew for another customer.
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
