"""Reads the operations of an HTTP request, and the form of the response that it accepts."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, get_args

from graphql import OperationType
from starlette.types import Receive, Scope
from strawberry.http import GraphQLRequestData, GraphQLRequestProtocol

from gql_server.graphql.execution.documents import Documents
from gql_server.graphql.execution.persisted import PersistedDocuments
from gql_server.graphql.server.forms import FormRequest
from gql_server.graphql.server.media_types import JSON, RESPONSE_JSON, Accepted, Stream, accepted
from gql_server.graphql.server.options import ViewOptions
from gql_server.graphql.server.requests import checked_parameters, read_upload
from gql_server.web.bodies import RequestRefused, bounded, media_type, parse_json, read_body
from gql_server.web.headers import header_of

_STREAMS: Final[frozenset[str]] = frozenset(get_args(Stream))


_UTF8: Final = {"utf-8", "utf8"}


class OperationReader:
    """Reads requests within the bounds of the options."""

    def __init__(
        self,
        options: ViewOptions,
        documents: Documents,
        persisted: PersistedDocuments,
        *,
        has_subscriptions: bool,
    ) -> None:
        self._options = options
        self._documents = documents
        self._persisted = persisted
        self._streams = _STREAMS if has_subscriptions else frozenset()

    def request(self, scope: Scope, receive: Receive) -> FormRequest:
        """Return a request that has no more of a body with files than it may have."""
        request = FormRequest(scope, receive)
        if (header_of(scope, b"content-type") or "").startswith("multipart/"):
            files = self._options.max_files * self._options.max_file_bytes
            request = FormRequest(scope, bounded(receive, files + self._options.max_body_bytes))
        return request

    async def read(self, request: FormRequest) -> GraphQLRequestData | list[GraphQLRequestData]:
        """Read the operation of a request, or those of a batch.

        Raises:
            RequestRefused: Says what is wrong with the request.
        """
        takes = accepted(header_of(request.scope, b"accept"))
        if takes.single is None and (takes.stream is None or takes.stream not in self._streams):
            raise RequestRefused(
                f"The server responds with {RESPONSE_JSON} or {JSON}.",
                status=HTTPStatus.NOT_ACCEPTABLE,
                code="NOT_ACCEPTABLE",
            )
        data = await self._read(request)
        if isinstance(data, list):
            self._check_batch(data)
            return [self._request_data(checked_parameters(one)) for one in data]
        return self._request_data(checked_parameters(data), takes)

    async def _read(self, request: FormRequest) -> Any:
        if request.method == "GET":
            return self._parameters_of_address(request.query_params)
        options = self._options
        content_type = header_of(request.scope, b"content-type")
        kind, parameters = (JSON, {}) if content_type == JSON else media_type(content_type)
        if kind == JSON and parameters.get("charset", "utf-8").lower() in _UTF8:
            return parse_json(
                await read_body(
                    request, max_bytes=options.max_body_bytes, seconds=options.body_seconds
                )
            )
        if kind == "multipart/form-data":
            return await read_upload(
                request,
                max_files=options.max_files,
                max_text_bytes=options.max_body_bytes,
                seconds=options.body_seconds,
            )
        raise RequestRefused(
            "Send the operation as application/json in UTF-8, or files as multipart/form-data.",
            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            code="UNSUPPORTED_MEDIA_TYPE",
        )

    def _parameters_of_address(self, address: Mapping[str, Any]) -> dict[str, Any]:
        # Forms and some clients send what they leave out as empty text.
        parameters = {name: value for name, value in address.items() if value != ""}
        for name in ("variables", "extensions"):
            if parameters.get(name):
                parameters[name] = parse_json(parameters[name], f"parameter {name}")
        if parameters.get("query") and not self._options.takes_get:
            raise RequestRefused(
                "Send the operation by POST; GET accepts only persisted documents (by hash).",
                status=HTTPStatus.METHOD_NOT_ALLOWED,
                code="METHOD_NOT_ALLOWED",
                headers={"Allow": "POST"},
            )
        return parameters

    def _check_batch(self, operations: list[Any]) -> None:
        limit = self._options.operations
        if not limit:
            raise RequestRefused(
                "Send one operation per request; batched requests are not allowed.",
                code="BATCHING_DISABLED",
            )
        if not 1 <= len(operations) <= limit:
            raise RequestRefused(
                f"Send 1 to {limit} operations in a request.", code="TOO_MANY_OPERATIONS"
            )

    def _request_data(
        self, parameters: Mapping[str, Any], takes: Accepted | None = None
    ) -> GraphQLRequestData:
        query = self._persisted.document(parameters)
        name = parameters.get("operationName") or None
        protocol: GraphQLRequestProtocol = "http"
        if takes is not None and takes.stream is not None and takes.stream in self._streams:
            # Who takes both gets a stream for subscriptions alone.
            kind = self._documents.prepare(query).operation_type(name)
            if takes.single is None or kind is OperationType.SUBSCRIPTION:
                protocol = takes.stream
        return GraphQLRequestData(
            query=query,
            variables=parameters.get("variables"),
            operation_name=name,
            extensions=parameters.get("extensions"),
            protocol=protocol,
        )
