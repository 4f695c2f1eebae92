"""GraphQL over HTTP and WebSockets, and the playground for browsers."""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from cross_web import AsyncHTTPRequestAdapter, HTTPException, StarletteRequestAdapter
from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import (
    GRAPHQL_SSE_PROTOCOL,
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    MULTIPART_SUBSCRIPTION_PROTOCOL,
)
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType as StrawberryOperationType
from strawberry.types.unset import UnsetType

from gql_server.graphql.execution.context import OperationContext
from gql_server.graphql.execution.persisted import PersistedDocuments
from gql_server.graphql.execution.schema import Schema
from gql_server.graphql.server.forms import FormRequest
from gql_server.graphql.server.media_types import JSON, accepted
from gql_server.graphql.server.operation_reader import OperationReader
from gql_server.graphql.server.options import ViewOptions
from gql_server.graphql.server.playground import is_playground_request
from gql_server.graphql.server.responses import (
    SubResponse,
    WrittenAnswer,
    json_response,
    refusal,
)
from gql_server.graphql.server.result_view import ResultView
from gql_server.graphql.server.streams import EventsTransport
from gql_server.graphql.server.websockets import (
    BoundedWebSocket,
    TransportHandler,
)
from gql_server.web.bodies import RequestRefused
from gql_server.web.headers import header_of

_PROTOCOLS: Final = (
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    GRAPHQL_SSE_PROTOCOL,
    MULTIPART_SUBSCRIPTION_PROTOCOL,
)
_READ: Final = "gql_server.graphql.read"
"""In a request's scope: its operation, if it has been read already."""

_ALLOWED_TYPES: Final = {
    "GET": (StrawberryOperationType.QUERY,),
    "POST": (StrawberryOperationType.QUERY, StrawberryOperationType.MUTATION),
}


MakeContext = Callable[[Request | WebSocket], OperationContext]
"""Makes the context of a request, or of a WebSocket for as long as it is open."""


class GraphQLView(ResultView):
    """Serves a schema over HTTP and WebSockets."""

    request_adapter_class = StarletteRequestAdapter
    websocket_adapter_class = BoundedWebSocket
    graphql_transport_ws_handler_class = TransportHandler
    stream_transport_classes_by_protocol = {  # noqa: RUF012 - as Strawberry declares it
        **GraphQL.stream_transport_classes_by_protocol,
        GRAPHQL_SSE_PROTOCOL: EventsTransport,
    }

    def __init__(
        self,
        schema: Schema,
        make_context: MakeContext,
        persisted: PersistedDocuments | None = None,
        options: ViewOptions | None = None,
    ) -> None:
        self._options = options or ViewOptions()
        self._make_context = make_context
        self._translate = schema.translate
        self.engine: Final = schema
        super().__init__(
            schema,
            subscription_protocols=_PROTOCOLS if schema.subscription is not None else (),
            connection_init_wait_timeout=timedelta(seconds=self._options.init_seconds),
            max_subscriptions_per_connection=self._options.operations_at_once,
            allowed_origins=self._options.origins,
        )
        self.request_adapter_class = _RequestAdapter
        self.send_seconds = self._options.send_seconds
        self.load: Final = self._options.load
        self.persisted = persisted or PersistedDocuments(schema.documents)
        self._reader = OperationReader(
            self._options,
            schema.documents,
            self.persisted,
            has_subscriptions=schema.subscription is not None,
        )
        self._playground = self._options.playground

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request; errors are returned as JSON."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request = self._reader.request(scope, receive)
        response: ASGIApp
        try:
            response = await self._answered(request)
        except ClientDisconnect:
            return
        except RequestRefused as refused:
            response = refusal(request, refused)
        except HTTPException as error:
            status = HTTPStatus(error.status_code)
            response = refusal(request, RequestRefused(error.reason, status=status))
        except GraphQLError as error:
            response = self.create_response(
                {"errors": [self._translate(error).formatted]}, await self.get_sub_response(request)
            )
        except Exception as error:  # noqa: BLE001 - masked and logged by the translation
            masked = self._translate(GraphQLError("", original_error=error))
            response = json_response(
                {"errors": [masked.formatted]}, JSON, HTTPStatus.INTERNAL_SERVER_ERROR
            )
        finally:
            await request.close()
        await response(scope, receive, send)

    async def _answered(self, request: FormRequest) -> ASGIApp:
        """Return the response of a plan if there is one, otherwise Strawberry's."""
        if request.method != "POST":
            return await self.run(request)
        data = await self._reader.read(request)
        if isinstance(data, GraphQLRequestData) and data.protocol == "http" and data.query:
            context = self._make_context(request)
            answer = await self.engine.answer(
                data.query, data.variables, context, data.operation_name
            )
            if answer is not None:
                return await self._written(request, answer, context)
        request.scope[_READ] = data
        return await self.run(request)

    async def _written(
        self, request: Request, answer: bytes | ExecutionResult, context: OperationContext
    ) -> ASGIApp:
        accepts = accepted(header_of(request.scope, b"accept"))
        if isinstance(answer, bytes):
            return WrittenAnswer(answer, accepts.single or JSON, context.response_headers())
        sub_response = SubResponse(accepts)
        sub_response.context = context
        return self.create_response(await self.process_result(request, answer), sub_response)

    async def get_context(
        self,
        request: Request | WebSocket,
        response: Response | WebSocket,
    ) -> OperationContext:
        """Return the context of one operation."""
        context = self._make_context(request)
        if isinstance(response, SubResponse):
            response.context = context
        return context

    async def on_ws_connect(
        self, context: OperationContext
    ) -> UnsetType | dict[str, object] | None:
        """Identify the caller of a WebSocket from its ``connection_init``.

        Raises:
            CallerRefused: The caller may not use the server; the socket is closed with 4403.
            CallerUnknown: That cannot be determined at the moment.
            TooManyConnections: The caller has too many WebSockets.
        """
        await context.open_connection()
        return await super().on_ws_connect(context)

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Return the headers an operation can add to, and what the client accepts."""
        return SubResponse(accepted(request.headers.get("accept")))

    def is_request_allowed(self, request: BaseRequestProtocol) -> bool:
        """Refuse every method but GET and POST."""
        if request.method not in _ALLOWED_TYPES:
            raise RequestRefused(
                "Use GET or POST.",
                status=HTTPStatus.METHOD_NOT_ALLOWED,
                code="METHOD_NOT_ALLOWED",
                headers={"Allow": "GET, POST"},
            )
        return True

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """Return whether a browser opened the address without an operation."""
        accept = request.headers.get("accept", "")
        return self._playground is not None and is_playground_request(
            request.method, accept, request.query_params
        )

    async def render_graphql_ide(self, request: Request) -> Response:  # noqa: ARG002 - Strawberry's
        """Return the playground."""
        playground = self._playground
        assert playground is not None  # noqa: S101 - checked before
        policy = {"Content-Security-Policy": playground.policy}
        return HTMLResponse(playground.html, headers=policy)

    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        """Read the operation of a request, or those of a batch."""
        assert isinstance(request, _RequestAdapter)  # noqa: S101 - made by this view
        found: GraphQLRequestData | list[GraphQLRequestData] | None
        found = request.request.scope.pop(_READ, None)
        return found if found is not None else await self._reader.read(request.request)

    async def execute_single(
        self,
        request: Request,  # noqa: ARG002 - Strawberry's signature
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,  # noqa: ARG002 - likewise
        context: OperationContext,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        """Execute an operation of a type that the method allows."""
        try:
            return await self.schema.execute(
                request_data.query,
                request_data.variables,
                context,
                root_value,
                request_data.operation_name,
                _ALLOWED_TYPES[request_adapter.method],
                request_data.extensions,
            )
        except CannotGetOperationTypeError as error:
            raise GraphQLError(error.as_http_error_reason()) from error
        except InvalidOperationTypeError as error:
            if error.operation_type is StrawberryOperationType.SUBSCRIPTION:
                raise RequestRefused(
                    "Subscriptions require a WebSocket or text/event-stream.",
                    status=HTTPStatus.NOT_ACCEPTABLE,
                    code="NOT_ACCEPTABLE",
                ) from error
            raise RequestRefused(
                "GET is for queries only. Send this operation by POST.",
                status=HTTPStatus.METHOD_NOT_ALLOWED,
                code="METHOD_NOT_ALLOWED",
                headers={"Allow": "POST"},
            ) from error


class _RequestAdapter(StarletteRequestAdapter):
    def __init__(self, request: Request) -> None:
        super().__init__(request)
        assert isinstance(request, FormRequest)  # noqa: S101 - made by this view's reader
        self.request = request
