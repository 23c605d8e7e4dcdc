"""A small marketplace for Odoo's tests: a real socket and prepared answers.

Each test prepares its answers. A call without a prepared answer gets 500 and is stored in
`unexpected`, except the check of the token; unused answers stay in `pending`. The end-to-end tests
use the sandbox instead.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CHECK = ("GET", "supplier-product")


class Marketplace:
    """`calls`: list of (method, path below the base, query dict, body)."""

    def __init__(self):
        self.token = "test-token"
        # callable(body) -> status, for answers that depend on the sent body
        self.answer_status = None
        # Rows by ID, for look-ups of single IDs; every other ID is a piece.
        self.catalogue, self.lookups = {}, []
        self.calls, self.unexpected, self._prepared = [], [], []
        marketplace = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                marketplace._serve(self)

            do_POST = do_GET

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = "http://127.0.0.1:%s/api/v1/" % self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def answer_next(self, method, path, body, status=200, headers=None, times=1):
        """Prepare the answer to the next call of this method and path.

        :param body: JSON data, str for a body that is not JSON, or a callable(call body)
        """
        self._prepared += [(method, path, body, status, headers or {})] * times

    def answer_always(self, method, path, body, status=200):
        """Prepare the answer to all other calls of this method and path."""
        self._prepared.append((method, path, body, status, None))

    @property
    def pending(self):
        return [entry[:2] for entry in self._prepared if entry[4] is not None]

    def bodies(self, path):
        """Return the bodies posted to a path so far."""
        return [
            body for method, where, _query, body in self.calls if (method, where) == ("POST", path)
        ]

    def _serve(self, handler):
        target = urlsplit(handler.path)
        path = target.path.replace("/api/v1/", "", 1)
        raw = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else None
        query = {key: values[0] for key, values in parse_qs(target.query).items()}
        if path == "supplier-product" and "supplier_product_id" in query:
            self._look_up(handler, query["supplier_product_id"])
            return
        self.calls.append((handler.command, path, query, body))
        if handler.headers.get("AuthorizationToken") != self.token:
            self._answer(handler, {"error": "invalid token"}, 401, {})
            return
        once = [
            entry
            for entry in self._prepared
            if entry[:2] == (handler.command, path) and entry[4] is not None
        ]
        permanent = [
            entry
            for entry in self._prepared
            if entry[:2] == (handler.command, path) and entry[4] is None
        ]
        if once:
            self._prepared.remove(once[0])
        elif not permanent and (handler.command, path) == CHECK and query.get("per_page") == "1":
            self._answer(handler, [], 200, {})
            return
        elif not permanent:
            self.unexpected.append((handler.command, path))
            self._answer(handler, {"error": "no answer prepared"}, 500, {})
            return
        _method, _path, answer, status, headers = (once or permanent)[0]
        if self.answer_status:
            status = self.answer_status(body)
            answer = answer if status >= 400 else {}
        answer = answer(query if body is None else body) if callable(answer) else answer
        self._answer(handler, answer, status, headers or {})

    def _look_up(self, handler, cartona_id):
        """Answer with the row of one ID; these calls are listed in `lookups`, not in `calls`."""
        self.lookups.append(cartona_id)
        piece = {"supplier_product_id": cartona_id, "unit": "piece", "unit_count": 1}
        row = self.catalogue.get(cartona_id, piece)
        self._answer(handler, [row] if row else [], 200, {})

    def _answer(self, handler, data, status, headers):
        payload = (data if isinstance(data, str) else json.dumps(data)).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(payload)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(payload)
