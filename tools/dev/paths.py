"""Paths. Everything that the tools create is below one folder, `.dev`."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADDON = "cartona_integration"
DEFAULT_SERIES = "19.0"

#: Everything that the tools create; `CARTONA_DEV_DIR` sets another folder.
DEV = Path(os.environ.get("CARTONA_DEV_DIR") or ROOT / ".dev").expanduser().resolve()
CACHE = DEV / "cache"
LOGS = DEV / "log"
TOOLS_VENV = DEV / "tools"
REQUIREMENTS = Path(__file__).resolve().parent


def series_dir(series: str) -> Path:
    """Return the folder of one Odoo series."""
    return DEV / "series" / series
