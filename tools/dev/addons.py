"""Addons for Odoo: queue_job from the package index, and ours."""

import sys
from pathlib import Path

from tools.dev import processes, progress, store, venvs
from tools.dev.paths import ADDON, LOGS, ROOT, series_dir
from tools.series import dist, ladder

#: One release per series. It requires Odoo itself as a package, which no index has.
QUEUE_JOB = {
    "15.0": "15.0.2.3.13.2",
    "16.0": "16.0.3.0.2.2",
    "17.0": "17.0.1.5.4",
    "18.0": "18.0.4.1.2.2",
    "19.0": "19.0.2.4.0.1",
}


def prepare(series: str) -> Path:
    """Return the folder with queue_job and our addon for this series, created if missing.

    :raise store.SetupError: when the addon cannot be derived for that series
    """
    source = ROOT / ADDON if series == ladder.SOURCE else _derive(series)
    folder = series_dir(series) / "addons"
    key = store.key_of(QUEUE_JOB[series], str(source))

    def make() -> None:
        with progress.step("queue_job", f"queue_job {QUEUE_JOB[series]}"):
            store.make_folder(folder, key, lambda place: _fill(place, series, source))

    store.ensure(lambda: store.is_made(folder, key), make)
    return folder


def _derive(series: str) -> Path:
    """Derive the addon for an older series again when its source has changed."""
    folder = series_dir(series) / "derived"
    key = store.key_of(store.tree_key(ROOT / ADDON), store.tree_key(ROOT / "tools" / "series"))

    def derive(place: Path) -> None:
        try:
            dist.write_folder(ladder.derive(ROOT / ADDON, series), place / ADDON)
        except ladder.LadderError as error:
            raise store.SetupError(
                f"the addon has no version for Odoo {series}:\n{error}"
            ) from None

    store.ensure(lambda: store.is_made(folder, key), lambda: store.make_folder(folder, key, derive))
    return folder / ADDON


def _fill(folder: Path, series: str, source: Path) -> None:
    package = f"odoo-addon-queue-job=={QUEUE_JOB[series]}"
    target = folder / ".packages"
    processes.run(
        [sys.executable, "-m", "pip", "install", "--no-deps", "--no-compile", "--no-cache-dir"]
        + ["--ignore-requires-python", "--target", target, package],
        LOGS / "pip-queue_job.log",
        venvs.pip_environment(),
    )
    (target / "odoo/addons/queue_job").rename(folder / "queue_job")
    (folder / ADDON).symlink_to(source)
