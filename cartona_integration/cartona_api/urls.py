"""Check that an address may receive the token.

The rule is applied twice: to the address as written (`check_base_url`), and to the address that a
connection really reached (`peer_allowed`), since a name can resolve to any address.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .errors import InsecureUrl

if TYPE_CHECKING:
    from typing import Union
    from urllib.parse import SplitResult

    IPAddress = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?\.?")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\\<>\"^`{|}]")
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?")
# IPv6 networks with an IPv4 address in the last 32 bits (RFC 6052, RFC 4291).
_WITH_IPV4 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))


def check_base_url(url: str | None, allow_insecure: bool = False) -> str:
    """Return the address in its normal form, with a `/` at the end.

    :param url: e.g. `https://supplier-integrations.cartona.com/api/v1`.
    :param allow_insecure: True to accept plain http and private addresses (a test system).
    :raise InsecureUrl: the token must not be sent there; `code` is the reason.
    """
    parts, host = _split(url)
    literal = as_address(host)
    loopback = is_loopback_host(host)
    if not allow_insecure:
        if parts.scheme == "http" and not loopback:
            raise InsecureUrl("plain_http", "Plain http would show the token: use https.")
        if literal is not None and not loopback and not is_public(literal):
            raise InsecureUrl("private_address", f"{host} is not a public address.")
    shown = f"[{host}]" if ":" in host else host
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://{shown}{port}{parts.path.rstrip('/')}/"


def _split(url: str | None) -> tuple[SplitResult, str]:
    """Return (parts, host in lower case without brackets).

    :raise InsecureUrl: not an address of one host.
    """
    url = (url or "").strip()
    invalid = InsecureUrl("invalid_url", "Not an http(s) address of one host.")
    if _UNSAFE.search(url):
        raise invalid
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise invalid from None
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise invalid
    if "[" in parts.netloc and ":" not in host:
        raise invalid
    if "@" in parts.netloc:
        raise InsecureUrl("url_credentials", "The address must not carry a user or a password.")
    if "?" in url or "#" in url:
        raise InsecureUrl("url_query", "The address must end with its path.")
    if ".." in parts.path.split("/"):
        raise invalid
    return parts, _normal_host(host, invalid)


def _normal_host(host: str, invalid: InsecureUrl) -> str:
    if ":" in host:
        if as_address(host) is None or "%" in host:
            raise invalid
        return host
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        raise invalid from None
    if not _HOST.fullmatch(host) or (_NUMERIC.fullmatch(host) and as_address(host) is None):
        raise invalid
    return host


def as_address(host: str) -> IPAddress | None:
    """Return the IP address that `host` is written as, or None for a name.

    Accepts the old spellings that `connect` accepts: `127.1`, `0x7f000001`, `2130706433`.
    """
    host = host.split("%", 1)[0]
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host)
    if not _NUMERIC.fullmatch(host):
        return None
    try:
        return ipaddress.ip_address(socket.inet_aton(host.rstrip(".")))
    except OSError:
        return None


def _contained(address: IPAddress) -> IPAddress:
    """Return the IPv4 address inside an IPv6 one, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    for inner in (address.ipv4_mapped, address.sixtofour):
        if inner is not None:
            return inner
    if any(address in network for network in _WITH_IPV4) and int(address) > 1:
        return ipaddress.ip_address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: IPAddress) -> bool:
    """Return True for an address that is reachable from the whole internet."""
    address = _contained(address)
    return address.is_global and not address.is_multicast


def is_loopback_host(host: str) -> bool:
    """Return True if `host`, as written, is this machine: `localhost`, 127.0.0.0/8 or ::1."""
    if host.rstrip(".").lower() == "localhost":
        return True
    address = as_address(host)
    return address is not None and _contained(address).is_loopback


def peer_allowed(host: str, peer: str) -> bool:
    """Return True if a connection to `host` may be used, given the address that it reached.

    :param host: as written in the address, a name or a literal.
    :param peer: the IP address from `getpeername()`.
    """
    address = as_address(peer)
    if address is None:
        return False
    if is_loopback_host(host):
        return _contained(address).is_loopback
    return is_public(address)
