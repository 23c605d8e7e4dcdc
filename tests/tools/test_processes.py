"""No child outlives its parent, and a failure shows the end of the log."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tools.dev import processes
from tools.dev.paths import ROOT


def _is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_failing_command_raises_with_the_tail_of_its_log(tmp_path):
    log = tmp_path / "log"
    code = "import sys; print('the reason'); sys.exit(3)"
    with pytest.raises(processes.CommandError, match="(?s)ended with 3.*the reason"):
        processes.run([sys.executable, "-c", code], log)


def test_a_log_is_cut_to_its_last_lines(tmp_path):
    log = tmp_path / "log"
    log.write_text("\n".join(map(str, range(100))))
    assert processes.tail(log, 2) == "98\n99"
    assert processes.tail(tmp_path / "absent") == ""


@pytest.mark.parametrize("end", [processes.stop, processes.kill])
def test_whole_group_ends_with_grandchildren(tmp_path, end):
    code = (
        "import subprocess, time\n"
        "print(subprocess.Popen(['sleep', '600']).pid, flush=True)\n"
        "time.sleep(600)"
    )
    log = tmp_path / "log"
    process = processes.start([sys.executable, "-c", code], log)
    grandchild = int(processes.wait_until(log.read_text, timeout=10))
    end(process)
    processes.wait_until(lambda: not _is_alive(grandchild), timeout=5)
    assert process.returncode is not None


def test_process_ignoring_sigterm_is_killed(tmp_path):
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True)"
    log = tmp_path / "log"
    process = processes.start([sys.executable, "-c", code + "; time.sleep(600)"], log)
    processes.wait_until(log.read_text, timeout=10)
    started = time.monotonic()
    processes.stop(process, grace=0.2)
    assert process.returncode == -signal.SIGKILL
    assert time.monotonic() - started < 5


def test_a_child_ends_when_its_parent_is_killed(tmp_path):
    code = (
        "import time\nfrom pathlib import Path\nfrom tools.dev import processes\n"
        f"child = processes.start(['sleep', '600'], Path({str(tmp_path / 'log')!r}))\n"
        "print(child.pid, flush=True)\ntime.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    child = int(parent.stdout.readline())
    assert _is_alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    processes.wait_until(lambda: not _is_alive(child), timeout=5)


def test_termination_signal_runs_the_cleanup(tmp_path):
    code = (
        "import time\nfrom tools.dev import processes\nprocesses.end_on_signals()\n"
        "try:\n    print(1, flush=True)\n    time.sleep(600)\nfinally:\n    print('cleaned')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    process.stdout.readline()
    os.kill(process.pid, signal.SIGTERM)
    assert process.communicate(timeout=10)[0] == "cleaned\n"
    assert process.returncode == 128 + signal.SIGTERM


def test_waiting_returns_first_true_answer_or_names_last_false():
    answers = iter([0, "", "yes"])
    assert processes.wait_until(lambda: next(answers), pause=0) == "yes"
    with pytest.raises(TimeoutError, match=r"still \[\]"):
        processes.wait_until(list, timeout=0.05, pause=0.01)
