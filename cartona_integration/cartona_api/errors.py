"""What can go wrong, named by what to do next.

::

    CartonaError                 one call failed; `code` says why
     ├── Transient               try again later by yourself
     │     .retry_after          seconds that Cartona asked for, or None
     │     .uncertain            True: Cartona may have done the work, so what it has is unknown
     ├── Unauthorised            stop everything and ask a manager for a token
     ├── Rejected                never repeat this request as it is
     │     .items                {index of the item: Refusal} where the answer names items
     └── InsecureUrl             nothing was sent: the address is not one to trust with a token

    Problem                      data from or for Cartona that cannot be used; no call failed

=================  ==============  ============================================================
code               class           meaning
=================  ==============  ============================================================
timeout            Transient       no connection, or no whole answer, in time (also status 408)
connection         Transient       no connection, or cut before the whole answer was read
tls                Transient       the certificate or the handshake failed; nothing was sent
rate_limited       Transient       429
not_ready          Transient       425
server_error       Transient       5xx
redirected         Transient       3xx, never followed: the token must not travel
unreadable         Transient       2xx with something that is not the answer
too_large          Transient       more than `client.MAX_ANSWER` bytes
unauthorised       Unauthorised    401, 403, 400 on the plain product list, or a 2xx that says so
no_token           Unauthorised    the token is empty, or cannot stand in a header; nothing was sent
not_found          Rejected        404, 410
rejected           Rejected        any other 4xx, or a 2xx that says so
invalid_url        InsecureUrl     not an http(s) address of one host
plain_http         InsecureUrl     http to something else than this machine
url_credentials    InsecureUrl     user or password in the address
url_query          InsecureUrl     `?` or `#` in the address
private_address    InsecureUrl     the host is, or turned out to be, no public address
=================  ==============  ============================================================

Codes are stable. Sentences for people are made elsewhere, from the code.
"""

from __future__ import annotations

from decimal import Decimal

from .redact import clip


class CartonaError(Exception):
    """A call to Cartona that did not succeed.

    :param str code: one of the table above.
    :param str message: English sentence for developers, without secrets; `str(error)` gives it.
    :param status: HTTP status (int), or None when no answer came.
    :param str detail: what Cartona said, for people: plain text, redacted, at most 500 characters.
    :param str body: beginning of the answer as it came, redacted.
    """

    def __init__(self, code, message="", *, status=None, detail="", body=""):
        super().__init__(message or code)
        self.code = code
        self.status = status
        self.detail = detail
        self.body = body


class Transient(CartonaError):
    """It will heal: try again after `retry_after` seconds, or after the usual back-off.

    :param retry_after: seconds (float) that Cartona asked for, or None.
    :param bool uncertain: the request may have been carried out (time-out, cut, 5xx, unreadable
        2xx). False where Cartona surely did nothing (no connection, 429, redirect).
    """

    def __init__(self, code, message="", *, retry_after=None, uncertain=False, **kwargs):
        super().__init__(code, message, **kwargs)
        self.retry_after = retry_after
        self.uncertain = uncertain


class Unauthorised(CartonaError):
    """Cartona does not accept the token: nothing will succeed until a manager changes it."""


class Rejected(CartonaError):
    """Cartona understood and refused: the same request will be refused again.

    :param dict items: index of the item in the request -> `bulk.Refusal`, for the items that the
        answer names. Empty when it names none: send smaller batches to find out.
    """

    def __init__(self, code, message="", *, items=None, **kwargs):
        super().__init__(code, message, **kwargs)
        self.items = items or {}


class InsecureUrl(CartonaError, ValueError):
    """The address must not be given the token. Nothing was sent."""


class Problem(ValueError):
    """A piece of data that cannot be used.

    :param str code: stable, e.g. `bad_number`, `no_identity`.
    :param str path: where, e.g. `order_details[2].amount`; "" for the whole.
    :param value: what stood there, fit to be shown: a long text is cut, and of a list or an object
        only the type is kept.
    """

    def __init__(self, code, path="", value=None):
        super().__init__(f"{code} at {path or 'the top'}")
        self.code = code
        self.path = path
        self.value = _shown(value)


def _shown(value):
    if isinstance(value, str):
        return clip(value[:200], 200)
    if value is None or isinstance(value, (bool, float, Decimal)):
        return value
    # Python refuses to write out a number of thousands of digits.
    if isinstance(value, int) and abs(value) < 10**30:
        return value
    return type(value).__name__
