"""Every wrong variant of every field is read without effect on others, or is a `Problem`.

The import of these orders is tested inside Odoo, on a part of them.
"""

import dataclasses
import importlib.util
import json
from pathlib import Path

import pytest

from cartona_api import Order, Problem, parse_listing, parse_order

_COMMON = Path(__file__).parents[2] / "cartona_integration" / "tests" / "bad_input_common.py"


def _load():
    """Load the variants by path: the package of the addon's tests needs Odoo."""
    spec = importlib.util.spec_from_file_location("bad_input_common", _COMMON)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VARIANTS = _load()


def _first(answer):
    return (answer if isinstance(answer, list) else answer["data"])[0]


#: Field of a raw order -> attributes of `Order` that depend on it, where the names differ.
_DEPENDS = {
    "status": {"status", "known_status"},
    "order_details": {"lines"},
    "retailer": {"retailer"},
}


@pytest.mark.parametrize(
    "name",
    [
        "pull_orders_pending",
        "pull_orders_offer",
        "pull_orders_credit_instalment_wallet",
        "pull_orders_delivered_by_cartona",
    ],
)
def test_wrong_field_changes_no_other_field(sample, name):
    raw = _first(sample(name))
    good = parse_order(raw)
    cases = VARIANTS.mutations(raw)
    assert len(cases) > 500
    read = 0
    for path, variant, changed in cases:
        # As it arrives: NaN and halves of surrogate pairs included.
        arrived = json.loads(json.dumps(changed))
        try:
            order = parse_order(arrived)
        except Problem as problem:
            assert problem.code, (path, variant)
            continue
        read += 1
        top = path.split(".")[0]
        differ = {
            field.name
            for field in dataclasses.fields(Order)
            if getattr(order, field.name) != getattr(good, field.name)
        }
        assert differ <= _DEPENDS.get(top, {top}) | {"unreadable"}, (path, variant)
        if path.startswith("order_details."):
            assert order.lines[1:] == good.lines[1:], (path, variant)
    assert read > len(cases) / 3


def test_catalogue_row_with_one_wrong_field_is_read_or_refused(sample):
    row = sample("supplier_product_page")[0]
    for path, variant, changed in VARIANTS.mutations(row):
        try:
            parse_listing(json.loads(json.dumps(changed)))
        except Problem as problem:
            assert problem.code, (path, variant)
