"""`cartona.message`, the inbox: messages of Cartona about orders, stored as received.

    webhook, pull -> stored, unread -> import job -> sale order, or a reason to wait -> acknowledged

A message is stored first and read by the import. One that cannot be imported stays with its
reason and can be tried again.

    message.py      fields, storing, stock reserved for orders that are not imported yet
    pull.py         Cartona's list of orders -> messages
    import_job.py   messages -> sale orders -> acknowledgement
    resolve.py      the button that opens what has to be corrected
    retention.py    personal data of closed orders is removed
"""

import json
from collections import namedtuple

from odoo import _, api, fields, models

from ...cartona_api import Problem, content_key, parse_order, peek, readable_json
from ...cartona_api import status as life_cycle
from ...compat import OpenSelection, flush
from ..core.clock import database_now
from ..core.guarded_fields import GuardedFields

# A stored message, as far as it is compared with a new one of its order.
_Stored = namedtuple("_Stored", "as_of id content_key acknowledge")


class CartonaMessage(GuardedFields, models.Model):
    _name = "cartona.message"
    _description = "Cartona Inbox"
    _rec_name = "hashed_id"
    _order = "id desc"

    config_id = fields.Many2one("cartona.config", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="config_id.company_id", store=True)
    hashed_id = fields.Char("Order on Cartona", index=True)
    kind = fields.Selection([("order", "Order"), ("status", "Status")], required=True)
    source = fields.Selection([("webhook", "Webhook"), ("pull", "Pull")], required=True)
    # Names, addresses and pickup codes of other people: for managers only.
    payload = fields.Text(groups="cartona_integration.group_cartona_manager", required=True)
    content_key = fields.Char(required=True, help="Equal for messages with the same content.")
    as_of = fields.Datetime(
        required=True,
        default=lambda self: database_now(self.env.cr),
        help="The content is not older than this: the time at which a page of Cartona's list was "
        "requested, or at which a call arrived. Of two messages the later one is the newer one.",
    )
    # new -> done | error -> new (tried again); superseded: replaced by a later message.
    state = fields.Selection(
        [
            ("new", "To import"),
            ("done", "Imported"),
            ("error", "Waiting"),
            ("superseded", "Outdated"),
        ],
        required=True,
        default="new",
        index=True,
    )
    error_code = OpenSelection(
        lambda self: self.env["cartona.reasons"]._selection(), "Cause", readonly=True
    )
    error_detail = fields.Text(readonly=True)
    error_message = fields.Text("Reason", compute="_compute_error_message")
    acknowledge = fields.Selection(
        [("no", "Not yet"), ("due", "Due"), ("done", "Done")],
        required=True,
        default="no",
        help="Whether Cartona has been informed that the order is in Odoo.",
    )
    acknowledge_attempt = fields.Integer(readonly=True)
    acknowledge_at = fields.Datetime(
        readonly=True, help="Not acknowledged before: Cartona fails with this order."
    )
    # An order whose customer is being edited waits for a moment.
    import_at = fields.Datetime(readonly=True, help="Not imported before.")
    order_id = fields.Many2one("sale.order", ondelete="set null", index=True)
    supplier_code = fields.Char("Account", help="Supplier code in the order.")
    cartona_number = fields.Char("Number")
    retailer_name = fields.Char("Retailer")
    amount = fields.Float(digits="Product Price")
    ordered_at = fields.Datetime()
    # What the order names when it is stored, what its lines were found to sell when it waits,
    # nothing once it is imported.
    reserved = fields.Text(
        help="JSON: Cartona product ID -> quantity of its listing that the order will take."
    )

    def init(self):
        # For a pull, which reads the newest message of each of its orders.
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS cartona_message_newest"
            " ON cartona_message (config_id, hashed_id, id DESC)"
        )
        # For an import, which searches the whole table.
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS cartona_message_open ON cartona_message (config_id, id)"
            " WHERE state IN ('new', 'error') OR acknowledge = 'due'"
        )
        # Imported today, as the dashboard counts it.
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS cartona_message_today"
            " ON cartona_message (config_id, create_date, state)"
        )

    # === COMPUTE METHODS === #

    @api.depends("error_code", "error_detail")
    @api.depends_context("lang")
    def _compute_error_message(self):
        Reasons = self.env["cartona.reasons"]
        for message in self:
            code = Reasons._message_code(message.error_code)
            message.error_message = Reasons._explain(code, message.error_detail or "")

    # === ACTION METHODS === #

    def action_retry(self):
        """Import the selected messages again."""
        waiting = self.filtered(lambda message: message.state == "error")
        # In sudo mode: every user who sees a waiting order may retry it.
        waiting.sudo().write({"state": "new", "error_code": False, "error_detail": False})
        for config in waiting.config_id:
            config._wake_streams("import")
        return self.env["cartona.config"]._notification(
            _("%s orders are being imported again.", len(waiting)), "info"
        )

    # === BUSINESS METHODS: STORING === #

    @api.model
    def _store(self, config, source, notices, requested_at=None):
        """Store messages of one configuration, except those without new content.

        A message equal to the newest stored one of its order means that Cartona did not get our
        acknowledgement: it is sent again once the order is imported. A call equal to an older
        message is a late repetition, or the order is again as it was before. The content does not
        show which, so Cartona's list is read.

        :param str source: "webhook", "pull" or "manual"
        :param notices: list of `cartona_api.Notice`
        :param datetime requested_at: time of the request that Cartona answered, UTC and to the
            microsecond; None for a call of Cartona's
        :return: (`cartona.message` records that are new, number of messages not stored)
        """
        as_of = requested_at or database_now(self.env.cr)
        known = self._stored_by_order(config, notices)
        values, repeated, is_ambiguous = [], self.browse(), False
        for notice in notices:
            key = content_key(notice.payload)
            stored = known.setdefault(notice.hashed_id or key, [])
            if stored and stored[-1].content_key == key:
                if stored[-1].acknowledge == "done":
                    repeated |= self.browse(stored[-1].id)
            elif source == "webhook" and any(key == before.content_key for before in stored):
                is_ambiguous = True
            else:
                stored.append(_Stored(as_of, None, key, "no"))
                stored.sort(key=lambda before: before.as_of)
                values.append(dict(self._message_values(config, source, notice, key), as_of=as_of))
        if is_ambiguous:
            self._reread_list(config)
        if repeated:
            repeated.write({"acknowledge": "due"})
        messages = self.browse().concat(
            *self.env["cartona.worker"]._isolate_failures(
                values, lambda part: [self.create(part)], self._store_unfit
            )
        )
        messages._mark_reserved_dirty()
        if messages or repeated:
            config._wake_streams("import")
        return messages, len(notices) - len(values)

    def _store_unfit(self, values, _error):
        """Store a message that does not fit into the columns: nothing is lost.

        :param list values: those of one message
        :return: list with the stored message
        """
        kept = ("config_id", "company_id", "kind", "source", "payload", "content_key", "as_of")
        row = {name: values[0][name] for name in kept}
        return [self.create(dict(row, state="error", error_code="unexpected"))]

    def _reread_list(self, config):
        """Have Cartona's list read again, and acknowledge nothing before.

        Once we answer, Cartona has delivered this version of the order. An acknowledgement of an
        earlier version must have arrived by then: a later one would be taken for this version, too.

        :raise TimeoutError: an acknowledgement is being sent; the call is refused at once, and
            Cartona repeats it or lists the order
        """
        if not self.env["cartona.worker"]._try_lock(self.env.cr, "acknowledge", config.id):
            raise TimeoutError("an acknowledgement is being sent to Cartona")
        config._request_list()

    @api.model
    def _stored_by_order(self, config, notices):
        """Return the stored messages of each order; without an order id, those of equal content.

        :return: dict hashed id or content key -> list of `_Stored`, the newest last
        """
        flush(self)
        found = self._select_stored(
            config, "hashed_id = ANY(%s)", [row.hashed_id for row in notices if row.hashed_id]
        )
        keys = [content_key(notice.payload) for notice in notices if not notice.hashed_id]
        if keys:
            condition = "hashed_id IS NULL AND content_key = ANY(%s)"
            found.update(self._select_stored(config, condition, keys))
        return found

    def _select_stored(self, config, condition, values):
        self.env.cr.execute(
            """
            SELECT COALESCE(hashed_id, content_key), as_of, id, content_key, acknowledge
              FROM cartona_message WHERE config_id = %%s AND %s
             ORDER BY as_of, id
            """
            % condition,
            (config.id, values),
        )
        found = {}
        for identity, *row in self.env.cr.fetchall():
            found.setdefault(identity, []).append(_Stored(*row))
        return found

    def _message_values(self, config, source, notice, key):
        values = {
            "config_id": config.id,
            "company_id": config.company_id.id,  # as computed: no second statement for it
            "hashed_id": notice.hashed_id,
            "kind": notice.kind,
            "source": source,
            "payload": readable_json(notice.payload),
            "content_key": key,
        }
        try:
            order = parse_order(notice.payload)
        except Problem:
            # The import stores the reason; here the message only has to be recognised.
            seen = peek(notice.payload)
            return dict(
                values,
                supplier_code=seen["supplier_code"],
                cartona_number=seen["receipt_id"],
                retailer_name=seen["retailer_name"],
                amount=float(seen["total_price"] or 0),
            )
        return dict(
            values,
            supplier_code=order.supplier_code,
            cartona_number=order.receipt_id,
            retailer_name=order.retailer.name,
            amount=float(order.total_price or 0),
            ordered_at=order.created_at or False,
            reserved=self._reserved_by(order),
        )

    # === BUSINESS METHODS: WAITING === #

    @api.model
    def _mark_replay_of(self, code):
        """Retry the orders that wait for this reason, once the transaction has committed.

        In sudo mode, for every company: the user who removes the cause may have no Cartona right,
        and a pricelist or a decimal accuracy may be shared by all companies.
        """
        waiting = self.sudo().search([("state", "=", "error"), ("error_code", "=", code)])
        if waiting:
            self.env["cartona.change"]._mark_replay(waiting.config_id)

    def _supersede_old(self, config):
        """Give up messages that a later one replaces, and release what they reserve."""
        flush(self)
        self.env.cr.execute(
            """
            SELECT DISTINCT old.id
              FROM cartona_message old
              JOIN cartona_message newer ON newer.config_id = old.config_id
                                        AND newer.hashed_id = old.hashed_id
             WHERE old.config_id = %s AND old.state IN ('new', 'error')
               AND (newer.as_of, newer.id) > (old.as_of, old.id)
               AND (newer.kind = 'order' OR newer.state = 'done')
            """,
            (config.id,),
        )
        old = self.browse(row[0] for row in self.env.cr.fetchall())
        old._mark_reserved_dirty()
        old._close_activities()
        old.write({"state": "superseded", "reserved": False})

    # === BUSINESS METHODS: RESERVED STOCK === #

    def _reserved_by(self, order):
        """Return the quantities that a new order reserves, by the ids it names. The import finds
        the products of the lines without an id.

        :param order: `cartona_api.Order`
        :return: JSON, or False
        """
        reserved = {}
        if not life_cycle.is_final(order.status):
            for line in order.lines:
                if line.supplier_product_id and line.amount > 0:
                    reserved.setdefault(line.supplier_product_id, 0.0)
                    reserved[line.supplier_product_id] += float(line.amount)
        return json.dumps(reserved) if reserved else False

    def _reserve(self, amounts):
        """Reserve what the lines of a waiting order were found to sell.

        :param amounts: dict Cartona product id -> quantity
        """
        if amounts == json.loads(self.reserved or "{}"):
            return
        self._mark_reserved_dirty()
        self.reserved = json.dumps(amounts) if amounts else False
        self._mark_reserved_dirty()

    def _mark_reserved_dirty(self):
        """Mark the stock that these messages reserve, before and after they are changed."""
        for config in self.config_id:
            messages = self.filtered(lambda message, config=config: message.config_id == config)
            cartona_ids = {
                cartona_id
                for reserved in messages.filtered("reserved").mapped("reserved")
                for cartona_id in json.loads(reserved)
            }
            if not (cartona_ids and config.auto_sync_stock):
                continue
            flush(self.env["cartona.listing"])
            self.env.cr.execute(
                """
                SELECT DISTINCT product_id FROM cartona_listing
                 WHERE config_id = %s AND cartona_id = ANY(%s) AND product_id IS NOT NULL
                """,
                (config.id, list(cartona_ids)),
            )
            product_ids = [row[0] for row in self.env.cr.fetchall()]
            self.env["cartona.change"]._mark_dirty("restock", product_ids=product_ids)
