"""The application at /api: the table of operations as routes, and their OpenAPI description."""

from collections.abc import Callable, Coroutine
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route

from gql_server.rest.bodies.requests import BoundedRequest
from gql_server.rest.description.openapi import describe
from gql_server.rest.errors.problems import Pending, documented
from gql_server.rest.errors.translation import error_response
from gql_server.rest.operation import Operation
from gql_server.rest.operations import OPERATIONS
from gql_server.rest.options import RestOptions
from gql_server.web.admission import admit
from gql_server.web.allowances import allowance_headers
from gql_server.web.callers import principal_of
from gql_server.web.description_page import docs_routes

_METHODS_OF_ASSETS: Final = ("GET", "HEAD")
_OPERATIONS: Final = {operation.id: operation for operation in OPERATIONS}


@cache
def rest_application(options: RestOptions | None = None) -> FastAPI:
    """Build the application, once for the same options, because it has no state of a server.

    Its paths are complete, so it is routed to and not mounted. The state of a request has the
    ``services`` and the ``principal``.
    """
    options = options or RestOptions()
    app = FastAPI(
        servers=[{"url": options.public_path}] if options.public_path else None,
        openapi_url="/api/openapi.json" if options.shows_description else None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,  # it would record prompts
            "operation_spans": False,
        },
    )
    app.state.bounds = options.bounds
    for operation in OPERATIONS:
        _add(app, operation)
    if options.shows_description:
        app.router.routes.extend(docs_routes("/api", "gql_server REST API"))
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(RequestValidationError, _answer_error)
    describe(app, requires_auth=options.requires_auth)
    return app


def _add(app: FastAPI, operation: Operation) -> None:
    responses = documented(*operation.statuses)
    if operation.pending is not None:
        responses[HTTPStatus.ACCEPTED] = {
            "model": Pending,
            "description": "Accepted: the result will appear at the address in `Location`.",
            "content": {"application/json": {"example": operation.pending}},
        }
    responses[int(operation.status)] = {
        "description": "Created." if operation.status is HTTPStatus.CREATED else "Success.",
        "content": {"application/json": {"example": operation.example}},
    }
    app.router.add_api_route(
        operation.path,
        operation.endpoint,
        methods=[operation.method],
        operation_id=operation.id,
        status_code=operation.status,
        summary=operation.summary,
        description=operation.description,
        tags=[operation.tag],
        responses=responses,
        response_model_exclude_unset=True,
        openapi_extra=dict(operation.body) if operation.body is not None else None,
        route_class_override=_Route,
    )


class _Route(APIRoute):
    """One operation: permissions are checked before the body is read; errors are translated."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()
        operation = _OPERATIONS[self.operation_id or ""]

        async def handle(request: Request) -> Response:
            try:
                allowance = await admit(
                    request,
                    operation.permission,
                    operation=operation.id,
                    called=f"{operation.method} {operation.path}",
                    cost=operation.cost(request.query_params),
                )
            except Exception as error:  # noqa: BLE001 - translated, or masked and logged
                return error_response(error)
            try:
                response = await answer(BoundedRequest(request.scope, request.receive))
            except ClientDisconnect:
                raise
            except Exception as error:  # noqa: BLE001 - as above
                response = error_response(error, shows_server_totals=principal_of(request).is_admin)
            if allowance is not None:
                response.headers.update(allowance_headers(allowance))
            return response

        return handle


async def _answer_error(_request: Request, error: Exception) -> Response:
    return error_response(error)


async def _answer_http_error(request: Request, error: Exception) -> Response:
    """Respond to an unknown address or method; ``Allow`` lists the methods of a known address."""
    response = error_response(error)
    if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(_methods_at(request))
    return response


def _methods_at(request: Request) -> list[str]:
    """Return the methods of the first path that matches, as routing stops there."""
    app: FastAPI = request.app
    routes = [route for route in app.routes if isinstance(route, Route)]
    fitting = (route.path for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    path = next(fitting, None)
    methods = {method for route in routes if route.path == path for method in route.methods or ()}
    return sorted(methods or _METHODS_OF_ASSETS)
