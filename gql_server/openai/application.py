"""The application at /v1: the table of operations as routes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gql_server.domain.errors import GenerationPending
from gql_server.openai.context import context_of
from gql_server.openai.description.openapi import document
from gql_server.openai.errors.problem import SHOULD_RETRY, Problem, problem_response
from gql_server.openai.errors.translation import problem_of
from gql_server.openai.operation import Operation
from gql_server.openai.operations import OPERATIONS
from gql_server.openai.options import FOLDER, OpenAIOptions
from gql_server.transient import PROVIDER_RETRY_SECONDS
from gql_server.web.admission import admit
from gql_server.web.allowances import allowance_headers
from gql_server.web.callers import principal_of
from gql_server.web.description_page import docs_routes
from gql_server.web.request_record import record_of

_REQUEST_ID: Final = "X-Request-Id"
_COST: Final = 1


def routes_of(options: OpenAIOptions) -> list[BaseRoute]:
    """Return the routes of the API, and of its description.

    The state of a request has the ``services``, the ``allowances`` and the ``principal``.
    """
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    routes: list[BaseRoute] = []
    if options.shows_description:
        routes.extend(_description_routes(options))
    routes.extend(
        Route(path, _endpoint(by_method, options), methods=_ALL_METHODS)
        for path, by_method in by_path.items()
    )
    unknown = [Route(path, _unknown, methods=_ALL_METHODS) for path in _REST]
    return [*routes, *unknown]


_ALL_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
_REST: Final = (FOLDER.rstrip("/"), f"{FOLDER}{{path:path}}")


def _description_routes(options: OpenAIOptions) -> Sequence[BaseRoute]:
    # Not when a server starts: building it is as much work as all the rest of a start.
    described = cache(partial(document, options))

    async def description(_request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(described))

    page = docs_routes(FOLDER.rstrip("/"), "gql_server OpenAI-compatible API")
    return [Route(f"{FOLDER}openapi.json", description, methods=["GET"]), *page]


def _endpoint(
    by_method: Mapping[str, Operation], options: OpenAIOptions
) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        operation = by_method.get(method)
        if operation is None:
            return _not_allowed(request, by_method)
        response = await _answer(request, operation, options)
        record = record_of(request.scope)
        if record is not None:
            response.headers[_REQUEST_ID] = record.trace.trace_id
        return response

    return handle


async def _answer(request: Request, operation: Operation, options: OpenAIOptions) -> Response:
    try:
        allowance = await admit(
            request,
            operation.permission,
            operation=operation.id,
            called=f"{operation.method} {operation.described_path}",
            cost=_COST,
        )
    except Exception as error:  # noqa: BLE001 - translated, or masked and logged
        return problem_response(problem_of(error))
    try:
        context = context_of(request, options)
        response = await operation.endpoint(context, request)
    except ClientDisconnect:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        shows_totals = principal_of(request).is_admin
        problem = problem_of(error, shows_server_totals=shows_totals)
        if isinstance(error, GenerationPending) and context.key is not None:
            problem = _repeatable(problem)
        response = problem_response(problem)
    if allowance is not None:
        response.headers.update(
            {
                name: value
                for name, value in allowance_headers(allowance).items()
                if name not in response.headers
            }
        )
    return response


def _repeatable(problem: Problem) -> Problem:
    """Have clients send the request again: its key finds what was started."""
    headers = {SHOULD_RETRY: "true", "Retry-After": str(PROVIDER_RETRY_SECONDS)}
    return replace(problem, headers={**problem.headers, **headers})


async def _unknown(request: Request) -> Response:
    return problem_response(
        Problem(
            status=HTTPStatus.NOT_FOUND,
            message=f"Invalid URL ({request.method} {request.url.path[:_SHOWN]}). This server has "
            "the images and the models of the OpenAI API: /v1/openapi.json lists them.",
            code="unknown_url",
        )
    )


_SHOWN: Final = 100


def _not_allowed(request: Request, by_method: Mapping[str, Operation]) -> Response:
    allowed = ", ".join(sorted(by_method))
    return problem_response(
        Problem(
            status=HTTPStatus.METHOD_NOT_ALLOWED,
            message=f"{request.method} is not allowed here. Use {allowed}.",
            code="method_not_supported",
            headers={"Allow": allowed},
        )
    )
