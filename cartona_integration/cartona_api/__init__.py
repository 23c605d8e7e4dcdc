"""What is Cartona's and not Odoo's: client, payloads, status machine, money. No Odoo in here."""

from . import backoff, edits, money, redact, status
from .bulk import BulkResult, Refusal, read_bulk_answer
from .client import MAX_ANSWER, Call, CartonaClient
from .errors import CartonaError, InsecureUrl, Problem, Rejected, Transient, Unauthorised
from .orders import Order, OrderLine, Retailer, content_key, glance, parse_order
from .products import Listing, parse_listing, row_identity
from .push import PushOutcome, push_batch
from .urls import check_base_url
from .webhook import Notice, authentic, unwrap
from .wire import NOT_JSON, read_json, readable_json

__all__ = [
    "MAX_ANSWER",
    "NOT_JSON",
    "BulkResult",
    "Call",
    "CartonaClient",
    "CartonaError",
    "InsecureUrl",
    "Listing",
    "Notice",
    "Order",
    "OrderLine",
    "Problem",
    "PushOutcome",
    "Refusal",
    "Rejected",
    "Retailer",
    "Transient",
    "Unauthorised",
    "authentic",
    "backoff",
    "check_base_url",
    "content_key",
    "edits",
    "glance",
    "money",
    "parse_listing",
    "parse_order",
    "push_batch",
    "read_bulk_answer",
    "read_json",
    "readable_json",
    "redact",
    "row_identity",
    "status",
    "unwrap",
]
