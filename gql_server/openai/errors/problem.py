"""The form of an error, and how it is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from gql_server.web.bodies import RequestRefused

SHOULD_RETRY: Final = "x-should-retry"
"""OpenAI's clients obey it: without it they send again after each 408, 409, 429 and 5xx."""


class ErrorType(StrEnum):
    """The kinds of errors."""

    INVALID_REQUEST = "invalid_request_error"
    INSUFFICIENT_QUOTA = "insufficient_quota"
    RATE_LIMIT = "rate_limit_error"
    SERVER = "server_error"
    BLOCKED = "image_generation_user_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error as its response has it.

    Attributes:
        status: The status of the response.
        message: What is wrong and how to fix it.
        type: The kind of error.
        code: The error's name, for programs.
        param: The parameter that is wrong.
        headers: Further headers of the response.
    """

    status: HTTPStatus
    message: str
    type: ErrorType = ErrorType.INVALID_REQUEST
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """The value of ``error`` in the response."""
        return {
            "message": self.message,
            "type": self.type.value,
            "param": self.param,
            "code": self.code,
        }


class InvalidParameter(Exception):
    """A parameter that is missing, unknown or invalid in this API itself.

    Attributes:
        problem: How it is written.
    """

    def __init__(self, message: str, *, param: str | None, code: str) -> None:
        super().__init__(message)
        self.problem = Problem(
            status=HTTPStatus.BAD_REQUEST, message=message, param=param, code=code
        )


def problem_response(problem: Problem) -> Response:
    """Write an error."""
    return JSONResponse({"error": problem.body}, problem.status, dict(problem.headers))


def refusal(refused: RequestRefused) -> Response:
    """Write why a request was not read."""
    return problem_response(refused_problem(refused))


def refused_problem(refused: RequestRefused) -> Problem:
    """Return the error of a request that was not read."""
    is_ours = refused.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Problem(
        status=refused.status,
        message=refused.message,
        type=ErrorType.SERVER if is_ours else ErrorType.INVALID_REQUEST,
        code=_CODES.get(refused.code, refused.code.lower()),
        headers=refused.headers,
    )


_CODES: Final[Mapping[str, str | None]] = {
    "UNAUTHENTICATED": "invalid_api_key",
    "BAD_REQUEST": None,
}
