"""Find the refusals inside a 2xx answer to a batch.

Source: bulk calls answer 2xx even when single items are refused; the format is not documented. So
every usual shape is read, by three rules:

* an item is only refused when the answer names it: by an identity, by an index, or by its
  position in a list of as many rows as there were items;
* a refusal that names no item is `unattributed`, and `push.push_batch` finds the item by
  sending smaller batches (a batch of one needs no name);
* a text is a refusal under a key of errors (`errors`, `error`, a row that failed), or when it
  contains words of failure. A text that only reports is not a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .answers import (
    ERROR_KEYS,
    NUMBER_KEYS,
    ROW_KEYS,
    TEXT_KEYS,
    Directory,
    describe,
    failed_parts,
    is_empty,
    is_failure_flag,
    is_not_found,
    is_success_flag,
    judge_row,
    reports_failure,
    reports_outage,
)
from .redact import excerpt, mask, plain_key

if TYPE_CHECKING:
    from typing import Iterable, Mapping, Sequence

    Items = Sequence[Mapping[str, Any]]

MAX_DEPTH = 6


@dataclass(frozen=True)
class Refusal:
    """Reason why Cartona did not accept one item.

    :param code: `not_found`, `rejected`, or `refused` where the answer did not name the item.
    :param message: Cartona's text, redacted, at most 500 characters; may be empty.
    """

    code: str
    message: str


@dataclass
class BulkResult:
    """Result of one call with a batch.

    :param refused: index of the item -> Refusal.
    :param unattributed: refusals that name no item.
    :param uncertain: True when the answer calls the whole batch failed, but names only some
        items. It is unknown whether Cartona accepted the others: send them once more.
    """

    refused: dict[int, Refusal] = field(default_factory=dict)
    unattributed: list[str] = field(default_factory=list)
    uncertain: bool = False

    @property
    def ok(self) -> bool:
        """Return True if no item was refused."""
        return not self.refused and not self.unattributed


# === READ AN ANSWER === #


def read_bulk_answer(items: Items, answer: Any, secrets: Iterable[str] = ()) -> BulkResult:
    """Find the refused items in an answer.

    :param items: the list that was sent: products (`supplier_product_id`, `internal_product_id`,
        or base ids, unit and count) or orders (`hashed_id`, `order_id`).
    :param answer: data from JSON, or a text.
    :param secrets: texts that no message may show.
    """
    reader = _Reader(items)
    reader.read(answer, 0)
    return reader.result(secrets)


def is_outage(items: Items, answer: Any) -> bool:
    """Return True if the answer is not about the batch, but reports that Cartona is closed.

    :param items: as for `read_bulk_answer`; a sentence that names one of them is about that one.
    :param answer: data from JSON, or a text.
    """
    text = answer if isinstance(answer, str) else ""
    if isinstance(answer, dict):
        text = "; ".join(
            value for key, value in answer.items()
            if isinstance(value, str) and plain_key(key) in TEXT_KEYS | ERROR_KEYS
        )  # fmt: skip
    return reports_outage(text) and not Directory(items).named_in(text)


class _Reader:
    """Collects refusals while it walks through an answer of any shape.

    `positions` are the indexes that a row has by its position in a list, if any.
    """

    def __init__(self, items: Items) -> None:
        self.items = items
        self.directory = Directory(items)
        self.refused: dict[int, Refusal] = {}
        self.unattributed: list[str] = []
        # Failures of the batch as a whole. Used only when nothing more specific was found.
        self.summary: list[str] = []
        self.whole_failed = False
        # The highest number of refused items that the answer gives.
        self.count: float = 0

    def result(self, secrets: Iterable[str]) -> BulkResult:
        secrets = tuple(secrets)
        loose = self.unattributed
        if not loose and not self.refused:
            loose = self.summary
        if not loose and self.count > len(self.refused):
            loose = [f"{self.count} refused"]
        if loose and len(self.items) == 1:
            # A batch of one needs no name.
            if 0 not in self.refused:
                self.refuse([0], "; ".join(dict.fromkeys(filter(None, loose))))
            loose = []
        refused = {
            index: Refusal(refusal.code, mask(refusal.message, secrets=secrets))
            for index, refusal in sorted(self.refused.items())
        }
        unnamed = [mask(text, secrets=secrets) or "refused without a reason" for text in loose]
        uncertain = self.whole_failed and 0 < len(refused) < len(self.items)
        return BulkResult(refused, list(dict.fromkeys(unnamed)), uncertain)

    def refuse(self, indexes: list[int], message: str) -> None:
        text = excerpt(message)
        code = "not_found" if is_not_found(text) else "rejected"
        for index in indexes:
            if index not in self.refused or not self.refused[index].message:
                self.refused[index] = Refusal(code, text)

    def attribute(self, indexes: list[int], message: str) -> None:
        """Add a refusal of these items, or an unattributed one if there are none."""
        if indexes:
            self.refuse(indexes, message)
        else:
            self.unattributed.append(excerpt(message))

    def named_by(self, message: str) -> list[int]:
        """Return the items that a refusal names: in its failed parts, else in the whole text."""
        return self.directory.named_in("; ".join(failed_parts(message)) or message)

    # === SHAPES === #

    def read(self, answer: Any, depth: int) -> None:
        """Read an answer, or a part of one, of any type."""
        if depth > MAX_DEPTH:
            return
        if isinstance(answer, str):
            self.read_text(answer)
        elif isinstance(answer, list):
            self.read_rows(answer, depth)
        elif isinstance(answer, dict):
            self.read_object(answer, depth)
        elif answer is False:
            self.summary.append("")

    def read_text(self, text: str) -> None:
        for part in failed_parts(text):
            self.attribute(self.directory.named_in(part), part)

    def read_rows(self, rows: list[Any], depth: int) -> None:
        """Read one row per item, failed or not; rows without identity count by position."""
        aligned = len(rows) == len(self.items)
        for position, row in enumerate(rows):
            positions = [position] if aligned else []
            if isinstance(row, dict):
                self.read_row(row, positions, depth)
            elif isinstance(row, str):
                if reports_failure(row):
                    self.attribute(self.named_by(row) or positions, row)
            elif row is False:
                self.attribute(positions, "")
            elif isinstance(row, list):
                self.read(row, depth + 1)

    def read_row(self, row: dict[str, Any], positions: list[int], depth: int) -> None:
        """Read a row that may echo an item, report its failure, or both."""
        found = self.directory.find(row)
        if found is None and self.contains_rows(row):
            self.read_object(row, depth + 1)
            return
        failed, message = judge_row(row)
        if failed:
            # A row with an identity that matches no item is not judged by its position.
            indexes = found or (positions if found is None else []) or self.named_by(message)
            self.attribute(indexes, message)

    def contains_rows(self, row: dict[str, Any]) -> bool:
        return any(
            isinstance(value, (list, dict)) and plain_key(key) in ROW_KEYS
            for key, value in row.items()
        )

    def read_object(self, data: dict[str, Any], depth: int) -> None:
        """Read an envelope: errors beside rows beside a summary."""
        found = self.directory.find(data)
        if found:
            failed, message = judge_row(data)
            if failed:
                self.refuse(found, message)
            return
        self.summarise(data)
        for key, value in data.items():
            name = plain_key(key)
            indexes = self.directory.by_text(key)
            if name in ERROR_KEYS and value is True:
                self.summary.append(describe(data))
            elif name in ERROR_KEYS:
                self.read_errors(value, depth + 1)
            elif name in ROW_KEYS and isinstance(value, (list, dict, str)):
                self.read(value, depth + 1)
            elif indexes:
                self.read_entry(indexes, value)

    def summarise(self, data: dict[str, Any]) -> None:
        """Read a flag or a sentence about the whole batch."""
        failed, message = judge_row({
            key: value for key, value in data.items()
            if plain_key(key) not in ERROR_KEYS
        })  # fmt: skip
        self.whole_failed |= any(is_failure_flag(plain_key(key), data[key]) for key in data)
        if failed:
            named = self.named_by(message)
            if named:
                self.refuse(named, message)
            else:
                self.summary.append(message)

    def read_entry(self, indexes: list[int], value: Any) -> None:
        """Read the value of `{id: message}`: the result for that item."""
        if isinstance(value, dict):
            failed, message = judge_row(value)
        else:
            message = excerpt(value) if isinstance(value, (str, list)) else ""
            failed = value is False or reports_failure(message)
        if failed:
            self.refuse(indexes, message)

    # === ERRORS === #

    def read_errors(self, errors: Any, depth: int) -> None:
        """Read the value of a key like `errors`: every entry in it is a refusal."""
        if depth > MAX_DEPTH or is_empty(errors):
            return
        if isinstance(errors, dict):
            self.read_errors_object(errors, depth)
        elif isinstance(errors, list):
            self.read_errors_list(errors, depth)
        elif isinstance(errors, str):
            self.attribute(self.named_by(errors), errors)
        else:
            # A number of refusals; `errors: true` inside errors adds nothing.
            self.count = max(self.count, errors)

    def read_errors_list(self, errors: list[Any], depth: int) -> None:
        # As many entries as items, some of them empty: a list that answers item by item.
        aligned = len(errors) == len(self.items) and any(is_empty(error) for error in errors)
        for position, error in enumerate(errors):
            positions = [position] if aligned else []
            if is_empty(error):
                continue
            if isinstance(error, dict):
                self.read_error(error, positions, depth)
            elif isinstance(error, str):
                named = self.named_by(error) or positions
                self.attribute(self.directory.by_text(error) or named, error)
            elif isinstance(error, list):
                self.read_errors(error, depth + 1)
            else:
                self.attribute(self.directory.by_text(error), "")

    def read_error(self, error: dict[str, Any], positions: list[int], depth: int) -> None:
        """Read one error: it names its item by identity, index, key, in its text, or not at all."""
        if any(is_success_flag(plain_key(key), value) for key, value in error.items()):
            return
        message = describe(error)
        found = self.directory.find(error)
        indexes = found or self.directory.by_index(error)
        indexes = indexes or self.named_by(message) or positions
        if indexes:
            self.refuse(indexes, message)
        elif found is None and any(self.directory.by_key(key) for key in error):
            # Only without an identity, or both methods would call each other without end.
            self.read_errors_object(error, depth + 1)
        else:
            self.unattributed.append(message)

    def read_errors_object(self, errors: dict[str, Any], depth: int) -> None:
        """Read `{id or index: message or list of messages}`, or one error object."""
        if self.directory.find(errors) is not None:
            self.read_error(errors, [], depth)
            return
        unnamed = {}
        for key, value in errors.items():
            indexes = self.directory.by_key(key)
            if indexes and not is_empty(value):
                self.refuse(indexes, describe(value))
            elif not indexes:
                unnamed[key] = value
        self.read_unnamed(unnamed, depth)

    def read_unnamed(self, errors: dict[str, Any], depth: int) -> None:
        """Read error entries with a key that is not an item: lists of rows, or sentences."""
        for key, value in errors.items():
            name = plain_key(key)
            if name in ROW_KEYS or name in ERROR_KEYS:
                self.read_errors(value, depth + 1)
            elif name in NUMBER_KEYS or name == "code" or is_empty(value):
                continue
            elif isinstance(value, list) and not all(isinstance(one, str) for one in value):
                self.read_errors(value, depth + 1)
            else:
                text = describe(value)
                message = text if name in TEXT_KEYS else f"{key}: {text}"
                self.attribute(self.named_by(text), message)
