"""Webhook that Cartona calls when an order is new or has changed.

A call is authenticated, stored and answered; a job does the work. The envelope and the signature
are not documented, so every known form is accepted, and the caller is authenticated by the secret
that the addon generated (`cartona.config.webhook_token`).
"""

from odoo import SUPERUSER_ID, http
from odoo.http import request

from ..cartona_api import NOT_JSON, Problem, authentic, read_json, unwrap
from ..compat import reply, webhook_route

MAX_BYTES = 1024 * 1024
# Fields of the configuration that are needed to store a call: prefetched without the others.
_READ = ("company_id", "supplier_code", "auto_sync_stock")


class CartonaWebhook(http.Controller):
    """Store nothing, and reveal nothing, for a caller without the secret."""

    _orders_url = "/cartona/webhook/orders"
    _status_url = "/cartona/webhook/status"

    @webhook_route(_orders_url, max_bytes=MAX_BYTES)
    def orders(self, **kwargs):
        """Receive new and changed orders."""
        return self._receive()

    @webhook_route(_status_url, max_bytes=MAX_BYTES)
    def status(self, **kwargs):
        """Receive notices of a changed status."""
        return self._receive()

    def _receive(self):
        http_request = request.httprequest
        config = self._authenticate(http_request.headers.get("AuthorizationToken"))
        # As superuser: the caller is a machine and has no user.
        Stat = request.env(user=SUPERUSER_ID)["cartona.webhook.stat"]
        if not config:
            return self._refuse(Stat._count_wrong_secret(http_request.remote_addr))
        headers = ()
        try:
            answer, status = self._store_call(config, http_request)
        except TimeoutError:
            # An acknowledgement is being sent, see `cartona.message._reread_list`.
            answer, status, headers = {"status": "busy"}, 503, [("Retry-After", "1")]
        Stat._count(config, "accepted" if status == 200 else "refused")
        return reply(answer, status, headers)

    def _refuse(self, seconds):
        """Answer a wrong secret; the body is not read.

        :param int seconds: time to wait before the next call, 0 for none
        """
        if seconds:
            return reply({"status": "too many"}, 429, [("Retry-After", str(seconds))])
        return reply({"status": "unauthorised"}, 401)

    def _store_call(self, config, http_request):
        """Store the notices of an authentic call.

        :return: (answer, HTTP status)
        """
        # The declared length is checked first, and no more than that is read.
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
        for target, own in config._by_account(notices).items():
            target.env["cartona.message"]._store(target, "webhook", own)
        return {"status": "accepted", "received": len(notices)}, 200

    def _authenticate(self, secret):
        """Return the configuration of this secret, compared with each in constant time.

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
