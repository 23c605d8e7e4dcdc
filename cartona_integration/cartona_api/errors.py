"""Errors of the client, one class per reaction.

::

    CartonaError                 one call failed; `code` gives the reason
     ├── Transient               try again later, automatically
     │     .retry_after          seconds that Cartona requested, or None
     │     .uncertain            True: Cartona may have done the work, so its state is unknown
     ├── Unauthorised            stop all calls; a manager has to enter a new token
     ├── Rejected                never repeat this request unchanged
     │     .items                {index of the item: Refusal} where the answer names items
     └── InsecureUrl             nothing was sent: the address must not receive the token

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
unauthorised       Unauthorised    401, 403, 400 on the plain product list, or such a text in a 2xx
no_token           Unauthorised    the token is empty or not valid in a header; nothing was sent
not_found          Rejected        404, 410
rejected           Rejected        any other 4xx, or a failure reported in a 2xx
invalid_url        InsecureUrl     not an http(s) address of one host
plain_http         InsecureUrl     http to something else than this machine
url_credentials    InsecureUrl     user or password in the address
url_query          InsecureUrl     `?` or `#` in the address
private_address    InsecureUrl     the host is, or turned out to be, a private address
=================  ==============  ============================================================

Codes are stable. The sentences for users are made from the code, outside this package.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .redact import clip

if TYPE_CHECKING:
    from .bulk import Refusal

_TRANSIENT = {408: "timeout", 425: "not_ready", 429: "rate_limited"}
_NOT_FOUND = (404, 410)


class CartonaError(Exception):
    """A call to Cartona that did not succeed.

    :param code: one of the table above.
    :param message: English sentence for developers, without secrets; `str(error)` returns it.
    :param status: HTTP status, or None when no answer arrived.
    :param detail: Cartona's text for the user: plain text, redacted, at most 500 characters.
    :param body: beginning of the answer as received, redacted.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int | None = None,
        detail: str = "",
        body: str = "",
    ) -> None:
        super().__init__(message or code)
        self.code = code
        self.status = status
        self.detail = detail
        self.body = body


class Transient(CartonaError):
    """Failure that ends without help: try again after `retry_after`, or the usual back-off.

    :param retry_after: seconds that Cartona requested, or None.
    :param uncertain: True when the request may have been carried out (time-out, cut, 5xx,
        unreadable 2xx), False when Cartona certainly did nothing (no connection, 429, redirect).
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        retry_after: float | None = None,
        uncertain: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(code, message, **kwargs)
        self.retry_after = retry_after
        self.uncertain = uncertain


class Unauthorised(CartonaError):
    """Refused token: no call succeeds until a manager changes it."""


class Rejected(CartonaError):
    """Refused request: the same request will be refused again.

    :param items: index of the item in the request -> `bulk.Refusal`, for the items that the
        answer names. Empty when it names none: send smaller batches to find out.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        items: dict[int, Refusal] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(code, message, **kwargs)
        self.items: dict[int, Refusal] = items or {}


class InsecureUrl(CartonaError, ValueError):
    """Address that must not receive the token. Nothing was sent."""


class Problem(ValueError):
    """A piece of data that cannot be used.

    :param code: stable, e.g. `bad_number`, `no_identity`.
    :param path: location, e.g. `order_details[2].amount`; "" for the whole.
    :param value: the value found there, made fit to be shown: a long text is cut, and of a list
        or an object only the type is kept.
    """

    def __init__(self, code: str, path: str = "", value: Any = None) -> None:
        super().__init__(f"{code} at {path or 'the top'}")
        self.code = code
        self.path = path
        self.value = _shown(value)


def error_for_status(
    status: int,
    request: str,
    *,
    detail: str = "",
    body: str = "",
    retry_after: float | None = None,
    plain_list: bool = False,
) -> CartonaError:
    """Return the error that an HTTP status means. No other function looks at the number.

    :param status: not 2xx.
    :param request: method and path, for the message.
    :param detail: Cartona's text, see `CartonaError`.
    :param body: beginning of the answer, see `CartonaError`.
    :param retry_after: seconds or None.
    :param plain_list: True when the call was the product list without a filter. Source: Cartona
        answers that with 400 when the token is not accepted.
    """
    message = f"Cartona answered {status} to {request}: {detail}"
    common: dict[str, Any] = {"status": status, "detail": detail, "body": body}
    if status in (401, 403) or (status == 400 and plain_list):
        return Unauthorised("unauthorised", message, **common)
    code = _TRANSIENT.get(status)
    if code is None and status >= 500:
        code = "server_error"
    elif code is None and status < 400:
        code = "redirected"
    if code is not None:
        return Transient(code, message, uncertain=status >= 500, retry_after=retry_after, **common)
    return Rejected("not_found" if status in _NOT_FOUND else "rejected", message, **common)


def redirect_target(location: str | None) -> str:
    """Return where a redirect points, without the parts that may be secret."""
    try:
        parts = urlsplit(location or "")
        if not parts.netloc:
            return "redirect"
        return f"redirect to {parts.scheme}://{parts.hostname}{parts.path}"
    except ValueError:
        return "redirect"


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return clip(value[:200], 200)
    if value is None or isinstance(value, (bool, float, Decimal)):
        return value
    # Python refuses to write out a number of thousands of digits.
    if isinstance(value, int) and abs(value) < 10**30:
        return value
    return type(value).__name__
