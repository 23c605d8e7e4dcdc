"""Errors have a class per reaction, and no secrets."""

import pytest

from cartona_api import CartonaError, InsecureUrl, Problem, Rejected, Transient, Unauthorised


@pytest.mark.parametrize("kind", [CartonaError, Transient, Unauthorised, Rejected, InsecureUrl])
def test_every_error_has_code_status_detail_and_body(kind):
    error = kind("some_code", "A sentence.", status=418, detail="teapot", body="<b>teapot</b>")
    assert isinstance(error, CartonaError)
    assert (error.code, error.status, error.detail, error.body) == (
        "some_code", 418, "teapot", "<b>teapot</b>",
    )  # fmt: skip
    assert str(error) == "A sentence."


def test_an_error_without_a_message_shows_its_code():
    error = Transient("timeout")
    assert str(error) == "timeout"
    assert (error.status, error.detail, error.body) == (None, "", "")
    assert (error.retry_after, error.uncertain) == (None, False)
    assert Rejected("rejected").items == {}


def test_an_insecure_url_is_a_value_error_too():
    assert issubclass(InsecureUrl, ValueError)


SHOWN = [
    ("text", "abc", "abc"), ("long text", "x" * 999, "x" * 200), ("number", 7, 7),
    ("what no database takes", "a\x00b\ud800", "a b "), ("none", None, None),
    ("huge number", 10**5000, "int"), ("list", [1], "list"), ("object", {"otp": 1}, "dict"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "shown"), [c[1:] for c in SHOWN], ids=[c[0] for c in SHOWN])
def test_a_problem_has_the_path_and_a_displayable_value(value, shown):
    problem = Problem("bad_number", "a[0].b", value)
    assert (problem.code, problem.path, problem.value) == ("bad_number", "a[0].b", shown)
    assert str(problem) == "bad_number at a[0].b"
    assert not isinstance(problem, CartonaError)


def test_a_problem_without_a_path_is_at_the_top():
    assert str(Problem("not_an_object")) == "not_an_object at the top"
