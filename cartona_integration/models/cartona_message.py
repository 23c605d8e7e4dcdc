"""The inbox: what Cartona said about an order, kept as it came.

Stored first, understood later (`cartona_message_import`): whatever is wrong with a message,
it stays here with its reason and can be tried again.
"""

import json

from odoo import _, api, fields, models

from ..cartona_api import Problem, content_key, parse_order, readable_json
from ..cartona_api import status as life_cycle
from ..compat import GuardedFields, OpenSelection, flush


class CartonaMessage(GuardedFields, models.Model):
    _name = "cartona.message"
    _description = "Cartona Inbox"
    _rec_name = "hashed_id"
    _order = "id desc"

    config_id = fields.Many2one("cartona.config", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="config_id.company_id", store=True)
    hashed_id = fields.Char("Order on Cartona", index=True)
    kind = fields.Selection([("order", "Order"), ("status", "Status")], required=True)
    source = fields.Selection(
        [("webhook", "Webhook"), ("pull", "Pull"), ("manual", "By hand")], required=True
    )
    # Names, addresses and pickup codes of other people: for managers only.
    payload = fields.Text(groups="cartona_integration.group_cartona_manager", required=True)
    content_key = fields.Char(required=True, help="Equal for messages that say the same.")
    # new -> done | error -> new (tried again); superseded: a later message says more.
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
        lambda self: self.env["cartona.reasons"]._selection(), "Reason in Short", readonly=True
    )
    error_detail = fields.Text(readonly=True)
    error_message = fields.Text("Reason", compute="_compute_error_message")
    acknowledge = fields.Selection(
        [("no", "Not yet"), ("due", "Due"), ("done", "Done")],
        required=True,
        default="no",
        help="Whether Cartona was told that the order is safe here.",
    )
    order_id = fields.Many2one("sale.order", ondelete="set null", index=True)
    supplier_code = fields.Char("Account", help="The supplier code that the order carries.")
    cartona_number = fields.Char("Number")
    retailer_name = fields.Char("Retailer")
    amount = fields.Float(digits="Product Price")
    ordered_at = fields.Datetime()
    held = fields.Text(help="JSON: Cartona product id -> amount that this order will take.")

    def init(self):
        # What a pull asks for each of its orders, and what an import asks of the whole table.
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS cartona_message_newest"
            " ON cartona_message (config_id, hashed_id, id DESC)"
        )
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS cartona_message_open ON cartona_message (config_id, id)"
            " WHERE state IN ('new', 'error') OR acknowledge = 'due'"
        )

    # === COMPUTE METHODS === #

    @api.depends("error_code", "error_detail")
    @api.depends_context("lang")
    def _compute_error_message(self):
        Reasons = self.env["cartona.reasons"]
        for message in self:
            message.error_message = Reasons._explain(message.error_code, message.error_detail or "")

    # === ACTION METHODS === #

    def action_retry(self):
        """Try the selected messages again."""
        waiting = self.filtered(lambda message: message.state == "error")
        # In sudo mode: whoever sees a waiting order may have it tried again.
        waiting.sudo().write({"state": "new", "error_code": False, "error_detail": False})
        for config in waiting.config_id:
            config._wake_streams("import")
        return self.env["cartona.config"]._say(
            _("%s orders are being imported again.", len(waiting)), "info"
        )

    # === BUSINESS METHODS === #

    @api.model
    def _store(self, config, source, notices):
        """Keep messages of one configuration, but for those that say nothing new.

        A message equal to the newest stored one of its order means that Cartona has not heard
        our acknowledgement: it is repeated when the order is safe.

        :param str source: "webhook", "pull" or "manual"
        :param notices: list of `cartona_api.Notice`
        :return: (`cartona.message` records that are new, number of repeated ones)
        """
        newest = self._newest(config, notices)
        keys = {identity: message.content_key for identity, message in newest.items()}
        fresh, repeated = [], self.browse()
        for notice in notices:
            key = content_key(notice.payload)
            identity = notice.hashed_id or key
            if keys.get(identity) == key:
                repeated |= newest.get(identity, repeated)
                continue
            keys[identity] = key
            fresh.append(self._values(config, source, notice, key))
        repeated = repeated.filtered(lambda message: message.acknowledge == "done")
        if repeated:
            repeated.write({"acknowledge": "due"})
        messages = self.create(fresh)
        messages._note_held()
        if messages or repeated:
            config._wake_streams("import")
        return messages, len(notices) - len(fresh)

    @api.model
    def _newest(self, config, notices):
        """The newest stored message of each order; what names no order is known by its content.

        :return: dict hashed id or content key -> record
        """
        self.env.cr.execute(
            """
            SELECT DISTINCT ON (hashed_id) id FROM cartona_message
             WHERE config_id = %s AND hashed_id = ANY(%s)
             ORDER BY hashed_id, id DESC
            """,
            (config.id, [notice.hashed_id for notice in notices if notice.hashed_id]),
        )
        found = self.browse(row[0] for row in self.env.cr.fetchall())
        nameless = [content_key(notice.payload) for notice in notices if not notice.hashed_id]
        if nameless:
            found |= self.search(
                [
                    ("config_id", "=", config.id),
                    ("hashed_id", "=", False),
                    ("content_key", "in", nameless),
                ]
            )
        return {message.hashed_id or message.content_key: message for message in found}

    def _values(self, config, source, notice, key):
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
            return values  # the import says what is wrong with it
        held = {}
        if not life_cycle.is_final(order.status):
            for line in order.lines:
                if line.supplier_product_id and line.amount > 0:
                    held.setdefault(line.supplier_product_id, 0.0)
                    held[line.supplier_product_id] += float(line.amount)
        values.update(
            supplier_code=order.supplier_code,
            cartona_number=order.receipt_id,
            retailer_name=order.retailer.name,
            amount=float(order.total_price or 0),
            ordered_at=order.created_at or False,
            held=json.dumps(held) if held else False,
        )
        return values

    def _note_held(self):
        """Orders on their way, and orders let go, change what may still be sold."""
        for config in self.config_id:
            messages = self.filtered(lambda message, config=config: message.config_id == config)
            cartona_ids = {
                cartona_id
                for held in messages.filtered("held").mapped("held")
                for cartona_id in json.loads(held)
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
            self.env["cartona.change"]._note("restock", product_ids=product_ids)
