"""The supplier's requests and their answers: a log of limited size, and counters."""

import json
from collections import Counter, deque
from dataclasses import dataclass, field

from .feed import now_ms

BODIES = 64 * 1024 * 1024  # bytes of request bodies kept in all
ENTRIES = 20_000
ANSWER = 4_000  # bytes kept of an answer
SINGLE = "order/update-order-status/"


@dataclass
class Entry:
    """One request to the supplier's API. The token is never stored."""

    seq: int
    ms: int
    method: str
    path: str
    query: str
    body: bytes
    token: str
    status: int | None = None
    took_ms: float = 0.0
    fault: str | None = None
    worked: bool = False
    items: int | None = None
    refused: int = 0
    answer: str = ""

    @property
    def endpoint(self) -> str:
        """Return the path with its variable part replaced by a name."""
        return f"{SINGLE}<hashed_id>" if self.path.startswith(SINGLE) else self.path

    def summary(self) -> dict:
        """Return one line for the page: everything but the bodies."""
        return {
            "seq": self.seq,
            "ms": self.ms,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "token": self.token,
            "status": self.status,
            "took_ms": round(self.took_ms, 1),
            "fault": self.fault,
            "worked": self.worked,
            "items": self.items,
            "refused": self.refused,
        }

    def as_dict(self) -> dict:
        try:
            body = json.loads(self.body) if self.body else None
        except ValueError:
            body = self.body.decode("utf-8", "replace")
        return {**self.summary(), "endpoint": self.endpoint, "body": body, "answer": self.answer}


@dataclass
class Count:
    """Number of calls of one endpoint, and their results."""

    calls: int = 0
    items: int = 0
    refused: int = 0
    statuses: Counter = field(default_factory=Counter)


class RequestLog:
    def __init__(self):
        self.sequence = 0
        self.clear()

    def clear(self) -> None:
        self.entries: deque[Entry] = deque()
        self.counts: dict[str, Count] = {}
        self._bytes = 0

    def open(self, method: str, path: str, query: str, body: bytes, token: str) -> Entry:
        self.sequence += 1
        return Entry(self.sequence, now_ms(), method, path, query, body, token)

    def close(self, entry: Entry) -> None:
        """Store a finished request and drop the oldest ones if there is no room."""
        self.entries.append(entry)
        self._bytes += len(entry.body)
        while len(self.entries) > ENTRIES or (self._bytes > BODIES and len(self.entries) > 1):
            self._bytes -= len(self.entries.popleft().body)
        count = self.counts.setdefault(f"{entry.method} {entry.endpoint}", Count())
        count.calls += 1
        count.items += entry.items or 0
        count.refused += entry.refused
        count.statuses["cut" if entry.status is None else str(entry.status)] += 1

    def find(
        self, path: str = "", method: str = "", since: int = 0, limit: int = 1000
    ) -> list[Entry]:
        """Return the newest entries whose path has the prefix, oldest first."""
        found = []
        for entry in reversed(self.entries):
            if entry.seq <= since or len(found) >= limit:
                break
            if entry.path.startswith(path) and method in ("", entry.method):
                found.append(entry)
        return found[::-1]

    def counters(self) -> dict:
        return {
            name: {
                "calls": count.calls,
                "items": count.items,
                "refused": count.refused,
                "statuses": dict(count.statuses),
            }
            for name, count in sorted(self.counts.items())
        }
