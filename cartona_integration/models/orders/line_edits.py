"""`sale.order.line`: a line that a clerk adds, changes or removes in an order of Cartona."""

from decimal import Decimal

from odoo import api, fields, models

from ...cartona_api import edits
from ...compat import tax_field, unit_field


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    cartona_is_gross = fields.Boolean(
        copy=False,
        readonly=True,
        help="Added here to an order of Cartona, its price turned into what the retailer pays.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if not self._cartona_is_importing():
            added = lines._cartona_lines()
            added._cartona_set_gross_price()
            added.order_id._cartona_mark_edit_dirty()
        return lines

    def write(self, vals):
        changed = self._cartona_edit_fields() & vals.keys()
        if not changed or self._cartona_is_importing():
            return super().write(vals)
        ours = self._cartona_lines()
        other = ours.filtered(lambda line: line._cartona_is_replaced(vals))
        res = super().write(vals)
        if other:
            # What Cartona calls by this id is another product or pack: that one is removed.
            other.write({"cartona_id": False, "cartona_is_gross": False})
            other._cartona_set_gross_price()
        ours.order_id._cartona_mark_edit_dirty()
        return res

    def unlink(self):
        ours = self.browse() if self._cartona_is_importing() else self._cartona_lines()
        orders = ours.order_id
        res = super().unlink()
        orders._cartona_mark_edit_dirty()
        return res

    # === BUSINESS METHODS === #

    @api.model
    def _cartona_is_importing(self):
        """Whether an import is writing: only the superuser can say so."""
        return self.env.su and self.env.context.get("cartona_importing", False)

    def _cartona_lines(self):
        return self.filtered(lambda line: line.order_id.cartona_id)

    def _cartona_is_replaced(self, vals):
        unit = unit_field(self)
        return any(name in vals and vals[name] != self[name].id for name in ("product_id", unit))

    def _cartona_priced_by_odoo(self):
        """Override: the price of an added line stands as well, once it is the retailer's."""
        return super()._cartona_priced_by_odoo().filtered(lambda line: not line.cartona_is_gross)

    def _cartona_set_gross_price(self):
        """Turn the price of added lines into what the retailer pays: Cartona's prices are gross.

        The total stays as it was, the taxes become their included form.
        """
        for line in self.filtered(lambda line: line.product_id and not line.cartona_id):
            taxes = line[tax_field(line)]
            # In sudo mode: a missing included form is made, which clerks may not.
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
        """As what these lines are sold on Cartona.

        :return: dict `sale.order.line` -> id of the listing in its unit; without those that are
            not sold there
        """
        config = self.env["cartona.config"]._of_company(self.order_id.company_id[:1])
        # In sudo mode: who may sell need not see listings.
        Listing = self.env["cartona.listing"].sudo()
        listings = Listing.search(
            [("config_id", "=", config.id), ("product_id", "in", self.product_id.ids)],
            order="id desc",
        )
        by_pack = {
            (listing.product_id.id, listing.uom_id.id): listing.cartona_id for listing in listings
        }
        packs = {line: (line.product_id.id, line._cartona_uom().id) for line in self}
        return {line: by_pack[pack] for line, pack in packs.items() if pack in by_pack}

    def _cartona_line_state(self, listing):
        """The line as Cartona has to know it.

        :param str listing: `supplier_product_id`, for a line that Cartona does not know yet
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
