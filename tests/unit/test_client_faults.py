"""Broken connections: nothing hangs, nothing leaks, and uncertain results are marked."""

import gzip
import json
import socket
import threading
import time
import tracemalloc
import zlib

import pytest
import requests.adapters

from cartona_api import MAX_ANSWER, CartonaClient, InsecureUrl, Transient, Unauthorised

TOKEN = "tok-9f8e7d6c"
# Time-outs for calls that fail at once, on a busy machine too; and for calls that must time out.
PATIENT = 5
TIMEOUT = 0.15
# Tolerance for a busy machine, far below the 20 s that a drip lasts.
SLACK = 4
ITEMS = [{"supplier_product_id": "12345"}]


@pytest.fixture
def client(server):
    with CartonaClient(server.url, TOKEN, timeout=PATIENT) as client:
        yield client


@pytest.fixture
def hasty(server):
    with CartonaClient(server.url, TOKEN, timeout=TIMEOUT) as client:
        yield client


def fails(call):
    """Return the Transient that `call` raises, and its seconds."""
    started = time.monotonic()
    with pytest.raises(Transient) as caught:
        call()
    return caught.value, time.monotonic() - started


def drip(server, data):
    """Return a reply that repeats its bytes one at a time, each well within the time-out."""

    def reply(connection):
        for place in range(2000):
            connection.sendall(data[place % len(data) :][:1])
            if server.closed.wait(0.01):
                return

    return reply


def stay_silent(server):
    return lambda connection: server.closed.wait(5)


def hang_up(connection):
    # An abrupt end: RST instead of FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
GZIPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "

CUTS = [
    ("before any answer", b""),
    ("in the status line", b"HTTP/1.1 20"),
    ("in the headers", b"HTTP/1.1 200 OK\r\nContent-Le"),
    ("between headers", b"HTTP/1.1 200 OK\r\nServer: nginx\r\n"),
    ("before the body", HEAD),
    ("in the body", HEAD + b'[{"id": 1}'),
    ("in a chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n[1,2"),
    ("between chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n"),
    ("in the gzip", GZIPPED + b"5000\r\n\r\n" + gzip.compress(b"[]" * 5000)[:30]),
    ("no gzip at all", GZIPPED + b"5\r\n\r\nplain"),
    ("no HTTP at all", b"SSH-2.0-OpenSSH_9.2\r\n"),
]  # fmt: skip


@pytest.mark.parametrize("end", ["shutdown", "reset"])
@pytest.mark.parametrize("sent", [c[1] for c in CUTS], ids=[c[0] for c in CUTS])
def test_a_connection_cut_after_sending_is_uncertain(client, server, sent, end):
    def reply(connection):
        connection.sendall(sent)
        if end == "reset":
            hang_up(connection)

    server.replies = [reply]
    for call in (client.pull_orders, lambda: client.update_products(ITEMS)):
        error, _seconds = fails(call)
        assert error.code == "connection"
        assert error.uncertain
        assert TOKEN not in str(error)


def test_a_missing_body_is_not_an_empty_answer(client, server):
    server.replies = [lambda connection: connection.sendall(HEAD)]
    error, _seconds = fails(lambda: client.update_products(ITEMS))
    assert (error.code, error.uncertain) == ("connection", True)


SILENCES = [
    ("before the answer", b""),
    ("in the headers", b"HTTP/1.1 200 OK\r\n"),
    ("in the body", HEAD + b"["),
]


@pytest.mark.parametrize("sent", [c[1] for c in SILENCES], ids=[c[0] for c in SILENCES])
def test_silence_ends_in_an_uncertain_time_out(hasty, server, sent):
    def reply(connection):
        connection.sendall(sent)
        server.closed.wait(5)

    server.replies = [reply]
    error, seconds = fails(lambda: hasty.update_products(ITEMS))
    assert (error.code, error.uncertain, error.status) == ("timeout", True, None)
    assert "not complete" not in str(error)
    assert TIMEOUT <= seconds < SLACK


DRIPS = [
    ("status line", b"", b"HTTP/1.1 200 OK"),
    ("headers", b"HTTP/1.1 200 OK\r\n", b"X-Slow: a long header\r\n"),
    ("body", HEAD, b" "),
    ("body without an announced length", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b" "),
    ("chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
]


@pytest.mark.parametrize(("start", "drops"), [c[1:] for c in DRIPS], ids=[c[0] for c in DRIPS])
def test_a_slow_drip_ends_after_twice_the_time_out(hasty, server, start, drops):
    def reply(connection):
        connection.sendall(start)
        drip(server, drops)(connection)

    server.replies = [reply]
    error, seconds = fails(lambda: hasty.update_products(ITEMS))
    assert (error.code, error.uncertain) == ("timeout", True)
    assert str(error) == "The answer was not complete after 0.3 s."
    assert 2 * TIMEOUT <= seconds < SLACK


def test_a_deadline_does_not_outlive_its_call(client, server):
    server.replies = [server.answer(200, {})]
    client._transport.timeout = 0.3
    client.update_products(ITEMS)
    time.sleep(0.7)
    client.update_products(ITEMS)
    assert (len(server.requests), server.connections) == (2, 1)
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(1)
            assert not thread.is_alive()


def test_a_kept_connection_that_the_server_has_closed_is_replaced(client, server):
    server.replies = [
        lambda connection: connection.sendall(server.answer(200, {})),
        server.answer(200, {}),
    ]
    client.update_products(ITEMS)
    time.sleep(0.05)
    assert client.update_products(ITEMS).ok
    assert server.connections == 2


@pytest.mark.parametrize("cut", [True, False])
def test_a_kept_connection_may_break_like_a_new_one(client, server, cut):
    # At that point it is unknown if the request was carried out.
    broken = hang_up if cut else drip(server, b"HTTP/1.1 200 OK")
    server.replies = [server.answer(200, {}), broken]
    client.update_products(ITEMS)
    client._transport.timeout = TIMEOUT
    error, seconds = fails(lambda: client.update_products(ITEMS))
    assert (error.code, error.uncertain) == ("connection" if cut else "timeout", True)
    assert server.connections == 1
    assert seconds < SLACK


def test_a_refused_connection_is_not_uncertain(server):
    server.close()
    with CartonaClient(server.url, TOKEN, timeout=PATIENT) as client:
        error, _seconds = fails(client.pull_orders)
    assert (error.code, error.uncertain, error.status) == ("connection", False, None)


def test_an_unknown_host_is_not_uncertain(monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with CartonaClient("https://cartona.example/", TOKEN, timeout=PATIENT) as client:
        error, _seconds = fails(client.pull_orders)
    assert (error.code, error.uncertain) == ("connection", False)


def test_no_connection_in_time_is_not_uncertain(monkeypatch):
    timeouts = []

    def slow(self, address):
        timeouts.append(self.gettimeout())
        raise socket.timeout("timed out")  # noqa: UP041 (another class before Python 3.10)

    monkeypatch.setattr(socket.socket, "connect", slow)
    for timeout, expected in ((0.2, 0.2), (30.0, 10.0)):
        timeouts.clear()
        with CartonaClient("http://127.0.0.1:9/", TOKEN, timeout=timeout) as client:
            error, _seconds = fails(client.pull_orders)
        assert (error.code, error.uncertain) == ("timeout", False)
        assert timeouts == [expected]


def test_a_server_without_tls_receives_nothing(server):
    server.greeting = lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with CartonaClient(f"https://localhost:{server.port}/", TOKEN, timeout=PATIENT) as client:
        error, _seconds = fails(lambda: client.update_products(ITEMS))
    assert (error.code, error.uncertain) == ("tls", False)


@pytest.mark.parametrize("dripping", [True, False])
def test_an_endless_handshake_sends_nothing(server, dripping):
    hello = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03" + b"\0" * 2000
    server.greeting = drip(server, hello) if dripping else stay_silent(server)
    with CartonaClient(f"https://localhost:{server.port}/", TOKEN, timeout=TIMEOUT) as client:
        error, seconds = fails(lambda: client.update_products(ITEMS))
    assert (error.code, error.uncertain) == ("timeout", False)
    assert seconds < SLACK


def test_failure_before_a_connection_is_not_uncertain(server, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    with CartonaClient(f"https://localhost:{server.port}/", TOKEN, timeout=PATIENT) as client:
        error, _seconds = fails(lambda: client.update_products(ITEMS))
    assert (error.code, error.uncertain) == ("connection", False)
    assert server.connections == 0


# === SIZE === #


def test_an_answer_of_any_size_does_not_fill_the_memory(client, server):
    client._transport.max_answer = 100_000
    many = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b" " * 300_000
    bomb = server.answer(200, gzip.compress(b" " * 3_000_000), ["Content-Encoding: gzip"])
    for reply in (many, bomb):
        server.replies = [reply]
        error, _seconds = fails(lambda: client.update_products(ITEMS))
        assert (error.code, error.uncertain, error.status) == ("too_large", True, 200)


def test_32_mib_is_the_most_that_is_read(client):
    assert client._transport.max_answer == MAX_ANSWER == 32 * 1024 * 1024


def test_an_answer_up_to_the_cap_is_read(client, server):
    client._transport.max_answer = 100_000
    server.replies = [server.answer(200, b" " * 99_998 + b"{}")]
    assert client.update_products(ITEMS).ok


# === ERRORS CUT SHORT === #


@pytest.mark.parametrize(("status", "kind"), [(401, Unauthorised), (502, Transient)])
def test_an_error_cut_short_stays_that_error(client, server, status, kind):
    server.replies = [
        lambda connection: connection.sendall(server.answer(status, b"<h1>No", length=5000))
    ]
    with pytest.raises(kind) as caught:
        client.update_products(ITEMS)
    assert caught.value.status == status
    server.replies = [lambda connection: connection.sendall(b"HTTP/1.1 %d No\r\n\r\n" % status)]
    with pytest.raises(kind) as caught:
        client.update_products(ITEMS)
    assert caught.value.status == status


# === ADDRESS REACHED === #


def resolve_to(monkeypatch, address):
    """Let every name resolve to `address`."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def answer(host, port, *args, **kwargs):
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)


def test_a_name_with_a_private_address_receives_nothing(server, monkeypatch):
    resolve_to(monkeypatch, "127.0.0.1")
    url = f"https://supplier-integrations.cartona.example:{server.port}/api/v1/"
    calls = []
    with CartonaClient(url, TOKEN, timeout=PATIENT, on_call=calls.append) as client:
        with pytest.raises(InsecureUrl) as caught:
            client.update_products(ITEMS)
    assert caught.value.code == "private_address"
    assert calls[0].error is caught.value
    assert (server.received, server.requests) == (b"", [])


def test_a_private_address_may_be_allowed(server, monkeypatch):
    resolve_to(monkeypatch, "127.0.0.1")
    server.replies = [server.answer(200, [])]
    url = f"http://sandbox:{server.port}/"
    with CartonaClient(url, TOKEN, timeout=PATIENT, allow_insecure=True) as client:
        assert client.pull_orders() == []


def test_each_new_connection_is_checked_once(server, monkeypatch):
    checked = []
    monkeypatch.setattr(
        "cartona_api.transport.peer_allowed",
        lambda host, peer: checked.append((host, peer)) or True,
    )
    close = server.answer(200, {}, ["Connection: close"])
    server.replies = [server.answer(200, {}), close, server.answer(200, {})]
    with CartonaClient(server.url, TOKEN, timeout=PATIENT) as client:
        for _ in range(3):
            client.update_products(ITEMS)
    assert checked == [("127.0.0.1", "127.0.0.1")] * 2


@pytest.mark.parametrize(
    "url", ["http://cartona.com/", "https://10.0.0.1/", "https://u:p@cartona.com/", "x"]
)
def test_no_client_is_made_for_an_unsafe_address(url):
    with pytest.raises(InsecureUrl):
        CartonaClient(url, TOKEN)


# === PROXIES === #


def test_a_proxy_is_used_and_may_be_private(server, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("NO_PROXY", "")
    server.replies = [server.answer(403, b"no")]
    with CartonaClient("https://cartona.example/", TOKEN, timeout=PATIENT) as client:
        error, _seconds = fails(lambda: client.update_products(ITEMS))
    (request,) = server.requests
    assert (request.method, request.target) == ("CONNECT", "cartona.example:443")
    assert TOKEN not in str(request.headers)
    assert (error.code, error.uncertain) == ("connection", False)


def test_a_proxy_that_hangs_receives_nothing(server, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("NO_PROXY", "")
    server.replies = [drip(server, b"HTTP/1.1 200 Connection established")]
    with CartonaClient("https://cartona.example/", TOKEN, timeout=TIMEOUT) as client:
        error, seconds = fails(lambda: client.update_products(ITEMS))
    assert (error.code, error.uncertain) == ("timeout", False)
    assert seconds < SLACK


# === THE SESSION === #


def test_closing_the_client_closes_its_connections(server):
    server.replies = [server.answer(200, {})]
    with CartonaClient(server.url, TOKEN, timeout=PATIENT) as client:
        client.update_products(ITEMS)
        sock = client._transport._connection.sock
        assert sock.fileno() != -1
    assert sock.fileno() == -1


def test_nothing_is_patched_for_others(server):
    server.replies = [server.answer(200, [])]
    with CartonaClient(server.url, TOKEN, timeout=PATIENT) as client:
        client.pull_orders()
        pools = requests.adapters.HTTPAdapter().poolmanager.pool_classes_by_scheme
    assert {pool.__name__ for pool in pools.values()} == {
        "HTTPConnectionPool",
        "HTTPSConnectionPool",
    }


CHAINS = [
    "gzip, gzip",
    "gzip,gzip,gzip",
    "deflate, gzip",
    "identity, gzip",
    "br",
    "zstd",
    "x" * 500,
]


@pytest.mark.parametrize("encoding", CHAINS)
def test_chained_or_unknown_encodings_are_not_decoded(client, server, encoding):
    # Each layer multiplies the size by a thousand: 64 MB here, from some hundred bytes.
    bomb = gzip.compress(gzip.compress(b" " * 64_000_000))
    server.replies = [server.answer(200, bomb, [f"Content-Encoding: {encoding}"])]
    tracemalloc.start()
    try:
        with pytest.raises(Transient) as caught:
            client.pull_orders()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.code == "connection"
    assert peak < 8_000_000


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", " deflate ", "identity", ""])
def test_one_known_encoding_is_decoded(client, server, encoding):
    name = encoding.strip().lower()
    pack = {"deflate": zlib.compress, "identity": bytes, "": bytes}.get(name, gzip.compress)
    body = pack(json.dumps([{"id": 1}] * 2000).encode())
    server.replies = [server.answer(200, body, [f"Content-Encoding: {encoding}"])]
    assert len(client.pull_orders()) == 2000


def test_deflate_without_its_header_is_decoded(client, server):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    body = packer.compress(b"[]") + packer.flush()
    server.replies = [server.answer(200, body, ["Content-Encoding: deflate"])]
    assert client.pull_orders() == []


def test_an_answer_is_decompressed_up_to_the_limit_only(client, server):
    client._transport.max_answer = 100_000
    bomb = gzip.compress(b" " * 64_000_000)
    server.replies = [server.answer(200, bomb, ["Content-Encoding: gzip"])]
    tracemalloc.start()
    try:
        with pytest.raises(Transient) as caught:
            client.pull_orders()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.code == "too_large"
    assert peak < 2_000_000
