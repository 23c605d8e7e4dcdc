"""`cartona.order.importer`: retailers of a batch -> customers and delivery addresses.

    retailer code -> res.partner.cartona_id
    no code       -> a valid phone of the retailer that a customer has, too
    neither       -> a new customer, marked as unidentified

A customer is never found by name.
"""

import json
from collections import defaultdict

from odoo import _, models

from ..core.companies import company_domain
from ..core.formatting import enumerate_items, paragraph
from ..orders.res_partner import address_form, delivery_address_values, phone_key

# Field of the contact -> Cartona's name. A field follows Cartona until a user edits it.
_RETAILER_FIELDS = {
    "name": "name",
    "phone": "number",
    "cartona_phone2": "number2",
    "email": "email",
    "street": "address",
    "street2": "address_notes",
}
_ADDRESS = ("street", "street2")


class CartonaOrderImporter(models.AbstractModel):
    _inherit = "cartona.order.importer"

    # === BUSINESS METHODS: CUSTOMERS === #

    def _find_customers(self, config, plans):
        """Set the customer of every plan, and the address where the retailer has changed."""
        for plan in plans:
            plan.customer = plan.sale.partner_id  # empty for a new order
        changed = [
            plan for plan in plans if plan.snapshot.get("retailer") != plan.incoming["retailer"]
        ]
        # Those with a code first: the same batch may have another order of that shop without one.
        with_code = [plan for plan in changed if _code(plan)]
        self._find_or_create(config, with_code, self._by_code(config, with_code), _code)
        without_code = [plan for plan in changed if not (_code(plan) or plan.sale)]
        self._find_or_create(config, without_code, self._by_phone(config, without_code), _phone)
        for plan in changed:
            self._update_customer(plan)
        self._find_addresses(changed)

    def _customers(self, config):
        """Return (model, domain) of the company's customers, including archived ones."""
        Partner = self.env["res.partner"].with_context(active_test=False)
        return Partner, company_domain(config.company_id)

    def _by_code(self, config, plans):
        """Return dict `retailer_<code>` -> `res.partner`."""
        Partner, domain = self._customers(config)
        codes = [_code(plan) for plan in plans]
        found = codes and Partner.search(domain + [("cartona_id", "in", codes)])
        # A contact of this company replaces one that all companies share.
        return {
            partner.cartona_id: partner
            for partner in sorted(found, key=lambda partner: partner.company_id.id or 0)
        }

    def _by_phone(self, config, plans):
        """Return dict phone in E.164 -> `res.partner`."""
        Partner, domain = self._customers(config)
        phones = [phone for plan in plans for phone in _phones(plan)]
        if not phones:
            return {}
        # The addresses of a customer have his phone, too, but they are not the buyer.
        domain += [
            ("type", "=", "contact"),
            "|",
            ("cartona_phone_key", "in", phones),
            ("cartona_phone2_key", "in", phones),
        ]
        matching = defaultdict(Partner.browse)
        for partner in Partner.search(domain):
            for phone in {partner.cartona_phone_key, partner.cartona_phone2_key} & set(phones):
                matching[phone] |= partner
        for plan in plans:
            customers = matching.get(_phone(plan), ())
            if len(customers) > 1:
                plan.notify(
                    _(
                        "Several customers have the phone %(phone)s: %(names)s. Check the customer "
                        "of this order.",
                        phone=_phone(plan),
                        names=enumerate_items(self.env, customers.mapped("display_name")),
                    ),
                    salesperson=True,
                    cause="customer_double",
                )
        return {phone: min(partners, key=_rank) for phone, partners in matching.items()}

    def _find_or_create(self, config, plans, known, key_of):
        """Set the customer of each plan; several orders of one unknown retailer share a new one.

        :param known: dict key -> `res.partner`
        :param key_of: callable(plan) -> key, "" without one
        """
        values, without_customer, places = [], [], {}
        common = self._new_customer_values(config)
        for plan in plans:
            key = key_of(plan)
            customer = known.get(key) if key else None
            if not customer and not _code(plan):
                customer = next((known[p] for p in _phones(plan) if p in known), None)
            plan.customer = customer
            if not customer and not (key and key in places):
                places[key or id(plan)] = len(values)
                values.append(dict(common, **self._customer_values(plan)))
            if not customer:
                without_customer.append((plan, places[key or id(plan)]))
        created = self.env["res.partner"].with_context(tracking_disable=True).create(values)
        for plan, place in without_customer:
            plan.customer = created[place]
            if created[place].cartona_unidentified:
                plan.notify(
                    _(
                        "Identify the customer: the order has no retailer code and no valid phone "
                        "number."
                    ),
                    salesperson=True,
                    cause="customer_unknown",
                )

    def _customer_values(self, plan):
        retailer = plan.order.retailer
        snapshot = _snapshot(retailer)
        if not snapshot["name"]:
            identifier = retailer.code or retailer.number or retailer.number2
            snapshot["name"] = _("Cartona retailer %s", identifier).strip()
        return dict(
            {name: value or False for name, value in snapshot.items()},
            cartona_id=_code(plan) or False,
            cartona_snapshot=json.dumps(snapshot),
            cartona_unidentified=not (retailer.code or _phones(plan)),
        )

    def _new_customer_values(self, config):
        """Return the values that all new customers share.

        They are individuals: a company could not be invoiced electronically before a user has
        entered its tax number.
        """
        values = {"country_id": self.env.ref("base.eg").id, "customer_rank": 1}
        if self.env["res.company"].search_count([]) > 1:
            values["company_id"] = config.company_id.id
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        arabic = [code for code in languages if code.startswith("ar")]
        return dict(values, lang=arabic[0]) if arabic else values

    # === BUSINESS METHODS: UPDATE === #

    def _update_customer(self, plan):
        """Write what has changed on Cartona, except fields that a user has edited in Odoo."""
        partner = plan.customer
        before = json.loads(partner.cartona_snapshot or "{}")
        now = {
            name: value or before.get(name, "")
            for name, value in _snapshot(plan.order.retailer).items()
        }
        values = {}
        for name, value in now.items():
            is_changed = value and value != before.get(name)
            is_edited = partner[name] and partner[name] != before.get(name)
            if is_changed and not is_edited:
                values[name] = value
        known = {address_form(partner.street), address_form(before.get("street"))}
        if partner.street and address_form(now["street"]) not in known:
            # The main address stays. The new one is the delivery address, see below.
            values = {name: value for name, value in values.items() if name not in _ADDRESS}
            now.update({name: before.get(name, "") for name in _ADDRESS})
        phone, known = phone_key(now["phone"]), phone_key(before.get("phone"))
        if known and phone and phone != known:
            partner._message_log(body=paragraph(_("New phone on Cartona: %s", now["phone"])))
        if values or before != now:
            partner.write(dict(values, cartona_snapshot=json.dumps(now)))

    # === BUSINESS METHODS: ADDRESSES === #

    def _find_addresses(self, plans):
        """Set `address`: the customer, one of the customer's addresses, or a new one."""
        values, without_address, places = [], [], {}
        for plan in plans:
            plan.address = self._find_address(plan)
            if plan.address:
                continue
            retailer = plan.order.retailer
            key = (plan.customer.id, address_form(retailer.address))
            if key not in places:
                places[key] = len(values)
                values.append(
                    delivery_address_values(
                        plan.customer,
                        retailer.address,
                        retailer.address_notes or False,
                        retailer.number or plan.customer.phone,
                    )
                )
            without_address.append((plan, places[key]))
        created = self.env["res.partner"].with_context(tracking_disable=True).create(values)
        for plan, place in without_address:
            plan.address = created[place]

    def _find_address(self, plan):
        customer = plan.customer
        wanted = address_form(plan.order.retailer.address)
        on_cartona = json.loads(customer.cartona_snapshot or "{}").get("street")
        if not wanted or wanted in (address_form(customer.street), address_form(on_cartona)):
            return customer
        return next(
            (
                child
                for child in customer.child_ids
                if child.type == "delivery" and address_form(child.street) == wanted
            ),
            None,
        )


def _code(plan):
    code = plan.order.retailer.code
    return "retailer_%s" % code if code else ""


def _phones(plan):
    """Return the valid phones of the retailer, in E.164."""
    retailer = plan.order.retailer
    return [key for key in map(phone_key, (retailer.number, retailer.number2)) if key]


def _phone(plan):
    return next(iter(_phones(plan)), "")


def _rank(partner):
    """Return the sort key of several customers with one phone: active ones first, then those with
    a Cartona ID, then shops before their contacts."""
    return (not partner.active, not partner.cartona_id, bool(partner.parent_id), partner.id)


def _snapshot(retailer):
    """Return the fields of the contact as Cartona sent them."""
    return {name: getattr(retailer, source) for name, source in _RETAILER_FIELDS.items()}
