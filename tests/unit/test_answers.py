"""Sentences that report a failure are distinguished from those that do not."""

import pytest

from cartona_api.answers import MAX_SCAN, failed_parts, is_not_found, reports_failure

FAILURES = [
    "Error", "errors occurred", "Exception in bulk update", "Update failed", "It fails",
    "failure", "failing items: 3", "Invalid price", "unsuccessful", "Forbidden", "Access denied",
    "refused", "Rejected", "Product is blocked", "unauthorized", "Unauthorised", "unauthenticated",
    "Unprocessable entity", "Unable to update", "unexpected value", "stock exceeds the limit",
    "price must be positive", "cannot be edited", "can not be edited", "can't be edited",
    "can’t be edited", "no such product", "Bad Request", "could not be saved", "did not change",
    "does not exist", "doesn't exist", "is not yours", "isn't yours", "was not updated",
    "has not arrived", "won't do", "shouldn't be here", "not found", "not_found", "not allowed",
    "order not eligible", "bad price", "price is missing", "OTP expired", "service unavailable",
    "field is required", "already delivered", "has already been processed",
    "duplicate id", "unknown unit", "wrong code",
    "incorrect OTP", "price mismatch", "unsupported unit", "no longer sold", "value out of range",
    "only pending orders can be edited", "should be a number", "price too low", "too many items",
    "not today", "0 updated, 3 failed", "updated 2, errors: 1",
    "خطأ في السعر", "حدث خطا", "أخطاء", "فشل التحديث", "تعذر الحفظ", "تعذّر الحفظ",
    "لا يمكن التعديل",
    "لم يتم الحفظ", "الطلب مرفوض", "تم رفض الطلب", "ممنوع", "غير صالح", "الكمية غير متوفرة",
    "ليس لك",
    "السعر مطلوب", "يجب إدخال السعر", "لا يوجد منتج", "لا توجد كمية", "رمز خاطئ", "الرمز منتهي",
    "السعر مفقود", "رقم مكرر",
]  # fmt: skip
REPORTS = [
    "", "ok", "OK", "Done", "Success", "Updated", "3 products updated successfully", "Queued",
    "no errors", "No errors found", "0 errors", "zero failures", "without errors",
    "without any problems", "no validation errors", "errors: 0", "failed=0", "errors: []",
    "invalid: none", '"errors": {}', "rejected : null", "not found: 0", "nothing to update",
    "not modified", "not changed", "no action required", "no further action is required",
    "already synced", "already been updated", "Order is already up to date", "already in sync",
    "updated, duplicates were dropped", "saved, 3 were missing before",
    "set to unavailable", "Order cancelled: expired products", "processed, not shown in the app",
    "Nothing of note", "errorless", "terror", "failsafe mode on",
    "تم", "تم بنجاح", "تم التحديث", "تم الحفظ بدون أخطاء", "لا توجد أخطاء", "بلا خطأ",
    "تم ضبط المنتج على غير متوفر", "نجاح",
]  # fmt: skip


@pytest.mark.parametrize("text", FAILURES)
def test_texts_with_words_of_failure(text):
    assert reports_failure(text)
    assert reports_failure(text.upper())
    assert failed_parts(text)


@pytest.mark.parametrize("text", REPORTS)
def test_other_texts_are_reports(text):
    assert not reports_failure(text)
    assert not reports_failure(text.upper())
    assert failed_parts(text) == []


@pytest.mark.parametrize(("text", "parts"), [
    ("A updated. B failed. C updated.", ["B failed."]),
    ("A updated\nB failed\r\nC failed", ["B failed", "C failed"]),
    ("A updated; B failed | C updated", ["B failed"]),
    ("A updated, B failed, C updated", ["B failed"]),
    ("A was saved but B was not", ["B was not"]),
    ("A, B and C failed", ["A, B and C failed"]),
    ("Update failed, price too low", ["Update failed, price too low"]),
    ("تم تحديث أ؛ فشل ب؟ تم", ["فشل ب؟"]),
    ("تم تحديث أ، فشل ب", ["فشل ب"]),
])  # fmt: skip
def test_a_report_is_judged_part_by_part(text, parts):
    assert failed_parts(text) == parts


@pytest.mark.parametrize(("text", "result"), [
    ("Product not found", True), ("not_found", True), ("no such order", True),
    ("does not exist", True),
    ("doesn't exist", True), ("unknown product", True), ("unknown id", True), ("غير موجود", True),
    ("price not accepted", False), ("unknown error", False), ("", False),
])  # fmt: skip
def test_not_found_is_distinguished_from_other_failures(text, result):
    assert is_not_found(text) is result


def test_an_endless_report_is_judged_by_its_beginning():
    assert reports_failure("x " * (MAX_SCAN // 2 - 5) + "failed")
    assert not reports_failure("x " * (MAX_SCAN // 2) + "failed")
    assert failed_parts("x\n" * MAX_SCAN + "failed") == []
