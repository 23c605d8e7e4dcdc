"""A marketplace of a few lines for Odoo's own tests: a real socket, a strict script.

Each answer is announced by the test that wants it; a call nobody announced answers 500 and is
remembered in `unexpected`, an announced answer nobody fetched stays in `pending`. What the whole
marketplace does is tested end to end against the sandbox.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Marketplace:
    """`calls`: list of (method, path below the base, query dict, body)."""

    def __init__(self):
        self.token = "test-token"
        # callable(body) -> status, for answers whose status depends on what was sent
        self.answer_status = None
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
        """The next call of this method and path gets this answer.

        :param body: JSON data, or str for something that is no JSON, or a callable(call body)
        """
        self._prepared += [(method, path, body, status, headers or {})] * times

    def answer_always(self, method, path, body, status=200):
        """Every call of this method and path gets this answer, when none was announced."""
        self._prepared.append((method, path, body, status, None))

    @property
    def pending(self):
        return [entry[:2] for entry in self._prepared if entry[4] is not None]

    def bodies(self, path):
        """What was posted to a path so far."""
        return [
            body for method, where, _query, body in self.calls if (method, where) == ("POST", path)
        ]

    def _serve(self, handler):
        target = urlsplit(handler.path)
        path = target.path.replace("/api/v1/", "", 1)
        raw = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else None
        query = {key: values[0] for key, values in parse_qs(target.query).items()}
        self.calls.append((handler.command, path, query, body))
        if handler.headers.get("AuthorizationToken") != self.token:
            self._answer(handler, {"error": "invalid token"}, 401, {})
            return
        once = [
            entry
            for entry in self._prepared
            if entry[:2] == (handler.command, path) and entry[4] is not None
        ]
        standing = [
            entry
            for entry in self._prepared
            if entry[:2] == (handler.command, path) and entry[4] is None
        ]
        if once:
            self._prepared.remove(once[0])
        elif not standing:
            self.unexpected.append((handler.command, path))
            self._answer(handler, {"error": "not announced"}, 500, {})
            return
        _method, _path, answer, status, headers = (once or standing)[0]
        if self.answer_status:
            status = self.answer_status(body)
            answer = answer if status >= 400 else {}
        answer = answer(query if body is None else body) if callable(answer) else answer
        self._answer(handler, answer, status, headers or {})

    def _answer(self, handler, data, status, headers):
        payload = (data if isinstance(data, str) else json.dumps(data)).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(payload)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(payload)
