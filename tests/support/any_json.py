"""Random inputs and answers: all of JSON, close to the documented format and far from it."""

from hypothesis import strategies as st

from tests.support.webhook import order

TEXTS = st.text(max_size=20) | st.sampled_from(["", "5", "1e400", "\x00", "\ud800", "pending"])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
_OF_ORDERS = st.sampled_from([*order(), "delivered_by", "cartona_credit", "pickup_otp",
                              "created_at", "wallet_top_up", "supplier_code", "note_message",
                              "receipt_id", "data", "orders", "order"])  # fmt: skip
_OF_LINES = st.sampled_from(["id", "supplier_product_id", "amount", "selling_price", "unit",
                             "unit_count", "product_name", "comment", "applied_supplier_discount",
                             "applied_cartona_discount", "base_product_id"])  # fmt: skip
_OF_ROWS = st.sampled_from(["supplier_product_id", "id", "internal_product_id", "base_product_id",
                            "unit", "unit_count", "supplier_product_name", "median_price",
                            "selling_price", "available_stock_quantity", "min_order", "in_stock",
                            "is_published", "is_bundle", "image_thumbnail"])  # fmt: skip
_IDS = st.integers(0, 10**6).map(lambda number: f"h{number}")

#: Changes of a valid order, or of none.
ORDERS = st.builds(
    lambda changes, line, hashed_id, whole: {
        **(order(line, hashed_id=hashed_id) if whole else {}),
        **changes,
    },
    st.dictionaries(_OF_ORDERS, VALUES, max_size=4),
    st.dictionaries(_OF_LINES, VALUES, max_size=1),
    _IDS,
    st.booleans(),
)
#: Rows of the catalogue, and invalid ones.
ROWS = VALUES | st.dictionaries(_OF_ROWS, VALUES, max_size=6)
