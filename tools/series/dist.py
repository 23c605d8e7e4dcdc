"""Folders and archives for distribution, byte for byte the same at any time and place."""

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from tools.series import ladder

#: Archives contain a date; the oldest one of the format does not reveal when it was made.
_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16


def write(addon: Path, series: str, target: Path) -> Path:
    """Write `<target>/<series>/<addon>` and, next to it, an archive named with the version.

    :return: the archive
    :raise ladder.LadderError: when the source cannot be converted; nothing is written then
    """
    files = ladder.derive(addon, series)
    place = target / series
    shutil.rmtree(place, ignore_errors=True)
    write_folder(files, place / addon.name)
    version = ladder.version_of(files)
    return write_archive(files, addon.name, place / f"{addon.name}-{version}.zip")


def write_folder(files: dict[PurePosixPath, bytes], folder: Path) -> None:
    """Write the files below a folder; it must not exist."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def write_archive(files: dict[PurePosixPath, bytes], top: str, path: Path) -> Path:
    """Write a zip that unpacks into the folder `top`.

    Not compressed: compressors do not produce the same bytes on every machine.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{top}/{name}", _DATE)
            entry.create_system = 3  # Unix, on any system
            entry.external_attr = _MODE
            archive.writestr(entry, files[name])
    return path
