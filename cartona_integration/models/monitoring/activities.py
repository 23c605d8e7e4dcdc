"""`cartona.config`: one activity per cause that needs a user, with the number of records.

Counted once a minute and after each import that leaves orders waiting. The count in the activity
is kept up to date, and the activity is removed with its cause. One that a user has marked as done
is scheduled again only when the count has increased.
"""

import json
import logging

from markupsafe import Markup

from odoo import SUPERUSER_ID, _, api, fields, models

from ...cartona_api import CartonaError
from ...compat import flush
from ..core.activities import ACTIVITY, ACTIVITY_LATE
from ..core.formatting import paragraph
from ..queue.errors import RETRY, kind_of

_logger = logging.getLogger(__name__)

# Orders past their deadline: one activity for each salesperson; the user ID follows.
_LATE = "late_orders:"
# Cause -> field with the count, and action that lists the records.
_COUNTED = {
    "waiting_orders": ("waiting_order_count", "action_cartona_waiting_orders"),
    "rejected_orders": ("rejected_order_count", "action_cartona_orders"),
    "failed_listings": ("failed_listing_count", "action_cartona_listing"),
    "paused_listings": ("paused_listing_count", "action_cartona_listing"),
}


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    notified_counts = fields.Text(
        readonly=True, copy=False, help="JSON: cause -> count in the last activity."
    )

    # === BUSINESS METHODS === #

    @api.model
    def _update_activities(self, config_ids=None):
        """Bring the activities of these configurations, or of all, up to date.

        Runs in a short transaction of its own, one at a time: the drain writes configurations, too.
        """
        try:
            with self.env["cartona.worker"]._locked("notify", 0, 0) as is_ours:
                if not is_ours:
                    return  # the owner of the lock is counting, and so does the next minute
                with self.env.registry.cursor() as cr:
                    configs = api.Environment(cr, SUPERUSER_ID, {})["cartona.config"]
                    domain = [] if config_ids is None else [("id", "in", list(config_ids))]
                    self.env["cartona.worker"]._isolate_failures(
                        configs.search(domain),
                        lambda configs: [configs._update_own_activities()],
                        lambda _config, _error: [],
                    )
        except Exception as error:
            # Never stops the caller, which has more important work; retried in a minute.
            if kind_of(error) == RETRY:
                _logger.info("Cartona: a configuration was locked; activities wait a minute")
            else:
                _logger.exception("Cartona: activities could not be updated")

    def _update_own_activities(self):
        late = self._late_orders()
        for config in self.with_context(mail_activity_quick_update=True):  # no mail
            if config._is_copied():
                config._notify_copy()
                continue
            counts = config._activity_counts(late.get(config.id, {}))
            notified = json.loads(config.notified_counts or "{}")
            for cause in {*counts, *notified}:
                config._update_activity(cause, counts.get(cause, 0), notified.get(cause, 0))
            if counts != notified:
                config.notified_counts = json.dumps(counts)

    def _activity_counts(self, late):
        """Return how many records need a user: dict cause -> int, without zeros.

        :param dict late: ID of a salesperson -> number of late orders
        """
        counts = {cause: self[field] for cause, (field, _action) in _COUNTED.items()}
        counts["runner_asleep"] = int(self._is_live() and self.is_runner_asleep)
        counts["alarms"] = len(self._alarms())
        for user_id, count in late.items():
            user = self._assignee(self.env["res.users"].browse(user_id))
            cause = _LATE + str(user.id)
            counts[cause] = counts.get(cause, 0) + count
        return {cause: count for cause, count in counts.items() if count}

    def _late_orders(self):
        """Count the orders that were not accepted in time.

        :return: dict config id -> dict user ID of the salesperson, or None -> int
        """
        flush(self.env["sale.order"])
        self.env.cr.execute(
            """
            SELECT config.id, sale.user_id, count(*)
              FROM sale_order sale JOIN cartona_config config USING (company_id)
             WHERE config.id = ANY(%s) AND sale.cartona_deadline <= %s
             GROUP BY config.id, sale.user_id
            """,
            (self.ids, fields.Datetime.now()),
        )
        late = {}
        for config_id, user_id, count in self.env.cr.fetchall():
            late.setdefault(config_id, {})[user_id] = count
        return late

    def _update_activity(self, cause, count, notified):
        """Schedule, update or remove the activity of one cause.

        :param int notified: count in the last activity
        """
        activity = self._cartona_open_activities(cause)
        if not count:
            activity.unlink()
        elif activity and count != notified:
            # In the language of the user to whom it is assigned by now.
            lang = activity[:1].user_id.lang
            activity.write(
                {"summary": self.with_context(lang=lang)._activity_texts(cause, count)[0]}
            )
        elif not activity and count > notified:
            is_late = cause.startswith(_LATE)
            user = self._assignee()
            if is_late:
                user = self.env["res.users"].browse(int(cause[len(_LATE) :]))
            summary, note = self.with_context(lang=user.lang)._activity_texts(cause, count)
            kind = ACTIVITY_LATE if is_late else ACTIVITY
            self._cartona_schedule(summary, user, cause, note, kind)

    def _activity_texts(self, cause, count):
        """Return summary and note, in the language of the environment."""
        if cause == "runner_asleep":
            return (
                _("The job runner is not running"),
                paragraph(
                    _(
                        "Everything is exchanged only once a minute. Your administrator must start "
                        "the server with queue_job among its server-wide modules."
                    )
                ),
            )
        if cause == "alarms":
            note = Markup("").join(paragraph(sentence) for sentence in self._alarms())
            return _("Something is not exchanged with Cartona: see the dashboard"), note
        if cause.startswith(_LATE):
            summary = _(
                "Orders waiting for more than %(hours)s hours: %(count)s",
                hours=self.pending_hours,
                count=count,
            )
            what = _("Confirm or cancel them before Cartona cancels them.")
            return summary, self._activity_body(what, "action_sale_order_waiting")
        summaries = {
            "waiting_orders": _("Orders that could not be imported: %s", count),
            "rejected_orders": _("Order updates rejected by Cartona: %s", count),
            "failed_listings": _("Products that could not be sent: %s", count),
            "paused_listings": _("Prices to confirm: %s", count),
        }
        what = _("Each record shows the reason and how to resolve it.")
        return summaries[cause], self._activity_body(what, _COUNTED[cause][1])

    def _activity_body(self, what, action):
        """Return what to do, with a link to the records."""
        action_id = self.env.ref("cartona_integration.%s" % action).id
        link = Markup('<p><a href="/web#action=%s">%s</a></p>') % (action_id, _("Open the list"))
        return paragraph(what) + link

    def _notify_copy(self):
        """Alert that this database is a copy: nothing else shows that it exchanges nothing."""
        for config in self:
            problem = config._not_callable()
            if problem == "copied_database" and config.error_code != problem:
                config._alert(CartonaError(problem))

    # === ASSIGNEES === #

    def _responsible(self):
        """Return the user for activities: the responsible, else the team leader, else the
        salesperson, else the administrator."""
        users = self.activity_user_id | self.team_id.user_id | self.user_id
        return users.filtered("active")[:1] or self._default_user_id()

    def _assignee(self, user=None):
        """Return `user` if they can read this configuration, else the first responsible who can.

        Up to 16 an activity can only be assigned to a user who can read its record.
        """
        users = user or self.env["res.users"]
        users |= self.activity_user_id | self.team_id.user_id | self.user_id
        able = users.filtered(
            lambda candidate: (
                candidate.active
                and self.company_id in candidate.company_ids
                and candidate.has_group("cartona_integration.group_cartona_user")
            )
        )
        return able[:1] or self._default_user_id()
