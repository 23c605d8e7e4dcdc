"""The inputs of Odoo that prices, stock and the state of a listing are computed from.

Every model and field that is read on the way to Cartona is listed here with what notices its
change. A test computes prices and stock over a rich database, records what Odoo really reads, and
fails for an input that is missing here.

    Hook(...)        the model's own override in this addon, which uses the fields listed here
    Watch(...)       `triggers/inputs.py` marks listings whenever the ORM modifies the fields
    Clock(...)       it changes on a date: the method that the minute cron calls
    Irrelevant(...)  the reason why a change needs no trigger

Fields or models that a series or an installed module lacks are listed as well.
"""

from typing import NamedTuple


class Hook(NamedTuple):
    """Fields whose change an override of this addon notices.

    :param place: "model.method" that marks the listings
    """

    place: str
    price: tuple = ()
    stock: tuple = ()


class Watch(NamedTuple):
    """Fields whose change is noticed by `modified`, for every addon that changes them.

    :param products: path to the products concerned
    :param companies: path to the companies concerned; without either path, all listings are
    :param waiting: error code of the orders that wait for such a change
    """

    price: tuple = ()
    stock: tuple = ()
    products: str = ""
    companies: str = ""
    waiting: str = ""


class Clock(NamedTuple):
    """Fields whose value takes effect at a time.

    :param method: method of `cartona.config` that the minute cron calls
    """

    method: str
    fields: tuple


class Irrelevant(NamedTuple):
    """Fields that are read, and whose change alters nothing on Cartona."""

    reason: str
    fields: tuple


_UNIT = (
    "category_id",
    "factor",
    "relative_factor",
    "relative_uom_id",
    "rounding",
    "uom_type",
)
_ORDER = "it orders records, each of which counts"

INPUTS = {
    # === PRICE === #
    "product.template": (
        Hook(
            "product.template.write",
            price=(
                "active",
                "categ_id",
                "company_id",
                "list_price",
                "lst_price",
                "sale_ok",
                "standard_price",
                "taxes_id",
                "uom_id",
            ),
            stock=(
                "cartona_is_unlimited_stock",
                "company_id",
                "detailed_type",
                "is_storable",
                "type",
                "uom_id",
            ),
        ),
        Irrelevant("it reports an amount that is the same", ("account_tag_ids",)),
        Irrelevant(_ORDER, ("default_code", "name", "priority")),
        Irrelevant("the other side of product_tmpl_id", ("product_variant_ids",)),
    ),
    "product.product": (
        Hook(
            "product.product.write",
            price=(
                "active",
                "categ_id",
                "company_id",
                "list_price",
                "lst_price",
                "product_template_attribute_value_ids",
                "sale_ok",
                "standard_price",
                "taxes_id",
                "uom_id",
            ),
            stock=("company_id", "detailed_type", "is_storable", "type", "uom_id"),
        ),
        Irrelevant("a variant stays with its template", ("product_tmpl_id",)),
        Irrelevant(_ORDER, ("default_code", "name", "priority")),
    ),
    "product.template.attribute.value": (
        Hook("product.template.attribute.value.write", price=("price_extra",)),
        Irrelevant(_ORDER, ("attribute_id", "attribute_line_id", "product_attribute_value_id")),
    ),
    "product.template.attribute.line": (Irrelevant(_ORDER, ("attribute_id", "sequence")),),
    "product.attribute": (Irrelevant(_ORDER, ("sequence",)),),
    "product.attribute.value": (Irrelevant(_ORDER, ("attribute_id", "sequence")),),
    "product.category": (
        Watch(price=("parent_id", "parent_path")),
        Irrelevant(_ORDER, ("complete_name",)),
    ),
    "product.pricelist": (Hook("product.pricelist.write", price=("active", "currency_id")),),
    "product.pricelist.item": (
        Hook(
            "product.pricelist.item.write",
            price=(
                "applied_on",
                "base",
                "base_pricelist_id",
                "categ_id",
                "compute_price",
                "fixed_price",
                "min_quantity",
                "percent_price",
                "price_discount",
                "price_markup",
                "price_max_margin",
                "price_min_margin",
                "price_round",
                "price_surcharge",
                "pricelist_id",
                "product_id",
                "product_tmpl_id",
            ),
        ),
        Clock("_mark_dated_rules_dirty", ("date_start", "date_end")),
        Irrelevant("up to 17, follows the pricelist", ("active",)),
    ),
    "uom.uom": (
        Watch(
            price=_UNIT,
            stock=_UNIT,
        ),
    ),
    "account.tax": (
        Hook(
            "account.tax.write",
            price=(
                "active",
                "amount",
                "amount_type",
                "children_tax_ids",
                "company_id",
                "formula",
                "include_base_amount",
                "invoice_repartition_line_ids",
                "is_base_affected",
                "price_include",
                "price_include_override",
                "python_applicable",
                "python_compute",
                "repartition_line_ids",
                "sequence",
            ),
        ),
        Irrelevant(
            "it labels, books or reports an amount that is the same",
            ("analytic", "country_id", "name", "tax_exigibility", "type_tax_use"),
        ),
    ),
    "account.tax.repartition.line": (
        Watch(
            price=(
                "document_type",
                "factor",
                "factor_percent",
                "invoice_tax_id",
                "refund_tax_id",
                "repartition_type",
                "tax_id",
            ),
        ),
        Irrelevant(
            "it books an amount that is the same",
            ("account_id", "sequence", "tag_ids", "use_in_tax_closing"),
        ),
    ),
    "account.account.tag": (
        Irrelevant("it reports an amount that is the same", ("active", "applicability")),
    ),
    "res.currency": (
        Watch(price=("decimal_places", "rounding")),
        Irrelevant("it is shown in messages", ("name", "symbol")),
    ),
    "res.currency.rate": (
        Hook("res.currency.rate.write", price=("company_id", "currency_id", "rate")),
        Clock("_mark_todays_rates_dirty", ("name",)),
    ),
    "res.company": (
        Watch(
            price=(
                "account_price_include",
                "parent_id",
                "parent_path",
                "tax_calculation_rounding_method",
            ),
        ),
        Hook("res.company.write", price=("currency_id",)),
        Irrelevant("the other side of parent_id", ("child_ids",)),
        Irrelevant(_ORDER, ("name", "sequence")),
        Irrelevant("an archived company keeps its configuration and its switches", ("active",)),
    ),
    "decimal.precision": (
        Watch(price=("digits",)),
        Irrelevant("the code of Odoo names it", ("name",)),
    ),
    # === STOCK === #
    "stock.quant": (
        Hook(
            "stock.quant.write",
            stock=("location_id", "product_id", "quantity", "reserved_quantity"),
        ),
        Clock("_mark_expired_dirty", ("removal_date",)),
    ),
    "stock.move": (
        Hook(
            "stock.move.write",
            stock=(
                "location_dest_id",
                "location_final_id",
                "location_id",
                "product_id",
                "product_uom",
                "product_uom_qty",
                "state",
            ),
        ),
        Irrelevant("computed from the demand and its unit", ("product_qty",)),
    ),
    "stock.lot": (Watch(stock=("expiration_date", "removal_date"), products="product_id"),),
    "stock.production.lot": (
        Watch(stock=("expiration_date", "removal_date"), products="product_id"),
    ),
    "stock.location": (
        Watch(
            stock=("company_id", "location_id", "parent_path", "scrap_location", "usage"),
            companies="company_id",
        ),
    ),
    "mrp.bom": (
        Hook(
            "cartona.kit._mark_bills_dirty",
            stock=(
                "active",
                "bom_line_ids",
                "company_id",
                "picking_type_id",
                "product_id",
                "product_qty",
                "product_tmpl_id",
                "product_uom_id",
                "sequence",
                "type",
            ),
        ),
    ),
    "mrp.bom.line": (
        Hook(
            "cartona.kit._mark_bills_dirty",
            stock=(
                "bom_id",
                "bom_product_template_attribute_value_ids",
                "product_id",
                "product_qty",
                "product_uom_id",
            ),
        ),
        Irrelevant("it shares out a cost", ("cost_share",)),
        Irrelevant(_ORDER, ("sequence",)),
    ),
    "res.partner": (
        Irrelevant("it decides when the day of a rate begins, which a clock checks", ("tz",)),
    ),
    "sale.order": (
        Hook("sale.order.write", stock=("state",)),
        Irrelevant("set when the order is imported", ("cartona_id", "company_id")),
        Irrelevant(_ORDER, ("date_order",)),
    ),
    "sale.order.line": (
        Hook(
            "sale.order.line.write",
            stock=("product_id", "product_uom", "product_uom_id", "product_uom_qty"),
        ),
        Irrelevant(_ORDER, ("sequence",)),
        Irrelevant("a line stays in its order", ("order_id",)),
    ),
    "stock.warehouse": (
        Watch(
            stock=("active", "company_id", "lot_stock_id", "view_location_id"),
            companies="company_id",
            waiting="no_warehouse",
        ),
        Irrelevant(_ORDER, ("sequence",)),
    ),
}

# Models that decide who may read, in which language, and what this addon itself stores.
IRRELEVANT_MODELS = ("cartona.", "ir.", "res.groups", "res.lang", "res.users")
# Fields of the ORM that no person changes.
ALWAYS_IRRELEVANT = frozenset({"id", "create_date", "create_uid", "write_date", "write_uid"})


def fields_of(model, kind):
    """Return the fields of a model whose change its own hook notices.

    :param str kind: "price" or "stock"
    :return: frozenset of names
    """
    return frozenset(
        name for entry in INPUTS[model] if isinstance(entry, Hook) for name in getattr(entry, kind)
    )


def watched():
    """Return a dict model -> its `Watch` entry."""
    return {
        model: entry
        for model, entries in INPUTS.items()
        for entry in entries
        if isinstance(entry, Watch)
    }


def is_listed(model, name):
    """Return True if a field that is read has a trigger, a clock or a reason why it needs none."""
    if model.startswith(IRRELEVANT_MODELS) or name in ALWAYS_IRRELEVANT:
        return True
    listed = [part for entry in INPUTS.get(model, ()) for part in entry]
    return any(name in part for part in listed if isinstance(part, tuple))
