"""Progress of a long step: its name, how far it is and how long it took."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

#: The set-up in order. Completed steps print nothing, and numbers stay the same.
PLAN = (
    "tools",
    "odoo",
    "queue_job",
    "python",
    "postgres",
    "base database",
    "addon database",
)

_LINE_EVERY = 15.0  # seconds between lines where the output is not a terminal
_TICK_EVERY = 0.5


@contextlib.contextmanager
def step(name: str, text: str, detail: Callable[[], str] | None = None) -> Iterator[None]:
    """Announce one step of `PLAN` around the work in the block.

    :param name: step, for its number
    :param text: description for a person
    :param detail: called now and then, returns a short text on the progress
    """
    label = f"[{PLAN.index(name) + 1}/{len(PLAN)}] {text}"
    started = time.monotonic()
    stop = threading.Event()
    ticker = threading.Thread(target=_tick, args=(label, started, detail, stop), daemon=True)
    if not sys.stderr.isatty():
        say(f"{label} ...")
    ticker.start()
    outcome = "failed after"
    try:
        yield
        outcome = "done in"
    finally:
        stop.set()
        ticker.join()
        clear = "\r\033[K" if sys.stderr.isatty() else ""
        say(f"{clear}{label}: {outcome} {time.monotonic() - started:.0f} s")


def say(text: str) -> None:
    """Print a line to stderr; standard output is for results."""
    print(text, file=sys.stderr, flush=True)


def _tick(
    label: str, started: float, detail: Callable[[], str] | None, stop: threading.Event
) -> None:
    terminal = sys.stderr.isatty()
    while not stop.wait(_TICK_EVERY if terminal else _LINE_EVERY):
        progress = detail() if detail else ""
        line = f"{label}: {progress + ', ' if progress else ''}{time.monotonic() - started:.0f} s"
        if terminal:
            print(f"\r\033[K{line[:100]}", end="", file=sys.stderr, flush=True)
        else:
            say(line)
