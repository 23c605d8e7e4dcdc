"""The addons that Odoo gets beside its own: queue_job from the package index, and ours."""

import sys
from pathlib import Path

from tools.dev import processes, progress, store, venvs
from tools.dev.paths import ADDON, DEFAULT_SERIES, LOGS, ROOT, series_dir

#: One release per series. It names Odoo itself as a requirement, which no index carries.
QUEUE_JOB = {
    "15.0": "15.0.2.3.13.2",
    "16.0": "16.0.3.0.2.2",
    "17.0": "17.0.1.5.4",
    "18.0": "18.0.4.1.2.2",
    "19.0": "19.0.2.4.0.1",
}


def prepare(series: str) -> Path:
    """The folder with queue_job and a link to our addon, made where missing.

    :raise store.SetupError: when there is no version of the addon for that series
    """
    folder = series_dir(series) / "addons"
    source = ROOT / ADDON if series == DEFAULT_SERIES else _derive(series)
    key = store.key_of(QUEUE_JOB[series], str(source))

    def make() -> None:
        with progress.step("queue_job", f"queue_job {QUEUE_JOB[series]}"):
            store.make_folder(folder, key, lambda place: _fill(place, series, source))

    store.ensure(lambda: store.is_made(folder, key), make)
    return folder


def _derive(series: str) -> Path:
    """The addon for an older series, derived anew when its source has changed."""
    if not (ROOT / "tools" / "series").is_dir():
        raise store.SetupError(f"there is no version of the addon for Odoo {series} yet")
    derived = ROOT / "dist" / series / ADDON
    mark = series_dir(series) / "derived-from"
    key = store.key_of(store.tree_key(ROOT / ADDON), store.tree_key(ROOT / "tools" / "series"))

    def is_derived() -> bool:
        return derived.exists() and mark.exists() and mark.read_text() == key

    def derive() -> None:
        variables = {**venvs.clean_environment(), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tools.series", series]
        processes.run(command, LOGS / f"dist-{series}.log", variables, cwd=ROOT)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(key)

    store.ensure(is_derived, derive)
    return derived


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
