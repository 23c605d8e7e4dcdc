"""Make one HTTP exchange, with the guards that the libraries do not have.

`Transport.exchange` sends one request and reads one whole answer, or raises `errors.Transient` or
`errors.InsecureUrl`. It is independent of Cartona's endpoints. It adds to `requests`:

* the address really reached is checked before a byte is sent, so a name cannot lead the token to
  a private address;
* a deadline for the whole exchange: the time-out of `requests` starts again with every byte, so
  a server that drips could block a job for ever;
* a cap on the size of an answer, which limits decompression: one known encoding is read;
* redirects, cookies and `.netrc` are off: the token stays in its header and on its host.

One transport serves one thread. Connections are kept alive between exchanges.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
import zlib
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Mapping
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from .errors import InsecureUrl, Transient
from .redact import excerpt
from .urls import peer_allowed

if TYPE_CHECKING:
    from typing import Iterable

    from urllib3.connection import HTTPConnection as _Connection
else:
    _Connection = object

CONNECT_TIMEOUT = 10.0
CHUNK = 16 * 1024
# The encodings of an answer that are read, and zlib's window bits for each. The decoder of urllib3
# also undoes a chain of encodings, up to 1.26 without any limit: each of them multiplies the size
# by a thousand.
_WINDOW_BITS = {
    "gzip": 16 + zlib.MAX_WBITS,
    "x-gzip": 16 + zlib.MAX_WBITS,
    "deflate": zlib.MAX_WBITS,
}

_FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
)


@dataclass(frozen=True)
class Answer:
    """One whole answer, of any status."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Transport:
    """A `requests` session with the guards above.

    :param base_url: as `urls.check_base_url` returns it.
    :param timeout: seconds of silence that end an exchange; it may last twice as long.
    :param allow_insecure: True to skip the check of the address reached.
    :param max_answer: bytes.
    :param secrets: texts that no message may show.
    """

    def __init__(
        self,
        base_url: str,
        timeout: float,
        allow_insecure: bool,
        max_answer: int,
        secrets: Iterable[str] = (),
    ) -> None:
        self.timeout = timeout
        self.max_answer = max_answer
        self.secrets = tuple(secrets)
        host = urlsplit(base_url).hostname or ""
        self._connection = _ConnectionState(None if allow_insecure else host)
        self._session = _Session()
        # Any `auth` keeps requests from reading .netrc, which would add an Authorization header.
        self._session.auth = _no_auth
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.mount("http://", _Adapter(self._connection))
        self._session.mount("https://", _Adapter(self._connection))

    def close(self) -> None:
        """Close the connections. The transport may not be used afterwards."""
        self._session.close()

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send one request and read its whole answer.

        :param params: the query.
        :raise Transient: no whole answer; `uncertain` when the request may have arrived.
        :raise InsecureUrl: the connection led to an address that must not receive the token.
        """
        with self._connection.deadline(2 * self.timeout) as deadline:
            try:
                with self._session.request(
                    method,
                    url,
                    params=params,
                    data=body,
                    headers=dict(headers),
                    timeout=(min(self.timeout, CONNECT_TIMEOUT), self.timeout),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    content = self._read(response)
            except _FAILURES as error:
                raise self._failure(error, deadline) from error
            # A connection that was cut looks like an answer that has ended.
            if deadline.passed:
                raise self._too_late()
            if response.status_code < 300 and not content and not _is_meant_empty(response):
                raise Transient("connection", "The answer ended in its headers.", uncertain=True)
        return Answer(response.status_code, response.headers, content)

    def _read(self, response: requests.Response) -> bytes:
        # Old versions of requests take a body shorter than announced for a whole one.
        response.raw.enforce_content_length = True
        content = bytearray()
        try:
            decode = _Decoder(response.headers.get("Content-Encoding", ""), self.max_answer + 1)
            for chunk in response.raw.stream(CHUNK, decode_content=False):
                content += decode(chunk, len(content))
                if len(content) > self.max_answer:
                    raise Transient(
                        "too_large",
                        f"The answer is larger than {self.max_answer} bytes.",
                        status=response.status_code,
                        uncertain=True,
                    )
            decode.finish()
        except _FAILURES:
            # The status of an error matters more than its text: a 401 cut short stays a 401.
            if response.status_code < 300:
                raise
        return bytes(content)

    def _failure(self, error: Exception, deadline: _Deadline) -> Transient:
        uncertain = self._connection.established
        if deadline.passed:
            return self._too_late()
        detail = excerpt(str(error), secrets=self.secrets)
        if _is_timeout(error):
            return Transient(
                "timeout", f"No answer in time: {detail}", uncertain=uncertain, detail=detail
            )
        code = "tls" if isinstance(error, requests.exceptions.SSLError) else "connection"
        return Transient(code, f"No whole answer: {detail}", uncertain=uncertain, detail=detail)

    def _too_late(self) -> Transient:
        return Transient(
            "timeout",
            f"The answer was not complete after {2 * self.timeout:g} s.",
            uncertain=self._connection.established,
        )


class _Decoder:
    """Decompress an answer piece by piece, and never more than a limit.

    :param encoding: the header `Content-Encoding`: none, or one that is known.
    :param limit: bytes; more are not decompressed.
    :raise urllib3.exceptions.DecodeError: unknown or chained encodings, or broken data.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        self.limit = limit
        self.name = encoding.strip().lower()
        self.is_plain = self.name in ("", "identity")
        if not self.is_plain and self.name not in _WINDOW_BITS:
            raise urllib3.exceptions.DecodeError(f"unknown encoding {self.name[:40]!r}")
        self._zlib = None if self.is_plain else zlib.decompressobj(_WINDOW_BITS[self.name])
        self._is_begun = False

    def __call__(self, chunk: bytes, size: int) -> bytes:
        """Return the next piece, given the bytes that there are already."""
        if self._zlib is None or not chunk:
            return chunk
        try:
            return self._decompress(chunk, self.limit - size)
        except zlib.error as error:
            raise urllib3.exceptions.DecodeError(f"broken {self.name}: {error}") from error

    def _decompress(self, chunk: bytes, room: int) -> bytes:
        assert self._zlib is not None
        first, self._is_begun = not self._is_begun, True
        try:
            piece = self._zlib.decompress(chunk, max(room, 1))
        except zlib.error:
            if not first or self.name != "deflate":
                raise
            # Some servers send deflate without its header.
            self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
            piece = self._zlib.decompress(chunk, max(room, 1))
        return piece

    def finish(self) -> None:
        """Check that the compressed data has ended.

        :raise urllib3.exceptions.DecodeError: it was cut off.
        """
        if self._zlib is not None and self._is_begun and not self._zlib.eof:
            raise urllib3.exceptions.DecodeError(f"{self.name} was cut off")


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _is_meant_empty(response: requests.Response) -> bool:
    """Return True if the server meant an empty body to be empty.

    Python takes the end of a connection for the end of the headers, so an answer that was cut
    there looks whole, and empty. A server that means it announces a length, or the close.
    """
    return bool(
        response.status_code == 204
        or response.raw.version == 10
        or any(
            name in response.headers
            for name in ("Content-Length", "Transfer-Encoding", "Connection")
        )
    )


def _is_timeout(error: BaseException | None) -> bool:
    """Return True for a time-out, which requests sometimes wraps as a ConnectionError."""
    seen = 0
    while error is not None and seen < 5:
        # urllib3 derives even a refused connection from its time-outs.
        if isinstance(error, urllib3.exceptions.NewConnectionError):
            return False
        if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError, socket.timeout)):
            return True
        inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        error = inner if isinstance(inner, BaseException) else None
        seen += 1
    return False


class _Session(requests.Session):
    def get_redirect_target(self, resp: Any) -> None:
        """Override of requests, which would read and resolve redirects it must not follow."""
        return None


class _ConnectionState:
    """State of the one connection in use, shared by the transport and its connections.

    :param host: the host to check the address of, or None for no check.
    """

    def __init__(self, host: str | None) -> None:
        self.host = host
        # True once there is a connection that the request may have been sent over. A request
        # that fails before was certainly not carried out.
        self.established = False
        self.sock: socket.socket | None = None
        self.handshake: socket.socket | None = None
        self.lock = threading.Lock()

    def deadline(self, seconds: float) -> _Deadline:
        self.established = False
        self.sock = None
        return _Deadline(self, seconds)

    def check_peer(self, sock: socket.socket) -> None:
        if self.host is None:
            return
        peer = sock.getpeername()[0]
        if not peer_allowed(self.host, peer):
            sock.close()
            raise InsecureUrl(
                "private_address", f"{self.host} leads to {peer}, which is not allowed."
            )

    def cut(self) -> None:
        """Shut the connection, so that a thread that waits for it wakes up."""
        sock = self.handshake or self.sock
        with contextlib.suppress(OSError):  # closed meanwhile
            if sock is not None:
                # Not `sock.shutdown`: that of a TLS socket also drops state that its reader uses.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Deadline:
    """Cut the connection when the time has passed; `passed` is True afterwards."""

    def __init__(self, connection: _ConnectionState, seconds: float) -> None:
        self.connection = connection
        self.ends = time.monotonic() + seconds
        self.finished = False
        self.timer = threading.Timer(seconds, self._cut)
        self.timer.daemon = True

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self.ends

    def __enter__(self) -> _Deadline:
        self.timer.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        with self.connection.lock:
            self.finished = True
        self.timer.cancel()

    def _cut(self) -> None:
        # Under the lock, so that a timer that fires late cannot cut the next exchange.
        with self.connection.lock:
            if not self.finished:
                self.connection.cut()


class _GuardedConnection(_Connection):
    """Mixed into urllib3's connections: updates the state, and checks the peer."""

    state: _ConnectionState
    check_peer = True

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        if self.check_peer:
            self.state.check_peer(sock)
        # TLS takes the socket over, and `self.sock` is only set when the handshake is done.
        self.state.handshake = socket.fromfd(sock.fileno(), sock.family, sock.type)
        return sock

    def connect(self) -> None:
        try:
            super().connect()
            self._mark_established()
        finally:
            with self.state.lock:
                handshake, self.state.handshake = self.state.handshake, None
            if handshake is not None:
                handshake.close()

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            self._mark_established()
        # Else a plain connection, which http.client will make when it sends.
        super().putrequest(*args, **kwargs)

    def _mark_established(self) -> None:
        self.state.established = True
        # Kept in the state: http.client drops it when an answer ends with its connection.
        self.state.sock = self.sock


class _Adapter(HTTPAdapter):
    """Adapter with pools of guarded connections, directly or through a proxy."""

    def __init__(self, state: _ConnectionState) -> None:
        self._state = state
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._guard(self.poolmanager, check_peer=True)

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not known:
            # The peer is the proxy, which may be private: it was configured on this machine.
            self._guard(manager, check_peer=False)
        return manager

    def close(self) -> None:
        """Override of requests, which with urllib3 2 leaves the closing to garbage collection."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():
                manager.pools[key].close()
        super().close()

    def _guard(self, manager: Any, check_peer: bool) -> None:
        manager.pool_classes_by_scheme = {
            scheme: _guarded_pool(pool, self._state, check_peer)
            for scheme, pool in manager.pool_classes_by_scheme.items()
        }


def _guarded_pool(pool: Any, state: _ConnectionState, check_peer: bool) -> type:
    connection = pool.ConnectionCls
    guarded = type(
        "Guarded" + connection.__name__,
        (_GuardedConnection, connection),
        {"state": state, "check_peer": check_peer},
    )
    return type("Guarded" + pool.__name__, (pool,), {"ConnectionCls": guarded})
