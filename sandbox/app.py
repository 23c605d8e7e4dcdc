"""The supplier's API: the documented routes, strict on what comes in.

Source of the paths, parameters and fields: the API notes. `Behaviour` decides what they leave
open.
"""

import json
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from . import orders, pictures
from .catalogue import Listing
from .errors import Refused
from .marketplace import Account, Marketplace

DEFAULT_PER_PAGE = 100
PRODUCT_FILTERS = ("internal_product_id", "supplier_product_id", "base_product_id", "search_token")
PAGING = frozenset({"page", "per_page", "limit", "supplier_code", "internal_supplier_code"})
ID_KEYS = {
    "documented": "supplier_product_id",
    "misspelt": "suppler_prodcut_id",
    "short": "id",
}


class SupplierApi:
    """The endpoints, bound to one marketplace."""

    def __init__(self, market: Marketplace):
        self.market = market

    def app(self) -> Starlette:
        def post(path: str, endpoint: Callable) -> Route:
            return Route(f"/api/v1/{path}", endpoint, methods=["POST"])

        routes = [
            Route("/api/v1/supplier-product", self.list_products, methods=["GET"]),
            post("supplier-product/bulk-update", self.update_products),
            post("supplier-product/base-product/bulk-update-stock", self.update_base_stock),
            Route("/api/v1/order/pull-orders", self.pull_orders, methods=["GET"]),
            post("order/update-order-status", self.update_statuses),
            post("order/update-order-status/{hashed_id}", self.update_status),
            post("order/update-order-details", self.update_details),
        ]
        app = Starlette(routes=routes, exception_handlers={Refused: _refusal, 404: _no_route})
        app.router.redirect_slashes = False
        return app

    # === PRODUCTS === #

    async def list_products(self, request: Request) -> Response:
        self._oddity_400(request)
        accounts = self._accounts(request)
        filters = self._query(request, PAGING | set(PRODUCT_FILTERS))
        given = {key: filters[key] for key in PRODUCT_FILTERS if filters.get(key)}
        rows = list(self.market.listings(accounts, **given))
        return self._page(request, rows, self._product)

    def _oddity_400(self, request: Request) -> None:
        """Answer 400 where 401 is expected, as the plain list once did (cause unknown)."""
        mode = self.market.behaviour.product_list_400
        if mode == "never" or request.headers.get("AuthorizationToken") in self.market.tokens:
            return
        if mode == "any_bad_token" or "Authorization" in request.headers:
            raise Refused("Bad request", 400)

    def _product(self, listing: Listing) -> dict:
        behaviour = self.market.behaviour
        name_key = "supplier_product_name"
        if behaviour.product_keys == "misspelt":
            name_key = "suppler_prodcut_name"
        return {
            ID_KEYS[behaviour.product_keys]: orders.id_shown(
                listing.supplier_product_id, behaviour
            ),
            "internal_product_id": listing.internal_product_id,
            "base_product_id": orders.id_shown(listing.base_product_id, behaviour),
            "unit": listing.unit,
            "unit_count": listing.unit_count,
            "base_product_name": listing.base_product_name,
            name_key: listing.supplier_product_name,
            "image_thumbnail": pictures.address(self.market.public_url, listing),
            "median_price": orders.amount_shown(orders.money(listing.median_price), behaviour),
            "tax_percentage": listing.tax_percentage,
            "selling_price": orders.amount_shown(orders.money(listing.selling_price), behaviour),
            "available_stock_quantity": listing.available_stock_quantity,
            "remind_me_at_stock": listing.remind_me_at_stock,
            "min_order": listing.min_order,
            "max_order": listing.max_order,
            "in_stock": listing.in_stock,
            "is_bundle": listing.is_bundle,
            "is_published": listing.is_published,
            "is_unlimited_stock": listing.is_unlimited_stock,
            "sold_amount": listing.sold_amount,
            "notes": listing.notes,
        }

    async def update_products(self, request: Request) -> Response:
        return await self._bulk(request, self.market.update_listing)

    async def update_base_stock(self, request: Request) -> Response:
        return await self._bulk(request, self.market.update_base_stock)

    # === ORDERS === #

    async def pull_orders(self, request: Request) -> Response:
        accounts = self._accounts(request)
        query = self._query(request, PAGING | {"from", "to"})
        found = self.market.unacknowledged(accounts, query.get("from"), query.get("to"))

        def offered(shown: list[orders.Order]) -> Callable[[], None]:
            versions = [(order, order.version) for order in shown]
            return lambda: [self.market.offer(*pair) for pair in versions]

        return self._page(request, found, self._order, offered)

    def _order(self, order: orders.Order) -> dict:
        return orders.render_order(order, self.market.behaviour)

    async def update_statuses(self, request: Request) -> Response:
        return await self._bulk(request, self.market.update_status)

    async def update_status(self, request: Request) -> Response:
        """Update one order; a refusal is an error status."""
        accounts = self._accounts(request)
        item = await _json(request)
        if not isinstance(item, dict):
            raise Refused("the body is one object")
        named = request.path_params["hashed_id"]
        if str(item.get("hashed_id", named)) != named:
            raise Refused("hashed_id differs from the address")
        order = self.market.update_status(accounts, {**item, "hashed_id": named})
        return Json({"hashed_id": order.hashed_id, "status": self._order(order)["status"]})

    async def update_details(self, request: Request) -> Response:
        return await self._bulk(request, self.market.update_details, single=True)

    # === SHARED === #

    def _accounts(self, request: Request) -> list[Account]:
        code = request.query_params.get("supplier_code")
        code = code or request.query_params.get("internal_supplier_code")
        return self.market.accounts_of(request.headers.get("AuthorizationToken"), code)

    def _query(self, request: Request, known: set[str]) -> dict[str, str]:
        unknown = sorted(set(request.query_params) - known)
        if unknown and self.market.behaviour.unknown_fields == "refused":
            raise Refused(f"{', '.join(unknown)}: not a parameter of this list")
        return dict(request.query_params)

    def _page(self, request: Request, rows: list, render: Callable, offered=None) -> Response:
        """Return one page of a list: `page` from 1, `per_page` or `limit` rows."""
        page = _positive(request, "page", 1)
        size = _positive(request, "per_page", DEFAULT_PER_PAGE)
        size = min(size, _positive(request, "limit", size), self.market.behaviour.max_per_page)
        shown = rows[(page - 1) * size : page * size]
        if offered:
            request.scope["on_delivered"].append(offered(shown))
        answer = [render(row) for row in shown]
        request.scope["outcome"]["items"] = len(answer)
        if self.market.behaviour.list_envelope == "data":
            paging = {"page": page, "per_page": size, "total": len(rows)}
            return Json({"data": answer, "meta": paging})
        return Json(answer)

    async def _bulk(self, request: Request, work: Callable, single: bool = False) -> Response:
        """Process each item separately: 2xx even when some are refused.

        :param single: True to accept one object in place of a list.
        """
        accounts = self._accounts(request)
        items = await _json(request)
        if single and isinstance(items, dict):
            items = [items]
        if not isinstance(items, list):
            raise Refused("the body is a list")
        most = self.market.behaviour.max_bulk_items
        if most and len(items) > most:
            raise Refused(f"{most} items at most", 413)
        refusals = {}
        for number, item in enumerate(items):
            try:
                if not isinstance(item, dict):
                    raise Refused("an item is an object")
                work(accounts, item)
            except Refused as refusal:
                refusals[number] = refusal.message
        request.scope["outcome"].update(items=len(items), refused=len(refusals))
        return _bulk_answer(items, refusals, self.market.behaviour.refusals)


class Json(JSONResponse):
    """JSON with unescaped Arabic; NaN or infinity is a bug and raises."""

    def render(self, content) -> bytes:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()


def _bulk_answer(items: list, refusals: dict[int, str], shape: str) -> Response:
    """Report refused items in the configured shape; Cartona documents none.

    :param refusals: message by position in `items`.
    """
    if shape == "rows":
        rows = [
            {**_identity(item), "error": refusals.get(number)} for number, item in enumerate(items)
        ]
        return Json(rows)
    if shape == "text":
        lines = [f"{_name(items[number])}: {text}" for number, text in refusals.items()]
        return PlainTextResponse("\n".join(lines) or "OK")
    if shape == "silent" or not refusals:
        return Json({})
    if shape == "errors_strings":
        return Json({"errors": [f"{_name(items[n])}: {text}" for n, text in refusals.items()]})
    if shape == "errors_map":
        return Json({"errors": {_name(items[n]): [text] for n, text in refusals.items()}})
    errors = [{**_identity(items[n]), "message": text} for n, text in refusals.items()]
    return Json({"errors": errors})


IDENTITIES = (
    ("hashed_id",),
    ("supplier_product_id",),
    ("internal_product_id",),
    ("base_product_id", "unit", "unit_count"),
    ("base_product_id",),
)


def _identity(item) -> dict:
    """Return the part of an item that names its record, as sent."""
    if isinstance(item, dict):
        for keys in IDENTITIES:
            if all(item.get(key) not in (None, "") for key in keys):
                return {key: item[key] for key in keys}
    return {}


def _name(item) -> str:
    return " ".join(str(value) for value in _identity(item).values()) or "item"


def _positive(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text in (None, ""):
        return default
    if not text.isdecimal() or int(text) < 1:
        raise Refused(f"{name} takes a number from 1, not {text!r}")
    return int(text)


async def _json(request: Request):
    """Parse the JSON body.

    :raise Refused: 400 when the body is not JSON; NaN and Infinity are not.
    """
    try:
        return json.loads(await request.body(), parse_constant=_no_number)
    except ValueError as error:
        raise Refused(f"the body is not JSON: {error}", 400) from error


def _no_number(name: str):
    raise ValueError(f"{name} is not a JSON number")


async def _refusal(_request: Request, refused: Refused) -> Response:
    return Json({"error": refused.message}, refused.status)


async def _no_route(_request: Request, _error) -> Response:
    return Json({"error": "no such address"}, 404)
