"""`make chaos`: its options reach the suite, and what was stood is in the table and in the file."""

import json
from types import SimpleNamespace

import pytest

from tests.chaos.report import Line, table, write
from tools.dev import chaos

LINES = [
    Line("kill -9", "20 orders", 30, 0, 1),
    Line("an attack", "7 orders", tried=1500),
    Line("steady work", "9 changes", lost=None, doubled=None, figures={"grown_mb": 1}),
]


@pytest.mark.parametrize(
    ("words", "options", "folders", "kills"),
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
def test_options_are_handed_on_and_the_seed_is_printed(
    monkeypatch, capsys, words, options, folders, kills
):
    commands, variables = [], []
    monkeypatch.delenv("KILLS", raising=False)

    def run(command, env, **_settings):
        commands.append(command)
        variables.append(env)
        return SimpleNamespace(returncode=3)

    monkeypatch.setattr(chaos.subprocess, "run", run)
    assert chaos.main(words) == 3
    [command] = commands
    given = {word for word in command if word.startswith("--") and "json" not in word}
    assert given == options | {f"--hypothesis-seed={words[words.index('--seed') + 1]}"}
    assert variables[0].get("KILLS") == kills
    assert {word.rpartition("/tests/")[2] for word in command if "/tests/" in word} == folders
    assert f"--seed {words[words.index('--seed') + 1]}" in capsys.readouterr().out


def test_the_table_shows_what_was_lost_and_doubled_and_leaves_out_what_there_is_not():
    assert table(LINES).splitlines() == [
        "| what        | load held | inputs tried | survived | lost | doubled |",
        "|-------------|-----------|--------------|----------|------|---------|",
        "| kill -9     | 20 orders |              | 30       | 0    | 1       |",
        "| an attack   | 7 orders  | 1,500        |          | 0    | 0       |",
        "| steady work | 9 changes |              |          |      |         |",
    ]


def test_the_file_says_on_what_it_was_measured(tmp_path):
    write(LINES, tmp_path / "chaos.json", seed=7)
    written = json.loads((tmp_path / "chaos.json").read_text())
    assert written["about"] == {"seed": 7}
    assert [line["figures"] for line in written["lines"]] == [{}, {}, {"grown_mb": 1}]
