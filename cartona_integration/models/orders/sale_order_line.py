"""`sale.order.line`: which line of the marketplace's order it is, and what it was discounted by."""

from odoo import api, fields, models

from ...compat import tax_field, unit_field


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    cartona_id = fields.Char("Cartona Line", copy=False, readonly=True)
    cartona_supplier_discount = fields.Float(
        "Our Discount on Cartona",
        digits="Product Price",
        copy=False,
        readonly=True,
        help="Per unit, already taken off the price.",
    )
    cartona_discount = fields.Float(
        "Cartona's Discount",
        digits="Product Price",
        copy=False,
        readonly=True,
        help="Per unit, already taken off the price. Cartona owes it to you.",
    )

    # === COMPUTE METHODS === #

    def _compute_price_unit(self):
        """Override of `sale`: the price that the retailer was promised holds for any quantity."""
        return super(SaleOrderLine, self._cartona_priced_by_odoo())._compute_price_unit()

    def _compute_discount(self):
        """Override of `sale`: Cartona's prices are final, its discounts are taken off already."""
        return super(SaleOrderLine, self._cartona_priced_by_odoo())._compute_discount()

    def _cartona_priced_by_odoo(self):
        return self.filtered(lambda line: not line.cartona_id)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.order_id._cartona_check_not_editing()
        lines._cartona_mark_stock_dirty()
        return lines

    def write(self, vals):
        if self._cartona_edit_fields() & vals.keys():
            self.order_id._cartona_check_not_editing()
        if "product_id" in vals:
            self._cartona_mark_stock_dirty()  # what is no longer held
        res = super().write(vals)
        if {"product_id", "product_uom_qty", unit_field(self)} & vals.keys():
            self._cartona_mark_stock_dirty()
        return res

    def unlink(self):
        self.order_id._cartona_check_not_editing()
        self._cartona_mark_stock_dirty()
        return super().unlink()

    # === BUSINESS METHODS === #

    def _cartona_edit_fields(self):
        """What makes a line another one for the retailer."""
        names = {"product_id", "product_uom_qty", "price_unit", "discount"}
        return names | {unit_field(self), tax_field(self)}

    def _cartona_uom(self):
        """The unit of the line, whatever this series calls the field."""
        return self[unit_field(self)]

    def _cartona_mark_stock_dirty(self):
        """Orders of Cartona hold stock, here and perhaps there: a change publishes it anew."""
        held = self.filtered(lambda line: line.order_id.cartona_id)
        if held:
            self.env["cartona.change"]._mark_dirty("restock", product_ids=held.product_id.ids)

    def _update_line_quantity(self, values):
        """Override of `sale` for an import, which tells all its changes in one note of its own."""
        if self.env.context.get("cartona_importing"):
            return None
        return super()._update_line_quantity(values)

    def _cartona_amount(self):
        """The quantity that Cartona is to know for this line, in the line's unit.

        What was ordered; once all deliveries of the order are done, or about to be, what they
        have delivered.

        :rtype: float
        """
        self.ensure_one()
        order = self.order_id
        if self.qty_delivered_method != "stock_move" or not order._cartona_is_fully_delivered():
            return self.product_uom_qty
        leaving = order._cartona_validating()
        return self._cartona_expected_quantity(leaving) if leaving else self.qty_delivered
