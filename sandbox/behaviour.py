"""Every answer to a question that the API notes leave open, as a switch.

One dataclass, so that a test names the marketplace it wants in one line:
``sandbox.behaviour(refusals="rows", order_lowers_stock=True)``.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any
from zoneinfo import ZoneInfo

from .errors import Refused


def _choice(default: str, *others: str, says: str, question: int | None = None) -> Any:
    metadata = {"choices": (default, *others), "says": says, "question": question}
    return field(default=default, metadata=metadata)


def _switch(default: bool, says: str, question: int | None = None) -> Any:
    return field(default=default, metadata={"says": says, "question": question})


def _number(default: int, says: str, question: int | None = None) -> Any:
    return field(default=default, metadata={"says": says, "question": question})


@dataclass
class Behaviour:
    """How this marketplace decides what is not documented.

    The defaults are the reading that is hardest on a supplier's software without contradicting
    the notes. `question` in the metadata is the number of the open question in the API notes.
    """

    # Shape of the answers
    refusals: str = _choice(
        "errors_list",
        "errors_strings",
        "errors_map",
        "rows",
        "text",
        "silent",
        says="how a bulk answer reports the items that it refused",
        question=9,
    )
    ids: str = _choice("integers", "strings", says="type of the product ids in answers")
    prices: str = _choice("numbers", "strings", says="type of prices and amounts of money")
    product_keys: str = _choice(
        "documented",
        "misspelt",
        "short",
        says="name of the id: supplier_product_id, suppler_prodcut_id, or id",
    )
    optional_fields: str = _choice(
        "present",
        "absent",
        "null",
        "empty",
        "mixed",
        says="what an order's optional fields look like; mixed differs per order and field",
    )
    status_words: str = _choice(
        "long", "plain", says="plain: `cancelled` and `return` are shown in orders"
    )
    list_envelope: str = _choice("list", "data", says="lists come bare, or under `data`")
    max_per_page: int = _number(1000, "rows of a page at most, whatever was asked for")
    max_bulk_items: int = _number(0, "items of a bulk call at most, else 413; 0 for no limit")

    # Products
    order_lowers_stock: bool = _switch(
        False, "an order takes its lines from the published stock, a cancellation gives back", 3
    )
    internal_ids_unique: bool = _switch(
        True, "an internal_product_id that another listing of the account has is refused"
    )
    unknown_fields: str = _choice(
        "refused", "ignored", says="an item with a field that is not documented"
    )
    product_list_400: str = _choice(
        "never",
        "authorization_header",
        "any_bad_token",
        says="when the plain product list answers 400 where 401 is expected",
    )

    # Orders
    own_status_comes_again: bool = _switch(
        True, "the supplier's own status change makes the order come again", 11
    )
    synced_acknowledges: str = _choice(
        "offered",
        "current",
        says="synced covers the version last delivered, or whatever the order is by now",
    )
    from_to_on: str = _choice("created", "changed", says="what from and to filter on", question=8)
    from_to_zone: str = field(
        default="Africa/Cairo",
        metadata={"says": "zone of from and to when they name none", "question": 8},
    )
    pull_sorted_by: str = _choice("created", "changed", says="order of the pulled list")
    approved_may_be_skipped: bool = _switch(False, "pending may go on without approved", 2)
    assigned_may_be_skipped: bool = _switch(False, "approved may go straight to delivered", 2)
    returned_accepted: bool = _switch(True, "a supplier may send returned", 1)
    repeated_status: str = _choice(
        "accepted", "refused", says="a status that the order already has"
    )
    cancellation_reason_required: bool = _switch(True, "a cancellation must give a reason")
    price_edits: str = _choice(
        "accepted", "refused", says="a supplier's new price on an order line", question=4
    )
    credit_after_edit: str = _choice(
        "capped",
        "kept",
        "scaled",
        says="credit and instalment when the lines' total falls",
        question=6,
    )
    otp_attempts: int = _number(0, "wrong codes before an order takes none any more; 0: any", 13)

    def change(self, values: dict) -> None:
        """Set some switches, all or none.

        :raise Refused: for an unknown switch or a value that it cannot have.
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
        """One row per switch: name, default, choices, what it says, number of the question."""
        return [
            {
                "name": spec.name,
                "default": spec.default,
                "choices": list(spec.metadata.get("choices", ())),
                "says": spec.metadata["says"],
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
            raise Refused(f"no such time zone: {value!r}") from error
