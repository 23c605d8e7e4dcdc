"""One refused item never holds up its batch."""

import pytest

from cartona_api import BulkResult, Refusal, Rejected, Transient, Unauthorised, push_batch


class Marketplace:
    """Refuses what is in `bad`, in one of the ways that Cartona may choose."""

    def __init__(self, bad, way):
        self.bad = bad
        self.way = way
        self.calls = []

    def __call__(self, items):
        self.calls.append(list(items))
        bad = [place for place, item in enumerate(items) if item in self.bad]
        if not bad:
            return BulkResult()
        if self.way == "names":
            return BulkResult({place: Refusal("rejected", "bad") for place in bad})
        if self.way == "no names":
            return BulkResult({}, ["something is bad"])
        raise Rejected("rejected", "bad", status=422, detail="something is bad")


BATCHES = [
    ("nothing to send", [], set(), 0, 0),
    ("all good", list("abc"), set(), 1, 1),
    ("first", list("abcd"), {"a"}, 1, 5),
    ("last", list("abcd"), {"d"}, 1, 5),
    ("two apart", list("abcdefgh"), {"a", "h"}, 1, 11),
    ("all bad", list("abcd"), set("abcd"), 1, 7),
    ("one of a hundred", list(range(100)), {42}, 1, 15),
]


@pytest.mark.parametrize("way", ["names", "no names", "422"])
@pytest.mark.parametrize(
    ("items", "bad", "named", "unnamed"), [c[1:] for c in BATCHES], ids=[c[0] for c in BATCHES]
)
def test_exactly_the_bad_ones_are_refused_and_all_others_sent(items, bad, named, unnamed, way):
    marketplace = Marketplace(bad, way)
    outcome = push_batch(marketplace, items)
    assert {items[index] for index in outcome.refused} == bad
    assert {items[index] for index in outcome.accepted} == set(items) - bad
    assert outcome.error is None
    assert len(marketplace.calls) <= (named if way == "names" else unnamed)


def test_a_refusal_keeps_its_reason():
    for way, message in (
        ("names", "bad"),
        ("no names", "something is bad"),
        ("422", "something is bad"),
    ):
        outcome = push_batch(Marketplace({"b"}, way), ["a", "b"])
        assert outcome.refused[1].message == message


@pytest.mark.parametrize(
    "error", [Transient("timeout", uncertain=True), Unauthorised("unauthorised")]
)
def test_a_failed_call_ends_the_batch_and_decides_nothing(error):
    def call(items):
        raise error

    outcome = push_batch(call, ["a", "b"])
    assert (outcome.accepted, outcome.refused, outcome.error) == (set(), {}, error)


def test_what_was_decided_before_a_failure_stays_decided():
    answers = [
        BulkResult({1: Refusal("rejected", "bad")}, ["another is bad"]),
        BulkResult(),
        Transient("timeout", uncertain=True),
    ]

    def call(items):
        answer = answers.pop(0)
        if isinstance(answer, Transient):
            raise answer
        return answer

    outcome = push_batch(call, list("abcd"))
    assert (set(outcome.refused), outcome.accepted) == ({1}, {0})
    assert outcome.error.code == "timeout"
