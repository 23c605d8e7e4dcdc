"""`cartona.config`: what has stopped, in red on the dashboard and as one activity.

A record that waits is amber: it is counted, and the others continue. Red is for a stream that
has stopped, for whatever reason; also for the scheduled actions of this addon, which would notice
it themselves only while they run.
"""

from odoo import _, api, fields, models

from ..queue.streams import STREAMS

# Failures in a row after which a kind of call counts as stopped: some three minutes.
_CALLS_FAILED = 8
# Rows of the outbox and unread messages that have been due for this long are stuck.
_STUCK_MINUTES = 60
_UNREAD_MINUTES = 10
_CRONS = ("cron_catch_up", "cron_pull_orders", "cron_sweep")


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    alarm = fields.Text(
        "Stopped", compute="_compute_alarm", help="What is not exchanged any more, and why."
    )

    # === COMPUTE METHODS === #

    @api.depends_context("lang")
    def _compute_alarm(self):
        for config in self:
            config.alarm = "\n".join(config._alarms()) or False

    # === BUSINESS METHODS === #

    def _alarms(self):
        """Return one sentence for each thing that has stopped, in the reader's language."""
        self.ensure_one()
        if not self._is_live():
            return []
        return [
            *self._failing_streams(),
            *self._failing_calls(),
            *self._inactive_crons(),
            *self._stuck_rows(),
        ]

    def _failing_streams(self):
        self.env.cr.execute(
            """
            SELECT stream, failure_count, error FROM cartona_stream
             WHERE config_id = %s AND is_failing ORDER BY stream
            """,
            (self.id,),
        )
        return [
            _(
                "“%(stream)s” has failed %(count)s times in a row (%(error)s). It is tried again "
                "automatically; the server's log shows the cause.",
                stream=self.env["cartona.worker"]._job_description(stream),
                count=count,
                error=error,
            )
            for stream, count, error in self.env.cr.fetchall()
            if stream in STREAMS
        ]

    def _failing_calls(self):
        labels = {
            "out": _("Prices and stock"),
            "order": _("Order updates"),
            "in": _("Fetching orders"),
            "acknowledge": _("Acknowledging orders"),
            "catalogue": _("Reading the catalogue"),
        }
        sentences = [
            _(
                "%(what)s: Cartona has not answered %(count)s times in a row. It is tried again "
                "automatically.",
                what=label,
                count=self["%s_failure_count" % pause],
            )
            for pause, label in labels.items()
            if self["%s_failure_count" % pause] >= _CALLS_FAILED
            and self.connection_state == "connected"
        ]
        if self.pull_hole:
            sentences.append(
                _(
                    "Page %s of Cartona's list of orders cannot be read. The other pages are; "
                    "report this one to Cartona.",
                    self.pull_hole,
                )
            )
        return sentences

    def _inactive_crons(self):
        # In sudo mode: users may not read scheduled actions.
        crons = [
            self.env.ref("cartona_integration.%s" % name, raise_if_not_found=False)
            for name in _CRONS
        ]
        return [
            _("The scheduled action “%s” is switched off. Switch it on again.", cron.sudo().name)
            for cron in crons
            if cron and not cron.sudo().active
        ]

    def _stuck_rows(self):
        self.env.cr.execute(
            """
            SELECT EXISTS (SELECT 1 FROM cartona_change
                            WHERE config_id = %(config)s AND retry_at IS NULL AND kind != 'invoice'
                              AND create_date < now() AT TIME ZONE 'UTC'
                                                - make_interval(mins => %(stuck)s)),
                   EXISTS (SELECT 1 FROM cartona_message
                            WHERE config_id = %(config)s AND state = 'new' AND %(reads)s
                              AND write_date < now() AT TIME ZONE 'UTC'
                                               - make_interval(mins => %(unread)s))
            """,
            {
                "config": self.id,
                "stuck": _STUCK_MINUTES,
                "unread": _UNREAD_MINUTES,
                "reads": self.auto_sync_orders,
            },
        )
        has_stuck, has_unread = self.env.cr.fetchone()
        sentences = []
        if has_stuck:
            sentences.append(_("Changes have waited for more than an hour to be sent."))
        if has_unread:
            sentences.append(_("Orders have arrived and were not read for more than ten minutes."))
        return sentences

    @api.autovacuum
    def _notify_daily(self):
        """Update the activities once a day also when the scheduled actions of this addon are
        switched off."""
        self._update_activities()
