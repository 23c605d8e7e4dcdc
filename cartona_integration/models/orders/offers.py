"""An offer is two lines for the retailer and one for who picks it.

Cartona sells some units of a product at the offer price and the rest at the normal one. The two
lines keep their prices; the goods leave on the stock move of one of them, and what was delivered
is shared out over both, in the order of the lines.
"""

import math

from odoo import models

from ...compat import done_quantity, is_kit, picked_quantity


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # === COMPUTE METHODS === #

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
                    # Worked out with the moves of the line that is computed now.
                    self.env.add_to_compute(self._fields["qty_delivered"], line)
        return res

    # === CRUD METHODS === #

    def write(self, vals):
        res = super().write(vals)
        if "product_uom_qty" in vals:
            for offer in self._cartona_offers():
                self.env.add_to_compute(self._fields["qty_delivered"], offer)
        return res

    # === BUSINESS METHODS === #

    def _action_launch_stock_rule(self, *args, **kwargs):
        """Override of `sale_stock`: the line that has the move answers for the whole offer."""
        carriers = self.browse()
        for offer in self._cartona_offers():
            carriers |= offer._cartona_moving_line()
        return super(SaleOrderLine, self | carriers)._action_launch_stock_rule(*args, **kwargs)

    def _get_qty_procurement(self, *args, **kwargs):
        """Override of `sale_stock`: how much of this line is on its way already.

        Odoo procures the difference to the ordered quantity: for the one line that carries an
        offer that is what the whole offer lacks, for the others nothing.
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
        """Lines of one order that sell the same product in the same unit, by two at least.

        :return: list of `sale.order.line` recordsets in the order of the lines; each holds
            at least one line of `self`
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
        """The line of an offer on whose move the goods leave."""
        moving = self.filtered(lambda line: any(move.state != "cancel" for move in line.move_ids))
        return (moving or self)[0]

    def _cartona_moved_quantity(self):
        """What the line's own moves have brought to the customer, in its unit."""
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

    def _cartona_expected_quantity(self, leaving):
        """What will have been delivered of this line when these transfers are done.

        :param leaving: `stock.picking` records that are about to be validated
        """
        self.ensure_one()
        if is_kit(self.product_id):
            return self._cartona_expected_kits(leaving)
        offer = next((lines for lines in self._cartona_offers() if self in lines), self)
        left = sum(
            line._cartona_moved_quantity() + line._cartona_picked_quantity(leaving)
            for line in offer
        )
        for line in offer:
            part = left if line == offer[-1] else min(left, line.product_uom_qty)
            if line == self:
                return part
            left -= part
        return 0.0

    def _cartona_picked_quantity(self, leaving):
        """What the line's open moves in these transfers are about to move, in its unit."""
        return sum(
            move.product_uom._compute_quantity(
                picked_quantity(move), self._cartona_uom(), rounding_method="HALF-UP"
            )
            for move in self.move_ids
            if move.picking_id in leaving and move.state not in ("done", "cancel")
        )

    def _cartona_expected_kits(self, leaving):
        """Whole kits: as many as of the part that is delivered least."""
        wanted, moved = {}, {}
        for move in self.move_ids.filtered(lambda move: move.state != "cancel"):
            is_open = move.state != "done"
            if is_open and move.picking_id not in leaving:
                continue
            part = picked_quantity(move) if is_open else done_quantity(move)
            product = move.product_id
            wanted[product] = wanted.get(product, 0.0) + move.product_uom_qty
            moved[product] = moved.get(product, 0.0) + part
        share = min((moved[part] / wanted[part] for part in wanted if wanted[part]), default=0.0)
        return math.floor(share * self.product_uom_qty + 1e-6)
