"""`cartona.config`: state of the catalogue and of the list of orders; buttons for products."""

import json
from datetime import timedelta

from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import format_datetime

from ...compat import check_may_read
from ..core import actions
from ..core.formatting import paragraph

# A user may change a product on Cartona: what was shown longer ago proves nothing.
SHOWN_VALID = timedelta(hours=1)


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    # Progress of reading the catalogue: the next page, 0 when nothing is to be read
    catalogue_page = fields.Integer(readonly=True, copy=False)
    catalogue_run = fields.Integer(readonly=True, copy=False, help="Number of times it was read.")
    # True while it is read once more, because listings were on no page
    catalogue_is_second = fields.Boolean(readonly=True, copy=False)
    catalogue_hole = fields.Integer(readonly=True, copy=False, help="Page that always failed.")
    catalogue_moved_at = fields.Datetime(readonly=True, copy=False)
    catalogue_count = fields.Integer("Products on Cartona", readonly=True, copy=False)
    catalogue_unreadable = fields.Text(
        readonly=True, copy=False, help="Rows of the catalogue that could not be read, and why."
    )
    catalogue_read_at = fields.Datetime("Catalogue Read", readonly=True, copy=False)
    # Content of Cartona's list of orders when it was last read to its end (JSON: list of their
    # ids), and when that reading began
    offered_orders = fields.Text(readonly=True, copy=False)
    offered_at = fields.Datetime(readonly=True, copy=False)

    # Differences
    heal_drift = fields.Boolean(
        "Correct Differences",
        default=True,
        help="Send Odoo's values again for what was changed on Cartona, once a night and whenever "
        "you check. Off: differences are only listed.",
    )
    drift_count = fields.Integer("Differences", compute="_compute_drift_count")

    # === COMPUTE METHODS === #

    def _compute_drift_count(self):
        self.env.cr.execute(
            "SELECT config_id, count(*) FROM cartona_drift"
            " WHERE state = 'open' AND reason != 'never_linked' AND config_id = ANY(%s)"
            " GROUP BY config_id",
            (self.ids,),
        )
        counts = dict(self.env.cr.fetchall())
        for config in self:
            config.drift_count = counts.get(config.id, 0)

    # === ACTION METHODS === #

    def action_sync_products(self):
        """Send every linked product again, whatever Cartona is known to have."""
        self.ensure_one()
        check_may_read(self)
        linked = self.env["cartona.listing"].search_count(
            [("config_id", "=", self.id), ("product_id", "!=", False)]
        )
        problem = self._not_callable()
        if problem:
            return self._notification(self.env["cartona.reasons"]._explain(problem), "warning")
        if not self._sends_listings():
            return self._notification_switched_off()
        # In sudo mode: every user who may read the listings may send them.
        self.sudo()._end_pause("out")
        self.env["cartona.change"]._mark_all_dirty(self, "resend")
        self.sudo()._begin_progress()
        return self._notification(_("%s products are being sent to Cartona.", linked), "info")

    def action_read_catalogue(self):
        """Read Cartona's catalogue in the background."""
        self.ensure_one()
        self._start_catalogue()
        return self._notification(_("Cartona's catalogue is being read."), "info")

    def action_check_drift(self):
        """Compare Cartona's catalogue with Odoo in the background, and open the differences.

        :raise UserError: there is no token, or this is a copied database
        """
        self.ensure_one()
        self._start_catalogue()
        return self.action_open_drift()

    def action_open_drift(self):
        """Open the differences."""
        self.ensure_one()
        domain = [
            ("config_id", "=", self.id),
            ("state", "=", "open"),
            ("reason", "!=", "never_linked"),
        ]
        return actions.window(
            self.env, "action_cartona_drift", domain=domain, context={}, help=self._drift_help()
        )

    def action_match_products(self):
        """Open the matching desk; listings are compared in the background.

        The catalogue is read first if it never was.
        """
        self.ensure_one()
        check_may_read(self)
        is_connected = self.connection_state == "connected" and not self._not_callable()
        if is_connected and not self.catalogue_read_at:
            self._start_catalogue()
        self._wake_streams("match")
        return self.env["cartona.matching.desk"]._open(self)

    def action_match_anew(self):
        """Compare every unmatched listing with the present products."""
        self.ensure_one()
        check_may_read(self)
        self.env["cartona.listing"]._rank_again(self)
        self._wake_streams("match")
        return True

    @api.model
    def action_open_matching(self):
        """Open the matching desk of the current company; for the menu.

        :raise UserError: the company has no configuration
        """
        config = self.search([("company_id", "=", self.env.company.id)], limit=1)
        if not config:
            raise UserError(
                _("%s has no Cartona configuration yet.", self.env.company.display_name)
            )
        return config.action_match_products()

    # === BUSINESS METHODS === #

    def _start_catalogue(self):
        """Read the catalogue from its first page, unless it is being read already.

        :raise UserError: there is no token, or this is a copied database
        """
        check_may_read(self)
        problem = self._not_callable()
        if problem:
            raise UserError(self.env["cartona.reasons"]._explain(problem))
        config = self.sudo()  # every user who may read the listings may start it
        if not config.catalogue_page:
            config._begin_catalogue()
        self._wake_streams("catalogue")

    def _begin_catalogue(self, is_second=False):
        """Start a pass over the catalogue at its first page.

        :param bool is_second: True for a second look, which confirms what was missing in the first
        """
        self.write(
            {
                "catalogue_page": 1,
                "catalogue_run": self.catalogue_run + 1,
                "catalogue_is_second": is_second,
                "catalogue_hole": 0,
                "catalogue_moved_at": fields.Datetime.now(),
                "catalogue_count": 0,
                "catalogue_unreadable": False,
            }
        )

    def _drift_help(self):
        """Return what an empty list of differences means: not read, being read, or all equal."""
        self.ensure_one()
        if self.catalogue_page:
            known = self.env["cartona.listing"].search_count([("config_id", "=", self.id)])
            title = _(
                "The check is running: %(done)s of %(total)s products",
                done=self.catalogue_count,
                total=max(known, self.catalogue_count),
            )
            text = _("Differences are listed here as they are found.")
        elif not self.catalogue_read_at:
            title = _("Cartona was never compared with Odoo")
            text = _("Press “Check Differences” on the dashboard.")
        else:
            title = _("Cartona shows what Odoo says")
            text = _("Last compared: %s", format_datetime(self.env, self.catalogue_read_at))
        heading = Markup('<p class="o_view_nocontent_smiling_face">%s</p>') % title
        return heading + paragraph(text)

    def _is_catalogue_outdated(self):
        """Return True if the catalogue was read too long ago to prove anything."""
        self.ensure_one()
        read = self.catalogue_read_at
        return bool(read) and fields.Datetime.now() - read >= SHOWN_VALID

    def _unreadable_count(self):
        """Return the number of rows of the catalogue that could not be read."""
        return len((self.catalogue_unreadable or "").splitlines())

    def _store_offered(self, hashed_ids, began_at):
        """Store the content of Cartona's list of orders, which was read to its end."""
        self.write({"offered_orders": json.dumps(sorted(hashed_ids)), "offered_at": began_at})
