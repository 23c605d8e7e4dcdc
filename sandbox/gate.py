"""The log and the faults, which every request to the supplier's API passes."""

import time

from .faults import Answer, Connection, Faults
from .marketplace import Marketplace
from .requestlog import ANSWER, RequestLog

PREFIX = "/api/v1/"


class Gate:
    """ASGI: read the request, let the application work, and send or spoil its answer.

    The application leaves figures for the log in ``scope["outcome"]`` (`items`, `refused`), and
    in ``scope["on_delivered"]`` the callbacks to run only if the caller got the answer.
    """

    def __init__(self, app, market: Marketplace, log: RequestLog, faults: Faults):
        self.app, self.market, self.log, self.faults = app, market, log, faults

    async def __call__(self, scope, receive, send):
        started = time.perf_counter()
        body, whole = await _read(receive)
        if not whole:
            return
        path = scope["path"].removeprefix(PREFIX)
        query = scope["query_string"].decode("latin-1")
        entry = self.log.open(scope["method"], path, query, body, self._token(scope))
        scope = {**scope, "outcome": {}, "on_delivered": []}
        connection = Connection(scope, receive, send)
        fault = self.faults.choose(scope["method"], path, body)
        try:
            delivered = await self._answer(fault, scope, body, connection, entry)
            if delivered:
                for callback in scope["on_delivered"]:
                    callback()
        finally:
            if connection.sent:
                entry.status = connection.sent.status
                entry.answer = connection.sent.body[:ANSWER].decode("utf-8", "replace")
            entry.fault = fault and fault.effect
            entry.items = scope["outcome"].get("items")
            entry.refused = scope["outcome"].get("refused", 0)
            entry.took_ms = (time.perf_counter() - started) * 1000
            self.log.close(entry)
            self.market.feed.publish("request", request=entry.summary())

    async def _answer(self, fault, scope, body: bytes, connection: Connection, entry) -> bool:
        """Answer a request. :return: True if the caller got the application's answer whole."""
        if fault and fault.effect == "delay" and fault.when == "before":
            if await connection.wait(fault.seconds):
                return False  # a caller who disconnected in the queue is no longer served
        answer = None
        if fault is None or fault.needs_work:
            entry.worked = True
            answer = await self._work(scope, body)
        if fault:
            return await fault.play(answer, connection)
        await connection.send(answer)
        return True

    async def _work(self, scope, body: bytes) -> Answer:
        answer, given = Answer(500, [], b""), False

        async def receive():
            nonlocal given
            if given:
                return {"type": "http.disconnect"}
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
            else:
                answer.body += message.get("body", b"")

        await self.app(scope, receive, send)
        return answer

    def _token(self, scope) -> str:
        """Return `right`, `wrong` or `missing`; the log never stores the token."""
        token = dict(scope["headers"]).get(b"authorizationtoken")
        if token is None:
            return "missing"
        return "right" if token.decode("latin-1") in self.market.tokens else "wrong"


async def _read(receive) -> tuple[bytes, bool]:
    """Return the request's body, and True if it arrived whole."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"", False
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts), True
