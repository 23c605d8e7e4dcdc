"""Call the marketplace's endpoints: credentials in, data out; independent of Odoo's records.

Every call has the same steps: `_build` the request, `_send` it, turn its status into an error
(`errors.error_for_status`, the only function that looks at the number), `_parse` the answer, read
it. The caller handles three cases, the classes of `errors`, and never sees a status.

Source of paths, parameters and headers: Cartona's supplier API notes.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .answers import judge_row, refuses_token
from .backoff import parse_retry_after
from .bulk import BulkResult, is_outage, read_bulk_answer
from .errors import (
    CartonaError,
    Problem,
    Rejected,
    Transient,
    Unauthorised,
    error_for_status,
    redirect_target,
)
from .redact import clip, documented, excerpt
from .transport import Answer, Transport
from .urls import check_base_url
from .values import NOT_JSON, encode, read_json, read_rows

if TYPE_CHECKING:
    from typing import Callable, Iterable, Mapping, TypeVar

    T = TypeVar("T")
    Items = Iterable[Mapping[str, Any]]

MAX_ANSWER = 32 * 1024 * 1024
MAX_BODY_SHOWN = 2000

PRODUCTS = "supplier-product"
BULK_UPDATE = "supplier-product/bulk-update"
PULL_ORDERS = "order/pull-orders"
ORDER_STATUS = "order/update-order-status"
ORDER_DETAILS = "order/update-order-details"

_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass
class Call:
    """Record of one call, for the log. Bodies are raw: mask them before they are stored.

    :param operation: the method of the client, e.g. `update_products`.
    :param records: rows sent, or received.
    :param failures: rows refused, or not done because the call failed.
    :param duration: seconds.
    :param error: the error that is raised to the caller, or None.
    :param secrets: texts to mask anywhere, e.g. a retailer's code that the answer repeats.
    """

    operation: str
    method: str
    path: str
    status: int | None = None
    duration: float = 0.0
    records: int = 0
    failures: int = 0
    error: CartonaError | None = None
    request_body: Any = None
    response_body: Any = None
    secrets: tuple[str, ...] = ()


class CartonaClient:
    """Client for one supplier account. A context manager around one HTTP session.

    Not to be shared by threads. Every method raises the classes of `errors` only; `InsecureUrl`
    is also raised by the constructor.

    :param base_url: see `urls.check_base_url`.
    :param token: raw, sent in the header `AuthorizationToken`.
    :param supplier_code: the account, where several share a token; "" for the only one.
    :param timeout: seconds of silence that end a call; a call never lasts longer than twice
        that. Connecting may take 10 s at most.
    :param allow_insecure: True to allow plain http and private addresses.
    :param on_call: called with a `Call` after each request, successful or not. Its exceptions
        reach the caller.
    """

    def __init__(
        self,
        base_url: str | None,
        token: str | None,
        supplier_code: str | None = "",
        timeout: float = 30.0,
        allow_insecure: bool = False,
        on_call: Callable[[Call], object] | None = None,
    ) -> None:
        self.base_url = check_base_url(base_url, allow_insecure)
        self.token = (token or "").strip()
        self.supplier_code = (supplier_code or "").strip()
        self.on_call = on_call
        self._transport = Transport(
            self.base_url, float(timeout), allow_insecure, MAX_ANSWER, (self.token,)
        )

    def __enter__(self) -> CartonaClient:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    # === PRODUCTS === #

    def check(self) -> list[Any]:
        """Read one product, the cheapest proof that address and token are right.

        :return: the rows of that page, none or one.
        :raise Unauthorised: wrong token. Source: Cartona answers 400 to the plain list as well.
        """
        return self._get_rows("check", PRODUCTS, self._page(1, 1), plain_list=True)

    def list_products(self, page: int = 1, per_page: int = 100, **filters: Any) -> list[Any]:
        """Read one page of the supplier's catalogue.

        :param page: from 1.
        :param filters: `internal_product_id`, `supplier_product_id`, `base_product_id`,
            `search_token`.
        :return: raw rows, see `products.parse_listing`.
        """
        params = self._page(page, per_page)
        params.update((key, value) for key, value in filters.items() if value is not None)
        return self._get_rows("list_products", PRODUCTS, params, plain_list=not filters)

    def update_products(self, items: Items) -> BulkResult:
        """Change prices, stock and flags of many products. Refusals of items are in the result.

        :param items: dicts with `supplier_product_id` and any of `selling_price` (of one unit),
            `available_stock_quantity` (whole units), `is_unlimited_stock`, `in_stock`,
            `is_published`, `internal_product_id`, `min_order`, `max_order`,
            `remind_me_at_stock`, `notes`. Source: `internal_product_id`, or `base_product_id`,
            `unit` and `unit_count`, may name the product instead.
        """
        return self._post_bulk("update_products", BULK_UPDATE, items)

    # === ORDERS === #

    def pull_orders(self, page: int = 1, per_page: int = 100) -> list[Any]:
        """Read one page of the orders that are new or changed and not acknowledged yet.

        :param page: from 1.
        :return: raw orders, see `orders.parse_order`. A row that is not an object keeps its
            position, to be parked.
        """
        return self._get_rows("pull_orders", PULL_ORDERS, self._page(page, per_page))

    def update_order_statuses(self, items: Items) -> BulkResult:
        """Set the status of many orders. Refusals of orders are in the result.

        :param items: `{hashed_id, status, ...}`; status `synced` acknowledges the order.
        """
        return self._post_bulk("update_order_statuses", ORDER_STATUS, items)

    def update_order_status(self, hashed_id: Any, values: Mapping[str, Any]) -> Any:
        """Set the status of one order, where the answer matters (OTP, cancellation).

        :param values: `status` and its optional fields, e.g. `retailer_otp`,
            `cancellation_reason`, `delivery_day`.
        :return: the answer as data; {} when it was empty.
        :raise Rejected: refused, by status or inside a 2xx answer.
        :raise Problem: `no_identity`, the order has no id.
        """
        hashed_id = str(hashed_id or "").strip()
        if not hashed_id.strip("."):
            raise Problem("no_identity", "hashed_id", hashed_id)
        body = dict(values, hashed_id=hashed_id, **self._account())

        def read(answer: Any) -> Any:
            # Not for a code that is wrong: that must not be tried again automatically.
            if "retailer_otp" not in body and is_outage([body], answer):
                raise self._unreadable(answer, call)
            # With one item, every refusal is about that item.
            refused = read_bulk_answer([body], answer, self._secrets(call)).refused
            for refusal in refused.values():
                # A wrong OTP may be called an invalid token; that does not mean our token.
                if refuses_token(refusal.message) and "retailer_otp" not in body:
                    raise self._unauthorised(refusal.message, call)
                raise Rejected(
                    refusal.code,
                    f"Cartona refused {path}: {refusal.message}",
                    detail=refusal.message,
                    items={0: refusal},
                )
            return answer

        path = ORDER_STATUS + "/" + quote(hashed_id, safe="")
        call = Call("update_order_status", "POST", path, records=1, request_body=body)
        if body.get("retailer_otp"):
            call.secrets = (str(body["retailer_otp"]),)
        return self._call(call, read, items=[body])

    def update_order_details(self, orders: Items) -> BulkResult:
        """Change, add or remove lines. Refusals of orders are in the result.

        :param orders: `{hashed_id, order_details: [{id, amount?, price?, comment?,
            cancelled?}]}`; a line without `id` but with a product identity is added. See
            `edits.edited_details`.
        """
        return self._post_bulk("update_order_details", ORDER_DETAILS, orders)

    # === REQUEST HELPERS === #

    def _page(self, page: int, per_page: int) -> dict[str, Any]:
        return dict({"page": page, "per_page": per_page}, **self._account())

    def _account(self) -> dict[str, str]:
        # Source: the notes name the account in both forms, and not which one counts.
        if not self.supplier_code:
            return {}
        return {
            "internal_supplier_code": self.supplier_code,
            "supplier_code": self.supplier_code,
        }

    def _get_rows(
        self, operation: str, path: str, params: dict[str, Any], plain_list: bool = False
    ) -> list[Any]:
        def read(answer: Any) -> list[Any]:
            rows = read_rows(answer)
            # "No orders" beside "success: false" does not prove that there are no orders.
            failed = isinstance(answer, dict) and not rows and judge_row(answer)[0]
            if rows is None or failed:
                raise self._unreadable(answer, call)
            call.records = len(rows)
            return rows

        call = Call(operation, "GET", path, request_body=params)
        return self._call(call, read, params=params, plain_list=plain_list)

    def _post_bulk(self, operation: str, path: str, items: Items) -> BulkResult:
        body = [dict(item, **self._account()) for item in items]
        if not body:
            return BulkResult()

        def read(answer: Any) -> BulkResult:
            if is_outage(body, answer):
                raise self._unreadable(answer, call)
            result = read_bulk_answer(body, answer, self._secrets(call))
            call.failures = min(len(body), len(result.refused) + len(result.unattributed))
            if not result.refused and refuses_token(" ".join(result.unattributed)):
                raise self._unauthorised(result.unattributed[0], call)
            return result

        call = Call(operation, "POST", path, records=len(body), request_body=body)
        return self._call(call, read, items=body)

    def _call(
        self,
        call: Call,
        read: Callable[[Any], T],
        params: dict[str, Any] | None = None,
        items: list[dict[str, Any]] | None = None,
        plain_list: bool = False,
    ) -> T:
        started = time.monotonic()
        try:
            answer = self._send(call, *self._build(call, params, items is not None))
            call.status = answer.status
            call.response_body = _shown(answer.content)
            refusal = self._refusal(call, answer, items, plain_list)
            if refusal is not None:
                raise refusal
            call.response_body = data = self._parse(call, answer, items is not None)
            return read(data)
        except CartonaError as error:
            if error.status is None:
                error.status = call.status
            call.status, call.error = error.status, error
            call.failures = max(call.failures, call.records)
            raise
        finally:
            call.duration = time.monotonic() - started
            if self.on_call is not None:
                self.on_call(call)

    def _build(
        self, call: Call, params: dict[str, Any] | None, has_body: bool
    ) -> tuple[dict[str, Any] | None, dict[str, str], bytes | None]:
        """Return (params, headers, body) of the request."""
        if not _TOKEN.fullmatch(self.token):
            raise Unauthorised("no_token", "The token is empty or cannot be sent in a header.")
        headers = {
            "AuthorizationToken": self.token,
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": "Odoo-Cartona",
        }
        if not has_body:
            return params, headers, None
        headers["Content-Type"] = "application/json; charset=utf-8"
        return params, headers, encode(call.request_body)

    def _send(
        self,
        call: Call,
        params: dict[str, Any] | None,
        headers: dict[str, str],
        body: bytes | None,
    ) -> Answer:
        url = self.base_url + call.path
        return self._transport.exchange(call.method, url, headers, params, body)

    def _refusal(
        self, call: Call, answer: Answer, items: list[dict[str, Any]] | None, plain_list: bool
    ) -> CartonaError | None:
        """Return the error that the answer's status means, or None."""
        if 200 <= answer.status < 300:
            return None
        detail = self._excerpt(answer.content, call)
        if 300 <= answer.status < 400:
            detail = redirect_target(answer.headers.get("Location"))
        error = error_for_status(
            answer.status,
            f"{call.method} {call.path}",
            detail=detail,
            body=self._body(answer.content, call),
            retry_after=parse_retry_after(
                answer.headers.get("Retry-After"), datetime.now(timezone.utc)
            ),
            plain_list=plain_list,
        )
        if items and isinstance(error, Rejected):
            data = read_json(answer.content)
            if data is not NOT_JSON:
                error.items = read_bulk_answer(items, data, self._secrets(call)).refused
        return error

    def _parse(self, call: Call, answer: Answer, is_post: bool) -> Any:
        """Return the answer as data. A POST may be answered by nothing, or by a line of text."""
        if not answer.content.strip():
            if is_post:
                return {}
            if answer.status == 204:
                return []
        data = read_json(answer.content)
        if data is not NOT_JSON:
            return {} if data is None and is_post else data
        text = answer.content.decode("utf-8", "replace").strip()
        if not is_post or not text or text[0] in '<{["\ufffd' or "\x00" in text:
            raise self._unreadable(answer.content, call)
        return text

    def _unreadable(self, answer: Any, call: Call) -> CartonaError:
        detail = self._excerpt(answer, call)
        if refuses_token(excerpt(answer, secrets=self._secrets(call))):
            return self._unauthorised(detail, call)
        return Transient(
            "unreadable",
            f"No answer to {call.method} {call.path} that can be read: {detail}",
            detail=detail,
            body=self._body(answer, call),
            uncertain=True,
        )

    def _unauthorised(self, detail: str, call: Call) -> Unauthorised:
        return Unauthorised(
            "unauthorised",
            f"Cartona does not accept the token for {call.path}: {detail}",
            detail=detail,
        )

    def _secrets(self, call: Call) -> tuple[str, ...]:
        return (self.token, *call.secrets)

    def _excerpt(self, answer: Any, call: Call) -> str:
        """Return the message of an answer, "" for what is no answer of Cartona's API: another
        server may have sent it, and it is not to be read here."""
        if isinstance(answer, bytes) and read_json(answer) is NOT_JSON:
            return ""
        return excerpt(answer, secrets=self._secrets(call))

    def _body(self, answer: Any, call: Call) -> str:
        shown = documented(_shown(answer), secrets=self._secrets(call))
        if not isinstance(shown, str):
            shown = json.dumps(shown, ensure_ascii=False, default=str)
        return clip(shown, MAX_BODY_SHOWN)


def _shown(answer: Any) -> Any:
    """Return what may be shown of an answer: data, or for what is not JSON only its size."""
    if not isinstance(answer, bytes):
        return answer
    data = read_json(answer)
    if data is not NOT_JSON:
        return data
    return f"(not JSON: {len(answer)} bytes)" if answer else ""
