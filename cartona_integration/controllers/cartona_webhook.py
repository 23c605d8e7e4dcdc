"""The address that Cartona calls when an order is new or has changed.

Three things and no more: is the caller who he says, keep what he said, answer. A job does the
work. The envelope and the way of signing are not documented, so every known form is taken and the
caller proves himself with the secret that the addon generated (`cartona.config.webhook_token`).
"""

from odoo import SUPERUSER_ID, http
from odoo.http import request

from ..cartona_api import NOT_JSON, Problem, authentic, read_json, unwrap
from ..compat import reply, webhook_route

MAX_BYTES = 1024 * 1024
# What storing a call asks of its configuration: read at once, and not all that there is.
_READ = ("company_id", "supplier_code", "auto_sync_stock")


class CartonaWebhook(http.Controller):
    """What Cartona calls; a caller without the secret learns nothing and stores nothing."""

    _orders_url = "/cartona/webhook/orders"
    _status_url = "/cartona/webhook/status"

    @webhook_route(_orders_url, max_bytes=MAX_BYTES)
    def orders(self, **kwargs):
        """New and changed orders."""
        return self._take()

    @webhook_route(_status_url, max_bytes=MAX_BYTES)
    def status(self, **kwargs):
        """Notices of a changed status."""
        return self._take()

    def _take(self):
        http_request = request.httprequest
        config = self._authenticate(http_request.headers.get("AuthorizationToken"))
        # As superuser: the caller is a machine and has no user.
        tally = request.env(user=SUPERUSER_ID)["cartona.webhook.stat"]
        if not config:
            return self._refuse(tally._count_guess(http_request.remote_addr))
        headers = ()
        try:
            answer, status = self._keep(config, http_request)
        except (
            TimeoutError
        ):  # an acknowledgement is on its way, see `cartona.message._recheck_list`
            answer, status, headers = {"status": "busy"}, 503, [("Retry-After", "1")]
        tally._count(config, "accepted" if status == 200 else "refused")
        return reply(answer, status, headers)

    def _refuse(self, seconds):
        """Answer a wrong secret; the body is not looked at.

        :param int seconds: how long the caller should stay away, 0 when he need not
        """
        if seconds:
            return reply({"status": "too many"}, 429, [("Retry-After", str(seconds))])
        return reply({"status": "unauthorised"}, 401)

    def _keep(self, config, http_request):
        """Store what an authentic call says.

        :return: (answer as data, HTTP status)
        """
        # Before the body is read: its announced length, and no more than that is read.
        length = http_request.content_length
        if length is None or length > MAX_BYTES:
            return {"status": "too large"}, 413
        data = read_json(http_request.get_data())
        if data is NOT_JSON:
            return {"status": "not JSON"}, 400
        try:
            notices = unwrap(data)
        except Problem as problem:
            return {"status": "not an order", "reason": problem.code}, 400
        for target, mine in config._by_account(notices).items():
            target.env["cartona.message"]._store(target, "webhook", mine)
        return {"status": "accepted", "received": len(notices)}, 200

    def _authenticate(self, secret):
        """The configuration whose secret this is, compared with each in constant time.

        As superuser: the caller is a machine and has no user.
        """
        Config = request.env(user=SUPERUSER_ID)["cartona.config"]
        found = Config.browse()
        rows = Config.search_read(
            [("webhook_token", "!=", False)], ["webhook_token", *_READ], order="id", load=""
        )
        for row in rows:
            if authentic(secret, row["webhook_token"]):
                found = Config.browse(row["id"])
        return found.with_company(found.company_id) if found else found
