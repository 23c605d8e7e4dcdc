"""Events in order: kept for the control API, sent live to the page."""

import asyncio
import time
from collections import deque

HISTORY = 200_000  # price, stock and order changes kept for `GET /_sandbox/changes`
BACKLOG = 20_000  # events a slow page may lag behind before it has to reload everything


def now_ms() -> int:
    """Return epoch milliseconds, the clock of every figure that the sandbox reports."""
    return time.time_ns() // 1_000_000


class Feed:
    """Numbered events for any number of listeners. Used from the event loop only."""

    def __init__(self):
        self.sequence = 0
        self.history: deque[dict] = deque(maxlen=HISTORY)
        self.closed = False
        self._listeners: set[Listener] = set()

    def publish(self, kind: str, keep: bool = False, **values) -> dict:
        """Send an event to every listener.

        :param kind: ``price``, ``stock``, ``listing``, ``order``, ``request``, ``webhook``,
            ``faults``, ``behaviour`` or ``reset``.
        :param keep: True to keep it for `since`.
        """
        self.sequence += 1
        event = {"seq": self.sequence, "ms": now_ms(), "kind": kind, **values}
        if keep:
            self.history.append(event)
        for listener in self._listeners:
            listener.put(event)
        return event

    def since(self, sequence: int, kind: str | None = None) -> list[dict]:
        """Return the kept events after that number, oldest first."""
        found = []
        for event in reversed(self.history):
            if event["seq"] <= sequence:
                break
            if kind in (None, event["kind"]):
                found.append(event)
        found.reverse()
        return found

    def listen(self) -> "Listener":
        listener = Listener(self)
        self._listeners.add(listener)
        if self.closed:
            listener.wake.set()
        return listener

    def forget(self, listener: "Listener"):
        self._listeners.discard(listener)

    def close(self):
        """End every open stream, so that the server can stop at once."""
        self.closed = True
        for listener in self._listeners:
            listener.wake.set()


class Listener:
    """One open page: its backlog and the event that wakes its stream."""

    def __init__(self, feed: Feed):
        self.feed = feed
        self.wake = asyncio.Event()
        self._events: list[dict] = []
        self._overrun = False

    def put(self, event: dict):
        if len(self._events) >= BACKLOG:
            self._overrun = True
            self._events.clear()
        self._events.append(event)
        self.wake.set()

    def take(self) -> tuple[list[dict], bool]:
        """Return the events since the last call.

        :return: (events, overrun): overrun when some were dropped and the page must reload.
        """
        events, self._events = self._events, []
        overrun, self._overrun = self._overrun, False
        self.wake.clear()
        return events, overrun
