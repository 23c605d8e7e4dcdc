"""Examples of docs/extending.md: overrides of the methods meant for integrators.

The guide contains each class below unchanged. Remove `_register` in your addon: it keeps the class
out of the registry of other tests.
"""

import math

from freezegun import freeze_time

from odoo import fields, models
from odoo.tests import new_test_user

from ..models.core.reasons import NOTHING, PRICE_HOLD_REASONS, Reason
from .common import PRODUCTS, STATUSES
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
            self.env["cartona.change"]._mark_dirty("price", template_ids=self.ids)
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
            if (
                not (plan.sale or plan.is_cancelled or plan.is_skipped)
                and plan.order.lines_total < 50
            ):
                plan.fail("too_small", str(plan.order.lines_total))
        return res


class ReasonsWithMinimum(models.AbstractModel):
    _inherit = "cartona.reasons"
    _register = False

    def _order_reasons(self):
        reasons = super()._order_reasons()
        reasons["too_small"] = Reason(
            "This order is below our minimum.",
            "Ask the retailer for more, or cancel it on Cartona.",
            NOTHING,
        )
        return reasons


class ListingWithCeiling(models.Model):
    _inherit = "cartona.listing"
    _register = False

    def _price_hold_reason(self, price):
        if price > 100 and price != self.confirmed_price:
            return "price_too_high"
        return super()._price_hold_reason(price)


class ReasonsWithCeiling(models.AbstractModel):
    _inherit = "cartona.reasons"
    _register = False

    def _listing_reasons(self):
        reasons = super()._listing_reasons()
        cause = "More than 100 needs a word of the manager."
        reasons["price_too_high"] = Reason(cause, "", "confirm_price")
        return reasons


class ImporterWithLimit(models.AbstractModel):
    _inherit = "cartona.order.importer"
    _register = False

    def _plan_confirmation(self, config, plan):
        res = super()._plan_confirmation(config, plan)
        if plan.confirm == "if_stocked" and plan.order.total_price > 100:
            plan.confirm = ""
        return res


class ImporterWithRoutes(models.AbstractModel):
    _inherit = "cartona.order.importer"
    _register = False

    def _choose_warehouses(self, config, plans):
        res = super()._choose_warehouses(config, plans)
        by_route = {house.code: house for house in config._warehouses()}
        for plan in plans:
            route = plan.order.distribution_route_code
            plan.warehouse = by_route.get(route, plan.warehouse)
        return res


class ImporterWithLeadTime(models.AbstractModel):
    _inherit = "cartona.order.importer"
    _register = False

    def _line_values(self, config, plan, key, position, taxes):
        values = super()._line_values(config, plan, key, position, taxes)
        if plan.lines[key].amount >= 10:
            values["customer_lead"] = 3  # days: more than lies on the shelf
        return values


class OrderWithDeposit(models.Model):
    _inherit = "sale.order"
    _register = False

    def _cartona_implied(self):
        status = super()._cartona_implied()
        if status == "approved" and not self.reference:
            return "pending"
        return status

    def write(self, vals):
        res = super().write(vals)
        if "reference" in vals:
            self._cartona_mark_status_dirty()
        return res


class ConfigWithTurns(models.Model):
    _inherit = "cartona.config"
    _register = False

    def _responsible(self):
        members = self.team_id.member_ids.sorted("id")
        if not members:
            return super()._responsible()
        return members[fields.Date.today().toordinal() % len(members)]


class TestExtending(OrderCase):
    def extend(self, *extensions):
        """Add classes to the models, as Odoo does for an addon that depends on ours."""
        for extension in extensions:
            model = self.registry[extension._inherit]
            self.addCleanup(setattr, model, "__bases__", model.__bases__)
            model.__bases__ = (extension, *model.__bases__)

    def sent_item(self):
        """Send the changes and return the item of "T1", {} if it was not sent."""
        self.marketplace.calls.clear()
        self.run_drain()
        items = [item for body in self.marketplace.bodies(PRODUCTS) for item in body]
        return next((item for item in items if item["supplier_product_id"] == "T1"), {})

    def setUp(self):
        super().setUp()
        self.marketplace.answer_always("POST", PRODUCTS, {})

    def test_an_added_field_is_sent_only_when_it_changes(self):
        self.extend(ListingWithNotes, ProductWithNotes)
        self.tea.description_sale = "عبوة جديدة"
        self.assertEqual(self.sent_item()["notes"], "عبوة جديدة")

        self.tea.list_price = 13.0
        self.assertEqual(self.sent_item(), {"supplier_product_id": "T1", "selling_price": 13.0})

    def test_an_extension_may_change_the_price(self):
        self.extend(ListingInQuarters)
        self.tea.list_price = 12.6
        self.assertEqual(self.sent_item()["selling_price"], 12.75)

    def test_an_extension_may_reduce_the_stock(self):
        self.extend(ConfigWithShare)
        self.set_stock(self.tea, 40)
        self.assertEqual(self.sent_item()["available_stock_quantity"], 36)

    def test_an_extension_may_add_values_to_an_order(self):
        self.extend(ImporterWithReference)
        self.assertEqual(self.receive().client_order_ref, "CRT/4711")

    def test_an_extension_may_make_an_order_wait(self):
        self.extend(ImporterWithMinimum, ReasonsWithMinimum)
        small = self.order(lines={TEA: {"amount": 2}, RICE: None}, hashed_id="small")

        self.assertEqual(self.refuse(small)[0], "too_small")
        self.assertEqual(
            self.env["cartona.reasons"]._explain("too_small"),
            "This order is below our minimum. Ask the retailer for more, or cancel it on Cartona.",
        )
        self.assertEqual(self.receive().amount_total, 110.0)

    def test_an_extension_may_put_a_price_on_hold(self):
        self.extend(ListingWithCeiling, ReasonsWithCeiling)
        PRICE_HOLD_REASONS.add("price_too_high")
        self.addCleanup(PRICE_HOLD_REASONS.discard, "price_too_high")
        self.tea.list_price = 100.0
        self.assertEqual(self.sent_item()["selling_price"], 100.0)

        self.tea.list_price = 101.0
        self.assertNotIn("selling_price", self.sent_item())
        self.assertEqual(
            self.tea.cartona_error, "More than 100 needs a word of the manager.\n100 → 101"
        )
        self.assertTrue(self.tea.cartona_is_price_on_hold)
        listing, on_hold = self.listing(self.tea), [("is_price_on_hold", "=", True)]
        self.assertEqual(listing.search(on_hold), listing)
        self.assertNotIn(listing, listing.search([("is_price_on_hold", "=", False)]))
        listing.action_confirm_price()
        self.assertEqual(self.sent_item()["selling_price"], 101.0)

    def test_an_extension_may_prevent_automatic_confirmation(self):
        self.extend(ImporterWithLimit)
        self.config.auto_confirm = True
        self.set_stock(self.tea, 40)
        self.set_stock(self.rice, 40)
        small = self.order(lines={RICE: None}, hashed_id="small")
        self.assertEqual(self.receive(small).state, "sale")
        self.assertEqual(self.receive().state, "draft")

    def test_an_extension_may_choose_the_warehouse(self):
        self.extend(ImporterWithRoutes)
        first, second = (
            self.env["stock.warehouse"].create(
                {"name": code, "code": code, "company_id": self.company.id}
            )
            for code in ("R-1", "R-7")
        )
        self.config.warehouse_ids = first + second
        self.assertEqual(self.receive().warehouse_id, second)
        elsewhere = self.order(hashed_id="elsewhere", distribution_route_code="R-9")
        self.assertEqual(self.receive(elsewhere).warehouse_id, first)

    def test_an_extension_may_set_the_lead_time(self):
        self.extend(ImporterWithLeadTime)
        sale = self.receive(self.order(lines={TEA: {"amount": 10}}))
        self.assertEqual(
            {line.product_id: line.customer_lead for line in sale.order_line},
            {self.tea: 3, self.rice: 0},
        )

    def test_an_extension_may_delay_the_approval(self):
        self.extend(OrderWithDeposit)
        self.marketplace.answer_always("POST", STATUSES, {})
        sale = self.receive()
        sale.action_confirm()
        self.push()
        self.assertEqual(sale.cartona_status, "pending")

        sale.reference = "deposit 17"
        self.push()
        self.assertEqual(sale.cartona_status, "approved")

    def test_an_extension_may_choose_the_responsible_user(self):
        self.extend(ConfigWithTurns)
        people = self.env["res.users"].concat(
            *(new_test_user(self.env, login) for login in ("odd day", "even day"))
        )
        self.config.team_id = self.env["crm.team"].create(
            {"name": "Wholesale", "member_ids": [(6, 0, people.ids)]}
        )
        responsible = people.browse()
        for day in ("2026-12-01", "2026-12-02"):
            with freeze_time(day):
                responsible |= self.config._responsible()
        self.assertEqual(responsible, people)
