"""The outbox: which records may have changed, noted in the transaction that changed them.

    write() hook -> cr.precommit.data -> one INSERT ... SELECT -> commit -> bell -> drain job

A row is a pointer, never a value. The drain reads the present state, so a row too many costs
nothing and rows are never updated: two users never collide on our account.
"""

from odoo import api, fields, models

from ...compat import flush

_DATA = "cartona.change"
# What points at a listing; the other kinds are worked by others.
LISTING_KINDS = ("price", "stock", "restock", "resend")


class CartonaChange(models.Model):
    _name = "cartona.change"
    _description = "Cartona Outbox"
    _order = "id"
    _log_access = False

    # Plain integers: a foreign key would check, and lock, a row of somebody's business
    # for each change, and the listing may be gone when the drain comes.
    config_id = fields.Integer(required=True)
    company_id = fields.Integer(required=True)
    kind = fields.Selection(
        [
            ("price", "Price"),
            ("stock", "Stock"),
            # Cartona may have counted an order of its own: what it shows is not what was sent.
            ("restock", "Stock, whatever Cartona has"),
            # Somebody wants it sent again: nothing of what was sent counts as known.
            ("resend", "Everything, whatever Cartona has"),
            ("order", "Order"),
            ("invoice", "Invoice"),
            ("replay", "Replay of waiting orders"),
        ],
        required=True,
    )
    res_id = fields.Integer("Listing or Order", required=True)
    create_date = fields.Datetime("Noted at", required=True)

    def init(self):
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS cartona_change_queue ON cartona_change (config_id, id)"
        )

    def _get_redirect_suggested_company(self):
        """Override of `base`: without a foreign key the company is a mere number here."""
        return self.env["res.company"].browse(self.mapped("company_id"))

    # === BUSINESS METHODS: NOTING === #

    @api.model
    def _mark_dirty(self, kind, product_ids=(), template_ids=()):
        """Note that the price or stock of products may have changed. Costs nothing yet.

        :param str kind: "price", "stock", or "restock" for a stock that Cartona may have changed
            by itself, so that it is sent even when it equals what was sent last
        """
        if not (product_ids or template_ids):
            return
        noted = self._collected()
        noted.setdefault((kind, "product"), set()).update(product_ids)
        noted.setdefault((kind, "template"), set()).update(template_ids)

    @api.model
    def _collected(self):
        """What this transaction has noted so far; written to the outbox before it commits.

        `precommit` also runs at every savepoint that flushes and is empty afterwards, so the
        callback is registered together with the dictionary.
        """
        precommit = self.env.cr.precommit
        noted = precommit.data.get(_DATA)
        if noted is None:
            noted = precommit.data[_DATA] = {}
            precommit.add(self._write_dirty)
        return noted

    @api.model
    def _write_dirty(self):
        noted = self.env.cr.precommit.data.pop(_DATA, {})
        replays = _ids(noted, "replay", "config")
        if replays:
            self._write_replays(replays)
        orders = _ids(noted, "order", "order")
        if orders:
            self._write_orders(orders)
        for kind in LISTING_KINDS:
            configs = _ids(noted, kind, "config")
            if configs:
                self._insert(kind, "listing.config_id = ANY(%s)", configs)
        products = {key: found for key, found in noted.items() if key[1] != "config"}
        if any(kind in LISTING_KINDS for kind, _owner in products):
            self._write_products(products)

    def _write_products(self, noted):
        """Write what was noted of products, for each of their listings.

        :param dict noted: (kind, owner) -> ids, without what concerns a whole configuration
        """
        kit = self.env["cartona.kit"]
        bills = {owner: found for (kind, owner), found in noted.items() if kind == "stock"}
        self.env.cr.execute(
            """
            WITH written AS (
                INSERT INTO cartona_change (config_id, company_id, kind, res_id, create_date)
                SELECT config.id, config.company_id, noted.kind, listing.id,
                       clock_timestamp() AT TIME ZONE 'UTC'
                  FROM (
                        SELECT id, 'price' AS kind FROM product_product
                         WHERE id = ANY(%(price_products)s)
                            OR product_tmpl_id = ANY(%(price_templates)s)
                     UNION ALL
                        SELECT id, 'stock' FROM product_product
                         WHERE id = ANY(%(stock_products)s)
                            OR product_tmpl_id = ANY(%(stock_templates)s)
                     UNION ALL
                        SELECT unnest(%(restock_products)s::integer[]), 'restock'
                       ) noted
                  JOIN cartona_listing listing ON listing.product_id = noted.id
                  JOIN cartona_config config ON config.id = listing.config_id
                 WHERE CASE noted.kind WHEN 'price' THEN config.auto_sync_products
                                       ELSE config.auto_sync_stock END
                RETURNING config_id
            )
            SELECT DISTINCT config_id FROM written
            """,
            {
                "price_products": _ids(noted, "price", "product"),
                "price_templates": _ids(noted, "price", "template"),
                "stock_products": kit._with_kits(
                    _ids(noted, "stock", "product") + kit._of_bills(bills),
                    _ids(noted, "stock", "template"),
                ),
                # An order for a kit holds its parts, and with them every kit that needs one.
                "restock_products": kit._with_kits(
                    kit._with_parts(_ids(noted, "restock", "product"))
                ),
                "stock_templates": _ids(noted, "stock", "template"),
            },
        )
        self.env["cartona.worker"]._wake("drain", [row[0] for row in self.env.cr.fetchall()])

    @api.model
    def _mark_listings_dirty(self, listings, kind):
        """Note listings themselves, whatever their product did."""
        if not listings:
            return
        flush(listings)
        self._insert(kind, "listing.id = ANY(%s)", listings.ids)

    @api.model
    def _mark_all_dirty(self, config, kind):
        """Note every linked listing of these configurations: once, however often in a transaction.

        One price rule after the other is imported, all taxes are dragged about at once.
        """
        if config:
            self._collected().setdefault((kind, "config"), set()).update(config.ids)

    def _insert(self, kind, condition, ids):
        self.env.cr.execute(
            """
            WITH written AS (
                INSERT INTO cartona_change (config_id, company_id, kind, res_id, create_date)
                SELECT config.id, config.company_id, %%s, listing.id,
                       clock_timestamp() AT TIME ZONE 'UTC'
                  FROM cartona_listing listing
                  JOIN cartona_config config ON config.id = listing.config_id
                 WHERE listing.product_id IS NOT NULL AND %s
                 ORDER BY listing.id
                RETURNING config_id
            )
            SELECT DISTINCT config_id FROM written
            """
            % condition,
            (kind, ids),
        )
        self.env["cartona.worker"]._wake("drain", [row[0] for row in self.env.cr.fetchall()])

    @api.model
    def _mark_replay(self, config):
        """Note that orders waiting for a product may now find it.

        A row and not an update of the messages: an import that is running right now may be
        parking one of them, and neither transaction would see the other.
        """
        self._collected().setdefault(("replay", "config"), set()).update(config.ids)

    def _write_replays(self, config_ids):
        self.env.cr.execute(
            """
            INSERT INTO cartona_change (config_id, company_id, kind, res_id, create_date)
            SELECT id, company_id, 'replay', 0, clock_timestamp() AT TIME ZONE 'UTC'
              FROM cartona_config WHERE id = ANY(%s)
            """,
            (config_ids,),
        )
        self.env["cartona.worker"]._wake("import", config_ids)


def _ids(noted, kind, owner):
    """What was noted of a kind, see `_collected`, as a list for SQL."""
    return list(noted.get((kind, owner), ()))
