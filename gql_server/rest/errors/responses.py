"""Errors written as REST's problems. FastAPI has no part in it, so that it need not be imported."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from gql_server.rest.errors.forms import status_title
from gql_server.rest.errors.problems import Details, Problem
from gql_server.web.bodies import RequestRefused


def refusal(refused: RequestRefused) -> Response:
    """Write why a request was not read."""
    title = (
        "Invalid body" if refused.status is HTTPStatus.BAD_REQUEST else status_title(refused.status)
    )
    return message_response(refused.status, title, refused.message, refused.headers)


def message_response(
    status: HTTPStatus, error: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Write a problem of which nothing is known beside its message."""
    return problem_response(status, Problem(error=error, details=Details(message=message)), headers)


def problem_response(
    status: HTTPStatus, problem: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    """Write a problem."""
    return JSONResponse(problem.model_dump(mode="json", exclude_none=True), status, headers)
