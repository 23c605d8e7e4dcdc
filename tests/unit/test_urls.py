"""The token is only sent to addresses that may receive it."""

import pytest

from cartona_api import InsecureUrl, check_base_url
from cartona_api.urls import peer_allowed

GOOD = [
    ("https://supplier-integrations.cartona.com/api/v1/",) * 2,
    ("https://supplier-integrations.cartona.com/api/v1",
     "https://supplier-integrations.cartona.com/api/v1/"),
    (" https://Cartona.COM ", "https://cartona.com/"),
    ("HTTPS://cartona.com//", "https://cartona.com/"),
    ("https://cartona.com:8443/x", "https://cartona.com:8443/x/"),
    ("https://8.8.8.8/x/", "https://8.8.8.8/x/"),
    ("https://[2606:4700::1111]/x", "https://[2606:4700::1111]/x/"),
    ("http://localhost:8080/api", "http://localhost:8080/api/"),
    ("http://127.0.0.1:8080/api", "http://127.0.0.1:8080/api/"),
    ("http://127.8.9.1/", "http://127.8.9.1/"),
    ("http://[::1]:9/", "http://[::1]:9/"),
    ("https://localhost/", "https://localhost/"),
    ("https://كرتونة.مصر/api", "https://xn--ogbbu5eral.xn--wgbh1c/api/"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "normal"), GOOD)
def test_a_good_address_is_normalised(url, normal):
    assert check_base_url(url) == normal


BAD = [
    ("invalid_url", ""), ("invalid_url", None), ("invalid_url", "cartona.com/api"),
    ("invalid_url", "ftp://cartona.com/"), ("invalid_url", "file:///etc/passwd"),
    ("invalid_url", "https://"), ("invalid_url", "https:///api"),
    ("invalid_url", "https://cartona.com:port/"), ("invalid_url", "https://cartona.com:99999/"),
    ("invalid_url", "https://cartona.com:0/"), ("invalid_url", "https://[::1/"),
    ("invalid_url", "https://[cartona.com]/"), ("invalid_url", "https://[fe80::1%25eth0]/"),
    ("invalid_url", "https://car tona.com/"),
    ("invalid_url", "https://cartona.com\\@evil.example/"),
    ("invalid_url", "https://cartona.com/a\r\nX: y"), ("invalid_url", "https://cartona.com/../x"),
    ("invalid_url", "https://-cartona.com/"), ("invalid_url", "https://cart*na.com/"),
    ("invalid_url", "https://%s.com/" % ("a" * 64)), ("invalid_url", "https://1.2.3.999/"),
    ("url_credentials", "https://user:pw@cartona.com/"),
    ("url_credentials", "https://user@cartona.com/"), ("url_credentials", "https://@cartona.com/"),
    ("url_query", "https://cartona.com/?token=x"), ("url_query", "https://cartona.com/?"),
    ("url_query", "https://cartona.com/#x"),
    ("plain_http", "http://cartona.com/"), ("plain_http", "http://10.0.0.1/"),
    ("plain_http", "http://localhost.evil.example/"), ("plain_http", "http://0.0.0.0/"),
    ("private_address", "https://10.1.2.3/"), ("private_address", "https://172.16.0.1/"),
    ("private_address", "https://192.168.1.1/"), ("private_address", "https://169.254.169.254/"),
    ("private_address", "https://100.64.0.1/"), ("private_address", "https://0.0.0.0/"),
    ("private_address", "https://224.0.0.1/"), ("private_address", "https://255.255.255.255/"),
    ("private_address", "https://[fe80::1]/"), ("private_address", "https://[fd00::1]/"),
    ("private_address", "https://[::]/"), ("private_address", "https://[::ffff:10.0.0.1]/"),
    ("private_address", "https://[64:ff9b::a00:1]/"),
    ("private_address", "https://[2002:a00:1::]/"),
    ("private_address", "https://0x0a000001/"), ("private_address", "https://167772161/"),
    ("private_address", "https://10.1/"), ("private_address", "https://0300.0250.1.1/"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "url"), BAD)
def test_a_bad_address_is_refused_with_its_reason(code, url):
    with pytest.raises(InsecureUrl) as caught:
        check_base_url(url)
    assert caught.value.code == code
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(("code", "url"), BAD)
def test_insecure_addresses_are_allowed_on_demand_but_never_broken_ones(code, url):
    if code in ("plain_http", "private_address"):
        assert check_base_url(url, allow_insecure=True) == url
    else:
        with pytest.raises(InsecureUrl) as caught:
            check_base_url(url, allow_insecure=True)
        assert caught.value.code == code


PEERS = [
    ("a public host", "cartona.com", "8.8.8.8", True),
    ("a public host, IPv6", "cartona.com", "2606:4700::1111", True),
    ("a name that leads home", "cartona.com", "127.0.0.1", False),
    ("a name that leads inside", "cartona.com", "10.0.0.1", False),
    ("a name that leads to the cloud's secrets", "cartona.com", "169.254.169.254", False),
    ("mapped", "cartona.com", "::ffff:192.168.0.1", False),
    ("link-local with its zone", "cartona.com", "fe80::1%eth0", False),
    ("NAT64 of a public one", "cartona.com", "64:ff9b::808:808", True),
    ("NAT64 of a private one", "cartona.com", "64:ff9b::a00:1", False),
    ("localhost", "localhost", "127.0.0.1", True),
    ("localhost, IPv6", "localhost", "::1", True),
    ("localhost with a dot", "localhost.", "127.0.0.1", True),
    ("loopback", "127.0.0.1", "127.0.0.1", True),
    ("mapped loopback", "::1", "::ffff:127.0.0.1", True),
    ("a localhost that resolves to another host", "localhost", "8.8.8.8", False),
    ("no address", "cartona.com", "", False),
]


@pytest.mark.parametrize(
    ("host", "peer", "allowed"), [c[1:] for c in PEERS], ids=[c[0] for c in PEERS]
)
def test_the_address_reached_is_checked_like_the_one_written(host, peer, allowed):
    assert peer_allowed(host, peer) is allowed
