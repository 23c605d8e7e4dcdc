"""`cartona.config`: whether Cartona's calls arrive."""

from odoo import fields, models


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    webhook_last_call_at = fields.Datetime(
        "Last Call", compute="_compute_webhook_health", help="When Cartona last told us something."
    )
    webhook_refused_count = fields.Integer(
        "Calls Refused",
        compute="_compute_webhook_health",
        help="Calls with a wrong secret, by whomever, and calls that could not be read.",
    )
    webhook_last_refused_at = fields.Datetime(
        "Last Refused Call",
        compute="_compute_webhook_health",
        help="When a call last had a wrong secret or could not be read.",
    )

    # === COMPUTE METHODS === #

    def _compute_webhook_health(self):
        """Counted apart from the configuration: a call must not wait for who is editing it.

        Calls without a valid secret are nobody's, so every company is shown them.
        """
        self.env.cr.execute(
            """
            SELECT config_id, kind, sum(call_count)::integer, max(create_date)
              FROM cartona_webhook_stat
             WHERE config_id = ANY(%s) OR config_id IS NULL
             GROUP BY config_id, kind
            """,
            (self.ids,),
        )
        found = {(config_id, kind): rest for config_id, kind, *rest in self.env.cr.fetchall()}
        for config in self:
            own = found.get((config.id, "refused"), (0, None))
            strange = found.get((None, "refused"), (0, None))
            config.webhook_refused_count = own[0] + strange[0]
            config.webhook_last_refused_at = max(filter(None, (own[1], strange[1])), default=False)
            config.webhook_last_call_at = found.get((config.id, "accepted"), (0, False))[1]

    # === ACTION METHODS === #

    def action_new_webhook_token(self):
        """Make another secret, also where a neutralised copy has none: the old one opens nothing
        any more."""
        self.ensure_one()
        self.write({"webhook_token": self._new_webhook_token()})
