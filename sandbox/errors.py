"""The one error of the marketplace: something was asked that it does not do."""


class Refused(Exception):
    """A request, or one item of a bulk request, is refused.

    :param message: the sentence that goes into the answer.
    :param status: HTTP status of a call that is refused as a whole; bulk calls answer 2xx
        and report the message per item instead.
    """

    def __init__(self, message: str, status: int = 422):
        super().__init__(message)
        self.message = message
        self.status = status
