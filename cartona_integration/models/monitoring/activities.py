"""`cartona.config`: people are told of what waits for them, by one activity for each cause.

Counted once a minute and after each import that is left with waiting orders; the activity keeps
its figure up to date and goes with its cause. One that somebody has ticked off comes back only
when there is more of it.
"""

import json
import logging

from markupsafe import Markup

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY

from ...cartona_api import CartonaError
from ...compat import flush
from ..core.activities import ACTIVITY, ACTIVITY_LATE
from ..core.formatting import paragraph

_logger = logging.getLogger(__name__)

# Orders whose time is up: one activity for each salesperson, whose id follows.
_LATE = "late_orders:"
# Cause -> the field that counts it, and the action that lists it.
_COUNTED = {
    "waiting_orders": ("waiting_order_count", "action_cartona_waiting_orders"),
    "rejected_orders": ("rejected_order_count", "action_cartona_orders"),
    "failed_listings": ("failed_listing_count", "action_cartona_listing"),
    "paused_listings": ("paused_listing_count", "action_cartona_listing"),
}


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    notified_counts = fields.Text(
        readonly=True, copy=False, help="JSON: cause -> of how many somebody was told."
    )

    # === BUSINESS METHODS === #

    @api.model
    def _update_activities(self, config_ids=None):
        """Bring the activities of these configurations, or of all, to where things stand.

        In a transaction of its own, short and one at a time: the drain writes configurations, too.
        """
        try:
            with self.env["cartona.worker"]._locked("notify", 0, 0) as is_ours:
                if not is_ours:
                    return  # who holds it counts as well, and so does the next minute
                with self.env.registry.cursor() as cr:
                    configs = api.Environment(cr, SUPERUSER_ID, {})["cartona.config"]
                    domain = [] if config_ids is None else [("id", "in", list(config_ids))]
                    configs.search(domain)._update_own_activities()
        except Exception as error:
            # Whoever calls has work to do that matters more; it is tried again in a minute.
            if getattr(error, "pgcode", None) in PG_CONCURRENCY_ERRORS_TO_RETRY:
                _logger.info("Cartona: a configuration was in use, people are told in a minute")
            else:
                _logger.exception("Cartona: people could not be told of what waits")

    def _update_own_activities(self):
        late = self._late_orders()
        for config in self.with_context(mail_activity_quick_update=True):  # seen, not mailed
            if config._is_copied():
                config._notify_copy()
                continue
            counts = config._activity_counts(late.get(config.id, {}))
            told = json.loads(config.notified_counts or "{}")
            for cause in {*counts, *told}:
                config._update_activity(cause, counts.get(cause, 0), told.get(cause, 0))
            if counts != told:
                config.notified_counts = json.dumps(counts)

    def _activity_counts(self, late):
        """What waits for somebody: dict cause -> int, without zeros.

        :param dict late: id of a salesperson -> how many of his orders are late
        """
        counts = {cause: self[field] for cause, (field, _action) in _COUNTED.items()}
        counts["runner_asleep"] = int(self._is_live() and self.is_runner_asleep)
        for user_id, count in late.items():
            user = self._reader(self.env["res.users"].browse(user_id))
            cause = _LATE + str(user.id)
            counts[cause] = counts.get(cause, 0) + count
        return {cause: count for cause, count in counts.items() if count}

    def _late_orders(self):
        """Orders that nobody has accepted in time.

        :return: dict config id -> dict id of the salesperson, or None -> int
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

    def _update_activity(self, cause, count, told):
        """Have the activity of one cause say how many there are.

        :param int told: of how many somebody was told before
        """
        activity = self._cartona_open_activities(cause)
        if not count:
            activity.unlink()
        elif activity and count != told:
            # In the language of who has it by now.
            lang = activity[:1].user_id.lang
            activity.write({"summary": self.with_context(lang=lang)._words_of(cause, count)[0]})
        elif not activity and count > told:
            is_late = cause.startswith(_LATE)
            user = self._reader()
            if is_late:
                user = self.env["res.users"].browse(int(cause[len(_LATE) :]))
            summary, note = self.with_context(lang=user.lang)._words_of(cause, count)
            kind = ACTIVITY_LATE if is_late else ACTIVITY
            self._cartona_schedule(summary, user, cause, note, kind)

    def _words_of(self, cause, count):
        """Summary and note, in the language of the environment."""
        if cause == "runner_asleep":
            return (
                _("The job runner is not at work"),
                paragraph(
                    _(
                        "Everything goes once a minute only. Ask your administrator to start the "
                        "server with queue_job among its server-wide modules."
                    )
                ),
            )
        if cause.startswith(_LATE):
            summary = _(
                "Orders that wait for more than %(hours)s hours: %(count)s",
                hours=self.pending_hours,
                count=count,
            )
            what = _("Confirm or cancel them before Cartona does.")
            return summary, self._activity_body(what, "action_sale_order_waiting")
        summaries = {
            "waiting_orders": _("Orders that could not be imported: %s", count),
            "rejected_orders": _("Orders whose news Cartona did not take: %s", count),
            "failed_listings": _("Products that could not be sent: %s", count),
            "paused_listings": _("Prices to confirm: %s", count),
        }
        what = _("Each of them says why, and what to do.")
        return summaries[cause], self._activity_body(what, _COUNTED[cause][1])

    def _activity_body(self, what, action):
        """What to do, and a link to the records that it is about."""
        action_id = self.env.ref("cartona_integration.%s" % action).id
        link = Markup('<p><a href="/web#action=%s">%s</a></p>') % (action_id, _("Open the list"))
        return paragraph(what) + link

    def _notify_copy(self):
        """A copied database is silent: say so, or it looks like one that works."""
        for config in self:
            problem = config._not_callable()
            if problem == "copied_database" and config.error_code != problem:
                config._alert(CartonaError(problem))

    # === WHO IS TOLD === #

    def _responsible(self):
        """Who is told when something needs a person: the one chosen, else the leader of the team,
        else the salesperson, else the administrator."""
        people = self.activity_user_id | self.team_id.user_id | self.user_id
        return people.filtered("active")[:1] or self._default_user_id()

    def _reader(self, user=None):
        """`user` where he can read this configuration, else the first who is responsible and can.

        Up to 16 an activity can only be given to who can read its record.
        """
        people = user or self.env["res.users"]
        people |= self.activity_user_id | self.team_id.user_id | self.user_id
        able = people.filtered(
            lambda one: (
                one.active
                and self.company_id in one.company_ids
                and one.has_group("cartona_integration.group_cartona_user")
            )
        )
        return able[:1] or self._default_user_id()
