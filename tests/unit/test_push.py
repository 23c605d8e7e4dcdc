"""One refused item never blocks its batch, and unknown results stay undecided."""

import pytest

from cartona_api import BulkResult, Refusal, Rejected, Transient, push_batch

ITEMS = [{"supplier_product_id": str(number)} for number in range(100)]


class Shop:
    """Accepts batches; `bad` ids are refused according to `how`."""

    def __init__(self, bad=(), how="named", fails_at=None):
        self.bad, self.how, self.fails_at = set(bad), how, fails_at
        self.calls, self.taken = [], []

    def __call__(self, items):
        ids = [item["supplier_product_id"] for item in items]
        self.calls.append(len(ids))
        if len(self.calls) == self.fails_at:
            raise Transient("timeout", uncertain=True)
        bad = [place for place, name in enumerate(ids) if name in self.bad]
        if bad and self.how == "whole":
            raise Rejected("rejected", detail="one of these")
        if bad and self.how == "unnamed":
            return BulkResult({}, ["something is wrong"])
        refused = {place: Refusal("refused", "too dear") for place in bad}
        uncertain = self.how == "all or nothing" and bool(bad)
        if not uncertain:
            self.taken += [name for name in ids if name not in self.bad]
        return BulkResult(refused, [], uncertain and len(bad) < len(ids))


def test_a_clean_batch_is_one_call():
    shop = Shop()
    outcome = push_batch(shop, ITEMS)
    assert (shop.calls, len(outcome.accepted), outcome.refused, outcome.error) == (
        [100], 100, {}, None,
    )  # fmt: skip


def test_nothing_to_send_makes_no_call():
    shop = Shop()
    assert push_batch(shop, []).accepted == set()
    assert shop.calls == []


@pytest.mark.parametrize(
    "how, message",
    [("named", "too dear"), ("whole", "one of these"), ("unnamed", "something is wrong")],
)
def test_only_the_bad_items_are_refused(how, message):
    shop = Shop(bad={"3", "50", "51"}, how=how)
    outcome = push_batch(shop, ITEMS)
    assert sorted(outcome.refused) == [3, 50, 51]
    assert {refusal.message for refusal in outcome.refused.values()} == {message}
    assert outcome.accepted == set(range(100)) - {3, 50, 51}
    assert outcome.error is None


@pytest.mark.parametrize("bad", [{"3"}, {"3", "50", "51"}, {"0", "99"}])
def test_unnamed_items_of_a_failed_batch_are_sent_again(bad):
    shop = Shop(bad=bad, how="all or nothing")
    outcome = push_batch(shop, ITEMS)
    assert {str(index) for index in outcome.refused} == bad
    assert {str(index) for index in outcome.accepted} == set(shop.taken)
    assert len(outcome.accepted) == 100 - len(bad)
    assert shop.calls == [100, (100 - len(bad)) // 2, (101 - len(bad)) // 2]


def test_the_last_unnamed_item_is_sent_alone():
    shop = Shop(bad={"0"}, how="all or nothing")
    outcome = push_batch(shop, ITEMS[:2])
    assert (shop.calls, shop.taken) == ([2, 1], ["1"])
    assert (outcome.accepted, sorted(outcome.refused)) == ({1}, [0])


def test_a_single_bad_item_among_a_hundred_costs_few_calls():
    shop = Shop(bad={"77"}, how="whole")
    push_batch(shop, ITEMS)
    assert len(shop.calls) <= 15


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_after_a_transient_error_nothing_more_is_sent(fails_at):
    shop = Shop(bad={"3"}, how="whole", fails_at=fails_at)
    outcome = push_batch(shop, ITEMS)
    assert outcome.error.code == "timeout"
    assert len(shop.calls) == fails_at
    assert {ITEMS[index]["supplier_product_id"] for index in outcome.accepted} == set(shop.taken)
    assert not outcome.refused
