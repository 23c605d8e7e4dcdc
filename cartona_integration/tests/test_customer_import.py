"""One shop is one customer: found by its code, else by a valid phone, never by its name."""

import psycopg2

from odoo.tests import Form
from odoo.tools import mute_logger

from ..models.orders.res_partner import phone_key, search_form
from .order_common import OrderCase


class TestRetailer(OrderCase):
    def retailers(self):
        return self.env["res.partner"].search([("cartona_id", "!=", False)])

    def test_an_unknown_code_is_a_new_customer(self):
        sale = self.receive()

        partner = sale.partner_id
        self.assertRecordValues(
            partner,
            [
                {
                    "name": "أسواق الرحمــة",
                    "cartona_id": "retailer_A00315",
                    "phone": "+201003150160",
                    "cartona_phone2": "+201112223334",
                    "street": "12 شارع التحرير، الدقي",
                    "street2": "بجوار المسجد",
                    "email": False,
                    "customer_rank": 1,
                    "cartona_unidentified": False,
                    "parent_id": False,
                }
            ],
        )
        self.assertEqual(partner.country_id, self.env.ref("base.eg"))
        self.assertEqual(sale.partner_shipping_id, partner)
        self.assertEqual(sale.partner_invoice_id, partner)

    def test_a_customer_belongs_to_a_company_only_among_several(self):
        companies = self.env["res.company"].search_count([])
        partner = self.receive().partner_id

        self.assertEqual(
            partner.company_id, self.company if companies > 1 else self.company.browse()
        )

    def test_a_customer_gets_arabic_where_it_is_installed(self):
        self.env["res.lang"]._activate_lang("ar_001")

        self.assertEqual(self.receive().partner_id.lang, "ar_001")

    def test_a_known_code_with_another_phone_is_the_same_customer(self):
        partner = self.receive().partner_id
        partner.name = "سوبر ماركت الرحمة"

        sale = self.receive(
            self.order(
                hashed_id="later",
                retailer={"retailer_number": "+201223334445", "retailer_name": "الرحمة ماركت"},
            )
        )

        self.assertEqual(sale.partner_id, partner)
        self.assertEqual(partner.name, "سوبر ماركت الرحمة")
        self.assertEqual(partner.phone, "+201223334445")
        self.assertIn("+201223334445", self.chatter(partner))
        self.assertEqual(len(self.retailers()), 1)

    def test_a_phone_edited_by_hand_is_kept(self):
        partner = self.receive().partner_id
        partner.phone = "0233334444"

        self.receive(self.order(hashed_id="later", retailer={"retailer_number": "+201223334445"}))

        self.assertEqual(partner.phone, "0233334444")
        self.assertIn("+201223334445", self.chatter(partner))

    def test_a_name_not_edited_by_hand_is_updated(self):
        partner = self.receive().partner_id

        self.receive(self.order(hashed_id="later", retailer={"retailer_name": "الرحمة ماركت"}))

        self.assertEqual(partner.name, "الرحمة ماركت")

    def test_the_same_retailer_again_is_not_written(self):
        partner = self.receive().partner_id
        before = partner.read(["write_date", "message_ids"])

        self.receive(self.order(hashed_id="later"))

        self.assertEqual(partner.read(["write_date", "message_ids"]), before)

    def test_two_shops_of_one_name_are_two_customers(self):
        first, second = (
            outcome.order
            for outcome in self.receive_all(
                [
                    self.order(hashed_id="a1"),
                    self.order(
                        hashed_id="b2",
                        retailer={"retailer_code": "A00316", "retailer_number": "+201223334445"},
                    ),
                ]
            )
        )

        self.assertEqual(first.partner_id.name, second.partner_id.name)
        self.assertNotEqual(first.partner_id, second.partner_id)

    def test_two_orders_of_one_new_shop_make_one_customer(self):
        outcomes = self.receive_all([self.order(hashed_id="a1"), self.order(hashed_id="b2")])

        self.assertEqual(outcomes[0].order.partner_id, outcomes[1].order.partner_id)
        self.assertEqual(len(self.retailers()), 1)

    def test_a_retailer_without_a_name_is_named_by_code(self):
        partner = self.receive(self.order(retailer={"retailer_name": ""})).partner_id
        self.assertIn("A00315", partner.name)

        self.receive(self.order(hashed_id="later", retailer={"retailer_name": "الرحمة"}))

        self.assertEqual(partner.name, "الرحمة")

    def test_names_are_stored_unchanged_and_found_by_common_spellings(self):
        names = {
            "أســـواق الرحمــة 🛒": "اسواق الرحمه",
            "مخبز إبراهيم": "ابراهيم",
            "مُصْطَفى": "مصطفي",
        }
        for number, (name, typed) in enumerate(names.items()):
            partner = self.receive(
                self.order(
                    hashed_id="n%s" % number,
                    retailer={"retailer_code": "N%s" % number, "retailer_name": name},
                )
            ).partner_id
            self.assertEqual(partner.name, name)
            for query in (name, typed):
                found = [row[0] for row in self.env["res.partner"].name_search(query)]
                self.assertIn(partner.id, found, query)

    def test_the_code_is_unique_in_its_company(self):
        partner = self.receive().partner_id

        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                self.env["res.partner"].create(
                    {
                        "name": "Twice",
                        "cartona_id": "retailer_A00315",
                        "company_id": partner.company_id.id,
                    }
                )
        # Empty codes do not count.
        self.env["res.partner"].create(
            [{"name": "A", "cartona_id": ""}, {"name": "B", "cartona_id": " "}]
        )

    def test_a_copy_is_another_shop(self):
        self.assertFalse(self.receive().partner_id.copy().cartona_id)


class TestPhone(OrderCase):
    def nameless(self, number, hashed_id="x1", **retailer):
        return self.order(
            hashed_id=hashed_id,
            retailer=dict(
                retailer, retailer_code=None, retailer_number=number, retailer_number2=""
            ),
        )

    def test_every_spelling_of_an_egyptian_number_is_one_number(self):
        for text in ("01003150160", "00201003150160", "+201003150160", "201003150160",
                     "0100 315 0160", "٠١٠٠٣١٥٠١٦٠"):  # fmt: skip
            self.assertEqual(phone_key(text), "+201003150160", text)
        for text in ("", None, "123", "0100315016", "call me", "+2"):
            self.assertEqual(phone_key(text), "", text)
        self.assertEqual(phone_key("+14155552671"), "+14155552671")

    def test_without_a_code_the_phone_decides(self):
        partner = self.env["res.partner"].create({"name": "قديم", "phone": "0100 315 0160"})
        for number, phone in enumerate(("01003150160", "00201003150160", "+201003150160")):
            sale = self.receive(self.nameless(phone, hashed_id="p%s" % number))
            self.assertEqual(sale.partner_id, partner, phone)
        self.assertEqual((partner.name, partner.cartona_id), ("قديم", False))
        self.assertEqual(self.activities(sale), [])

    def test_without_a_code_the_phone_finds_a_known_retailer(self):
        partner = self.receive().partner_id

        self.assertEqual(self.receive(self.nameless("01003150160")).partner_id, partner)

    def test_the_code_counts_more_than_the_phone(self):
        old = self.env["res.partner"].create({"name": "قديم", "phone": "01003150160"})

        partner = self.receive().partner_id

        self.assertNotEqual(partner, old)
        self.assertFalse(old.cartona_id)

    def test_an_address_with_the_phone_is_not_the_customer(self):
        partner = self.env["res.partner"].create({"name": "قديم", "phone": "01003150160"})
        self.env["res.partner"].create(
            {"name": "مخزن", "parent_id": partner.id, "type": "delivery", "phone": "01003150160"}
        )

        self.assertEqual(self.receive(self.nameless("01003150160")).partner_id, partner)

    def test_several_customers_with_the_phone_create_an_activity(self):
        first = self.env["res.partner"].create({"name": "الأول", "phone": "01003150160"})
        self.env["res.partner"].create({"name": "الثاني", "phone": "+201003150160"})

        sale = self.receive(self.nameless("01003150160"))

        self.assertEqual(sale.partner_id, first)
        [(task, user)] = self.activities(sale)
        self.assertIn("الثاني", task)
        self.assertEqual(user, self.seller)

    def test_with_neither_code_nor_phone_a_new_customer_is_flagged(self):
        self.env["res.partner"].create({"name": "أسواق الرحمــة"})

        sale = self.receive(self.nameless("123"))

        self.assertTrue(sale.partner_id.cartona_unidentified)
        self.assertFalse(sale.partner_id.cartona_id)
        [(task, user)] = self.activities(sale)
        self.assertIn("Identify the customer", task)
        self.assertEqual(user, self.seller)

    def test_two_orders_with_one_unknown_phone_are_one_customer(self):
        outcomes = self.receive_all(
            [self.nameless("01003150160", "a1"), self.nameless("00201003150160", "b2")]
        )

        self.assertEqual(outcomes[0].order.partner_id, outcomes[1].order.partner_id)
        self.assertFalse(outcomes[0].order.partner_id.cartona_unidentified)

    def test_two_orders_without_code_and_phone_make_two_customers(self):
        outcomes = self.receive_all([self.nameless("", "a1"), self.nameless("", "b2")])

        self.assertNotEqual(outcomes[0].order.partner_id, outcomes[1].order.partner_id)

    def test_a_later_version_of_an_order_keeps_its_customer(self):
        sale = self.receive(self.nameless("123"))
        partner = sale.partner_id

        self.receive(self.nameless("124"))

        self.assertEqual(sale.partner_id, partner)


class TestAddress(OrderCase):
    ELSEWHERE = "7 شارع الهرم، الجيزة"

    def deliver_to(self, address, hashed_id):
        return self.receive(self.order(hashed_id=hashed_id, retailer={"retailer_address": address}))

    def test_another_address_is_added_and_used_again(self):
        partner = self.receive().partner_id

        second = self.deliver_to(self.ELSEWHERE, "b2")
        third = self.deliver_to("  7 شارع  الهرم، الجيزة ", "c3")
        home = self.deliver_to("12 شارع التحرير، الدقي", "d4")

        address = second.partner_shipping_id
        self.assertRecordValues(
            address,
            [
                {
                    "type": "delivery",
                    "parent_id": partner.id,
                    "street": self.ELSEWHERE,
                    "phone": "+201003150160",
                    "cartona_id": False,
                }
            ],
        )
        self.assertEqual(third.partner_shipping_id, address)
        self.assertEqual(home.partner_shipping_id, partner)
        self.assertEqual(partner.street, "12 شارع التحرير، الدقي")
        self.assertEqual(partner.child_ids, address)
        self.assertEqual((second | third | home).partner_id, partner)

    def test_two_orders_to_one_new_address_make_it_once(self):
        partner = self.receive().partner_id

        outcomes = self.receive_all(
            [
                self.order(hashed_id=name, retailer={"retailer_address": self.ELSEWHERE})
                for name in ("b2", "c3")
            ]
        )

        self.assertEqual(
            [outcome.order.partner_shipping_id for outcome in outcomes], [partner.child_ids] * 2
        )
        self.assertEqual(len(partner.child_ids), 1)

    def test_an_address_corrected_by_hand_is_still_recognised(self):
        partner = self.receive().partner_id
        partner.street = "12 ش التحرير، الدور الأول"

        sale = self.deliver_to("12 شارع التحرير، الدقي", "b2")

        self.assertEqual(sale.partner_shipping_id, partner)
        self.assertEqual(partner.street, "12 ش التحرير، الدور الأول")

    def test_a_customer_found_by_phone_keeps_the_address(self):
        partner = self.env["res.partner"].create(
            {"name": "قديم", "phone": "01003150160", "street": "المكتب"}
        )

        first, second = (
            self.receive(
                self.order(
                    hashed_id=name,
                    retailer={"retailer_code": "", "retailer_address": self.ELSEWHERE},
                )
            )
            for name in ("b2", "c3")
        )

        self.assertEqual((first | second).partner_id, partner)
        self.assertEqual(partner.street, "المكتب")
        self.assertEqual((first | second).partner_shipping_id.street, self.ELSEWHERE)
        self.assertEqual(len(partner.child_ids), 1)


class TestBlockedCustomer(OrderCase):
    def test_an_archived_customer_stays_archived_and_the_salesperson_is_notified(self):
        self.config.auto_confirm = True
        self.set_stock(self.tea, 10)
        self.set_stock(self.rice, 10)
        partner = self.receive(self.order(hashed_id="before", status="cancelled")).partner_id
        partner.active = False

        sale = self.receive()

        self.assertEqual(sale.partner_id, partner)
        self.assertFalse(partner.active)
        # The customer was archived on purpose: a user must confirm the order.
        self.assertEqual(sale.state, "draft")
        [(task, user)] = self.activities(sale)
        self.assertIn("archived", task)
        self.assertEqual(user, self.seller)

    def test_a_blocked_customers_order_waits(self):
        self.config.auto_confirm = True
        self.set_stock(self.tea, 10)
        self.set_stock(self.rice, 10)
        partner = self.receive(self.order(hashed_id="before", status="cancelled")).partner_id
        partner.sale_warn_msg = "Does not pay"
        if "sale_warn" in partner._fields:
            partner.sale_warn = "block"

        sale = self.receive()

        self.assertEqual((sale.partner_id, sale.state), (partner, "draft"))
        [(task, user)] = self.activities(sale)
        self.assertIn("Does not pay", task)
        self.assertEqual(user, self.seller)


class TestDuplicate(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.old = cls.env["res.partner"].create(
            {"name": "الرحمة (قديم)", "phone": "0100 315 0160", "street": "المكتب"}
        )

    def test_an_older_customer_is_proposed_and_not_merged(self):
        partner = self.receive().partner_id

        self.assertNotEqual(partner, self.old)
        self.assertEqual(partner.cartona_duplicate_id, self.old)
        self.assertEqual(Form(partner).cartona_duplicate_id, self.old)
        Partner = self.env["res.partner"]
        having = Partner.search(
            [("cartona_id", "!=", False), ("cartona_duplicate_id", "!=", False)]
        )
        self.assertEqual(having, partner)
        without = Partner.search([("cartona_duplicate_id", "=", False)])
        self.assertNotIn(partner, without)
        self.assertIn(self.old, without)

    def test_no_duplicate_without_the_phone_or_when_refused(self):
        partner = self.receive().partner_id

        partner.action_cartona_not_duplicate()
        self.assertFalse(partner.cartona_duplicate_id)
        self.assertNotIn(partner, partner.search([("cartona_duplicate_id", "!=", False)]))

        partner.cartona_not_duplicate = False
        self.old.phone = "01003150161"
        self.assertFalse(partner.cartona_duplicate_id)

    def test_merging_moves_the_code_and_the_open_orders(self):
        self.set_stock(self.tea, 100)
        self.set_stock(self.rice, 100)
        quotation = self.receive()
        approved = self.receive(self.order(hashed_id="b2", status="approved"))
        delivered = self.receive(self.order(hashed_id="c3", status="approved"))
        self.deliver(delivered)
        partner = quotation.partner_id
        figures = self.figures(approved)

        action = partner.with_user(
            self.env.ref("base.user_admin")
        ).action_cartona_merge_into_duplicate()

        self.assertEqual(action["res_id"], self.old.id)
        self.assertEqual((self.old.cartona_id, partner.cartona_id), ("retailer_A00315", False))
        self.assertEqual((quotation | approved).partner_id, self.old)
        self.assertEqual((quotation | approved).partner_invoice_id, self.old)
        self.assertEqual(delivered.partner_id, partner)
        self.assertTrue(partner.active)
        # Goods go to the address of the order, not to that of the old customer.
        address = quotation.partner_shipping_id
        self.assertEqual(address.street, "12 شارع التحرير، الدقي")
        self.assertEqual(address.parent_id, self.old)
        self.assertEqual(approved.picking_ids.partner_id, address)
        self.assertEqual(self.figures(approved), figures)
        self.assertEqual(approved.amount_total, 110.0)
        self.assertEqual(self.old.name, "الرحمة (قديم)")
        # From now on orders of the retailer belong to the older customer.
        later = self.receive(self.order(hashed_id="d4"))
        self.assertEqual(later.partner_id, self.old)
        self.assertEqual(later.partner_shipping_id, address)
        self.assertEqual(self.old.name, "الرحمة (قديم)")

    def test_the_merged_customer_is_archived(self):
        partner = self.receive().partner_id

        partner.action_cartona_merge_into_duplicate()

        self.assertFalse(partner.active)


class TestMergingContacts(OrderCase):
    def merge(self, kept, *others):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        ids = [kept.id, *(other.id for other in others)]
        wizard._merge(ids, kept)

    def test_the_code_goes_to_the_contact_that_is_kept(self):
        old = self.env["res.partner"].create({"name": "قديم", "street": "المكتب"})
        sale = self.receive()

        self.merge(old, sale.partner_id)

        self.assertEqual((sale.partner_id, old.cartona_id), (old, "retailer_A00315"))
        self.assertEqual(self.receive(self.order(hashed_id="later")).partner_id, old)

    def test_a_retailer_merged_with_a_stranger_keeps_the_code(self):
        partner = self.receive().partner_id
        stranger = self.receive(
            self.order(
                hashed_id="x",
                retailer={"retailer_code": "", "retailer_number": "", "retailer_number2": ""},
            )
        ).partner_id
        self.assertTrue(stranger.cartona_unidentified)

        self.merge(partner, stranger)

        self.assertEqual(partner.cartona_id, "retailer_A00315")
        self.assertFalse(partner.cartona_unidentified)


class TestSearchForm(OrderCase):
    def test_search_ignores_diacritics_and_letter_variants(self):
        self.assertEqual(search_form("أســـواق الرَّحمــة"), "اسواق الرحمه")
        self.assertEqual(search_form("Café"), "Cafe")
        self.assertEqual(search_form(None), "")
