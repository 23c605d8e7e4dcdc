"""Send a batch, and isolate the items that Cartona does not accept.

Sending a state twice is harmless (Cartona keeps the last value), so a batch that is refused as a
whole, or for a reason that names no item, is halved and sent again until the refused item is alone:
one among a hundred costs 15 calls and a check of the account, once. An answer that names some items
and calls the whole batch failed has not accepted the others: they are sent again.

Not every failure is an item's. An error that may be about the account is checked once before an
item is called refused. A call that fails without a refusal (5xx, no answer) is first tried again as
it is; only a batch that fails again and again is sent in parts, and an item is isolated only when
another part succeeds.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .answers import refuses_token
from .bulk import Refusal
from .errors import CartonaError, Rejected, Transient, Unauthorised

if TYPE_CHECKING:
    from typing import Callable, Collection, Sequence

    from .bulk import BulkResult

# Number of parts in which a batch is searched for the item at fault.
PARTS = 8
# A job lasts seconds: what is not decided by then is left to the next one.
PUSH_SECONDS = 20.0
# Statuses that are about what was sent, never about the account.
_ABOUT_ITEMS = {404, 409, 410, 422}
# Errors of a call that one item may cause. The others are about the connection or the account.
_MAY_BE_ITEM = {"server_error", "timeout", "unreadable", "too_large"}


@dataclass(eq=False)
class PushOutcome:
    """Result of `push_batch`. An index in no field was not sent, or its result is unknown.

    :param accepted: indexes of the items that Cartona has accepted.
    :param refused: index of the item -> Refusal.
    :param isolated: index of the item -> the error of every call with that item, while calls
        with other items of the same batch succeed.
    :param error: the error that ended the batch early, or None.
    """

    accepted: set[int] = field(default_factory=set)
    refused: dict[int, Refusal] = field(default_factory=dict)
    isolated: dict[int, CartonaError] = field(default_factory=dict)
    error: CartonaError | None = None

    @property
    def decided(self) -> set[int]:
        """Return the indexes whose result is known."""
        return {*self.accepted, *self.refused}


def push_batch(
    call: Callable[[list[Any]], BulkResult],
    items: Sequence[Any],
    check: Callable[[], object] | None = None,
    is_suspect: bool = False,
    alone: Collection[int] = (),
    seconds: float = PUSH_SECONDS,
) -> PushOutcome:
    """Send `items` through a bulk call, in smaller parts where items at fault have to be found.

    :param call: e.g. `CartonaClient.update_products`.
    :param items: JSON objects.
    :param check: e.g. `CartonaClient.check`. Called once before an item is called refused or
        isolated: the error may be about the account.
    :param is_suspect: True when this batch has failed again and again: find the item with which
        every call fails.
    :param alone: indexes of items that were isolated before; sent one by one, after the others.
    :param seconds: when they have passed, what is known is returned, and the rest is left.
    :return: never raises a `CartonaError`.
    """
    push = _Push(call, items, check, time.monotonic() + seconds)
    together = [index for index in range(len(items)) if index not in alone]
    with contextlib.suppress(_OutOfTime):
        try:
            if is_suspect and together:
                push.search(together)
            elif together:
                push.send(together)
            for index in alone:
                push.try_again(index)
        except CartonaError as error:
            push.outcome.error = error
    return push.outcome


class _OutOfTime(Exception):
    """The time of `push_batch` is over."""


class _Push:
    """One call of `push_batch`."""

    def __init__(
        self,
        call: Callable[[list[Any]], BulkResult],
        items: Sequence[Any],
        check: Callable[[], object] | None,
        deadline: float,
    ) -> None:
        self.call, self.items, self.check, self.deadline = call, items, check, deadline
        self.outcome = PushOutcome()
        self.calls = 0

    def send(self, indexes: list[int]) -> None:
        """Send items together; of a refused batch the parts.

        :raise CartonaError: Cartona cannot be called any more
        """
        words: list[str] = []
        parts = self.send_part(indexes, words)
        if words and len(indexes) > PARTS:
            # Refused as a whole. If both halves are as well, in the same words, one item of each
            # of some parts shows whether the items are the cause.
            parts = [rest for half in reversed(parts) for rest in self.send_part(half, words)]
            if words == [words[0]] * 3:
                self.assert_not_account([part[0] for part in _split(indexes)], words[0])
        while parts:
            parts += self.send_part(parts.pop())

    def assert_not_account(self, sample: list[int], words: str) -> None:
        """Send some items alone.

        :param words: the words in which all of them were refused together
        :raise Unauthorised: each is refused in the same words: they are about the account
        """
        for index in sample:
            said: list[str] = []
            self.send_part([index], said)
            if said != [words]:
                return
        for index in sample:
            del self.outcome.refused[index]
        raise Unauthorised("account_refused", f"Cartona refuses every item: {words}", detail=words)

    def search(self, indexes: list[int]) -> None:
        """Send a batch that has failed again and again; if it fails again, isolate the items at
        fault.

        :raise CartonaError: no part succeeds, so that the items are not the cause
        """
        self.check_once()
        failed: list[list[int]] = []
        error = self.send_or_error(indexes, failed)
        if error is None:
            return
        parts = _split(failed.pop())
        for part in parts:
            self.send_or_error(part, failed)
        if failed == parts:
            raise error
        while failed:
            part = failed.pop()
            if len(part) > 1:
                for half in _halves(part):
                    self.send_or_error(half, failed)
            else:
                self.try_again(part[0])

    def send_or_error(self, indexes: list[int], failed: list[list[int]]) -> Transient | None:
        """Send items together; add them to `failed` when the call fails because of them."""
        try:
            self.send(indexes)
        except Transient as error:
            if error.code not in _MAY_BE_ITEM:
                raise
            failed.append(indexes)
            return error
        return None

    def try_again(self, index: int) -> None:
        """Send one item alone; isolate it when the call fails."""
        error = self.send_or_error([index], [])
        if error:
            self.outcome.isolated[index] = error

    def send_part(self, indexes: list[int], words: list[str] | None = None) -> list[list[int]]:
        """Send one part, and return what has to be sent after it: smaller parts, the last first.

        :param words: list to which the words of a refused call are added
        """
        indexes = [index for index in indexes if index not in self.outcome.decided]
        if not indexes:
            return []
        if self.calls and time.monotonic() > self.deadline:
            raise _OutOfTime
        self.calls += 1
        try:
            result = self.call([self.items[index] for index in indexes])
        except Rejected as error:
            return self.refuse(indexes, error, words)
        except CartonaError:
            raise
        except Exception as error:  # an item of which no request can be made
            return self.refuse(indexes, Rejected("rejected", detail=type(error).__name__), None)
        return self.read(indexes, result)

    def refuse(
        self, indexes: list[int], error: Rejected, words: list[str] | None
    ) -> list[list[int]]:
        """Return what has to be sent after a refused call."""
        if len(indexes) > 1 and error.items:
            for position, refusal in error.items.items():
                self.outcome.refused[indexes[position]] = refusal
            rest = [index for index in indexes if index not in self.outcome.refused]
            return [rest] if rest else []
        # Source: a token that is not accepted is answered by 400.
        if len(indexes) > 1 or error.status == 400 or refuses_token(error.detail):
            self.check_once()
        if words is not None and error.status not in _ABOUT_ITEMS:
            words.append(error.detail)
        if len(indexes) > 1:
            return _halves(indexes)
        self.outcome.refused[indexes[0]] = Refusal(error.code, error.detail)
        return []

    def read(self, indexes: list[int], result: BulkResult) -> list[list[int]]:
        """Return what has to be sent after an answer."""
        refused = {indexes[position]: refusal for position, refusal in result.refused.items()}
        self.outcome.refused.update(refused)
        rest = [index for index in indexes if index not in refused]
        if result.uncertain:
            return _halves(rest)
        if not result.unattributed:
            self.outcome.accepted.update(rest)
            return []
        if len(rest) > 1:
            return _halves(rest)
        for index in rest:
            self.outcome.refused[index] = Refusal("refused", "; ".join(result.unattributed))
        return []

    def check_once(self) -> None:
        """Check the account before the first item is called refused or isolated.

        :raise CartonaError: the account or the connection is the cause
        """
        if self.check is not None:
            check, self.check = self.check, None
            check()


def _halves(indexes: list[int]) -> list[list[int]]:
    """Return two parts, the second one first: parts are taken from the end."""
    middle = len(indexes) // 2
    return [half for half in (indexes[middle:], indexes[:middle]) if half]


def _split(indexes: list[int]) -> list[list[int]]:
    """Return up to `PARTS` parts of about the same size."""
    size = -(-len(indexes) // PARTS)
    return [indexes[first : first + size] for first in range(0, len(indexes), size)]
