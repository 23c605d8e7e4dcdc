"""Faults on demand: what a slow, broken or half-dead marketplace does to its callers.

A fault is a rule: which requests, how many of them, what happens, and whether the marketplace
does the work before it fails (`when="after"`: the change is made, the answer is lost).
"""

import asyncio
import itertools
import random
from dataclasses import asdict, dataclass, field

from . import wire
from .errors import Refused

HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
JSON_TYPE = "application/json"
HTML_TYPE = "text/html; charset=utf-8"

# effect: (status, content type, body)
ANSWERS = {
    "400": (400, JSON_TYPE, '{"error": "Bad request"}'),
    "401": (401, JSON_TYPE, '{"error": "Unauthorized"}'),
    "403": (403, JSON_TYPE, '{"error": "Forbidden"}'),
    "404": (404, JSON_TYPE, '{"error": "Not found"}'),
    "422": (422, JSON_TYPE, '{"error": "Unprocessable entity"}'),
    "429": (429, JSON_TYPE, '{"error": "Too many requests"}'),
    "500": (500, JSON_TYPE, '{"error": "Internal server error"}'),
    "502": (502, HTML_TYPE, HTML.format("502 Bad Gateway")),
    "503": (503, HTML_TYPE, HTML.format("503 Service Temporarily Unavailable")),
    "odd_json": (200, JSON_TYPE, '{"message": "maintenance", "result": null}'),
    "html": (200, HTML_TYPE, HTML.format("Please log in")),
    "empty": (200, JSON_TYPE, ""),
    "redirect": (302, HTML_TYPE, ""),
    "status": (500, JSON_TYPE, ""),
}
# Faults that change the real answer; if the work is not done, this one.
MANGLED = frozenset({"truncated", "cut_body", "drip"})
PLACEHOLDER = (
    b'[{"supplier_product_id": 500001, "supplier_product_name": "sandbox", "unit": "piece"}]'
)
CONNECTION = frozenset({"cut", "reset", "hold"})
EFFECTS = (*ANSWERS, "delay", "hold", "cut", "reset", "cut_body", "truncated", "drip")


@dataclass
class Answer:
    """A whole HTTP answer, kept until the fault has decided what to do with it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass
class Fault:
    """One rule.

    :param effect: one of `EFFECTS`.
    :param method: only this HTTP method; empty: all.
    :param path: only paths with this prefix, below /api/v1/; empty: all.
    :param contains: only requests with this text in their path or body: one item of a batch.
    :param when: ``before`` the work (not done), or ``after`` it (done, but the answer is lost).
    :param probability: share of the matching requests, drawn from `seed`.
    :param times: most requests to affect; null: no limit.
    :param skip: matching requests to let pass first.
    :param seconds: duration of ``delay``, ``hold`` or ``drip``.
    :param status: status in place of the effect's own.
    :param body: body in place of the effect's own, as text.
    :param content_type: content type in place of the effect's own.
    :param retry_after: a ``Retry-After`` header: seconds, or an HTTP date.
    :param location: target of the redirect.
    """

    effect: str
    method: str = ""
    path: str = ""
    contains: str = ""
    when: str = ""
    probability: float = 1.0
    times: int | None = None
    skip: int = 0
    seed: int = 1
    seconds: float = 5.0
    status: int | None = None
    body: str | None = None
    content_type: str | None = None
    retry_after: str | int | None = None
    location: str = "http://elsewhere.invalid/api/v1/"
    id: int = field(default=0, init=False)
    seen: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)

    def __post_init__(self):
        if self.effect not in EFFECTS:
            raise Refused(f"effect is one of {', '.join(EFFECTS)}")
        self.when = self.when or ("after" if self.effect in MANGLED else "before")
        if self.when not in ("before", "after"):
            raise Refused("when is before or after")
        if not 0 <= self.probability <= 1 or self.seconds < 0:
            raise Refused("probability is from 0 to 1, seconds are not negative")
        self.path = self.path.removeprefix("/api/v1/").removeprefix("/")
        self._rng = random.Random(self.seed)

    def matches(self, method: str, path: str, body: bytes = b"") -> bool:
        """Count a request and return True if the rule applies to it."""
        if self.method not in ("", method) or not path.startswith(self.path):
            return False
        if self.contains not in path and self.contains.encode() not in body:
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        self.seen += 1
        if self.seen <= self.skip or self._rng.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def as_dict(self) -> dict:
        return asdict(self)

    # === EFFECT === #

    @property
    def needs_work(self) -> bool:
        """Return True if the marketplace does the work."""
        return self.when == "after" or self.effect == "delay"

    async def play(self, answer: Answer | None, connection: "Connection") -> bool:
        """Send what the rule prescribes.

        :param answer: the real one, when the work was done.
        :return: True if the caller got the real answer whole.
        """
        if self.effect in CONNECTION:
            if self.effect == "hold":
                await connection.wait(self.seconds)
            await wire.cut(connection.scope, reset=self.effect == "reset")
            return False
        if self.effect == "delay":
            if self.when == "after":
                await connection.wait(self.seconds)
            await connection.send(answer)
            return True
        if self.effect in MANGLED:
            true = answer is not None
            answer = answer or Answer(200, [(b"content-type", JSON_TYPE.encode())], PLACEHOLDER)
            return await self._mangle(answer, connection) and true
        await connection.send(self._own_answer())
        return False

    async def _mangle(self, answer: Answer, connection: "Connection") -> bool:
        half = answer.body[: max(len(answer.body) // 2, 1)]
        if self.effect == "truncated":
            await connection.send(Answer(answer.status, answer.headers, half))
            return False
        if self.effect == "cut_body":
            await connection.send(answer, only=half)
            await wire.cut(connection.scope, flush=True)
            return False
        await connection.drip(answer, self.seconds)
        return True

    def _own_answer(self) -> Answer:
        status, content_type, body = ANSWERS[self.effect]
        headers = [(b"content-type", (self.content_type or content_type).encode())]
        if self.retry_after is not None:
            headers.append((b"retry-after", str(self.retry_after).encode()))
        if self.effect == "redirect":
            headers.append((b"location", self.location.encode()))
        text = body if self.body is None else self.body
        return Answer(self.status or status, headers, text.encode())


class Faults:
    """The active rules, oldest first; the first that matches is used."""

    def __init__(self):
        self.rules: list[Fault] = []
        self._numbers = itertools.count(1)

    def add(self, **values) -> Fault:
        """Add a rule.

        :raise Refused, TypeError: for an invalid rule.
        """
        rule = Fault(**values)
        rule.id = next(self._numbers)
        self.rules.append(rule)
        return rule

    def remove(self, rule_id: int | None = None) -> None:
        """Remove one rule, or all."""
        self.rules = [rule for rule in self.rules if rule_id is not None and rule.id != rule_id]

    def choose(self, method: str, path: str, body: bytes = b"") -> Fault | None:
        return next((rule for rule in self.rules if rule.matches(method, path, body)), None)


class Connection:
    """The connection of one request."""

    def __init__(self, scope: dict, receive, send):
        self.scope, self._receive, self._send = scope, receive, send
        self.sent: Answer | None = None

    async def send(self, answer: Answer, only: bytes | None = None) -> None:
        """Send an answer; with `only`, announce the whole length and send that part."""
        await self._start(answer)
        body = answer.body if only is None else only
        await self._body(body, more=only is not None)

    async def drip(self, answer: Answer, seconds: float) -> None:
        """Send the answer in forty small pieces over that time."""
        await self._start(answer)
        size = max(len(answer.body) // 40, 1)
        pieces = [answer.body[i : i + size] for i in range(0, len(answer.body), size)]
        for piece in pieces:
            await self._body(piece, more=True)
            if await self.wait(seconds / len(pieces)):
                return
        await self._body(b"", more=False)

    async def wait(self, seconds: float) -> bool:
        """Wait. :return: True if the caller disconnected meanwhile."""
        try:
            message = await asyncio.wait_for(self._receive(), seconds)
        except TimeoutError:
            return False
        return message["type"] == "http.disconnect"

    async def _start(self, answer: Answer) -> None:
        self.sent = answer
        headers = [pair for pair in answer.headers if pair[0] != b"content-length"]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        await self._send(
            {"type": "http.response.start", "status": answer.status, "headers": headers}
        )

    async def _body(self, body: bytes, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
