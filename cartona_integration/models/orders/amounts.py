"""`sale.order`, `stock.picking`: amounts owed by and to Cartona, and the cash that drivers collect.

Source: "Money" in Cartona's order notes; see cartona_api/money.py.
"""

from odoo import _, api, fields, models

from ...cartona_api import money
from ...cartona_api import status as life_cycle


class SaleOrder(models.Model):
    _inherit = "sale.order"

    cartona_credit = fields.Monetary(
        copy=False, readonly=True, help="The part of the total that Cartona pays you."
    )
    cartona_installment_cost = fields.Monetary(
        "Instalments",
        copy=False,
        readonly=True,
        help="The part of the total that the retailer pays in instalments through Cartona.",
    )
    cartona_wallet_top_up = fields.Monetary(
        "Wallet Top-Up",
        copy=False,
        readonly=True,
        help="Extra cash that is collected for the retailer's Cartona wallet.",
    )
    cartona_amount_to_collect = fields.Monetary(
        "Cash to Collect",
        compute="_compute_cartona_amount_to_collect",
        store=True,
        help="Total minus credit and instalments, plus the wallet top-up.",
    )
    cartona_owed_by_cartona = fields.Monetary(
        "Cartona Owes You",
        compute="_compute_cartona_owed",
        help="Credit, instalments, and the discounts that Cartona grants.",
    )
    cartona_owed_to_cartona = fields.Monetary(
        "You Owe Cartona", compute="_compute_cartona_owed", help="The wallet top-up."
    )
    cartona_our_discount = fields.Monetary(
        "Our Discounts", compute="_compute_cartona_owed", help="Already deducted from the prices."
    )
    cartona_money_waiting = fields.Boolean(
        "Waiting for Cartona's Figures",
        copy=False,
        readonly=True,
        help="The lines were changed in Odoo: credit and instalments may change as well. "
        "Cartona's next message contains the new figures.",
    )
    cartona_takes_cash = fields.Boolean(compute="_compute_cartona_takes_cash")
    cartona_amount_received = fields.Monetary(
        "Cash Received", copy=False, help="Cash that the driver handed in for this order."
    )
    cartona_amount_difference = fields.Monetary(
        "Difference",
        compute="_compute_cartona_amount_difference",
        store=True,
        help="Received minus expected: negative if cash is missing.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "amount_total",
        "cartona_id",
        "cartona_credit",
        "cartona_installment_cost",
        "cartona_wallet_top_up",
        "order_line.price_total",
        "order_line.qty_delivered",
        "picking_ids.state",
    )
    def _compute_cartona_amount_to_collect(self):
        for order in self:
            to_collect = order.cartona_id and money.amount_to_collect(
                order._cartona_total(),
                order.cartona_credit,
                order.cartona_installment_cost,
                order.cartona_wallet_top_up,
            )
            order.cartona_amount_to_collect = float(to_collect or 0)

    @api.depends(
        "cartona_credit",
        "cartona_installment_cost",
        "cartona_wallet_top_up",
        "order_line.product_uom_qty",
        "order_line.qty_delivered",
        "order_line.cartona_discount",
        "order_line.cartona_supplier_discount",
        "picking_ids.state",
    )
    def _compute_cartona_owed(self):
        for order in self:
            amounts = [(line, line._cartona_amount()) for line in order.order_line]
            ours = sum(line.cartona_supplier_discount * amount for line, amount in amounts)
            theirs = sum(line.cartona_discount * amount for line, amount in amounts)
            order.cartona_our_discount = ours
            order.cartona_owed_by_cartona = theirs + float(
                money.owed_by_cartona(order.cartona_credit, order.cartona_installment_cost)
            )
            order.cartona_owed_to_cartona = float(
                money.owed_to_cartona(order.cartona_wallet_top_up)
            )

    @api.depends("cartona_amount_to_collect", "cartona_delivered_by", "cartona_status", "state")
    def _compute_cartona_takes_cash(self):
        """Set to True if our driver has to collect cash on delivery."""
        over = life_cycle.FINAL - {life_cycle.DELIVERED}
        for order in self:
            order.cartona_takes_cash = bool(
                order.cartona_amount_to_collect > 0
                and order.state != "cancel"
                and order.cartona_status not in over
                and order.cartona_delivered_by != life_cycle.BY_CARTONA
            )

    @api.depends("cartona_amount_to_collect", "cartona_amount_received")
    def _compute_cartona_amount_difference(self):
        for order in self:
            order.cartona_amount_difference = (
                order.cartona_amount_received - order.cartona_amount_to_collect
            )

    # === BUSINESS METHODS === #

    def _cartona_total(self):
        """Return what the retailer pays: the order's total, without the ordered quantities that
        will not be delivered."""
        self.ensure_one()
        total = self.amount_total
        if not any(picking.state == "done" for picking in self.picking_ids):
            return total
        for line in self.order_line:
            ordered = line.product_uom_qty
            if ordered and not line.display_type:
                total += line.price_total * (line._cartona_amount() / ordered - 1)
        return self.currency_id.round(total)


class StockPicking(models.Model):
    _inherit = "stock.picking"

    cartona_amount_to_collect = fields.Monetary(
        "Cash to Collect",
        compute="_compute_cartona_cash",
        compute_sudo=True,
        currency_field="cartona_currency_id",
        help="Cash that the driver collects from the retailer for this delivery.",
    )
    cartona_currency_id = fields.Many2one(
        "res.currency", compute="_compute_cartona_cash", compute_sudo=True
    )
    cartona_cash_note = fields.Char(
        compute="_compute_cartona_cash",
        compute_sudo=True,
        help="Hint for the driver about the cash.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "sale_id.cartona_amount_to_collect",
        "sale_id.cartona_money_waiting",
        "sale_id.cartona_takes_cash",
        "location_dest_id.usage",
    )
    @api.depends_context("lang")
    def _compute_cartona_cash(self):
        """In sudo mode: the driver needs the amount, and need not have a right on orders."""
        for picking in self:
            order = picking._cartona_order()
            is_collected = order.cartona_takes_cash and picking.location_dest_id.usage == "customer"
            picking.cartona_currency_id = order.currency_id
            picking.cartona_amount_to_collect = (
                order.cartona_amount_to_collect if is_collected else 0
            )
            picking.cartona_cash_note = is_collected and picking._cartona_cash_note()

    def _cartona_cash_note(self):
        """Return a hint for the driver besides the amount, or ""."""
        order = self._cartona_order()
        if order.cartona_money_waiting:
            return _("Waiting for Cartona's figures")
        deliveries = order.picking_ids.filtered(
            lambda picking: (
                picking.location_dest_id.usage == "customer" and picking.state != "cancel"
            )
        )
        if len(deliveries) > 1:
            return _("Once, for all %s deliveries of the order", len(deliveries))
        return ""
