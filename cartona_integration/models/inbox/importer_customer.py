"""Retailers of a batch -> customers and delivery addresses, never by name.

retailer code -> res.partner.cartona_id
no code       -> a valid phone, his or somebody's whom Odoo knows already
neither       -> a new customer, flagged
"""

import json
from collections import defaultdict

from odoo import _, models

from ..core.formatting import paragraph
from ..orders.res_partner import address_form, delivery_address_values, phone_key

# Contact field -> what Cartona calls it. A field follows Cartona until somebody edits it here.
_FOLLOWED = {
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
        """Set the customer of every plan, and the address of those whose retailer is news."""
        for plan in plans:
            plan.customer = plan.sale.partner_id  # an order knows whose it is
        news = [
            plan for plan in plans if plan.snapshot.get("retailer") != plan.incoming["retailer"]
        ]
        # Coded ones first: an order without a code may be of a shop that comes with one here.
        coded = [plan for plan in news if _code(plan)]
        self._find_or_make(config, coded, self._by_code(config, coded), _code)
        nameless = [plan for plan in news if not (_code(plan) or plan.sale)]
        self._find_or_make(config, nameless, self._by_phone(config, nameless), _phone)
        for plan in news:
            self._follow_retailer(plan)
        self._find_addresses(news)

    def _customers(self, config):
        """(model, domain) of everybody this company may sell to, archived ones as well."""
        Partner = self.env["res.partner"].with_context(active_test=False)
        return Partner, [("company_id", "in", (False, config.company_id.id))]

    def _by_code(self, config, plans):
        """:return: dict `retailer_<code>` -> `res.partner`"""
        Partner, domain = self._customers(config)
        codes = [_code(plan) for plan in plans]
        found = codes and Partner.search(domain + [("cartona_id", "in", codes)])
        # A contact of this very company counts more than one that all companies share.
        return {
            partner.cartona_id: partner
            for partner in sorted(found, key=lambda partner: partner.company_id.id or 0)
        }

    def _by_phone(self, config, plans):
        """:return: dict phone in E.164 -> `res.partner`"""
        Partner, domain = self._customers(config)
        phones = [phone for plan in plans for phone in _phones(plan)]
        if not phones:
            return {}
        # The addresses of a customer bear his phone, too; they are not who buys.
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
                        "Several customers have the phone %(phone)s: %(names)s. Is the order for "
                        "the right one?",
                        phone=_phone(plan),
                        names=self.env["cartona.reasons"]._join(customers.mapped("display_name")),
                    ),
                    salesperson=True,
                    cause="customer_double",
                )
        return {phone: min(partners, key=_trust) for phone, partners in matching.items()}

    def _find_or_make(self, config, plans, known, key_of):
        """Give each plan its customer; several orders of one unknown retailer share a new one."""
        values, makers, fresh = [], [], {}
        common = self._new_customer_values(config)
        for plan in plans:
            key = key_of(plan)
            customer = known.get(key) if key else None
            if not customer and not _code(plan):
                customer = next((known[p] for p in _phones(plan) if p in known), None)
            plan.customer = customer
            if not customer and not (key and key in fresh):
                fresh[key or id(plan)] = len(values)
                values.append(dict(common, **self._customer_values(plan)))
            if not customer:
                makers.append((plan, fresh[key or id(plan)]))
        created = self.env["res.partner"].with_context(tracking_disable=True).create(values)
        for plan, place in makers:
            plan.customer = created[place]
            if created[place].cartona_unidentified:
                plan.notify(
                    _(
                        "Who is this customer? The order came without a retailer code and "
                        "without a valid phone."
                    ),
                    salesperson=True,
                    cause="customer_unknown",
                )

    def _customer_values(self, plan):
        retailer = plan.order.retailer
        told = _sent_values(retailer)
        if not told["name"]:
            known_by = retailer.code or retailer.number or retailer.number2
            told["name"] = _("Cartona retailer %s", known_by).strip()
        return dict(
            {name: said or False for name, said in told.items()},
            cartona_id=_code(plan) or False,
            cartona_snapshot=json.dumps(told),
            cartona_unidentified=not (retailer.code or _phones(plan)),
        )

    def _new_customer_values(self, config):
        """What all new customers have in common.

        They are no companies: as such they could not be invoiced electronically before somebody
        has entered their tax number.
        """
        values = {"country_id": self.env.ref("base.eg").id, "customer_rank": 1}
        if self.env["res.company"].search_count([]) > 1:
            values["company_id"] = config.company_id.id
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        arabic = [code for code in languages if code.startswith("ar")]
        return dict(values, lang=arabic[0]) if arabic else values

    # === BUSINESS METHODS: WHAT CHANGED === #

    def _follow_retailer(self, plan):
        """Take over what Cartona says anew, except where somebody has edited it here."""
        partner = plan.customer
        before = json.loads(partner.cartona_snapshot or "{}")
        now = {
            name: said or before.get(name, "")
            for name, said in _sent_values(plan.order.retailer).items()
        }
        values = {}
        for name, said in now.items():
            is_news = said and said != before.get(name)
            is_ours = partner[name] and partner[name] != before.get(name)
            if is_news and not is_ours:
                values[name] = said
        known = {address_form(partner.street), address_form(before.get("street"))}
        if partner.street and address_form(now["street"]) not in known:
            # The main address stays. This one is where the order goes, see below.
            values = {name: value for name, value in values.items() if name not in _ADDRESS}
            now.update({name: before.get(name, "") for name in _ADDRESS})
        phone, known = phone_key(now["phone"]), phone_key(before.get("phone"))
        if known and phone and phone != known:
            partner._message_log(body=paragraph(_("New phone on Cartona: %s", now["phone"])))
        if values or before != now:
            partner.write(dict(values, cartona_snapshot=json.dumps(now)))

    def _find_addresses(self, plans):
        """Set `address`: the customer himself, an address he has, or a new one."""
        values, makers, fresh = [], [], {}
        for plan in plans:
            plan.address = self._known_address(plan)
            if plan.address:
                continue
            retailer = plan.order.retailer
            key = (plan.customer.id, address_form(retailer.address))
            if key not in fresh:
                fresh[key] = len(values)
                values.append(
                    delivery_address_values(
                        plan.customer,
                        retailer.address,
                        retailer.address_notes or False,
                        retailer.number or plan.customer.phone,
                    )
                )
            makers.append((plan, fresh[key]))
        created = self.env["res.partner"].with_context(tracking_disable=True).create(values)
        for plan, place in makers:
            plan.address = created[place]

    def _known_address(self, plan):
        customer = plan.customer
        wanted = address_form(plan.order.retailer.address)
        told = json.loads(customer.cartona_snapshot or "{}").get("street")
        if not wanted or wanted in (address_form(customer.street), address_form(told)):
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
    """Valid phones of the retailer, in E.164."""
    retailer = plan.order.retailer
    return [key for key in map(phone_key, (retailer.number, retailer.number2)) if key]


def _phone(plan):
    return next(iter(_phones(plan)), "")


def _trust(partner):
    """Of several customers with one phone: in use, on Cartona, a shop rather than its people."""
    return (not partner.active, not partner.cartona_id, bool(partner.parent_id), partner.id)


def _sent_values(retailer):
    return {name: getattr(retailer, source) for name, source in _FOLLOWED.items()}
