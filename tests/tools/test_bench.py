"""Measurement, comparison and report of the budgets; nothing is measured here."""

import json
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools.bench import __main__ as command
from tools.bench import measure, processor, report
from tools.bench.options import Options
from tools.bench.report import Line, Measurement

# === MEASURING === #


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([3.0], 0.5, 3.0),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 2.0),
        ([4.0, 1.0, 3.0, 2.0], 0.75, 3.0),
        ([4.0, 1.0, 3.0, 2.0], 0.95, 4.0),
        (list(range(1, 101)), 0.95, 95),
        (list(range(1, 101)), 0.951, 96),
    ],
)
def test_quantile_is_the_value_that_the_share_does_not_exceed(values, share, expected):
    assert measure.quantile(values, share) == expected


def test_ratio_is_the_median_of_the_pairs():
    pairs = measure.Pairs(floor=[1.0, 1.0, 10.0], subject=[1.1, 30.0, 12.0])
    assert pairs.ratios == pytest.approx([1.1, 30.0, 1.2])
    assert pairs.ratio == pytest.approx(1.2)


def test_pairs_alternate_and_first_round_is_not_counted():
    order = []

    def measured(name, seconds):
        def run(number):
            order.append((name, number))
            return seconds + number

        return run

    pairs = measure.in_turns(measured("floor", 10.0), measured("subject", 20.0), pairs=2)
    assert order == [
        ("subject", 0),
        ("floor", 0),
        ("floor", 1),
        ("subject", 1),
        ("subject", 2),
        ("floor", 2),
    ]
    assert (pairs.floor, pairs.subject) == ([11.0, 12.0], [21.0, 22.0])


def test_call_is_timed_by_the_servers_log_line(tmp_path: Path):
    """Lines before the call, and lines of other requests, are ignored."""
    line = '1.2.3.4 - - [now] "POST /jsonrpc#product.write HTTP/1.1" 200 - {} {} {}\n'
    job = '1.2.3.4 - - [now] "GET /queue_job/runjob HTTP/1.1" 200 - 53 9.000 9.000\n'
    log = tmp_path / "odoo.log"
    log.write_text(line.format(99, "8.000", "8.000"))
    calls = []

    def answer(*arguments, **_options):
        calls.append(arguments)
        with open(log, "a") as written:
            written.write(line.format(12, "0.250", "0.500") + job)

    call = measure.timed(SimpleNamespace(log=log, call=answer), "product.product", "write", [1])
    assert calls == [("product.product", "write", [1])]
    assert call == measure.Call(seconds=0.75, queries=12)


def test_processor_time_excludes_waiting():
    """Of two other processes of the database, one is another program, the other has ended."""
    others = [(os.getppid(),), (2**22 + 1,)]
    odoo = SimpleNamespace(
        process=SimpleNamespace(pid=os.getpid()),
        database="any",
        env=SimpleNamespace(pg=SimpleNamespace(query=lambda *_arguments: others)),
    )

    def work():
        end = time.process_time() + 0.3
        while time.process_time() < end:
            pass

    assert processor.spent(odoo, work) == pytest.approx(0.3, abs=0.1)
    assert processor.spent(odoo, lambda: time.sleep(0.3)) == pytest.approx(0, abs=0.1)


# === REPORTING === #

MET = Measurement("one", [Line("work", "<= 1 s", "0.5 s", True), Line("more", "", "7")], {"n": [1]})
EXCEEDED = Measurement("two", [Line("other work", "<= 1 s", "2 s", False)])


def test_table_has_budget_figure_and_verdict_of_every_line():
    assert report.table([MET, EXCEEDED]).splitlines() == [
        "work        budget  measured",
        "----------  ------  --------  --------",
        "work        <= 1 s  0.5 s     ok",
        "more                7",
        "other work  <= 1 s  2 s       EXCEEDED",
    ]


def test_line_without_a_budget_cannot_be_exceeded():
    assert MET.ok
    assert not EXCEEDED.ok


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """Replace the rows by two that measure nothing, without Odoo; return their options."""
    given = []

    def row(measurement):
        def run(options):
            given.append(options)
            return measurement

        return SimpleNamespace(__doc__="A row.", run=run)

    monkeypatch.setattr(command, "ROWS", {"one": row(MET), "two": row(EXCEEDED)})
    pg = SimpleNamespace(query=lambda statement: [("18",)])
    env = SimpleNamespace(series="19.0", pg=pg)
    monkeypatch.setattr(command.environment, "from_variables", lambda: env)
    return given


def test_command_fails_when_a_budget_is_exceeded(rows, capsys: pytest.CaptureFixture):
    assert command.main([]) == 1
    assert "EXCEEDED" in capsys.readouterr().out
    assert len(rows) == 2


def test_single_rows_can_be_selected(rows, capsys: pytest.CaptureFixture):
    assert command.main(["one", "--pairs", "9", "--full"]) == 0
    assert "other work" not in capsys.readouterr().out
    [options] = rows
    assert (options.pairs, options.full) == (9, True)


def test_json_contains_all_figures_and_the_machine(rows, tmp_path: Path):
    command.main(["--json", str(tmp_path / "bench.json")])
    answer = json.loads((tmp_path / "bench.json").read_text())
    assert answer["rows"]["one"]["n"] == [1]
    assert answer["rows"]["two"] == {
        "ok": False,
        "lines": [{"work": "other work", "budget": "<= 1 s", "measured": "2 s", "ok": False}],
    }
    assert answer["about"]["odoo"] == "19.0"
    assert answer["about"]["postgresql"] == "18"


@pytest.mark.parametrize("arguments", [["--pairs", "4"], ["--changes", "49"], ["three"]])
def test_meaningless_options_are_refused(rows, arguments, capsys: pytest.CaptureFixture):
    with pytest.raises(SystemExit):
        command.main(arguments)
    assert rows == []
