"""`res.partner`: who a Cartona retailer is here, and who might be the same shop twice."""

import json
import unicodedata
from collections.abc import Iterable

import phonenumbers

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ...compat import FINDS_BY_NAMED_FIELDS, check_may_write, flush, mobile_fields
from ..core.formatting import paragraph

# Source: Cartona sells in Egypt; its numbers come as 010..., 0020 10... and +20 10....
_REGION, _CALLING_CODE = "EG", "20"
# What people leave out or write the other way when they look for an Arabic name.
_SEARCH_FORM = {ord("\u0640"): None, ord("ى"): "ي", ord("ة"): "ه", ord("ٱ"): "ا"}


def phone_key(number):
    """A phone number in the one form that can be compared, E.164.

    :param number: as anybody typed it, or None
    :return: e.g. "+201003150160"; "" for what is no valid number
    """
    text = (number or "").strip()
    candidates = [text]
    if text.startswith(_CALLING_CODE):
        candidates.append("+" + text)  # "20100...": the plus was forgotten
    for candidate in candidates:
        try:
            parsed = phonenumbers.parse(candidate, _REGION)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return ""


def search_form(name):
    """A name without tatweel, vowel signs and the variants of alef, as people type it.

    >>> search_form("أسواق الرَّحمـــة")
    'اسواق الرحمه'
    """
    letters = unicodedata.normalize("NFKD", name or "").translate(_SEARCH_FORM)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


class ResPartner(models.Model):
    _inherit = "res.partner"

    cartona_id = fields.Char(
        "Cartona ID",
        copy=False,
        index=True,
        help="The retailer on Cartona: retailer_ and his code there, which never changes.",
    )
    cartona_phone2 = fields.Char(
        "Second Phone", copy=False, help="The other number that the retailer gave Cartona."
    )
    cartona_phone_key = fields.Char(compute="_compute_cartona_phone_key", store=True, index=True)
    cartona_phone2_key = fields.Char(compute="_compute_cartona_phone2_key", store=True, index=True)
    cartona_search_name = fields.Char(
        "Name as Typed", compute="_compute_cartona_search_name", store=True, index="trigram"
    )
    # JSON: field -> what Cartona last said. A field that differs was edited by hand: it stays.
    cartona_snapshot = fields.Text(copy=False, readonly=True)
    cartona_unidentified = fields.Boolean(
        "Not Identified by Cartona",
        copy=False,
        help="Made for an order that came with neither a retailer code nor a valid phone.",
    )
    cartona_duplicate_id = fields.Many2one(
        "res.partner",
        "Possibly the Same Shop",
        compute="_compute_cartona_duplicate_id",
        search="_search_cartona_duplicate_id",
        help="A customer with the same phone who is not linked to Cartona yet.",
    )
    cartona_not_duplicate = fields.Boolean("Another Shop Has This Phone", copy=False)

    def init(self):
        res = super().init()
        # Unique where there is one; the company counts as far as there are several.
        self.env.cr.execute(
            """
            CREATE UNIQUE INDEX IF NOT EXISTS res_partner_cartona_id_uniq
                ON res_partner (COALESCE(company_id, 0), cartona_id)
             WHERE cartona_id IS NOT NULL
            """
        )
        return res

    @property
    def _rec_names_search(self):
        return [*super()._rec_names_search, "cartona_search_name"]

    if not FINDS_BY_NAMED_FIELDS:

        @api.model
        def _name_search(self, name, args=None, operator="ilike", limit=100, name_get_uid=None):
            """Override of `base`: what `_rec_names_search` says, where nobody asks it yet."""
            ids = list(super()._name_search(name, args, operator, limit, name_get_uid))
            if name and operator in ("=", "ilike", "=ilike", "like", "=like"):
                domain = [("cartona_search_name", operator, name), ("id", "not in", ids)]
                more = self._search(
                    domain + (args or []), limit=limit, access_rights_uid=name_get_uid
                )
                ids = (ids + list(more))[:limit]
            return ids

    # === COMPUTE METHODS === #

    @api.depends("phone")
    def _compute_cartona_phone_key(self):
        for partner in self:
            partner.cartona_phone_key = phone_key(partner.phone) or False

    @api.depends(lambda self: (*mobile_fields(self), "cartona_phone2"))
    def _compute_cartona_phone2_key(self):
        for partner in self:
            numbers = [partner[name] for name in (*mobile_fields(partner), "cartona_phone2")]
            partner.cartona_phone2_key = phone_key(next(filter(None, numbers), "")) or False

    @api.depends("name", "cartona_id")
    def _compute_cartona_search_name(self):
        for partner in self:
            form = search_form(partner.name) if partner.cartona_id else False
            partner.cartona_search_name = form if form != partner.name else False

    @api.depends("cartona_id", "cartona_phone_key", "cartona_not_duplicate", "company_id")
    def _compute_cartona_duplicate_id(self):
        asking = self.filtered(
            lambda partner: (
                partner.cartona_id
                and partner.cartona_phone_key
                and not partner.cartona_not_duplicate
            )
        )
        keys = asking.mapped("cartona_phone_key")
        candidates = self.search(
            [
                ("cartona_id", "=", False),
                ("parent_id", "=", False),
                "|",
                ("cartona_phone_key", "in", keys),
                ("cartona_phone2_key", "in", keys),
            ],
            order="id",
        )
        for partner in self:
            twins = (
                candidates.filtered(partner._cartona_is_duplicate_of)
                if partner in asking
                else False
            )
            partner.cartona_duplicate_id = twins and twins[:1]

    def _cartona_is_duplicate_of(self, twin):
        mine, theirs = self.company_id, twin.company_id
        return self.cartona_phone_key in (twin.cartona_phone_key, twin.cartona_phone2_key) and (
            not mine or not theirs or mine == theirs
        )

    def _search_cartona_duplicate_id(self, operator, value):
        """Only "has one" and "has none" can be asked."""
        values = value if isinstance(value, Iterable) and not isinstance(value, str) else [value]
        if any(values) or operator not in ("=", "!=", "in", "not in"):
            raise UserError(_("Search for retailers that have a possible twin, or have none."))
        flush(self)
        self.env.cr.execute(
            """
            SELECT retailer.id FROM res_partner retailer
             WHERE retailer.cartona_id IS NOT NULL
               AND retailer.cartona_not_duplicate IS NOT TRUE
               AND EXISTS (
                    SELECT 1 FROM res_partner twin
                     WHERE twin.cartona_id IS NULL AND twin.active AND twin.parent_id IS NULL
                       AND retailer.cartona_phone_key
                           IN (twin.cartona_phone_key, twin.cartona_phone2_key)
                       AND (twin.company_id IS NULL OR retailer.company_id IS NULL
                            OR twin.company_id = retailer.company_id))
            """
        )
        found = [row[0] for row in self.env.cr.fetchall()]
        return [("id", "not in" if operator in ("=", "in") else "in", found)]

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([_clean(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(_clean(vals))

    # === ACTION METHODS === #

    def action_cartona_not_duplicate(self):
        """The other customer only has the same phone: do not propose him again."""
        self.write({"cartona_not_duplicate": True})

    def action_cartona_merge_into_duplicate(self):
        """Let the customer from before Cartona be this retailer: he gets the code and open orders.

        :return: action that shows him
        """
        self.ensure_one()
        twin = self.cartona_duplicate_id
        if not twin:
            raise UserError(_("There is no other customer with this phone any more."))
        check_may_write(self | twin)
        # In sudo mode: an open order follows its customer though it be a colleague's.
        self.sudo()._cartona_merge_into(twin.sudo())
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": twin.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    def _cartona_merge_into(self, twin):
        """Move the code, the addresses and the open orders to `twin`; what is closed stays."""
        code, told = self.cartona_id, json.loads(self.cartona_snapshot or "{}")
        self.write({"cartona_id": False, "cartona_snapshot": False})
        flush(self)  # the code is unique: it must be free before it is given away
        orders = self.env["sale.order"].search([("partner_id", "=", self.id)])
        moving = orders.filtered(lambda order: order._cartona_is_open())
        address = self._cartona_delivery_address_of(twin)
        self.child_ids.filtered(lambda child: child.type == "delivery").write(
            {"parent_id": twin.id}
        )
        if address != twin:
            told.update(street="", street2="")  # his own address is not the one Cartona knows
        twin.write({"cartona_id": code, "cartona_snapshot": json.dumps(told)})
        for order in moving:
            order._cartona_change_customer(self, twin, address)
        twin._message_log(
            body=paragraph(
                _("Now the same as %(name)s (%(code)s) on Cartona.", name=self.name, code=code)
            )
        )
        if orders == moving:
            self.active = False

    def _cartona_delivery_address_of(self, twin):
        """Where goods for this retailer go once `twin` is the customer.

        :return: `twin` itself, or a delivery address of his
        """
        if not self.street or address_form(self.street) == address_form(twin.street):
            return twin
        if not twin.street:
            twin.write({"street": self.street, "street2": self.street2})
            return twin
        return self.create(
            dict(
                delivery_address_values(twin, self.street, self.street2, self.phone),
                name=self.name,
            )
        )


def address_form(street):
    """An address as it is compared: spaces and capitals say nothing."""
    return " ".join((street or "").split()).casefold()


def delivery_address_values(customer, street, street2, phone):
    """Values of one more address to which goods for `customer` go."""
    return {
        "parent_id": customer.id,
        "type": "delivery",
        "name": customer.name,
        "street": street,
        "street2": street2,
        "phone": phone,  # the driver's papers show this contact, not the shop
        "country_id": customer.country_id.id,
        "company_id": customer.company_id.id,
        "lang": customer.lang,
    }


def _clean(vals):
    """An empty code is none: it must not count as equal to another empty one."""
    if "cartona_id" in vals:
        vals = dict(vals, cartona_id=(vals["cartona_id"] or "").strip() or False)
    return vals
