"""The life cycle of an order."""

import itertools
import random

import pytest

from cartona_api import status as s

P, E, A, G, D = s.PENDING, s.EDITING, s.APPROVED, s.ASSIGNED, s.DELIVERED
CR, CS, R = s.CANCELLED_BY_RETAILER, s.CANCELLED_BY_SUPPLIER, s.RETURNED

# The life cycle of the API notes, written a second time: (from, to) -> the party that sets it.
ARROWS = {
    (P, A): "supplier", (P, CS): "supplier", (P, E): "retailer", (P, CR): "retailer",
    (E, P): "retailer",
    (A, G): "supplier", (A, CS): "supplier", (A, CR): "retailer",
    (G, D): "supplier", (G, R): "supplier", (G, CS): "supplier",
}  # fmt: skip


def test_statuses_are_spelled_as_in_the_notes():
    assert s.STATUSES == (
        "pending", "editing", "approved", "assigned_to_salesman", "delivered",
        "cancelled_by_retailer", "cancelled_by_supplier", "returned",
    )  # fmt: skip
    assert (s.BY_SUPPLIER, s.BY_CARTONA) == ("delivered_by_supplier", "delivered_by_cartona")
    assert set(s.CANCELLATION_REASONS) == {
        "out_of_stock", "cannot_deliver_the_order", "supplier_asked_me_to_cancel",
        "delayed_order", "pending_order_without_action", "removed_items", "supplier_attitude",
        "missing_items", "expired_products", "different_prices", "different_products",
    }  # fmt: skip


def test_the_arrows_are_those_of_the_notes_and_no_others():
    for old, new in itertools.product(s.STATUSES, s.STATUSES):
        assert s.setter(old, new) == ARROWS.get((old, new)), (old, new)


def test_of_an_order_that_cartona_delivers_the_supplier_only_cancels():
    for (old, new), who in ARROWS.items():
        expected = "cartona" if who == "supplier" and new != CS else who
        assert s.setter(old, new, s.BY_CARTONA) == expected, (old, new)


PATHS = [
    ("confirm", P, A, [A]),
    ("ship", A, G, [G]),
    ("deliver", G, D, [D]),
    ("confirm, ship and deliver at once", P, D, [A, G, D]),
    ("ship what is pending", P, G, [A, G]),
    ("deliver what is approved", A, D, [G, D]),
    ("bring back", G, R, [R]),
    ("bring back what is approved", A, R, [G, R]),
    ("cancel pending", P, CS, [CS]),
    ("cancel approved", A, CS, [CS]),
    ("cancel assigned", G, CS, [CS]),
    ("nothing to do", A, A, []),
    ("the retailer is editing", E, A, []),
    ("not even a cancellation then", E, CS, []),
    ("delivered is final", D, R, []),
    ("cancelled is final", CR, A, []),
    ("cancelled stays cancelled", CS, P, []),
    ("returned is final", R, D, []),
    ("never backwards", A, P, []),
    ("never backwards, further", G, A, []),
    ("the retailer's cancellation is his", P, CR, []),
    ("unknown status now", "teleported", D, []),
    ("unknown status wanted", P, "teleported", []),
    ("synced is not a state", P, "synced", []),
    ("no status yet", "", A, []),
]


@pytest.mark.parametrize(
    ("current", "wanted", "sent"), [c[1:] for c in PATHS], ids=[c[0] for c in PATHS]
)
def test_the_supplier_sends_every_step_in_order(current, wanted, sent):
    assert s.path(current, wanted, s.BY_SUPPLIER) == sent


@pytest.mark.parametrize("delivered_by", ["", None, False])
def test_the_supplier_delivers_by_default(delivered_by):
    assert s.path(P, D, delivered_by) == [A, G, D]


@pytest.mark.parametrize("delivered_by", [s.BY_CARTONA, "delivered_by_drone"])
@pytest.mark.parametrize(("current", "wanted", "sent"), [
    (P, A, []), (P, D, []), (A, G, []), (G, D, []), (G, R, []), (P, CS, [CS]), (A, CS, [CS]),
    (G, CS, [CS]),
    (D, CS, []),
])  # fmt: skip
def test_with_another_delivery_only_the_cancellation_is_sent(delivered_by, current, wanted, sent):
    assert s.path(current, wanted, delivered_by) == sent


def test_every_path_follows_the_suppliers_arrows():
    for old, new in itertools.product(s.STATUSES, s.STATUSES):
        steps = s.path(old, new)
        for index, after in enumerate(steps):
            assert ARROWS[[old, *steps][index], after] == "supplier"
        assert not steps or steps[-1] == new


RAW = [
    ("pending", P), ("PENDING", P), (" Approved\n", A), ("assigned to salesman", G),
    ("assigned-to-salesman", G),
    ("cancelled", CS), ("Canceled", CS), ("return", R), ("Returned", R),
    ("canceled_by_retailer", CR),
    ("teleported", "teleported"), ("", ""), (None, ""), (7, "7"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "status"), RAW)
def test_a_status_has_one_spelling(raw, status):
    assert s.normalise(raw) == status


def test_final_and_known():
    assert {x for x in s.STATUSES if s.is_final(x)} == {D, CR, CS, R} == s.FINAL
    assert all(s.is_known(x) for x in s.STATUSES)
    assert not s.is_known("synced")
    assert not s.is_final("teleported")


def test_every_status_has_an_expected_state():
    assert {status: s.EXPECTED_STATE[status] for status in s.STATUSES} == {
        P: "quotation", E: "quotation", A: "sale", G: "sale", D: "done",
        CR: "void", CS: "void", R: "void",
    }  # fmt: skip
    assert {x for x in s.STATUSES if s.is_void(x)} == {CR, CS, R}
    assert not s.is_void("teleported")


@pytest.mark.parametrize(("status", "implied", "conflict"), [
    (D, CS, True), (D, D, False), (D, R, False), (D, A, False),
    (CR, D, True), (CS, D, True), (R, D, True), (CR, CS, False), (CS, R, False),
    (A, CS, False), ("teleported", D, False),
])  # fmt: skip
def test_final_statuses_that_contradict_are_a_conflict(status, implied, conflict):
    assert s.is_conflict(status, implied) is conflict


def test_may_send_is_true_when_a_path_exists():
    assert s.may_send(P, D)
    assert not s.may_send(D, CS)
    assert not s.may_send(P, D, s.BY_CARTONA)
    assert s.may_send(P, CS, s.BY_CARTONA)


def test_the_11_reasons_of_cancellation():
    assert len(set(s.CANCELLATION_REASONS)) == 11


@pytest.mark.parametrize(("status", "rank"), [
    (P, 0), (E, 0), (A, 1), (G, 2), (D, 3), (R, 3), (CR, 3), (CS, 3), ("teleported", None),
    ("", None),
])  # fmt: skip
def test_rank_is_the_progress_of_an_order(status, rank):
    assert s.rank(status) == rank


BACKWARDS = [
    (P, A, False), (A, P, True), (A, G, False), (G, A, True), (G, P, True), (P, E, False),
    (E, P, False),
    (A, E, True), (G, D, False), (P, CR, False), (D, D, False), (D, R, True), (D, P, True),
    (CR, P, True),
    (CS, D, True), (D, "teleported", True), (A, "teleported", False), ("teleported", P, False),
    ("", P, False),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "backwards"), BACKWARDS)
def test_statuses_never_move_backwards(old, new, backwards):
    assert s.is_backwards(old, new) is backwards


IMPLIED = [
    ("quotation", ("draft",), P), ("quotation sent", ("sent",), P), ("confirmed", ("sale",), A),
    ("locked", ("done",), A), ("cancelled", ("cancel",), CS), ("shipped", ("sale", True), G),
    ("delivered", ("sale", True, True), D),
    ("delivered, dispatch not recorded", ("sale", False, True), D),
    ("all brought back", ("sale", True, False, True), R),
    ("brought back, then cancelled", ("cancel", True, False, True), R),
    ("cancelled in transit", ("cancel", True), CS), ("shipped but set back", ("draft", True), P),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "status"), [c[1:] for c in IMPLIED], ids=[c[0] for c in IMPLIED])
def test_documents_imply_one_status(facts, status):
    assert s.implied(*facts) == status


@pytest.mark.parametrize("status", [*s.STATUSES, "teleported", ""])
def test_lines_may_be_edited_while_the_order_is_open(status):
    assert s.may_edit_lines(status) is (status in (P, A, G))
    assert s.may_edit_lines(status, s.BY_CARTONA) is False


@pytest.mark.parametrize(("installment", "wallet", "needed"), [
    (0, 0, False), (None, None, False), (0.01, 0, True), (0, "5", True), (60, 20, True),
    (-1, 0, False), ("", "0.00", False),
])  # fmt: skip
def test_a_code_is_needed_when_money_moves_through_cartona(installment, wallet, needed):
    assert s.needs_otp(installment, wallet) is needed


def test_the_final_status_is_the_one_the_documents_imply():
    """Push the implied status after each random event; Cartona accepts only the arrows."""
    rng = random.Random(7)
    for _ in range(500):
        facts, at_cartona = ("draft", False, False), P
        for _step in range(4):
            state, shipped, delivered = facts
            events = [("sale", shipped, delivered)]
            if state == "sale":
                events += [("sale", True, delivered), ("sale", True, True)]
            if not delivered:
                events.append(("cancel", shipped, delivered))
            if state != "cancel":
                facts = rng.choice(events)
            for new in s.path(at_cartona, s.implied(*facts)):
                assert ARROWS[at_cartona, new] == "supplier"
                at_cartona = new
            assert at_cartona == s.implied(*facts)
