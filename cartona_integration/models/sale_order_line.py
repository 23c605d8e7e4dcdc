"""`sale.order.line`: which line of the marketplace's order it is, and what it was discounted by."""

from odoo import api, fields, models

from ..compat import unit_field


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
        lines._cartona_note_stock()
        return lines

    def write(self, vals):
        res = super().write(vals)
        if {"product_id", "product_uom_qty", unit_field(self)} & vals.keys():
            self._cartona_note_stock()
        return res

    def unlink(self):
        self._cartona_note_stock()
        return super().unlink()

    # === BUSINESS METHODS === #

    def _cartona_uom(self):
        """The unit of the line, whatever this series calls the field."""
        return self[unit_field(self)]

    def _cartona_note_stock(self):
        """Orders of Cartona hold stock, here and perhaps there: a change publishes it anew."""
        held = self.filtered(lambda line: line.order_id.cartona_id)
        if held:
            self.env["cartona.change"]._note("restock", product_ids=held.product_id.ids)

    def _update_line_quantity(self, values):
        """Override of `sale` for an import, which tells all its changes in one note of its own."""
        if self.env.context.get("cartona_one_note"):
            return None
        return super()._update_line_quantity(values)

    def _cartona_amount(self):
        """How much of the line the retailer gets, in its unit: what was ordered, or what was
        delivered once nothing is on its way any more."""
        self.ensure_one()
        pickings = self.order_id.picking_ids.filtered(
            lambda picking: picking.location_dest_id.usage == "customer"
        )
        states = set(pickings.mapped("state"))
        if "done" in states and states <= {"done", "cancel"}:
            return self.qty_delivered
        return self.product_uom_qty
