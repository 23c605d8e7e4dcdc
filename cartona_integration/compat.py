"""Differences between Odoo 15 and 19: the only module that depends on the series.

Each function checks for the field, model or signature that it needs, never for a version number.
"""

import functools
import json
from importlib.util import find_spec

from werkzeug import formparser
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import get_content_length

from odoo import SUPERUSER_ID, api, fields, http, models
from odoo.tools import float_is_zero

# === DECLARATIONS === #

if hasattr(models, "Constraint"):
    Constraint = models.Constraint
else:

    class Constraint:
        """`models.Constraint` for series that still read `_sql_constraints`."""

        def __init__(self, definition, message=""):
            self.definition, self.message = definition, message

        def __set_name__(self, owner, name):
            owner._sql_constraints = [
                *owner.__dict__.get("_sql_constraints", ()),
                (name[1:], self.definition, self.message),
            ]


class OpenSelection(fields.Selection):
    """A selection that labels its known values and accepts any other one.

    For values of Cartona, which may add new ones. Up to 18 Odoo refuses a value that is not in
    the list even where a method returns the list.
    """

    def convert_to_cache(self, value, record, validate=True):
        return super().convert_to_cache(value, record, validate=False)


# From 19 on Odoo checks the fields of every search and grouping itself.
CHECKS_FIELDS_BY_NAME = not hasattr(models.BaseModel, "_check_field_access")


def with_env(func):
    """Pass `env` to a hook in series that pass `(cr, registry)`."""

    @functools.wraps(func)
    def wrapper(env, registry=None):
        if not isinstance(env, api.Environment):
            env = api.Environment(env, SUPERUSER_ID, {})
        return func(env)

    return wrapper


# === HTTP === #

# Types of content that werkzeug reads as a form, completely.
_FORMS = ("application/x-www-form-urlencoded", "application/x-url-encoded", "multipart/form-data")


def webhook_route(*args, max_bytes, **kwargs):
    """Return `http.route` for a machine that posts JSON: no user, session or CSRF token, raw body.

    :param int max_bytes: maximum size of a body
    """
    return http.route(
        *args,
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
        # From 17 on: Odoo reads a form before the controller can authenticate the caller.
        max_content_length=max_bytes,
        **kwargs,
    )


def reply(data, status=200, headers=()):
    """Answer a webhook call with `data` as JSON under the given HTTP status.

    :param headers: further headers, pairs of texts
    """
    body = json.dumps(data, ensure_ascii=False).encode()
    headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", str(len(body))),
        *headers,
    ]
    return http.Response(body, status=status, headers=headers)


def route_json_calls(prefix):
    """Route calls to addresses below `prefix` to their controllers whatever the type of the body.

    Odoo 15 chooses the kind of request by the type of the body, later series by the route. In 15 a
    JSON body makes a JSON-RPC call, which never reaches an HTTP route: the caller would receive a
    200 that contains an error.
    """
    get_request = getattr(getattr(http, "Root", None), "get_request", None)
    if not get_request:
        return

    def get_plain_request(root, httprequest):
        if httprequest.path.startswith(prefix):
            return http.HttpRequest(httprequest)
        return get_request(root, httprequest)

    http.Root.get_request = get_plain_request


def limit_body_size(prefix, max_bytes):
    """Refuse bodies over `max_bytes` for addresses below `prefix` with a 413, unread.

    From 17 on the routes limit the size. Before, Odoo reads a form of any size completely before a
    controller can authenticate the caller. Werkzeug up to 2.2 reads a body even to refuse it.
    """
    routes_limit = hasattr(http, "DEFAULT_MAX_CONTENT_LENGTH")
    reads_all = routes_limit and hasattr(formparser, "_exhaust")
    if routes_limit and not reads_all:
        return
    application = type(http.root)
    serve = application.__call__

    def serve_unless_too_large(root, environ, start_response):
        is_ours = environ.get("PATH_INFO", "").startswith(prefix)
        is_form = environ.get("CONTENT_TYPE", "").lower().startswith(_FORMS)
        is_large = is_ours and (get_content_length(environ) or 0) > max_bytes
        if is_large and (is_form or reads_all):
            return RequestEntityTooLarge()(environ, start_response)
        return serve(root, environ, start_response)

    application.__call__ = serve_unless_too_large


def reload_action(model):
    """Return the action that reloads the current view.

    Clients up to 15, which load views one by one, have none: there, a form is read again when its
    dialog is closed.
    """
    if hasattr(model, "get_views"):
        return {"type": "ir.actions.client", "tag": "soft_reload"}
    return {"type": "ir.actions.act_window_close"}


# === PARTNERS === #

# True if a name search uses the fields of `_rec_names_search`; Odoo 15 has its own query.
FINDS_BY_NAMED_FIELDS = hasattr(models.BaseModel, "_rec_names_search")


def mobile_fields(partners):
    """Return the names of Odoo's fields for a second phone number: none from 19 on."""
    return ("mobile",) if "mobile" in partners._fields else ()


# === PRODUCTS === #


def is_counted(product):
    """Return True if Odoo tracks the quantity of the product (`is_storable`, formerly a type)."""
    if "is_storable" in product._fields:
        return product.is_storable
    return product.type == "product"


def storable_values(env):
    """Return values for a new product with tracked stock."""
    if "is_storable" in env["product.template"]._fields:
        return {"type": "consu", "is_storable": True}
    return {"detailed_type": "product"}


def pricelist_prices(pricelist, products, uom):
    """Return prices of one `uom` of each product in the pricelist's currency, before taxes, today.

    :return: dict product id -> float
    """
    if hasattr(pricelist, "_get_products_price"):
        return pricelist._get_products_price(products, 1.0, uom=uom)
    ones = [1.0] * len(products)
    return pricelist.get_products_price(products, ones, [False] * len(products), uom_id=uom.id)


def round_price(currency, price):
    """Return the price rounded as the currency rounds it, with only its decimals.

    Up to 17 Odoo counts the currency's steps and multiplies: 57 * 0.01 is 0.5700000000000001.
    """
    return round(currency.round(price), 6)  # a step has six decimals at most


def flush(model):
    """Write pending changes of this model to the database, before SQL reads its table."""
    if hasattr(model, "flush_model"):
        model.flush_model()
    else:
        model.flush()


def invalidate(records, fields):
    """Remove these fields of the records from the ORM's cache."""
    if hasattr(records, "invalidate_recordset"):
        records.invalidate_recordset(fields)
    else:
        records.invalidate_cache(fields, records.ids)


# === UNITS === #


def same_unit_family(unit, other):
    """Return True if quantities can be converted between the two units.

    Up to 18 units belong to categories; from 19 they have a common reference unit.
    """
    if "category_id" in unit._fields:
        return unit.category_id == other.category_id
    return _reference_unit(unit) == _reference_unit(other)


def _reference_unit(unit):
    while unit.relative_uom_id:
        unit = unit.relative_uom_id
    return unit


def pack_unit_values(base, count, name):
    """Return values for a new unit that contains `count` of the unit `base`."""
    if "category_id" not in base._fields:
        return {"name": name, "relative_uom_id": base.id, "relative_factor": count}
    return {
        "name": name,
        "category_id": base.category_id.id,
        "uom_type": "bigger",
        # factor_inv counts in the category's reference unit, which base need not be.
        "factor_inv": count * base.factor_inv,
        "rounding": base.rounding,
    }


def pack_unit_domain(base):
    """Return the domain of existing units that may contain several of the unit `base`."""
    if "category_id" in base._fields:
        return [("category_id", "=", base.category_id.id)]
    return [("relative_uom_id", "!=", False)]


# === SALES === #

# From 17 on Odoo has a dialog that cancels the selected orders of the list.
HAS_MASS_CANCEL = find_spec("odoo.addons.sale.wizard.mass_cancel_orders") is not None


def unit_field(lines):
    """Return the name of the field with the unit of a sale order line."""
    return "product_uom_id" if "product_uom_id" in lines._fields else "product_uom"


def tax_field(lines):
    """Return the name of the field with the taxes of a sale order line."""
    return "tax_ids" if "tax_ids" in lines._fields else "tax_id"


def is_locked(order):
    """Return True if the lines of the order are locked (formerly the state `done`)."""
    return order.locked if "locked" in order._fields else order.state == "done"


def is_confirmed(order):
    """Return True if the order is a sale: up to 16 a locked one has a state of its own."""
    return order.state in ("sale", "done")


def keeps_exactly(record, field_name, value):
    """Return True if the field stores this number without rounding it."""
    digits = record._fields[field_name].get_digits(record.env)
    return not digits or abs(round(value, digits[1]) - value) < 1e-9


def needs_pricelist(orders):
    """Return True if an order cannot be saved without a pricelist."""
    return orders._fields["pricelist_id"].required


def customer_warning(partner):
    """Return the message that blocks sales to this customer; "" if they are not blocked.

    From 19 there is only a message; before, a mere warning does not block.
    """
    if "sale_warn" in partner._fields and partner.sale_warn != "block":
        return ""
    return partner.sale_warn_msg or ""


def fiscal_position(env, partner, delivery):
    """Return the fiscal position under which this company sells to the partner."""
    Position = env["account.fiscal.position"]
    if hasattr(Position, "_get_fiscal_position"):
        return Position._get_fiscal_position(partner, delivery)
    return Position.get_fiscal_position(partner.id, delivery_id=delivery.id)


def company_taxes(product, company):
    """Return the product's sale taxes in this company."""
    taxes = product.taxes_id
    if hasattr(taxes, "_filter_taxes_by_company"):
        return taxes._filter_taxes_by_company(company)
    return taxes.filtered(lambda tax: tax.company_id == company)  # up to 16, without branches


def included_tax_values(taxes):
    """Return values that make the copy of a tax price-included."""
    if "price_include_override" in taxes._fields:
        values = {"price_include_override": "tax_included"}
    else:
        values = {"price_include": True}
    # From 19 a tax stores the taxes it replaces; a copy must not replace them as well.
    for name in ("original_tax_ids", "replacing_tax_ids"):
        if name in taxes._fields:
            values[name] = [(5, 0, 0)]
    return values


def write_with_deliveries(order, values):
    """Write `values` on the order, with a new delivery address on its open deliveries, too.

    From 18 on `sale_stock` does so by a key of the context. Before, it schedules an activity for
    a user, which is not needed then.
    """
    pickings = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
    existing = pickings.activity_ids
    order.with_context(update_delivery_shipping_partner=True).write(values)
    if values.get("partner_shipping_id"):
        pickings.filtered(
            lambda picking: picking.partner_id != order.partner_shipping_id
        ).partner_id = order.partner_shipping_id
        (pickings.activity_ids - existing).unlink()


def done_quantity(move):
    """Return the quantity that a stock move has moved, in its own unit."""
    return move.quantity if "quantity" in move._fields else move.quantity_done


def moves_of(pickings):
    """Return the stock moves of transfers."""
    return pickings.move_ids if "move_ids" in pickings._fields else pickings.move_lines


def picked_quantity(move):
    """Return the picked quantity of an open move, in its own unit."""
    if "picked" in move._fields:
        return move.quantity if move.picked else 0.0
    return move.quantity_done


def pick_all(moves):
    """Pick the demand of these moves, in stock or not."""
    for move in moves:
        if "picked" in move._fields:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        else:
            move.quantity_done = move.product_uom_qty


def cancel_emptied(moves):
    """Cancel the open moves without any quantity left.

    From 16 on Odoo does so itself; before, the transfer keeps them as empty lines.
    """
    emptied = moves.filtered(
        lambda move: (
            move.state not in ("draft", "done", "cancel")
            and float_is_zero(move.product_uom_qty, precision_rounding=move.product_uom.rounding)
            and not done_quantity(move)
        )
    )
    # The next moves of a chain have been emptied, or kept, independently.
    emptied.write({"propagate_cancel": False})
    emptied._action_cancel()


def backorder_rule(picking):
    """Return if a backorder is created for undelivered goods: `ask`, `always` or `never`."""
    kind = picking.picking_type_id
    return kind.create_backorder if "create_backorder" in kind._fields else "ask"


def make_return(picking):
    """Prepare the return of all that a done transfer has moved and that is not being returned yet.

    :return: `stock.picking`, ready to be validated; empty if nothing is left to return
    """
    left = {
        move.id: done_quantity(move)
        - sum(
            done_quantity(back) if back.state == "done" else back.product_uom_qty
            for back in move.returned_move_ids
            if back.state != "cancel"
        )
        for move in moves_of(picking)
        if move.state == "done"
    }
    if not any(quantity > 0 for quantity in left.values()):
        return picking.browse()
    active = {"active_id": picking.id, "active_ids": picking.ids, "active_model": picking._name}
    wizard = picking.env["stock.return.picking"].with_context(**active)
    wizard = wizard.create({"picking_id": picking.id})
    if hasattr(wizard, "_onchange_picking_id"):
        wizard._onchange_picking_id()
    for line in wizard.product_return_moves:
        line.quantity = max(left.get(line.move_id.id, 0.0), 0.0)
    if hasattr(wizard, "_create_return"):
        return wizard._create_return()
    return picking.browse(wizard._create_returns()[0])


def check_may_write(records):
    """Raise AccessError unless the user may write these records."""
    _check_access(records, "write")


def check_may_read(records):
    """Raise AccessError unless the user may read these records."""
    _check_access(records, "read")


def _check_access(records, operation):
    if hasattr(records, "check_access"):
        records.check_access(operation)
    else:
        records.check_access_rights(operation)
        records.check_access_rule(operation)
        # Up to 16 the rules of a parent by `_inherits`, such as the product's template, are not
        # applied to the record.
        for part in records._inherits.values():
            _check_access(records[part], operation)


def may_write(model):
    """Return True if the user may write records of this model at all."""
    if hasattr(model, "has_access"):
        return model.has_access("write")
    return model.check_access_rights("write", raise_exception=False)


def is_kit(product):
    """Return True if a delivery shows the components of the product instead of the product."""
    return "is_kits" in product._fields and product.is_kits


# === ACCOUNTING === #


def receivable_lines(moves):
    """Return the receivable lines of journal entries."""
    if "account_type" in moves.env["account.account"]._fields:
        return moves.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
    return moves.line_ids.filtered(lambda line: line.account_id.internal_type == "receivable")
