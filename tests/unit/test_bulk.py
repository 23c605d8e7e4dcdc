"""Refusals are found in every shape of an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartona_api import read_bulk_answer

PRODUCTS = [
    {"supplier_product_id": "12345", "selling_price": 10},
    {"supplier_product_id": "12346", "selling_price": 20},
    {"supplier_product_id": "12347", "selling_price": 30},
]
ORDERS = [
    {"hashed_id": "abc123", "status": "synced"},
    {"hashed_id": "def456", "status": "synced"},
]
UNNAMED = object()

SUCCESS = [
    ("nothing", None),
    ("empty object", {}),
    ("empty list", []),
    ("empty text", ""),
    ("true", True),
    ("no errors", {"errors": []}),
    ("errors as empty object", {"errors": {}}),
    ("error null", {"error": None}),
    ("error false", {"error": False}),
    ("error empty", {"error": " "}),
    ("errors zero", {"errors": 0, "updated": 3}),
    ("failed none", {"updated": ["12345", "12346", "12347"], "failed": []}),
    ("success flag", {"success": True}),
    ("success flag and sentence", {"success": True, "message": "Products updated successfully"}),
    ("status success", {"status": "success", "data": []}),
    ("status 200", {"status": 200, "message": "OK"}),
    ("text ok", "ok"),
    ("text OK.", "OK."),
    ("text updated", "3 products updated successfully"),
    ("text without errors", "Updated without any errors"),
    ("text no errors", "Done, no errors found."),
    ("text zero failed", "3 updated, 0 failed"),
    ("text errors: 0", "updated: 3, errors: 0"),
    ("text accepted", "Accepted"),
    ("text queued", "Your request is being processed"),
    ("text unchanged", "Items that were left out keep their value"),
    ("text set unavailable", "Product 12346 was set to unavailable"),
    ("text a reason echoed", "Order updated, reason: expired products, missing items"),
    ("text already so", "Order abc123 is already synced"),
    ("text no action", "Saved, no further action required"),
    ("Arabic done", "تم"),
    ("Arabic done, long", "تم تحديث المنتجات بنجاح"),
    ("Arabic message", {"message": "تم التحديث"}),
    ("Arabic without errors", "تم الحفظ بدون أخطاء"),
    ("Arabic set unavailable", "تم تحديث المنتج 12346 إلى غير متوفر"),
    ("echoed rows", [{"supplier_product_id": 12345}, {"supplier_product_id": 12346}]),
    ("echo with other ids", [{"supplier_product_id": 9}, {"supplier_product_id": 8}, {"id": 7}]),
    ("echo with a note", [{"supplier_product_id": 12345, "notes": "not for resale, must be cold"}]),
    ("echo out of stock", [{"supplier_product_id": 12345, "in_stock": False, "is_bundle": False}]),
    ("echo with empty errors", [{"id": 12345, "errors": []}, {"id": 12346, "error": None}]),
    ("echo not changed", [{"supplier_product_id": 12345, "updated": False}]),
    ("rows of success", {"results": [{"success": True}, {"success": True}, {"success": True}]}),
    ("rows of texts", ["ok", "ok", "updated"]),
    ("success inside errors", {"errors": [None, {"status": "ok"}, {"success": True}]}),
    ("map of ids", {"12345": "ok", "12346": "updated", "12347": {"success": True}}),
    ("ids only", {"data": [12345, 12346, 12347]}),
]


@pytest.mark.parametrize("answer", [c[1] for c in SUCCESS], ids=[c[0] for c in SUCCESS])
def test_a_report_of_success_is_not_a_refusal(answer):
    result = read_bulk_answer(PRODUCTS, answer)
    assert (result.refused, result.unattributed, result.ok) == ({}, [], True)


REFUSALS = [
    # errors: a list of objects
    ("error with its id", {"errors": [{"supplier_product_id": 12346, "message": "bad"}]}, [1]),
    ("id as text", {"errors": [{"supplier_product_id": " 12346 ", "error": "bad"}]}, [1]),
    ("id as float", {"errors": [{"supplier_product_id": 12346.0, "error": "bad"}]}, [1]),
    ("misspelt id", {"errors": [{"suppler_prodcut_id": "12346", "error": "bad"}]}, [1]),
    ("camel case", {"errors": [{"supplierProductId": "12346", "error": "bad"}]}, [1]),
    ("plain id", {"errors": [{"id": 12346, "detail": "bad"}]}, [1]),
    ("id in a wrapper", {"errors": [{"item": {"supplier_product_id": 12346}, "error": "x"}]}, [1]),
    ("id in the sentence", {"errors": [{"code": 7, "message": "no price for 12346"}]}, [1]),
    ("index", {"errors": [{"index": 2, "message": "bad"}]}, [2]),
    ("position", {"errors": [{"position": 2, "message": "bad"}]}, [2]),
    ("idx", {"errors": [{"idx": 2, "message": "bad"}]}, [2]),
    ("index zero", {"errors": [{"index": 0, "message": "bad"}]}, [0]),
    ("index as text", {"errors": [{"index": "1", "message": "bad"}]}, [1]),
    ("id beats index", {"errors": [{"index": 0, "id": 12346, "message": "bad"}]}, [1]),
    ("by place", {"errors": [{}, {"message": "bad"}, {}]}, [1]),
    ("by place, nulls", {"errors": [None, None, {"message": "bad"}]}, [2]),
    ("two of three", {"errors": [{"id": 12345, "error": "a"}, {"id": 12347, "error": "b"}]}, [0,
     2]),
    ("nested under data", {"data": {"errors": [{"id": 12347, "error": "x"}]}}, [2]),
    ("list in the list", {"errors": [[{"id": 12346, "error": "bad"}]]}, [1]),
    ("maps in the list", {"errors": [{"12346": "bad"}, {"12347": "bad"}]}, [1, 2]),
    ("errors of errors", {"errors": {"products": [{"id": 12347, "error": "x"}]}}, [2]),
    # errors: a list of texts
    ("text with id", {"errors": ["12346: price is invalid"]}, [1]),
    ("text, id in the middle", {"errors": ["product 12346 not found"]}, [1]),
    ("text, id at the end", {"errors": ["price too low for 12346"]}, [1]),
    ("text with two ids", {"errors": ["products 12345 and 12347 not found"]}, [0, 2]),
    ("text, key = id", {"errors": ["supplier_product_id=12346 unknown"]}, [1]),
    ("text, quoted", {"errors": ["'12346' rejected"]}, [1]),
    ("only ids", {"errors": ["12346", "12347"]}, [1, 2]),
    ("only numbers", {"failed": [12346, 12347.0]}, [1, 2]),
    ("texts by place", {"errors": ["", "price is negative", ""]}, [1]),
    ("Arabic text", {"errors": ["المنتج 12346 غير موجود"]}, [1]),
    # errors: an object
    ("map of texts", {"errors": {"12346": "bad price"}}, [1]),
    ("map of lists", {"errors": {"12346": ["bad price", "bad stock"]}}, [1]),
    ("map of objects", {"errors": {"12346": {"selling_price": ["is negative"]}}}, [1]),
    ("map of indexes", {"errors": {"2": ["bad price"]}}, [2]),
    ("dotted index", {"errors": {"2.selling_price": ["must be positive"]}}, [2]),
    ("items.index.field", {"errors": {"items.1.selling_price": ["must be positive"]}}, [1]),
    ("bracketed index", {"errors": {"items[1].price": "must be positive"}}, [1]),
    ("map with an empty entry", {"errors": {"12345": [], "12346": "bad"}}, [1]),
    ("one error object", {"errors": {"supplier_product_id": 12347, "message": "bad"}}, [2]),
    ("field with the id in its text", {"errors": {"base": ["Product 12347 not found"]}}, [2]),
    # error, message
    ("error text with id", {"error": "Product 12346 does not exist"}, [1]),
    ("message with id", {"message": "Product 12346 does not exist"}, [1]),
    ("flag and message", {"success": False, "message": "Product 12346 is blocked"}, [1]),
    ("error object", {"error": {"message": "no stock for 12346", "code": 9}}, [1]),
    # rows
    ("row with error", [{"id": 12345}, {"id": 12346, "error": "bad"}, {"id": 12347}], [1]),
    ("row with errors", [{"supplier_product_id": 12347, "errors": ["bad"]}], [2]),
    ("row, success false", [{"id": 12345, "success": True}, {"id": 12346, "success": False}], [1]),
    ("row, success 'false'", [{"id": 12346, "success": "false"}], [1]),
    ("row, status error", [{"id": 12346, "status": "error", "message": "bad"}], [1]),
    ("row, status Failed", [{"id": 12346, "status": "Failed"}], [1]),
    ("row, status 422", [{"id": 12346, "status": 422}], [1]),
    ("row, text of failure", [{"id": 12346, "message": "price cannot be lower than cost"}], [1]),
    ("row, error true", [{"id": 12346, "error": True, "message": "bad"}], [1]),
    ("rows by place", [{"success": True}, {"success": True}, {"success": False}], [2]),
    ("rows by place, texts", ["ok", "invalid price", "ok"], [1]),
    ("rows by place, booleans", [True, False, True], [1]),
    ("foreign ids by place", [{"id": 1}, {"id": 2, "error": "bad"}, {"id": 3}], [1]),
    ("rows under data", {"data": [{"id": 12347, "error": "bad"}]}, [2]),
    ("rows under results", {"results": [{"id": 12347, "error": "bad"}]}, [2]),
    ("rows under items", {"items": [{"id": 12347, "error": "bad"}]}, [2]),
    ("rows two deep", {"data": {"products": [{"id": 12347, "error": "bad"}]}}, [2]),
    ("one row", {"supplier_product_id": 12347, "error": "bad"}, [2]),
    ("map of ids", {"12345": "ok", "12346": "price is invalid"}, [1]),
    ("map of rows", {"12345": {}, "12347": {"error": "bad"}}, [2]),
    ("map of flags", {"12345": True, "12347": False}, [2]),
    # text
    ("plain text", "Product 12346 not found", [1]),
    ("text in lines", "12345 updated\n12346 failed: no price\n12347 updated", [1]),
    ("text in one line", "12345 updated, 12346 not found, 12347 updated", [1]),
    ("Arabic text, two", "المنتجات 12345، 12347 غير موجودة", [0, 2]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "refused"), [c[1:] for c in REFUSALS], ids=[c[0] for c in REFUSALS]
)
def test_a_refusal_is_assigned_only_to_the_item_it_names(answer, refused):
    result = read_bulk_answer(PRODUCTS, answer)
    assert sorted(result.refused) == refused
    assert result.unattributed == []
    assert not result.ok


UNATTRIBUTED = [
    ("error", {"error": "Something went wrong"}, ["Something went wrong"]),
    ("flag alone", {"success": False}, ["refused without a reason"]),
    ("false alone", False, ["refused without a reason"]),
    ("flag and message", {"success": False, "message": "not today"}, ["not today"]),
    ("message that reports failure", {"message": "Update failed"}, ["Update failed"]),
    ("list of texts", {"errors": ["price is invalid"]}, ["price is invalid"]),
    ("as many texts as items", {"errors": ["bad", "worse", "bad"]}, ["bad", "worse"]),
    ("as many rows as items", {"errors": [{"message": "a"}, {"message": "b"}, {"message": "c"}]},
     ["a", "b", "c"]),
    ("field", {"errors": {"selling_price": ["must be positive"]}},
     ["selling_price: must be positive"]),
    ("code beside a message", {"errors": {"code": 7, "status": 422, "message": "bad"}}, ["bad"]),
    ("unknown id", {"errors": {"99999": "unknown"}}, ["99999: unknown"]),
    ("unknown id in a row", [{"supplier_product_id": 1, "error": "bad"}, {}, {}], ["bad"]),
    ("index out of range", {"errors": [{"index": 3, "message": "bad"}]}, ["bad"]),
    ("index as key, out of range", {"errors": {"3": "bad"}}, ["3: bad"]),
    ("unknown id beside an index as key",
     {"errors": {"supplier_product_id": 99999, "0": "bad", "message": "bad"}}, ["bad"]),
    ("negative index", {"errors": [{"index": -1, "message": "bad"}]}, ["bad"]),
    ("index true", {"errors": [{"index": True, "message": "bad"}]}, ["bad"]),
    ("an amount is not an id", {"errors": ["price must be less than 12346"]},
     ["price must be less than 12346"]),
    ("a part of a word is not an id", {"errors": ["sku 412346 unknown"]}, ["sku 412346 unknown"]),
    ("a part of a decimal is not an id", {"errors": ["got 12346.50"]}, ["got 12346.50"]),
    ("a field with a digit is not an index", {"errors": {"barcode2": "bad"}},
     ["barcode2: bad"]),
    ("count", {"updated": 1, "failed": 2}, ["2 refused"]),
    ("error true", {"error": True}, ["refused without a reason"]),
    ("error true and message", {"error": True, "message": "Busy"}, ["Busy"]),
    ("status failed", {"status": "failed"}, ["refused without a reason"]),
    ("plain text", "Internal error", ["Internal error"]),
    ("Arabic text", "حدث خطأ ما", ["حدث خطأ ما"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "texts"), [c[1:] for c in UNATTRIBUTED], ids=[c[0] for c in UNATTRIBUTED]
)
def test_a_refusal_without_a_name_is_unattributed(answer, texts):
    result = read_bulk_answer(PRODUCTS, answer)
    assert (result.refused, result.unattributed, result.ok) == ({}, texts, False)


@pytest.mark.parametrize("answer", [c[1] for c in UNATTRIBUTED], ids=[c[0] for c in UNATTRIBUTED])
def test_a_batch_of_one_needs_no_name(answer):
    result = read_bulk_answer([{"supplier_product_id": "5"}], answer)
    assert list(result.refused) == [0]
    assert result.unattributed == []


SPELLINGS = [
    ("supplier_product_id", "supplier_product_id"), ("supplier_product_id", "suppler_prodcut_id"),
    ("supplier_product_id", "supplier_prodcut_id"), ("supplier_product_id", "suppler_product_id"),
    ("internal_product_id", "internal_product_id"), ("internal_product_id", "internal_prodcut_id"),
    ("base_product_id", "base_product_id"), ("base_product_id", "base_prodcut_id"),
    ("hashed_id", "hashed_id"), ("hashed_id", "order_id"), ("hashed_id", "order_hashed_id"),
    ("hashed_id", "orderId"), ("order_id", "hashed_id"), ("supplier_product_id", "id"),
]  # fmt: skip
WRAPPERS = [
    "item", "product", "supplier_product", "order", "input", "row", "record", "params", "data",
    "source", "request",
]  # fmt: skip


@pytest.mark.parametrize(("sent", "answered"), SPELLINGS)
def test_an_identity_is_known_in_every_spelling(sent, answered):
    items = [{sent: "a51"}, {sent: "a52"}]
    for row in [{answered: "a52"}, *({wrapper: {answered: "a52"}} for wrapper in WRAPPERS)]:
        assert list(read_bulk_answer(items, [dict(row, error="bad")]).refused) == [1]


NAMES_OF_ERRORS = [
    "error", "errors", "error_message", "errorMessages", "error_details", "exception", "exceptions",
    "failed", "failures", "failed_items", "failedProducts", "failed_orders", "failed_rows",
    "failed_records", "invalid", "invalid_items", "invalid_products", "not_found", "refused",
    "rejected", "rejected_items", "unprocessed",
]  # fmt: skip
NAMES_OF_ROWS = [
    "data", "results", "result", "items", "rows", "products", "supplier_products", "orders",
    "response", "responses", "body", "payload", "records", "details",
]  # fmt: skip
BAD_STATES = [
    "error", "errors", "Errored", "exception", "fail", "FAILED", "failure", "invalid", "not_found",
    "not updated", "refused", "rejected", "unprocessable", "Unprocessable Entity", 400, 404, 599,
    False,
]  # fmt: skip
GOOD_STATES = ["ok", "success", "updated", "delivered", "pending", "cancelled", 200, 399, 600, True]


@pytest.mark.parametrize("name", NAMES_OF_ERRORS)
def test_errors_are_read_under_many_keys(name):
    for errors in ([12346], ["12346"], {"12346": "bad"}, [{"id": 12346}]):
        assert list(read_bulk_answer(PRODUCTS, {name: errors}).refused) == [1]
    assert list(read_bulk_answer(PRODUCTS, [{"id": 12346, name: "bad"}]).refused) == [1]


@pytest.mark.parametrize("name", NAMES_OF_ROWS)
def test_rows_are_read_under_many_keys(name):
    answer = {name: [{"id": 12346, "error": "bad"}]}
    assert list(read_bulk_answer(PRODUCTS, answer).refused) == [1]
    assert list(read_bulk_answer(PRODUCTS, {"errors": {name: {"12346": "bad"}}}).refused) == [1]
    assert list(read_bulk_answer(PRODUCTS, {name: "12346 not found"}).refused) == [1]


@pytest.mark.parametrize("state", BAD_STATES)
def test_a_bad_state_is_a_refusal(state):
    assert list(read_bulk_answer(PRODUCTS, [{"id": 12346, "status": state}]).refused) == [1]


@pytest.mark.parametrize("state", GOOD_STATES)
def test_any_other_state_is_not_a_refusal(state):
    assert read_bulk_answer(PRODUCTS, [{"id": 12346, "status": state}]).ok


@pytest.mark.parametrize("flag", ["success", "succeeded", "is_success", "ok", "valid", "accepted"])
def test_a_false_success_flag_is_a_refusal(flag):
    assert list(read_bulk_answer(PRODUCTS, [{"id": 12346, flag: False}]).refused) == [1]
    assert read_bulk_answer(PRODUCTS, [{"id": 12346, flag: True}]).ok
    assert read_bulk_answer(PRODUCTS, {"errors": [{"id": 12346, flag: True}]}).ok


def test_lists_in_lists_end():
    answer = [{"id": 12346, "error": "bad"}]
    for _ in range(50):
        answer = {"data": [answer]}
    assert read_bulk_answer(PRODUCTS, answer).ok


def test_a_batch_of_one_keeps_the_refusal_that_names_it():
    answer = {"errors": [{"id": 12345, "error": "bad price"}, "see the manual", "12345 again"]}
    result = read_bulk_answer(PRODUCTS[:1], answer)
    assert (result.refused[0].message, result.unattributed) == ("bad price", [])


def test_named_and_unnamed_refusals_are_both_kept():
    result = read_bulk_answer(PRODUCTS, {"errors": ["12346 has no price", "something is wrong"]})
    assert sorted(result.refused) == [1]
    assert result.unattributed == ["something is wrong"]


def test_a_count_above_the_named_refusals_is_unattributed():
    result = read_bulk_answer(PRODUCTS, {"failed": 2, "errors": [{"id": 12346, "error": "bad"}]})
    assert sorted(result.refused) == [1]
    assert result.unattributed == ["2 refused"]


def test_a_summary_beside_its_rows_is_not_counted():
    answer = {"message": "1 product failed", "errors": [{"id": 12346, "error": "bad"}]}
    result = read_bulk_answer(PRODUCTS, answer)
    assert (sorted(result.refused), result.unattributed, result.uncertain) == ([1], [], False)


def test_a_failed_batch_leaves_unnamed_items_uncertain():
    answer = {"success": False, "errors": [{"id": 12346, "error": "bad"}]}
    result = read_bulk_answer(PRODUCTS, answer)
    assert (sorted(result.refused), result.unattributed, result.uncertain) == ([1], [], True)
    assert not read_bulk_answer(PRODUCTS[1:2], answer).uncertain


MESSAGES = [
    ({"errors": {"12346": ["bad price", "bad stock"]}}, "bad price; bad stock", "rejected"),
    ({"errors": [{"id": 12346, "message": "product not found"}]}, "product not found", "not_found"),
    ({"errors": {"12346": {"selling_price": ["is negative"]}}}, "selling_price: is negative",
     "rejected"),
    ([{"id": 12346, "error": {"message": "<b>No</b> such item"}}], "No such item", "not_found"),
    ([{"id": 12346, "success": False}], "", "rejected"),
    ([{"id": 12346, "error": "bad price", "message": "Row 2"}], "bad price", "rejected"),
    ([{"id": 12346, "success": False, "reason": "bad price"}], "bad price", "rejected"),
    ({"errors": ["12346: token=abcdef is bad"]}, "12346: token=*** is bad", "rejected"),
    ([{"id": 12346, "error": "x" * 900}], "x" * 499 + "…", "rejected"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "message", "code"), MESSAGES)
def test_a_refusal_has_cartonas_message(answer, message, code):
    refusal = read_bulk_answer(PRODUCTS, answer).refused[1]
    assert (refusal.message, refusal.code) == (message, code)


def test_no_message_shows_a_secret():
    answer = {"errors": ["12346 refused for s3cret-token", "s3cret-token is bad"]}
    result = read_bulk_answer(PRODUCTS, answer, secrets=("s3cret-token",))
    assert result.refused[1].message == "12346 refused for ***"
    assert result.unattributed == ["*** is bad"]


IDENTITIES = [
    ("internal id", [{"internal_product_id": "SKU-1"}, {"internal_product_id": "SKU-10"}],
     {"errors": ["SKU-1 not found"]}, [0]),
    ("internal id in a row", [{"internal_product_id": "51"}, {"internal_product_id": "52"}],
     [{"internal_product_id": 52, "error": "bad"}], [1]),
    ("same number, other kind", [{"supplier_product_id": "5151"}, {"internal_product_id": "5151"}],
     [{"internal_product_id": 5151, "error": "bad"}], [1]),
    ("same number, text", [{"supplier_product_id": "5151"}, {"internal_product_id": "5151"}],
     {"errors": ["5151 bad"]}, UNNAMED),
    ("base, unit and count",
     [{"base_product_id": 880, "unit": "piece", "unit_count": 1},
      {"base_product_id": 880, "unit": "box", "unit_count": 24}],
     [{"base_product_id": "880", "unit": "box", "unit_count": 24, "error": "bad"}], [1]),
    ("base and count",
     [{"base_product_id": 880, "unit": "box", "unit_count": 12},
      {"base_product_id": 880, "unit": "box", "unit_count": 24}],
     [{"base_product_id": "880", "unitCount": 24, "error": "bad"}], [1]),
    ("base, another unit", [{"base_product_id": 880, "unit": "box", "unit_count": 12}, {"id": 1}],
     {"errors": [{"base_product_id": "880", "unit": "can", "error": "bad"}]}, UNNAMED),
    ("base alone, two units",
     [{"base_product_id": 880, "unit": "piece", "unit_count": 1},
      {"base_product_id": 880, "unit": "box", "unit_count": 24}],
     {"errors": [{"base_product_id": "880", "error": "bad"}]}, UNNAMED),
    ("base stock", [{"base_product_id": 880}, {"base_product_id": 881}],
     {"errors": {"881": "unknown"}}, [1]),
    ("sent twice", [{"supplier_product_id": "12345"}, {"supplier_product_id": 12345}],
     {"errors": ["12345 bad"]}, [0, 1]),
    ("order by hashed id", ORDERS, {"errors": [{"hashed_id": "def456", "error": "final"}]}, [1]),
    ("order by order_id", ORDERS, {"errors": [{"order_id": "def456", "error": "final"}]}, [1]),
    ("order in a sentence", ORDERS, {"errors": ["Order abc123 is already delivered"]}, [0]),
    ("order rows", ORDERS,
     [{"hashed_id": "abc123", "status": "synced"}, {"hashed_id": "def456", "status": "error"}],
      [1]),
    ("order echo with a final status", ORDERS, [{"hashed_id": "abc123", "status": "returned"}], []),
    ("short ids after a word", [{"supplier_product_id": "17"}, {"supplier_product_id": "18"}],
     {"errors": ["products 17, 18 not found"]}, [0, 1]),
    ("short id, colon", [{"supplier_product_id": "17"}, {"supplier_product_id": "18"}],
     {"errors": ["18: bad"]}, [1]),
    ("a short number is not an id", [{"supplier_product_id": "17"}, {"supplier_product_id": "18"}],
     {"errors": ["at most 18 per order"]}, UNNAMED),
    ("maximum order is not an id", [{"supplier_product_id": "17"}, {"supplier_product_id": "1800"}],
     {"errors": ["bad max_order 1800"]}, UNNAMED),
    ("a count of the same value as an id", [{"supplier_product_id": "1"}, {"hashed_id": "2"}],
     {"failed": 1}, UNNAMED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("items", "answer", "refused"), [c[1:] for c in IDENTITIES], ids=[c[0] for c in IDENTITIES]
)
def test_items_are_known_by_any_of_their_identities(items, answer, refused):
    result = read_bulk_answer(items, answer)
    if refused is UNNAMED:
        assert result.refused == {}
        assert len(result.unattributed) == 1
    else:
        assert sorted(result.refused) == refused
        assert result.unattributed == []


KEYS = st.sampled_from([
    "errors", "error", "message", "success", "data", "results", "items", "status", "index", "id",
    "supplier_product_id", "hashed_id", "12345", "0", "failed", "code", "order",
])  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from(["12345", "12346 failed", "ok", "not found", "error", 12346, 422]),
)  # fmt: skip
ANSWERS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(answer=ANSWERS, count=st.integers(0, 3))
def test_any_answer_is_read_without_an_error(answer, count):
    items = PRODUCTS[:count]
    result = read_bulk_answer(items, answer)
    assert set(result.refused) <= set(range(count))
    assert result.ok == (not result.refused and not result.unattributed)
    assert all(isinstance(text, str) and text for text in result.unattributed)
    assert not (count == 1 and result.unattributed)
