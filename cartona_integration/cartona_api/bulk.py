"""Finds the refusals inside an answer that says 2xx.

Source: bulk calls answer 2xx even when single items are refused; how is not documented. So every
usual shape is read, and three rules keep it honest:

* an item is only blamed when the answer names it: by an identity, by an index, or by its place
  in a list of as many rows as there were items;
* a refusal that names nobody is `unattributed`, and the caller finds the culprit by sending
  smaller batches (a batch of one needs no name);
* a text is a refusal where it stands for an error (`errors`, `error`, a row that failed), or when
  its words say so. A text that merely reports, in whatever words, is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .identity import Directory
from .redact import excerpt, mask, plain_key
from .wording import is_not_found, refusals, says_outage, says_refusal

MAX_DEPTH = 6

# Compared by `redact.plain_key`, so `error_message` is `errorMessage`.
_ERROR_KEYS = frozenset({
    "error", "errordetails", "errormessage", "errormessages", "errors", "exception", "exceptions",
    "failed", "faileditems", "failedorders", "failedproducts", "failedrecords", "failedrows",
    "failures", "invalid", "invaliditems", "invalidproducts", "notfound", "refused", "rejected",
    "rejecteditems", "unprocessed",
})  # fmt: skip
_FLAG_KEYS = frozenset({"success", "succeeded", "issuccess", "ok", "valid", "accepted"})
_STATUS_KEYS = frozenset({"status", "result", "state", "outcome"})
_NUMBER_KEYS = frozenset({"status", "statuscode", "httpstatus"})
# Judged by their words. Not the description of a product, which may say anything.
_REPORT_KEYS = frozenset({"message", "msg"})
_TEXT_KEYS = _REPORT_KEYS | {"messages", "detail", "details", "description"}
_ROW_KEYS = frozenset({
    "data", "results", "result", "items", "rows", "products", "supplierproducts", "orders",
    "response", "responses", "body", "payload", "records", "details",
})  # fmt: skip
_BAD_STATUS = frozenset({
    "error", "errors", "errored", "exception", "fail", "failed", "failure", "invalid", "notfound",
    "notupdated", "refused", "rejected", "unprocessable", "unprocessableentity",
})  # fmt: skip
_GOOD_STATUS = frozenset({"ok", "success", "successful", "updated", "accepted", "done"})
_NOTHING = (None, False, 0, "", "0", "false", "none", "null", [], {})


@dataclass(frozen=True)
class Refusal:
    """Why Cartona did not take one item.

    :param str code: `not_found` or `rejected`.
    :param str message: Cartona's words, redacted, at most 500 characters; may be empty.
    """

    code: str
    message: str


@dataclass
class BulkResult:
    """What became of a batch.

    :param refused: index of the item -> Refusal.
    :param unattributed: refusals that name no item.
    :param doubtful: the answer calls the whole batch failed, but names only some items. Whether
        it took the others is unknown: send them once more.
    """

    refused: dict[int, Refusal] = field(default_factory=dict)
    unattributed: list[str] = field(default_factory=list)
    doubtful: bool = False

    @property
    def ok(self):
        """True when nothing was refused."""
        return not self.refused and not self.unattributed


def read_bulk_answer(items, answer, secrets=()):
    """Which of `items` did Cartona refuse?

    :param items: the list that was sent: products (`supplier_product_id`, `internal_product_id`,
        or base ids, unit and count) or orders (`hashed_id`, `order_id`).
    :param answer: data from JSON, or a text.
    :param secrets: texts that no message may show.
    :rtype: BulkResult
    """
    reader = _Reader(items)
    reader.read(answer, 0)
    return reader.result(secrets)


def is_outage(items, answer):
    """Is this no answer to what was sent, but says that Cartona is closed for a while?

    :param items: as for `read_bulk_answer`; a sentence that names one of them is about that one.
    :param answer: data from JSON, or a text.
    :rtype: bool
    """
    said = answer if isinstance(answer, str) else ""
    if isinstance(answer, dict):
        said = "; ".join(
            value for key, value in answer.items()
            if isinstance(value, str) and plain_key(key) in _TEXT_KEYS | _ERROR_KEYS
        )  # fmt: skip
    return says_outage(said) and not Directory(items).named_in(said)


class _Reader:
    def __init__(self, items):
        self.items = items
        self.directory = Directory(items)
        self.refused = {}
        self.unattributed = []
        # What the answer says of itself as a whole. Counts only when nothing finer was found.
        self.summary = []
        self.whole_failed = False
        # How many it says were refused, by the highest of its counts.
        self.count = 0

    def result(self, secrets):
        loose = self.unattributed
        if not loose and not self.refused:
            loose = self.summary
        if not loose and self.count > len(self.refused):
            loose = [f"{self.count} refused"]
        if loose and len(self.items) == 1:
            # Whoever sent one item needs no name.
            if 0 not in self.refused:
                self.blame([0], "; ".join(dict.fromkeys(filter(None, loose))))
            loose = []
        refused = {
            index: Refusal(refusal.code, mask(refusal.message, secrets=secrets))
            for index, refusal in sorted(self.refused.items())
        }
        unnamed = [mask(text, secrets=secrets) or "refused without a reason" for text in loose]
        doubtful = self.whole_failed and 0 < len(refused) < len(self.items)
        return BulkResult(refused, list(dict.fromkeys(unnamed)), doubtful)

    def blame(self, indexes, message):
        text = excerpt(message)
        code = "not_found" if is_not_found(text) else "rejected"
        for index in indexes:
            if index not in self.refused or not self.refused[index].message:
                self.refused[index] = Refusal(code, text)

    # === SHAPES === #

    def read(self, answer, depth):
        """Any answer, at any level."""
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

    def read_text(self, text):
        """A report in words."""
        for part in refusals(text):
            self.settle(self.directory.named_in(part), part)

    def named_by(self, message):
        """Whom a refusal names: by the parts that speak of failure, else by all of it."""
        return self.directory.named_in("; ".join(refusals(message)) or message)

    def read_rows(self, rows, depth):
        """One row per item, failed or not; rows without identity count by their place."""
        aligned = len(rows) == len(self.items)
        for place, row in enumerate(rows):
            at = [place] if aligned else []
            if isinstance(row, dict):
                self.read_row(row, at, depth)
            elif isinstance(row, str):
                if says_refusal(row):
                    self.settle(self.named_by(row) or at, row)
            elif row is False:
                self.settle(at, "")
            elif isinstance(row, list):
                self.read(row, depth + 1)

    def read_row(self, row, at, depth):
        """A row that may echo an item, report its failure, or both."""
        where = self.directory.find(row)
        if where is None and self.holds_rows(row):
            self.read_object(row, depth + 1)
            return
        failed, message = judge_row(row)
        if failed:
            # A row with an identity that is none of ours is not judged by its place.
            self.settle(where or (at if where is None else []) or self.named_by(message), message)

    def holds_rows(self, row):
        return any(
            isinstance(value, (list, dict)) and plain_key(key) in _ROW_KEYS
            for key, value in row.items()
        )

    def settle(self, indexes, message):
        if indexes:
            self.blame(indexes, message)
        else:
            self.unattributed.append(excerpt(message))

    def read_object(self, data, depth):
        """An envelope: errors beside rows beside a summary."""
        where = self.directory.find(data)
        if where:
            failed, message = judge_row(data)
            if failed:
                self.blame(where, message)
            return
        self.summarise(data)
        for key, value in data.items():
            name = plain_key(key)
            indexes = self.directory.by_text(key)
            if name in _ERROR_KEYS and value is True:
                self.summary.append(describe(data))
            elif name in _ERROR_KEYS:
                self.read_errors(value, depth + 1)
            elif name in _ROW_KEYS and isinstance(value, (list, dict, str)):
                self.read(value, depth + 1)
            elif indexes:
                self.read_entry(indexes, value)

    def summarise(self, data):
        """A flag or a sentence about the whole batch."""
        failed, message = judge_row({
            key: value for key, value in data.items()
            if plain_key(key) not in _ERROR_KEYS
        })  # fmt: skip
        self.whole_failed |= any(_is_flag_down(plain_key(key), data[key]) for key in data)
        if failed:
            named = self.named_by(message)
            if named:
                self.blame(named, message)
            else:
                self.summary.append(message)

    def read_entry(self, indexes, value):
        """`{id: message}`: the value tells what became of the item."""
        if isinstance(value, dict):
            failed, message = judge_row(value)
        else:
            message = excerpt(value) if isinstance(value, (str, list)) else ""
            failed = value is False or says_refusal(message)
        if failed:
            self.blame(indexes, message)

    # === ERRORS === #

    def read_errors(self, errors, depth):
        """What stands under a name like `errors`: everything in it is a refusal."""
        if depth > MAX_DEPTH or _is_nothing(errors):
            return
        if isinstance(errors, dict):
            self.read_errors_object(errors, depth)
        elif isinstance(errors, list):
            self.read_errors_list(errors, depth)
        elif isinstance(errors, str):
            self.settle(self.named_by(errors), errors)
        else:
            # How many; `errors: true` inside errors says nothing more.
            self.count = max(self.count, errors)

    def read_errors_list(self, errors, depth):
        # As many entries as items, some of them empty: a list that answers item by item.
        aligned = len(errors) == len(self.items) and any(_is_nothing(error) for error in errors)
        for place, error in enumerate(errors):
            if _is_nothing(error):
                continue
            if isinstance(error, dict):
                self.read_error(error, [place] if aligned else [], depth)
            elif isinstance(error, str):
                named = self.named_by(error) or ([place] if aligned else [])
                self.settle(self.directory.by_text(error) or named, error)
            elif isinstance(error, list):
                self.read_errors(error, depth + 1)
            else:
                self.settle(self.directory.by_text(error), "")

    def read_error(self, error, at, depth):
        """One error: names its item by identity, by index, by key, in its words, or not at all."""
        if any(_is_flag_up(plain_key(key), value) for key, value in error.items()):
            return
        message = describe(error)
        where = self.directory.find(error) or self.directory.by_index(error)
        where = where or self.named_by(message) or at
        if where:
            self.blame(where, message)
        elif any(self.directory.by_key(key) for key in error):
            self.read_errors_object(error, depth + 1)
        else:
            self.unattributed.append(message)

    def read_errors_object(self, errors, depth):
        """`{id or index: message or list of messages}`, or one error object."""
        if self.directory.find(errors) is not None:
            self.read_error(errors, [], depth)
            return
        unnamed = {}
        for key, value in errors.items():
            indexes = self.directory.by_key(key)
            if indexes and not _is_nothing(value):
                self.blame(indexes, describe(value))
            elif not indexes:
                unnamed[key] = value
        self.read_unnamed(unnamed, depth)

    def read_unnamed(self, errors, depth):
        """Error entries whose key is no item: lists of rows, or sentences."""
        for key, value in errors.items():
            name = plain_key(key)
            if name in _ROW_KEYS or name in _ERROR_KEYS:
                self.read_errors(value, depth + 1)
            elif name in _NUMBER_KEYS or name == "code" or _is_nothing(value):
                continue
            elif isinstance(value, list) and not all(isinstance(one, str) for one in value):
                self.read_errors(value, depth + 1)
            else:
                said = describe(value)
                self.settle(self.named_by(said), said if name in _TEXT_KEYS else f"{key}: {said}")


# === ROWS === #


def judge_row(row):
    """(failed, message) of one row.

    :param dict row: an echo of an item, with or without signs of failure.
    """
    failed, message = False, ""
    for key, value in row.items():
        name = plain_key(key)
        if name in _ERROR_KEYS and not _is_nothing(value):
            failed = True
            message = message or ("" if value is True else describe(value))
        elif _is_flag_down(name, value):
            failed = True
        elif name in _REPORT_KEYS and isinstance(value, str) and says_refusal(value):
            failed = True
            message = message or excerpt(value)
    if failed and not message:
        message = describe(row)
    return failed, message


def _is_flag_up(name, value):
    return (name in _FLAG_KEYS and value is True) or (
        name in _STATUS_KEYS and isinstance(value, str) and plain_key(value) in _GOOD_STATUS
    )


def _is_flag_down(name, value):
    if name in _FLAG_KEYS:
        return value is False or value == "false"
    if name in _NUMBER_KEYS and isinstance(value, int) and not isinstance(value, bool):
        return 400 <= value < 600
    if name in _STATUS_KEYS:
        return value is False or (isinstance(value, str) and plain_key(value) in _BAD_STATUS)
    return False


def describe(value):
    """The sentences inside an error, as one text; "" when it has none."""
    if isinstance(value, str):
        return excerpt(value)
    if isinstance(value, list):
        return excerpt("; ".join(filter(None, map(describe, value))))
    if not isinstance(value, dict):
        return ""
    named = {plain_key(key): one for key, one in value.items()}
    for names in (_TEXT_KEYS, _ERROR_KEYS, frozenset({"reason", "title"})):
        for name in sorted(names & set(named)):
            text = describe(named[name])
            if text:
                return text
    return excerpt("; ".join(
        f"{key}: {describe(one)}" for key, one in value.items()
        if isinstance(one, list) and describe(one)
    ))  # fmt: skip


def _is_nothing(value):
    if isinstance(value, str):
        value = value.strip().lower()
    return any(value == nothing and type(value) is type(nothing) for nothing in _NOTHING)
