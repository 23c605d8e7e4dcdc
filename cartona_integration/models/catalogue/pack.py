"""`cartona.listing`: what one of Cartona's packs is in Odoo.

A box of 24 is 24 of the product's own units, or the product is the box itself. Nothing in the data
of a listing shows which, so a user answers; until then its price, stock and orders wait. The answer
is stored with the product, unit and size that it was given for: after a change of one of them, by
whatever path, it is no longer valid.
"""

from odoo import _, api, fields, models
from odoo.tools.misc import groupby

from ...compat import check_may_read, pack_unit_domain, pack_unit_values, same_unit_family
from ..core.formatting import format_quantity

_EPSILON = 1e-6


class CartonaListing(models.Model):
    _inherit = "cartona.listing"

    # The question that was answered, see `_pack_question`: the product is the pack itself.
    pack_answer = fields.Char(readonly=True, copy=False)
    pack_answered_by = fields.Many2one(
        "res.users",
        "Pack Confirmed By",
        readonly=True,
        copy=False,
        help="Empty for a listing that was already sold in the product's unit before packs had to "
        "be confirmed.",
    )
    is_counted_in_pack = fields.Boolean(
        "Odoo Counts Cartona's Pack",
        compute="_compute_is_counted_in_pack",
        inverse="_inverse_is_counted_in_pack",
        help="One unit of the product in Odoo is one whole pack on Cartona.",
    )
    is_pack_unanswered = fields.Boolean(
        "Pack to Confirm",
        compute="_compute_is_pack_unanswered",
        store=True,
        help="Cartona sells a pack, and the product is linked in its own unit. Nothing is sent for "
        "it, and its orders wait, until a user has answered what one pack is in Odoo.",
    )

    # === COMPUTE METHODS === #

    @api.depends("pack_answer", "product_id", "product_id.uom_id", "uom_id", "unit_count")
    def _compute_is_counted_in_pack(self):
        for listing in self:
            listing.is_counted_in_pack = listing._is_pack_answered()

    def _inverse_is_counted_in_pack(self):
        self.filtered("is_counted_in_pack")._answer_own_unit()
        self.filtered(lambda listing: not listing.is_counted_in_pack).write({"pack_answer": False})

    @api.depends("pack_answer", "product_id", "product_id.uom_id", "uom_id", "unit_count")
    def _compute_is_pack_unanswered(self):
        for listing in self:
            listing.is_pack_unanswered = listing._waits_for_pack()

    # === CRUD METHODS === #

    def _init_column(self, column_name):
        """Override of `base`: listings that were sold before this question existed stay sold.

        They have no `pack_answered_by`, so that they can be reviewed.
        """
        res = super()._init_column(column_name)
        if column_name == "pack_answer":
            self._keep_running_packs()
        return res

    def _keep_running_packs(self):
        """Count every pack as answered whose values Cartona already has or a user has confirmed;
        also where it is not known yet that it is a pack."""
        self.env.cr.execute(
            """
            SELECT id, product_id, uom_id, unit_count FROM cartona_listing
             WHERE product_id IS NOT NULL AND unit_count IS DISTINCT FROM 1
               AND (synced_at IS NOT NULL OR sent_values IS NOT NULL OR is_price_confirmed)
            """
        )
        for listing_id, product_id, uom_id, unit_count in self.env.cr.fetchall():
            self.env.cr.execute(
                "UPDATE cartona_listing SET pack_answer = %s WHERE id = %s",
                (_question(product_id, uom_id, unit_count or 0), listing_id),
            )

    # === ACTION METHODS === #

    def action_accept_pack(self):
        """Sell Cartona's pack as that many units of the product, in the size that it now has.

        A product that is the pack itself stays so when Cartona changes the size.
        """
        check_may_read(self)
        # In sudo mode: every user who may read a listing may choose how it is sold.
        listings = self.sudo()
        changed = listings.filtered("is_pack_changed")
        for listing in changed:
            is_answered = listing._is_pack_answered()
            was_pack = listing.unit_count > 1
            listing._take_shown_pack()
            if is_answered:
                listing._answer_own_unit()
            elif not was_pack or listing.uom_id != listing.product_id.uom_id:
                listing._sell_contents()
        (listings - changed).filtered(lambda one: one._waits_for_pack())._sell_contents()
        self.action_accept_ratio()
        self._pack_answered(listings)

    def action_count_in_pack(self):
        """Sell the product as the pack itself, in the size that Cartona now shows.

        Listings that do not wait for an answer keep theirs.
        """
        check_may_read(self)
        # In sudo mode: as above.
        listings = self.sudo().filtered(lambda one: one.is_pack_changed or one._waits_for_pack())
        for listing in listings.filtered("is_pack_changed"):
            listing._take_shown_pack()
        listings._answer_own_unit()
        self._pack_answered(listings)

    # === BUSINESS METHODS: THE QUESTION === #

    def _pack_question(self):
        """Return what an answer is valid for, as text."""
        self.ensure_one()
        return _question(self.product_id.id, self.uom_id.id, self.unit_count)

    def _is_pack_answered(self):
        """Return True if a user has said that this product in this unit is this pack."""
        self.ensure_one()
        return bool(self.product_id) and self.pack_answer == self._pack_question()

    def _waits_for_pack(self):
        """Return True if a pack is sold in a unit that does not contain several of the product,
        and no user has said that the product is the pack itself.
        """
        self.ensure_one()
        product = self.product_id
        if not product or self.unit_count <= 1 or self._is_pack_answered():
            return False
        if not same_unit_family(self.uom_id, product.uom_id):
            return False  # it waits for another reason
        return self._present_ratio() <= 1 + _EPSILON

    def _is_pack_unknown(self):
        """Return True if it is not known yet what Cartona sells under this ID."""
        self.ensure_one()
        return not (self.unit_count or self.shown_at or self.synced_at)

    def _answer_own_unit(self):
        """Store that these products in these units are Cartona's packs."""
        for listing in self.filtered("product_id"):
            if listing.uom_id != listing.product_id.uom_id:
                listing.uom_id = listing.product_id.uom_id
            listing.write(
                {"pack_answer": listing._pack_question(), "pack_answered_by": self.env.uid}
            )
        self._linked()

    def _confirm_own_unit(self):
        """Store the answer of a user who has just linked these packs in the product's unit."""
        # In sudo mode: a user who sees both may link them; only managers edit listings.
        self.sudo().filtered(lambda one: one._waits_for_pack())._answer_own_unit()

    def _sell_contents(self):
        """Sell packs as that many units of the product."""
        by_unit = groupby(self, lambda one: (one.product_id.uom_id, one.unit_count, one.unit))
        for (own_unit, count, label), listings in by_unit:
            unit = self._pack_unit(own_unit, count, label) if count > 1 else own_unit
            self.browse().concat(*listings).write({"uom_id": unit.id})

    def _take_shown_pack(self):
        """Store the pack that Cartona now shows; what was sent was for the other one."""
        self.write(
            {
                "unit": self.shown_unit,
                "unit_count": self.shown_unit_count,
                "sent_values": "{}",
            }
        )

    def _pack_answered(self, listings):
        """Send these listings again, and retry the orders that wait for them."""
        listings._send_again()
        listings._replay_waiting()

    def _complete_pack(self, unit, unit_count, price):
        """Store the pack that Cartona sells, on a listing that was linked before it was known.

        A product that was linked by entering its ID is sold by its own unit at first. If Cartona
        sells a box of 24 and the price of one 24th is about the product's own, the product is one
        of its pieces. In every other case a user has to answer.

        :param str unit: Cartona's name, e.g. "box"
        :param unit_count: number of base units in one of it
        :param price: price that the retailer pays for one of it; 0 if it is not known
        :return: bool, True if it is a pack that was not known before
        """
        self.ensure_one()
        is_pack = unit_count > 1
        if self.unit_count or not (unit or is_pack):
            return False
        was_answered = self._is_pack_answered()
        self.write({"unit": unit or "pack", "unit_count": float(unit_count)})
        if was_answered:
            self.pack_answer = self._pack_question()
        if self._waits_for_pack() and self._costs_about(float(price or 0) / float(unit_count)):
            self._sell_contents()
        return is_pack

    def _costs_about(self, price):
        """Return True if one `uom_id` costs about this much (2/3 to 3/2); a pack costs more."""
        own = self._intended_prices(self.config_id)[self.id]
        return own > 0 and 2 / 3 <= float(price) / own <= 3 / 2

    # === BUSINESS METHODS: UNITS === #

    @api.model
    def _pack_unit(self, base, count, label):
        """Return the unit that contains `count` of `base`; one unit per size is created.

        :param float count: more than 1
        :param str label: Cartona's name of it, e.g. "box"
        """
        self._show_units()
        # In sudo mode: inventory managers create units; this is one more size.
        Uom = self.env["uom.uom"].sudo()
        for unit in Uom.search(pack_unit_domain(base)):
            content = same_unit_family(unit, base) and unit._compute_quantity(
                1.0, base, round=False, raise_if_failure=False
            )
            if content and abs(content - count) < _EPSILON:
                return unit
        return self._create_pack_unit(base, count, label)

    @api.model
    def _create_pack_unit(self, base, count, label):
        """Create a unit that contains `count` of `base`, named in every installed language.

        The language of the first user who links is not enough, and a job has none.
        """
        # In sudo mode: as above.
        Uom = self.env["uom.uom"].sudo()
        unit = Uom.create(pack_unit_values(base, count, self._pack_name(count, label)))
        for language, _name in self.env["res.lang"].get_installed():
            listings = self.with_context(lang=language)
            unit.with_context(lang=language).name = listings._pack_name(count, label)
        return unit

    @api.model
    def _show_units(self):
        """Show units to every employee, as Odoo's setting “Units of Measure & Packagings” does:
        without them 3 boxes and 3 pieces look the same on orders, slips and transfers."""
        # In sudo mode: any user may be the first one who sells a pack.
        employees = self.env.ref("base.group_user").sudo()
        units = self.env.ref("uom.group_uom").sudo()
        if units not in employees.implied_ids:
            employees.write({"implied_ids": [(4, units.id)]})

    def _pack_name(self, count, label):
        return _(
            "%(unit)s of %(count)s",
            unit=self._unit_label(label or "pack").capitalize(),
            count=format_quantity(self.env, count),
        )


def _question(product_id, uom_id, unit_count):
    return "%s:%s:%g" % (product_id, uom_id, unit_count)
