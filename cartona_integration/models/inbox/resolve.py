"""`cartona.message`: the button of a waiting order, which opens what has to be corrected."""

import psycopg2

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import UserError

from ...cartona_api import Problem, parse_order
from ..core import actions


class CartonaMessage(models.Model):
    _inherit = "cartona.message"

    fix_label = fields.Char("What to Do", compute="_compute_fix_label")

    # === COMPUTE METHODS === #

    @api.depends("error_code")
    @api.depends_context("lang")
    def _compute_fix_label(self):
        Reasons = self.env["cartona.reasons"]
        for message in self:
            message.fix_label = Reasons._fix_label(Reasons._message_code(message.error_code))

    # === ACTION METHODS === #

    def action_fix(self):
        """Open what has to be corrected for this order. If that is nothing in Odoo, open the
        message, which shows the reason with all figures.
        """
        self.ensure_one()
        openers = {
            "accept_ratio": self._open_listings,
            "account": self._open_accounts,
            "accuracy": self._open_accuracy,
            "link": self._open_unlinked,
            "listing": self._open_listings,
            "pack": self._open_unlinked,
            "pricelist": self._open_pricelists,
            "product": self._open_products,
            "retry": self.action_retry,
            "settings": self._open_accounts,
        }
        Reasons = self.env["cartona.reasons"]
        fix = Reasons._reason(Reasons._message_code(self.error_code)).fix
        return openers.get(fix, self._open_message)()

    # === BUSINESS METHODS === #

    def _open_message(self):
        return actions.form(self, name=_("Waiting Order"))

    def _open_accounts(self):
        """Open the configurations, or the form of the only one."""
        name, configs = _("Cartona Accounts"), self.env["cartona.config"].search([])
        if len(configs) == 1:
            return actions.form(configs, name=name)
        return actions.records(name, "cartona.config")

    def _open_accuracy(self):
        return actions.records(_("Decimal Accuracy"), "decimal.precision")

    def _open_pricelists(self):
        return actions.records(_("Pricelists"), "product.pricelist")

    def _open_unlinked(self):
        """Open the matching of the first listing without a product, or without an answer what its
        pack is; without an id on the line the products, to enter the reference there."""
        listing = self._next_to_match()
        if listing:
            return self.env["cartona.matching.desk"]._open_for(self, listing)
        names = [line.product_name for line, _match in self._blocked_lines()]
        context = {"default_name": names[0]} if names else {}
        return actions.records((names or [_("Products")])[0], "product.template", context=context)

    def _next_to_match(self):
        """Return the first listing that a person has to match before the order can be imported."""
        pairs = [pair for pair in self._blocked_lines() if pair[0].supplier_product_id]
        return self._listings_of([line for line, _match in pairs])[:1]

    def _open_listings(self):
        """Open the listings with the wrong unit; of a pack without a listing, its matching."""
        matches = [match for _line, match in self._blocked_lines()]
        listings = self.env["cartona.listing"].browse(
            match.listing.id for match in matches if match and match.listing
        )
        if listings:
            return self._open_rows(listings)
        return self._open_unlinked() if self._next_to_match() else self._open_products()

    def _open_products(self):
        products = self.env["product.product"].browse(
            {match.product.id for _line, match in self._blocked_lines() if match}
        )
        if len(products) == 1:
            return actions.form(products, name=_("Products"))
        # The archived ones are the reason.
        return actions.records(
            _("Products"),
            "product.product",
            domain=[("id", "in", products.ids)],
            context={"active_test": False},
        )

    def _open_rows(self, listings):
        domain = [("id", "in", listings.ids)]
        return actions.window(self.env, "action_cartona_listing", domain=domain)

    def _listings_of(self, lines):
        """Return the listings of these lines in their order; missing ones are created, without a
        product.
        """
        # In sudo mode: every user who sees the waiting order may match its products.
        Listing = self.env["cartona.listing"].sudo()
        named = {line.supplier_product_id: line for line in lines if line.supplier_product_id}
        listings = Listing.search(
            [("config_id", "=", self.config_id.id), ("cartona_id", "in", list(named))]
        )
        missing = named.keys() - set(listings.mapped("cartona_id"))
        listings |= Listing.create(
            [
                {
                    "config_id": self.config_id.id,
                    "cartona_id": cartona_id,
                    "name": named[cartona_id].product_name,
                    "unit": named[cartona_id].unit,
                    "unit_count": float(named[cartona_id].unit_count),
                    "base_product_id": named[cartona_id].base_product_id,
                }
                for cartona_id in sorted(missing)
            ]
        )
        places = list(named)
        return listings.sorted(lambda one: places.index(one.cartona_id)).with_env(self.env)

    def _matched(self):
        """Continue after a listing of this order was matched: with its next one, else with the
        import.

        :return: an action
        """
        self.ensure_one()
        is_imported = self._import_here()
        listing = self.env["cartona.listing"] if is_imported else self._next_to_match()
        if listing:
            return self.env["cartona.matching.desk"]._open_for(self, listing)
        if is_imported:
            text, kind = _("Order imported: %s", self.order_id.display_name), "success"
        elif self.state == "error":
            text, kind = self.error_message, "warning"
        else:
            text, kind = _("Linked. The order is being imported."), "info"
        return self.config_id._notification(text, kind, {"type": "ir.actions.act_window_close"})

    def _import_here(self):
        """Import this order in the user's transaction, so that he sees the outcome at once.

        The import job is the rule: it also imports what fails here, or is being imported now. An
        order that another transaction has created meanwhile violates the constraint.

        :return: bool, True if it was imported
        """
        config = self.config_id.with_user(SUPERUSER_ID)._in_own_company()
        config = config.with_context(lang=config.user_id.lang or None)
        message = config.env["cartona.message"].browse(self.id)
        may_import = config.auto_sync_orders and not config._is_copied()
        if not may_import or message.state != "error":
            return False
        if not self.env["cartona.worker"]._try_lock(self.env.cr, "import", config.id):
            return False
        try:
            with self.env.cr.savepoint():
                message._supersede_old(config)
                message.write({"state": "new", "error_code": False, "error_detail": False})
                message._import_now(config)
        except (UserError, psycopg2.IntegrityError):
            return False
        return message.state == "done"

    def _blocked_lines(self):
        """Return the lines for which this order still waits for its reason.

        :return: list of (`cartona_api.OrderLine`, `Match` or None)
        """
        # In sudo mode: the payload contains personal data; of its lines only ids and names of
        # products are shown.
        message = self.sudo()
        config = message.config_id._in_own_company()
        try:
            order = parse_order(message._full_payload())
        except Problem:
            return []
        importer = config.env["cartona.order.importer"]
        return importer._blocked_lines(config, order, self.error_code)
