"""The catalogue of bad records: for each stream what may be wrong with one of them.

A new case is one line. Each is run beside twenty good records by `tests/chaos/test_bad_records.py`.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """One bad record.

    :param stream: "products", "orders", "acknowledge", "import" or "catalogue"
    :param name: what is wrong
    :param values: fields of the bad record itself, or changes of its raw data
    :param fault: fault of the marketplace for calls with this record, see `sandbox.faults`
    :param may_pass: True if it may also arrive whole; then it need not say why it waits
    """

    stream: str
    name: str
    values: dict[str, Any] | None = None
    fault: dict[str, Any] | None = None
    may_pass: bool = False

    def __str__(self) -> str:
        return f"{self.stream}: {self.name}"


#: Answers to every call that contains the record.
_ANSWERS: dict[str, dict[str, Any]] = {
    "500": {"effect": "500"},
    "502 as HTML": {"effect": "502"},
    "503": {"effect": "503"},
    "HTML with 200": {"effect": "html"},
    "JSON without sense": {"effect": "odd_json", "body": "{truncated"},
    "half of the JSON": {"effect": "truncated"},
    "a cut connection after the work": {"effect": "cut_body"},
    "400": {"effect": "400"},
    "404": {"effect": "404"},
    "409": {"effect": "status", "status": 409, "body": '{"error": "conflict"}'},
    "418 in plain text": {"effect": "status", "status": 418, "body": "no"},
    "422": {"effect": "422"},
    "422 with a text of 100,000 letters": {
        "effect": "status",
        "status": 422,
        "body": '{"error": "' + "x" * 100_000 + '"}',
    },
}
#: Answers that do not say if the record was processed: it may have been.
_UNCLEAR = {"half of the JSON", "a cut connection after the work", "JSON without sense"}
_LETTERS = "".join(chr(0x4E00 + number) for number in range(2000))
#: Raw changes of an order or of its retailer; the last ones are well-formed and merely odd.
_ORDERS: dict[str, dict[str, Any]] = {
    "no lines": {"order_details": []},
    "lines that are a text": {"order_details": "none"},
    "a total that is not the sum": {"total_price": 1},
    "a total beyond measure": {"total_price": 1e40},
    "a total of NaN": {"total_price": float("nan")},
    "amounts beyond measure": {"cartona_credit": 10**11, "installment_cost": -(10**11)},
    "a day before the calendar": {"estimated_delivery_day": "0001-01-01"},
    "the last day of the calendar": {"retailer_preferred_delivery_date": "9999-12-31"},
    "the last moment of the calendar": {"created_at": "9999-12-31T23:59:59-11:00"},
    "a status of 10,000 letters": {"status": "x" * 10_000},
    "a note with NUL and half a surrogate pair": {"note_message": "a\x00b\ud800"},
    "a note of a million letters": {"note_message": "م" * 900_000},
    "a retailer that is a list": {"retailer": [1]},
    "a name of 2,000 different letters": {"retailer": {"retailer_name": _LETTERS}},
    "a phone of 9,000 digits": {"retailer": {"retailer_number": "1" * 9000}},
    "an address of 10,000 letters": {"retailer": {"retailer_address": _LETTERS * 5}},
    "a code in superscript": {"retailer": {"retailer_code": "²"}},
    "a name written from right to left": {"retailer": {"retailer_name": "\u202e\u200f\u0640" * 40}},
    "an account nobody knows": {"supplier_code": "nobody-9"},
    "deep nesting": {"retailer": {"retailer_name": [[[[[[[[[["x"]]]]]]]]]]}},
}
_LISTINGS: dict[str, dict[str, Any]] = {
    "a name of 100,000 letters": {"supplier_product_name": _LETTERS * 50},
    "a name in superscript": {"supplier_product_name": "² ³ ½ ①"},
    "a name of invisible letters": {"supplier_product_name": "\u200b\u202e\u0640"},
}

CASES: tuple[Case, ...] = (
    *(
        Case("products", f"answered by {name}", fault=fault, may_pass=name in _UNCLEAR)
        for name, fault in _ANSWERS.items()
    ),
    Case("products", "a price beyond measure", {"list_price": 1e15}),
    Case("products", "a negative price", {"list_price": -5.0}),
    Case("products", "a quantity that no column holds", {"quantity": 3_000_000_000}),
    Case("products", "a name of 100,000 letters", {"name": "م" * 100_000}, may_pass=True),
    *(
        Case("orders", f"answered by {name}", fault=fault, may_pass=name in _UNCLEAR)
        for name, fault in _ANSWERS.items()
    ),
    Case("orders", "a delivery at the end of time", {"commitment_date": "9999-12-31 23:59:59"},
         may_pass=True),
    *(
        Case("acknowledge", f"answered by {name}", fault=fault, may_pass=True)
        for name, fault in _ANSWERS.items()
    ),
    *(Case("import", name, values, may_pass=True) for name, values in _ORDERS.items()),
    *(Case("catalogue", name, values, may_pass=True) for name, values in _LISTINGS.items()),
)  # fmt: skip
