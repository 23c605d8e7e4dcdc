"""Ten thousand prices in one write: one call and one job for each batch."""

from odoo.tests import tagged

from .common import PRODUCTS, CartonaCase

SIZE, BATCH = 10_000, 100


@tagged("slow")
class TestTenThousand(CartonaCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.config.write({"auto_sync_stock": False, "batch_size": BATCH})
        # Copies of `tea` by SQL: the ORM would take minutes.
        templates = cls.copy_rows(cls.tea.product_tmpl_id, {})
        products = cls.copy_rows(cls.tea, {"product_tmpl_id": templates})
        listings = cls.copy_rows(
            cls.env["cartona.listing"].search([("product_id", "=", cls.tea.id)]),
            {"product_id": products, "cartona_id": ["C%s" % product for product in products]},
        )
        cls.env.invalidate_all()
        cls.templates = cls.env["product.template"].browse(templates)
        cls.listings = cls.env["cartona.listing"].browse(listings)

    @classmethod
    def copy_rows(cls, record, values):
        """Copy the row of a record SIZE times.

        :param values: dict column -> list of the copies' values
        :return: ids of the copies
        """
        cr, table = cls.env.cr, record._table
        cr.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema AND table_name = %s AND column_name != 'id'",
            (table,),
        )
        columns = [name for (name,) in cr.fetchall()]
        cr.execute(
            "INSERT INTO %s (%s) SELECT %s FROM %s, generate_series(1, %%(size)s) copy"
            " WHERE id = %%(id)s RETURNING id"
            % (
                table,
                ", ".join('"%s"' % name for name in columns),
                ", ".join(
                    "(%%(%s)s)[copy]" % name if name in values else '"%s"' % name
                    for name in columns
                ),
                table,
            ),
            dict(values, size=SIZE, id=record.id),
        )
        return [row[0] for row in cr.fetchall()]

    def test_ten_thousand_prices_are_sent_in_full_batches(self):
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.jobs("drain").unlink()
        self.env.cr.postcommit.clear()
        # Without Odoo's tracking, which is not measured here.
        self.templates.with_context(tracking_disable=True).write({"list_price": 20.0})
        self.env.cr.flush()
        self.env.cr.postcommit.run()

        count = 0
        while self.jobs("drain"):
            (job,) = self.jobs("drain")
            job.write({"state": "done"})
            self.env["cartona.worker"]._job("drain", self.config.id)
            count += 1

        calls = self.marketplace.bodies(PRODUCTS)
        self.assertEqual([len(call) for call in calls], [BATCH] * (SIZE // BATCH))
        self.assertEqual(count, SIZE // BATCH)
        sent = [(item["supplier_product_id"], item["selling_price"]) for c in calls for item in c]
        self.assertEqual(set(sent), {(listing.cartona_id, 20.0) for listing in self.listings})
        self.assertEqual(len(sent), SIZE)
        self.assertEqual(self.outbox_rows(), [])
