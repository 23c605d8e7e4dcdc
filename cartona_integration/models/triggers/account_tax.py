"""`account.tax`: marks gross prices when taxes change, and creates taxes included in the price."""

from odoo import _, fields, models

from ...compat import included_tax_values
from ..core.companies import branches
from ..core.inputs import fields_of

# Fields that determine the price including taxes.
_PRICED_BY = fields_of("account.tax", "price")


class AccountTax(models.Model):
    _inherit = "account.tax"

    cartona_included_id = fields.Many2one(
        "account.tax",
        "Price-Included Tax",
        copy=False,
        readonly=True,
        ondelete="set null",
        help="The same tax, included in the price. It is created for orders from Cartona.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        res = super().write(vals)
        if _PRICED_BY & vals.keys():
            self._cartona_mark_dirty(self.company_id)
        return res

    def unlink(self):
        companies = self.company_id
        res = super().unlink()
        self._cartona_mark_dirty(companies)
        return res

    # === BUSINESS METHODS === #

    def _cartona_mark_dirty(self, companies):
        """Mark every price that these companies send to Cartona with taxes included."""
        # In sudo mode: taxes are changed by accountants without any Cartona right.
        configs = (
            self.env["cartona.config"]
            .sudo()
            .search(
                [
                    ("company_id", "in", branches(companies).ids),
                    ("auto_sync_products", "=", True),
                    ("price_tax", "=", "gross"),
                ]
            )
        )
        self.env["cartona.change"]._mark_all_dirty(configs, "price")

    def _cartona_included(self):
        """Return the same taxes in a form that leaves a price of 100 at 100.

        Missing ones are created, once per tax: same rate, group, accounts and tax grids, so that
        reports add up as if the tax had been on top of the net price.

        :return: `account.tax` in the order of `self`
        """
        included = self.browse()
        for tax in self:
            included |= tax if tax._cartona_leaves_price() else tax._cartona_included_form()
        return included

    def _cartona_leaves_price(self):
        """Return True if the tax leaves a price of 100 at 100: included, exempt or reversed."""
        self.ensure_one()
        if self.amount_type == "group":
            return all(child._cartona_leaves_price() for child in self.children_tax_ids)
        if self.price_include:
            return True
        if self.amount_type not in ("percent", "division", "fixed"):
            return False  # a formula may give nothing for one price and something for the next
        totals = self.compute_all(100.0, currency=self.company_id.currency_id)
        return totals["total_included"] == 100.0

    def _cartona_included_form(self):
        """Return the price-included form of one tax: created if missing, updated if outdated."""
        self.ensure_one()
        included = self.cartona_included_id
        if not included:
            included = self.cartona_included_id = self._cartona_create_included()
        elif included.amount != self.amount:
            included.amount = self.amount  # the law has changed the rate
        if self.amount_type == "group":
            children = self.children_tax_ids._cartona_included()
            if included.children_tax_ids != children:
                included.children_tax_ids = children
        return included

    def _cartona_create_included(self):
        name = self._cartona_included_name()
        values = dict(included_tax_values(self), name=name)
        if self.amount_type == "group":
            values["children_tax_ids"] = [(6, 0, self.children_tax_ids._cartona_included().ids)]
        included = self.copy(values)
        if included.name != name:
            included.name = name  # up to 16 `copy` appends "(Copy)" to any given name
        return included

    def _cartona_included_name(self):
        """Return a name that is not used yet: names of taxes are unique."""
        name, number = _("%s (included)", self.name), 1
        taken = set(
            self.with_context(active_test=False)
            .search([("company_id", "=", self.company_id.id), ("name", "=like", name + "%")])
            .mapped("name")
        )
        wanted = name
        while wanted in taken:
            number += 1
            wanted = "%s %s" % (name, number)
        return wanted
