"""Things that are made once: content keys, stamps, finished-or-absent folders, the lock."""

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
    """A short key that changes with any part; a `Path` stands for its content."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:12]


def tree_key(folder: Path, skip: Iterable[str] = ()) -> str:
    """A short key of every file below a folder, names and content.

    :param skip: names of files or folders that do not count, at any depth
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
    """Whether the folder was finished, and from just these ingredients."""
    try:
        return (folder / STAMP).read_text().strip() == key
    except OSError:
        return False


def mark_made(folder: Path, key: str) -> None:
    """Say that the folder is finished. The stamp appears whole or not at all."""
    partial = folder / (STAMP + ".partial")
    partial.write_text(key + "\n")
    partial.replace(folder / STAMP)


def make_folder(folder: Path, key: str, make: Callable[[Path], None]) -> None:
    """Fill a folder beside its place and move it there when it is complete.

    What an interrupted run left behind is made again; nobody ever sees half a folder.

    :param make: gets an empty folder to fill
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    make(partial)
    mark_made(partial, key)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def ensure(is_done: Callable[[], bool], make: Callable[[], None]) -> None:
    """Make something unless it is there, and make it once when several runs want it at a time."""
    if not is_done():
        with exclusive():
            if not is_done():
                make()


@contextlib.contextmanager
def exclusive(what: str = "setup") -> Iterator[None]:
    """Hold a lock that all runs on this folder share: the second one waits for the first.

    :param what: the lock's name; one may be held inside another, not inside itself
    """
    DEV.mkdir(parents=True, exist_ok=True)
    with open(DEV / f"{what}.lock", "a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            say(f"another run (process {handle.read().strip() or '?'}) is at it, waiting")
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def megabytes(folder: Path) -> str:
    """How much a folder holds by now, in words for a progress line."""
    total = 0
    for directory, _names, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(directory, name)).st_size
    return f"{total / 1e6:.0f} MB"
