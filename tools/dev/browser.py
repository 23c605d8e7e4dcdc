"""Chromium for the browser tests, and rtlcss, which Odoo needs for right-to-left pages."""

import os
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tools.dev import processes, store
from tools.dev.paths import DEV, LOGS
from tools.dev.progress import say
from tools.dev.store import SetupError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: The fonts are for Arabic, which a bare machine would show as boxes.
_PACKAGES = ("chromium", "fonts-dejavu-core")
#: Odoo mirrors its style sheets with it; without it, pages are left to right.
_RTLCSS = "rtlcss@4.3.0"
_RTLCSS_FOLDER = DEV / "rtlcss"


def chromium() -> str:
    """Return the path of a Chromium, installed now if missing, as root on a Debian.

    :raise SetupError: when there is none and we may not install one
    """
    return _find() or _installed("Chromium", _PACKAGES, _find)


def rtlcss() -> Path:
    """Return the folder of an executable `rtlcss`, installed now by npm if missing. npm is also
    installed if missing, as root on a Debian.

    :raise SetupError: when there is neither it nor npm, and we may not install one
    """
    found = shutil.which("rtlcss")
    if found:
        return Path(found).parent
    npm = shutil.which("npm") or _installed("npm", ("npm",), partial(shutil.which, "npm"))
    key = store.key_of(_RTLCSS)

    def fill(folder: Path) -> None:
        options = ["--no-audit", "--no-fund", "--prefix", folder]
        processes.run([npm, "install", *options, _RTLCSS], LOGS / "npm-rtlcss.log")

    store.ensure(
        lambda: store.is_made(_RTLCSS_FOLDER, key),
        lambda: store.make_folder(_RTLCSS_FOLDER, key, fill),
    )
    return _RTLCSS_FOLDER / "node_modules" / ".bin"


def _installed(name: str, packages: Sequence[str], find: Callable[[], str | None]) -> str:
    """Install a missing program with apt, and find it.

    :raise SetupError: when we may not, or it is still missing afterwards
    """
    if os.geteuid() or not shutil.which("apt-get"):
        raise SetupError(f"{name} is missing: install it with `apt-get install {packages[0]}`")
    say(f"{name} is missing: installing it with apt-get, since this runs as root ...")
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    for command in (["apt-get", "update"], install):
        processes.run(command, LOGS / f"apt-{packages[0]}.log", variables)
    found = find()
    if not found:
        raise SetupError(f"apt-get did not install {name}")
    return found


def _find() -> str | None:
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, _NAMES)), None)
