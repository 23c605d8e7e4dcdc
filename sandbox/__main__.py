"""The command line: ``python -m sandbox --port 0``."""

import argparse
import logging
import secrets
import socket

import uvicorn

from .marketplace import DEFAULT_TOKEN
from .server import Sandbox
from .webhooks import WebhookSettings
from .wire import CuttableProtocol


class Server(uvicorn.Server):
    """`uvicorn.Server` that prints one line when it listens and stops without waiting for pages."""

    def __init__(self, config: uvicorn.Config, sandbox: Sandbox):
        super().__init__(config)
        self.sandbox = sandbox

    async def startup(self, sockets=None):
        await super().startup(sockets)
        print(f"listening on {self.sandbox.market.public_url}", flush=True)

    async def shutdown(self, sockets=None):
        self.sandbox.market.feed.close()
        await super().shutdown(sockets)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099, help="0: any free port")
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="the AuthorizationToken to accept")
    parser.add_argument("--seed", type=int, help="same order ids and stock (default: random)")
    parser.add_argument("--listings", type=int, default=300)
    parser.add_argument("--webhook-url", default="")
    parser.add_argument("--webhook-token", default="")
    args = parser.parse_args()

    # asyncio sends small packets immediately only if the protocol is named.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((args.host, args.port))
    sandbox = Sandbox(
        token=args.token,
        # Odoo stores order ids: a restart must not issue the same ones again.
        seed=secrets.randbelow(10**6) if args.seed is None else args.seed,
        listings=args.listings,
        webhook=WebhookSettings(url=args.webhook_url, token=args.webhook_token),
    )
    host = "127.0.0.1" if args.host in ("0.0.0.0", "") else args.host
    sandbox.market.public_url = f"http://{host}:{listener.getsockname()[1]}"
    logging.basicConfig(level=logging.ERROR)  # to stderr: stdout is for the one line
    config = uvicorn.Config(
        sandbox.app(),
        http=CuttableProtocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        backlog=512,
    )
    Server(config, sandbox).run(sockets=[listener])


if __name__ == "__main__":
    main()
