"""`make chaos`: its options are passed to the suite, its results are in the table and file."""

import json
from types import SimpleNamespace

import pytest

from tests.support.report import Line, table, write
from tools.dev import chaos

LINES = [
    Line("kill -9", "20 orders", 30, 0, 1),
    Line("an attack", "7 orders", tried=1500),
    Line("steady work", "9 changes", lost=None, doubled=None, figures={"grown_mb": 1}),
]


@pytest.mark.parametrize(
    ("arguments", "options", "folders", "kills"),
    [
        (["--seed", "7"], {"--seed=7", "--full"}, {"chaos", "attack", "faults"}, "100"),
        (["--short", "--seed", "7"], {"--seed=7"}, {"chaos", "attack"}, None),
        (
            ["--hour", "--seed", "0"],
            {"--seed=0", "--full", "--steady=3600"},
            {"chaos", "attack", "faults"},
            "100",
        ),
    ],
)
def test_options_are_passed_on_and_seed_is_printed(
    monkeypatch, capsys, arguments, options, folders, kills
):
    commands, variables = [], []
    monkeypatch.delenv("KILLS", raising=False)

    def run(command, env, **_settings):
        commands.append(command)
        variables.append(env)
        return SimpleNamespace(returncode=3)

    monkeypatch.setattr(chaos.subprocess, "run", run)
    assert chaos.main(arguments) == 3
    [command] = commands
    given = {word for word in command if word.startswith("--") and "json" not in word}
    assert given == options | {f"--hypothesis-seed={arguments[arguments.index('--seed') + 1]}"}
    assert variables[0].get("KILLS") == kills
    assert {word.rpartition("/tests/")[2] for word in command if "/tests/" in word} == folders
    assert f"--seed {arguments[arguments.index('--seed') + 1]}" in capsys.readouterr().out


def test_table_shows_lost_and_doubled_and_omits_missing_figures():
    assert table(LINES).splitlines() == [
        "| what        | load      | inputs tried | survived | lost | doubled |",
        "|-------------|-----------|--------------|----------|------|---------|",
        "| kill -9     | 20 orders |              | 30       | 0    | 1       |",
        "| an attack   | 7 orders  | 1,500        |          | 0    | 0       |",
        "| steady work | 9 changes |              |          |      |         |",
    ]


def test_file_names_the_measured_versions(tmp_path):
    write(LINES, tmp_path / "chaos.json", seed=7)
    written = json.loads((tmp_path / "chaos.json").read_text())
    assert written["about"] == {"seed": 7}
    assert [line["figures"] for line in written["lines"]] == [{}, {}, {"grown_mb": 1}]
