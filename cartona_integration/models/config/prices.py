"""`cartona.config`: prices as the retailer sees them, from pricelist, currency and taxes."""

from odoo import fields, models

from ...compat import company_taxes, pricelist_prices, round_price


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    # === BUSINESS METHODS === #

    def _prices_each(self, products):
        """Return the price of one of each product's own unit, 0 where Odoo cannot compute one.

        :return: dict product id -> float
        """
        factors = {}

        def priced(some):
            prices = {}
            for unit in some.uom_id:
                same = some.filtered(lambda product, unit=unit: product.uom_id == unit)
                prices.update(self._retail_prices(same, unit, factors))
            return list(prices.items())

        def unpriced(product, _error):
            return [(product.id, 0.0)]

        return dict(self.env["cartona.worker"]._isolate_failures(products, priced, unpriced))

    def _retail_prices(self, products, uom, factors):
        """Return the price of one `uom` of each product in the configuration's currency.

        :param dict factors: see `_price_for_retailer`
        :return: dict product id -> float
        """
        pricelist = self.pricelist_id
        listed = pricelist and pricelist_prices(pricelist, products, uom)
        prices = {}
        for product in products:
            if pricelist:
                price, source = listed[product.id], pricelist.currency_id
            else:
                price = product.uom_id._compute_price(product.lst_price, uom)
                source = product.currency_id
            price = self._in_its_currency(price, source)
            prices[product.id] = self._price_for_retailer(product, price, factors)
        return prices

    def _in_its_currency(self, amount, source):
        """Convert an amount of another currency by today's rate, without rounding."""
        if source == self.currency_id:
            return amount
        today = fields.Date.context_today(self)
        return source._convert(amount, self.currency_id, self.company_id, today, round=False)

    def _price_for_retailer(self, product, price, factors):
        """Return the price as Cartona shows it: with the product's taxes, if they are included.

        :param float price: of one unit sold, before taxes that are not included in it
        :param dict factors: cache of tax factors for the next product, {} at first
        """
        if self.price_tax == "gross":
            # In the superuser's environment a product shows the taxes of every company.
            taxes = company_taxes(product, self.company_id)
            if taxes not in factors:
                factors[taxes] = self._tax_factor(taxes, product.browse())
            if factors[taxes] is None:
                price = self._with_taxes(taxes, price, product)
            else:
                price *= factors[taxes]
        return round_price(self.currency_id, price)

    def _tax_factor(self, taxes, no_product):
        """Return the factor by which these taxes raise every price; None if there is none.

        Odoo's tax engine takes milliseconds a price; percentages need it only once.
        """
        if not taxes:
            return 1.0
        if not all(tax.amount_type in ("percent", "division") for tax in taxes):
            return None
        return self._with_taxes(taxes, 1e6, no_product) / 1e6

    def _with_taxes(self, taxes, price, product):
        return taxes.compute_all(price, currency=self.currency_id, product=product)[
            "total_included"
        ]
