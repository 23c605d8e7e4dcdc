"""Calls the supplier when an order is created or changed."""

import asyncio
import itertools
from collections import deque
from dataclasses import asdict, dataclass, field, fields, replace

import httpx

from .errors import Refused
from .feed import now_ms
from .marketplace import Marketplace
from .orders import Order, render_order

CALLS = 5_000  # records kept
ENVELOPES = ("object", "list", "order", "orders", "data", "data_list", "status")


@dataclass(frozen=True)
class WebhookSettings:
    """URL, secret and shape of the calls. Cartona documents nothing of it.

    :param url: URL for orders; empty: no webhook.
    :param token: sent in `AuthorizationToken`.
    :param tokens: supplier code -> the secret for orders of that account.
    :param status_url: URL for status-only notices; empty: `url`.
    :param envelope: ``object``: the bare order; ``list``: in a list; ``order``, ``orders``,
        ``data``, ``data_list``: under that key; ``status``: only `hashed_id` and `status`.
    :param id_key: id key of a status-only notice: ``hashed_id`` or ``order_id``.
    :param own_changes: True to call also for the supplier's own changes.
    :param in_order: True to send an order's notice only when its previous one has ended; else they
        run in parallel, and a repeated one may overtake a newer one.
    :param drop: True to lose every call, as a network outage does.
    :param retries: attempts after the first one.
    :param backoff: seconds before the first retry, doubled each time.
    :param timeout: seconds to wait for an answer.
    """

    url: str = ""
    token: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    status_url: str = ""
    envelope: str = "object"
    id_key: str = "hashed_id"
    own_changes: bool = False
    in_order: bool = False
    drop: bool = False
    retries: int = 4
    backoff: float = 0.5
    timeout: float = 10.0

    def __post_init__(self):
        if self.envelope not in ENVELOPES:
            raise Refused(f"envelope is one of {', '.join(ENVELOPES)}")
        if self.id_key not in ("hashed_id", "order_id"):
            raise Refused("id_key is hashed_id or order_id")


@dataclass
class Call:
    """One notice and its attempts. `state`: waiting, delivered, failed or dropped."""

    id: int
    hashed_id: str
    version: int
    status: str
    envelope: str
    ms: int
    state: str = "waiting"
    attempts: list[dict] = field(default_factory=list)


class WebhookCaller:
    """Sends notices in the background, several in parallel."""

    def __init__(self, market: Marketplace, settings: WebhookSettings):
        self.market = market
        self.first_settings = self.settings = settings
        self._numbers = itertools.count(1)
        self._client: httpx.AsyncClient | None = None
        self._tasks: set[asyncio.Task] = set()
        self._newest: dict[str, asyncio.Task] = {}
        self.calls: deque[Call] = deque(maxlen=CALLS)
        market.on_order_changed.append(self.order_changed)

    def configure(self, values: dict) -> None:
        """Change settings.

        :raise Refused: for an unknown setting or value.
        """
        unknown = set(values) - {spec.name for spec in fields(WebhookSettings)}
        if unknown:
            raise Refused(f"not a webhook setting: {', '.join(sorted(unknown))}")
        self.settings = replace(self.settings, **values)

    def reset(self) -> None:
        """Stop running calls, forget the records, restore the settings of the start."""
        for task in self._tasks:
            task.cancel()
        self._newest.clear()
        self.calls.clear()
        self.settings = self.first_settings

    def order_changed(self, order: Order, who: str) -> None:
        if self.settings.url and (who != "supplier" or self.settings.own_changes):
            self.call(order)

    def call(self, order: Order, envelope: str | None = None) -> Call:
        """Send a notice of the order as it is now.

        :raise Refused: when no URL is set.
        """
        settings = replace(self.settings, envelope=envelope or self.settings.envelope)
        if not settings.url:
            raise Refused("no webhook URL is set", 409)
        call = Call(
            id=next(self._numbers),
            hashed_id=order.hashed_id,
            version=order.version,
            status=order.status,
            envelope=settings.envelope,
            ms=now_ms(),
        )
        self.calls.append(call)
        if settings.drop:
            call.state = "dropped"
            self._publish(call)
            return call
        shown = render_order(order, self.market.behaviour)
        before = self._newest.get(order.hashed_id) if settings.in_order else None
        sending = self._send(call, order, _wrapped(shown, settings), settings, before)
        self._newest[order.hashed_id] = task = asyncio.create_task(sending)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return call

    async def _send(
        self,
        call: Call,
        order: Order,
        body,
        settings: WebhookSettings,
        before: asyncio.Task | None,
    ) -> None:
        if before:
            await asyncio.wait([before])
        status_only = call.envelope == "status"
        url = settings.status_url if status_only and settings.status_url else settings.url
        secret = settings.tokens.get(order.supplier_code, settings.token)
        for number in range(settings.retries + 1):
            if number:
                await asyncio.sleep(settings.backoff * 2 ** (number - 1))
            if await self._attempt(call, url, body, settings, secret):
                call.state = "delivered"
                if not status_only:
                    self.market.offer(order, call.version)
                break
            self._publish(call)
        else:
            call.state = "failed"
        self._publish(call)

    async def _attempt(
        self, call: Call, url: str, body, settings: WebhookSettings, secret: str
    ) -> bool:
        """Try once. :return: True if the supplier answered 2xx."""
        if self._client is None:
            # No proxy: the supplier's Odoo runs on this machine or near it.
            limits = httpx.Limits(max_connections=64, max_keepalive_connections=0)
            self._client = httpx.AsyncClient(trust_env=False, limits=limits)
        attempt = {"ms": now_ms(), "status": None, "took_ms": 0, "answer": "", "error": ""}
        call.attempts.append(attempt)
        headers = {"AuthorizationToken": secret} if secret else {}
        try:
            answer = await self._client.post(
                url, json=body, headers=headers, timeout=settings.timeout
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            attempt["error"] = f"{type(error).__name__}: {error}"
            return False
        finally:
            attempt["took_ms"] = now_ms() - attempt["ms"]
        attempt["status"], attempt["answer"] = answer.status_code, answer.text[:500]
        return answer.is_success

    def _publish(self, call: Call) -> None:
        self.market.feed.publish("webhook", webhook=asdict(call))


def _wrapped(shown: dict, settings: WebhookSettings):
    match settings.envelope:
        case "list":
            return [shown]
        case "order":
            return {"order": shown}
        case "orders":
            return {"orders": [shown]}
        case "data":
            return {"data": shown}
        case "data_list":
            return {"data": [shown]}
        case "status":
            return {settings.id_key: shown["hashed_id"], "status": shown["status"]}
    return shown
