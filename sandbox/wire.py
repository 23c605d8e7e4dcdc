"""Access to the socket, so that a fault really cuts a connection."""

import asyncio
import socket
import struct

from uvicorn.protocols.http.h11_impl import H11Protocol

_open: dict[tuple[str, int], asyncio.Transport] = {}


class CuttableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, whose transport can be found by the client's address."""

    def connection_made(self, transport):
        super().connection_made(transport)
        _open[transport.get_extra_info("peername")[:2]] = transport

    def connection_lost(self, exc):
        _open.pop(self.transport.get_extra_info("peername")[:2], None)
        super().connection_lost(exc)


async def cut(scope: dict, reset: bool = False, flush: bool = False) -> None:
    """Close the TCP connection of a request without an answer.

    :param reset: True for RST, as a crashed host sends, else FIN.
    :param flush: True to send what was written before; needed after half an answer.
    """
    transport = _open.get(tuple(scope["client"]))
    if transport is not None:
        if reset:
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if flush:
            transport.close()
        else:
            transport.abort()
    # `connection_lost` must run, or the server logs a missing answer.
    while tuple(scope["client"]) in _open:
        await asyncio.sleep(0)
