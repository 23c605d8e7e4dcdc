"""The whole sandbox: supplier's API, control API, page and pictures."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from . import pictures
from .app import Json, SupplierApi
from .control import ControlApi
from .errors import Refused
from .faults import Faults
from .gate import Gate
from .marketplace import DEFAULT_TOKEN, Marketplace
from .requestlog import RequestLog
from .webhooks import WebhookCaller, WebhookSettings

PAGE = Path(__file__).parent / "page"


class Sandbox:
    """One marketplace with all its parts. `app()` is the ASGI application."""

    def __init__(
        self,
        token: str = DEFAULT_TOKEN,
        seed: int = 1,
        listings: int = 300,
        webhook: WebhookSettings | None = None,
    ):
        self.market = Marketplace(token, seed, listings)
        self.faults = Faults()
        self.log = RequestLog()
        self.webhooks = WebhookCaller(self.market, webhook or WebhookSettings())
        self.api = SupplierApi(self.market)
        self.control = ControlApi(self.market, self.api, self.log, self.faults, self.webhooks)

    def app(self) -> Starlette:
        gate = Gate(self.api.app(), self.market, self.log, self.faults)
        routes = [
            *self.control.routes(),
            Route("/images/{base_product_id:int}.svg", picture),
            Route("/images/{base_product_id:int}-box.svg", box_picture),
            Route("/", page),
            Mount("/page", app=StaticFiles(directory=PAGE)),
            Mount("/api/v1", app=_whole_path(gate)),
        ]
        return Starlette(routes=routes, exception_handlers={Refused: _refusal})


def _whole_path(gate: Gate):
    """Restore the whole path that mounting shortened: the routes and the log use it."""

    async def app(scope, receive, send):
        await gate({**scope, "root_path": ""}, receive, send)

    return app


async def page(_request: Request) -> Response:
    return FileResponse(PAGE / "page.html", headers={"Cache-Control": "no-cache"})


async def picture(request: Request) -> Response:
    """Return a product's thumbnail."""
    return _svg(pictures.draw(request.path_params["base_product_id"]))


async def box_picture(request: Request) -> Response:
    return _svg(pictures.draw(request.path_params["base_product_id"], boxed=True))


def _svg(text: str) -> Response:
    headers = {"Cache-Control": "max-age=3600"}
    return Response(text, media_type="image/svg+xml", headers=headers)


async def _refusal(_request: Request, refused: Refused) -> Response:
    return Json({"error": refused.message}, refused.status)
