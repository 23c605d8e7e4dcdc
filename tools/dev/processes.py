"""Child processes that never outlive us, and whose log is shown when they fail."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class CommandError(Exception):
    """A child process failed; the message ends with the tail of its log."""


def start(
    command: Sequence[object],
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: int | None = subprocess.DEVNULL,
) -> subprocess.Popen:
    """Start a command in its own process group; it receives SIGTERM when we die.

    :param log: receives both outputs, appended
    :param env: the whole environment; ours when left out
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            preexec_fn=_become_dependent,
        )


def run(
    command: Sequence[object],
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run a command to its end.

    :raise CommandError: when it fails, with the tail of its log
    """
    log.unlink(missing_ok=True)
    process = start(command, log, env, cwd)
    try:
        code = process.wait()
    except BaseException:
        stop(process, grace=2)
        raise
    if code:
        words = " ".join(str(part) for part in command)
        raise CommandError(f"{words[:300]}\nended with {code}; the end of {log}:\n{tail(log)}")


def stop(process: subprocess.Popen, grace: float = 15) -> None:
    """Stop a process and its whole group: with SIGTERM, after `grace` seconds with SIGKILL."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    kill(process)


def kill(process: subprocess.Popen) -> None:
    """Kill a process and its whole group immediately, like a power cut."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def tail(log: Path, lines: int = 40) -> str:
    """Return the last lines of a log, or an empty text."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def free_port() -> int:
    """Return a TCP port on loopback without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(predicate: Callable[[], object], timeout: float = 5, pause: float = 0.05) -> object:
    """Return the first true answer of a predicate.

    :param timeout: seconds
    :raise TimeoutError: when it stayed false; contains the predicate's last answer
    """
    deadline = time.monotonic() + timeout
    while True:
        answer = predicate()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"still {answer!r} after {timeout} s")
        time.sleep(pause)


def end_on_signals() -> None:
    """Turn SIGTERM and SIGHUP into an ordinary exit, so that everything is cleaned up."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: sys.exit(128 + received))


def _become_dependent() -> None:
    # The group makes grandchildren reachable; the death signal covers a kill -9 of ours.
    os.setsid()
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
