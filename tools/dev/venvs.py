"""Private Python environments. Standard library only: the tools' own is created with it."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.dev import processes, store
from tools.dev.paths import CACHE, LOGS

_NO_PIP = (
    "{python} cannot create virtual environments (ensurepip is missing): "
    "install python3.11-venv, or set another Python with PYTHON=/path/to/python."
)


def make(
    venv: Path, python: str | Path, requirements: Sequence[Path], extra_path: Sequence[str] = ()
) -> None:
    """Create a virtual environment with the packages of some requirement files.

    A virtual environment cannot be moved, so it is created in place and stamped at the end;
    one without a stamp is deleted. Downloads stay in pip's cache.

    :param extra_path: further folders with packages
    :raise store.SetupError: when that Python has no ensurepip
    """
    key = venv_key(python, requirements, extra_path)
    if store.is_made(venv, key):
        return
    shutil.rmtree(venv, ignore_errors=True)
    _log(venv).unlink(missing_ok=True)
    _create(venv, python)
    if extra_path:
        site_packages(venv).joinpath("given.pth").write_text("\n".join(extra_path) + "\n")
    command = [venv / "bin" / "python", "-m", "pip", "install", "--no-compile", "--prefer-binary"]
    for path in requirements:
        command += ["-r", path]
    processes.run(command, _log(venv), pip_environment())
    store.mark_made(venv, key)


def progress(venv: Path, requirements: Sequence[Path]) -> str:
    """Return pip's progress as text: it collects every package first, then installs them all."""
    lines = processes.tail(_log(venv), 10_000).splitlines()
    if any(line.startswith("Installing collected") for line in lines):
        return "installing"
    found = {line.split()[1] for line in lines if line.startswith(("Collecting ", "Processing "))}
    wanted = sum(
        bool(re.match(r"\w", line))
        for path in requirements
        for line in path.read_text().splitlines()
    )
    return f"package {len(found)} of about {wanted}"


def venv_key(
    python: str | Path, requirements: Sequence[Path], extra_path: Sequence[str] = ()
) -> str:
    """Return the stamp of a virtual environment: its Python and the content of its lists."""
    return store.key_of(os.path.realpath(python), *requirements, *extra_path)


def pip_environment() -> dict[str, str]:
    """Return the caller's environment, with pip's cache below our folder."""
    return {**clean_environment(), "PIP_CACHE_DIR": str(CACHE / "pip"), "PIP_NO_INPUT": "1"}


def clean_environment() -> dict[str, str]:
    """Return the caller's environment without variables that would change our Pythons.

    Compiled files go to our cache, not next to the sources, even if the caller disabled them:
    without them every start of Odoo compiles a thousand modules again.
    """
    drop = {"PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "ODOO_RC"}
    kept = {name: value for name, value in os.environ.items() if name not in drop}
    return {**kept, "PYTHONPYCACHEPREFIX": str(CACHE / "compiled")}


def site_packages(venv: Path) -> Path:
    """Return the folder of pip's packages."""
    return next((venv / "lib").glob("python3*")) / "site-packages"


def python_version(python: str | Path) -> tuple[int, int]:
    """Return major and minor version of an interpreter."""
    output = subprocess.run([str(python), "--version"], capture_output=True, text=True, check=True)
    major, minor = re.findall(r"\d+", output.stdout + output.stderr)[:2]
    return int(major), int(minor)


def _log(venv: Path) -> Path:
    return LOGS / f"pip-{venv.parent.name.lstrip('.')}-{venv.name}.log"


def _create(venv: Path, python: str | Path) -> None:
    venv.parent.mkdir(parents=True, exist_ok=True)
    try:
        processes.run([python, "-m", "venv", venv], LOGS / "venv.log", clean_environment())
    except processes.CommandError as error:
        if "ensurepip" in str(error) or "No module named venv" in str(error):
            raise store.SetupError(_NO_PIP.format(python=python)) from error
        raise
