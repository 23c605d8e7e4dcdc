"""The control API under /_sandbox/: how tests, tools and the page change the marketplace.

JSON in and out, no token. README.md has the table with examples; `driver.py` wraps it.
"""

import asyncio
import json
from dataclasses import asdict, fields

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from . import lifecycle, orders, pictures
from .app import Json, SupplierApi
from .behaviour import Behaviour
from .catalogue import UNITS, Listing
from .errors import Refused
from .faults import EFFECTS, Faults
from .feed import now_ms
from .marketplace import Marketplace
from .requestlog import RequestLog
from .retailer import RetailerSide, retailers
from .webhooks import ENVELOPES, WebhookCaller

LIVE_PAUSE = 0.1  # seconds between two messages to a page: events in between are sent together
LISTING_FIELDS = [
    spec.name for spec in fields(Listing) if spec.name not in ("price", "stock", "other")
]
CONTROLLED = (
    "unit unit_count tax_percentage median_price is_bundle supplier_product_name "
    "base_product_name sold_amount category"
).split()


class ControlApi:
    def __init__(
        self,
        market: Marketplace,
        api: SupplierApi,
        log: RequestLog,
        faults: Faults,
        webhooks: WebhookCaller,
    ):
        self.market, self.api, self.log = market, api, log
        self.faults, self.webhooks = faults, webhooks
        self.retailer = RetailerSide(market)

    def routes(self) -> list[Route]:
        table = [
            ("GET", "", self.state),
            ("POST", "reset", self.reset),
            ("GET", "behaviour", self.read_behaviour),
            ("PATCH", "behaviour", self.set_behaviour),
            ("GET", "accounts", self.read_accounts),
            ("POST", "accounts", self.add_account),
            ("GET", "tokens", self.read_tokens),
            ("POST", "tokens", self.set_token),
            ("DELETE", "tokens", self.remove_token),
            ("GET", "listings", self.read_listings),
            ("POST", "listings", self.add_listing),
            ("GET", "listings/{id}", self.read_listing),
            ("PATCH", "listings/{id}", self.change_listing),
            ("GET", "retailers", self.read_retailers),
            ("GET", "orders", self.read_orders),
            ("POST", "orders", self.place_order),
            ("POST", "orders/many", self.place_orders),
            ("GET", "orders/{id}", self.read_order),
            ("POST", "orders/{id}/{action}", self.act_on_order),
            ("GET", "webhook", self.read_webhook),
            ("PATCH", "webhook", self.set_webhook),
            ("GET", "webhook/calls", self.read_webhook_calls),
            ("GET", "faults", self.read_faults),
            ("POST", "faults", self.add_fault),
            ("DELETE", "faults", self.clear_faults),
            ("DELETE", "faults/{id:int}", self.clear_fault),
            ("GET", "requests", self.read_requests),
            ("DELETE", "requests", self.clear_requests),
            ("GET", "counters", self.read_counters),
            ("GET", "changes", self.read_changes),
            ("GET", "events", self.events),
        ]
        return [
            Route(f"/_sandbox/{path}", _forgiving(endpoint), methods=[method])
            for method, path, endpoint in table
        ]

    # === WHOLE MARKETPLACE === #

    async def state(self, _request: Request) -> Response:
        market, by_status = self.market, dict.fromkeys(lifecycle.STATUSES, 0)
        for order in market.orders.values():
            by_status[order.status] += 1
        return Json(
            {
                "ms": now_ms(),
                "seed": market.seed,
                "url": market.public_url,
                "accounts": [self._account(row) for row in market.accounts.values()],
                "listings": sum(len(row.catalogue.by_id) for row in market.accounts.values()),
                "orders": len(market.orders),
                "waiting": len(market.waiting),
                "by_status": by_status,
                "behaviour": market.behaviour.as_dict(),
                "webhook": asdict(self.webhooks.settings),
                "faults": [rule.as_dict() for rule in self.faults.rules],
                "effects": EFFECTS,
                "envelopes": ENVELOPES,
                "cancellation_reasons": lifecycle.CANCELLATION_REASONS,
                "sequence": market.feed.sequence,
            }
        )

    async def reset(self, request: Request) -> Response:
        """Return to the start: also faults, webhook settings, log and counters."""
        values = await _body(request, "seed", "listings")
        self.webhooks.reset()
        self.faults.remove()
        self.market.reset(**values)
        self.log.clear()
        return await self.state(request)

    async def read_behaviour(self, request: Request) -> Response:
        values = self.market.behaviour.as_dict()
        if "describe" in request.query_params:
            return Json([{**row, "value": values[row["name"]]} for row in Behaviour.describe()])
        return Json(values)

    async def set_behaviour(self, request: Request) -> Response:
        self.market.behaviour.change(await _body(request))
        self.market.feed.publish("behaviour")
        return Json(self.market.behaviour.as_dict())

    # === ACCOUNTS AND TOKENS === #

    def _account(self, account) -> dict:
        return {
            "supplier_code": account.supplier_code,
            "internal_supplier_code": account.internal_supplier_code,
            "name": account.name,
            "listings": len(account.catalogue.by_id),
        }

    async def read_accounts(self, _request: Request) -> Response:
        return Json([self._account(row) for row in self.market.accounts.values()])

    async def add_account(self, request: Request) -> Response:
        """Add an account, also opened by `token` when given (its other accounts remain)."""
        values = await _body(
            request,
            "supplier_code",
            "name",
            "internal_supplier_code",
            "listings",
            "price_factor",
            "token",
        )
        token = values.pop("token", None)
        account = self.market.add_account(**values)
        if token:
            opened = [*self.market.tokens.get(token, []), account.supplier_code]
            self.market.set_token(token, opened)
        return Json(self._account(account), 201)

    async def read_tokens(self, _request: Request) -> Response:
        return Json(self.market.tokens)

    async def set_token(self, request: Request) -> Response:
        """Let a token open these accounts only; `replaces` revokes another token."""
        values = await _body(request, "token", "supplier_codes", "replaces")
        old = values.get("replaces")
        codes = values.get("supplier_codes") or self.market.tokens.get(old)
        self.market.set_token(values["token"], codes or list(self.market.accounts))
        if old and old != values["token"]:
            self.market.tokens.pop(old, None)
        return Json(self.market.tokens)

    async def remove_token(self, request: Request) -> Response:
        self.market.tokens.pop((await _body(request, "token"))["token"], None)
        return Json(self.market.tokens)

    # === LISTINGS === #

    def _listing(self, listing: Listing) -> dict:
        values = {name: getattr(listing, name) for name in LISTING_FIELDS}
        values["image_thumbnail"] = pictures.address(self.market.public_url, listing)
        for name in ("price", "stock", "other"):
            trace = getattr(listing, name)
            values[f"{name}_changed_ms"] = trace.changed_ms
            values[f"{name}_changes"] = trace.changes
            values[f"{name}_writes"] = trace.writes
        return values

    def _find(self, listing_id: str) -> Listing:
        for account in self.market.accounts.values():
            if listing_id in account.catalogue.by_id:
                return account.catalogue.by_id[listing_id]
        raise Refused(f"no listing {listing_id}", 404)

    async def read_listings(self, request: Request) -> Response:
        """Return all, or those of `search`, `supplier_code`, `category`, `show`; `per_page` pages.

        `fields` (comma-separated names) keeps a very long answer small.
        """
        query = request.query_params
        accounts = self.market.accounts.values()
        if query.get("supplier_code"):
            accounts = [row for row in accounts if row.supplier_code == query["supplier_code"]]
        if query.get("show") == "touched" and not query.get("search"):
            rows = [row for account in accounts for row in account.catalogue.touched.values()]
        else:
            rows = list(self.market.listings(accounts, search_token=query.get("search", "")))
        if query.get("category"):
            rows = [row for row in rows if row.category == query["category"]]
        if query.get("show") in SHOWN:
            rows = [row for row in rows if SHOWN[query["show"]](row)]
        if query.get("sort") == "changed":
            rows.sort(key=lambda row: -max(row.price.changed_ms, row.stock.changed_ms))
        if "fields" in query:
            names = query["fields"].split(",")
            return Json([{name: getattr(row, name) for name in names} for row in rows])
        if "per_page" not in query:
            return Json([self._listing(row) for row in rows])
        page, size = int(query.get("page", 1)), int(query["per_page"])
        shown = [self._listing(row) for row in rows[(page - 1) * size : page * size]]
        return Json({"total": len(rows), "rows": shown})

    async def read_listing(self, request: Request) -> Response:
        return Json(self._listing(self._find(request.path_params["id"])))

    async def change_listing(self, request: Request) -> Response:
        """Set any field from the marketplace's side, also those that a supplier cannot."""
        listing = self._find(request.path_params["id"])
        values = await _body(request)
        own = {key: values.pop(key) for key in CONTROLLED if key in values}
        catalogue = self.market.accounts[listing.supplier_code].catalogue
        item = {"supplier_product_id": listing.supplier_product_id, **values}
        checked = catalogue.prepare(listing, item, self.market.behaviour)
        self.market.write_listing(listing, {**own, **checked}, by_supplier=False)
        return Json(self._listing(listing))

    async def add_listing(self, request: Request) -> Response:
        """Add a listing: names, `unit`, `unit_count`, `selling_price`, and any other field."""
        values = await _body(request)
        code = str(values.pop("supplier_code", next(iter(self.market.accounts))))
        if code not in self.market.accounts:
            raise Refused(f"no account {code}")
        if values.get("unit") not in UNITS:
            raise Refused(f"unit is one of {', '.join(sorted(UNITS))}")
        catalogue = self.market.accounts[code].catalogue
        name = values.get("base_product_name") or values.get("supplier_product_name")
        defaults = {
            "supplier_product_id": catalogue.next_id(),
            "base_product_id": catalogue.next_id(),
            "category": "",
            "unit_count": 1,
            "base_product_name": name,
            "supplier_product_name": name,
            "median_price": values.get("selling_price"),
            "tax_percentage": 14.0,
            "available_stock_quantity": 0,
        }
        listing = Listing(supplier_code=code, **{**defaults, **values})
        catalogue.add(listing)
        self.market.feed.publish("listing", id=listing.supplier_product_id, field="added")
        return Json(self._listing(listing), 201)

    # === ORDERS === #

    def _order(self, order: orders.Order) -> dict:
        return orders.render_state(order, self.market.behaviour)

    def _found(self, request: Request) -> orders.Order:
        order = self.market.orders.get(request.path_params["id"])
        if order is None:
            raise Refused(f"no order {request.path_params['id']}", 404)
        return order

    async def read_retailers(self, _request: Request) -> Response:
        return Json(retailers())

    async def read_orders(self, request: Request) -> Response:
        """Return orders, newest first; filters `status`, `supplier_code`, `waiting=1`, `limit`."""
        query = request.query_params
        found = []
        for order in reversed(self.market.orders.values()):
            if (
                query.get("status", "") in ("", order.status)
                and query.get("supplier_code", "") in ("", order.supplier_code)
                and not ("waiting" in query and order.acknowledged >= order.version)
            ):
                found.append(order)
                if len(found) >= int(query.get("limit") or len(self.market.orders)):
                    break
        return Json([self._order(order) for order in found])

    async def read_order(self, request: Request) -> Response:
        return Json(self._order(self._found(request)))

    async def place_order(self, request: Request) -> Response:
        order = self.retailer.place(**await _body(request))
        return Json(self._order(order), 201)

    async def place_orders(self, request: Request) -> Response:
        """Place `count` orders; lines and shops are drawn again for each."""
        values = await _body(request)
        count = values.pop("count", 10)
        placed = [self.retailer.place(**values) for _ in range(count)]
        return Json([self._order(order) for order in placed], 201)

    async def act_on_order(self, request: Request) -> Response:
        order, values = self._found(request), await _body(request)
        action = request.path_params["action"]
        if action == "webhook":
            return Json(asdict(self.webhooks.call(order, **values)), 202)
        actions = {
            "edit": self.retailer.edit,
            "cancel": self.retailer.cancel,
            "advance": self.retailer.advance,
            "admin-edit": self.retailer.admin_edit,
            "touch": self.retailer.touch,
        }
        if action not in actions:
            raise Refused(f"an order's actions are webhook, {', '.join(actions)}", 404)
        return Json(self._order(actions[action](order, **values)))

    # === WEBHOOK === #

    async def read_webhook(self, _request: Request) -> Response:
        return Json(asdict(self.webhooks.settings))

    async def set_webhook(self, request: Request) -> Response:
        self.webhooks.configure(await _body(request))
        self.market.feed.publish("behaviour")
        return Json(asdict(self.webhooks.settings))

    async def read_webhook_calls(self, request: Request) -> Response:
        """Return calls, oldest first; filters `hashed_id`, `limit` (newest)."""
        wanted = request.query_params.get("hashed_id", "")
        found = [asdict(row) for row in self.webhooks.calls if wanted in ("", row.hashed_id)]
        return Json(found[-int(request.query_params.get("limit", len(found) or 1)) :])

    # === FAULTS === #

    async def read_faults(self, _request: Request) -> Response:
        return Json([rule.as_dict() for rule in self.faults.rules])

    async def add_fault(self, request: Request) -> Response:
        rule = self.faults.add(**await _body(request))
        self.market.feed.publish("faults")
        return Json(rule.as_dict(), 201)

    async def clear_faults(self, _request: Request) -> Response:
        self.faults.remove()
        self.market.feed.publish("faults")
        return Json([])

    async def clear_fault(self, request: Request) -> Response:
        self.faults.remove(request.path_params["id"])
        self.market.feed.publish("faults")
        return await self.read_faults(request)

    # === LOG === #

    async def read_requests(self, request: Request) -> Response:
        """Return requests, oldest first; filters `path`, `method`, `seq`, `since`, `limit`."""
        query = request.query_params
        found = self.log.find(
            path=query.get("path", "").removeprefix("/api/v1/"),
            method=query.get("method", ""),
            since=int(query.get("since", 0)),
            limit=int(query.get("limit", 1000)),
        )
        if "seq" in query:
            found = [entry for entry in found if entry.seq == int(query["seq"])]
        if "summary" in query:
            return Json([entry.summary() for entry in found])
        return Json([entry.as_dict() for entry in found])

    async def clear_requests(self, _request: Request) -> Response:
        self.log.clear()
        return Json([])

    async def read_counters(self, _request: Request) -> Response:
        return Json(self.log.counters())

    async def read_changes(self, request: Request) -> Response:
        """Return price, stock and order changes after `since`, oldest first; filter `kind`."""
        query = request.query_params
        found = self.market.feed.since(int(query.get("since", 0)), query.get("kind"))
        return Json({"sequence": self.market.feed.sequence, "changes": found})

    async def events(self, request: Request) -> Response:
        """Stream lists of events to the page, at most ten messages a second."""
        headers = {"Cache-Control": "no-store"}
        stream = self._stream(request)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def _stream(self, request: Request):
        feed = self.market.feed
        listener = feed.listen()
        try:
            yield "retry: 1000\n\n"
            while not feed.closed:
                try:
                    await asyncio.wait_for(listener.wake.wait(), 15)
                except TimeoutError:
                    yield ": keep-alive\n\n"
                    continue
                events, overrun = listener.take()
                if overrun:
                    events = [{"kind": "reset"}]
                yield f"data: {json.dumps(events, ensure_ascii=False)}\n\n"
                await asyncio.sleep(LIVE_PAUSE)
        finally:
            feed.forget(listener)


SHOWN = {
    "boxes": lambda row: row.unit_count > 1,
    "pieces": lambda row: row.unit_count == 1,
    "out": lambda row: not row.orderable,
    "touched": lambda row: row.price.writes + row.stock.writes + row.other.writes > 0,
    "unpublished": lambda row: not row.is_published,
}


async def _body(request: Request, *known: str) -> dict:
    """Return the JSON object of a request; an empty body is {}.

    :raise Refused: 400 when it is not an object, 422 for a key that is not in `known` (if given).
    """
    raw = await request.body()
    try:
        values = json.loads(raw) if raw else {}
    except ValueError as error:
        raise Refused(f"the body is not JSON: {error}", 400) from error
    if not isinstance(values, dict):
        raise Refused("the body is one object", 400)
    unknown = sorted(set(values) - set(known)) if known else []
    if unknown:
        raise Refused(f"unknown: {', '.join(unknown)}")
    return values


def _forgiving(endpoint):
    """Answer 422 with Python's error message where a value has the wrong type."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as error:
            raise Refused(f"wrong value: {type(error).__name__}: {error}") from error

    return answered
