"""`cartona.config`: the orders that a company receives.

Cartona's list of orders is read (`cartona.message`), each order goes to the company whose supplier
code it has, and orders placed before a date are not imported.
"""

from odoo import fields, models

from ...cartona_api import Problem
from ...compat import flush


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    orders_from = fields.Datetime(
        "Orders Placed Since",
        copy=False,
        help="Older orders are not imported. Leave empty to import every order on Cartona's list.",
    )
    acknowledge_older = fields.Boolean(
        "Acknowledge Older Orders",
        copy=False,
        help="Inform Cartona that older orders are handled. Otherwise they stay on its list.",
    )
    pull_mark = fields.Char(
        readonly=True,
        copy=False,
        help="JSON: position at which the next job continues the list, see "
        "`cartona.message._read_list`. Empty: at the first page.",
    )
    # False: it was read to its end, and has not been requested again.
    # A page of the list that fails, how often in a row, and the one that was passed over
    pull_failed_page = fields.Integer(readonly=True, copy=False)
    pull_failed_count = fields.Integer(readonly=True, copy=False)
    pull_hole = fields.Integer(
        "Unreadable Page of Orders",
        readonly=True,
        copy=False,
        help="Page of Cartona's list of orders that always fails; the others are read.",
    )
    list_state = fields.Selection(
        [("wanted", "To be read"), ("reading", "Being read")],
        "Cartona's List of Orders",
        readonly=True,
        copy=False,
    )

    # === BUSINESS METHODS: THE LIST OF ORDERS === #

    def _request_list(self):
        """Have Cartona's list read from its first page before anything is acknowledged again."""
        if self.list_state != "wanted":
            self.write({"list_state": "wanted", "pull_mark": False})
        self._wake_streams("pull")

    def _orders_from_changed(self):
        """Compare the orders that were not imported with the new date."""
        messages = self.env["cartona.message"].search(
            [("config_id", "in", self.ids), ("error_code", "=", "handled_before")]
        )
        # In sudo mode: managers do not write messages themselves.
        messages.sudo().write({"state": "new", "error_code": False})
        messages.config_id._wake_streams("import")

    def _waiting_orders(self):
        """Return the newest `cartona.message` of each order that is not imported yet."""
        flush(self.env["cartona.message"])
        self.env.cr.execute(
            """
            SELECT id FROM (
                SELECT DISTINCT ON (COALESCE(hashed_id, id::text)) id, state
                  FROM cartona_message
                 WHERE config_id = %s AND kind = 'order'
                 ORDER BY COALESCE(hashed_id, id::text), id DESC
            ) newest WHERE state IN ('new', 'error')
            """,
            (self.id,),
        )
        return self.env["cartona.message"].browse(row[0] for row in self.env.cr.fetchall())

    # === BUSINESS METHODS: ACCOUNTS === #

    def _accounts_changed(self):
        """Try the orders again that had no account: another token or code may be theirs.

        They wait in the company that received them.
        """
        for config in self.sudo().filtered("auth_token"):  # tokens are hidden from users
            self.env["cartona.change"]._mark_replay(config._sharing_token())

    def _sharing_token(self):
        """Return the configurations with the same token, including this one.

        In sudo mode: tokens are hidden, and the others are other companies' ones.
        """
        own = self.sudo()
        if not own.auth_token:
            return own
        return own | own.search([("auth_token", "=", own.auth_token)])

    def _account_code(self):
        return (self.supplier_code or "").strip()

    def _account_of(self, code):
        """Return the configuration for orders with a supplier code.

        :param str code: "" if the order has none: it belongs to the company that received it
        :return: `cartona.config`; empty if no company has the code
        """
        own = self._account_code()
        # Without a code of its own a company is alone with its token, see `_check_account`.
        if not code or not own or code == own:
            return self
        return self._sharing_token().filtered(lambda config: config._account_code() == code)[:1]

    def _check_account_of(self, order):
        """Refuse an order of another account.

        :raise Problem: "unknown_account"
        """
        if self._account_of(order.supplier_code) != self:
            raise Problem("unknown_account", "supplier_code", order.supplier_code)

    def _by_account(self, notices):
        """Group messages that arrived with this configuration's token by their company.

        Messages without a company stay here, and wait.

        :return: dict `cartona.config` -> list of `Notice`
        """
        known = self._configs_of_orders(notices)
        sorted_notices = {}
        for notice in notices:
            code = _code_of(notice.payload)
            target = self._account_of(code) if code else known.get(notice.hashed_id)
            sorted_notices.setdefault((target or self)._in_own_company(), []).append(notice)
        return sorted_notices

    def _configs_of_orders(self, notices):
        """Return where orders arrived before: a notice of a status does not contain a code.

        :return: dict hashed id -> `cartona.config`
        """
        without_code = [
            row.hashed_id for row in notices if row.hashed_id and not _code_of(row.payload)
        ]
        # Without a code of its own a company is alone with its token, see `_check_account`.
        sharing = self._sharing_token() if without_code and self._account_code() else self
        if len(sharing) < 2:
            return {}
        messages = sharing.env["cartona.message"].search(
            [
                ("config_id", "in", sharing.ids),
                ("hashed_id", "in", without_code),
                ("kind", "=", "order"),
            ],
            order="id",
        )
        return {message.hashed_id: message.config_id for message in messages}

    def _in_own_company(self):
        return self.with_company(self.company_id).with_context(
            allowed_company_ids=self.company_id.ids
        )

    def _move_to_their_accounts(self):
        """Move waiting orders to the company that has their supplier code."""
        Message = self.env["cartona.message"]
        waiting = Message.search([("config_id", "=", self.id), ("state", "=", "new")])
        for code in set(waiting.mapped("supplier_code")) - {False, ""}:
            target = self._account_of(code)
            if not target or target == self:
                continue
            theirs = waiting.filtered(lambda message, code=code: message.supplier_code == code)
            # With every message of these orders, so that a later status finds its order.
            moving = Message.search(
                [
                    ("config_id", "=", self.id),
                    ("hashed_id", "in", theirs.mapped("hashed_id")),
                ]
            )
            moving._mark_reserved_dirty()
            moving.write({"config_id": target.id})
            moving._mark_reserved_dirty()
            target._wake_streams("import")


def _code_of(payload):
    """Return the supplier code in a raw message, "" without one."""
    if not isinstance(payload, dict):
        return ""
    code = payload.get("supplier_code") or payload.get("internal_supplier_code")
    return str(code or "").strip()
