"""`cartona.message`: the button of a waiting order, which opens what has to be corrected."""

from odoo import _, api, fields, models

from ...cartona_api import Problem, parse_order
from ...compat import may_write
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
        """Open the listings without a product, to choose one.

        A user who may not change listings gets the products instead, to enter the id there.
        """
        lines = [line for line, _match in self._blocked_lines()]
        ids = [line.supplier_product_id for line in lines if line.supplier_product_id]
        if ids and may_write(self.env["cartona.listing"]):
            return self._open_rows(self._listings_of(lines))
        line = lines[0] if lines else None
        name = line.product_name if line else ""
        context = {"search_default_name": name, "default_name": name}
        if ids:
            context["default_cartona_id"] = ids[0]
            name = _("Enter the Cartona ID %(id)s: %(name)s", id=ids[0], name=name)
        return actions.records(name or _("Products"), "product.template", context=context)

    def _open_listings(self):
        """Open the listings with the wrong unit, or the products of lines without a listing."""
        matches = [match for _line, match in self._blocked_lines()]
        listings = self.env["cartona.listing"].browse(match.listing.id for match in matches)
        listings = listings.exists()
        return self._open_rows(listings) if listings else self._open_products()

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
        """Return the listings of these lines; missing ones are created, without a product."""
        Listing = self.env["cartona.listing"]
        named = {line.supplier_product_id: line for line in lines if line.supplier_product_id}
        listings = Listing.search(
            [("config_id", "=", self.config_id.id), ("cartona_id", "in", list(named))]
        )
        missing = named.keys() - set(listings.mapped("cartona_id"))
        return listings | Listing.create(
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
