"""Fixtures of the unit tests: samples, and a server with scripted replies."""

import json
import pathlib
import socket
import threading

import pytest
from hypothesis import settings

# No deadline: a busy machine must not fail a test. No database: a run leaves no files.
settings.register_profile("unit", max_examples=60, deadline=None, database=None)
settings.load_profile("unit")

SAMPLES = pathlib.Path(__file__).parent.parent / "samples"


@pytest.fixture
def sample():
    """Return a function that reads `tests/samples/<name>.json`: a fresh copy each time."""

    def read(name):
        return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))

    return read


class Request:
    """One request as received."""

    def __init__(self, head, body):
        line, *headers = head.decode("latin-1").split("\r\n")
        self.method, self.target, _version = line.split(" ")
        self.headers = {
            key.lower(): value.strip()
            for key, _colon, value in (header.partition(":") for header in headers)
        }
        self.body = body

    @property
    def json(self):
        """Return the body as data."""
        return json.loads(self.body)


class Server:
    """A server on a real socket with scripted replies.

    `replies` are used one per request, the last one for all that follow. A reply is bytes, sent
    unchanged, or a function of the connection, which may do anything to it. `greeting` is such a
    function too, called instead as soon as a connection is made.
    """

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=20)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/api/v1/"
        self.replies = []
        self.greeting = None
        self.received = b""
        self.requests = []
        self.connections = 0
        self.closed = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def answer(self, status=200, body=b"", headers=(), length=None):
        """Return a reply; `body` is bytes, or data that is sent as JSON."""
        if not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {length or len(body)}", *headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def close(self):
        """Stop, and wake the threads that still wait."""
        if self.closed.is_set():
            return
        self.closed.set()
        # Closing alone would leave `accept` waiting for one more.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self._threads[1:]:
            thread.join(2)

    def _accept(self):
        while True:
            try:
                connection, _peer = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, connection):
        connection.settimeout(5)
        with connection:
            try:
                if self.greeting:
                    self.greeting(connection)
                    return
                while True:
                    request = self._receive(connection)
                    if request is None:
                        return
                    self.requests.append(request)
                    reply = self.replies[0] if len(self.replies) == 1 else self.replies.pop(0)
                    if callable(reply):
                        reply(connection)
                        return
                    connection.sendall(reply)
            except OSError:
                return

    def _receive(self, connection):
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            self.received += chunk
            if not chunk:
                return None
            data += chunk
        head, _blank, body = data.partition(b"\r\n\r\n")
        request = Request(head, body)
        missing = int(request.headers.get("content-length", 0)) - len(body)
        while missing > 0:
            chunk = connection.recv(65536)
            request.body += chunk
            missing -= len(chunk)
        return request


@pytest.fixture
def server(monkeypatch):
    """Start a scripted server. Proxies and the .netrc of this machine are not used."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY",
                 "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", "/dev/null")
    server = Server()
    yield server
    server.close()


@pytest.fixture
def other_server(server):
    """Start a second server, as the target of redirects."""
    other = Server()
    other.replies = [other.answer(body={})]
    yield other
    other.close()
