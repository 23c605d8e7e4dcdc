"""Every change of a price or a stock marks the listing dirty once; nothing else does."""

from ..models.queue import worker
from .common import PRODUCTS, CartonaCase


class TestOutbox(CartonaCase):
    def setUp(self):
        super().setUp()
        self.tea_listing = self.listing(self.tea)
        self.price = [("price", self.tea_listing.id)]
        self.stock = [("stock", self.tea_listing.id)]

    # === PRICE === #

    def test_the_price_of_a_variant_marks_it_dirty(self):
        self.tea.lst_price = 13.0
        self.assertEqual(self.outbox_rows(), self.price)

    def test_the_price_of_a_template_marks_it_dirty(self):
        self.tea.product_tmpl_id.list_price = 13.0
        self.assertEqual(self.outbox_rows(), self.price)

    def test_a_price_extra_marks_the_variants_dirty(self):
        size = self.env["product.attribute"].create(
            {
                "name": "الحجم",
                "value_ids": [(0, 0, {"name": "صغير"}), (0, 0, {"name": "كبير"})],
            }
        )
        template = self.env["product.template"].create(
            {
                "name": "عصير",
                "list_price": 10.0,
                "attribute_line_ids": [
                    (0, 0, {"attribute_id": size.id, "value_ids": [(6, 0, size.value_ids.ids)]})
                ],
            }
        )
        big = template.product_variant_ids[1]
        big.cartona_id = "J2"
        self.clear_outbox()

        big.product_template_attribute_value_ids.price_extra = 5.0

        self.assertEqual(self.outbox_rows(), [("price", self.listing(big).id)])

    def test_a_changed_unit_marks_price_and_stock_dirty(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        unit = {name: dozen.id for name in ("uom_id", "uom_po_id") if name in self.tea._fields}
        self.rice.cartona_id = "R1"
        self.clear_outbox()
        self.tea.write(unit)
        self.assertEqual(set(self.outbox_rows()), {*self.price, *self.stock})
        self.config.auto_sync_products = False
        self.clear_outbox()
        self.rice.product_tmpl_id.write(unit)
        self.assertEqual(self.outbox_rows(), [("stock", self.listing(self.rice).id)])

    def test_archiving_a_product_marks_price_and_stock_dirty(self):
        self.tea.active = False
        self.assertEqual(set(self.outbox_rows()), {*self.price, *self.stock})
        self.clear_outbox()
        self.tea.product_tmpl_id.sale_ok = False
        self.assertEqual(set(self.outbox_rows()), {*self.price, *self.stock})

    # === STOCK === #

    def test_an_inventory_count_marks_the_stock_dirty(self):
        self.set_stock(self.tea, 10)
        self.assertEqual(set(self.outbox_rows()), set(self.stock))

    def test_a_reservation_marks_the_stock_dirty(self):
        self.set_stock(self.tea, 10)
        self.clear_outbox()
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Shop"}).id,
                "order_line": [(0, 0, {"product_id": self.tea.id, "product_uom_qty": 3})],
            }
        )
        self.assertEqual(self.outbox_rows(), [])

        order.action_confirm()

        self.assertEqual(set(self.outbox_rows()), set(self.stock))

    def test_unreserved_demand_marks_the_stock_dirty(self):
        customers = self.env.ref("stock.stock_location_customers")
        out = self.warehouse.out_type_id.id
        move = self.make_move(self.tea, 3, customers, picking_type_id=out)
        self.clear_outbox()
        move._action_confirm()
        self.assertEqual(set(self.outbox_rows()), set(self.stock))

    def test_a_transfer_between_warehouses_marks_the_stock_dirty(self):
        self.set_stock(self.tea, 10)
        other = self.env["stock.warehouse"].create({"name": "Giza", "code": "GIZ"})
        self.clear_outbox()
        move = self.make_move(self.tea, 4, other.lot_stock_id)
        move._action_confirm()
        move._action_assign()
        self.assertEqual(set(self.outbox_rows()), set(self.stock))

    def test_settings_of_stock_and_price_mark_all_linked_dirty(self):
        self.rice.cartona_id = "R1"
        self.clear_outbox()
        both = {self.tea_listing.id, self.listing(self.rice).id}
        for values, kind in (
            ({"stock_buffer": 2}, "stock"),
            ({"warehouse_ids": [(6, 0, self.warehouse.ids)]}, "stock"),
            ({"price_tax": "as_is"}, "price"),
            ({"pricelist_id": self.env["product.pricelist"].create({"name": "C"}).id}, "price"),
        ):
            with self.subTest(values=values):
                self.config.write(values)
                self.assertEqual(set(self.outbox_rows()), {(kind, row) for row in both})
                self.clear_outbox()

    # === LINKING === #

    def test_a_newly_linked_product_is_marked_dirty(self):
        self.rice.cartona_id = "R1"
        self.assertEqual(self.outbox_rows("price"), [("price", self.listing(self.rice).id)])

    def test_turning_a_switch_on_marks_all_linked_dirty(self):
        self.config.auto_sync_stock = False
        self.set_stock(self.tea, 5)
        self.assertEqual(self.outbox_rows(), [])

        self.config.auto_sync_stock = True

        self.assertEqual(self.outbox_rows(), self.stock)

    def test_turning_both_on_marks_once_and_sends_both(self):
        self.config.write({"auto_sync_products": False, "auto_sync_stock": False})
        self.set_stock(self.tea, 5)
        self.tea.list_price = 99.0
        self.clear_outbox()

        self.config.write({"auto_sync_products": True, "auto_sync_stock": True})

        self.assertEqual(self.outbox_rows(), self.price)
        self.marketplace.answer_next("POST", PRODUCTS, {})
        self.run_drain()
        sent = {
            "supplier_product_id": "T1",
            "selling_price": 99.0,
            "available_stock_quantity": 5,
        }
        self.assertEqual(self.marketplace.bodies(PRODUCTS), [[sent]])

    def test_a_change_while_switched_off_is_not_marked(self):
        self.config.auto_sync_products = False
        self.clear_outbox()
        self.tea.list_price = 99.0
        self.assertEqual(self.outbox_rows(), [])

    def test_the_nightly_sweep_marks_all_dirty(self):
        self.env["cartona.config"]._cron_sweep()
        self.assertEqual(self.outbox_rows(), self.price)

    # === COST === #

    def test_a_write_on_an_unlinked_product_costs_one_query(self):
        self.rice.list_price = 31.0
        self.env.flush_all()
        with self.assertQueryCount(1):
            # The one that joins the marked products with the listings.
            self.env["cartona.change"]._mark_dirty("price", product_ids=self.rice.ids)
            self.env.cr.precommit.run()

    def test_a_failed_savepoint_drops_only_its_own_marks(self):
        self.rice.cartona_id = "R1"
        self.clear_outbox()
        self.tea.list_price = 20.0
        with self.assertRaises(ValueError), self.env.cr.savepoint():
            self.rice.list_price = 50.0
            raise ValueError
        self.assertEqual(self.outbox_rows(), self.price)

    def test_the_job_is_enqueued_once_after_the_commit(self):
        enqueued = []
        self.patch(
            type(self.env["cartona.worker"]),
            "_enqueue",
            lambda worker, stream, config_id, seconds=0: enqueued.append((stream, config_id)),
        )
        self.env.cr.postcommit.clear()
        self.tea.list_price = 20.0
        self.env.cr.flush()
        self.tea.list_price = 21.0
        self.env.cr.flush()
        self.assertEqual(enqueued, [])

        self.env.cr.postcommit.run()

        self.assertEqual(enqueued, [("drain", self.config.id)])

    def test_a_failed_enqueue_does_not_reach_the_user(self):
        def fail(*args, **kwargs):
            raise ValueError("the queue is broken")

        self.patch(type(self.env["cartona.worker"]), "_enqueue", fail)
        self.env.cr.postcommit.clear()
        self.tea.list_price = 20.0
        self.env.cr.flush()
        with self.assertLogs("odoo.addons.cartona_integration.models.queue.worker", "ERROR"):
            self.env.cr.postcommit.run()
        self.assertEqual(self.outbox_rows(), self.price)

    def test_a_job_is_enqueued_once_for_many_wakes(self):
        worker = self.env["cartona.worker"]
        worker._enqueue("drain", self.config.id)
        worker._enqueue("drain", self.config.id)
        self.assertEqual(len(self.jobs("drain")), 1)
        self.assertEqual(self.jobs("drain").channel, "root.cartona.out")
        worker._enqueue("drain", self.config.id, seconds=30)
        self.assertEqual(len(self.jobs("drain")), 2)

    def test_no_second_job_is_enqueued_while_one_waits(self):
        wanted = {("drain", self.config.id), ("import", self.config.id)}
        self.env["cartona.worker"]._enqueue("drain", self.config.id)
        self.env["cartona.worker"]._enqueue("import", self.config.id, seconds=30)
        self.env.cr.flush()
        self.assertEqual(
            worker._not_queued(self.env.cr, wanted),
            [("import", self.config.id)],
            "a delayed job does not replace one that is due",
        )

    def test_a_started_job_does_not_replace_a_new_one(self):
        wake = ("drain", self.config.id)
        self.env["cartona.worker"]._enqueue(*wake)
        jobs = self.jobs("drain")
        for state, missing in (
            ("enqueued", []),
            ("started", [wake]),
            ("done", [wake]),
            ("failed", [wake]),
        ):
            with self.subTest(state):
                self.env.cr.execute(
                    "UPDATE queue_job SET state = %s WHERE id = ANY(%s)",
                    (state, jobs.ids),
                )
                self.assertEqual(worker._not_queued(self.env.cr, {wake}), missing)

    def test_moves_of_unlinked_products_mark_nothing(self):
        self.set_stock(self.rice, 10)
        self.assertEqual(self.outbox_rows(), [])
