"""The marketplace's endpoints, as methods. Knows no record: credentials in, data out.

Every call takes the same way: `_build` the request, `_send` it, turn its status into an error
(`error_for_status`, the only place that looks at a number), `_parse` the answer, read it. Whoever
calls has three branches, the classes of `errors`, and never sees a status.

Source of paths, parameters and headers: Cartona's supplier API notes.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from .backoff import parse_retry_after
from .bulk import BulkResult, is_outage, judge_row, read_bulk_answer
from .errors import CartonaError, Problem, Rejected, Transient, Unauthorised
from .redact import clip, excerpt, mask
from .transport import Transport
from .urls import check_base_url
from .wire import (
    NOT_JSON,
    encode,
    error_for_status,
    read_json,
    read_rows,
    redirect_target,
)

MAX_ANSWER = 32 * 1024 * 1024
MAX_BODY_SHOWN = 2000

PRODUCTS = "supplier-product"
BULK_UPDATE = "supplier-product/bulk-update"
PULL_ORDERS = "order/pull-orders"
ORDER_STATUS = "order/update-order-status"
ORDER_DETAILS = "order/update-order-details"

_REFUSED_TOKEN = re.compile(
    r"\b(unauthori[sz]ed|unauthenticated|"
    r"(invalid|expired|missing|wrong)\s+((authori[sz]ation|access|auth|api)\s*)?token)\b",
    re.I,
)
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass
class Call:
    """What happened in one call, for the log. Bodies are raw: mask them before they are stored.

    :param str operation: the method of the client, e.g. `update_products`.
    :param int records: rows sent, or received.
    :param int failures: of those, refused, or not done because the call failed.
    :param float duration: seconds.
    :param error: the CartonaError that the caller gets, or None.
    :param secrets: texts that a mask has to cover wherever they stand, e.g. a retailer's code that
        the answer repeats.
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
    """The supplier's side of the marketplace. A context manager around one HTTP session.

    Not to be shared by threads. Raises what `errors` lists, nothing else; `InsecureUrl` already
    when it is made.

    :param str base_url: see `urls.check_base_url`.
    :param str token: raw, sent in the header `AuthorizationToken`.
    :param str supplier_code: the account, where several share a token; "" for the only one.
    :param float timeout: seconds of silence that end a call; a call never lasts longer than twice
        that. Connecting may take 10 s at most.
    :param bool allow_insecure: allow plain http and private addresses.
    :param on_call: called with a `Call` after each request, successful or not. What it raises
        reaches the caller.
    """

    def __init__(
        self, base_url, token, supplier_code="", timeout=30.0, allow_insecure=False, on_call=None
    ):
        self.base_url = check_base_url(base_url, allow_insecure)
        self.token = (token or "").strip()
        self.supplier_code = (supplier_code or "").strip()
        self.on_call = on_call
        self._transport = Transport(
            self.base_url, float(timeout), allow_insecure, MAX_ANSWER, (self.token,)
        )

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self):
        """Close the connections."""
        self._transport.close()

    # === PRODUCTS === #

    def check(self):
        """Ask for one product, the cheapest proof that address and token are right.

        :return: the rows of that page, none or one.
        :raise Unauthorised: wrong token. Source: Cartona answers 400 to the plain list as well.
        """
        return self._get_rows("check", PRODUCTS, self._page(1, 1), plain_list=True)

    def list_products(self, page=1, per_page=100, **filters):
        """One page of the supplier's catalogue.

        :param filters: `internal_product_id`, `supplier_product_id`, `base_product_id`,
            `search_token`.
        :return: list of raw rows, see `products.parse_listing`.
        """
        params = self._page(page, per_page)
        params.update((key, value) for key, value in filters.items() if value is not None)
        return self._get_rows("list_products", PRODUCTS, params, plain_list=not filters)

    def update_products(self, items):
        """Change prices, stock and flags of many products.

        :param items: list of dicts: `supplier_product_id` and what to change.
        :rtype: BulkResult
        """
        return self._post_bulk("update_products", BULK_UPDATE, items)

    # === ORDERS === #

    def pull_orders(self, page=1, per_page=100):
        """One page of the orders that are new or changed and not acknowledged yet.

        :return: list of raw orders. What is no object stays in its place, to be parked.
        """
        return self._get_rows("pull_orders", PULL_ORDERS, self._page(page, per_page))

    def update_order_statuses(self, items):
        """Set the status of many orders; single refusals are in the result.

        :param items: list of `{hashed_id, status, ...}`.
        :rtype: BulkResult
        """
        return self._post_bulk("update_order_statuses", ORDER_STATUS, items)

    def update_order_status(self, hashed_id, values):
        """Set the status of one order, where the answer matters (OTP, cancellation).

        :param dict values: `status` and its optional fields.
        :return: the answer as data; {} when it was empty.
        :raise Rejected: refused, by status or inside a 2xx answer.
        """
        hashed_id = str(hashed_id or "").strip()
        if not hashed_id.strip("."):
            raise Problem("no_identity", "hashed_id", hashed_id)
        body = dict(values, hashed_id=hashed_id, **self._account())

        def read(answer):
            # Not of a code that is wrong: that must not be tried again by itself.
            if "retailer_otp" not in body and is_outage([body], answer):
                raise self._unreadable(answer, call)
            # Of one item every refusal is its own.
            refused = read_bulk_answer([body], answer, self._secrets(call)).refused
            for refusal in refused.values():
                # A wrong OTP may be called an invalid token, which is not about ours.
                if _REFUSED_TOKEN.search(refusal.message) and "retailer_otp" not in body:
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

    def update_order_details(self, orders):
        """Change, add or remove lines.

        :param orders: list of `{hashed_id, order_details: [{id, amount?, price?, comment?,
            cancelled?}]}`; a line without `id` but with a product identity is added.
        :rtype: BulkResult
        """
        return self._post_bulk("update_order_details", ORDER_DETAILS, orders)

    # === REQUEST HELPERS === #

    def _page(self, page, per_page):
        return dict({"page": page, "per_page": per_page}, **self._account())

    def _account(self):
        """Source: the notes name the account both ways, and not which one counts."""
        if not self.supplier_code:
            return {}
        return {
            "internal_supplier_code": self.supplier_code,
            "supplier_code": self.supplier_code,
        }

    def _get_rows(self, operation, path, params, plain_list=False):
        def read(answer):
            rows = read_rows(answer)
            # "No orders" beside "success: false" is no answer to whether there are orders.
            failed = isinstance(answer, dict) and not rows and judge_row(answer)[0]
            if rows is None or failed:
                raise self._unreadable(answer, call)
            call.records = len(rows)
            return rows

        call = Call(operation, "GET", path, request_body=params)
        return self._call(call, read, params=params, plain_list=plain_list)

    def _post_bulk(self, operation, path, items):
        items = [dict(item, **self._account()) for item in items]
        if not items:
            return BulkResult()

        def read(answer):
            if is_outage(items, answer):
                raise self._unreadable(answer, call)
            result = read_bulk_answer(items, answer, self._secrets(call))
            call.failures = min(len(items), len(result.refused) + len(result.unattributed))
            if not result.refused and _REFUSED_TOKEN.search(" ".join(result.unattributed)):
                raise self._unauthorised(result.unattributed[0], call)
            return result

        call = Call(operation, "POST", path, records=len(items), request_body=items)
        return self._call(call, read, items=items)

    def _call(self, call, read, params=None, items=None, plain_list=False):
        started = time.monotonic()
        try:
            answer = self._send(call, *self._build(call, params, items is not None))
            call.status = answer.status
            call.response_body = answer.content.decode("utf-8", "replace")
            error = self._refusal(call, answer, items, plain_list)
            if error is not None:
                raise error
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

    def _build(self, call, params, has_body):
        """(params, headers, body) of the request."""
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

    def _send(self, call, params, headers, body):
        url = self.base_url + call.path
        return self._transport.exchange(call.method, url, headers, params, body)

    def _refusal(self, call, answer, items, plain_list):
        """The error that the answer's status stands for, or None."""
        if 200 <= answer.status < 300:
            return None
        said = {
            "status": answer.status,
            "detail": self._excerpt(answer.content, call),
            "body": self._body(answer.content, call),
        }
        if 300 <= answer.status < 400:
            said["detail"] = redirect_target(answer.headers.get("Location"))
        retry_after = parse_retry_after(
            answer.headers.get("Retry-After"), datetime.now(timezone.utc)
        )
        error = error_for_status(answer.status, call, said, retry_after, plain_list)
        if items and isinstance(error, Rejected):
            data = read_json(answer.content)
            if data is not NOT_JSON:
                error.items = read_bulk_answer(items, data, self._secrets(call)).refused
        return error

    def _parse(self, call, answer, is_post):
        """The answer as data. A POST may be answered by nothing, or by a line of text."""
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

    def _unreadable(self, said, call):
        detail = self._excerpt(said, call)
        if _REFUSED_TOKEN.search(detail):
            return self._unauthorised(detail, call)
        return Transient(
            "unreadable",
            f"No answer to {call.method} {call.path} that can be read: {detail}",
            detail=detail,
            body=self._body(said, call),
            uncertain=True,
        )

    def _unauthorised(self, detail, call):
        return Unauthorised(
            "unauthorised",
            f"Cartona does not accept the token for {call.path}: {detail}",
            detail=detail,
        )

    def _secrets(self, call):
        return (self.token, *call.secrets)

    def _excerpt(self, said, call):
        return excerpt(said, secrets=self._secrets(call))

    def _body(self, said, call):
        shown = mask(said, secrets=self._secrets(call))
        if not isinstance(shown, str):
            shown = json.dumps(shown, ensure_ascii=False, default=str)
        return clip(shown, MAX_BODY_SHOWN)
