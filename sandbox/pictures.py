"""Drawn thumbnails: a shape for the product's unit in the colour of its category."""

import hashlib
from functools import lru_cache

from .catalogue import SYNTHETIC_BASE, Listing, products

# On a canvas of 64 x 64.
SHAPES = {
    "bottle": '<path d="M27 6h10v9q8 4 8 13v26a4 4 0 0 1-4 4H23a4 4 0 0 1-4-4V28q0-9 8-13z"/>',
    "can": '<path d="M20 12q12-5 24 0l2 5v30l-2 5q-12 5-24 0l-2-5V17z"/>',
    "jar": '<path d="M20 8h24v7l4 5v32a5 5 0 0 1-5 5H21a5 5 0 0 1-5-5V20l4-5z"/>',
    "bag": '<path d="M17 8q15 5 30 0l-1 8q6 20 1 40-15 5-30 0-5-20 1-40z"/>',
    "box": '<path d="M8 20 32 8l24 12-24 12z" opacity=".55"/><path d="M8 21 31 33v25L8 46z"/>'
    '<path d="M56 21 33 33v25l23-12z" opacity=".8"/>',
    "roll": '<path d="M14 16a18 7 0 0 1 36 0v32a18 7 0 0 1-36 0z"/>',
    "kg": '<path d="M12 26h40l-5 32H17z"/><circle cx="32" cy="16" r="9"/>',
    "card": '<rect x="7" y="15" width="50" height="34" rx="5"/>',
    "packet": '<rect x="15" y="8" width="34" height="48" rx="4"/>',
}
SHAPE_OF = {"recharge_card": "card", "strip": "card", "piece": "packet"}


def address(public_url: str, listing: Listing) -> str:
    """Return the URL of a listing's thumbnail."""
    boxed = "-box" if listing.unit_count > 1 else ""
    return f"{public_url}/images/{listing.base_product_id}{boxed}.svg"


@lru_cache(maxsize=4096)
def draw(base_product_id: int, boxed: bool = False) -> str:
    """Return the SVG of a base product, or of a box of it; an unknown one gets a plain packet."""
    shipped = products()
    if base_product_id > SYNTHETIC_BASE:
        product = shipped[(base_product_id - SYNTHETIC_BASE - 1) % len(shipped)]
    else:
        product = next((row for row in shipped if row.base_product_id == base_product_id), None)
    unit, category = (product.unit, product.category) if product else ("piece", "")
    hue = hashlib.blake2b(category.encode()).digest()[0] * 360 // 256
    turn = base_product_id * 37 % 40 - 20
    form = "box" if boxed else SHAPE_OF.get(unit, unit)
    label = (
        f'<rect x="20" y="31" width="24" height="12" rx="2" fill="hsl({hue + turn} 60% 97%)"/>'
        f'<rect x="23" y="35" width="{9 + base_product_id % 9}" height="3" rx="1.5" '
        f'fill="hsl({hue + turn} 58% 40%)"/>'
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="128" height="128">'
        f'<rect width="64" height="64" rx="12" fill="hsl({hue} 60% 93%)"/>'
        f'<g fill="hsl({hue + turn} 58% 52%)">{SHAPES[form]}</g>'
        f"{'' if form == 'box' else label}</svg>"
    )
