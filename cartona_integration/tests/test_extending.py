"""What docs/extending.md shows: the methods that integrators override, overridden.

Each class below stands in the guide as it stands here. In an addon of one's own `_register` goes:
it keeps the class out of the registry of everybody who runs these tests.
"""

import math

from odoo import models

from ..models.cartona_reasons import NOTHING, Reason
from .common import PRODUCTS
from .order_common import RICE, TEA, OrderCase


class ListingWithNotes(models.Model):
    _inherit = "cartona.listing"
    _register = False

    def _overrides(self, values, with_stock):
        overrides = super()._overrides(values, with_stock)
        overrides["notes"] = self.product_id.description_sale or ""
        return overrides


class ProductWithNotes(models.Model):
    _inherit = "product.template"
    _register = False

    def write(self, vals):
        res = super().write(vals)
        if "description_sale" in vals:
            self.env["cartona.change"]._note("price", template_ids=self.ids)
        return res


class ListingInQuarters(models.Model):
    _inherit = "cartona.listing"
    _register = False

    def _intended_prices(self, config):
        prices = super()._intended_prices(config)
        return {key: math.ceil(price * 4) / 4 for key, price in prices.items()}


class ConfigWithShare(models.Model):
    _inherit = "cartona.config"
    _register = False

    def _free_quantities(self, products):
        free = super()._free_quantities(products)
        return {product_id: quantity * 0.9 for product_id, quantity in free.items()}


class ImporterWithReference(models.AbstractModel):
    _inherit = "cartona.order.importer"
    _register = False

    def _order_values(self, config, plan):
        values = super()._order_values(config, plan)
        values["client_order_ref"] = "CRT/%s" % plan.order.receipt_id
        return values


class ImporterWithMinimum(models.AbstractModel):
    _inherit = "cartona.order.importer"
    _register = False

    def _check_lines(self, plans):
        res = super()._check_lines(plans)
        for plan in plans:
            if not (plan.sale or plan.is_dead or plan.is_dropped) and plan.order.lines_total < 50:
                plan.fail("too_small", str(plan.order.lines_total))
        return res


class ReasonsWithMinimum(models.AbstractModel):
    _inherit = "cartona.reasons"
    _register = False

    def _other_reasons(self):
        reasons = super()._other_reasons()
        reasons["too_small"] = Reason(
            "This order is below our minimum.",
            "Ask the retailer for more, or cancel it on Cartona.",
            NOTHING,
        )
        return reasons


class TestExtending(OrderCase):
    def extend(self, *extensions):
        """Put classes before those of the addon, as Odoo does with an addon that depends on it."""
        for extension in extensions:
            model = self.registry[extension._inherit]
            self.addCleanup(setattr, model, "__bases__", model.__bases__)
            model.__bases__ = (extension, *model.__bases__)

    def sent(self):
        """What is sent of "T1" now: dict field -> value, {} when nothing is."""
        self.marketplace.calls.clear()
        self.drain()
        items = [item for body in self.marketplace.bodies(PRODUCTS) for item in body]
        return next((item for item in items if item["supplier_product_id"] == "T1"), {})

    def setUp(self):
        super().setUp()
        self.marketplace.always("POST", PRODUCTS, {})

    def test_a_further_field_of_cartona_is_sent_when_it_changes_and_only_then(self):
        self.extend(ListingWithNotes, ProductWithNotes)
        self.tea.description_sale = "عبوة جديدة"
        self.assertEqual(self.sent()["notes"], "عبوة جديدة")

        self.tea.list_price = 13.0
        self.assertEqual(self.sent(), {"supplier_product_id": "T1", "selling_price": 13.0})

    def test_another_price_than_the_list_says(self):
        self.extend(ListingInQuarters)
        self.tea.list_price = 12.6
        self.assertEqual(self.sent()["selling_price"], 12.75)

    def test_less_stock_than_could_be_promised(self):
        self.extend(ConfigWithShare)
        self.set_stock(self.tea, 40)
        self.assertEqual(self.sent()["available_stock_quantity"], 36)

    def test_other_values_on_a_new_order(self):
        self.extend(ImporterWithReference)
        self.assertEqual(self.receive().client_order_ref, "CRT/4711")

    def test_an_order_waits_for_a_reason_of_one_s_own(self):
        self.extend(ImporterWithMinimum, ReasonsWithMinimum)
        small = self.order(lines={TEA: {"amount": 2}, RICE: None}, hashed_id="small")

        self.assertEqual(self.refuse(small)[0], "too_small")
        self.assertEqual(
            self.env["cartona.reasons"]._explain("too_small"),
            "This order is below our minimum. Ask the retailer for more, or cancel it on Cartona.",
        )
        self.assertEqual(self.receive().amount_total, 110.0)
