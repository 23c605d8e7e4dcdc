"""The sandbox marketplace as our child process."""

import re
import subprocess
import sys
from pathlib import Path

from sandbox.driver import DEFAULT_TOKEN, Sandbox
from tools.dev import processes, venvs
from tools.dev.paths import LOGS, ROOT

_READY = re.compile(r"^listening on (http://[\d.]+:(\d+))", re.MULTILINE)


class SandboxServer(Sandbox):
    """`python -m sandbox` with the methods of its driver.

    :param port: 0 takes any free one; after a stop it starts on the same again
    :param arguments: further command line options with underscores, e.g. `listings=1000`
    """

    token = DEFAULT_TOKEN

    def __init__(self, port: int = 0, **arguments: object):
        super().__init__("")
        self.port = port
        self.arguments = arguments
        self.token = str(arguments.get("token", DEFAULT_TOKEN))
        self.log: Path = LOGS / f"sandbox-{id(self)}.log"

    def start(self) -> "SandboxServer":
        """Start it and wait until it listens.

        :raise processes.CommandError: when it ends instead, with the tail of its log
        """
        command = [sys.executable, "-m", "sandbox", "--port", str(self.port)]
        for name, value in self.arguments.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        self.log.unlink(missing_ok=True)
        variables = {**venvs.clean_environment(), "PYTHONPATH": str(ROOT)}
        self.process = processes.start(command, self.log, variables, cwd=ROOT)
        # Many listings take seconds, on an otherwise idle machine.
        patience = 30 + int(str(self.arguments.get("listings", 0))) / 1000
        found = processes.wait_until(self._listening, patience)
        self.url, self.port = found[1], int(found[2])
        self.api_url = f"{self.url}/api/v1/"
        return self

    def stop(self) -> None:
        """Stop it; its state is lost."""
        if self.process:
            processes.stop(self.process, grace=5)
            self.process = None

    def __enter__(self) -> "SandboxServer":
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _listening(self) -> re.Match | None:
        assert isinstance(self.process, subprocess.Popen)
        if self.process.poll() is not None:
            raise processes.CommandError(f"the sandbox ended:\n{processes.tail(self.log)}")
        return _READY.search(self.log.read_text())
