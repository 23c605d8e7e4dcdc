"""A marketplace that fails: three calls in ten, in every fault of the sandbox."""

import random
import time

from tests.support.companies import TIMEOUT
from tools.dev.sandbox_server import SandboxServer

#: Share of all calls that fail.
SHARE = 0.3
#: Faults of a call. Without `when`, the effect's default: most calls are then not processed.
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
    """Make the marketplace fail from now on.

    The first matching rule is used, each with its own random numbers: the probabilities are such
    that together they make up `SHARE`.

    :param within: each kind occurs at least once in this number of calls; 0: only at random
    """
    each = 1 - (1 - SHARE) ** (1 / len(KINDS))
    for kind in KINDS:
        sandbox.set_fault(probability=each, seed=rng.randrange(10**6), **kind)
    for kind in KINDS if within else ():
        sandbox.set_fault(times=1, skip=rng.randrange(within), **kind)


def refuse_token(sandbox: SandboxServer, seconds: float) -> None:
    """Refuse the token for some seconds."""
    fault = sandbox.set_fault(effect="401")
    # Rules added earlier are matched first, as a real gateway would do.
    time.sleep(seconds)
    sandbox.clear_faults(fault["id"])


def end(sandbox: SandboxServer) -> tuple[int, dict[str, int]]:
    """Let it answer again.

    :return: the calls with a fault, in total and for each of `KINDS`
    """
    rules = sandbox.faults()
    sandbox.clear_faults()
    hits: dict[str, int] = {}
    for rule in rules:
        kind = f"{rule['effect']} {rule['when']}"
        hits[kind] = hits.get(kind, 0) + rule["hits"]
    assert len(hits) == len(KINDS)
    return sum(hits.values()), hits
