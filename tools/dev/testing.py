"""`make test`: all parts in lanes side by side, and one line with the totals."""

import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from tools.dev import databases, environment, odoo_config, smoke, venvs
from tools.dev.paths import DEFAULT_SERIES, LOGS, REQUIREMENTS, ROOT
from tools.dev.progress import say

#: Tests of the addon that need modules which it does not depend on.
NEED_MODULES = {"mrp": ("test_kits.py",), "stock_picking_batch": ("test_batch.py",)}
#: Modules that change what prices and stock are computed from. Odoo ignores those that a series
#: lacks: 15.0 has `sale_coupon` instead of `sale_loyalty`.
INPUT_MODULES = (
    "product_expiry,mrp,point_of_sale,stock_dropshipping,sale_loyalty,sale_coupon,purchase_stock,"
    "website_sale,l10n_eg"
)
#: Tests of the addon that also run with these modules.
ALSO_WITH_MODULES = {INPUT_MODULES: ("test_input_reads.py", "test_inputs_noticed.py")}
#: Parts of `tests/` that need a running Odoo; the others need none.
SERVER_PARTS = {
    "e2e": ("e2e",),
    "faults": ("faults", "attack"),
    "browser": ("browser",),
    "chaos": ("chaos",),
}


@dataclass
class Result:
    """The result of one part.

    :ivar skips: pairs of test and reason
    """

    part: str
    seconds: float
    code: int
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    skips: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Return True if nothing failed. pytest's code 5 (no tests) counts as success."""
        return self.code in (0, 5) and not self.failed


#: Left out of a short run: slow, and they rarely find anything. The nightly workflow runs them.
FULL = "full"
_VARIABLE = "CARTONA_FULL_TESTS"
LEFT_OUT = (
    "nine of ten variants of bad orders inside Odoo (all are parsed in tests/unit)",
    "chaos: the log of many rows, memory over steady work",
    "faults: eight users for 60 s instead of 20 s",
)
#: Of the random choices of `tests/chaos` in a short run, so that it fails for a change only.
_SEED = 7

#: What runs one after another; the lanes run side by side. Only the first keeps a core busy: the
#: others mostly wait for a server, a browser or a fault to end.
LANES = (
    ("unit", "odoo", "mrp", "batch", "inputs", "chaos"),
    ("e2e", "smoke"),
    ("browser", "faults"),
)

_thread = threading.local()
_printing = threading.Lock()


def main(parts: Sequence[str], arguments: Sequence[str]) -> int:
    """Run the selected parts one after another; all of them, in lanes, when none is given.

    :param parts: keys of `PARTS`; `FULL` among them runs also what a short run leaves out
    :param arguments: passed on to pytest unchanged
    :return: the exit code
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    if FULL in parts:
        os.environ[_VARIABLE] = "1"
        parts = [part for part in parts if part != FULL]
    if parts:
        return _summarise([_run(part, arguments) for part in parts])
    _prepare()
    lanes = [[part for part in lane if part in PARTS] for lane in LANES]
    with futures.ThreadPoolExecutor(len(lanes)) as pool:
        done = pool.map(lambda lane: [_run_buffered(part, arguments) for part in lane], lanes)
        results = {result.part: result for lane in done for result in lane}
    return _summarise([results[part] for part in PARTS])


def _prepare() -> None:
    """Make what all lanes need, so that they do not wait for one another."""
    databases.addon_template(environment.from_variables())


def _run(part: str, arguments: Sequence[str]) -> Result:
    say(f"\n=== tests: {part} ===")
    started = time.monotonic()
    junit = LOGS / f"junit-{part}.xml"
    junit.unlink(missing_ok=True)
    code = PARTS[part]([*arguments, f"--junit-xml={junit}"])
    return _read(part, time.monotonic() - started, code, junit)


def _run_buffered(part: str, arguments: Sequence[str]) -> Result:
    """Run a part beside others: its output is printed as a whole when it has ended."""
    log = LOGS / f"tests-{part}.log"
    with log.open("w") as _thread.output:
        result = _run(part, arguments)
    with _printing:
        print(f"\n=== output of {part}, after {result.seconds:.0f} s ===")
        print(log.read_text(errors="replace"), flush=True)
    return result


def _call(command: Sequence[object], variables: dict[str, str]) -> int:
    """Run a command; its output goes where the lane wants it."""
    output = getattr(_thread, "output", None)
    return subprocess.run(
        [str(word) for word in command],
        env=variables,
        cwd=ROOT,
        stdout=output,
        stderr=output and subprocess.STDOUT,
    ).returncode


def _unit(arguments: Sequence[str]) -> int:
    """Run the tests of client, sandbox and tools, without Odoo."""
    with_server = {name for names in SERVER_PARTS.values() for name in names}
    tests = ROOT / "tests"
    folders = [path for path in tests.iterdir() if path.is_dir() and any(path.glob("test_*.py"))]
    places = [path for path in folders if path.name not in with_server]
    return _pytest([*sorted(places), *sorted(tests.glob("test_*.py"))], arguments)


def _server(part: str) -> Callable[[Sequence[str]], int]:
    def run(arguments: Sequence[str]) -> int:
        places = [ROOT / "tests" / name for name in SERVER_PARTS[part]]
        seed = [f"--seed={_SEED}"] if part == "chaos" and not os.environ.get(_VARIABLE) else []
        places = [place for place in places if any(place.glob("test_*.py"))]
        return _pytest(places, [*seed, *arguments])

    return run


def _odoo(modules: str = "") -> Callable[[Sequence[str]], int]:
    """Return the run of the addon's own tests, inside Odoo, on a copy of the installed database.

    :param modules: further modules to install; then only the tests that need them run
    """

    def run(arguments: Sequence[str]) -> int:
        env = environment.from_variables()
        tests = env.addon / "tests"
        chosen = {**NEED_MODULES, **ALSO_WITH_MODULES}.get(modules, ())
        places = [tests / name for name in chosen] or [tests]
        # They run where they can; here each would only be reported as skipped.
        elsewhere = [] if modules else [name for names in NEED_MODULES.values() for name in names]
        database = databases.clone(env)
        # The job runner would take the jobs that concurrency tests commit: it is left out.
        config = odoo_config.write(env, database, options={"max_cron_threads": 0})
        command = [
            *(env.python, "-m", "pytest", "-c", REQUIREMENTS / "pytest-odoo.ini"),
            *(f"--rootdir={ROOT}", "-p", "no:cacheprovider"),
            *(f"--odoo-config={config}", f"--odoo-database={database}"),
            *("--odoo-http", "--odoo-extra=stop-after-init"),
            *places,
            *(f"--ignore={tests / name}" for name in elsewhere),
            *arguments,
        ]
        try:
            if modules:
                databases.install(env, database, modules)
            return _call(command, env.process_environment())
        finally:
            databases.drop(env, database)

    return run


def _smoke(arguments: Sequence[str]) -> int:
    """Run the main job once, unattended: each row of its table counts as a test."""
    *chosen, report = arguments
    if chosen:
        return 5  # pytest's options select among its tests, and this is not one
    try:
        rows = smoke.measure()
    except Exception:  # any error: the remaining parts are still run
        traceback.print_exc()
        return 1
    suite = ElementTree.Element("testsuite")
    for row in rows:
        case = ElementTree.SubElement(suite, "testcase", classname="smoke", name=row.done)
        if not row.ok:
            ElementTree.SubElement(case, "failure", message=f"not in time: {row.seen}")
    ElementTree.ElementTree(suite).write(report.removeprefix("--junit-xml="))
    return 0 if rows and all(row.ok for row in rows) else 1


PARTS: dict[str, Callable[[Sequence[str]], int]] = {
    "unit": _unit,
    "odoo": _odoo(),
    "mrp": _odoo("mrp"),
    "batch": _odoo("stock_picking_batch"),
    "inputs": _odoo(INPUT_MODULES),
    "e2e": _server("e2e"),
    "faults": _server("faults"),
    "smoke": _smoke,
    "browser": _server("browser"),
    "chaos": _server("chaos"),  # shortened; `make chaos` runs it at full length
}


def _pytest(places: Sequence[Path], arguments: Sequence[str]) -> int:
    if not places:
        return 5
    variables = {**venvs.clean_environment(), "PYTHONPATH": str(ROOT)}
    return _call([sys.executable, "-m", "pytest", *places, *arguments], variables)


def _read(part: str, seconds: float, code: int, junit: Path) -> Result:
    """Count from pytest's own report; a run without a report failed as a whole."""
    result = Result(part, seconds, code)
    if not junit.exists():
        result.failed = 0 if code == 5 else 1
        return result
    for case in ElementTree.parse(junit).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            result.failed += 1
        elif skip is not None:
            result.skipped += 1
            result.skips.append((name, skip.get("message", "")))
        else:
            result.passed += 1
    if code not in (0, 5) and not result.failed:
        result.failed = 1  # a failed collection or an aborted run has no test case of its own
    return result


def _summarise(results: Sequence[Result]) -> int:
    print(f"\nOdoo {os.environ.get('SERIES') or DEFAULT_SERIES}")
    print(f"{'part':10}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for result in results:
        counts = f"{result.passed:8}{result.failed:8}{result.skipped:9}{result.seconds:9.0f}"
        print(f"{result.part:10}{counts}")
    skips = [skip for result in results for skip in result.skips]
    if skips:
        print("\nskipped, and why:")
        for name, reason in skips:
            print(f"  {name}: {reason}")
    if len(results) == len(PARTS) and not os.environ.get(_VARIABLE):
        print(f"\nleft out, run by `make test ARGS={FULL}`:")
        for what in LEFT_OUT:
            print(f"  {what}")
    passed, failed, skipped = (
        sum(getattr(result, name) for result in results) for name in ("passed", "failed", "skipped")
    )
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 0 if all(result.ok for result in results) and passed else 1


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split a command line into parts and pytest's arguments: `unit odoo -- -k price`.

    The double dash may be left out before an option. `make` splits `ARGS` the same.
    """
    parts: list[str] = []
    rest = list(arguments)
    while rest and rest[0] in (*PARTS, FULL):
        parts.append(rest.pop(0))
    if rest and rest[0] == "--":
        rest.pop(0)
    return parts, rest
