"""Says what a long step does, how far it is and how long it took."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

#: The set-up in order. Steps that are done already stay silent, numbers stay the same.
PLAN = (
    "tools",
    "odoo",
    "queue_job",
    "python",
    "postgres",
    "base database",
    "addon database",
)

_NOTE_EVERY = 15.0  # seconds between lines where the output is no terminal
_TICK_EVERY = 0.5


@contextlib.contextmanager
def step(name: str, text: str, detail: Callable[[], str] | None = None) -> Iterator[None]:
    """Announce one step of `PLAN` around the work in the block.

    :param name: which step, gives its number
    :param text: what is being done, for a person
    :param detail: asked now and then for a few words on how far it is
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
    """One line for the person in front of the screen; standard output stays for results."""
    print(text, file=sys.stderr, flush=True)


def _tick(
    label: str, started: float, detail: Callable[[], str] | None, stop: threading.Event
) -> None:
    terminal = sys.stderr.isatty()
    while not stop.wait(_TICK_EVERY if terminal else _NOTE_EVERY):
        words = detail() if detail else ""
        line = f"{label}: {words + ', ' if words else ''}{time.monotonic() - started:.0f} s"
        if terminal:
            print(f"\r\033[K{line[:100]}", end="", file=sys.stderr, flush=True)
        else:
            say(line)
