"""What all errors of the client have, and those that come from no server."""

from gql_server.client.errors.suggestions import SUGGESTIONS


class GqlServerError(Exception):
    """Any error that the client raises about a request.

    Attributes:
        message: What is wrong, for people.
        code: Error code of the server, such as ``RATE_LIMITED``. None for errors of the connection.
        retry_after: When a retry may succeed, in seconds. None where the server did not say.
        may_have_run: Whether the server may have carried out the request although it failed: the
            response to an attempt was lost. Repeat the request with the same idempotency key.
    """

    def __init__(
        self, message: str, *, code: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.retry_after = retry_after
        self.may_have_run = False

    @property
    def suggestion(self) -> str | None:
        """How to fix the error, for people. None for codes that this version does not know."""
        return SUGGESTIONS.get(self.code or "")


class ServerUnreachable(GqlServerError):
    """The server did not answer for as long as the client retries."""


class UnexpectedResponse(GqlServerError):
    """The response is not one of gql_server, or of an incompatible version."""
