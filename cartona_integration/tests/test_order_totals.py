"""The total in Odoo equals Cartona's to the cent, whatever taxes the products have."""

import random
from decimal import Decimal

from odoo.tests import tagged

from ..compat import included_tax_values, tax_field
from .order_common import RICE, TEA, OrderCase


@tagged("slow")
class TestOrderTotals(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vat = cls.make_tax("VAT 14%", 14)
        cls.vat_in_price = cls.make_tax("VAT 14% in price", 14, **included_tax_values(cls.vat))

    @classmethod
    def make_tax(cls, name, amount, **values):
        return cls.env["account.tax"].create(
            dict(
                {"name": name, "amount": amount, "type_tax_use": "sale"},
                company_id=cls.company.id,
                **values,
            )
        )

    def taxes(self, line):
        return line[tax_field(line)]

    def test_an_excluded_tax_becomes_included_in_the_price(self):
        self.tea.taxes_id = self.vat

        sale = self.receive(self.order({RICE: None}))

        self.assertRecordValues(
            sale, [{"amount_total": 50.0, "amount_untaxed": 43.86, "amount_tax": 6.14}]
        )
        self.assertEqual(sale.order_line.price_unit, 12.5)
        self.assertTrue(self.taxes(sale.order_line).price_include)

    def test_a_tax_in_the_price_stays_as_it_is(self):
        self.tea.taxes_id = self.vat_in_price
        taxes = self.env["account.tax"].search_count([])

        sale = self.receive(self.order({RICE: None}))

        self.assertEqual(self.taxes(sale.order_line), self.vat_in_price)
        self.assertEqual(sale.amount_total, 50.0)
        self.assertEqual(self.env["account.tax"].search_count([]), taxes)

    def test_the_included_form_is_made_once_with_the_same_accounts(self):
        (self.tea | self.rice).taxes_id = self.vat
        Account = self.env["account.account"]
        if "account_type" in Account._fields:
            liability = [("account_type", "=", "liability_current")]
        else:
            liability = [("internal_group", "=", "liability"), ("internal_type", "=", "other")]
        account = Account.search(liability, limit=1) or Account.search([], limit=1)
        self.vat.invoice_repartition_line_ids.filtered(
            lambda line: line.repartition_type == "tax"
        ).account_id = account
        before = self.env["account.tax"].search([])

        first = self.receive()
        second = self.receive(self.order(hashed_id="x2"))

        made = self.env["account.tax"].search([]) - before
        self.assertEqual(len(made), 1)
        self.assertEqual(made, self.vat.cartona_included_id)
        self.assertEqual(self.taxes(first.order_line), made)
        self.assertEqual(self.taxes(second.order_line), made)
        self.assertRecordValues(
            made,
            [
                {
                    "name": "VAT 14% (included)",
                    "amount": 14.0,
                    "tax_group_id": self.vat.tax_group_id.id,
                    "company_id": self.company.id,
                    "type_tax_use": "sale",
                }
            ],
        )
        for name in ("invoice_repartition_line_ids", "refund_repartition_line_ids"):
            self.assertEqual(
                made[name].mapped(lambda line: (line.repartition_type, line.account_id)),
                self.vat[name].mapped(lambda line: (line.repartition_type, line.account_id)),
            )
        self.assertFalse(self.vat.price_include)
        self.assertEqual((self.tea | self.rice).taxes_id, self.vat)

    def test_a_new_rate_is_followed(self):
        self.tea.taxes_id = self.vat
        self.receive(self.order({RICE: None}))
        self.vat.amount = 15

        sale = self.receive(self.order({RICE: None}, hashed_id="later"))

        self.assertEqual(self.taxes(sale.order_line).amount, 15.0)
        self.assertEqual(sale.amount_total, 50.0)

    def test_a_name_that_is_taken_does_not_stop_the_order(self):
        self.make_tax("VAT 14% (included)", 5)
        self.tea.taxes_id = self.vat

        sale = self.receive(self.order({RICE: None}))

        self.assertEqual(self.taxes(sale.order_line).name, "VAT 14% (included) 2")

    def test_an_exempt_product_needs_no_other_tax(self):
        exempt = self.make_tax("Exempt", 0)
        self.tea.taxes_id = exempt

        sale = self.receive(self.order({RICE: None}))

        self.assertEqual(self.taxes(sale.order_line), exempt)
        self.assertEqual(sale.amount_total, 50.0)

    def test_every_kind_of_tax_keeps_the_total(self):
        children = self.make_tax("Stamp", 1) | self.make_tax("VAT", 14)
        kinds = {
            "fixed": self.make_tax("Levy", 0.75, amount_type="fixed"),
            "division": self.make_tax("Of the price", 10, amount_type="division"),
            "group": self.make_tax(
                "Both", 0, amount_type="group", children_tax_ids=[(6, 0, children.ids)]
            ),
            "withheld": self.make_tax("Withheld", -1),
            "on top of each other": self.make_tax(
                "Table tax", 5, include_base_amount=True, sequence=1
            )
            | self.make_tax("VAT after it", 14, sequence=2),
        }
        for kind, taxes in kinds.items():
            self.tea.taxes_id = taxes
            sale = self.receive(self.order({RICE: None}, hashed_id=kind))
            self.assertEqual(sale.amount_total, 50.0, kind)
            self.assertEqual(sale.order_line.price_unit, 12.5, kind)
            self.assertNotEqual(sale.amount_tax, 0.0, kind)
            self.assertEqual(self.activities(sale), [], kind)

    def test_the_customers_fiscal_position_decides_about_the_taxes(self):
        self.tea.taxes_id = self.vat
        free_zone = self.make_tax("Free zone 2%", 2)
        position = self.env["account.fiscal.position"].create(
            {"name": "Free zone", "company_id": self.company.id}
        )
        if "original_tax_ids" in free_zone._fields:
            free_zone.write(
                {
                    "original_tax_ids": [(6, 0, self.vat.ids)],
                    "fiscal_position_ids": [(6, 0, position.ids)],
                }
            )
        else:
            position.tax_ids = [(0, 0, {"tax_src_id": self.vat.id, "tax_dest_id": free_zone.id})]
        self.env["res.partner"].create(
            {
                "name": "Shop",
                "cartona_id": "retailer_A00315",
                "street": "12 شارع التحرير، الدقي",
                "property_account_position_id": position.id,
            }
        )

        first = self.receive(self.order({RICE: None}))
        # The included form of the mapped tax must not be mapped again.
        second = self.receive(self.order({RICE: None}, hashed_id="x2"))

        for sale in (first, second):
            self.assertEqual(sale.fiscal_position_id, position)
            self.assertEqual(self.taxes(sale.order_line), free_zone.cartona_included_id)
            self.assertEqual(sale.amount_total, 50.0)

    def test_taxes_of_another_company_do_not_count(self):
        company = self.env["res.company"].create({"name": "Other"})
        Group = self.env["account.tax.group"]
        # Up to 16 a tax group has no company.
        own = {"company_id": company.id} if "company_id" in Group._fields else {}
        group = Group.create(dict(own, name="Other"))
        foreign = (
            self.env["account.tax"]
            .with_company(company)
            .create(
                {
                    "name": "VAT",
                    "amount": 20,
                    "type_tax_use": "sale",
                    "company_id": company.id,
                    "tax_group_id": group.id,
                    "country_id": self.env.ref("base.eg").id,
                }
            )
        )
        self.tea.taxes_id = self.vat | foreign

        sale = self.receive(self.order({RICE: None}))

        self.assertEqual(self.taxes(sale.order_line), self.vat.cartona_included_id)

    def test_a_tax_that_does_not_fit_creates_an_activity(self):
        Tax = type(self.env["account.tax"])
        self.patch(Tax, "_cartona_included", lambda taxes: taxes)
        self.tea.taxes_id = self.vat

        sale = self.receive(self.order({RICE: None}))

        self.assertEqual(sale.amount_total, 57.0)
        [(task, _user)] = self.activities(sale)
        self.assertIn("57.00", task)
        self.assertIn("50.00", task)

    def test_random_orders_have_cartonas_total(self):
        """1,000 orders, included or excluded tax, both rounding methods: exact to the cent."""
        seed = random.randrange(10**6)
        dice = random.Random(seed)
        self.tea.taxes_id, self.rice.taxes_id = self.vat, self.vat_in_price
        for method in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = method
            for batch in range(5):
                names = ["%s-%s-%s" % (method, batch, number) for number in range(100)]
                raws = [self.random_order(dice, name) for name in names]
                for raw, outcome in zip(raws, self.receive_all(raws)):
                    self.assertEqual(
                        Decimal(str(round(outcome.order.amount_total, 2))),
                        raw["total_price"],
                        "seed %s, %s" % (seed, method),
                    )
                self.env.invalidate_all()

    def random_order(self, dice, name):
        details = {TEA: None, RICE: None}
        total = Decimal(0)
        for number in range(dice.randint(1, 4)):
            price = Decimal(dice.randint(1, 99999)) / 100
            amount = dice.randint(1, 30)
            total += price * amount
            details[number + 2] = {
                "id": number + 1,
                "supplier_product_id": dice.choice(["T1", "R1"]),
                "amount": amount,
                "selling_price": float(price),
            }
        return self.order(details, hashed_id=name, total_price=total)
