"""Products for more than one test file."""

from tools.dev.odoo_server import OdooServer


def two_variants(odoo: OdooServer, price: float, extra: float) -> list[int]:
    """Return the two variants of a new template, the second one dearer by `extra`."""
    values = [(0, 0, {"name": "صغير"}), (0, 0, {"name": "كبير"})]
    attribute = odoo.call("product.attribute", "create", {"name": "الحجم", "value_ids": values})
    value_ids = odoo.call(
        "product.attribute.value", "search", [("attribute_id", "=", attribute)], order="id"
    )
    template = odoo.call(
        "product.template",
        "create",
        {
            "name": "عصير",
            "list_price": price,
            "taxes_id": [(5,)],
            "attribute_line_ids": [
                (0, 0, {"attribute_id": attribute, "value_ids": [(6, 0, value_ids)]})
            ],
        },
    )
    values = odoo.call(
        "product.template.attribute.value",
        "search",
        [("product_tmpl_id", "=", template)],
        order="id",
    )
    odoo.call("product.template.attribute.value", "write", values[1:], {"price_extra": extra})
    return [
        odoo.call(
            "product.product",
            "search",
            [("product_template_attribute_value_ids", "in", [value])],
        )[0]
        for value in values
    ]
