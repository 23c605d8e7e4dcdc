"""Switches: one for every question that the API notes leave open.

One dataclass, so that a test chooses its marketplace in one line:
``sandbox.behaviour(refusals="rows", order_lowers_stock=True)``.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any
from zoneinfo import ZoneInfo

from .errors import Refused


def _choice(default: str, *others: str, text: str, question: int | None = None) -> Any:
    metadata = {"choices": (default, *others), "text": text, "question": question}
    return field(default=default, metadata=metadata)


def _switch(default: bool, text: str, question: int | None = None) -> Any:
    return field(default=default, metadata={"text": text, "question": question})


def _number(default: int, text: str, question: int | None = None) -> Any:
    return field(default=default, metadata={"text": text, "question": question})


@dataclass
class Behaviour:
    """The marketplace's answers to what is not documented.

    Each default is the reading that is hardest on the supplier's software and still fits the
    notes. `question` in the metadata is the number of the open question in the API notes.
    """

    # Shape of the answers
    refusals: str = _choice(
        "errors_list",
        "errors_strings",
        "errors_map",
        "rows",
        "text",
        "silent",
        text="how a bulk answer reports the items that it refused",
        question=9,
    )
    ids: str = _choice("integers", "strings", text="type of the product ids in answers")
    prices: str = _choice("numbers", "strings", text="type of prices and amounts of money")
    product_keys: str = _choice(
        "documented",
        "misspelt",
        "short",
        text="name of the id: supplier_product_id, suppler_prodcut_id, or id",
    )
    optional_fields: str = _choice(
        "present",
        "absent",
        "null",
        "empty",
        "mixed",
        text="form of an order's optional fields; mixed varies by order and field",
    )
    status_words: str = _choice(
        "long", "plain", text="plain: `cancelled` and `return` are shown in orders"
    )
    list_envelope: str = _choice("list", "data", text="lists come bare, or under `data`")
    max_per_page: int = _number(1000, "most rows on a page, whatever is requested")
    max_bulk_items: int = _number(0, "most items in a bulk call, above it 413; 0 for no limit")

    # Products
    order_lowers_stock: bool = _switch(
        False, "an order reduces the published stock, a cancellation gives it back", 3
    )
    internal_ids_unique: bool = _switch(
        True, "an internal_product_id that another listing of the account uses is refused"
    )
    unknown_fields: str = _choice(
        "refused", "ignored", text="an item with a field that is not documented"
    )
    product_list_400: str = _choice(
        "never",
        "authorization_header",
        "any_bad_token",
        text="when the plain product list answers 400 instead of 401",
    )

    # Orders
    own_status_comes_again: bool = _switch(
        True, "the supplier's own status change makes the order appear in the pull again", 11
    )
    synced_acknowledges: str = _choice(
        "offered",
        "current",
        text="synced covers the version last delivered, or the current one",
    )
    from_to_on: str = _choice("created", "changed", text="date that from and to filter", question=8)
    from_to_zone: str = field(
        default="Africa/Cairo",
        metadata={"text": "time zone of from and to when they have none", "question": 8},
    )
    pull_sorted_by: str = _choice("created", "changed", text="order of the pulled list")
    approved_may_be_skipped: bool = _switch(False, "approved may be skipped", 2)
    assigned_may_be_skipped: bool = _switch(False, "assigned_to_salesman may be skipped", 2)
    returned_accepted: bool = _switch(True, "a supplier may send returned", 1)
    repeated_status: str = _choice(
        "accepted", "refused", text="a status that the order already has"
    )
    cancellation_reason_required: bool = _switch(True, "a cancellation must give a reason")
    price_edits: str = _choice(
        "accepted", "refused", text="a new price from the supplier on an order line", question=4
    )
    credit_after_edit: str = _choice(
        "capped",
        "kept",
        "scaled",
        text="credit and instalment when the lines' total falls",
        question=6,
    )
    otp_attempts: int = _number(0, "wrong codes allowed for an order; 0: any number", 13)

    def change(self, values: dict) -> None:
        """Set some switches: all of them, or none on an error.

        :raise Refused: for an unknown switch or an invalid value.
        """
        known = {spec.name: spec for spec in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise Refused(f"unknown behaviour: {name}")
            _check(known[name], value)
        for name, value in values.items():
            setattr(self, name, value)

    def as_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def describe(cls) -> list[dict]:
        """Return a row per switch: name, default, choices, text, number of the question."""
        return [
            {
                "name": spec.name,
                "default": spec.default,
                "choices": list(spec.metadata.get("choices", ())),
                "text": spec.metadata["text"],
                "question": spec.metadata["question"],
            }
            for spec in fields(cls)
        ]


def _check(spec, value) -> None:
    choices = spec.metadata.get("choices")
    if choices and value not in choices:
        raise Refused(f"{spec.name} is one of {', '.join(choices)}, not {value!r}")
    if type(value) is not type(spec.default):
        raise Refused(f"{spec.name} takes a {type(spec.default).__name__}, not {value!r}")
    if isinstance(value, int) and value < 0:
        raise Refused(f"{spec.name} is not negative")
    if spec.name == "from_to_zone":
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise Refused(f"unknown time zone: {value!r}") from error
