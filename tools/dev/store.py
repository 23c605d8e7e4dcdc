"""Things created once: content keys, stamps, complete-or-absent folders, the lock."""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tools.dev.paths import DEV
from tools.dev.progress import say

STAMP = ".made-from"


class SetupError(Exception):
    """The set-up cannot go on; the message is one sentence for a person."""


def key_of(*parts: object) -> str:
    """Return a short key that changes with any part; a `Path` counts by its content."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:12]


def tree_key(folder: Path, skip: Iterable[str] = ()) -> str:
    """Return a short key of every file below a folder, names and content.

    :param skip: names of files or folders to ignore, at any depth
    """
    skipped = {"__pycache__", *skip}
    digest = hashlib.sha256()
    for directory, names, files in os.walk(folder, followlinks=True):
        names[:] = sorted(name for name in names if name not in skipped)
        for name in sorted(set(files) - skipped):
            if name.endswith(".pyc"):
                continue
            path = Path(directory, name)
            digest.update(str(path.relative_to(folder)).encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def is_made(folder: Path, key: str) -> bool:
    """Return True if the folder was completed from these sources."""
    try:
        return (folder / STAMP).read_text().strip() == key
    except OSError:
        return False


def mark_made(folder: Path, key: str) -> None:
    """Mark the folder as complete. The stamp appears whole or not at all."""
    partial = folder / (STAMP + ".partial")
    partial.write_text(key + "\n")
    partial.replace(folder / STAMP)


def make_folder(folder: Path, key: str, make: Callable[[Path], None]) -> None:
    """Fill a temporary folder and rename it when it is complete.

    The rest of an interrupted run is created again; half a folder is never visible.

    :param make: function that fills an empty folder
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    make(partial)
    mark_made(partial, key)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def ensure(is_done: Callable[[], bool], make: Callable[[], None]) -> None:
    """Create something unless it exists, once even if several runs need it at the same time."""
    if not is_done():
        with exclusive():
            if not is_done():
                make()


@contextlib.contextmanager
def exclusive(what: str = "setup") -> Iterator[None]:
    """Take a lock shared by all runs on this folder: the second run waits for the first.

    :param what: the lock's name; one can be taken inside another, not inside itself
    """
    DEV.mkdir(parents=True, exist_ok=True)
    with open(DEV / f"{what}.lock", "a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            say(f"another run (process {handle.read().strip() or '?'}) has the lock, waiting")
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def megabytes(folder: Path) -> str:
    """Return the present size of a folder as text for a progress line."""
    total = 0
    for directory, _names, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(directory, name)).st_size
    return f"{total / 1e6:.0f} MB"
