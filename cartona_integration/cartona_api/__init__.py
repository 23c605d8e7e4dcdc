"""Cartona's supplier API without Odoo: client, payloads, status machine, money.

Start with `client.CartonaClient`; `errors` lists all that it raises. An order is parsed by
`orders.parse_order`, a row of the catalogue by `products.parse_listing`, a webhook call by
`webhook.unwrap`. `status` has the life cycle of orders, `push.push_batch` sends batches.
"""

from . import backoff, edits, money, redact, status
from .bulk import BulkResult, Refusal, read_bulk_answer
from .client import MAX_ANSWER, Call, CartonaClient
from .errors import CartonaError, InsecureUrl, Problem, Rejected, Transient, Unauthorised
from .orders import Order, OrderLine, Retailer, content_key, parse_order, peek
from .push import PushOutcome, push_batch
from .products import Listing, parse_listing, row_identity
from .urls import check_base_url
from .values import NOT_JSON, read_json, readable_json
from .webhook import Notice, authentic, unwrap

__all__ = [
    "MAX_ANSWER", "NOT_JSON", "BulkResult", "Call", "CartonaClient", "CartonaError",
    "InsecureUrl", "Listing", "Notice", "Order", "OrderLine", "Problem", "PushOutcome",
    "Refusal", "Rejected", "Retailer", "Transient", "Unauthorised", "authentic", "backoff",
    "check_base_url", "content_key", "edits", "money", "parse_listing", "parse_order", "peek",
    "push_batch", "read_bulk_answer", "read_json", "readable_json", "redact", "row_identity",
    "status", "unwrap",
]  # fmt: skip
