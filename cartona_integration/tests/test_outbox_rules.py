"""Price rules, currency rates and taxes mark the prices of many products dirty."""

from datetime import timedelta

from odoo import fields

from .common import CartonaCase


class TestOutboxRules(CartonaCase):
    def setUp(self):
        super().setUp()
        self.tea_listing = self.listing(self.tea)
        self.price = [("price", self.tea_listing.id)]

    # === PRICELISTS === #

    def test_a_pricelist_rule_marks_its_product_dirty(self):
        pricelist = self.env["product.pricelist"].create({"name": "Cartona"})
        self.config.pricelist_id = pricelist
        self.clear_outbox()

        rule = self.env["product.pricelist.item"].create(
            {
                "pricelist_id": pricelist.id,
                "applied_on": "0_product_variant",
                "product_id": self.tea.id,
                "compute_price": "fixed",
                "fixed_price": 9.0,
            }
        )
        self.assertEqual(self.outbox_rows(), self.price)
        self.clear_outbox()
        rule.fixed_price = 8.0
        self.assertEqual(self.outbox_rows(), self.price)
        self.clear_outbox()
        rule.unlink()
        self.assertEqual(self.outbox_rows(), self.price)

    def test_a_rule_of_the_base_pricelist_marks_dirty(self):
        base = self.env["product.pricelist"].create({"name": "Base"})
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Cartona",
                "item_ids": [
                    (
                        0,
                        0,
                        {
                            "base": "pricelist",
                            "base_pricelist_id": base.id,
                            "compute_price": "formula",
                            "applied_on": "3_global",
                        },
                    )
                ],
            }
        )
        self.config.pricelist_id = pricelist
        self.clear_outbox()

        self.env["product.pricelist.item"].create(
            {"pricelist_id": base.id, "compute_price": "fixed", "fixed_price": 3.0}
        )

        self.assertEqual(self.outbox_rows(), self.price)

    def test_the_currency_of_the_pricelist_marks_dirty(self):
        pricelist = self.env["product.pricelist"].create({"name": "Cartona"})
        self.config.pricelist_id = pricelist
        currencies = self.env["res.currency"].with_context(active_test=False)
        other = currencies.search([("id", "!=", pricelist.currency_id.id)], limit=1)
        other.active = True
        self.clear_outbox()
        pricelist.name = "Marketplace"
        self.assertEqual(self.outbox_rows(), [])

        pricelist.currency_id = other

        self.assertEqual(set(self.outbox_rows()), set(self.price))

    def test_a_rule_of_another_pricelist_marks_nothing(self):
        other = self.env["product.pricelist"].create({"name": "Other"})
        self.env["product.pricelist.item"].create(
            {"pricelist_id": other.id, "compute_price": "fixed", "fixed_price": 1.0}
        )
        self.assertEqual(self.outbox_rows(), [])

    def test_a_dated_rule_marks_dirty_when_it_starts(self):
        now = fields.Datetime.now()
        pricelist = self.env["product.pricelist"].create({"name": "Cartona"})
        self.config.pricelist_id = pricelist
        rule = self.env["product.pricelist.item"].create(
            {
                "pricelist_id": pricelist.id,
                "applied_on": "0_product_variant",
                "product_id": self.tea.id,
                "compute_price": "fixed",
                "fixed_price": 9.0,
                "date_start": now + timedelta(hours=1),
                "date_end": now + timedelta(hours=2),
            }
        )
        due = self.jobs("dated_rules")
        # A rule is still valid in the second in which it ends.
        self.assertEqual(
            sorted(due.mapped("eta")), [rule.date_start, rule.date_end + timedelta(seconds=1)]
        )
        self.clear_outbox()
        self.config._mark_dated_rules_dirty()
        self.assertEqual(self.outbox_rows(), [])

        # The hour has passed: the rule starts between the last check and this one.
        self.env.cr.execute(
            "UPDATE product_pricelist_item SET date_start = %s WHERE id = %s",
            (now - timedelta(minutes=1), rule.id),
        )
        self.config.rules_checked_at = now - timedelta(minutes=2)
        self.env.invalidate_all()
        self.config._mark_dated_rules_dirty()
        self.assertEqual(self.outbox_rows(), self.price)
        self.clear_outbox()
        self.config._mark_dated_rules_dirty()
        self.assertEqual(self.outbox_rows(), [])

    def test_the_first_check_finds_a_started_dated_rule(self):
        pricelist = self.env["product.pricelist"].create({"name": "Cartona"})
        self.config.pricelist_id = pricelist
        self.env["product.pricelist.item"].create(
            {
                "pricelist_id": pricelist.id,
                "applied_on": "0_product_variant",
                "product_id": self.tea.id,
                "compute_price": "fixed",
                "fixed_price": 9.0,
                "date_start": fields.Datetime.now() - timedelta(minutes=1),
            }
        )
        self.config.rules_checked_at = False
        self.clear_outbox()
        self.env.cr.execute(
            "UPDATE cartona_config SET create_date = create_date - interval '1 day'"
        )
        self.env.invalidate_all()
        self.config._mark_dated_rules_dirty()
        self.assertEqual(self.outbox_rows(), self.price)
        self.clear_outbox()
        self.config._mark_dated_rules_dirty()
        self.assertEqual(self.outbox_rows(), [])

    # === RATES === #

    def test_a_currency_rate_of_converted_prices_marks_dirty(self):
        dollar = self.other_currencies()
        rate = {"currency_id": dollar.id, "name": "2020-01-01", "company_rate": 0.02}
        self.env["res.currency.rate"].create(rate)
        self.assertEqual(self.outbox_rows(), [])

        self.config.currency_id = dollar
        self.clear_outbox()
        self.env["res.currency.rate"].create(dict(rate, name="2020-01-02"))

        self.assertEqual(set(self.outbox_rows()), set(self.price))

        # The pricelist has another currency than the sales prices on which it is based.
        self.config.pricelist_id = self.env["product.pricelist"].create(
            {"name": "Dollars", "currency_id": dollar.id}
        )
        self.clear_outbox()
        self.env["res.currency.rate"].create(dict(rate, name="2020-01-03"))
        self.assertEqual(set(self.outbox_rows()), set(self.price))

    def test_an_unused_currency_rate_marks_nothing(self):
        dollar, other, third = self.other_currencies(3)
        self.config.currency_id = dollar
        self.clear_outbox()
        rate = {"currency_id": other.id, "name": "2020-01-02", "company_rate": 0.02}
        self.env["res.currency.rate"].create(rate)
        self.assertEqual(self.outbox_rows(), [])

        # The main company's currency is that of the sales prices; so is a rate that leaves it.
        main = self.company._get_main_company()
        giza = self.env["res.company"].create({"name": "Giza", "currency_id": other.id})
        self.patch(type(main), "_get_main_company", lambda company: giza)
        moved = self.env["res.currency.rate"].create(dict(rate, name="2020-01-04"))
        self.assertEqual(set(self.outbox_rows()), set(self.price))
        self.clear_outbox()
        moved.currency_id = third
        self.assertEqual(set(self.outbox_rows()), set(self.price))
        self.patch(type(main), "_get_main_company", lambda company: main)
        self.clear_outbox()

        # The base pricelist's currency counts too.
        based = {"base": "pricelist", "compute_price": "formula", "applied_on": "3_global"}
        base = self.env["product.pricelist"].create({"name": "Base", "currency_id": other.id})
        self.config.pricelist_id = self.env["product.pricelist"].create(
            {"name": "Ours", "item_ids": [(0, 0, dict(based, base_pricelist_id=base.id))]}
        )
        self.clear_outbox()
        self.env["res.currency.rate"].create(dict(rate, name="2020-01-03"))
        self.assertEqual(set(self.outbox_rows()), set(self.price))

    def test_marking_all_happens_once_in_a_transaction(self):
        """Imported price rules or reordered taxes would otherwise mark all a thousand times and
        delay the stock."""
        self.config.price_tax = "gross"
        self.config.pricelist_id = self.env["product.pricelist"].create({"name": "Cartona"})
        self.clear_outbox()
        rule = {"pricelist_id": self.config.pricelist_id.id, "compute_price": "percentage"}
        self.env["product.pricelist.item"].create([dict(rule, percent_price=1), rule])
        self.env["product.pricelist.item"].create(dict(rule, percent_price=2))
        tax = self.env["account.tax"].search([("company_id", "=", self.company.id)], limit=1)
        for sequence in (7, 8, 9):
            tax.sequence = sequence
        self.assertEqual(self.outbox_rows(), self.price)

    def test_a_future_rate_marks_dirty_on_its_day(self):
        dollar = self.other_currencies()
        self.config.currency_id = dollar
        today = fields.Date.context_today(self.config)
        rate = self.env["res.currency.rate"].create(
            {
                "currency_id": dollar.id,
                "name": today + timedelta(days=1),
                "company_rate": 0.02,
            }
        )
        self.config._mark_todays_rates_dirty()
        self.clear_outbox()
        self.config._mark_todays_rates_dirty()
        self.assertEqual(self.outbox_rows(), [])

        # The day has come: nothing is written.
        self.env.cr.execute(
            "UPDATE res_currency_rate SET name = %s WHERE id = %s", (today, rate.id)
        )
        self.config.rates_checked_on = today - timedelta(days=1)
        self.env.invalidate_all()
        self.env.cr.flush()
        self.env["cartona.config"]._cron_catch_up()
        self.env.invalidate_all()
        self.assertEqual(self.config.rates_checked_on, today)
        self.assertEqual(self.outbox_rows(), self.price)
        self.clear_outbox()
        self.env["cartona.config"]._cron_catch_up()
        self.assertEqual(self.outbox_rows(), [])

    # === TAXES === #

    def test_a_changed_tax_marks_tax_included_prices_dirty(self):
        tax = self.env["account.tax"].create(
            {"name": "VAT 14%", "amount": 14.0, "type_tax_use": "sale"}
        )
        self.tea.taxes_id = tax
        included = next(
            name for name in ("price_include_override", "price_include") if name in tax._fields
        )
        self.clear_outbox()
        for values in (
            {"amount": 15.0},
            {"amount_type": "fixed"},
            {included: "tax_included" if included.endswith("override") else True},
            {"include_base_amount": True},
            {"active": False},
        ):
            with self.subTest(values=values):
                tax.write(values)
                self.assertEqual(set(self.outbox_rows()), set(self.price))
                self.clear_outbox()
        tax.name = "VAT"
        self.assertEqual(self.outbox_rows(), [])
        tax.unlink()
        self.assertEqual(self.outbox_rows(), self.price)

        self.config.price_tax = "as_is"
        self.clear_outbox()
        other = self.env["account.tax"].create({"name": "VAT 5%", "amount": 5.0})
        other.amount = 6.0
        self.assertEqual(self.outbox_rows(), [])
