"""One Odoo, ready to run: found or downloaded, with its own Python and queue_job."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from tools.dev import addons, debian, postgres, progress, store, venvs
from tools.dev.paths import ADDON, CACHE, DEFAULT_SERIES, REQUIREMENTS, series_dir

#: Packages with compiled code. Odoo pins releases that have no wheel for every Python it
#: supports: then the next higher release with a wheel is used.
_COMPILED = {
    *("cryptography", "gevent", "greenlet", "libsass", "lxml", "markupsafe", "pillow", "psutil"),
    *("reportlab", "rjsmin"),
}
_TEST_LIST = REQUIREMENTS / "requirements-odoo-tests.txt"
_LAUNCHER = """\
import os
os.environ["TZ"] = "UTC"
import odoo
import odoo.cli
if __name__ == "__main__":
    odoo.cli.main()
"""
#: Modules that show that a Python has Odoo's dependencies.
_IMPORTS = "import odoo, odoo.http, odoo.service.server, PIL, passlib, psycopg2, reportlab"


@dataclass(frozen=True)
class Environment:
    """An Odoo that can be started.

    :ivar series: e.g. `19.0`
    :ivar python: the interpreter for Odoo and its tests
    :ivar odoo_command: the start of every Odoo command line
    :ivar odoo_home: the folder that contains the Python package `odoo`
    :ivar odoo_version: changes with Odoo's own source
    :ivar addons_path: all folders with addons, except Odoo's own
    :ivar pg: the PostgreSQL server
    """

    series: str
    python: Path
    odoo_command: tuple[str, ...]
    odoo_home: Path
    odoo_version: str
    addons_path: tuple[Path, ...]
    pg: postgres.Server

    @property
    def addon(self) -> Path:
        """Return our addon for this series."""
        return (self.addons_path[0] / ADDON).resolve()

    @property
    def wide_modules(self) -> list[str]:
        """Return the server-wide modules."""
        return ["base", *(["rpc"] if self.major >= 19 else []), "web"]

    @property
    def major(self) -> int:
        """Return the series as a number to compare."""
        return int(self.series.split(".")[0])

    def process_environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the variables for a process of this Odoo."""
        own = {**venvs.clean_environment(), **self.pg.environment(), **(extra or {})}
        return {**own, "PYTHONPATH": str(self.odoo_home), "LC_ALL": "C.UTF-8"}


def from_variables(variables: Mapping[str, str] = os.environ) -> Environment:
    """Prepare the environment that `SERIES`, `ODOO` and `PYTHON` select."""
    return prepare(
        variables.get("SERIES") or DEFAULT_SERIES,
        Path(variables["ODOO"]).expanduser().resolve() if variables.get("ODOO") else None,
        variables.get("PYTHON") or None,
    )


def prepare(
    series: str = DEFAULT_SERIES, odoo: Path | None = None, python: str | None = None
) -> Environment:
    """Set up whatever is missing and return the environment.

    :param series: `15.0` to `19.0`
    :param odoo: a checkout, or a folder that contains the package `odoo`; default: Debian's Odoo
    :param python: the interpreter to build on; default: the running one
    :raise store.SetupError: when these do not fit together, in one sentence
    """
    if series not in addons.QUEUE_JOB:
        raise store.SetupError(f"SERIES={series} is not one of {', '.join(addons.QUEUE_JOB)}")
    home = _odoo_home(series, odoo)
    addons_folder = addons.prepare(series)
    interpreter = _prepare_python(series, home, odoo, python)
    pg = _prepare_postgres()
    launcher = series_dir(series) / "odoo-bin"
    if not launcher.exists() or launcher.read_text() != _LAUNCHER:
        launcher.write_text(_LAUNCHER)
    own = home / "addons"
    return Environment(
        series=series,
        python=interpreter,
        odoo_command=(str(interpreter), str(launcher)),
        odoo_home=home,
        odoo_version=_version_of(home),
        addons_path=(addons_folder, *([own] if (own / "sale").is_dir() else [])),
        pg=pg,
    )


def _odoo_home(series: str, odoo: Path | None) -> Path:
    if odoo is None:
        return _prepare_debian(series)
    for home in (odoo, odoo.parent, odoo / "usr/lib/python3/dist-packages"):
        release = home / "odoo" / "release.py"
        if release.exists():
            found = re.search(r"version_info = \((\d+), (\d+)", release.read_text())
            if ".".join(found.groups()) != series:
                raise store.SetupError(
                    f"ODOO={odoo} is Odoo {'.'.join(found.groups())}, not {series}: "
                    f"set SERIES={'.'.join(found.groups())}."
                )
            return home
    raise store.SetupError(f"ODOO={odoo} contains no Odoo: odoo/release.py is missing.")


def _prepare_debian(series: str) -> Path:
    if series != DEFAULT_SERIES:
        raise store.SetupError(
            f"Odoo {series} is not downloaded automatically: set ODOO=/path/to/odoo to a checkout "
            "and, if it needs an older Python, PYTHON=/path/to/python."
        )
    prefix = series_dir(series) / "debian"
    key = store.key_of(debian.PACKAGES, debian.LEFT_OUT)

    def make() -> None:
        with progress.step("odoo", "Odoo 19.0 from Debian", debian.progress):
            debian.download()
            store.make_folder(prefix, key, debian.unpack)
            debian.clean()

    store.ensure(lambda: store.is_made(prefix, key), make)
    return prefix / "usr/lib/python3/dist-packages"


def _prepare_python(series: str, home: Path, odoo: Path | None, python: str | None) -> Path:
    """Create a virtual environment with Odoo's packages and the test tools."""
    base = python or getattr(sys, "_base_executable", sys.executable)
    venv = series_dir(series) / "venv"
    shared: list[str] = []
    if python and _imports_odoo(python, home):
        lists = [_TEST_LIST]
        shared = _search_path(python)
    elif odoo is None:
        lists = [REQUIREMENTS / f"requirements-odoo-{series}.txt", _TEST_LIST]
    elif (home / "requirements.txt").exists():
        lists = [_installable_list(series, home / "requirements.txt", base), _TEST_LIST]
    else:
        raise store.SetupError(
            f"{home} has no requirements.txt: set PYTHON=/path/to/python to a Python that has "
            "Odoo's dependencies."
        )

    def make() -> None:
        text = f"Python packages of Odoo {series}"
        with progress.step("python", text, lambda: venvs.progress(venv, lists)):
            venvs.make(venv, base, lists, shared)

    key = venvs.venv_key(base, lists, shared)
    store.ensure(lambda: store.is_made(venv, key), make)
    return venv / "bin" / "python"


def _imports_odoo(python: str, home: Path) -> bool:
    environment = {**venvs.clean_environment(), "PYTHONPATH": str(home)}
    command = [python, "-c", _IMPORTS]
    return subprocess.run(command, env=environment, capture_output=True).returncode == 0


def _search_path(python: str) -> list[str]:
    command = [python, "-c", "import sys; print('\\n'.join(sys.path))"]
    found = subprocess.run(
        command, env=venvs.clean_environment(), capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [path for path in found if path.endswith(("site-packages", "dist-packages"))]


def _installable_list(series: str, requirements: Path, python: str) -> Path:
    """Return Odoo's own list without packages that need compilers and libraries."""
    version = ".".join(map(str, venvs.python_version(python)))
    key = store.key_of(requirements, version, *sorted(_COMPILED))
    derived = CACHE / f"requirements-{series}-{key}.txt"
    if not derived.exists():
        with futures.ThreadPoolExecutor() as pool:
            lines = pool.map(
                lambda line: _installable_line(line, version), requirements.read_text().splitlines()
            )
            text = "".join(f"{line}\n" for line in lines if line)
        derived.parent.mkdir(parents=True, exist_ok=True)
        partial = derived.with_suffix(f".{os.getpid()}")
        partial.write_text(text)
        partial.replace(derived)
    return derived


def _installable_line(line: str, python_version: str) -> str:
    """Return a requirement that installs under that Python; empty when it is left out."""
    line = line.partition(" #")[0].strip()
    if not line or line.startswith("#"):
        return ""
    wanted = Requirement(line)
    name = wanted.name.lower()
    if name == "python-ldap":
        return ""
    if name == "psycopg2":
        return "psycopg2-binary" + (f" ; {wanted.marker}" if wanted.marker else "")
    pin = re.fullmatch(r"==([\w.]+)", str(wanted.specifier))
    applies = not wanted.marker or wanted.marker.evaluate({"python_version": python_version})
    if name in _COMPILED and pin and applies:
        wheels = _wheels(name, python_version)
        above = [wheel for wheel in wheels if wheel >= Version(pin[1])]
        if above:
            return line.replace(pin[0], f"=={min(above)}", 1)
    return line


def _wheels(name: str, python_version: str) -> list[Version]:
    """Return the releases of a package that have a wheel for that Python."""
    # For a release that does not exist, pip lists those that do, and downloads none.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--python-version", python_version, f"{name}==0+none"]
    result = subprocess.run(command, env=venvs.pip_environment(), capture_output=True, text=True)
    listed = re.search(r"from versions: (.*)\)", result.stderr)
    versions = [] if not listed or listed[1] == "none" else listed[1].split(", ")
    return [version for version in map(Version, versions) if not version.is_prerelease]


def _prepare_postgres() -> postgres.Server:
    if postgres.is_made():
        return postgres.prepare()
    with progress.step("postgres", "PostgreSQL"):
        return postgres.prepare()


def _version_of(home: Path) -> str:
    """Return a key that changes with this Odoo's source."""
    release = (home / "odoo" / "release.py").read_text()
    if (home / ".git").exists():
        head = subprocess.run(
            ["git", "-C", str(home), "rev-parse", "HEAD"], capture_output=True, text=True
        )
        return store.key_of(str(home), head.stdout, release)
    stamp = next((p / store.STAMP for p in home.parents if (p / store.STAMP).exists()), None)
    return store.key_of(release, stamp.read_text() if stamp else "")
