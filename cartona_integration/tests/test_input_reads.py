"""Odoo reads nothing for prices and stock that `core.inputs` does not list."""

from datetime import timedelta

from odoo import fields

from ..compat import pack_unit_values
from ..models.core.inputs import INPUTS, Clock, Hook, Irrelevant, Watch, is_listed
from .common import CartonaCase
from .reads import Reads


class TestInputReads(CartonaCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_rich_data()
        cls.env.cr.flush()

    @classmethod
    def make_rich_data(cls):
        """Link products whose price and stock take every way that Odoo has for them."""
        env, tax = cls.env, cls.env["account.tax"]
        vat = tax.create({"name": "VAT", "amount": 14.0, "type_tax_use": "sale"})
        fixed = tax.create({"name": "Stamp", "amount": 1.0, "amount_type": "fixed"})
        group = tax.create(
            {"name": "Both", "amount_type": "group", "children_tax_ids": [(6, 0, fixed.ids)]}
        )
        drinks = env["product.category"].create({"name": "Drinks"})
        hot = env["product.category"].create({"name": "Hot", "parent_id": drinks.id})
        size = env["product.attribute"].create(
            {"name": "Size", "value_ids": [(0, 0, {"name": "S"}), (0, 0, {"name": "L"})]}
        )
        juice = env["product.template"].create(
            {
                "name": "Juice",
                "list_price": 10.0,
                "categ_id": hot.id,
                "taxes_id": [(6, 0, (vat | group).ids)],
                "attribute_line_ids": [
                    (0, 0, {"attribute_id": size.id, "value_ids": [(6, 0, size.value_ids.ids)]})
                ],
            }
        )
        large = juice.product_variant_ids[1]
        large.product_template_attribute_value_ids.price_extra = 2.0
        box = env["uom.uom"].create(pack_unit_values(cls.tea.uom_id, 12.0, "Box of 12"))
        currency = cls.other_currencies(cls)
        env["res.currency.rate"].create(
            {"currency_id": currency.id, "name": "2020-01-01", "company_rate": 2.0}
            if "company_rate" in env["res.currency.rate"]._fields
            else {"currency_id": currency.id, "name": "2020-01-01", "rate": 2.0}
        )
        base = env["product.pricelist"].create(
            {"name": "Base", "currency_id": currency.id, "item_ids": cls.rules(cls, drinks)}
        )
        day = timedelta(days=1)
        pricelist = env["product.pricelist"].create(
            {
                "name": "Cartona",
                "item_ids": [
                    (
                        0,
                        0,
                        {
                            "applied_on": "3_global",
                            "base": "pricelist",
                            "base_pricelist_id": base.id,
                            "compute_price": "formula",
                            "price_discount": 5.0,
                            "date_start": fields.Datetime.now() - day,
                            "date_end": fields.Datetime.now() + day,
                        },
                    )
                ],
            }
        )
        cls.tea.write({"categ_id": hot.id, "taxes_id": [(6, 0, vat.ids)]})
        cls.rice.cartona_id, large.cartona_id = "R1", "J1"
        env["cartona.listing"].create(
            {
                "config_id": cls.config.id,
                "cartona_id": "T12",
                "product_id": cls.tea.id,
                "uom_id": box.id,
            }
        )
        cls.config.write({"pricelist_id": pricelist.id, "price_not_below_cost": True})
        if "use_expiration_date" in env["product.template"]._fields:
            cls.rice.write({"tracking": "lot", "use_expiration_date": True})
            name = "stock.lot" if "stock.lot" in env else "stock.production.lot"
            lot = env[name].create(
                {"name": "L1", "product_id": cls.rice.id, "company_id": cls.company.id}
            )
            env["stock.quant"]._update_available_quantity(
                cls.rice, cls.warehouse.lot_stock_id, 40, lot_id=lot
            )
        cls.set_stock(cls.tea, 40)
        shop = env["res.partner"].create({"name": "Shop"}).id
        for values in ({}, {"cartona_id": "h1"}):
            order = env["sale.order"].create(
                {
                    "partner_id": shop,
                    "order_line": [(0, 0, {"product_id": cls.tea.id, "product_uom_qty": 3})],
                    **values,
                }
            )
            if not values:
                order.action_confirm()
        if "mrp.bom" in env:
            env["mrp.bom"].create(
                {
                    "product_tmpl_id": juice.id,
                    "type": "phantom",
                    "bom_line_ids": [(0, 0, {"product_id": cls.tea.id, "product_qty": 2})],
                }
            )

    def rules(self, category):
        return [
            (
                0,
                0,
                {
                    "applied_on": "2_product_category",
                    "categ_id": category.id,
                    "compute_price": "formula",
                    "base": "standard_price",
                    "price_discount": -10.0,
                },
            )
        ]

    def compute(self):
        """Compute what is sent, as the drain does. Return the reads that are not listed."""
        listings = self.env["cartona.listing"].search([("product_id", "!=", False)])
        config = self.config.with_company(self.company)
        with Reads(self.env) as reads:
            intents = listings.with_env(config.env)._intents(config, everything=True)
        failed = [intent for intent in intents if intent.hold_reason == "not_worked_out"]
        self.assertFalse(failed)
        return {"%s.%s" % key: how for key, how in reads.found.items() if not is_listed(*key)}

    def test_every_read_is_listed(self):
        self.assertEqual(sorted(self.compute().items()), [])

    def test_an_unlisted_read_of_each_sort_is_found(self):
        Config = type(self.env["cartona.config"])
        original = Config._free_quantities
        unlisted = {
            "product.template.description_sale": lambda product: product.description_sale,
            "product.template.volume": lambda product: product.search(
                [("product_tmpl_id.volume", ">", 5)]
            ),
            "product.template.description_purchase": lambda product: product.product_tmpl_id.search(
                [], order="description_purchase", limit=1
            ),
            "stock.quant.in_date": lambda product: product.env["stock.quant"].read_group(
                [], ["quantity:sum"], ["in_date:month"]
            ),
            "product.template.sequence": lambda product: product.env.cr.execute(
                "SELECT max(tmpl.sequence) FROM product_template tmpl"
            ),
            "product.template.purchase_ok": lambda product: product.env.cr.execute(
                "SELECT count(*) FROM product_template WHERE purchase_ok"
            ),
            "product.template.weight": lambda product: product.product_tmpl_id.mapped("weight"),
        }
        for name, read in unlisted.items():
            with self.subTest(name):

                def planted(config, products, read=read):
                    read(products[:1])
                    return original(config, products)

                self.patch(Config, "_free_quantities", planted)
                self.assertIn(name, self.compute())

    def test_every_listed_input_is_noticed_or_has_a_reason(self):
        for model, entries in INPUTS.items():
            for entry in entries:
                with self.subTest(model=model, entry=entry):
                    if isinstance(entry, Hook):
                        owner, method = entry.place.rsplit(".", 1)
                        definitions = [
                            cls
                            for cls in type(self.env[owner]).mro()
                            if "cartona_integration" in cls.__module__ and method in vars(cls)
                        ]
                        self.assertTrue(definitions, entry.place)
                    elif isinstance(entry, Clock):
                        self.assertTrue(hasattr(self.config, entry.method))
                    elif isinstance(entry, Irrelevant):
                        self.assertTrue(entry.reason and entry.fields)
                    else:
                        self.assertIsInstance(entry, Watch)
                        if model in self.env:
                            modified = self.env.registry[model].modified
                            self.assertEqual(modified.__name__, "modified")
                            self.assertTrue(hasattr(modified, "__wrapped__"))

    def test_every_watched_field_marks_what_it_changes(self):
        for model, entries in INPUTS.items():
            for entry in entries:
                if model not in self.env or not isinstance(entry, Watch):
                    continue
                record = self.env[model].search([], limit=1)
                for kind in ("price", "stock"):
                    for name in set(getattr(entry, kind)) & set(record._fields):
                        with self.subTest("%s.%s" % (model, name)):
                            self.env.cr.precommit.clear()
                            self.env.cr.precommit.data.clear()
                            record.modified([name])
                            marked = self.env["cartona.change"]._collected()
                            kinds = {key[0] for key, ids in marked.items() if ids}
                            self.assertTrue(kind in kinds or not record)
