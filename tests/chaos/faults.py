"""A marketplace that fails: three calls in ten, in every way the sandbox knows."""

import random
import time

from tests.chaos.world import TIMEOUT
from tools.dev.sandbox_server import SandboxServer

#: Of all calls, so many fail.
SHARE = 0.3
#: What becomes of a call. Without `when` it is as the effect has it: most are not carried out.
KINDS: tuple[dict[str, object], ...] = (
    {"effect": "500"},
    {"effect": "500", "when": "after"},
    {"effect": "502"},
    {"effect": "503", "retry_after": 1},
    {"effect": "429", "retry_after": 1},
    {"effect": "hold", "seconds": 3 * TIMEOUT},
    {"effect": "delay", "seconds": 3 * TIMEOUT, "when": "before"},
    {"effect": "delay", "seconds": 3 * TIMEOUT, "when": "after"},
    {"effect": "cut"},
    {"effect": "cut", "when": "after"},
    {"effect": "reset", "when": "after"},
    {"effect": "cut_body"},
    {"effect": "truncated"},
    {"effect": "odd_json"},
    {"effect": "odd_json", "when": "after"},
    {"effect": "html"},
    {"effect": "empty", "when": "after"},
    {"effect": "drip", "seconds": 4 * TIMEOUT},
    {"effect": "redirect"},
)


def begin(sandbox: SandboxServer, rng: random.Random, within: int = 0) -> None:
    """From now on the marketplace fails.

    The first rule that strikes is the one, each by its own dice: the shares are such that
    together they make up `SHARE`.

    :param within: each kind strikes once in so many calls, whatever the dice say; 0: as they fall
    """
    each = 1 - (1 - SHARE) ** (1 / len(KINDS))
    for kind in KINDS:
        sandbox.set_fault(probability=each, seed=rng.randrange(10**6), **kind)
    for kind in KINDS if within else ():
        sandbox.set_fault(times=1, skip=rng.randrange(within), **kind)


def refuse_token(sandbox: SandboxServer, seconds: float) -> None:
    """Whoever calls is unknown for a while."""
    fault = sandbox.set_fault(effect="401")
    # The rules that are in force already come first, as they would at a real front door.
    time.sleep(seconds)
    sandbox.clear_faults(fault["id"])


def end(sandbox: SandboxServer) -> tuple[int, dict[str, int]]:
    """Let it answer again.

    :return: the calls that met a fault, altogether and for each of `KINDS`
    """
    rules = sandbox.faults()
    sandbox.clear_faults()
    hits: dict[str, int] = {}
    for rule in rules:
        kind = f"{rule['effect']} {rule['when']}"
        hits[kind] = hits.get(kind, 0) + rule["hits"]
    assert len(hits) == len(KINDS)
    return sum(hits.values()), hits
