"""`cartona.change`, the outbox: records that may have changed, marked by the transaction that
changed them.

    write() hook -> cr.precommit.data -> one INSERT ... SELECT -> commit -> wake-up -> drain job

A row is a pointer, never a value. The drain reads the present state, so a row too many costs
nothing. Users only add rows: two of them never collide because of this addon. Only the one worker
of a stream changes rows, to postpone a record with which every call fails.
"""

import functools

from odoo import api, fields, models

from ...compat import flush
from .streams import LISTING_KINDS, STREAMS
from .worker import Wait

_DATA = "cartona.change"
# Kind of a row that points at an order -> condition on `config`, in SQL: the companies for which
# such a row is written.
_ORDER_KINDS = {
    "order": "config.auto_sync_orders",
    "invoice": "(config.invoice_on_delivery OR config.settlement_journal_id IS NOT NULL)",
}
# Rows read to find one batch of different records. Without a limit every batch would scan the
# whole backlog, and sending 100,000 products would take quadratic time.
_ROWS_PER_RECORD = 10
_IS_DUE = "(retry_at IS NULL OR retry_at <= clock_timestamp() AT TIME ZONE 'UTC')"


class CartonaChange(models.Model):
    _name = "cartona.change"
    _description = "Cartona Outbox"
    _order = "id"
    _log_access = False

    # Plain integers: a foreign key would check, and lock, a row of a business table for each
    # change, and the listing may be deleted when the drain reads the row.
    config_id = fields.Integer(required=True)
    company_id = fields.Integer(required=True)
    kind = fields.Selection(
        [
            ("price", "Price"),
            ("stock", "Stock"),
            # Cartona may have changed its stock itself: what it shows is not what was sent.
            ("restock", "Stock, even if unchanged"),
            # A user wants it sent again: nothing of what was sent counts as confirmed.
            ("resend", "Everything, even if unchanged"),
            ("order", "Order"),
            ("invoice", "Invoice"),
            ("replay", "Retry of waiting orders"),
        ],
        required=True,
    )
    res_id = fields.Integer("Listing or Order", required=True)
    create_date = fields.Datetime("Changed At", required=True)
    attempt = fields.Integer(help="Failed calls with this record alone.")
    retry_at = fields.Datetime(help="Not sent before.")

    def init(self):
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS cartona_change_queue ON cartona_change (config_id, id)"
        )

    def _get_redirect_suggested_company(self):
        """Override of `base`: without a foreign key the company is only a number here."""
        return self.env["res.company"].browse(self.mapped("company_id"))

    # === BUSINESS METHODS: MARKING === #

    @api.model
    def _mark_dirty(self, kind, product_ids=(), template_ids=()):
        """Mark products with a price or stock that may have changed. No query is made yet.

        :param str kind: "price", "stock", or "restock" for a stock that Cartona may have changed
            itself, so that it is sent even when it equals what was sent last
        """
        if not (product_ids or template_ids):
            return
        collected = self._collected()
        collected.setdefault((kind, "product"), set()).update(product_ids)
        collected.setdefault((kind, "template"), set()).update(template_ids)

    @api.model
    def _mark_all_dirty(self, config, kind):
        """Mark every linked listing of these configurations: once in a transaction, in which all
        rules of a pricelist may be imported, or all taxes be sorted."""
        if config:
            self._collected().setdefault((kind, "config"), set()).update(config.ids)

    @api.model
    def _mark_companies_dirty(self, companies, kind):
        """Mark every linked listing of companies that send it. No query is made yet."""
        self._collected().setdefault((kind, "company"), set()).update(companies.ids)

    @api.model
    def _mark_everything_dirty(self, kind):
        """Mark every linked listing of every company that sends it. No query is made yet."""
        self._collected()[kind, "all"] = {0}

    @api.model
    def _mark_listings_dirty(self, listings, kind):
        """Mark listings themselves, whatever changed on their product."""
        if listings:
            flush(listings)
            self._insert_listings(kind, "listing.id = ANY(%s)", listings.ids)

    @api.model
    def _mark_orders_dirty(self, order_ids):
        """Mark orders with a status or lines that may have changed. No query is made yet."""
        if order_ids:
            self._collected().setdefault(("order", "order"), set()).update(order_ids)

    @api.model
    def _mark_invoices_dirty(self, order_ids):
        """Mark orders to be invoiced, settled or credited, if needed. No query is made yet."""
        if order_ids:
            self._collected().setdefault(("invoice", "order"), set()).update(order_ids)

    @api.model
    def _mark_replay(self, config):
        """Mark configurations whose waiting orders may now find what they wait for.

        A row and not an update of the messages: an import that is running may be parking one of
        them, and neither transaction would see the other.
        """
        self._collected().setdefault(("replay", "config"), set()).update(config.ids)

    # === BUSINESS METHODS: WRITING === #

    @api.model
    def _collected(self):
        """Return what this transaction has marked, written to the outbox before it commits.

        `precommit` also runs at every savepoint that flushes and is empty afterwards, so the
        callback is registered together with the dictionary.

        :return: dict (kind, owner) -> set of ids; owner: "product", "template", "order",
            "config", "company", "all", or the model of a bill of materials
        """
        precommit = self.env.cr.precommit
        collected = precommit.data.get(_DATA)
        if collected is None:
            collected = precommit.data[_DATA] = {}
            precommit.add(self._write_dirty)
        return collected

    @api.model
    def _write_dirty(self):
        collected = self.env.cr.precommit.data.pop(_DATA, {})
        replays = _ids(collected, "replay", "config")
        if replays:
            self._insert_replays(replays)
        for kind in _ORDER_KINDS:
            orders = _ids(collected, kind, "order")
            if orders:
                self._insert_orders(kind, orders)
        for kind in LISTING_KINDS:
            configs = _ids(collected, kind, "config")
            if configs:
                self._insert_listings(kind, "listing.config_id = ANY(%s)", configs)
            switch = "config.auto_sync_%s" % ("products" if kind == "price" else "stock")
            companies = _ids(collected, kind, "company")
            if (kind, "all") in collected:
                self._insert_listings(kind, switch + " = %s", True)
            elif companies:
                self._insert_listings(kind, switch + " AND config.company_id = ANY(%s)", companies)
        products = {
            key: ids for key, ids in collected.items() if key[1] not in ("all", "company", "config")
        }
        if any(kind in LISTING_KINDS for kind, _owner in products):
            self._insert_products(products)

    def _insert_products(self, collected):
        """Write a row for each listing of the products.

        :param dict collected: see `_collected`, without what concerns a whole configuration
        """
        kit = self.env["cartona.kit"]
        bills = {owner: ids for (kind, owner), ids in collected.items() if kind == "stock"}
        self._insert_and_wake(
            "drain",
            """
                INSERT INTO cartona_change (config_id, company_id, kind, res_id, create_date)
                SELECT config.id, config.company_id, dirty.kind, listing.id,
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
                       ) dirty
                  JOIN cartona_listing listing ON listing.product_id = dirty.id
                  JOIN cartona_config config ON config.id = listing.config_id
                 WHERE CASE dirty.kind WHEN 'price' THEN config.auto_sync_products
                                       ELSE config.auto_sync_stock END
            """,
            {
                "price_products": _ids(collected, "price", "product"),
                "price_templates": _ids(collected, "price", "template"),
                "stock_products": kit._with_kits(
                    _ids(collected, "stock", "product") + kit._of_bills(bills),
                    _ids(collected, "stock", "template"),
                ),
                # An order for a kit reserves its parts, and changes every kit that needs one.
                "restock_products": kit._with_kits(
                    kit._with_parts(_ids(collected, "restock", "product"))
                ),
                "stock_templates": _ids(collected, "stock", "template"),
            },
        )

    def _insert_listings(self, kind, condition, parameter):
        """Write a row for each linked listing that meets a condition.

        :param str condition: SQL on `listing` or `config` with one parameter, never a user's text
        """
        self._insert_and_wake(
            "drain",
            """
                INSERT INTO cartona_change (config_id, company_id, kind, res_id, create_date)
                SELECT config.id, config.company_id, %%s, listing.id,
                       clock_timestamp() AT TIME ZONE 'UTC'
                  FROM cartona_listing listing
                  JOIN cartona_config config ON config.id = listing.config_id
                 WHERE listing.product_id IS NOT NULL AND %s
                 ORDER BY listing.id
            """
            % condition,
            (kind, parameter),
        )

    def _insert_orders(self, kind, order_ids):
        """Write a row for each order from Cartona if its company uses this kind."""
        stream = next(name for name, stream in STREAMS.items() if kind in stream.kinds)
        self._insert_and_wake(
            stream,
            """
                INSERT INTO cartona_change (config_id, company_id, kind, res_id, create_date)
                SELECT config.id, config.company_id, %%s, sale.id,
                       clock_timestamp() AT TIME ZONE 'UTC'
                  FROM sale_order sale JOIN cartona_config config USING (company_id)
                 WHERE sale.id = ANY(%%s) AND sale.cartona_id IS NOT NULL
                   AND %s
            """
            % _ORDER_KINDS[kind],
            (kind, order_ids),
        )

    def _insert_replays(self, config_ids):
        self._insert_and_wake(
            "import",
            """
                INSERT INTO cartona_change (config_id, company_id, kind, res_id, create_date)
                SELECT id, company_id, 'replay', 0, clock_timestamp() AT TIME ZONE 'UTC'
                  FROM cartona_config WHERE id = ANY(%s)
            """,
            (config_ids,),
        )

    def _insert_and_wake(self, stream, statement, parameters):
        """Write rows, and wake the stream of each configuration that got one."""
        self.env.cr.execute(
            """
            WITH written AS (
                %s
                RETURNING config_id
            )
            SELECT DISTINCT config_id FROM written
            """
            % statement,
            parameters,
        )
        self.env["cartona.worker"]._wake(stream, [row[0] for row in self.env.cr.fetchall()])

    # === BUSINESS METHODS: READING === #

    @api.model
    def _claim(self, config, kinds, limit):
        """Return the records that were marked first, one batch of them.

        :return: dict record id -> list of ids of its rows
        """
        self.env.cr.execute(
            """
            SELECT res_id, array_agg(id)
              FROM (SELECT id, res_id FROM cartona_change
                     WHERE config_id = %%s AND kind IN %%s AND %s
                     ORDER BY id LIMIT %%s) oldest
             GROUP BY res_id
             ORDER BY min(id)
             LIMIT %%s
            """
            % _IS_DUE,
            (config.id, kinds, limit * _ROWS_PER_RECORD, limit),
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _postponed(self, config, kinds, res_ids):
        """Return which of these records were postponed: the set of their ids."""
        self.env.cr.execute(
            """
            SELECT DISTINCT res_id FROM cartona_change
             WHERE config_id = %s AND kind IN %s AND res_id = ANY(%s) AND attempt > 0
            """,
            (config.id, kinds, list(res_ids)),
        )
        return {res_id for (res_id,) in self.env.cr.fetchall()}

    @api.model
    def _postpone(self, row_ids):
        """Send these rows later: 2, 4, ... at most 60 s, after an hour every 15 minutes."""
        self.env.cr.execute(
            """
            UPDATE cartona_change
               SET attempt = COALESCE(attempt, 0) + 1,
                   retry_at = clock_timestamp() AT TIME ZONE 'UTC' + make_interval(secs =>
                       CASE WHEN create_date < clock_timestamp() AT TIME ZONE 'UTC'
                                               - interval '1 hour' THEN 900
                            ELSE LEAST(60, 2 ^ LEAST(COALESCE(attempt, 0) + 1, 6)) END)
             WHERE id = ANY(%s)
            """,
            (row_ids,),
        )

    @api.model
    def _delete(self, row_ids):
        self.env.cr.execute("DELETE FROM cartona_change WHERE id = ANY(%s)", (row_ids,))

    @api.model
    def _due_in(self, config, kinds):
        """Return the seconds until the next row of these kinds is due, None without rows."""
        self.env.cr.execute(
            "SELECT 1 FROM cartona_change WHERE config_id = %%s AND kind IN %%s AND %s LIMIT 1"
            % _IS_DUE,
            (config.id, kinds),
        )
        if self.env.cr.fetchone():
            return 0
        self.env.cr.execute(
            """
            SELECT EXTRACT(EPOCH FROM min(retry_at) - clock_timestamp() AT TIME ZONE 'UTC')
              FROM cartona_change WHERE config_id = %s AND kind IN %s
            """,
            (config.id, kinds),
        )
        seconds = self.env.cr.fetchone()[0]
        return None if seconds is None else max(0.1, float(seconds))

    @api.model
    def _age(self, config, kinds):
        """Return for how long the oldest row of these kinds has been due in seconds, None without
        one."""
        self.env.cr.execute(
            """
            SELECT EXTRACT(EPOCH FROM clock_timestamp() AT TIME ZONE 'UTC'
                                      - min(GREATEST(create_date, retry_at)))
              FROM cartona_change WHERE config_id = %%s AND kind IN %%s AND %s
            """
            % _IS_DUE,
            (config.id, kinds),
        )
        return self.env.cr.fetchone()[0]


class CartonaOutboxStream(models.AbstractModel):
    """Base of the streams that process outbox rows, in the steps of `cartona.worker._exchange`:
    their models define `_pause`, `_prepare(config)`, `_call(client, task)`, `_store(config, ...)`,
    `_mark_unknown(config, task)`, and `_mark_again(config, kind, ids)` for `cartona.older`."""

    _name = "cartona.outbox.stream"
    _description = "Cartona: Stream of Outbox Rows"

    # Pause of its calls, see `cartona.config`.
    _pause = "out"

    @api.model
    def _push(self, config_id):
        """Send one batch. The caller has the lock.

        :return: seconds until there is more to do (0: at once), None when nothing is left
        """
        stream, advanced = self._stream(), []

        def prepare(config):
            older = config.env["cartona.older"]
            if older._advance(config, stream):
                advanced.append(True)
                return Wait(0)
            task, seconds = self.with_env(config.env)._prepare(config), None
            if task is None:
                seconds = older._seconds_left(config, stream)
            return task if seconds is None else Wait(seconds)

        def store(config, *outcome):
            seconds = self.with_env(config.env)._store(config, *outcome)
            if seconds is None:
                seconds = config.env["cartona.older"]._seconds_left(config, stream)
            return seconds

        exchange = functools.partial(
            self.env["cartona.worker"]._exchange,
            config_id,
            self._pause,
            prepare,
            self._call,
            store,
            stale=lambda config, task: self.with_env(config.env)._mark_unknown(config, task),
        )
        seconds = exchange()
        # After that commit, what has ended meanwhile is read in a new transaction.
        return exchange() if advanced else seconds

    def _stream(self):
        """Return the name of the stream that this model processes."""
        return next(name for name, stream in STREAMS.items() if stream.model == self._name)

    @api.model
    def _backlog(self, config, stream):
        """Return the age of the stream's oldest row in seconds, None while nothing is live."""
        if not config._is_live():
            return None
        ages = (
            self.env["cartona.change"]._age(config, STREAMS[stream].kinds),
            self.env["cartona.older"]._age(config, stream),
        )
        return max((age for age in ages if age is not None), default=None)


def _ids(collected, kind, owner):
    """Return what was marked of a kind, see `_collected`, as a list for SQL."""
    return list(collected.get((kind, owner), ()))
