"""A batch that always fails: the item at fault is found, or the account, or the endpoint is."""

import pytest

from cartona_api import BulkResult, Refusal, Rejected, Transient, Unauthorised, push_batch

ITEMS = list(range(100))


class Shop:
    """Answers calls by what is in them; counts calls and checks."""

    def __init__(self, answer, check=None):
        self.answer, self.error = answer, check
        self.calls, self.checks = [], 0

    def __call__(self, items):
        self.calls.append(list(items))
        error = self.answer(items)
        if error:
            raise error
        return BulkResult()

    def check(self):
        self.checks += 1
        if self.error:
            raise self.error

    def push(self, items=None, **options):
        return push_batch(self, ITEMS if items is None else items, self.check, **options)


def fails_with(*bad, code="server_error"):
    def answer(items):
        return Transient(code, uncertain=True) if set(bad) & set(items) else None

    return answer


def test_item_with_which_every_call_fails_is_isolated():
    shop = Shop(fails_with(37))
    outcome = shop.push(is_suspect=True)
    assert set(outcome.isolated) == {37}
    assert outcome.accepted == set(ITEMS) - {37}
    assert outcome.error is None
    assert (len(shop.calls), shop.checks) == (18, 1)


@pytest.mark.parametrize("bad", [(0, 99), (12, 13), (3, 40, 41, 77)])
def test_several_such_items_are_isolated(bad):
    outcome = Shop(fails_with(*bad)).push(is_suspect=True)
    assert set(outcome.isolated) == set(bad)
    assert outcome.accepted == set(ITEMS) - set(bad)


def test_nothing_is_isolated_before_the_batch_is_suspect():
    shop = Shop(fails_with(37))
    outcome = shop.push()
    assert (outcome.isolated, outcome.accepted, len(shop.calls)) == ({}, set(), 1)
    assert outcome.error.code == "server_error"


def test_nothing_is_isolated_while_no_part_succeeds():
    shop = Shop(fails_with(*ITEMS))
    outcome = shop.push(is_suspect=True)
    assert (outcome.isolated, outcome.error.code) == ({}, "server_error")
    assert len(shop.calls) == 9


@pytest.mark.parametrize("code", ["rate_limited", "connection", "tls", "not_ready"])
def test_errors_of_the_connection_isolate_nothing(code):
    shop = Shop(fails_with(37, code=code))
    outcome = shop.push(is_suspect=True)
    assert (outcome.isolated, outcome.error.code, len(shop.calls)) == ({}, code, 1)


def test_isolated_items_are_sent_alone_after_the_others():
    shop = Shop(fails_with(37))
    outcome = shop.push(alone=[37])
    assert shop.calls == [[one for one in ITEMS if one != 37], [37]]
    assert (set(outcome.isolated), outcome.error) == ({37}, None)
    assert Shop(fails_with()).push(alone=[37]).accepted == set(ITEMS)


def test_a_suspect_batch_that_succeeds_again_is_one_call():
    shop = Shop(fails_with())
    assert shop.push(is_suspect=True).accepted == set(ITEMS)
    assert len(shop.calls) == 1


def refused(status=400, words="bad request"):
    return lambda items: Rejected("rejected", status=status, detail=words)


@pytest.mark.parametrize("count", [1, 2, 100, 1000])
def test_a_refused_token_costs_two_calls_and_refuses_nothing(count):
    shop = Shop(refused(), check=Unauthorised("unauthorised"))
    outcome = shop.push(list(range(count)))
    assert (outcome.refused, outcome.error.code) == ({}, "unauthorised")
    assert (len(shop.calls), shop.checks) == (1, 1)


@pytest.mark.parametrize("count", [100, 1000])
def test_the_same_refusal_of_everything_is_about_the_account(count):
    shop = Shop(refused(403, "your account is closed"))
    outcome = shop.push(list(range(count)))
    assert outcome.refused == {}
    assert isinstance(outcome.error, Unauthorised)
    assert (outcome.error.code, outcome.error.detail) == (
        "account_refused",
        "your account is closed",
    )
    assert (len(shop.calls), shop.checks) == (11, 1)


def test_refusals_of_many_items_that_others_do_not_share_are_theirs():
    bad = {1, 2, 3, 50, 51, 52, 90}

    def some(items):
        wrong = bad & set(items)
        return Rejected("rejected", status=422, detail="unknown product") if wrong else None

    outcome = Shop(some).push()
    assert (set(outcome.refused), outcome.accepted) == (bad, set(ITEMS) - bad)
    assert outcome.error is None


@pytest.mark.parametrize(("count", "most"), [(100, 15), (1000, 22)])
def test_one_refused_item_costs_few_calls(count, most):
    def answer(items):
        return Rejected("rejected", status=422, detail="no") if 77 in items else None

    shop = Shop(answer)
    outcome = shop.push(list(range(count)))
    assert set(outcome.refused) == {77}
    assert len(shop.calls) + shop.checks <= most + 1


def test_what_is_known_when_the_time_is_over_is_returned():
    def answer(items):
        return Rejected("rejected", status=422, detail=str(items)) if 5 in items else None

    shop = Shop(answer)
    outcome = shop.push(seconds=-1)
    assert (outcome.accepted, outcome.refused, outcome.error) == (set(), {}, None)
    assert len(shop.calls) == 1


def test_an_item_that_cannot_be_written_as_json_stops_no_other():
    def answer(items):
        return ValueError("not JSON") if 8 in items else None

    outcome = Shop(answer).push()
    assert (set(outcome.refused), outcome.accepted) == ({8}, set(ITEMS) - {8})
    assert outcome.refused[8].message == "ValueError"


def test_items_named_in_a_refusal_are_the_only_ones_refused():
    def answer(items):
        named = {
            items.index(one): Refusal("rejected", "too dear") for one in (4, 9) if one in items
        }
        return Rejected("rejected", status=422, items=named) if named else None

    shop = Shop(answer)
    outcome = shop.push()
    assert (set(outcome.refused), len(outcome.accepted), len(shop.calls)) == ({4, 9}, 98, 2)
    assert shop.checks == 0
