"""`sale.order.line`: the line on Cartona, lines that a clerk adds or changes, offers.

An offer is two lines for the retailer and one for the warehouse: Cartona sells some units of a
product at the offer price and the rest at the normal one. The two lines keep their prices; the
goods leave on the stock move of one of them, and the delivered quantity is shared out over both, in
the order of the lines.
"""

import math
from decimal import Decimal

from odoo import api, fields, models

from ...cartona_api import edits
from ...compat import done_quantity, is_kit, picked_quantity, tax_field, unit_field


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    cartona_id = fields.Char("Cartona Line", copy=False, readonly=True)
    cartona_supplier_discount = fields.Float(
        "Our Discount on Cartona",
        digits="Product Price",
        copy=False,
        readonly=True,
        help="Per unit, already deducted from the price.",
    )
    cartona_discount = fields.Float(
        "Cartona's Discount",
        digits="Product Price",
        copy=False,
        readonly=True,
        help="Per unit, already deducted from the price. Cartona owes it to you.",
    )
    cartona_is_gross = fields.Boolean(
        copy=False,
        readonly=True,
        help="Added here to a Cartona order, with its price converted to what the retailer pays.",
    )

    # === COMPUTE METHODS === #

    def _compute_price_unit(self):
        """Override of `sale`: the price promised to the retailer is valid for any quantity."""
        return super(SaleOrderLine, self._cartona_priced_by_odoo())._compute_price_unit()

    def _compute_discount(self):
        """Override of `sale`: Cartona's prices are final, its discounts are already deducted."""
        return super(SaleOrderLine, self._cartona_priced_by_odoo())._compute_discount()

    def _cartona_priced_by_odoo(self):
        """Return the lines without Cartona's price and without a converted one."""
        return self.filtered(lambda line: not line.cartona_id and not line.cartona_is_gross)

    def _compute_qty_delivered(self):
        """Override of `sale_stock` to share out what the move of one line has delivered."""
        res = super()._compute_qty_delivered()
        for offer in self._cartona_offers():
            left = sum(line._cartona_moved_quantity() for line in offer)
            for line in offer:
                part = left if line == offer[-1] else min(left, line.product_uom_qty)
                left -= part
                if line in self:
                    line.qty_delivered = part
                elif line.qty_delivered != part:
                    # It depends on the moves of the line that is computed now.
                    self.env.add_to_compute(self._fields["qty_delivered"], line)
        return res

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.order_id._cartona_check_not_editing()
        lines._cartona_mark_stock_dirty()
        if not self._cartona_is_importing():
            added = lines._cartona_lines()
            added._cartona_set_gross_price()
            added.order_id._cartona_mark_edit_dirty()
        return lines

    def write(self, vals):
        """Override of `sale` to publish stock, share out offers, and send the changed lines."""
        is_changed = bool(self._cartona_edit_fields() & vals.keys())
        edited, replaced = self.browse(), self.browse()
        if is_changed and not self._cartona_is_importing():
            edited = self._cartona_lines()
            replaced = edited.filtered(lambda line: line._cartona_is_replaced(vals))
        if is_changed:
            self.order_id._cartona_check_not_editing()
        if "product_id" in vals:
            self._cartona_mark_stock_dirty()  # the product that is no longer reserved
        res = super().write(vals)
        if {"product_id", "product_uom_qty", unit_field(self)} & vals.keys():
            self._cartona_mark_stock_dirty()
        if "product_uom_qty" in vals:
            for offer in self._cartona_offers():
                self.env.add_to_compute(self._fields["qty_delivered"], offer)
        if replaced:
            # This id is another product or pack on Cartona: that line is removed there.
            replaced.write({"cartona_id": False, "cartona_is_gross": False})
            replaced._cartona_set_gross_price()
        if edited:
            edited.order_id._cartona_mark_edit_dirty()
        return res

    def unlink(self):
        edited = self.browse() if self._cartona_is_importing() else self._cartona_lines()
        edited_orders = edited.order_id
        self.order_id._cartona_check_not_editing()
        self._cartona_mark_stock_dirty()
        res = super().unlink()
        edited_orders._cartona_mark_edit_dirty()
        return res

    # === BUSINESS METHODS === #

    @api.model
    def _cartona_is_importing(self):
        """Return True during an import; only the superuser may set this."""
        return self.env.su and self.env.context.get("cartona_importing", False)

    def _cartona_lines(self):
        return self.filtered(lambda line: line.order_id.cartona_id)

    def _cartona_edit_fields(self):
        """Return the fields that change the line for the retailer."""
        names = {"product_id", "product_uom_qty", "price_unit", "discount"}
        return names | {unit_field(self), tax_field(self)}

    def _cartona_is_replaced(self, vals):
        unit = unit_field(self)
        return any(name in vals and vals[name] != self[name].id for name in ("product_id", unit))

    def _cartona_uom(self):
        """Return the unit of the line; the field's name depends on the series."""
        return self[unit_field(self)]

    def _cartona_mark_stock_dirty(self):
        """Mark the stock of these products: Cartona orders reserve it, here and perhaps there."""
        lines = self._cartona_lines()
        if lines:
            self.env["cartona.change"]._mark_dirty("restock", product_ids=lines.product_id.ids)

    def _update_line_quantity(self, values):
        """Override of `sale` for an import, which logs all its changes in one message."""
        if self.env.context.get("cartona_importing"):
            return None
        return super()._update_line_quantity(values)

    def _cartona_set_gross_price(self):
        """Convert the price of added lines to what the retailer pays: Cartona's prices are gross.

        The total does not change, the taxes become their included form.
        """
        for line in self.filtered(lambda line: line.product_id and not line.cartona_id):
            taxes = line[tax_field(line)]
            # In sudo mode: a missing included form is created, which clerks may not do.
            included = taxes.sudo()._cartona_included().sudo(False)
            values = {"cartona_is_gross": True}
            if included != taxes:
                totals = taxes.compute_all(
                    line.price_unit,
                    currency=line.currency_id,
                    product=line.product_id,
                    partner=line.order_id.partner_shipping_id,
                )
                values.update(
                    {
                        tax_field(line): [(6, 0, included.ids)],
                        "price_unit": totals["total_included"],
                        "discount": line.discount,
                    }
                )
            line.write(values)

    def _cartona_listing_ids(self):
        """Return the listing of each line.

        :return: dict `sale.order.line` -> `supplier_product_id` of the listing in its unit;
            without the lines that are not sold on Cartona
        """
        config = self.env["cartona.config"]._of_company(self.order_id.company_id[:1])
        # In sudo mode: salespersons need not have a right on listings.
        Listing = self.env["cartona.listing"].sudo()
        listings = Listing.search(
            [("config_id", "=", config.id), ("product_id", "in", self.product_id.ids)],
            order="id desc",
        )
        by_pack = {
            (listing.product_id.id, listing.uom_id.id): listing.cartona_id
            for listing in listings
            if not listing._waits_for_pack()
        }
        packs = {line: (line.product_id.id, line._cartona_uom().id) for line in self}
        return {line: by_pack[pack] for line, pack in packs.items() if pack in by_pack}

    def _cartona_line_state(self, listing):
        """Return the line as it has to be on Cartona.

        :param str listing: `supplier_product_id`, for a line that is not on Cartona yet
        :return: `edits.LineState`
        """
        self.ensure_one()
        price = self.price_unit
        if self.discount:
            digits = self._fields["price_unit"].get_digits(self.env)
            price = round(price * (1 - self.discount / 100), digits[1] if digits else 6)
        return edits.LineState(
            id=self.cartona_id or "",
            # Quantities are sums of floats.
            amount=Decimal(str(round(self._cartona_amount(), 6))),
            price=Decimal(str(price)),
            product=listing,
        )

    # === BUSINESS METHODS: DELIVERED QUANTITIES === #

    def _cartona_amount(self):
        """Return the quantity of this line for Cartona, in the line's unit.

        The ordered quantity; once all deliveries of the order are done, or being validated, the
        delivered quantity.

        :rtype: float
        """
        self.ensure_one()
        order = self.order_id
        if self.qty_delivered_method != "stock_move" or not order._cartona_is_fully_delivered():
            return self.product_uom_qty
        pickings = order._cartona_validating()
        return self._cartona_expected_quantity(pickings) if pickings else self.qty_delivered

    def _cartona_expected_quantity(self, pickings):
        """Return the delivered quantity of this line once these transfers are done.

        :param pickings: `stock.picking` records that are being validated
        """
        self.ensure_one()
        if is_kit(self.product_id):
            return self._cartona_expected_kits(pickings)
        offer = next((lines for lines in self._cartona_offers() if self in lines), self)
        left = sum(
            line._cartona_moved_quantity() + line._cartona_picked_quantity(pickings)
            for line in offer
        )
        for line in offer:
            part = left if line == offer[-1] else min(left, line.product_uom_qty)
            if line == self:
                return part
            left -= part
        return 0.0

    def _cartona_moved_quantity(self):
        """Return what the line's own moves have brought to the customer, in its unit."""
        self.ensure_one()
        out, back = self._get_outgoing_incoming_moves()
        moved = 0.0
        for sign, moves in ((1, out), (-1, back)):
            for move in moves.filtered(lambda move: move.state == "done"):
                quantity = move.product_uom._compute_quantity(
                    done_quantity(move), self._cartona_uom(), rounding_method="HALF-UP"
                )
                moved += sign * quantity
        return moved

    def _cartona_picked_quantity(self, pickings):
        """Return what the line's open moves in these transfers will move, in its unit."""
        return sum(
            move.product_uom._compute_quantity(
                picked_quantity(move), self._cartona_uom(), rounding_method="HALF-UP"
            )
            for move in self.move_ids
            if move.picking_id in pickings and move.state not in ("done", "cancel")
        )

    def _cartona_expected_kits(self, pickings):
        """Return the number of whole kits, limited by the part that is delivered least."""
        wanted, moved = {}, {}
        for move in self.move_ids.filtered(lambda move: move.state != "cancel"):
            is_open = move.state != "done"
            if is_open and move.picking_id not in pickings:
                continue
            part = picked_quantity(move) if is_open else done_quantity(move)
            product = move.product_id
            wanted[product] = wanted.get(product, 0.0) + move.product_uom_qty
            moved[product] = moved.get(product, 0.0) + part
        share = min((moved[part] / wanted[part] for part in wanted if wanted[part]), default=0.0)
        return math.floor(share * self.product_uom_qty + 1e-6)

    # === BUSINESS METHODS: OFFERS === #

    def _action_launch_stock_rule(self, *args, **kwargs):
        """Override of `sale_stock`: the line with the move procures for the whole offer."""
        moving = self.browse()
        for offer in self._cartona_offers():
            moving |= offer._cartona_moving_line()
        return super(SaleOrderLine, self | moving)._action_launch_stock_rule(*args, **kwargs)

    def _get_qty_procurement(self, *args, **kwargs):
        """Override of `sale_stock`: return how much of this line is already procured.

        Odoo procures the difference to the ordered quantity: for the line with an offer's move
        that is what the whole offer lacks, for the other lines nothing.
        """
        procured = super()._get_qty_procurement(*args, **kwargs)
        for offer in self._cartona_offers():
            if self != offer._cartona_moving_line():
                return self.product_uom_qty
            for line in offer - self:
                procured += super(SaleOrderLine, line)._get_qty_procurement(*args, **kwargs)
            return procured - sum((offer - self).mapped("product_uom_qty"))
        return procured

    def _cartona_offers(self):
        """Return the groups of lines that sell the same product in the same unit in one order.

        :return: list of `sale.order.line` recordsets of two lines or more, in the order of the
            lines; each contains at least one line of `self`
        """
        offers = []
        for order in self.filtered("cartona_id").order_id:
            by_product = {}
            for line in order.order_line.filtered("cartona_id"):
                by_product.setdefault((line.product_id, line._cartona_uom()), []).append(line.id)
            for (product, _uom), ids in by_product.items():
                if len(ids) > 1 and not is_kit(product):
                    offer = self.browse(ids)
                    offers += [offer] if offer & self else []
        return offers

    def _cartona_moving_line(self):
        """Return the line of an offer with the stock move."""
        moving = self.filtered(lambda line: any(move.state != "cancel" for move in line.move_ids))
        return (moving or self)[0]
