"""`cartona.config`: how far “send everything” has come, read from the outbox itself."""

from odoo import api, fields, models

from ...compat import flush
from ..queue.streams import LISTING_KINDS


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    # What was waiting when everything was sent again: so many rows of the outbox, the last of
    # which has this number. The drain deletes them, so what is left of them is still to come.
    progress_total = fields.Integer("To Send", readonly=True, copy=False)
    progress_until = fields.Integer(readonly=True, copy=False)
    progress_sent = fields.Integer("Sending Everything", compute="_compute_progress_sent")
    is_sending_all = fields.Boolean(compute="_compute_progress_sent")

    @api.depends("progress_total", "progress_until")
    def _compute_progress_sent(self):
        left = self._left_to_send()
        for config in self:
            remaining = left.get(config.id, 0)
            config.is_sending_all = bool(remaining)
            config.progress_sent = max(0, config.progress_total - remaining)

    # === ACTION METHODS === #

    def action_refresh(self):
        """Show how far it has come: a card is read anew after each of its buttons."""
        return True

    # === BUSINESS METHODS === #

    def _left_to_send(self):
        """Rows that were there when everything was sent, and are there still.

        :return: dict config id -> int, without those that have none left
        """
        flush(self)
        self.env.cr.execute(
            """
            SELECT config.id, count(*)
              FROM cartona_config config
              JOIN cartona_change change
                ON change.config_id = config.id AND change.id <= config.progress_until
             WHERE config.id = ANY(%s) AND change.kind IN %s
             GROUP BY config.id
            """,
            (self.ids, LISTING_KINDS),
        )
        return dict(self.env.cr.fetchall())

    def _begin_progress(self):
        """Everything has just been noted: show from now on how much of it has gone."""
        self.ensure_one()
        self.env.cr.flush()  # what was noted is counted, so it is written before
        self.env.cr.execute(
            "SELECT count(*), COALESCE(max(id), 0) FROM cartona_change"
            " WHERE config_id = %s AND kind IN %s",
            (self.id, LISTING_KINDS),
        )
        total, until = self.env.cr.fetchone()
        self.write({"progress_total": total, "progress_until": until})
