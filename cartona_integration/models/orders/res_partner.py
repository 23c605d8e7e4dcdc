"""`res.partner`: the customer of a Cartona retailer, and possible duplicates of it."""

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
# Letters that are left out or written differently in searches for an Arabic name.
_SEARCH_FORM = {ord("\u0640"): None, ord("ى"): "ي", ord("ة"): "ه", ord("ٱ"): "ا"}

# A change of these fields may resolve the cause of an activity on an order.
_RESOLVING_FIELDS = {
    "active",
    "cartona_id",
    "cartona_not_duplicate",
    "cartona_unidentified",
    "sale_warn",
    "sale_warn_msg",
}


def phone_key(number):
    """Return a phone number in E.164, the form that can be compared.

    :param number: phone number as typed, or None
    :return: e.g. "+201003150160"; "" for an invalid number
    """
    text = (number or "").strip()
    candidates = [text]
    if text.startswith(_CALLING_CODE):
        candidates.append("+" + text)  # "20100...": the plus is missing
    for candidate in candidates:
        try:
            parsed = phonenumbers.parse(candidate, _REGION)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return ""


def search_form(name):
    """Return a name without tatweel, vowel signs and variants of alef, as it is typed.

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
        "Second Phone", copy=False, help="The retailer's other phone number on Cartona."
    )
    cartona_phone_key = fields.Char(compute="_compute_cartona_phone_key", store=True, index=True)
    cartona_phone2_key = fields.Char(compute="_compute_cartona_phone2_key", store=True, index=True)
    cartona_search_name = fields.Char(
        "Name as Typed", compute="_compute_cartona_search_name", store=True, index="trigram"
    )
    # JSON: field -> its last value from Cartona. A field that differs was edited by hand: kept.
    cartona_snapshot = fields.Text(copy=False, readonly=True)
    cartona_unidentified = fields.Boolean(
        "Not Identified by Cartona",
        copy=False,
        help="Created for an order without a retailer code and without a valid phone number.",
    )
    cartona_duplicate_id = fields.Many2one(
        "res.partner",
        "Possible Duplicate",
        compute="_compute_cartona_duplicate_id",
        search="_search_cartona_duplicate_id",
        help="A customer with the same phone number who is not linked to Cartona yet.",
    )
    cartona_not_duplicate = fields.Boolean("Not a Duplicate", copy=False)

    def init(self):
        res = super().init()
        # Unique where set, per company for customers that have one.
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
            """Override of `base`: apply `_rec_names_search` where Odoo does not use it yet."""
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
        open_partners = self.filtered(
            lambda partner: (
                partner.cartona_id
                and partner.cartona_phone_key
                and not partner.cartona_not_duplicate
            )
        )
        keys = open_partners.mapped("cartona_phone_key")
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
            duplicates = (
                candidates.filtered(partner._cartona_is_duplicate_of)
                if partner in open_partners
                else False
            )
            partner.cartona_duplicate_id = duplicates and duplicates[:1]

    def _cartona_is_duplicate_of(self, other):
        mine, theirs = self.company_id, other.company_id
        return self.cartona_phone_key in (other.cartona_phone_key, other.cartona_phone2_key) and (
            not mine or not theirs or mine == theirs
        )

    def _search_cartona_duplicate_id(self, operator, value):
        """Search for partners with or without a possible duplicate."""
        values = value if isinstance(value, Iterable) and not isinstance(value, str) else [value]
        if any(values) or operator not in ("=", "!=", "in", "not in"):
            raise UserError(_("Search only for retailers with or without a possible duplicate."))
        flush(self)
        self.env.cr.execute(
            """
            SELECT retailer.id FROM res_partner retailer
             WHERE retailer.cartona_id IS NOT NULL
               AND retailer.cartona_not_duplicate IS NOT TRUE
               AND EXISTS (
                    SELECT 1 FROM res_partner other
                     WHERE other.cartona_id IS NULL AND other.active AND other.parent_id IS NULL
                       AND retailer.cartona_phone_key
                           IN (other.cartona_phone_key, other.cartona_phone2_key)
                       AND (other.company_id IS NULL OR retailer.company_id IS NULL
                            OR other.company_id = retailer.company_id))
            """
        )
        found = [row[0] for row in self.env.cr.fetchall()]
        return [("id", "not in" if operator in ("=", "in") else "in", found)]

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([_clean(vals) for vals in vals_list])

    def write(self, vals):
        """Override of `base`: a customer without open questions needs no activities any more."""
        res = super().write(_clean(vals))
        if _RESOLVING_FIELDS & vals.keys():
            self.env["sale.order"]._cartona_close_customer_activities(self)
        return res

    # === ACTION METHODS === #

    def action_cartona_not_duplicate(self):
        """Do not propose the other customer again: he only has the same phone."""
        self.write({"cartona_not_duplicate": True})

    def action_cartona_merge_into_duplicate(self):
        """Move the code and the open orders to the customer who is not linked to Cartona yet.

        :return: action that opens that customer
        """
        self.ensure_one()
        duplicate = self.cartona_duplicate_id
        if not duplicate:
            raise UserError(_("There is no other customer with this phone number any more."))
        check_may_write(self | duplicate)
        # In sudo mode: an open order is moved even if it is another salesperson's.
        self.sudo()._cartona_merge_into(duplicate.sudo())
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": duplicate.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    def _cartona_merge_into(self, duplicate):
        """Move the code, the addresses and the open orders to `duplicate`, but no closed orders."""
        code, snapshot = self.cartona_id, json.loads(self.cartona_snapshot or "{}")
        self.write({"cartona_id": False, "cartona_snapshot": False})
        flush(self)  # the code is unique: it must be free before it is given away
        orders = self.env["sale.order"].search([("partner_id", "=", self.id)])
        moving = orders.filtered(lambda order: order._cartona_is_open())
        address = self._cartona_delivery_address_of(duplicate)
        self.child_ids.filtered(lambda child: child.type == "delivery").write(
            {"parent_id": duplicate.id}
        )
        if address != duplicate:
            snapshot.update(street="", street2="")  # his own address is not the one from Cartona
        duplicate.write({"cartona_id": code, "cartona_snapshot": json.dumps(snapshot)})
        for order in moving:
            order._cartona_change_customer(self, duplicate, address)
        duplicate._message_log(
            body=paragraph(
                _("Now the same as %(name)s (%(code)s) on Cartona.", name=self.name, code=code)
            )
        )
        if orders == moving:
            self.active = False

    def _cartona_delivery_address_of(self, duplicate):
        """Return the delivery address of this retailer once `duplicate` is the customer.

        :return: `duplicate` itself, or one of its delivery addresses
        """
        if not self.street or address_form(self.street) == address_form(duplicate.street):
            return duplicate
        if not duplicate.street:
            duplicate.write({"street": self.street, "street2": self.street2})
            return duplicate
        return self.create(
            dict(
                delivery_address_values(duplicate, self.street, self.street2, self.phone),
                name=self.name,
            )
        )


def address_form(street):
    """Return an address in the form that is compared: without extra spaces, in lower case."""
    return " ".join((street or "").split()).casefold()


def delivery_address_values(customer, street, street2, phone):
    """Return the values of another delivery address of `customer`."""
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
    """Return the values with an empty code as False: two empty codes must not collide."""
    if "cartona_id" in vals:
        vals = dict(vals, cartona_id=(vals["cartona_id"] or "").strip() or False)
    return vals
