"""A Chromium for the tests that look at pages."""

import os
import shutil

from tools.dev import processes
from tools.dev.paths import LOGS
from tools.dev.progress import say
from tools.dev.store import SetupError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: The fonts are for Arabic, which a bare machine would show as boxes.
_PACKAGES = ("chromium", "fonts-dejavu-core")


def chromium() -> str:
    """The path of a Chromium: the machine's, or one installed now, as root on a Debian.

    :raise SetupError: when there is none and we may not install one
    """
    found = _find()
    if found:
        return found
    if os.geteuid() or not shutil.which("apt-get"):
        raise SetupError("there is no Chromium: install it with `apt-get install chromium`")
    say("there is no Chromium: installing it with apt-get, since this runs as root ...")
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *_PACKAGES]
    for command in (["apt-get", "update"], install):
        processes.run(command, LOGS / "apt-chromium.log", variables)
    return _find() or ""


def _find() -> str | None:
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, _NAMES)), None)
