"""How the results of operations become responses and messages."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from json import JSONDecodeError
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.http.streaming import (
    AsyncTextStream,
    HTTPStreamTransport,
    merge_stream_with_heartbeat,
)
from strawberry.types import ExecutionResult

from gql_server.graphql.broadcasts.payloads import Payload
from gql_server.graphql.execution.context import OperationContext
from gql_server.graphql.server.media_types import JSON
from gql_server.graphql.server.responses import (
    SubResponse,
    add_context_headers,
    json_response,
    result_status,
)
from gql_server.graphql.server.streams import PAYLOAD_WRITERS, StreamResponse
from gql_server.web.bodies import RequestRefused, parse_json


class ResultView(GraphQL[OperationContext, None]):
    """Writes the results of operations, single and streamed."""

    async def process_result(
        self,
        request: Request,  # noqa: ARG002 - Strawberry's signature
        result: ExecutionResult,
    ) -> GraphQLHTTPResponse:
        """Return the response of a result; without data if nothing was executed."""
        response: GraphQLHTTPResponse = {}
        if result.errors:
            response["errors"] = [error.formatted for error in result.errors]
        if result.data is not None or any(error.path for error in result.errors or ()):
            response["data"] = result.data
        if result.extensions:
            response["extensions"] = result.extensions
        return response

    def _stream_result(
        self, request: Request, result: Any, transport: HTTPStreamTransport
    ) -> AsyncTextStream:
        write = PAYLOAD_WRITERS[transport.protocol]

        async def stream() -> AsyncGenerator[str, None]:
            async with aclosing(result):
                async for answer in result:
                    if isinstance(answer, Payload):
                        yield answer.written(write)
                    else:
                        response, _ = await self._process_stream_result(request, answer, [])
                        yield transport.encode_next(response, self.encode_json_string)
            yield transport.encode_complete()

        return merge_stream_with_heartbeat(
            stream,
            lambda: transport.heartbeat_message(self.encode_json_string),
            interval=transport.heartbeat_interval,
            send_initial_heartbeat=transport.send_initial_heartbeat,
        )

    def create_response(
        self,
        response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse],
        sub_response: Response,
    ) -> Response:
        """Return a response in the media type that the client prefers."""
        assert isinstance(sub_response, SubResponse)  # noqa: S101 - made by this view
        kind = JSON if isinstance(response_data, list) else sub_response.accepts.single or JSON
        status = sub_response.status_code or result_status(response_data, kind)
        add_context_headers(sub_response)
        response = json_response(response_data, kind, status)
        response.raw_headers.extend(sub_response.raw_headers)
        response.background = sub_response.background
        return response

    async def create_streaming_response(
        self,
        request: Request | WebSocket,  # noqa: ARG002 - Strawberry's signature
        stream: Callable[[], AsyncIterator[str]],
        sub_response: Response,
        headers: Mapping[str, str],
    ) -> Response:
        """Return a stream of events, which ends with the caller's session."""
        assert isinstance(sub_response, SubResponse)  # noqa: S101 - made by this view
        assert sub_response.context is not None  # noqa: S101 - an operation has run
        add_context_headers(sub_response)
        return StreamResponse(
            stream,
            sub_response.context,
            headers={**sub_response.headers, **headers},
            encode=self.encode_json_string,
        )

    def decode_json(self, data: str | bytes) -> object:
        """Parse a WebSocket message as strictly as a body.

        Raises:
            JSONDecodeError: The message is not valid JSON.
        """
        try:
            return parse_json(data, "message")
        except RequestRefused as refused:
            raise JSONDecodeError(refused.message, "", 0) from refused

    def encode_json(self, data: object) -> str:
        """Return the JSON text of a message."""
        return orjson.dumps(data).decode()
