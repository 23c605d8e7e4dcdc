"""`cartona.message`: personal data is removed from the messages of closed orders.

A message itself is kept: it shows what was received, and recognises the same content if it comes
again. Messages that wait, and all those of an order that is not closed, stay whole.
"""

import json
import time
from datetime import timedelta

from odoo import api, fields, models

from ...cartona_api import redact
from ...cartona_api import status as life_cycle
from ...compat import flush
from ..config.res_config_settings import INBOX_DAYS

_SLICE = 1_000
_SECONDS = 60


class CartonaMessage(models.Model):
    _inherit = "cartona.message"

    is_anonymous = fields.Boolean(
        "Personal Data Removed",
        readonly=True,
        help="The order is closed: the names, numbers and codes of people have been removed.",
    )

    # === CRON METHODS === #

    @api.autovacuum
    def _remove_personal_data(self):
        """Remove personal data in slices; what is left at the deadline waits for the next night."""
        days = int(
            self.env["ir.config_parameter"]
            .sudo()  # readable by administrators only
            .get_param("cartona_integration.inbox_days", INBOX_DAYS)
        )
        limit = fields.Datetime.now() - timedelta(days=max(1, days))
        deadline, found = time.monotonic() + _SECONDS, True
        while found and time.monotonic() < deadline:
            found = self._with_personal_data(limit)
            for message in found:
                shown = redact.documented(json.loads(message.payload))
                message.write(
                    {
                        "payload": json.dumps(shown, ensure_ascii=False),
                        "retailer_name": False,
                        "is_anonymous": True,
                    }
                )
            flush(found)

    def _with_personal_data(self, limit):
        """Return messages of closed orders of which nothing has been received since `limit`."""
        flush(self)
        flush(self.env["sale.order"])
        self.env.cr.execute(
            """
            SELECT old.id FROM cartona_message old
             WHERE old.create_date < %(limit)s AND old.is_anonymous IS NOT TRUE
               AND old.state IN ('done', 'superseded') AND old.acknowledge != 'due'
               AND NOT EXISTS (
                    SELECT 1 FROM cartona_message other
                     WHERE other.config_id = old.config_id AND other.hashed_id = old.hashed_id
                       AND (other.state IN ('new', 'error') OR other.acknowledge = 'due'
                            OR other.create_date >= %(limit)s)
               )
               AND NOT EXISTS (
                    SELECT 1 FROM sale_order sale
                     WHERE sale.company_id = old.company_id AND sale.cartona_id = old.hashed_id
                       AND COALESCE(sale.cartona_status, '') NOT IN %(final)s
               )
             ORDER BY old.id LIMIT %(slice)s
            """,
            {"limit": limit, "final": tuple(life_cycle.FINAL), "slice": _SLICE},
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())
