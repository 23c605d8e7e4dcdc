"""`make` lists itself, and every target is the command of the same name."""

import re
import subprocess
import sys

import pytest

from tools.dev import cli
from tools.dev.paths import ROOT

MAIN = ("run", "smoke", "test", "bench", "chaos", "dist", "lint")


def _makefile():
    return (ROOT / "Makefile").read_text()


def test_make_without_target_lists_every_command():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for command in MAIN:
        assert re.search(rf"^  make {command} +\S", listed, re.MULTILINE), command


@pytest.mark.parametrize("command", MAIN)
def test_target_is_one_line_calling_the_same_command(command):
    body = re.search(rf"^{command}:.*\n((?:\t.*\n)+)", _makefile(), re.MULTILINE)[1]
    assert body == f"\t@./dev {command} $(ARGS)\n"
    helped = [sys.executable, "-m", "tools.dev.cli", command, "--help"]
    subprocess.run(helped, cwd=ROOT, check=True, capture_output=True)


def test_an_unknown_command_is_refused():
    done = subprocess.run([sys.executable, "-m", "tools.dev.cli", "nonsense"], cwd=ROOT)
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "rest"),
    [
        (["test"], []),
        (["test", "unit", "--", "-k", "a"], ["unit", "--", "-k", "a"]),
        (["bench", "--quick", "x"], ["--quick", "x"]),
        (["chaos", "--seed", "7"], ["--seed", "7"]),
        (["exec", "ls", "--", "-l"], ["ls", "--", "-l"]),
        (["odoo", "db", "-i", "sale"], ["-i", "sale"]),
    ],
)
def test_options_after_a_command_are_passed_on(arguments, rest):
    assert cli._parse(arguments).rest == rest


def test_ci_script_runs_targets_of_the_makefile():
    script = (ROOT / ".ci" / "run").read_text()
    assert "set -euo pipefail" in script
    for command in re.findall(r"^make (\w+)", script, re.MULTILINE):
        assert command in MAIN
    assert re.findall(r"^make (\w+)$", script, re.MULTILINE)[-1] == "test"
