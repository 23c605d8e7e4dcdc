"""The inbox: what Cartona said about an order, kept as it came.

Stored first, understood later (`cartona_message_import`): whatever is wrong with a message,
it stays here with its reason and can be tried again.
"""

from collections import namedtuple
from datetime import datetime

from odoo import _, api, fields, models

from ...cartona_api import Problem, content_key, glance, parse_order, readable_json
from ...compat import GuardedFields, OpenSelection, flush

# What is known of a message when another one of its order comes.
_Stored = namedtuple("_Stored", "as_of id content_key acknowledge")
# How long a call waits for an acknowledgement that is on its way; Cartona waits for its answer.
_DOUBT_SECONDS = 5


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
    content_key = fields.Char(required=True, help="Equal for messages that say the same.")
    as_of = fields.Datetime(
        required=True,
        default=lambda self: datetime.utcnow(),
        help="What holds at this moment at the earliest: a page of Cartona's list says what held "
        "when it was asked for, a call what holds when it comes. The later one is the newer one.",
    )
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
        """Try the selected messages again."""
        waiting = self.filtered(lambda message: message.state == "error")
        # In sudo mode: whoever sees a waiting order may have it tried again.
        waiting.sudo().write({"state": "new", "error_code": False, "error_detail": False})
        for config in waiting.config_id:
            config._wake_streams("import")
        return self.env["cartona.config"]._notification(
            _("%s orders are being imported again.", len(waiting)), "info"
        )

    # === BUSINESS METHODS === #

    @api.model
    def _store(self, config, source, notices, asked_at=None):
        """Keep messages of one configuration, but for those that say nothing new.

        A message equal to the newest stored one of its order means that Cartona has not heard
        our acknowledgement: it is repeated when the order is safe. A call that says what an older
        one said is a late repetition, or the order is as it was before: nothing in it tells
        which, so Cartona is asked.

        :param str source: "webhook", "pull" or "manual"
        :param notices: list of `cartona_api.Notice`
        :param datetime asked_at: when Cartona was asked for what it says, UTC and to the
            microsecond; None for what it has just said by itself
        :return: (`cartona.message` records that are new, number of those left out)
        """
        as_of = asked_at or datetime.utcnow()
        known = self._stored(config, notices)
        fresh, repeated, is_in_doubt = [], self.browse(), False
        for notice in notices:
            key = content_key(notice.payload)
            told = known.setdefault(notice.hashed_id or key, [])
            if told and told[-1].content_key == key:
                if told[-1].acknowledge == "done":
                    repeated |= self.browse(told[-1].id)
            elif source == "webhook" and any(key == before.content_key for before in told):
                is_in_doubt = True
            else:
                told.append(_Stored(as_of, None, key, "no"))
                told.sort(key=lambda before: before.as_of)
                fresh.append(dict(self._values(config, source, notice, key), as_of=as_of))
        if is_in_doubt:
            self._recheck_list(config)
        if repeated:
            repeated.write({"acknowledge": "due"})
        messages = self.create(fresh)
        messages._mark_reserved_dirty()
        if messages or repeated:
            config._wake_streams("import")
        return messages, len(notices) - len(fresh)

    def _recheck_list(self, config):
        """Ask Cartona what holds, and acknowledge nothing before.

        Once we answer, Cartona has told us of the order: an acknowledgement that we have sent for
        what was known of it before must have arrived by then, or would be taken for this, too.

        :raise TimeoutError: it is still on its way; the call is refused, and repeated or listed
        """
        worker = self.env["cartona.worker"]
        if not worker._wait_for_lock(self.env.cr, "acknowledge", config.id, _DOUBT_SECONDS):
            raise TimeoutError("an acknowledgement is on its way to Cartona")
        config._request_list()

    @api.model
    def _stored(self, config, notices):
        """What was told of each order so far; what names no order is known by its content.

        :return: dict hashed id or content key -> list of `_Stored`, the newest last
        """
        flush(self)
        condition = "hashed_id = ANY(%s)"
        found = self._stored_messages(
            config, condition, [row.hashed_id for row in notices if row.hashed_id]
        )
        nameless = [content_key(notice.payload) for notice in notices if not notice.hashed_id]
        if nameless:
            condition = "hashed_id IS NULL AND content_key = ANY(%s)"
            found.update(self._stored_messages(config, condition, nameless))
        return found

    def _stored_messages(self, config, condition, values):
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
            # The import says what is wrong with it; here it is to be recognised.
            seen = glance(notice.payload)
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
