"""`cartona.sync.log`: one row per call or import; bodies are stored only for failures."""

import json
import time
from datetime import timedelta

from odoo import api, fields, models

from ...cartona_api import redact
from ..config.res_config_settings import LOG_DAYS
from ..core.guarded_fields import GuardedFields

_BODY_LIMIT = 20_000
_PURGE_SLICE = 10_000
_PURGE_SECONDS = 60

# Operations of the client, by the names of its methods.
OPERATIONS = [
    ("check", "Test connection"),
    ("list_products", "Read the catalogue"),
    ("update_products", "Send products"),
    ("update_base_stock", "Send stock of base products"),
    ("pull_orders", "Fetch orders"),
    ("update_order_statuses", "Send order statuses"),
    ("update_order_status", "Send status of an order"),
    ("update_order_details", "Send changed lines"),
    ("other", "Other"),
]


class CartonaSyncLog(GuardedFields, models.Model):
    _name = "cartona.sync.log"
    _description = "Cartona Log"
    _order = "id desc"
    _rec_name = "operation"
    _log_access = False

    config_id = fields.Many2one("cartona.config", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    create_date = fields.Datetime("Date", required=True, index=True, default=fields.Datetime.now)
    operation = fields.Selection(OPERATIONS, required=True)
    direction = fields.Selection([("out", "To Cartona"), ("in", "From Cartona")], required=True)
    state = fields.Selection(
        [("success", "Success"), ("partial", "Partly rejected"), ("error", "Failed")],
        required=True,
        index=True,
    )
    record_count = fields.Integer("Records")
    failure_count = fields.Integer("Failures")
    duration = fields.Float("Duration (s)", digits=(12, 3))
    record_name = fields.Char("First Record")
    error_code = fields.Char()
    error_detail = fields.Char()
    error_message = fields.Char("Error", compute="_compute_error_message")
    request_body = fields.Text(groups="cartona_integration.group_cartona_manager")
    response_body = fields.Text(groups="cartona_integration.group_cartona_manager")

    # === COMPUTE METHODS === #

    @api.depends("error_code", "error_detail")
    @api.depends_context("lang")
    def _compute_error_message(self):
        Reasons = self.env["cartona.reasons"]
        for row in self:
            row.error_message = Reasons._explain(row.error_code, row.error_detail or "")

    # === BUSINESS METHODS === #

    @api.model
    def _record(self, config, calls):
        """Create a row for each call.

        In sudo mode: the log is written by the system, for every user.

        :param calls: list of `cartona_api.Call`
        """
        secrets = [config.sudo().auth_token, config.sudo().webhook_token]
        self.sudo().create(
            [self._row(config, call, [secret for secret in secrets if secret]) for call in calls]
        )
        self.env["cartona.sync.stat"]._count_calls(config, calls)

    def _row(self, config, call, secrets):
        failed = bool(call.error or call.failures)
        row = {
            "config_id": config.id,
            "company_id": config.company_id.id,
            "operation": call.operation if call.operation in dict(OPERATIONS) else "other",
            "direction": "in" if call.method == "GET" else "out",
            "state": "error" if call.error else "partial" if call.failures else "success",
            "record_count": call.records,
            "failure_count": call.failures,
            "duration": call.duration,
            "record_name": _first_record_id(call.request_body),
        }
        if call.error:
            row.update(error_code=call.error.code, error_detail=call.error.detail)
        if failed:
            row.update(
                request_body=shown_body(call.request_body, [*secrets, *call.secrets]),
                response_body=shown_body(call.response_body, [*secrets, *call.secrets]),
            )
        return row

    @api.autovacuum
    def _purge(self):
        """Delete old rows in slices; rows that are left at the deadline wait for the next night."""
        days = int(
            self.env["ir.config_parameter"]
            .sudo()  # readable by administrators only
            .get_param("cartona_integration.log_days", LOG_DAYS)
        )
        limit = fields.Datetime.now() - timedelta(days=max(1, days))
        deadline, deleted = time.monotonic() + _PURGE_SECONDS, _PURGE_SLICE
        while deleted == _PURGE_SLICE and time.monotonic() < deadline:
            self.env.cr.execute(
                """
                DELETE FROM cartona_sync_log WHERE id IN (
                    SELECT id FROM cartona_sync_log WHERE create_date < %s
                     ORDER BY create_date LIMIT %s)
                """,
                (limit, _PURGE_SLICE),
            )
            deleted = self.env.cr.rowcount


def shown_body(body, secrets):
    """Return the body of a call as the log shows it, or False.

    :param body: data, or text: JSON, or a line of Cartona's
    """
    if body is None or body is False:
        return False
    masked = redact.documented(body, secrets)
    text = masked if isinstance(masked, str) else json.dumps(masked, ensure_ascii=False, indent=1)
    # Without characters that a column cannot store.
    return text[:_BODY_LIMIT].replace("\x00", "").encode(errors="replace").decode()


def _first_record_id(body):
    """Return the ID on Cartona of the first record of a request, or False."""
    first = body[0] if isinstance(body, list) and body else body
    if isinstance(first, dict):
        return first.get("supplier_product_id") or first.get("hashed_id") or False
    return False
