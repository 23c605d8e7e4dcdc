"""The only error of the marketplace: a request that it refuses."""


class Refused(Exception):
    """A request, or one item of a bulk request, is refused.

    :param message: the sentence in the answer.
    :param status: HTTP status when the whole call is refused; bulk calls answer 2xx and report
        the message per item.
    """

    def __init__(self, message: str, status: int = 422):
        super().__init__(message)
        self.message = message
        self.status = status
