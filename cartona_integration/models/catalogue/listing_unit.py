"""`cartona.listing`: Cartona's words for units, in the reader's language."""

from odoo import _, api, fields, models

from ...compat import pack_unit_values


class CartonaListing(models.Model):
    _inherit = "cartona.listing"

    unit_label = fields.Char(
        "Sold By",
        compute="_compute_unit_label",
        help="Cartona's word for what is sold: piece, box, ...",
    )

    # === COMPUTE METHODS === #

    @api.depends("unit")
    @api.depends_context("lang")
    def _compute_unit_label(self):
        for listing in self:
            listing.unit_label = self._unit_label(listing.unit)

    # === BUSINESS METHODS === #

    @api.model
    def _make_pack_unit(self, base, count, word):
        """A new unit that holds `count` of `base`, named in every language that is read here.

        It is made by whoever links first, or by a job, which has no language.
        """
        # In sudo mode: units are the inventory manager's; this is one more size.
        Uom = self.env["uom.uom"].sudo()
        unit = Uom.create(pack_unit_values(base, count, self._pack_name(count, word)))
        for language, _name in self.env["res.lang"].get_installed():
            listings = self.with_context(lang=language)
            unit.with_context(lang=language).name = listings._pack_name(count, word)
        return unit

    def _pack_name(self, count, word):
        return _(
            "%(unit)s of %(count)s",
            unit=self._unit_label(word or "pack").capitalize(),
            count="%g" % count,
        )

    def _unit_label(self, word):
        """Cartona's word for a unit as people say it; an unknown one as it is.

        :param str word: e.g. "box"
        :return: str, "" without a word
        """
        return self._unit_labels().get(word) or (word or "").replace("_", " ")

    def _unit_labels(self):
        """Every unit that Cartona's notes name."""
        return {
            "bag": _("bag"),
            "bottle": _("bottle"),
            "box": _("box"),
            "bunch": _("bunch"),
            "can": _("can"),
            "coil": _("coil"),
            "cone": _("cone"),
            "dozen": _("dozen"),
            "glass": _("glass"),
            "jar": _("jar"),
            "kg": _("kg"),
            "mat": _("mat"),
            "pack": _("pack"),
            "packet": _("packet"),
            "pallet": _("pallet"),
            "piece": _("piece"),
            "plate": _("plate"),
            "recharge_card": _("recharge card"),
            "roll": _("roll"),
            "saddlebag": _("saddlebag"),
            "shrink": _("shrink pack"),
            "strip": _("strip"),
            "tissue": _("tissue"),
            "ton": _("ton"),
        }
