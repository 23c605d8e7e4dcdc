"""The matching desk: a job finds candidates; users accept them there, in a list or by import."""

from unittest.mock import patch

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tools.safe_eval import safe_eval

from .common import PRODUCTS, CartonaCase


class MatchingCase(CartonaCase):
    """Products of a small shop, and rows of Cartona's catalogue that are not linked yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cola = cls.make_product("كوكا كولا كانز 330 مل", 13.5, default_code="COLA330")
        cls.zero = cls.make_product("كوكا كولا زيرو كانز 330 مل", 13.5, barcode="6221000000017")
        cls.soap = cls.make_product("صابون لوكس ورد 120 جم", 19.5)
        cls.milk = cls.make_product("لبن جهينة كامل الدسم 1 لتر", 42.0)
        cls.config.catalogue_read_at = fields.Datetime.now()
        cls.clear_outbox()

    @classmethod
    def row(cls, cartona_id, name, unit="piece", unit_count=1.0, price=0.0, **values):
        """Create a row of Cartona's catalogue, as a reading does."""
        return cls.env["cartona.listing"].create(
            dict(
                values,
                config_id=cls.config.id,
                cartona_id=cartona_id,
                name=name,
                unit=unit,
                unit_count=unit_count,
                shown_price=price,
            )
        )

    def rank(self):
        self.env.flush_all()
        rest = self.env["cartona.listing"]._rank(self.config.id)
        self.env.invalidate_all()
        return rest

    def desk(self, user=None):
        config = self.config.with_user(user) if user else self.config
        action = config.action_match_products()
        return config.env[action["res_model"]].browse(action["res_id"])


class TestRanking(MatchingCase):
    def test_candidates_come_with_reasons_pack_and_price(self):
        box = self.row("B", "كوكاكولا ٣٣٠ مل × 24", "box", 24, 318.0)
        self.assertIsNone(self.rank())
        best = box.match_ids[0]
        self.assertEqual(
            (best.product_id, best.pack_count, best.rank, best.product_price),
            (self.cola, 24, 1, 13.5),
        )
        self.assertEqual(box.match_id, best)
        self.assertIn("same size", best.note)
        self.assertIn("same price per unit", best.note)
        self.assertFalse(best.warning)
        self.assertIn(self.zero, box.match_ids.product_id)

    def test_an_id_on_cartona_outranks_the_name(self):
        by_code = self.row("C", "مشروب غازي كولا", internal_product_id="COLA330")
        by_id = self.row("I", "صابون ورد", internal_product_id=str(self.soap.id))
        by_barcode = self.row("E", "كولا زيرو", internal_product_id="6221000000017")
        self.rank()
        for listing, product in ((by_code, self.cola), (by_id, self.soap), (by_barcode, self.zero)):
            self.assertEqual(listing.match_id.product_id, product)
            self.assertIn(listing.internal_product_id, listing.match_id.note)

    def test_only_unmatched_and_wanted_listings_are_ranked(self):
        linked = self.row("L", "صابون لوكس ورد 120 جم", product_id=self.soap.id)
        never = self.row("N", "صابون لوكس ورد 120 جم", never_match=True)
        stranger = self.row("S", "غسالة أطباق")
        self.rank()
        self.assertFalse((linked | never | stranger).match_ids)
        self.assertTrue(stranger.match_ranked_at)
        self.assertFalse((linked | never).filtered("match_ranked_at"))

    def test_ranking_again_replaces_the_candidates(self):
        listing = self.row("A", "صابون دوف خيار 75 جم", price=15.0)
        self.rank()
        before = listing.match_ids
        dove = self.make_product("صابون دوف خيار 75 جم", 15.0)
        self.desk().action_compare_again()
        self.rank()
        self.assertFalse(before.exists())
        self.assertEqual(listing.match_id.product_id, dove)
        self.assertTrue(listing.match_id.is_sure)

    def test_opening_the_desk_keeps_the_candidates(self):
        listing = self.row("A", "صابون لوكس ورد 120 جم")
        self.rank()
        before = listing.match_ids
        self.desk()
        self.rank()
        self.assertTrue(before)
        self.assertEqual(listing.match_ids, before)
        self.desk().action_compare_again()
        self.assertEqual(listing.match_ids, before, "shown until there are others")
        self.rank()
        self.assertFalse(before.exists())
        self.assertEqual(listing.match_id.product_id, self.soap)

    def test_a_long_ranking_continues_in_the_next_job(self):
        self.row("A", "صابون لوكس ورد 120 جم")
        self.row("B", "لبن جهينة كامل الدسم 1 لتر")
        matching = "odoo.addons.cartona_integration.models.catalogue.match."
        self.patch_names({matching + "_BATCH": 1, matching + "_JOB_SECONDS": -1})
        self.assertEqual(self.rank(), 0)
        unranked = self.env["cartona.listing"]._unranked_domain(self.config)
        self.assertEqual(self.env["cartona.listing"].search_count(unranked), 1)

    def patch_names(self, values):
        for name, value in values.items():
            patcher = patch(name, value)
            patcher.start()
            self.addCleanup(patcher.stop)

    def test_the_button_schedules_the_ranking_job(self):
        self.row("A", "صابون لوكس ورد 120 جم")
        self.config.action_match_products()
        self.assertIn(("match", self.config.id), self.env.cr.postcommit.data["cartona.wake"])
        self.env["cartona.worker"]._enqueue("match", self.config.id)
        job = self.jobs("match")
        self.assertEqual(len(job), 1)
        self.assertEqual(job.channel, "root.cartona")

    def test_another_companys_products_are_not_candidates(self):
        other = self.env["res.company"].create({"name": "Wholesale"})
        self.soap.product_tmpl_id.company_id = other
        listing = self.row("A", "صابون لوكس ورد 120 جم")
        self.rank()
        self.assertNotIn(self.soap, listing.match_ids.product_id)


class TestDesk(MatchingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.box = cls.row("B", "كوكاكولا 330 مل كانز", "box", 24, 318.0)
        cls.piece = cls.row("P", "صابون لوكس ورد ١٢٠ جم", "piece", 1, 19.5)
        cls.clear_outbox()

    def setUp(self):
        super().setUp()
        self.rank()

    def test_accepting_links_in_the_pack_and_shows_the_next(self):
        desk = self.desk()
        self.rank()
        desk = desk.browse(desk.id)
        desk._show_next()
        self.assertEqual(
            (desk.listing_id, desk.product_id, desk.pack_count), (self.box, self.cola, 24)
        )
        self.assertTrue(desk.is_pack_question)
        self.assertEqual(desk.question, "1 box on Cartona = 24 %s?" % self.cola.uom_id.name)
        desk.action_accept()
        self.assertEqual(self.box.product_id, self.cola)
        self.assertEqual(self.box.uom_id._compute_quantity(1, self.cola.uom_id, round=False), 24)
        self.assertFalse(self.box.match_ids)
        self.assertEqual(desk.listing_id, self.piece)
        desk.action_accept()
        self.assertEqual((self.piece.product_id, self.piece.uom_id), (self.soap, self.soap.uom_id))
        self.assertFalse(desk.listing_id)
        self.assertEqual(desk.remaining_count, 0)

    def test_any_other_product_and_pack_may_be_chosen(self):
        desk = self.desk()
        self.assertEqual(desk.listing_id, self.box)
        desk.write({"product_id": self.milk.id, "pack_count": 6})
        desk.action_accept()
        self.assertEqual(self.box.product_id, self.milk)
        self.assertEqual(self.box.uom_id._compute_quantity(1, self.milk.uom_id, round=False), 6)

    def test_a_price_of_another_pack_shows_a_warning(self):
        desk = self.desk()
        desk.write({"product_id": self.cola.id, "pack_count": 24})
        self.assertFalse(desk.warning)
        desk.pack_count = 1
        self.assertIn("more than that", desk.warning)
        self.box.shown_price = 13.5
        desk.write({"pack_count": 24})
        desk.invalidate_recordset(["warning"])
        self.assertIn("fewer than that", desk.warning)

    def test_skipped_listings_come_last_and_ignored_ones_never(self):
        desk = self.desk()
        first = desk.listing_id
        desk.action_skip()
        self.assertEqual(desk.listing_id, self.piece)
        desk.action_skip()
        self.assertEqual(desk.listing_id, first)
        desk.action_never()
        self.assertTrue(first.never_match)
        self.assertEqual((desk.listing_id, desk.remaining_count), (self.piece, 1))
        first.action_match_again()
        self.assertEqual(desk.browse(desk.id).listing_id, self.piece)
        desk.invalidate_recordset()
        self.assertEqual(desk.remaining_count, 2)

    def test_accepting_a_candidate_moves_the_desk_on(self):
        desk = self.desk()
        self.rank()
        other = self.box.match_ids.filtered(lambda match: match.product_id == self.zero)
        desk.listing_id = self.box
        other.action_accept()
        self.assertEqual(self.box.product_id, self.zero)
        self.assertEqual(desk.listing_id, self.piece)

    def test_accepting_many_takes_the_best_of_each(self):
        sure = self.env["cartona.listing"].search(
            [("config_id", "=", self.config.id), ("match_id.is_sure", "=", True)]
        )
        self.assertEqual(sure, self.box | self.piece)
        sure.action_accept_match()
        self.assertEqual(self.box.product_id | self.piece.product_id, self.cola | self.soap)
        with self.assertRaisesRegex(UserError, "no suggestion"):
            sure.action_accept_match()

    def test_a_listing_linked_meanwhile_is_not_linked_again(self):
        desk = self.desk()
        self.box.product_id = self.zero
        desk.product_id = self.cola
        with self.assertRaisesRegex(UserError, "linked to"):
            desk.action_accept()
        self.assertEqual(self.box.product_id, self.zero)

    def test_an_unlinked_listing_is_ranked_again(self):
        self.box.match_id.action_accept()
        self.box.product_id = False
        self.rank()
        self.assertEqual(self.box.match_id.product_id, self.cola)

    def test_opening_the_desk_first_reads_the_catalogue(self):
        self.config.catalogue_read_at = False
        (self.box | self.piece).unlink()
        desk = self.desk()
        self.assertEqual(self.config.catalogue_page, 1)
        self.assertIn(("catalogue", self.config.id), self.env.cr.postcommit.data["cartona.wake"])
        self.assertTrue(desk.is_reading)
        self.assertTrue(desk.may_change)
        self.assertFalse(desk.is_all_matched, "it is empty because nothing was read")
        self.config.write({"catalogue_page": 0, "catalogue_read_at": self.now()})
        desk.invalidate_recordset()
        self.assertTrue(desk.is_all_matched)
        self.desk()
        self.assertEqual(self.config.catalogue_page, 0, "later the nightly reading is enough")

    def test_without_a_connection_nothing_is_read(self):
        self.config.write({"catalogue_read_at": False, "connection_state": "untested"})
        (self.box | self.piece).unlink()
        desk = self.desk()
        self.assertEqual(self.config.catalogue_page, 0)
        self.assertTrue(desk.is_unread)
        self.assertFalse(desk.is_all_matched)

    def test_the_desk_shows_the_progress_of_the_reading(self):
        self.config.write(
            {"catalogue_page": 3, "catalogue_count": 200, "catalogue_unreadable": "a: 1\nb: 2"}
        )
        desk = self.desk()
        self.assertEqual(
            (desk.is_reading, desk.catalogue_count, desk.unreadable_count), (True, 200, 2)
        )

    def test_the_list_can_be_filtered_by_similarity(self):
        (self.box | self.piece).match_ids.filtered(lambda match: match.rank == 1).score = 80
        self.piece.match_id.score = 93.5
        view = self.env.ref("cartona_integration.view_cartona_matching_search")
        arch = etree.fromstring(view.arch)

        def found(domain, **values):
            mine = [("config_id", "=", self.config.id)]
            domain = safe_eval(domain, values)
            return self.env["cartona.listing"].search(mine + domain)

        domains = {
            node.get("name"): node.get("domain") or node.get("filter_domain")
            for node in arch.iter("filter", "field")
        }
        self.assertEqual(found(domains["likely_90"]), self.piece)
        self.assertEqual(found(domains["likely_75"]), self.box | self.piece)
        self.assertEqual(found(domains["match_score"], self=93.5), self.piece)
        self.assertFalse(found(domains["match_score"], self=93.6))

    def test_a_clerk_may_match_but_not_edit(self):
        groups = "group_ids" if "group_ids" in self.env["res.users"]._fields else "groups_id"
        clerk = self.env["res.users"].create(
            {
                "name": "Clerk",
                "login": "cartona_clerk",
                groups: [(6, 0, [self.env.ref("sales_team.group_sale_salesman").id])],
            }
        )
        desk = self.desk(clerk)
        with self.assertRaises(AccessError):
            desk.listing_id.write({"name": "x"})
        desk.write({"product_id": self.cola.id, "pack_count": 24})
        self.assertFalse(desk.warning)
        desk.action_accept()
        self.assertEqual(self.box.product_id, self.cola)
        desk.action_never()
        self.assertTrue(self.piece.never_match)
        menu = self.env.ref("cartona_integration.action_cartona_matching").with_user(clerk)
        self.assertEqual(menu.run()["res_model"], "cartona.matching.desk")


class TestImport(MatchingCase):
    def load(self, *rows):
        return self.env["cartona.listing"].load(["cartona_id", "product_id"], [*map(list, rows)])

    def test_imported_rows_are_linked_or_added(self):
        soap, zero = self.row("S", "صابون"), self.row("Z", "كولا")
        done = self.load(("S", "صابون لوكس ورد 120 جم"), ("NEW", "COLA330"), ("Z", "6221000000017"))
        self.assertFalse(done["messages"])
        self.assertEqual((soap.product_id, zero.product_id), (self.soap, self.zero))
        new = self.env["cartona.listing"].browse(done["ids"][1])
        self.assertEqual((new.cartona_id, new.product_id), ("NEW", self.cola))
        self.assertEqual(done["ids"], [soap.id, new.id, zero.id])
        self.assertEqual(
            self.outbox_rows("price"), [("price", i) for i in (soap.id, zero.id, new.id)]
        )

    def test_a_long_file_is_imported_in_parts(self):
        """Odoo sends the whole file each time, and continues at `nextrow`."""
        names = ["L%s" % number for number in range(5)]
        self.row("L1", "صابون")
        rows = [[name, "COLA330"] for name in names]
        done, sizes = 0, []
        while rows:
            result = (
                self.env["cartona.listing"]
                .with_context(_import_limit=2)
                .load(["cartona_id", "product_id"], rows)
            )
            self.assertFalse(result["messages"])
            self.assertTrue(all(result["ids"]))
            sizes.append((len(result["ids"]), result["nextrow"]))
            done += len(result["ids"])
            rows = rows[result["nextrow"] :] if result["nextrow"] else []
        self.assertEqual(sizes, [(2, 2), (2, 2), (1, 0)])
        linked = self.env["cartona.listing"].search([("product_id", "=", self.cola.id)])
        self.assertEqual(set(linked.mapped("cartona_id")), set(names))

    def test_a_box_is_counted_in_pieces_unless_prices_match(self):
        box = self.row("B", "كولا 330 مل", "box", 24, 318.0)
        same = self.row("O", "كولا كانز", "box", 24, 14.0)
        self.load(("B", "COLA330"), ("O", "COLA330"))
        self.assertEqual(box.uom_id._compute_quantity(1, self.cola.uom_id, round=False), 24)
        self.assertEqual((same.product_id, same.uom_id), (self.cola, self.cola.uom_id))

    def test_a_file_with_an_error_changes_nothing(self):
        soap = self.row("S", "صابون")
        done = self.load(("NEW", "COLA330"), ("S", "no such product"))
        self.assertFalse(done["ids"])
        self.assertEqual([(m["record"], m["field"]) for m in done["messages"]], [(1, "product_id")])
        self.assertFalse(soap.product_id)
        self.assertFalse(self.env["cartona.listing"].search([("cartona_id", "=", "NEW")]))


class TestIdOnCartona(MatchingCase):
    def push(self):
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.run_drain()
        self.assertFalse(self.marketplace.unexpected)
        return self.marketplace.bodies(PRODUCTS)[-1]

    def test_linking_gives_cartona_our_id_once(self):
        listing = self.row("P", "صابون لوكس", price=19.5)
        listing.product_id = self.soap
        (item,) = self.push()
        self.assertEqual(item["internal_product_id"], str(self.soap.id))
        self.assertEqual(listing.internal_product_id, str(self.soap.id))
        self.soap.list_price = 21.0
        (item,) = self.push()
        self.assertEqual(item, {"supplier_product_id": "P", "selling_price": 21.0})

    def test_an_existing_internal_id_is_kept(self):
        listing = self.row("P", "صابون لوكس", internal_product_id="LUX-1")
        listing.product_id = self.soap
        (item,) = self.push()
        self.assertNotIn("internal_product_id", item)
        self.assertEqual(listing.internal_product_id, "LUX-1")

    def test_two_packs_do_not_share_an_internal_id(self):
        piece = self.row("P", "لبن جهينة")
        box = self.row("X", "لبن جهينة كرتونة", "box", 12)
        pack = box._pack_unit(self.milk.uom_id, 12, "box")
        box.write({"product_id": self.milk.id, "uom_id": pack.id})
        piece.product_id = self.milk
        items = {item["supplier_product_id"]: item for item in self.push()}
        self.assertEqual(items["P"]["internal_product_id"], str(self.milk.id))
        self.assertNotIn("internal_product_id", items["X"])

    def test_a_refused_id_does_not_block_the_price(self):
        listing = self.row("P", "صابون لوكس")
        listing.product_id = self.soap
        self.marketplace.answer_next(
            "POST",
            PRODUCTS,
            {"errors": [{"supplier_product_id": "P", "message": "internal id is taken"}]},
        )
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.run_drain()
        first, second = self.marketplace.bodies(PRODUCTS)
        self.assertIn("internal_product_id", first[0])
        self.assertNotIn("internal_product_id", second[0])
        self.assertEqual(second[0]["selling_price"], 19.5)
        self.assertEqual((listing.state, listing.error_code), ("synced", False))

    def test_another_product_gets_its_own_id(self):
        listing = self.row("P", "صابون لوكس")
        listing.product_id = self.soap
        self.push()
        listing.product_id = self.milk
        (item,) = self.push()
        self.assertEqual(item["internal_product_id"], str(self.milk.id))

    def test_the_id_of_an_earlier_product_is_replaced(self):
        listing = self.row("P", "صابون لوكس")
        listing.product_id = self.soap
        self.push()
        listing.product_id = False
        listing.internal_product_id = str(self.soap.id)  # as the next reading stores it
        self.assertEqual(listing._as_matched().internal_id, "", "it does not apply to the next one")
        listing.product_id = self.milk
        listing.internal_product_id = str(self.soap.id)  # read again before anything was sent
        (item,) = self.push()
        self.assertEqual(item["internal_product_id"], str(self.milk.id))
        self.assertEqual(listing.internal_product_id, str(self.milk.id))
        self.milk.list_price = 43.0
        (item,) = self.push()
        self.assertNotIn("internal_product_id", item, "it is sent once")

    def test_an_id_set_by_the_supplier_is_kept(self):
        listing = self.row("P", "صابون لوكس", internal_product_id="LUX-1")
        listing.product_id = self.soap
        self.push()
        listing.product_id = False
        listing.product_id = self.milk
        (item,) = self.push()
        self.assertNotIn("internal_product_id", item)

    def test_a_listing_never_read_gets_no_internal_id(self):
        self.soap.cartona_id = "TYPED"
        (item,) = self.push()
        self.assertNotIn("internal_product_id", item)
