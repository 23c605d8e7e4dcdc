"""Databases with many products, with and without the addon, created once and then copied.

The products are created before the addon is installed: both databases of a comparison have the
same rows in the same places. The first thousand are created as a user would; above that their
rows are copied.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tools.dev import databases, odoo_config, store
from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer, on_a_copy
from tools.dev.paths import ADDON, DEV
from tools.dev.progress import say
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.seller import Seller, storable

#: The marketplace's first listing; above the shipped catalogue the ids have no gaps.
FIRST_LISTING = 500_001
#: Number of products to create through the ORM.
_MADE = 1000

_CREATE = """
values = {values!r}
size, chunk = {size}, 1000
for start in range(0, size, chunk):
    rows = [dict(values, name="منتج %05d" % number, list_price=10 + number % 90)
            for number in range(start, min(start + chunk, size))]
    env["product.template"].with_context(tracking_disable=True).create(rows)
    env.cr.commit()
    env.invalidate_all() if hasattr(env, "invalidate_all") else env.cache.invalidate()
"""
_LINK = """
config = env["cartona.config"].search([], limit=1, order="id")
products = env["product.product"].search([("name", "=like", "منتج %")], order="id").ids
chunk = 5000
for start in range(0, len(products), chunk):
    env["cartona.listing"].create([
        dict(config_id=config.id, product_id=product, cartona_id=str({first} + start + place))
        for place, product in enumerate(products[start:start + chunk])
    ])
    env.cr.commit()
    env.invalidate_all() if hasattr(env, "invalidate_all") else env.cache.invalidate()
"""
# Copies bypass the ORM, which would need most of an hour for 100,000 products. For benchmarks
# only: nothing that sending reads is computed or stored elsewhere.
_COPY = """
INSERT INTO {table} ({columns})
SELECT {values} FROM {table}, generate_series(1, {copies}) copy WHERE {condition};
SELECT setval('{table}_id_seq', max(id)) FROM {table};
ANALYZE {table}
"""
_COLUMNS = """
SELECT attname FROM pg_attribute
 WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""
_STRIDE = 10_000  # between the ids of a row and its first copy, of that and the next one
_LINKED = "SELECT product_id FROM cartona_listing"
#: table -> rows to copy, and the columns that differ in a copy
_COPIES = {
    "product_template": (
        f"id IN (SELECT product_tmpl_id FROM product_product WHERE id IN ({_LINKED}))",
        {"id": f"id + copy * {_STRIDE}"},
    ),
    "product_product": (
        f"id IN ({_LINKED})",
        {
            "id": f"id + copy * {_STRIDE}",
            "product_tmpl_id": f"product_tmpl_id + copy * {_STRIDE}",
        },
    ),
    "cartona_listing": (
        "true",
        {
            "id": f"id + copy * {_STRIDE}",
            "product_id": f"product_id + copy * {_STRIDE}",
            "cartona_id": f"cartona_id::integer + copy * {_MADE}",
        },
    ),
}


def bare(env: Environment, size: int) -> str:
    """Return a template database with that number of products and without the addon.

    :return: its name; copy it, it is a template
    """
    base = databases.base_template(env)
    key = store.key_of(base, _CREATE)

    def make(name: str) -> None:
        databases.clone(env, name, base)
        odoo = OdooServer(env, name)
        odoo.shell(_CREATE.format(values={**storable(odoo), "taxes_id": [(5,)]}, size=size))

    return _template(env, f"bare_{size}", key, f"{size:,} products", make)


def linked(env: Environment, size: int) -> str:
    """Return a template database with the current addon, every product linked to a listing.

    :param size: a multiple of 1,000 if larger
    :return: its name; copy it, it is a template
    """
    if size > _MADE:
        return _multiplied(env, size)
    products = bare(env, size)
    key = store.key_of(products, store.tree_key(env.addon, ("tests", "description")), _LINK)

    def make(name: str) -> None:
        databases.clone(env, name, products)
        databases.install(env, name, ADDON)
        OdooServer(env, name).shell(_LINK.format(first=FIRST_LISTING))

    return _template(env, f"linked_{size}", key, f"{size:,} products linked", make)


def _multiplied(env: Environment, size: int) -> str:
    """Return a template with that many linked products, mostly copies of the first thousand."""
    times, rest = divmod(size, _MADE)
    assert not rest, f"{size} is not a multiple of {_MADE}"
    original = linked(env, _MADE)

    def make(name: str) -> None:
        databases.clone(env, name, original)
        for table in _COPIES:
            _copy_rows(env, name, table, times - 1)

    key = store.key_of(original, _COPY, repr(_COPIES))
    return _template(env, f"linked_{size}", key, f"{size:,} products linked", make)


def _copy_rows(env: Environment, database: str, table: str, copies: int) -> None:
    condition, other = _COPIES[table]
    columns = [name for (name,) in env.pg.query(_COLUMNS, table, database=database)]
    statement = _COPY.format(
        table=table,
        columns=", ".join(f'"{name}"' for name in columns),
        values=", ".join(other.get(name, f'"{name}"') for name in columns),
        copies=copies,
        condition=condition,
    )
    env.pg.query(statement, database=database)


def served(env: Environment, template: str) -> AbstractContextManager[OdooServer]:
    """Serve a fresh copy of the template with the job runner, and drop it after the block."""
    return on_a_copy(env, f"{template}_{os.getpid()}", template)


@contextmanager
def opened(env: Environment, size: int) -> Iterator[Seller]:
    """Open a seller whose `size` products are all on the marketplace, with no work left."""
    template = linked(env, size)
    with SandboxServer(seed=1, listings=max(size, 1000)) as sandbox, served(env, template) as odoo:
        seller = Seller(odoo, sandbox)
        rows = odoo.query("SELECT product_id, cartona_id FROM cartona_listing ORDER BY id")
        seller.listings = dict(rows)
        seller.connect()
        seller.wait_until_idle(timeout=60 + size / 20, pause=max(0.02, size / 100_000))
        yield seller


def _template(env: Environment, kind: str, key: str, text: str, make: Callable[[str], None]) -> str:
    """Create a template database unless it exists, and drop older ones of its kind."""
    prefix = f"cartona_bench_{env.series.replace('.', '')}_{store.key_of(str(DEV))[:4]}_{kind}_"
    name = prefix + key
    if name in env.pg.databases():
        return name
    partial = f"{prefix}making_{os.getpid()}"
    say(f"bench: creating the database with {text}, once ...")
    try:
        make(partial)
        for old in env.pg.databases():
            if re.fullmatch(re.escape(prefix) + "[0-9a-f]{12}", old):
                databases.drop(env, old)
        env.pg.disconnect(partial)
        _rename(env, partial, name)
    finally:
        databases.drop(env, partial)
    return name


def _rename(env: Environment, old: str, new: str) -> None:
    env.pg.rename(old, new)
    if odoo_config.filestore(old).exists():
        odoo_config.filestore(old).rename(odoo_config.filestore(new))
