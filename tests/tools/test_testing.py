"""`make test` adds up its parts and loses no failure."""

import sys
import threading
from pathlib import Path

import pytest

from tools.dev import testing

JUNIT = """<testsuites><testsuite>
<testcase classname="a" name="passes"/>
<testcase classname="a" name="fails"><failure message="no"/></testcase>
<testcase classname="a" name="breaks"><error message="no"/></testcase>
<testcase classname="a" name="skips"><skipped message="no browser"/></testcase>
</testsuite></testsuites>"""
GREEN = '<testsuite><testcase classname="a" name="passes"/></testsuite>'


@pytest.fixture
def parts(monkeypatch, tmp_path):
    """Replace the parts by ones that write a report and end with a code."""
    monkeypatch.setattr(testing, "LOGS", tmp_path)
    monkeypatch.setattr(testing, "_prepare", lambda: None)

    def install(**outcomes):
        def part(report, code):
            def run(arguments):
                if report:
                    name = arguments[-1].removeprefix("--junit-xml=")
                    with open(name, "w") as file:
                        file.write(report)
                return code

            return run

        monkeypatch.setattr(testing, "PARTS", {k: part(*v) for k, v in outcomes.items()})

    return install


@pytest.mark.parametrize(
    ("outcomes", "code", "line"),
    [
        ({"unit": (GREEN, 0), "odoo": (GREEN, 0)}, 0, "2 passed, 0 failed, 0 skipped"),
        ({"unit": (GREEN, 0), "odoo": (JUNIT, 1)}, 1, "2 passed, 2 failed, 1 skipped"),
        # The whole run crashed before its report, or failed after its tests had passed.
        ({"unit": (GREEN, 0), "odoo": (None, 3)}, 1, "1 passed, 1 failed, 0 skipped"),
        ({"unit": (GREEN, 2)}, 1, "1 passed, 1 failed, 0 skipped"),
        # A part without tests is accepted if another one has some.
        ({"unit": (GREEN, 0), "browser": (None, 5)}, 0, "1 passed, 0 failed, 0 skipped"),
        ({"browser": (None, 5)}, 1, "0 passed, 0 failed, 0 skipped"),
    ],
)
def test_last_line_has_totals_and_code_shows_failure(parts, capsys, outcomes, code, line):
    parts(**outcomes)
    assert testing.main([], []) == code
    assert capsys.readouterr().out.splitlines()[-1] == line


def test_every_part_is_in_one_lane():
    assert sorted(part for lane in testing.LANES for part in lane) == sorted(testing.PARTS)


def test_lanes_run_side_by_side(monkeypatch, tmp_path, capfd):
    monkeypatch.setattr(testing, "LOGS", tmp_path)
    monkeypatch.setattr(testing, "_prepare", lambda: None)
    meeting = threading.Barrier(3, timeout=20)

    def part(name):
        def run(arguments):
            meeting.wait()
            report = arguments[-1].removeprefix("--junit-xml=")
            Path(report).write_text(GREEN)
            return testing._call([sys.executable, "-c", f"print('{name} ' * 3)"], {})

        return run

    names = [lane[0] for lane in testing.LANES]
    monkeypatch.setattr(testing, "PARTS", {name: part(name) for name in names})
    assert testing.main([], []) == 0
    output = capfd.readouterr().out
    assert output.splitlines()[-1] == "3 passed, 0 failed, 0 skipped"
    assert all(f"=== output of {name}, after 0 s ===\n{name} {name} " in output for name in names)


def test_skips_are_listed_with_their_reasons(parts, capsys):
    parts(odoo=(JUNIT, 1))
    testing.main([], [])
    assert "  a::skips: no browser" in capsys.readouterr().out


def test_only_selected_parts_are_run(parts, capsys):
    parts(unit=(GREEN, 0), odoo=(JUNIT, 1))
    assert testing.main(["unit"], []) == 0


def test_the_summary_names_the_series(parts, capsys, monkeypatch):
    parts(unit=(GREEN, 0))
    monkeypatch.setenv("SERIES", "16.0")
    testing.main([], [])
    assert "Odoo 16.0" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("full", [True, False])
def test_short_run_names_what_it_leaves_out(monkeypatch, tmp_path, capsys, full):
    monkeypatch.setattr(testing, "LOGS", tmp_path)
    monkeypatch.setattr(testing, "PARTS", {"unit": lambda _arguments: 5})
    # Set and removed by monkeypatch, so that the run's own change does not outlive the test.
    monkeypatch.setenv("CARTONA_FULL_TESTS", "")
    testing.main([*(["full"] if full else []), "unit"], [])
    printed = capsys.readouterr().out
    assert all((what in printed) is not full for what in testing.LEFT_OUT)


def test_each_row_of_the_smoke_test_counts(monkeypatch, tmp_path, capsys):
    rows = [
        testing.smoke.Row("price set", "marketplace shows it", 70, True),
        testing.smoke.Row("order placed", "order in Odoo", 5000, False),
    ]
    monkeypatch.setattr(testing, "LOGS", tmp_path)
    monkeypatch.setattr(testing.smoke, "measure", lambda: rows)
    assert testing.main(["smoke"], []) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 passed, 1 failed, 0 skipped"
    # Selections of pytest's tests select none of these.
    assert testing.PARTS["smoke"](["-k", "price", f"--junit-xml={tmp_path}/none.xml"]) == 5


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ([], [])),
        (["unit", "odoo"], (["unit", "odoo"], [])),
        (["unit", "--", "-k", "price"], (["unit"], ["-k", "price"])),
        (["-k", "odoo"], ([], ["-k", "odoo"])),
        (["full", "odoo"], (["full", "odoo"], [])),
    ],
)
def test_parts_and_options_are_separated(arguments, expected):
    assert testing.split(arguments) == expected
