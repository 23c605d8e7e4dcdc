"""One HTTP exchange with every guard that a library does not bring by itself.

`Transport.exchange` sends one request and reads one whole answer, or raises `errors.Transient` or
`errors.InsecureUrl`. It knows nothing of Cartona's endpoints. What it adds to `requests`:

* the address really reached is checked before a byte is sent, so a name cannot lead the token to
  a private address;
* a deadline for the whole exchange: the time-out of `requests` starts again with every byte, so
  a server that drips could hold a job for ever;
* a cap on the size of an answer, measured after decompression;
* redirects, cookies and `.netrc` are off: the token stays in its header and with its host.

One transport serves one thread. Connections are kept alive between exchanges.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Mapping
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from .errors import InsecureUrl, Transient
from .redact import excerpt
from .urls import peer_allowed

CONNECT_TIMEOUT = 10.0
# Small, because one chunk is decompressed as a whole: 16 KiB of gzip give 16 MiB at most.
CHUNK = 16 * 1024

_FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
)


@dataclass(frozen=True)
class Answer:
    """One whole answer, of whatever status."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Transport:
    """A `requests` session with the guards above.

    :param str base_url: as `urls.check_base_url` returns it.
    :param float timeout: seconds of silence that end an exchange; it may last twice as long.
    :param bool allow_insecure: do not check the address reached.
    :param int max_answer: bytes.
    :param secrets: texts that no message may show.
    """

    def __init__(self, base_url, timeout, allow_insecure, max_answer, secrets=()):
        self.timeout = timeout
        self.max_answer = max_answer
        self.secrets = tuple(secrets)
        host = urlsplit(base_url).hostname or ""
        self._line = _Line(None if allow_insecure else host)
        self._session = _Session()
        # Any `auth` keeps requests from reading .netrc, which would add an Authorization header.
        self._session.auth = _no_auth
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.mount("http://", _Adapter(self._line))
        self._session.mount("https://", _Adapter(self._line))

    def close(self):
        """Close the connections. The transport may not be used afterwards."""
        self._session.close()

    def exchange(self, method, url, headers, params=None, body=None):
        """Send one request and read its whole answer.

        :param dict headers: texts.
        :param params: query, dict or None.
        :param body: bytes or None.
        :rtype: Answer
        :raise Transient: no whole answer; `uncertain` when the request may have arrived.
        :raise InsecureUrl: the connection led to an address that must not get the token.
        """
        with self._line.deadline(2 * self.timeout) as deadline:
            try:
                with self._session.request(
                    method,
                    url,
                    params=params,
                    data=body,
                    headers=headers,
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
            if response.status_code < 300 and not content and not _says_empty(response):
                raise Transient("connection", "The answer ended in its headers.", uncertain=True)
        return Answer(response.status_code, response.headers, content)

    def _read(self, response):
        # Old versions of requests take a body shorter than announced for a whole one.
        response.raw.enforce_content_length = True
        content = bytearray()
        try:
            for chunk in response.iter_content(CHUNK):
                content += chunk
                if len(content) > self.max_answer:
                    raise Transient(
                        "too_large",
                        f"The answer is larger than {self.max_answer} bytes.",
                        status=response.status_code,
                        uncertain=True,
                    )
        except _FAILURES:
            # What an error says is worth less than that it is one: a 401 cut short stays a 401.
            if response.status_code < 300:
                raise
        return bytes(content)

    def _failure(self, error, deadline):
        uncertain = self._line.reached
        if deadline.passed:
            return self._too_late()
        detail = excerpt(str(error), secrets=self.secrets)
        if _is_timeout(error):
            return Transient(
                "timeout", f"No answer in time: {detail}", uncertain=uncertain, detail=detail
            )
        code = "tls" if isinstance(error, requests.exceptions.SSLError) else "connection"
        return Transient(code, f"No whole answer: {detail}", uncertain=uncertain, detail=detail)

    def _too_late(self):
        return Transient(
            "timeout",
            f"The answer was not complete after {2 * self.timeout:g} s.",
            uncertain=self._line.reached,
        )


def _no_auth(request):
    return request


def _says_empty(response):
    """Is an empty body meant to be empty?

    Python takes the end of a connection for the end of the headers, so an answer that was cut
    there looks whole, and empty. Whoever means it announces a length, or that he hangs up.
    """
    return (
        response.status_code == 204
        or response.raw.version == 10
        or any(
            name in response.headers
            for name in ("Content-Length", "Transfer-Encoding", "Connection")
        )
    )


def _is_timeout(error):
    """True for a time-out, which requests sometimes wraps as a ConnectionError."""
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
    def get_redirect_target(self, resp):
        """Override of requests: nowhere. It would read and resolve redirects it must not follow."""
        return None


class _Line:
    """What is known of the one connection in use: shared by the transport and its connections.

    :param host: the host whose address is checked, or None for no check.
    """

    def __init__(self, host):
        self.host = host
        # True once there is a connection that the request may have gone over. What fails before
        # was surely not carried out.
        self.reached = False
        self.sock = None
        self.handshake = None
        self.lock = threading.Lock()

    def deadline(self, seconds):
        self.reached = False
        self.sock = None
        return _Deadline(self, seconds)

    def check_peer(self, sock):
        if self.host is None:
            return
        peer = sock.getpeername()[0]
        if not peer_allowed(self.host, peer):
            sock.close()
            raise InsecureUrl(
                "private_address", f"{self.host} leads to {peer}, which is not allowed."
            )

    def cut(self):
        """Shut the connection, so that whoever waits for it in another thread wakes up."""
        sock = self.handshake or self.sock
        with contextlib.suppress(OSError):  # closed meanwhile, which is as good
            if sock is not None:
                # Not `sock.shutdown`: that of a TLS socket also drops state that its reader uses.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Deadline:
    """Cuts the line when the time is over. `passed` tells it afterwards."""

    def __init__(self, line, seconds):
        self.line = line
        self.ends = time.monotonic() + seconds
        self.over = False
        self.timer = threading.Timer(seconds, self._cut)
        self.timer.daemon = True

    @property
    def passed(self):
        return time.monotonic() >= self.ends

    def __enter__(self):
        self.timer.start()
        return self

    def __exit__(self, *exc_info):
        with self.line.lock:
            self.over = True
        self.timer.cancel()

    def _cut(self):
        # Under the lock, so that a timer that fires late cannot cut the next exchange.
        with self.line.lock:
            if not self.over:
                self.line.cut()


class _Watched:
    """Mixed into urllib3's connections: reports to the line, and has the peer checked."""

    line = None
    check_peer = True

    def _new_conn(self):
        sock = super()._new_conn()
        if self.check_peer:
            self.line.check_peer(sock)
        # TLS takes the socket over, and `self.sock` is only set when the handshake is done.
        self.line.handshake = socket.fromfd(sock.fileno(), sock.family, sock.type)
        return sock

    def connect(self):
        try:
            super().connect()
            self._stands()
        finally:
            with self.line.lock:
                handshake, self.line.handshake = self.line.handshake, None
            if handshake is not None:
                handshake.close()

    def putrequest(self, *args, **kwargs):
        if self.sock is not None:
            self._stands()
        # Else a plain connection, which http.client will make when it sends.
        return super().putrequest(*args, **kwargs)

    def _stands(self):
        self.line.reached = True
        # Kept by the line, since http.client forgets it when an answer ends with its connection.
        self.line.sock = self.sock


class _Adapter(HTTPAdapter):
    """Makes the pools of requests build watched connections, directly or through a proxy."""

    def __init__(self, line):
        self._line = line
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, **kwargs)
        self._watch(self.poolmanager, check_peer=True)

    def proxy_manager_for(self, proxy, **kwargs):
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not known:
            # The peer is the proxy, which may well be private: it was chosen on this machine.
            self._watch(manager, check_peer=False)
        return manager

    def close(self):
        """Override of requests, which with urllib3 2 leaves the closing to garbage collection."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():
                manager.pools[key].close()
        super().close()

    def _watch(self, manager, check_peer):
        manager.pool_classes_by_scheme = {
            scheme: _watched_pool(pool, self._line, check_peer)
            for scheme, pool in manager.pool_classes_by_scheme.items()
        }


def _watched_pool(pool, line, check_peer):
    connection = pool.ConnectionCls
    watched = type(
        "Watched" + connection.__name__,
        (_Watched, connection),
        {"line": line, "check_peer": check_peer},
    )
    return type("Watched" + pool.__name__, (pool,), {"ConnectionCls": watched})
