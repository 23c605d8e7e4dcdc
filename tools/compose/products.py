"""Products for the first listings of the sandbox, linked to them, priced and in stock.

Runs inside Odoo, in one transaction, on the Python of every series.
"""

#: Number of products that are sold by the box as well.
BOXES = 6
STOCK = 240


def catalogue(listings, count):
    """Return the first base products of the sandbox: the piece, and for some its box.

    :param listings: all listings of the sandbox
    :param count: number of products
    """
    pieces, boxes = {}, {}
    for listing in listings:
        kind = pieces if float(listing["unit_count"]) == 1 else boxes
        kind.setdefault(str(listing["base_product_id"]), listing)
    chosen = sorted(pieces, key=lambda base: base not in boxes)[:count]
    return [
        {
            "id": str(pieces[base]["supplier_product_id"]),
            "name": pieces[base]["supplier_product_name"],
            "code": "P%s" % base,
            "price": float(pieces[base]["selling_price"]),
            "stock": STOCK + 12 * number,
            "box": _box(boxes[base]) if number < BOXES and base in boxes else None,
        }
        for number, base in enumerate(chosen)
    ]


def _box(listing):
    return {
        "id": str(listing["supplier_product_id"]),
        "name": listing["supplier_product_name"],
        "unit": listing["unit"],
        "count": float(listing["unit_count"]),
    }


def make(env, data):
    """Create them for the current company, and set its currency to pounds.

    :param data: result of `catalogue`
    """
    from odoo.addons.cartona_integration.compat import storable_values

    pounds = env.ref("base.EGP")
    pounds.active = True
    company = env.company
    company.currency_id = pounds
    env["product.pricelist"].search([]).currency_id = pounds
    config = env["cartona.config"].search([("company_id", "=", company.id)])
    config.currency_id = company.currency_id
    warehouse = env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
    location = warehouse.lot_stock_id
    values = [
        dict(
            storable_values(env),
            name=row["name"],
            default_code=row["code"],
            list_price=row["price"],
            taxes_id=[(5,)],
            cartona_id=row["id"],
        )
        for row in data
    ]
    products = env["product.product"].create(values)
    # The catalogue is known: nothing has to be looked up.
    products.cartona_listing_ids.write({"unit_count": 1})
    for product, row in zip(products, data):  # noqa: B905
        if row["box"]:
            unit = env["cartona.listing"]._pack_unit(product.uom_id, row["box"]["count"], "box")
            env["cartona.listing"].create(
                {
                    "config_id": config.id,
                    "cartona_id": row["box"]["id"],
                    "name": row["box"]["name"],
                    "unit": row["box"]["unit"],
                    "unit_count": row["box"]["count"],
                    "product_id": product.id,
                    "uom_id": unit.id,
                }
            )
    quants = [
        {"product_id": product.id, "location_id": location.id, "inventory_quantity": row["stock"]}
        for product, row in zip(products, data)  # noqa: B905
    ]
    env["stock.quant"].with_context(inventory_mode=True).create(quants).action_apply_inventory()
