"""A pack is never a piece by accident: whoever links it, a user says what one pack is in Odoo."""

import ast
import pathlib

from odoo.tests import new_test_user

from ..cartona_api import unwrap
from .common import PRODUCTS
from .order_common import TEA, OrderCase

_ADDON = pathlib.Path(__file__).resolve().parents[1]
_BOX = {"unit": "box", "unit_count": 24.0}
# Methods that write the product of a listing -> paths below that call them. The others of this
# kind are the ORM's `create`, `write` and `load`.
_LINKING = {
    "_link": {"id_on_product", "id_on_template", "id_of_unknown_listing", "id_at_creation"},
    "_accept": {"accept_many"},
}
# Methods that write a product elsewhere: lines of orders, candidates, the desk's own field.
_NOT_LINKING = {"_compute_product_id", "_line_values", "_store_candidates"}


def _writes_product(function):
    """Return True if the function sets `product_id` to something, by a dict or an assignment."""
    for node in ast.walk(function):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values):
                is_name = isinstance(key, ast.Constant) and key.value == "product_id"
                if is_name and getattr(value, "value", True) is not False:
                    return True
        elif isinstance(node, ast.Assign):
            if any(getattr(one, "attr", "") == "product_id" for one in node.targets):
                return True
    return False


class PackCase(OrderCase):
    """Cartona sells "B24", a box of 24 at 320; `cola` is one can at 13.75 in Odoo."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cola = cls.make_product("كولا", 13.75, default_code="COLA")
        cls.set_stock(cls.cola, 100)
        cls.clear_outbox()

    def setUp(self):
        super().setUp()
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.marketplace.catalogue["B24"] = {
            "supplier_product_id": "B24",
            "supplier_product_name": "كولا كرتونة",
            "selling_price": 200.0,
            **_BOX,
        }

    def known_box(self, **values):
        """Return the listing of the box as the catalogue has shown it."""
        shown = {"name": "كولا كرتونة", "shown_price": 200.0, "shown_at": self.now()}
        return self.env["cartona.listing"].create(
            {"config_id": self.config.id, "cartona_id": "B24", **_BOX, **shown, **values}
        )

    def box_order(self, **line):
        change = {"supplier_product_id": "B24", "selling_price": 320, "amount": 3, **_BOX, **line}
        return self.order({TEA: change}, hashed_id="box")

    def sent(self):
        """Return what was sent of the box so far."""
        items = sum(self.marketplace.bodies(PRODUCTS), [])
        return [item for item in items if item["supplier_product_id"] == "B24"]

    def box(self):
        return self.env["cartona.listing"].search([("cartona_id", "=", "B24")])

    def waiting(self, raw, code="pack_unconfirmed"):
        message, _repeated = self.env["cartona.message"]._store(self.config, "pull", unwrap(raw))
        self.run_import()
        self.assertEqual(message.error_code, code)
        return message

    def open_question(self):
        listing = self.known_box(product_id=self.cola.id)
        self.assertTrue(listing.is_pack_unanswered)
        return listing


class TestPathsThatLink(PackCase):
    """Each `path_` method is one way to link the box to `cola`; each becomes a test."""

    def check_path(self, link):
        link()
        self.run_drain()
        self.assertEqual(self.sent(), [])
        self.assertEqual(self.box().product_id, self.cola)
        self.assertEqual((self.box().error_code, self.box().state), ("pack_unanswered", "error"))
        self.assertEqual(self.refuse(self.box_order())[0], "pack_unconfirmed")

        self.box().action_accept_pack()
        self.run_drain()
        self.assertEqual([item["selling_price"] for item in self.sent()], [330.0])
        self.receive(self.box_order())

    def test_every_method_that_links_has_its_paths(self):
        """A method that writes a product is listed, with the paths that call it."""
        found = set()
        for path in sorted(_ADDON.glob("models/**/*.py")) + sorted(_ADDON.glob("wizards/*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef) and _writes_product(node):
                    found.add(node.name)
        self.assertEqual(found, _LINKING.keys() | _NOT_LINKING)
        names = {name[len("path_") :] for name in dir(self) if name.startswith("path_")}
        self.assertLessEqual(set().union(*_LINKING.values()), names)

    def path_rpc_create(self):
        self.known_box(product_id=self.cola.id)

    def path_rpc_write(self):
        self.known_box().write({"product_id": self.cola.id})

    def path_rpc_write_with_unit(self):
        self.known_box().write({"product_id": self.cola.id, "uom_id": self.cola.uom_id.id})

    def path_other_product(self):
        listing = self.known_box(product_id=self.tea.id)
        listing.action_count_in_pack()
        listing.product_id = self.cola

    def path_copy(self):
        listing = self.known_box(product_id=self.cola.id)
        listing.action_count_in_pack()
        listing.cartona_id = "OTHER"
        listing.copy({"cartona_id": "B24"})

    def path_merged_by_sql(self):
        listing = self.known_box(product_id=self.tea.id)
        listing.action_count_in_pack()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE cartona_listing SET product_id = %s WHERE id = %s", (self.cola.id, listing.id)
        )
        self.env.invalidate_all()
        listing._mark_dirty()

    def path_pack_known_later(self):
        self.known_box(product_id=self.cola.id, unit=False, unit_count=0).write(_BOX)

    def path_id_on_product(self):
        self.known_box()
        self.cola.cartona_id = "B24"

    def path_id_on_template(self):
        self.known_box()
        self.cola.product_tmpl_id.cartona_id = "B24"

    def path_id_of_unknown_listing(self):
        self.cola.cartona_id = "B24"

    def path_id_at_creation(self):
        self.known_box()
        self.cola = (
            self.env["product.template"]
            .create({"name": "كولا", "list_price": 13.75, "taxes_id": [(5,)], "cartona_id": "B24"})
            .product_variant_id
        )

    def load(self, *row, fields=("cartona_id", "product_id")):
        result = self.env["cartona.listing"].load(list(fields), [list(row)])
        self.assertFalse(result["messages"])

    def path_file(self):
        self.known_box()
        self.load("B24", "COLA")

    def path_file_with_unit(self):
        self.known_box()
        unit = self.cola.uom_id.name
        self.load("B24", "COLA", unit, fields=("cartona_id", "product_id", "uom_id"))

    def path_file_of_new_ids(self):
        self.load("B24", "COLA")

    def path_accept_many(self):
        other = self.env["cartona.listing"].create({"cartona_id": "P1", "name": "أرز"})
        listings = self.known_box() | other
        self.env["cartona.match"].create(
            [
                {"listing_id": one.id, "product_id": product.id, "rank": 1, "pack_count": 1}
                for one, product in zip(listings, self.cola + self.rice)
            ]
        )
        listings.action_accept_match()


def _test_of(path):
    def test(self):
        self.check_path(getattr(self, path))

    return test


for _path in [name for name in dir(TestPathsThatLink) if name.startswith("path_")]:
    setattr(TestPathsThatLink, "test_a_box_linked_by_%s_waits" % _path[5:], _test_of(_path))


class TestAnswers(PackCase):
    def test_a_pack_found_by_our_own_id_waits_for_its_matching(self):
        line = {"internal_product_id": "COLA", "product_name": "كولا كرتونة"}
        message = self.waiting(self.box_order(**line), "unit_mismatch")
        desk = self.env["cartona.matching.desk"].browse(message.action_fix()["res_id"])
        self.assertEqual(desk.listing_id.cartona_id, "B24")
        desk.product_id = self.cola
        desk.action_accept()
        self.assertEqual(message.state, "done")

    def test_a_box_counted_as_a_box_keeps_the_products_price(self):
        listing = self.open_question()
        listing.action_count_in_pack()
        self.assertFalse(listing.is_pack_unanswered)
        self.assertEqual(listing.pack_answered_by, self.env.user)
        self.run_drain()
        [item] = self.sent()
        self.assertEqual((item["selling_price"], item["available_stock_quantity"]), (13.75, 100))

    def test_a_box_of_pieces_gets_price_stock_and_orders(self):
        listing = self.open_question()
        message = self.waiting(self.box_order())
        listing.action_accept_pack()
        self.run_import()
        self.assertEqual(message.state, "done", message.error_message)
        line = message.order_id.order_line.filtered(lambda line: line.product_id == self.cola)
        self.assertEqual((line.product_uom_qty, line._cartona_uom().name), (3, "Box of 24"))
        self.run_drain()
        self.assertEqual(self.sent()[-1]["available_stock_quantity"], 1)  # 100 - 72 = 28

    def test_the_question_reserves_what_the_order_may_take(self):
        self.open_question()
        self.waiting(self.box_order(amount=3))
        free = self.config._free_quantities(self.cola)
        self.assertEqual(free[self.cola.id], 100 - 3 * 24)

    def test_an_answer_ends_with_another_unit_of_the_product(self):
        listing = self.open_question()
        listing.action_count_in_pack()
        listing.unit_count = 12
        self.assertTrue(listing.is_pack_unanswered)

    def test_a_selection_leaves_earlier_answers_alone(self):
        pieces = self.open_question()
        pieces.action_accept_pack()
        waiting = self.known_box(product_id=self.cola.id, cartona_id="B2")
        (pieces | waiting).action_count_in_pack()
        self.assertEqual(pieces.uom_id.name, "Box of 24")
        self.assertEqual(waiting.uom_id, self.cola.uom_id)

    def test_one_answer_serves_a_selection(self):
        listings = self.env["cartona.listing"].create(
            [
                {"cartona_id": "N%s" % n, "product_id": self.cola.id, "name": "x", **_BOX}
                for n in range(5)
            ]
        )
        listings.action_count_in_pack()
        self.assertFalse(any(listings.mapped("is_pack_unanswered")))

    def test_a_column_of_the_file_answers(self):
        self.known_box()
        self.env["cartona.listing"].load(
            ["cartona_id", "product_id", "is_counted_in_pack"], [["B24", "COLA", "1"]]
        )
        self.assertFalse(self.box().is_pack_unanswered)
        self.assertEqual(self.box().uom_id, self.cola.uom_id)
        self.run_drain()
        self.assertEqual(self.sent()[0]["selling_price"], 13.75)

    def test_the_matching_desk_asks_and_takes_the_answer(self):
        listing = self.known_box()
        desk = self.env["cartona.matching.desk"].create(
            {"config_id": self.config.id, "listing_id": listing.id}
        )
        desk.product_id = self.cola
        self.assertEqual((desk.pack_count, desk.is_pack_question), (24, True))
        desk.pack_count = 1
        desk.action_accept()
        self.assertFalse(listing.is_pack_unanswered)
        self.assertEqual(listing.uom_id, self.cola.uom_id)

    def test_going_live_shows_the_packs_to_answer(self):
        listing = self.open_question()
        wizard = self.env["cartona.go.live"].create({"config_id": self.config.id})
        self.assertEqual(wizard.pack_count, 1)
        action = wizard.with_context(figure="pack_count").action_list()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), listing)

    def test_an_added_line_is_not_sent_as_a_box(self):
        self.open_question()
        sale = self.receive()
        line = self.env["sale.order.line"].create(
            {"order_id": sale.id, "product_id": self.cola.id, "product_uom_qty": 3}
        )
        self.assertNotIn(line, line._cartona_listing_ids())


class TestLookUp(PackCase):
    def test_an_entered_id_is_looked_up_before_anything_is_sent(self):
        self.marketplace.catalogue["P1"] = {
            "supplier_product_id": "P1",
            "unit": "piece",
            "unit_count": 1,
        }
        self.cola.cartona_id = "P1"
        self.run_drain()
        self.assertEqual(self.marketplace.lookups, ["P1"])
        listing = self.listing(self.cola)
        self.assertEqual((listing.unit_count, listing.state), (1, "synced"))

    def test_an_id_that_cartona_does_not_have_waits(self):
        self.marketplace.catalogue["X404"] = None
        self.cola.cartona_id = "X404"
        self.run_drain()
        self.assertEqual(self.marketplace.bodies(PRODUCTS), [])
        self.assertEqual(self.listing(self.cola).error_code, "not_on_cartona")

    def test_a_clear_price_chooses_the_pack(self):
        self.marketplace.catalogue["B24"]["selling_price"] = 320.0
        self.cola.cartona_id = "B24"
        self.run_drain()
        self.assertEqual(self.sent()[0]["selling_price"], 330.0)

    def test_many_unknown_ids_are_read_with_the_catalogue(self):
        products = [self.make_product("p%s" % n, 5.0) for n in range(21)]
        for number, product in enumerate(products):
            product.cartona_id = "M%s" % number
        self.run_drain()
        self.assertEqual((self.marketplace.lookups, self.config.catalogue_page), ([], 1))
        self.assertEqual(self.marketplace.bodies(PRODUCTS), [])


class TestFixOfABox(PackCase):
    def test_fix_asks_for_the_pack_and_imports_the_order(self):
        message, _repeated = self.env["cartona.message"]._store(
            self.config, "pull", unwrap(self.box_order())
        )
        self.run_import()
        self.assertEqual(message.error_code, "unknown_product")

        action = message.action_fix()
        desk = self.env["cartona.matching.desk"].browse(action["res_id"])
        self.assertEqual((desk.listing_id.cartona_id, desk.message_id), ("B24", message))
        desk.product_id = self.cola
        self.assertTrue(desk.is_pack_question)
        self.assertEqual(desk.pack_count, 24)
        done = desk.action_accept()

        self.assertIn("Order imported", done["params"]["message"])
        line = message.order_id.order_line.filtered(lambda line: line.product_id == self.cola)
        self.assertEqual(line._cartona_uom().name, "Box of 24")

    def test_fix_goes_on_to_the_next_listing(self):
        raw = self.order(
            {
                0: {"supplier_product_id": "B24", **_BOX},
                1: {"supplier_product_id": "NEW2", "product_name": "جديد"},
            }
        )
        message, _repeated = self.env["cartona.message"]._store(self.config, "pull", unwrap(raw))
        self.run_import()
        desk = self.env["cartona.matching.desk"].browse(message.action_fix()["res_id"])
        desk.product_id = self.cola
        action = desk.action_accept()
        following = self.env["cartona.matching.desk"].browse(action["res_id"])
        self.assertEqual(following.listing_id.cartona_id, "NEW2")
        following.product_id = self.make_product("جديد", 30.0)
        following.action_accept()
        self.assertEqual(message.state, "done")

    def test_fix_of_a_linked_box_asks_only_for_the_pack(self):
        self.open_question()
        message, _repeated = self.env["cartona.message"]._store(
            self.config, "pull", unwrap(self.box_order())
        )
        self.run_import()
        self.assertEqual(message.fix_label, "Confirm the pack")
        desk = self.env["cartona.matching.desk"].browse(message.action_fix()["res_id"])
        self.assertEqual((desk.product_id, desk.pack_count), (self.cola, 24))
        desk.action_accept()
        self.assertEqual(message.state, "done")


class TestUpdate(PackCase):
    def test_links_that_were_sent_before_the_update_keep_running(self):
        sent = self.known_box(product_id=self.cola.id)
        never = self.known_box(product_id=self.cola.id, cartona_id="NEVER")
        sent.sent_values = '{"selling_price": 13.75}'
        self.env.flush_all()
        self.env["cartona.listing"]._init_column("pack_answer")
        self.env.invalidate_all()
        self.assertFalse(sent._waits_for_pack())
        self.assertTrue(never._waits_for_pack())
        review = [("pack_answer", "!=", False), ("pack_answered_by", "=", False)]
        review += [("unit_count", ">", 1)]
        self.assertEqual(self.env["cartona.listing"].search(review), sent)

    def test_a_pack_that_was_sold_unknown_keeps_running(self):
        listing = self.known_box(product_id=self.cola.id, unit=False, unit_count=0)
        listing.sent_values = '{"selling_price": 13.75}'
        self.env.flush_all()
        self.env["cartona.listing"]._init_column("pack_answer")
        self.env.invalidate_all()
        listing._complete_pack("box", 24, 13.75)
        self.assertEqual(listing.unit_count, 24)
        self.assertFalse(listing._waits_for_pack())


class TestUnitsAreShown(PackCase):
    def test_the_first_pack_shows_units_to_every_employee(self):
        units = self.env.ref("uom.group_uom")
        employees = self.env.ref("base.group_user")
        employees.write({"implied_ids": [(3, units.id)]})
        self.open_question().action_accept_pack()
        self.assertIn(units, employees.implied_ids)

    def order_of_boxes(self):
        self.open_question().action_accept_pack()
        return self.receive(self.box_order())

    def test_order_and_slip_are_printed_with_their_units(self):
        units = self.env.ref("uom.group_uom")
        self.env.ref("base.group_user").write({"implied_ids": [(3, units.id)]})
        sale = self.order_of_boxes()
        sale.action_confirm()
        groups = "stock.group_stock_user,sales_team.group_sale_salesman_all_leads"
        clerk = new_test_user(self.env, "cartona_printer", groups=groups)
        line = sale.order_line.filtered(lambda line: line.product_id == self.cola)
        self.assertTrue(clerk.has_group("uom.group_uom"))
        self.assertIn(
            line._cartona_uom().name, self.printed("sale.action_report_saleorder", sale, clerk)
        )
        picking = sale.picking_ids
        move = picking.move_ids.filtered(lambda move: move.product_id == self.cola)
        slip = self.printed("stock.action_report_delivery", picking, clerk)
        self.assertIn(move.product_uom.name, slip)

    def test_a_note_about_boxes_names_the_box(self):
        sale = self.order_of_boxes()
        self.receive(self.box_order(amount=5))
        self.assertIn("quantity 3 Box of 24 → 5 Box of 24", self.chatter(sale))
