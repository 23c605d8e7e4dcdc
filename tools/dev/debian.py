"""Odoo from Debian's archive, unpacked into our folder.

Debian has Odoo in its unstable suite, on whatever release the machine runs. A separate apt, with
its own state and sources, finds and downloads the packages; the machine's packages and lists are
neither used nor changed.
"""

import datetime
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.dev import processes, store
from tools.dev.paths import CACHE, LOGS

#: Odoo, and the packages that its static files link to. Two fonts of the stable suite:
#: newer ones moved or renamed the files that Odoo links to.
PACKAGES = (
    "odoo-19",
    "fonts-font-awesome/bookworm",
    "fonts-glyphicons-halflings",
    "fonts-inconsolata/bookworm",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "gsfonts",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
SUITES = "unstable bookworm"
_DOWNLOAD_MB = 220  # with the lists of packages
LEFT_OUT = ("*/i18n*/[!a]*.po", "*/i18n*/a[!r]*.po")

_APT = CACHE / "apt"
_LOG = LOGS / "apt.log"
_CONFIGURATION = """\
Dir::State "{apt}/state";
Dir::State::status "{apt}/status";
Dir::Cache "{apt}/cache";
Dir::Etc::sourcelist "{apt}/private.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Sandbox::User "";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear Acquire::IndexTargets::deb::DEP-11;
"""
_SNAPSHOT = re.compile(r"/\d{8}T\d{6}Z(?=/|$)")


@dataclass(frozen=True)
class Archive:
    """A Debian archive, and the key that signs it."""

    uri: str
    signed_by: str = ""

    def source(self) -> str:
        """Return the archive in apt's format."""
        key = f"Signed-By: {self.signed_by}\n" if self.signed_by else ""
        return f"Types: deb\nURIs: {self.uri}\nSuites: {SUITES}\nComponents: main\n{key}"


def download() -> None:
    """Download the packages into the cache, unless they are there already.

    :raise store.SetupError: when no reachable archive has them
    """
    if not shutil.which("apt-get"):
        raise store.SetupError(
            "Odoo 19 comes from Debian's archive and this system has no apt-get: "
            "set ODOO=/path/to/odoo."
        )
    for folder in ("state/lists/partial", "cache/archives/partial", "debs"):
        (_APT / folder).mkdir(parents=True, exist_ok=True)
    (_APT / "status").touch()
    (_APT / "apt.conf").write_text(_CONFIGURATION.format(apt=_APT))
    failures = []
    for archive in _archives():
        (_APT / "private.sources").write_text(archive.source())
        try:
            _apt("update", "-q")
            _apt("download", "-q", *PACKAGES)
            return
        except processes.CommandError as error:
            failures.append(f"{archive.uri}: {error}")
    raise store.SetupError("no reachable Debian archive has odoo-19\n" + "\n".join(failures))


def unpack(prefix: Path) -> None:
    """Unpack everything that was downloaded below a folder.

    Of Odoo's translations only the Arabic ones: all languages are two thirds of its size.
    """
    leave_out = " ".join(f"--exclude='{pattern}'" for pattern in LEFT_OUT)
    unpacking = f'dpkg-deb --fsys-tarfile "$0" | tar -x -C "$1" --wildcards {leave_out}'
    for package in sorted((_APT / "debs").glob("*.deb")):
        command = ["bash", "-o", "pipefail", "-c", unpacking, package, prefix]
        processes.run(command, LOGS / "dpkg.log")
    dangling = [path for path in _links(prefix) if not path.exists()]
    if dangling:
        raise store.SetupError(f"broken links in Odoo's web client: {dangling[:5]}")


def clean() -> None:
    """Delete downloads and lists, which are as large as Odoo itself."""
    shutil.rmtree(_APT, ignore_errors=True)


def progress() -> str:
    """Return the downloaded size as text."""
    return f"{store.megabytes(_APT)} of about {_DOWNLOAD_MB} MB"


def _apt(*arguments: str) -> None:
    # apt recognises complete packages by size and checksum.
    command = ["apt-get", "-c", _APT / "apt.conf", *arguments]
    processes.run(command, _LOG, {**os.environ, "LC_ALL": "C"}, cwd=_APT / "debs")


def _archives() -> Iterator[Archive]:
    """Yield the machine's own archive first: unchanged, then, for a dated snapshot, as of today."""
    own = _own_archive()
    if own:
        yield own
        today = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT000000Z")
        newer = _SNAPSHOT.sub("/" + today, own.uri)
        if newer != own.uri:
            yield Archive(newer, own.signed_by)
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    if os.path.exists(keyring):
        yield Archive("http://deb.debian.org/debian", keyring)


def _own_archive(etc: Path = Path("/etc/apt")) -> Archive | None:
    """Return the first Debian archive in the machine's sources, in either format of apt."""
    for path in sorted((etc / "sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text()):
            fields = _fields(stanza)
            for uri in fields.get("uris", "").split():
                if _is_debian(uri):
                    return Archive(uri, fields.get("signed-by", ""))
    for path in (etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))):
        lines = path.read_text().splitlines() if path.exists() else []
        for line in lines:
            match = re.match(r"deb\s+(?:\[(.*?)\]\s+)?(\S+)", line)
            if match and _is_debian(match[2]):
                key = re.search(r"signed-by=(\S+)", match[1] or "")
                return Archive(match[2], key[1] if key else "")
    return None


def _fields(stanza: str) -> dict[str, str]:
    """Return the one-line fields of a deb822 stanza; a multi-line key is skipped."""
    lines = (line for line in stanza.splitlines() if re.match(r"[A-Za-z-]+:", line))
    pairs = (line.split(":", 1) for line in lines)
    return {name.lower(): value.strip() for name, value in pairs}


def _is_debian(uri: str) -> bool:
    """Return True if an archive is Debian's main one, by its path: not security or a vendor's."""
    path = _SNAPSHOT.sub("", uri.rstrip("/"))
    return path.startswith(("http://", "https://")) and path.endswith("/debian")


def _links(prefix: Path) -> Iterator[Path]:
    for directory, names, files in os.walk(prefix):
        for name in (*names, *files):
            path = Path(directory, name)
            if path.is_symlink():
                yield path
